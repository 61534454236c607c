"""trust.md T-43: nothing that somebody stored comes back as a page of this server's, whatever it was sent as, called, or
asked for. (There are no attachments of their own; those inside events stay inside.)"""

from bounds import ask
from dav import CALENDAR, HOME, multiget, proppatch, query, refused, report
from dedit_wire import event, tag

PAGE = "<html><script>alert(1)</script></html>"
TYPES = ("text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/javascript", "text/plain",
         "application/octet-stream", "text/calendar, text/html", "text/calendar;x=\"text/html\"", "TEXT/HTML; charset=utf-7")


def is_calendar(r):
    return r.headers["content-type"].split(";")[0] == "text/calendar" and r.headers["x-content-type-options"] == "nosniff"


def test_what_is_sent_as_a_page(s):
    """Refused, or stored as the calendar that it is."""
    for n, kind in enumerate(TYPES):
        r = ask(s, "PUT", CALENDAR + f"t{n}.ics", event(f"t{n}"), {"Content-Type": kind})
        if r.status == 201:
            assert is_calendar(s.request("GET", CALENDAR + f"t{n}.ics")), kind
        else:
            refused(r, r.status, "C:supported-calendar-data")
            assert r.status in (403, 415), r
        for sent in (PAGE, "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "GIF89a", "%PDF-1.4", "#!/bin/sh"):
            r = ask(s, "PUT", CALENDAR + "page.html", sent, {"Content-Type": kind})
            assert r.status in (403, 415) and b"alert" not in r.body, (kind, sent, r)
    assert s.request("GET", CALENDAR + "page.html").status == 404


def test_names_say_nothing(s):
    for name in ("x.html", "x.svg", "x.ics.html", "x.xhtml", "x.js", "x.ics%3B.html", "index.php", "x.html%20", "x.hta"):
        assert s.put(CALENDAR + name, event(name, summary=PAGE)).status == 201, name
        for accept in ("text/html", "*/*", "image/svg+xml", "application/xml", "text/html;q=1, text/calendar;q=0"):
            for path in (CALENDAR + name, CALENDAR + name + "?type=text/html"):
                r = s.request("GET", path, None, {"Accept": accept})
                assert r.status == 406 or is_calendar(r), (name, accept, r)
        assert s.request("HEAD", CALENDAR + name).headers["content-type"].startswith("text/calendar")
        assert s.request("DELETE", CALENDAR + name).status == 204


def test_calendars_and_feeds(s):
    """As one file: the name that a browser would store it under is no page's, nor does it end the header."""
    for name in ("page.html", "a%22%3B%20filename=x.html", "x.svg", "%3Cb%3E"):
        path = f"{HOME}{name}/"
        assert s.request("MKCALENDAR", path).status == 201, name
        s.request("PROPPATCH", path, proppatch("<D:displayname>&lt;script>\"; filename=evil.html</D:displayname>"))
        s.put(path + "x.ics", event("x", summary=PAGE))
        assert is_calendar(s.request("GET", path, None, {"Accept": "text/html"}))
    for calendar in ("page.html", 'a"; filename=x.html'):
        link = s.dedit("feed", "add", f"anna/{calendar}").stdout.splitlines()[0]
        r = s.request("GET", link[link.index("/feeds/"):], user=None, headers={"Accept": "text/html"})
        assert r.status == 200 and is_calendar(r), r
        disposition = r.headers["content-disposition"]
        assert disposition.count('"') == 2 and ".ics" in disposition.split('"')[1] and disposition.count(";") == 2, disposition


def test_properties_and_answers(s):
    """Stored XML comes back inside an answer that is XML of the protocol, and escaped or in its own namespace."""
    html = '<html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>'
    s.request("PROPPATCH", CALENDAR, proppatch(f'<x:page xmlns:x="urn:x">{html}</x:page>'))
    for method, sent in (("PROPFIND", None), ("PROPFIND", '<D:propfind xmlns:D="DAV:"><D:prop><x:page xmlns:x="urn:x"/></D:prop>'
                         "</D:propfind>"), ("REPORT", query("", want=("D:getetag",)))):
        r = s.request(method, CALENDAR, sent, {"Depth": "0", "Accept": "text/html"})
        assert r.status == 207 and r.headers["content-type"].split(";")[0] in ("application/xml", "text/xml"), r
        assert r.headers["x-content-type-options"] == "nosniff" and r.xml().tag == tag("D:multistatus")
    s.request("PROPPATCH", CALENDAR, proppatch(remove='<x:page xmlns:x="urn:x"/>'))


def test_other_types_of_calendar_data(s):
    """RFC 4791 9.6: a type that isn't offered is refused, never echoed."""
    s.put(CALENDAR + "x.ics", event("x"))
    for kind in ("text/html", "image/svg+xml", "application/calendar+xml", "x\"y"):
        xml = multiget(CALENDAR + "x.ics").replace("<C:calendar-data/>", f"<C:calendar-data content-type='{kind}'/>")
        r = s.request("REPORT", CALENDAR, xml, {"Depth": "1"})
        refused(r, 403, "C:supported-calendar-data")
    found = report(s, CALENDAR, multiget(CALENDAR + "x.ics", want=("D:getcontenttype",)))
    assert "text/calendar" in found.text and "html" not in found.text
    r = s.request("PROPPATCH", CALENDAR + "x.ics", proppatch("<D:getcontenttype>text/html</D:getcontenttype>"))
    assert b"403" in r.body or r.status == 403, r
    assert is_calendar(s.request("GET", CALENDAR + "x.ics"))


def test_attachments_stay_inside(s):
    lines = ("ATTACH;FMTTYPE=text/html;ENCODING=BASE64;VALUE=BINARY:PHNjcmlwdD4=\r\nATTACH;FMTTYPE=text/html:data:text/html,<script>\r\n"
             "ATTACH;FMTTYPE=image/svg+xml;FILENAME=x.html:https://evil.example/x.svg\r\n")
    assert s.put(CALENDAR + "attach.ics", event("attach", extra=lines)).status == 201
    assert is_calendar(s.request("GET", CALENDAR + "attach.ics"))
    for action in ("attachment-add", "attachment-update", "attachment-remove"):  # RFC 8607
        r = s.request("POST", CALENDAR + f"attach.ics?action={action}&managed-id=1", PAGE, {"Content-Type": "text/html"})
        assert r.status in (403, 405, 415), r
    r = s.request("OPTIONS", CALENDAR)
    assert "attachment" not in r.headers["dav"]
