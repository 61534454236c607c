"""RFC 4791 7.10: free-busy-query: when, and nothing of what."""

from dav import CALENDAR, HOME, body, calendar, component, proppatch, refused, time_range, unchanged, unfold, value
from dedit_wire import event

PATH = HOME + "fb/"
JUNE = ("20270601T000000Z", "20270701T000000Z")
KINDS = ("BUSY", "BUSY-TENTATIVE", "BUSY-UNAVAILABLE")


def put(s, name, *lines, kind="VEVENT", more=""):
    r = s.put(f"{PATH}{name}.ics", calendar(component(kind, name, *lines), more))
    assert r.status == 201, (name, r)


def fresh(s):
    s.request("DELETE", PATH)
    assert s.request("MKCALENDAR", PATH).status == 201


def ask(s, start=JUNE[0], end=JUNE[1], path=PATH, user="anna", depth="1"):
    return s.request(
        "REPORT",
        path,
        body("C:free-busy-query", time_range(start, end)),
        {} if depth is None else {"Depth": depth},
        user,
    )


def busy(s, *range_, **how):
    """{type: [(start, end), …]} of the one VFREEBUSY."""
    r = ask(s, *range_, **how)
    assert r.status == 200 and r.headers["content-type"].startswith("text/calendar"), r
    lines = unfold(r.text).split("\r\n")
    assert lines.count("BEGIN:VFREEBUSY") == 1 and lines[0] == "BEGIN:VCALENDAR", r.text
    found = {}
    for line in lines:
        if not line.startswith("FREEBUSY"):
            continue
        name, _, periods = line.partition(":")
        kind = name.partition("FBTYPE=")[2] or "BUSY"
        assert kind in KINDS, line
        found.setdefault(kind, []).extend(tuple(p.split("/")) for p in periods.split(","))
    return found


def day(n, start, end):
    return (f"202706{n:02}T{start}00Z", f"202706{n:02}T{end}00Z")


def span(n, start, end):
    return (f"DTSTART:202706{n:02}T{start}00Z", f"DTEND:202706{n:02}T{end}00Z")


def test_nothing(s):
    fresh(s)
    r = ask(s)
    assert busy(s) == {}
    assert value(r.text, "DTSTART") == JUNE[0] and value(r.text, "DTEND") == JUNE[1], r.text


def test_status_and_transp(s):
    fresh(s)
    put(s, "plain", *span(1, "1000", "1100"), "SUMMARY:Secret")
    put(s, "opaque", *span(2, "1000", "1100"), "TRANSP:OPAQUE", "STATUS:CONFIRMED")
    put(s, "free", *span(3, "1000", "1100"), "TRANSP:TRANSPARENT")
    put(s, "cancelled", *span(4, "1000", "1100"), "STATUS:CANCELLED")
    put(s, "tentative", *span(5, "1000", "1100"), "STATUS:TENTATIVE")
    put(s, "task", "DTSTART:20270606T100000Z", "DUE:20270606T110000Z", kind="VTODO")
    put(s, "journal", "DTSTART:20270606T100000Z", kind="VJOURNAL")
    put(s, "moment", "DTSTART:20270607T100000Z")
    assert busy(s) == {
        "BUSY": [day(1, "1000", "1100"), day(2, "1000", "1100")],
        "BUSY-TENTATIVE": [day(5, "1000", "1100")],
    }
    assert "Secret" not in ask(s).text and "plain" not in ask(s).text


def test_merging(s):
    """What overlaps or touches is one period; kinds stay apart."""
    fresh(s)
    put(s, "a", *span(1, "1000", "1100"))
    put(s, "b", *span(1, "1030", "1130"))
    put(s, "c", *span(1, "1130", "1200"))
    put(s, "d", *span(1, "1015", "1020"))
    put(s, "e", *span(1, "1300", "1400"))
    put(s, "f", *span(1, "1000", "1400"), "STATUS:TENTATIVE")
    assert busy(s) == {
        "BUSY": [day(1, "1000", "1200"), day(1, "1300", "1400")],
        "BUSY-TENTATIVE": [day(1, "1000", "1400")],
    }


def test_cut_to_the_range(s):
    fresh(s)
    put(s, "a", *span(1, "1000", "1200"))
    assert busy(s, *day(1, "1100", "1130")) == {"BUSY": [day(1, "1100", "1130")]}
    assert busy(s, *day(1, "1200", "1300")) == {} and busy(s, *day(1, "0900", "1000")) == {}


def test_recurrences(s):
    fresh(s)
    put(
        s,
        "daily",
        "DTSTART;TZID=Europe/Paris:20270601T100000",
        "DURATION:PT1H",
        "RRULE:FREQ=DAILY;COUNT=4",
        "EXDATE;TZID=Europe/Paris:20270602T100000",
        more=component(
            "VEVENT",
            "daily",
            "RECURRENCE-ID;TZID=Europe/Paris:20270603T100000",
            "DTSTART:20270610T100000Z",
            "DURATION:PT30M",
            "STATUS:TENTATIVE",
        )
        + component(
            "VEVENT",
            "daily",
            "RECURRENCE-ID;TZID=Europe/Paris:20270604T100000",
            "DTSTART;TZID=Europe/Paris:20270604T100000",
            "TRANSP:TRANSPARENT",
        ),
    )
    assert busy(s) == {"BUSY": [day(1, "0800", "0900")], "BUSY-TENTATIVE": [day(10, "1000", "1030")]}


def test_long_series(s):
    """What the index lists of a series has an end somewhere; behind it the answers are the same. Nor does it matter to
    them which of the dates make busy, or that a date touches the range only."""
    fresh(s)
    put(s, "daily", "DTSTART:20200101T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY")
    put(s, "free", "DTSTART:20200101T110000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY", "TRANSP:TRANSPARENT")
    put(s, "weekly", "DTSTART:20270602T120000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=3", "STATUS:TENTATIVE",
        "EXDATE:20270609T120000Z")
    put(s, "night", "DTSTART:20270602T230000Z", "DURATION:PT2H", "RRULE:FREQ=WEEKLY;COUNT=2")
    first, third = ("20270602T000000Z", "20270603T000000Z"), ("20270616T000000Z", "20270617T000000Z")
    assert busy(s, *first) == {"BUSY": [day(2, "1000", "1100"), ("20270602T230000Z", "20270603T000000Z")],
                               "BUSY-TENTATIVE": [day(2, "1200", "1300")]}
    assert busy(s, *third) == {"BUSY": [day(16, "1000", "1100")], "BUSY-TENTATIVE": [day(16, "1200", "1300")]}
    assert busy(s, "20270609T110000Z", "20270609T230000Z") == {}
    assert busy(s, "20270610T000000Z", "20270610T100000Z") == {"BUSY": [day(10, "0000", "0100")]}
    assert busy(s, "20200101T110000Z", "20200102T100001Z") == {"BUSY": [("20200102T100000Z", "20200102T100001Z")]}


def test_free_busy_components(s):
    fresh(s)
    put(
        s,
        "fb",
        "DTSTART:20270601T000000Z",
        "DTEND:20270701T000000Z",
        "FREEBUSY:20270601T100000Z/PT1H,20270602T100000Z/20270602T110000Z",
        "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20270603T100000Z/PT1H",
        "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20270604T100000Z/PT1H",
        "FREEBUSY;FBTYPE=FREE:20270605T100000Z/PT1H",
        "FREEBUSY;FBTYPE=X-UNHEARD-OF:20270606T100000Z/PT1H",
        "FREEBUSY:20270801T100000Z/PT1H",
        kind="VFREEBUSY",
    )
    assert busy(s) == {
        "BUSY": [day(1, "1000", "1100"), day(2, "1000", "1100"), day(6, "1000", "1100")],
        "BUSY-UNAVAILABLE": [day(3, "1000", "1100")],
        "BUSY-TENTATIVE": [day(4, "1000", "1100")],
    }


def test_days_and_floating_times(s):
    """7.3: in the zone of the calendar, without one in UTC."""
    fresh(s)
    put(s, "day", "DTSTART;VALUE=DATE:20270610")
    put(s, "floating", "DTSTART:20270612T100000", "DURATION:PT1H")
    assert busy(s) == {
        "BUSY": [("20270610T000000Z", "20270611T000000Z"), ("20270612T100000Z", "20270612T110000Z")]
    }
    zone = calendar("BEGIN:VTIMEZONE\r\nTZID:America/New_York\r\nEND:VTIMEZONE\r\n").replace("\r\n", "&#13;\n")
    r = s.request("PROPPATCH", PATH, proppatch(f"<C:calendar-timezone>{zone}</C:calendar-timezone>"))
    assert r.status == 207 and b"200 OK" in r.body, r
    assert busy(s) == {
        "BUSY": [("20270610T040000Z", "20270611T040000Z"), ("20270612T140000Z", "20270612T150000Z")]
    }


def test_ranges(s):
    fresh(s)
    with unchanged(s, PATH):
        for sent in (
            body("C:free-busy-query"),
            body("C:free-busy-query", time_range(JUNE[0])),
            body("C:free-busy-query", time_range(None, JUNE[1])),
            body("C:free-busy-query", time_range(JUNE[1], JUNE[0])),
            body("C:free-busy-query", time_range(JUNE[0], JUNE[0])),
            body("C:free-busy-query", time_range("20270601", "20270602")),
            body("C:free-busy-query", time_range("20270601T000000", "20270602T000000")),
        ):
            refused(s.request("REPORT", PATH, sent, {"Depth": "1"}), 400)


def test_where(s):
    """7.10: not on an event."""
    fresh(s)
    put(s, "a", *span(1, "1000", "1100"))
    refused(ask(s, path=PATH + "a.ics"), 403, "D:supported-report")
    for depth in ("0", "1", "infinity", None):
        assert busy(s, depth=depth) == {"BUSY": [day(1, "1000", "1100")]}, depth


def test_who_may(s):
    """6.1.1: CALDAV:read-free-busy; what one may not know of is not there."""
    fresh(s)
    put(s, "a", *span(1, "1000", "1100"), "SUMMARY:Secret")
    assert ask(s, user="marc").status == 404
    assert ask(s, user=None).status == 401
    s.dedit("share", "anna/fb", "marc", "read")
    assert busy(s, path="/calendars/marc/anna~fb/", user="marc") == {"BUSY": [day(1, "1000", "1100")]}
    s.dedit("share", "anna/fb", "marc", "none")


def test_announced(s):
    r = s.request("PROPFIND", CALENDAR, body("D:propfind", "<D:prop><D:supported-report-set/></D:prop>"), {"Depth": "0"})
    assert b"<C:free-busy-query/>" in r.body, r


def test_endless_and_many(s):
    """A bomb costs no more than its answer may be long (trust.md T-01)."""
    fresh(s)
    s.put(PATH + "bomb.ics", event("bomb", extra="RRULE:FREQ=SECONDLY\r\n"))
    put(s, "a", *span(1, "0900", "0930"))
    r = ask(s)
    assert r.status in (200, 507), r
