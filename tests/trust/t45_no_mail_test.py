"""trust.md T-45, T-46: the server sends no mail and takes none in, so there is no storm, relay or loop. What would make one
(scheduling, RFC 6638) is neither announced nor there."""

import itertools
import re
import subprocess

from dav import CALENDAR, HOME, body
from dedit_wire import BUILD, ROOT, event, propfind


def test_no_inbox_and_no_outbox(s):
    for box in ("inbox", "outbox", "schedule-inbox", "schedule-outbox", "notifications", "dropbox"):
        assert s.request("PROPFIND", HOME + box + "/", None, {"Depth": "0"}).status == 404
        for kind, sent in (("text/calendar", event("x").replace("PRODID", "METHOD:REQUEST\r\nPRODID", 1)),
                           ("text/calendar", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"), ("application/xml", body("C:schedule-query")),
                           ("message/rfc822", "From: a@b\r\nTo: c@d\r\n\r\nx")):
            r = s.request("POST", HOME + box + "/", sent, {"Content-Type": kind, "Originator": "mailto:anna@example.org",
                                                           "Recipient": "mailto:marc@example.org"})
            assert r.status in (403, 404, 405), (box, kind, r)


def test_not_announced(s):
    for path in ("/", HOME, CALENDAR, "/principals/anna/"):
        assert "schedul" not in s.request("OPTIONS", path).headers["dav"]
        r = s.request("PROPFIND", path, propfind("C:schedule-inbox-URL", "C:schedule-outbox-URL", "C:schedule-default-calendar-URL",
                                                 "D:supported-privilege-set"), {"Depth": "0"})
        assert b"200 OK" not in r.body or b"schedule-inbox" not in r.body.split(b"200 OK")[0], r
        assert b"schedule-send" not in r.body and b"schedule-deliver" not in r.body, r


def test_a_thousand_attendees_get_nothing(s):
    """Stored as it was sent: no copies, no status, no further event."""
    attendees = "".join(f"ATTENDEE;RSVP=TRUE;SCHEDULE-AGENT=SERVER:mailto:v{n}@example.org\r\n" for n in range(999))
    sent = event("storm", extra="ORGANIZER:mailto:anna@example.org\r\n" + attendees)
    for n, summary in itertools.product(range(3), ("a", "b")):
        assert s.put(CALENDAR + "storm.ics", sent.replace("Meeting", summary)).status in (201, 204)
    s.dedit("flush")
    assert s.request("GET", CALENDAR + "storm.ics").body == sent.replace("Meeting", "b").encode()
    assert len(list((s.data / "cal").rglob("*.ics"))) == 1
    for alarm in ("ACTION:EMAIL\r\nATTENDEE:mailto:victim@example.org\r\nSUMMARY:x\r\nDESCRIPTION:x",
                  "ACTION:PROCEDURE\r\nATTACH:file:///bin/sh"):
        text = event("alarm", extra=f"BEGIN:VALARM\r\nTRIGGER:-PT1S\r\n{alarm}\r\nEND:VALARM\r\n")
        assert s.put(CALENDAR + "alarm.ics", text).status in (201, 204, 403)


def test_nothing_to_send_with(_):
    """By source and by what the programs are linked with."""
    for name in ("deditd", "dedit"):
        libraries = subprocess.run(["objdump", "-p", BUILD / name], capture_output=True, text=True, check=True).stdout
        assert not re.search(r"NEEDED\s+lib(curl|esmtp|vmime|etpan|gsasl|ldap)", libraries), libraries
    for floor in ("base", "xml", "ical", "storage", "policy", "http", "caldav", "web", "server"):
        for f in (ROOT / floor).rglob("*.c"):
            assert not re.search(r"\b(smtp|sendmail|EHLO|HELO|MAIL FROM|DATA\\r\\n)\b", f.read_text(), re.I), f
