"""
doc/trust.md T-19: a request whose end two readers may see at different places is refused and the connection closed;
nothing of its rest is read as a second request. On TCP, TLS and the unix socket, which a proxy shares among its
users. (The shapes of libraries.md A1: tests/wire/http_framing_test.py.) Of a NUL in a value the library hands on
what stands before it, so that nobody here can refuse the rest.
"""

import contextlib
import re
import socket
import ssl

from bounds import bounded
from dav import CALENDAR, unchanged
from dedit_wire import basic, event, read_all

SERVER = {"tls": True, "unix": True, "settings": "header-timeout = 3s"}
AUTH = f"Authorization: {basic('anna')}\r\n".encode()
EVIL = b"DELETE " + CALENDAR.encode() + b"kept.ics HTTP/1.1\r\nHost: h\r\n" + AUTH + b"\r\n"
LINE = b"PUT " + CALENDAR.encode() + b"x.ics HTTP/1.1\r\n"
HOST = b"Host: h\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"

HEADS = (
    b"Content-Length: 5\r\nContent-Length: %d\r\n" % (len(EVIL) + 5),
    b"Content-Length: %d\r\nContent-Length: 5\r\n" % (len(EVIL) + 5),
    b"Content-Length: 5\r\nContent-Length: 5\r\n",
    b"content-length: 5\r\nCONTENT-LENGTH: 0\r\n",
    b"Content-Length: 5, 5\r\n",
    b"Content-Length: 5,0\r\n",
    b"Content-Length: +5\r\n",
    b"Content-Length: -5\r\n",
    b"Content-Length: 0x5\r\n",
    b"Content-Length: 5 5\r\n",
    b"Content-Length: 5;\r\n",
    b"Content-Length: 5e0\r\n",
    b"Content-Length: \"5\"\r\n",
    b"Content-Length: 5\x0b\r\n",
    b"Content-Length : 5\r\n",
    b"Content-Length\t: 5\r\n",
    b"Content-Length\r\n : 5\r\n",
    b"Content-Length:\r\n 5\r\n",
    b"Content-Length: 5\r\n 0\r\n",
    b"Content-Length: 18446744073709551621\r\n",
    b"Content-Length: 5\r\n" + CHUNKED,
    CHUNKED + b"Content-Length: 5\r\n",
    CHUNKED + CHUNKED,
    CHUNKED + b"Transfer-Encoding: identity\r\n",
    b"Transfer-Encoding: identity\r\n" + CHUNKED,
    b"Transfer-Encoding: xchunked\r\n",
    b"Transfer-Encoding: chunkedx\r\n",
    b"Transfer-Encoding: x chunked\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"Transfer-Encoding: chunked, identity\r\n",
    b"Transfer-Encoding: chunked, chunked\r\n",
    b"Transfer-Encoding: chunked;q=1\r\n",
    b"Transfer-Encoding: \"chunked\"\r\n",
    b"Transfer-Encoding: 'chunked'\r\n",
    b"Transfer-Encoding: identity\r\n",
    b"Transfer-Encoding: \x0bchunked\r\n",
    b"Transfer-Encoding: chunked\x0b\r\n",
    b"Transfer-Encoding:\r\n chunked\r\n",
    b"Transfer-Encoding: chunked\r\n x\r\n",
    b"Transfer-Encoding : chunked\r\n",
    b"Transfer-Encoding\t: chunked\r\n",
    b" Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    b"X: a\rTransfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    b"X: a\r\rContent-Length: 0\r\nContent-Length: 5\r\n",
    b"Host: other\r\nContent-Length: 5\r\n",
    b"Content-Length\0: 5\r\n",
    b"X\0Content-Length: 5\r\n",
    b"Content-Length: 5\r\nTransfer-Encoding: chunked\0identity\r\n",
)
LINES = (
    b"PUT\r" + CALENDAR.encode() + b"x.ics HTTP/1.1\r\n",
    b"PUT " + CALENDAR.encode() + b"x.ics\rHTTP/1.1\r\n",
    b"PUT " + CALENDAR.encode() + b"x.ics HTTP/1.1\rX: y\r\n",
    b"PUT " + CALENDAR.encode() + b"x\x0b.ics HTTP/1.1\r\n",
    b"PUT " + CALENDAR.encode() + b"x.ics x HTTP/1.1\r\n",
    b"PUT " + CALENDAR.encode() + b"x.ics HTTP/1.2\r\n",
    b"PUT " + CALENDAR.encode() + b"x.ics HTTP/1.1x\r\n",
    b"PUT " + CALENDAR.encode() + b"x.ics HTTP/11\r\n",
)


def connect(s, how):
    if how == "unix":
        c = socket.socket(socket.AF_UNIX)
        c.settimeout(20)
        c.connect(str(s.unix_path))
        return c
    if how == "tcp":
        return s.socket()
    context = ssl.create_default_context(cafile=s.folder / "certs/ca.pem")
    return context.wrap_socket(socket.create_connection(("127.0.0.1", s.tls_port), 20), server_hostname="127.0.0.1")


def answers(s, sent, how="tcp"):
    """The status of each answer until the server ends the connection."""
    with connect(s, how) as c:
        with contextlib.suppress(OSError):
            c.sendall(sent)
        out = b""
        with contextlib.suppress(ssl.SSLError):
            out = read_all(c)
    return [int(x) for x in re.findall(rb"HTTP/1\.1 (\d{3}) ", out)]


def test_nothing_comes_out_of_the_rest(s):
    s.put(CALENDAR + "kept.ics", event("kept"))
    with unchanged(s):
        for how in ("tcp", "tls", "unix"):
            for head in HEADS:
                with bounded(s):
                    got = answers(s, LINE + HOST + AUTH + head + b"\r\nhello" + EVIL, how)
                # The library's own refusal has its head twice; it says "close" and does.
                assert got in ([], [400], [413], [400, 400], [413, 413]), (how, head, got)
        for line in LINES:
            got = answers(s, line + HOST + AUTH + b"Content-Length: 5\r\n\r\nhello" + EVIL)
            assert got in ([], [400], [505]), (line, got)


def test_chunks(s):
    """Sizes that somebody reads otherwise: the rest must not become a request."""
    head = LINE + HOST + AUTH + CHUNKED + b"\r\n"
    with unchanged(s):
        for body in (
            b"zz\r\n", b"-1\r\n", b"+0\r\n", b"0x0\r\n", b"\r\n", b";0\r\n", b" 0\r\n\r\n", b"5\r\nhelloX", b"5\rhello\r\n0\r\n\r\n",
            b"10000000000000000\r\n", b"ffffffffffffffff\r\n", b"5\r\nhello\r\n-0\r\n\r\n", b"\x000\r\n\r\n",
            b"5;" + b"a" * 40000 + b"\r\nhello\r\n",
        ):
            got = answers(s, head + body + EVIL)
            # What is too long for the library's buffer it calls an error of its own.
            assert len(got) <= 1 and all(400 <= x < 500 or (x == 500 and len(body) > 32768) for x in got), (body[:40], got)


def test_what_is_good_is_read_as_one(s):
    """Two requests behind each other are two; a body that looks like a request is a body."""
    get = b"GET " + CALENDAR.encode() + b"kept.ics HTTP/1.1\r\nHost: h\r\n" + AUTH
    put = LINE + HOST + AUTH + b"Content-Type: text/calendar\r\n"
    for how in ("tcp", "tls", "unix"):
        assert answers(s, get + b"\r\n" + get + b"Connection: close\r\n\r\n", how) == [200, 200], how
        for framed in (b"Content-Length: %d\r\n\r\n%s" % (len(EVIL), EVIL), CHUNKED + b"\r\n%x;x=\"y\"\r\n%s\r\n0\r\nX: y\r\n\r\n" % (len(EVIL), EVIL)):
            assert answers(s, put + framed + get + b"Connection: close\r\n\r\n", how) == [403, 200], (how, framed)
    assert answers(s, b"GET " + CALENDAR.encode() + b"kept.ics HTTP/1.1\r\nHost: h\r\n" + AUTH
                   + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(EVIL) + EVIL) == [200]
    assert s.request("GET", CALENDAR + "kept.ics").status == 200


def test_a_refusal_before_the_body(s):
    """Its body isn't the next request."""
    for auth in (b"", b"Authorization: Basic eDp5\r\n"):
        head = LINE + HOST + auth
        for framed in (b"Content-Length: %d\r\n\r\n" % len(EVIL), b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(EVIL)):
            got = answers(s, head + framed + EVIL + b"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            assert got and got[0] == 401 and got[1:] in ([], [200], [503]), (auth, framed, got)
    assert s.request("GET", CALENDAR + "kept.ics").status == 200
