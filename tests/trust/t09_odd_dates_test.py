"""doc/trust.md T-09: dates at the ends of the calendar, lengths and alarms of centuries, zones without end."""

import datetime

import bombs
from bombs import bomb
from dav import CALENDAR, calendar, component

SERVER = bombs.SETTINGS
AT_ONCE = 0.1  # what the row gives each
START = "DTSTART:20270601T100000Z"
REFUSED = {"C:valid-calendar-data", "C:valid-calendar-object-resource", "C:min-date-time", "C:max-date-time",
           "C:max-instances", 403}  # 403: more than 100 zones, for which no RFC has an element


def alarm(*lines):
    return ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", *lines, "END:VALARM")


STORED = (
    ("DTSTART:99991231T235959Z",),
    ("DTSTART;VALUE=DATE:99991231",),
    ("DTSTART:00010101T000000Z",),
    ("DTSTART:00010102T000000Z", "RRULE:FREQ=YEARLY"),
    (START, "DTEND:99991231T235959Z"),
    ("DTSTART;VALUE=DATE:00010103", "DTEND;VALUE=DATE:99991231", "RRULE:FREQ=DAILY"),
    (START, *alarm("TRIGGER:-P99999W")),
    (START, *alarm("TRIGGER:P99999W", "REPEAT:99999", "DURATION:P1W")),
    ("DTSTART;TZID=Europe/Paris:99991231T235959",),
    ("DTSTART;TZID=America/New_York:00010102T000000", "RRULE:FREQ=DAILY"),
    ("DTSTART:20280229T100000Z", "RRULE:FREQ=YEARLY"),
)
EITHER = (
    ("DTSTART:00000101T000000Z",),
    ("DTSTART;VALUE=DATE:00000000",),
    ("DTSTART:-0010101T000000Z",),
    ("DTSTART:100000101T000000Z",),
    ("DTSTART:99999999T999999Z",),
    ("DTSTART:20270631T100000Z",),
    ("DTSTART:20270229T100000Z",),
    ("DTSTART:20270601T250000Z",),
    ("DTSTART:20270601T100060Z",),
    ("DTSTART:20270601T100061Z",),
    ("DTSTART:20270601",),
    ("DTSTART:",),
    ("DTSTART:" + "9" * 100000,),
    (START, "DTEND:20270601T090000Z"),
    (START, "DTEND:00010101T000000Z"),
    (START, "DTEND;VALUE=DATE:20270602"),
    (START, "DURATION:P999999999999W"),
    (START, "DURATION:P" + "9" * 400 + "D"),
    (START, "DURATION:P9223372036854775807D"),
    (START, "DURATION:-P1D"),
    (START, "DURATION:P"),
    (START, "DURATION:PT"),
    (START, "DURATION:P1DT"),
    (START, "DURATION:P1Y"),
    (START, "DTEND:20270601T110000Z", "DURATION:PT1H"),
    ("DTSTART;VALUE=DATE:20270601", "DURATION:P9999999D", "RRULE:FREQ=DAILY"),
    (START, *alarm("TRIGGER:-P999999999999W")),
    (START, *alarm("TRIGGER;VALUE=DATE-TIME:00000101T000000Z")),
    (START, *alarm("TRIGGER:-PT1S", "REPEAT:99999999999999999999", "DURATION:PT1S")),
    (START, *alarm("TRIGGER:-PT1S", "REPEAT:2147483647", "DURATION:P9999W")),
    (START, "RRULE:FREQ=YEARLY;UNTIL=00010101T000000Z"),
    (START, "RRULE:FREQ=YEARLY;UNTIL=99999999T999999Z"),
    (START, "RRULE:FREQ=DAILY", "RECURRENCE-ID:99991231T235959Z"),
    (START, "RDATE;VALUE=PERIOD:20270601T100000Z/20200101T000000Z"),
    (START, "RDATE;VALUE=PERIOD:20270601T100000Z/P99999999W"),
    (START, "RDATE;VALUE=PERIOD:99991231T235959Z/P1D"),
)


def test_dates_at_the_ends(s):
    bombs.prepare(s)
    for n, lines in enumerate(STORED):
        calendars = (CALENDAR, bombs.WORK) if n in (0, 4, 6) else (CALENDAR,)
        assert bomb(s, f"end{n}", *lines, calendars=calendars, cpu=AT_ONCE) == {201}, lines


def test_dates_beyond_them(s):
    for n, lines in enumerate(EITHER):
        got = bomb(s, f"beyond{n}", *lines, calendars=(CALENDAR,), cpu=AT_ONCE)
        assert got <= REFUSED | {201}, (lines[0][:60], got)


def test_tasks_and_journals(s):
    tasks = "/calendars/anna/tasks/"
    for n, lines in enumerate((("DUE:99991231T235959Z",), ("DUE:00000101T000000Z",),
                               ("DTSTART:20270601T100000Z", "DUE:20200101T000000Z"), ("COMPLETED:99991231T235959Z",),
                               ("DTSTART:00010101T000000Z", "DURATION:P9999999D", "RRULE:FREQ=DAILY"))):
        got = bomb(s, f"task{n}", *lines, calendars=(tasks,), kind="VTODO", cpu=AT_ONCE)
        assert got <= REFUSED | {201}, (lines, got)


def zone(name, *observances):
    return "\r\n".join(("BEGIN:VTIMEZONE", f"TZID:{name}", *observances, "END:VTIMEZONE", ""))


def observance(*more, kind="STANDARD", start="19700101T000000"):
    return "\r\n".join((f"BEGIN:{kind}", f"DTSTART:{start}", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", *more, f"END:{kind}"))


def test_zones(s):
    """A zone's own rules: without end, without dates, in masses. Its offsets: of days."""
    event = component("VEVENT", "zone", "DTSTART;TZID=Odd:20270601T100000", "RRULE:FREQ=DAILY")
    for defined in (
        zone("Odd", observance("RRULE:FREQ=SECONDLY")),
        zone("Odd", observance("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")),
        zone("Odd", observance("RRULE:FREQ=YEARLY;COUNT=1000000000")),
        zone("Odd", observance(*("RRULE:FREQ=HOURLY",) * 1000)),
        zone("Odd", observance("RDATE:" + ",".join(f"{1970 + n // 336:04}{1 + n // 28 % 12:02}{1 + n % 28:02}T000000"
                                                     for n in range(20000)))),
        zone("Odd", *(observance(start=f"{1 + n % 9998:04}0101T000000") for n in range(8000))),
        zone("Odd", *(observance("RRULE:FREQ=DAILY") for _ in range(400))),
        zone("Odd", observance().replace("+0200", "+9999")),
        zone("Odd", observance().replace("+0200", "-" + "9" * 100)),
        zone("Odd", observance(start="99991231T235959")),
        zone("Odd"),
        "".join(zone("Odd" if n == 0 else f"Odd{n}", observance("RRULE:FREQ=DAILY")) for n in range(90)),
        "".join(zone("Odd", observance("RRULE:FREQ=DAILY")) for _ in range(90)),
        "".join(zone(f"Odd{n}", observance()) for n in range(4000)),
    ):
        path = CALENDAR + "zone.ics"
        r = bombs.put(s, path, calendar(defined, event))
        assert (r.condition() or r.status) in REFUSED | {201}, r
        if r.status == 201:
            bombs.questions(s, path)
            bombs.changes(s, path)


def test_lists_of_dates(s):
    """10^5 don't fit into a resource; what fits is indexed in time that is linear in it."""
    first = datetime.datetime(2020, 1, 1)
    dates = [(first + datetime.timedelta(hours=n)).strftime("%Y%m%dT%H%M%SZ") for n in range(50000)]
    cost = {}
    for count in (10000, 40000):
        for name, items in (("RDATE", dates[:count]), ("RDATE;VALUE=PERIOD", [x + "/PT1H" for x in dates[:count]])):
            r = bombs.put(s, CALENDAR + "list.ics", calendar(component(
                "VEVENT", "list", "DTSTART:20200101T000000Z", f"{name}:{','.join(items)}")))
            cost[name, count] = r.cost.cpu
            assert (r.condition() or r.status) in {201, 204, "C:max-instances"}, (name, count, r)
    for name in ("RDATE", "RDATE;VALUE=PERIOD"):
        assert cost[name, 40000] < 12 * cost[name, 10000] + 0.05, cost
    bombs.questions(s, CALENDAR + "list.ics")
    s.request("DELETE", CALENDAR + "list.ics")
    many = ",".join(dates + dates + ["20300101T000000Z"])
    r = bombs.put(s, CALENDAR + "list.ics", calendar(component("VEVENT", "list", START, "RDATE:" + many)))
    assert r.condition() == "C:max-resource-size", r
