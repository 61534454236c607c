"""What a policy may cost: large groups, long and dense series, long notes are decided in time, or are as without a policy."""

import pathlib
import re

from dav import in_hours, unchanged
from dedit_wire import Server, cpu_seconds, event

SLOW = PLAIN = True

CALENDAR = "/calendars/anna/work/"
POLICY = ('policy "p" { timezone = "Europe/Paris" currency = EUR price = "80 EUR" tiers = { "24h 100%" } owner-changes = client }\n'
          'calendar "anna/work" { policy = "p" }\n')
SERVER = {"extra": POLICY, "users": ("anna",)}
SECONDS = 60  # of the server's processor time: a quadratic mistake takes minutes
MEMORY = 200  # MiB resident at most, what the timer does about them meanwhile included
PATIENCE = 300  # of the clock's, on a machine with other work


def quick(s, method, path, body=None):
    began = cpu_seconds(s.process.pid)
    r = s.request(method, path, body, {"Content-Type": "text/calendar"}, connection=s.connect(timeout=PATIENCE))
    assert cpu_seconds(s.process.pid) - began < SECONDS, cpu_seconds(s.process.pid) - began
    status = pathlib.Path(f"/proc/{s.process.pid}/status").read_text()
    most = int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024
    assert most < MEMORY, most
    return r


def put_and_delete(s, uid, extra, start=None, title="Group"):
    s.dedit("calendar", "add", "anna/work", check=False)
    start = in_hours(100) if start is None else start
    path = f"{CALENDAR}{uid}.ics"
    r = quick(s, "PUT", path, event(uid, start, in_hours(101), title, extra))
    assert r.status == 201, r
    r = quick(s, "PUT", path, event(uid, start, in_hours(101), title + "s", extra))
    assert r.status == 204, r
    assert quick(s, "DELETE", path).status == 204


def test_a_thousand_attendees(s):
    """And the same people at the same time once more."""
    guests = "".join(f"ATTENDEE:mailto:a{n}@example.org\r\n" for n in range(999))
    put_and_delete(s, "large", guests)
    put_and_delete(s, "large-too", guests)


def test_dense_series(s):
    """Stored and deleted, whatever the rule gives; the nearest dates are decided about."""
    for rule in ("HOURLY", "MINUTELY", "SECONDLY"):
        put_and_delete(s, rule.lower(), f"RRULE:FREQ={rule}\r\n", in_hours(2))
    entries = s.dedit("fees", "--csv").stdout
    assert "late-cancel" in entries, entries[:500]


def test_many_categories(s):
    put_and_delete(s, "categories", "".join(f"CATEGORIES:c{n}\r\n" for n in range(20000)))


def test_too_large_is_max_resource_size(s):
    """Also in one line, as without a policy."""
    s.dedit("calendar", "add", "anna/work", check=False)
    with unchanged(s, CALENDAR):
        for extra in ("X-A:" + "x" * 1100000 + "\r\n", "X-A:x\r\n" * 200000):
            r = quick(s, "PUT", CALENDAR + "large.ics", event("large", in_hours(5), in_hours(6), "Marc", extra))
            assert r.status in (403, 413) and r.condition() == "C:max-resource-size", r


def test_a_thousand_attendees_in_a_series(_):
    """Dates and attendees multiply; the server has its other clients, too."""
    with Server(extra=POLICY, users=("anna",)) as s:
        guests = "".join(f"ATTENDEE:mailto:a{n}@example.org\r\n" for n in range(300))
        put_and_delete(s, "group", guests + "RRULE:FREQ=DAILY;COUNT=300\r\n")
