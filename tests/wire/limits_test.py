"""Each limit of server { } that a request can reach: its clear answer, nothing stored, and what is below it works."""

from dav import (
    CALENDAR,
    HOME,
    body,
    comp,
    condition_in,
    find,
    found,
    multiget,
    prop,
    proppatch,
    query,
    refused,
    report,
    state,
    statuses,
    sync,
    text,
    time_range,
    unchanged,
)
from dedit_wire import Server, event, propfind, tag

SERVER = {
    "settings": """
max-resource-size = 10K
max-xml-size = 20K
attendees = 3
instances = 100
hrefs = 5
results = 5
filters = 6
dead-properties = 2
property-size = 300
calendars = 4
"""
}
TYPE = {"Content-Type": "text/calendar"}


def test_they_are_announced(s):
    for name, value in (
        ("C:max-resource-size", "10240"),
        ("C:max-attendees-per-instance", "3"),
        ("C:max-instances", "100"),
    ):
        assert text(s, CALENDAR, name) == value


def test_max_resource_size(s):
    padded = lambda n: event("size", extra="X-A:" + "x" * (n - len(event("size")) - 6) + "\r\n")
    assert len(padded(10240)) == 10240
    with unchanged(s):
        for sent in (padded(10241), iter([padded(10241).encode()]), padded(200000), iter([b"x" * 50000] * 5)):
            r = s.request("PUT", CALENDAR + "size.ics", sent, TYPE)
            assert r.status in (403, 413) and r.condition() == "C:max-resource-size", r
    assert s.put(CALENDAR + "size.ics", padded(10240)).status == 201
    s.request("DELETE", CALENDAR + "size.ics")


def test_annotation_does_not_count(_):
    """architecture.md 15.18"""
    with Server(
        settings="max-resource-size = 2K",
        extra='policy "p" { timezone = "UTC" currency = "EUR" price = "80 EUR" '
        'tiers = { "24h 100%" } owner-changes = client }\ncalendar "anna/work" { policy = "p" }\n',
    ) as s:
        s.dedit("calendar", "add", "anna/work")
        path = HOME + "work/x.ics"
        sent = event("x", extra="X-A:" + "x" * (2040 - len(event("x"))) + "\r\n")
        assert 2040 < len(sent) <= 2048 and s.put(path, sent).status == 201
        r = s.request("GET", path)
        assert len(r.body) > 2048 and "X-DEDIT-REF" in r.text
        # What is stored may come back.
        assert s.put(path, sent.replace("Meeting", "meeting"), if_match=r.headers["etag"]).status == 204
        got = s.request("GET", path)
        assert len(got.body) > 2048
        assert (
            s.put(path, got.body, if_match=got.headers["etag"]).status == 204
        ), "a program sends back what it got"


def test_max_xml_size(s):
    with unchanged(s):
        for method in ("PROPFIND", "REPORT", "PROPPATCH", "MKCALENDAR"):
            path = HOME + "new/" if method == "MKCALENDAR" else CALENDAR
            for sent in (
                propfind("D:getetag") + " " * 20480,
                iter([propfind("D:getetag").encode(), b" " * 30000]),
            ):
                r = s.request(method, path, sent, {"Depth": "0"})
                assert r.status == 413, (method, r)
    assert s.request("PROPFIND", CALENDAR, propfind("D:getetag") + " " * 15000, {"Depth": "0"}).status == 207


def test_attendees(s):
    some = lambda n: event(
        "attendees", extra="".join(f"ATTENDEE:mailto:a{i}@example.org\r\n" for i in range(n))
    )
    with unchanged(s):
        refused(s.put(CALENDAR + "a.ics", some(4)), 403, "C:max-attendees-per-instance")
    assert s.put(CALENDAR + "a.ics", some(3)).status == 201
    s.request("DELETE", CALENDAR + "a.ics")


def test_instances(s):
    """A rule may have more; what is expanded for one answer may not."""
    s.put(CALENDAR + "daily.ics", event("daily", extra="RRULE:FREQ=DAILY\r\n"))
    ask = lambda end: s.request(
        "REPORT",
        CALENDAR,
        body(
            "C:calendar-query",
            f'<D:prop><C:calendar-data><C:expand start="20270601T000000Z" end="{end}"/></C:calendar-data></D:prop><C:filter>'
            + comp("VCALENDAR", comp("VEVENT"))
            + "</C:filter>",
        ),
        {"Depth": "1"},
    )
    r = ask("20270620T000000Z")
    assert r.responses()[CALENDAR + "daily.ics"][tag("C:calendar-data")].text.count("BEGIN:VEVENT") == 19
    r = ask("20290601T000000Z")
    assert r.status == 207 and statuses(r)[CALENDAR + "daily.ics"] == {
        tag("C:calendar-data"): 507
    }, "not in part, which would look whole"
    busy = lambda end: s.request(
        "REPORT", CALENDAR, body("C:free-busy-query", time_range("20270601T000000Z", end)), {"Depth": "1"}
    )
    assert busy("20270620T000000Z").status == 200
    assert busy("20290601T000000Z").status in (200, 507)
    s.request("DELETE", CALENDAR + "daily.ics")


def test_hrefs(s):
    assert s.put(CALENDAR + "h.ics", event("h")).status in (201, 204)
    assert len(report(s, CALENDAR, multiget(*[f"{CALENDAR}{i}.ics" for i in range(5)])).xml()) == 5
    refused(
        s.request("REPORT", CALENDAR, multiget(*[f"{CALENDAR}{i}.ics" for i in range(6)])),
        507,
        "D:number-of-matches-within-limits",
    )


def test_results(s):
    """calendar-query ends with 507 for the calendar; sync-collection goes on with the next token; PROPFIND lists all."""
    path = HOME + "results/"
    s.request("MKCALENDAR", path)
    for i in range(8):
        s.put(f"{path}r{i}.ics", event(f"r{i}"))
    r = report(s, path, query(comp("VEVENT")))
    own = next(x for x in r.xml() if x.findtext(tag("D:href")) == path)
    assert (
        len(r.xml()) == 6
        and " 507 " in own.findtext(tag("D:status"))
        and condition_in(own) == tag("D:number-of-matches-within-limits")
    )
    first = report(s, path, sync())
    assert statuses(first)[path][""] == 507 and len(first.responses()) == 6
    rest = report(s, path, sync(first.xml().findtext(tag("D:sync-token"))))
    assert path not in rest.responses() and len(rest.responses()) == 3
    assert len(find(s, path, "D:getetag", depth="1").responses()) == 9
    assert (
        len(
            found(
                s,
                comp("VEVENT", '<C:prop-filter name="UID"><C:text-match>r1</C:text-match></C:prop-filter>'),
                path,
            )
        )
        == 1
    )
    s.request("DELETE", path)


def test_filters(s):
    inner = lambda n: comp("VEVENT", '<C:prop-filter name="X"/>' * n)
    assert s.request("REPORT", CALENDAR, query(inner(4)), {"Depth": "1"}).status == 207
    refused(s.request("REPORT", CALENDAR, query(inner(5)), {"Depth": "1"}), 403, "C:supported-filter")


def test_dead_properties(s):
    patch = lambda *names, remove="": s.request(
        "PROPPATCH", CALENDAR, proppatch("".join(f'<x:{n} xmlns:x="urn:x">1</x:{n}>' for n in names), remove)
    )
    assert set(statuses(patch("a", "b"))[CALENDAR].values()) == {200}
    r = patch("c")
    assert r.status == 207 and statuses(r) == {CALENDAR: {"{urn:x}c": 403}}, r
    r = patch("a", "c")
    assert sorted(statuses(r)[CALENDAR].values()) == [403, 424], r
    assert set(statuses(patch("a"))[CALENDAR].values()) == {200}, "one that is there may change"
    patch(remove='<x:a xmlns:x="urn:x"/><x:b xmlns:x="urn:x"/>')
    assert set(statuses(patch("c"))[CALENDAR].values()) == {200}
    patch(remove='<x:c xmlns:x="urn:x"/>')
    r = s.request(
        "MKCALENDAR",
        HOME + "dead/",
        body(
            "C:mkcalendar",
            "<D:set>"
            + "<D:prop>"
            + "".join(f'<x:{n} xmlns:x="urn:x"/>' for n in "abc")
            + "</D:prop></D:set>",
        ),
    )
    assert r.status in (207, 403) and s.request("GET", HOME + "dead/").status == 404, r


def test_property_size(s):
    before = state(s, CALENDAR), text(s, CALENDAR, "D:displayname")
    for name in ("D:displayname", "C:calendar-description"):
        r = s.request("PROPPATCH", CALENDAR, proppatch(f"<{name}>{'x' * 400}</{name}>"))
        assert r.status == 207 and statuses(r) == {CALENDAR: {tag(name): 403}}, r
    assert (state(s, CALENDAR), text(s, CALENDAR, "D:displayname")) == before
    r = s.request(
        "PROPPATCH", CALENDAR, proppatch("<C:calendar-description>" + "x" * 100 + "</C:calendar-description>")
    )
    assert statuses(r) == {CALENDAR: {tag("C:calendar-description"): 200}}


def test_calendars(s):
    for name in ("three", "four"):
        assert s.request("MKCALENDAR", f"{HOME}{name}/").status == 201
    for method in ("MKCALENDAR", "MKCOL"):
        sent = (
            None
            if method == "MKCALENDAR"
            else body(
                "D:mkcol",
                "<D:set><D:prop><D:resourcetype><D:collection/><C:calendar/></D:resourcetype></D:prop></D:set>",
            )
        )
        refused(s.request(method, HOME + "five/", sent), 403)
    assert s.request("GET", HOME + "five/").status == 404
    s.request("DELETE", HOME + "four/")
    assert s.request("MKCALENDAR", HOME + "five/").status == 201
    for name in ("three", "five"):
        s.request("DELETE", f"{HOME}{name}/")
    assert prop(s, HOME, "D:resourcetype") is not None
