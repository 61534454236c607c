"""What comes with time alone: reminders, links that are missing, reviews of terms, the end of what is kept
(doc/policy.md 5.1: remind, link-check, review-terms, keep-incidents), and clocks that jump (architecture.md 15.25)."""

import json

from dav import HOME, listing, unfold, value
from dedit_wire import Server, event, wait_for

SLOW = True

WORK, FEES = HOME + "calendar/", HOME + "fees/"
NOW = "2026-06-01T08:00:00Z"
TICK = 30  # seconds of ours, at most


def policy(directives, client="client"):
    return f"""policy "p" {{
    timezone = "Europe/Paris"
    currency = EUR
    price = "80 EUR"
    tiers = {{ "24h 100%" }}
    owner-changes = {client}
    {directives}
}}
calendar "anna/calendar" {{ policy = "p" }}
"""


def put(s, uid, start, end=None, title="Marie Durand", extra="", status=201):
    r = s.put(f"{WORK}{uid}.ics", event(uid, start, end or start.replace("T10", "T11"), title, extra))
    assert r.status == status, r


def entries(s, kind):
    """name: (DTSTART, SUMMARY) of the owner's entries of that kind."""
    found = {}
    for name in listing(s, FEES):
        if name.startswith(kind):
            r = s.request("GET", FEES + name)
            if r.status == 404:
                continue  # gone meanwhile
            text = unfold(r.text)
            assert value(text, "TRANSP") == "TRANSPARENT" and value(text, "CLASS") == "CONFIDENTIAL" and "VALARM" not in text
            assert value(text, "UID").startswith(name[:-4] + "@"), text
            found[name] = (value(text, "DTSTART"), value(text, "SUMMARY"))
    return found


def only(s, kind):
    found = entries(s, kind)
    assert len(found) == 1, found
    return next(iter(found.values()))


def name_of(s, kind):
    return next(n for n in listing(s, FEES) if n.startswith(kind))


REMIND = 'remind = "24h before-deadline"'


def test_reminder_follows_its_appointment(_):
    with Server(extra=policy(REMIND), clock=NOW) as s:
        put(s, "a", "20260610T100000Z")
        assert only(s, "remind") == ("20260608T100000Z",
                                     "Reminder: free to cancel or move until Tue 9 June 12:00 · Marie Durand")
        name, before = name_of(s, "remind"), listing(s, FEES)
        assert value(unfold(s.request("GET", FEES + name).text), "RELATED-TO") == "a"
        put(s, "a", "20260610T100000Z", extra="LOCATION:Room 2\r\n", status=204)
        assert listing(s, FEES) == before, "nothing is written anew"
        put(s, "a", "20260611T100000Z", status=204)
        assert only(s, "remind")[0] == "20260609T100000Z" and name_of(s, "remind") == name
        put(s, "a", "20260611T100000Z", extra="STATUS:CANCELLED\r\n", status=204)
        assert entries(s, "remind") == {}

        put(s, "b", "20260612T100000Z")
        assert only(s, "remind")[0] == "20260610T100000Z"
        assert s.request("DELETE", WORK + "b.ics").status == 204
        assert entries(s, "remind") == {}

        # Booked when the time was over already, and what is no appointment.
        put(s, "late", "20260602T070000Z", "20260602T080000Z")
        put(s, "none", "20260612T100000Z", extra="TRANSP:TRANSPARENT\r\n")
        assert entries(s, "remind") == {}


def test_reminder_that_the_owner_deletes(_):
    with Server(extra=policy(REMIND), clock=NOW) as s:
        put(s, "a", "20260610T100000Z")
        assert s.request("DELETE", FEES + name_of(s, "remind")).status == 204
        put(s, "a", "20260610T100000Z", extra="LOCATION:Room 2\r\n", status=204)
        assert entries(s, "remind") == {}
        put(s, "a", "20260611T100000Z", status=204)
        assert only(s, "remind")[0] == "20260609T100000Z"
        verified = s.dedit("ledger", "verify").stdout
        assert verified == "ledger of anna: no problems\n", verified


def test_reminders_survive_and_end(_):
    """Restart, rebuild, a clock that is set back and forth; over when the free time is."""
    with Server(extra=policy(REMIND), clock=NOW) as s:
        put(s, "a", "20260610T100000Z")
        put(s, "week", "20260603T100000Z", extra="RRULE:FREQ=WEEKLY;COUNT=4\r\n")
        assert sorted(e[0] for e in entries(s, "remind").values()) == ["20260601T100000Z", "20260608T100000Z"]
        before = listing(s, FEES)
        s.restart()
        for time in ("2026-06-01T09:00:00Z", "2026-06-01T07:58:00Z", "2026-06-01T09:00:00Z"):
            s.set_clock(time)
            put(s, "a", "20260610T100000Z", extra=f"COMMENT:{time}\r\n", status=204)
        assert listing(s, FEES) == before

        # The first date's deadline passes: the series' entry goes on to the next date.
        s.set_clock("2026-06-02T10:00:01Z")
        wait_for(lambda: sorted(e[0] for e in entries(s, "remind").values()) ==
                 ["20260608T100000Z", "20260608T100000Z"], TICK, "the reminder goes on")
        before = listing(s, FEES)
        s.dedit("flush")
        assert s.stop() == 0
        for part in s.data.glob("index.db*"):
            part.unlink()
        s.dedit("rebuild")
        s.start()
        assert set(listing(s, FEES)) == set(before)
        s.set_clock("2100-01-01T10:00:00Z")  # `dedit rebuild` has the real time
        wait_for(lambda: entries(s, "remind") == {}, TICK, "reminders end")


def test_reminders_come_and_go_with_the_directive(_):
    with Server(extra=policy(""), clock=NOW) as s:
        put(s, "a", "20260610T100000Z")
        assert entries(s, "remind") == {}
        s.write_config(extra=policy(REMIND))
        assert s.reload().startswith("reloaded") and "no effect" not in s.log()
        wait_for(lambda: len(entries(s, "remind")) == 1, TICK, "the reminder is there")
        s.write_config(extra=policy(""))
        s.reload()
        wait_for(lambda: entries(s, "remind") == {}, TICK, "the reminder is gone")


def test_links_that_are_missing(_):
    with Server(extra=policy('link-check = "2d" language = fr'), clock=NOW) as s:
        put(s, "a", "20260610T100000Z", title="Marie Durand #visio")
        put(s, "b", "20260610T120000Z", "20260610T130000Z", title="Paul #tel")
        put(s, "c", "20260610T140000Z", "20260610T150000Z", title="Zoé #video", extra="URL:https://meet.example.org/1\r\n")
        put(s, "d", "20260610T160000Z", "20260610T170000Z", title="Max")
        assert only(s, "link") == ("20260608T100000Z", "Lien manquant : Marie Durand\\, mercredi 10 juin à 12 h 00")
        put(s, "a", "20260610T100000Z", title="Marie Durand #visio",
            extra="CONFERENCE;VALUE=URI:https://meet.example.org/2\r\n", status=204)
        assert entries(s, "link") == {}
        put(s, "d", "20260610T160000Z", "20260610T170000Z", title="Max", extra="DESCRIPTION:#video\r\n", status=204)
        assert only(s, "link")[0] == "20260608T160000Z"
        s.set_clock("2026-06-10T16:00:01Z")
        wait_for(lambda: entries(s, "link") == {}, TICK, "it has begun")


def test_reviews_of_terms(_):
    with Server(extra=policy('review-terms = "6 months"'), clock=NOW) as s:
        put(s, "kept", "20260610T100000Z")
        put(s, "missed", "20260612T100000Z", title="Marie Durand")
        put(s, "other", "20260612T130000Z", "20260612T140000Z", title="Paul")
        s.set_clock("2026-06-12T09:00:00Z")
        assert s.request("DELETE", WORK + "missed.ics").status == 204
        s.set_clock("2026-06-20T09:00:00Z")
        wait_for(lambda: len(entries(s, "review")) == 2, TICK, "reviews are entered")
        found = {e[1]: n for n, e in entries(s, "review").items()}
        text = unfold(s.request("GET", FEES + found["Review terms: Marie Durand"]).text)
        assert value(text, "DTSTART;VALUE=DATE") == "20261201" and value(text, "RRULE") == "FREQ=MONTHLY;INTERVAL=6", text
        assert value(text, "DESCRIPTION") == ("Since Mon 1 June 2026 10:00: kept 1\\, cancelled or moved in time 0\\, "
                                              "late 1\\, absent 0\\, by us 0.\\nFees: 80.00 EUR\\, of which 80.00 EUR "
                                              "are open.\\n"), text
        before = listing(s, FEES)
        s.set_clock("2026-06-22T09:00:00Z")
        s.restart()
        s.set_clock("2026-06-21T09:00:00Z")
        s.set_clock("2026-06-23T09:00:00Z")
        assert listing(s, FEES) == before, "each day gives the same"
        # Nobody comes any more: nothing is to be reviewed.
        s.set_clock("2027-07-01T09:00:00Z")
        wait_for(lambda: entries(s, "review") == {}, TICK, "reviews end")


def test_what_is_kept_ends(_):
    """15.23: the entries stay, what they say goes; what is still open stays; the chain verifies, also rebuilt."""
    with Server(extra=policy('keep-incidents = "12 months"'), clock=NOW) as s:
        put(s, "paid", "20260610T100000Z", title="Marie Durand")
        put(s, "open", "20260611T100000Z", title="Paul Petit")
        put(s, "kept", "20260612T100000Z", title="Zoe Blanc")
        put(s, "new", "20270801T100000Z", title="Max Moritz")
        s.set_clock("2026-06-10T08:00:00Z")
        assert s.request("DELETE", WORK + "paid.ics").status == 204
        s.set_clock("2026-06-11T08:00:00Z")
        assert s.request("DELETE", WORK + "open.ics").status == 204
        owed = {f["uid"]: f["ref"] for f in json.loads(s.dedit("fees", "--json").stdout)}
        s.dedit("fee", owed["paid"], "pay")
        head = s.dedit("ledger", "head").stdout.strip()
        s.set_clock("2027-06-01T08:00:00Z")
        s.restart()
        s.dedit("flush")
        files = lambda: "".join(p.read_text() for p in (s.data / "ledger/anna").glob("*.log"))
        assert "marie durand" in files()

        s.set_clock("2027-07-20T08:00:00Z")
        wait_for(lambda: s.dedit("flush") and "marie durand" not in files(), TICK, "old incidents are erased")
        text = files()
        assert "Marie" not in text and "Zoe Blanc" not in text and "Paul Petit" in text and "Max Moritz" in text
        assert '"2026-06 late-cancel paid EUR":[' in text and '"class":"erased"' in text
        left = json.loads(s.dedit("fees", "--json").stdout)
        assert [f["uid"] for f in left] == ["open"], left
        assert f"{owed['paid']}.ics" not in listing(s, FEES) and f"{owed['open']}.ics" in listing(s, FEES)
        for rebuild in (False, True):
            assert s.dedit("ledger", "verify", "--head", head).stdout == "ledger of anna: no problems\n"
            s.dedit("check", "--deep")
            if not rebuild:
                assert s.stop() == 0
                for part in s.data.glob("index.db*"):
                    part.unlink()
                s.dedit("rebuild")
                s.start()
        assert files() == text
        # Paid at last, and old enough: gone too. No second entry of an erasure where nothing was left to erase.
        s.dedit("fee", owed["open"], "pay")
        s.set_clock("2028-07-25T08:00:00Z")
        wait_for(lambda: s.dedit("flush") and "Paul Petit" not in files(), TICK, "the other one is erased")
        assert files().count('"class":"erased"') == 2
        assert s.dedit("ledger", "verify").stdout == "ledger of anna: no problems\n"


def test_a_clock_that_jumps(_):
    """Incidents are proposed and nothing comes due until `dedit clock ok`; nothing is lost or twice."""
    with Server(extra=policy('review = "1h"'), clock=NOW) as s:
        for day, uid in enumerate(("before", "jump", "back", "after"), 2):
            put(s, uid, f"202606{day:02}T070000Z", f"202606{day:02}T073000Z", title=uid)

        def states():
            return {f["uid"]: (f["state"], f["fee"]) for f in json.loads(s.dedit("fees", "--json").stdout)}

        assert s.request("DELETE", WORK + "before.ics").status == 204
        assert states() == {"before": ("pending", 8000)}
        assert s.dedit("clock").stdout == "the clock is trusted\n"
        s.set_clock("2026-06-02T08:00:00Z", jump=86400)
        wait_for(lambda: "the clock has jumped" in s.log(), TICK, "the jump is seen")
        assert "the clock has jumped" in s.dedit("clock").stdout
        assert s.request("DELETE", WORK + "jump.ics").status == 204
        assert states() == {"before": ("pending", 8000), "jump": ("proposed", 8000)}, "nothing came due"
        s.set_clock(NOW, jump=0)
        assert s.dedit("clock", "ok").stdout == "the clock is trusted\n"
        assert s.dedit("clock", "yes", check=False).returncode == 2
        s.set_clock("2026-06-03T08:00:00Z")
        wait_for(lambda: states()["before"] == ("due", 8000), TICK, "the review is over")
        assert s.request("DELETE", WORK + "back.ics").status == 204
        assert states() == {"before": ("due", 8000), "jump": ("proposed", 8000), "back": ("pending", 8000)}
        assert s.log().count("the clock has jumped") == 1
