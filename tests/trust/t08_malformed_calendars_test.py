"""
doc/trust.md T-08: what crashed other parsers. Depth, length and number of lines, parameters, folds, broken ends;
random damage of a whole event. (A million runs and more: tests/fuzz, fuzz_ical and fuzz_recur.)
"""

import random

import bombs
from bombs import TEXT, answered, put
from bounds import ask
from dav import CALENDAR, calendar, component, listing, unchanged
from dedit_wire import event

SERVER = bombs.SETTINGS
START = "DTSTART:20270601T100000Z"
PATH = CALENDAR + "malformed.ics"
REFUSED = {"C:valid-calendar-data", "C:valid-calendar-object-resource", "C:max-resource-size",
           "C:max-attendees-per-instance", "C:supported-calendar-component", 403}


def one(*lines):
    return calendar(component("VEVENT", "malformed", START, *lines))


def nested(depth, name="X-A"):
    return one(*(f"BEGIN:{name}",) * depth, *(f"END:{name}",) * depth)


def check(s, ics, *allowed):
    """The PUT's condition or status; what is stored comes back as it was sent."""
    r = put(s, PATH, ics)
    got = r.condition() or r.status
    assert got in (allowed or REFUSED), (ics[:120], r)
    if r.status in (201, 204):
        sent = ics if isinstance(ics, bytes) else ics.encode()
        assert s.request("GET", PATH).body == sent
        bombs.questions(s, PATH)
        assert s.request("DELETE", PATH).status == 204
    return got


def test_depth(s):
    bombs.prepare(s)
    check(s, nested(5), 201)
    for depth in (8, 100, 20000):
        check(s, nested(depth))
        check(s, nested(depth, "VALARM"))
    check(s, "BEGIN:VCALENDAR\r\n" * 20000)
    check(s, "BEGIN:VCALENDAR\r\n" * 20000 + "END:VCALENDAR\r\n" * 20000)
    check(s, nested(3).replace("END:X-A\r\n", "", 1))
    check(s, nested(3) + "END:VCALENDAR\r\n")
    check(s, "END:VCALENDAR\r\n" * 60000)


def test_lines(s):
    for lines in (
        ("X-A:" + "x" * 900000,),
        ("X-A:" + "\\" * 900000,),
        ("X-A:" + "é" * 400000,),
        ("X-" + "A" * 900000 + ":x",),
        ("DESCRIPTION:" + "\\n" * 450000,),
        ("X-A:x" + "\r\n x" * 220000,),
        ("X-A:x" + "\r\n " * 300000,),
        ("CATEGORIES:" + "a," * 450000 + "a",),
        ("X-A:1",) * 40000,
        ("X:",) * 60000,
    ):
        check(s, one(*lines), 201, *REFUSED)
    check(s, one("X-A:" + "x" * (1 << 20)), "C:max-resource-size")


def test_parameters(s):
    for line in (
        "X-A" + ";P=1" * 60 + ":x",
        "X-A" + ";P=1" * 200000 + ":x",
        "X-A;P=" + "1," * 400000 + "1:x",
        'X-A;P="' + "x" * 900000 + '":x',
        'X-A;P="' + "x" * 900000,
        "X-A;P=" + "^n" * 400000 + ":x",
        "X-A;P=^:x", "X-A;P=:x", "X-A;=1:x", "X-A;:x", ";P=1:x", ":x", "X-A;P", 'X-A;P="a"b:x', 'X-A;P=a"b":x',
        "X-A;P=1;P=2:x", "X-A", "", " ", "\t", "X A:x", "X-A\x00:x", "X-A:\x00", "X-A:\x08", "X-A:\x7f", "é:x", "X-A:\ufffe",
    ):
        check(s, one(line), 201, *REFUSED)


def test_bytes(s):
    whole = one("SUMMARY:é").encode()
    for ics in (
        b"", b"\0", b"\n", b"\r\n" * 100000, b" " * 900000, b"\xff\xfe" + whole, b"\xef\xbb\xbf" + whole,
        whole.replace("é".encode(), b"\xe9"), whole.replace("é".encode(), b"\xc3"),
        whole.replace("é".encode(), b"\xed\xa0\x80"), whole.replace("é".encode(), b"\xf5\x80\x80\x80"),
        whole.replace("é".encode(), b"\xc0\xbc"), whole.decode().encode("utf-16"), whole.replace(b"\r\n", b"\r"),
        whole.replace(b"\r\n", b"\n"), whole.replace(b"\r\n", b"\n\r"), whole.replace(b"\r\n", b"\r\r\n"),
        whole[:-2], whole + b"\0", whole + whole, whole.replace(b"SUMMARY", b"SUMM\r\n ARY"),
        whole.replace(b"BEGIN:VEVENT", b"BEGIN;X=1:VEVENT"), whole.replace(b"BEGIN:VEVENT", b"BEGIN:VEVENT\xc3"),
        whole.replace(b"END:VEVENT", b"end:vevent"), whole.replace(b"UID:malformed", b"UID:" + b"u" * 900000),
        whole.replace(b"UID:malformed", b"UID:"), whole.replace(b"UID:malformed", b"UID:a\r\nUID:b"),
    ):
        check(s, ics, 201, *REFUSED)


def test_damage(s):
    """Every answer is a reason or a stored copy; the server lives on. By seed, so that a finding stays one."""
    with open(__file__, "rb"):
        chance = random.Random(8)
    whole = event("damage", extra="RRULE:FREQ=DAILY;COUNT=5\r\nEXDATE;TZID=Europe/Paris:20270602T120000\r\n"
                  "ATTENDEE;CN=\"A, B\";PARTSTAT=ACCEPTED:mailto:a@x\r\nBEGIN:VALARM\r\nACTION:AUDIO\r\n"
                  "TRIGGER;RELATED=END:-PT15M\r\nEND:VALARM\r\n").encode()
    for _ in range(300):
        ics = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(ics))
            if chance.random() < 0.3:
                del ics[at:at + chance.randrange(1, 30)]
            elif chance.random() < 0.5:
                ics[at:at] = ics[chance.randrange(len(ics)):][:chance.randrange(1, 60)]
            else:
                ics[at] = chance.choice(b"\0\t\r\n \",:;\\=09AZ\x7f\x80\xff")
        r = answered(ask(s, "PUT", PATH, bytes(ics), TEXT))
        if r.status in (201, 204):
            assert s.request("GET", PATH).body == bytes(ics)
            for sent in list(bombs.reports(PATH))[:3]:
                answered(ask(s, "REPORT", CALENDAR, sent, {"Depth": "1"}))
            assert s.request("DELETE", PATH).status == 204
        else:
            assert r.status in (403, 413) and r.body, (bytes(ics), r)
    assert listing(s) == {}


def test_nothing_is_left(s):
    with unchanged(s):
        check(s, "broken")
    assert listing(s) == {}
