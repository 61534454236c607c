"""`dedit fee REF ...`: the owner's decisions by command (doc/policy.md 4.2, 3.1; dedit(1))."""

from dav import notes, unchanged, value
from policy_late_test import EXTRA, FEES, SHARED, WORK, book, cancel, change, fee_entry, fees, move, stored

SERVER = {"extra": EXTRA, "users": ("anna", "paul")}
PROPOSE = "/calendars/anna/propose/"


def late(s, uid, **more):
    """A late cancellation by the client; its reference."""
    book(s, uid, 20, **more)
    cancel(s, uid)
    return fees(s, uid)[0]["ref"]


def fee(s, ref, *args, code=0):
    r = s.dedit("fee", ref, *args, check=False)
    assert r.returncode == code, (ref, args, r)
    assert (r.stdout if code else r.stderr) == "", r
    assert len(r.stderr.splitlines()) <= (2 if code == 2 else 1), r
    return r.stderr if code else r.stdout


def last(s, uid):
    return fees(s, uid)[-1]


def test_waive(s):
    """The event and the Fees calendar follow at once, and once only."""
    ref = late(s, "waive")
    assert fee(s, ref, "waive", "long a client") == f"{ref} is waived, 80.00 EUR (before: due, 80.00 EUR)\n"
    f = last(s, "waive")
    assert (f["state"], f["reason"], f["outcome"]) == ("waived", "long a client", "waived"), f
    assert value(stored(s, WORK + "waive.ics"), "SUMMARY").startswith("✗ Late cancel (waived) · ")
    assert value(fee_entry(s, ref), "SUMMARY").startswith("✗ Late cancel (waived) · ")
    with unchanged(s, WORK):
        with unchanged(s, FEES):
            said = fee(s, ref, "waive", "long a client")
    assert said == f"{ref} is waived, 80.00 EUR already; nothing changed\n", said
    assert "it can't be paid" in fee(s, ref, "pay", code=1)
    assert "it can't be disputed" in fee(s, ref, "dispute", "no", code=1)
    assert fees(s, "waive") == [f]


def test_who_waived(s):
    """doc/policy.md 5.2, 10: a word by nobody came with the command."""
    fee(s, late(s, "whom"), "waive", "by command")
    out = s.dedit("report", "waivers", "--owner", "anna", "--csv", "--table", "by-whom").stdout
    assert "\nthe administrator,EUR," in out.replace('"', "") and "the server" not in out, out


def test_emergency(s):
    """policy.md 3.4: not counted, so it is the word's own."""
    ref = late(s, "emergency")
    fee(s, ref, "waive", "emergency")
    assert last(s, "emergency")["reason"] == "emergency" and last(s, "emergency")["state"] == "waived"


def test_adjust(s):
    ref = late(s, "adjust")
    assert fee(s, ref, "adjust", "30") == f"{ref} is due, 30.00 EUR (before: due, 80.00 EUR)\n"
    assert last(s, "adjust")["fee"] == 3000 and "Fee 30.00 EUR (set by us)." in notes(stored(s, WORK + "adjust.ics"))
    entries = s.dedit("fee", ref, "show").stdout
    assert "already; nothing changed" in fee(s, ref, "adjust", "30.00 EUR")
    assert s.dedit("fee", ref, "show").stdout == entries, "nothing was entered"
    fee(s, ref, "adjust", "12.50 EUR", "as agreed on the phone")
    assert last(s, "adjust")["fee"] == 1250 and last(s, "adjust")["reason"] == "as agreed on the phone"
    for amount, word in (
        ("-5", "AMOUNT"),
        ("30.005", "2 decimals"),
        ("30 USD", "in EUR"),
        ("100000.01", "at most 100000 EUR"),
        ("1e3", "AMOUNT"),
        ("thirty", "AMOUNT"),
        ("", "AMOUNT"),
        ("30 XXX", "ISO 4217"),
    ):
        assert word in fee(s, ref, "adjust", amount, code=2), amount
    assert last(s, "adjust")["fee"] == 1250
    fee(s, ref, "pay")
    assert "it can't be set to that amount" in fee(s, ref, "adjust", "20", code=1)


def test_pay_and_dispute(s):
    ref = late(s, "pay")
    assert fee(s, ref.lower(), "dispute", "says: she was ill").startswith(f"{ref} is disputed")
    assert last(s, "pay")["reason"] == "says: she was ill"
    assert "State: disputed." in notes(stored(s, WORK + "pay.ics"))
    assert "disputed, 80.00 EUR already" in fee(s, ref, "dispute", "again")
    fee(s, ref, "ok")
    assert last(s, "pay")["state"] == "due" and last(s, "pay")["reason"] == ""
    assert "already; nothing changed" in fee(s, ref, "ok")
    fee(s, ref, "pay")
    assert last(s, "pay")["state"] == "paid" and "State: paid." in notes(fee_entry(s, ref))
    assert "already; nothing changed" in fee(s, ref, "pay")
    fee(s, ref, "unpay")
    assert last(s, "pay")["state"] == "due"


def test_undo(s):
    ref = late(s, "undo")
    assert "nothing to take back; nothing changed" in fee(s, ref, "undo")
    fee(s, ref, "pay")
    assert fee(s, ref, "undo") == f"{ref} is due, 80.00 EUR (before: paid, 80.00 EUR)\n"
    assert "nothing to take back; nothing changed" in fee(s, ref, "undo")
    assert last(s, "undo")["state"] == "due"


def test_ok_confirms_a_proposal(s):
    book(s, "proposal", 20, PROPOSE)
    cancel(s, "proposal", "anna", PROPOSE)
    ref = last(s, "proposal")["ref"]
    assert fee(s, ref, "ok") == f"{ref} is due, 80.00 EUR (before: proposed, 80.00 EUR)\n"
    assert "État : due." in notes(stored(s, PROPOSE + "proposal.ics"))


def test_deleted_event(s):
    """Its entry in Fees is all that is left of it."""
    book(s, "gone", 20)
    assert s.request("DELETE", SHARED + "gone.ics", user="marc").status == 204
    assert s.request("GET", WORK + "gone.ics").status == 404
    ref = last(s, "gone")["ref"]
    fee(s, ref, "waive", "goodwill")
    assert "(waived)" in value(fee_entry(s, ref), "SUMMARY")
    assert s.request("GET", WORK + "gone.ics").status == 404


def test_held(s):
    """Nothing is owed yet; a void one can't be acted on."""
    book(s, "held", 20)
    change(s, "held", edit=move(200))
    ref = last(s, "held")["ref"]
    assert fee(s, ref, "pay", code=1) == f"dedit: {ref} is held, 80.00 EUR: it can't be paid\n"
    fee(s, ref, "waive", "moved by agreement")
    assert last(s, "held")["state"] == "waived"


def test_void(s):
    ref = late(s, "void")
    change(s, "void", edit=lambda t: t.replace("STATUS:CANCELLED", "STATUS:CONFIRMED"))
    for args in (("waive", "x"), ("pay",), ("adjust", "5"), ("ok",)):
        assert "is void" in fee(s, ref, *args, code=1), args


def test_show(s):
    ref = late(s, "show")
    fee(s, ref, "adjust", "30", "first time")
    out = fee(s, ref, "show")
    shown = dict(line.split(None, 1) for line in out.splitlines() if line.strip())
    assert shown["reference"] == ref and shown["owner"] == "anna" and shown["client"] == "Marc Petit (marc petit)"
    assert shown["event"] == "show" and shown["what"] == "late-cancel" and shown["state"] == "due"
    assert shown["fee"] == "30.00 EUR" and shown["basis"] == "set by us" and shown["agreed"] == "24 h"
    assert shown["reason"] == "first time" and shown["policy"] == "therapy" and shown["start"].endswith("Europe/Paris")
    history = out[out.index("ENTERED"):].splitlines()
    assert [line.split()[2] for line in history[1:]] == ["slot", "late-cancel", "late-cancel"], out
    assert history[2].rstrip().endswith("  marc") and history[3].endswith("  admin #fee  first time"), out
    fee(s, ref, "waive", "talked on the phone")
    assert "  first time" in fee(s, ref, "show"), "the earlier reason stays"


def test_wrong_arguments(s):
    ref = late(s, "wrong")
    for args in (
        (),
        (ref,),
        (ref, "forget"),
        (ref, "waive"),
        (ref, "dispute"),
        (ref, "adjust"),
        (ref, "pay", "now"),
        (ref, "show", "all"),
        (ref, "waive", " "),
        (ref, "adjust", "5", "  "),
        (ref, "waive", "a", "b"),
        (ref, "waive", "#paid"),
        (ref, "waive", "a\nb"),
        (ref, "waive", "x" * 201),
        (ref, "waive", ""),
        ("7F3K2Q9M", "show"),
        ("7F3K-2Q9O", "show"),
        ("../../x", "show"),
    ):
        r = s.dedit("fee", *args, check=False)
        assert r.returncode == 2 and r.stdout == "" and "usage: dedit" in r.stderr, (args, r)
    assert "no incident has the reference 2222-2222" in fee(s, "2222-2222", "show", code=1)
    assert last(s, "wrong")["state"] == "due"


def test_without_a_server(s):
    """Alone under the lock (architecture.md 15.27): event and Fees are written when the command ends."""
    ref = late(s, "alone")
    assert s.stop() == 0
    fee(s, ref, "waive", "goodwill")
    s.start()
    assert "(waived)" in value(stored(s, WORK + "alone.ics"), "SUMMARY")
    assert "(waived)" in value(fee_entry(s, ref), "SUMMARY")


def test_policy_that_is_gone(s):
    ref = late(s, "orphan")
    extra = s.extra
    s.write_config(extra=extra.replace('"therapy"', '"other"'))
    s.reload()
    assert "its policy 'therapy' is not configured any more" in fee(s, ref, "pay", code=1)
    s.write_config(extra=extra)
    s.reload()
    fee(s, ref, "pay")
