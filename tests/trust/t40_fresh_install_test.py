"""trust.md T-40: a fresh install lets nobody in."""

import subprocess

from dedit_wire import BUILD, ROOT, Server, event

METHODS = ("OPTIONS", "GET", "HEAD", "PROPFIND", "REPORT", "PROPPATCH", "ACL", "PUT", "POST", "DELETE", "COPY", "MOVE",
           "MKCALENDAR", "MKCOL", "LOCK", "PATCH", "TRACE", "BREW")


def test_nobody(_):
    """Neither without a password nor with those that people try first, by any method."""
    with Server('login-attempts = 1000\nlogin-delay = 0s', users=()) as s:
        for user in ("admin", "root", "anna", "dedit", ""):
            for password in ("", user, "admin"):
                assert s.request("GET", "/", user=user, password=password).status == 401
        for method in METHODS:
            for headers in ({}, {"Authorization": "Basic"}):
                r = s.request(method, "/calendars/anna/calendar/x.ics", event("x") if method == "PUT" else None, headers, None)
                assert r.status == 401, (method, headers, r)
        s.dedit("flush")
        made = {p.name for p in s.data.rglob("*")}
        assert not {n for n in made if n.endswith(".ics")} and not (s.data / "accounts").exists() or not any(
            (s.data / "accounts").iterdir())
        assert s.dedit("user", "list").stdout == ""


def test_an_account_has_a_password(_):
    """None is made without one, and an empty one is none."""
    with Server(users=()) as s:
        for password in ("", "\n"):
            assert s.dedit("user", "add", "anna", input=password, check=False).returncode != 0
        assert s.request("GET", "/", user="anna", password="").status == 401
        assert s.dedit("user", "list").stdout == ""


def test_nothing_is_open_by_default(_):
    """The defaults and the examples: loopback only, nobody an administrator."""
    with Server(users=("anna",), start=False) as s:
        s.conf.write_text(f'server {{\n data = "{s.data}"\n}}\n')
        r = subprocess.run([BUILD / "deditd", "-t", "-c", s.conf], capture_output=True, text=True, timeout=60)
        assert r.returncode == 0, r
        s.write_config()
        s.start()
        for user in ("admin", "root"):
            s.add_user(user)
            assert s.request("PROPFIND", "/calendars/anna/calendar/", None, {"Depth": "0"}, user).status == 404
    rows = (ROOT / "server/settings.c").read_text()
    assert '"listen",                  CONF_LIST,     "127.0.0.1:8080"' in rows
    assert '"plain-http-anywhere",     CONF_BOOL,     "no"' in rows and '"trusted-proxies",         CONF_LIST,     NULL' in rows
