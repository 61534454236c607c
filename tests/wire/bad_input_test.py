"""What must not come in: the status and element that the RFC names, nothing stored, never 5xx (doc/trust.md)."""

import re
import time

from dav import (
    CALENDAR,
    HOME,
    body,
    comp,
    multiget,
    proppatch,
    query,
    refused,
    sync,
    time_range,
    unchanged,
)
from dedit_wire import basic, event, propfind, read_all

XML_METHODS = ("PROPFIND", "PROPPATCH", "REPORT", "MKCALENDAR", "MKCOL")
TYPE = {"Content-Type": "text/calendar"}
NEW = HOME + "new/"


def each_xml(s, sent, seconds=2.0):
    """The body in every method that takes XML; the answers."""
    for method in XML_METHODS:
        path = NEW if method.startswith("MK") else CALENDAR
        began = time.monotonic()
        r = s.request(method, path, sent, {"Depth": "0", "Content-Type": "application/xml"})
        assert time.monotonic() - began < seconds, (method, sent[:80])
        yield method, r
    assert s.request("GET", NEW).status == 404


# ---- XML: T-13 to T-16 ----


def test_doctypes(s):
    """T-13, T-14: refused outright, nothing read, nothing expanded."""
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    secret = s.folder / "secret"
    secret.write_text("HORSE-BATTERY")
    with unchanged(s):
        for sent in (
            f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]><D:propfind xmlns:D="DAV:"><D:prop><D:a>&e;</D:a></D:prop></D:propfind>',
            f'<!DOCTYPE x SYSTEM "http://127.0.0.1:{s.port}/x.dtd"><D:propfind xmlns:D="DAV:"><D:allprop/></D:propfind>',
            f'<!DOCTYPE x [<!ENTITY l0 "lol">{laughs}]><x>&l9;</x>',
            "<!DOCTYPE x><x/>",
            "<!doctype x><x/>",
            '<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><x/>',
            '<?xml version="1.0"?><!-- c --><!DOCTYPE x []><D:propfind xmlns:D="DAV:"><D:allprop/></D:propfind>',
        ):
            for method, r in each_xml(s, sent):
                refused(r, 400)
                assert b"HORSE" not in r.body and b"root:" not in r.body
    assert "x.dtd" not in s.log()


def test_xinclude_and_processing_instructions_do_nothing(s):
    """T-15"""
    sent = (
        '<?xml-stylesheet href="file:///etc/passwd"?><D:propfind xmlns:D="DAV:" xmlns:xi="http://www.w3.org/2001/XInclude">'
        '<D:prop><xi:include href="file:///etc/passwd" parse="text"/><D:getetag/></D:prop></D:propfind>'
    )
    r = s.request("PROPFIND", CALENDAR, sent, {"Depth": "0"})
    assert r.status in (207, 400) and b"root:" not in r.body, r
    r = s.request(
        "PROPPATCH",
        CALENDAR,
        proppatch(
            '<x:a xmlns:x="urn:x" xmlns:xi="http://www.w3.org/2001/XInclude">'
            '<xi:include href="file:///etc/passwd" parse="text"/></x:a>'
        ),
    )
    assert r.status in (207, 400)
    assert b"root:" not in s.request("PROPFIND", CALENDAR, None, {"Depth": "0"}).body
    s.request("PROPPATCH", CALENDAR, proppatch(remove='<x:a xmlns:x="urn:x"/>'))


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
            for method, r in each_xml(s, sent):
                refused(r, 400)


def test_encodings(s):
    """T-16: refused, or the same result as UTF-8."""
    good = propfind("D:sync-token")
    expected = s.request("PROPFIND", CALENDAR, good, {"Depth": "0"}).body
    declared = lambda name: good.replace('version="1.0"', f'version="1.0" encoding="{name}"')
    for sent in (
        declared("utf-16").encode("utf-16"),
        good.encode("utf-16"),
        good.encode("utf-16-le"),
        good.encode("utf-32"),
        declared("cp037").encode("cp037"),
        declared("utf-7").encode(),
        declared("iso-8859-1").encode(),
        declared("nonsense").encode(),
        good.encode() + b"\xff",
        good.replace("<D:prop>", "<D:prop><D:x>é</D:x>").encode("latin-1"),
        good.encode() + b"\0",
        b"\xef\xbb\xbf" + good.encode(),
        b"\xc0\xbc" + good.encode()[1:],
    ):
        r = s.request(
            "PROPFIND", CALENDAR, sent, {"Depth": "0", "Content-Type": "application/xml; charset=utf-16"}
        )
        assert r.status == 400 or (r.status == 207 and r.body == expected), (sent[:60], r)


def test_huge_xml(s):
    """T-14: bounded in time and memory, whatever grows."""
    memory = lambda: int(open(f"/proc/{s.process.pid}/statm").read().split()[1]) * 4096
    before = memory()
    many = 100000
    with unchanged(s):
        for what, sent in (
            ("depth", "<a>" * many + "</a>" * many),
            ("depth of a property", proppatch("<a>" * 60 + "</a>" * 60)),
            (
                "attributes",
                "<D:propfind xmlns:D='DAV:'><D:prop "
                + " ".join(f"a{i}='x'" for i in range(many))
                + "/></D:propfind>",
            ),
            ("siblings", "<D:propfind xmlns:D='DAV:'><D:prop>" + "<D:a/>" * many + "</D:prop></D:propfind>"),
            (
                "prefixes",
                "<D:propfind xmlns:D='DAV:'><D:prop "
                + " ".join(f"xmlns:p{i}='urn:{i}'" for i in range(30000))
                + "/></D:propfind>",
            ),
            ("long name", "<" + "a" * 500000 + "/>"),
            ("long value", "<a b='" + "x" * 900000 + "'/>"),
            ("over the limit", "<a>" + "x" * (1 << 20) + "</a>"),
        ):
            for method, r in each_xml(s, sent):
                assert r.status in (400, 413, 403) or (
                    method == "PROPPATCH" and r.status == 207 and b"403" in r.body
                ), (what, method, r)
    assert memory() - before < 256 << 20, memory() - before


# ---- headers: T-19 to T-25 ----


def test_headers_of_dav(s):
    """T-25: no cookies, no CORS; T-42: never taken for a page."""
    s.put(CALENDAR + "x.ics", event("x", summary="<script>alert(1)</script>"))
    for method, path in (
        ("GET", CALENDAR + "x.ics"),
        ("GET", CALENDAR),
        ("PROPFIND", CALENDAR),
        ("OPTIONS", CALENDAR),
        ("GET", "/none"),
        ("REPORT", CALENDAR),
        ("GET", "/.well-known/caldav"),
    ):
        r = s.request(
            method,
            path,
            None,
            {"Depth": "0", "Origin": "https://evil.example", "Cookie": "session=1", "X-A": "reflected"},
        )
        names = {k for k, _ in r.all_headers}
        assert not names & {
            "set-cookie",
            "access-control-allow-origin",
            "access-control-allow-credentials",
        }, r
        assert [v for k, v in r.all_headers if k == "x-content-type-options"] == ["nosniff"], r
        assert "text/html" not in r.headers.get("content-type", "") and "reflected" not in str(r.all_headers)
        assert "server" not in names, "no version for the curious"


def test_names_are_not_reflected_as_markup(s):
    for path in ("/<script>", "/calendars/anna/<b>/", CALENDAR + "<b>.ics"):
        r = s.request(
            "PROPFIND", path.replace("<", "%3C").replace(">", "%3E"), propfind("D:getetag"), {"Depth": "0"}
        )
        assert r.status == 404 and b"<b>" not in r.body and b"<script>" not in r.body, r


def test_long_headers(s):
    """T-22: bounded, never 5xx."""
    with unchanged(s):
        for name, value in (
            ("Depth", "x" * 10000),
            ("If-Match", '"x",' * 5000),
            ("If-None-Match", '"' + "x" * 10000 + '"'),
            ("Destination", "/" + "x" * 10000),
            ("Content-Type", "text/calendar;" + "a=b;" * 2000),
            ("Overwrite", "x" * 10000),
            ("Prefer", "a," * 5000),
            ("X-A", "x" * 12000),
        ):
            for method, path in (
                ("PUT", CALENDAR + "x.ics"),
                ("MOVE", CALENDAR + "x.ics"),
                ("PROPFIND", CALENDAR),
            ):
                r = s.request(method, path, "broken" if method == "PUT" else None, {name: value})
                assert 400 <= r.status < 500, (name, method, r)
    for size in (40000, 1000000):
        answer = s.raw(f"GET / HTTP/1.1\r\nHost: h\r\nX-A: {'x' * size}\r\n\r\n".encode())
        assert answer.startswith((b"HTTP/1.1 4", b"")) and b" 5" not in answer[:13], answer[:80]
    assert s.request("OPTIONS", "/").status == 200


def test_a_second_request_never_comes_out_of_the_rest(s):
    """T-19: what is framed badly closes the connection."""
    auth = f"Authorization: {basic('anna')}\r\n"
    evil = f"DELETE {CALENDAR} HTTP/1.1\r\nHost: h\r\n{auth}\r\n"
    with unchanged(s):
        for head in (
            f"Content-Length: 5\r\nContent-Length: {len(evil) + 5}\r\n",
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: xchunked\r\n",
            "Transfer-Encoding: chunked, identity\r\n",
            "Content-Length : 5\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: 0x5\r\n",
            "Content-Length: 5,5\r\n",
        ):
            with s.socket() as c:
                c.sendall(f"PROPFIND {CALENDAR} HTTP/1.1\r\nHost: h\r\n{auth}{head}\r\nhello{evil}".encode())
                answer = read_all(c)
            assert set(re.findall(rb"HTTP/1.1 (\d+)", answer)) <= {b"400"}, (head, answer[:300])


# ---- calendar data: T-01 to T-10 ----


def put_and_ask(s, name, ics, seconds=1.0):
    """Decided at once, and every question afterwards is answered in time; the status of the PUT."""
    path = f"{CALENDAR}{name}.ics"

    def quick(what):
        began = time.monotonic()
        r = what()
        assert time.monotonic() - began < seconds, (name, time.monotonic() - began)
        assert r.status < 500 or (r.status, r.condition()) == (507, "D:number-of-matches-within-limits"), (
            name,
            r,
        )
        return r

    status = quick(lambda: s.put(path, ics)).status
    expand = body(
        "C:calendar-query",
        '<D:prop><C:calendar-data><C:expand start="19000101T000000Z" end="21000101T000000Z"/></C:calendar-data>'
        "</D:prop><C:filter>" + comp("VCALENDAR", comp("VEVENT")) + "</C:filter>",
    )
    for sent in (
        query(comp("VEVENT", time_range("20270101T000000Z", "20270102T000000Z"))),
        query(comp("VEVENT", time_range("20270101T000000Z"))),
        expand,
        multiget(path),
        sync(),
        body("C:free-busy-query", time_range("20270101T000000Z", "20280101T000000Z")),
    ):
        quick(lambda: s.request("REPORT", CALENDAR, sent, {"Depth": "1"}))
    quick(lambda: s.request("GET", path))
    s.request("DELETE", path)
    return status


def test_recurrence_bombs(s):
    rules = (
        "FREQ=SECONDLY",
        "FREQ=SECONDLY;COUNT=1000000000",
        f"FREQ=DAILY;COUNT={2**31}",
        f"FREQ=DAILY;COUNT={2**63}",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=-1",
        "FREQ=DAILY;COUNT=" + "9" * 400,
        "FREQ=DAILY;INTERVAL=0",
        f"FREQ=YEARLY;INTERVAL={2**31}",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYDAY=1TH;BYSETPOS=2",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;COUNT=1;BYMONTH="
        + ",".join(map(str, range(1, 13)))
        + ";BYMONTHDAY="
        + ",".join(map(str, range(1, 32)))
        + ";BYHOUR="
        + ",".join(map(str, range(24)))
        + ";BYMINUTE="
        + ",".join(map(str, range(60)))
        + ";BYSECOND="
        + ",".join(map(str, range(61))),
        "FREQ=YEARLY;BYYEARDAY=" + ",".join(map(str, range(1, 367))) + ";BYSETPOS=-366",
    )
    for i, rule in enumerate(rules):
        ics = event(f"bomb{i}", "19000101T000000Z", "19000101T000001Z", extra=f"RRULE:{rule}\r\n")
        assert put_and_ask(s, f"bomb{i}", ics) in (201, 403), rule
    excluded = event(
        "excluded",
        "19000101T000000Z",
        "19000101T000001Z",
        extra="RRULE:FREQ=MINUTELY\r\nEXRULE:FREQ=MINUTELY\r\n",
    )
    assert put_and_ask(s, "excluded", excluded) in (201, 403)


def test_long_lists(s):
    days = lambda n: ",".join(
        f"20{10 + i // 8760:02}{1 + i // 730 % 12:02}{1 + i // 24 % 28:02}T{i % 24:02}0000Z" for i in range(n)
    )
    for name in ("EXDATE", "RDATE"):
        ics = event(f"list-{name}", extra=f"RRULE:FREQ=HOURLY\r\n{name}:{days(50000)}\r\n")
        assert put_and_ask(s, name, ics, 2.0) in (201, 403), name
    many = event("attendees", extra="".join(f"ATTENDEE:mailto:a{i}@x\r\n" for i in range(40000)))
    assert put_and_ask(s, "attendees", many) == 403
    assert put_and_ask(s, "x-line", event("x-line", extra="X-A:" + "x" * 900000 + "\r\n")) in (201, 403)
    assert put_and_ask(s, "folds", event("folds", extra="X-A:x\r\n" + " x\r\n" * 200000)) in (201, 403)
    deep = "BEGIN:VALARM\r\n" * 20000 + "END:VALARM\r\n" * 20000
    assert put_and_ask(s, "deep", event("deep", extra=deep)) == 403


def test_odd_dates(s):
    """T-09"""
    for i, (start, extra) in enumerate(
        (
            ("99991231T235959Z", ""),
            ("00010101T000000Z", ""),
            ("20270601T100000Z", "DURATION:P999999999999W"),
            ("20270601T100000Z", "DURATION:-P1D"),
            ("20270601T100000Z", "DTEND:99991231T235959Z"),
            ("20270601T100000Z", "BEGIN:VALARM\r\nTRIGGER:-P99999W\r\nACTION:DISPLAY\r\nEND:VALARM"),
            ("20270631T100000Z", ""),
            ("20270601T250000Z", ""),
            ("99999999T999999Z", ""),
            ("20270601T100060Z", ""),
        )
    ):
        ics = event(f"odd-date{i}", start).replace(
            "DTEND:20270601T110000Z\r\n", extra + "\r\n" if extra else ""
        )
        assert put_and_ask(s, f"odd-date{i}", ics) in (201, 403), (start, extra)


def test_no_5xx_in_the_log(s):
    """Last in the file: nothing above made the server fail inside."""
    assert s.request("OPTIONS", "/").status == 200
    failed = [line for line in s.log().splitlines() if ": 500 " in line or ": 503 " in line]
    assert not failed, failed
