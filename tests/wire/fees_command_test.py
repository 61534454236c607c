"""`dedit fees`: which incidents are listed, and how (doc/policy.md 4.4, 5.3; dedit(1))."""

import csv
import datetime
import io
import json
import unicodedata

from policy_late_test import EXTRA, FEES, book, cancel, fees

SLOW = True

SERVER = {"extra": EXTRA, "users": ("anna", "paul")}
ZOE = "Zoé Müller, née Lévêque-Dupont, appelée « la tante » 30 €"
COLUMNS = (
    "ref client uid recurrence-id start zone kind by received notice required basis amount currency net tax "
    "state reason policy version"
).split()


def prepare(s):
    """Two that owe, one in time, one waived; made once."""
    if fees(s, "one"):
        return
    book(s, "one", 20)
    cancel(s, "one")
    book(s, "two", 20, title=ZOE)
    cancel(s, "two", "anna")
    book(s, "three", 120)
    cancel(s, "three")
    book(s, "four", 20, title="=1+1 Jean 10 €")
    cancel(s, "four", "anna")
    ref = fees(s, "four")[0]["ref"]
    r = s.request("GET", f"{FEES}{ref}.ics")
    assert s.put(f"{FEES}{ref}.ics", r.text.replace("SUMMARY:", "SUMMARY:#waive ")).status == 204
    assert fees(s, "four")[0]["state"] == "waived"


def listed(s, *options):
    prepare(s)
    return [f["uid"] for f in json.loads(s.dedit("fees", "--json", *options).stdout)]


def width(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in text)


def test_filters(s):
    assert listed(s) == ["one", "two", "three", "four"]
    assert listed(s, "--owner", "anna") == ["one", "two", "three", "four"]
    assert listed(s, "--owner", "paul") == []
    assert listed(s, "--client", "marc  PETIT") == ["one", "three"], "the key"
    assert listed(s, "--client", "zoe muller, nee leveque-dupont, appelee « la tante »") == ["two"]
    assert listed(s, "--client", "Marc") == [], "no part of a name"
    assert listed(s, "--state", "due") == ["one", "two"]
    assert listed(s, "--state", "waived,none") == ["three", "four"]
    assert listed(s, "--state", "due", "--client", "Marc Petit") == ["one"]


def test_period(s):
    """Days on which the incidents happened, first and last included."""
    today = datetime.datetime.now(datetime.timezone.utc)
    near = [(today + datetime.timedelta(days=n)).strftime("%Y-%m-%d") for n in (-1, 1)]
    assert len(listed(s, "--since", near[0], "--until", near[1])) == 4
    assert listed(s, "--until", near[0][:4] + "-01-01", "--since", "2020-01-01") == []
    assert listed(s, "--since", "2999-01-01") == [] and listed(s, "--month", "2020-02") == []
    # a month has no gap to the next one
    months = {(today + datetime.timedelta(days=n)).strftime("%Y-%m") for n in (-1, 0, 1)}
    assert sorted(u for m in months for u in listed(s, "--month", m)) == ["four", "one", "three", "two"]


def test_table(s):
    """Aligned, 80 columns wide, amounts with all digits of their currency."""
    prepare(s)
    out = s.dedit("fees").stdout
    lines = out.splitlines()
    assert lines[0].split() == ["START", "CLIENT", "WHAT", "STATE", "FEE", "REF"], out
    assert len(lines) == 5 and all(width(line) <= 80 for line in lines), out
    at = lines[0].index("FEE") + len("FEE")
    for line, amount in zip(lines[1:], ("80.00 EUR", "30.00 EUR", "-", "10.00 EUR")):
        assert line[:at].endswith(" " + amount), (amount, out)
    assert "Zoé Mül" in lines[2] and "…" in lines[2], out
    assert lines[1].endswith("  " + fees(s, "one")[0]["ref"]), out
    assert "  late-cancel     due " in lines[1] and "  on-time-cancel  none " in lines[3], out
    # the start in the policy's zone, of which UTC is some hours off
    start = datetime.datetime.fromisoformat(fees(s, "one")[0]["start"].replace("Z", "+00:00"))
    shown = datetime.datetime.strptime(lines[1][:16], "%Y-%m-%d %H:%M").replace(tzinfo=datetime.timezone.utc)
    assert (shown - start.replace(second=0)).total_seconds() in (3600, 7200), (out, start)
    assert s.dedit("fees", "--owner", "paul").stdout == ""


def test_csv(s):
    """policy.md 5.3, RFC 4180, architecture.md 15.36"""
    prepare(s)
    for separator, options in ((",", ()), (";", ("--separator", ";"))):
        # text=True makes LF of CRLF, so the line ends are looked at in the unit test
        rows = list(csv.reader(io.StringIO(s.dedit("fees", "--csv", *options).stdout), delimiter=separator))
        assert rows[0] == COLUMNS and len(rows) == 5, rows
        one, two, three, four = (dict(zip(COLUMNS, row)) for row in rows[1:])
        [fee] = fees(s, "one")
        assert one["ref"] == fee["ref"] and one["received"] == fee["at"] and one["zone"] == "Europe/Paris"
        assert (one["amount"], one["currency"], one["net"], one["tax"]) == ("8000", "EUR", "8000", "0")
        assert (one["kind"], one["by"], one["state"]) == ("late-cancel", "client", "due")
        assert (one["required"], one["basis"]) == ("86400", "100 % of 80.00 EUR"), one
        assert two["client"].startswith("Zoé Müller, née") and four["client"] == "'=1+1 Jean"
        assert (four["state"], four["reason"]) == ("waived", "goodwill") and three["amount"] == "0"


def test_json(s):
    """Numbers, and null for what is not known."""
    prepare(s)
    [fee] = fees(s, "one")
    assert fee["required"] == 86400 and fee["price"] == 8000 and fee["tax"] == 0 and fee["reason"] == ""
    assert fee["notice"] < 86400 and fee["free-until"].endswith("Z") and fee["changed"] == fee["at"]


def test_wrong_arguments(s):
    for args, word in (
        (("--state", "held"), "--state"),
        (("--state", ""), "--state"),
        (("--month", "2026-13"), "--month"),
        (("--month", "june"), "--month"),
        (("--since", "2026-02-30"), "--since"),
        (("--until", "tomorrow"), "--until"),
        (("--month", "2026-06", "--since", "2026-06-01"), "--month"),
        (("--json", "--csv"), "--csv"),
        (("--csv", "--separator", "|"), "--separator"),
        (("--separator",), "--separator"),
        (("--client",), "--client"),
        (("anna",), "too many arguments"),
    ):
        r = s.dedit("fees", *args, check=False)
        assert r.returncode == 2 and word in r.stderr and "usage: dedit" in r.stderr, (args, r)
        assert r.stdout == "", r
    r = s.dedit("fees", "--owner", "nobody", check=False)
    assert r.returncode == 1 and "no user nobody" in r.stderr, r


def test_without_a_server(s):
    """The same over the files when no server holds them (architecture.md 15.27)."""
    prepare(s)
    before = [s.dedit("fees", *o).stdout for o in ((), ("--json",), ("--csv",))]
    assert s.stop() == 0
    assert [s.dedit("fees", *o).stdout for o in ((), ("--json",), ("--csv",))] == before
    s.start()
