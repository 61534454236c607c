"""Delegates in the console's interface: architecture.md 15.1, 15.40."""

from console import API, Console, problem
from dedit_wire import Server, event, propfind

CONSOLE = True
ADMIN = 'group "admin" { members = { "marc" } }'
USERS = ("anna", "bob", "carl", "marc")
EVENT = "/calendars/anna/calendar/{}.ics"


def put(s, user, name):
    return s.request("PUT", EVENT.format(name), event(name), {"Content-Type": "text/calendar"}, user=user).status


def read(s, user, name):
    return s.request("GET", EVENT.format(name), user=user).status


def test_made_changed_and_ended(_):
    with Server(users=USERS) as s:
        c, bob = Console(s), Console(s, "bob")
        assert put(s, "anna", "x") == 201 and read(s, "bob", "x") in (403, 404)
        assert c.get("/delegates/anna") == {"owner": "anna", "delegates": [], "acts-for": []}
        assert c.ask("PUT", "/delegates/anna/bob", {"access": "read"}).status == 204
        assert (read(s, "bob", "x"), put(s, "bob", "y")) == (200, 403)
        assert c.ask("PUT", "/delegates/ANNA/BOB", {"access": "write"}).status == 204
        assert put(s, "bob", "y") == 201
        assert c.ask("PUT", "/delegates/anna/carl", {"access": "read"}).status == 204
        s.dedit("delegate", "carl", "anna", "read")
        o = c.get("/delegates/anna")
        assert [(d["name"], d["access"]) for d in o["delegates"]] == [("bob", "write"), ("carl", "read")]
        assert all(d["displayname"] for d in o["delegates"] + o["acts-for"])
        assert [(d["name"], d["access"]) for d in o["acts-for"]] == [("carl", "read")]
        assert [d["name"] for d in bob.get("/delegates/bob")["acts-for"]] == ["anna"]
        assert "bob" in s.dedit("delegate", "anna").stdout
        assert c.ask("DELETE", "/delegates/anna/bob").status == 204
        assert read(s, "bob", "x") in (403, 404) and put(s, "bob", "z") in (403, 404)
        problem(c.ask("DELETE", "/delegates/anna/bob"), 404)
        s.stop()
        s.start()
        assert [d["name"] for d in Console(s).get("/delegates/anna")["delegates"]] == ["carl"]


def test_whose(_):
    """One's own; an administrator's anybody's."""
    with Server(users=USERS, extra=ADMIN) as s:
        bob, admin = Console(s, "bob"), Console(s, "marc")
        for other in ("anna", "nobody"):
            problem(bob.ask("GET", f"/delegates/{other}"), 403)
            problem(bob.ask("PUT", f"/delegates/{other}/bob", {"access": "write"}), 403)
            problem(bob.ask("DELETE", f"/delegates/{other}/carl"), 403)
        assert put(s, "bob", "x") in (403, 404)
        assert admin.ask("PUT", "/delegates/anna/bob", {"access": "write"}).status == 204
        assert put(s, "bob", "x") == 201
        assert "bob acts for anna: by marc\n" in s.log()
        problem(bob.ask("PUT", "/delegates/anna/carl", {"access": "read"}), 403)  # nor does a delegate make others
        assert [d["name"] for d in admin.get("/delegates/anna")["delegates"]] == ["bob"]
        problem(admin.ask("GET", "/delegates/nobody"), 404)
        problem(s.request("GET", API + "/delegates/anna"), 401)


def test_refused(_):
    with Server(settings="delegates = 2", users=USERS) as s:
        c = Console(s)
        for user, body, status, name in (("anna", {"access": "read"}, 422, "oneself"), ("nobody", {"access": "read"}, 404, "nobody"),
                                         ("bob", {"access": "free-busy"}, 400, "about:blank"),
                                         ("bob", {"access": "none"}, 400, "about:blank"),
                                         ("bob", {"access": 1}, 400, "about:blank"), ("bob", {}, 400, "about:blank")):
            problem(c.ask("PUT", f"/delegates/anna/{user}", body), status, name=name)
        problem(c.ask("PUT", "/delegates/anna/bob", {"access": "read"}, {"X-CSRF-Token": ""}), 403, "X-CSRF-Token")
        problem(c.ask("PUT", "/delegates/anna/bob", "x", {"Content-Type": "text/plain"}), 415)
        problem(c.ask("POST", "/delegates/anna"), 405)
        assert c.get("/delegates/anna")["delegates"] == []
        for user in ("bob", "carl"):
            assert c.ask("PUT", f"/delegates/anna/{user}", {"access": "read"}).status == 204
        problem(c.ask("PUT", "/delegates/anna/marc", {"access": "read"}), 422, "delegates", name="delegates")
        assert c.ask("PUT", "/delegates/anna/carl", {"access": "write"}).status == 204  # no one more
        s.dedit("user", "remove", "marc")
        s.dedit("user", "remove", "bob")
        problem(c.ask("PUT", "/delegates/anna/marc", {"access": "read"}), 404)


def test_clients_do_not_find_each_other(_):
    """15.31: an account that one may not know of is answered like one that isn't there."""
    policy = 'policy "p" { timezone = "UTC" }\ncalendar "anna/work" { policy = "p" }\n'
    with Server(users=USERS, extra=policy + ADMIN) as s:
        s.dedit("calendar", "add", "anna/work")
        for client in ("bob", "carl"):
            s.dedit("share", "anna/work", client, "write")
        bob = Console(s, "bob")
        answers = {who: [problem(bob.ask("PUT", f"/delegates/bob/{who}", {"access": "read"}), 404),
                         problem(bob.ask("PUT", f"/calendars/bob/calendar/shares/{who}", {"access": "read"}), 422)]
                   for who in ("carl", "nobody")}
        assert answers["carl"] == answers["nobody"], answers
        assert bob.get("/delegates/bob")["delegates"] == []
        assert bob.ask("PUT", "/delegates/bob/anna", {"access": "read"}).status == 204
        assert bob.ask("PUT", "/calendars/bob/calendar/shares/anna", {"access": "read"}).status == 204
        assert Console(s).ask("PUT", "/delegates/anna/carl", {"access": "read"}).status == 204
        # administrators are found by all, here as on DAV
        assert s.request("PROPFIND", "/principals/marc/", propfind("D:displayname"), {"Depth": "0"}, "bob").status == 207
        assert bob.ask("PUT", "/delegates/bob/marc", {"access": "read"}).status == 204
        assert bob.ask("PUT", "/calendars/bob/calendar/shares/marc", {"access": "read"}).status == 204
