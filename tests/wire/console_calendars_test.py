"""Calendars and the account in the console's interface: architecture.md 15.39, 15.40."""

from console import Console, problem
from dav import in_hours
from dedit_wire import Server, event

CONSOLE = True
SERVER = {"users": ("anna", "marc", "zoe"), "settings": "calendars = 6\nfeeds = 2\nshares = 1"}


def named(c, name):
    return [x for x in c.get("/calendars")["calendars"] if x["calendar"] == name]


def test_make_change_delete(s):
    c = Console(s)
    o = c.post("/calendars", {"name": "trips", "displayname": "Trips & <tours>", "color": "#12aBef"}, 201)
    assert (o["calendar"], o["displayname"], o["color"], o["access"], o["url"]) == (
        "anna/trips", "Trips & <tours>", "#12aBef", "owner", "/calendars/anna/trips/")
    r = s.request("PROPFIND", o["url"], '<propfind xmlns="DAV:"><prop><displayname/></prop></propfind>', {"Depth": "0"})
    assert "Trips &amp; &lt;tours&gt;" in r.text
    assert c.ask("PATCH", "/calendars/anna/trips", {"displayname": "Tours", "color": ""}).json()["displayname"] == "Tours"
    [shown] = named(c, "anna/trips")
    assert (shown["displayname"], shown["color"], shown["shares"], shown["feeds"]) == ("Tours", "", [], [])
    problem(c.ask("POST", "/calendars", {"name": "trips"}), 409, name="calendar-taken")
    for bad in ({}, {"name": ""}, {"name": "a/b"}, {"name": ".x"}, {"name": "a~b"}, {"name": "fees"}, {"name": "x", "color": "red"},
                {"name": "x" * 65}, {"name": "x", "displayname": "a\nb"}):
        problem(c.ask("POST", "/calendars", bad), 400)
    problem(c.ask("POST", "/calendars", {"name": "a~b"}), 400, name="calendar-name")
    problem(c.ask("POST", "/calendars", {"name": "x", "displayname": "é" * 101}), 400, name="text")
    assert c.ask("DELETE", "/calendars/anna/trips").status == 204
    assert not named(c, "anna/trips") and c.ask("GET", "/calendars/anna/trips").status == 404


def test_how_much_goes_with_it(s):
    """Of one alone; a series is one, and what is deleted isn't counted."""
    anna, marc = Console(s), Console(s, "marc")
    anna.post("/calendars", {"name": "full"}, 201)
    show = lambda c: c.get("/calendars/anna/full")["objects"]
    assert show(anna) == 0
    for n in range(3):
        rule = "RRULE:FREQ=DAILY;COUNT=5\r\n" if n == 0 else ""
        assert s.put(f"/calendars/anna/full/{n}.ics", event(f"n{n}", in_hours(5), in_hours(6), extra=rule)).status == 201
    assert s.request("DELETE", "/calendars/anna/full/1.ics").status == 204
    assert show(anna) == 2
    assert "objects" not in named(anna, "anna/full")[0]
    assert anna.ask("PUT", "/calendars/anna/full/shares/marc", {"access": "free-busy"}).status == 204
    problem(marc.ask("GET", "/calendars/anna/full"), 404)
    assert anna.ask("PUT", "/calendars/anna/full/shares/marc", {"access": "read"}).status == 204
    assert show(marc) == 2
    assert anna.ask("DELETE", "/calendars/anna/full").status == 204


def test_limits(s):
    c = Console(s, "zoe")
    made = 0
    while c.ask("POST", "/calendars", {"name": f"n{made}"}).status == 201:
        made += 1
        assert made < 10
    problem(c.ask("POST", "/calendars", {"name": "more"}), 422, "calendars", name="calendars")
    for _ in range(2):
        assert c.ask("POST", "/calendars/zoe/n0/feeds", {}).status == 201
    problem(c.ask("POST", "/calendars/zoe/n0/feeds", {}), 422, "feeds", name="feeds")
    assert c.ask("PUT", "/calendars/zoe/n0/shares/anna", {"access": "read"}).status == 204
    problem(c.ask("PUT", "/calendars/zoe/n0/shares/marc", {"access": "read"}), 422, "shares", name="shares")


def test_shares(s):
    anna, marc = Console(s), Console(s, "marc")
    anna.post("/calendars", {"name": "ours"}, 201)
    assert s.put("/calendars/anna/ours/x.ics", event("x", in_hours(5), in_hours(6), "Seen")).status == 201
    problem(marc.ask("GET", "/calendars/anna/ours"), 404)
    problem(marc.ask("GET", "/calendars/anna/ours/export"), 404)
    time = {"since": in_hours(0)[:4] + "-01-01", "until": in_hours(0)[:4] + "-12-31"}
    seen = lambda: [e["title"] for e in marc.get("/events", **time)["events"]]
    for access, shown in (("free-busy", []), ("read", ["Seen"]), ("write", ["Seen"])):
        assert anna.ask("PUT", "/calendars/anna/ours/shares/marc", {"access": access}).status == 204
        assert seen() == shown, access
    [x] = named(marc, "anna/ours")
    assert x["access"] == "write" and x["shares"] == [] and x["feeds"] == []
    assert named(anna, "anna/ours")[0]["shares"] == [{"user": "marc", "access": "write"}]
    for method, path, body in (("PATCH", "", {"displayname": "x"}), ("DELETE", "", None), ("POST", "/feeds", {}),
                               ("PUT", "/shares/zoe", {"access": "read"})):
        problem(marc.ask(method, "/calendars/anna/ours" + path, body), 403, "owner")
    for bad, status in (({"access": "all"}, 400), ({}, 400)):
        problem(anna.ask("PUT", "/calendars/anna/ours/shares/marc", bad), status)
    problem(anna.ask("PUT", "/calendars/anna/ours/shares/anna", {"access": "read"}), 422, name="nobody")
    problem(anna.ask("PUT", "/calendars/anna/ours/shares/nobody", {"access": "read"}), 422, name="nobody")
    assert anna.ask("DELETE", "/calendars/anna/ours/shares/marc").status == 204
    problem(marc.ask("GET", "/calendars/anna/ours"), 404)
    r = anna.ask("GET", "/calendars/anna/ours/export")
    assert r.status == 200 and r.headers["content-type"].startswith("text/calendar") and "SUMMARY:Seen" in r.text


def test_feeds(s):
    c = Console(s)
    c.post("/calendars", {"name": "fed"}, 201)
    made = c.post("/calendars/anna/fed/feeds", {"label": "phone", "busy": True, "back": 7}, 201)
    assert made["webcal"] == "" and s.request("GET", made["url"], user=None).status == 200
    [f] = named(c, "anna/fed")[0]["feeds"]
    assert (f["id"], f["label"], f["busy"], f["plain"], f["back"], f["ahead"]) == (made["id"], "phone", True, False, 7, None)
    assert f["used"] is not None and made["url"].split("/")[2] not in str(f)
    problem(c.ask("POST", "/calendars/anna/fed/feeds", {"back": -1}), 400)
    problem(Console(s, "marc").ask("DELETE", f"/calendars/anna/fed/feeds/{f['id']}"), 404)
    assert c.ask("DELETE", f"/calendars/anna/fed/feeds/{f['id']}").status == 204
    problem(c.ask("DELETE", f"/calendars/anna/fed/feeds/{f['id']}"), 404)
    assert s.request("GET", made["url"], user=None).status == 404


def test_those_of_others(_):
    """An administrator makes and lends them, as `dedit calendar`, `dedit share` and `dedit feed` do, but doesn't rename or delete.
    What it fills from a file: console_import_test."""
    with Server(users=("anna", "paul"), extra='group "admin" { members = { "paul" } }') as s:
        paul, anna = Console(s, "paul"), Console(s)
        o = paul.post("/calendars", {"owner": "anna", "name": "room", "displayname": "Room"}, 201)
        assert (o["calendar"], o["access"], o["displayname"]) == ("anna/room", "read", "Room")
        paul.post("/calendars", {"owner": "anna", "name": "to-do", "tasks": True}, 201)
        assert s.put("/calendars/anna/to-do/e.ics", event("e")).status == 403
        assert s.put("/calendars/anna/room/e.ics", event("e")).status == 201
        assert {"anna/room", "anna/to-do"} <= {c["calendar"] for c in paul.get("/calendars", owner="anna")["calendars"]}
        assert named(anna, "anna/room")[0]["access"] == "owner"
        assert paul.ask("PUT", "/calendars/anna/room/shares/paul", {"access": "write"}).status == 204
        assert anna.get("/calendars/anna/room")["shares"] == [{"user": "paul", "access": "write"}]
        for method, path, body in (("PATCH", "", {"displayname": "x"}), ("DELETE", "", None)):
            problem(paul.ask(method, "/calendars/anna/room" + path, body), 403, "owner")
        problem(paul.ask("POST", "/calendars", {"owner": "nobody", "name": "x"}), 404, name="nobody")
        problem(paul.ask("GET", "/calendars", owner="nobody"), 404)
        problem(paul.ask("POST", "/calendars", {"owner": 1, "name": "x"}), 400)
        problem(anna.ask("POST", "/calendars", {"owner": "paul", "name": "x"}), 403, "owner")
        problem(anna.ask("GET", "/calendars", owner="paul"), 404)
        assert anna.post("/calendars", {"owner": "anna", "name": "own"}, 201)["calendar"] == "anna/own"


def test_account(s):
    c, other = Console(s), Console(s)
    made = c.post("/account/tokens", {"label": "phone"}, 201)
    assert s.request("OPTIONS", "/", password=made["token"]).status == 200
    problem(other.ask("GET", "/account"), 401)
    o = c.get("/account")
    assert (o["name"], o["language"], o["sessions"], o["server"]) == ("anna", "en", 1, "")
    assert [(t["id"], t["label"]) for t in o["tokens"]] == [(made["id"], "phone")] and made["token"] not in str(o)
    problem(c.ask("POST", "/account/tokens", {}), 400)
    problem(c.ask("DELETE", "/account/tokens/none"), 404)
    assert c.ask("DELETE", f"/account/tokens/{made['id']}").status == 204
    assert s.request("OPTIONS", "/", password=made["token"]).status == 401 and c.get("/account")["tokens"] == []
