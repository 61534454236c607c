"""configure --disable-console: nothing is at the console's paths, nobody signs in, and its settings are read as ever
(architecture.md 15.40). In a build with a console the same paths are its own."""

import re

from dedit_wire import BUILD, event

SERVER = {"settings": 'sessions = 9\nimports = 1\nimports-per-account = 1\nbackups = 1\nmax-console-body = "1K"'}
CONSOLE_BUILT = "-DENABLE_CONSOLE" in (BUILD / "Makefile").read_text()
API = "/console/api"


def test_its_paths(s):
    """Without a console they are paths as any: who comes without a login is asked for one, for programs."""
    for path, user, status in (("/console", None, 308), ("/console/", None, 200), ("/console/none", None, 404),
                               (f"{API}/openapi.json", None, 200), (f"{API}/session", None, 401)):
        r = s.request("GET", path, user=user)
        assert r.status == (status if CONSOLE_BUILT else 401), (path, r)
        if not CONSOLE_BUILT:
            assert r.headers["www-authenticate"].startswith("Basic ")
            assert s.request("GET", path).status == 404
            assert "content-security-policy" not in r.headers


def test_nobody_signs_in(s):
    r = s.request("POST", f"{API}/session")
    if CONSOLE_BUILT:
        assert r.status == 200 and "set-cookie" in r.headers
    else:
        assert r.status in (404, 405) and "set-cookie" not in r.headers


def test_all_else_is_there(s):
    assert s.put("/calendars/anna/calendar/x.ics", event("x")).status == 201
    assert s.request("GET", "/healthz", user=None).status == 200
    path = re.search(r"/feeds/\S+", s.dedit("feed", "add", "anna/calendar").stdout)[0]
    assert b"UID:x" in s.request("GET", path, user=None).body
