"""
doc/trust.md T-22: heads and bodies without end, and clients in masses, are bounded; so over TLS. (Slow ones:
tests/wire/http_slow_test.py; where a body is cut: http_bodies_test.py.)
"""

import contextlib
import gzip
import socket
import ssl

from bounds import ask, bounded
from dav import CALENDAR, unchanged
from dedit_wire import basic, event, read_all

SERVER = {"tls": True, "settings": "header-timeout = 5s\nconnections = 4000\nconnections-per-address = 3000"}
AUTH = f"Authorization: {basic('anna')}\r\n".encode()
GET = b"GET " + CALENDAR.encode() + b" HTTP/1.1\r\nHost: h\r\n" + AUTH
PUT = b"PUT " + CALENDAR.encode() + b"x.ics HTTP/1.1\r\nHost: h\r\nContent-Type: text/calendar\r\n" + AUTH


def connect(s, tls):
    if not tls:
        return s.socket(10)
    context = ssl.create_default_context(cafile=s.folder / "certs/ca.pem")
    return context.wrap_socket(socket.create_connection(("127.0.0.1", s.tls_port), 10), server_hostname="127.0.0.1")


def send(s, tls, *pieces):
    """The status, or b"" if the connection was cut; and how many bytes went out before."""
    out = 0
    with bounded(s), connect(s, tls) as c:
        with contextlib.suppress(OSError):
            for piece in pieces:
                c.sendall(piece)
                out += len(piece)
        answer = b""
        with contextlib.suppress(OSError):
            answer = read_all(c)
    return answer[9:12], out


def test_heads(s):
    for tls in (False, True):
        for pieces in (
            (GET, b"".join(b"X-%d: y\r\n" % n for n in range(10000)), b"\r\n"),
            (GET, b"X: " + b"y" * (1 << 20), b"\r\n\r\n"),
            (GET, b"X" * (1 << 20), b": y\r\n\r\n"),
            (b"GET /" + b"x" * (1 << 20), b" HTTP/1.1\r\nHost: h\r\n\r\n"),
            (b"G" * (1 << 20), b" / HTTP/1.1\r\nHost: h\r\n\r\n"),
            (GET, b"Cookie: a=b; " * 80000, b"\r\n\r\n"),
            (GET, b" \r\n" * 300000, b"\r\n"),
            (b"\r\n" * 500000, GET, b"Connection: close\r\n\r\n"),
        ):
            status, _ = send(s, tls, *pieces)
            assert status in (b"400", b"414", b"431", b"413", b""), (tls, pieces[0][:20], status)


def test_long_values(s):
    """Below the limit of the head: each header that is read takes what it gets."""
    with unchanged(s):
        for name, value in (("Depth", "x" * 10000), ("If-Match", '"x",' * 5000), ("If-None-Match", '"' + "x" * 10000 + '"'),
                            ("Destination", "/" + "x" * 10000), ("Content-Type", "text/calendar;" + "a=b;" * 2000),
                            ("Overwrite", "x" * 10000), ("Prefer", "a," * 5000), ("X-A", "x" * 12000),
                            ("Authorization", "Basic " + "QUFB" * 3000), ("Host", "h" * 10000), ("Expect", "x" * 10000)):
            for method, path in (("PUT", CALENDAR + "x.ics"), ("MOVE", CALENDAR + "x.ics"), ("PROPFIND", CALENDAR)):
                r = ask(s, method, path, "broken" if method == "PUT" else None, {name: value})
                assert 400 <= r.status < 500 or (name == "Expect" and method == "PROPFIND"), (name, method, r)


def test_bodies_without_end(s):
    for tls in (False, True):
        for head in (b"Transfer-Encoding: chunked\r\n\r\n", b"Content-Length: 1099511627776\r\n\r\n"):
            piece = b"8000\r\n" + b"x" * 0x8000 + b"\r\n" if b"chunked" in head else b"x" * 0x8000
            status, out = send(s, tls, PUT + head, *(piece,) * 1500)
            assert status in (b"413", b"403", b""), (head, status)
            assert out < 40 * 2**20, out
    assert s.request("GET", CALENDAR + "x.ics").status == 404


def test_compressed_bodies(s):
    """Not unpacked, so nothing to explode."""
    bomb = gzip.compress(b"x" * (100 << 20))
    packed = gzip.compress(event("x").encode())
    with unchanged(s):
        for coding in ("gzip", "x-gzip", "deflate", "br", "gzip, gzip", "identity, gzip", "zstd", "compress"):
            for sent in (bomb, packed):
                r = ask(s, "PUT", CALENDAR + "x.ics", sent, {"Content-Type": "text/calendar", "Content-Encoding": coding}, memory=32 * 2**20)
                assert r.status in (403, 413, 415), (coding, r)


def test_a_thousand_connections(s):
    """Each with half a head: those who ask properly are answered, and it costs little."""
    with contextlib.ExitStack() as stack:
        with bounded(s, memory=128 * 2**20) as cost:
            for _ in range(1000):
                stack.enter_context(s.socket(10)).sendall(b"GET / HTTP/1.1\r\nHost: h\r\nX: ")
            assert s.request("GET", CALENDAR).status == 200
        assert cost.memory >= 0
        assert ask(s, "PROPFIND", CALENDAR, None, {"Depth": "0"}).status == 207
