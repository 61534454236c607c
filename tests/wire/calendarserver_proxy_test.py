"""Delegates (doc/architecture.md 15.1, CalendarServer's calendar-proxy): who acts for whom, and what that gives."""

from acl import hrefs_of, principal, privileges, proxy
from dav import CALENDAR, HOME, find, names_of, prop, proppatch, refused, statuses, text, unchanged
from dedit_wire import event

SLOW = True

SERVER = {"users": ("anna", "marc", "eve"), "settings": "delegates = 2"}
READ, WRITE = proxy("anna", "read"), proxy("anna", "write")


def delegates(s):
    return {tuple(line.split()) for line in s.dedit("delegate", "anna").stdout.splitlines()}


def test_dedit_delegate(s):
    assert delegates(s) == set()
    s.dedit("delegate", "anna", "marc", "write")
    s.dedit("delegate", "anna", "Eve", "read")
    assert delegates(s) == {("marc", "write"), ("eve", "read")}
    s.dedit("delegate", "anna", "marc", "read")
    s.dedit("delegate", "anna", "eve", "none")
    assert delegates(s) == {("marc", "read")}
    for wrong, code in (
        (("anna", "nobody", "write"), 1),
        (("nobody", "anna", "write"), 1),
        (("anna", "anna", "write"), 2),
        (("anna", "marc", "free-busy"), 2),
        (("anna", "marc"), 2),
    ):
        r = s.dedit("delegate", *wrong, check=False)
        assert r.returncode == code and r.stderr and not r.stdout, (wrong, r)
    assert delegates(s) == {("marc", "read")}


def test_kept_in_the_account_file_and_by_a_rebuild(s):
    s.dedit("delegate", "anna", "marc", "write")
    s.dedit("flush")
    assert "delegate: marc\twrite\n" in (s.data / "accounts/anna").read_text()
    s.restart()
    assert delegates(s) == {("marc", "write")}
    s.stop()
    (s.data / "index.db").unlink()
    s.dedit("rebuild")
    assert delegates(s) == {("marc", "write")}
    s.start()


def test_ends_with_the_account(s):
    s.add_user("leo")
    s.dedit("delegate", "anna", "leo", "read")
    s.dedit("user", "remove", "leo")
    s.dedit("flush")
    assert "leo" not in dict(delegates(s))
    assert "leo" not in (s.data / "accounts/anna").read_text()


# ---- the groups ----


def members(s, path, user="anna"):
    return hrefs_of(s, path, "D:group-member-set", user)


def set_members(s, path, *hrefs, user="anna"):
    inside = "".join(f"<D:href>{h}</D:href>" for h in hrefs)
    return s.request("PROPPATCH", path, proppatch(f"<D:group-member-set>{inside}</D:group-member-set>"), user=user)


def clear(s):
    for user in ("marc", "eve"):
        s.dedit("delegate", "anna", user, "none")


def test_the_two_groups(s):
    clear(s)
    s.dedit("delegate", "anna", "marc", "write")
    for path, name in ((READ, "calendar-proxy-read"), (WRITE, "calendar-proxy-write")):
        assert names_of(prop(s, path, "D:resourcetype")) == {"collection", "principal", name}
        assert hrefs_of(s, path, "D:principal-URL") == [path]
        assert hrefs_of(s, path, "D:owner") == [principal("anna")]
        assert text(s, path, "D:displayname") == f"anna ({name})"
    assert members(s, WRITE) == [principal("marc")] and members(s, READ) == []
    assert hrefs_of(s, principal("marc"), "D:group-membership", "marc") == [WRITE]
    assert hrefs_of(s, principal("marc"), "CS:calendar-proxy-write-for", "marc") == [principal("anna")]
    assert hrefs_of(s, principal("marc"), "CS:calendar-proxy-read-for", "marc") == []
    refused(s.request("PROPFIND", principal("anna") + "calendar-proxy/", None, {"Depth": "0"}), 404)


def test_set_by_the_owner(s):
    """As Apple's program does: PROPPATCH of both groups, in either order."""
    clear(s)
    marc, eve = principal("marc"), principal("eve")
    r = set_members(s, READ, marc, eve)
    assert r.status == 207 and set(statuses(r)[READ].values()) == {200}, r
    assert sorted(members(s, READ)) == [eve, marc]
    for first, second in (((READ, (eve,)), (WRITE, (marc,))), ((WRITE, (marc,)), (READ, (eve,)))):
        set_members(s, first[0], *first[1])
        set_members(s, second[0], *second[1])
        assert members(s, READ) == [eve] and members(s, WRITE) == [marc]
        set_members(s, READ, marc, eve)
        assert members(s, WRITE) == []
    s.restart()
    assert sorted(members(s, READ)) == [eve, marc]
    r = s.request("PROPPATCH", READ, proppatch(remove="<D:group-member-set/>"))
    assert r.status == 207 and members(s, READ) == [] and delegates(s) == set()


def test_refused(s):
    clear(s)
    s.dedit("delegate", "anna", "marc", "write")
    for hrefs, status, condition in (
        (("/principals/nobody/",), 403, b"recognized-principal"),
        ((principal("eve"), "/principals/nobody/"), 403, b"recognized-principal"),
        (("/calendars/eve/",), 403, b"recognized-principal"),
        (("http://elsewhere.example/principals/eve/",), 403, b"recognized-principal"),
        (("mailto:eve@example.org",), 403, b"recognized-principal"),
        ((principal("anna"),), 403, b"allowed-principal"),
        ((proxy("eve", "read"),), 403, b"allowed-principal"),
        ((principal("eve"), principal("marc"), principal("eve")), 507, b""),
    ):
        r = set_members(s, WRITE, *hrefs)
        assert r.status == 207 and set(statuses(r)[WRITE].values()) == {status} and condition in r.body, r
        assert members(s, WRITE) == [principal("marc")]
    for user in ("marc", "eve"):
        refused(set_members(s, WRITE, principal(user), user=user), 403, "D:need-privileges")
    # All or nothing, and nothing else is set here.
    r = s.request("PROPPATCH", WRITE, proppatch(
        f"<D:group-member-set><D:href>{principal('eve')}</D:href></D:group-member-set><D:displayname>x</D:displayname>"))
    assert sorted(statuses(r)[WRITE].values()) == [403, 424], r
    assert members(s, WRITE) == [principal("marc")]


# ---- what it gives ----


def test_a_reader(s):
    clear(s)
    s.put(CALENDAR + "x.ics", event("x"))
    s.dedit("delegate", "anna", "marc", "read")
    assert set(find(s, HOME, "D:resourcetype", depth="1", user="marc").responses()) >= {HOME, CALENDAR, HOME + "tasks/"}
    assert s.request("GET", CALENDAR + "x.ics", user="marc").status == 200
    with unchanged(s):
        refused(s.put(CALENDAR + "y.ics", event("y"), "marc"), 403, "D:need-privileges")
        refused(s.request("DELETE", CALENDAR + "x.ics", user="marc"), 403, "D:need-privileges")
        refused(s.request("MKCALENDAR", HOME + "new/", user="marc"), 403, "D:need-privileges")
        refused(s.request("DELETE", CALENDAR, user="marc"), 403, "D:need-privileges")
    assert hrefs_of(s, principal("anna"), "C:calendar-home-set", "marc") == [HOME]


def test_a_writer(s):
    """As the owner in the calendars, which it makes, names and deletes; not in who else may."""
    clear(s)
    s.dedit("delegate", "anna", "marc", "write")
    assert s.put(CALENDAR + "by-marc.ics", event("by-marc"), "marc").status == 201
    assert s.request("MKCALENDAR", HOME + "new/", user="marc").status == 201
    r = s.request("PROPPATCH", HOME + "new/", proppatch("<D:displayname>Made by Marc</D:displayname>"), user="marc")
    assert r.status == 207 and text(s, HOME + "new/", "D:displayname") == "Made by Marc", r
    assert s.request("DELETE", HOME + "new/", user="marc").status == 204
    refused(s.request("PROPFIND", HOME + "new/", None, {"Depth": "0"}), 404)
    refused(s.request("ACL", CALENDAR, '<D:acl xmlns:D="DAV:"/>', user="marc"), 403, "D:need-privileges")
    assert not {"write-acl", "read-acl", "all"} & privileges(s, CALENDAR, "marc")
    # What others share with the owner is not the delegate's.
    s.dedit("share", "eve/calendar", "anna", "write")
    assert HOME + "eve~calendar/" in find(s, HOME, "D:resourcetype", depth="1").responses()
    assert HOME + "eve~calendar/" not in find(s, HOME, "D:resourcetype", depth="1", user="marc").responses()
    refused(s.request("PROPFIND", HOME + "eve~calendar/", None, {"Depth": "0"}, "marc"), 404)
    s.dedit("share", "eve/calendar", "anna", "none")


def test_ends_at_once(s):
    clear(s)
    s.dedit("delegate", "anna", "marc", "write")
    assert find(s, HOME, "D:resourcetype", user="marc").status == 207
    set_members(s, WRITE)
    refused(s.request("PROPFIND", HOME, None, {"Depth": "0"}, "marc"), 404)
    refused(s.put(CALENDAR + "late.ics", event("late"), "marc"), 403, "D:need-privileges")
    # Neither does it go the other way.
    s.dedit("delegate", "anna", "marc", "write")
    refused(s.request("PROPFIND", "/calendars/marc/", None, {"Depth": "0"}), 404)
