"""doc/trust.md T-16: another encoding is refused, or means the same as UTF-8 does."""

import xml_asks
from bounds import ask
from dav import CALENDAR, unchanged
from dedit_wire import propfind

GOOD = propfind("D:sync-token")


def declared(name):
    return GOOD.replace('version="1.0"', f'version="1.0" encoding="{name}"')


BODIES = (
    declared("utf-16").encode("utf-16"), GOOD.encode("utf-16"), GOOD.encode("utf-16-le"), GOOD.encode("utf-16-be"),
    declared("utf-8").encode("utf-16"), declared("utf-16").encode(), GOOD.encode("utf-32"), declared("ucs-4").encode("utf-32-be"),
    declared("cp037").encode("cp037"), declared("utf-7").encode(), declared("utf-7").replace("<D:prop>", "+ADw-D:prop+AD4-").encode(),
    declared("iso-8859-1").encode(), declared("windows-1252").encode(), declared("us-ascii").encode(), declared("nonsense").encode(),
    declared("x" * 10000).encode(), declared("").encode(), declared("UTF8").encode(),
    GOOD.encode() + b"\xff", GOOD.replace("<D:prop>", "<D:prop><D:x>é</D:x>").encode("latin-1"), GOOD.encode() + b"\0",
    b"\0" + GOOD.encode(), b"\xef\xbb\xbf" + GOOD.encode(), b"\xef\xbb\xbf" * 2 + GOOD.encode(), b"\xc0\xbc" + GOOD.encode()[1:],
    b"\xfe\xff" + GOOD.encode(), GOOD.encode("utf-16")[:-1], b"\xff\xfe" + b"\x00\xd8" * 100,
    GOOD.replace("<D:prop>", "<D:prop><D:x>\ud800</D:x>").encode("utf-8", "surrogatepass"),
    GOOD.replace("<D:prop>", "<D:prop><D:x>\ufffe</D:x>").encode(),
)
TYPES = ("application/xml", "application/xml; charset=utf-16", "text/xml; charset=us-ascii", "text/xml; charset=utf-7", "text/xml; charset=\"")


def test_bodies(s):
    expected = s.request("PROPFIND", CALENDAR, GOOD, {"Depth": "0"}).body
    for sent in BODIES:
        for kind in TYPES:
            r = ask(s, "PROPFIND", CALENDAR, sent, {"Depth": "0", "Content-Type": kind})
            assert r.status in (400, 415) or (r.status == 207 and r.body == expected), (sent[:60], kind, r)


def test_each_method(s):
    with unchanged(s):
        for sent in (b"\xff" + GOOD.encode(), GOOD.encode() + b"\0", declared("cp037").encode("cp037"), declared("utf-7").encode()):
            for method, path, r in xml_asks.each(s, sent):
                assert r.status in (400, 403, 415), (method, path, r)


def test_a_doctype_is_seen_in_each(s):
    """The filter reads what the parser reads."""
    sent = '<!DOCTYPE x [<!ENTITY e "a">]>' + GOOD
    for encoding in ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp037", "utf-7"):
        r = ask(s, "PROPFIND", CALENDAR, sent.encode(encoding), {"Depth": "0"})
        assert r.status == 400, (encoding, r)
