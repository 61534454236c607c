"""
What a crowd may cost, and that others are served meanwhile: idle and slow connections, clients at full speed, guesses
at passwords. With LONG in the environment at full size, and with the figures printed (doc/trust.md).
"""

import contextlib
import http.client
import os
import resource
import socket
import ssl
import statistics
import threading
import time

from bounds import resident
from dedit_wire import BUILD, PASSWORD, Server, basic, event, propfind, wait_for

LONG = "LONG" in os.environ
SLOW = PLAIN = True
ANSWERED_WITHIN = 20  # seconds; a busy machine is no failure
AUTH = f"Authorization: {basic('anna')}\r\n"
PER_CONNECTION = {False: 64 * 2**10, True: 160 * 2**10}  # bytes at most: plain, TLS
SETTINGS = 'connections = 4096\nconnections-per-address = 128\nlogin-delay = "1m"'

_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def connect(s, i, tls=False):
    """From one of many addresses, 100 connections each."""
    c = socket.create_connection(("127.0.0.1", s.tls_port if tls else s.port), ANSWERED_WITHIN,
                                 (f"127.1.{i // 100 // 200}.{1 + i // 100 % 200}", 0))
    if tls:
        context = ssl.create_default_context(cafile=s.folder / "certs/ca.pem")
        c = context.wrap_socket(c, server_hostname="localhost")
    return c


def ask(s):
    began = time.monotonic()
    c = http.client.HTTPConnection("127.0.0.1", s.port, timeout=ANSWERED_WITHIN, source_address=("127.0.0.9", 0))
    c.request("PROPFIND", "/calendars/anna/", propfind("D:displayname"), {"Authorization": basic("anna"), "Depth": "1"})
    r = c.getresponse()
    r.read()
    c.close()
    return r.status, time.monotonic() - began


def served(s, n=20):
    """A well-behaved client's requests, each on a new connection: all answered, in time."""
    times = []
    for _ in range(n):
        status, took = ask(s)
        assert status == 207, status
        times.append(took)
    assert max(times) < ANSWERED_WITHIN, times
    return f"median {statistics.median(times) * 1000:.0f} ms, worst {max(times) * 1000:.0f} ms"


def tell(what, figures):
    if LONG:
        print(f"# {what}: {figures}", flush=True)


def fds(s):
    return len(os.listdir(f"/proc/{s.process.pid}/fd"))


def threads(s):
    return len(os.listdir(f"/proc/{s.process.pid}/task"))


@contextlib.contextmanager
def as_before(s):
    """Afterwards no descriptor and no thread is left over."""
    served(s, 3)
    before = threads(s)
    descriptors = fds(s)
    yield
    # each worker keeps its reader of the index, which is three files
    wait_for(lambda: fds(s) <= descriptors + 3 * threads(s), 60, "descriptors are closed")
    assert threads(s) == before
    served(s, 3)


def idle(s, n, tls):
    with as_before(s), contextlib.ExitStack() as stack:
        before = resident(s.process.pid, "VmRSS")
        for i in range(n):
            stack.enter_context(connect(s, i, tls))
        times = served(s)
        each = (resident(s.process.pid, "VmRSS") - before) / n
        tell(f"{n} idle connections{' (TLS)' if tls else ''}", f"{each / 1024:.1f} KiB each; others: {times}")
        assert each < PER_CONNECTION[tls], each


def test_idle(_):
    with Server(SETTINGS) as s:
        idle(s, 2000 if LONG else 500, False)


def test_idle_with_tls(_):
    with Server(SETTINGS, tls=True) as s:
        idle(s, 2000 if LONG else 100, True)


def test_slow(_):
    """A byte a second, in the head and in the body."""
    with Server(SETTINGS) as s, as_before(s), contextlib.ExitStack() as stack:
        before = resident(s.process.pid, "VmRSS")
        slow = [stack.enter_context(connect(s, i)) for i in range(200)]
        for i, c in enumerate(slow):
            c.sendall(b"GET / HTTP/1.1\r\nHost: h\r\nX-A: " if i % 2 else
                      f"PUT /calendars/anna/calendar/slow{i}.ics HTTP/1.1\r\nHost: h\r\n{AUTH}Content-Length: 5000\r\n\r\n".encode())
        all_times = []
        for _ in range(10 if LONG else 4):
            for c in slow:
                with contextlib.suppress(OSError):
                    c.sendall(b"x")
            all_times.append(served(s, 3))
            time.sleep(1)
        used = resident(s.process.pid, "VmRSS") - before
        tell("200 slow connections", f"{used / 200 / 1024:.1f} KiB each; others: {all_times[-1]}")
        assert used < 64 * 2**20, used


def test_full_speed(_):
    """50 clients that ask as fast as they get answers."""
    with Server(SETTINGS) as s, as_before(s):
        for i in range(100):
            assert s.put(f"/calendars/anna/calendar/e{i}.ics", event(f"e{i}")).status == 201
        stop, counts = threading.Event(), []

        def run(i):
            n = 0
            with contextlib.suppress(OSError), connect(s, i) as c:
                request = f"GET /calendars/anna/calendar/e{i}.ics HTTP/1.1\r\nHost: h\r\n{AUTH}\r\n".encode()
                while not stop.is_set():
                    c.sendall(request)
                    while b"END:VCALENDAR" not in c.recv(65536):
                        pass
                    n += 1
            counts.append(n)

        before = resident(s.process.pid, "VmRSS")
        runs = [threading.Thread(target=run, args=(i,)) for i in range(50)]
        for t in runs:
            t.start()
        times = served(s, 40 if LONG else 10)
        stop.set()
        for t in runs:
            t.join()
        assert len(counts) == 50 and min(counts) > 0, counts
        used = resident(s.process.pid, "VmRSS") - before
        tell("50 clients at full speed", f"{sum(counts)} answers; {used / 2**20:.0f} MiB more; others: {times}")
        assert used < 256 * 2**20, used


def test_wrong_passwords(_):
    """From many addresses, all at one account: it stays open for its owner, who is elsewhere."""
    with Server(SETTINGS) as s, as_before(s):
        attempts, statuses, lock = 10000 if LONG else 600, {}, threading.Lock()

        def guess(k):
            for i in range(k, attempts, 10):
                with contextlib.suppress(OSError), connect(s, i) as c:
                    c.sendall(f"GET / HTTP/1.1\r\nHost: h\r\nAuthorization: {basic('anna', f'guess{i}')}\r\n"
                              "Connection: close\r\n\r\n".encode())
                    status = c.recv(65536)[9:12].decode()
                    with lock:
                        statuses[status] = statuses.get(status, 0) + 1

        before = resident(s.process.pid, "VmRSS")
        runs = [threading.Thread(target=guess, args=(k,)) for k in range(10)]
        for t in runs:
            t.start()
        times = served(s, 20)
        for t in runs:
            t.join()
        used = resident(s.process.pid, "VmRSS") - before
        tell(f"{attempts} guesses", f"{statuses}; {used / 2**20:.0f} MiB more; others: {times}")
        assert set(statuses) <= {"401", "429", "503"} and statuses["429"] > statuses["401"], statuses
        assert sum(statuses.values()) > attempts * 0.9, statuses
        assert used < 256 * 2**20, used
        marc = s.request("PROPFIND", "/", None, {"Depth": "0"}, "marc", PASSWORD)
        assert marc.status == 207, "nobody else is held up"


def test_the_idle_make_room(_):
    """More connections than there may be: the newest are served, those that rest longest are ended."""
    with Server("connections = 40\nconnections-per-address = 0") as s, contextlib.ExitStack() as stack:
        idle_ones = []
        for i in range(150):
            c = stack.enter_context(connect(s, i))
            c.sendall(f"OPTIONS / HTTP/1.1\r\nHost: h\r\n{AUTH}\r\n".encode())
            assert c.recv(65536).startswith(b"HTTP/1.1 200"), i
            idle_ones.append(c)
        tell("150 connections where 40 may be", served(s))
        idle_ones[0].settimeout(ANSWERED_WITHIN)
        assert idle_ones[0].recv(100) == b"", "the first one has been ended"
        wait_for(lambda: fds(s) < 150, 20, "the others too")


def test_silent_ones_make_room(_):
    with Server("connections = 40\nconnections-per-address = 0") as s, contextlib.ExitStack() as stack:
        for i in range(80):
            stack.enter_context(connect(s, i))
        time.sleep(1.5)
        tell("80 silent connections where 40 may be", served(s))


def test_no_room(_):
    """All are busy: 503 with Retry-After, but for who asks how the server is."""
    with Server("connections = 8\nconnections-per-address = 0\nbody-rate = 1") as s, contextlib.ExitStack() as stack:
        for i in range(8):
            c = stack.enter_context(connect(s, i))
            c.sendall(f"PUT /calendars/anna/calendar/b{i}.ics HTTP/1.1\r\nHost: h\r\n{AUTH}Content-Length: 5000\r\n\r\nBEGIN".encode())
        wait_for(lambda: s.request("OPTIONS", "/").status == 503, 20, "no room")
        r = s.request("OPTIONS", "/")
        assert r.status == 503 and r.headers["retry-after"] == "2" and r.headers["connection"] == "close", r
        assert s.request("GET", "/healthz", user=None).status == 200
        stack.close()
        wait_for(lambda: s.request("OPTIONS", "/").status == 200, 20, "room again")


def test_few_files(_):
    """Fewer connections are taken than the settings say, with a warning, rather than running out."""
    with Server("connections = 1000\nconnections-per-address = 0", start=False) as s, contextlib.ExitStack() as stack:
        script = s.folder / "few"
        script.write_text(f'#!/bin/sh\nulimit -n 260\nexec {BUILD / "deditd"} "$@"\n')
        script.chmod(0o755)
        s.daemon = lambda: script
        s.start()
        assert "260 files may be open, so only" in s.log(), s.log()
        for i in range(400):
            with contextlib.suppress(OSError):
                stack.enter_context(connect(s, i))
        wait_for(lambda: ask(s)[0] == 207, 20, "who comes again is served")
        assert fds(s) < 260
