"""RFC 4918 9, RFC 9110 9: every method on every kind of resource, what it answers and with which body.

A row for each method, a column for each kind. ACL has a test of its own.
"""

from dav import body, multiget, proppatch
from dedit_wire import event, propfind

SERVER = {"users": ("anna", "marc")}
PATHS = {
    "root": "/",
    "principals": "/principals/",
    "principal": "/principals/anna/",
    "homes": "/calendars/",
    "home": "/calendars/anna/",
    "calendar": "/calendars/anna/calendar/",
    "event": "/calendars/anna/calendar/x.ics",
    "no event": "/calendars/anna/calendar/none.ics",
    "no calendar": "/calendars/anna/none/",
    "nowhere": "/calendars/anna/none/sub/deep/x.ics",
    "beside": "/elsewhere",
    "other's home": "/calendars/marc/",
    "other's event": "/calendars/marc/calendar/x.ics",
}
COLUMNS = tuple(PATHS)
# 404 says nothing of what one may not see; where something would be made there, 403 says no more.
# fmt: off
TABLE = {
    #               root principals principal homes home calendar event none nocal nowhere beside o-home o-event
    "OPTIONS":     (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200),
    "GET":         (200, 200, 200, 200, 200, 200, 200, 404, 404, 404, 404, 404, 404),
    "HEAD":        (200, 200, 200, 200, 200, 200, 200, 404, 404, 404, 404, 404, 404),
    "PROPFIND":    (207, 207, 207, 207, 207, 207, 207, 404, 404, 404, 404, 404, 404),
    "PROPPATCH":   (207, 207, 207, 207, 207, 207, 207, 404, 404, 404, 404, 404, 404),
    "REPORT":      (403, 403, 403, 403, 403, 207, 207, 404, 404, 404, 404, 404, 404),
    "PUT":         (405, 405, 405, 405, 405, 405, 204, 201, 405, 409, 403, 405, 403),
    "POST":        (405, 405, 405, 405, 405, 201, 405, 404, 404, 404, 404, 404, 404),
    "DELETE":      (405, 405, 405, 405, 405, 204, 204, 404, 404, 404, 404, 404, 404),
    "COPY":        (403, 403, 403, 403, 403, 403, 201, 404, 404, 404, 404, 404, 404),
    "MOVE":        (403, 403, 403, 403, 403, 403, 201, 404, 404, 404, 404, 404, 404),
    "MKCALENDAR":  (403, 403, 403, 403, 403, 403, 403, 403, 201, 409, 403, 403, 409),
    "MKCOL":       (405, 405, 405, 405, 405, 405, 405, 403, 403, 409, 403, 403, 409),
    "LOCK":        (405, 405, 405, 405, 405, 405, 405, 405, 405, 404, 404, 405, 405),
    "UNLOCK":      (405, 405, 405, 405, 405, 405, 405, 405, 405, 404, 404, 405, 405),
    "PATCH":       (405, 405, 405, 405, 405, 405, 405, 405, 405, 404, 404, 405, 405),
    "SEARCH":      (501,) * 13,
}
# fmt: on
EMPTY = ("HEAD", "OPTIONS")
BODIES = {
    "PUT": event("x", summary="changed"),
    "POST": event("posted"),
    "PROPFIND": propfind("D:resourcetype"),
    "PROPPATCH": proppatch("<x:a xmlns:x='urn:x'/>"),
    "REPORT": multiget(PATHS["event"]),
    "LOCK": body("D:lockinfo"),
    "PATCH": "x",
}
HEADERS = {
    "PUT": {"Content-Type": "text/calendar"},
    "POST": {"Content-Type": "text/calendar"},
    "PROPFIND": {"Depth": "0"},
    "COPY": {"Destination": "/calendars/anna/calendar/new.ics"},
    "MOVE": {"Destination": "/calendars/anna/calendar/new.ics"},
}


def fresh(s):
    """One event, and one calendar, whatever the request before did."""
    for path in (PATHS["calendar"], PATHS["no calendar"]):
        s.request("DELETE", path)
    assert s.request("MKCALENDAR", PATHS["calendar"]).status == 201
    s.request("MKCALENDAR", "/calendars/anna/other/")
    s.put(PATHS["event"], event("x"))
    s.put(PATHS["other's event"], event("x"), user="marc")


def check_answer(method, kind, r):
    """Bodies: none with 201 and 204, a DAV:error or words with refusals, Allow with 405 and OPTIONS."""
    where = (method, kind, r)
    allow = r.headers.get("allow", "").split(", ")
    if r.status == 405 or method == "OPTIONS":
        assert (method in allow) == (r.status != 405), where
    if r.status in (201, 204):
        assert r.body == b"", where
    elif r.status == 207:
        assert r.headers["content-type"].startswith("application/xml") and r.xml().tag == "{DAV:}multistatus", where
    elif r.status >= 400 and method not in EMPTY:
        assert r.body and (r.condition() or r.headers["content-type"].startswith("text/plain")), where
    if r.status >= 400:
        assert "etag" not in r.headers and "location" not in r.headers, where


def test_table(s):
    for method, expected in TABLE.items():
        for kind, status in zip(COLUMNS, expected, strict=True):
            fresh(s)
            headers = dict(HEADERS.get(method, {}))
            if "Destination" in headers:
                headers["Destination"] = "/calendars/anna/other/new.ics"
                s.request("DELETE", "/calendars/anna/other/new.ics")
            sent = BODIES.get(method)
            if method == "PUT" and kind == "no event":
                sent = event("none")
            r = s.request(method, PATHS[kind], sent, headers)
            assert r.status == status, (method, kind, status, r)
            check_answer(method, kind, r)
            if kind.startswith("other's"):
                assert s.request("GET", PATHS["other's event"], user="marc").body == event("x").encode()


def test_without_a_login(s):
    """Everything is 401 first, whatever is there (architecture.md 15.34)."""
    for method in TABLE:
        for kind in ("root", "calendar", "event", "nowhere"):
            r = s.request(method, PATHS[kind], BODIES.get(method), HEADERS.get(method), user=None)
            assert r.status == 401 and "www-authenticate" in r.headers, (method, kind, r)


def test_supported_method_set_is_allow(s):
    """RFC 3253 3.1.3"""
    fresh(s)
    for kind in COLUMNS[:7]:
        r = s.request("PROPFIND", PATHS[kind], propfind("D:supported-method-set"), {"Depth": "0"})
        named = {x.get("name") for x in r.xml().iter("{DAV:}supported-method")}
        allow = set(s.request("OPTIONS", PATHS[kind]).headers["allow"].split(", "))
        assert allow <= named, (kind, named, allow)
