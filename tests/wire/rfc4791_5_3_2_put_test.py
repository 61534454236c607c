"""RFC 4791 5.3.2: storing calendar objects; what may not be stored leaves no trace."""

from dav import CALENDAR, TASKS, calendar, calendar_data, component, listing, refused, token, unchanged
from dedit_wire import event

TYPE = {"Content-Type": "text/calendar; charset=utf-8"}
TIMES = ("DTSTART:20270601T100000Z", "DTEND:20270601T110000Z")


def test_create_and_replace(s):
    before = token(s)
    r = s.put(CALENDAR + "a.ics", event("a"), if_none_match="*")
    assert r.status == 201 and r.body == b"", r
    etag, between = r.headers["etag"], token(s)
    assert between != before and listing(s)["a.ics"] == etag
    r = s.put(CALENDAR + "a.ics", event("a", summary="Other"), if_match=etag)
    assert r.status == 204 and r.headers["etag"] != etag, r
    assert token(s) not in (before, between)


def test_bytes_are_kept(s):
    """5.3.4, asks.md 15: what was sent comes back, and only then with an ETag."""
    odd = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALNAME;X-P=\"a;b\":x\r\nprodid:-//x//y\r\nBEGIN:VEVENT\r\n"
        "DTSTART;TZID=Europe/Paris :20270601T100000\r\nUID:odd\r\nDTSTAMP:20260101T000000Z\r\n"
        "X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-ADDRESS=1 Infinite Loop\\\\nCupertino;X-TITLE=\r\n"
        "  \"Apple, Inc\":geo:37.33,-122.01\r\nSUMMARY:é 漢 \U0001F600\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    for name, sent in (
        ("odd", odd),
        ("lf", event("lf").replace("\r\n", "\n")),
        ("end", event("end").rstrip("\r\n")),
        ("bom", "\ufeff" + event("bom")),
        ("blank", event("blank", extra="DESCRIPTION:a\r\n  b\r\n \tc\r\n")),
    ):
        r = s.put(f"{CALENDAR}{name}.ics", sent)
        assert r.status == 201 and "etag" in r.headers, (name, r)
        got = s.request("GET", f"{CALENDAR}{name}.ics")
        assert got.body == sent.encode() and got.headers["etag"] == r.headers["etag"], name
        assert calendar_data(s, f"{CALENDAR}{name}.ics").replace("\r\n", "\n") == sent.replace(
            "\r\n", "\n"
        ), name


def test_the_same_bytes_again_change_nothing(s):
    """architecture.md 15.13"""
    etag = s.put(CALENDAR + "same.ics", event("same")).headers["etag"]
    with unchanged(s):
        r = s.put(CALENDAR + "same.ics", event("same"))
        assert r.status == 204 and r.headers["etag"] == etag


def test_an_etag_never_comes_back(s):
    """clients.md 2.5: a revert to the same content has a new one."""
    seen = [s.put(CALENDAR + "revert.ics", event("revert", summary=x)).headers["etag"] for x in "ABA"]
    s.request("DELETE", CALENDAR + "revert.ics")
    seen.append(s.put(CALENDAR + "revert.ics", event("revert", summary="A")).headers["etag"])
    assert len(set(seen)) == 4, seen
    assert all(e.startswith('"') and e.endswith('"') for e in seen)


def test_content_types(s):
    for i, sent in enumerate(
        (
            "text/calendar",
            "text/calendar; charset=\"utf-8\"",
            "TEXT/Calendar;charset=UTF-8",
            "text/calendar;component=VEVENT; method=PUBLISH",
            None,
        )
    ):
        r = s.request(
            "PUT", f"{CALENDAR}type{i}.ics", event(f"type{i}"), {"Content-Type": sent} if sent else {}
        )
        assert r.status == 201, (sent, r)
    with unchanged(s):
        for sent in (
            "text/plain",
            "application/json",
            "text/calendars",
            "text/calendar; charset=iso-8859-1",
            "text/calendar; version=1.0",
        ):
            refused(
                s.request("PUT", CALENDAR + "type.ics", event("type"), {"Content-Type": sent}),
                403,
                "C:supported-calendar-data",
            )


BROKEN = {
    "empty": "",
    "words": "hello\r\n",
    "html": "<html></html>",
    "no end": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n",
    "crossed": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\nEND:VEVENT\r\n",
    "two calendars": event("x") + event("y"),
    "version 1": event("x").replace("2.0", "1.0"),
    "no version": event("x").replace("VERSION:2.0\r\n", ""),
    "line without colon": event("x", extra="NONSENSE\r\n"),
    "open quote": event("x", extra='X-A;B="c:d\r\n'),
    "date": event("x", start="20271301T100000Z"),
    "date in words": event("x", start="tomorrow"),
    "duration": calendar(component("VEVENT", "x", "DTSTART:20270601T100000Z", "DURATION:1 hour")),
    "rule": event("x", extra="RRULE:FREQ=OFTEN\r\n"),
    "rule without freq": event("x", extra="RRULE:COUNT=3\r\n"),
    "exdate": event("x", extra="EXDATE:never\r\n"),
}


def test_valid_calendar_data(s):
    with unchanged(s):
        for what, sent in BROKEN.items():
            r = s.put(CALENDAR + "x.ics", sent)
            assert (r.status, r.condition()) == (403, "C:valid-calendar-data"), (what, r)
        for raw in (
            b"\xff\xfe" + event("x").encode("utf-16-le"),
            event("x").encode().replace(b"Meeting", b"caf\xe9"),
            event("x").encode().replace(b"Meeting", b"a\0b"),
            event("x").encode().replace(b"Meeting", b"a\x08b"),
        ):
            refused(s.put(CALENDAR + "x.ics", raw), 403, "C:valid-calendar-data")
    assert s.request("GET", CALENDAR + "x.ics").status == 404


RULES = {
    "method": event("x").replace("BEGIN:VEVENT", "METHOD:REQUEST\r\nBEGIN:VEVENT"),
    "no uid": event("x").replace("UID:x\r\n", ""),
    "empty uid": event("x").replace("UID:x\r\n", "UID:\r\n"),
    "two uids": calendar(component("VEVENT", "x", *TIMES), component("VEVENT", "y", *TIMES)),
    "uid twice": event("x", extra="UID:x\r\n"),
    "two kinds": calendar(component("VEVENT", "x", *TIMES), component("VTODO", "x")),
    "two masters": calendar(component("VEVENT", "x", *TIMES), component("VEVENT", "x", *TIMES)),
    "recurrence-id twice": calendar(
        component("VEVENT", "x", *TIMES, "RECURRENCE-ID:20270601T100000Z"),
        component("VEVENT", "x", *TIMES, "RECURRENCE-ID:20270601T100000Z"),
    ),
    "no dtstart": calendar(component("VEVENT", "x")),
    "end before start": event("x", end="20270601T090000Z"),
    "end and duration": event("x", extra="DURATION:PT1H\r\n"),
    "date and time": calendar(
        component("VEVENT", "x", "DTSTART;VALUE=DATE:20270601", "DTEND:20270602T100000Z")
    ),
    "two starts": event("x", extra="DTSTART:20270601T100000Z\r\n"),
}


def test_valid_calendar_object_resource(s):
    with unchanged(s):
        for what, sent in RULES.items():
            r = s.put(CALENDAR + "x.ics", sent)
            assert (r.status, r.condition()) == (403, "C:valid-calendar-object-resource"), (what, r)
    assert s.request("GET", CALENDAR + "x.ics").status == 404


def test_tolerated(s):
    """clients.md 2.3: a refused PUT stops a phone's whole calendar, so what harms nobody is stored."""
    start = "DTSTART:20270601T100000Z"
    for i, lines in enumerate(
        (
            ("BEGIN:VEVENT", "UID:t0", start, "END:VEVENT"),
            ("BEGIN:VEVENT", "UID:t1", "DTSTART;TZID=Somewhere/Else:20270601T100000", "END:VEVENT"),
            (
                "BEGIN:VEVENT",
                "UID:t2",
                start,
                "RRULE:FREQ=DAILY;COUNT=3;UNTIL=20280101T000000Z",
                "END:VEVENT",
            ),
            ("BEGIN:VEVENT", "UID:t3", start, "CREATED:00001231T000000Z", "END:VEVENT"),
            ("BEGIN:VEVENT", "UID:t4", start, "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "END:VEVENT"),
            (
                "BEGIN:VEVENT",
                "UID:t5",
                start,
                "X-UNKNOWN;X-Y=z:1",
                "BEGIN:X-PART",
                "END:X-PART",
                "END:VEVENT",
            ),
            ("BEGIN:VEVENT", "UID:t6", "RECURRENCE-ID:20270601T100000Z", start, "END:VEVENT"),
        )
    ):
        sent = "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""))
        r = s.put(f"{CALENDAR}t{i}.ics", sent)
        assert r.status == 201 and "etag" in r.headers, (lines, r)


def test_supported_calendar_component(s):
    with unchanged(s, CALENDAR, TASKS):
        refused(
            s.put(CALENDAR + "x.ics", calendar(component("VTODO", "x"))),
            403,
            "C:supported-calendar-component",
        )
        refused(s.put(TASKS + "x.ics", event("x")), 403, "C:supported-calendar-component")
        refused(
            s.put(CALENDAR + "x.ics", calendar("BEGIN:VTIMEZONE\r\nTZID:X\r\nEND:VTIMEZONE\r\n")),
            403,
            "C:supported-calendar-component",
        )
    assert s.put(TASKS + "todo.ics", calendar(component("VTODO", "todo", "SUMMARY:Buy bread"))).status == 201


def test_no_uid_conflict(s):
    s.put(CALENDAR + "held%20by%20%C3%A9.ics", event("taken"))
    s.put(CALENDAR + "own.ics", event("own"))
    with unchanged(s):
        for name in ("new.ics", "own.ics"):
            r = s.put(CALENDAR + name, event("taken"))
            refused(r, 403, "C:no-uid-conflict")
            assert r.xml()[0][0].tag == "{DAV:}href"
            assert r.xml()[0][0].text == CALENDAR + "held%20by%20%C3%A9.ics", r
        # A resource keeps its UID, also if the new one is free.
        r = s.put(CALENDAR + "own.ics", event("free"))
        refused(r, 403, "C:no-uid-conflict")
        assert r.xml()[0][0].text == CALENDAR + "own.ics", r
    # Octets are compared, and another calendar is another place (clients.md, section 3).
    assert s.put(CALENDAR + "case.ics", event("TAKEN")).status == 201
    assert s.request("MKCALENDAR", "/calendars/anna/other/").status == 201
    assert s.put("/calendars/anna/other/x.ics", event("taken")).status == 201


def test_max_resource_size(s):
    """The same element whether the length is announced or not."""
    with unchanged(s):
        large = event("large", extra="X-A:" + "x" * (1 << 20) + "\r\n")
        for status, sent in ((413, large), (413, iter([large.encode()]))):
            r = s.request("PUT", CALENDAR + "large.ics", sent, TYPE)
            assert r.status in (403, status) and r.condition() == "C:max-resource-size", r


def test_min_date_time(s):
    with unchanged(s):
        r = s.put(CALENDAR + "year0.ics", event("year0", start="00000101T000000Z", end="00000101T010000Z"))
        refused(r, 403, "C:min-date-time")
    for year in ("0001", "9998"):
        assert (
            s.put(f"{CALENDAR}{year}.ics", event(year, f"{year}0101T000000Z", f"{year}0101T010000Z")).status
            == 201
        )


def test_max_attendees(s):
    many = "".join(f"ATTENDEE:mailto:a{i}@example.org\r\n" for i in range(1001))
    with unchanged(s):
        refused(s.put(CALENDAR + "many.ics", event("many", extra=many)), 403, "C:max-attendees-per-instance")
    assert s.put(CALENDAR + "some.ics", event("some", extra=many[many.index("\n") + 1 :])).status == 201


def test_no_place(s):
    with unchanged(s):
        for path, status in (
            ("/calendars/anna/none/x.ics", 409),
            ("/calendars/anna/x.ics", 405),
            (CALENDAR + "sub/x.ics", 409),
            ("/", 405),
            (CALENDAR, 405),
            ("/x.ics", 403),
            ("/none/x.ics", 409),
            ("/principals/anna/", 405),
        ):
            r = s.put(path, event("x"))
            assert r.status == status, (path, r)
            if status == 405:
                assert "PUT" not in r.headers["allow"].split(", "), r
    assert s.request("GET", "/calendars/anna/none/").status == 404


def test_names(s):
    """architecture.md 15.14: at most 200 bytes of UTF-8."""
    assert s.put(CALENDAR + "n" * 196 + ".ics", event("long")).status == 201
    assert s.put(CALENDAR + "%C3%A9" * 100, event("accents")).status == 201
    with unchanged(s):
        refused(s.put(CALENDAR + "n" * 197 + ".ics", event("longer")), 403)
        refused(s.put(CALENDAR + "%C3%A9" * 101, event("longer")), 403)


def test_parts_and_codings_are_not_stored(s):
    with unchanged(s):
        refused(
            s.request("PUT", CALENDAR + "x.ics", event("x"), TYPE | {"Content-Range": "bytes 0-9/100"}), 400
        )
        refused(s.request("PUT", CALENDAR + "x.ics", event("x"), TYPE | {"Content-Encoding": "gzip"}), 415)


def test_delete(s):
    s.put(CALENDAR + "gone.ics", event("gone"))
    before = token(s)
    r = s.request("DELETE", CALENDAR + "gone.ics")
    assert r.status == 204 and r.body == b""
    assert token(s) != before and s.request("GET", CALENDAR + "gone.ics").status == 404
    with unchanged(s):
        refused(s.request("DELETE", CALENDAR + "gone.ics"), 404)
    assert s.put(CALENDAR + "again.ics", event("gone")).status == 201, "its UID is free again"


def test_newer_properties_and_components(s):
    """RFC 7986, RFC 9073, RFC 9074, RFC 6868: taken, and kept as they are."""
    sent = calendar(
        "NAME:Work\r\nREFRESH-INTERVAL;VALUE=DURATION:PT12H\r\nSOURCE;VALUE=URI:https://example.org/c.ics\r\n"
        "COLOR:turquoise\r\nUID:calendar\r\nLAST-MODIFIED:20260101T000000Z\r\nDESCRIPTION:Words\r\n"
        "URL:https://example.org/\r\nCATEGORIES:a,b\r\nIMAGE;VALUE=URI;DISPLAY=BADGE:https://example.org/i.png\r\n",
        component(
            "VEVENT",
            "newer",
            *TIMES,
            "COLOR:tomato",
            "IMAGE;VALUE=URI;DISPLAY=BADGE,FULLSIZE;FMTTYPE=image/png:https://example.org/a.png",
            "IMAGE;VALUE=URI:https://example.org/b.png",
            "CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO;LABEL=Dial in:tel:+41-22-555-0100",
            "CONFERENCE;VALUE=URI;FEATURE=CHAT:xmpp:room@example.org",
            "ATTENDEE;CN=\"George ^'Babe^' Ruth\";EMAIL=a@example.org:mailto:a@example.org",
            "STYLED-DESCRIPTION;VALUE=TEXT;FMTTYPE=text/html:<b>x</b>",
            "STYLED-DESCRIPTION;VALUE=TEXT;DERIVED=TRUE:x",
            'STRUCTURED-DATA;FMTTYPE=application/ld+json;SCHEMA="https://schema.org/Event";VALUE=TEXT:{"a":1}',
            "LINK;VALUE=URI;LINKREL=alternate:https://example.org/",
            "BEGIN:PARTICIPANT",
            "UID:em9lQGZvb2ViYXIuY29t",
            "PARTICIPANT-TYPE:ACTIVE",
            "STRUCTURED-DATA;VALUE=URI:https://example.org/zoe.vcf",
            "BEGIN:VLOCATION",
            "UID:1",
            "LOCATION-TYPE:hall",
            "END:VLOCATION",
            "END:PARTICIPANT",
            "BEGIN:VRESOURCE",
            "UID:2",
            "RESOURCE-TYPE:PROJECTOR",
            "END:VRESOURCE",
            "BEGIN:VALARM",
            "UID:3",
            "TRIGGER:-PT30M",
            "ACTION:DISPLAY",
            "DESCRIPTION:x",
            "PROXIMITY:DEPART",
            "ACKNOWLEDGED:20260101T000000Z",
            "BEGIN:VLOCATION",
            "UID:4",
            "URL:geo:40.443,-79.945",
            "END:VLOCATION",
            "END:VALARM",
        ),
    )
    r = s.put(CALENDAR + "newer.ics", sent)
    assert r.status == 201 and "etag" in r.headers, r
    assert s.request("GET", CALENDAR + "newer.ics").body == sent.encode()


def test_free_busy_is_stored(s):
    """4.1: VFREEBUSY is a component of its own."""
    assert s.request("MKCALENDAR", "/calendars/anna/busy/").status == 201
    sent = calendar(
        component(
            "VFREEBUSY",
            "busy",
            "DTSTART:20270601T000000Z",
            "DTEND:20270602T000000Z",
            "FREEBUSY:20270601T100000Z/PT1H",
        )
    )
    assert s.put("/calendars/anna/busy/busy.ics", sent).status == 201
    with unchanged(s):
        refused(s.put(CALENDAR + "busy.ics", sent), 403, "C:supported-calendar-component")
