"""trust.md T-42: pages of other sites change nothing here (architecture.md 15.35), reading changes nothing, and no answer of
the protocol is taken for a page."""

from bounds import ask
from dav import CALENDAR, HOME, body, multiget, proppatch, query, refused, sync, text, unchanged
from dedit_wire import Server, event, propfind

NEW = HOME + "new/"


def changing():
    """Each method that changes something; with what a form can send, too."""
    return (
        ("PUT", CALENDAR + "csrf.ics", event("csrf", summary="evil"), {"Content-Type": "text/calendar"}),
        ("PUT", CALENDAR + "csrf.ics", event("csrf", summary="evil"), {"Content-Type": "text/plain"}),
        ("PUT", CALENDAR + "csrf2.ics", event("csrf2"), {"Content-Type": "text/calendar"}),
        ("POST", CALENDAR, event("csrf3"), {"Content-Type": "text/calendar"}),
        ("POST", CALENDAR, event("csrf3"), {"Content-Type": "text/plain"}),
        ("POST", CALENDAR, "a=b", {"Content-Type": "application/x-www-form-urlencoded"}),
        ("POST", CALENDAR, "--x\r\n\r\n--x--", {"Content-Type": "multipart/form-data; boundary=x"}),
        ("POST", CALENDAR, body("CS:publish-calendar"), {"Content-Type": "application/xml"}),
        ("POST", CALENDAR, body("CS:publish-calendar"), {"Content-Type": "text/plain"}),
        ("DELETE", CALENDAR + "csrf.ics", None, {}),
        ("DELETE", CALENDAR, None, {}),
        ("PROPPATCH", CALENDAR, proppatch("<D:displayname>evil</D:displayname>"), {}),
        ("ACL", CALENDAR, body("D:acl"), {}),
        ("MKCALENDAR", NEW, None, {}),
        ("MKCOL", NEW, None, {}),
        ("MOVE", CALENDAR + "csrf.ics", None, {"Destination": CALENDAR + "moved.ics"}),
        ("COPY", CALENDAR + "csrf.ics", None, {"Destination": CALENDAR + "moved.ics"}),
    )


def test_other_sites(s):
    s.put(CALENDAR + "csrf.ics", event("csrf"))
    own, before = f"http://127.0.0.1:{s.port}", text(s, CALENDAR, "D:displayname")
    with unchanged(s):
        for headers in (
            {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"},
            {"Origin": "http://127.0.0.1:1"}, {"Origin": "http://127.0.0.1"}, {"Origin": own + ".evil.example"},
            {"Origin": own + "@evil.example"}, {"Origin": "http://evil.example@127.0.0.1"}, {"Origin": own + "0"},
            {"Origin": f"https://localhost:{s.port}"}, {"Origin": "HTTPS://EVIL.EXAMPLE"}, {"Origin": "https://evil.example" + "/" * 3000},
            {"Sec-Fetch-Site": "cross-site", "Origin": own}, {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
            {"Origin": "https://evil.example", "Host": f"127.0.0.1:{s.port}", "X-Forwarded-Host": "evil.example"},
        ):
            for method, path, sent, more in changing():
                r = s.request(method, path, sent, headers | more)
                assert r.status == 403 and b"evil" not in r.body, (method, headers, r)
    assert text(s, CALENDAR, "D:displayname") == before and s.request("GET", NEW).status == 404
    assert s.dedit("feed", "list", "anna/calendar").stdout == ""


def test_programs_and_own_pages(s):
    """Reading is allowed; Thunderbird and programs without a page send these."""
    own = f"http://127.0.0.1:{s.port}"
    s.put(CALENDAR + "csrf.ics", event("csrf"))
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert s.request("GET", CALENDAR + "csrf.ics", None, headers).status == 200
        assert s.request("PROPFIND", CALENDAR, None, headers | {"Depth": "0"}).status == 207
    for headers in ({"Sec-Fetch-Site": "same-origin", "Origin": own}, {"Sec-Fetch-Site": "none"}, {"Origin": own},
                    {"Origin": "null"}, {"Origin": "moz-extension://abc"}):
        assert s.put(CALENDAR + "csrf.ics", event("csrf", summary=str(headers)), **headers).status == 204, headers


def test_behind_a_proxy(_):
    with Server(settings='public-url = "https://cal.example.org"') as s:
        assert s.put(CALENDAR + "x.ics", event("x"), Origin="https://cal.example.org").status == 201
        for origin in ("https://cal.example.org.evil", "http://cal.example.org:81", "https://cal.example.org@evil",
                       "https://cal.example.orgevil", "https://evil.cal.example.org", "https://xcal.example.org"):
            refused(s.put(CALENDAR + "x.ics", event("x", summary="evil"), Origin=origin), 403)


def test_reading_changes_nothing(s):
    """GET with whatever a link may hold, and every other method that reads."""
    s.put(CALENDAR + "csrf.ics", event("csrf"))
    s.dedit("flush")

    def files():
        return {p: p.read_bytes() for p in s.data.rglob("*") if p.is_file() and "index.db" not in p.name}

    before = files()
    with unchanged(s):
        for path in (CALENDAR, CALENDAR + "csrf.ics", HOME, "/", "/principals/anna/", "/timezones", "/healthz"):
            for mark in ("", "?action=delete", "?method=DELETE&_method=DELETE", "?DELETE", "?token=x", "?add-member"):
                for method in ("GET", "HEAD", "OPTIONS"):
                    r = ask(s, method, path + mark, None, {"X-HTTP-Method-Override": "DELETE", "X-HTTP-Method": "DELETE",
                                                           "X-Method-Override": "DELETE", "_method": "DELETE"})
                    assert r.status < 500, r
        for path in (CALENDAR, HOME):
            for method, sent in (("PROPFIND", None), ("PROPFIND", propfind("D:sync-token")), ("REPORT", sync()),
                                 ("REPORT", query("")), ("REPORT", multiget(CALENDAR + "csrf.ics"))):
                s.request(method, path, sent, {"Depth": "1", "X-HTTP-Method-Override": "DELETE"})
        for sent in ("a=b", "_method=DELETE"):
            r = s.request("POST", CALENDAR + "csrf.ics", sent, {"Content-Type": "application/x-www-form-urlencoded",
                                                               "X-HTTP-Method-Override": "DELETE"})
            assert r.status in (403, 405, 415), r
    s.dedit("flush")
    assert files() == before


def test_preflight_allows_nothing(s):
    """CORS is off: OPTIONS of a browser, with and without a login, names no origin."""
    for user in ("anna", None):
        for origin in ("https://evil.example", "null", f"http://127.0.0.1:{s.port}"):
            r = s.request("OPTIONS", CALENDAR, None, {"Origin": origin, "Access-Control-Request-Method": "PUT",
                                                      "Access-Control-Request-Headers": "authorization"}, user)
            assert not [k for k, _ in r.all_headers if k.startswith("access-control")], r


def test_no_answer_is_a_page(s):
    """Not sniffed, not HTML; the few pages have a strict policy (T-11, T-43)."""
    s.put(CALENDAR + "page.ics", event("page", summary="<script>alert(1)</script>"))
    for method, path in (("GET", CALENDAR + "page.ics"), ("GET", CALENDAR), ("PROPFIND", CALENDAR), ("REPORT", CALENDAR),
                         ("GET", "/none<script>"), ("BREW", CALENDAR), ("PUT", CALENDAR + "%zz"), ("GET", HOME), ("GET", "/"),
                         ("GET", "/healthz"), ("GET", "/timezones"), ("GET", "/feeds/x/y.ics"), ("GET", "/.well-known/caldav")):
        r = s.request(method, path, query("") if method == "REPORT" else None, {"Depth": "1", "Accept": "text/html,*/*"})
        assert [v for k, v in r.all_headers if k == "x-content-type-options"] == ["nosniff"], (path, r)
        kind = r.headers.get("content-type", "text/plain")
        assert kind.split(";")[0] in ("text/calendar", "application/xml", "text/xml", "text/plain", "application/json",
                                      "application/problem+json"), (path, r)
