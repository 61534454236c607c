"""doc/clients.md section 5: the requests of each program in their order, with what it needs in the answers."""

import datetime

from dav import (
    CALENDAR,
    DATA,
    HOME,
    body,
    comp,
    find,
    found,
    href,
    multiget,
    names_of,
    props,
    query,
    refused,
    report,
    statuses,
    sync,
    text,
    time_range,
    unchanged,
)
from dedit_wire import event, propfind, tag

TB = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Thunderbird/153.7.0",
    "Sec-Fetch-Site": "same-origin",
    "Sec-Fetch-Mode": "no-cors",
    "Sec-Fetch-Dest": "empty",
    "Accept": "text/xml",
    "Accept-Charset": "utf-8,*;q=0.1",
}
TB_FIRST = (
    "D:resourcetype",
    "D:owner",
    "D:displayname",
    "D:current-user-principal",
    "D:current-user-privilege-set",
    "A:calendar-color",
    "C:calendar-home-set",
)
ICS = "text/calendar; charset=utf-8"


def from_tb(s, method, path, sent=None, user="anna", **headers):
    origin = {"Origin": f"http://127.0.0.1:{s.port}"}
    return s.request(
        method, path, sent, TB | origin | {k.replace("_", "-"): v for k, v in headers.items()}, user
    )


def test_thunderbird_detection(s):
    xml = propfind(*TB_FIRST)
    r = from_tb(s, "PROPFIND", "/.well-known/caldav", xml, None, Depth="0")
    assert r.status == 301, r
    at = r.headers["location"]
    assert from_tb(s, "PROPFIND", at, xml, None, Depth="0").status == 401
    r = from_tb(s, "PROPFIND", at, xml, Depth="0")
    principal = r.responses()[at][tag("D:current-user-principal")].findtext(tag("D:href"))
    r = from_tb(s, "PROPFIND", principal, propfind("D:resourcetype", "C:calendar-home-set"), Depth="0")
    home = r.responses()[principal][tag("C:calendar-home-set")].findtext(tag("D:href"))
    r = from_tb(
        s,
        "PROPFIND",
        home,
        propfind("D:resourcetype", "D:displayname", "D:current-user-privilege-set", "A:calendar-color"),
        Depth="1",
    )
    mine = r.responses()[CALENDAR]
    assert mine[tag("D:resourcetype")].find(tag("C:calendar")) is not None and mine[tag("D:displayname")].text
    assert "write" in names_of(mine[tag("D:current-user-privilege-set")])


def test_thunderbird_tries_a_plain_file(s):
    """Its provider for .ics files ends with a PUT of nothing at the root."""
    for user in (None, "anna"):
        for method, sent, headers in (
            ("HEAD", None, {}),
            ("GET", None, {}),
            ("PROPFIND", propfind("D:resourcetype"), {"Depth": "0"}),
            ("PROPFIND", propfind("D:resourcetype"), {"Depth": "1"}),
            ("PUT", "", {"If_Match": "nothing"}),
        ):
            r = from_tb(s, method, "/", sent, user, **headers)
            if user is None:
                assert r.status == 401, (method, r)
            else:
                assert r.status == {"PROPFIND": 207, "PUT": 405}.get(method, 200), (method, r)


def test_thunderbird_first_sync_and_refresh(s):
    r = from_tb(
        s,
        "PROPFIND",
        CALENDAR,
        propfind(
            "D:resourcetype",
            "D:owner",
            "D:current-user-principal",
            "D:current-user-privilege-set",
            "D:supported-report-set",
            "C:supported-calendar-component-set",
            "CS:getctag",
        ),
        Depth="0",
    )
    reports = names_of(r.responses()[CALENDAR][tag("D:supported-report-set")])
    assert "sync-collection" in reports and set(statuses(r)[CALENDAR].values()) == {200}
    assert from_tb(s, "OPTIONS", HOME, None, None).status in (200, 401)
    assert "calendar-auto-schedule" not in from_tb(s, "OPTIONS", HOME).headers["dav"]
    for i in range(3):
        s.put(f"{CALENDAR}tb{i}.ics", event(f"tb{i}"))
    wanted = sync(want=("D:getcontenttype", "D:getetag"))
    r = from_tb(s, "REPORT", CALENDAR, wanted, Depth="1", Content_Type="application/xml; charset=utf-8")
    names = [
        h for h, p in r.responses().items() if p[tag("D:getcontenttype")].text.startswith("text/calendar")
    ]
    assert len(names) >= 3
    r2 = from_tb(s, "REPORT", CALENDAR, multiget(*names[:100]), Depth="1")
    assert all(p[tag("D:getetag")].text and p[tag("C:calendar-data")].text for p in r2.responses().values())
    token = r.xml().findtext(tag("D:sync-token"))
    r = from_tb(
        s,
        "REPORT",
        CALENDAR,
        wanted.replace("<D:sync-token></D:sync-token>", f"<D:sync-token>{token}</D:sync-token>"),
        Depth="1",
    )
    assert r.status == 207 and r.responses() == {}
    refused(from_tb(s, "REPORT", CALENDAR, sync("data:,old"), Depth="1"), 403, "D:valid-sync-token")


def test_thunderbird_edits(s):
    path = CALENDAR + "5f0e8e1c-1f6a-4b9c-9a52-7f0b3d1f2a3c.ics"
    r = from_tb(s, "PUT", path, event("edit"), If_None_Match="*", Content_Type=ICS)
    assert r.status == 201, r
    got = report(s, CALENDAR, multiget(path)).responses()[path]
    etag = got[tag("D:getetag")].text
    r = from_tb(
        s,
        "PUT",
        path,
        event("edit", summary="Changed", extra="X-MOZ-GENERATION:1\r\n"),
        If_Match=etag,
        Content_Type=ICS,
    )
    assert r.status == 204, r
    refused(from_tb(s, "DELETE", path, If_Match=etag), 412)
    assert from_tb(s, "HEAD", path).status == 200
    assert from_tb(s, "DELETE", path, If_Match=r.headers["etag"]).status == 204
    assert statuses(report(s, CALENDAR, multiget(path)))[path] == {"": 404}


def test_thunderbirds_zones(s):
    """Six-digit offsets, empty TZNAMEs, local UNTIL: parsed, and the TZID trusted."""
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Europe/Paris\r\nX-TZINFO:Europe/Paris[2026a]\r\nBEGIN:STANDARD\r\nTZOFFSETTO:+000921\r\n"
        "TZOFFSETFROM:+000921\r\nTZNAME:\r\nDTSTART:18910316T000000\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\nTZOFFSETTO:+020000\r\n"
        "TZOFFSETFROM:+010000\r\nTZNAME:(DST)\r\nDTSTART:19810329T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20370329T020000\r\n"
        "END:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
    )
    sent = (
        event("zoned")
        .replace("BEGIN:VEVENT", zone + "BEGIN:VEVENT")
        .replace("DTSTART:20270601T100000Z", "DTSTART;TZID=Europe/Paris:20270607T100000")
        .replace("DTEND:20270601T110000Z", "DTEND;TZID=Europe/Paris:20270607T110000")
    )
    assert s.put(CALENDAR + "zoned.ics", sent).status == 201
    assert found(s, comp("VEVENT", time_range("20270607T080000Z", "20270607T080100Z"))) == ["zoned.ics"]


def test_evolution(s):
    agent = {"User-Agent": "Evolution/3.46.4"}
    for path in ("/", href(s, "/", "D:current-user-principal")):
        r = s.request(
            "PROPFIND",
            path,
            propfind(
                "D:resourcetype",
                "D:current-user-principal",
                "D:principal-URL",
                "C:calendar-home-set",
                "C:calendar-user-address-set",
            ),
            agent | {"Depth": "0"},
        )
        assert href(s, path, "C:calendar-home-set") == HOME and r.status == 207
    r = s.request(
        "PROPFIND",
        HOME,
        propfind(
            "D:resourcetype",
            "D:displayname",
            "D:current-user-privilege-set",
            "CS:getctag",
            "C:calendar-description",
            "C:supported-calendar-component-set",
            "A:calendar-color",
            "A:calendar-order",
            "C:calendar-home-set",
            "C:calendar-user-address-set",
        ),
        agent | {"Depth": "1"},
    )
    assert tag("CS:getctag") in r.responses()[CALENDAR]
    assert "calendar-access" in s.request("OPTIONS", CALENDAR, None, agent).headers["dav"]
    assert "write" in names_of(
        find(s, CALENDAR, "D:current-user-privilege-set").responses()[CALENDAR][
            tag("D:current-user-privilege-set")
        ]
    )
    before = text(s, CALENDAR, "CS:getctag")
    put = agent | {"Prefer": "return=minimal", "Content-Type": 'text/calendar; charset="utf-8"'}
    r = s.request("PUT", CALENDAR + "evo.ics", event("evo"), put | {"If-None-Match": "*"})
    assert r.status == 201 and r.body == b"", r
    assert s.request("GET", CALENDAR + "evo.ics", None, agent).headers["etag"] == r.headers["etag"]
    after = text(s, CALENDAR, "CS:getctag")
    assert after != before, "the only thing it looks at before it lists"
    # Changes and DELETE without any precondition: the last one wins.
    assert s.request("PUT", CALENDAR + "evo.ics", event("evo", summary="Other"), put).status == 204
    assert "evo.ics" in found(s, comp("VEVENT", time_range("20270501T000000Z", "20270701T000000Z")))
    r = s.request("REPORT", CALENDAR, multiget(CALENDAR + "evo.ics"), agent)
    assert "SUMMARY:Other" in r.responses()[CALENDAR + "evo.ics"][tag("C:calendar-data")].text
    assert s.request("DELETE", CALENDAR + "evo.ics", None, agent).status == 204
    assert text(s, CALENDAR, "CS:getctag") not in (before, after)
    for path in (CALENDAR + "refused.ics", CALENDAR + "refused"):
        refused(s.request("GET", path, None, agent), 404)


def test_vdirsyncer(s):
    agent = {"User-Agent": "vdirsyncer/0.19.0"}
    assert s.request("PROPFIND", "/", propfind("D:resourcetype"), agent | {"Depth": "1"}).status == 207
    s.put(CALENDAR + "vds.ics", event("vds"))
    r = s.request(
        "PROPFIND",
        CALENDAR,
        propfind("D:resourcetype", "D:getcontenttype", "D:getetag"),
        agent | {"Depth": "1"},
    )
    mine = r.responses()[CALENDAR + "vds.ics"]
    assert mine[tag("D:getcontenttype")].text.startswith("text/calendar"), "else it is passed over"
    assert s.request("REPORT", CALENDAR, multiget(CALENDAR + "vds.ics"), agent).status == 207
    etag = mine[tag("D:getetag")].text
    r = s.request(
        "PUT",
        CALENDAR + "vds.ics",
        event("vds", summary="x"),
        agent | {"Content-Type": "text/calendar", "If-Match": etag},
    )
    assert r.status == 204 and r.headers["etag"] == s.request("HEAD", CALENDAR + "vds.ics").headers["etag"]
    assert (
        s.request("DELETE", CALENDAR + "vds.ics", None, agent | {"If-Match": r.headers["etag"]}).status == 204
    )


def test_davx5(s):
    agent = {"User-Agent": "DAVx5/4.5-ose (2026/08/01; dav4jvm; okhttp/5) Android/16"}
    ask = lambda path, *names, depth="0": s.request(
        "PROPFIND", path, propfind(*names), agent | {"Depth": depth}
    )
    assert (
        ask("/", "C:calendar-home-set", "D:current-user-principal", "D:resourcetype", "D:displayname").status
        == 207
    )
    assert "calendar-access" in s.request("OPTIONS", "/principals/anna/", None, agent).headers["dav"]
    assert (
        tag("C:calendar-user-address-set")
        in ask("/principals/anna/", "C:calendar-user-address-set").responses()["/principals/anna/"]
    )
    r = ask(
        HOME,
        "D:resourcetype",
        "D:displayname",
        "D:current-user-privilege-set",
        "D:owner",
        "A:calendar-color",
        "C:calendar-timezone-id",
        "CS:source",
        "C:supported-calendar-component-set",
        depth="1",
    )
    assert href(s, CALENDAR, "D:owner") == "/principals/anna/" and r.status == 207
    r = ask(CALENDAR, "D:supported-report-set", "D:sync-token", "CS:getctag", "C:max-resource-size")
    assert set(statuses(r)[CALENDAR].values()) == {200}
    path = CALENDAR + "dav%20x5@ok.ics"
    r = s.request("PUT", path, event("davx5"), agent | {"Content-Type": ICS, "If-None-Match": "*"})
    assert (
        r.status == 201 and "schedule-tag" not in r.headers
    ), "it would send If-Schedule-Tag-Match from then on"
    since = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=90)).strftime(
        "%Y%m%dT%H%M%SZ"
    )
    listed = report(s, CALENDAR, query(comp("VEVENT", time_range(since)))).responses()
    mine = next(h for h in listed if "x5" in h)
    assert listed[mine][tag("D:getetag")].text == r.headers["etag"]
    assert mine.rpartition("/")[0] + "/" == CALENDAR, "the same raw path as the collection's"
    got = report(s, CALENDAR, multiget(mine, want=DATA + ("D:getcontenttype", "C:schedule-tag")), depth="0")
    assert statuses(got)[mine][tag("C:schedule-tag")] == 404
    assert report(s, CALENDAR, sync(), depth="0").xml().findtext(tag("D:sync-token")).startswith("data:,")
    assert s.request("DELETE", path, None, agent | {"If-Match": r.headers["etag"]}).status == 204
    assert (
        s.request(
            "PUT", path, event("davx5"), agent | {"Content-Type": ICS, "If-Match": r.headers["etag"]}
        ).status
        == 412
    )


def test_kde(s):
    """Each request without credentials first."""
    agent = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) KIO/5.103 akonadi_davgroupware_resource_0/5.22.3"}

    def both(method, path, sent=None, headers={}):
        assert s.request(method, path, sent, agent | headers, None).status == 401
        return s.request(method, path, sent, agent | headers)

    r = both(
        "PROPFIND",
        "/",
        propfind("C:calendar-home-set", "D:current-user-principal", "D:principal-URL"),
        {"Depth": "0"},
    )
    assert r.responses()["/"][tag("C:calendar-home-set")].findtext(tag("D:href")) == HOME
    assert (
        both(
            "PROPFIND",
            HOME,
            propfind(
                "D:displayname",
                "D:resourcetype",
                "A:calendar-color",
                "C:supported-calendar-component-set",
                "D:current-user-privilege-set",
                "CS:getctag",
            ),
            {"Depth": "1"},
        ).status
        == 207
    )
    r = both(
        "PUT", CALENDAR + "kde.ics", event("kde"), {"If-None-Match": "*", "Content-Type": "text/calendar"}
    )
    assert r.status == 201
    for kind, n in (("VEVENT", 1), ("VTODO", 0)):
        sent = query(comp(kind, time_range("20260801T000000Z")), want=("D:getetag", "D:resourcetype"))
        r = both("REPORT", CALENDAR, sent, {"Depth": "1"})
        assert (CALENDAR + "kde.ics" in r.responses()) == bool(n), r
    assert both("REPORT", CALENDAR, multiget(CALENDAR + "kde.ics"), {"Depth": "0"}).status == 207
    etag = both("GET", CALENDAR + "kde.ics").headers["etag"]
    assert both("DELETE", CALENDAR + "kde.ics", None, {"If-Match": etag}).status == 204


def test_apple(s):
    """asks.md A: credentials only when asked, guesses, then MKCALENDAR, PROPPATCH and its own properties."""
    agent = {"User-Agent": "macOS/26.0 (25A354) CalendarAgent/1200", "Brief": "t", "Prefer": "return=minimal"}
    for path in (
        "/.well-known/caldav",
        "/",
        "/principals/",
        "/calendar/dav/anna/user/",
        "/principals/users/anna/",
        "/dav/principals/",
        "/caldav/v2",
    ):
        for user in (None, "anna"):
            r = s.request(
                "PROPFIND",
                path,
                propfind("D:current-user-principal", "D:principal-URL", "D:resourcetype"),
                agent | {"Depth": "0"},
                user,
            )
            wanted = (
                301
                if "well-known" in path
                else 401
                if user is None
                else 207
                if path in ("/", "/principals/")
                else 404
            )
            assert r.status == wanted, (path, user, r)
    r = s.request(
        "PROPFIND",
        "/principals/anna/",
        body(
            "D:propfind",
            props(
                "C:calendar-home-set",
                "C:calendar-user-address-set",
                "C:schedule-inbox-URL",
                "C:schedule-outbox-URL",
                "CS:dropbox-home-URL",
                "CS:email-address-set",
                "D:displayname",
                "D:principal-collection-set",
                "D:principal-URL",
                "D:resource-id",
                "D:supported-report-set",
            ),
        ),
        agent | {"Depth": "0"},
    )
    got = statuses(r)["/principals/anna/"]
    assert (
        got[tag("C:calendar-home-set")] == got[tag("D:displayname")] == 200
        and tag("C:schedule-inbox-URL") not in got  # Brief: what is missing isn't told (RFC 8144 2.1)
    )
    path = HOME + "3B1A7F60-AAAA-4BBB-8CCC-DDDDEEEEFFFF/"
    r = s.request(
        "MKCALENDAR",
        path,
        body(
            "C:mkcalendar",
            "<D:set><D:prop><D:displayname>Privé</D:displayname>"
            "<C:supported-calendar-component-set><C:comp name='VEVENT'/></C:supported-calendar-component-set>"
            "<A:calendar-order>3</A:calendar-order><C:calendar-free-busy-set><YES/></C:calendar-free-busy-set>"
            "</D:prop></D:set>",
        ),
        agent,
    )
    assert r.status == 201, r
    assert s.request("DELETE", path, None, agent).status == 204


def test_tsdav(s):
    """No Depth at all: the redirect by hand, then sync-collection with the data at once."""
    r = s.request("PROPFIND", "/.well-known/caldav", propfind("D:current-user-principal"))
    assert r.status == 301 and r.headers["location"] == "/"
    s.put(CALENDAR + "tsdav.ics", event("tsdav"))
    r = s.request("REPORT", CALENDAR, sync(want=("D:getetag", "C:calendar-data", "D:displayname")))
    assert "UID:tsdav" in r.responses()[CALENDAR + "tsdav.ics"][tag("C:calendar-data")].text


def test_python_caldav_and_calcurse(s):
    s.put(CALENDAR + "search.ics", event("search", extra="RRULE:FREQ=DAILY;COUNT=3\r\n"))
    expand = '<C:calendar-data><C:expand start="20270601T000000Z" end="20270603T000000Z"/></C:calendar-data>'
    sent = body(
        "C:calendar-query",
        f"<D:prop>{expand}</D:prop><C:filter>"
        + comp(
            "VCALENDAR",
            comp(
                "VEVENT",
                time_range("20270601T000000Z", "20270603T000000Z")
                + '<C:prop-filter name="UID"><C:text-match collation="i;octet">'
                "search</C:text-match></C:prop-filter>",
            ),
        )
        + "</C:filter>",
    )
    data = report(s, CALENDAR, sent).responses()[CALENDAR + "search.ics"][tag("C:calendar-data")].text
    assert data.count("BEGIN:VEVENT") == 2
    assert s.put(CALENDAR + "search.ics", event("search", summary="no precondition")).status == 204
    r = report(s, CALENDAR, multiget(CALENDAR + "search.ics", want=("D:getetag",)))
    assert (
        r.responses()[CALENDAR + "search.ics"][tag("D:getetag")].text
        == s.request("HEAD", CALENDAR + "search.ics").headers["etag"]
    )
    s.request("DELETE", CALENDAR + "search.ics")
    refused(s.request("GET", CALENDAR + "search.ics"), 404)


def test_requests_without_login_are_no_failures(s):
    """clients.md 6.6: Thunderbird, Evolution and KDE send many."""
    with unchanged(s):
        for _ in range(50):
            assert s.request("PROPFIND", CALENDAR, propfind("D:getetag"), {"Depth": "0"}, None).status == 401
