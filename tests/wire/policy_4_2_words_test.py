"""doc/policy.md 4.2: every word of the table in all its forms, where it may stand, who may say it, and by which way it comes."""

import itertools

from appointments import ADMINISTRATORS_WAYS, CLIENT, CLIENTS_WAYS, Practice, practices
from dav import unfold, value

SLOW = PLAIN = True

BASE = 'timezone = "Europe/Paris"\ncurrency = EUR\nprice = "80 EUR"\nprice-from = title\ntiers = { "48h 50%", "24h 100%" }\n' \
       'no-show = "100% wait 15m until 14d"\nlate-arrival = "noshow-after 15m"\n'
POLICIES = {
    "therapy": BASE + "owner-changes = client",
    "studio": BASE + "owner-changes = owner",
    "asking": BASE + "owner-changes = propose",
    "deposit": BASE + 'owner-changes = client\ndeposit = "30 EUR credit"',
    "counting": BASE + 'owner-changes = client\nescalate = "from 2 per 365d 50%"',
}
SERVER = {"extra": practices(POLICIES), "users": (), "clock": "2026-01-01T00:00:00Z"}

# The table: canonical word, its forms, its argument.
FORMS = {
    "noshow": (["#noshow", "#no-show", "#absent", "#absente", "#lapin", "#NoShow"], ""),
    "attended": (["#attended", "#came", "#present", "#venu", "#venue", "#présent"], ""),
    "late": (["#late", "#retard"], " 20"),
    "latecancel": (["#late-cancel", "#annulation-tardive"], ""),
    "waive": (["#waive", "#nofee", "#offert", "#sansfrais", "#WAIVE"], ""),
    "emergency": (["#emergency", "#urgence"], ""),
    "me": (["#me", "#moi"], ""),
    "client": (["#client", "#Client"], ""),
    "fee": (["#fee", "#frais"], " 30"),
    "price": (["#price", "#prix"], " 60"),
    "paid": (["#paid", "#payé", "#paye"], ""),
    "unpaid": (["#unpaid", "#impayé"], ""),
    "dispute": (["#dispute", "#litige"], ""),
    "ok": (["#ok", "#confirm", "#OK"], ""),
    "video": (["#video", "#phone", "#visio", "#tel"], ""),
    "private": (["#private", "#perso", "#prive", "#privé"], ""),
    "undo": (["#undo", "#erreur"], ""),
}


def say(p, word, uid="a", where="title", user=None, **more):
    """The event sent once more with the word in its title or its notes."""
    if where == "title":
        more["title"] = more.get("title", "Marc 80 €") + " " + word
    else:
        more["notes"] = word
    p.put(uid, p.event(uid, **more), user)


def cases(canonical):
    """Each form, in title and notes by turns; both for the first."""
    forms, argument = FORMS[canonical]
    yield forms[0] + argument, "notes"
    yield from ((form + argument, where) for form, where in zip(forms, itertools.cycle(("title", "notes"))))


def lost(s, policy="therapy", by=CLIENT):
    """An appointment that was cancelled five hours before."""
    p = Practice(s, policy)
    p.book("a")
    p.at(5)
    p.put("a", p.event("a", status="CANCELLED"), by)
    p.at(4)
    return p


def over(s):
    """An appointment half an hour after its start."""
    p = Practice(s, "therapy")
    p.book("a")
    p.at(-0.5)
    return p


def states(p, uid="a"):
    return [e["state"] for e in p.entries(uid) if e["state"] not in ("void", "none")]


def test_noshow(s):
    for word, where in cases("noshow"):
        p = over(s)
        say(p, word, where=where)
        assert p.owed() == 8000 and p.entries()[-1]["class"] == "no-show", (word, p.entries())
        assert "No-show" in p.title("a"), p.title("a")
        assert f" {word}" not in p.title("a") and word not in p.notes("a").split("===")[0], word


def test_attended(s):
    for word, where in cases("attended"):
        p = over(s)
        say(p, "#noshow")
        assert p.owed() == 8000
        p.at(-1)
        say(p, word, where=where)
        assert p.owed() == 0 and "No-show" not in p.title("a"), (word, p.entries())


def test_late(s):
    for word, where in cases("late"):
        p = over(s)
        say(p, word, where=where)
        assert p.owed() == 8000 and p.entries()[-1]["class"] == "no-show", (word, p.entries())
        p = over(s)
        say(p, word.replace("20", "5"), where=where)
        assert p.owed() == 0, (word, p.entries())


def test_latecancel(s):
    """Entered afterwards."""
    for word, where in cases("latecancel"):
        p = over(s)
        say(p, word, where=where)
        assert p.owed() == 8000 and p.entries()[-1]["class"] == "late-cancel", (word, p.entries())


def test_waive(s):
    for word, where in cases("waive"):
        p = lost(s)
        say(p, word, where=where, status="CANCELLED")
        assert p.owed() == 0 and states(p) == ["waived"], (word, p.entries())


def test_emergency_does_not_count(s):
    for word, where in cases("emergency"):
        for counted, expected in ((False, 8000), (True, 4000)):  # the second in a year costs half here
            p = lost(s, "counting")
            if not counted:
                say(p, word, where=where, status="CANCELLED")
                assert p.owed() == 0 and states(p) == ["waived"], (word, p.entries())
            p.put("b", p.event("b", hours=1), new=True)
            p.put("b", p.event("b", hours=1, status="CANCELLED"), CLIENT)
            assert p.owed("b") == expected, (word, p.entries())


def test_me(s):
    """With the change or afterwards."""
    for word, where in cases("me"):
        p = Practice(s, "therapy")
        p.book("a")
        p.at(5)
        say(p, word, where=where, status="CANCELLED")
        assert p.owed() == 0 and p.entries()[-1]["class"] == "owner-cancel", (word, p.entries())
        p = lost(s)
        say(p, word, where=where, status="CANCELLED")
        assert p.owed() == 0, (word, p.entries())


def test_client(s):
    for word, where in cases("client"):
        p = Practice(s, "studio")
        p.book("a")
        p.at(5)
        say(p, word, where=where, status="CANCELLED")
        assert p.owed() == 8000 and p.entries()[-1]["by"] == "client", (word, p.entries())


def test_fee(s):
    for word, where in cases("fee"):
        p = lost(s)
        say(p, word, where=where, status="CANCELLED")
        assert p.owed() == 3000 and "30.00 EUR" in p.title("a"), (word, p.entries())


def test_price(s):
    for word, where in cases("price"):
        p = Practice(s, "therapy")
        p.book("a")
        say(p, word, where=where)
        p.at(5)
        p.delete("a", CLIENT)
        assert p.owed() == 6000, (word, p.entries())


def test_paid_and_unpaid(s):
    for word, where in cases("paid"):
        p = lost(s)
        say(p, word, where=where, status="CANCELLED")
        assert states(p) == ["paid"] and p.owed() == 0, (word, p.entries())
    for word, where in cases("unpaid"):
        p = lost(s)
        say(p, "#paid", status="CANCELLED")
        say(p, word, where=where, status="CANCELLED")
        assert states(p) == ["due"] and p.owed() == 8000, (word, p.entries())


def test_paid_and_then_lowered(s):
    """Deposit and payment go back as far as they aren't needed, and no further: 80 paid, 30 of it before; 20 remain."""
    p = Practice(s, "deposit")
    p.book("a")
    say(p, "#paid")
    p.at(5)
    p.put("a", p.event("a", status="CANCELLED"), CLIENT)
    assert (p.entries()[-1]["deposit"], p.entries()[-1]["refund"]) == (3000, 0), p.entries()
    say(p, "#paid", status="CANCELLED")
    assert states(p) == ["paid"]
    say(p, "#fee 20", status="CANCELLED")
    e = p.entries()[-1]
    assert (e["fee"], e["deposit"], e["refund"], e["credit"]) == (2000, 2000, 1000, 5000), e


def test_dispute(s):
    """The one word that clients may say; nothing else of theirs opens more than a dispute, and no money moves."""
    for word, where in cases("dispute"):
        for user in (None, CLIENT):
            p = lost(s)
            say(p, word, where=where, user=user, status="CANCELLED")
            assert states(p) == ["disputed"], (word, user, p.entries())
            assert p.entries()[-1]["fee"] == 8000
    for word in ("#urgence", "#emergency"):
        p = lost(s)
        say(p, word, user=CLIENT, status="CANCELLED")
        assert states(p) == ["disputed"] and word in p.title("a"), (word, p.entries(), p.title("a"))


def test_ok(s):
    for word, where in cases("ok"):
        p = lost(s, "asking", by=None)
        assert states(p) == ["proposed"]
        say(p, word, where=where, status="CANCELLED")
        assert p.owed() == 8000, (word, p.entries())


def test_video_has_no_effect_on_fees(s):
    for word, where in cases("video"):
        p = Practice(s, "therapy")
        p.book("a")
        say(p, word, where=where)
        assert p.standing() == [] and "Free to cancel" in p.notes("a"), word
        p.at(5)
        p.delete("a", CLIENT)
        assert p.owed() == 8000, (word, p.entries())


def test_private(s):
    for word, where in cases("private"):
        p = Practice(s, "therapy")
        p.at(24 * 14)
        p.put("a", p.event("a", **({"title": "Marc 80 € " + word} if where == "title" else {"notes": word})), new=True)
        assert "X-DEDIT" not in p.text("a") and "do not edit" not in p.text("a"), (word, p.text("a"))
        p.at(5)
        p.delete("a", CLIENT)
        assert p.owed() == 0, (word, p.entries())


def test_undo(s):
    for word, where in cases("undo"):
        p = lost(s)
        say(p, "#waive", status="CANCELLED")
        assert p.owed() == 0
        say(p, word, where=where, status="CANCELLED")
        assert p.owed() == 8000 and states(p) == ["due"], (word, p.entries())


# ---- safe rules ----


def test_a_clients_words_do_nothing(s):
    """They stay where they are."""
    for canonical, (forms, argument) in FORMS.items():
        if canonical in ("dispute", "emergency"):
            continue
        word = forms[0] + argument
        p = lost(s)
        before = p.entries()
        say(p, word, user=CLIENT, status="CANCELLED")
        assert p.entries() == before and word in p.title("a"), (word, p.entries(), p.title("a"))
        say(p, "x", status="CANCELLED", title=f"Marc 80 € {word}")  # the owner's program sends what it has read
        assert p.entries() == before, (word, p.entries())


def test_files_and_imports_say_nothing(s):
    """They are the administrator's (architecture.md 15.1)."""
    for name, way in ADMINISTRATORS_WAYS.items():
        for word in ("#waive", "#paid", "#fee 30", "#me"):
            p = lost(s)
            way(p, "a", p.event("a", status="CANCELLED", title=f"Marc 80 € {word}"))
            assert p.owed() == 8000 and states(p) == ["due"], (name, word, p.entries())


def test_words_come_with_copy_and_move(s):
    """The owner's words count whatever the method; a client's don't."""
    for name, way in CLIENTS_WAYS.items():
        p = lost(s)
        way(p, "a", p.event("a", status="CANCELLED", title="Marc 80 € #waive"), p.owner)
        assert states(p) == ["waived"], (name, p.entries())
        p = lost(s)
        way(p, "a", p.event("a", status="CANCELLED", title="Marc 80 € #waive"), CLIENT)
        assert states(p) == ["due"], (name, p.entries())


def test_words_about_what_is_deleted_stand_in_fees(s):
    for word, expected in (("#waive", ["waived"]), ("#offert", ["waived"]), ("#fee 30", ["due"]), ("#paid", ["paid"]),
                           ("#litige", ["disputed"]), ("#me", [])):
        p = Practice(s, "therapy")
        p.book("a")
        p.at(5)
        p.delete("a", CLIENT)
        ref = p.entries()[0]["ref"]
        r = s.request("GET", p.path(ref, calendar="fees"), user=p.owner)
        text = unfold(r.text).replace("\r\nDESCRIPTION:", f"\r\nDESCRIPTION:{word}\\n", 1)
        r = s.put(p.path(ref, calendar="fees"), text, user=p.owner, if_match=r.headers["etag"])
        assert r.status == 204, r
        assert states(p) == expected and p.owed() == (3000 if "30" in word else 0), (word, p.entries())


def test_old_words_are_no_news(s):
    """Sent again with the text that the program still has: nothing."""
    p = lost(s)
    say(p, "#waive", status="CANCELLED")
    say(p, "#undo", status="CANCELLED")
    assert p.owed() == 8000
    before = p.entries()
    p.put("a", p.text("a"))
    p.put("a", p.text("a"), CLIENT)
    assert p.entries() == before


def test_where_words_are_no_words(s):
    """In lines that begin with >, in the server's block, in comments of attendees, without a blank before."""
    for text in (dict(notes="> #waive"), dict(title="Marc 80 € x#waive"), dict(notes="see https://example.org/#waive"),
                 dict(notes="#waived"), dict(notes="#noshowing")):
        p = lost(s)
        p.put("a", p.event("a", status="CANCELLED", **text))
        assert states(p) == ["due"], (text, p.entries())
    p = lost(s)
    p.put("a", p.text("a").replace("do not edit below ===", "do not edit below ===\\n#waive", 1))
    assert states(p) == ["due"] and "#waive" in p.notes("a").split("===")[0], p.text("a")
    p.put("a", p.text("a"))
    assert states(p) == ["due"], "nor by having been moved out of the block"
    p = lost(s)
    p.put("a", p.event("a", f'ATTENDEE;X-COMMENT="#waive":mailto:{CLIENT}@example.org', status="CANCELLED"))
    assert states(p) == ["due"], p.entries()


def test_contradictions_and_absurd_amounts(s):
    """None is acted on; the event is stored, the note says so, no money moves."""
    for words in ("#noshow #attended", "#waive #fee 30", "#me #client"):
        p = lost(s)
        p.put("a", p.event("a", status="CANCELLED", title=f"Marc 80 € {words}"))
        assert states(p) == ["due"] and p.owed() == 8000, (words, p.entries())
        assert "contradict" in p.notes("a").lower(), (words, p.notes("a"))
    for word in ("#fee 100001", "#fee 1.234", "#fee -5", "#fee"):
        p = lost(s)
        p.put("a", p.event("a", status="CANCELLED", title=f"Marc 80 € {word}"))
        assert p.owed() == 8000, (word, p.entries())
        assert "was not understood" in p.notes("a"), (word, p.notes("a"))
    p = lost(s)
    say(p, "#fee 100000", status="CANCELLED")
    assert p.charged() == [10000000], p.entries()


def test_prices_in_titles(s):
    """Two amounts or a separator that can be read in two ways: no price, the note asks, the title stays."""
    for title in ("Marc 80 € 90 €", "Marc 1,200 €", "Marc 80.505 EUR"):
        p = Practice(s, "therapy")
        sent = title.replace(",", "\\,")
        p.book("a", title=sent)
        assert value(p.text("a"), "SUMMARY") == sent and "two ways" in p.notes("a"), (title, p.text("a"))
        p.put("b", p.event("b", "RRULE:FREQ=WEEKLY;COUNT=3", hours=1, title=sent), new=True)
        assert "two ways" in p.notes("b"), (title, p.text("b"))
        p.at(5)
        p.put("a", p.event("a", title=sent, status="CANCELLED"), CLIENT)
        assert p.owed("a") == 0 and p.entries("a")[-1]["outcome"] == "recorded", (title, p.entries())
    p = Practice(s, "therapy")
    p.book("a", title="Marc 80 € 90 €")
    p.put("a", p.event("a", title="Marc 90 €"))
    assert "two ways" not in p.notes("a") and "90.00 EUR" in p.notes("a")
