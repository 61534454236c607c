"""trust.md T-37: secret links and tokens. 128 random bits at least, stored as a hash only, looked up and held against what is
right now in each request; who shares a calendar neither publishes it nor reads its list of rights. Nothing is pushed."""

import collections
import math
import re

from acl import privileges
from dav import CALENDAR, HOME, body, find, prop, refused, sync, token
from dedit_wire import Server, event, propfind, tag

SERVER = {"settings": "login-attempts = 1000 login-delay = 0s"}
SHARED = "/calendars/marc/anna~calendar/"


def add(s, calendar="calendar", *options):
    """Path and token of a new feed."""
    link = s.dedit("feed", "add", f"anna/{calendar}", *options).stdout.split()[0]
    return link, link.split("/")[2]


def get(s, path):
    return s.request("GET", path, user=None)


def publish(s, root="CS:publish-calendar"):
    r = s.request("POST", CALENDAR, body(root), {"Content-Type": "application/xml"})
    assert r.status == 200, r
    found = prop(s, CALENDAR, "CS:publish-url")
    link = None if found is None else found.findtext(tag("D:href"))
    return link and link[link.index("/feeds/"):]


def test_random_and_long_enough(_):
    """No two alike, and each place of the secret part takes many values."""
    with Server(settings="feeds = 1000 login-attempts = 1000") as s:
        tokens = [publish(s).split("/")[2] if n % 2 else add(s)[1] for n in range(4) if publish(s, "CS:unpublish-calendar") is None]
        assert len(set(tokens)) == len(tokens)
        s.stop()
        tokens = [add(s)[1] for _ in range(6)]
        secrets = [t.split("-", 1)[1] for t in tokens]
        alphabet = set("".join(secrets))
        assert all(re.fullmatch(r"[a-z0-9]{26}", x) for x in secrets) and len(alphabet) > 20, alphabet
        assert 26 * math.log2(32) >= 128
        for column in zip(*secrets):
            assert collections.Counter(column).most_common(1)[0][1] <= 5, column
        s.start()


def files_with(s, word):
    return [str(p) for p in s.folder.rglob("*") if p.is_file() and word.encode() in p.read_bytes()]


def test_stored_hashed(s):
    """Neither in the index, its log or the files, nor in what is logged; an application password isn't, either."""
    path, secret = add(s, "calendar", "--label", "phone")
    published = publish(s)
    application = s.dedit("user", "token", "anna", "add", "laptop").stdout.strip()
    for link in (path, published, path + "x"):
        get(s, link)
    assert s.request("GET", "/", password=application).status == 200
    s.dedit("flush")
    for word in (secret, published.split("/")[2], application):
        for part in (word, word.split("-", 1)[1]):
            assert files_with(s, part) == [], part
    # The id that is shown finds nothing.
    for guess in (secret.split("-")[0], secret.split("-")[0] + "-", secret[:-1], secret + "a", secret.upper()):
        assert get(s, f"/feeds/{guess}/calendar.ics").status == 404, guess
    publish(s, "CS:unpublish-calendar")


def test_they_end_with_what_they_show(s):
    """Revoked, unpublished, its calendar gone and made anew, its owner gone: the same answer as an unknown one."""
    unknown = get(s, "/feeds/aaaaaa-aaaaaaaaaaaaaaaaaaaaaaaaaa/calendar.ics")
    assert unknown.status == 404

    def gone(path):
        r = get(s, path)
        assert (r.status, r.body) == (404, unknown.body), (path, r)
        assert {k for k, _ in r.all_headers} == {k for k, _ in unknown.all_headers}

    path, secret = add(s)
    assert get(s, path).status == 200
    gone(path.replace("calendar.ics", "tasks.ics"))
    s.dedit("feed", "revoke", secret.split("-")[0])
    gone(path)
    link = publish(s)
    assert get(s, link).status == 200
    publish(s, "CS:unpublish-calendar")
    gone(link)
    assert publish(s) != link
    gone(link)
    publish(s, "CS:unpublish-calendar")

    assert s.request("MKCALENDAR", HOME + "gone/").status == 201
    path, _ = add(s, "gone")
    assert s.request("DELETE", HOME + "gone/").status == 204
    gone(path)
    assert s.request("MKCALENDAR", HOME + "gone/").status == 201
    gone(path)
    s.add_user("temp")
    link = s.dedit("feed", "add", "temp/calendar").stdout.split()[0]
    assert get(s, link).status == 200
    s.dedit("user", "remove", "temp")
    gone(link)


def test_feeds_only_read(s):
    path, _ = add(s)
    s.put(CALENDAR + "x.ics", event("x"))
    for method in ("PUT", "POST", "DELETE", "PROPFIND", "REPORT", "PROPPATCH", "COPY", "MOVE", "MKCALENDAR", "ACL", "LOCK"):
        for below in (path, path.rpartition("/")[0] + "/", path.replace("calendar.ics", "calendar/x.ics")):
            r = s.request(method, below, None, {"Depth": "0", "Destination": CALENDAR + "y.ics"}, None)
            assert r.status in (401, 404, 405, 501), (method, below, r)
    assert s.request("GET", CALENDAR + "y.ics").status == 404


def test_tokens_of_sync_end_with_the_share(s):
    """What a program kept of a calendar opens nothing once the right is taken."""
    s.put(CALENDAR + "shared.ics", event("shared"))
    s.dedit("share", "anna/calendar", "marc", "read")
    kept, etag = token(s, SHARED, "marc"), s.request("GET", SHARED + "shared.ics", user="marc").headers["etag"]
    home = token(s, "/calendars/marc/", "marc")
    s.dedit("share", "anna/calendar", "marc", "none")
    for path in (SHARED, CALENDAR):
        refused(s.request("REPORT", path, sync(kept), {"Depth": "1"}, "marc"), 404)
        refused(s.request("GET", path + "shared.ics", None, {"If-None-Match": etag}, "marc"), 404)
        refused(s.request("GET", path + "shared.ics", None, {"If": f"(<{kept}>)"}, "marc"), 404)
    r = s.request("REPORT", "/calendars/marc/", sync(home, level="infinite", want=("D:getetag", "C:calendar-data")), {}, "marc")
    assert b"SUMMARY" not in r.body and b"shared.ics</D:href><D:propstat" not in r.body, r
    r = s.request("REPORT", "/calendars/marc/calendar/", sync(kept), {"Depth": "1"}, "marc")
    refused(r, 403, "D:valid-sync-token")


def test_own_rights_yes_lists_of_rights_no(s):
    """current-user-privilege-set is for everybody who may read, DAV:acl for who may read the rights (RFC 3744 5.4, 5.5)."""
    s.dedit("share", "anna/calendar", "marc", "read")
    assert "read" in privileges(s, SHARED, "marc")
    for path in (SHARED, CALENDAR):
        for asked in (propfind("D:acl"), propfind("D:acl", "D:current-user-privilege-set"), propfind("D:inherited-acl-set")):
            r = s.request("PROPFIND", path, asked, {"Depth": "0"}, "marc")
            assert r.status == 207 and b"<D:ace>" not in r.body and b"/principals/eve" not in r.body, r
    assert find(s, CALENDAR, "D:acl").body.count(b"<D:ace>") > 1
    s.dedit("share", "anna/calendar", "marc", "none")


def test_nothing_is_pushed(s):
    """No registration for one's own calendars or others' (CalendarServer's APNs, WebDAV Push), and none is announced."""
    for path in (CALENDAR, "/calendars/marc/calendar/", HOME, "/", "/apns", "/push", "/.well-known/webpush"):
        for sent, kind in (('<push-register xmlns="https://bitfire.at/webdav-push"><subscription/></push-register>', "application/xml"),
                           ("token=0123&key=/CalDAV/x", "application/x-www-form-urlencoded")):
            r = s.request("POST", path, sent, {"Content-Type": kind})
            assert r.status in (400, 403, 404, 405, 415), (path, kind, r)
    r = s.request("PROPFIND", HOME, '<D:propfind xmlns:D="DAV:" xmlns:CS="http://calendarserver.org/ns/"><D:prop>'
                  '<CS:push-transports/><CS:pushkey/><P:transports xmlns:P="https://bitfire.at/webdav-push"/></D:prop></D:propfind>',
                  {"Depth": "1"})
    assert set(r.responses()[HOME]) == set(), r
    assert "push" not in s.request("OPTIONS", HOME).headers["dav"]
