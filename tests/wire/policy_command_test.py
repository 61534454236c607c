"""`dedit policy`: explain, check, quote, accept, replay (doc/policy.md 5.1; dedit(1))."""

import datetime
import subprocess

from dav import in_hours
from dedit_wire import BUILD, Server, event
from policy_late_test import EXTRA, WORK, book, cancel, fees, prepare, stored, value

SLOW = True

FORGIVING = """
policy "forgiving" { timezone = "Europe/Paris" currency = "EUR" price = "50 EUR" tiers = { "24h 100%", "2w 10 EUR" }
  forgive = "1 per year late-cancel" owner-changes = client acceptance = required }
calendar "anna/third" { policy = "forgiving" }
"""
SERVER = {"extra": EXTRA + FORGIVING, "users": ("anna", "paul")}
THIRD = "/calendars/anna/third/"


def run(*args, code=0, cwd="/"):
    """Without configuration and server."""
    r = subprocess.run([BUILD / "dedit", *args], capture_output=True, text=True, timeout=60, cwd=cwd)
    assert r.returncode == code, r
    return r


# ---- explain ----


def test_explain(s):
    out = s.dedit("policy", "explain", "therapy").stdout
    assert out.startswith("1. Price. The price of an appointment is the one agreed when it was booked.\n2. "), out
    assert "until 48 hours before it starts. After that, cancelling it costs 50 % of the price; cancelling it less " in out
    french = s.dedit("policy", "explain", "--lang", "fr", "therapy").stdout
    assert "2. Annulation. Le client peut annuler un rendez-vous sans frais jusqu'à 48 heures avant son début." in french
    assert s.dedit("policy", "explain", "propose").stdout.startswith("1. Prix. "), "the policy's own language"
    for args, code, word in (
        (("nothing",), 1, "there is no policy 'nothing'"),
        ((), 2, "missing"),
        (("therapy", "--lang", "de"), 2, "--lang"),
        (("therapy", "--version", "soon"), 2, "soon"),
    ):
        r = s.dedit("policy", "explain", *args, check=False)
        assert r.returncode == code and word in r.stderr and r.stdout == "", (args, r)


def test_explain_a_version(s):
    extra = s.extra
    s.write_config(extra=extra.replace('owner-changes = owner }', 'owner-changes = owner\n'
                                       'version "2030-01-01" { tiers = { "12h 30%" } } }'))
    assert s.reload() and "there is no" not in s.log()
    assert "until 48 hours" in s.dedit("policy", "explain", "own").stdout
    out = s.dedit("policy", "explain", "own", "--version", "2030-01-01").stdout
    assert "until 12 hours" in out and "moved from 1 January 2030 on" in out, out
    assert "until 48 hours" in s.dedit("policy", "explain", "own", "--version", "2029-12-31").stdout
    s.write_config(extra=extra)
    s.reload()


# ---- check ----

HEAD = 'policy "p" {\n  timezone = "Europe/Paris"\n  currency = EUR\n'


def check(s, text, code=1):
    path = s.folder / "new.conf"
    path.write_text(text)
    r = run("policy", "check", str(path), code=code)
    return (r.stdout + r.stderr).replace(str(path), "new.conf")


def test_check_a_good_file(s):
    assert check(s, HEAD + "}\n", 0) == "new.conf: 1 policy, 0 calendars, no errors\n"
    out = check(s, HEAD + '  tiers = { "24h 100%" }\n  no-show = "50%"\n}\ncalendar "anna/a" { policy = "p" }\n', 0)
    assert "new.conf:5: option 'no-show': staying away is cheaper than telling you" in out, out
    # the whole configuration as well, and from standard input
    assert "policies" in run("policy", "check", str(s.conf)).stdout
    r = subprocess.run([BUILD / "dedit", "policy", "check", "-"], input=HEAD + "}\n", capture_output=True, text=True)
    assert r.returncode == 0 and r.stdout == "-: 1 policy, 0 calendars, no errors\n", r


def test_check_names_file_line_and_proposal(s):
    for lines, line, expected in (
        ('tiers = { "48h 100%", "24h 50%" }', 4, "a longer notice is dearer than a shorter one"),
        ('price = "80 EUR"\n  no-show = "90 EUR"', 5, "expected a cap in words too, for example cap = none"),
        ('tiers = { "2bd 50%" }', 4, 'bd and bh need opening hours, for example hours = { "mon-fri 09:00-18:00" }'),
        ('tiers = { "1h 50%" }\n  grace = "2h"', 5, "expected a grace period that is shorter"),
        ('price = "80.005 EUR"', 4, "expected an amount with its currency"),
        ('version "2026-01-01" { mode = record }\n  version "2025-12-31T23:00:00Z" { mode = charge }', 5,
         "expected each version to begin at another time"),
        ('colour = "red"', 4, "colour"),
        ('price = "80 EUR"\n  rate = "90 EUR/h"', 5, "expected price or rate, not both"),
    ):
        out = check(s, HEAD + f"  {lines}\n}}\n")
        assert f"new.conf:{line}: " in out and expected in out, (lines, out)
        assert len(out.splitlines()) == 1, out
    assert "new.conf:2: " in check(s, 'policy "p" {\n  timezone = "Europe/Nowhere"\n}\n')
    assert "new.conf:2: " in check(s, 'policy "p" {\n  currency = EURO\n}\n')
    assert "there is no policy 'q'" in check(s, HEAD + '}\ncalendar "anna/a" { policy = "q" }\n')


def test_check_tells_of_each_policy(s):
    two = HEAD + '  tiers = { "2bd 50%" }\n}\n' + HEAD.replace('"p"', '"q"') + "}\n"
    two += HEAD.replace('"p"', '"r"') + '  price = "1 EUR"\n  tiers = { "24h 2 EUR" }\n}\ncalendar "anna" { policy = "q" }\n'
    out = check(s, two)
    assert [line.split(": ")[1] for line in out.splitlines()] == ["new.conf:4", "new.conf:14", "new.conf:16"], out


def test_check_of_no_policies(s):
    assert "no section policy or calendar" in check(s, "")
    r = run("policy", "check", "/nonexistent", code=1)
    assert "/nonexistent" in r.stderr and r.stdout == ""
    assert "usage: dedit" in run("policy", "check", code=2).stderr
    (s.folder / "new.conf").write_bytes(b"policy \0")
    assert "no text" in run("policy", "check", str(s.folder / "new.conf"), code=1).stderr


# ---- quote ----


def quote(s, *args):
    return s.dedit("policy", "quote", *args).stdout


def test_quote(s):
    ics = book(s, "quoted", 36)
    before = stored(s, WORK + "quoted.ics")
    lines = quote(s, "quoted").splitlines()
    assert lines[0].startswith("anna/appointments, policy therapy: cancelled by the client on "), lines
    assert lines[0].endswith("(Europe/Paris)") and lines[1].split() == "START FREE UNTIL WHAT COST RULE".split()
    assert len(lines) == 3 and lines[2].endswith("  late-cancel  40.00 EUR  50 % of 80.00 EUR"), lines
    # the last moment at which it is free, and an hour before it begins
    ics = book(s, "ahead", 120)
    free = value(ics, "X-DEDIT-FREE-UNTIL")
    free = datetime.datetime.strptime(free, "%Y%m%dT%H%M%SZ").strftime("%Y-%m-%dT%H:%M:%SZ")
    assert "  on-time-cancel     -" in quote(s, "ahead", free), quote(s, "ahead", free)
    start = datetime.datetime.strptime(value(ics, "DTSTART"), "%Y%m%dT%H%M%SZ")
    late = (start - datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert "80.00 EUR  100 % of 80.00 EUR" in quote(s, "ahead", late)
    # nothing is stored
    assert stored(s, WORK + "quoted.ics") == before and fees(s, "quoted") == fees(s, "ahead") == []


def test_quote_times_are_the_policys(s):
    book(s, "zoned", 36)
    a = quote(s, "zoned", "2035-01-02T08:00:00Z").splitlines()[0]
    assert a == quote(s, "zoned", "2035-01-02 09:00").splitlines()[0] and " on 2035-01-02 09:00 (" in a, a
    assert " on 2035-01-02 00:00 (" in quote(s, "zoned", "2035-01-02")
    # not before it was booked (policy.md 3.2)
    assert quote(s, "zoned", "2026-01-02")[:90].split("(")[0][:-4] == quote(s, "zoned").split("(")[0][:-4]
    for wrong in ("tomorrow", "2026-01-02 24:00", "2026-01-02 9:00", "2026-02-30", ""):
        r = s.dedit("policy", "quote", "zoned", wrong, check=False)
        assert r.returncode == 2 and "a time is like" in r.stderr, (wrong, r)


def test_quote_of_what_is_nothing(s):
    book(s, "done", 20)
    cancel(s, "done")
    assert "nothing would be entered" in quote(s, "done")
    r = s.dedit("policy", "quote", "no-such-uid", check=False)
    assert r.returncode == 1 and "no calendar under a policy has an event with the UID 'no-such-uid'" in r.stderr, r


def test_quote_of_a_series(s):
    """Each date by itself: an allowance isn't used up by the one before it."""
    prepare(s)
    s.dedit("calendar", "add", "anna/third")
    s.dedit("policy", "accept", "forgiving", "anna", "MARC Petit")
    r = s.put(THIRD + "weekly.ics", event("weekly", in_hours(20), in_hours(21), "Marc Petit",
                                          "RRULE:FREQ=DAILY;COUNT=3\r\n"))
    assert r.status == 201, r
    lines = quote(s, "weekly").splitlines()
    assert len(lines) == 5 and all(line.endswith("-  forgiven") for line in lines[2:]), lines
    assert len({line[:16] for line in lines[2:]}) == 3, lines


# ---- accept ----


def test_accept(s):
    """policy.md 3.4: without it there is no fee."""
    prepare(s)
    s.dedit("calendar", "add", "anna/third", check=False)
    for uid, name in (("before", "Ève Durand"), ("after", "Zoé Martin")):
        if uid == "after":
            out = s.dedit("policy", "accept", "forgiving", "anna", "zoe MARTIN", "2026-01-01").stdout
            assert out == "zoe MARTIN accepted policy forgiving of anna on 2026-01-01 00:00\n", out
        for n in (1, 2):
            assert s.put(f"{THIRD}{uid}{n}.ics", event(f"{uid}{n}", in_hours(20 + n), in_hours(21 + n), name)).status == 201
            assert s.request("DELETE", f"{THIRD}{uid}{n}.ics").status == 204
    assert [fees(s, f"before{n}")[0]["outcome"] for n in (1, 2)] == ["unaccepted", "unaccepted"]
    assert [fees(s, f"after{n}")[0]["outcome"] for n in (1, 2)] == ["forgiven", "charged"]
    for args, code, word in (
        (("nothing", "anna", "x"), 1, "there is no policy"),
        (("forgiving", "nobody", "x"), 1, "no user nobody"),
        (("forgiving", "paul", "x"), 1, "no calendar of paul is under policy 'forgiving'"),
        (("forgiving", "anna"), 2, "missing"),
        (("forgiving", "anna", ""), 2, "CLIENT"),
        (("forgiving", "anna", "x", "2999-01-01"), 2, "not in the future"),
        (("forgiving", "anna", "x", "soon"), 2, "a time is like"),
    ):
        r = s.dedit("policy", "accept", *args, check=False)
        assert r.returncode == code and word in r.stderr and r.stdout == "", (args, r)


def test_without_a_server(s):
    book(s, "offline", 36)
    with_server = s.dedit("policy", "explain", "therapy").stdout
    assert s.stop() == 0
    assert s.dedit("policy", "explain", "therapy").stdout == with_server
    assert "40.00 EUR  50 % of 80.00 EUR" in quote(s, "offline")
    s.start()


# ---- replay ----


def replay(s, text, *args, code=0):
    path = s.folder / "other.conf"
    path.write_text(text)
    r = s.dedit("policy", "replay", *args, str(path), check=False)
    assert r.returncode == code, r
    return r.stdout if code == 0 else r.stderr


SINCE = ("--since", "2026-01-01")


def test_replay(s):
    """Old against new: incidents, money, who is affected; nothing is written."""
    with Server(extra=EXTRA, users=("anna", "paul")) as mine:
        book(mine, "late", 20)
        cancel(mine, "late")
        book(mine, "soon", 36, title="Zoé Martin 50 €")
        cancel(mine, "soon", "anna")
        book(mine, "early", 120)
        cancel(mine, "early")
        before = mine.dedit("fees", "--json").stdout, mine.dedit("ledger", "verify").stdout
        out = replay(mine, EXTRA, *SINCE).splitlines()
        assert out[-1] == "3 incidents decided again, 0 otherwise", out
        lines = replay(mine, EXTRA.replace("24h 100%", "24h 60%"), *SINCE).splitlines()
        assert lines[-1] == "3 incidents decided again, 1 otherwise", lines
        assert lines[0].split("  ")[0] == "RECEIVED" and lines[1].split(None, 2)[2].split() == (
            "Marc Petit late-cancel 80.00 EUR late-cancel 48.00 EUR".split()
        ), lines
        sums = [line.split() for line in lines if line.startswith("anna")]
        assert sums == [
            "anna Marc Petit 1 80.00 EUR 48.00 EUR -32.00 EUR".split(),
            "anna all 2 105.00 EUR 73.00 EUR -32.00 EUR".split(),
        ], lines
        assert all(len(line) <= 80 for line in lines), lines
        assert replay(mine, EXTRA, "--since", "2999-01-01") == "0 incidents decided again, 0 otherwise\n"
        assert replay(mine, EXTRA, *SINCE, "--owner", "paul") == "0 incidents decided again, 0 otherwise\n"
        out = replay(mine, HEAD + "}\n", *SINCE)
        assert out == "0 incidents decided again, 0 otherwise; 3 of policies that the file doesn't have\n", out
        assert (mine.dedit("fees", "--json").stdout, mine.dedit("ledger", "verify").stdout) == before
        # the same without the server
        with_server = replay(mine, EXTRA.replace("24h 100%", "24h 60%"), *SINCE)
        assert mine.stop() == 0
        assert replay(mine, EXTRA.replace("24h 100%", "24h 60%"), *SINCE) == with_server
        mine.start()


def test_replay_of_a_wrong_file(s):
    assert "other.conf:4: option 'tiers': bd and bh need" in replay(s, HEAD + '  tiers = { "2bd 1%" }\n}\n', *SINCE, code=1)
    assert "--since is missing" in replay(s, HEAD + "}\n", code=2)
    assert "a time is like" in replay(s, HEAD + "}\n", "--since", "soon", code=2)
    r = s.dedit("policy", "replay", *SINCE, "/nonexistent", check=False)
    assert r.returncode == 1 and "/nonexistent" in r.stderr, r
    r = s.dedit("policy", "replay", *SINCE, check=False)
    assert r.returncode != 0 and r.stdout == "", r
