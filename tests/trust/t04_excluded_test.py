"""
doc/trust.md T-04: all that a rule gives is taken away again; steps are bounded, not only what is left. (The
expansion alone: tests/unit/test_expand.c, many_lines_end_quickly.)
"""

import datetime

import bombs
from bombs import TEXT, bomb
from bounds import ask
from dav import CALENDAR, calendar, component, refused

SERVER = bombs.SETTINGS
START = ("DTSTART:19000101T000000Z", "DTEND:19000101T000001Z")
FIRST = datetime.datetime(2020, 1, 1)


def hours(count):
    return [(FIRST + datetime.timedelta(hours=n)).strftime("%Y%m%dT%H%M%SZ") for n in range(count)]


def test_rules_that_take_themselves_away(s):
    bombs.prepare(s)
    for n, lines in enumerate((
        ("RRULE:FREQ=SECONDLY", "EXRULE:FREQ=SECONDLY"),
        ("RRULE:FREQ=MINUTELY;BYSECOND=0,30", *("EXRULE:FREQ=MINUTELY;BYSECOND=" + x for x in ("0", "30"))),
        ("RRULE:FREQ=SECONDLY", *(f"EXRULE:FREQ=SECONDLY;INTERVAL={n}" for n in range(1, 200))),
        (*("RRULE:FREQ=SECONDLY",) * 1000, "EXRULE:FREQ=SECONDLY"),
    )):
        got = bomb(s, f"excluded{n}", *START, *lines, calendars=(CALENDAR, bombs.WORK) if n == 0 else (CALENDAR,))
        assert got <= {201, "C:valid-calendar-data", "C:max-instances"}, (lines[:3], got)


def test_lists_of_exceptions(s):
    """As many as a resource may hold: 55,000 in one line, and a line for each."""
    for n, lines in enumerate((
        ("RRULE:FREQ=HOURLY", "EXDATE:" + ",".join(hours(55000))),
        ("RRULE:FREQ=HOURLY", *("EXDATE:" + x for x in hours(40000))),
        ("RRULE:FREQ=HOURLY;COUNT=40000", "EXDATE:" + ",".join(reversed(hours(40000)))),
        ("RRULE:FREQ=HOURLY", *("EXDATE;TZID=Europe/Paris:" + x[:-1] for x in hours(20000))),
    )):
        got = bomb(s, f"dates{n}", "DTSTART:20200101T000000Z", *lines, calendars=(CALENDAR,))
        assert got <= {201, "C:max-instances"}, (lines[0], got)
    assert bomb(s, "policy", "DTSTART:20200101T000000Z", "RRULE:FREQ=HOURLY", "EXDATE:" + ",".join(hours(30000)),
                calendars=(bombs.WORK,)) == {201}


def test_more_than_a_resource_may_hold(s):
    ics = calendar(component("VEVENT", "large", "DTSTART:20200101T000000Z", "RRULE:FREQ=HOURLY",
                             "EXDATE:" + ",".join(hours(100000))))
    for body in (ics, iter([ics.encode()])):  # with its length, and in chunks
        r = ask(s, "PUT", CALENDAR + "large.ics", body, TEXT)
        refused(r, r.status, "C:max-resource-size")
        assert r.status in (403, 413), r
