"""What is no well-formed XML (RFC 4918 8.2): 400 in every method, nothing stored, no failure within."""

from dav import CALENDAR, HOME, refused, unchanged

NEW = HOME + "new/"
METHODS = (("PROPFIND", CALENDAR), ("PROPPATCH", CALENDAR), ("REPORT", CALENDAR), ("MKCALENDAR", NEW), ("MKCOL", NEW))


def test_broken_xml(s):
    with unchanged(s):
        for sent in (
            "<",
            "<x",
            "<x>",
            "<x></y>",
            "<x/><y/>",
            "x",
            "<x a=1/>",
            "<x a='1' a='2'/>",
            "<p:x/>",
            "<x xmlns:p=''/>",
            "<x>&nothing;</x>",
            "<x>&#0;</x>",
            "<x>\x01</x>",
            "\x00",
            "<x>]]></x>",
            "<?xml version='1.0'",
            "<x><![CDATA[</x>",
            "<!-- -- --><x/>",
            " <?xml version='1.0'?><x/>",
            "<x:y:z xmlns:x='urn:x'/>",
            "{}",
            "a=b&c=d",
        ):
            for method, path in METHODS:
                refused(s.request(method, path, sent, {"Depth": "0", "Content-Type": "application/xml"}), 400)
    assert s.request("GET", NEW).status == 404
    assert ": 500 " not in s.log() and ": 503 " not in s.log(), s.log()
