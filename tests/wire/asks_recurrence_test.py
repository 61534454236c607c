"""Recurrences and time zones that other servers get wrong (asks.md D)."""

import re

from dav import CALENDAR, HOME, calendar, comp, component, found, multiget, proppatch, report, time_range, body, props
from dedit_wire import tag


def put(s, name, *components):
    r = s.put(CALENDAR + name, calendar(*components))
    assert r.status in (201, 204), r


def starts(s, name, start, end):
    """UTC starts of the expanded occurrences."""
    xml = body("C:calendar-multiget", f'<D:prop><C:calendar-data><C:expand start="{start}" end="{end}"/></C:calendar-data>'
               f"</D:prop><D:href>{CALENDAR}{name}</D:href>")
    data = report(s, CALENDAR, xml).responses()[CALENDAR + name][tag("C:calendar-data")].text
    return re.findall(r"DTSTART(?:;[^:]*)?:(\S+)", data)


def in_range(s, name, start, end):
    return name in found(s, comp("VEVENT", time_range(start, end)))


def test_d25_exceptions_in_another_zone_are_the_same_instants(s):
    put(s, "d25.ics",
        component("VEVENT", "d25", "DTSTART;TZID=Europe/Paris:20270607T100000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=5",
                  "EXDATE:20270608T080000Z", "EXDATE;TZID=America/New_York:20270609T040000"),
        component("VEVENT", "d25", "RECURRENCE-ID;TZID=Asia/Tokyo:20270610T170000",
                  "DTSTART;TZID=Europe/London:20270610T150000", "DURATION:PT1H"))
    assert starts(s, "d25.ics", "20270601T000000Z", "20270701T000000Z") == [
        "20270607T080000Z", "20270610T140000Z", "20270611T080000Z"]
    assert not in_range(s, "d25.ics", "20270608T080000Z", "20270608T090000Z")
    assert not in_range(s, "d25.ics", "20270610T080000Z", "20270610T090000Z")
    assert in_range(s, "d25.ics", "20270610T143000Z", "20270610T144000Z")


def test_d26_rules_follow_the_wall_clock_over_the_change_to_summer_time(s):
    put(s, "d26.ics", component("VEVENT", "d26", "DTSTART;TZID=Europe/Paris:20270322T090000", "DURATION:PT1H",
                                "RRULE:FREQ=WEEKLY;COUNT=3"))
    assert starts(s, "d26.ics", "20270301T000000Z", "20270501T000000Z") == [
        "20270322T080000Z", "20270329T070000Z", "20270405T070000Z"]


def private(tzid, offset):
    return (f"BEGIN:VTIMEZONE\r\nTZID:{tzid}\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETFROM:{offset}\r\n"
            f"TZOFFSETTO:{offset}\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n")


def test_d27_known_names_win_unknown_ones_are_as_sent_floating_is_the_calendars(s):
    put(s, "d27-known.ics", private("Europe/Paris", "+0900"),
        component("VEVENT", "d27-known", "DTSTART;TZID=Europe/Paris:20270701T120000", "DURATION:PT1H"))
    assert in_range(s, "d27-known.ics", "20270701T100000Z", "20270701T100100Z")
    put(s, "d27-own.ics", private("Customized Time Zone", "+0900"),
        component("VEVENT", "d27-own", "DTSTART;TZID=Customized Time Zone:20270701T120000", "DURATION:PT1H"))
    assert in_range(s, "d27-own.ics", "20270701T030000Z", "20270701T030100Z")
    put(s, "d27-blank.ics",
        component("VEVENT", "d27-blank", 'DTSTART;TZID="Europe/Paris ":20270701T120000', "DURATION:PT1H"))
    assert in_range(s, "d27-blank.ics", "20270701T100000Z", "20270701T100100Z")
    put(s, "d27-none.ics", component("VEVENT", "d27-none", "DTSTART:20270701T120000", "DURATION:PT1H"))
    assert in_range(s, "d27-none.ics", "20270701T120000Z", "20270701T120100Z")
    zone = calendar(private("Asia/Tokyo", "+0900"))
    s.request("PROPPATCH", CALENDAR, proppatch(f"<C:calendar-timezone>{zone}</C:calendar-timezone>"))
    assert in_range(s, "d27-none.ics", "20270701T030000Z", "20270701T030100Z")
    assert not in_range(s, "d27-none.ics", "20270701T123000Z", "20270701T123100Z")
    s.request("PROPPATCH", CALENDAR, proppatch(remove="<C:calendar-timezone/>"))


def test_d28_expanded_occurrences_are_events_of_their_own(s):
    put(s, "d28.ics", component("VEVENT", "d28", "DTSTART:20270801T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY"))
    assert starts(s, "d28.ics", "20270901T000000Z", "20270903T000000Z") == ["20270901T100000Z", "20270902T100000Z"]
    data = report(s, CALENDAR, body(
        "C:calendar-query", '<D:prop><C:calendar-data><C:expand start="20270901T000000Z" end="20270902T000000Z"/>'
        "</C:calendar-data></D:prop><C:filter>" + comp("VCALENDAR", comp("VEVENT", time_range(
            "20270901T000000Z", "20270902T000000Z"))) + "</C:filter>"))
    text = data.responses()[CALENDAR + "d28.ics"][tag("C:calendar-data")].text
    assert "RRULE" not in text and "RECURRENCE-ID:20270901T100000Z" in text
    endless = '<C:expand start="20270901T000000Z" end="99990902T000000Z"/>'
    r = report(s, CALENDAR, body("C:calendar-multiget", f"<D:prop><C:calendar-data>{endless}</C:calendar-data></D:prop>"
               f"<D:href>{CALENDAR}d28.ics</D:href>"))
    assert b" 507 " in r.body  # the limit on instances, and no part of it


def test_d29_an_open_range_finds_endless_rules_as_ios_asks(s):
    put(s, "d29.ics", component("VEVENT", "d29", "DTSTART:20200101T100000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY"))
    put(s, "d29-over.ics", component("VEVENT", "d29-over", "DTSTART:20200101T100000Z", "DURATION:PT1H",
                                     "RRULE:FREQ=WEEKLY;COUNT=3"))
    open_end = found(s, comp("VEVENT", time_range("20401101T000000Z")))
    assert "d29.ics" in open_end and "d29-over.ics" not in open_end
    assert multiget(CALENDAR) and props("D:getetag") and HOME
