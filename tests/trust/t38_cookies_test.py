"""trust.md T-38: what the console's cookie is, and whose session it opens."""

import base64

CONSOLE = True


def test_a_cookie_carries_nothing(s):
    """One is as good as another of that length: neither name, nor time, nor count stands in it."""
    made = [s.request("POST", "/console/api/session", user=u).headers["set-cookie"].split(";")[0].split("=", 1)[1]
            for u in ("anna", "marc", "anna")]
    raw = [base64.urlsafe_b64decode(m + "=") for m in made]
    assert [len(r) for r in raw] == [32, 32, 32]
    assert all(len({a[i:i + 4] for i in range(29)} & {b[i:i + 4] for i in range(29)}) == 0
               for a, b in ((raw[0], raw[1]), (raw[0], raw[2]), (raw[1], raw[2])))
    assert not any(n in r for r in raw for n in (b"anna", b"marc"))
    for forged in (base64.urlsafe_b64encode(b"anna".ljust(32, b"\0")).decode()[:-1], "A" * 43, "anna", made[0][::-1]):
        r = s.request("GET", "/console/api/session", headers={"Cookie": f"dedit_session={forged}"}, user=None)
        assert r.status == 401, forged


def test_a_session_is_never_taken_over(s):
    """What a browser brings along is no session of anybody's after the login (fixation)."""
    brought = "B" * 43
    r = s.request("POST", "/console/api/session", headers={"Cookie": f"dedit_session={brought}"})
    assert r.status == 200 and brought not in r.headers["set-cookie"]
    r = s.request("GET", "/console/api/session", headers={"Cookie": f"dedit_session={brought}"}, user=None)
    assert r.status == 401
