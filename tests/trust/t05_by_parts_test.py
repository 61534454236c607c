"""doc/trust.md T-05: lists of all months, days, hours, minutes and seconds are never multiplied out."""

import bombs
from bombs import bomb
from dav import CALENDAR, calendar, component, report
from dedit_wire import tag

SERVER = bombs.SETTINGS
START = ("DTSTART:20000101T000000Z", "DTEND:20000101T000001Z")


def all_of(first, last):
    return ",".join(map(str, range(first, last + 1)))


PARTS = {
    "BYMONTH": all_of(1, 12),
    "BYMONTHDAY": all_of(1, 31) + "," + all_of(-31, -1),
    "BYHOUR": all_of(0, 23),
    "BYMINUTE": all_of(0, 59),
    "BYSECOND": all_of(0, 60),
}
PRODUCT = ";".join(f"{name}={values}" for name, values in PARTS.items())
DAYS = "MO,TU,WE,TH,FR,SA,SU"
NUMBERED = ",".join(f"{n}{d}" for n in range(-53, 54) if n for d in DAYS.split(","))


def test_products(s):
    bombs.prepare(s)
    for n, rule in enumerate((
        f"FREQ=YEARLY;COUNT=1;{PRODUCT}",
        f"FREQ=YEARLY;{PRODUCT}",
        f"FREQ=YEARLY;{PRODUCT};BYSETPOS=" + all_of(-366, -1) + "," + all_of(1, 366),
        f"FREQ=YEARLY;{PRODUCT};BYSETPOS=366",
        f"FREQ=SECONDLY;{PRODUCT};BYDAY={DAYS}",
        "FREQ=YEARLY;BYYEARDAY=" + all_of(1, 366) + "," + all_of(-366, -1) + ";BYSETPOS=-366",
        "FREQ=YEARLY;BYWEEKNO=" + all_of(1, 53) + "," + all_of(-53, -1) + f";BYDAY={DAYS}",
        f"FREQ=YEARLY;BYDAY={NUMBERED}",
        f"FREQ=MONTHLY;BYDAY={NUMBERED};BYHOUR={PARTS['BYHOUR']};BYMINUTE={PARTS['BYMINUTE']}",
    )):
        got = bomb(s, f"product{n}", *START, "RRULE:" + rule, calendars=(CALENDAR,))
        assert got <= {201, "C:max-instances"}, (rule[:60], got)
    assert bomb(s, "policy", *START, f"RRULE:FREQ=YEARLY;COUNT=1;{PRODUCT}", calendars=(bombs.WORK,)) == {201}


def test_long_lists(s):
    """The same value half a million times is the same set."""
    for n, rule in enumerate(("FREQ=YEARLY;BYMONTH=" + "1," * 250000 + "1", "FREQ=YEARLY;BYDAY=" + "MO," * 200000 + "MO",
                              "FREQ=YEARLY;BYSETPOS=" + "1," * 250000 + "1;BYMONTH=1,2")):
        got = bomb(s, f"list{n}", *START, "RRULE:" + rule, calendars=(CALENDAR,))
        assert got <= {201, "C:valid-calendar-data"}, (rule[:40], got)


def test_values_out_of_range(s):
    for n, part in enumerate(("BYMONTH=13", "BYMONTHDAY=32", "BYMONTHDAY=0", "BYHOUR=24", "BYMINUTE=60", "BYSECOND=61",
                              "BYYEARDAY=367", "BYWEEKNO=54", "BYDAY=54MO", "BYSETPOS=367", "BYSETPOS=0", "BYDAY=XX",
                              "BYHOUR=-1", "BYMONTH=", "BYMONTH=1,", "BYHOUR=99999999999999999999", "BYX=1")):
        got = bomb(s, f"range{n}", *START, "RRULE:FREQ=YEARLY;" + part, calendars=(CALENDAR,))
        assert got <= {201, "C:valid-calendar-data"}, (part, got)
        assert part.startswith(("BYSETPOS=367", "BYX", "BYDAY=54")) or got == {"C:valid-calendar-data"}, (part, got)


def test_what_it_gives(s):
    """The product is the set all the same: each second of a day that any part names."""
    path = CALENDAR + "set.ics"
    s.put(path, calendar(component("VEVENT", "set", *START, f"RRULE:FREQ=YEARLY;{PRODUCT}")))
    minute = ("20270601T100000Z", "20270601T100100Z")
    r = report(s, CALENDAR, bombs.data(bombs.between("expand", minute)))
    assert r.responses()[path][tag("C:calendar-data")].text.count("BEGIN:VEVENT") == 60, r
    s.request("DELETE", path)
