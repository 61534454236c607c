"""trust.md T-38: sessions are the console's alone, random, and made by nothing but a password (t38_cookies_test.py; what a
session may do says tests/wire/console_session_test.py). All else sets and takes no cookie, no page of it has a form or a script, and nothing is
there to log in at, but HTTP's own login in each request."""

import re

from dav import CALENDAR, HOME, in_hours
from dedit_wire import PASSWORD, ROOT, basic, event

POLICY = ('policy "p" { timezone = "UTC" currency = EUR price = "80 EUR" tiers = { "48h 100%" } owner-changes = client '
          'version "2026-01-01" { } }\ncalendar "anna/work" { policy = "p" }\n')
SERVER = {"settings": 'public-url = "https://cal.example.org"', "extra": POLICY}
PATHS = ("/", HOME, CALENDAR, CALENDAR + "x.ics", "/principals/anna/", "/healthz", "/timezones", "/policy/p/2026-01-01",
         "/.well-known/caldav", "/none")


def test_no_cookie_is_set(s):
    for user in ("anna", None):
        for method in ("GET", "PROPFIND", "OPTIONS", "POST", "PUT", "DELETE"):
            for path in PATHS:
                if method in ("PUT", "DELETE") and path != "/none":
                    continue
                r = s.request(method, path, None, {"Depth": "0", "Cookie": "session=1", "Accept": "text/html"}, user)
                assert not [k for k, _ in r.all_headers if "cookie" in k], (method, path, r)


def test_no_cookie_is_taken(s):
    """Nor a login in the URL, in a form or in JSON."""
    assert s.request("GET", HOME).status == 200
    for headers in ({"Cookie": f"session={basic('anna')}"}, {"Cookie": "user=anna; remember-me=1"}, {"X-CSRF-Token": "1"},
                    {"Cookie": f"Authorization={basic('anna')}"}, {"X-Api-Key": PASSWORD}, {"X-Auth-Token": PASSWORD}):
        assert s.request("GET", HOME, None, headers, None).status == 401, headers
    for mark in (f"?user=anna&password={PASSWORD}".replace(" ", "%20"), "?access_token=1", "?session=1"):
        assert s.request("GET", HOME + mark, user=None).status == 401
    for path in ("/login", "/session", "/api/login", "/logout", "/register", "/reset"):
        for method, sent, kind in (("GET", None, ""), ("POST", "user=anna&password=x", "application/x-www-form-urlencoded"),
                                   ("POST", '{"user":"anna"}', "application/json")):
            assert s.request(method, path, sent, {"Content-Type": kind}, None).status == 401, path
            assert s.request(method, path, sent, {"Content-Type": kind}).status in (404, 405, 415), path


def fee_note(s):
    s.dedit("calendar", "add", "anna/work", check=False)
    s.put(HOME + "work/l.ics", event("l", in_hours(5), in_hours(6), "Marc 80 €"))
    cancelled = s.request("GET", HOME + "work/l.ics").text.replace("END:VEVENT", "STATUS:CANCELLED\r\nEND:VEVENT")
    assert s.put(HOME + "work/l.ics", cancelled).status == 204
    text = re.sub(r"\r\n[ \t]", "", s.request("GET", HOME + "work/l.ics").text)
    return re.search(r"https://cal.example.org(/fee/\S+)", text)[1]


def test_pages_do_nothing(s):
    """Those that there are, for clients of a practice: no form, no script, no handler, nothing of another site's."""
    note = fee_note(s)
    terms = re.search(r'<a href="(/policy/[^"]+)"', s.request("GET", note, user=None).text)[1]
    for path in (note, terms):
        r = s.request("GET", path, user=None)
        assert r.status == 200 and r.headers["content-type"].startswith("text/html"), r
        assert not re.search(r"<(form|script|input|button|iframe|img|object|embed|link|base)\b|\son\w+=|javascript:", r.text, re.I), r
        policy = r.headers["content-security-policy"]
        for part in ("default-src 'none'", "form-action 'none'", "frame-ancestors 'none'", "base-uri 'none'"):
            assert part in policy, policy
        assert "unsafe" not in policy and "http" not in policy and "*" not in policy, policy
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            r = s.request(method, path, "a=b", {"Content-Type": "application/x-www-form-urlencoded"}, None)
            assert r.status in (405, 413) and not [k for k, _ in r.all_headers if "cookie" in k], r


def test_random_bytes_are_the_kernels(_):
    """By source: what keys, tokens and names are made of comes from one place, and that from getrandom(2)."""
    makers = [f for floor in ("base", "xml", "ical", "storage", "policy", "http", "caldav", "web", "server")
              for f in (ROOT / floor).rglob("*.c") if re.search(r"\b(getrandom|getentropy|arc4random\w*|RAND_bytes|/dev/u?random)\b",
                                                              f.read_text())]
    assert [f.name for f in makers] == ["digest.c"], makers
    assert [f.name for f in ROOT.rglob("*.c") if "Set-Cookie" in f.read_text()] == ["session.c"]
