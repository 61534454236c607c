"""RFC 7240 and RFC 8144: Prefer, and Brief, which is older and means return=minimal."""

from dav import CALENDAR, HOME, TASKS, body, multiget, proppatch, refused, statuses, sync, text, unchanged
from dedit_wire import Server, event, propfind, tag

EVENT = CALENDAR + "x.ics"
MINIMAL = ({"Prefer": "return=minimal"}, {"Prefer": 'foo; x="a,b", RETURN = "minimal"; y'}, {"Brief": "t"}, {"Brief": "T"})
FULL = {"Prefer": "return=representation"}


def applied(r):
    return [v for k, v in r.all_headers if k == "preference-applied"]
POLICY = """
policy "p" { timezone = "Europe/Paris" currency = "EUR" price-from = title tiers = { "48h 50%" } }
calendar "anna/calendar" { policy = "p" }
"""


def test_minimal_propfind_and_report(s):
    """2.1: no word of what is not there, but a propstat there must be."""
    s.put(EVENT, event("x"))
    asked = propfind("D:getetag", "C:calendar-description", "A:calendar-color")
    for method, path, sent, href in (
        ("PROPFIND", EVENT, asked, EVENT),
        ("REPORT", CALENDAR, multiget(EVENT, want=("D:getetag", "A:calendar-color")), EVENT),
        ("REPORT", CALENDAR, sync(want=("D:getetag", "A:calendar-color")), EVENT),
    ):
        r = s.request(method, path, sent, {"Depth": "0"})
        assert 404 in statuses(r)[href].values() and not applied(r) and "Prefer" in r.headers["vary"], r
        for headers in MINIMAL:
            r = s.request(method, path, sent, {"Depth": "0"} | headers)
            assert statuses(r)[href] == {tag("D:getetag"): 200} and applied(r) == ["return=minimal"], (headers, r)
            assert "Prefer" in r.headers["vary"] and "Brief" in r.headers["vary"]
    r = s.request("PROPFIND", EVENT, propfind("A:calendar-color"), {"Depth": "0"} | MINIMAL[0])
    stat = r.xml()[0].findall(tag("D:propstat"))
    assert len(stat) == 1 and len(stat[0].find(tag("D:prop"))) == 0, r
    assert stat[0].findtext(tag("D:status")) == "HTTP/1.1 200 OK"
    # a whole response that is a 404 is not left out (RFC 6578 needs it)
    r = s.request("REPORT", CALENDAR, multiget(CALENDAR + "none.ics"), MINIMAL[0])
    assert statuses(r) == {CALENDAR + "none.ics": {"": 404}}, r


def test_minimal_proppatch(s):
    """2.2"""
    name = proppatch("<D:displayname>Brief</D:displayname>")
    for headers in MINIMAL:
        r = s.request("PROPPATCH", CALENDAR, name, headers)
        assert r.status == 200 and r.body == b"" and applied(r) == ["return=minimal"], r
    assert text(s, CALENDAR, "D:displayname") == "Brief"
    r = s.request("PROPPATCH", CALENDAR, proppatch("<D:displayname>x</D:displayname><D:getetag>x</D:getetag>"), MINIMAL[0])
    assert r.status == 207 and set(statuses(r)[CALENDAR].values()) == {403, 424}, "what failed is told"
    assert text(s, CALENDAR, "D:displayname") == "Brief"


def test_minimal_mkcalendar_and_mkcol(s):
    """2.3"""
    for method in ("MKCALENDAR", "MKCOL"):
        sent = None
        if method == "MKCOL":
            sent = body("D:mkcol", "<D:set><D:prop><D:resourcetype><D:collection/><C:calendar/></D:resourcetype></D:prop></D:set>")
        r = s.request(method, HOME + "new/", sent, MINIMAL[0])
        assert r.status == 201 and r.body == b"" and applied(r) == ["return=minimal"], r
        s.request("DELETE", HOME + "new/")


def test_minimal_put(s):
    """3: what programs send with every PUT changes nothing for them."""
    r = s.put(EVENT, event("x", summary="min"), Prefer="return=minimal")
    assert r.status in (201, 204) and r.body == b"" and "etag" in r.headers and applied(r) == ["return=minimal"], r


def shown(s, r, status, path):
    assert r.status == status and applied(r) == ["return=representation"], r
    now = s.request("GET", path)
    for name in ("etag", "content-type", "last-modified"):
        assert r.headers[name] == now.headers[name], (name, r)
    assert r.headers["content-location"] == path and r.body == now.body, r


def test_representation(s):
    """3.1: PUT, POST, COPY and MOVE answer with the new event."""
    s.request("DELETE", EVENT)
    shown(s, s.put(EVENT, event("x"), **FULL), 201, EVENT)
    shown(s, s.put(EVENT, event("x", summary="2"), **FULL), 200, EVENT)
    r = s.request("COPY", EVENT, None, FULL | {"Destination": TASKS + "x.ics"})
    refused(r, 403, "C:supported-calendar-component")
    r = s.request("MOVE", EVENT, None, FULL | {"Destination": CALENDAR + "y.ics"})
    shown(s, r, 201, CALENDAR + "y.ics")
    assert r.headers["location"] == CALENDAR + "y.ics"
    s.put(EVENT, event("other"))
    s.request("DELETE", EVENT)
    r = s.request("POST", CALENDAR, event("posted"), FULL | {"Content-Type": "text/calendar"})
    shown(s, r, 201, CALENDAR + "posted.ics")
    assert r.headers["location"] == CALENDAR + "posted.ics"
    r = s.put(CALENDAR + "y.ics", event("x", summary="3"))
    assert r.body == b"" and not applied(r), "only who asks gets it (doc/clients.md, section 1)"


def test_representation_after_412(s):
    """3.2"""
    s.put(EVENT, event("z"))
    with unchanged(s):
        shown(s, s.put(EVENT, event("z", summary="new"), If_Match='"old"', **FULL), 412, EVENT)
        refused(s.put(EVENT, event("z", summary="new"), If_Match='"old"'), 412)
        refused(s.put(CALENDAR + "none.ics", event("n"), If_Match="*", **FULL), 412)
    s.request("DELETE", EVENT)


def test_representation_of_annotated_events(_):
    with Server(extra=POLICY) as s:
        sent = event("x", start="20990601T100000Z", end="20990601T110000Z", summary="Marc 80 €")
        r = s.put(EVENT, sent, **FULL)
        shown(s, r, 201, EVENT)
        assert r.body != sent.encode()


def test_noroot(s):
    """4: Depth 1 without the collection itself."""
    ask = lambda depth, prefer: s.request("PROPFIND", HOME, propfind("D:resourcetype"), {"Depth": depth, "Prefer": prefer})
    whole = set(statuses(ask("1", "wait=1")))
    r = ask("1", "depth-noroot")
    assert set(statuses(r)) == whole - {HOME} and applied(r) == ["depth-noroot"], r
    r = ask("1", "return=minimal, depth-noroot")
    assert set(statuses(r)) == whole - {HOME} and sorted(applied(r)) == ["depth-noroot", "return=minimal"], r
    r = ask("0", "depth-noroot")
    assert set(statuses(r)) == {HOME} and not applied(r), r


def test_unknown_preferences(s):
    for prefer in ("return=maximal", "return", "respond-async", ",,;=", 'return="minimal', "return=minimal, return=representation", ""):
        r = s.request("PROPFIND", CALENDAR, propfind("D:getetag"), {"Depth": "0", "Prefer": prefer})
        assert r.status == 207, (prefer, r)
    r = s.request("PROPFIND", CALENDAR, propfind("D:getetag"), {"Depth": "0", "Prefer": "return=minimal, return=representation"})
    assert applied(r) == ["return=minimal"], "RFC 7240 2: the first one counts"
