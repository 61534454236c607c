"""RFC 4918 9.6: DELETE of events and calendars."""

from dav import CALENDAR, HOME, refused, unchanged
from dedit_wire import event

OTHER = HOME + "other/"


def test_a_collection_goes_as_a_whole(s):
    """9.6.1: whatever Depth says, it acts as if that were infinity."""
    for depth in ({}, {"Depth": "0"}, {"Depth": "1"}, {"Depth": "infinity"}):
        assert s.request("MKCALENDAR", OTHER).status == 201
        s.put(OTHER + "x.ics", event("x"))
        assert s.request("DELETE", OTHER, None, depth).status == 204, depth
        assert s.request("GET", OTHER + "x.ics").status == 404 and s.request("GET", OTHER).status == 404
        refused(s.request("DELETE", OTHER, None, depth), 404)


def test_an_event_has_no_depth(s):
    for depth in ({}, {"Depth": "0"}, {"Depth": "1"}, {"Depth": "infinity"}):
        s.put(CALENDAR + "x.ics", event("x"))
        r = s.request("DELETE", CALENDAR + "x.ics", None, depth)
        assert r.status == 204 and r.body == b"", r
        refused(s.request("DELETE", CALENDAR + "x.ics", None, depth), 404)


def test_what_stays(s):
    """Homes, principals and what is above are the server's."""
    for path in ("/", "/principals/", "/principals/anna/", "/calendars/", HOME):
        r = s.request("DELETE", path)
        assert r.status == 405 and "DELETE" not in r.headers["allow"].split(", "), (path, r)


def test_no_body(s):
    """8.4"""
    s.put(CALENDAR + "x.ics", event("x"))
    with unchanged(s):
        refused(s.request("DELETE", CALENDAR + "x.ics", "x"), 415)
