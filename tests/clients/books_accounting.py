#!/usr/bin/python3
"""Exports for accounting programs (doc/policy.md 5.3): hledger, ledger and beancount read them without a
complaint, and their balances are dédit's own figures, also where clients' names try to be syntax."""
import difflib
import json
import re
import urllib.parse

from client_kit import event, in_hours, main, run

# Titles that would be postings, comments, dates, accounts, directives or formulas.
HOSTILE = (
    "Marie Durand 80 €",
    "Élise d'Été 80 €",
    "a  -5 ZZZ 80 €",
    "2026-01-01 open Assets:Eve 80 €",
    "Eve ; account: assets:mine 80 €",
    "\"quoted\" \n  assets:bank 80 €",
    "=cmd|' /C calc'!A0 80 €",
    "* ! (code) ^link #tag {cost} @ price 80 €",
    "王芳 80 €",
    "Иван 80 €",
    "-- 80 €",
    "include /etc/passwd 80 €",
    "A -5 zzz 80 €",
)


def escaped(title):
    """TEXT of RFC 5545."""
    return re.sub(r"([\\;,])", r"\\\1", title).replace("\n", "\\n")


def balance(text):
    """Rows "AMOUNT ACCOUNT" to {account: minor units}."""
    found = {}
    for line in text.splitlines():
        m = re.match(r'^\s*"?(-?[0-9]+(?:\.[0-9]+)?) EUR"?,?\s+"?(.+?)"?\s*$', line)
        if m:
            found[m.group(2).lower()] = round(float(m.group(1)) * 100)
    return found


def hledger_balance(path):
    out = run(["hledger", "-f", str(path), "balance", "--flat", "--no-total", "-N", "-O", "csv"])
    found = {}
    for line in out.stdout.splitlines()[1:]:
        name, amount = re.match(r'"(.*)","(.*)"$', line).groups()
        found[name] = sum(round(float(a.split()[0]) * 100) for a in amount.split(",") if a != "0")
    return out, found


def ledger_balance(path):
    out = run(["ledger", "--strict", "-f", str(path), "balance", "--flat", "--no-total", "--format",
               "%(quantity(scrub(display_total))) EUR  %(account)\n"])
    return out, balance(out.stdout)


def bean_balance(path):
    out = run(["bean-query", "-q", "-f", "csv", str(path), "SELECT account, sum(position) GROUP BY account"])
    found = {}
    for line in out.stdout.splitlines()[1:]:
        name, amount = line.strip().rsplit(",", 1)
        if amount.strip():
            found[name.strip()] = round(float(amount.split()[0]) * 100)
    return out, found


def total(found, account):
    return sum(v for k, v in found.items() if k.lower() == account or k.lower().startswith(account + ":"))


def check_books(t, s, when):
    fees = json.loads(s.dedit("fees", "--json", "--owner", "anna").stdout)
    due = sum(f["fee"] for f in fees if f["state"] == "due")
    earned = sum(f["fee"] for f in fees if f["state"] in ("due", "paid", "disputed"))
    clients = {f["client-key"] for f in fees if f["state"] == "due" and f["fee"]}
    found = {}
    for name in ("hledger", "ledger", "beancount"):
        out = s.dedit("fees", "export", name, "--owner", "anna")
        t.check("%s: export %s" % (when, name), out.returncode == 0 and not out.stderr, out.stderr)
        path = s.home / ("fees." + name)
        path.write_text(out.stdout)
    path = s.home / "fees.hledger"
    read = run(["hledger", "-f", str(path), "check", "--strict"])
    t.check(when + ": hledger check --strict", read.returncode == 0 and not read.stderr,
            read.stderr + path.read_text())
    read, found["hledger"] = hledger_balance(path)
    t.check(when + ": hledger balance", read.returncode == 0 and not read.stderr, read.stderr)
    read, found["ledger"] = ledger_balance(s.home / "fees.ledger")
    t.check(when + ": ledger --strict", read.returncode == 0 and not read.stderr, read.stderr)
    path = s.home / "fees.beancount"
    read = run(["bean-check", str(path)])
    t.check(when + ": bean-check", read.returncode == 0 and not read.stdout and not read.stderr,
            read.stdout + read.stderr)
    read, found["beancount"] = bean_balance(path)
    t.check(when + ": bean-query", read.returncode == 0, read.stderr)
    for name, accounts in found.items():
        got = (total(accounts, "assets:receivable"), -total(accounts, "income"))
        t.check("%s: %s agrees on what is due (%d) and was earned (%d)" % (when, name, due, earned),
                got == (due, earned), (got, accounts))
        t.check("%s: %s has an account for each of %d clients" % (when, name, len(clients)),
                sum(1 for k, v in accounts.items() if k.lower().startswith("assets:receivable:") and v) ==
                len(clients), accounts)
        known = ("assets:receivable:", "assets:disputed:", "assets:payments", "income:cancellation",
                 "liabilities:", "expenses:")
        t.check("%s: %s knows no other accounts" % (when, name),
                all(k.lower().startswith(known) for k in accounts), accounts)


def scenario(t, s):
    for n, title in enumerate(HOSTILE):
        status, _, text = s.request("PUT", "/calendars/anna/appointments/h%d.ics" % n, "anna",
                                    event("h%d@test" % n, escaped(title), in_hours(3 + n)), {"Content-Type": "text/calendar"})
        t.check("%r is booked" % title, status == 201, text)
        status, _, text = s.request("DELETE", "/calendars/anna/appointments/h%d.ics" % n, "anna")
        t.check("… and cancelled late", status in (200, 204), text)
    fees = json.loads(s.dedit("fees", "--json", "--owner", "anna").stdout)
    t.check("every one of them is an incident", len([f for f in fees if f["class"] == "late-cancel"]) ==
            len(HOSTILE), fees)
    for f in fees:
        if f["state"] == "proposed":
            say(t, s, f["ref"], "#ok")
    check_books(t, s, "all due")

    fees = [f for f in json.loads(s.dedit("fees", "--json", "--owner", "anna").stdout) if f["state"] == "due"]
    for f, word in zip(fees, ("#waive", "#paid", "#fee 30", "#dispute", "#emergency")):
        say(t, s, f["ref"], word)
    say(t, s, fees[1]["ref"], "#waive")  # what was paid is owed back
    states = sorted(f["state"] for f in json.loads(s.dedit("fees", "--json", "--owner", "anna").stdout))
    t.check("waived, credited, disputed", {"waived", "credited", "disputed"} <= set(states), states)
    check_books(t, s, "words were said")

    ics = s.dedit("fees", "export", "ics", "--owner", "anna")
    status, _, text = s.request("GET", "/calendars/anna/fees/", "anna")
    got, wanted = ics.stdout.splitlines(), text.splitlines()
    t.check("ics is what GET of the calendar of fees answers", status == 200 and got == wanted,
            "\n".join(difflib.unified_diff(wanted, got, lineterm="")))


def say(t, s, ref, words):
    """The owner writes words into the notes of an entry in Fees."""
    path = "/calendars/anna/fees/%s.ics" % urllib.parse.quote(ref)
    status, headers, text = s.request("GET", path, "anna")
    text = text.replace("DESCRIPTION:", "DESCRIPTION:%s\\n" % words, 1)
    status, _, answer = s.request("PUT", path, "anna", text, {"Content-Type": "text/calendar"})
    t.check("%s of %s" % (words, ref), status in (200, 204), answer)


if __name__ == "__main__":
    main(scenario)
