"""
doc/trust.md T-18: libmicrohttpd with the fix of CVE-2023-27371 (0.9.76, or Debian's 0.9.75-6), its post processor and
web sockets not linked; odd heads and chunks. (Also: tests/fuzz/fuzz_http.c, T-19.)
"""

import random
import re
import shutil
import subprocess

from bounds import bounded
from dedit_wire import basic, event
from source import PROGRAMS, imported, users

AUTH = f"Authorization: {basic('anna')}\r\n".encode()


def test_version(s):
    """As configure asks for at least 0.9.75; where that is all, the package's own number decides."""
    _, libraries = imported("deditd")
    assert any(x.startswith("libmicrohttpd.so") for x in libraries), libraries
    version = subprocess.run(["pkg-config", "--modversion", "libmicrohttpd"], capture_output=True, text=True).stdout.strip()
    numbers = [int(x) for x in re.findall(r"\d+", version)]
    if numbers < [0, 9, 76]:
        assert shutil.which("dpkg-query"), f"libmicrohttpd {version}: is the fix of CVE-2023-27371 in it?"
        package = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "libmicrohttpd12"], capture_output=True, text=True).stdout
        assert subprocess.run(["dpkg", "--compare-versions", package, "ge", "0.9.75-6"]).returncode == 0, package


def test_what_is_linked(s):
    for program in PROGRAMS:
        symbols, libraries = imported(program)
        bad = [x for x in symbols if re.match(r"MHD_(.*post_processor|post_process|.*upgrade|websocket|digest_auth|basic_auth)", x)]
        assert not bad, (program, bad)
        assert not any("ws" in x for x in libraries if "microhttpd" in x), libraries
    assert not users("MHD_create_post_processor") and not users("MHD_ALLOW_UPGRADE")


def test_forms_are_no_forms(s):
    """What a post processor would have read."""
    for kind, sent in (("application/x-www-form-urlencoded", "a=" + "%41" * 20000 + "&b"),
                       ("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n" + "b" * 50000),
                       ("multipart/form-data", "--\r\n\r\n"), ("multipart/form-data; boundary=" + "x" * 4000, "--x")):
        for path in ("/calendars/anna/calendar/", "/", "/healthz", "/policy/x/y"):
            with bounded(s):
                r = s.request("POST", path, sent, {"Content-Type": kind})
            assert 400 <= r.status < 500, (kind, path, r)


def test_damaged_requests(s):
    """By seed: no crash, no 5xx, and the next request is answered."""
    chance = random.Random(18)
    whole = event("x").encode()
    chunks = b"%x\r\n%s\r\n%x;a=b\r\n%s\r\n0\r\nX: y\r\n\r\n" % (20, whole[:20], len(whole) - 20, whole[20:])
    good = (b"PUT /calendars/anna/calendar/t18.ics HTTP/1.1\r\nHost: h\r\nContent-Type: text/calendar\r\nConnection: close\r\n"
            + AUTH + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
    assert s.raw(good)[9:12] == b"201"
    for _ in range(250):
        data = bytearray(good)
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(data))
            if chance.random() < 0.3:
                del data[at:at + chance.randrange(1, 20)]
            elif chance.random() < 0.5:
                data[at:at] = chance.choice((b"\r\n", b"\n", b"\r", b"\0", b":", b" ", b"\t", b"ffffffffffffffff", b"-1", b"0\r\n\r\n"))
            else:
                data[at] = chance.choice(b"\0\t\r\n \",:;\\=09AZaf\x7f\x80\xff")
        with s.socket(5) as c:
            c.sendall(data)
            c.shutdown(1)
            answer = b""
            try:
                while piece := c.recv(65536):
                    answer += piece
            except (ConnectionResetError, TimeoutError):
                pass
        assert answer[9:10] != b"5" or answer[9:12] in (b"501", b"505"), (bytes(data), answer)
    assert s.request("OPTIONS", "/").status == 200


def test_sizes_of_chunks(s):
    for size in (b"ffffffffffffffff", b"10000000000000000", b"0" * 5000 + b"1", b"7fffffffffffffff", b"8000000000000000", b"fffffffffffffff0",
                 b"-1", b"", b" 1", b"1 ", b"0x1", b"1;" + b"a" * 30000, b"\0001"):
        with bounded(s), s.socket(5) as c:
            c.sendall(b"PUT /calendars/anna/calendar/c.ics HTTP/1.1\r\nHost: h\r\nContent-Type: text/calendar\r\n" + AUTH
                      + b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\nx\r\n")
            c.shutdown(1)
            try:
                answer = c.recv(4096)
            except (ConnectionResetError, TimeoutError):
                answer = b""
        assert answer[9:10] in (b"", b"4"), (size[:20], answer)
    assert s.request("GET", "/calendars/anna/calendar/c.ics").status == 404
