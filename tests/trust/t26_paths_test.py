"""trust.md T-26: paths. Decoded once, then judged: nothing leads outside, and no object has two URLs, whatever method,
header, href or command carries the path."""

import unicodedata
import urllib.parse

from acl import ace, principal
from bounds import ask
from dav import CALENDAR, HOME, body, listing, multiget, proppatch, refused, report, unchanged
from dedit_wire import event, propfind, read_all

MARCS = "/calendars/marc/calendar/"
METHODS = ("OPTIONS", "GET", "HEAD", "PROPFIND", "REPORT", "PROPPATCH", "ACL", "PUT", "POST", "DELETE", "COPY", "MOVE",
           "MKCALENDAR", "MKCOL", "LOCK", "UNLOCK", "PATCH")
SENT = {
    "PROPFIND": propfind("D:getetag"),
    "REPORT": multiget(MARCS + "secret.ics"),
    "PROPPATCH": proppatch("<D:displayname>x</D:displayname>"),
    "ACL": body("D:acl", ace(principal("anna"), "read")),
    "PUT": event("x"),
    "POST": event("x"),
}
# "no path at all": 400 before anything is looked at
TRAVERSALS = (
    "/../etc/passwd",
    "/%2e%2e/etc/passwd",
    "/.%2e/etc/passwd",
    "/%2E./etc/passwd",
    "/..",
    "/calendars/anna/../marc/calendar/secret.ics",
    "/calendars/anna/%2e%2e/marc/calendar/secret.ics",
    "/calendars/anna/calendar/../../marc/calendar/secret.ics",
    "/calendars/anna/calendar/..%2f..%2fmarc%2fcalendar%2fsecret.ics",
    "/calendars/anna/calendar/%2e%2e%2fx.ics",
    "/calendars/anna/calendar/x.ics/..",
    "/calendars/anna/./calendar/x.ics",
    "/calendars/anna/%2e/calendar/x.ics",
    "/calendars/anna/calendar/.",
    "/calendars/anna/calendar/a%00b.ics",
    "/calendars/anna/calendar/x.ics%00",
    "/calendars/anna/calendar/%00",
    "/calendars/anna/calendar/%c0%af.ics",
    "/calendars/anna/calendar/%c0%ae%c0%ae",
    "/calendars/anna/calendar/%e0%80%af",
    "/calendars/anna/calendar/%f0%80%80%af",
    "/calendars/anna/calendar/%ed%a0%80.ics",
    "/calendars/anna/calendar/%f4%90%80%80",
    "/calendars/anna/calendar/%ff.ics",
    "/calendars/anna/calendar/%c3",
    "/calendars/anna/calendar/%zz",
    "/calendars/anna/calendar/%",
    "/calendars/anna/calendar/%4",
    "/calendars/anna/calendar/%u002e%u002e",
    "/calendars/anna/calendar/%0d%0aX-A:b",
    "/calendars/anna/calendar/%0a",
    "/calendars/anna/calendar/%09",
    "/calendars/anna/calendar/%7f",
    "/calendars/anna%2fcalendar/x.ics",
    "/calendars%2Fanna/calendar/x.ics",
    "/principals/%2e%2e/anna/",
    "/principals/anna/../marc/",
    "/principals/anna%00/",
)
# Encoded twice: a name like others, decoded once and no more.
TWICE = ("%252e%252e%252fx.ics", "..%255c..%255cx.ics", "%2500.ics", "%25c0%25af.ics")


def secret(s):
    return s.put(MARCS + "secret.ics", event("secret", summary="SECRET"), "marc")


def tells_nothing(r):
    assert b"SECRET" not in r.body and b"root:" not in r.body and b"secret.ics</D:href><D:propstat" not in r.body, r


def headers(method):
    send = {"Depth": "0"}
    if method in ("PUT", "POST"):
        send["Content-Type"] = "text/calendar"
    if method in ("COPY", "MOVE"):
        send["Destination"] = CALENDAR + "to.ics"
    return send


def test_no_method_takes_them(s):
    secret(s)
    with unchanged(s), unchanged(s, MARCS, user="marc"):
        for path in TRAVERSALS:
            for method in METHODS:
                r = s.request(method, path, SENT.get(method), headers(method))
                assert r.status == 400, (method, path, r)
                tells_nothing(r)


def test_raw_targets(s):
    """What no client library sends: backslashes, other forms of the target, fragments, 8-bit bytes."""
    secret(s)
    login = "Authorization: Basic YW5uYTpjb3JyZWN0IGhvcnNl\r\nHost: h\r\nConnection: close\r\n"
    for target in (b"../../etc/passwd", b"etc/passwd", b"\\..\\..\\etc\\passwd", b"file:///etc/passwd",
                   b"http://h/../etc/passwd", b"http:///etc/passwd", b"http://h", b"//etc/passwd", b"/#/../x",
                   b"/calendars/anna/calendar/\xff.ics", b"/calendars/anna/calendar/\xc0\xae\xc0\xae/x", b"*",
                   b"/calendars/marc/calendar/secret.ics?/calendars/anna/calendar/x.ics",
                   b"/calendars/anna/calendar/..;/..;/marc/calendar/secret.ics",
                   b"/calendars/anna/calendar/?x=../../marc/calendar/secret.ics", b"C:/x", b"~marc/x", b"" + b"/.." * 400):
        with s.socket() as c:
            c.sendall(b"GET " + target + b" HTTP/1.1\r\n" + login.encode() + b"\r\n")
            answer = read_all(c)
        assert b"SECRET" not in answer and b"root:" not in answer and b" 500 " not in answer[:20], (target, answer)
        assert not answer or answer[9:12] in (b"200", b"400", b"404"), (target, answer)


def test_destinations(s):
    """Never outside, never over somebody's calendar, and what should have been moved stays."""
    secret(s)
    s.put(CALENDAR + "from.ics", event("from"))
    there = sorted(p for p in s.data.rglob("*"))
    with unchanged(s), unchanged(s, MARCS, user="marc"):
        for path in TRAVERSALS + (MARCS + "x.ics", MARCS + "secret.ics", "/calendars/anna~x/calendar/y.ics",
                                  "/etc/x.ics", "../x.ics", "x.ics", "", "//", "*", "file:///tmp/x.ics", "\\x.ics"):
            for destination in (path, f"http://127.0.0.1:{s.port}{path}"):
                for method in ("COPY", "MOVE"):
                    r = s.request(method, CALENDAR + "from.ics", None, {"Destination": destination})
                    assert r.status in (400, 403, 404, 409, 502), (method, destination, r)
                    tells_nothing(r)
    s.dedit("flush")
    assert not [p for p in s.data.rglob("*") if p not in there and p.parent.name != "calendar" and "/cal/" in str(p)]


def test_hrefs(s):
    """In a report each is an object below the calendar asked, or isn't there."""
    secret(s)
    s.put(CALENDAR + "here.ics", event("here"))
    wanted = [*TRAVERSALS, *(CALENDAR + t for t in TWICE), MARCS + "secret.ics", "../../marc/calendar/secret.ics",
              "file:///etc/passwd", f"http://127.0.0.1:{s.port}{MARCS}secret.ics", "//127.0.0.1" + MARCS + "secret.ics",
              "", ".", "..", "\\..\\x", "%", " ", "here.ics/../../../marc/calendar/secret.ics"]
    for href in wanted:
        r = ask(s, "REPORT", CALENDAR, multiget(href.replace("&", "&amp;")), {"Depth": "0"})
        assert r.status in (207, 400), (href, r)
        tells_nothing(r)
    r = ask(s, "REPORT", CALENDAR, multiget(*wanted[:-1], CALENDAR + "here.ics"), {"Depth": "0"})
    if r.status == 207:
        assert [h for h, found in r.responses().items() if found] == [CALENDAR + "here.ics"], r
    for inside in ("<D:principal-URL><D:href>%s</D:href></D:principal-URL>", "<D:href>%s</D:href>"):
        for href in ("/principals/../calendars/marc/", "/principals/%2e%2e/", "/principals/anna/../marc/"):
            r = s.request("ACL", CALENDAR, body("D:acl", "<D:ace><D:principal>" + inside % href + "</D:principal>"
                          "<D:grant><D:privilege><D:read/></D:privilege></D:grant></D:ace>"))
            assert r.status in (400, 403), r


def test_encoded_twice_is_a_name(s):
    for i, name in enumerate(TWICE):
        assert s.put(CALENDAR + name, event(f"twice{i}")).status == 201, name
        assert s.request("DELETE", CALENDAR + name).status == 204, name


def test_odd_names_are_names(s):
    """Never outside the calendar's folder, never two URLs for one object."""
    names = (
        "%5c..%5c..%5cx.ics", "%5C%5Chost%5Cshare.ics", ".hidden.ics", "..ics", "...", "....", "..%20", "CON", "nul.ics",
        "AUX.ics", "COM1", "lpt1.ics", "a:b.ics", "x.ics::$DATA", "~", "~root", "%20", "x.ics%20", "x.ics.", "x", "x.ics",
        "X.ICS", "%2A%3F", "-rf", "--help", "%7C%60id%60", "$(id).ics", "%C3%A9.ics", "e%CC%81.ics", "Case.ics", "case.ics",
        "CASE.ICS", "stra%C3%9Fe.ics", "strasse.ics", "%C4%B0.ics", "i.ics", "I.ics", ".props", ".props.d", ".git",
        ".htaccess", "=.ics", "=41.ics", "A.ics", "%3D~abc.ics", "=2E%2E.ics", "n" * 200, "%F0%9F%98%80" * 50,
        "%EF%BC%8E%EF%BC%8E%EF%BC%8Fx.ics", "%E2%80%AEsci.ics", "%EF%BB%BFx.ics", "'; DROP TABLE object; --",
        "%25_%25.ics", "a&b<c>.ics", "x.ics;y=1", "x%3By.ics", "index.db", "index.db-wal", "lock", "key", "calendar",
        "%E2%84%AA.ics", "k.ics", "%CE%A9.ics", "%E2%84%A6.ics",
    )
    refused(s.request("MKCALENDAR", CALENDAR + "sub/"), 403, "C:calendar-collection-location-ok")
    s.request("DELETE", HOME + "odd/")
    assert s.request("MKCALENDAR", HOME + "odd/").status == 201
    s.dedit("flush")
    folder = s.data / "cal/anna/odd"
    before = set(s.folder.rglob("*"))
    for i, name in enumerate(names):
        path = HOME + "odd/" + name.replace(" ", "%20").replace("<", "%3C").replace(">", "%3E")
        sent = event(f"odd{i}")
        assert s.put(path, sent, if_none_match="*").status == 201, name
        assert s.request("GET", path).body == sent.encode(), name
    s.dedit("flush")
    made = {p for p in s.folder.rglob("*")} - before
    files = [p for p in made if p.is_file() and p.parent == folder and p.suffix == ".ics"]
    assert len(files) == len(names), (len(files), len(names))
    assert not [p for p in made - set(files) if p.name not in ("index.db-wal", "index.db-shm", ".props") and p.is_file()]
    hrefs = [h for h in report(s, HOME + "odd/", body("D:sync-collection", "<D:sync-token/><D:sync-level>1</D:sync-level>"
             "<D:prop><D:getetag/></D:prop>")).responses()]
    assert len(hrefs) == len(set(hrefs)) == len(names)
    for h in hrefs:
        assert s.request("GET", h).status == 200, h
    assert s.dedit("check", "--deep").returncode == 0


def test_a_name_that_spells_a_hash(s):
    """The file of a name that is too long for one is named by its digest; no other name comes to lie there."""
    long = urllib.parse.quote("é" * 100)
    assert s.put(CALENDAR + long, event("long")).status == 201
    s.dedit("flush")
    file = next(p for p in (s.data / "cal/anna/calendar").iterdir() if p.name.startswith("=~"))
    for i, name in enumerate((file.name, file.name[:-4], "=7E" + file.name[2:])):
        r = s.put(CALENDAR + name, event(f"spelled{i}"))
        assert r.status in (201, 204), r
    s.dedit("flush")
    assert b"UID:long" in file.read_bytes() and s.request("GET", CALENDAR + long).body == event("long").encode()
    for href in (CALENDAR + n for n in listing(s) if n):
        s.request("DELETE", href)


def test_twins(s):
    """NFC and NFD, upper and lower case, are two names: what the server doesn't equate, nobody can overwrite by it."""
    for a, b in (("é.ics", "é.ics"), ("Å.ics", "Å.ics"), ("ß.ics", "SS.ics"), ("twin.ics", "Twin.ics"),
                 ("twin.ics", "twin.ics "), ("ſ.ics", "s.ics"), ("ﬁ.ics", "fi.ics")):
        a, b = (unicodedata.normalize(f, x) if f else x for f, x in (("NFC", a), ("NFD" if a[0] in "éÅ" else None, b)))
        one, other = (CALENDAR + urllib.parse.quote(x) for x in (a, b))
        assert one != other
        assert s.put(one, event("one")).status == 201 and s.put(other, event("other")).status == 201
        assert s.request("GET", one).body == event("one").encode()
        assert s.request("DELETE", one).status == 204 and s.request("GET", other).status == 200
        assert s.request("DELETE", other).status == 204


def test_spellings_that_are_meant(s):
    """The same URL by RFC 3986 6.2.2, a doubled slash, and the user's name in any case (architecture.md 13, 15.15): one
    object, shown under one href."""
    s.put(CALENDAR + "meant.ics", event("meant"))
    for path in ("/calendars/%61nna/calendar/meant.ics", "/calendars/ANNA/calendar/meant.ics", CALENDAR + "%6deant.ics", CALENDAR + "meant%2eics",
                 "//calendars//anna//calendar//meant.ics"):
        assert s.request("GET", path).status == 200, path
        assert s.put(path, event("meant", summary=path)).status == 204, path
    assert list(listing(s)).count("meant.ics") == 1
    for path in ("/Calendars/anna/calendar/meant.ics", CALENDAR + "meant.ics/",
                 CALENDAR + "meant.ics//", "/calendars/anna/Calendar/meant.ics", "/calendars/anna./calendar/meant.ics"):
        r = s.request("GET", path)
        assert r.status == 404, (path, r)


def test_long_names(s):
    """RFC 4918 has no length; ours is 200 bytes of UTF-8, and never an error of the disk."""
    for name in ("n" * 201, "n" * 300, "n" * 5000, "%C3%A9" * 101, "%F0%9F%98%80" * 75, "n" * 297 + ".ics"):
        r = ask(s, "PUT", CALENDAR + name, event("long"), {"Content-Type": "text/calendar"})
        assert r.status in (400, 403, 414), (name[:9], len(name), r)
        assert s.request("GET", CALENDAR + name).status in (400, 404, 414)
    assert s.request("MKCALENDAR", HOME + "c" * 300 + "/").status in (403, 414)
    r = ask(s, "GET", "/" + "a/" * 2000)
    assert r.status in (400, 404, 414), r


def test_commands(s):
    """An administrator's slip, or a name that somebody else chose: nothing is made, nothing outside is read."""
    def everything():
        return {p for p in s.folder.rglob("*") if s.data / "tmp" not in p.parents and not p.name.startswith("index.db")}

    outside = s.folder / "outside.ics"
    outside.write_text(event("outside"))
    s.dedit("flush")
    before = everything()
    for args in (
        *(("calendar", "add", name) for name in ("../x", "anna/..", "anna/../marc", "/etc/passwd", "anna/a/b", "",
                                                 "anna/a\nb")),
        *(("export", name) for name in ("../../etc/passwd", "anna/../marc/calendar")),
        *(("import", str(outside), name) for name in ("anna/..", "../x")),
        ("feed", "add", "anna/../marc"), ("share", "anna/../marc", "marc", "read"), ("rescan", "anna/.."),
        *(("user", "add", "--", name) for name in ("../x", "..", "a/b", ".hidden")),
        ("user", "remove", "../anna"), ("user", "token", "anna/../marc", "add", "x"), ("delegate", "..", "marc", "read"),
        ("delegate", "anna", "../marc", "read"), ("mobileconfig", "../anna"), ("policy", "explain", "../../etc/passwd"),
        ("policy", "explain", "x", "--version", "../../etc/passwd"), ("policy", "accept", "..", "..", ".."),
        ("fee", "../../etc/passwd", "show"), ("feed", "revoke", "../x"), ("ledger", "verify", "../../etc"),
    ):
        r = s.dedit(*args, input="a password\n", check=False)
        assert r.returncode in (1, 2), (args, r)
        assert "Sanitizer" not in r.stderr and "root:" not in r.stdout + r.stderr, (args, r)
    s.dedit("flush")
    assert everything() == before, everything() ^ before


def test_paths_of_pages(s):
    """Feeds, notes and policies are looked up in the index, not below a folder."""
    for path in ("/feeds/../key", "/feeds/%2e%2e/key.ics", "/feeds/..%2fkey/x.ics", "/fee/../../key", "/fee/%2e%2e/%2e%2e",
                 "/policy/../key", "/policy/%2e%2e/key", "/policy/..%2f..%2fetc/passwd", "/policy/%2e%2e%2fkey/x",
                 "/timezones/zones/..%2f..%2fetc%2fpasswd", "/timezones/zones/%2e%2e/x", "/healthz/../key",
                 "/.well-known/caldav/../../key", "/.well-known/timezone/%2e%2e"):
        r = ask(s, "GET", path)
        assert r.status in (400, 404), (path, r)
        tells_nothing(r)


def test_other_users_by_tricks(s):
    """Names of shared calendars are "owner~calendar", and only of those that are shared."""
    secret(s)
    for path in ("/calendars/anna/marc~calendar/secret.ics", "/calendars/anna/marc%7Ecalendar/secret.ics",
                 "/calendars/anna/~calendar/secret.ics", "/calendars/anna/marc~/secret.ics", "/calendars/anna/~/x.ics",
                 "/calendars/anna/anna~calendar/x.ics", "/calendars/anna/marc~..%5Ccalendar/x.ics"):
        for method in ("GET", "PUT", "DELETE", "PROPFIND"):
            r = s.request(method, path, SENT.get(method), headers(method))
            assert r.status in (403, 404, 409), (method, path, r)
            tells_nothing(r)
    refused(s.request("MKCALENDAR", HOME + "marc~calendar/"), 403, "C:calendar-collection-location-ok")
