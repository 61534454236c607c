"""
doc/trust.md T-01: rules that never end, asked for centuries; in calendars with and without a policy, and many of
them at once. (Single files about limits: tests/wire/limits_test.py, rfc4791_5_2_6_bounds_test.py; by parts of the
rule: tests/unit/test_recur.c.)
"""

import bombs
from bombs import ALWAYS, DAY, YEAR, between, bomb, data, reports
from bounds import ask
from dav import CALENDAR, body, calendar, comp, component, found, query, report, statuses, time_range
from dedit_wire import Server, tag

SERVER = bombs.SETTINGS
SECOND = 1.0  # what the row gives each
MANY = 40
FIRST = ("DTSTART:19000101T000000Z", "DTEND:19000101T000001Z")
ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:Bomb{0}\r\n"
    "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0{0:02}0\r\n"
    "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)


def test_endless_rules(s):
    bombs.prepare(s)
    for i, lines in enumerate((
        (*FIRST, "RRULE:FREQ=SECONDLY"),
        (*FIRST, "RRULE:FREQ=MINUTELY", "RDATE:20270601T000000Z", "EXDATE:20270601T000100Z"),
        ("DTSTART;TZID=Europe/Paris:19000101T000000", "DURATION:P365D", "RRULE:FREQ=SECONDLY;INTERVAL=59"),
        ("DTSTART;VALUE=DATE:19000101", "RRULE:FREQ=DAILY", "BEGIN:VALARM", "ACTION:AUDIO", "TRIGGER:-P3000W",
         "REPEAT:1000", "DURATION:P1D", "END:VALARM"),
    )):
        assert bomb(s, f"endless{i}", *lines, cpu=SECOND) <= {201, "C:max-instances"}, lines


def test_what_is_answered(s):
    """Nothing that looks like all of it, and isn't."""
    path = CALENDAR + "all.ics"
    assert s.put(path, calendar(component("VEVENT", "all", *FIRST, "RRULE:FREQ=SECONDLY"))).status == 201
    for span in (DAY, YEAR, ALWAYS):
        assert found(s, comp("VEVENT", time_range(*span))) == ["all.ics"], span
        r = report(s, CALENDAR, data(between("expand", span)))
        assert statuses(r) == {path: {tag("C:calendar-data"): 507}}, r
        r = s.request("REPORT", CALENDAR, body("C:free-busy-query", time_range(*span)))
        assert (r.status, r.condition()) == (507, "D:number-of-matches-within-limits"), r
    minute = ("20270601T000000Z", "20270601T000100Z")
    r = report(s, CALENDAR, data(between("expand", minute)))
    assert r.responses()[path][tag("C:calendar-data")].text.count("BEGIN:VEVENT") == 60
    r = s.request("REPORT", CALENDAR, body("C:free-busy-query", time_range(*minute)))
    assert "FREEBUSY;FBTYPE=BUSY:20270601T000000Z/20270601T000100Z\r\n" in r.text, r
    s.request("DELETE", path)


def fill(s, count, ics):
    for i in range(count):
        assert s.put(f"{CALENDAR}many{i}.ics", ics(f"many{i}")).status in (201, 204)


def test_many_in_one_calendar(s):
    """What one costs, many don't cost many times."""
    for rule in ("FREQ=SECONDLY", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=SECONDLY;INTERVAL=7;BYSETPOS=2"):
        fill(s, MANY, lambda uid: calendar(component("VEVENT", uid, *FIRST, "RRULE:" + rule)))
        for sent in reports(CALENDAR + "many0.ics"):
            bombs.answered(ask(s, "REPORT", CALENDAR, sent, {"Depth": "1"}))


def test_many_filters(s):
    """Each element of a filter may ask about the same endless rule anew."""
    fill(s, 5, lambda uid: calendar(component(
        "VEVENT", uid, *FIRST, "RRULE:FREQ=SECONDLY", "BEGIN:VALARM", "ACTION:AUDIO", "TRIGGER:-PT1S", "END:VALARM")))
    never = comp("VALARM", time_range("18990101T000000Z", "18990102T000000Z"))
    later = comp("VALARM", time_range("20270101T000000Z", "20270102T000000Z"))
    for inner in (comp("VEVENT", later * 90), comp("VEVENT", later + never) * 30,
                  comp("VEVENT", time_range(*YEAR) + later * 40) * 2):
        bombs.answered(ask(s, "REPORT", CALENDAR, query(inner), {"Depth": "1"}))


def test_many_zones(s):
    """Rules in the time zones that an event brings along."""
    def ics(uid):
        events = component("VEVENT", uid, "DTSTART;TZID=Bomb0:20270601T100000", "RRULE:FREQ=DAILY",
                           *(f"RDATE;TZID=Bomb{i}:20270601T10{i:02}00" for i in range(40)))
        return calendar("".join(ZONE.format(i) for i in range(40)), events)

    fill(s, MANY, lambda uid: calendar(component("VEVENT", uid, "DTSTART:20270601T100000Z")))
    fill(s, 20, ics)
    for sent in (query(comp("VEVENT", time_range(*DAY))), data(between("expand", DAY)),
                 body("C:free-busy-query", time_range(*DAY))):
        bombs.answered(ask(s, "REPORT", CALENDAR, sent, {"Depth": "1"}))


def test_a_setting_says_how_much(_):
    """instances-per-answer: what is beyond is 507, at its place or for the whole."""
    with Server(settings="instances-per-answer = 1000") as s:
        fill(s, 4, lambda uid: calendar(component("VEVENT", uid, *FIRST, "RRULE:FREQ=HOURLY")))
        month = ("20270601T000000Z", "20270615T000000Z")  # 336 dates
        r = report(s, CALENDAR, data(between("expand", month)))
        told = [found[tag("C:calendar-data")] for found in statuses(r).values()]
        assert sorted(told) == [200, 200, 200, 507] or sorted(told) == [200, 200, 507, 507], told
        r = s.request("REPORT", CALENDAR, body("C:free-busy-query", time_range(*month)))
        assert (r.status, r.condition()) == (507, "D:number-of-matches-within-limits"), r
        assert len(report(s, CALENDAR, query(comp("VEVENT", time_range(*YEAR)))).responses()) == 4
        fill(s, 4, lambda uid: calendar(component("VEVENT", uid, *FIRST, "RRULE:FREQ=SECONDLY;INTERVAL=7;BYSETPOS=2")))
        r = report(s, CALENDAR, query(comp("VEVENT", time_range(*YEAR))))
        assert statuses(r)[CALENDAR] == {"": 507}, r


def test_looking_takes_nothing_from_showing(_):
    """What a filter found before its dates were used up is shown, in parts and expanded too."""
    summary = '<C:prop-filter name="SUMMARY"><C:text-match>meeting</C:text-match></C:prop-filter>'
    parts = '<C:comp name="VCALENDAR"><C:comp name="VEVENT"><C:prop name="UID"/></C:comp></C:comp>'
    with Server(settings="instances-per-answer = 1000") as s:
        once = component("VEVENT", "once", "DTSTART:20270610T100000Z", "SUMMARY:Meeting")
        never = component("VEVENT", "never", *FIRST, "RRULE:FREQ=SECONDLY;INTERVAL=7;BYSETPOS=2", "SUMMARY:Meeting")
        for name, ics in (("a", once), ("b", never), ("c", once.replace("UID:once", "UID:last"))):
            assert s.put(f"{CALENDAR}{name}.ics", calendar(ics)).status == 201
        for view in ("", parts, between("expand", YEAR)):
            asked = f"<D:prop><C:calendar-data>{view}</C:calendar-data></D:prop>"
            filter_ = comp("VCALENDAR", comp("VEVENT", time_range(*YEAR) + summary))
            r = report(s, CALENDAR, body("C:calendar-query", f"{asked}<C:filter>{filter_}</C:filter>"))
            assert statuses(r)[CALENDAR] == {"": 507} and CALENDAR + "c.ics" not in r.text, r
            assert "UID:once" in r.responses()[CALENDAR + "a.ics"][tag("C:calendar-data")].text, (view, r)
