"""RFC 4918 9.2: properties are set and removed all together or not at all."""

import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

from dav import CALENDAR, HOME, condition_in, find, proppatch, refused, state, statuses, text, unchanged
from dedit_wire import event, propfind, tag

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
    s.put(CALENDAR + "x.ics", event("x"))
    for path in ("/", HOME, "/principals/anna/", CALENDAR + "x.ics"):
        r = patch(s, "<x:a xmlns:x='urn:x'>1</x:a>", path=path)
        assert r.status == 207 and statuses(r) == {path: {"{urn:x}a": 403}}, (path, r)
    refused(patch(s, f"<{NAME}>x</{NAME}>", path=CALENDAR + "none.ics"), 404)
    refused(patch(s, f"<{NAME}>x</{NAME}>", path=CALENDAR, user="marc"), 404)


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
