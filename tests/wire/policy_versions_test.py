"""Versions of a policy that begin in the past (doc/policy.md 5.1): refused by deditd -t, at start and at a reload."""

import subprocess

from dedit_wire import BUILD, Server, event

SLOW = True

CLOCK = {"clock": "2026-06-01T08:00:00Z"}
POLICY = """policy "p" {{
    timezone = "Europe/Paris"
    price = "80 EUR"
    tiers = {{ "24h 100%" }}
    {}
}}
calendar "anna/calendar" {{ policy = "p" }}
"""
PAST = POLICY.format('version "2026-05-31" { price = "85 EUR" }')
FUTURE = POLICY.format('version "2026-06-03" { price = "85 EUR" }')


def daemon(s, *options):
    return subprocess.run([BUILD / s.daemon(), "-c", s.conf, *options], capture_output=True, text=True,
                          env=s.environment(), timeout=60)


def refused(text):
    return ("dedit.conf:" in text and "policy 'p': version '2026-05-31' is in the past, with 1 bookings since: "
            "expected a date to come, or --retroactive" in text)


def test_refused_without_retroactive(_):
    with Server(extra=POLICY.format(""), **CLOCK) as s:
        assert s.put("/calendars/anna/calendar/a.ics",
                     event("a", "20260610T100000Z", "20260610T110000Z", "Marc")).status == 201
        s.dedit("flush")
        s.write_config(extra=PAST)
        r = daemon(s, "-t")
        assert r.returncode == 1 and refused(r.stderr), r
        r = daemon(s, "-t", "--retroactive")
        assert r.returncode == 0 and "no errors" in r.stdout, r
        line = s.reload()
        assert line.startswith("not reloaded") and refused(line), line
        assert s.stop() == 0
        # what the command does without a server makes it no better known
        assert "no server is running" in s.dedit("clock").stdout
        s.dedit("user", "list")
        r = daemon(s)
        assert r.returncode == 1 and refused(r.stderr), r

        # In force once, it needs the option no more.
        s.start("--retroactive")
        s.restart()
        assert s.reload().startswith("reloaded")


def test_what_was_announced_comes_true(_):
    """A date that is to come when it is written is refused never after."""
    with Server(extra=FUTURE, **CLOCK) as s:
        s.set_clock("2026-06-04T08:00:00Z")
        assert s.put("/calendars/anna/calendar/a.ics",
                     event("a", "20260610T100000Z", "20260610T110000Z", "Marc")).status == 201
        s.dedit("flush")
        assert s.reload().startswith("reloaded")
        s.restart()
        s.write_config(extra=FUTURE.replace("24h 100%", "48h 100%"))
        assert s.reload().startswith("reloaded"), "the version itself is the same"
        s.write_config(extra=FUTURE.replace("85 EUR", "95 EUR"))
        assert s.reload().startswith("not reloaded")
