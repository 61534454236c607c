"""RFC 6764 3 and 4, RFC 7808 4.2.1: the records that `dedit dns` prints for the zone file."""

from dedit_wire import Server


def lines(server, *args):
    out = server.dedit("dns", *args).stdout
    return [line for line in out.splitlines() if not line.startswith(";")]


def test_services_ports_and_path(s):
    with Server('public-url = "https://cal.example.org:8443"', start=False) as other:
        assert lines(other, "example.org") == [
            "_caldavs._tcp.example.org. 86400 IN SRV 0 1 8443 cal.example.org.",
            '_caldavs._tcp.example.org. 86400 IN TXT "path=/"',
            "_caldav._tcp.example.org. 86400 IN SRV 0 0 0 .",
            "_timezones._tcp.example.org. 86400 IN SRV 0 1 8443 cal.example.org.",
            '_timezones._tcp.example.org. 86400 IN TXT "path=/timezones"',
            "_timezone._tcp.example.org. 86400 IN SRV 0 0 0 .",
        ]
        # the host's own name without an argument
        assert lines(other)[0].startswith("_caldavs._tcp.cal.example.org. ")


def test_ports_that_go_without_saying(s):
    with Server('public-url = "https://cal.example.org"', start=False, users=()) as other:
        assert "SRV 0 1 443 cal.example.org." in lines(other)[0]
    with Server('public-url = "http://cal.example.org"', start=False, users=()) as other:
        found = lines(other)
        assert found[0] == "_caldavs._tcp.cal.example.org. 86400 IN SRV 0 0 0 ."
        assert found[1] == "_caldav._tcp.cal.example.org. 86400 IN SRV 0 1 80 cal.example.org."


def test_what_is_listened_on_beside(s):
    with Server('public-url = "http://cal.example.org"', start=False, users=(), tls=True) as other:
        assert f"SRV 0 1 {other.tls_port} cal.example.org." in lines(other)[0]


def test_refusals(s):
    r = s.dedit("dns", check=False)
    assert r.returncode == 1 and "public-url" in r.stderr, r
    with Server('public-url = "https://[2001:db8::1]:8443"', start=False, users=()) as other:
        assert other.dedit("dns", "example.org", check=False).returncode == 1
    with Server('public-url = "https://cal.example.org"', start=False, users=()) as other:
        for bad in ("", ".", "example.org.", 'a"b', "a..b", "-a", "a b", "x" * 300):
            assert other.dedit("dns", bad, check=False).returncode == 2, bad


def test_works_while_the_server_runs(s):
    with Server('public-url = "https://cal.example.org"') as other:
        assert "SRV 0 1 443" in lines(other, "example.org")[0]
