"""RFC 7953: times of availability, kept with the home and counted in free-busy answers."""

import re

from dav import (CALENDAR, HOME, body, calendar, comp, component, found, proppatch, prop, refused, statuses, text,
                 time_range)
from dedit_wire import event, tag

WEEK = ("AVAILABLE", "office", "DTSTART:20270531T090000Z", "DTEND:20270531T170000Z",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")


def availability(uid, *lines, parts=()):
    inner = "".join(component(*p) for p in parts)
    return component("VAVAILABILITY", uid, *lines).replace("END:VAVAILABILITY", inner + "END:VAVAILABILITY")


def set_home(s, value, user="anna"):
    path = f"/calendars/{user}/"
    return s.request("PROPPATCH", path, proppatch(f"<C:calendar-availability>{value}</C:calendar-availability>"),
                     user=user)


def busy(s, start, end, path=CALENDAR, user="anna"):
    r = s.request("REPORT", path, body("C:free-busy-query", time_range(start, end)), {"Depth": "1"}, user)
    assert r.status == 200, r
    return re.findall(r"FREEBUSY;FBTYPE=([A-Z-]+:[^\r\n]+)", r.text)


def test_it_is_announced(s):
    assert "calendar-availability" in s.request("OPTIONS", HOME).headers["dav"]


def test_7_2_the_property_is_kept_with_the_home(s):
    value = calendar(availability("v", parts=[WEEK]))
    r = set_home(s, value)
    assert statuses(r)[HOME] == {tag("C:calendar-availability"): 200}, r
    assert text(s, HOME, "C:calendar-availability").replace("\r", "") == value.replace("\r", "").strip()
    s.restart()
    assert "RRULE:FREQ=WEEKLY" in text(s, HOME, "C:calendar-availability")


def test_4_outside_of_it_is_unavailable(s):
    set_home(s, calendar(availability("v", parts=[WEEK])))
    s.put(CALENDAR + "b.ics", event("b", "20270601T100000Z", "20270601T110000Z"))
    assert busy(s, "20270601T000000Z", "20270602T000000Z") == [
        "BUSY:20270601T100000Z/20270601T110000Z",
        "BUSY-UNAVAILABLE:20270601T000000Z/20270601T090000Z",
        "BUSY-UNAVAILABLE:20270601T170000Z/20270602T000000Z",
    ]
    r = s.request("PROPPATCH", HOME, proppatch(remove="<C:calendar-availability/>"))
    assert r.status == 207 and prop(s, HOME, "C:calendar-availability") is None
    assert busy(s, "20270601T000000Z", "20270602T000000Z") == ["BUSY:20270601T100000Z/20270601T110000Z"]


def test_4_a_sharee_sees_the_owners(s):
    set_home(s, calendar(availability("v", parts=[WEEK])))
    s.dedit("share", "anna/calendar", "marc", "read")
    shared = busy(s, "20270605T000000Z", "20270606T000000Z", "/calendars/marc/anna~calendar/", "marc")
    assert shared == ["BUSY-UNAVAILABLE:20270605T000000Z/20270606T000000Z"]  # a Saturday
    assert busy(s, "20270605T000000Z", "20270606T000000Z", "/calendars/marc/calendar/", "marc") == []
    s.dedit("share", "anna/calendar", "marc", "none")
    s.request("PROPPATCH", HOME, proppatch(remove="<C:calendar-availability/>"))


def test_7_2_other_values_are_refused(s):
    good = calendar(availability("v", parts=[WEEK]))
    set_home(s, good)
    for bad in ("", "nonsense", calendar(), event("x"), calendar(component("AVAILABLE", "a")),
                calendar(availability("v", "DTSTART:when")), calendar(availability("v", "DURATION:PT1H")),
                calendar(availability("v", parts=[("AVAILABLE", "a")])), "<D:href>x</D:href>"):
        r = set_home(s, bad)
        assert statuses(r)[HOME] == {tag("C:calendar-availability"): 403}, (bad, r)
        assert r.xml().find(".//" + tag("D:error"))[0].tag == tag("C:valid-calendar-data"), r
    assert "RRULE:FREQ=WEEKLY" in text(s, HOME, "C:calendar-availability")
    s.request("PROPPATCH", HOME, proppatch(remove="<C:calendar-availability/>"))
    # a calendar's is the home's
    r = s.request("PROPPATCH", CALENDAR, proppatch(f"<C:calendar-availability>{good}</C:calendar-availability>"))
    assert statuses(r)[CALENDAR] == {tag("C:calendar-availability"): 403}


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
