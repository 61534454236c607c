"""RFC 9110 9.3.1, RFC 7986: GET of a calendar is one .ics with all that is in it."""

from dav import HOME, calendar, component, proppatch, unchanged, unfold
from dedit_wire import Server, event

PATH = HOME + "file/"
ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:Here\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\n"
    "TZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)
LOCAL = ("DTSTART;TZID=Here:20270601T100000", "DURATION:PT1H")


def fill(s):
    if s.request("MKCALENDAR", PATH).status != 201:
        return
    for name, text in (
        ("a", event("a", summary="First")),
        ("b", calendar(ZONE, component("VEVENT", "b", *LOCAL))),
        ("c", calendar(ZONE, component("VEVENT", "c", *LOCAL, "COLOR:tomato")).replace("\r\n", "\n")),
        ("d", calendar(component("VTODO", "d", "SUMMARY:Buy bread"))),
    ):
        assert s.put(f"{PATH}{name}.ics", text).status == 201, name


def get(s, path=PATH, user="anna", **headers):
    return s.request("GET", path, None, {k.replace("_", "-"): v for k, v in headers.items()}, user)


def test_everything_once(s):
    fill(s)
    with unchanged(s, PATH):
        r = get(s)
    assert r.status == 200 and r.headers["content-type"] == "text/calendar; charset=utf-8", r
    lines = unfold(r.text).split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR" and lines[-2:] == ["END:VCALENDAR", ""]
    assert not any("\n" in x for x in lines), "every line ends with CRLF"
    for line, count in (
        ("BEGIN:VCALENDAR", 1),
        ("VERSION:2.0", 1),
        ("BEGIN:VTIMEZONE", 1),
        ("TZID:Here", 1),
        ("BEGIN:VEVENT", 3),
        ("BEGIN:VTODO", 1),
        ("UID:a", 1),
        ("UID:b", 1),
        ("UID:c", 1),
        ("COLOR:tomato", 1),
        ("REFRESH-INTERVAL;VALUE=DURATION:PT1H", 1),
        ("X-WR-CALNAME:file", 1),
    ):
        assert lines.count(line) == count, (line, lines)
    assert sum(x.startswith("PRODID:") for x in lines) == 1
    assert not any(x.startswith("METHOD") for x in lines)


def test_what_the_calendar_says_of_itself(s):
    fill(s)
    before = get(s).headers["etag"]
    s.request(
        "PROPPATCH",
        PATH,
        proppatch(
            "<D:displayname>Marc, Anna</D:displayname><A:calendar-color>#FF0000FF</A:calendar-color>"
            "<C:calendar-description>Line\nline</C:calendar-description>"
        ),
    )
    r = get(s)
    lines = unfold(r.text).split("\r\n")
    for line in (
        "NAME:Marc\\, Anna",
        "X-WR-CALNAME:Marc\\, Anna",
        "DESCRIPTION:Line\\nline",
        "X-APPLE-CALENDAR-COLOR:#FF0000FF",
    ):
        assert line in lines, (line, lines)
    assert r.headers["etag"] != before, "a new name is another text"


def test_etag(s):
    """RFC 9110 13.1.2: 304 until something changes."""
    fill(s)
    etag = get(s).headers["etag"]
    r = get(s, If_None_Match=etag)
    assert r.status == 304 and r.body == b"" and r.headers["etag"] == etag, r
    assert get(s, If_None_Match='"other"').status == 200
    assert s.put(PATH + "e.ics", event("e")).status == 201
    r = get(s, If_None_Match=etag)
    assert r.status == 200 and r.headers["etag"] != etag and b"UID:e\r\n" in r.body
    etag = r.headers["etag"]
    assert s.request("DELETE", PATH + "e.ics").status == 204
    r = get(s, If_None_Match=etag)
    assert r.status == 200 and b"UID:e\r\n" not in r.body


def test_head(s):
    fill(s)
    full, r = get(s), s.request("HEAD", PATH)
    assert r.status == 200 and r.body == b"", r
    for name in ("etag", "content-type", "content-length"):
        assert r.headers[name] == full.headers.get(name, str(len(full.body))), name


def test_who_may(s):
    fill(s)
    assert get(s, user=None).status == 401
    assert get(s, user="marc").status == 404
    s.dedit("share", "anna/file", "marc", "read")
    shared = "/calendars/marc/anna~file/"
    r = get(s, shared, user="marc")
    assert r.status == 200 and r.body.count(b"BEGIN:VEVENT") == 3, r


def test_an_empty_calendar(s):
    assert s.request("MKCALENDAR", HOME + "none/").status == 201
    r = get(s, HOME + "none/")
    assert r.status == 200 and r.text.startswith("BEGIN:VCALENDAR\r\n"), r
    assert r.text.endswith("END:VCALENDAR\r\n") and "BEGIN:VEVENT" not in r.text


def test_other_collections_are_words(s):
    for path in ("/", HOME, "/principals/anna/"):
        r = get(s, path)
        assert r.status == 200 and r.headers["content-type"].startswith("text/plain"), r


def test_a_large_calendar(s):
    """Streamed in pieces: complete, and in order."""
    path = HOME + "large/"
    assert s.request("MKCALENDAR", path).status == 201
    for i in range(40):
        text = event(f"large{i:02}", extra="X-LONG:" + "x" * 20000 + "\r\n")
        assert s.put(f"{path}{i:02}.ics", text).status == 201
    r = get(s, path)
    assert r.status == 200 and len(r.body) > 800000
    at = [r.body.index(b"UID:large%02d\r\n" % i) for i in range(40)]
    assert at == sorted(at) and r.body.endswith(b"END:VCALENDAR\r\n")
    head = s.request("HEAD", path)
    assert int(head.headers["content-length"]) == len(r.body)


def test_refresh_interval_is_a_setting(s):
    with Server('refresh-interval = "0s"') as other:
        r = other.request("GET", HOME + "calendar/")
        assert r.status == 200 and b"REFRESH-INTERVAL" not in r.body and b"X-PUBLISHED-TTL" not in r.body
