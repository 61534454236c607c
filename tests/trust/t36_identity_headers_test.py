"""trust.md T-36: nobody is believed to be somebody by a header. There is no such login; from proxies that are listed only
addresses, scheme, host and prefix are taken (tests/wire/proxy_test.py), from others nothing."""

from acl import principal
from dav import CALENDAR, HOME, href, refused
from dedit_wire import Server, basic, event, propfind, read_answer, tag

HEADERS = ("X-Remote-User", "Remote-User", "REMOTE_USER", "X-Forwarded-User", "X-Forwarded-Preferred-Username", "X-Auth-User",
           "X-Authenticated-User", "X-WEBAUTH-USER", "X-User", "X-Username", "X-Email", "X-Forwarded-Email", "From",
           "X-SSL-Client-CN", "SSL_CLIENT_S_DN", "X-Client-Cert", "X-Original-User", "X-Proxy-User", "X-Principal", "Cookie",
           "Proxy-Authorization", "X-Auth-Request-User", "Cf-Access-Authenticated-User-Email", "X-Token", "X-HTTP-Authorization",
           "Impersonate-User", "X-Impersonate", "Sudo", "On-Behalf-Of", "X-Radicale-User")


def values(user):
    return (user, basic(user), f"CN={user}", f"user={user}; session={user}")


def test_without_a_login(s):
    for header in HEADERS:
        for value in values("anna"):
            for path in ("/", CALENDAR):
                r = s.request("PROPFIND", path, None, {header: value, "Depth": "0"}, None)
                assert r.status == 401 and b"anna" not in r.body, (header, value, r)


def test_beside_a_login(s):
    """marc stays marc."""
    for header in HEADERS:
        r = s.request("PROPFIND", "/", propfind("D:current-user-principal"), {header: "anna", "Depth": "0"}, "marc")
        assert r.status == 207 and principal("marc") in r.text and principal("anna") not in r.text, (header, r)
        assert s.request("GET", CALENDAR + "x.ics", None, {header: "anna"}, "marc").status == 404
    refused(s.put(CALENDAR + "x.ics", event("x"), "marc", X_Remote_User="anna"), 403, "D:need-privileges")


def test_behind_trusted_proxies(_):
    """A proxy that is listed hands on what its clients send, so it isn't believed either; nor is the unix socket."""
    with Server('trusted-proxies = { "127.0.0.0/8" }', unix=True) as s:
        for header in HEADERS:
            r = s.request("PROPFIND", CALENDAR, None, {header: "anna", "Depth": "0", "X-Forwarded-For": "127.0.0.1"}, None)
            assert r.status == 401, (header, r)
            assert unix(s, header, "anna") == 401, header


def unix(s, header, value):
    import socket

    with socket.socket(socket.AF_UNIX) as c:
        c.connect(str(s.unix_path))
        c.sendall(f"PROPFIND {CALENDAR} HTTP/1.1\r\nHost: h\r\nDepth: 0\r\n{header}: {value}\r\n\r\n".encode())
        return read_answer(c)[0]


def failed_from(s, headers):
    before = len(s.log())
    s.request("PROPFIND", "/", None, {"Depth": "0", **headers}, password="wrong")
    return s.log()[before:].split("login failed from ")[1].split(" ")[0]


def test_addresses_of_others(_):
    """Not listed: it says what it likes."""
    with Server('login-attempts = 1000 login-delay = 0s trusted-proxies = { "192.0.2.0/24", "::1" }') as s:
        for headers in ({"X-Forwarded-For": "192.0.2.1"}, {"Forwarded": "for=192.0.2.1"}, {"X-Forwarded-For": "192.0.2.1, 192.0.2.2"},
                        {"X-Real-IP": "192.0.2.1"}, {"X-Forwarded-For": "::1"}):
            assert failed_from(s, headers) == "127.0.0.1", headers
        assert href(s, "/", "C:calendar-home-set") == HOME
        r = s.request("PROPFIND", "/", propfind("C:calendar-home-set"), {"Depth": "0", "X-Forwarded-Prefix": "/evil"})
        assert "/evil" not in r.text and r.xml().find(".//" + tag("D:href")) is not None
        assert s.put(CALENDAR + "m.ics", event("m")).status == 201
        r = s.request("MOVE", CALENDAR + "m.ics", None, {
            "Destination": f"https://evil.example{CALENDAR}n.ics", "X-Forwarded-Host": "evil.example"})
        assert r.status == 502, r
        r = s.put(CALENDAR + "o.ics", event("o"), Origin="https://evil.example", X_Forwarded_Host="evil.example")
        assert r.status == 403, r


def test_a_proxy_can_be_lied_to(_):
    """What its clients add before it is not what it saw: only the last, from the right, that is no proxy of ours counts."""
    with Server('login-attempts = 1000 login-delay = 0s trusted-proxies = { "127.0.0.0/8" }') as s:
        for value, expected in (("203.0.113.9, 192.0.2.1", "192.0.2.1"), ("127.0.0.1, 192.0.2.1", "192.0.2.1"),
                                ("192.0.2.1, evil", "127.0.0.1"), ("192.0.2.1,", "192.0.2.1"), ("unix", "127.0.0.1"),
                                ("192.0.2.1\tfor anna", "127.0.0.1"), ("1.2.3.4.5", "127.0.0.1"), ("", "127.0.0.1"),
                                ("192.0.2.1, 127.0.0.9, 127.0.0.8", "192.0.2.1"), (", ".join(["192.0.2.1"] * 500), "192.0.2.1")):
            assert failed_from(s, {"X-Forwarded-For": value}) == expected, value
