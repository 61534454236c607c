"""trust.md T-48: iSchedule is off: there is none. No server is believed to speak for another's users."""

from dav import CALENDAR
from dedit_wire import event

SIGNED = {"iSchedule-Version": "1.0", "iSchedule-Message-ID": "x", "Originator": "mailto:boss@example.org",
          "Recipient": "mailto:anna@example.org", "Content-Type": "text/calendar; component=VEVENT; method=REQUEST",
          "DKIM-Signature": "v=1; a=rsa-sha256; d=example.org; s=x; bh=; b="}


def test_not_there(s):
    sent = event("invited").replace("PRODID", "METHOD:REQUEST\r\nPRODID", 1)
    for path in ("/.well-known/ischedule", "/.well-known/ischedule?action=capabilities", "/ischedule", "/ischedule?action=capabilities",
                 "/.well-known/domainkey/example.org/x", "/domainkey"):
        for method in ("GET", "POST", "OPTIONS"):
            assert s.request(method, path, sent if method == "POST" else None, SIGNED, None).status == 401, (method, path)
            r = s.request(method, path, sent if method == "POST" else None, SIGNED)
            assert r.status in (404, 405, 415) or method == "OPTIONS" and "ischedule" not in str(r.all_headers).lower(), (method, path, r)
    assert b"invited" not in s.request("GET", CALENDAR).body


def test_its_headers_mean_nothing(s):
    for path in (CALENDAR, CALENDAR + "x.ics"):
        for method in ("POST", "PUT"):
            assert s.request(method, path, event("x"), SIGNED, None).status == 401
    r = s.request("PUT", CALENDAR + "own.ics", event("own"), SIGNED | {"Content-Type": "text/calendar"})
    assert r.status == 201 and b"own" in s.request("GET", CALENDAR + "own.ics").body
