"""RFC 4791 5.2, 5.3.1: what a calendar says of itself, and what may be said of it when it is made."""

from dav import (
    CALENDAR,
    HOME,
    body,
    calendar,
    component,
    condition_in,
    find,
    listing,
    names_of,
    prop,
    proppatch,
    statuses,
    text,
    unchanged,
)
from dedit_wire import event, tag

LANG = "{http://www.w3.org/XML/1998/namespace}lang"
STANDARD = (
    "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0530\r\nTZOFFSETTO:+0530\r\nEND:STANDARD\r\n"
)


def zone(name="Nowhere/Known", inside=STANDARD):
    return f"BEGIN:VTIMEZONE\r\nTZID:{name}\r\n{inside}END:VTIMEZONE\r\n"


def timezone(ics):
    escaped = ics.replace("&", "&amp;").replace("<", "&lt;").replace("\r", "&#13;")
    return f"<C:calendar-timezone>{escaped}</C:calendar-timezone>"


def mkcalendar(s, name, set_):
    return s.request(
        "MKCALENDAR", HOME + name + "/", body("C:mkcalendar", f"<D:set><D:prop>{set_}</D:prop></D:set>")
    )


NO_ZONES = (
    "",
    "Europe/Paris",
    zone(),
    calendar(),
    calendar(component("VEVENT", "x", "DTSTART:20270101T000000Z")),
    calendar(zone("A"), zone("B")),
    calendar(zone(), component("VEVENT", "x", "DTSTART:20270101T000000Z")),
    calendar("BEGIN:VTIMEZONE\r\nEND:VTIMEZONE\r\n"),
    calendar(zone(inside="")),
    calendar(zone(inside=STANDARD.replace("+0530", "north"))),
)


def test_timezone(s):
    """5.2.2, 5.3.2.1: an object with one VTIMEZONE that means something."""
    path = HOME + "zone/"
    assert s.request("MKCALENDAR", path).status == 201
    good = calendar(zone())
    r = s.request("PROPPATCH", path, proppatch(timezone(good)))
    assert statuses(r)[path] == {tag("C:calendar-timezone"): 200}, r
    for bad in NO_ZONES:
        r = s.request("PROPPATCH", path, proppatch(timezone(bad) + "<D:displayname>New</D:displayname>"))
        assert statuses(r)[path] == {tag("C:calendar-timezone"): 403, tag("D:displayname"): 424}, (bad, r)
        assert condition_in(r.xml()) == tag("C:valid-calendar-data"), (bad, r)
    assert text(s, path, "C:calendar-timezone") == good.strip().replace("\r\n", "\r\n")
    assert text(s, path, "D:displayname") == "zone"


def test_mkcalendar_valid_calendar_data(s):
    """5.3.1.1: nothing is made."""
    for i, bad in enumerate(NO_ZONES):
        r = mkcalendar(s, f"bad{i}", timezone(bad))
        assert r.status == 207 and condition_in(r.xml()) == tag("C:valid-calendar-data"), (bad, r)
        assert s.request("PROPFIND", f"{HOME}bad{i}/", headers={"Depth": "0"}).status == 404
    for good in (calendar(zone()), calendar(zone("Europe/Paris", ""))):
        assert mkcalendar(s, "good", timezone(good)).status == 201
        assert s.request("DELETE", HOME + "good/").status == 204


def test_mkcalendar_with_all_properties(s):
    """The request of 5.3.1.3."""
    r = mkcalendar(
        s,
        "events",
        "<D:displayname>Lisa's Events</D:displayname>"
        '<C:calendar-description xml:lang="en">Calendar restricted to events.</C:calendar-description>'
        '<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>'
        + timezone(calendar(zone("US-Eastern"))),
    )
    assert r.status == 201 and r.headers["cache-control"] == "no-cache" and r.body == b"", r
    path = HOME + "events/"
    assert text(s, path, "D:displayname") == "Lisa's Events"
    assert [x.get("name") for x in prop(s, path, "C:supported-calendar-component-set")] == ["VEVENT"]
    assert "TZID:US-Eastern" in text(s, path, "C:calendar-timezone")
    assert names_of(prop(s, path, "D:resourcetype")) == {"collection", "calendar"}
    found = prop(s, path, "C:calendar-description")
    assert found.text == "Calendar restricted to events." and found.get(LANG) == "en"


def test_component_sets(s):
    """5.2.3: exactly what was asked for; nothing that isn't offered."""
    comps = lambda *names: "<C:supported-calendar-component-set>%s</C:supported-calendar-component-set>" % (
        "".join(f'<C:comp name="{n}"/>' for n in names)
    )
    for i, names in enumerate((("VTODO",), ("VJOURNAL", "VEVENT"), ("VFREEBUSY",))):
        assert mkcalendar(s, f"set{i}", comps(*names)).status == 201
        got = [x.get("name") for x in prop(s, f"{HOME}set{i}/", "C:supported-calendar-component-set")]
        assert sorted(got) == sorted(names), got
        r = s.request("PROPPATCH", f"{HOME}set{i}/", proppatch(comps("VEVENT", "VTODO")))
        assert statuses(r)[f"{HOME}set{i}/"] == {tag("C:supported-calendar-component-set"): 403}, r
    for names in (("VPOLL",), ("VEVENT", "VALARM"), ("X",)):
        r = mkcalendar(s, "none", comps(*names))
        assert condition_in(r.xml()) == tag("C:supported-calendar-component"), (names, r)
    assert mkcalendar(s, "none", comps()).status == 207
    assert s.request("PROPFIND", HOME + "none/", headers={"Depth": "0"}).status == 404


def test_protected(s):
    """What the server says of itself cannot be said otherwise."""
    for name in (
        "C:supported-calendar-component-set",
        "C:supported-calendar-data",
        "C:supported-collation-set",
        "C:max-resource-size",
        "C:min-date-time",
        "C:max-date-time",
        "C:max-instances",
        "C:max-attendees-per-instance",
        "D:resourcetype",
        "D:sync-token",
        "CS:getctag",
    ):
        for change in (proppatch(f"<{name}>1</{name}>"), proppatch(remove=f"<{name}/>")):
            with unchanged(s):
                r = s.request("PROPPATCH", CALENDAR, change)
            assert statuses(r)[CALENDAR] == {tag(name): 403}, (name, r)
            assert condition_in(r.xml()) == tag("D:cannot-modify-protected-property"), (name, r)


def test_collations_and_data(s):
    """5.2.4, 7.5.1"""
    s.put(CALENDAR + "x.ics", event("x"))
    for path in (CALENDAR, CALENDAR + "x.ics"):
        found = prop(s, path, "C:supported-collation-set")
        assert {x.text for x in found} == {"i;ascii-casemap", "i;octet", "i;unicode-casemap"}, path
    data = prop(s, CALENDAR, "C:supported-calendar-data")
    assert [(x.tag, x.get("content-type"), x.get("version")) for x in data] == [
        (tag("C:calendar-data"), "text/calendar", "2.0")
    ]


def test_not_in_allprop(s):
    """5.2: none of them."""
    r = s.request("PROPFIND", CALENDAR, body("D:propfind", "<D:allprop/>"), {"Depth": "0"})
    told = [x.tag for told in r.xml().iter(tag("D:prop")) for x in told]
    assert told and not any(x.startswith("{urn:ietf:params:xml:ns:caldav}") for x in told), told
    r = s.request("PROPFIND", CALENDAR, body("D:propfind", "<D:propname/>"), {"Depth": "0"})
    for name in ("max-date-time", "min-date-time", "max-instances", "supported-collation-set"):
        assert tag("C:" + name) in {x.tag for x in r.xml().iter()}, name


def test_not_on_other_resources(s):
    r = find(s, HOME, "C:min-date-time", "C:calendar-timezone", "C:supported-calendar-data")
    assert set(statuses(r)[HOME].values()) == {404}, r
    assert "x.ics" in listing(s)
