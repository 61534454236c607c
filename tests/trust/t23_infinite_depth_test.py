"""
doc/trust.md T-23: nobody gets the whole tree at once: Depth infinity is 403 propfind-finite-depth, and what a report
answers has a limit. LOCK isn't offered. (Each limit: tests/wire/limits_test.py, rfc6578_3_home_test.py.)
"""

from bounds import ask
from dav import CALENDAR, HOME, comp, multiget, query, refused, statuses, sync
from dedit_wire import event, propfind

SERVER = {"settings": "results = 5\nhrefs = 5"}
COLLECTIONS = ("/", "/calendars/", HOME, CALENDAR, "/principals/", "/principals/anna/")


def test_propfind(s):
    for path in COLLECTIONS:
        for headers in ({"Depth": "infinity"}, {"Depth": "Infinity"}, {"Depth": "INFINITY"}, {}):
            for sent in (None, propfind("D:getetag")):
                r = ask(s, "PROPFIND", path, sent, headers)
                refused(r, 403, "D:propfind-finite-depth")
        for value in ("2", "-1", "1,noroot", "infinity, 0", "", "1 1", "0x1", "9" * 5000):
            assert ask(s, "PROPFIND", path, None, {"Depth": value}).status == 400, (path, value)


def test_lock(s):
    for path in COLLECTIONS:
        for method in ("LOCK", "UNLOCK"):
            r = ask(s, method, path, None, {"Depth": "infinity"})
            assert r.status in (405, 501), (method, path, r)
    allowed = s.request("OPTIONS", CALENDAR)
    assert "LOCK" not in allowed.headers["allow"] and "2" not in allowed.headers["dav"].replace(" ", "").split(",")


def test_reports(s):
    for n in range(8):
        assert s.put(f"{CALENDAR}{n}.ics", event(f"e{n}")).status == 201
    r = ask(s, "REPORT", CALENDAR, query(comp("VEVENT")), {"Depth": "infinity"})
    assert statuses(r)[CALENDAR] == {"": 507} and len(r.responses()) == 6
    r = ask(s, "REPORT", CALENDAR, sync(level="infinite"))
    assert r.status in (207, 403)
    if r.status == 207:
        assert len(r.responses()) <= 6 and statuses(r)[CALENDAR] == {"": 507}
    r = ask(s, "REPORT", HOME, sync(level="infinite"))
    assert r.status in (207, 403)
    if r.status == 207:
        assert len(r.responses()) <= 6, r
    r = ask(s, "REPORT", CALENDAR, multiget(*(f"{CALENDAR}{n}.ics" for n in range(8))))
    refused(r, 507, "D:number-of-matches-within-limits")


def test_changes(s):
    """DELETE, COPY and MOVE of all that there is."""
    for path in ("/", "/calendars/", "/principals/", HOME):
        for method in ("DELETE", "COPY", "MOVE"):
            r = ask(s, method, path, None, {"Depth": "infinity", "Destination": HOME + "there/"})
            assert r.status in (403, 405), (method, path, r)
    assert ask(s, "DELETE", CALENDAR, None, {"Depth": "0"}).status in (400, 403, 204)
