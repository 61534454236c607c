"""trust.md T-39 is for OIDC, which isn't offered. Its second half holds already: links are built from public-url and
base-path alone, whatever Host or forwarded host a request names."""

import re

from dav import CALENDAR, HOME, body, in_hours, proppatch, query, sync
from dedit_wire import event, propfind, read_all

POLICY = ('policy "p" { timezone = "UTC" currency = EUR price = "80 EUR" tiers = { "48h 100%" } owner-changes = client '
          'version "2026-01-01" { } }\ncalendar "anna/work" { policy = "p" }\n')
SERVER = {"settings": 'public-url = "https://cal.example.org"', "extra": POLICY}
EVIL = "evil.example"
FORGED = {"X-Forwarded-Host": EVIL, "X-Forwarded-Proto": "http", "X-Forwarded-Prefix": "/" + EVIL, "Forwarded": f"host={EVIL}",
          "X-Original-Host": EVIL, "X-Host": EVIL, "X-Forwarded-Server": EVIL, "X-HTTP-Host-Override": EVIL,
          "X-Original-URL": f"http://{EVIL}/", "X-Rewrite-URL": f"http://{EVIL}/", "Referer": f"http://{EVIL}/"}
LOGIN = "Authorization: Basic YW5uYTpjb3JyZWN0IGhvcnNl"


def ask(s, method, path, sent="", **headers):
    """With every forged header and a Host of somebody else's; the whole answer."""
    head = "".join(f"{k}: {v}\r\n" for k, v in {**FORGED, **headers}.items())
    with s.socket() as c:
        c.sendall((f"{method} {path} HTTP/1.1\r\nHost: {EVIL}\r\n{LOGIN}\r\n{head}Content-Length: {len(sent.encode())}\r\n"
                   f"Connection: close\r\n\r\n{sent}").encode())
        return read_all(c)


def test_no_answer_names_another_host(s):
    s.dedit("calendar", "add", "anna/work", check=False)
    s.put(CALENDAR + "x.ics", event("x"))
    everything = propfind("D:current-user-principal", "C:calendar-home-set", "D:owner", "CS:publish-url", "D:principal-URL",
                          "C:calendar-user-address-set", "D:resource-id", "D:principal-collection-set")
    for method, path, sent, headers in (
        ("GET", "/.well-known/caldav", "", {}), ("GET", "/.well-known/timezone", "", {}), ("PROPFIND", "/", everything, {"Depth": "1"}),
        ("PROPFIND", HOME, everything, {"Depth": "1"}), ("PROPFIND", CALENDAR, everything, {"Depth": "1"}),
        ("REPORT", CALENDAR, sync(), {"Depth": "1"}), ("REPORT", CALENDAR, query(""), {"Depth": "1"}),
        ("POST", CALENDAR, event("posted"), {"Content-Type": "text/calendar"}),
        ("POST", CALENDAR, body("CS:publish-calendar"), {"Content-Type": "application/xml"}),
        ("PROPPATCH", CALENDAR, proppatch("<D:displayname>x</D:displayname>"), {}),
        ("MKCALENDAR", HOME + "made/", "", {}), ("GET", CALENDAR + "x.ics", "", {}), ("GET", "/timezones/capabilities", "", {}),
        ("COPY", CALENDAR + "x.ics", "", {"Destination": f"http://{EVIL}{CALENDAR}copy.ics"}),
        ("PUT", CALENDAR + "again.ics", event("x"), {"Content-Type": "text/calendar"}), ("GET", "/none", "", {}),
    ):
        answer = ask(s, method, path, sent, **headers)
        assert answer.startswith(b"HTTP/1.1 ") and EVIL.encode() not in answer, (method, path, answer)
    r = s.request("PROPFIND", CALENDAR, propfind("CS:publish-url"), {"Depth": "0"})
    assert "https://cal.example.org/feeds/" in r.text
    s.request("POST", CALENDAR, body("CS:unpublish-calendar"), {"Content-Type": "application/xml"})
    # A Destination is this server's under the Host that the request has (RFC 4918 10.3); that leads nowhere else.
    s.request("DELETE", CALENDAR + "copy.ics")


def test_what_is_written_into_events(s):
    """Links to notes and terms, which clients will follow."""
    s.dedit("calendar", "add", "anna/work", check=False)
    ask(s, "PUT", HOME + "work/l.ics", event("l", in_hours(5), in_hours(6), "Marc 80 €"), **{"Content-Type": "text/calendar"})
    text = s.request("GET", HOME + "work/l.ics").text
    ask(s, "PUT", HOME + "work/l.ics", text.replace("END:VEVENT", "STATUS:CANCELLED\r\nEND:VEVENT"), **{"Content-Type": "text/calendar"})
    text = re.sub(r"\r\n[ \t]", "", s.request("GET", HOME + "work/l.ics").text)
    assert "https://cal.example.org/fee/" in text and EVIL not in text, text
    note = re.search(r"https://cal.example.org(/fee/\S+)", text)[1]
    assert EVIL.encode() not in ask(s, "GET", note)
    assert EVIL not in s.request("GET", HOME + "fees/").text


def test_no_oidc(s):
    for path in ("/.well-known/openid-configuration", "/oauth/authorize", "/oidc/callback?code=1&state=x", "/saml/acs", "/login/oauth"):
        assert s.request("GET", path, user=None).status == 401 and s.request("GET", path).status == 404, path
    for value in ("Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm5hIn0.", "Bearer anna", "DPoP x"):
        r = s.request("GET", HOME, None, {"Authorization": value}, None)
        assert r.status == 401 and r.headers["www-authenticate"].startswith("Basic "), r
