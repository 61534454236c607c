"""RFC 4791 7.10 under a policy: who is busy is told of what is stored, which the policy has rendered, not of what was sent."""

from appointments import Practice, practices
from dav import body, time_range, unfold

BASE = 'timezone = "Europe/Paris"\ncurrency = EUR\nprice-from = title\ntiers = { "48h 50%", "24h 100%" }\n'
SERVER = {"extra": practices({"free": BASE + "owner-changes = client"}), "users": (), "clock": "2026-01-01T00:00:00Z"}


def busy(p):
    """Periods of the day of the first appointment, from the server's own words."""
    query = body("C:free-busy-query", time_range(p.time(-12), p.time(12)))
    r = p.s.request("REPORT", f"/calendars/{p.owner}/work/", query, {"Depth": "1"}, p.owner)
    assert r.status == 200, r
    return [line.partition(":")[2] for line in unfold(r.text).split("\r\n") if line.startswith("FREEBUSY")]


def checked(s):
    """The index is that of the files: traits are compared, too."""
    r = s.dedit("check", "--deep", check=False)
    assert r.returncode == 0, r


def test_lost_appointment_frees_its_time(s):
    """A client who makes it tentative late cancels it (doc/policy.md 3.2): tentative was sent, free is stored."""
    p = Practice(s, "free")
    p.book("a")
    assert busy(p) == [f"{p.time(0)}/{p.time(1)}"]
    p.at(5)
    p.put("a", p.event("a", status="TENTATIVE"), "marc")
    assert "TRANSP:TRANSPARENT" in p.text("a"), p.text("a")
    assert busy(p) == []
    checked(s)


def test_appointment_that_is_taken_back_is_busy(s):
    """The program sends the annotation back, TRANSP:TRANSPARENT with it; that is taken off, and the time is taken."""
    p = Practice(s, "free")
    p.book("a")
    p.at(5)
    p.put("a", p.event("a", status="CANCELLED"), "marc")
    stored = p.text("a")
    assert "TRANSP:TRANSPARENT" in stored and busy(p) == [], stored
    p.at(4)
    p.put("a", stored.replace("STATUS:CANCELLED", "STATUS:CONFIRMED"), "marc")
    assert "TRANSP:TRANSPARENT" not in p.text("a"), p.text("a")
    assert busy(p) == [f"{p.time(0)}/{p.time(1)}"]
    checked(s)
