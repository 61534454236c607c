"""Two accounts of one host in Thunderbird, and what it needs to find calendars (asks.md G)."""

from dav import CALENDAR, HOME, find, href, names_of, prop
from dedit_wire import Server


def test_g38_no_cookie_keeps_two_accounts_of_one_host_apart(s):
    c = s.connect()
    for user in ("anna", "marc", "anna"):
        r = s.request("PROPFIND", "/", "", {"Depth": "0", "Cookie": "session=of-marc"}, user, connection=c)
        assert r.status == 207 and "set-cookie" not in r.headers, r
        assert href(s, "/", "D:current-user-principal", user) == f"/principals/{user}/"
    c.close()
    assert s.request("PROPFIND", "/", "", {"Depth": "0", "Cookie": "session=of-marc"}, user=None).status == 401


def test_g38_one_realm_text_for_ever(s):
    realms = {s.request("PROPFIND", path, "", {"Depth": "0"}, user=None).headers["www-authenticate"]
              for path in ("/", HOME, CALENDAR, "/nowhere")}
    assert realms == {'Basic realm="dedit", charset="UTF-8"'}


def test_g38_the_host_alone_leads_to_calendars_that_can_be_written(s):
    r = s.request("PROPFIND", "/.well-known/caldav", "", {"Depth": "0"}, user=None)
    assert (r.status, r.headers["location"]) == (301, "/")
    home = href(s, href(s, "/", "D:current-user-principal"), "C:calendar-home-set")
    listed = find(s, home, "D:resourcetype", "D:displayname", "D:current-user-privilege-set", depth="1").responses()
    assert CALENDAR in listed
    assert names_of(prop(s, CALENDAR, "D:current-user-privilege-set")) >= {"write-content", "bind", "unbind"}


def test_g38_dns_records_for_the_mail_domain(s):
    with Server('public-url = "https://cal.example.org"', users=(), start=False) as other:
        out = other.dedit("dns", "example.org").stdout
    assert '_caldavs._tcp.example.org. 86400 IN TXT "path=/"' in out
