"""`dedit demo`: a made-up year, the same each time, left in ledger and calendar as if it had happened."""

import collections
import json

from dedit_wire import Server

SLOW = PLAIN = True
EXTRA = """
policy "practice" {
    timezone = "Europe/Paris" currency = "EUR" price-from = title owner-changes = propose
    tiers = { "48h 50%", "24h 100%" } no-show = "100% wait 15m until 14d"
}
calendar "anna/appointments" { policy = "practice" }
"""
SERVER = {"extra": EXTRA, "start": False}
WHERE = ("demo", "anna/appointments")


def made(today, calendar=True):
    """A server that holds the year and isn't started."""
    s = Server(extra=EXTRA, start=False)
    s.__enter__()
    s.dedit("calendar", "add", WHERE[1])
    s.dedit(*WHERE, "--today", today)
    return s


def everything(s):
    fees = json.loads(s.dedit("fees", "--json").stdout)
    events = s.dedit("export", "anna/appointments").stdout
    return fees, events


def incidents(fees):
    return fees if isinstance(fees, list) else fees["fees"]


def without_signs(fees):
    """What differs between two data folders: references have a key of their own behind them."""
    return [{k: v for k, v in f.items() if k not in ("ref", "changed")} for f in incidents(fees)]


def test_the_same_twice(s):
    first, second = made("2026-06-10"), made("2026-06-10")
    try:
        assert without_signs(everything(first)[0]) == without_signs(everything(second)[0])
        assert everything(first)[1].count("BEGIN:VEVENT") == everything(second)[1].count("BEGIN:VEVENT") > 250
    finally:
        first.__exit__(None, None, None)
        second.__exit__(None, None, None)


def test_a_year_of_everything(s):
    with Server(extra=EXTRA, start=False) as own:
        own.dedit("calendar", "add", WHERE[1])
        # a Sunday: nobody works, and the night before the clocks go forward
        own.dedit(*WHERE, "--today", "2026-03-29")
        fees = incidents(everything(own)[0])
        seen = collections.Counter(f["class"] for f in fees)
        assert all(seen[c] for c in ("late-cancel", "late-move", "on-time-cancel", "on-time-move", "no-show",
                                     "owner-cancel")), seen
        states = collections.Counter(f["state"] for f in fees)
        assert all(states[c] for c in ("paid", "waived", "due", "disputed", "proposed")), states
        assert min(f["at"] for f in fees) < "2025-07" and max(f["at"] for f in fees) > "2026-03-20"
        assert max(f["at"] for f in fees) <= "2026-03-29T10:00:00Z", "nothing happens after that moment"
        assert "no problems" in own.dedit("ledger", "verify").stdout
        assert "not understood" in own.dedit("report", "decide").stdout


def test_only_into_what_is_empty(s):
    s.dedit("calendar", "add", WHERE[1])
    s.dedit("calendar", "add", "anna/plain")
    assert "under a policy" in s.dedit("demo", "anna/plain", check=False).stderr
    assert "under a policy" in s.dedit("demo", "anna", check=False).stderr
    assert s.dedit(*WHERE, "--today", "June", check=False).returncode == 2
    s.dedit(*WHERE)
    again = s.dedit(*WHERE, check=False)
    assert again.returncode == 1 and "not empty" in again.stderr


def test_not_beside_a_server(s):
    with Server(extra=EXTRA) as own:
        own.dedit("calendar", "add", WHERE[1])
        refused = own.dedit(*WHERE, check=False)
        assert refused.returncode == 1 and "stop the server first" in refused.stderr
