"""Answers that are made piece by piece while they are sent."""

import socket
import threading
import time

from dav import CALENDAR, DECLARED
from dedit_wire import Server, basic, event, read_all

SERVER = {"settings": "threads = 1 workers = 2", "users": ("anna",)}
EVENTS = 6
DATES = 4000
EXPAND = (f'<C:calendar-query {DECLARED}><D:prop><D:getetag/><C:calendar-data><C:expand start="19700101T000000Z" '
          'end="20300101T000000Z"/></C:calendar-data></D:prop><C:filter><C:comp-filter name="VCALENDAR"/></C:filter>'
          '</C:calendar-query>')


def fill(s):
    c = s.connect()
    for i in range(EVENTS):
        r = s.request("PUT", f"{CALENDAR}{i}.ics",
                      event(f"u{i}", "19800101T100000Z", "19800101T110000Z", extra=f"RRULE:FREQ=DAILY;COUNT={DATES}\r\n"),
                      {"Content-Type": "text/calendar"}, connection=c)
        assert r.status in (201, 204), r


def ask(s, version="1.1"):
    """The request is sent; nothing is read yet."""
    c = s.socket()
    c.sendall(f"REPORT {CALENDAR} HTTP/{version}\r\nHost: h\r\nDepth: 1\r\nAuthorization: {basic('anna')}\r\n"
              f"Content-Length: {len(EXPAND)}\r\nConnection: close\r\n\r\n{EXPAND}".encode())
    return c


def test_whole(s):
    fill(s)
    r = s.request("REPORT", CALENDAR, EXPAND, {"Depth": "1"})
    assert r.status == 207 and "content-length" not in r.headers and len(r.body) > 1 << 20
    assert r.text.count("BEGIN:VEVENT") == EVENTS * DATES and len(r.responses()) == EVENTS
    with ask(s, "1.0") as c:
        old = read_all(c).partition(b"\r\n\r\n")[2]
    assert old == r.body


def test_many_at_once(s):
    """More than there are workers."""
    lengths = []

    def one():
        lengths.append(len(s.request("REPORT", CALENDAR, EXPAND, {"Depth": "1"}).body))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(lengths) == 8 and len(set(lengths)) == 1, lengths


def test_clients_that_leave(s):
    for wait in (0, 0.01, 0.05, 0.1) * 4:
        c = ask(s)
        time.sleep(wait)
        if wait:
            c.recv(1000)
        c.close()
    assert s.request("OPTIONS", "/").status == 200


def test_next_request_on_the_connection(s):
    c = s.connect()
    for _ in range(3):
        assert s.request("REPORT", CALENDAR, EXPAND, {"Depth": "1"}, connection=c).status == 207
        assert s.request("OPTIONS", "/", connection=c).status == 200


def test_stop_in_the_middle(_):
    with Server(settings="shutdown-timeout = 1s", users=("anna",)) as s:
        fill(s)
        waiting = [ask(s) for _ in range(4)]
        for c in waiting:
            c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            assert c.recv(100).startswith(b"HTTP/1.1 207")
        began = time.monotonic()
        assert s.stop() == 0 and time.monotonic() - began < 5
        for c in waiting:
            c.close()


def test_an_event_that_breaks_in_the_middle(s):
    """The answer goes on: a file that can't be read costs its own event."""
    fill(s)
    s.dedit("flush")
    with ask(s) as c:
        head = c.recv(1000)
        for i in range(1, EVENTS):
            (s.data / f"cal/anna/calendar/{i}.ics").write_bytes(b"rubbish")
        rest = read_all(c)
    assert head.startswith(b"HTTP/1.1 207") and rest.endswith(b"0\r\n\r\n") and b"</D:multistatus>" in rest[-200:]
    assert b"404 Not Found" in rest or rest.count(b"BEGIN:VEVENT") >= EVENTS * DATES - 100
