"""Several cancellations at the same moment: what may be used once is used once (doc/policy.md 3.4, forgive, escalate, series)."""

import concurrent.futures

from appointments import CLIENT, Practice, practices

SLOW = True

BASE = 'timezone = "Europe/Paris"\ncurrency = EUR\nprice = "80 EUR"\ntiers = { "24h 100%" }\nowner-changes = client\n'
POLICIES = {
    "forgiving": BASE + 'forgive = "1 per 365d late-cancel"',
    "escalating": BASE.replace("100%", "50%") + 'escalate = "from 4 per 365d 100%"',
}
SERVER = {"extra": practices(POLICIES), "users": (), "clock": "2026-01-01T00:00:00Z", "settings": "threads = 4"}
COUNT = 8


def at_once(s, policy, one):
    """COUNT appointments of one client, lost by as many connections at once; the practice."""
    p = Practice(s, policy)
    p.at(24 * 14)
    for n in range(COUNT):
        p.put(f"u{n}", p.event(f"u{n}", hours=n), new=True)
    p.at(1)
    with concurrent.futures.ThreadPoolExecutor(COUNT) as pool:
        list(pool.map(lambda n: one(p, n), range(COUNT)))
    return p


def cancel(p, n):
    p.put(f"u{n}", p.event(f"u{n}", hours=n, status="CANCELLED"), CLIENT)


def delete(p, n):
    p.delete(f"u{n}", CLIENT)


def test_one_forgiveness(s):
    for one in (cancel, delete, cancel, delete):
        p = at_once(s, "forgiving", one)
        outcomes = sorted(e["outcome"] for e in p.entries())
        assert outcomes == ["charged"] * (COUNT - 1) + ["forgiven"], p.entries()
        assert p.owed() == 8000 * (COUNT - 1)


def test_each_counts_once_for_escalation(s):
    """Three at half the price, from the fourth on the whole."""
    for one in (cancel, delete):
        p = at_once(s, "escalating", one)
        assert p.charged() == [4000] * 3 + [8000] * (COUNT - 3), p.entries()


def test_the_same_cancellation_from_many_connections(s):
    """One incident, one fee, whatever the order."""
    p = at_once(s, "forgiving", lambda p, n: cancel(p, 0))
    assert [e["outcome"] for e in p.entries()] == ["forgiven"], p.entries()
    before = p.text("u0")
    cancel(p, 0)
    assert p.text("u0") == before


def test_cancelled_and_taken_back_at_once(s):
    """Each is answered; whatever came last holds, and a forgiveness that was given back can be used again."""
    def either(p, n):
        for status in ("CANCELLED", None) if n % 2 else (None, "CANCELLED"):
            p.put("u0", p.event("u0", status=status), CLIENT)
    for _ in range(4):
        p = at_once(s, "forgiving", either)
        assert "module late failed" not in s.log(), s.log()[-2000:]
    cancelled = "STATUS:CANCELLED" in p.text("u0")
    assert bool([e for e in p.entries("u0") if e["state"] != "void" and e["outcome"] == "forgiven"]) == cancelled, p.entries()
    p.put("u0", p.event("u0"), CLIENT)
    cancel(p, 1)
    assert [e["outcome"] for e in p.entries("u1")] == ["forgiven"], p.entries()
