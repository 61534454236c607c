"""What policy.md 4.3 says of the annotation and isn't tested elsewhere: styles of the title, the block, ETags."""

import json
import re

from dav import HOME, calendar_data, changes, in_hours, listing, notes, token, unchanged, unfold, value
from dedit_wire import event

SLOW = True

RULES = 'timezone = "Europe/Paris" currency = "EUR" price-from = title owner-changes = client'
STYLES = ("full", "mark", "none")
EXTRA = "".join(
    f'policy "{style}" {{ {RULES} title = {style} tiers = {{ "48h 50%", "24h 100%" }} '
    f"}}\n"
    f'calendar "anna/{style}" {{ policy = "{style}" }}\n' for style in STYLES
) + f"""
policy "free" {{ {RULES} }}
policy "unpriced" {{ timezone = "Europe/Paris" currency = "EUR" owner-changes = client tiers = {{ "24h 100%" }} }}
calendar "anna/free" {{ policy = "free" }}
calendar "anna/unpriced" {{ policy = "unpriced" }}
"""
SERVER = {"extra": EXTRA, "users": ("anna",)}
TITLE = "Marie Durand 80 €"
CANCEL = "STATUS:CANCELLED\r\n"


def prepare(s):
    if s.request("GET", HOME + "full/").status == 404:
        for name in (*STYLES, "free", "unpriced"):
            s.dedit("calendar", "add", f"anna/{name}")


def sent(uid, hours=20, extra="", title=TITLE):
    return event(uid, in_hours(hours), in_hours(hours + 1), title, extra)


def stored(s, path):
    r = s.request("GET", path)
    assert r.status == 200, (path, r)
    return r.text


def put(s, path, body, **headers):
    r = s.put(path, body, **headers)
    assert r.status in (201, 204), r
    return stored(s, path)


def cancelled(s, calendar, uid, hours=20, extra="", title=TITLE):
    prepare(s)
    path = f"{HOME}{calendar}/{uid}.ics"
    ics = put(s, path, sent(uid, hours, extra, title))
    return put(s, path, ics.replace("END:VEVENT", CANCEL + "END:VEVENT"))


def owed(s, uid):
    return sum(f["fee"] for f in json.loads(s.dedit("fees", "--json").stdout) if f["uid"] == uid and f["state"] == "due")


def test_styles_of_the_title(s):
    """`title full | mark | none`: the server keeps the clean title, whatever comes back."""
    for style, expected in zip(STYLES, (f"✗ Late cancel 80.00 EUR · {TITLE}", f"✗ {TITLE}", TITLE)):
        ics = cancelled(s, style, style)
        path = f"{HOME}{style}/{style}.ics"
        assert value(ics, "SUMMARY") == expected, ics
        assert "Fee 80.00 EUR" in notes(ics) and value(ics, "STATUS") == "CANCELLED"
        with unchanged(s, f"{HOME}{style}/"):
            r = s.put(path, ics)
            assert r.status == 204 and r.headers["etag"], r
        # renamed behind the prefix, and with it cut off
        now = put(s, path, unfold(ics).replace(TITLE, "Marie D. 80 €"))
        assert value(now, "SUMMARY") == expected.replace(TITLE, "Marie D. 80 €"), now
        now = put(s, path, unfold(now).replace("SUMMARY:" + value(now, "SUMMARY"), "SUMMARY:" + TITLE))
        assert value(now, "SUMMARY") == expected and owed(s, style) == 8000
        # taken back: nothing of it stays
        now = put(s, path, now.replace(CANCEL, ""))
        assert value(now, "SUMMARY") == TITLE and owed(s, style) == 0, now


def test_a_users_own_signs_remain(s):
    """Exactly the prefix that was written is taken off."""
    for n, title in enumerate(("⚠ Marie 80 €", "✗ Marie 80 €", "✗ Late cancel · Marie 80 €", "⚠ ✗ · x 80 €")):
        for style in STYLES:
            uid = f"sign{n}{style}"
            path = f"{HOME}{style}/{uid}.ics"
            prepare(s)
            ics = put(s, path, sent(uid, 100 + n, title=title))
            assert value(ics, "SUMMARY") == title
            ics = cancelled(s, style, uid + "x", 5 + n, title=title)
            assert value(ics, "SUMMARY").endswith(title), ics
            path = f"{HOME}{style}/{uid}x.ics"
            for _ in range(2):
                ics = put(s, path, ics)
            assert value(put(s, path, ics.replace(CANCEL, "")), "SUMMARY") == title


def test_titles_with_html_quotes_and_other_directions(s):
    for n, title in enumerate(("<script>alert(1)</script> 80 €", "\"Marie\"\\, 'x' 80 €", "\u202eevil\u202c שלום 80 €",
                               "مرحبا\\; 80 €")):
        uid = f"odd{n}"
        ics = cancelled(s, "full", uid, 5 + n, title=title)
        assert value(ics, "SUMMARY") == f"✗ Late cancel 80.00 EUR · {title}", ics
        path = f"{HOME}full/{uid}.ics"
        with unchanged(s, HOME + "full/"):
            assert s.put(path, ics).status == 204
        assert value(put(s, path, ics.replace(CANCEL, "")), "SUMMARY") == title


def test_the_block_and_a_users_lines(s):
    """Lines in it that the server didn't write are the user's and move above it; also where its end is gone."""
    ics = cancelled(s, "full", "block", extra="DESCRIPTION:Mine\r\n")
    path = HOME + "full/block.ics"
    note = notes(ics)
    assert note.startswith("Mine\n\n=== "), note
    block = note[len("Mine\n\n"):]

    def notes_of(text):
        escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
        return notes(put(s, path, re.sub("DESCRIPTION:[^\r]*", lambda _: "DESCRIPTION:" + escaped, unfold(ics))))

    first, *middle, end = block.split("\n")
    assert notes_of(f"Mine\n\n{block}") == note
    assert notes_of(f"Mine\n\n{block}\nbelow") == f"Mine\nbelow\n\n{block}"
    assert notes_of("Mine\n\n" + "\n".join([first, *middle])) == note, "without its end"
    assert notes_of("Mine\n\n" + "\n".join([first, *middle, "after"])) == f"Mine\nafter\n\n{block}"
    assert notes_of("Mine\n\n" + "\n".join([first, "inside", *middle, end])) == f"Mine\ninside\n\n{block}"
    assert notes_of("Mine\n\n" + "\n".join([first, end])) == note, "emptied"
    assert notes_of("Mine\n\n" + first) == note and notes_of("Mine") == note and notes_of("") == block
    assert notes_of(f"{block}\n\n{block}") == block, "twice"


def test_rich_text_gives_way(s):
    """15.9: programs show ALTREP, X-ALT-DESC and STYLED-DESCRIPTION instead of the notes."""
    prepare(s)
    ics = put(s, HOME + "full/rich.ics", sent("rich", 100, (
        'DESCRIPTION;ALTREP="cid:x";LANGUAGE=en:Mine\r\nX-ALT-DESC;FMTTYPE=text/html:<b>Mine</b>\r\n'
        "STYLED-DESCRIPTION;VALUE=TEXT;FMTTYPE=text/html:<b>Mine</b>\r\n")))
    assert notes(ics).startswith("Mine\n\n=== ") and "ALTREP" not in ics and "<b>" not in ics, ics


def test_nothing_where_no_fee_can_arise(s):
    """Stored byte for byte, with its ETag (clients.md, section 1; RFC 4791 5.3.4)."""
    prepare(s)
    body = sent("free", 100)
    r = s.put(HOME + "free/free.ics", body)
    assert r.status == 201 and r.headers["etag"] == listing(s, HOME + "free/")["free.ics"], r
    assert stored(s, HOME + "free/free.ics") == body
    # the rule without an amount where none is known
    note = notes(put(s, HOME + "unpriced/x.ics", sent("x", 100)))
    assert "Please cancel or move until " in note and "EUR" not in note, note


def test_etags_of_changed_bytes(s):
    """clients.md 1: none for what was changed, and every change of the server's is seen by who polls."""
    prepare(s)
    path = HOME + "full/etag.ics"
    ics = put(s, path, sent("etag"))
    before = token(s, HOME + "full/")
    etag = s.request("GET", path).headers["etag"]
    r = s.put(path, ics.replace("END:VEVENT", CANCEL + "END:VEVENT"), if_match=etag)
    assert r.status == 204 and r.body == b"" and not {"etag", "last-modified", "schedule-tag"} & set(r.headers), r
    got = s.request("GET", path)
    assert got.headers["etag"] != etag and listing(s, HOME + "full/")["etag.ics"] == got.headers["etag"]
    assert calendar_data(s, path).replace("\r\n", "\n") == got.text.replace("\r\n", "\n")
    assert changes(s, before, HOME + "full/")[0] == {"etag.ics": True}
    assert s.request("HEAD", path).headers["etag"] == got.headers["etag"]
    # back to the bytes of before: another revision all the same
    r = s.put(path, ics, if_match=got.headers["etag"])
    assert r.status == 204, r
    assert s.request("GET", path).headers["etag"] not in (etag, got.headers["etag"])


def test_left_alone(s):
    """15.10: stamps, sequence, alarms, attendees, times, REQUEST-STATUS stay as sent."""
    extra = ("LAST-MODIFIED:20260102T000000Z\r\nSEQUENCE:3\r\nREQUEST-STATUS:2.0;Success\r\nPRIORITY:5\r\n"
             "ATTENDEE;PARTSTAT=ACCEPTED;CN=\"Durand, Marie\":mailto:marie@example.org\r\n"
             "ORGANIZER:mailto:anna@example.org\r\nX-OTHER;A=b:c\r\n"
             "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT1H\r\nDESCRIPTION:x\r\nEND:VALARM\r\n")
    ics = unfold(cancelled(s, "full", "alone", extra=extra, title="Yoga 80 €"))
    for line in extra.split("\r\n"):
        assert line in ics.split("\r\n"), (line, ics)
    assert "DTSTAMP:20260101T000000Z\r\n" in ics
