"""RFC 4791 5.3.1: MKCALENDAR; RFC 5689: MKCOL with properties; RFC 4918 9.6.1: calendars are deleted whole."""

from dav import (
    CALENDAR,
    HOME,
    body,
    changes,
    condition_in,
    find,
    prop,
    refused,
    statuses,
    text,
    token,
    unchanged,
)
from dedit_wire import event, tag

TYPE = "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"


def mkcalendar(s, path, set=None, user="anna", **headers):
    sent = None if set is None else body("C:mkcalendar", f"<D:set><D:prop>{set}</D:prop></D:set>")
    return s.request("MKCALENDAR", path, sent, headers, user)


def mkcol(s, path, set=None, user="anna"):
    sent = None if set is None else body("D:mkcol", f"<D:set><D:prop>{set}</D:prop></D:set>")
    return s.request("MKCOL", path, sent, user=user)


def comps(*names):
    return (
        "<C:supported-calendar-component-set>"
        + "".join(f'<C:comp name="{n}"/>' for n in names)
        + "</C:supported-calendar-component-set>"
    )


def there(s):
    return set(find(s, HOME, "D:resourcetype", depth="1").responses())


def test_mkcalendar_without_body(s):
    r = mkcalendar(s, HOME + "plain/")
    assert r.status == 201 and r.headers["cache-control"] == "no-cache" and r.body == b"", r
    assert [c.get("name") for c in prop(s, HOME + "plain/", "C:supported-calendar-component-set")] == [
        "VEVENT",
        "VTODO",
        "VJOURNAL",
        "VFREEBUSY",
    ]
    assert text(s, HOME + "plain/", "D:displayname") == "plain"
    assert s.put(HOME + "plain/x.ics", event("x")).status == 201


def test_mkcalendar_with_all_that_apple_sends(s):
    """asks.md 10, 11"""
    zone = (
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VTIMEZONE\nTZID:Europe/Paris\nBEGIN:STANDARD\n"
        "DTSTART:19701025T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\nEND:VCALENDAR\n"
    )
    path = HOME + "8E5C2A6B-0000-4000-8000-0123456789AB/"
    r = mkcalendar(
        s,
        path,
        "<D:displayname>Work</D:displayname><A:calendar-color symbolic-color='red'>#FF2968FF</A:calendar-color>"
        f"<A:calendar-order>7</A:calendar-order><C:calendar-timezone>{zone}</C:calendar-timezone>"
        "<C:calendar-description xml:lang='en'>Notes</C:calendar-description>"
        + comps("VEVENT")
        + "<C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp>",
    )
    assert r.status == 201, r
    assert [c.get("name") for c in prop(s, path, "C:supported-calendar-component-set")] == ["VEVENT"]
    for name, value in (
        ("D:displayname", "Work"),
        ("A:calendar-color", "#FF2968FF"),
        ("A:calendar-order", "7"),
        ("C:calendar-description", "Notes"),
        ("C:calendar-timezone", zone.strip()),
    ):
        assert text(s, path, name) == value, name
    assert prop(s, path, "A:calendar-color").attrib == {"symbolic-color": "red"}
    assert prop(s, path, "C:schedule-calendar-transp")[0].tag == tag("C:transparent")


def test_mkcol_makes_the_same(s):
    r = mkcol(s, HOME + "mkcol/", TYPE + "<D:displayname>By MKCOL</D:displayname>" + comps("VTODO"))
    assert r.status == 201, r
    assert text(s, HOME + "mkcol/", "D:displayname") == "By MKCOL"
    assert [c.get("name") for c in prop(s, HOME + "mkcol/", "C:supported-calendar-component-set")] == [
        "VTODO"
    ]


def test_without_slash(s):
    assert mkcalendar(s, HOME + "noslash").status == 201
    assert HOME + "noslash/" in there(s)


def test_resource_must_be_null(s):
    for path in (CALENDAR, CALENDAR.rstrip("/"), HOME, "/", "/principals/"):
        with unchanged(s):
            for status, r in ((403, mkcalendar(s, path)), (405, mkcol(s, path, TYPE))):
                refused(r, status, "D:resource-must-be-null")


def test_locations(s):
    """RFC 4791 5.3.1.1, architecture.md 15.17"""
    s.put(CALENDAR + "x.ics", event("x"))
    before = there(s)
    for path in (
        "/new/",
        "/calendars/new/",
        "/principals/new/",
        CALENDAR + "sub/",
        CALENDAR + "sub/sub/",
        HOME + "anna~x/",
        HOME + "fees/",
    ):
        for r in (mkcalendar(s, path), mkcol(s, path, TYPE)):
            assert r.status in (403, 409), (path, r)
            assert r.status == 409 or r.condition() in (
                "C:calendar-collection-location-ok",
                "D:need-privileges",
            ), (path, r)
    refused(mkcalendar(s, "/calendars/marc/new/"), 403, "D:need-privileges")
    refused(mkcalendar(s, "/calendars/nobody/new/"), 403, "D:need-privileges")
    refused(mkcalendar(s, HOME + "n" * 201 + "/"), 403)
    assert there(s) == before


def test_all_or_nothing(s):
    before = there(s)
    r = mkcalendar(s, HOME + "bad/", "<D:displayname>x</D:displayname><D:getetag>x</D:getetag>")
    assert r.status in (207, 403), r
    found = statuses(r)[HOME + "bad/"] if r.status == 207 else None
    assert found is None or found == {tag("D:displayname"): 424, tag("D:getetag"): 403}, r
    r = mkcol(s, HOME + "bad/", TYPE + "<D:displayname>x</D:displayname>" + comps("VUNKNOWN"))
    assert r.status == 403 and r.xml().tag == tag("D:mkcol-response"), r
    assert condition_in(r.xml()) == tag("C:supported-calendar-component"), r
    by = {
        p.tag: ps.findtext(tag("D:status")).split()[1]
        for ps in r.xml().iter(tag("D:propstat"))
        for p in ps.find(tag("D:prop"))
    }
    assert by == {
        tag("D:resourcetype"): "424",
        tag("D:displayname"): "424",
        tag("C:supported-calendar-component-set"): "403",
    }, r
    assert there(s) == before


def test_plain_collections_are_refused(s):
    """architecture.md 15.17"""
    before = there(s)
    refused(mkcol(s, HOME + "plaincol/"), 403, "D:valid-resourcetype")
    refused(
        mkcol(s, HOME + "plaincol/", "<D:resourcetype><D:collection/></D:resourcetype>"),
        403,
        "D:valid-resourcetype",
    )
    r = mkcol(
        s,
        HOME + "plaincol/",
        "<D:resourcetype><D:collection/><x:addressbook xmlns:x='urn:x'/></D:resourcetype>",
    )
    assert r.status == 403 and condition_in(r.xml()) == tag("D:valid-resourcetype"), r
    assert there(s) == before


def test_bad_bodies(s):
    before = there(s)
    for status, sent in (
        (400, "<x"),
        (400, "<!DOCTYPE x><x/>"),
        (415, body("D:propertyupdate")),
        (415, body("D:mkcol")),
    ):
        refused(s.request("MKCALENDAR", HOME + "bad/", sent), status)
    refused(s.request("MKCOL", HOME + "bad/", "<x"), 400)
    refused(s.request("MKCOL", HOME + "bad/", body("C:mkcalendar")), 415)
    assert there(s) == before


def test_delete_a_calendar(s):
    path = HOME + "brief/"
    mkcalendar(s, path)
    s.put(path + "x.ics", event("brief"))
    r = s.request("DELETE", path)
    assert r.status == 204, r
    for gone in (path, path + "x.ics"):
        assert s.request("GET", gone).status == 404
    assert path not in there(s)
    mkcalendar(s, path)
    assert changes(s, "", path)[0] == {} and token(s, path)
    for kept in ("/", HOME, "/principals/anna/", "/calendars/"):
        r = s.request("DELETE", kept)
        assert r.status == 405 and "DELETE" not in r.headers["allow"], (kept, r)
