"""doc/trust.md T-21: who is logged in is asked for each request, whatever came before on the connection."""

import contextlib

from bounds import ask
from dav import CALENDAR
from dedit_wire import PASSWORD, basic, event, read_answer

SERVER = {"tls": True, "unix": True, "settings": "login-attempts = 1000"}
EVENT = CALENDAR + "x.ics"


def test_one_after_the_other(s):
    s.put(EVENT, event("x"))
    for tls in (False, True):
        with contextlib.closing(s.connect(tls)) as c:
            get = lambda **who: ask(s, "GET", EVENT, connection=c, **who).status
            assert get() == 200
            assert get(user=None) == 401
            assert get(user="marc") == 404, "another user on the same connection"
            assert get(password="wrong one") == 401
            assert get(user=None) == 401
            assert get(user="anna", password=PASSWORD) == 200
            for method in ("PUT", "DELETE", "PROPFIND", "REPORT", "MKCALENDAR", "PROPPATCH", "MOVE", "COPY", "ACL", "POST", "HEAD"):
                assert ask(s, method, EVENT, user=None, connection=c).status == 401, method
            assert get() == 200


def test_without_a_wait(s):
    """Pipelined, so that the second is read while the first is under way."""
    line = f"GET {EVENT} HTTP/1.1\r\nHost: h\r\n"
    heads = [f"Authorization: {basic('anna')}\r\n", "", f"Authorization: {basic('marc')}\r\n", "Authorization: Basic\r\n",
             "Authorization: Bearer x\r\n", f"Authorization: {basic('anna')}\r\n"]
    with s.socket() as c:
        c.sendall("".join(line + head + "\r\n" for head in heads).encode())
        rest, got = b"", []
        for _ in heads:
            status, _, _, rest = read_answer(c, rest)
            got.append(status)
    assert got == [200, 401, 404, 401, 401, 200], got


def test_two_logins_in_one_request(s):
    """Not the one that is looked at first, and another that counts."""
    both = f"Authorization: {basic('marc')}\r\nAuthorization: {basic('anna')}\r\n"
    for head in (both, f"Authorization: {basic('marc')}, {basic('anna')}\r\n"):
        answer = s.raw(f"GET {EVENT} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{head}\r\n".encode())
        assert answer[9:12] in (b"400", b"401", b"404"), answer[:80]
