"""CALDAV:read-free-busy without DAV:read (RFC 4791 6.1.1): when, but never what."""

from dav import CALENDAR, HOME, body, find, multiget, refused, sync, token, unchanged
from dedit_wire import event, propfind

SERVER = {"users": ("anna", "marc", "eve")}
BUSY = body("C:free-busy-query", '<C:time-range start="20270601T000000Z" end="20270602T000000Z"/>')


def busy(s, user, path=CALENDAR):
    return s.request("REPORT", path, BUSY, {"Depth": "1"}, user)


def test_only_the_free_busy_report(s):
    s.put(CALENDAR + "x.ics", event("x", summary="Secret"))
    s.dedit("share", "anna/calendar", "marc", "free-busy")
    r = busy(s, "marc")
    assert r.status == 200 and b"FREEBUSY" in r.body and b"20270601T100000Z" in r.body, r
    assert b"Secret" not in r.body
    refused(busy(s, "eve"), 404)
    with unchanged(s):
        for method, sent in (
            ("PROPFIND", propfind("D:displayname")),
            ("GET", None),
            ("REPORT", multiget(CALENDAR + "x.ics")),
            ("REPORT", sync(token(s))),
            ("PROPPATCH", body("D:propertyupdate", "<D:remove><D:prop><D:displayname/></D:prop></D:remove>")),
            ("DELETE", None),
        ):
            refused(s.request(method, CALENDAR, sent, {"Depth": "0"}, "marc"), 403, "D:need-privileges")
        refused(s.request("GET", CALENDAR + "x.ics", user="marc"), 404)
        refused(s.put(CALENDAR + "x.ics", event("x", summary="by marc"), "marc"), 403, "D:need-privileges")
        refused(s.request("DELETE", CALENDAR + "x.ics", user="marc"), 404)


def test_not_in_the_home(s):
    s.dedit("share", "anna/calendar", "marc", "free-busy")
    home = "/calendars/marc/"
    assert not any("anna" in h for h in find(s, home, "D:resourcetype", depth="1", user="marc").responses())
    refused(busy(s, "marc", home + "anna~calendar/"), 404)
    refused(s.request("PROPFIND", HOME, None, {"Depth": "0"}, "marc"), 404)
    s.dedit("share", "anna/calendar", "marc", "none")
    refused(busy(s, "marc"), 404)
