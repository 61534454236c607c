"""RFC 4791 7.9: calendar-multiget; 7.10: free-busy-query."""

from dav import CALENDAR, DATA, HOME, TASKS, body, multiget, refused, report, statuses, time_range, unfold
from dedit_wire import event, tag

A, B = CALENDAR + "a.ics", CALENDAR + "b.ics"


def fill(s):
    for path in (A, B):
        s.put(path, event(path))


def test_in_the_order_asked_for(s):
    fill(s)
    r = report(s, CALENDAR, multiget(B, A, CALENDAR + "none.ics"))
    assert [x.findtext(tag("D:href")) for x in r.xml()] == [B, A, CALENDAR + "none.ics"]
    assert statuses(r)[CALENDAR + "none.ics"] == {"": 404}
    assert r.responses()[A][tag("D:getetag")].text == s.request("HEAD", A).headers["etag"]


def test_depths_are_the_same(s):
    """clients.md 6.5: Evolution and vdirsyncer send none."""
    fill(s)
    answers = {report(s, CALENDAR, multiget(A, B), depth=d).body for d in ("0", "1", "infinity", None)}
    assert len(answers) == 1


def test_spellings(s):
    fill(s)
    s.put(CALENDAR + "caf%C3%A9%20%40.ics", event("spelled"))
    url = f"http://127.0.0.1:{s.port}"
    for href in (
        A,
        url + A,
        "//calendars/anna/calendar//a.ics",
        CALENDAR + "%61.ics",
        "/calendars/ANNA/calendar/a.ics",
        f"\n  {A}\n",
        CALENDAR + "caf%c3%a9%20@.ics",
        CALENDAR + "café @.ics",
    ):
        found = report(s, CALENDAR, multiget(href)).responses()
        assert len(found) == 1 and None not in found.values(), (href, found)


def test_nothing_from_elsewhere(s):
    """trust.md T-32: hrefs outside the calendar asked look as if nothing were there."""
    fill(s)
    s.put(TASKS + "x.ics", event("x").replace("VEVENT", "VTODO").replace("DTEND", "DUE"))
    s.put("/calendars/marc/calendar/secret.ics", event("secret"), user="marc")
    hrefs = [
        TASKS + "x.ics",
        "/calendars/marc/calendar/secret.ics",
        CALENDAR,
        HOME,
        "/",
        "/principals/anna/",
        "http://elsewhere" + A,
        "ftp://x/",
        "x",
        "../tasks/x.ics",
        CALENDAR + "../tasks/x.ics",
        CALENDAR + "%2e%2e/tasks/x.ics",
        CALENDAR + "..%2ftasks%2fx.ics",
        CALENDAR + "%00",
        "/" + "x" * 5000,
        "%",
    ]
    r = report(s, CALENDAR, multiget(*hrefs))
    assert len(r.xml()) == len(hrefs) and all(v == {"": 404} for v in statuses(r).values()), r
    assert "secret" not in r.text.replace("secret.ics", "")


def test_an_object_named_twice_is_answered_once(s):
    fill(s)
    assert len(report(s, CALENDAR, multiget(*[A] * 50)).xml()) == 1


def test_properties(s):
    fill(s)
    r = report(s, CALENDAR, multiget(A, want=DATA + ("D:getcontenttype", "C:schedule-tag", "D:owner")))
    assert statuses(r)[A] == {
        tag("D:getetag"): 200,
        tag("C:calendar-data"): 200,
        tag("D:getcontenttype"): 200,
        tag("C:schedule-tag"): 404,
        tag("D:owner"): 200,
    }
    r = report(s, CALENDAR, body("C:calendar-multiget", f"<D:allprop/><D:href>{A}</D:href>"))
    assert tag("D:getetag") in statuses(r)[A] and tag("C:calendar-data") not in statuses(r)[A]


def test_refused(s):
    fill(s)
    refused(s.request("REPORT", CALENDAR, multiget()), 400)
    refused(s.request("REPORT", HOME, multiget(A)), 403, "D:supported-report")
    r = s.request(
        "REPORT", CALENDAR, multiget(A).replace("<C:calendar-data/>", '<C:calendar-data version="3.0"/>')
    )
    refused(r, 403, "C:supported-calendar-data")
    r = s.request(
        "REPORT",
        CALENDAR,
        multiget(A).replace("<C:calendar-data/>", '<C:calendar-data><C:expand/></C:calendar-data>'),
    )
    refused(r, 403, "C:valid-filter")


def busy(s, start, end, path=CALENDAR, user="anna"):
    return s.request("REPORT", path, body("C:free-busy-query", time_range(start, end)), {"Depth": "1"}, user)


def test_free_busy(s):
    """7.10: when, and nothing of what."""
    path = HOME + "busy/"
    s.request("MKCALENDAR", path)
    s.put(path + "a.ics", event("a", "20270601T100000Z", "20270601T110000Z", "Secret"))
    s.put(path + "b.ics", event("b", "20270601T103000Z", "20270601T120000Z", extra="STATUS:TENTATIVE\r\n"))
    s.put(path + "c.ics", event("c", "20270602T100000Z", "20270602T110000Z", extra="TRANSP:TRANSPARENT\r\n"))
    s.put(path + "d.ics", event("d", "20270603T100000Z", "20270603T110000Z", extra="STATUS:CANCELLED\r\n"))
    s.put(
        path + "e.ics",
        event("e", "20270531T230000Z", "20270601T010000Z", extra="RRULE:FREQ=DAILY;COUNT=2\r\n"),
    )
    r = busy(s, "20270601T000000Z", "20270604T000000Z", path)
    assert r.status == 200 and r.headers["content-type"].startswith("text/calendar"), r
    ics = unfold(r.text)
    assert "Secret" not in ics and "UID:a" not in ics and ics.count("BEGIN:VFREEBUSY") == 1, ics
    periods = sorted(
        p
        for line in ics.splitlines()
        if line.startswith("FREEBUSY") and "TENTATIVE" not in line
        for p in line.partition(":")[2].split(",")
    )
    assert [p.partition("/")[0] for p in periods] == [
        "20270601T000000Z",
        "20270601T100000Z",
        "20270601T230000Z",
    ], "cut to the range, cancelled and transparent left out"
    assert "FBTYPE=BUSY-TENTATIVE" in ics


def test_free_busy_refused(s):
    for start, end in (
        (None, None),
        ("20270601T000000Z", None),
        ("20270602T000000Z", "20270601T000000Z"),
        ("x", "y"),
    ):
        refused(busy(s, start, end), 400)
    refused(busy(s, "20270601T000000Z", "20270602T000000Z", "/calendars/marc/calendar/"), 404)
    refused(busy(s, "20270601T000000Z", "20270602T000000Z", HOME), 403, "D:supported-report")
