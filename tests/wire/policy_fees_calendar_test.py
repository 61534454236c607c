"""policy.md 4.4: what became of deleted events, in the calendar Fees (architecture.md 15.11)."""

import datetime
import json
import re
import zoneinfo

from dav import HOME, changes, find, in_hours, listing, names_of, notes, prop, state, text, token, unchanged, unfold, value
from dedit_wire import Server, event

SLOW = True

PARIS = 'timezone = "Europe/Paris" currency = "EUR" price-from = title'
TIERS = 'tiers = { "48h 50%", "24h 100%" }'
EXTRA = f"""
policy "therapy" {{ {PARIS} {TIERS} owner-changes = client version "2026-01-01" {{ late-move = same }} }}
policy "kind" {{ {PARIS} {TIERS} owner-changes = client forgive = "1 per year late-cancel" }}
policy "record" {{ {PARIS} {TIERS} owner-changes = client mode = record }}
policy "pass" {{ {PARIS} tiers = {{ "24h session" }} owner-changes = client }}
policy "keeps" {{ {PARIS} {TIERS} owner-changes = client on-delete = keep }}
calendar "anna/work" {{ policy = "therapy" }}
calendar "anna/kind" {{ policy = "kind" }}
calendar "anna/record" {{ policy = "record" }}
calendar "anna/pass" {{ policy = "pass" }}
calendar "anna/keeps" {{ policy = "keeps" }}
calendar "zoe/work" {{ policy = "therapy" }}
"""
SERVER = {"extra": EXTRA, "users": ()}
FEES = HOME + "fees/"
ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:Europe/Paris\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\n"
    "TZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\n"
    "DTSTART:19700329T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n"
    "END:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
)


def prepare(s):
    if "anna" in s.users:
        return
    s.add_user("anna", "--name", "Anna Martin")
    s.add_user("zoe", "--language", "fr")
    s.add_user("marc")
    s.users += ("anna",)
    for name in ("work", "kind", "record", "pass", "keeps"):
        s.dedit("calendar", "add", f"anna/{name}")


def stored(s, path):
    r = s.request("GET", path)
    assert r.status == 200, (path, r)
    return r.text


def book(s, calendar, uid, hours=20, title="Marie Durand 80 €", body=None, extra=""):
    prepare(s)
    path = f"{HOME}{calendar}/{uid}.ics"
    r = s.put(path, body or event(uid, in_hours(hours), in_hours(hours + 1), title, extra))
    assert r.status == 201, r
    return stored(s, path)


def gone(s, calendar, uid, *args, **more):
    """Booked and deleted: what stands in Fees, unfolded; None: nothing."""
    book(s, calendar, uid, *args, **more)
    assert s.request("DELETE", f"{HOME}{calendar}/{uid}.ics").status == 204
    return entry_of(s, uid)


def entry_of(s, uid):
    found = [x for x in (unfold(stored(s, FEES + n)) for n in listing(s, FEES)) if value(x, "RELATED-TO") == uid]
    assert len(found) <= 1, found
    return found[0] if found else None


def path_of(entry):
    return f"{FEES}{value(entry, 'X-DEDIT-REF')}.ics"


def owed(s, uid):
    return sum(f["fee"] for f in json.loads(s.dedit("fees", "--json").stdout) if f["uid"] == uid and f["state"] == "due")


def test_the_resource_is_gone(s):
    """After DELETE 404, however often; making it come back would fight the user."""
    entry = gone(s, "work", "gone")
    assert s.request("GET", HOME + "work/gone.ics").status == 404
    assert s.request("DELETE", HOME + "work/gone.ics").status == 404
    assert entry and owed(s, "gone") == 8000


def test_every_property(s):
    """The example of 4.4, line by line."""
    ics = book(s, "work", "lines")
    assert s.request("DELETE", HOME + "work/lines.ics").status == 204
    entry = entry_of(s, "lines")
    ref = value(entry, "X-DEDIT-REF")
    host = value(entry, "UID").partition("@")[2]
    lines = entry.split("\r\n")
    assert host and f"UID:fee-{ref}@{host}" in lines
    assert "RELATED-TO:lines" in lines
    assert value(entry, "DTSTART") == value(ics, "DTSTART") and value(entry, "DTEND") == value(ics, "DTEND")
    assert "SUMMARY:✗ Late cancel 80.00 EUR · Marie Durand" in lines, lines
    assert "TRANSP:TRANSPARENT" in lines and "CLASS:CONFIDENTIAL" in lines
    note = notes(entry)
    assert note.startswith(f"=== {ref} · do not edit below ===\nLate cancellation by the client, received "), note
    assert "Fee 80.00 EUR (100 % of 80.00 EUR). State: due.\nPolicy “Therapy”, version of 1 January 2026.\n" in note
    assert note.endswith("\nOwner: #waive · #fee 40 · #me · #paid\n=== end ==="), note
    for name in ("X-DEDIT-CLASS", "X-DEDIT-FEE", "X-DEDIT-BY", "X-DEDIT-AT", "X-DEDIT-NOTICE", "X-DEDIT-FREE-UNTIL",
                 "X-DEDIT-POLICY"):
        assert value(entry, name), (name, entry)
    assert lines.count("BEGIN:VEVENT") == 1 and "BEGIN:VTODO" not in lines and "BEGIN:VJOURNAL" not in lines
    assert value(entry, "DTSTAMP") and value(entry, "STATUS") is None
    assert all(len(x.encode()) <= 75 for x in stored(s, path_of(entry)).split("\r\n")), "folded"


def test_in_the_events_zone(s):
    """DTSTART;TZID=Europe/Paris, with the zone it names (RFC 5545 3.6.5), and the same again when time passes."""
    start = datetime.datetime.now(zoneinfo.ZoneInfo("Europe/Paris")).replace(microsecond=0) + datetime.timedelta(hours=20)
    local = [(start + datetime.timedelta(hours=h)).strftime("%Y%m%dT%H%M%S") for h in (0, 1)]
    body = event("paris", "X", "Y", "Marie Durand 80 €").replace("BEGIN:VEVENT", ZONE + "BEGIN:VEVENT")
    body = body.replace("DTSTART:X", f"DTSTART;TZID=Europe/Paris:{local[0]}").replace(
        "DTEND:Y", f"DTEND;TZID=Europe/Paris:{local[1]}")
    entry = gone(s, "work", "paris", body=body)
    lines = entry.split("\r\n")
    assert f"DTSTART;TZID=Europe/Paris:{local[0]}" in lines and f"DTEND;TZID=Europe/Paris:{local[1]}" in lines, entry
    assert lines.count("BEGIN:VTIMEZONE") == 1 and "TZID:Europe/Paris" in lines
    # words change the entry alone: its time stays as it is
    now = entry.replace("SUMMARY:", "SUMMARY:#paid ")
    assert s.put(path_of(entry), now).status == 204
    paid = entry_of(s, "paris")
    assert "STATE=PAID" in paid and f"\r\nDTSTART;TZID=Europe/Paris:{local[0]}\r\n" in paid, paid
    assert paid.count("BEGIN:VTIMEZONE") == 1, paid
    # an all-day event's entry is one of dates
    day = start.strftime("%Y%m%d")
    after = (start + datetime.timedelta(days=1)).strftime("%Y%m%d")
    body = event("day", "X", "Y", "Zoé 80 €").replace("DTSTART:X", f"DTSTART;VALUE=DATE:{after}").replace(
        "DTEND:Y", f"DTEND;VALUE=DATE:{(start + datetime.timedelta(days=2)).strftime('%Y%m%d')}")
    entry = gone(s, "work", "day", body=body)
    assert f"\r\nDTSTART;VALUE=DATE:{after}\r\n" in entry and "BEGIN:VTIMEZONE" not in entry, (day, entry)


def test_name_and_rights(s):
    """“Fees”, « Indemnités »: in the owner's home, nothing made or moved there, shared with nobody."""
    gone(s, "work", "rights")
    assert text(s, FEES, "D:displayname") == "Fees"
    s.dedit("calendar", "add", "zoe/work")
    zoe = "/calendars/zoe/"
    assert s.put(zoe + "work/z.ics", event("z", in_hours(20), in_hours(21), "Ida 80 €"), user="zoe").status == 201
    assert s.request("DELETE", zoe + "work/z.ics", user="zoe").status == 204
    assert text(s, zoe + "fees/", "D:displayname", user="zoe") == "Indemnités"
    own = names_of(prop(s, FEES, "D:current-user-privilege-set"))
    assert {"read", "write-content", "write-properties"} <= own and not {"bind", "unbind"} & own, own
    assert s.request("GET", FEES, user="zoe").status == s.request("GET", FEES, user="marc").status == 404
    assert not [h for h in find(s, "/calendars/marc/", "D:resourcetype", depth="1", user="marc").responses()
                if "fees" in h]


def test_words_work_there(s):
    """PUT by the owner is accepted; title and notes are read for words, everything else is reset."""
    for n, (word, state_, where) in enumerate((("#waive", "WAIVED", "SUMMARY"), ("#urgence", "WAIVED", "DESCRIPTION"),
                                               ("#paid", "PAID", "DESCRIPTION"), ("#fee 30", "DUE", "SUMMARY"))):
        uid = f"word{n}"
        entry = gone(s, "work", uid, 10 + n)
        sent = re.sub(f"({where}[^:\r]*:)", rf"\g<1>{word} ", entry, count=1).replace("CLASS:CONFIDENTIAL", "CLASS:PUBLIC")
        sent = sent.replace("TRANSP:TRANSPARENT", "LOCATION:elsewhere")
        r = s.put(path_of(entry), sent)
        assert r.status == 204 and "etag" not in r.headers, r
        now = entry_of(s, uid)
        assert f"STATE={state_}" in now and "CLASS:CONFIDENTIAL" in now and "LOCATION" not in now, now
        assert "TRANSP:TRANSPARENT" in now and word not in value(now, "SUMMARY"), now
        if word == "#urgence":
            assert "STATE=WAIVED;REASON=EMERGENCY" in now and "SUMMARY:✗ Late cancel (waived) · Marie Durand" in now
        if word == "#fee 30":
            assert "SUMMARY:✗ Late cancel 30.00 EUR · Marie Durand" in now and owed(s, uid) == 3000, now


def test_put_back(s):
    """Without words nothing changes, whatever else was sent; sent back as it is, its ETag."""
    entry = gone(s, "work", "putback", 15)
    path = path_of(entry)
    got = s.request("GET", path)
    with unchanged(s, FEES):
        r = s.put(path, got.body, if_match=got.headers["etag"])
        assert r.status == 204 and r.headers["etag"] == got.headers["etag"], r
        for sent in (got.text.replace("80.00", "1.00"), got.text.replace("SUMMARY:", "SUMMARY:Mine "),
                     event("other", "20300101T100000Z", "20300101T110000Z"), "no calendar at all"):
            r = s.put(path, sent)
            assert r.status == 204 and "etag" not in r.headers, r
        assert s.put(path, got.body, if_match='"x"').status == 412
    assert stored(s, path) == got.text and owed(s, "putback") == 8000


def test_delete_hides_and_moves_no_money(s):
    """And a later change of state shows it again."""
    entry = gone(s, "work", "hide", 16)
    before = token(s, FEES)
    assert s.request("DELETE", path_of(entry)).status == 204
    assert s.request("GET", path_of(entry)).status == 404 and owed(s, "hide") == 8000
    assert list(changes(s, before, FEES)[0].values()) == [False]


def test_all_incidents_are_there(s):
    """One glance shows the month: also what costs nothing this once, for whatever reason."""
    entry = gone(s, "kind", "forgiven")
    assert "SUMMARY:✗ Late cancel (free\\, 1 of 1 this year) · Marie Durand\r\n" in entry, entry
    assert value(entry, "X-DEDIT-CLASS") == "LATE-CANCEL" and "X-DEDIT-FEE" not in entry
    assert "No fee: forgiven (1 of 1 this year)." in notes(entry), entry
    entry = gone(s, "record", "recorded")
    assert "SUMMARY:✗ Late cancel · Marie Durand\r\n" in entry and "No fee, only noted." in notes(entry), entry
    entry = gone(s, "pass", "session")
    assert "One session is used." in notes(entry), entry
    # by STATUS as well, with the event
    ics = book(s, "record", "status", 18)
    r = s.put(HOME + "record/status.ics", ics.replace("END:VEVENT", "STATUS:CANCELLED\r\nEND:VEVENT"))
    assert r.status == 204 and "No fee, only noted." in notes(entry_of(s, "status"))
    # taken back: gone from there
    ics = stored(s, HOME + "record/status.ics").replace("STATUS:CANCELLED", "STATUS:CONFIRMED")
    assert s.put(HOME + "record/status.ics", ics).status == 204
    assert entry_of(s, "status") is None


def test_what_is_no_loss_is_not(s):
    assert gone(s, "work", "early", 120) is None
    ics = book(s, "work", "moved", 121)
    assert s.put(HOME + "work/moved.ics", ics.replace(value(ics, "DTSTART"), in_hours(140)).replace(
        value(ics, "DTEND"), in_hours(141))).status == 204
    assert entry_of(s, "moved") is None


def test_on_delete_keep(s):
    """The event reappears as cancelled, for those who want it; and it is noted in Fees all the same."""
    book(s, "keeps", "kept")
    before = token(s, HOME + "keeps/")
    assert s.request("DELETE", HOME + "keeps/kept.ics").status == 204
    ics = stored(s, HOME + "keeps/kept.ics")
    assert value(ics, "STATUS") == "CANCELLED" and value(ics, "SUMMARY").startswith("✗ Late cancel 80.00 EUR"), ics
    assert changes(s, before, HOME + "keeps/")[0] == {"kept.ics": True}
    assert entry_of(s, "kept") and owed(s, "kept") == 8000
    assert s.request("DELETE", HOME + "keeps/kept.ics").status == 204
    assert s.request("GET", HOME + "keeps/kept.ics").status == 404 and owed(s, "kept") == 8000


def test_stable_over_restart_and_rebuild(_):
    with Server(extra=EXTRA, users=()) as s:
        entry = gone(s, "work", "stable")
        before = state(s, FEES)
        s.restart()
        assert state(s, FEES) == before
        assert s.stop() == 0
        s.dedit("rebuild")
        s.start()
        assert entry_of(s, "stable") == entry


def test_title_mark(_):
    """On shared screens the calendar Fees shows no more than the event does."""
    with Server(extra=EXTRA.replace("on-delete = keep", "title = mark"), users=()) as s:
        assert value(gone(s, "keeps", "mark"), "SUMMARY") == "✗ Marie Durand"
    with Server(extra=EXTRA.replace("on-delete = keep", "title = none"), users=()) as s:
        assert value(gone(s, "keeps", "none"), "SUMMARY") == "Marie Durand"


def test_a_late_move_that_is_charged(s):
    """The event shows the appointment that goes on, its entry in Fees the incident: the same text whoever asks."""
    ics = book(s, "work", "late", 19)
    path = HOME + "work/late.ics"
    moved = ics.replace(value(ics, "DTSTART"), in_hours(300)).replace(value(ics, "DTEND"), in_hours(301))
    assert s.put(path, moved).status == 204
    entry, shown = entry_of(s, "late"), stored(s, path)
    assert value(shown, "SUMMARY") == "⚠ Late move 80.00 EUR · Marie Durand 80 €" and owed(s, "late") == 8000
    assert value(entry, "SUMMARY") == "✗ Late move 80.00 EUR · Marie Durand", entry
    assert value(entry, "DTSTART") == value(ics, "DTSTART"), "the time that was given up"
    assert value(entry, "UID").startswith(f"fee-{value(entry, 'X-DEDIT-REF')}@"), entry
    note = notes(entry)
    assert "Moved late by the client, received " in note and "State: due." in note and "Owner: #waive" in note, note
    # a word on the event, and one in the entry: the entry says the new state, and else the same
    assert s.put(path, shown.replace("80 €", "80 € #paid")).status == 204
    paid = entry_of(s, "late")
    assert value(paid, "SUMMARY") == value(entry, "SUMMARY") and "State: paid." in notes(paid), paid
    assert s.put(path_of(paid), paid.replace("SUMMARY:", "SUMMARY:#unpaid ")).status == 204
    assert entry_of(s, "late") == entry
    assert owed(s, "late") == 8000


def test_a_hold_that_waits_for_the_owners_word(_):
    """Proposed in Fees; confirmed, the event alone tells, and nothing stays behind."""
    rules = EXTRA.replace("owner-changes = client on-delete = keep", "owner-changes = propose late-move = hold")
    with Server(extra=rules, users=()) as s:
        ics = book(s, "keeps", "hold")
        path = HOME + "keeps/hold.ics"
        moved = ics.replace(value(ics, "DTSTART"), in_hours(300)).replace(value(ics, "DTEND"), in_hours(301))
        assert s.put(path, moved).status == 204
        entry = entry_of(s, "hold")
        assert "X-DEDIT-HELD;CURRENCY=EUR:80.00\r\n" in entry and "To be confirmed by the owner." in notes(entry), entry
        assert "80.00 EUR fall due if this appointment is cancelled or missed; otherwise nothing." in notes(entry)
        assert "No fee" not in notes(entry), entry
        assert s.put(path, stored(s, path).replace("80 €", "80 € #ok")).status == 204
        assert entry_of(s, "hold") is None and "X-DEDIT-HELD" in stored(s, path)
