"""Accounts that administrators make, change and close in the console: architecture.md 15.28 to 15.30, 15.39."""

import re
import threading

from console import API, Console, problem
from console_password_test import cpu_of
from dedit_wire import PASSWORD, Server, basic, event, wait_for

CONSOLE = True
ADMIN = 'group "admin" { members = { "paul", "olga" } }'
USERS = ("anna", "paul", "olga")
PATH = "/server/accounts"
TYPED = "päss:wörd of eva"


def serve(**more):
    return Server(**{"users": USERS, "extra": ADMIN, **more})


def ask(c, method, path, body=None, user="paul", current=PASSWORD, **headers):
    return c.ask(method, path, body, {"Authorization": basic(user, current), **headers})


def make(c, name="eva", status=201, **body):
    r = ask(c, "POST", PATH, {"name": name, **body})
    assert r.status == status, r
    return r.json()


def signs_in(s, user, password):
    return s.request("OPTIONS", "/", user=user, password=password).status == 200


def listed(c):
    return {a["name"]: a for a in c.get(PATH)["accounts"]}


def test_made_with_a_typed_password(_):
    with serve() as s:
        c = Console(s, "paul")
        made = make(c, "Eva", displayname="Eva Roß", addresses=["Eva@Example.org", "e@example.com"], language="fr",
                    password=TYPED)
        assert made == {"name": "eva", "password": None, "weak": False}
        assert signs_in(s, "eva", TYPED) and not signs_in(s, "eva", PASSWORD)
        account = Console(s, "eva", TYPED).get("/account")
        assert account["displayname"] == "Eva Roß" and account["addresses"] == ["eva@example.org", "e@example.com"]
        assert account["language"] == "fr" and account["tokens"] == []
        calendars = Console(s, "eva", TYPED).get("/calendars")["calendars"]
        assert {o["name"]: o["displayname"] for o in calendars} == {"calendar": "Agenda", "tasks": "Tâches"}
        assert "Eva Roß <eva@example.org> <e@example.com>" in s.dedit("user", "list").stdout
        assert make(c, "short", password="x") == {"name": "short", "password": None, "weak": True}
        assert "account eva made by paul\n" in s.log()
        s.stop()
        s.start()
        assert signs_in(s, "eva", TYPED)
        assert TYPED not in s.log()


def test_a_password_made_by_the_server(_):
    """80 random bits, told this once."""
    with serve() as s:
        c = Console(s, "paul")
        made = [make(c, f"u{n}") for n in range(3)]
        for n, o in enumerate(made):
            assert re.fullmatch(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", o["password"]) and o["weak"] is False, o
            assert signs_in(s, f"u{n}", o["password"])
            assert o["password"] not in s.log() and o["password"] not in c.ask("GET", PATH).body.decode()
        assert len({o["password"] for o in made}) == 3
        assert listed(c)["u0"] == {"name": "u0", "displayname": "u0", "addresses": [], "closed": False, "owner": False,
                                   "administrator": False, "tokens": 0}
        assert listed(c)["olga"]["administrator"] and not listed(c)["anna"]["administrator"]
        answer = ask(c, "POST", f"{PATH}/u0/password", {})
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json()["password"] not in (None, made[0]["password"])
        assert signs_in(s, "u0", answer.json()["password"]) and not signs_in(s, "u0", made[0]["password"])


def test_what_may_be_one(_):
    """As with `dedit user add`."""
    with serve() as s:
        c = Console(s, "paul")
        for name in ("", ".x", "a/b", "../x", "a b", "anné", "x" * 65, "group~x"):
            problem(ask(c, "POST", PATH, {"name": name}), 400)
        for wrong in ({"displayname": ""}, {"displayname": "x" * 201}, {"displayname": "a\nb"}, {"displayname": 1},
                      {"language": "de"}, {"addresses": "a@b"}, {"addresses": ["nobody"]}, {"addresses": [1]},
                      {"addresses": ["a b@c"]}, {"addresses": ["a@b\0c"]}, {"addresses": [f"a{n}@b" for n in range(17)]},
                      {"password": 12345678}, {"password": ["x"]}, {"password": "a\0bcdefgh"}):
            problem(ask(c, "POST", PATH, {"name": "eva", **wrong}), 400)
        problem(ask(c, "POST", PATH, {}), 400, "name")
        for wrong in ("", "x" * 512, "ä" * 256):
            problem(ask(c, "POST", PATH, {"name": "eva", "password": wrong}), 422, "511", "password-unfit")
            problem(ask(c, "POST", PATH + "/anna/password", {"password": wrong}), 422, "511", "password-unfit")
        problem(ask(c, "POST", PATH, "x", **{"Content-Type": "text/plain"}), 415)
        problem(ask(c, "POST", PATH, {"name": "ANNA"}), 409, "exists")
        assert set(listed(c)) == set(USERS) and signs_in(s, "anna", PASSWORD)
        make(c, "eva", addresses=[f"a{n}@b" for n in range(16)])
        make(c, "x" * 64)
        for path in ("nobody", "a%20b"):
            for method, more in (("GET", ""), ("POST", "/password"), ("DELETE", "")):
                r = ask(c, method, f"{PATH}/{path}{more}", {} if method == "POST" else None)
                problem(r, 404 if path == "nobody" else 400)
        assert ask(c, "PUT", PATH, {}).status == 405


def test_two_at_once_make_one(_):
    with serve() as s:
        c, answers = Console(s, "paul"), []
        threads = [threading.Thread(target=lambda n=n: answers.append((n, ask(c, "POST", PATH, {"name": "eva", "password": f"pass word {n}"}))))
                   for n in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert sorted(r.status for _, r in answers) == [201, 409, 409, 409], answers
        assert [n for n, r in answers if signs_in(s, "eva", f"pass word {n}")] == [n for n, r in answers if r.status == 201]


def test_a_new_password_ends_what_the_old_one_made(_):
    """Sessions and application passwords, as with `dedit user passwd`."""
    with serve(users=(*USERS, "marc")) as s:
        admin = Console(s, "paul")
        for user, change in (("anna", lambda: ask(admin, "POST", PATH + "/anna/password", {"password": TYPED})),
                             ("marc", lambda: s.dedit("user", "passwd", "marc", input=TYPED + "\n"))):
            phone = s.dedit("user", "token", user, "add", "phone").stdout.strip()
            script = s.dedit("user", "token", user, "add", "script", "--api").stdout.strip()
            bearer = {"Authorization": "Bearer " + script}
            c = Console(s, user)
            assert signs_in(s, user, phone) and s.request("GET", API + "/calendars", headers=bearer, user=None).status == 200
            change()
            problem(c.ask("GET", "/session"), 401)
            assert not signs_in(s, user, phone) and not signs_in(s, user, PASSWORD) and signs_in(s, user, TYPED)
            problem(s.request("GET", API + "/calendars", headers=bearer, user=None), 401)
            assert Console(s, user, TYPED).get("/account")["tokens"] == []
        assert admin.get("/session")["name"] == "paul"
        assert "a new password for anna: by paul\n" in s.log() and TYPED not in s.log()


def test_closed(_):
    """15.30: what it takes away is told before; calendars go to removed/, the name isn't given again."""
    with serve() as s:
        c = Console(s, "paul")
        for n in range(3):
            path = f"/calendars/anna/calendar/{n}.ics"
            assert s.request("PUT", path, event(str(n)), {"Content-Type": "text/calendar"}).status == 201
        assert s.request("DELETE", "/calendars/anna/calendar/0.ics").status == 204
        shown = c.get(PATH + "/anna")
        assert (shown["name"], shown["calendars"], shown["objects"]) == ("anna", 2, 2), shown
        hers = Console(s)
        assert ask(c, "DELETE", PATH + "/ANNA").status == 204
        problem(hers.ask("GET", "/session"), 401)
        assert not signs_in(s, "anna", PASSWORD) and "anna" not in listed(c)
        wait_for((s.data / "removed/anna/calendar/1.ics").exists, 10, "the calendar is in removed/")
        assert "account anna closed by paul\n" in s.log()
        problem(ask(c, "DELETE", PATH + "/anna"), 404, "removed")
        problem(ask(c, "POST", PATH + "/anna/password", {}), 404, "removed")
        problem(ask(c, "POST", PATH, {"name": "anna"}), 409, "removed")


def test_no_administrator_is_locked_out(_):
    with serve() as s:
        c = Console(s, "paul")
        for name in ("paul", "olga"):
            problem(ask(c, "DELETE", f"{PATH}/{name}"), 409, "administrator")
        problem(ask(c, "POST", PATH + "/paul/password", {"password": TYPED}), 409, "your own")
        assert signs_in(s, "paul", PASSWORD) and signs_in(s, "olga", PASSWORD)
        assert c.get("/session")["name"] == "paul"
        assert ask(c, "POST", PATH + "/olga/password", {"password": TYPED}).status == 200  # who has forgotten it


CHANGES = (("POST", PATH, {"name": "eva", "password": TYPED}), ("POST", PATH + "/anna/password", {"password": TYPED}),
           ("DELETE", PATH + "/anna", None))


def test_who_may(_):
    with serve(settings="login-attempts = 1000") as s:
        anna, paul = Console(s), Console(s, "paul")
        token = {"Authorization": "Bearer " + s.dedit("user", "token", "paul", "add", "script", "--api").stdout.strip()}
        paul = Console(s, "paul")
        problem(anna.ask("GET", PATH + "/paul"), 403, "administrators")
        assert paul.get(PATH + "/anna")["name"] == "anna"
        for method, path, body in CHANGES:
            problem(ask(anna, method, path, body, "anna"), 403, "administrators")
            problem(ask(anna, method, path, body, "paul"), 403, "password")  # another's session
            for user, current in (("paul", "wrong"), ("paul", ""), ("anna", PASSWORD), ("nobody", PASSWORD)):
                problem(ask(paul, method, path, body, user, current), 403, "password")
            problem(paul.ask(method, path, body), 403, "password")
            problem(ask(paul, method, path, body, **{"X-CSRF-Token": ""}), 403, "X-CSRF-Token")
            problem(ask(paul, method, path, body, **{"Sec-Fetch-Site": "cross-site"}), 403, "another site")
            for headers in (token, {"Authorization": basic("paul")}):
                r = s.request(method, API + path, '{"name": "eva"}' if body else None,
                              {"Content-Type": "application/json", **headers}, None)
                assert r.status in (401, 403), r
        assert set(listed(paul)) == set(USERS) and signs_in(s, "anna", PASSWORD)


def test_guessing_is_braked(_):
    with serve(settings='login-attempts = 3\nlogin-delay = "1h"') as s:
        c = Console(s, "paul")
        for n in range(3):
            problem(ask(c, "DELETE", PATH + "/anna", current=f"guess {n}"), 403)
        problem(ask(c, "DELETE", PATH + "/anna", current="guess 4"), 429)
        assert signs_in(s, "anna", PASSWORD)


def test_hashed_where_logins_are(_):
    """Apart from the workers, one per core: architecture.md 15.28."""
    with serve() as s:
        c = Console(s, "paul")
        before = cpu_of(s, "worker"), cpu_of(s, "login")
        for n in range(10):
            make(c, f"u{n}")
            assert ask(c, "POST", f"{PATH}/u{n}/password", {}).status == 200
        worker, login = cpu_of(s, "worker") - before[0], cpu_of(s, "login") - before[1]
        assert login > 0 and worker < login / 4, (worker, login)
