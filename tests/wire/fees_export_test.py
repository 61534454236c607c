"""Fees for accounting programs (doc/policy.md 5.3). The programs themselves read them in
tests/clients/books_accounting.py; balances by state are tested in tests/unit/test_books.c."""

import datetime
import json
import re
import zoneinfo

from dav import HOME, in_hours
from dedit_wire import Server, event

SLOW = True

EXTRA = """
policy "therapy" {
    timezone = "Europe/Paris" currency = "EUR" price-from = title owner-changes = client
    tiers = { "48h 50%", "24h 100%" } tax = "included 20%"
}
calendar "anna/appointments" { policy = "therapy" }
calendar "marc/appointments" { policy = "therapy" }
"""
SERVER = {"extra": EXTRA}


def lose(s, uid, title, owner="anna"):
    """Booked and cancelled at short notice; its incident."""
    s.dedit("calendar", "add", owner + "/appointments", check=False)
    path = f"/calendars/{owner}/appointments/{uid}.ics"
    assert s.put(path, event(uid, in_hours(3), in_hours(4), title), user=owner).status == 201
    assert s.request("DELETE", path, user=owner).status == 204
    (fee,) = [f for f in fees(s) if f["uid"] == uid]
    return fee


def fees(s):
    return json.loads(s.dedit("fees", "--json").stdout)


def export(s, *args, check=True):
    return s.dedit("fees", "export", *args, check=check)


def today():
    return datetime.datetime.now(zoneinfo.ZoneInfo("Europe/Paris")).date().isoformat()


def test_a_fee_is_a_transaction(s):
    f = lose(s, "e1", "Marie Durand 80 €")
    text = export(s, "hledger", "--owner", "anna").stdout
    # 80.00 with 20 % included: 66.67 net (doc/policy.md 3.4, tax)
    assert re.search(
        rf"^{today()} \* Late cancellation \| Marie Durand  ; ref: {f['ref']}, policy: therapy .*\n"
        r"    assets:receivable:marie durand +80\.00 EUR\n"
        r"    liabilities:tax +-13\.33 EUR\n"
        r"    income:cancellation fees +-66\.67 EUR\n",
        text, re.M), text
    text = export(s, "beancount", "--owner", "anna").stdout
    assert f'{today()} * "Marie Durand" "Late cancellation" ^{f["ref"]}\n' in text, text
    assert f"{today()} open Assets:Receivable:Marie-Durand\n" in text, text


def test_a_period(s):
    f = lose(s, "e2", "Period 80 €")
    assert f["ref"] in export(s, "ledger", "--owner", "anna", "--since", today(), "--until", today()).stdout
    assert f["ref"] in export(s, "ledger", "--owner", "anna", "--month", today()[:7]).stdout
    assert f["ref"] not in export(s, "ledger", "--owner", "anna", "--until", "2020-01-01").stdout
    assert f["ref"] not in export(s, "ledger", "--owner", "anna", "--since", "2099-01-01").stdout


def test_books_are_one_persons(s):
    f = lose(s, "e3", "Anna's client 80 €")
    g = lose(s, "e4", "Marc's client 80 €", "marc")
    text = export(s, "hledger", "--owner", "marc").stdout
    assert g["ref"] in text and f["ref"] not in text
    r = export(s, "hledger", check=False)
    assert r.returncode == 2 and "--owner" in r.stderr, r


def test_ics_is_the_calendar_of_fees(s):
    lose(s, "e5", "Calendar 80 €")
    r = s.request("GET", HOME + "fees/")
    assert r.status == 200
    assert export(s, "ics", "--owner", "anna").stdout.splitlines() == r.text.splitlines()
    r = export(s, "ics", "--owner", "anna", "--since", "2026-01-01", check=False)
    assert r.returncode == 2, r


def test_wrong_arguments(s):
    for args in (("excel",), ("hledger", "--since", "yesterday"), ("hledger", "ledger"), (),
                 ("hledger", "--client", "Marie"), ("hledger", "--state", "due"), ("hledger", "--month", "2026-13")):
        r = export(s, *args, "--owner", "anna", check=False)
        assert r.returncode == 2 and r.stderr and not r.stdout, (args, r)


def test_days_are_the_policys(_):
    with Server(extra=EXTRA, users=("anna",), clock="2026-06-09T22:30:00Z") as s:  # half past midnight in Paris
        s.dedit("calendar", "add", "anna/appointments")
        path = HOME + "appointments/night.ics"
        assert s.put(path, event("night", "20260610T080000Z", "20260610T090000Z", "Marie 80 €")).status == 201
        assert s.request("DELETE", path).status == 204
        assert "\n2026-06-10 * Late cancellation | Marie  ;" in export(s, "hledger").stdout
        assert "Late" in export(s, "hledger", "--since", "2026-06-10").stdout
        assert "Late" not in export(s, "hledger", "--until", "2026-06-09").stdout
