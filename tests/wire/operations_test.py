"""doc/operations.md: the filter for fail2ban finds failed logins, and nobody can make a line that it finds."""

import re
import urllib.parse

from dedit_wire import ROOT, Server, basic, event, wait_for

SERVER = {"settings": 'login-attempts = 1000\ntrusted-proxies = { "127.0.0.1" }'}
LINE = "[k7f2m9xq-1a] anna: "


def failregex():
    """As fail2ban uses it: <HOST> is an address or a name."""
    text = (ROOT / "doc/operations.md").read_text()
    found = re.search(r"^failregex = (.*)$", text, re.M)[1]
    return re.compile(found.replace("<HOST>", r"(?:::f{4,6}:)?(?P<host>[\w\-.^_]*\w|[0-9a-fA-F:]+)"))


def hosts(text):
    return [m["host"] for line in text.splitlines() if (m := failregex().search(line))]


def test_failed_logins_are_found(s):
    for user, password, client in (("anna", "wrong", "192.0.2.1"), ("nobody", "x", "192.0.2.2"), ("a b", "x", "2001:db8::3")):
        r = s.request("GET", "/", None, {"X-Forwarded-For": client}, user, password)
        assert r.status == 401
        wait_for(lambda: client in hosts(s.log()), what=client)
    assert hosts("<4>[k7f2m9xq-1a] login failed from 192.0.2.9 for anna") == ["192.0.2.9"]


def test_nobody_forges_one(s):
    """trust.md T-51: the victim's address in everything that a client chooses."""
    victim = "198.51.100.9"
    forged = f"login failed from {victim} for anna"
    before = len(s.log())
    for text in (forged, f"[x-1] {forged}", f"\n[x-1] {forged}", f"\r\n[x-1] {forged}\n", f"\u2028[x-1] {forged}",
                 f"x\x1b[2K\x1b[G[x-1] {forged}", f"<4>[x-1] {forged}"):
        s.request("GET", "/", user=text, password="x")
        s.request("GET", "/", user="anna", password=text)
        for name in ("User-Agent", "X-Request-Id", "X-Forwarded-For", "Referer", "Depth", "If-Match", "Origin"):
            with s.socket() as c:
                c.sendall(f"PROPFIND /calendars/anna/ HTTP/1.1\r\nHost: h\r\nAuthorization: {basic('anna')}\r\nConnection: close\r\n"
                          f"{name}: {text.replace(chr(13), '').replace(chr(10), ' ')}\r\n\r\n".encode())
                while c.recv(65536):
                    pass
        for path in ("/calendars/anna/%s", "/principals/%s", "/%s"):
            s.request("GET", path % urllib.parse.quote(text))
            s.raw(f"GET {path % text.replace(' ', chr(9))} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
        s.put("/calendars/anna/calendar/forged.ics", event("forged", summary=text.replace("\r", "").replace("\n", "\\n")))
    log = s.log()[before:]
    assert victim in log, "some of it is in the log"
    assert victim not in hosts(log), [l for l in log.splitlines() if failregex().search(l)]
    assert "127.0.0.1" in hosts(log)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]", log)
