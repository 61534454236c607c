"""RFC 5995: POST to a calendar's add-member makes an event, and the server names it."""

from dav import CALENDAR, TASKS, href, listing, refused, statuses, unchanged
from dedit_wire import Server, event, tag

ICS = {"Content-Type": "text/calendar; charset=utf-8"}


def post(s, body, path=None, user="anna", **headers):
    send = ICS | {k.replace("_", "-"): v for k, v in headers.items()}
    return s.request("POST", path or href(s, CALENDAR, "D:add-member"), body, send, user)
POLICY = """
policy "p" { timezone = "Europe/Paris" currency = "EUR" price-from = title tiers = { "48h 50%" } }
calendar "anna/calendar" { policy = "p" }
"""


def test_property(s):
    """3.2.1: on what it adds to, and no part of allprop."""
    assert href(s, CALENDAR, "D:add-member").startswith(CALENDAR)
    r = s.request("PROPFIND", CALENDAR, None, {"Depth": "0"})
    assert tag("D:add-member") not in statuses(r)[CALENDAR]
    r = s.request("PROPFIND", "/calendars/anna/", None, {"Depth": "0"})
    assert tag("D:add-member") not in statuses(r)["/calendars/anna/"]


def test_it_is_made_and_named(s):
    r = post(s, event("made"))
    assert r.status == 201 and r.headers["location"] == CALENDAR + "made.ics", r
    assert r.headers["etag"] == s.request("HEAD", CALENDAR + "made.ics").headers["etag"]
    assert s.request("GET", r.headers["location"]).body == event("made").encode()


def test_names(s):
    """By UID where it can be a name; else, and where the name is taken, by chance."""
    s.put(CALENDAR + "name.ics", event("another"))
    locations = set()
    for uid in ("name", "a/b", "..", ".hidden", "ü", "x" * 300, "a b", "{curly}"):
        r = post(s, event(uid))
        assert r.status == 201, (uid, r)
        location = r.headers["location"]
        assert location.startswith(CALENDAR) and "/" not in location[len(CALENDAR) :] and location.endswith(".ics")
        assert s.request("GET", location).body == event(uid).encode(), (uid, r)
        locations.add(location)
    assert len(locations) == 8 and CALENDAR + "name.ics" not in locations
    assert s.request("GET", CALENDAR + "name.ics").body == event("another").encode()


def test_same_conditions_as_put(s):
    s.put(CALENDAR + "taken.ics", event("taken"))
    with unchanged(s, CALENDAR, TASKS):
        r = post(s, event("taken"))
        refused(r, 403, "C:no-uid-conflict")
        assert r.xml()[0].findtext(tag("D:href")) == CALENDAR + "taken.ics"
        refused(post(s, "no calendar"), 403, "C:valid-calendar-data")
        refused(post(s, ""), 403, "C:valid-calendar-data")
        refused(post(s, event("t"), path=TASKS), 403, "C:supported-calendar-component")
        refused(post(s, event("t"), Content_Type="text/plain"), 403, "C:supported-calendar-data")
        refused(post(s, event("t"), Content_Encoding="gzip"), 415)
        refused(post(s, event("t", summary="x" * 2_000_000)), 413, "C:max-resource-size")
        refused(post(s, event("t"), If_None_Match="*"), 412)
        refused(post(s, event("t"), If_Match='"x"'), 412)


def test_rights_and_places(s):
    with unchanged(s):
        refused(post(s, event("r"), path=CALENDAR, user="marc"), 404)
        s.dedit("share", "anna/calendar", "marc", "read")
        refused(post(s, event("r"), path="/calendars/marc/anna~calendar/", user="marc"), 403, "D:need-privileges")
        for path in ("/", "/calendars/anna/", "/principals/anna/", CALENDAR + "taken.ics"):
            assert s.request("POST", path, event("r"), ICS).status == 405, path
        refused(s.request("POST", "/calendars/anna/none/", event("r"), ICS), 404)
        assert s.request("POST", CALENDAR, event("r"), ICS, user=None).status == 401
    s.dedit("share", "anna/calendar", "marc", "write")
    r = post(s, event("marcs"), path="/calendars/marc/anna~calendar/?add-member", user="marc")
    assert r.status == 201 and r.headers["location"] == "/calendars/marc/anna~calendar/marcs.ics", r
    assert "marcs.ics" in listing(s)


def test_no_etag_for_other_bytes(_):
    """RFC 4791 5.3.4: an annotated event is not what was sent."""
    with Server(extra=POLICY) as s:
        r = post(s, event("x", start="20990601T100000Z", end="20990601T110000Z", summary="Marc 80 €"))
        assert r.status == 201 and "etag" not in r.headers and r.headers["location"] == CALENDAR + "x.ics", r
