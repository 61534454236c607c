"""What Apple's programs keep with homes and calendars: default alarms, subscriptions, colours, order."""

from dav import CALENDAR, HOME, body, find, names_of, prop, proppatch, refused, statuses, text
from dedit_wire import NS, tag

ALARM = "BEGIN:VALARM\nX-WR-ALARMUID:1\nUID:1\nTRIGGER:-PT15M\nATTACH;VALUE=URI:Basso\nACTION:AUDIO\nEND:VALARM"
ALARMS = tuple(f"C:default-alarm-{kind}-{form}" for kind in ("vevent", "vtodo") for form in ("date", "datetime"))


def patch(s, path, inner, user="anna"):
    r = s.request("PROPPATCH", path, proppatch(inner), user=user)
    assert r.status == 207, r
    return statuses(r)[path]


def test_default_alarms_are_kept_with_home_and_calendar(s):
    for path in (HOME, CALENDAR):
        for name in ALARMS:
            assert prop(s, path, name) is None
            assert patch(s, path, f"<{name}>{ALARM}</{name}>") == {tag(name): 200}
            assert text(s, path, name) == ALARM
    s.restart()
    assert text(s, HOME, ALARMS[0]) == ALARM


def test_no_alarm_is_a_default_too(s):
    for name in ALARMS:
        assert patch(s, HOME, f"<{name}/>") == {tag(name): 200}
        assert prop(s, HOME, name) is not None and text(s, HOME, name) == ""
        s.request("PROPPATCH", HOME, proppatch(remove=f"<{name}/>"))
        assert prop(s, HOME, name) is None


def test_default_alarms_are_alarms(s):
    name = ALARMS[0]
    patch(s, HOME, f"<{name}>{ALARM}</{name}>")
    for bad in ("x", "BEGIN:VALARM\nEND:VALARM", "BEGIN:VEVENT\nUID:1\nEND:VEVENT", ALARM + "\nEND:VCALENDAR",
                ALARM.replace("-PT15M", "soon"), "<D:href>/</D:href>"):
        r = s.request("PROPPATCH", HOME, proppatch(f"<{name}>{bad}</{name}>"))
        assert statuses(r)[HOME] == {tag(name): 403}, (bad, r)
        assert r.xml().find(".//" + tag("D:error"))[0].tag == tag("C:valid-calendar-data")
    assert text(s, HOME, name) == ALARM


def subscribe(s, path, method="MKCALENDAR", source="webcal://example.org/holidays.ics"):
    kinds = "<D:collection/><CS:subscribed/>"
    inner = (f"<D:resourcetype>{kinds}</D:resourcetype><D:displayname>Holidays</D:displayname>"
             f"<CS:source><D:href>{source}</D:href></CS:source><A:refreshrate>P1W</A:refreshrate>"
             '<A:calendar-color symbolic-color="purple">#CC73E1FF</A:calendar-color><A:calendar-order>7</A:calendar-order>'
             "<CS:subscribed-strip-alarms/><CS:subscribed-strip-attachments/><CS:subscribed-strip-todos/>")
    root = "C:mkcalendar" if method == "MKCALENDAR" else "D:mkcol"
    return s.request(method, path, body(root, f"<D:set><D:prop>{inner}</D:prop></D:set>"))


def test_subscriptions_are_kept_and_shown(s):
    for method, path in (("MKCALENDAR", HOME + "sub1/"), ("MKCOL", HOME + "sub2/")):
        assert subscribe(s, path, method).status == 201
        assert names_of(prop(s, path, "D:resourcetype")) == {"collection", "subscribed"}
        assert prop(s, path, "CS:source").findtext(tag("D:href")) == "webcal://example.org/holidays.ics"
        assert text(s, path, "A:refreshrate") == "P1W"
        for name in ("alarms", "attachments", "todos"):
            assert prop(s, path, f"CS:subscribed-strip-{name}") is not None
        assert text(s, path, "D:displayname") == "Holidays"
    listed = find(s, HOME, "D:resourcetype", "CS:source", depth="1").responses()
    assert tag("CS:source") in listed[HOME + "sub1/"] and tag("CS:source") not in listed[CALENDAR]
    s.restart()
    assert names_of(prop(s, HOME + "sub1/", "D:resourcetype")) == {"collection", "subscribed"}
    assert s.request("DELETE", HOME + "sub2/").status == 204


def test_subscriptions_hold_no_events(s):
    from dedit_wire import event

    path = HOME + "sub3/"
    assert subscribe(s, path).status == 201
    refused(s.put(path + "a.ics", event("a")), 403)
    assert s.request("GET", path + "a.ics").status == 404


def test_a_source_is_one_address(s):
    assert subscribe(s, HOME + "sub4/", source="file:///etc/passwd").status in (207, 403)
    assert s.request("PROPFIND", HOME + "sub4/", "", {"Depth": "0"}).status == 404
    subscribe(s, HOME + "sub5/")
    for bad in ("x", "<D:href>ftp://example.org/</D:href>", "<D:href/>",
                "<D:href>https://a/</D:href><D:href>https://b/</D:href>"):
        assert patch(s, HOME + "sub5/", f"<CS:source>{bad}</CS:source>") == {tag("CS:source"): 409}, bad
    assert patch(s, HOME + "sub5/", "<CS:source><D:href>https://b/</D:href></CS:source>") == {tag("CS:source"): 200}


def test_colours_keep_alpha_and_symbolic_name(s):
    color = '<A:calendar-color symbolic-color="custom">#FF2968FF</A:calendar-color>'
    assert patch(s, CALENDAR, color + "<A:calendar-order>3</A:calendar-order>") == {
        tag("A:calendar-color"): 200, tag("A:calendar-order"): 200}
    element = prop(s, CALENDAR, "A:calendar-color")
    assert (element.text, element.get("symbolic-color")) == ("#FF2968FF", "custom")
    assert text(s, CALENDAR, "A:calendar-order") == "3"


def test_what_does_not_work_is_not_announced(s):
    header = s.request("OPTIONS", HOME).headers["dav"]
    for name in ("calendar-auto-schedule", "calendar-schedule", "calendarserver-sharing", "calendar-managed-attachments"):
        assert name not in header
    names = ("CS:xmpp-uri", "CS:xmpp-server", "CS:pushkey", "CS:push-transports", "C:schedule-default-calendar-URL",
             "C:schedule-inbox-URL", "C:schedule-outbox-URL", "CS:dropbox-home-URL", "CS:notification-URL")
    assert NS["CS"]
    for path in (HOME, "/principals/anna/", CALENDAR):
        for name in names:
            assert prop(s, path, name) is None, (path, name)
