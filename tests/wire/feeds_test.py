"""architecture.md 15.34, 15.36: secret links for programs that only subscribe (`dedit feed`)."""

import datetime
import re
import urllib.parse

from dav import HOME, calendar, component, in_hours, proppatch, unfold
from dedit_wire import Server, event, wait_for

SLOW = True

SERVER = {"settings": 'public-url = "https://cal.example.org"\nlogin-attempts = 3\nlogin-delay = "50ms"'}
ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:Here\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\n"
    "TZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)


def fill(s, name, *objects):
    path = HOME + urllib.parse.quote(name)
    assert s.request("MKCALENDAR", path + "/").status == 201
    for i, text in enumerate(objects):
        r = s.put(f"{path}/{i}.ics", text)
        assert r.status == 201, r


def add(s, name, *options):
    """The path of a new feed."""
    lines = s.dedit("feed", "add", f"anna/{name}", *options).stdout.splitlines()
    assert len(lines) == 2, lines
    assert lines[0].startswith("https://cal.example.org/feeds/"), lines
    assert lines[1] == "webcal" + lines[0][len("https"):], lines
    return lines[0][len("https://cal.example.org"):]


def get(s, path, method="GET", **headers):
    return s.request(method, path, None, {k.replace("_", "-"): v for k, v in headers.items()}, None)


def feed_id(path):
    return path.split("/")[2].split("-")[0]


def day(offset):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=offset)).strftime("%Y%m%d")


def single(uid, offset):
    return event(uid, f"{day(offset)}T100000Z", f"{day(offset)}T110000Z")


SERIES = calendar(
    ZONE,
    component("VEVENT", "series", "DTSTART;TZID=Here:20270601T100000", "DURATION:PT1H",
              "RRULE:FREQ=WEEKLY;COUNT=9", "EXDATE;TZID=Here:20270608T100000", "SUMMARY:Secret plan",
              "DESCRIPTION:Secret words", "LOCATION:Secret place", "ATTENDEE:mailto:secret@example.org",
              "ORGANIZER:mailto:secret@example.org", "X-SECRET:1",
              "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Secret\r\nTRIGGER:-PT5M\r\nEND:VALARM")
    + component("VEVENT", "series", "RECURRENCE-ID;TZID=Here:20270615T100000",
                "DTSTART;TZID=Here:20270615T120000", "DURATION:PT1H", "SUMMARY:Secret move"),
)


def test_whole_calendar(s):
    fill(s, "whole", event("a", summary="First"), SERIES, calendar(component("VTODO", "t", "SUMMARY:Bread")))
    s.request("PROPPATCH", HOME + "whole/", proppatch("<D:displayname>Anna, home</D:displayname>"))
    r = get(s, add(s, "whole"))
    assert r.status == 200 and r.headers["content-type"] == "text/calendar; charset=utf-8", r
    lines = unfold(r.text).split("\r\n")
    for line, count in (("BEGIN:VCALENDAR", 1), ("BEGIN:VTIMEZONE", 1), ("BEGIN:VEVENT", 3), ("BEGIN:VTODO", 1),
                        ("SUMMARY:Secret plan", 1), ("BEGIN:VALARM", 1), ("RRULE:FREQ=WEEKLY;COUNT=9", 1),
                        ("NAME:Anna\\, home", 1), ("X-WR-CALNAME:Anna\\, home", 1),
                        ("REFRESH-INTERVAL;VALUE=DURATION:PT1H", 1), ("X-PUBLISHED-TTL:PT1H", 1)):
        assert lines.count(line) == count, (line, lines)
    assert not any(x.startswith("METHOD") for x in lines)


def test_headers(s):
    fill(s, "Büro \"1\"", event("a"))
    r = get(s, add(s, "Büro \"1\""))
    assert r.status == 200, r
    assert r.headers["referrer-policy"] == "no-referrer"
    assert r.headers["cache-control"] == "private"
    assert r.headers["x-content-type-options"] == "nosniff"
    assert r.headers["content-disposition"] == (
        "inline; filename=\"B__ro__1_.ics\"; filename*=UTF-8''B%C3%BCro%20%221%22.ics")
    assert "www-authenticate" not in r.headers


def test_busy_shows_times_alone(s):
    fill(s, "busy", SERIES, calendar(component("VTODO", "secret", "SUMMARY:Secret")))
    s.request("PROPPATCH", HOME + "busy/",
              proppatch("<C:calendar-description>Secret</C:calendar-description>"))
    r = get(s, add(s, "busy", "--busy"))
    text = unfold(r.text)
    assert r.status == 200
    for word in ("ecret", "SUMMARY", "DESCRIPTION", "LOCATION", "ATTENDEE", "ORGANIZER", "VALARM", "VTODO", "UID:series"):
        assert word not in text, (word, text)
    for line in ("DTSTART;TZID=Here:20270601T100000", "RRULE:FREQ=WEEKLY;COUNT=9", "DURATION:PT1H",
                 "EXDATE;TZID=Here:20270608T100000", "RECURRENCE-ID;TZID=Here:20270615T100000",
                 "DTSTART;TZID=Here:20270615T120000", "TZID:Here"):
        assert line + "\r\n" in text, (line, text)
    uids = re.findall(r"UID:(.*)\r\n", text)
    assert len(uids) == 2 and uids[0] == uids[1], "both components are one object"


def test_private_events_are_busy(s):
    fill(s, "classes", event("open", summary="Open"),
         event("hidden-uid", summary="Hidden", extra="CLASS:PRIVATE\r\n"),
         event("c", summary="Hidden", extra="CLASS:CONFIDENTIAL\r\n"))
    r = get(s, add(s, "classes"))
    assert r.text.count("BEGIN:VEVENT") == 3
    assert "SUMMARY:Open" in r.text and "idden" not in r.text


def test_window(s):
    fill(s, "window", single("old", -30), single("near", -2), single("soon", 5), single("far", 60),
         event("weekly", f"{day(-100)}T100000Z", f"{day(-100)}T110000Z", extra="RRULE:FREQ=WEEKLY\r\n"))
    r = get(s, add(s, "window", "--back", "7", "--ahead", "14"))
    assert sorted(re.findall(r"UID:(.*)\r\n", r.text)) == ["near", "soon", "weekly"], r.text
    assert "RRULE:FREQ=WEEKLY" in r.text, "a series stays a rule"
    r = get(s, add(s, "window", "--ahead", "14"))
    assert sorted(re.findall(r"UID:(.*)\r\n", r.text)) == ["near", "old", "soon", "weekly"], r.text


def test_etag(s):
    fill(s, "etag", event("a"))
    path = add(s, "etag")
    etag = get(s, path).headers["etag"]
    r = get(s, path, If_None_Match=etag)
    assert r.status == 304 and r.body == b"" and r.headers["etag"] == etag, r
    assert r.headers["cache-control"] == "private"
    assert get(s, path, If_None_Match='"x", ' + etag).status == 304
    busy = get(s, add(s, "etag", "--busy"))
    assert busy.headers["etag"] != etag, "what it shows is another text"
    assert s.put(HOME + "etag/b.ics", event("b")).status == 201
    r = get(s, path, If_None_Match=etag)
    assert r.status == 200 and "UID:b\r\n" in r.text and r.headers["etag"] != etag


def test_head(s):
    fill(s, "head", event("a"))
    path = add(s, "head")
    full, r = get(s, path), get(s, path, "HEAD")
    assert r.status == 200 and r.body == b"", r
    assert r.headers["etag"] == full.headers["etag"]
    assert r.headers["content-length"] == str(len(full.body))


def test_other_methods(s):
    fill(s, "methods", event("a"))
    path = add(s, "methods")
    for method in ("PUT", "DELETE", "PROPFIND", "POST", "OPTIONS"):
        r = s.request(method, path, None, {}, None)
        assert r.status == 405 and r.headers["allow"] == "GET, HEAD", (method, r)


def same_refusal(r):
    assert r.status == 404, r
    return [(k, v) for k, v in r.all_headers if k not in ("date", "x-request-id")], r.body


def test_wrong_revoked_and_unknown_answer_alike(_):
    with Server('public-url = "https://cal.example.org"\nlogin-attempts = 1000') as s:
        fill(s, "alike", event("a"))
        fill(s, "other", event("a"))
        path, revoked = add(s, "alike"), add(s, "alike")
        s.dedit("feed", "revoke", feed_id(revoked))
        token = path.split("/")[2]
        answers = [same_refusal(get(s, p)) for p in (
            revoked, "/feeds/" + "a" * 33 + "/alike.ics", path.replace(token, token[:-1]),
            path.replace("alike", "other"), path.replace(".ics", ".txt"), "/feeds/", "/feeds/" + token,
            "/feeds/" + token + "/", path + "/", "/feeds//alike.ics", "/feeds/%00/alike.ics",
            "/feeds/" + "a" * 2000 + "/alike.ics")]
        assert all(a == answers[0] for a in answers), answers
        assert get(s, path).status == 200


def test_a_login_changes_nothing(s):
    fill(s, "login", event("a"))
    assert s.request("GET", add(s, "login"), user="marc").status == 200


def test_logs_hide_the_link(_):
    with Server('public-url = "https://cal.example.org"') as s:
        fill(s, "logs", event("a"))
        path = add(s, "logs")
        token = path.split("/")[2]
        assert get(s, path).status == 200
        assert get(s, path.replace(token, token + "x")).status == 404
        s.restart()
        assert token not in s.log(), s.log()
        assert "/feeds/…" in s.log()
        assert token not in "".join(
            p.read_text("utf-8", "replace") for p in s.data.rglob("*") if p.is_file()), "kept hashed"


def test_list_and_last_use(s):
    fill(s, "list", event("a"))
    path = add(s, "list", "--label", "Anna's phone", "--busy", "--back", "7", "--no-annotations")
    line = s.dedit("feed", "list", "anna/list").stdout
    assert line.startswith(feed_id(path) + "  anna/list  made 2"), line
    for word in ("used never", "  busy", "  no-annotations", "  back 7", "  Anna's phone\n"):
        assert word in line, (word, line)
    assert path.split("-", 1)[1].split("/")[0] not in line, "shown once"
    get(s, path)
    assert "used 2" in s.dedit("feed", "list", "anna/list").stdout
    assert feed_id(path) in s.dedit("feed", "list").stdout


def test_ends_with_calendar_and_account(_):
    with Server('public-url = "https://cal.example.org"', users=("anna", "marc")) as s:
        fill(s, "gone", event("a"))
        fill(s, "stays", event("a"))
        path, stays = add(s, "gone"), add(s, "stays")
        assert s.request("DELETE", HOME + "gone/").status == 204
        assert get(s, path).status == 404
        assert s.request("MKCALENDAR", HOME + "gone/").status == 201
        assert get(s, path).status == 404, "a calendar of the same name is another one"
        assert get(s, stays).status == 200
        s.dedit("user", "remove", "anna")
        assert get(s, stays).status == 404
        assert s.dedit("feed", "list").stdout == ""


def test_survives_restart_and_rebuild(_):
    with Server('public-url = "https://cal.example.org"') as s:
        fill(s, "kept", event("a"))
        path = add(s, "kept", "--busy")
        s.restart()
        assert get(s, path).status == 200
        s.stop()
        s.dedit("rebuild")
        s.start()
        r = get(s, path)
        assert r.status == 200 and "SUMMARY" not in r.text


def test_guesses_are_braked(_):
    settings = 'public-url = "https://cal.example.org"\nlogin-attempts = 1\nlogin-delay = "1h"'
    with Server(settings) as s:
        fill(s, "guess", event("a"))
        path = add(s, "guess")
        assert get(s, "/feeds/aaaaaa-wrong/guess.ics").status == 404
        r = wait_for(lambda: [x for x in [get(s, "/feeds/aaaaaa-wrong/guess.ics")] if x.status == 429],
                     what="brake")[0]
        assert int(r.headers["retry-after"]) > 0
        assert get(s, path).status == 200, "a right link needs no brake"
        assert s.request("PROPFIND", "/", None, {"Depth": "0"}).status == 207, "nor do logins beside it"


POLICY = """
policy "therapy" { timezone = "Europe/Paris" currency = "EUR" price-from = title tiers = { "24h 100%" } }
calendar "anna/work" { policy = "therapy" }
"""


def test_annotations(_):
    """architecture.md 15.7: in the event for all who may read it, but not for who only sees busy times."""
    with Server('public-url = "https://cal.example.org"', POLICY, ("anna",)) as s:
        s.add_user("marc", "--name", "Marc Petit")
        s.dedit("calendar", "add", "anna/work")
        s.dedit("share", "anna/work", "marc", "write")
        assert s.put(HOME + "work/a.ics", event("a", in_hours(4), in_hours(5), "Marc Petit 80 €",
                                                "DESCRIPTION:My own words\r\n")).status == 201
        shared = "/calendars/marc/anna~work/a.ics"
        text = s.request("GET", shared, user="marc").text
        assert s.put(shared, text.replace("END:VEVENT", "STATUS:CANCELLED\r\nEND:VEVENT"),
                     user="marc").status == 204
        full, plain, busy = (get(s, add(s, "work", *o)) for o in ((), ("--no-annotations",), ("--busy",)))
        assert "do not edit below" in unfold(full.text) and "X-DEDIT-" in full.text, full.text
        assert "SUMMARY:Marc Petit 80 €\r\n" in unfold(plain.text), plain.text
        assert "My own words" in plain.text
        for word in ("do not edit", "X-DEDIT", "Late", "=== "):
            assert word not in unfold(plain.text), (word, plain.text)
            assert word not in unfold(busy.text), (word, busy.text)
        assert "BEGIN:VEVENT" in busy.text and "Petit" not in busy.text


def test_bad_commands(s):
    fill(s, "bad", event("a"))
    for args, text in (
        (("add", "anna/none"), "no calendar anna/none"),
        (("add", "anna/bad", "--back", "-1"), "a number of days"),
        (("add", "anna/bad", "--ahead", "x"), "a number of days"),
        (("add", "anna/bad", "--label", "a\nb"), "--label"),
        (("add", "anna/bad", "--colour"), "unknown option"),
        (("add",), "missing"),
        (("revoke", "zzzzzz"), "no feed zzzzzz"),
        (("list", "anna/none"), "no calendar"),
    ):
        r = s.dedit("feed", *args, check=False)
        assert r.returncode in (1, 2) and text in r.stderr, (args, r)
    assert s.dedit("feed", "list", "anna/bad").stdout == ""


def test_limit_and_no_public_url(_):
    with Server("feeds = 2") as s:
        for _ in range(2):
            r = s.dedit("feed", "add", "anna/calendar")
            assert re.fullmatch(r"/feeds/[a-z0-9]{6}-[a-z0-9]{26}/calendar\.ics\n", r.stdout), r
            assert "public-url" in r.stderr
        r = s.dedit("feed", "add", "anna/calendar", check=False)
        assert r.returncode == 1 and "feeds" in r.stderr, r


def test_large_calendar_is_streamed(s):
    fill(s, "large", *[event(f"{i}", extra="X-FILL:" + "x" * 60000 + "\r\n") for i in range(40)])
    r = get(s, add(s, "large"))
    assert r.status == 200 and r.text.count("BEGIN:VEVENT") == 40
    assert r.headers.get("transfer-encoding") == "chunked", r.headers
