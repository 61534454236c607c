"""
doc/trust.md T-06: rules that give nothing are stored or refused at PUT; never 500 afterwards, never a loop. (Rules
by themselves: tests/unit/test_recur.c.)
"""

import bombs
from bombs import bomb, questions
from dav import CALENDAR, calendar, comp, component, found, time_range

SERVER = bombs.SETTINGS
START = ("DTSTART:19000101T000000Z", "DTEND:19000101T000001Z")
NEVER = (
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31",
    "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30,31",
    "FREQ=MONTHLY;BYDAY=1TH;BYSETPOS=2",
    "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=MINUTELY;BYMONTH=4;BYMONTHDAY=31;BYHOUR=1",
    "FREQ=HOURLY;BYYEARDAY=366;BYMONTH=1",
    "FREQ=DAILY;BYDAY=MO;BYSETPOS=2",
    "FREQ=WEEKLY;BYMONTH=1;BYSETPOS=-8",
    "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
    "FREQ=YEARLY;BYDAY=53MO;BYMONTH=2",
    "FREQ=SECONDLY;INTERVAL=60;BYSECOND=30",
    "FREQ=HOURLY;INTERVAL=24;BYHOUR=5",
    "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
    "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29;BYYEARDAY=61",
    "FREQ=SECONDLY;BYSETPOS=-2",
    "FREQ=YEARLY;INTERVAL=2147483648",
    "FREQ=SECONDLY;INTERVAL=9223372036854775807",
    "FREQ=YEARLY;UNTIL=18990101T000000Z",
)


def test_rules_that_give_nothing(s):
    bombs.prepare(s)
    for n, rule in enumerate(NEVER):
        calendars = (CALENDAR, bombs.WORK) if n in (0, 3) else (CALENDAR,)
        got = bomb(s, f"never{n}", *START, "RRULE:" + rule, calendars=calendars)
        assert got <= {201, "C:valid-calendar-data"}, (rule, got)


def test_no_step_at_all(s):
    for n, rule in enumerate(("FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=-1", "FREQ=DAILY;INTERVAL=" + "9" * 400,
                              "FREQ=", "", "INTERVAL=1", "FREQ=FORTNIGHTLY", "FREQ=DAILY;FREQ=SECONDLY")):
        got = bomb(s, f"step{n}", *START, "RRULE:" + rule, calendars=(CALENDAR,))
        assert got == ({201} if "999" in rule else {"C:valid-calendar-data"}), (rule[:40], got)


def test_the_start_alone_is_left(s):
    """RFC 5545 3.8.5.3: DTSTART counts, whatever the rule gives."""
    path = CALENDAR + "start.ics"
    s.put(path, calendar(component("VEVENT", "start", *START, "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31")))
    assert found(s, comp("VEVENT", time_range("19000101T000000Z", "19000102T000000Z"))) == ["start.ics"]
    assert found(s, comp("VEVENT", time_range("19000102T000000Z", "99990101T000000Z"))) == []
    questions(s, path)
    s.request("DELETE", path)
