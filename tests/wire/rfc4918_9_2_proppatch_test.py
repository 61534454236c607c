"""RFC 4918 9.2: properties are set and removed all together or not at all."""

import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

from dav import CALENDAR, HOME, body, condition_in, find, proppatch, refused, state, statuses, text, unchanged
from dedit_wire import Server, event, propfind, tag

COLOR, ORDER, NAME = "A:calendar-color", "A:calendar-order", "D:displayname"


def patch(s, set="", remove="", path=CALENDAR, user="anna"):
    return s.request("PROPPATCH", path, proppatch(set, remove), user=user)


def test_set_and_remove(s):
    r = patch(s, f"<{NAME}>Practice &amp; co</{NAME}><{COLOR}>#ff0000ff</{COLOR}><{ORDER}>3</{ORDER}>")
    assert r.status == 207 and statuses(r) == {CALENDAR: {tag(NAME): 200, tag(COLOR): 200, tag(ORDER): 200}}
    assert text(s, CALENDAR, NAME) == "Practice & co" and text(s, CALENDAR, COLOR) == "#ff0000ff"
    r = patch(s, remove=f"<{COLOR}/><A:never-there/>")
    assert statuses(r) == {
        CALENDAR: {tag(COLOR): 200, tag("A:never-there"): 200}
    }, "removing nothing is no error"
    assert text(s, CALENDAR, COLOR) is None and text(s, CALENDAR, ORDER) == "3"


def test_neither_etags_nor_tokens_move(s):
    """architecture.md 15.13"""
    s.put(CALENDAR + "x.ics", event("x"))
    with unchanged(s):
        patch(s, f"<{NAME}>Other</{NAME}>")


def test_all_or_nothing(s):
    patch(s, f"<{NAME}>Before</{NAME}>")
    for protected in (
        "<D:getetag>x</D:getetag>",
        "<D:sync-token>x</D:sync-token>",
        "<D:resourcetype/>",
        "<C:supported-calendar-component-set><C:comp name='VTODO'/></C:supported-calendar-component-set>",
        "<CS:getctag>x</CS:getctag>",
        "<D:owner/>",
        "<D:unheard-of>x</D:unheard-of>",
    ):
        r = patch(s, f"<{NAME}>After</{NAME}>" + protected)
        assert r.status == 207, r
        assert sorted(statuses(r)[CALENDAR].values()) == [403, 424], r
        assert condition_in(r.xml()) == tag("D:cannot-modify-protected-property"), r
        assert text(s, CALENDAR, NAME) == "Before"


def test_dead_properties_of_any_kind(s):
    """Structure, attributes, namespaces and language come back as they were."""
    dead = (
        '<x:deep xmlns:x="urn:x" xml:lang="fr" a="1&quot;&lt;" x:b="2"><x:in>texte <y:é xmlns:y="urn:y"/> après</x:in>'
        '<plain xmlns=""/></x:deep>'
    )
    assert statuses(patch(s, dead)) == {CALENDAR: {"{urn:x}deep": 200}}
    r = s.request(
        "PROPFIND",
        CALENDAR,
        propfind().replace("<D:prop>", '<D:prop><q:deep xmlns:q="urn:x"/>'),
        {"Depth": "0"},
    )
    element = r.xml().find(".//{urn:x}deep")
    assert element.attrib == {
        "{http://www.w3.org/XML/1998/namespace}lang": "fr",
        "a": '1"<',
        "{urn:x}b": "2",
    }, r
    assert element[0].text == "texte " and element[0][0].tag == "{urn:y}é" and element[0][0].tail == " après"
    assert element[1].tag == "plain"
    assert (
        "{urn:x}deep" in statuses(s.request("PROPFIND", CALENDAR, None, {"Depth": "0"}))[CALENDAR]
    ), "allprop has it"


def test_every_character_comes_back(s):
    """trust.md T-17"""
    odd = (
        "".join(
            chr(c)
            for c in (
                9,
                10,
                0x20,
                0x22,
                0x26,
                0x27,
                0x3C,
                0x3E,
                0x5D,
                0x7F,
                0x85,
                0xA0,
                0x2028,
                0x202E,
                0xD7FF,
                0xE000,
                0xFFFD,
                0x10000,
                0x10FFFD,
            )
        )
        + "]]>'; DROP TABLE prop; --%_\\"
    )
    for name in (NAME, "C:calendar-description", "x:note xmlns:x='urn:x'"):
        end = name.split()[0]
        assert patch(s, f"<{name}>{escape(odd)}</{end}>").status == 207
    r = find(s, CALENDAR, NAME, "C:calendar-description")
    for wanted in (NAME, "C:calendar-description"):
        assert "".join(r.xml().find(".//" + tag(wanted)).itertext()) == odd, r
    ET.fromstring(s.request("PROPFIND", HOME, None, {"Depth": "1"}).body)
    before = state(s, CALENDAR), text(s, CALENDAR, NAME)
    for raw in ("&#0;", "&#8;", "&#xFFFF;", "&#xD800;", "\x0b", "&unknown;", "\x00"):
        refused(patch(s, f"<{NAME}>a{raw}b</{NAME}>"), 400)
    assert (state(s, CALENDAR), text(s, CALENDAR, NAME)) == before


def test_calendar_timezone(s):
    """RFC 4791 5.2.2: an iCalendar object with exactly one VTIMEZONE."""
    zone = (
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VTIMEZONE\nTZID:Europe/Paris\nBEGIN:STANDARD\n"
        "DTSTART:19701025T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\nEND:VCALENDAR\n"
    )
    set_zone = lambda value: patch(s, f"<C:calendar-timezone>{value}</C:calendar-timezone>")
    assert statuses(set_zone(zone)) == {CALENDAR: {tag("C:calendar-timezone"): 200}}
    for bad in ("", "Europe/Paris", zone.replace("VTIMEZONE", "VEVENT"), event("x")):
        r = set_zone(bad)
        assert statuses(r) == {CALENDAR: {tag("C:calendar-timezone"): 403}}, r
        assert condition_in(r.xml()) == tag("C:valid-calendar-data"), r
    assert text(s, CALENDAR, "C:calendar-timezone") == zone.strip()


def test_where_nothing_can_be_set(s):
    for path in ("/", "/principals/", "/calendars/"):
        r = patch(s, "<x:a xmlns:x='urn:x'>1</x:a>", path=path)
        assert r.status == 207 and statuses(r) == {path: {"{urn:x}a": 403}}, (path, r)
    refused(patch(s, f"<{NAME}>x</{NAME}>", path=CALENDAR + "none.ics"), 404)
    refused(patch(s, f"<{NAME}>x</{NAME}>", path=CALENDAR, user="marc"), 404)


A = "<x:a xmlns:x='urn:x' xml:lang='fr'>1</x:a>"
KEEPERS = (CALENDAR, CALENDAR + "x.ics", HOME, "/principals/anna/")


def dead(s, path):
    """Names outside of the known namespaces that allprop and propname have, which must agree."""
    names = []
    for ask in ("<D:allprop/>", "<D:propname/>"):
        r = s.request("PROPFIND", path, body("D:propfind", ask), {"Depth": "0"})
        names.append(sorted(t for t in statuses(r)[path] if t.startswith("{urn:x}")))
    assert names[0] == names[1], (path, names)
    return names[0]


def test_dead_properties_on_each_kind(_):
    """They outlive a restart and a rebuild, and go with what they were set on."""
    with Server() as s:
        s.put(CALENDAR + "x.ics", event("x"))
        with unchanged(s):
            for path in KEEPERS:
                assert statuses(patch(s, A + "<x:b xmlns:x='urn:x'/>", path=path)) == {
                    path: {"{urn:x}a": 200, "{urn:x}b": 200}
                }, path
                assert statuses(patch(s, remove="<x:b xmlns:x='urn:x'/>", path=path)) == {path: {"{urn:x}b": 200}}
                assert dead(s, path) == ["{urn:x}a"], path
        s.put(CALENDAR + "x.ics", event("x", summary="changed"))
        s.restart()
        assert [dead(s, path) for path in KEEPERS] == [["{urn:x}a"]] * 4
        s.stop()
        s.dedit("rebuild")
        s.start()
        assert [dead(s, path) for path in KEEPERS] == [["{urn:x}a"]] * 4
        found = s.request("PROPFIND", CALENDAR + "x.ics", None, {"Depth": "0"}).xml().find(".//{urn:x}a")
        assert found.attrib == {"{http://www.w3.org/XML/1998/namespace}lang": "fr"} and found.text == "1"
        s.request("DELETE", CALENDAR + "x.ics")
        s.put(CALENDAR + "x.ics", event("x"))
        assert dead(s, CALENDAR + "x.ics") == []


def test_who_may_set_them(s):
    s.put(CALENDAR + "x.ics", event("x"))
    shared = "/calendars/marc/anna~calendar/x.ics"
    for access, status in (("read", 403), ("write", 207)):
        s.dedit("share", "anna/calendar", "marc", access)
        r = patch(s, A, path=shared, user="marc")
        assert r.status == status and (status == 207 or r.condition() == "D:need-privileges"), (access, r)
    s.dedit("share", "anna/calendar", "marc", "none")
    for path in KEEPERS:
        r = patch(s, A, path=path, user="marc")
        if path.startswith("/principals/"):  # found by who is nobody's client (architecture.md 15.31)
            refused(r, 403, "D:need-privileges")
        else:
            refused(r, 404)


def test_protected_on_each_kind(s):
    s.put(CALENDAR + "x.ics", event("x"))
    for path, names in (
        (CALENDAR + "x.ics", ("getetag", "getlastmodified", "creationdate", "getcontentlength", "lockdiscovery")),
        ("/principals/anna/", ("displayname", "principal-URL", "resourcetype")),
        (HOME, ("quota-used-bytes", "resourcetype", "supportedlock", "owner")),
        (CALENDAR, ("creationdate", "add-member", "quota-available-bytes", "getcontentlanguage")),
    ):
        for name in names:
            r = patch(s, A.replace("x:a", "x:z") + f"<D:{name}>x</D:{name}>", path=path)
            assert statuses(r) == {path: {"{urn:x}z": 424, tag("D:" + name): 403}}, (path, name, r)
            assert condition_in(r.xml()) == tag("D:cannot-modify-protected-property"), (path, name, r)
            assert "{urn:x}z" not in dead(s, path)


def test_limits(_):
    with Server(settings='dead-properties = 2\nproperty-size = "300"') as s:
        s.put(CALENDAR + "x.ics", event("x"))
        one = lambda i, value="": f"<x:p{i} xmlns:x='urn:x'>{value}</x:p{i}>"
        for path in KEEPERS:
            assert statuses(patch(s, one(1) + one(2), path=path)) == {path: {"{urn:x}p1": 200, "{urn:x}p2": 200}}
            assert statuses(patch(s, one(3), path=path)) == {path: {"{urn:x}p3": 403}}, path
            assert statuses(patch(s, one(1, "x" * 300), path=path)) == {path: {"{urn:x}p1": 403}}, path
            assert dead(s, path) == ["{urn:x}p1", "{urn:x}p2"]


def test_bad_bodies(s):
    with unchanged(s):
        for sent in (
            "",
            "<D:propertyupdate xmlns:D='DAV:'/>",
            proppatch(),
            propfind("D:getetag"),
            "<x",
            "<D:propertyupdate xmlns:D='DAV:'><D:set/></D:propertyupdate>",
        ):
            refused(s.request("PROPPATCH", CALENDAR, sent), 400)
