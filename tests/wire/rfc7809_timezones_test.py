"""RFC 7809: time zones by reference. A zone is named, its definition is left out or added on demand."""

from dav import (
    CALENDAR, HOME, body, calendar, comp, component, found, href, multiget, prop, proppatch, query, refused, report,
    statuses, text, time_range,
)
from dedit_wire import tag

OWN = ("BEGIN:VTIMEZONE\r\nTZID:{}\r\nBEGIN:STANDARD\r\nDTSTART:20000101T000000\r\nTZOFFSETFROM:+0100\r\n"
       "TZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n")


def event_in(uid, zone, *zones):
    return calendar(*zones, component("VEVENT", uid, f"DTSTART;TZID={zone}:20270601T100000", "DURATION:PT1H"))


def put(s, name, data):
    r = s.put(CALENDAR + name, data)
    assert r.status in (201, 204), r


def get(s, name, want=None):
    return s.request("GET", CALENDAR + name, headers={"CalDAV-Timezones": want} if want else {})


def data(s, name, want=None):
    r = s.request("REPORT", CALENDAR, multiget(CALENDAR + name), {"CalDAV-Timezones": want} if want else {})
    assert r.status == 207, r
    return r.responses()[CALENDAR + name][tag("C:calendar-data")].text


def test_3_it_is_announced(s):
    assert "calendar-no-timezone" in s.request("OPTIONS", HOME).headers["dav"]
    assert "calendar-no-timezone" in s.request("OPTIONS", CALENDAR).headers["dav"]


def test_5_1_service_set_is_where_zones_are(s):
    assert href(s, HOME, "C:timezone-service-set") == "/timezones"
    assert s.request("GET", "/timezones/capabilities").status == 200


def test_3_1_an_object_without_definition_is_taken_and_kept(s):
    bare = event_in("bare", "Europe/Paris")
    put(s, "bare.ics", bare)
    assert get(s, "bare.ics").text == bare
    assert data(s, "bare.ics") == bare.replace("\r\n", "\n") or data(s, "bare.ics") == bare
    # 10:00 of a summer's day in Paris
    assert found(s, comp("VEVENT", time_range("20270601T080000Z", "20270601T080001Z"))) == ["bare.ics"]


def test_3_1_definitions_are_left_out_if_the_client_knows_them(s):
    known = event_in("known", "Europe/Paris", OWN.format("Europe/Paris"))
    put(s, "known.ics", known)
    bare = event_in("known", "Europe/Paris")
    assert get(s, "known.ics", "F").text == bare
    assert "VTIMEZONE" not in data(s, "known.ics", "F")
    for want in (None, "T"):
        assert get(s, "known.ics", want).text == known, want
        assert "TZOFFSETTO:+0100" in data(s, "known.ics", want), want


def test_3_1_definitions_that_only_the_object_knows_stay(s):
    own = event_in("own", "My Zone", OWN.format("My Zone"))
    put(s, "own.ics", own)
    for want in (None, "T", "F"):
        assert get(s, "own.ics", want).text == own, want


def test_3_1_definitions_are_added_for_a_client_that_wants_them(s):
    put(s, "add.ics", event_in("add", "Europe/Paris"))
    whole = get(s, "add.ics", "T").text
    assert whole.count("BEGIN:VTIMEZONE") == 1 and "TZID:Europe/Paris\r\n" in whole
    assert whole.index("END:VTIMEZONE") < whole.index("BEGIN:VEVENT")
    assert "BEGIN:VTIMEZONE" in data(s, "add.ics", "T")


def test_3_1_the_etag_is_the_objects(s):
    put(s, "etag.ics", event_in("etag", "Europe/Paris"))
    answers = [get(s, "etag.ics", want) for want in (None, "T", "F")]
    assert len({r.headers["etag"] for r in answers}) == 1
    assert all("CalDAV-Timezones" in r.headers["vary"] for r in answers)
    changed = event_in("etag", "Europe/London")
    assert s.put(CALENDAR + "etag.ics", changed, if_match=answers[1].headers["etag"]).status == 204


def set_id(s, name):
    return s.request("PROPPATCH", CALENDAR, proppatch(f"<C:calendar-timezone-id>{name}</C:calendar-timezone-id>"))


def test_5_2_a_zone_is_set_by_name(s):
    assert statuses(set_id(s, "America/New_York"))[CALENDAR] == {tag("C:calendar-timezone-id"): 200}
    assert text(s, CALENDAR, "C:calendar-timezone-id") == "America/New_York"
    # the definition follows
    definition = text(s, CALENDAR, "C:calendar-timezone")
    assert "TZID:America/New_York" in definition and definition.startswith("BEGIN:VCALENDAR")
    # and floating times mean it: 10:00 there is 14:00 UTC
    put(s, "float.ics", calendar(component("VEVENT", "float", "DTSTART:20270701T100000", "DURATION:PT1H")))
    assert "float.ics" in found(s, comp("VEVENT", time_range("20270701T143000Z", "20270701T144000Z")))
    r = s.request("PROPPATCH", CALENDAR, proppatch(remove="<C:calendar-timezone-id/>"))
    assert r.status == 207 and prop(s, CALENDAR, "C:calendar-timezone") is None, r
    assert prop(s, CALENDAR, "C:calendar-timezone-id") is None


def test_5_2_a_definition_replaces_the_name(s):
    set_id(s, "America/New_York")
    zone = calendar(OWN.format("Europe/Paris"))
    r = s.request("PROPPATCH", CALENDAR, proppatch(f"<C:calendar-timezone>{zone}</C:calendar-timezone>"))
    assert statuses(r)[CALENDAR] == {tag("C:calendar-timezone"): 200}
    assert text(s, CALENDAR, "C:calendar-timezone-id") == "Europe/Paris"
    assert "TZOFFSETTO:+0100" in text(s, CALENDAR, "C:calendar-timezone")
    zone = calendar(OWN.format("My Zone"))
    s.request("PROPPATCH", CALENDAR, proppatch(f"<C:calendar-timezone>{zone}</C:calendar-timezone>"))
    assert prop(s, CALENDAR, "C:calendar-timezone-id") is None  # nobody else knows it
    assert set_id(s, "Asia/Tokyo").status == 207
    assert "TZID:Asia/Tokyo" in text(s, CALENDAR, "C:calendar-timezone")


def test_5_2_an_unknown_name_is_refused(s):
    set_id(s, "Asia/Tokyo")
    for name in ("Europe/Atlantis", "", "../../etc/passwd", "europe/paris", "<D:href>Europe/Paris</D:href>"):
        r = set_id(s, name)
        assert statuses(r)[CALENDAR] == {tag("C:calendar-timezone-id"): 403}, (name, r)
        assert r.xml().find(".//" + tag("D:error"))[0].tag == tag("C:valid-timezone"), r
    assert text(s, CALENDAR, "C:calendar-timezone-id") == "Asia/Tokyo"


def test_5_2_with_mkcalendar(s):
    both = ("<C:calendar-timezone-id>Asia/Tokyo</C:calendar-timezone-id>"
            f"<C:calendar-timezone>{calendar(OWN.format('Europe/Paris'))}</C:calendar-timezone>")
    for path, inner, zone in (
        (HOME + "tokyo/", "<C:calendar-timezone-id>Asia/Tokyo</C:calendar-timezone-id>", "Asia/Tokyo"),
        (HOME + "last/", both, "Europe/Paris"),
    ):
        r = s.request("MKCALENDAR", path, body("C:mkcalendar", f"<D:set><D:prop>{inner}</D:prop></D:set>"))
        assert r.status == 201, r
        assert text(s, path, "C:calendar-timezone-id") == zone


def test_a_query_names_its_zone(s):
    path = HOME + "query/"
    assert s.request("MKCALENDAR", path).status == 201
    s.put(path + "f.ics", calendar(component("VEVENT", "f", "DTSTART:20270701T100000", "DURATION:PT1H")))
    tokyo = comp("VEVENT", time_range("20270701T010000Z", "20270701T013000Z"))
    more = "<C:timezone-id>{}</C:timezone-id>"
    assert found(s, tokyo, path) == []
    assert found(s, tokyo, path, more=more.format("Asia/Tokyo")) == ["f.ics"]
    refused(s.request("REPORT", path, query(tokyo, more=more.format("Nowhere"))), 403, "C:valid-timezone")
    both = more.format("Asia/Tokyo") + f"<C:timezone>{calendar(OWN.format('Europe/Paris'))}</C:timezone>"
    assert s.request("REPORT", path, query(tokyo, more=both)).status == 400
    free = body("C:free-busy-query", time_range("20270701T000000Z", "20270702T000000Z") + more.format("Asia/Tokyo"))
    assert "20270701T010000Z/20270701T020000Z" in s.request("REPORT", path, free, {"Depth": "1"}).text
    free = body("C:free-busy-query", time_range("20270701T000000Z", "20270702T000000Z") + more.format("Nowhere"))
    refused(s.request("REPORT", path, free, {"Depth": "1"}), 403, "C:valid-timezone")
    assert report(s, path, query(tokyo)).status == 207
