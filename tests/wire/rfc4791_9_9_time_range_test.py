"""RFC 4791 9.9: which components overlap a time range, row by row of its tables."""

from dav import HOME, calendar, component, found
from dav import comp, time_range

PATH = HOME + "ranges/"
FROM, TO = "20270610T000000Z", "20270611T000000Z"


def at(day, hour="12"):
    return f"202706{day:02}T{hour}0000Z"


BEFORE, INSIDE, AFTER = at(9), at(10), at(11)

# kind, lines, whether it overlaps [FROM, TO)
ROWS = (
    # VEVENT: DTEND
    ("VEVENT", ("DTSTART:" + BEFORE, "DTEND:" + INSIDE), True),
    ("VEVENT", ("DTSTART:" + INSIDE, "DTEND:" + AFTER), True),
    ("VEVENT", ("DTSTART:" + BEFORE, "DTEND:" + AFTER), True),
    ("VEVENT", ("DTSTART:" + BEFORE, "DTEND:" + FROM), False),
    ("VEVENT", ("DTSTART:" + TO, "DTEND:" + AFTER), False),
    # DURATION, longer than 0 and 0
    ("VEVENT", ("DTSTART:" + BEFORE, "DURATION:PT12H"), False),
    ("VEVENT", ("DTSTART:" + BEFORE, "DURATION:PT12H1S"), True),
    ("VEVENT", ("DTSTART:" + FROM, "DURATION:PT0S"), True),
    ("VEVENT", ("DTSTART:" + TO, "DURATION:PT0S"), False),
    # neither: a moment; a day
    ("VEVENT", ("DTSTART:" + FROM,), True),
    ("VEVENT", ("DTSTART:" + TO,), False),
    ("VEVENT", ("DTSTART;VALUE=DATE:20270610",), True),
    ("VEVENT", ("DTSTART;VALUE=DATE:20270609",), False),
    ("VEVENT", ("DTSTART;VALUE=DATE:20270611",), False),
    ("VEVENT", ("DTSTART;VALUE=DATE:20270601", "DTEND;VALUE=DATE:20270610"), False),
    ("VEVENT", ("DTSTART;VALUE=DATE:20270601", "DTEND;VALUE=DATE:20270611"), True),
    # VTODO 1: DTSTART and DURATION: start <= DTSTART+DURATION, and end > DTSTART or end >= DTSTART+DURATION
    ("VTODO", ("DTSTART:" + BEFORE, "DURATION:PT12H"), True),
    ("VTODO", ("DTSTART:" + BEFORE, "DURATION:PT11H"), False),
    ("VTODO", ("DTSTART:" + TO, "DURATION:PT1H"), False),
    ("VTODO", ("DTSTART:" + TO, "DURATION:PT0S"), True),
    # 2: DTSTART and DUE: start < DUE or start <= DTSTART, and end > DTSTART or end >= DUE
    ("VTODO", ("DTSTART:" + BEFORE, "DUE:" + FROM), False),
    ("VTODO", ("DTSTART:" + BEFORE, "DUE:" + INSIDE), True),
    ("VTODO", ("DTSTART:" + FROM, "DUE:" + FROM), True),
    ("VTODO", ("DTSTART:" + TO, "DUE:" + TO), True),
    ("VTODO", ("DTSTART:" + TO, "DUE:" + AFTER), False),
    # 3: DTSTART: start <= DTSTART, and end > DTSTART
    ("VTODO", ("DTSTART:" + FROM,), True),
    ("VTODO", ("DTSTART:" + TO,), False),
    ("VTODO", ("DTSTART:" + BEFORE,), False),
    # 4: DUE: start < DUE, and end >= DUE
    ("VTODO", ("DUE:" + FROM,), False),
    ("VTODO", ("DUE:" + INSIDE,), True),
    ("VTODO", ("DUE:" + TO,), True),
    ("VTODO", ("DUE:" + AFTER,), False),
    # 5: COMPLETED and CREATED: start <= either, and end >= either
    ("VTODO", ("CREATED:" + BEFORE, "COMPLETED:" + FROM), True),
    ("VTODO", ("CREATED:" + BEFORE, "COMPLETED:" + AFTER), True),
    ("VTODO", ("CREATED:" + TO, "COMPLETED:" + AFTER), True),
    ("VTODO", ("CREATED:" + at(8), "COMPLETED:" + BEFORE), False),
    ("VTODO", ("CREATED:" + AFTER, "COMPLETED:" + at(12)), False),
    # 6: COMPLETED: start <= COMPLETED, and end >= COMPLETED
    ("VTODO", ("COMPLETED:" + FROM,), True),
    ("VTODO", ("COMPLETED:" + TO,), True),
    ("VTODO", ("COMPLETED:" + BEFORE,), False),
    ("VTODO", ("COMPLETED:" + AFTER,), False),
    # 7: CREATED: end > CREATED
    ("VTODO", ("CREATED:" + BEFORE,), True),
    ("VTODO", ("CREATED:" + INSIDE,), True),
    ("VTODO", ("CREATED:" + TO,), False),
    # 8: nothing: always
    ("VTODO", (), True),
    # VJOURNAL
    ("VJOURNAL", ("DTSTART:" + FROM,), True),
    ("VJOURNAL", ("DTSTART:" + TO,), False),
    ("VJOURNAL", ("DTSTART;VALUE=DATE:20270610",), True),
    ("VJOURNAL", ("DTSTART;VALUE=DATE:20270609",), False),
    ("VJOURNAL", (), False),
    # VFREEBUSY: DTSTART and DTEND: start <= DTEND, and end > DTSTART
    ("VFREEBUSY", ("DTSTART:" + BEFORE, "DTEND:" + FROM), True),
    ("VFREEBUSY", ("DTSTART:" + TO, "DTEND:" + AFTER), False),
    # FREEBUSY: start < its end, and end > its start
    ("VFREEBUSY", (f"FREEBUSY:{BEFORE}/PT12H",), False),
    ("VFREEBUSY", (f"FREEBUSY:{BEFORE}/PT12H,{INSIDE}/PT1H",), True),
    ("VFREEBUSY", (f"FREEBUSY:{TO}/PT1H",), False),
    ("VFREEBUSY", (), False),
)


def test_rows(s):
    assert s.request("MKCALENDAR", PATH).status == 201
    expected = {}
    for i, (kind, lines, overlaps) in enumerate(ROWS):
        r = s.put(f"{PATH}{i}.ics", calendar(component(kind, f"row{i}", *lines)))
        assert r.status == 201, (kind, lines, r)
        if overlaps:
            expected.setdefault(kind, set()).add(f"{i}.ics")
    for kind in ("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"):
        got = set(found(s, comp(kind, time_range(FROM, TO)), PATH))
        wrong = [ROWS[int(n.partition(".")[0])] for n in got ^ expected[kind]]
        assert not wrong, wrong


ALARM_AT = (
    # trigger, more lines of the alarm, whether it rings on 10 June; event from 12:00 to 13:00 on that day
    ("TRIGGER:-PT5M", (), True),
    ("TRIGGER:PT12H", (), False),
    ("TRIGGER:-PT12H", (), True),
    ("TRIGGER:-PT12H1S", (), False),
    ("TRIGGER;RELATED=START:PT11H59M59S", (), True),
    ("TRIGGER;RELATED=END:PT10H59M", (), True),
    ("TRIGGER;RELATED=END:PT11H", (), False),
    ("TRIGGER;VALUE=DATE-TIME:20270610T000000Z", (), True),
    ("TRIGGER;VALUE=DATE-TIME:20270611T000000Z", (), False),
    ("TRIGGER:-P1D", ("REPEAT:3", "DURATION:PT4H"), True),
    ("TRIGGER:-P1D", ("REPEAT:2", "DURATION:PT4H"), False),
    ("TRIGGER;VALUE=DATE-TIME:20270609T230000Z", ("REPEAT:1", "DURATION:PT1H"), True),
)


def test_alarms(s):
    """start <= trigger < end, of any repetition."""
    path = HOME + "alarms/"
    assert s.request("MKCALENDAR", path).status == 201
    for i, (trigger, more, _) in enumerate(ALARM_AT):
        text = component(
            "VEVENT",
            f"alarm{i}",
            "DTSTART:20270610T120000Z",
            "DTEND:20270610T130000Z",
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            "DESCRIPTION:x",
            trigger,
            *more,
            "END:VALARM",
        )
        assert s.put(f"{path}{i}.ics", calendar(text)).status == 201, trigger
    got = set(found(s, comp("VEVENT", comp("VALARM", time_range(FROM, TO))), path))
    wrong = [row for i, row in enumerate(ALARM_AT) if row[2] != (f"{i}.ics" in got)]
    assert not wrong, wrong


def test_alarms_of_tasks_and_series(s):
    path = HOME + "alarms2/"
    assert s.request("MKCALENDAR", path).status == 201
    alarm = ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER;RELATED=END:-P1D", "END:VALARM")
    for name, kind, lines in (
        ("due", "VTODO", ("DUE:20270611T120000Z",)),
        ("late", "VTODO", ("DUE:20270612T120000Z",)),
        ("weekly", "VEVENT", ("DTSTART:20270101T110000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY")),
        ("monthly", "VEVENT", ("DTSTART:20270101T110000Z", "DURATION:PT1H", "RRULE:FREQ=MONTHLY")),
    ):
        assert s.put(f"{path}{name}.ics", calendar(component(kind, name, *lines, *alarm))).status == 201
    # 1 January 2027 is a Friday, and so is 11 June
    assert found(s, comp("VEVENT", comp("VALARM", time_range(FROM, TO))), path) == ["weekly.ics"]
    assert found(s, comp("VTODO", comp("VALARM", time_range(FROM, TO))), path) == ["due.ics"]


def test_properties(s):
    """9.9 for a prop-filter: the value itself, of a list any."""
    path = HOME + "values/"
    assert s.request("MKCALENDAR", path).status == 201
    for name, lines in (
        ("inside", ("DTSTAMP:20270610T000000Z",)),
        ("outside", ("DTSTAMP:20270611T000000Z",)),
    ):
        text = component("VEVENT", name, "DTSTART:20270101T000000Z").replace("DTSTAMP:20260101T000000Z", *lines)
        assert s.put(f"{path}{name}.ics", calendar(text)).status == 201
    dates = component(
        "VEVENT",
        "dates",
        "DTSTART;VALUE=DATE:20270101",
        "RRULE:FREQ=DAILY",
        "EXDATE;VALUE=DATE:20270105,20270610",
        "RDATE;VALUE=PERIOD:20270102T000000Z/PT1H,20270609T230000Z/PT2H",
    )
    assert s.put(f"{path}dates.ics", calendar(dates)).status == 201
    ask = lambda name: found(
        s, comp("VEVENT", f'<C:prop-filter name="{name}">{time_range(FROM, TO)}</C:prop-filter>'), path
    )
    assert ask("DTSTAMP") == ["inside.ics"]
    assert ask("EXDATE") == ["dates.ics"] and ask("RDATE") == ["dates.ics"]
    assert ask("COMPLETED") == []
