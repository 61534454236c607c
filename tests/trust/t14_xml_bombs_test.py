"""doc/trust.md T-14: what grows in an XML body ends in 400 or 413 within the bounds. (Also: tests/fuzz/fuzz_xml.c.)"""

import contextlib

import xml_asks
from bounds import bounded
from dav import CALENDAR, proppatch, unchanged
from dedit_wire import basic, read_all

MANY = 100000
LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
SIZE = 1 << 20


def cut(text):
    """As much as a body may hold."""
    return text[: SIZE - 100]


BOMBS = {
    "laughs": f'<!DOCTYPE x [<!ENTITY l0 "lol">{LAUGHS}]><x>&l9;</x>',
    "a long entity, often": f'<!DOCTYPE x [<!ENTITY e "{"e" * 100000}">]><x>{"&e;" * 100000}</x>',
    "default attributes": "<!DOCTYPE x [<!ATTLIST x " + "".join(f'a{i} CDATA "v"' for i in range(20000)) + ">]><x/>",
    "an entity in itself": '<!DOCTYPE x [<!ENTITY a "&b;"><!ENTITY b "&a;">]><x>&a;</x>',
    "parameter entities": '<!DOCTYPE x [<!ENTITY % a "%b;"><!ENTITY % b "%a;"> %a;]><x/>',
    "depth": "<a>" * MANY + "</a>" * MANY,
    "depth, open": cut("<a>" * 400000),
    "depth with prefixes": "".join(f'<p{i}:a xmlns:p{i}="urn:{i}">' for i in range(20000)),
    "attributes": "<D:propfind xmlns:D='DAV:'><D:prop " + " ".join(f"a{i}='x'" for i in range(MANY)) + "/></D:propfind>",
    "the same attribute": "<x " + "a='1' " * MANY + "/>",
    "prefixes": "<D:propfind xmlns:D='DAV:'><D:prop " + " ".join(f"xmlns:p{i}='urn:{i}'" for i in range(30000)) + "/></D:propfind>",
    "prefixes, a tag each": "<D:propfind xmlns:D='DAV:'><D:prop>" + "".join(f"<p:a xmlns:p='urn:{i}'/>" for i in range(40000)),
    "siblings": "<D:propfind xmlns:D='DAV:'><D:prop>" + "<D:a/>" * 150000 + "</D:prop></D:propfind>",
    "a long name": "<" + "a" * 900000 + "/>",
    "a long prefix": "<" + "a" * 450000 + ":b xmlns:" + "a" * 450000 + "='urn:x'/>",
    "a long value": "<a b='" + "x" * 900000 + "'/>",
    "a long namespace": "<a xmlns='" + "x" * 900000 + "'/>",
    "comments": cut("<!-- -->" * 130000),
    "an endless comment": cut("<!--" + "-x" * 500000),
    "instructions": cut("<?a b?>" * 150000 + "<x/>"),
    "an endless instruction": cut("<?a " + "?x" * 500000),
    "cdata": "<a>" + "<![CDATA[x]]>" * 70000 + "</a>",
    "an endless cdata": cut("<a><![CDATA[" + "]]" * 500000),
    "references": "<a>" + "&#65;" * 190000 + "</a>",
    "one long reference": "<a>&#" + "0" * 900000 + "65;</a>",
    "over the limit": "<a>" + "x" * SIZE + "</a>",
}


def test_bombs(s):
    with unchanged(s):
        for what, sent in BOMBS.items():
            for method, path, r in xml_asks.each(s, sent):
                assert r.status in (400, 403, 413, 415), (what, method, path, r)


def test_depth_of_a_property(s):
    """What would be stored, and written again."""
    with unchanged(s):
        for inner in ("<a>" * 60 + "</a>" * 60, "<a/>" * 90000, "x" * 900000, "<a xmlns='urn:b'>" * 25 + "</a>" * 25 + "x" * 70000):
            sent = proppatch(f'<x:p xmlns:x="urn:x">{inner}</x:p>')
            r = s.request("PROPPATCH", CALENDAR, sent)
            assert r.status in (400, 413) or (r.status == 207 and b" 403 " in r.body), r


def test_many_small_namespaces(s):
    """Each name of a property is in a namespace of its own, and the answer says so."""
    sent = ("<D:propfind xmlns:D='DAV:'><D:prop>" + "".join(f"<p xmlns='urn:{i}'/>" for i in range(30000))
            + "</D:prop></D:propfind>")
    with bounded(s):
        r = s.request("PROPFIND", CALENDAR, sent, {"Depth": "0"})
    assert r.status in (207, 400, 413), r.status


def test_a_large_token_in_small_pieces(s):
    """Nothing is parsed anew with each piece: the body is whole, or over its limit."""
    head = (f"PROPFIND {CALENDAR} HTTP/1.1\r\nHost: h\r\nAuthorization: {basic('anna')}\r\nDepth: 0\r\n"
            "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n")
    for count, end, statuses in ((300000, b"0\r\n\r\n", (b"400",)), (3000000, b"0\r\n\r\n", (b"413", b""))):
        with bounded(s):
            with s.socket() as c:
                c.sendall(head.encode() + b"1\r\n<\r\n")
                with contextlib.suppress(OSError):
                    for _ in range(count // 10000):
                        c.sendall(b"1\r\na\r\n" * 10000)
                    c.sendall(end)
                answer = read_all(c)
        assert answer[9:12] in statuses, answer[:100]


def test_it_lives_on(s):
    assert s.request("PROPFIND", CALENDAR, None, {"Depth": "0"}).status == 207
