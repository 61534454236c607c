"""RFC 9110, 9112: bodies, Expect, HEAD, limits."""

import socket
import threading
import time

from dedit_wire import PASSWORD, basic, event, propfind, read_answer

SERVER = {"settings": 'max-resource-size = 100K max-xml-size = 100K'}
HOST = "Host: h\r\n"
AUTH = f"Authorization: {basic('anna')}\r\n"
CALENDAR = "/calendars/anna/calendar/"


def send(c, text, body=b""):
    c.sendall(text.encode() + body)


def test_chunked_put(s):
    body = event("chunked").encode()
    r = s.request("PUT", CALENDAR + "chunked.ics", iter([body[:10], body[10:]]),
                  {"Content-Type": "text/calendar"})
    assert r.status == 201, r
    assert s.request("GET", CALENDAR + "chunked.ics").body == body


def test_trailers_are_ignored(s):
    body = event("trailer").encode()
    with s.socket() as c:
        send(c, f"PUT {CALENDAR}trailer.ics HTTP/1.1\r\n{HOST}{AUTH}Content-Type: text/calendar\r\n"
                "Transfer-Encoding: chunked\r\n\r\n", b"%x;ext=1\r\n%s\r\n0\r\nContent-Length: 5\r\n\r\n" % (len(body), body))
        status, _, _, rest = read_answer(c)
        assert status == 201
        send(c, f"OPTIONS / HTTP/1.1\r\n{HOST}{AUTH}\r\n")
        assert read_answer(c, rest)[0] == 200


def test_too_large_with_length(s):
    r = s.request("PUT", CALENDAR + "large.ics", b"x" * 300000, {"Content-Type": "text/calendar"})
    assert r.status in (403, 413), r
    assert r.condition() == "C:max-resource-size", r
    assert s.request("GET", CALENDAR + "large.ics").status == 404


def test_too_large_chunked(s):
    """Read to the end (within reason) so that the answer arrives; the connection lives on."""
    c = s.connect()
    r = s.request("PUT", CALENDAR + "large.ics", iter([b"x" * 50000] * 6), {"Content-Type": "text/calendar"},
                  connection=c)
    assert r.status in (403, 413) and r.condition() == "C:max-resource-size", r
    assert s.request("OPTIONS", "/", connection=c).status == 200


def test_endless_chunked_is_cut(s):
    with s.socket() as c:
        send(c, f"PUT {CALENDAR}endless.ics HTTP/1.1\r\n{HOST}{AUTH}Transfer-Encoding: chunked\r\n\r\n")
        try:
            for _ in range(1000):
                c.sendall(b"8000\r\n" + b"x" * 0x8000 + b"\r\n")
        except OSError:
            return
    raise AssertionError("32 MiB were taken")


def test_large_xml(s):
    r = s.request("PROPFIND", "/calendars/anna/", propfind("D:getetag") + " " * 200000, {"Depth": "0"})
    assert r.status == 413, r


def test_expect_continue(s):
    body = event("expect").encode()
    with s.socket() as c:
        send(c, f"PUT {CALENDAR}expect.ics HTTP/1.1\r\n{HOST}{AUTH}Content-Type: text/calendar\r\n"
                f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n")
        status, _, _, rest = read_answer(c)
        assert status == 100
        c.sendall(body)
        assert read_answer(c, rest)[0] == 201


def test_expect_is_refused_before_the_body(s):
    for auth, length, statuses in (("", 100, (401,)), (f"Authorization: {basic('anna', 'wrong one')}\r\n", 100, (401,)),
                                   (AUTH, 10**7, (403, 413))):
        with s.socket() as c:
            send(c, f"PUT {CALENDAR}x.ics HTTP/1.1\r\n{HOST}{auth}Expect: 100-continue\r\n"
                    f"Content-Type: text/calendar\r\nContent-Length: {length}\r\n\r\n")
            status, headers, _, _ = read_answer(c)
            assert status in statuses, status
            assert headers.get("connection") == "close"


def test_small_body_without_login_keeps_the_connection(s):
    c = s.connect()
    c.connect()
    first = c.sock.getsockname()
    for _ in range(3):
        r = s.request("PUT", CALENDAR + "x.ics", b"x" * 60000, user=None, connection=c)
        assert r.status == 401
    assert c.sock.getsockname() == first
    r = s.request("PUT", CALENDAR + "afterwards.ics", event("afterwards"), {"Content-Type": "text/calendar"}, connection=c)
    assert r.status == 201 and c.sock.getsockname() == first


def test_head(s):
    s.put(CALENDAR + "head.ics", event("head"))
    with s.socket() as c:
        for path in (CALENDAR + "head.ics", CALENDAR, CALENDAR + "none.ics"):
            send(c, f"HEAD {path} HTTP/1.1\r\n{HOST}{AUTH}\r\n")
        send(c, f"OPTIONS / HTTP/1.1\r\n{HOST}{AUTH}\r\n")
        rest = b""
        for _ in range(3):
            while b"\r\n\r\n" not in rest:
                rest += c.recv(65536)
            head, _, rest = rest.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 "), head
        # Not a byte of a body between them.
        assert read_answer(c, rest)[0] == 200
    get = s.request("GET", CALENDAR + "head.ics")
    r = s.request("HEAD", CALENDAR + "head.ics")
    assert r.headers["content-length"] == str(len(get.body)) and r.body == b""
    assert r.headers["etag"] == get.headers["etag"]


def test_answers_are_not_sniffed(s):
    for user in ("anna", None):
        sent = s.request("OPTIONS", "/", user=user).all_headers
        assert [v for k, v in sent if k == "x-content-type-options"] == ["nosniff"]


def test_headers_and_body_apart(s):
    """Without a quick ACK each of these would take 40 ms (doc/libraries.md A2)."""
    body = event("apart").encode()
    times = []
    with s.socket() as c:
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
        for i in range(20):
            began = time.monotonic()
            send(c, f"PROPFIND /calendars/anna/ HTTP/1.1\r\n{HOST}{AUTH}Depth: 0\r\n"
                    f"Content-Length: {len(propfind('D:getetag'))}\r\n\r\n")
            send(c, propfind("D:getetag"))
            assert read_answer(c)[0] == 207
            times.append(time.monotonic() - began)
    assert sorted(times)[len(times) // 2] < 0.03, times


def test_many_connections(s):
    failures = []

    def client(n):
        try:
            c = s.connect()
            for i in range(5):
                uid = f"many-{n}-{i}"
                r = s.request("PUT", f"{CALENDAR}{uid}.ics", event(uid), {"Content-Type": "text/calendar"}, connection=c)
                assert r.status == 201, r
                assert s.request("GET", f"{CALENDAR}{uid}.ics", connection=c).body == event(uid).encode()
        except Exception as e:
            failures.append(e)

    threads = [threading.Thread(target=client, args=(n,)) for n in range(40)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures, failures[:3]


def test_login_counts_for_one_request_only(s):
    """trust.md T-21"""
    c = s.connect()
    assert s.request("GET", CALENDAR + "head.ics", connection=c).status == 200
    assert s.request("GET", CALENDAR + "head.ics", user=None, connection=c).status == 401
    assert s.request("GET", CALENDAR + "head.ics", user="anna", password=PASSWORD, connection=c).status == 200
