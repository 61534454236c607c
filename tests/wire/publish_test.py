"""CalendarServer's publish-calendar: a secret link that the owner's program makes, asks for and ends."""

from dav import CALENDAR, HOME, body, names_of, prop
from dedit_wire import Server, event, tag

SLOW = True

PUBLIC = "https://cal.example.org"
SERVER = {"settings": f'public-url = "{PUBLIC}"\nfeeds = 2'}


def post(s, path=CALENDAR, root="CS:publish-calendar", user="anna", kind="application/xml"):
    return s.request("POST", path, body(root), {"Content-Type": kind}, user)


def unpublish(s, path=CALENDAR, **more):
    return post(s, path, "CS:unpublish-calendar", **more)


def url(s, path=CALENDAR, user="anna"):
    found = prop(s, path, "CS:publish-url", user)
    return None if found is None else found.findtext(tag("D:href"))


def fetch(s, link):
    return s.request("GET", link.removeprefix(PUBLIC), user=None)


def test_published_fetched_and_ended(s):
    assert url(s) is None
    assert names_of(prop(s, CALENDAR, "CS:allowed-sharing-modes")) == {"can-be-published"}
    assert names_of(prop(s, CALENDAR, "D:resourcetype")) == {"collection", "calendar"}
    s.put(CALENDAR + "a.ics", event("a", summary="Lunch"))
    r = post(s, kind='text/xml; charset="utf-8"')
    assert r.status == 200, r
    link = url(s)
    assert link.startswith(PUBLIC + "/feeds/") and link.endswith("/calendar.ics"), link
    r = fetch(s, link)
    assert r.status == 200 and "SUMMARY:Lunch" in r.text, r
    assert names_of(prop(s, CALENDAR, "D:resourcetype")) == {"collection", "calendar"}
    assert post(s).status == 200 and url(s) == link
    secret = link.split("/")[4]
    assert len(secret.split("-", 1)[1]) >= 22  # 128 bits of base64url
    assert unpublish(s).status == 200
    assert url(s) is None and fetch(s, link).status == 404
    assert unpublish(s).status == 200
    assert post(s).status == 200 and url(s) != link and fetch(s, link).status == 404
    assert unpublish(s).status == 200


def test_the_administrator_sees_and_ends_it(s):
    post(s)
    link = url(s)
    line = s.dedit("feed", "list", "anna/calendar").stdout
    assert "published" in line and "no-annotations" in line and link.split("/")[4] not in line, line
    s.dedit("feed", "revoke", line.split()[0])
    assert url(s) is None and fetch(s, link).status == 404


def test_it_is_the_owners_to_publish(s):
    post(s)
    link, theirs = url(s), HOME.replace("anna", "marc") + "anna~calendar/"
    assert post(s, theirs, user="marc").status == 404
    s.dedit("share", "anna/calendar", "marc", "write")
    for path in (theirs, CALENDAR):
        for root in ("CS:publish-calendar", "CS:unpublish-calendar"):
            r = post(s, path, root, "marc")
            assert r.status == 403 and r.condition() == "D:need-privileges", r
        assert url(s, path, "marc") is None
        assert prop(s, path, "CS:allowed-sharing-modes", "marc") is None
    s.dedit("share", "anna/calendar", "marc", "none")
    for access, status in (("read", 403), ("write", 200)):
        s.dedit("delegate", "anna", "marc", access)
        assert unpublish(s, user="marc").status == status, access
        assert post(s, user="marc").status == status, access
        assert (url(s, user="marc") is None) == (status == 403), access
    assert url(s) == url(s, user="marc") != link
    s.dedit("delegate", "anna", "marc", "none")
    assert post(s, user=None).status == 401
    assert unpublish(s).status == 200


def test_feeds_have_a_limit(s):
    for _ in range(2):
        s.dedit("feed", "add", "anna/calendar")
    assert post(s).status == 507 and url(s) is None
    for line in s.dedit("feed", "list", "anna/calendar").stdout.splitlines():
        s.dedit("feed", "revoke", line.split()[0])


def test_other_bodies_are_events_or_nothing(s):
    r = s.request("POST", CALENDAR, event("posted"), {"Content-Type": "text/calendar"})
    assert r.status == 201 and r.headers["location"] == CALENDAR + "posted.ics", r
    for sent in (body("CS:share"), body("D:publish-calendar"), ""):
        r = s.request("POST", CALENDAR, sent, {"Content-Type": "application/xml"})
        assert r.status == 403 and r.condition() == "C:supported-calendar-data", (sent, r)
    assert s.request("POST", CALENDAR, "<CS:publish", {"Content-Type": "application/xml"}).status == 400
    assert s.request("POST", CALENDAR, body("CS:publish-calendar"), {"Content-Type": "text/calendar"}).status == 403
    assert post(s, HOME).status == 405 and post(s, HOME + "none/").status == 404
    assert url(s) is None


def test_it_outlives_restart_and_rebuild_and_is_a_path_without_public_url(_):
    with Server() as s:
        s.put(CALENDAR + "a.ics", event("a", summary="Lunch"))
        assert post(s).status == 200
        link = url(s)
        assert link.startswith("/feeds/"), link
        s.restart()
        assert url(s) == link and fetch(s, link).status == 200
        s.stop()
        s.dedit("rebuild")
        s.start()
        assert url(s) == link and "SUMMARY:Lunch" in fetch(s, link).text
