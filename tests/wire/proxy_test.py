"""Behind a proxy: base-path, trusted-proxies, proxy-headers (RFC 7239; trust.md T-36; doc/proxy.md)."""

from dav import HOME, body, props, sync
from dedit_wire import Server, event, propfind, tag, wait_for

SLOW = True

BASE = "/dedit"
SERVER = {
    "settings": f'base-path = "{BASE}"\ntrusted-proxies = {{ "127.0.0.1" }}\n'
    'public-url = "https://cal.example.org"\nlogin-attempts = 3\nlogin-delay = "50ms"'
}
DEPTH = {"Depth": "1"}


def hrefs(r):
    assert r.status == 207, r
    return [x.text for x in r.xml().iter(tag("D:href"))]


def test_hrefs_have_the_base_path(s):
    """The proxy hands the path on as it is, or takes the base off: the answer is the same."""
    for prefix in (BASE, ""):
        for path in ("/", "/principals/anna/", "/calendars/anna/"):
            r = s.request("PROPFIND", prefix + path, propfind(
                "D:current-user-principal", "C:calendar-home-set", "D:owner", "D:principal-collection-set",
                "D:resourcetype"), DEPTH)
            found = hrefs(r)
            assert found and all(h.startswith(BASE + "/") for h in found if "mailto" not in h), found
            assert not any(h.startswith(BASE * 2) for h in found), found
    assert BASE + HOME + "calendar/" in hrefs(s.request("PROPFIND", BASE + HOME, None, DEPTH))
    r = s.request("PROPFIND", BASE, None, {"Depth": "0"})
    assert hrefs(r)[0] == BASE + "/", r


def test_well_known(s):
    """RFC 6764 5: at the root of the host, to below the base path."""
    for path in ("/.well-known/caldav", BASE + "/.well-known/caldav"):
        r = s.request("PROPFIND", path, None, {}, None)
        assert (r.status, r.headers["location"]) == (301, BASE + "/"), r


def test_objects(s):
    home = BASE + HOME + "calendar/"
    assert s.put(home + "a.ics", event("base-a")).status == 201
    assert s.request("GET", home + "a.ics").status == 200
    assert s.request("GET", HOME + "calendar/a.ics").status == 200
    r = s.put(home + "b.ics", event("base-a"))
    assert r.status in (403, 409) and hrefs_of_error(r) == [home + "a.ics"], r
    for wanted in (home + "a.ics", "https://cal.example.org" + home + "a.ics"):
        r = s.request("REPORT", home, body(
            "C:calendar-multiget", props("D:getetag") + f"<D:href>{wanted}</D:href>"), DEPTH)
        assert hrefs(r) == [home + "a.ics"], r
    r = s.request("REPORT", home, body(
        "C:calendar-multiget", props("D:getetag") + f"<D:href>{home}none.ics</D:href>"), DEPTH)
    assert hrefs(r) == [home + "none.ics"], r
    r = s.request("REPORT", home, sync())
    assert home + "a.ics" in hrefs(r), r
    assert s.request("DELETE", home + "a.ics").status == 204


def hrefs_of_error(r):
    return [x.text for x in r.xml().iter(tag("D:href"))]


def test_destination(s):
    """As the client wrote it, as a proxy rewrote it, by whatever name of the host (RFC 4918 10.3)."""
    home, host = BASE + HOME + "calendar/", f"127.0.0.1:{s.port}"
    for i, (destination, headers) in enumerate((
        (home, {}),
        (HOME + "calendar/", {}),
        (f"http://{host}{home}", {}),
        (f"http://{host}{HOME}calendar/", {}),
        (f"https://cal.example.org{home}", {}),
        (f"https://cal.example.org:443{home}", {}),
        (f"https://other.example.org{home}", {"X-Forwarded-Host": "other.example.org"}),
        (f"https://other.example.org:8443{home}", {"X-Forwarded-Host": "other.example.org:8443"}),
    )):
        uid = f"move{i}"
        assert s.put(f"{home}{uid}.ics", event(uid)).status == 201
        send = {"Destination": f"{destination}{uid}-to.ics", **headers}
        r = s.request("MOVE", f"{home}{uid}.ics", None, send)
        assert r.status == 201, (destination, r)
        assert s.request("GET", f"{home}{uid}-to.ics").status == 200
    assert s.put(home + "stay.ics", event("stay")).status == 201
    r = s.request("MOVE", home + "stay.ics", None, {"Destination": f"https://other.example.org{home}x.ics"})
    assert r.status == 502, r


def test_prefix_of_a_proxy(s):
    """X-Forwarded-Prefix of a trusted proxy wins; one that is no path is not believed."""
    def home(prefix):
        r = s.request("PROPFIND", "/", propfind("C:calendar-home-set"),
                      {"Depth": "0", "X-Forwarded-Prefix": prefix})
        return hrefs(r)[-1]
    assert home("/other/place") == "/other/place/calendars/anna/"
    for bad in ("other", "/", "/a/", "/a//b", "//evil.example", '/"><x', "/.."):
        assert home(bad) == BASE + "/calendars/anna/", bad


def test_feed_links(s):
    lines = s.dedit("feed", "add", "anna/calendar").stdout.splitlines()
    assert lines[0].startswith("https://cal.example.org/dedit/feeds/"), lines
    path = lines[0][len("https://cal.example.org"):]
    assert s.request("GET", path, user=None).status == 200
    assert s.request("GET", path[len(BASE):], user=None).status == 200
    s.restart()
    assert path.split("/")[3] not in s.log()


def test_what_else_holds_paths(s):
    """RFC 6764 4, RFC 7808 4.2.2.3 and 5.1, profiles."""
    assert 'TXT "path=/dedit/"' in s.dedit("dns").stdout
    assert 'TXT "path=/dedit/timezones"' in s.dedit("dns").stdout
    r = s.request("GET", "/.well-known/timezone", user=None)
    assert (r.status, r.headers["location"]) == (301, BASE + "/timezones"), r
    r = s.request("GET", BASE + "/timezones/capabilities")
    assert r.status == 200 and '"/dedit/timezones/zones' in r.text.replace('": "', '":"'), r
    assert "<string>/dedit/principals/anna/</string>" in s.dedit("mobileconfig", "anna").stdout


def test_origin(s):
    """architecture.md 15.35: the host that the proxy names is this one."""
    r = s.request("PUT", BASE + HOME + "calendar/o.ics", event("o"),
                  {"Origin": "https://front.example", "X-Forwarded-Host": "front.example"})
    assert r.status == 201, r
    r = s.request("PUT", BASE + HOME + "calendar/p.ics", event("p"), {"Origin": "https://front.example"})
    assert r.status == 403, r


def failed_from(s, headers):
    """The address in the line about a failed login."""
    before = len(s.log())
    r = s.request("PROPFIND", "/", None, {"Depth": "0", **headers}, password="wrong")
    assert r.status in (401, 429), r
    line = wait_for(lambda: [x for x in s.log()[before:].splitlines() if "login failed from" in x],
                    what="log line")[0]
    return line.split("login failed from ")[1].split(" ")[0]


def test_addresses(_):
    free = 'login-attempts = 1000\n'
    with Server(free + 'trusted-proxies = { "127.0.0.0/8" }', unix=True) as s:
        assert failed_from(s, {}) == "127.0.0.1"
        assert failed_from(s, {"X-Forwarded-For": "192.0.2.1"}) == "192.0.2.1"
        assert failed_from(s, {"X-Forwarded-For": "203.0.113.1, 192.0.2.1, 127.0.0.3"}) == "192.0.2.1"
        assert failed_from(s, {"X-Forwarded-For": "2001:db8::1"}) == "2001:db8::1"
        assert failed_from(s, {"X-Forwarded-For": "nobody"}) == "127.0.0.1"
        assert failed_from(s, {"Forwarded": "for=192.0.2.1"}) == "127.0.0.1"
    with Server(free + 'trusted-proxies = { "127.0.0.1" } proxy-headers = forwarded') as s:
        assert failed_from(s, {"Forwarded": 'for=192.0.2.9, for="[2001:db8::9]:80";proto=https'}) == "2001:db8::9"
        assert failed_from(s, {"X-Forwarded-For": "192.0.2.1"}) == "127.0.0.1"


def test_brake_counts_the_clients_address(_):
    with Server('login-attempts = 1 login-delay = "1h" trusted-proxies = { "127.0.0.1" }') as s:
        def login(address, password="wrong"):
            return s.request("PROPFIND", "/", None, {"Depth": "0", "X-Forwarded-For": address},
                             password=password).status
        assert login("192.0.2.1") == 401
        wait_for(lambda: login("192.0.2.1") == 429, what="brake")
        assert login("192.0.2.2") == 401, "another client behind the same proxy"


def test_bad_settings(_):
    for line, text in (
        ('base-path = "dedit"', "base-path"), ('base-path = "/dedit/"', "base-path"), ('base-path = "/"', "base-path"),
        ('trusted-proxies = { "10.0.0.0/33" }', "trusted-proxies"), ('trusted-proxies = { "host" }', "trusted-proxies"),
        ('proxy-headers = both', "proxy-headers"),
    ):
        s = Server(line, start=False, users=())
        s.write_config()
        r = s.dedit("user", "list", check=False)
        assert r.returncode == 1 and text in r.stderr and "dedit.conf:" in r.stderr, (line, r)
