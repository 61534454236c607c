"""RFC 4791 5.2.5 to 5.2.9: the bounds of a calendar hold for PUT, COPY, MOVE and for what reports ask."""

from dav import CALENDAR, HOME, body, calendar, component, multiget, proppatch, query, refused, text
from dav import comp, time_range, token, unchanged
from dedit_wire import Server, event, tag

SLOW = True

SERVER = {
    "settings": """
min-date-time = "20000101T000000Z"
max-date-time = "20491231T235959Z"
instances = 100
attendees = 2
max-resource-size = 4K
"""
}
OTHER = HOME + "other/"


def test_they_are_announced(s):
    for name, value in (
        ("C:min-date-time", "20000101T000000Z"),
        ("C:max-date-time", "20491231T235959Z"),
        ("C:max-instances", "100"),
        ("C:max-attendees-per-instance", "2"),
        ("C:max-resource-size", "4096"),
    ):
        assert text(s, CALENDAR, name) == value, name
        r = s.request("PROPPATCH", CALENDAR, proppatch(f"<{name}>1</{name}>"))
        assert r.status == 207 and b"cannot-modify-protected-property" in r.body, (name, r)
        assert text(s, CALENDAR, name) == value, name


def put(s, *lines, kind="VEVENT"):
    return s.put(CALENDAR + "x.ics", calendar(component(kind, "x", *lines)))


START = "DTSTART:20270601T100000Z"
EARLY = (
    ("DTSTART:19991231T235959Z",),
    ("DTSTART;VALUE=DATE:19991231",),
    ("DTSTART;TZID=Europe/Paris:20000101T003000",),
    (START, "RDATE:20270602T100000Z,19991231T100000Z"),
    (START, "RRULE:FREQ=DAILY", "EXDATE:19990101T100000Z"),
    (START, "RRULE:FREQ=DAILY;UNTIL=19990101T000000Z"),
    (START, "RECURRENCE-ID:19990101T100000Z"),
    (START, "BEGIN:VALARM", "TRIGGER;VALUE=DATE-TIME:19990101T100000Z", "END:VALARM"),
    ("DTSTART:00000101T000000Z",),
)
LATE = (
    ("DTSTART:20500101T000000Z",),
    (START, "DTEND:20500101T000000Z"),
    (START, "RDATE;VALUE=PERIOD:20491231T235900Z/PT2M"),
    (START, "RRULE:FREQ=DAILY;UNTIL=20500101T000000Z"),
    (START, "RRULE:FREQ=YEARLY;COUNT=24"),
    (START, "DURATION:P9999999W"),
)


def test_min_date_time(s):
    with unchanged(s):
        for lines in EARLY:
            refused(put(s, *lines), 403, "C:min-date-time")
    assert s.request("GET", CALENDAR + "x.ics").status == 404


def test_max_date_time(s):
    with unchanged(s):
        for lines in LATE:
            refused(put(s, *lines), 403, "C:max-date-time")
    assert s.request("GET", CALENDAR + "x.ics").status == 404


def test_what_lies_within(s):
    """The bounds themselves; endless rules; what is no date of the event."""
    for lines in (
        ("DTSTART:20000101T000000Z", "DTEND:20491231T235959Z"),
        (START, "RRULE:FREQ=YEARLY;COUNT=23"),
        (START, "RRULE:FREQ=DAILY"),
        (START, "CREATED:19700101T000000Z", "LAST-MODIFIED:19700101T000000Z", "X-A:19700101T000000Z"),
    ):
        assert put(s, *lines).status == 201, lines
        assert s.request("DELETE", CALENDAR + "x.ics").status == 204


def test_max_instances(s):
    with unchanged(s):
        for rule in (
            "FREQ=DAILY;COUNT=101",
            "FREQ=DAILY;UNTIL=20271201T000000Z",
            "FREQ=SECONDLY;UNTIL=20490101T000000Z",
            "FREQ=DAILY;BYHOUR=1,2,3,4;COUNT=1000",
        ):
            refused(put(s, START, "RRULE:" + rule), 403, "C:max-instances")
    for rule in (
        "FREQ=DAILY;COUNT=100",
        "FREQ=HOURLY;BYHOUR=10;COUNT=100",
        "FREQ=YEARLY;UNTIL=20490101T000000Z",
        "FREQ=MINUTELY;BYHOUR=10;BYMINUTE=0;UNTIL=20270610T000000Z",
        "FREQ=SECONDLY",
    ):
        assert put(s, START, "RRULE:" + rule).status == 201, rule
        s.request("DELETE", CALENDAR + "x.ics")


def test_max_attendees(s):
    """Per component, which is per instance."""
    people = [f"ATTENDEE:mailto:{x}@example.org" for x in "abc"]
    with unchanged(s):
        refused(put(s, START, *people), 403, "C:max-attendees-per-instance")
    two = component("VEVENT", "x", START, "RRULE:FREQ=DAILY", *people[:2])
    other = component("VEVENT", "x", "RECURRENCE-ID:20270602T100000Z", "DTSTART:20270602T100000Z", *people[1:])
    assert s.put(CALENDAR + "x.ics", calendar(two, other)).status == 201
    s.request("DELETE", CALENDAR + "x.ics")


def test_time_ranges(s):
    """7.8: min- and max-date-time are conditions of reports, too."""
    for start, end, condition in (
        ("19991231T000000Z", "20270101T000000Z", "C:min-date-time"),
        ("20270101T000000Z", "20500101T000000Z", "C:max-date-time"),
    ):
        for sent in (
            query(comp("VEVENT", time_range(start, end))),
            body("C:free-busy-query", time_range(start, end)),
            multiget(CALENDAR + "x.ics").replace(
                "<C:calendar-data/>", f'<C:calendar-data><C:expand start="{start}" end="{end}"/></C:calendar-data>'
            ),
        ):
            refused(s.request("REPORT", CALENDAR, sent, {"Depth": "1"}), 403, condition)
    assert s.request("REPORT", CALENDAR, query(comp("VEVENT", time_range("20270101T000000Z")))).status == 207


def test_copy_and_move(_):
    """5.3.2.1: what was let in under wider bounds stays where it is, and readable."""
    with Server() as s:
        assert s.request("MKCALENDAR", OTHER).status == 201
        people = "".join(f"ATTENDEE:mailto:{x}@example.org\r\n" for x in "abc")
        for name, text_ in (
            ("min-date-time", event("min-date-time", "19900101T000000Z", "19900101T010000Z")),
            ("max-date-time", event("max-date-time", "20600101T000000Z", "20600101T010000Z")),
            ("max-instances", event("max-instances", extra="RRULE:FREQ=DAILY;COUNT=101\r\n")),
            ("max-attendees-per-instance", event("max-attendees-per-instance", extra=people)),
            ("max-resource-size", event("max-resource-size", extra="X-A:" + "x" * 4096 + "\r\n")),
        ):
            assert s.put(f"{CALENDAR}{name}.ics", text_).status == 201, name
        s.write_config(settings=SERVER["settings"])
        s.restart()
        with unchanged(s, CALENDAR, OTHER):
            for name in (
                "min-date-time",
                "max-date-time",
                "max-instances",
                "max-attendees-per-instance",
                "max-resource-size",
            ):
                for method in ("COPY", "MOVE"):
                    r = s.request(
                        method, f"{CALENDAR}{name}.ics", None, {"Destination": f"{OTHER}{name}.ics"}
                    )
                    refused(r, 403, "C:" + name)
                assert s.request("GET", f"{CALENDAR}{name}.ics").status == 200
        assert s.request("DELETE", f"{CALENDAR}max-instances.ics").status == 204


def test_settings_that_leave_nothing(_):
    with Server(start=False) as s:
        for settings, word in (
            ('min-date-time = "20300101T000000Z"\nmax-date-time = "20200101T000000Z"', "max-date-time"),
            ('min-date-time = "2030"', "min-date-time"),
            ('max-date-time = "20300101T000000"', "max-date-time"),
        ):
            s.write_config(settings=settings)
            r = s.dedit("user", "list", check=False)
            assert r.returncode != 0 and word in r.stderr, (settings, r)
