"""
doc/trust.md T-17: whatever a stored property holds, answers parse. (Each character comes back as it was:
tests/wire/rfc4918_9_2_proppatch_test.py.)
"""

from xml.sax.saxutils import escape

from bounds import ask
from dav import CALENDAR, HOME, body, find, multiget, prop, proppatch, report, sync
from dedit_wire import event, tag

CLASSES = (
    "\t\n ", "<>&'\"", "]]>", "<![CDATA[x]]>", "<!--x-->", "<?x y?>", "</D:prop></D:propstat>", "&lt;&amp;lt;", "\x7f\x80\x85\x9f",
    "\xa0\xad", "\u2028\u2029", "\u202a\u202e\u2066\u2069", "\ufeff\ufffd", "\ud7ff\ue000", "\U00010000\U0010fffd", "e\u0301", "\u0600\u0e01",
    "'; DROP TABLE prop; --%_\\", "%s%n", "${x}", "\\u0000",
)
PLACES = (("D:displayname", CALENDAR), ("C:calendar-description", CALENDAR), ("A:calendar-color", CALENDAR),
          ("x:note xmlns:x='urn:x'", CALENDAR), ("x:note xmlns:x='urn:x'", CALENDAR + "x.ics"), ("D:displayname", HOME))


def parsed(r):
    assert r.status == 207, r
    r.xml()


def test_classes(s):
    s.put(CALENDAR + "x.ics", event("x"))
    for text in CLASSES:
        for name, path in PLACES:
            end = name.split()[0]
            r = ask(s, "PROPPATCH", path, proppatch(f"<{name}>{escape(text)}</{end}>"))
            parsed(r)
        for path in (CALENDAR, HOME):
            parsed(ask(s, "PROPFIND", path, None, {"Depth": "1"}))
        parsed(ask(s, "REPORT", CALENDAR, sync(), {"Depth": "1"}))
        got = prop(s, CALENDAR, "D:displayname")
        assert "".join(got.itertext()) == text, (text, got)


def test_refused_characters(s):
    """Those that XML 1.0 has not, by reference or as they are."""
    before = "".join(prop(s, CALENDAR, "D:displayname").itertext())
    for code in (*range(0, 9), 11, 12, *range(14, 32), 0xd800, 0xdfff, 0xfffe, 0xffff, 0x110000):
        for written in (f"&#{code};", f"&#x{code:x};"):
            r = ask(s, "PROPPATCH", CALENDAR, proppatch(f"<D:displayname>{written}</D:displayname>"))
            assert r.status == 400, (code, r)
        if code < 32:
            assert ask(s, "PROPPATCH", CALENDAR, proppatch(f"<D:displayname>{chr(code)}</D:displayname>")).status == 400
    assert "".join(prop(s, CALENDAR, "D:displayname").itertext()) == before


def test_markup_in_properties(s):
    for inner in ('<a xmlns="">t</a>', '<p:a xmlns:p="urn:&quot;&lt;&amp;"/>', '<a b="&#10;&#9;&quot;&lt;"/>', "<a><![CDATA[</a>]]></a>",
                  '<xml:a/>', '<a xml:lang="x"/>', '<D:prop/>', '<C:calendar-data/>', '<é:ü xmlns:é="urn:é"/>'):
        r = ask(s, "PROPPATCH", CALENDAR, proppatch(f'<x:m xmlns:x="urn:x">{inner}</x:m>'))
        assert r.status in (207, 400), (inner, r)
        for _ in range(2):
            parsed(ask(s, "PROPFIND", CALENDAR, body("D:propfind", "<D:prop><x:m xmlns:x='urn:x'/></D:prop>"), {"Depth": "0"}))
            parsed(ask(s, "PROPFIND", CALENDAR, None, {"Depth": "0"}))


def test_calendar_data(s):
    """Text of events in XML: also what iCalendar lets through and XML doesn't have."""
    for n, text in enumerate((*CLASSES, "\x0b", "\x08", "\x1b", "\ufffe", "\uffff", "\ufdd0")):
        path = f"{CALENDAR}data{n}.ics"
        r = s.put(path, event(f"data{n}", summary=text.replace("\n", "\\n").replace("\t", " ")))
        assert r.status in (201, 403), (text, r)
        if r.status == 201:
            data = report(s, CALENDAR, multiget(path)).responses()[path]
            assert tag("C:calendar-data") in data, (text, data)
    find(s, CALENDAR, "D:getetag", depth="1").xml()
