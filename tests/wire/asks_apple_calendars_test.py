"""Calendars and events as Calendar.app and Reminders make them (asks.md B)."""

from dav import CALENDAR, HOME, TASKS, body, calendar, changes, component, find, names_of, prop, proppatch, text, token
from dedit_wire import event, tag

ZONE = ("BEGIN:VCALENDAR&#13;\nVERSION:2.0&#13;\nPRODID:-//Apple Inc.//macOS 14.5//EN&#13;\nBEGIN:VTIMEZONE&#13;\n"
        "TZID:Europe/Paris&#13;\nBEGIN:STANDARD&#13;\nTZOFFSETFROM:+0200&#13;\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU&#13;\n"
        "DTSTART:19961027T030000&#13;\nTZNAME:CET&#13;\nTZOFFSETTO:+0100&#13;\nEND:STANDARD&#13;\nEND:VTIMEZONE&#13;\n"
        "END:VCALENDAR&#13;\n")


def make(s, path, kind, name="New"):
    """MKCALENDAR as macOS sends it."""
    xml = f"""<?xml version="1.0" encoding="UTF-8"?>
<B:mkcalendar xmlns:B="urn:ietf:params:xml:ns:caldav"><A:set xmlns:A="DAV:"><A:prop>
<B:supported-calendar-component-set><B:comp name="{kind}"/></B:supported-calendar-component-set>
<D:calendar-color xmlns:D="http://apple.com/ns/ical/" symbolic-color="purple">#CC73E1FF</D:calendar-color>
<D:calendar-order xmlns:D="http://apple.com/ns/ical/">3</D:calendar-order>
<A:displayname>{name}</A:displayname><B:calendar-timezone>{ZONE}</B:calendar-timezone>
<B:schedule-calendar-transp><B:transparent/></B:schedule-calendar-transp>
</A:prop></A:set></B:mkcalendar>"""
    return s.request("MKCALENDAR", path, xml, {"Content-Type": "text/xml"})


def kinds(s, path):
    return [x.get("name") for x in prop(s, path, "C:supported-calendar-component-set")]


def test_b10_component_sets_are_kept_exactly(s):
    assert kinds(s, CALENDAR) == ["VEVENT"] and kinds(s, TASKS) == ["VTODO"]  # one of each from the start
    for kind in ("VEVENT", "VTODO"):
        path = HOME + kind.lower() + "/"
        assert make(s, path, kind).status == 201
        assert kinds(s, path) == [kind]
    s.restart()
    assert kinds(s, HOME + "vtodo/") == ["VTODO"]
    todo = calendar(component("VTODO", "t", "SUMMARY:Buy milk", "X-APPLE-SORT-ORDER:1"))
    assert s.put(HOME + "vtodo/t.ics", todo).status == 201
    assert s.put(HOME + "vevent/t.ics", todo).status == 403


def test_b11_calendars_are_made_renamed_coloured_and_deleted(s):
    path = HOME + "6F9619FF-8B86-D011-B42D-00CF4FC964FF/"
    assert make(s, path, "VEVENT", "Holidays &amp; more").status == 201
    assert text(s, path, "D:displayname") == "Holidays & more"
    color = prop(s, path, "A:calendar-color")
    assert (color.text, color.get("symbolic-color")) == ("#CC73E1FF", "purple")
    assert text(s, path, "A:calendar-order") == "3"
    assert "TZID:Europe/Paris" in text(s, path, "C:calendar-timezone")
    assert names_of(prop(s, path, "C:schedule-calendar-transp")) == {"transparent"}
    r = s.request("PROPPATCH", path, proppatch(
        "<D:displayname>Other</D:displayname><A:calendar-color>#FF2968FF</A:calendar-color>"
        "<A:calendar-order>1</A:calendar-order><C:schedule-calendar-transp><C:opaque/></C:schedule-calendar-transp>"))
    assert r.status == 207 and b" 403 " not in r.body, r
    assert text(s, path, "D:displayname") == "Other" and text(s, path, "A:calendar-order") == "1"
    may = names_of(prop(s, path, "D:current-user-privilege-set"))
    assert may >= {"bind", "unbind", "write-properties", "write-content", "read"}, may
    assert names_of(prop(s, HOME, "D:current-user-privilege-set")) >= {"bind", "unbind"}
    assert s.request("DELETE", path).status == 204
    assert path not in find(s, HOME, "D:resourcetype", depth="1").responses()


def test_b12_provisioned_calendars_have_what_client_made_ones_have(s):
    path = HOME + "made/"
    assert make(s, path, "VEVENT").status == 201
    needed = ("D:resourcetype", "D:displayname", "D:current-user-privilege-set", "D:supported-report-set", "D:sync-token",
              "CS:getctag", "C:supported-calendar-component-set", "D:owner", "C:schedule-calendar-transp",
              "C:max-resource-size")
    listed = find(s, HOME, *needed, depth="1").responses()
    for calendar_path in (CALENDAR, TASKS, path):
        assert set(listed[calendar_path]) == {tag(n) for n in needed}, calendar_path
        assert listed[calendar_path][tag("D:displayname")].text


def test_b13_what_vanished_is_404_in_the_next_sync_whatever_took_it(s):
    for name in ("client", "disk", "moved"):
        assert s.put(CALENDAR + f"b13-{name}.ics", event(f"b13-{name}")).status == 201
    s.dedit("flush")
    before = token(s)
    assert s.request("DELETE", CALENDAR + "b13-client.ics").status == 204
    (s.data / "cal/anna/calendar/b13-disk.ics").unlink()
    s.dedit("rescan", "anna/calendar")
    s.request("MKCALENDAR", HOME + "b13/")
    r = s.request("MOVE", CALENDAR + "b13-moved.ics", headers={"Destination": HOME + "b13/x.ics"})
    assert r.status == 201, r
    found, _ = changes(s, before)
    assert found == {f"b13-{n}.ics": False for n in ("client", "disk", "moved")}


def test_b14_a_move_is_one_change_in_two_calendars(s):
    other = HOME + "b14/"
    s.request("MKCALENDAR", other)
    assert s.put(CALENDAR + "b14.ics", event("b14")).status == 201
    here, there = token(s), token(s, other)
    assert s.request("MOVE", CALENDAR + "b14.ics", headers={"Destination": other + "b14.ics"}).status == 201
    assert changes(s, here)[0] == {"b14.ics": False}
    assert changes(s, there, other)[0] == {"b14.ics": True}
    r = s.put(other + "again.ics", event("b14"))  # the same UID twice in one calendar
    assert r.status == 403 and r.condition() == "C:no-uid-conflict", r


def test_b15_apples_locations_stay_byte_for_byte(s):
    lines = ("LOCATION:Apple Park\\n1 Apple Park Way\\, Cupertino\\, CA  95014\r\n"
             'X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-ADDRESS="1 Apple Park Way\\\\nCupe\r\n'
             ' rtino, CA  95014";X-APPLE-RADIUS=141.1750506089954;X-APPLE-REFERENCEFRAM\r\n'
             ' E=1;X-TITLE="Apple Park":geo:37.334859,-122.009040\r\n'
             "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC\r\n")
    sent = event("b15", extra=lines)
    r = s.put(CALENDAR + "b15.ics", sent)
    assert r.status == 201 and "etag" in r.headers, r
    got = s.request("GET", CALENDAR + "b15.ics")
    assert got.body == sent.encode() and got.headers["etag"] == r.headers["etag"]
    assert body("D:x").startswith("<?xml")
