"""RFC 7953: times of availability, counted in free-busy answers."""

import re

from dav import CALENDAR, HOME, body, calendar, comp, component, found, refused, time_range

WEEK = ("AVAILABLE", "office", "DTSTART:20270531T090000Z", "DTEND:20270531T170000Z",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")


def availability(uid, *lines, parts=()):
    inner = "".join(component(*p) for p in parts)
    return component("VAVAILABILITY", uid, *lines).replace("END:VAVAILABILITY", inner + "END:VAVAILABILITY")


def busy(s, start, end, path=CALENDAR, user="anna"):
    r = s.request("REPORT", path, body("C:free-busy-query", time_range(start, end)), {"Depth": "1"}, user)
    assert r.status == 200, r
    return re.findall(r"FREEBUSY;FBTYPE=([A-Z-]+:[^\r\n]+)", r.text)


def test_it_is_announced(s):
    assert "calendar-availability" in s.request("OPTIONS", HOME).headers["dav"]


def test_7_1_objects_in_calendars_that_take_them(s):
    path = HOME + "hours/"
    kinds = ('<C:supported-calendar-component-set><C:comp name="VEVENT"/><C:comp name="VAVAILABILITY"/>'
             "</C:supported-calendar-component-set>")
    r = s.request("MKCALENDAR", path, body("C:mkcalendar", f"<D:set><D:prop>{kinds}</D:prop></D:set>"))
    assert r.status == 201, r
    low = calendar(availability("low", "PRIORITY:9", parts=[WEEK]))
    high = calendar(availability("high", "PRIORITY:1", "BUSYTYPE:BUSY", "DTSTART:20270602T000000Z",
                                 "DTEND:20270603T000000Z"))
    assert s.put(path + "low.ics", low).status == 201
    assert s.put(path + "high.ics", high).status == 201
    assert s.request("GET", path + "low.ics").text == low
    assert busy(s, "20270601T160000Z", "20270603T100000Z", path) == [
        "BUSY:20270602T000000Z/20270603T000000Z",
        "BUSY-UNAVAILABLE:20270601T170000Z/20270602T000000Z",
        "BUSY-UNAVAILABLE:20270603T000000Z/20270603T090000Z",
    ]
    assert found(s, comp("VAVAILABILITY"), path) == ["high.ics", "low.ics"]
    june = comp("VAVAILABILITY", time_range("20270701T000000Z", "20270702T000000Z"))
    assert found(s, june, path) == ["low.ics"]  # without DTSTART and DTEND: always
    refused(s.put(CALENDAR + "no.ics", low), 403, "C:supported-calendar-component")
    refused(s.put(path + "bad.ics", calendar(availability("bad", "DURATION:PT1H"))), 403,
            "C:valid-calendar-object-resource")
