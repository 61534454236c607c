"""The ACL method (RFC 3744 8.1) for what sharing can express; all else is refused with its condition (8.1.1)."""

from acl import ace, acl, principal, privileges, proxy, set_acl
from dav import CALENDAR, HOME, body, refused, unchanged
from dedit_wire import event

SERVER = {
    "users": ("anna", "marc", "eve", "dora", "paul"),
    "settings": "shares = 3",
    "extra": 'group "admin" { members = { "paul" } }\ngroup "staff" { members = { "eve" } }',
}
MARC, EVE = principal("marc"), principal("eve")


def shares(s):
    return {who: granted for who, granted, protected, _ in acl(s, CALENDAR) if not protected}


def test_grants(s):
    assert set_acl(s, CALENDAR, ace(MARC, "read"), ace(EVE, "read", "write")).status == 200
    assert shares(s) == {MARC: {"read"}, EVE: {"read", "write"}}
    assert "write" in privileges(s, "/calendars/eve/anna~calendar/", "eve")
    assert s.put("/calendars/eve/anna~calendar/x.ics", event("x"), "eve").status == 201
    assert s.put("/calendars/marc/anna~calendar/x.ics", event("x"), "marc").status == 403
    # What is not named goes: all entries become those of the request.
    assert set_acl(s, CALENDAR, ace(MARC, "read-free-busy")).status == 200
    assert shares(s) == {MARC: {"read-free-busy"}}
    refused(s.request("GET", "/calendars/eve/anna~calendar/x.ics", user="eve"), 404)
    s.restart()
    assert shares(s) == {MARC: {"read-free-busy"}}
    assert set_acl(s, CALENDAR).status == 200 and shares(s) == {}


def test_the_same_in_other_words(s):
    """Several entries for one principal, and the parts of an aggregate."""
    parts = ("write-properties", "write-content", "bind", "unbind")
    for aces, granted in (
        ((ace(MARC, "read"), ace(MARC, "write")), {"read", "write"}),
        ((ace(MARC, "read", *parts),), {"read", "write"}),
        ((ace(MARC, "read", "read-free-busy", "read-current-user-privilege-set"),), {"read"}),
        ((ace(f"http://127.0.0.1:{s.port}/principals/marc/", "read"),), {"read"}),
        ((ace("/principals/MARC/", "read"),), {"read"}),
    ):
        r = set_acl(s, CALENDAR, *aces)
        assert r.status == 200 and not r.body, r
        assert shares(s) == {MARC: granted}, aces


def test_refused(s):
    set_acl(s, CALENDAR, ace(MARC, "read"))
    good = ace(principal("dora"), "read")
    rows = (
        ("D:grant-only", ace(EVE, "read", verb="deny")),
        ("D:no-invert", f"<D:ace><D:invert><D:principal><D:href>{EVE}</D:href></D:principal></D:invert>"
                        "<D:grant><D:privilege><D:read/></D:privilege></D:grant></D:ace>"),
        ("D:no-abstract", ace(EVE, "read", "unlock")),
        ("D:not-supported-privilege", ace(EVE, "read", "dance")),
        ("D:not-supported-privilege", ace(EVE).replace("<D:grant>", "<D:grant><D:privilege><A:x/></D:privilege>")),
        ("D:recognized-principal", ace("/principals/nobody/", "read")),
        ("D:recognized-principal", ace("/calendars/eve/", "read")),
        ("D:recognized-principal", ace("http://elsewhere.example/principals/eve/", "read")),
        ("D:recognized-principal", ace("mailto:eve@example.org", "read")),
        ("D:recognized-principal", ace("<D:everybody/>", "read")),
        ("D:allowed-principal", ace("<D:all/>", "read")),
        ("D:allowed-principal", ace("<D:authenticated/>", "read")),
        ("D:allowed-principal", ace("<D:unauthenticated/>", "read")),
        ("D:allowed-principal", ace("<D:self/>", "read")),
        ("D:allowed-principal", ace("/principals/group~staff/", "read")),
        ("D:no-protected-ace-conflict", ace("<D:property><D:owner/></D:property>", "read")),
        ("D:no-protected-ace-conflict", ace(principal("anna"), "read")),
        ("D:no-protected-ace-conflict", ace(proxy("anna", "write"), "read")),
        ("D:no-protected-ace-conflict", ace("/principals/group~admin/", "all")),
        ("D:no-protected-ace-conflict", ace(EVE, "read", more="<D:protected/>")),
        ("D:no-inherited-ace-conflict",
         ace(EVE, "read", more=f"<D:inherited><D:href>{HOME}</D:href></D:inherited>")),
        ("D:no-ace-conflict", ace(EVE, "write")),
        ("D:no-ace-conflict", ace(EVE, "read", "bind")),
        ("D:no-ace-conflict", ace(EVE, "read", "write-acl")),
        ("D:no-ace-conflict", ace(EVE, "all")),
    )
    with unchanged(s):
        for condition, bad in rows:
            for aces in ((bad,), (good, bad), (bad, good)):
                r = set_acl(s, CALENDAR, *aces)
                refused(r, 403, condition)
                assert shares(s) == {MARC: {"read"}}, (condition, bad)


def test_limited_number_of_aces(s):
    many = [ace(principal(u), "read") for u in ("marc", "eve", "dora", "marc")]
    set_acl(s, CALENDAR)
    refused(set_acl(s, CALENDAR, *many), 403, "D:limited-number-of-aces")
    assert shares(s) == {}
    assert set_acl(s, CALENDAR, *many[:3]).status == 200 and len(shares(s)) == 3
    set_acl(s, CALENDAR)


def test_malformed(s):
    set_acl(s, CALENDAR, ace(MARC, "read"))
    for inside in (
        "<D:ace/>",
        f"<D:ace><D:principal><D:href>{EVE}</D:href></D:principal></D:ace>",
        f"<D:ace><D:principal/><D:grant><D:privilege><D:read/></D:privilege></D:grant></D:ace>",
        ace(EVE),
        ace(EVE).replace("<D:grant>", "<D:grant><D:privilege/>"),
        ace(EVE).replace("<D:grant>", "<D:grant><D:read/>"),
    ):
        refused(s.request("ACL", CALENDAR, body("D:acl", inside)), 400)
    for sent in ("", "<D:acl", body("D:propfind", "")):
        refused(s.request("ACL", CALENDAR, sent), 400)
    assert shares(s) == {MARC: {"read"}}


def test_where_nothing_can_be_set(s):
    """Rights of homes, events and principals are fixed: nobody has write-acl there."""
    s.put(CALENDAR + "x.ics", event("x"))
    for path in ("/", "/principals/", "/calendars/", HOME, CALENDAR + "x.ics", principal("anna"),
                 proxy("anna", "read")):
        r = set_acl(s, path, ace(EVE, "read"))
        refused(r, 403, "D:need-privileges")
    refused(set_acl(s, HOME + "none/", ace(EVE, "read")), 404)
    for user in ("marc", "paul"):
        refused(set_acl(s, CALENDAR, ace(principal(user), "read", "write"), user=user), 403, "D:need-privileges")
    refused(set_acl(s, CALENDAR, user="eve"), 404)
