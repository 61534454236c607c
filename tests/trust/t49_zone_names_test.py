"""trust.md T-49: zone names are looked up in a table that is made at the start; none is ever a path, and definitions that
come with events mean nothing but themselves."""

from bounds import ask
from dav import CALENDAR, body, proppatch, time_range
from dedit_wire import Server, event

HOSTILE = ("../../etc/passwd", "/etc/passwd", "Europe/../../../etc/passwd", "Europe/../Europe/Paris", "./Europe/Paris",
           "Europe//Paris", "/usr/share/zoneinfo/Europe/Paris", "Europe/Paris/", "Europe", "", " ", "x" * 5000, "%s%n%x",
           "Europe/Paris\\nX", "file:///etc/passwd", "http://127.0.0.1/x", "$(id)", "europe/paris\u2028", "tzdata.zi",
           "zone1970.tab", "posixrules", "leapseconds", "+VERSION", "../zoneinfo/Europe/Paris", "Europe\\Paris",
           "..", ".", "localtime", "/freeassociation.sourceforge.net/Tzfile/Europe/../../etc/passwd", "right/../../passwd")


def zoned(uid, zone, definition=""):
    quoted = zone.replace('"', "")
    return (event(uid).replace("DTSTART:20270601T100000Z", f'DTSTART;TZID="{quoted}":20270601T100000')
            .replace("DTEND:20270601T110000Z\r\n", "").replace("BEGIN:VEVENT", definition + "BEGIN:VEVENT", 1))


def definition(zone, more=""):
    return (f"BEGIN:VTIMEZONE\r\nTZID:{zone}\r\n{more}BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0500\r\n"
            "TZOFFSETTO:+0500\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n")


def in_range(s, name, start, end):
    xml = body("C:calendar-query", "<D:prop><D:getetag/></D:prop><C:filter><C:comp-filter name='VCALENDAR'>"
               f"<C:comp-filter name='VEVENT'>{time_range(start, end)}</C:comp-filter></C:comp-filter></C:filter>")
    r = ask(s, "REPORT", CALENDAR, xml, {"Depth": "1"})
    assert r.status == 207, r
    return any(h.endswith(name) for h in r.responses())


def asked(s, uid, ics):
    """Stored or refused; and then every question that expands it."""
    path = f"{CALENDAR}{uid}.ics"
    r = ask(s, "PUT", path, ics, {"Content-Type": "text/calendar"})
    assert r.status in (201, 403), (ics, r)
    if r.status == 201:
        in_range(s, path, "20270101T000000Z", "20280101T000000Z")
        xml = body("C:free-busy-query", time_range("20270101T000000Z", "20280101T000000Z"))
        assert b"root:" not in ask(s, "REPORT", CALENDAR, xml, {"Depth": "1"}).body
        assert s.request("DELETE", path).status == 204
    return r.status


def test_in_events(s):
    for n, zone in enumerate(HOSTILE):
        if not any(c in zone for c in "\r\n"):
            asked(s, f"z{n}", zoned(f"z{n}", zone))
            asked(s, f"own{n}", zoned(f"own{n}", zone, definition(zone)))


def test_the_events_own_definition_counts(s):
    """A definition under the name of a file is that definition: 10:00 at +05:00 is 05:00 UTC."""
    for n, zone in enumerate(("../../etc/passwd", "/etc/localtime", "Made Up")):
        path = f"{CALENDAR}own{n}.ics"
        r = s.put(path, zoned(f"def{n}", zone, definition(zone)))
        assert r.status == 201, (zone, r)
        assert in_range(s, path, "20270601T045900Z", "20270601T050100Z"), zone
        assert not in_range(s, path, "20270601T095900Z", "20270601T100100Z"), zone
        s.request("DELETE", path)


def test_aliases_and_references(s):
    """Two definitions of one name, one that names itself, and URLs, which nobody follows (T-47)."""
    for n, text in enumerate((
        definition("A") + definition("A"),
        definition("A", "TZID-ALIAS-OF:A\r\n"),
        definition("A", "TZID-ALIAS-OF:B\r\n") + definition("B", "TZID-ALIAS-OF:A\r\n"),
        definition("A", "TZURL:file:///etc/passwd\r\nX-LIC-LOCATION:../../etc/passwd\r\n"),
        definition("A", "TZUNTIL:20000101T000000Z\r\n"),
        "BEGIN:VTIMEZONE\r\nTZID:A\r\nEND:VTIMEZONE\r\n",
    )):
        asked(s, f"alias{n}", zoned(f"alias{n}", "A", text))


def test_in_properties_and_requests(s):
    """calendar-timezone, calendar-timezone-id, timezone and timezone-id of a report (RFC 7809)."""
    for zone in HOSTILE:
        name = zone.replace("&", "&amp;").replace("<", "&lt;")
        r = ask(s, "PROPPATCH", CALENDAR, proppatch(f"<C:calendar-timezone-id>{name}</C:calendar-timezone-id>"))
        assert r.status in (207, 403) and b"200 OK" not in r.body, (zone, r)
        calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" + definition(zone) + "END:VCALENDAR\r\n"
        ask(s, "PROPPATCH", CALENDAR, proppatch(f"<C:calendar-timezone>{calendar.replace(zone, name)}</C:calendar-timezone>"))
        xml = body("C:calendar-query", "<D:prop><D:getetag/></D:prop><C:filter><C:comp-filter name='VCALENDAR'/></C:filter>"
                   f"<C:timezone-id>{name}</C:timezone-id>")
        r = ask(s, "REPORT", CALENDAR, xml, {"Depth": "1"})
        assert r.status in (403, 400) and b"root:" not in r.body, (zone, r)
    s.request("PROPPATCH", CALENDAR, proppatch(remove="<C:calendar-timezone/>"))


def test_in_urls(s):
    """RFC 7808."""
    for zone in ("..%2f..%2fetc%2fpasswd", "%2e%2e", "%2Fetc%2Fpasswd", "Europe%2F..%2FEurope%2FParis", "Europe", "tzdata.zi",
                 "Europe%2FParis%00", "x" * 1000, "Europe%5CParis", "*", "%25s"):
        for path in (f"/timezones/zones/{zone}", f"/timezones/zones/{zone}/observances?start=2020-01-01T00:00:00Z&end=2021-01-01T00:00:00Z"):
            r = ask(s, "GET", path)
            assert r.status in (400, 404) and b"root:" not in r.body, (path, r)
    for pattern in ("../*", "/etc/*", "*" * 500, "%2e%2e", "(a+)+$"):
        assert ask(s, "GET", f"/timezones/zones?pattern={pattern}").status in (200, 400)


def test_in_policies(_):
    for zone in ("../../etc/passwd", "/etc/localtime", "Europe/../Europe/Paris", "Europe"):
        s = Server(extra=f'policy "p" {{ timezone = "{zone}" tiers = {{ "24h 100%" }} }}', users=(), start=False)
        s.write_config()
        r = s.dedit("user", "list", check=False)
        assert r.returncode == 1 or "timezone" in r.stderr, (zone, r)
        assert "root:" not in r.stdout + r.stderr
