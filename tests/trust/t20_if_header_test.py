"""doc/trust.md T-20: no If header does harm. (Its grammar: tests/wire/rfc7232_conditions_test.py; tests/fuzz/fuzz_if.c.)"""

import random

from bounds import ask
from dav import CALENDAR, HOME, unchanged
from dedit_wire import basic, event

EVENT = CALENDAR + "if.ics"
BROKEN = (
    "", "(", ")", "()", "x", "([", '(["x"', "(Not)", "(<urn:x>", "<", "<>", f"<{EVENT}>", '<> (["x"])', "([])", "(<>)", "(Not Not <x>)",
    '(["x"]) x', "(" * 4000, ")" * 4000, "([" * 2000, "(<" * 2000, '(["x"])' * 600, "(" + "<a:b> " * 1300 + ")", "(<" + "a" * 7000 + ">",
    "(Not" * 1500, "<" + "a" * 8000, '(["' + "x" * 7000 + '"', "(NotNot<x>)", "(\t", "(]", "(>)", '("x")', "[x]",
)
METHODS = ("PUT", "DELETE", "MOVE", "COPY", "PROPPATCH", "GET", "PROPFIND", "REPORT")


def send(s, method, value):
    sent = event("if", summary="changed") if method == "PUT" else None
    headers = {"If": value.encode("latin-1"), "Destination": CALENDAR + "moved.ics", "Depth": "0", "Content-Type": "text/calendar"}
    return ask(s, method, EVENT, sent, headers)


def test_broken_headers(s):
    s.put(EVENT, event("if"))
    with unchanged(s):
        for value in BROKEN:
            for method in METHODS:
                r = send(s, method, value)
                assert r.status in (400, 412), (method, value[:40], r)


def test_many_tokens(s):
    """10^5 don't fit into a head; what fits is bounded."""
    with unchanged(s):
        for value in ("(" + "<a:b> " * 100000 + ")", '(["x"])' * 100000):
            answer = s.raw(f"DELETE {EVENT} HTTP/1.1\r\nHost: h\r\nAuthorization: {basic('anna')}\r\nIf: {value}\r\n\r\n".encode())
            assert answer[9:10] in (b"4", b""), answer[:80]
        for tag in (HOME, CALENDAR, "/principals/anna/", "/calendars/marc/calendar/", "http://elsewhere/", "/%00", "/%zz", "/../", "x" * 200):
            value = f"<{tag}> ([\"x\"]) " * 30
            r = send(s, "DELETE", value)
            assert r.status in (400, 412), (tag, r)


def test_control_characters(s):
    with unchanged(s):
        for byte in (b"\0", b"\r", b"\x01", b"\x7f"):
            for value in (b"([" + byte + b'"x"])', b"(<urn:" + byte + b">)", byte):
                answer = s.raw(b"DELETE " + EVENT.encode() + b" HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: "
                               + basic("anna").encode() + b"\r\nIf: " + value + b"\r\n\r\n")
                assert answer[9:12] in (b"400", b"412", b""), (byte, value, answer[:80])


def test_others_are_not_told(s):
    """A tag with somebody else's resource says nothing of what is there."""
    s.put("/calendars/marc/calendar/there.ics", event("there"), "marc")
    with unchanged(s):
        got = {path: send(s, "DELETE", f'</calendars/marc/calendar/{path}> (["x"])') for path in ("there.ics", "none.ics")}
        assert got["there.ics"].status == got["none.ics"].status == 412
        assert got["there.ics"].body == got["none.ics"].body


def test_damage(s):
    """By seed."""
    chance = random.Random(20)
    parts = ("(", ")", "<", ">", "[", "]", '"', "Not", " ", "urn:x", "W/", "*", ",", EVENT, "DAV:no-lock", "http://h/")
    with unchanged(s):
        for _ in range(200):
            value = "".join(chance.choice(parts) for _ in range(chance.randrange(1, 12)))
            r = ask(s, "PROPFIND", EVENT, None, {"If": value, "Depth": "0"})
            assert r.status in (207, 400, 412), (value, r)
