"""trust.md T-22: clients that are too slow are cut; the others don't notice."""

import contextlib
import time

from dedit_wire import Server, basic, event, read_answer, wait_for

SLOW = True

SERVER = {"settings": 'header-timeout = 1s idle-timeout = 2s body-rate = 1000 connections-per-address = 300'}
AUTH = f"Authorization: {basic('anna')}\r\n".encode()


def drip(c, data, pause=0.1, seconds=8):
    """Byte after byte; the seconds until the server has ended it, or None."""
    began = time.monotonic()
    c.settimeout(pause)
    for i in range(len(data)):
        if time.monotonic() - began > seconds:
            return None
        try:
            c.sendall(data[i:i + 1])
            if c.recv(100) == b"":
                return time.monotonic() - began
        except TimeoutError:
            continue
        except OSError:
            return time.monotonic() - began
    return None


def test_dripping_headers(s):
    with s.socket() as c:
        took = drip(c, b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"y" * 1000)
        assert took is not None and took < 4, took


def test_dripping_body(s):
    with s.socket() as c:
        c.sendall(b"PUT /calendars/anna/calendar/slow.ics HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n" + AUTH + b"\r\n")
        took = drip(c, b"x" * 1000)
        assert took is not None and took < 4, took


def test_dripping_between_requests(s):
    with s.socket() as c:
        c.sendall(b"OPTIONS / HTTP/1.1\r\nHost: h\r\n" + AUTH + b"\r\n")
        assert read_answer(c)[0] == 200
        took = drip(c, b"GET /" + b"y" * 1000)
        assert took is not None and took < 6, took


def test_silence(s):
    with s.socket() as c:
        began = time.monotonic()
        assert c.recv(10) == b""
        assert time.monotonic() - began < 5


def test_fast_enough_body(s):
    """4 KiB in 2 s is above the rate although each piece is small."""
    body = event("steady", extra="DESCRIPTION:" + "y" * 4000 + "\r\n").encode()
    with s.socket() as c:
        c.sendall(b"PUT /calendars/anna/calendar/steady.ics HTTP/1.1\r\nHost: h\r\nContent-Type: text/calendar\r\n"
                  b"Content-Length: %d\r\n" % len(body) + AUTH + b"\r\n")
        for i in range(0, len(body), 220):
            c.sendall(body[i:i + 220])
            time.sleep(0.1)
        assert read_answer(c)[0] == 201


def test_many_slow_ones_hold_nobody_up(s):
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(s.socket()) for _ in range(200)]
        for c in slow:
            c.sendall(b"GET / HTTP/1.1\r\nHost: h\r\nX-A: ")
        began = time.monotonic()
        assert s.request("OPTIONS", "/").status == 200
        assert time.monotonic() - began < 2
        wait_for(lambda: s.log().count("connection cut: too slow") >= 200, 10, "all are cut")


def test_limit_for_one_address(_):
    with Server(settings="connections-per-address = 5") as s, contextlib.ExitStack() as stack:
        time.sleep(0.5)  # the connection that found the server up has to be gone
        held = [stack.enter_context(s.socket()) for _ in range(5)]
        for c in held:
            c.sendall(b"OPTIONS / HTTP/1.1\r\nHost: h\r\n" + AUTH + b"\r\n")
            assert read_answer(c)[0] == 200
        with s.socket() as one_more:
            with contextlib.suppress(OSError):
                one_more.sendall(b"OPTIONS / HTTP/1.1\r\nHost: h\r\n" + AUTH + b"\r\n")
                assert one_more.recv(100) == b""
        held[0].sendall(b"OPTIONS / HTTP/1.1\r\nHost: h\r\n" + AUTH + b"\r\n")
        assert read_answer(held[0])[0] == 200
