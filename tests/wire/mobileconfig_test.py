"""`dedit mobileconfig`: a profile for Apple's programs that they can read, and a password that works."""

import plistlib
import ssl

from dedit_wire import Server

SLOW = True

URL = 'public-url = "https://cal.example.org:8443"'


def profile(server, user, *args):
    return plistlib.loads(server.dedit("mobileconfig", user, *args).stdout.encode())


def payload(p, kind):
    found = [x for x in p["PayloadContent"] if x["PayloadType"] == kind]
    assert len(found) == 1, p
    return found[0]


def account(p):
    return payload(p, "com.apple.caldav.account")


def test_the_account_is_in_it(s):
    with Server(URL) as other:
        p = profile(other, "anna")
        assert (p["PayloadType"], p["PayloadVersion"]) == ("Configuration", 1)
        assert p["PayloadRemovalDisallowed"] is False
        a = account(p)
        assert a["CalDAVHostName"] == "cal.example.org"
        assert a["CalDAVPort"] == 8443
        assert a["CalDAVUseSSL"] is True
        assert a["CalDAVPrincipalURL"] == "/principals/anna/"
        assert a["CalDAVUsername"] == "anna"
        assert len(p["PayloadContent"]) == 1  # no authority without --ca
        r = other.request("PROPFIND", "/principals/anna/", "", {"Depth": "0"}, password=a["CalDAVPassword"])
        assert r.status == 207, r


def test_its_password_is_one_of_its_own(s):
    with Server(URL) as other:
        first, second = account(profile(other, "anna")), account(profile(other, "anna"))
        assert first["CalDAVPassword"] != second["CalDAVPassword"]
        listed = other.dedit("user", "token", "anna", "list").stdout.splitlines()
        assert len(listed) == 2 and all(line.endswith("  configuration profile") for line in listed)
        other.dedit("user", "token", "anna", "revoke", listed[0].split()[0])
        ask = {"Depth": "0"}
        assert other.request("PROPFIND", "/", "", ask, password=first["CalDAVPassword"]).status == 401
        assert other.request("PROPFIND", "/", "", ask, password=second["CalDAVPassword"]).status == 207


def test_identifiers_follow_from_host_and_user(s):
    with Server(URL, start=False) as other:
        a, b, marc = profile(other, "anna"), profile(other, "anna"), profile(other, "marc")
    uuids = {x["PayloadUUID"] for x in (a, account(a))}
    assert len(uuids) == 2
    assert {x["PayloadUUID"] for x in (b, account(b))} == uuids
    assert not {x["PayloadUUID"] for x in (marc, account(marc))} & uuids
    assert a["PayloadIdentifier"] == b["PayloadIdentifier"] != marc["PayloadIdentifier"]
    assert account(a)["PayloadIdentifier"].startswith(a["PayloadIdentifier"])
    with Server('public-url = "https://cal.example.net:8443"', start=False) as other:
        assert profile(other, "anna")["PayloadUUID"] not in uuids


def test_the_authority_is_in_it(s):
    with Server(URL, tls=True) as other:
        pem = other.folder / "certs/ca.pem"
        ca = payload(profile(other, "anna", "--ca", str(pem)), "com.apple.security.root")
        assert ca["PayloadContent"] == ssl.PEM_cert_to_DER_cert(pem.read_text())
        bad = other.folder / "bad.pem"
        for text in ("", "no certificate", "-----BEGIN CERTIFICATE-----\n<&>\n-----END CERTIFICATE-----\n"):
            bad.write_text(text)
            r = other.dedit("mobileconfig", "anna", "--ca", str(bad), check=False)
            assert r.returncode == 1 and not r.stdout, (text, r)
        r = other.dedit("mobileconfig", "anna", "--ca", "/nowhere", check=False)
        assert r.returncode == 1 and "/nowhere" in r.stderr, r


def test_names_are_escaped(s):
    with Server(URL, start=False, users=()) as other:
        other.add_user("a@b.example", "--name", "Ann & <Bob> \"é\"")
        p = profile(other, "a@b.example")
        assert "Ann & <Bob> \"é\"" in account(p)["CalDAVAccountDescription"]
        assert account(p)["CalDAVPrincipalURL"] in ("/principals/a@b.example/", "/principals/a%40b.example/")


def test_plain_http_and_usual_ports(s):
    with Server('public-url = "http://cal.example.org"', start=False) as other:
        a = account(profile(other, "anna"))
        assert (a["CalDAVPort"], a["CalDAVUseSSL"]) == (80, False)


def test_refusals(s):
    r = s.dedit("mobileconfig", "anna", check=False)
    assert r.returncode == 1 and "public-url" in r.stderr
    assert s.dedit("user", "token", "anna", "list").stdout == ""  # no password for a profile that isn't
    assert s.dedit("mobileconfig", "nobody", check=False).returncode == 1
    assert s.dedit("mobileconfig", check=False).returncode == 2
