"""Setting up an account in Apple's programs, as macOS' accountsd and iOS' dataaccessd ask (asks.md A)."""

from dav import CALENDAR, HOME, find, href, names_of, prop
from dedit_wire import Server, propfind, tag

SLOW = True

GUESSES = ("/calendar/dav/anna/user/", "/principals/users/anna/", "/dav/principals/", "/caldav/v2", "/caldav/v2/")

# iOS 17, dataaccessd: the first question, and the one to the principal
IOS_FIRST = """<?xml version="1.0" encoding="UTF-8"?>
<A:propfind xmlns:A="DAV:"><A:prop><A:current-user-principal/><A:principal-URL/><A:resourcetype/></A:prop></A:propfind>"""
IOS_PRINCIPAL = """<?xml version="1.0" encoding="UTF-8"?>
<A:propfind xmlns:A="DAV:"><A:prop>
<B:calendar-home-set xmlns:B="urn:ietf:params:xml:ns:caldav"/>
<B:calendar-user-address-set xmlns:B="urn:ietf:params:xml:ns:caldav"/>
<A:current-user-principal/><A:displayname/><C:dropbox-home-URL xmlns:C="http://calendarserver.org/ns/"/>
<C:email-address-set xmlns:C="http://calendarserver.org/ns/"/><C:notification-URL xmlns:C="http://calendarserver.org/ns/"/>
<A:principal-collection-set/><A:principal-URL/><A:resource-id/>
<B:schedule-inbox-URL xmlns:B="urn:ietf:params:xml:ns:caldav"/>
<B:schedule-outbox-URL xmlns:B="urn:ietf:params:xml:ns:caldav"/><A:supported-report-set/></A:prop></A:propfind>"""
IOS_HOME = """<?xml version="1.0" encoding="UTF-8"?>
<A:propfind xmlns:A="DAV:"><A:prop><A:add-member/>
<C:allowed-sharing-modes xmlns:C="http://calendarserver.org/ns/"/>
<D:autoprovisioned xmlns:D="http://apple.com/ns/ical/"/><E:bulk-requests xmlns:E="http://me.com/_namespace/"/>
<B:calendar-alarm xmlns:B="urn:ietf:params:xml:ns:caldav"/>
<D:calendar-color xmlns:D="http://apple.com/ns/ical/"/>
<B:calendar-description xmlns:B="urn:ietf:params:xml:ns:caldav"/>
<B:calendar-free-busy-set xmlns:B="urn:ietf:params:xml:ns:caldav"/>
<D:calendar-order xmlns:D="http://apple.com/ns/ical/"/><B:calendar-timezone xmlns:B="urn:ietf:params:xml:ns:caldav"/>
<A:current-user-privilege-set/><B:default-alarm-vevent-date xmlns:B="urn:ietf:params:xml:ns:caldav"/>
<B:default-alarm-vevent-datetime xmlns:B="urn:ietf:params:xml:ns:caldav"/><A:displayname/>
<C:getctag xmlns:C="http://calendarserver.org/ns/"/><D:language-code xmlns:D="http://apple.com/ns/ical/"/>
<D:location-code xmlns:D="http://apple.com/ns/ical/"/><A:owner/>
<C:pre-publish-url xmlns:C="http://calendarserver.org/ns/"/><C:publish-url xmlns:C="http://calendarserver.org/ns/"/>
<C:push-transports xmlns:C="http://calendarserver.org/ns/"/><C:pushkey xmlns:C="http://calendarserver.org/ns/"/>
<A:quota-available-bytes/><A:quota-used-bytes/><D:refreshrate xmlns:D="http://apple.com/ns/ical/"/><A:resource-id/>
<A:resourcetype/><B:schedule-calendar-transp xmlns:B="urn:ietf:params:xml:ns:caldav"/>
<B:schedule-default-calendar-URL xmlns:B="urn:ietf:params:xml:ns:caldav"/>
<C:source xmlns:C="http://calendarserver.org/ns/"/><C:subscribed-strip-alarms xmlns:C="http://calendarserver.org/ns/"/>
<C:subscribed-strip-attachments xmlns:C="http://calendarserver.org/ns/"/>
<C:subscribed-strip-todos xmlns:C="http://calendarserver.org/ns/"/>
<B:supported-calendar-component-set xmlns:B="urn:ietf:params:xml:ns:caldav"/>
<B:supported-calendar-component-sets xmlns:B="urn:ietf:params:xml:ns:caldav"/><A:supported-report-set/>
<A:sync-token/><C:xmpp-server xmlns:C="http://calendarserver.org/ns/"/><C:xmpp-uri xmlns:C="http://calendarserver.org/ns/"/>
</A:prop></A:propfind>"""


def ask(s, path, xml=IOS_FIRST, depth="0", user="anna", **more):
    return s.request("PROPFIND", path, xml, {"Depth": depth, "Content-Type": "text/xml", "Brief": "t", "Prefer":
                     "return=minimal", "User-Agent": "iOS/17.5 (21F79) dataaccessd/1.0", **more}, user)


def test_a1_well_known_is_redirected_by_a_path_alone(s):
    for user in (None, "anna"):
        for host in ("cal.example.org", "cal.example.org:8443", f"127.0.0.1:{s.port}"):
            r = ask(s, "/.well-known/caldav", user=user, Host=host)
            assert (r.status, r.headers["location"]) == (301, "/"), (user, host, r)


def test_a2_guessed_paths_are_404_and_the_known_ones_know_the_user(s):
    for path in ("/", "/principals/"):
        assert ask(s, path, user=None).status == 401, path
        r = ask(s, path)
        assert r.status == 207, (path, r)
        principal = r.responses()[path][tag("D:current-user-principal")].findtext(tag("D:href"))
        assert principal == "/principals/anna/", path
    for path in GUESSES:
        assert ask(s, path, user=None).status == 401, path
        assert ask(s, path).status == 404, path
        assert s.request("OPTIONS", path).status < 500, path


def test_a3_the_bare_host_leads_to_the_calendars(s):
    r = ask(s, "/.well-known/caldav", user=None)
    first = ask(s, r.headers["location"])
    principal = first.responses()["/"][tag("D:current-user-principal")].findtext(tag("D:href"))
    answer = ask(s, principal, IOS_PRINCIPAL).responses()[principal]
    home = answer[tag("C:calendar-home-set")].findtext(tag("D:href"))
    options = s.request("OPTIONS", principal)
    assert options.status == 200 and "calendar-access" in options.headers["dav"]
    listed = ask(s, home, IOS_HOME, "1").responses()
    calendars = [h for h, p in listed.items() if tag("C:calendar") in {x.tag for x in p[tag("D:resourcetype")]}]
    assert set(calendars) >= {CALENDAR, HOME + "tasks/"}, listed.keys()


def test_a4_there_is_one_home_and_shared_calendars_are_in_it(s):
    s.dedit("share", "marc/calendar", "anna", "read")
    homes = prop(s, "/principals/anna/", "C:calendar-home-set")
    assert [x.text for x in homes.findall(tag("D:href"))] == [HOME]
    assert HOME + "marc~calendar/" in find(s, HOME, "D:resourcetype", depth="1").responses()
    s.dedit("share", "marc/calendar", "anna", "none")


def test_a5_a_profile_brings_the_authority(s):
    import plistlib

    with Server('public-url = "https://localhost:8443"', tls=True, start=False) as other:
        out = other.dedit("mobileconfig", "anna", "--ca", str(other.folder / "certs/ca.pem")).stdout
    kinds = [x["PayloadType"] for x in plistlib.loads(out.encode())["PayloadContent"]]
    assert kinds == ["com.apple.security.root", "com.apple.caldav.account"]


def test_a6_plain_and_tls_listeners_serve_side_by_side(s):
    with Server(tls=True) as other:
        for tls in (False, True):
            c = other.connect(tls=tls)
            assert other.request("PROPFIND", "/", IOS_FIRST, {"Depth": "0"}, connection=c).status == 207
            c.close()


def test_a7_no_credentials_is_401_with_a_realm_and_never_a_lock_out(s):
    for path in ("/", "/principals/", "/principals/anna/", HOME, CALENDAR, CALENDAR + "x.ics", "/nowhere/"):
        for method in ("PROPFIND", "OPTIONS", "REPORT", "GET", "PUT"):
            r = s.request(method, path, "", {"Depth": "0"}, user=None)
            assert r.status == 401, (method, path, r)
            assert r.headers["www-authenticate"] == 'Basic realm="dedit", charset="UTF-8"'
    for _ in range(50):
        assert ask(s, "/", user=None).status == 401
    assert ask(s, "/").status == 207


def test_a8_nothing_that_account_setup_sends_is_a_5xx(s):
    search = '<A:principal-search-property-set xmlns:A="DAV:"/>'
    for path in ("/", "/principals/", "/principals/anna/", HOME, CALENDAR, *GUESSES):
        for xml in (IOS_FIRST, IOS_PRINCIPAL, IOS_HOME):
            for depth in ("0", "1"):
                assert ask(s, path, xml, depth).status in (207, 404), (path, depth)
        for xml in (search, propfind("D:displayname"), "", "<"):
            assert s.request("REPORT", path, xml, {"Depth": "0"}).status < 500, (path, xml)
    alarms = """<?xml version="1.0" encoding="UTF-8"?>
<A:propertyupdate xmlns:A="DAV:"><A:set><A:prop><B:default-alarm-vevent-date xmlns:B="urn:ietf:params:xml:ns:caldav">\
BEGIN:VALARM&#13;
X-WR-ALARMUID:E0D4&#13;
UID:E0D4&#13;
TRIGGER:-PT15H&#13;
ATTACH;VALUE=URI:Basso&#13;
ACTION:AUDIO&#13;
END:VALARM&#13;
</B:default-alarm-vevent-date></A:prop></A:set></A:propertyupdate>"""
    r = s.request("PROPPATCH", HOME, alarms)  # a 403 here, and macOS goes no further
    assert r.status == 207 and b" 200 " in r.body, r


def test_a9_a_profile_logs_in_where_it_says(s):
    import plistlib

    with Server('public-url = "https://cal.example.org"') as other:
        p = plistlib.loads(other.dedit("mobileconfig", "anna").stdout.encode())["PayloadContent"][0]
        r = other.request("PROPFIND", p["CalDAVPrincipalURL"], IOS_PRINCIPAL, {"Depth": "0"},
                          user=p["CalDAVUsername"], password=p["CalDAVPassword"])
        assert r.status == 207, r
    assert names_of(prop(s, "/principals/anna/", "D:resourcetype")) >= {"principal"}
    assert href(s, "/principals/anna/", "C:calendar-home-set") == HOME
