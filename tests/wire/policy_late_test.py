"""Late cancellations as programs on the wire meet them (doc/policy.md, doc/clients.md sections 1 to 4)."""

import datetime
import json
import zlib

from dav import (
    HOME,
    calendar_data,
    changes,
    find,
    found,
    in_hours,
    listing,
    names_of,
    notes,
    prop,
    refused,
    state,
    text,
    token,
    unchanged,
    unfold,
    value,
)
from dav import comp
from dedit_wire import Server, event, tag

THERAPY = 'timezone = "Europe/Paris" currency = "EUR" price-from = title tiers = { "48h 50%", "24h 100%" }'
EXTRA = f"""
group "admin" {{ members = {{ "paul" }} }}
policy "therapy" {{ {THERAPY} owner-changes = client }}
policy "own" {{ {THERAPY} owner-changes = owner }}
policy "propose" {{ {THERAPY} owner-changes = propose language = fr }}
calendar "anna/appointments" {{ policy = "therapy" }}
calendar "anna/second" {{ policy = "therapy" }}
calendar "anna/own" {{ policy = "own" }}
calendar "anna/propose" {{ policy = "propose" }}
"""
SERVER = {"extra": EXTRA, "users": ("anna", "paul")}
WORK, FEES = HOME + "appointments/", HOME + "fees/"
SHARED = "/calendars/marc/anna~appointments/"
TITLE = "Marc Petit 80 €"
CANCEL = "STATUS:CANCELLED\r\n"
LATE = "✗ Late cancel 80.00 EUR · "


def prepare(s):
    """marc and the calendars, made once for the file's server."""
    if "marc" in s.users:
        return
    s.add_user("marc", "--name", "Marc Petit")
    for name in ("appointments", "second", "own", "propose"):
        s.dedit("calendar", "add", f"anna/{name}")
        s.dedit("share", f"anna/{name}", "marc", "write")
    s.users += ("marc",)


def booked(uid, hours, title=TITLE, extra=""):
    """Each at another second: the same client at the same time under another UID is the same appointment."""
    begin = hours + (zlib.crc32(uid.encode()) % 900) / 3600
    return event(uid, in_hours(begin), in_hours(begin + 1), title, extra)


def book(s, uid, hours, path=WORK, **more):
    """By the owner; what is stored."""
    prepare(s)
    sent = booked(uid, hours, **more)
    r = s.put(f"{path}{uid}.ics", sent)
    assert r.status == 201, r
    return stored(s, path + uid + ".ics")


def stored(s, path, user="anna"):
    r = s.request("GET", path, user=user)
    assert r.status == 200, (path, r)
    return r.text


def change(s, uid, by="marc", path=None, edit=lambda t: t, status=204):
    """GET, edit, PUT with If-Match, as a program does; what is stored then."""
    at = (path or (SHARED if by == "marc" else WORK)) + uid + ".ics"
    r = s.request("GET", at, user=by)
    r = s.put(at, edit(r.text), user=by, if_match=r.headers["etag"])
    assert r.status == status, r
    return stored(s, at, by)


def cancel(s, uid, by="marc", path=None):
    return change(
        s,
        uid,
        by,
        path,
        lambda t: t.replace("STATUS:CONFIRMED\r\n", "").replace("END:VEVENT", CANCEL + "END:VEVENT"),
    )


def move(hours):
    return lambda t: t.replace(value(t, "DTSTART"), in_hours(hours)).replace(
        value(t, "DTEND"), in_hours(hours + 1)
    )


def fees(s, uid):
    return [f for f in json.loads(s.dedit("fees", "--json").stdout) if f["uid"] == uid]


def owed(s, uid):
    """In minor units; entries that were taken back don't count."""
    return sum(f["fee"] for f in fees(s, uid) if f["state"] == "due")


def fee_entry(s, ref):
    return unfold(stored(s, f"{FEES}{ref}.ics"))


def outcome(s, uid):
    return [(f["class"], f["outcome"], f["state"], f["fee"]) for f in fees(s, uid)]


# ---- booked ----


def test_free_until(s):
    """policy.md 4.3 a): the line, the reference, the instant, and nothing else touched."""
    ics = book(s, "free", 120)
    until = datetime.datetime.strptime(value(ics, "DTSTART"), "%Y%m%dT%H%M%SZ") - datetime.timedelta(hours=48)
    assert value(ics, "X-DEDIT-FREE-UNTIL") == until.strftime("%Y%m%dT%H%M%SZ")
    note = notes(ics)
    assert "Free to cancel or move until " in note and "(48 h before)." in note, note
    assert "From then on: 40.00 EUR. From " in note and ": 80.00 EUR. Policy “Therapy”." in note, note
    assert note.startswith(f"=== {value(ics, 'X-DEDIT-REF')} · do not edit below ===\n") and note.endswith(
        "\n=== end ==="
    ), note
    assert value(ics, "SUMMARY") == TITLE and "STATUS" not in ics
    without = [line for line in unfold(ics).splitlines() if not line.startswith(("X-DEDIT-", "DESCRIPTION"))]
    assert without == booked("free", 120).splitlines(), "times, stamps and order stay as sent"
    assert fees(s, "free") == []


def test_booked_late(s):
    """The tier that holds from the start, and what follows it."""
    note = notes(book(s, "in36", 36))
    assert "Booked less than 48 h before: cancelling or moving costs 40.00 EUR from the start." in note, note
    assert ": 80.00 EUR." in note
    note = notes(book(s, "in20", 20))
    assert "Booked less than 24 h before: cancelling or moving costs 80.00 EUR from the start." in note, note
    assert fees(s, "in36") == fees(s, "in20") == []


def test_answer_without_etag_when_changed(s):
    """clients.md 1 and 6.1"""
    prepare(s)
    before, ctag = token(s, WORK), text(s, WORK, "CS:getctag")
    r = s.put(WORK + "etag.ics", booked("etag", 100), if_none_match="*")
    assert r.status == 201 and r.body == b"" and not {"etag", "last-modified"} & set(r.headers), r
    got = s.request("GET", WORK + "etag.ics")
    assert listing(s, WORK)["etag.ics"] == got.headers["etag"]
    assert calendar_data(s, WORK + "etag.ics").replace("\r\n", "\n") == got.text.replace("\r\n", "\n")
    assert changes(s, before, WORK)[0] == {"etag.ics": True} and text(s, WORK, "CS:getctag") != ctag
    # The stored bytes sent back are exact: an ETag, and nothing moves.
    with unchanged(s, WORK):
        r = s.put(WORK + "etag.ics", got.body, if_match=got.headers["etag"])
        assert r.status == 204 and r.headers["etag"] == got.headers["etag"], r
        # The first body once more means the same: stored is what was stored, but that isn't what was sent.
        r = s.put(WORK + "etag.ics", booked("etag", 100))
        assert r.status == 204 and "etag" not in r.headers, r


def test_prefer_representation_does_no_harm(s):
    prepare(s)
    r = s.request(
        "PUT",
        WORK + "prefer.ics",
        booked("prefer", 100),
        {"Content-Type": "text/calendar", "Prefer": "return=representation"},
    )
    assert r.status in (200, 201) and (
        "etag" not in r.headers or r.body == s.request("GET", WORK + "prefer.ics").body
    ), r


def test_what_is_no_appointment(s):
    prepare(s)
    for uid, extra in (("tentative", "STATUS:TENTATIVE\r\n"), ("transparent", "TRANSP:TRANSPARENT\r\n")):
        sent = booked(uid, 20, extra=extra)
        r = s.put(f"{WORK}{uid}.ics", sent)
        assert r.status == 201 and "etag" in r.headers, (uid, r)
        assert stored(s, f"{WORK}{uid}.ics") == sent
        assert s.request("DELETE", f"{SHARED}{uid}.ics", user="marc").status == 204
        assert owed(s, uid) == 0


# ---- cancelled ----


def test_cancel_in_time(s):
    book(s, "intime", 120)
    ics = cancel(s, "intime")
    assert value(ics, "STATUS") == "CANCELLED" and value(ics, "SUMMARY") == TITLE
    assert outcome(s, "intime") == [("on-time-cancel", "none", "none", 0)]


def test_cancel_late_by_status(s):
    """policy.md 4.3 b)"""
    book(
        s,
        "late",
        20,
        extra="DESCRIPTION:Bring the questionnaire.\r\nCATEGORIES:Therapy\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\n"
        "TRIGGER:-PT1H\r\nDESCRIPTION:x\r\nEND:VALARM\r\n",
    )
    before = token(s, WORK)
    ics = unfold(cancel(s, "late"))
    assert value(ics, "SUMMARY") == LATE + TITLE
    assert (
        value(ics, "STATUS") == "CANCELLED"
        and value(ics, "TRANSP") == "TRANSPARENT"
        and value(ics, "COLOR") == "tomato"
    )
    assert value(ics, "CATEGORIES") == "Therapy,Late cancellation"
    note = notes(ics)
    assert (
        note.startswith("Bring the questionnaire.\n\n=== ")
        and "Late cancellation by the client, received " in note
    ), note
    assert "agreed 24 h.\nFee 80.00 EUR (100 % of 80.00 EUR). State: due.\n" in note, note
    assert "COMMENT;LANGUAGE=en:Late cancellation: " in ics and ics.count("BEGIN:VALARM") == 1
    for line in (
        "X-DEDIT-CLASS:LATE-CANCEL",
        'X-DEDIT-FEE;CURRENCY=EUR;STATE=DUE;BASIS="100%":80.00',
        "X-DEDIT-BY;ACTOR=CLIENT:CLIENT",
    ):
        assert line + "\r\n" in ics, (line, ics)
    assert changes(s, before, WORK)[0] == {"late.ics": True}
    assert all(len(line.encode()) <= 75 for line in stored(s, WORK + "late.ics").split("\r\n")), "folded"
    [fee] = fees(s, "late")
    assert {
        k: fee[k]
        for k in ("owner", "client", "client-key", "class", "outcome", "state", "fee", "held", "currency",
                  "policy", "actor")
    } == {
        "owner": "anna",
        "client": "Marc Petit",
        "client-key": "marc petit",
        "class": "late-cancel",
        "outcome": "charged",
        "state": "due",
        "fee": 8000,
        "held": 0,
        "currency": "EUR",
        "policy": "therapy",
        "actor": "marc",
    }
    assert fee["start"].replace("-", "").replace(":", "") == value(ics, "DTSTART") and fee["ref"] == value(
        ics, "X-DEDIT-REF"
    )
    assert value(fee_entry(s, fee["ref"]), "RELATED-TO") == "late"


def test_several_tiers(s):
    for hours, fee in ((47, 4000), (25, 4000), (23, 8000), (1, 8000), (49, 0)):
        uid = f"tier{hours}"
        book(s, uid, hours)
        cancel(s, uid)
        assert owed(s, uid) == fee, (hours, fees(s, uid))


def test_delete_late(s):
    """policy.md 4.4: gone, and noted in Fees."""
    ics = book(s, "deleted", 20)
    before = token(s, WORK)
    etag = s.request("HEAD", SHARED + "deleted.ics", user="marc").headers["etag"]
    refused(s.request("DELETE", SHARED + "deleted.ics", None, {"If-Match": '"x"'}, "marc"), 412)
    assert owed(s, "deleted") == 0
    r = s.request("DELETE", SHARED + "deleted.ics", None, {"If-Match": etag}, "marc")
    assert r.status == 204 and r.body == b"", r
    assert s.request("GET", WORK + "deleted.ics").status == 404 and changes(s, before, WORK)[0] == {
        "deleted.ics": False
    }
    assert outcome(s, "deleted") == [("late-cancel", "charged", "due", 8000)]
    entry = fee_entry(s, fees(s, "deleted")[0]["ref"])
    assert value(entry, "SUMMARY") == LATE + "Marc Petit" and value(entry, "RELATED-TO") == "deleted"
    assert value(entry, "CLASS") == "CONFIDENTIAL" and value(entry, "TRANSP") == "TRANSPARENT"
    assert value(entry, "DTSTART") == value(ics, "DTSTART")


def test_delete_in_time(s):
    book(s, "deleted-early", 120)
    assert s.request("DELETE", SHARED + "deleted-early.ics", user="marc").status == 204
    assert owed(s, "deleted-early") == 0


def test_deleted_and_made_again(s):
    """policy.md 3.5: phones that move between calendars, re-imports."""
    book(s, "again", 20)
    s.request("DELETE", SHARED + "again.ics", user="marc")
    ref = fees(s, "again")[0]["ref"]
    assert owed(s, "again") == 8000
    r = s.put(SHARED + "other-name.ics", booked("again", 20), user="marc")
    assert r.status == 201, r
    assert owed(s, "again") == 0, fees(s, "again")
    assert "Late cancel" not in value(stored(s, WORK + "other-name.ics"), "SUMMARY")
    assert all(f["state"] in ("void", "none") for f in fees(s, "again")) and ref


def test_deleted_and_made_again_under_another_uid(s):
    """C17; and cancelled again it is owed again, or that would be a way around the policy."""
    sent = booked("phone", 20)
    book(s, "phone", 20)
    s.request("DELETE", SHARED + "phone.ics", user="marc")
    assert owed(s, "phone") == 8000
    start = fees(s, "phone")[0]["start"].replace("-", "").replace(":", "")
    r = s.put(
        SHARED + "phone2.ics",
        sent.replace("UID:phone", "UID:phone2").replace(value(sent, "DTSTART"), start),
        user="marc",
    )
    assert r.status == 201 and owed(s, "phone") == 0, fees(s, "phone")
    cancel(s, "phone2")
    assert owed(s, "phone") == 0 and owed(s, "phone2") == 8000


def test_uncancel(s):
    book(s, "uncancel", 20)
    ics = cancel(s, "uncancel")
    ics = change(s, "uncancel", edit=lambda t: t.replace("STATUS:CANCELLED", "STATUS:CONFIRMED"))
    assert value(ics, "SUMMARY") == TITLE and value(ics, "STATUS") == "CONFIRMED", ics
    assert not {"X-DEDIT-FEE", "COLOR", "COMMENT", "CATEGORIES"} & {
        x.split(":")[0].split(";")[0] for x in unfold(ics).splitlines()
    }, ics
    assert value(ics, "TRANSP") in (None, "OPAQUE") and "Booked less than 24 h" in notes(ics)
    assert owed(s, "uncancel") == 0 and "void" in [f["state"] for f in fees(s, "uncancel")]
    # Cancelled again: owed once.
    cancel(s, "uncancel")
    assert owed(s, "uncancel") == 8000, fees(s, "uncancel")


def test_the_same_request_again(s):
    """M01: same request, one incident, the same bytes."""
    prepare(s)
    book(s, "repeat", 20)
    sent = stored(s, SHARED + "repeat.ics", "marc").replace("END:VEVENT", CANCEL + "END:VEVENT")
    assert s.put(SHARED + "repeat.ics", sent, user="marc").status == 204
    before, entries = fees(s, "repeat"), state(s, FEES)
    with unchanged(s, WORK):
        for _ in range(3):
            r = s.put(SHARED + "repeat.ics", sent, user="marc")
            assert r.status == 204 and "etag" not in r.headers, r
    assert fees(s, "repeat") == before and len(before) == 1 and state(s, FEES) == entries


def test_cancelled_then_deleted(s):
    """M02"""
    book(s, "both", 20)
    cancel(s, "both")
    assert s.request("DELETE", SHARED + "both.ics", user="marc").status == 204
    assert owed(s, "both") == 8000 and len([f for f in fees(s, "both") if f["fee"]]) == 1


def test_stripped_annotation_comes_back(s):
    """M06, clients.md 6.7: programs that drop what they don't know, or overwrite without If-Match."""
    book(s, "strip", 20)
    ics = cancel(s, "strip")
    plain = (
        booked("strip", 20, extra=CANCEL)
        .replace(value(booked("strip", 20), "DTSTART"), value(ics, "DTSTART"))
        .replace(value(booked("strip", 20), "DTEND"), value(ics, "DTEND"))
    )
    for sent in (
        plain,
        plain.replace(TITLE, LATE + TITLE),
        ics.replace("=== end ===", ""),
        ics.replace("X-DEDIT-", "X-OTHER-"),
        "\r\n".join(line for line in unfold(ics).splitlines() if not line.startswith("X-DEDIT-")) + "\r\n",
    ):
        assert s.put(SHARED + "strip.ics", sent, user="marc").status == 204
        now = unfold(stored(s, WORK + "strip.ics"))
        assert value(now, "SUMMARY") == LATE + TITLE, now
        assert (
            now.count("X-DEDIT-FEE") == 1
            and now.count("do not edit below") == 1
            and now.count("=== end ===") == 1
        ), now
        assert owed(s, "strip") == 8000
    # A booked one as well.
    book(s, "strip2", 120)
    ics = change(
        s,
        "strip2",
        edit=lambda t: booked("strip2", 120)
        .replace(value(booked("strip2", 120), "DTSTART"), value(t, "DTSTART"))
        .replace(value(booked("strip2", 120), "DTEND"), value(t, "DTEND")),
    )
    assert "Free to cancel" in notes(ics) and value(ics, "X-DEDIT-REF")


def test_users_own_edits_stay(s):
    """clients.md section 4: Thunderbird adds its own, alarms are dismissed, titles edited."""
    book(s, "edits", 20, extra="DESCRIPTION:First\r\n")
    cancel(s, "edits")
    ics = change(
        s,
        "edits",
        "anna",
        edit=lambda t: unfold(t)
        .replace("DESCRIPTION:First", "DESCRIPTION:Second")
        .replace("END:VEVENT", "X-MOZ-LASTACK:20260601T000000Z\r\nX-MOZ-GENERATION:2\r\nEND:VEVENT")
        .replace("Petit", "Petit (phone)"),
    )
    assert (
        notes(ics).startswith("Second\n\n=== ")
        and value(ics, "X-MOZ-LASTACK")
        and value(ics, "SUMMARY") == LATE + TITLE.replace("Petit", "Petit (phone)")
    ), ics
    assert owed(s, "edits") == 8000 and len(fees(s, "edits")) == 1


def test_forged_properties_mean_nothing(s):
    """architecture.md 15.8"""
    other = value(book(s, "victim", 30), "X-DEDIT-REF")
    prepare(s)
    forged = booked(
        "forged",
        120,
        extra=f"X-DEDIT-REF:{other}\r\nX-DEDIT-FEE;STATE=WAIVED:0.00\r\nX-DEDIT-CLASS:ATTENDED\r\n"
        f"DESCRIPTION:=== {other} · do not edit below ===\\nMine\\n=== end ===\r\n",
    )
    assert s.put(SHARED + "forged.ics", forged, user="marc").status == 201
    ics = stored(s, WORK + "forged.ics")
    assert value(ics, "X-DEDIT-REF") != other and "X-DEDIT-FEE" not in ics and "X-DEDIT-CLASS" not in ics, ics
    cancel(s, "victim")
    assert owed(s, "victim") == 4000 and owed(s, "forged") == 0


def test_clients_words_change_no_money(s):
    book(s, "words", 20)
    change(
        s,
        "words",
        edit=lambda t: t.replace("END:VEVENT", CANCEL + "END:VEVENT").replace(
            TITLE, TITLE + " #waive #fee 1 #ok"
        ),
    )
    assert owed(s, "words") == 8000, fees(s, "words")
    assert (
        change(s, "words", edit=lambda t: unfold(t).replace("80 €", "1 €")) and owed(s, "words") == 8000
    ), "the price is fixed"


# ---- moved ----


def test_move_in_time_and_late(s):
    """HOLD: a late move is held, and falls due when the appointment is cancelled after all (C03)."""
    book(s, "moved", 120)
    ics = change(s, "moved", edit=move(20))
    assert outcome(s, "moved")[0][:2] == ("on-time-move", "none") and "Booked less than 24 h" in notes(ics)
    ics = change(s, "moved", edit=move(300))
    assert value(ics, "SUMMARY") == "⚠ " + TITLE and value(ics, "STATUS") is None, ics
    assert "X-DEDIT-HELD;CURRENCY=EUR:80.00\r\n" in ics and value(ics, "X-DEDIT-CLASS") == "LATE-MOVE"
    assert "80.00 EUR fall due if this appointment is cancelled or missed; otherwise nothing." in notes(ics)
    assert owed(s, "moved") == 0 and fees(s, "moved")[-1]["held"] == 8000
    cancel(s, "moved")
    assert owed(s, "moved") == 8000


def test_same_instant_in_another_zone(s):
    ics = book(s, "zone", 20)
    start = datetime.datetime.strptime(value(ics, "DTSTART"), "%Y%m%dT%H%M%SZ")
    far = lambda t, h: (t + datetime.timedelta(hours=h)).strftime("%Y%m%dT%H%M%S")
    change(
        s,
        "zone",
        edit=lambda t: t.replace(
            f"DTSTART:{value(t, 'DTSTART')}", f"DTSTART;TZID=Asia/Tokyo:{far(start, 9)}"
        ).replace(f"DTEND:{value(t, 'DTEND')}", f"DTEND;TZID=Asia/Tokyo:{far(start, 10)}"),
    )
    assert outcome(s, "zone") == []


def test_move_between_policy_calendars(s):
    """architecture.md 15.26: by MOVE, or by PUT there and DELETE here."""
    book(s, "across", 20)
    r = s.request("MOVE", WORK + "across.ics", None, {"Destination": HOME + "second/across.ics"})
    assert r.status == 201, r
    assert owed(s, "across") == 0 and "Booked less than 24 h" in notes(stored(s, HOME + "second/across.ics"))
    text_ = stored(s, HOME + "second/across.ics")
    assert s.put(WORK + "across.ics", text_).status == 201
    assert s.request("DELETE", HOME + "second/across.ics").status == 204
    assert owed(s, "across") == 0, fees(s, "across")


def test_move_out_is_a_cancellation(s):
    """The rendering comes off where no policy holds (15.8)."""
    book(s, "out", 20)
    r = s.request(
        "MOVE", SHARED + "out.ics", None, {"Destination": "/calendars/marc/calendar/out.ics"}, "marc"
    )
    assert r.status == 201, r
    assert owed(s, "out") == 8000
    ics = stored(s, "/calendars/marc/calendar/out.ics", "marc")
    assert "X-DEDIT-" not in ics and "do not edit" not in ics and value(ics, "SUMMARY") == TITLE, ics


def test_series(s):
    """F02: one date inside the window taken out; the others are in time."""
    prepare(s)
    sent = booked("series", 20, extra="RRULE:FREQ=WEEKLY;COUNT=8\r\n")
    assert s.put(WORK + "series.ics", sent).status == 201
    assert "each date" in notes(stored(s, WORK + "series.ics"))
    start = value(sent, "DTSTART")
    change(s, "series", edit=lambda t: t.replace("END:VEVENT", f"EXDATE:{start}\r\nEND:VEVENT"))
    assert owed(s, "series") == 8000, fees(s, "series")
    assert fees(s, "series")[-1]["start"].replace("-", "").replace(":", "") == start
    assert s.request("DELETE", SHARED + "series.ics", user="marc").status == 204
    assert owed(s, "series") == 8000, "the rest of the series is far away"


# ---- who ----


def test_owners_changes(s):
    """L01, L03, L12: by the policy's owner-changes."""
    for name, expected in (
        ("appointments", [("late-cancel", "charged", "due", 8000)]),
        ("own", [("owner-cancel", "none", "none", 0)]),
        ("propose", [("late-cancel", "proposed", "proposed", 8000)]),
    ):
        uid = "owner-" + name
        book(s, uid, 20, f"{HOME}{name}/")
        ics = cancel(s, uid, "anna", f"{HOME}{name}/")
        assert outcome(s, uid) == expected, name
        if name == "own":
            assert value(ics, "SUMMARY") == "✗ Cancelled by us · " + TITLE
        if name == "propose":
            assert value(ics, "SUMMARY").startswith(
                "✗ Annulé tard 80\\,00 EUR"
            ) and "Annulation tardive" in notes(ics), ics


def test_administrator(s):
    """L05: no incident."""
    book(s, "admin", 20)
    assert s.request("DELETE", WORK + "admin.ics", user="paul").status == 204
    assert owed(s, "admin") == 0


def test_somebody_elses_appointment(s):
    """architecture.md 15.3: nobody is charged for another's hand."""
    book(s, "else", 20, title="Marie Durand 80 €")
    assert s.request("DELETE", SHARED + "else.ics", user="marc").status == 204
    assert owed(s, "else") == 0 and outcome(s, "else") == [("late-cancel", "proposed", "proposed", 8000)]


def test_calendar_deleted(s):
    """architecture.md section 13: the policy is asked about each event."""
    prepare(s)
    s.dedit("calendar", "add", "anna/brief")
    s.write_config(extra=EXTRA + 'calendar "anna/brief" { policy = "therapy" }\n')
    s.reload()
    try:
        book(s, "brief1", 20, HOME + "brief/")
        book(s, "brief2", 120, HOME + "brief/")
        assert s.request("DELETE", HOME + "brief/").status == 204
        assert owed(s, "brief1") == 8000 and owed(s, "brief2") == 0
    finally:
        s.write_config(extra=EXTRA)
        s.reload()


# ---- the Fees calendar ----


def some_fee(s, uid):
    book(s, uid, 20)
    cancel(s, uid)
    return fees(s, uid)[0]["ref"]


def test_fees_calendar_rights(s):
    """architecture.md 15.11"""
    some_fee(s, "rights")
    own = names_of(prop(s, FEES, "D:current-user-privilege-set"))
    assert {"read", "write-content", "write-properties"} <= own and not {"bind", "unbind", "write"} & own, own
    assert text(s, FEES, "D:displayname") == "Fees"
    with unchanged(s, FEES):
        refused(s.put(FEES + "mine.ics", booked("mine", 20)), 403, "D:need-privileges")
        refused(
            s.request("MOVE", WORK + "rights.ics", None, {"Destination": FEES + "x.ics"}),
            403,
            "D:need-privileges",
        )
        refused(s.request("DELETE", FEES), 403, "D:need-privileges")
        name = next(iter(listing(s, FEES)))
        for method in ("MOVE", "COPY"):
            r = s.request(method, FEES + name, None, {"Destination": HOME + "calendar/x.ics"})
            assert r.status == 403 and r.condition() == "D:need-privileges", (method, r)
    assert s.request("GET", WORK + "rights.ics").status == 200 and s.request("MKCALENDAR", FEES).status == 403
    for path in (FEES, "/calendars/marc/anna~fees/"):
        refused(s.request("PROPFIND", path, None, {"Depth": "1"}, "marc"), 404)
    assert not any(
        "fees" in h for h in find(s, "/calendars/marc/", "D:resourcetype", depth="1", user="marc").responses()
    )


def test_fee_entries_are_put_back(s):
    path = f"{FEES}{some_fee(s, 'putback')}.ics"
    before = stored(s, path)
    with unchanged(s, FEES):
        r = s.put(path, before.replace("80.00", "1.00"))
        assert r.status == 204 and "etag" not in r.headers, r
    assert stored(s, path) == before and owed(s, "putback") == 8000


def test_hiding_a_fee_entry(s):
    path = f"{FEES}{some_fee(s, 'hidden')}.ics"
    before = token(s, FEES)
    assert s.request("DELETE", path).status == 204
    assert s.request("GET", path).status == 404 and owed(s, "hidden") == 8000
    assert list(changes(s, before, FEES)[0].values()) == [False]
    # A later change of state shows it again; what is void has no entry.
    change(s, "hidden", edit=lambda t: t.replace("STATUS:CANCELLED", "STATUS:CONFIRMED"))
    assert s.request("GET", path).status == 404 and owed(s, "hidden") == 0
    cancel(s, "hidden")
    assert s.request("GET", path).status == 200 and owed(s, "hidden") == 8000


def test_annotation_is_seen_by_reports(s):
    book(s, "seen", 20)
    cancel(s, "seen")
    late = '<C:prop-filter name="STATUS"><C:text-match>CANCELLED</C:text-match></C:prop-filter>'
    assert "seen.ics" in found(s, comp("VEVENT", late), WORK)
    got = find(s, SHARED + "seen.ics", "D:getetag", "D:getcontentlength", user="marc").responses()[
        SHARED + "seen.ics"
    ]
    r = s.request("GET", WORK + "seen.ics")
    assert got[tag("D:getetag")].text == r.headers["etag"] and got[tag("D:getcontentlength")].text == str(
        len(r.body)
    )


# ---- kills ----


def test_kill_between_any_two_steps(_):
    """What was acknowledged is there afterwards: events, money, tokens."""
    with Server(**SERVER) as s:
        prepare(s)

        def kill():
            before = state(s, WORK), json.loads(s.dedit("fees", "--json").stdout)
            s.kill()
            s.start()
            assert (state(s, WORK), json.loads(s.dedit("fees", "--json").stdout)) == before

        for uid, hours in (("early", 120), ("status", 20), ("delete", 20)):
            book(s, uid, hours)
        kill()
        cancel(s, "early")
        cancel(s, "status")
        kill()
        s.request("DELETE", SHARED + "delete.ics", user="marc")
        kill()
        entries = listing(s, FEES)
        assert len(entries) == 2 and sum(owed(s, uid) for uid in ("early", "status", "delete")) == 16000
        assert s.dedit("check", "--deep").returncode == 0
