"""Access control properties (RFC 3744 5): what they say is what holds."""

from acl import acl, hrefs_of, local, principal, privileges, proxy, spread
from dav import CALENDAR, HOME, find, prop, statuses
from dedit_wire import event, tag

SLOW = True

SERVER = {
    "users": ("anna", "marc", "eve", "dora", "paul"),
    "extra": 'group "admin" { members = { "paul" } }\ngroup "staff" { members = { "anna", "Eve", "gone" } }',
}
KINDS = ("/", "/principals/", "/calendars/", principal("anna"), proxy("anna", "read"), HOME, CALENDAR,
         CALENDAR + "x.ics", "/principals/group~staff/")
READS = {"read", "read-current-user-privilege-set", "read-free-busy"}
WRITES = {"write", "write-properties", "write-content", "bind", "unbind"}


def setting(s, share="none", delegate="none"):
    s.put(CALENDAR + "x.ics", event("x"))
    s.dedit("share", "anna/calendar", "marc", share)
    s.dedit("delegate", "anna", "dora", delegate)


def test_current_user_privilege_set(s):
    """5.4, RFC 4791 6.1.1: aggregates and all that they contain."""
    setting(s, "write", "write")
    assert privileges(s, CALENDAR) == READS | WRITES | {"all", "unlock", "read-acl", "write-acl"}
    assert privileges(s, CALENDAR + "x.ics") == READS | WRITES | {"unlock", "read-acl"}
    assert privileges(s, HOME) == READS | {"write-properties", "bind", "unbind", "read-acl"}
    assert privileges(s, CALENDAR, "marc") == READS | WRITES
    assert privileges(s, CALENDAR, "dora") == READS | WRITES
    assert privileges(s, HOME, "dora") == READS | {"write-properties", "bind", "unbind"}
    assert privileges(s, CALENDAR, "paul") == READS | {"unbind", "read-acl"}
    public = {"read", "read-current-user-privilege-set"}
    for path in ("/", "/principals/", "/calendars/", "/principals/group~staff/"):
        assert privileges(s, path) == public, path
    assert privileges(s, principal("anna")) == public | {"read-acl", "write-properties"}
    assert privileges(s, principal("anna"), "eve") == public
    assert privileges(s, proxy("anna", "write")) == public | {"read-acl", "write-properties"}
    assert privileges(s, proxy("anna", "write"), "dora") == public
    setting(s, "read", "read")
    assert privileges(s, CALENDAR, "marc") == READS
    assert privileges(s, CALENDAR, "dora") == READS and privileges(s, HOME, "dora") == READS
    assert privileges(s, "/calendars/marc/anna~calendar/", "marc") == READS


def test_acl_of_a_calendar(s):
    """5.5: protected entries for the owner, delegates and administrators; the shares as they are."""
    setting(s, "read", "none")
    s.dedit("share", "anna/calendar", "eve", "write")
    s.dedit("share", "anna/calendar", "dora", "free-busy")
    fixed = [
        ("owner", {"all"}, True, None),
        (proxy("anna", "read"), {"read"}, True, HOME),
        (proxy("anna", "write"), {"read", "write"}, True, HOME),
        ("/principals/group~admin/", {"read", "unbind", "read-acl"}, True, None),
    ]
    found = acl(s, CALENDAR)
    assert found[:4] == fixed, found
    shares = [
        (principal("dora"), {"read-free-busy"}, False, None),
        (principal("eve"), {"read", "write"}, False, None),
        (principal("marc"), {"read"}, False, None),
    ]
    assert sorted(found[4:]) == shares, found
    below = acl(s, CALENDAR + "x.ics")
    assert sorted(below[4:]) == [(w, g, p, CALENDAR) for w, g, p, _ in shares], below
    assert below[0] == ("owner", {"read", "write", "unlock", "read-acl"}, True, None)
    for user in ("eve", "dora"):
        s.dedit("share", "anna/calendar", user, "none")


def test_acl_needs_read_acl(s):
    setting(s, "write", "write")
    for path, user in ((CALENDAR, "marc"), (CALENDAR, "dora"), (HOME, "dora"), (principal("anna"), "eve")):
        r = find(s, path, "D:acl", "D:resourcetype", user=user)
        assert statuses(r)[path] == {tag("D:acl"): 403, tag("D:resourcetype"): 200}, r
    assert acl(s, CALENDAR, "paul") == acl(s, CALENDAR)


def test_acl_is_the_truth(s):
    """Entries that fit a user, added up, are the user's privilege set."""
    for share, delegate in (("none", "none"), ("read", "none"), ("write", "read"), ("none", "write")):
        setting(s, share, delegate)
        groups = {
            "anna": {"owner", "authenticated", principal("anna")},
            "paul": {"authenticated", principal("paul"), "/principals/group~admin/"},
            "marc": {"authenticated", principal("marc")},
            "dora": {"authenticated", principal("dora"), proxy("anna", delegate)},
        }
        for path in (HOME, CALENDAR, CALENDAR + "x.ics", principal("anna"), proxy("anna", "write")):
            aces = acl(s, path)
            for user, matching in groups.items():
                expected = set()
                for who, granted, _, _ in aces:
                    expected |= spread(granted) if who in matching else set()
                if "calendars" not in path:
                    expected -= {"read-free-busy"}
                r = s.request("PROPFIND", path, None, {"Depth": "0"}, user)
                assert (r.status == 207) == ("read" in expected), (path, user, expected, r)
                if r.status == 207:
                    assert privileges(s, path, user) == expected, (path, user, delegate)


def tree(element, level=0):
    """[(level, name, abstract)]"""
    out = []
    for child in element.findall(tag("D:supported-privilege")):
        name = local(child.find(tag("D:privilege"))[0])
        assert child.findtext(tag("D:description")), name
        assert "{http://www.w3.org/XML/1998/namespace}lang" in child.find(tag("D:description")).attrib
        out.append((level, name, child.find(tag("D:abstract")) is not None))
        out += tree(child, level + 1)
    return out


def test_supported_privilege_set(s):
    """5.3, 3: all contains everything, write the four, read CalDAV's read-free-busy (RFC 4791 6.1.1)."""
    setting(s)
    assert tree(prop(s, CALENDAR, "D:supported-privilege-set")) == [
        (0, "all", False),
        (1, "read", False),
        (2, "read-current-user-privilege-set", False),
        (2, "read-free-busy", False),
        (1, "write", False),
        (2, "write-properties", False),
        (2, "write-content", False),
        (2, "bind", False),
        (2, "unbind", False),
        (1, "unlock", True),
        (1, "read-acl", False),
        (1, "write-acl", False),
    ]
    assert "read-free-busy" not in [n for _, n, _ in tree(prop(s, "/", "D:supported-privilege-set"))]


def test_the_others_on_every_resource(s):
    setting(s)
    owners = {HOME: "anna", CALENDAR: "anna", CALENDAR + "x.ics": "anna", principal("anna"): "anna",
              proxy("anna", "read"): "anna"}
    for path in KINDS:
        assert [local(x) for x in prop(s, path, "D:acl-restrictions")] == ["grant-only", "no-invert"], path
        assert hrefs_of(s, path, "D:inherited-acl-set") == [], path
        assert hrefs_of(s, path, "D:group") == [], path
        assert hrefs_of(s, path, "D:principal-collection-set") == ["/principals/"], path
        assert hrefs_of(s, path, "D:owner") == ([principal(owners[path])] if path in owners else []), path
        assert prop(s, path, "D:supported-privilege-set") is not None
        reports = {local(r[0][0]) for r in prop(s, path, "D:supported-report-set")}
        assert {"expand-property", "principal-property-search", "acl-principal-prop-set"} <= reports, path


def test_options(s):
    """7.2: access-control, with what it stands for."""
    setting(s)
    for path in KINDS:
        r = s.request("OPTIONS", path)
        assert "access-control" in r.headers["dav"].split(", ") and "calendar-proxy" in r.headers["dav"], r
        assert "ACL" in r.headers["allow"].split(", "), r
