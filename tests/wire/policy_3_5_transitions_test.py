"""doc/policy.md 3.5: every row of the table, by each way that a change can come (PUT, COPY and MOVE over, file, import)."""

from appointments import ADMINISTRATORS_WAYS, CLIENT, CLIENTS_DELETIONS, CLIENTS_WAYS, OTHER, Practice, practices
from dav import value
from dedit_wire import wait_for

SLOW = PLAIN = True

BASE = 'timezone = "Europe/Paris"\ncurrency = EUR\nprice = "80 EUR"\nprice-from = title\ntiers = { "48h 50%", "24h 100%" }\n'
POLICIES = {
    "therapy": BASE + 'owner-changes = client\nno-show = "100% wait 15m until 14d"\nlate-arrival = "noshow-after 15m"',
    "studio": BASE + 'owner-changes = owner\nrefilled = waive',
    "asking": BASE + "owner-changes = propose",
    "prorata": BASE + "shorten = prorata",
    "capped": BASE + "series-max = 1",
    "dated": BASE + 'owner-changes = client\nowner-late = "24h credit 20%" refilled = waive\n'
             'version "2020-01-01" { round = "0.01 EUR" }',
    "limited": BASE + 'move-limit = "1 50%"',
}
SERVER = {"extra": practices(POLICIES), "users": (), "clock": "2026-01-01T00:00:00Z"}
LATE = ("late-cancel", "charged", 8000)
FREE = "Free to cancel or move until "


def each(s, policy, ways):
    """A practice of its own for each way."""
    for name, way in ways.items():
        yield name, way, Practice(s, policy)


# ---- created ----


def test_created(s):
    """However short the notice, no incident; the line says what holds."""
    for name, way, p in each(s, "therapy", CLIENTS_WAYS | ADMINISTRATORS_WAYS):
        p.at(1)
        way(p, "a", p.event("a"))
        assert p.standing() == [] and "Booked less than 24 h before" in p.notes("a"), (name, p.notes("a"))
        p.at(0.5)
        way(p, "b", p.event("b", hours=24 * 20))
        assert FREE in p.notes("b"), name


def test_created_at_another_time_after_a_deletion(s):
    """What was lost stays lost."""
    p = Practice(s, "therapy")
    p.book("a")
    p.at(5)
    p.delete("a", CLIENT)
    p.put("a", p.event("a", hours=100), CLIENT, new=True)
    assert p.standing("a") == [LATE]


# ---- edited ----


def test_edited_is_no_incident(s):
    """Title, place, notes, alarm, category, comment, the same instant in another zone: by everybody, by each way."""
    paris = "BEGIN:VTIMEZONE\r\nTZID:Europe/Paris\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\n" \
            "TZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\n" \
            "DTSTART:19700329T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n" \
            "END:DAYLIGHT\r\nEND:VTIMEZONE"
    alarm = ("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT1H", "DESCRIPTION:x", "END:VALARM")
    for name, way, p in each(s, "therapy", CLIENTS_WAYS | ADMINISTRATORS_WAYS):
        sent = p.book("a")
        p.at(5)
        way(p, "a", p.event("a", "LOCATION:Room 2", "CATEGORIES:video", *alarm, notes="ring twice"))
        assert p.standing() == [] and "ring twice" in p.notes("a") and value(p.text("a"), "LOCATION") == "Room 2", name
        zoned = sent.replace("BEGIN:VEVENT", paris + "\r\nBEGIN:VEVENT", 1)
        for prop, hours in (("DTSTART", 0), ("DTEND", 1)):
            local = p.in_paris(hours)
            zoned = zoned.replace(f"{prop}:{p.time(hours)}", f"{prop};TZID=Europe/Paris:{local}")
        way(p, "a", zoned)
        assert p.standing() == [] and f"DTSTART;TZID=Europe/Paris:{p.in_paris(0)}" in p.text("a"), name


def test_price_words_are_the_owners(s):
    p = Practice(s, "therapy")
    p.book("a")
    p.put("a", p.event("a", title="Marc 10 €"), CLIENT)
    p.at(5)
    p.delete("a", CLIENT)
    assert p.owed("a") == 8000
    p = Practice(s, "therapy")
    p.book("a")
    p.put("a", p.event("a", title="Marc 60 €"))
    p.at(5)
    p.put("a", p.event("a", title="Marc 60 €", status="CANCELLED"), CLIENT)
    assert p.owed("a") == 6000
    p.put("a", p.event("a", title="Marc 20 €", status="CANCELLED"))
    assert p.owed("a") == 6000, "not once an incident exists"


# ---- duration ----


def test_shortened(s):
    for name, way, p in each(s, "therapy", CLIENTS_WAYS):
        p.book("a", length=2)
        p.at(5)
        way(p, "a", p.event("a", length=1))
        assert p.standing() == [], name
    for name, way, p in each(s, "prorata", CLIENTS_WAYS):
        p.book("a", length=2)
        p.at(30)
        way(p, "a", p.event("a", length=1))
        assert p.owed("a") == 2000, (name, p.entries())  # half of the time, 50 % of 80


# ---- moved and cancelled ----


def test_moved(s):
    """Late: held, and due when it is cancelled afterwards; in time: nothing. The administrator's: nobody's."""
    for name, way, p in each(s, "therapy", CLIENTS_WAYS):
        p.book("a")
        p.at(60)
        way(p, "a", p.event("a", hours=48))
        assert p.owed() == 0 and "held" not in p.notes("a"), name
        p.at(-1)
        way(p, "a", p.event("a", hours=24 * 9))
        assert p.owed() == 0 and value(p.text("a"), "X-DEDIT-HELD") == "40.00", (name, p.text("a"))
        way(p, "a", p.event("a", hours=24 * 9, status="CANCELLED"))
        assert p.owed() == 4000, (name, p.entries())
    for name, way, p in each(s, "therapy", ADMINISTRATORS_WAYS):
        p.book("a")
        p.at(5)
        way(p, "a", p.event("a", hours=24 * 9))
        assert p.owed() == 0 and "X-DEDIT-HELD" not in p.text("a"), name
        p.put("a", p.event("a", hours=24 * 9, status="CANCELLED"), CLIENT)
        assert p.owed() == 0, (name, p.entries())


def test_cancelled(s):
    for name, way, p in each(s, "therapy", CLIENTS_WAYS):
        p.book("a")
        p.at(5)
        way(p, "a", p.event("a", status="CANCELLED"))
        assert p.standing() == [LATE], (name, p.entries())
        assert "Late cancel" in p.title("a") and "80.00 EUR" in p.title("a"), name
    for name, way, p in each(s, "therapy", CLIENTS_WAYS):
        p.book("a")
        p.at(49)
        way(p, "a", p.event("a", status="CANCELLED"))
        assert p.owed() == 0 and "Late" not in p.title("a"), name
    for name, way, p in each(s, "therapy", ADMINISTRATORS_WAYS):
        p.book("a")
        p.at(5)
        way(p, "a", p.event("a", status="CANCELLED"))
        assert p.owed() == 0 and "Late" not in p.title("a"), (name, p.entries())


def test_deleted(s):
    """The resource is gone, the note is in Fees."""
    for name, way, p in each(s, "therapy", CLIENTS_DELETIONS):
        p.book("a")
        p.at(5)
        way(p, "a")
        assert p.standing() == [LATE] and not p.exists("a"), (name, p.entries())
        entry = p.text(p.entries()[0]["ref"], "fees")
        assert "Late cancel" in value(entry, "SUMMARY") and p.entries()[0]["ref"] in entry, name
    p = Practice(s, "therapy")
    p.book("a")
    p.at(5)
    p.by_hand("a", None)
    assert p.owed() == 0 and not p.exists("a")


def test_a_whole_calendar_deleted(s):
    """Each appointment in it, as if it were deleted by itself; by owner-changes."""
    for policy, expected in (("therapy", [LATE]), ("studio", [("owner-cancel", "none", 0)]),
                             ("asking", [("late-cancel", "proposed", 8000)])):
        p = Practice(s, policy)
        p.book("a")
        p.put("b", p.event("b", hours=24 * 20), new=True)
        p.at(5)
        assert s.request("DELETE", p.path("", calendar="work")[:-len("/.ics")] + "/", user=p.owner).status == 204
        assert p.standing("a") == expected, (policy, p.entries())
        assert p.owed("b") == 0, policy


def test_moved_to_another_policy_calendar_is_no_incident(s):
    """PUT there then DELETE here, as programs do, and MOVE; the slot keeps its version and can be lost from there."""
    for method in ("PUT", "MOVE"):
        p = Practice(s, "therapy")
        sent = p.book("a")
        p.at(5)
        if method == "MOVE":
            p.transfer("MOVE", p.path("a"), p.path("a", calendar="second"), p.owner)
        else:
            p.put("a", sent, CLIENT, "second", new=True)
            p.delete("a", CLIENT)
        assert p.standing() == [], (method, p.entries())
        p.put("a", p.event("a", status="CANCELLED"), CLIENT, "second")
        assert p.owed() == 8000, (method, p.entries())


# ---- and back ----


def test_deleted_and_there_again(s):
    """The same UID, or the same client and start under another: reinstated; in time: rebooked."""
    for name, way, p in each(s, "therapy", CLIENTS_WAYS | ADMINISTRATORS_WAYS):
        p.book("a")
        p.at(5)
        p.delete("a", CLIENT)
        assert p.owed() == 8000
        way(p, "a", p.event("a"))
        assert p.owed() == 0 and "Late" not in p.title("a"), (name, p.entries())
    for name, way, p in each(s, "therapy", CLIENTS_WAYS):
        p.book("a")
        p.at(5)
        p.delete("a", CLIENT)
        way(p, "other", p.event("other"))
        assert p.owed() == 0, (name, p.entries())
    p = Practice(s, "therapy")
    p.book("a")
    p.at(100)
    p.delete("a", CLIENT)
    p.put("a", p.event("a"), CLIENT, new=True)
    assert FREE in p.notes("a") and p.charged() == []


def test_uncancelled(s):
    for name, way, p in each(s, "therapy", CLIENTS_WAYS):
        p.book("a")
        p.at(5)
        way(p, "a", p.event("a", status="CANCELLED"))
        p.at(4)
        way(p, "a", p.event("a"))
        assert p.owed() == 0 and "Late" not in p.title("a"), (name, p.entries())
        p.at(3)
        way(p, "a", p.event("a", status="CANCELLED"))
        assert p.owed() == 8000, name


def test_uncancelled_after_the_start(s):
    """By the owner a correction, by the client nothing."""
    p = Practice(s, "therapy")
    p.book("a")
    p.at(5)
    p.put("a", p.event("a", status="CANCELLED"), CLIENT)
    p.at(-1)
    p.put("a", p.event("a"), CLIENT)
    assert p.owed() == 8000, p.entries()
    p.put("a", p.event("a", status="CANCELLED"), CLIENT)
    assert p.owed() == 8000, p.entries()
    p.put("a", p.event("a"))
    assert p.owed() == 0, p.entries()


# ---- attendees ----


def guests(*pairs):
    return [f"ATTENDEE;PARTSTAT={partstat}:mailto:{who}@example.org" for who, partstat in pairs]


def test_an_attendee_declines(s):
    """Cancelled for that attendee only; from NEEDS-ACTION it is no incident."""
    for name, way, p in each(s, "therapy", CLIENTS_WAYS):
        p.book("a", *guests((CLIENT, "ACCEPTED"), (OTHER, "ACCEPTED")), title="Group")
        p.at(5)
        way(p, "a", p.event("a", *guests((CLIENT, "DECLINED"), (OTHER, "ACCEPTED")), title="Group"))
        assert [(e["class"], e["fee"]) for e in p.entries()] == [("late-cancel", 8000)], (name, p.entries())
        assert CLIENT in p.entries()[0]["client-key"], name
    p = Practice(s, "therapy")
    p.book("a", *guests((CLIENT, "NEEDS-ACTION"), (OTHER, "ACCEPTED")), title="Group")
    p.at(5)
    p.put("a", p.event("a", *guests((CLIENT, "DECLINED"), (OTHER, "ACCEPTED")), title="Group"), CLIENT)
    assert p.owed() == 0, p.entries()


def test_an_attendee_removed_by_the_owner(s):
    for policy, owed in (("studio", 0), ("therapy", 8000)):
        p = Practice(s, policy)
        p.book("a", *guests((CLIENT, "ACCEPTED"), (OTHER, "NEEDS-ACTION")), title="Group")
        p.at(5)
        p.put("a", p.event("a", *guests((OTHER, "NEEDS-ACTION")), title="Group"))
        assert p.owed() == owed, (policy, p.entries())


def test_one_client_replaced_by_another(s):
    for policy, owed in (("therapy", 8000), ("studio", 0)):
        for answer in ("ACCEPTED", "NEEDS-ACTION"):
            p = Practice(s, policy)
            p.book("a", *guests((CLIENT, "ACCEPTED")))
            p.at(5)
            p.put("a", p.event("a", *guests((OTHER, answer))))
            assert p.owed() == owed, (policy, p.entries())
            assert "STATUS" not in p.text("a") and "Late" not in p.title("a"), (policy, p.text("a"))
            assert ("Booked less than 24 h before" in p.notes("a")) == (answer == "ACCEPTED"), policy
            p.put("a", p.event("a", *guests((OTHER, "ACCEPTED"))), OTHER)
            assert "Booked less than 24 h before" in p.notes("a"), policy
            p.put("a", p.event("a", *guests((OTHER, "DECLINED"))), OTHER)
            entries = {e["client-key"]: e for e in p.entries()}
            assert p.owed() == owed + 8000 and entries[f"{OTHER}@example.org"]["fee"] == 8000, p.entries()
            assert len({e["ref"] for e in entries.values()}) == 2, "each has a reference of its own"
    p = Practice(s, "therapy")
    p.book("a")
    p.at(5)
    p.put("a", p.event("a", title="Marc Petit 80 €"))
    assert p.standing() == [], "another title is only a renaming"


def test_ways_to_let_it_lapse(s):
    """By the client: TRANSPARENT, TENTATIVE, the ATTENDEE taken out. By the owner of a studio none is the client's."""
    for name, way, p in each(s, "therapy", CLIENTS_WAYS):
        for n, lines in enumerate((["TRANSP:TRANSPARENT"], ["STATUS:TENTATIVE"])):
            uid, hours = f"u{n}", n * 24 * 20
            p.at(24 * 14 - hours)
            p.put(uid, p.event(uid, hours=hours), new=True)
            p.at(5 - hours)
            way(p, uid, p.event(uid, *lines, hours=hours))
            assert p.owed(uid) == 8000, (name, lines, p.entries())
    p = Practice(s, "therapy")
    p.book("a", *guests((CLIENT, "ACCEPTED")))
    p.at(5)
    p.put("a", p.event("a"), CLIENT)
    assert p.owed() == 8000, p.entries()


def test_somebody_elses_appointment(s):
    """Nobody is charged for another's hand."""
    for name, way, p in each(s, "therapy", CLIENTS_WAYS):
        p.book("a", *guests((CLIENT, "ACCEPTED")))
        p.at(5)
        way(p, "a", p.event("a", *guests((CLIENT, "ACCEPTED")), status="CANCELLED"), OTHER)
        assert p.standing() == [("late-cancel", "proposed", 8000)], (name, p.entries())
    for name, way, p in each(s, "therapy", CLIENTS_DELETIONS):
        p.book("a", *guests((CLIENT, "ACCEPTED")))
        p.at(5)
        way(p, "a", OTHER)
        assert p.standing() == [("late-cancel", "proposed", 8000)], (name, p.entries())


# ---- series ----


WEEK = 24 * 7
WEEKLY = "RRULE:FREQ=WEEKLY;COUNT=6"


def test_an_instance_cancelled(s):
    """By an override or an EXDATE: that slot."""
    for name, way, p in each(s, "therapy", CLIENTS_WAYS):
        p.book("a", WEEKLY)
        p.at(5)
        way(p, "a", p.event("a", WEEKLY, extra=[p.instance("a", 0, "STATUS:CANCELLED")]))
        assert p.standing() == [LATE], (name, p.entries())
        p.at(5 - WEEK)
        way(p, "a", p.event("a", WEEKLY, f"EXDATE:{p.time(WEEK)}", extra=[p.instance("a", 0, "STATUS:CANCELLED")]))
        assert p.standing() == [LATE, LATE] and [e["start"] for e in p.entries()][0] != p.entries()[1]["start"], name


def test_an_instance_moved(s):
    for name, way, p in each(s, "therapy", CLIENTS_WAYS):
        p.book("a", WEEKLY)
        p.at(5)
        way(p, "a", p.event("a", WEEKLY, extra=[p.instance("a", 0, hours=72)]))
        assert p.owed() == 0, name
        p.at(-20)
        way(p, "a", p.event("a", WEEKLY, extra=[p.instance("a", 0, "STATUS:CANCELLED", hours=72)]))
        assert p.owed() == 8000, (name, p.entries())


def test_the_rule_changed(s):
    """Instants in both rules are untouched; those gone are cancelled, each alone; past ones never."""
    for name, way, p in each(s, "therapy", CLIENTS_WAYS):
        p.book("a", "RRULE:FREQ=DAILY;COUNT=10")
        p.at(5 - 24 * 3)  # three are over, the fourth is in five hours, the fifth in 29
        way(p, "a", p.event("a", f"RRULE:FREQ=DAILY;UNTIL={p.time(24 * 2)}"))
        assert p.charged() == [4000, 8000], (name, p.entries())


def test_the_master_shifted(s):
    """The remaining ones pair by order: moves."""
    for name, way, p in each(s, "therapy", CLIENTS_WAYS):
        p.book("a", WEEKLY)
        p.at(5)
        way(p, "a", p.event("a", WEEKLY, hours=3))
        assert p.owed() == 0, (name, p.entries())
        p.at(4)
        p.delete("a", CLIENT)
        assert p.owed() == 8000, (name, p.entries())


def test_a_whole_series_deleted(s):
    for name, way, p in each(s, "therapy", CLIENTS_DELETIONS):
        p.book("a", "RRULE:FREQ=DAILY;COUNT=10")
        p.at(5)
        way(p, "a")
        assert p.charged() == [4000, 8000], (name, p.entries())


def test_series_max(s):
    """Only the first n late dates are charged, the others recorded."""
    for name, way, p in each(s, "capped", CLIENTS_DELETIONS):
        p.book("a", "RRULE:FREQ=DAILY;COUNT=10")
        p.at(5)
        way(p, "a")
        assert p.owed() == 8000 and ("late-cancel", "recorded", 0) in p.standing(), (name, p.entries())


def test_a_date_added(s):
    """RDATE: a slot of its own, that can be lost."""
    for name, way, p in each(s, "therapy", CLIENTS_WAYS):
        p.book("a", WEEKLY)
        p.at(100)
        way(p, "a", p.event("a", WEEKLY, f"RDATE:{p.time(24)}"))
        assert p.standing() == [], name
        p.at(5 - 24)
        way(p, "a", p.event("a", WEEKLY))
        assert p.standing() == [LATE], (name, p.entries())


# ---- chains ----


def test_moved_again_and_back(s):
    """The slot held in between is judged alone; back to the first one drops the hold."""
    p = Practice(s, "therapy")
    p.book("a")
    p.at(5)
    p.put("a", p.event("a", hours=24 * 9), CLIENT)
    assert value(p.text("a"), "X-DEDIT-HELD") == "80.00"
    p.at(4)
    p.put("a", p.event("a"), CLIENT)
    assert value(p.text("a"), "X-DEDIT-HELD") in (None, "0.00"), p.text("a")
    assert p.owed() == 0


def test_late_move_later_kept(s):
    """Released a day after the end."""
    p = Practice(s, "therapy")
    p.book("a")
    p.at(5)
    p.put("a", p.event("a", hours=72), CLIENT)
    p.at(-72 - 26)
    wait_for(lambda: "X-DEDIT-HELD" not in p.text("a"), 20, "the hold is released")
    assert p.owed() == 0


def test_late_move_then_absent(s):
    """No-show fee and hold, capped at the price."""
    p = Practice(s, "therapy")
    p.book("a")
    p.at(5)
    p.put("a", p.event("a", hours=72), CLIENT)
    p.at(-72 - 1)
    p.put("a", p.event("a", hours=72, title="Marc 80 € #noshow"))
    assert p.owed() == 8000 and [c for c, _, f in p.standing() if f] == ["no-show"], p.entries()


def test_move_limit(s):
    for name, way, p in each(s, "limited", CLIENTS_WAYS):
        p.book("a")
        p.at(24 * 10)
        way(p, "a", p.event("a", hours=24))
        assert p.owed() == 0, name
        way(p, "a", p.event("a", hours=48))
        assert p.owed() == 4000, (name, p.entries())


# ---- absence ----


def test_noshow_word(s):
    """The owner's alone; not before start and wait, not after until, not of what is cancelled."""
    p = Practice(s, "therapy")
    p.book("a")
    p.at(-0.1)
    p.put("a", p.event("a", title="Marc 80 € #noshow"), CLIENT)
    assert p.owed() == 0 and "#noshow" in p.title("a")
    p.put("a", p.event("a"))
    p.put("a", p.event("a", title="Marc 80 € #noshow"))
    assert p.owed() == 0, p.entries()
    p.at(-0.3)
    wait_for(lambda: p.owed() == 8000, 20, "deferred until the waiting time is over")
    p = Practice(s, "therapy")
    p.book("a")
    p.at(-24 * 14 - 1)
    p.put("a", p.event("a", title="Marc 80 € #noshow"))
    assert p.owed() == 0, p.entries()
    p = Practice(s, "therapy")
    p.book("a", before=24 * 14)
    p.at(100)
    p.put("a", p.event("a", status="CANCELLED"), CLIENT)
    p.at(-1)
    p.put("a", p.event("a", status="CANCELLED", title="Marc 80 € #noshow"))
    assert p.owed() == 0, p.entries()


def test_late_and_attended_words(s):
    p = Practice(s, "therapy")
    p.book("a")
    p.at(-0.5)
    p.put("a", p.event("a", title="Marc 80 € #late 10"))
    assert p.owed() == 0, p.entries()
    p.put("a", p.event("a", title="Marc 80 € #late 20"))
    assert [c for c, o, f in p.standing() if f] == ["no-show"], p.entries()
    p.at(-2)
    p.put("a", p.event("a", title="Marc 80 € #attended"))
    assert p.owed() == 0, p.entries()


# ---- the same again, and what programs drop ----


def body(p):
    """What the event says, without what tells the way by which it came."""
    return [x for x in p.text("a").splitlines() if not x.startswith(("PRODID", "LOCATION"))]


def test_the_same_request_again(s):
    """No change, no incident, the same bytes: not even an ETag moves."""
    for name, way, p in each(s, "therapy", CLIENTS_WAYS | ADMINISTRATORS_WAYS):
        p.book("a")
        p.at(5)
        p.put("a", p.event("a", status="CANCELLED"), CLIENT)
        before = p.entries(), body(p)
        p.at(4)
        if name != "hand edit":  # a file with the same content gives nothing to wait for
            way(p, "a", p.event("a", status="CANCELLED"))
        assert (p.entries(), body(p)) == before, name
        p.put("a", p.text("a"), CLIENT)
        assert (p.entries(), body(p)) == before, name


def test_stripped_annotation(s):
    for name, way, p in each(s, "therapy", CLIENTS_WAYS | ADMINISTRATORS_WAYS):
        p.book("a")
        p.at(5)
        p.put("a", p.event("a", status="CANCELLED"), CLIENT)
        before = body(p)
        way(p, "a", p.event("a", "LOCATION:Here", status="CANCELLED"))
        assert "LOCATION:Here" in p.text("a") and body(p) == before, (name, p.text("a"), before)
        assert p.owed() == 8000


# ---- sold again ----


def test_freed_slot_sold_again(s):
    """Another client, the same start, before it."""
    p = Practice(s, "studio")
    p.book("a")
    p.at(5)
    p.put("a", p.event("a", status="CANCELLED"), CLIENT)
    assert p.owed() == 8000
    p.at(4)
    p.put("b", p.event("b", title="Zoe 80 €"), new=True)
    wait_for(lambda: p.owed() == 0, 20, "sold again")
    assert [e["state"] for e in p.entries("a") if e["state"] != "void"] == ["waived"], p.entries()
    assert [e["reason"] for e in p.entries("a") if e["state"] == "waived"] == ["refilled"], p.entries()


# ---- another policy ----


def test_policy_changed(s):
    """Only slots acquired afterwards; a move in time acquires."""
    p = Practice(s, "therapy")
    p.book("a")
    p.put("b", p.event("b", hours=1), new=True)
    before = s.extra
    s.write_config(extra=before.replace('tiers = { "48h 50%", "24h 100%" }', 'tiers = { "48h 25%" }'))
    try:
        assert s.reload().startswith("reloaded")
        p.at(24 * 14 - 1)
        p.put("b", p.event("b", hours=2), CLIENT)
        assert "25 %" in p.notes("b") or "20.00" in p.notes("b"), p.notes("b")
        assert "40.00 EUR" in p.notes("a")
        p.at(5)
        p.put("a", p.event("a", status="CANCELLED"), CLIENT)
        assert p.owed("a") == 8000, p.entries()
        p.put("b", p.event("b", hours=2, status="CANCELLED"), CLIENT)
        assert p.owed("b") == 2000, p.entries()
    finally:
        s.write_config(extra=before)
        assert s.reload().startswith("reloaded")


def test_text_around_a_dated_version_edited(s):
    """Slots keep the text whose digest they carry: for what we owe and for a slot that is sold again."""
    p = Practice(s, "dated")
    p.book("a")
    p.put("b", p.event("b", hours=3), new=True)
    before = s.extra
    s.write_config(extra=before.replace("24h credit 20%", "24h credit 10%").replace("refilled = waive", "refilled = keep"))
    try:
        assert s.reload().startswith("reloaded")
        p.at(5)
        for uid, hours in (("a", 0), ("b", 3)):
            p.put(uid, p.event(uid, hours=hours, status="CANCELLED"), CLIENT)
        p.put("a", p.event("a", status="CANCELLED", title="Marc 80 € #me"))
        assert [e["credit"] for e in p.entries("a") if e["credit"]] == [1600], p.entries()
        p.put("c", p.event("c", hours=3, title="Zoe 80 €"), new=True)
        wait_for(lambda: p.owed("b") == 0, 20, "sold again")
    finally:
        s.write_config(extra=before)
        assert s.reload().startswith("reloaded")


# ---- the clock ----


def test_clock_set_back(s):
    """Time doesn't go before the last entry; more than five minutes: proposed."""
    for minutes, expected in ((4, LATE), (30, ("late-cancel", "proposed", 8000))):
        p = Practice(s, "therapy")
        p.book("a")
        p.at(5)
        p.put("b", p.event("b", hours=24 * 10), new=True)
        p.at(5 + minutes / 60)
        p.put("a", p.event("a", status="CANCELLED"), CLIENT)
        assert p.standing("a") == [expected], (minutes, p.entries())
        p.at(0)
