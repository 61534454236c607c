"""doc/trust.md T-02: COUNT of any size is decided at PUT, at no cost that grows with it."""

import bombs
from bombs import bomb, questions
from dav import CALENDAR, calendar, component
from dedit_wire import tag

SERVER = bombs.SETTINGS
START = ("DTSTART:20270601T100000Z", "DTEND:20270601T110000Z")
AT_ONCE = 0.1
MALFORMED = {"C:valid-calendar-data"}
TOO_MANY = {"C:max-instances"}


def test_counts(s):
    bombs.prepare(s)
    for n, (count, refused) in enumerate((
        ("0", MALFORMED), ("-1", MALFORMED), ("+1", MALFORMED), ("1.5", MALFORMED), ("0x10", MALFORMED),
        ("", MALFORMED), ("1e9", MALFORMED), ("9" * 400, TOO_MANY | MALFORMED), ("9" * 500000, TOO_MANY | MALFORMED),
        ("٣", MALFORMED), ("3;COUNT=4", MALFORMED), ("3;UNTIL=20280101T000000Z", MALFORMED | {201}),
        (f"{10**9}", TOO_MANY), (f"{2**31 - 1}", TOO_MANY), (f"{2**31}", TOO_MANY), (f"{2**32 + 1}", TOO_MANY),
        (f"{2**63 - 1}", TOO_MANY | MALFORMED), (f"{2**63}", TOO_MANY | MALFORMED),
        (f"{2**64 + 1}", TOO_MANY | MALFORMED), ("30001", TOO_MANY),
    )):
        for rule in (f"FREQ=DAILY;COUNT={count}", f"FREQ=SECONDLY;COUNT={count}"):
            got = bomb(s, f"count{n}", *START, "RRULE:" + rule, cpu=AT_ONCE)
            assert got <= refused, (rule[:80], got)


def test_counts_that_the_bounds_hold(s):
    """Counted by arithmetic where all periods give equally many; else within the budget of steps, or refused."""
    for n, rule in enumerate((
        "FREQ=DAILY;COUNT=30000",
        "FREQ=SECONDLY;COUNT=30000;BYSECOND=59",
        "FREQ=YEARLY;COUNT=1000000;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=SECONDLY;COUNT=1000000000;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MINUTELY;INTERVAL=7;COUNT=2147483647;BYSETPOS=2",
    )):
        got = bomb(s, f"held{n}", *START, "RRULE:" + rule, calendars=(CALENDAR,))
        assert got <= {201, "C:max-instances", "C:max-date-time"}, (rule, got)


def test_the_last_one_is_found(s):
    """COUNT is not cut: the 30,000th day is there, the next isn't."""
    path = CALENDAR + "last.ics"
    s.put(path, calendar(component("VEVENT", "last", *START, "RRULE:FREQ=DAILY;COUNT=30000")))
    for start, end, there in (("21090720", "21090721", True), ("21090721", "21090722", False)):
        sent = bombs.data(bombs.between("expand", (start + "T000000Z", end + "T000000Z")))
        r = s.request("REPORT", CALENDAR, sent, {"Depth": "1"})
        text = r.responses().get(path, {}).get(tag("C:calendar-data"))
        assert ("BEGIN:VEVENT" in text.text if text is not None else False) == there, (start, r)
    questions(s, path)
    s.request("DELETE", path)
