"""policy.md 4.3: what `extras = on` adds, and the fee note's link (architecture.md 15.9, 15.32, 15.33)."""

import json
import re

from dav import HOME, changes, in_hours, state, token, unchanged, unfold, value
from dedit_wire import Server, event

SLOW = True

PUBLIC = "https://cal.example.org"
RULES = ('timezone = "Europe/Paris" currency = "EUR" price-from = title owner-changes = client '
         'tiers = { "48h 50%", "24h 100%" }')
EXTRA = f"""
policy "therapy" {{ {RULES} extras = on version "2026-01-01" {{ late-move = same }} }}
policy "Thérapie <1>, 2" {{ {RULES} extras = on }}
policy "plain" {{ {RULES} }}
policy "studio" {{ {RULES} price = "80 EUR" extras = on }}
calendar "anna/work" {{ policy = "therapy" }}
calendar "anna/odd" {{ policy = "Thérapie <1>, 2" }}
calendar "anna/plain" {{ policy = "plain" }}
calendar "anna/studio" {{ policy = "studio" }}
"""
CALENDARS = ("work", "odd", "plain", "studio")
SERVER = {"settings": f'public-url = "{PUBLIC}"', "extra": EXTRA, "users": ("anna",)}
NAMES = ("ATTACH", "LINK", "REFID", "STRUCTURED-DATA")
CANCEL = "STATUS:CANCELLED\r\n"


def prepare(s):
    if s.request("GET", HOME + "work/").status == 404:
        for name in CALENDARS:
            s.dedit("calendar", "add", f"anna/{name}")


def lines(ics, name):
    return [x for x in unfold(ics).split("\r\n") if re.match(name + "[;:]", x)]


def sent(uid, hours, extra="", title="Marie Durand 80 €"):
    return event(uid, in_hours(hours), in_hours(hours + 1), title, extra)


def stored(s, path):
    r = s.request("GET", path)
    assert r.status == 200, (path, r)
    return r.text


def put(s, path, body, **headers):
    r = s.put(path, body, **headers)
    assert r.status in (201, 204), r
    return stored(s, path)


def cancelled(s, calendar, uid, hours=20, **more):
    """Booked at short notice, then cancelled."""
    prepare(s)
    path = f"{HOME}{calendar}/{uid}.ics"
    ics = put(s, path, sent(uid, hours, **more))
    return put(s, path, ics.replace("END:VEVENT", CANCEL + "END:VEVENT"))


def test_booked(s):
    """What can be known before: the terms, and the reference."""
    prepare(s)
    ics = put(s, HOME + "work/booked.ics", sent("booked", 200))
    ref = value(ics, "X-DEDIT-REF")
    assert lines(ics, "LINK") == [
        f"LINK;VALUE=URI;LINKREL=terms-of-service:{PUBLIC}/policy/therapy/2026-01-01"], ics
    assert lines(ics, "REFID") == [f"REFID:{ref}"]
    assert not lines(ics, "ATTACH") and not lines(ics, "STRUCTURED-DATA")


def test_late_cancellation(s):
    """4.3 b), each line as it stands there."""
    ics = cancelled(s, "work", "late")
    ref = value(ics, "X-DEDIT-REF")
    [attach] = lines(ics, "ATTACH")
    assert re.fullmatch(
        f"ATTACH;FMTTYPE=text/html;FILENAME=fee-{ref}\\.html:{PUBLIC}/fee/{ref}/[A-Za-z0-9_-]{{22}}", attach), attach
    assert lines(ics, "LINK") == [
        f"LINK;VALUE=URI;LINKREL=terms-of-service:{PUBLIC}/policy/therapy/2026-01-01"]
    assert lines(ics, "REFID") == [f"REFID:{ref}"]
    [data] = lines(ics, "STRUCTURED-DATA")
    head, _, text = data.partition('Invoice":')
    assert head + 'Invoice":' == ('STRUCTURED-DATA;VALUE=TEXT;FMTTYPE=application/ld+json;'
                                  'SCHEMA="https://schema.org/Invoice":')
    assert json.loads(text.replace("\\,", ",")) == {
        "@type": "Invoice", "identifier": ref, "paymentStatus": "PaymentDue",
        "totalPaymentDue": {"@type": "MonetaryAmount", "value": "80.00", "currency": "EUR"}}
    assert "," not in text.replace("\\,", ""), "commas of TEXT are escaped (RFC 5545 3.3.11)"
    assert all(len(x.encode()) <= 75 for x in ics.split("\r\n")), "folded"


def test_entry_in_fees_has_them_too(s):
    """After DELETE it is all that is left."""
    prepare(s)
    put(s, HOME + "work/gone.ics", sent("gone", 20))
    assert s.request("DELETE", HOME + "work/gone.ics").status == 204
    [fee] = [f for f in json.loads(s.dedit("fees", "--json").stdout) if f["uid"] == "gone"]
    entry = stored(s, f"{HOME}fees/{fee['ref']}.ics")
    assert [len(lines(entry, n)) for n in NAMES] == [1, 1, 1, 1], entry
    assert f"/fee/{fee['ref']}/" in lines(entry, "ATTACH")[0]
    order = [*NAMES, "X-DEDIT-REF"]
    assert sorted(order, key=lambda n: unfold(entry).index("\r\n" + n)) == order, entry


def test_without_extras_the_note_alone(s):
    """`ATTACH is written wherever public-url is set`."""
    ics = cancelled(s, "plain", "note")
    assert [len(lines(ics, n)) for n in NAMES] == [1, 0, 0, 0], ics


def test_states(s):
    """What is waived is no invoice, what is paid is settled; the note tells of all."""
    cancelled(s, "work", "paid")
    ics = put(s, HOME + "work/paid.ics", stored(s, HOME + "work/paid.ics").replace("80 €", "80 € #paid"))
    assert '"paymentStatus":"PaymentComplete"' in lines(ics, "STRUCTURED-DATA")[0], ics
    cancelled(s, "work", "waived")
    ics = put(s, HOME + "work/waived.ics", stored(s, HOME + "work/waived.ics").replace("80 €", "80 € #waive"))
    assert [len(lines(ics, n)) for n in NAMES] == [1, 1, 1, 0], ics


def test_taken_back(s):
    """Nothing of the incident stays on the event."""
    ics = cancelled(s, "work", "back")
    ics = put(s, HOME + "work/back.ics", ics.replace(CANCEL, "STATUS:CONFIRMED\r\n"))
    assert [len(lines(ics, n)) for n in NAMES] == [0, 1, 1, 0], ics


def test_put_back_unchanged(s):
    prepare(s)
    cancelled(s, "work", "same")
    path = HOME + "work/same.ics"
    got = s.request("GET", path)
    fees = state(s, HOME + "fees/")
    with unchanged(s, HOME + "work/"):
        r = s.put(path, got.body, if_match=got.headers["etag"])
        assert r.status == 204 and r.headers["etag"] == got.headers["etag"], r
        # folded elsewhere or not at all, and in another order: nothing is said by that
    r = s.put(path, unfold(got.text))
    assert r.status == 204 and stored(s, path) == unfold(got.text)
    assert state(s, HOME + "fees/") == fees


def test_stripped_and_damaged(s):
    """Programs drop what they don't know, or change parameters (clients.md, section 4)."""
    ics = unfold(cancelled(s, "work", "strip"))
    path = HOME + "work/strip.ics"
    whole = {n: lines(ics, n) for n in NAMES}
    for name in NAMES:
        for edit in (lambda x, n=name: "" if x.startswith(n) else x,
                     lambda x, n=name: re.sub(f"^{n}[^:]*:", f"{n};X-A=b:", x) if x.startswith(n) and n != "STRUCTURED-DATA" else x,
                     lambda x, n=name: x + "\r\n" + x if x.startswith(n) else x):
            out = "\r\n".join(y for y in map(edit, ics.split("\r\n")) if y) + "\r\n"
            now = put(s, path, out)
            assert {n: lines(now, n) for n in NAMES} == whole, (name, out, now)


def test_own_ones_stay(s):
    """A user's own ATTACH stands beside ours; of the others programs keep one: the user's."""
    own = {"ATTACH": "ATTACH:https://example.org/a.pdf", "LINK": "LINK;VALUE=URI;LINKREL=related:https://example.org/",
           "REFID": "REFID:mine", "STRUCTURED-DATA": 'STRUCTURED-DATA;VALUE=TEXT;FMTTYPE=text/plain;SCHEMA="x:y":own'}
    ics = cancelled(s, "work", "own", extra="".join(x + "\r\n" for x in own.values()))
    for name, line in own.items():
        assert line in lines(ics, name) and len(lines(ics, name)) == (2 if name == "ATTACH" else 1), ics
    # gone with their reason, the user's alone are left
    ics = put(s, HOME + "work/own.ics", ics.replace(CANCEL, "STATUS:CONFIRMED\r\n"))
    assert {n: lines(ics, n) for n in NAMES} == {n: [x] for n, x in own.items()}, ics


def test_forged_link_is_not_taken_for_ours(s):
    prepare(s)
    forged = f"ATTACH:{PUBLIC}/fee/7F3K-2Q9M/aaaaaaaaaaaaaaaaaaaaaa"
    ics = cancelled(s, "work", "forged", extra=forged + "\r\n")
    assert forged in lines(ics, "ATTACH") and len(lines(ics, "ATTACH")) == 2, ics


def test_out_of_the_policy(s):
    """The server's own COPY takes the rendering off (15.8)."""
    ics = cancelled(s, "work", "out")
    assert [len(lines(ics, n)) for n in NAMES] == [1, 1, 1, 1]
    s.dedit("calendar", "add", "anna/free")
    r = s.request("COPY", HOME + "work/out.ics", None, {"Destination": HOME + "free/out.ics"})
    assert r.status == 201, r
    assert not any(lines(stored(s, HOME + "free/out.ics"), n) for n in NAMES)


def test_a_group_shows_the_terms_alone(s):
    """Amounts are shown in Fees (15.5)."""
    prepare(s)
    who = "".join(f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{n}@example.org\r\n" for n in ("ana", "ben"))
    path = HOME + "studio/class.ics"
    put(s, path, sent("class", 20, who))
    ics = put(s, path, stored(s, path).replace("PARTSTAT=ACCEPTED:mailto:ana", "PARTSTAT=DECLINED:mailto:ana"))
    assert not lines(ics, "ATTACH") and not lines(ics, "STRUCTURED-DATA") and not lines(ics, "REFID"), ics
    found = [f for f in json.loads(s.dedit("fees", "--json").stdout) if f["uid"] == "class"]
    for f in found:
        entry = stored(s, f"{HOME}fees/{f['ref']}.ics")
        assert lines(entry, "ATTACH"), entry


def test_odd_name_of_a_policy(s):
    """A URI in the LINK, whatever the section is called; without dated versions the text's digest names it."""
    prepare(s)
    ics = put(s, HOME + "odd/name.ics", sent("name", 200))
    digest = re.search("DIGEST=sha256-([A-Za-z0-9_-]+)", unfold(ics)).group(1)
    assert lines(ics, "LINK") == ["LINK;VALUE=URI;LINKREL=terms-of-service:"
                                  f"{PUBLIC}/policy/Th%C3%A9rapie%20%3C1%3E,%202/{digest}"], ics


def test_each_link_is_its_incidents(s):
    """Of one client's incidents too."""
    macs = {lines(cancelled(s, "work", f"mac{n}", hours=10 + n), "ATTACH")[0].rpartition("/")[2] for n in range(3)}
    assert len(macs) == 3


def test_without_public_url_no_links(_):
    """15.32"""
    with Server(extra=EXTRA, users=("anna",)) as s:
        ics = cancelled(s, "work", "late")
        assert [len(lines(ics, n)) for n in NAMES] == [0, 0, 1, 1], ics
        before = token(s, HOME + "work/")
        # set later: from the next change on, in the same words otherwise
        assert s.stop() == 0
        s.write_config(settings=f'public-url = "{PUBLIC}"')
        s.start()
        r = s.put(HOME + "work/late.ics", ics)
        assert r.status == 204 and "etag" not in r.headers, r
        now = stored(s, HOME + "work/late.ics")
        assert [len(lines(now, n)) for n in NAMES] == [1, 1, 1, 1], now
        assert changes(s, before, HOME + "work/")[0] == {"late.ics": True}
        # and again under another name: no old link stays
        assert s.stop() == 0
        s.write_config(settings='public-url = "https://new.example.org"')
        s.start()
        assert s.put(HOME + "work/late.ics", now).status == 204
        now = stored(s, HOME + "work/late.ics")
        assert [len(lines(now, n)) for n in NAMES] == [1, 1, 1, 1] and PUBLIC not in unfold(now), now


def test_link_outlives_rebuild(_):
    """<root>/key is in the backup: the same link, also when the index was made anew."""
    with Server(f'public-url = "{PUBLIC}"', EXTRA, ("anna",)) as s:
        cancelled(s, "work", "late")
        before = stored(s, HOME + "work/late.ics")
        assert s.stop() == 0
        s.dedit("rebuild")
        s.start()
        assert s.put(HOME + "work/late.ics", before).status == 204
        assert stored(s, HOME + "work/late.ics") == before
