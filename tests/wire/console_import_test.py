"""Files of events into a calendar, with progress: architecture.md 15.40; what is stored and refused as by PUT."""

import time

from appointments import CLIENT, Practice, practices
from console import API, Console, problem
from dedit_wire import PASSWORD, Server, read_answer, wait_for

CONSOLE = True
PATH = "/calendars/anna/calendar/imports"
FILE = {"Content-Type": "text/calendar; charset=utf-8"}


def vevent(uid, day=1, extra="", start="DTSTART:202706{:02}T100000Z\r\nDTEND:202706{:02}T110000Z\r\n"):
    return (f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n{start.format(day, day)}"
            f"SUMMARY:Meeting\r\n{extra}END:VEVENT\r\n")


def calendar(*parts):
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//wire test//EN\r\n" + "".join(parts) + "END:VCALENDAR\r\n"


def begin(c, text, path=PATH, **query):
    r = c.ask("POST", path, text, FILE, **query)
    assert r.status == 202, r
    o = r.json()
    assert r.headers["location"] == f"{API}/imports/{o['id']}"
    return o["id"]


def end(c, id):
    wait_for(lambda: c.get(f"/imports/{id}")["state"] != "running", what="the import's end")
    return c.get(f"/imports/{id}")


def counts(o):
    return tuple(o[k] for k in ("total", "done", "imported", "replaced", "skipped", "refused"))


def count(s, user="anna", path="/calendars/anna/calendar/"):
    return s.request("GET", path, user=user).body.count(b"BEGIN:VEVENT")


def test_stored(_):
    with Server() as s:
        c = Console(s)
        assert c.get("/imports") == {"imports": []}
        first = begin(c, calendar(*(vevent(f"e{n}", 1 + n % 28) for n in range(120))))
        o = end(c, first)
        assert o["state"] == "done" and counts(o) == (120, 120, 120, 0, 0, 0) and o["calendar"] == "anna/calendar"
        assert (o["account"], o["why"], o["stopped-by"]) == ("anna", None, None)
        assert o["refusals"] == [] and not o["truncated"] and o["began"] <= o["ended"] and o["replace"] is False
        assert count(s) == 120
        # again: there already; with replace: as it is in the file
        changed = calendar(vevent("e0", extra="LOCATION:Paris\r\n"), vevent("new"))
        assert counts(end(c, begin(c, changed))) == (2, 2, 1, 0, 1, 0)
        assert b"Paris" not in s.request("GET", "/calendars/anna/calendar/").body
        o = end(c, begin(c, changed, replace="1"))
        assert counts(o) == (2, 2, 0, 2, 0, 0) and o["replace"] is True
        assert b"Paris" in s.request("GET", "/calendars/anna/calendar/").body and count(s) == 121
        listed = c.get("/imports")["imports"]
        assert len(listed) == 3 and listed[0] == o and listed[-1]["id"] == first
        # one that has ended is forgotten by who began it, and seen by nobody else
        other = Console(s, "marc")
        assert other.get("/imports") == {"imports": []}
        problem(other.ask("GET", f"/imports/{first}"), 404)
        problem(other.ask("DELETE", f"/imports/{first}"), 404)
        assert c.ask("DELETE", f"/imports/{first}").status == 204
        problem(c.ask("GET", f"/imports/{first}"), 404)
        problem(c.ask("DELETE", f"/imports/{first}"), 404)


def test_refused_ones_are_told(_):
    """By UID, line of the file and reason, a hundred at most; the others are stored."""
    with Server() as s:
        c = Console(s)
        text = calendar(vevent("good"), vevent("bad", start="DTSTART:nonsense\r\n"), vevent("fine", 2))
        o = end(c, begin(c, text))
        assert o["state"] == "done" and counts(o) == (3, 3, 2, 0, 0, 1)
        (r,) = o["refusals"]
        lines = text.split("\r\n")
        assert r["problem"] == "calendar-data"
        assert r["uid"] == "bad" and lines[r["line"] - 1] == "DTSTART:nonsense" and r["reason"], r
        assert count(s) == 2
        o = end(c, begin(c, calendar(*(vevent(f"b{n}", start="DTSTART:nonsense\r\n") for n in range(130)))))
        assert counts(o) == (130, 130, 0, 0, 0, 130) and len(o["refusals"]) == 100 and o["truncated"]
        body = calendar(vevent("latin")).encode().replace(b"SUMMARY:Meeting", b"SUMMARY:\xe9t\xe9")
        o = end(c, begin(c, body))
        assert o["refused"] == 1 and count(s) == 2, o
        o = end(c, begin(c, calendar("BEGIN:VTODO\r\nUID:todo\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Buy tea\r\nEND:VTODO\r\n")))
        assert [r["problem"] for r in o["refusals"]] == ["component"], o


def test_refused(_):
    with Server(settings='max-import-size = "4K"', extra='group "admin" { members = { "root" } }', users=("anna", "marc", "root")) as s:
        c, marc = Console(s), Console(s, "marc")
        good = calendar(vevent("x"))
        for text in ("", "hello", calendar(), "BEGIN:VCALENDAR\r\n"):
            problem(c.ask("POST", PATH, text, FILE), 422, name="import-empty")
        for kind in ("application/json", "text/plain", "", "text/calendars"):
            problem(c.ask("POST", PATH, good, {"Content-Type": kind}), 415, "text/calendar")
        problem(c.ask("POST", PATH, good + " " * 4096, FILE), 413, "max-import-size", name="import-size")
        problem(c.ask("POST", PATH, good, FILE, replace="yes"), 400, "replace")
        problem(c.ask("POST", PATH, good, {**FILE, "X-CSRF-Token": ""}), 403, "X-CSRF-Token")
        problem(s.request("POST", API + PATH, good, FILE), 401)
        # who may write there
        problem(marc.ask("POST", PATH, good, FILE), 404)
        problem(c.ask("POST", "/calendars/anna/none/imports", good, FILE), 404)
        c.ask("PUT", "/calendars/anna/calendar/shares/marc", {"access": "read"})
        problem(marc.ask("POST", PATH, good, FILE), 403, "write")
        assert count(s) == 0 and c.get("/imports") == {"imports": []}
        c.ask("PUT", "/calendars/anna/calendar/shares/marc", {"access": "write"})
        assert end(marc, begin(marc, good))["imported"] == 1 and count(s) == 1
        token = s.dedit("user", "token", "anna", "add", "script", "--api").stdout.strip()
        r = s.request("POST", API + PATH, calendar(vevent("y")), {**FILE, "Authorization": f"Bearer {token}"}, None)
        assert r.status == 202, r
        wait_for(lambda: count(s) == 2)


def test_none_are_allowed(_):
    """Waiting would help nobody."""
    with Server(settings="imports = 0") as s:
        r = Console(s).ask("POST", PATH, calendar(vevent("x")), FILE)
        problem(r, 403, "imports", name="imports-off")
        assert "retry-after" not in r.headers and count(s) == 0


def test_refused_before_the_body(_):
    """Who may not write there sends no file at all."""
    with Server() as s:
        c, marc = Console(s), Console(s, "marc")
        for who, path, status in ((marc, PATH, 404), (c, "/calendars/anna/none/imports", 404)):
            with s.socket() as sock:
                sock.sendall(f"POST {API}{path} HTTP/1.1\r\nHost: localhost\r\nCookie: {who.cookie}\r\n"
                             f"X-CSRF-Token: {who.csrf}\r\nContent-Type: text/calendar\r\n"
                             "Expect: 100-continue\r\nContent-Length: 1000000\r\n\r\n".encode())
                assert read_answer(sock)[0] == status


def test_stopped(_):
    """By who began it, or by the server's end: what was imported stays, and the server ends in time."""
    with Server() as s:
        c = Console(s)
        big = calendar(*(vevent(f"e{n}", 1 + n % 28) for n in range(20000)))
        id = begin(c, big)
        wait_for(lambda: c.get(f"/imports/{id}")["done"] > 0)
        assert c.ask("DELETE", f"/imports/{id}").status == 204
        o = end(c, id)
        assert o["state"] == "broken" and 0 < o["done"] < o["total"] == 20000
        assert (o["why"], o["stopped-by"]) == ("stopped", "anna")
        assert count(s) == o["imported"]
        # others are served meanwhile
        id = begin(c, big)
        began = time.monotonic()
        assert s.request("OPTIONS", "/").status == 200 and time.monotonic() - began < 5
        s.stop()
        s.start()
        problem(Console(s).ask("GET", f"/imports/{id}"), 404)
        assert count(s) >= o["imported"]


BIG = calendar(*(vevent(f"e{n}", 1 + n % 28) for n in range(20000)))
SHARED = "/calendars/anna/work/imports"


def broken(s, c, id, why):
    """Before its end, and for that reason."""
    o = end(c, id)
    assert o["state"] == "broken" and o["why"] == why and o["stopped-by"] is None, o
    assert 0 < o["done"] < o["total"], o
    return o


def test_goes_on_no_longer_than_the_right_to_it(_):
    """Whoever is no longer let in, or no longer let write there, imports no more."""
    with Server(users=("anna", "marc", "zoe", "root"), extra='group "admin" { members = { "root" } }') as s:
        anna, root = Console(s), Console(s, "root")

        def begun(c):
            id = begin(c, BIG, SHARED, replace="1")
            wait_for(lambda: root.get(f"/imports/{id}")["done"] > 0)
            return id

        def share(user, access):
            assert anna.ask("PUT", f"/calendars/anna/work/shares/{user}", {"access": access}).status == 204

        s.dedit("calendar", "add", "anna/work")
        marc = Console(s, "marc")
        share("marc", "write")
        # the share is made a lesser one, and taken back
        id = begun(marc)
        share("marc", "read")
        o = broken(s, marc, id, "access")
        assert count(s, path="/calendars/anna/work/") == o["imported"]
        assert "an import of marc into anna/work was broken off: access\n" in s.log()
        s.dedit("delegate", "anna", "marc", "write")
        id = begun(marc)
        s.dedit("delegate", "anna", "marc", "none")
        broken(s, marc, id, "access")
        # signing out, or a change that takes nothing back, is no end
        share("marc", "write")
        id = begun(marc)
        assert marc.ask("DELETE", "/session").status == 204
        s.dedit("user", "token", "marc", "add", "phone")
        done = root.get(f"/imports/{id}")["done"]
        wait_for(lambda: root.get(f"/imports/{id}")["done"] > done + 300)
        # another password
        s.dedit("user", "passwd", "marc", input=PASSWORD + "x\n")
        broken(s, root, id, "login")
        # a token
        token = s.dedit("user", "token", "zoe", "add", "script", "--api").stdout.strip()
        share("zoe", "write")
        r = s.request("POST", API + SHARED, BIG, {**FILE, "Authorization": f"Bearer {token}"}, None)
        assert r.status == 202, r
        id = r.json()["id"]
        s.dedit("user", "token", "zoe", "revoke", token.split("-")[0])
        broken(s, root, id, "login")
        # the account
        zoe = Console(s, "zoe")
        id = begun(zoe)
        s.dedit("user", "remove", "zoe")
        broken(s, root, id, "account")
        # the calendar
        id = begun(anna)
        wait_for(lambda: anna.ask("DELETE", "/calendars/anna/work").status == 204)
        broken(s, anna, id, "calendar")


def test_others_who_may_see_and_stop_it(_):
    """The owner of the calendar, and administrators; it is forgotten by who began it alone."""
    users = ("anna", "marc", "zoe", "root", "boss")
    with Server(users=users, extra='group "admin" { members = { "root" } }') as s:
        anna, marc, zoe, root, boss = (Console(s, u) for u in users)
        s.dedit("calendar", "add", "anna/work")
        for user in ("marc", "zoe"):
            anna.ask("PUT", f"/calendars/anna/work/shares/{user}", {"access": "write"})
        s.dedit("delegate", "anna", "boss", "write")
        bad = calendar(*(vevent(f"bad{n}", start="DTSTART:nonsense\r\n") for n in range(50)))
        for other in (anna, root):
            id = begin(marc, bad[:-len("END:VCALENDAR\r\n")] + BIG[BIG.index("BEGIN:VEVENT"):], SHARED, replace="1")
            wait_for(lambda: marc.get(f"/imports/{id}")["refused"] == 50)
            for stranger in (zoe, boss):
                assert stranger.get("/imports") == {"imports": []}
                problem(stranger.ask("DELETE", f"/imports/{id}"), 404)
            seen = other.get(f"/imports/{id}")
            assert seen["account"] == "marc" and [i["id"] for i in other.get("/imports")["imports"]][0] == id
            # what stands in the file is its owner's business
            assert seen["refused"] == 50 and seen["refusals"] == [] and seen["truncated"]
            assert other.ask("DELETE", f"/imports/{id}").status == 204
            o = end(marc, id)
            assert (o["state"], o["why"], o["stopped-by"]) == ("broken", "stopped", other.session["name"]), o
            assert f"an import of marc into anna/work is stopped by {other.session['name']}\n" in s.log()
            assert len(o["refusals"]) == 50
            problem(other.ask("DELETE", f"/imports/{id}"), 409, "who began it")
            assert marc.ask("DELETE", f"/imports/{id}").status == 204
        # into one's own calendar it is the administrator's to see, and nobody else's
        id = begin(marc, BIG, "/calendars/marc/calendar/imports")
        problem(anna.ask("GET", f"/imports/{id}"), 404)
        assert root.ask("DELETE", f"/imports/{id}").status == 204


def test_how_many_at_once(_):
    """Of one account, and of all."""
    with Server(settings="imports = 2\nimports-per-account = 1", users=("anna", "marc", "zoe")) as s:
        anna, marc, zoe = (Console(s, u) for u in ("anna", "marc", "zoe"))

        def ask(c, text=BIG):
            return c.ask("POST", f"/calendars/{c.session['name']}/calendar/imports", text, FILE)

        first = ask(anna)
        assert first.status == 202
        r = ask(anna)
        problem(r, 409, "imports-per-account", name="import-running")
        assert "retry-after" not in r.headers
        assert ask(marc).status == 202
        r = ask(zoe)
        problem(r, 503, "setting imports", name="imports-busy")
        assert "retry-after" in r.headers
        assert anna.ask("DELETE", f"/imports/{first.json()['id']}").status == 204
        end(anna, first.json()["id"])
        assert ask(anna, calendar(vevent("x"))).status == 202


def test_by_an_administrator(_):
    """Into any calendar, as `dedit import`, until it is none any more; never into the calendar of fees."""
    admin = 'group "admin" { members = { "root" } }'
    policy = 'policy "p" { timezone = "UTC" }\ncalendar "anna/work" { policy = "p" }'
    with Server(extra=f"{admin}\n{policy}", users=("anna", "root")) as s:
        root = Console(s, "root")
        o = end(root, begin(root, calendar(*(vevent(f"e{n}", 1 + n % 28) for n in range(250)))))
        assert (o["imported"], o["why"], o["account"]) == (250, None, "root") and count(s) == 250
        assert [i["account"] for i in Console(s).get("/imports")["imports"]] == ["root"]
        problem(root.ask("POST", "/calendars/anna/fees/imports", calendar(vevent("x")), FILE), 403, "by hand")
        id = begin(root, calendar(*(vevent(f"m{n}", 1 + n % 28) for n in range(5000))))
        wait_for(lambda: root.get(f"/imports/{id}")["done"] > 0, what="some of it")
        s.write_config(extra=policy)
        assert s.reload().startswith("reloaded")
        o = end(root, id)
        assert (o["state"], o["why"]) == ("broken", "access") and o["done"] < o["total"], o
        problem(root.ask("POST", PATH, calendar(vevent("x")), FILE), 404)


def test_under_a_policy(_):
    """A client's import is judged as a client's change is: it is no way around a fee. The owner's is proposed, as the owner's other changes are."""
    policy = 'timezone = "Europe/Paris"\ncurrency = EUR\nprice = "80 EUR"\ntiers = { "48h 50%", "24h 100%" }'
    with Server(extra=practices({"therapy": policy}), users=(), clock="2026-01-01T00:00:00Z") as s:
        for user, standing in ((CLIENT, [("late-cancel", "charged", 8000)]), (None, [("late-cancel", "proposed", 8000)])):
            p = Practice(s, "therapy")
            p.book("a")
            p.path("a", CLIENT)  # shared with the client
            p.at(5)
            c = Console(s, user or p.owner)
            o = end(c, begin(c, p.event("a", status="CANCELLED"), f"/calendars/{p.owner}/work/imports", replace="1"))
            assert o["replaced"] == 1, o
            assert p.standing("a") == standing, (user, p.standing("a"))
            problem(c.ask("POST", f"/calendars/{p.owner}/fees/imports", p.event("b"), FILE), 404 if user else 403)
