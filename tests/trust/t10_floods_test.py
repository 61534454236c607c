"""
doc/trust.md T-10: floods of attendees, lines and folds end where a limit is passed. (Each limit by itself:
tests/wire/limits_test.py.)
"""

import bombs
from bombs import TEXT, bomb, put
from bounds import ask
from dav import CALENDAR, calendar, component, multiget, unchanged
from dedit_wire import Server

SERVER = bombs.SETTINGS
START = ("DTSTART:20270601T100000Z", "DTEND:20270601T110000Z")


def people(count):
    return [f"ATTENDEE:mailto:a{n}@x" for n in range(count)]


def test_attendees(s):
    bombs.prepare(s)
    for n, lines in enumerate((
        people(1001), people(40000), (*people(1000), "RRULE:FREQ=DAILY", *people(1)),
        ["ATTENDEE;CN=" + "x" * 500 + f":mailto:a{n}@x" for n in range(1500)],
        ["attendee:mailto:a@x"] * 1001, ["ATTENDEE:"] * 1001,
    )):
        assert bomb(s, f"people{n}", *START, *lines) == {"C:max-attendees-per-instance"}, lines[0]
    assert bomb(s, "most", *START, *people(1000)) == {201}
    assert bomb(s, "alarms", *START, *("BEGIN:VALARM", "ACTION:EMAIL", "TRIGGER:-PT1M", *people(1001), "END:VALARM"),
                calendars=(CALENDAR,)) == {"C:max-attendees-per-instance"}


def test_it_ends_before_the_rest_is_read(s):
    """The first line too many decides, not the 40,000th."""
    few, many = (ask(s, "PUT", CALENDAR + "x.ics", calendar(component("VEVENT", "x", *START, *people(n))), TEXT)
                 for n in (1001, 40000))
    assert few.condition() == many.condition() == "C:max-attendees-per-instance"
    assert many.cost.cpu < few.cost.cpu * 20 + 0.1, (few.cost, many.cost)


def test_lines_and_folds(s):
    for n, lines in enumerate((
        ["X-A:" + "x" * 1000000],
        ["X-A:x" + "\r\n x" * 240000],
        ["X-A:x" + "\r\n\t" * 300000],
        ["X-A:1"] * 49000,
        ["CATEGORIES:a"] * 40000,
        ["COMMENT:a"] * 40000,
        ["EXDATE:20270601T100000Z"] * 30000,
        [line for n in range(3000) for line in ("BEGIN:VALARM", "ACTION:AUDIO", f"TRIGGER:-PT{n}M", "END:VALARM")],
        [line for n in range(9000) for line in ("BEGIN:X-A", "X-B:1", "END:X-A")],
    )):
        got = bomb(s, f"lines{n}", *START, *lines, calendars=(CALENDAR,))
        assert got <= {201, "C:max-instances", "C:valid-calendar-data", 403}, (lines[0][:40], got)
    for n, lines in enumerate((["X:1"] * 120000, ["X:x" + "\r\n x" * 262144], ["X-A:" + "x" * (1 << 20)])):
        got = bomb(s, f"over{n}", *START, *lines, calendars=(CALENDAR,))
        assert got <= {"C:max-resource-size", "C:valid-calendar-data", 403}, (lines[0][:40], got)


def test_overrides(s):
    """As many exceptions as a resource holds: found by search, not by comparing all with all."""
    rule = component("VEVENT", "o", *START, "RRULE:FREQ=DAILY")
    overrides = [f"BEGIN:VEVENT\r\nUID:o\r\nRECURRENCE-ID:{2027 + n // 336}{1 + n // 28 % 12:02}{1 + n % 28:02}T100000Z\r\n"
                 f"DTSTART:{2027 + n // 336}{1 + n // 28 % 12:02}{1 + n % 28:02}T120000Z\r\nEND:VEVENT\r\n"
                 for n in range(7000)]
    twins = [overrides[0]] * 7000
    future = [x.replace("RECURRENCE-ID", "RECURRENCE-ID;RANGE=THISANDFUTURE") for x in overrides]
    for items in (overrides, twins, future):
        r = put(s, CALENDAR + "o.ics", calendar(rule, *items))
        if r.status == 201:
            bombs.questions(s, CALENDAR + "o.ics")
            bombs.changes(s, CALENDAR + "o.ics")
    assert r.condition(), "a change of all that follows, 7,000 times"


def test_a_calendar_of_floods(s):
    """Big events in numbers: answers are made piece by piece."""
    for n in range(20):
        ics = calendar(component("VEVENT", f"big{n}", *START, "X-A:" + "x" * 1000000))
        assert ask(s, "PUT", f"{CALENDAR}big{n}.ics", ics, TEXT).status == 201
    whole = multiget(*(f"{CALENDAR}big{n}.ics" for n in range(20)))
    r = ask(s, "REPORT", CALENDAR, whole, {"Depth": "1"}, memory=64 * 2**20)
    assert r.status == 207 and len(r.body) > 20 * 1000000
    assert ask(s, "GET", CALENDAR, memory=64 * 2**20).status == 200
    for n in range(20):
        s.request("DELETE", f"{CALENDAR}big{n}.ics")


def test_smaller_limits(_):
    with Server(settings="attendees = 3\nmax-resource-size = 2K") as s, unchanged(s):
        r = ask(s, "PUT", CALENDAR + "x.ics", calendar(component("VEVENT", "x", *START, *people(4))), TEXT)
        assert r.condition() == "C:max-attendees-per-instance", r
        r = ask(s, "PUT", CALENDAR + "x.ics", iter([b"BEGIN:VCALENDAR\r\n", b"x" * 4096]), TEXT)
        assert r.condition() == "C:max-resource-size", r
