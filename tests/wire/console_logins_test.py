"""Refused logins, as administrators see them: architecture.md 15.39; no secrets (trust.md T-51)."""

import re

from console import API, Console, problem
from dedit_wire import PASSWORD, Server

CONSOLE = True
ADMIN = 'group "admin" { members = { "marc" } }'
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def logins(s):
    o = Console(s, "marc").get("/server/logins")
    assert o["most"] == 256
    return [(r["name"], r["reason"], r["times"]) for r in o["logins"]]


def test_told(_):
    with Server(settings="login-attempts = 1000", extra=ADMIN, users=("anna", "marc", "temp")) as s:
        assert logins(s) == []
        s.dedit("user", "remove", "temp")
        for user, path, method in (("anna", "/", "OPTIONS"), ("ANNA", API + "/session", "POST"), ("nobody", "/", "OPTIONS"),
                                   ("temp", "/", "OPTIONS"), ("", "/", "OPTIONS")):
            assert s.request(method, path, user=user, password="wrong one").status == 401
        # the later the higher, the same ones once
        assert logins(s) == [(None, "unknown", 2), ("temp", "closed", 1), ("anna", "password", 2)]
        assert s.request("OPTIONS", "/", password="wrong one").status == 401
        o = Console(s, "marc").get("/server/logins")["logins"]
        assert [(r["name"], r["times"]) for r in o] == [("anna", 3), (None, 2), ("temp", 1)]
        for r in o:
            assert r["address"] == "127.0.0.1" and TIME.fullmatch(r["time"]) and TIME.fullmatch(r["first"])
            assert r["first"] <= r["time"]
        # what was right, or no login at all, isn't there
        assert s.request("OPTIONS", "/").status == 200 and s.request("OPTIONS", "/", user=None).status == 401
        assert len(logins(s)) == 3
        s.stop()
        s.start()
        assert logins(s) == []


def test_no_secret(_):
    """A password in the field of the name, with the name in that of the password, and hostile text."""
    with Server(settings="login-attempts = 1000", extra=ADMIN) as s:
        c = Console(s, "marc")
        typed = ("correct-horse-battery", "tr0mbone", PASSWORD, "<img src=x>", "x" * 300, "a\tb", "ä")
        for text in typed:
            assert s.request("OPTIONS", "/", user=text, password="anna").status == 401
        r = c.ask("GET", "/server/logins")
        text = r.body.decode() if isinstance(r.body, bytes) else r.body
        assert r.status == 200 and not any(t in text for t in typed) and "anna" not in text
        assert [(o["name"], o["reason"], o["times"]) for o in r.json()["logins"]] == [(None, "unknown", len(typed))]


def test_braked(_):
    with Server(settings='login-attempts = 2\nlogin-delay = "1h"', extra=ADMIN) as s:
        c = Console(s, "marc")
        for status in (401, 401, 429, 429):
            assert s.request("OPTIONS", "/", password="wrong").status == status
        assert [(o["name"], o["reason"], o["times"]) for o in c.get("/server/logins")["logins"]] == [
            ("anna", "waiting", 2), ("anna", "password", 2)]


def test_for_administrators(_):
    with Server(extra=ADMIN) as s:
        problem(Console(s).ask("GET", "/server/logins"), 403, "administrators")
        problem(s.request("GET", API + "/server/logins", user="marc"), 401)
