"""A configuration profile for Apple's programs out of the console: architecture.md 15.40."""

import plistlib

from console import API, Console, problem, strict
from dedit_wire import Server

CONSOLE = True
PATH = "/account/mobileconfig"
URL = 'public-url = "https://cal.example.org:8443"'


def test_profile(_):
    with Server(settings=URL) as s:
        s.dedit("user", "add", "a@b.example", "--name", 'Ann & <Bob> "é"', input="correct horse battery\n")
        c = Console(s, "a@b.example", "correct horse battery")
        before = c.get("/account")
        r = c.ask("GET", PATH)
        assert r.status == 200 and r.headers["content-type"] == "application/x-apple-aspen-config", r
        assert r.headers["content-disposition"] == 'attachment; filename="a@b.example.mobileconfig"'
        assert r.headers["cache-control"] == "no-store"
        strict(r)
        body = r.body if isinstance(r.body, bytes) else r.body.encode()
        p = plistlib.loads(body)
        (a,) = p["PayloadContent"]
        assert p["PayloadType"] == "Configuration" and a["PayloadType"] == "com.apple.caldav.account"
        assert (a["CalDAVHostName"], a["CalDAVPort"], a["CalDAVUseSSL"]) == ("cal.example.org", 8443, True)
        assert a["CalDAVUsername"] == "a@b.example" and "CalDAVPassword" not in a
        assert a["CalDAVPrincipalURL"].replace("%40", "@") == "/principals/a@b.example/"
        assert 'Ann & <Bob> "é"' in a["CalDAVAccountDescription"]
        assert "<Bob>" not in body.decode()
        # the same each time, another for another account, and as the command has them
        assert plistlib.loads(c.ask("GET", PATH).body) == p
        assert c.get("/account") == before  # no application password was made
        made = plistlib.loads(s.dedit("mobileconfig", "a@b.example").stdout.encode())
        assert made["PayloadUUID"] == p["PayloadUUID"] and made["PayloadContent"][0]["PayloadUUID"] == a["PayloadUUID"]
        other = plistlib.loads(Console(s).ask("GET", PATH).body)
        assert other["PayloadUUID"] != p["PayloadUUID"] and other["PayloadContent"][0]["CalDAVUsername"] == "anna"


def test_refused(_):
    with Server() as s:
        c = Console(s)
        problem(c.ask("GET", PATH), 409, "public-url", name="no-address")
        problem(s.request("GET", API + PATH), 401)
        problem(s.request("GET", API + PATH, user=None), 401)
        r = c.ask("POST", PATH)
        problem(r, 405)
        assert r.headers["allow"] == "GET"
