"""doc/trust.md T-25: answers set no cookie, open nothing to other sites and repeat nothing of what was sent."""

from bounds import ask
from dav import CALENDAR, HOME, body
from dedit_wire import event

SERVER = {"settings": 'public-url = "https://cal.example.org"'}
NEVER = ("set-cookie", "server", "x-powered-by", "via", "access-control-allow-origin", "access-control-allow-credentials",
         "access-control-allow-methods", "access-control-allow-headers", "access-control-max-age", "access-control-expose-headers")
SENT = {"Depth": "0", "Origin": "https://evil.example", "Cookie": "session=reflected", "X-A": "reflected", "Referer": "https://reflected/",
        "User-Agent": "reflected", "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization, reflected"}
REQUESTS = (
    ("GET", CALENDAR + "x.ics", None), ("HEAD", CALENDAR + "x.ics", None), ("GET", CALENDAR, None), ("PROPFIND", CALENDAR, None),
    ("OPTIONS", CALENDAR, None), ("OPTIONS", "/", None), ("OPTIONS", "*", None), ("GET", "/none", None), ("GET", "/", None),
    ("REPORT", CALENDAR, None), ("REPORT", CALENDAR, body("D:sync-collection", "<D:sync-token/><D:prop/>")), ("GET", "/.well-known/caldav", None),
    ("GET", "/.well-known/timezone", None), ("GET", "/healthz", None), ("GET", "/timezones?action=list", None), ("GET", "/policy/x/y", None),
    ("GET", "/feeds/x/y.ics", None), ("GET", "/fee/x/y", None), ("PUT", CALENDAR + "y.ics", event("y")), ("DELETE", CALENDAR + "none.ics", None),
    ("MKCALENDAR", HOME + "new/", None), ("TRACE", "/", None), ("CONNECT", "/", None), ("REFLECT", "/", None), ("GET", "/reflected", None),
)


def test_headers(s):
    s.put(CALENDAR + "x.ics", event("x", summary="<script>alert(1)</script>"))
    for method, path, sent in REQUESTS:
        for user in ("anna", None):
            r = ask(s, method, path, sent, SENT | {"Content-Type": "text/calendar" if method == "PUT" else "application/xml"}, user=user)
            names = {name for name, _ in r.all_headers}
            assert not names & set(NEVER), (method, path, r)
            assert [v for k, v in r.all_headers if k == "x-content-type-options"] == ["nosniff"], (method, path, r)
            assert "text/html" not in r.headers.get("content-type", ""), (method, path, r)
            assert "reflected" not in str(r.all_headers).lower() and b"session=" not in r.body, (method, path, r)
            assert method != "TRACE" or r.status in (401, 405, 501), r


def test_a_cookie_is_no_login(s):
    for cookie in ("session=1", "Authorization=Basic", "user=anna", "remember=anna"):
        r = ask(s, "GET", CALENDAR + "x.ics", None, {"Cookie": cookie}, user=None)
        assert r.status == 401 and "set-cookie" not in r.headers, r


def test_a_preflight_is_refused_by_silence(s):
    """A browser asks without login; without the headers it sends nothing more."""
    for path in (CALENDAR, "/", "/feeds/x/y.ics", "/timezones"):
        r = ask(s, "OPTIONS", path, None, SENT, user=None)
        assert not [name for name, _ in r.all_headers if name.startswith("access-control")], r


def test_names_are_not_repeated_as_markup(s):
    for path in ("/<script>", "/calendars/anna/<b>/", CALENDAR + "<b>.ics"):
        r = ask(s, "PROPFIND", path.replace("<", "%3C").replace(">", "%3E"), None, {"Depth": "0"})
        assert r.status == 404 and b"<b>" not in r.body and b"<script>" not in r.body, r
