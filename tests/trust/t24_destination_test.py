"""
doc/trust.md T-24: COPY and MOVE lead nowhere but into a calendar that one may write. (What each answer is:
tests/wire/rfc4918_9_8_copy_move_test.py, test_destinations.)
"""

from bounds import ask
from dav import CALENDAR, HOME, unchanged
from dedit_wire import Server, event

FROM = CALENDAR + "event.ics"
MARC = "/calendars/marc/calendar/"
OTHER = HOME + "other/"


def destinations(s):
    port = s.port
    yield from (OTHER + x for x in ("../calendar/x.ics", "%2e%2e/x.ics", "%2E%2e/calendar/x.ics", "..%2fx.ics", "..%5cx.ics/../x", "./x.ics",
                                    "%2e/x.ics", "a%00b", "%zz", "%", "%ff", "%c0%af", "a%2fb/c", "%0d%0aX:y", "x.ics/y", "x.ics/", "", "%20/x"))
    yield from ("/../etc/passwd", "/%2e%2e/etc/passwd", "/etc/passwd", "/", "//", "/calendars/", HOME, "/principals/anna/x.ics", "/policy/x/y",
                "/feeds/x/y.ics", "/healthz", "/x.ics", "", "x.ics", "../x.ics", "?", "#", "*", "data:,x", "file:///tmp/x.ics", "javascript:1")
    yield from (f"{scheme}{host}{OTHER}x.ics" for scheme, host in (
        ("http://", "elsewhere.example"), ("http://", f"127.0.0.1:{port + 1}"), ("ftp://", f"127.0.0.1:{port}"), ("gopher://", "h"), ("", "//elsewhere"),
        ("http://", f"anna@elsewhere:{port}"), ("http://", f"127.0.0.1:{port}@elsewhere"), ("http://", f"127.0.0.1:{port}.elsewhere"), ("http:///", ""),
        ("http://", "[::1"), ("http://", ":80"), ("http://", f"127.0.0.1:{port}\\@elsewhere")))
    yield from (MARC + "x.ics", "/calendars/marc/x.ics", "/calendars/nobody/calendar/x.ics", f"http://127.0.0.1:{port}{MARC}x.ics",
                "/calendars/anna/marc~calendar/x.ics", "/calendars/marc/anna~calendar/x.ics", "/calendars/%6darc/calendar/x.ics",
                "/calendars/MARC/calendar/x.ics", HOME + "fees/x.ics", OTHER + "n" * 201, "/" + "x" * 8000)


def test_nothing_moves(s):
    assert s.request("MKCALENDAR", OTHER).status == 201
    s.put(FROM, event("event"))
    with unchanged(s, CALENDAR, OTHER), unchanged(s, MARC, user="marc"):
        for to in destinations(s):
            for method in ("MOVE", "COPY"):
                for more in ({}, {"Overwrite": "T"}):
                    r = ask(s, method, FROM, None, {"Destination": to} | more)
                    assert r.status in (400, 403, 404, 405, 409, 502), (method, to, r)
        for method in ("MOVE", "COPY"):
            assert ask(s, method, FROM).status == 400


def test_of_calendars(s):
    """As events: not even to a place where they could be."""
    with unchanged(s, CALENDAR, OTHER), unchanged(s, MARC, user="marc"):
        for path in (OTHER, HOME, "/", "/calendars/", "/principals/anna/"):
            for to in (HOME + "third/", "/calendars/marc/third/", "/", "/../third/", "http://elsewhere/third/", MARC):
                for method in ("MOVE", "COPY"):
                    r = ask(s, method, path, None, {"Destination": to, "Depth": "infinity"})
                    assert r.status in (403, 404, 405), (method, path, to, r)
        assert ask(s, "PROPFIND", HOME + "third/", None, {"Depth": "0"}).status == 404


def test_out_of_what_is_others(s):
    s.put(MARC + "secret.ics", event("secret"), "marc")
    with unchanged(s, CALENDAR, OTHER), unchanged(s, MARC, user="marc"):
        for path in (MARC + "secret.ics", "/calendars/%6darc/calendar/secret.ics", MARC + "none.ics"):
            for method in ("MOVE", "COPY"):
                assert ask(s, method, path, None, {"Destination": OTHER + "x.ics"}).status == 404
    s.dedit("share", "marc/calendar", "anna", "read")
    shared = HOME + "marc~calendar/"
    with unchanged(s, CALENDAR, OTHER), unchanged(s, MARC, user="marc"):
        assert ask(s, "MOVE", shared + "secret.ics", None, {"Destination": OTHER + "x.ics"}).status == 403
        for method in ("MOVE", "COPY"):
            assert ask(s, method, FROM, None, {"Destination": shared + "x.ics"}).status == 403


def test_behind_a_proxy(_):
    """What the proxy adds leads to no other place; what a client says of a proxy counts for nothing."""
    with Server(settings='public-url = "https://cal.example.org"\nbase-path = "/dedit"') as s:
        home = "/dedit" + HOME
        assert s.request("MKCALENDAR", home + "other/").status == 201
        assert s.put("/dedit" + FROM, event("event")).status == 201
        for to in ("/deditx" + OTHER + "x.ics", "/dedit/../x.ics", "/dedit/%2e%2e" + OTHER + "x.ics", "/dedit/dedit" + OTHER + "x.ics",
                   "https://cal.example.org.evil/dedit" + OTHER + "x.ics"):
            for headers in ({}, {"X-Forwarded-Host": "cal.example.org.evil", "X-Forwarded-Prefix": "/deditx"}):
                for method in ("MOVE", "COPY"):
                    r = ask(s, method, "/dedit" + FROM, None, {"Destination": to} | headers)
                    assert r.status in (400, 403, 404, 409, 502), (method, to, r)
        assert s.request("GET", "/dedit" + FROM).status == 200
