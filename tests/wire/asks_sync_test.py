"""What goes wrong when programs and servers synchronize (asks.md C)."""

from dav import (CALENDAR, HOME, calendar, changes, component, find, listing, multiget, query, comp, refused, report, sync,
                 text, token, unchanged)
from dedit_wire import event, tag


def test_c18_many_changes_of_one_object_are_one_line_and_old_tokens_hold(s):
    start = token(s)
    for i in range(20):
        s.put(CALENDAR + "c18.ics", event("c18", summary=f"Version {i}"))
    s.put(CALENDAR + "c18-gone.ics", event("c18-gone"))
    s.request("DELETE", CALENDAR + "c18-gone.ics")
    r = report(s, CALENDAR, sync(start))
    assert sorted(r.responses()) == [CALENDAR + "c18-gone.ics", CALENDAR + "c18.ics"]
    s.restart()
    assert set(changes(s, start)[0]) == {"c18.ics", "c18-gone.ics"}


def test_c19_a_bad_token_is_403_with_the_element_that_davx5_looks_for(s):
    good = token(s)
    for bad in ("x", "data:,x", good + "0", good.rpartition("/")[0] + "/99999999999999", "http://example.org/ns/sync/1"):
        for path in (CALENDAR, HOME):
            for depth in ("0", "1", None):
                r = s.request("REPORT", path, sync(bad), {"Depth": depth} if depth else {})
                refused(r, 403, "D:valid-sync-token")


def test_c20_a_broken_object_costs_itself_only(s):
    for name in ("c20-a", "c20-b"):
        s.put(CALENDAR + name + ".ics", event(name))
    s.dedit("flush")
    (s.data / "cal/anna/calendar/c20-a.ics").write_text("BEGIN:VCALENDAR\r\nthis is broken")
    names = (CALENDAR + "c20-a.ics", CALENDAR + "c20-b.ics")
    r = report(s, CALENDAR, multiget(*names))
    assert tag("C:calendar-data") in r.responses()[names[1]]
    assert CALENDAR + "c20-b.ics" in report(s, CALENDAR, query(comp("VEVENT"))).responses()
    assert find(s, CALENDAR, "D:getetag", depth="1").status == 207
    refused(s.put(CALENDAR + "c20-c.ics", "BEGIN:VCALENDAR\r\nthis is broken"), 403, "C:valid-calendar-data")
    rule = event("c20-d", extra="RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\r\n")
    assert s.put(CALENDAR + "c20-d.ics", rule).status == 201  # a rule without any instance
    assert report(s, CALENDAR, query(comp("VEVENT"))).status == 207


def test_c21_every_spelling_of_a_path_is_understood_and_answered_in_kind(s):
    s.add_user("anna@example.org")
    name = "c21%20a@b.ics"
    for home in ("/calendars/anna@example.org/", "/calendars/anna%40example.org/"):
        for spelled in (name, name.replace("@", "%40")):
            path = home + "calendar/" + spelled
            assert s.put(path, event("c21"), user="anna@example.org").status in (201, 204), path
            r = s.request("PROPFIND", path, "", {"Depth": "0"}, "anna@example.org")
            assert list(r.responses()) == [path], (path, r)
        r = s.request("PROPFIND", home + "calendar/", "", {"Depth": "1"}, "anna@example.org")
        assert all(h.startswith(home) for h in r.responses()), home
        assert len(r.responses()) == 2, r


def test_c22_one_uid_an_object_and_one_object_a_uid(s):
    with unchanged(s):
        no_uid = calendar("BEGIN:VEVENT\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20270101T000000Z\r\nEND:VEVENT\r\n")
        refused(s.put(CALENDAR + "c22.ics", no_uid), 403, "C:valid-calendar-object-resource")
        two = calendar(component("VEVENT", "c22-1", "DTSTART:20270101T000000Z"),
                       component("VEVENT", "c22-2", "DTSTART:20270101T000000Z"))
        refused(s.put(CALENDAR + "c22.ics", two), 403, "C:valid-calendar-object-resource")
    assert s.put(CALENDAR + "c22.ics", event("c22")).status == 201
    r = s.put(CALENDAR + "c22-b.ics", event("c22"))
    assert r.status == 403 and r.condition() == "C:no-uid-conflict", r
    assert r.xml().findtext(".//" + tag("D:href")) == CALENDAR + "c22.ics"


def test_c23_bytes_are_kept_and_only_then_there_is_an_etag(s):
    strange = (
        "BEGIN:VCALENDAR\r\nPRODID:-//X//Y//EN\r\nVERSION:2.0\r\nX-WR-CALNAME:odd order\r\nBEGIN:VEVENT\r\n"
        "SUMMARY:fol\r\n ded\r\nDTSTART:20270101T000000Z\r\nX-UNKNOWN;X-P=\"a;b\":1\\,2\r\nUID:c23\r\n"
        "ATTENDEE;CN=\"Ann, B\":mailto:a@example.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    r = s.put(CALENDAR + "c23.ics", strange)
    assert r.status == 201 and r.headers["etag"] == listing(s)["c23.ics"], r
    assert s.request("GET", CALENDAR + "c23.ics").body == strange.encode()
    assert text(s, CALENDAR, "CS:getctag") == token(s)
