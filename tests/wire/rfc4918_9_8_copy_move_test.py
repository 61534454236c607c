"""RFC 4918 9.8, 9.9: COPY and MOVE of events."""

import time

from dav import CALENDAR, HOME, TASKS, changes, proppatch, refused, statuses, text, token, unchanged
from dedit_wire import Server, event, tag

OTHER = HOME + "other/"
FROM = CALENDAR + "event.ics"
TO = OTHER + "event.ics"


def fresh(s):
    """FROM with UID event, an empty other calendar."""
    s.request("DELETE", OTHER)
    assert s.request("MKCALENDAR", OTHER).status == 201
    s.request("DELETE", FROM)
    return s.put(FROM, event("event")).headers["etag"]


def transfer(s, method, to, path=FROM, user="anna", **headers):
    return s.request(
        method, path, None, {"Destination": to} | {k.replace("_", "-"): v for k, v in headers.items()}, user
    )


def test_move(s):
    """asks.md 14: 404 in one, 201 in the other, both tokens moved."""
    fresh(s)
    before, there = token(s), token(s, OTHER)
    r = transfer(s, "MOVE", TO)
    assert r.status == 201 and r.body == b"", r
    assert changes(s, before)[0] == {"event.ics": False} and changes(s, there, OTHER)[0] == {
        "event.ics": True
    }
    assert s.request("GET", TO).body == event("event").encode() and s.request("GET", FROM).status == 404


def test_move_within_a_calendar(s):
    fresh(s)
    before = token(s)
    assert transfer(s, "MOVE", CALENDAR + "renamed.ics").status == 201
    assert changes(s, before)[0] == {"event.ics": False, "renamed.ics": True}
    s.request("DELETE", CALENDAR + "renamed.ics")


def test_copy(s):
    etag = fresh(s)
    assert transfer(s, "COPY", TO).status == 201
    assert s.request("HEAD", FROM).headers["etag"] == etag
    assert s.request("GET", TO).body == event("event").encode()
    with unchanged(s, CALENDAR, OTHER):
        r = transfer(s, "COPY", CALENDAR + "twin.ics")
        refused(r, 403, "C:no-uid-conflict")
        assert r.xml()[0].findtext(tag("D:href")) == FROM


def test_overwrite(s):
    fresh(s)
    s.put(TO, event("someone else"))
    with unchanged(s, CALENDAR, OTHER):
        for value in ("F", "f"):
            refused(transfer(s, "MOVE", TO, Overwrite=value), 412)
            refused(transfer(s, "COPY", TO, Overwrite=value), 412)
        # RFC 4791 5.3.2.1: nothing is overwritten by what has another UID.
        for method in ("COPY", "MOVE"):
            r = transfer(s, method, TO, Overwrite="T")
            refused(r, 403, "C:no-uid-conflict")
            assert r.xml()[0].findtext(tag("D:href")) == TO, r
    fresh(s)
    s.put(TO, event("event", summary="Older"))
    assert transfer(s, "MOVE", TO, Overwrite="T").status == 204
    assert "UID:event\r\n" in s.request("GET", TO).text
    fresh(s)
    s.put(TO, event("event", summary="Older"))
    assert transfer(s, "COPY", TO).status == 204, "none is T; the same UID at the same place is no conflict"
    # The UID of the destination's calendar counts, not that of what is overwritten.
    fresh(s)
    s.put(TO, event("third"))
    s.put(OTHER + "holder.ics", event("event"))
    with unchanged(s, CALENDAR, OTHER):
        r = transfer(s, "MOVE", TO)
        refused(r, 403, "C:no-uid-conflict")
        assert r.xml()[0].findtext(tag("D:href")) == OTHER + "holder.ics"


def test_conditions_are_of_the_source(s):
    etag = fresh(s)
    with unchanged(s, CALENDAR, OTHER):
        refused(transfer(s, "MOVE", TO, If_Match='"x"'), 412)
        refused(transfer(s, "MOVE", TO, If=f"<{TO}> ([{etag}])"), 412)
    assert transfer(s, "MOVE", TO, If_Match=etag).status == 201


def test_kinds_of_components(s):
    fresh(s)
    with unchanged(s, CALENDAR, TASKS):
        refused(transfer(s, "MOVE", TASKS + "x.ics"), 403, "C:supported-calendar-component")
        refused(transfer(s, "COPY", TASKS + "x.ics"), 403, "C:supported-calendar-component")


def test_destinations(s):
    """trust.md T-24"""
    fresh(s)
    marc = "/calendars/marc/calendar/"
    with unchanged(s, CALENDAR, OTHER), unchanged(s, marc, user="marc"):
        for to, status in (
            ("http://elsewhere.example" + TO, 502),
            (f"http://127.0.0.1:{s.port + 1}{TO}", 502),
            ("ftp://127.0.0.1" + TO, 502),
            (f"//elsewhere{TO}", 409),
            ("event.ics", 502),
            ("", 502),
            ("data:,x", 502),
            (OTHER + "../calendar/x.ics", 400),
            (OTHER + "%2e%2e/x.ics", 400),
            (OTHER + "..%2fx.ics", 400),
            (OTHER + "a%00b", 400),
            (OTHER + "%zz", 400),
            (OTHER + "%ff", 400),
            ("/" + "x" * 5000, 400),
            (marc + "x.ics", 403),
            ("/calendars/nobody/calendar/x.ics", 403),
            (HOME + "none/x.ics", 409),
            (HOME + "x.ics", 403),
            (HOME, 403),
            ("/", 403),
            (OTHER, 403),
            (OTHER + "sub/x.ics", 409),
            ("/x.ics", 403),
            ("/principals/anna/", 403),
            (OTHER + "n" * 201, 403),
            (FROM, 403),
            (CALENDAR + "%65vent.ics", 403),
        ):
            for method in ("MOVE", "COPY"):
                r = transfer(s, method, to)
                assert r.status == status, (method, to, r)
        for method in ("MOVE", "COPY"):
            refused(s.request(method, FROM), 400)


def test_destinations_that_are_ours(_):
    """asks.md 39: encoded or not, by Host or by public-url behind a proxy."""
    with Server(settings='public-url = "https://cal.example.org"') as s:
        host = f"127.0.0.1:{s.port}"
        for to in (
            TO,
            f"http://{host}{TO}",
            f"https://{host}{TO}",
            f"HTTP://{host}{TO}",
            "https://cal.example.org" + TO,
            "https://CAL.example.org:443" + TO,
            OTHER + "%65vent.ics",
            OTHER + "a b.ics",
            OTHER + "é.ics",
        ):
            fresh(s)
            r = transfer(s, "MOVE", to.encode())
            assert r.status == 201, (to, r)


def test_other_peoples_events(s):
    fresh(s)
    s.put("/calendars/marc/calendar/marc.ics", event("marc"), user="marc")
    with unchanged(s, OTHER), unchanged(s, "/calendars/marc/calendar/", user="marc"):
        for method in ("MOVE", "COPY"):
            refused(transfer(s, method, TO, path="/calendars/marc/calendar/marc.ics"), 404)


def test_calendars_are_neither_copied_nor_moved(s):
    """9.8.5, 9.9.4: the methods are there, as for every resource; what they would do is forbidden."""
    fresh(s)
    with unchanged(s, CALENDAR, OTHER):
        for path in (OTHER, HOME, "/", "/principals/anna/"):
            for method in ("MOVE", "COPY"):
                refused(transfer(s, method, HOME + "third/", path=path), 403)
                refused(transfer(s, method, HOME + "third/", path=path, Depth="1"), 400)
        refused(transfer(s, "COPY", HOME + "third/", path=OTHER, Depth="0"), 403)
        refused(transfer(s, "MOVE", HOME + "third/", path=OTHER, Depth="0"), 400)
        refused(transfer(s, "MOVE", HOME + "third/", path=OTHER, Depth="infinity"), 403)
    assert s.request("PROPFIND", HOME + "third/", None, {"Depth": "0"}).status == 404
    refused(transfer(s, "MOVE", TO, path=CALENDAR + "none.ics"), 404)


def test_what_the_answer_tells(s):
    """RFC 9110 15.3.2: 201 names what was made, with the validator of what the client knows already."""
    fresh(s)
    r = transfer(s, "COPY", TO)
    assert r.status == 201 and r.headers["location"] == TO, r
    assert r.headers["etag"] == s.request("HEAD", TO).headers["etag"]
    r = transfer(s, "MOVE", TO)
    assert r.status == 204 and "location" not in r.headers and "etag" not in r.headers, r


def test_overwrite_is_T_or_F(s):
    fresh(s)
    with unchanged(s, CALENDAR, OTHER):
        for value in ("", "X", "true", "T, F"):
            refused(transfer(s, "COPY", TO, Overwrite=value), 400)


def test_age(s):
    """15.1: kept by MOVE, begun anew by COPY."""
    fresh(s)
    born = text(s, FROM, "D:creationdate")
    time.sleep(1.1)
    assert transfer(s, "COPY", TO).status == 201
    assert text(s, TO, "D:creationdate") > born
    s.request("DELETE", TO)
    assert transfer(s, "MOVE", TO).status == 201
    assert text(s, TO, "D:creationdate") == born
    s.put(TO, event("event", summary="changed"))
    assert text(s, TO, "D:creationdate") == born


def test_dead_properties_come_along(s):
    """9.8.2, 9.9.1: and what the destination had is gone with it."""
    dead = lambda path: {t for t in statuses(s.request("PROPFIND", path, None, {"Depth": "0"}))[path] if "urn:" in t}
    fresh(s)
    s.request("PROPPATCH", FROM, proppatch('<x:a xmlns:x="urn:x">1</x:a>'))
    s.put(TO, event("event", summary="older"))
    s.request("PROPPATCH", TO, proppatch('<x:b xmlns:x="urn:x">2</x:b>'))
    assert transfer(s, "COPY", TO).status == 204
    assert dead(TO) == dead(FROM) == {"{urn:x}a"}
    s.request("DELETE", TO)
    assert transfer(s, "MOVE", TO).status == 201
    assert dead(TO) == {"{urn:x}a"}
    s.put(FROM, event("new"))
    assert dead(FROM) == set()


def test_no_body(s):
    """RFC 4918 8.4"""
    fresh(s)
    with unchanged(s, CALENDAR, OTHER):
        r = s.request("MOVE", FROM, "<D:propertybehavior xmlns:D='DAV:'/>", {"Destination": TO})
        refused(r, 415)
