"""RFC 6764, RFC 5397: from the bare host to the calendars; OPTIONS (RFC 4791 5.1, RFC 4918 10.1)."""

from dav import CALENDAR, HOME, find, href, refused
from dedit_wire import Server, event, propfind, tag


def test_well_known(s):
    """asks.md 1: a path only, so that scheme and port stay what the client used; any method, no login."""
    for method in ("GET", "HEAD", "PROPFIND", "OPTIONS", "REPORT"):
        for user in (None, "anna"):
            for headers in (
                {},
                {"Depth": "0"},
                {"Depth": "1"},
                {"Host": "evil.example"},
                {"X-Forwarded-Host": "evil.example"},
            ):
                r = s.request(method, "/.well-known/caldav", None, headers, user)
                assert r.status == 301 and r.headers["location"] == "/", (method, headers, r)
    assert (
        s.request("PROPFIND", "/.well-known/caldav", propfind("D:current-user-principal"), user=None).status
        == 301
    )
    assert s.request("GET", "/.well-known/caldav/", user=None).headers["location"] == "/"
    assert (
        s.request("GET", "/.well-known/caldav", user="anna", password="wrong").status == 301
    ), "no login is looked at"
    assert s.request("GET", "/.well-known/carddav", user=None).status == 401
    refused(s.request("GET", "/.well-known/carddav"), 404)


def test_the_way_from_the_host(s):
    """RFC 6764 6: redirect, principal, home, calendars."""
    where = s.request(
        "PROPFIND", "/.well-known/caldav", propfind("D:current-user-principal"), {"Depth": "0"}, None
    ).headers["location"]
    assert (
        s.request("PROPFIND", where, propfind("D:current-user-principal"), {"Depth": "0"}, None).status == 401
    )
    principal = href(s, where, "D:current-user-principal")
    home = href(s, principal, "C:calendar-home-set")
    found = find(s, home, "D:resourcetype", depth="1").responses()
    calendars = [h for h, p in found.items() if p[tag("D:resourcetype")].find(tag("C:calendar")) is not None]
    assert sorted(calendars) == [CALENDAR, HOME + "tasks/"]


def test_guessed_paths(s):
    """asks.md A2: what macOS tries; 404, never 405 or 500."""
    for path in (
        "/calendar/dav/anna/user/",
        "/principals/users/anna/",
        "/dav/principals/",
        "/caldav/v2",
        "/caldav/v2/",
        "/remote.php/dav/",
        "/SOGo/dav/",
        "/caldav.php",
        "/dav/",
        "/calendars/__uids__/x/",
    ):
        for method in ("PROPFIND", "OPTIONS", "GET", "REPORT", "PROPPATCH"):
            assert s.request(method, path, user=None).status == 401, (method, path)
            r = s.request(
                method,
                path,
                propfind("D:current-user-principal") if method == "PROPFIND" else None,
                {"Depth": "0"},
            )
            assert r.status == (200 if method == "OPTIONS" else 404), (method, path, r)
    for path in ("/", "/principals/", "/calendars/", "/principals/anna", "/calendars/anna"):
        assert href(s, path, "D:current-user-principal") == "/principals/anna/", path


def test_options(s):
    s.put(CALENDAR + "x.ics", event("x"))
    for path, allowed, not_allowed in (
        (
            "/",
            {"OPTIONS", "GET", "HEAD", "PROPFIND", "REPORT"},
            {"PUT", "DELETE", "MKCALENDAR", "LOCK", "POST"},
        ),
        (HOME, {"PROPFIND", "REPORT"}, {"DELETE", "MKCALENDAR", "POST"}),
        (HOME + "new/", {"MKCALENDAR", "MKCOL"}, {"GET", "DELETE", "PROPFIND"}),
        (CALENDAR, {"PROPFIND", "PROPPATCH", "REPORT", "DELETE"}, {"MKCALENDAR", "PUT"}),
        (
            CALENDAR + "x.ics",
            {"GET", "HEAD", "PUT", "DELETE", "COPY", "MOVE", "PROPFIND"},
            {"MKCALENDAR", "LOCK"},
        ),
        (CALENDAR + "new.ics", {"PUT"}, {"GET", "DELETE"}),
        ("*", {"OPTIONS"}, {"PUT"}),
    ):
        r = s.request("OPTIONS", path)
        assert r.status == 200 and r.body == b"", (path, r)
        dav = {c.strip() for c in r.headers["dav"].split(",")}
        assert {"1", "3", "access-control", "calendar-access", "calendar-proxy", "extended-mkcol"} <= dav, (path, r)
        assert (
            not {"2", "calendar-auto-schedule"} & dav
        ), "what is announced must work (clients.md, section 5)"
        allow = set(r.headers["allow"].split(", "))
        assert allowed <= allow and not allow & not_allowed, (path, allow)


def test_what_is_not_offered(s):
    s.put(CALENDAR + "x.ics", event("x"))
    etag = s.request("HEAD", CALENDAR + "x.ics").headers["etag"]
    for method in ("LOCK", "UNLOCK", "PATCH", "TRACE"):
        for path in ("/", CALENDAR, CALENDAR + "x.ics"):
            r = s.request(method, path)
            assert r.status == 405 and method not in r.headers["allow"].split(", "), (method, path, r)
    for method in ("BREW", "get", "SEARCH", "BIND"):
        refused(s.request(method, CALENDAR), 501)
    assert s.request("HEAD", CALENDAR + "x.ics").headers["etag"] == etag


def test_get_of_collections(s):
    for path in ("/", HOME, "/principals/anna/"):
        r = s.request("GET", path)
        assert r.status == 200 and r.headers["content-type"].startswith("text/plain"), (path, r)
        assert s.request("HEAD", path).headers["content-length"] == str(len(r.body))


def test_login_comes_first(s):
    """asks.md 7: 401 everywhere, never an answer that only hides things."""
    for path in (
        "/",
        "/principals/",
        "/principals/anna/",
        HOME,
        CALENDAR,
        CALENDAR + "none.ics",
        "/none",
        "/calendars/nobody/",
    ):
        for method in ("PROPFIND", "GET", "OPTIONS", "PUT", "REPORT"):
            r = s.request(method, path, None, {"Depth": "0"}, None)
            assert r.status == 401 and r.headers["www-authenticate"].startswith('Basic realm="dedit"'), (
                method,
                path,
                r,
            )


def test_users_with_odd_names(_):
    """asks.md 21: @ and %40 are one."""
    with Server(users=("a@b.example", "dot.ted")) as s:
        for user in ("a@b.example", "dot.ted"):
            home = href(s, href(s, "/", "D:current-user-principal", user), "C:calendar-home-set", user)
            assert len(find(s, home, "D:resourcetype", depth="1", user=user).responses()) == 3
            assert s.put(home.replace("@", "%40") + "calendar/x.ics", event("x"), user=user).status == 201
            assert s.request("GET", home + "calendar/x.ics", user=user.upper()).status == 200
