"""Principals (RFC 3744 2, 4): accounts, groups of the configuration, groups of delegates."""

from acl import hrefs_of, principal, proxy
from dav import find, names_of, prop, proppatch, refused, statuses, text
from dedit_wire import Server

SERVER = {
    "users": ("anna", "marc", "eve", "paul"),
    "extra": 'group "admin" { members = { "paul" } }\ngroup "staff" { members = { "anna", "Eve", "nobody" } }',
}
STAFF = "/principals/group~staff/"


def test_an_account(s):
    path = principal("anna")
    assert names_of(prop(s, path, "D:resourcetype")) == {"collection", "principal"}
    assert hrefs_of(s, path, "D:principal-URL") == [path]
    assert hrefs_of(s, path, "D:alternate-URI-set") == []
    assert hrefs_of(s, path, "D:group-membership") == [STAFF]
    assert prop(s, path, "D:group-member-set") is None
    assert text(s, path, "C:calendar-user-type") == "INDIVIDUAL"
    children = set(find(s, path, "D:resourcetype", depth="1").responses())
    assert children == {path, proxy("anna", "read"), proxy("anna", "write")}


def test_a_group_of_the_configuration(s):
    assert names_of(prop(s, STAFF, "D:resourcetype")) == {"collection", "principal"}
    assert text(s, STAFF, "D:displayname") == "staff"
    assert hrefs_of(s, STAFF, "D:principal-URL") == [STAFF]
    # What has no account is no member.
    assert hrefs_of(s, STAFF, "D:group-member-set") == [principal("anna"), principal("eve")]
    assert hrefs_of(s, STAFF, "D:group-membership") == [] and hrefs_of(s, STAFF, "D:alternate-URI-set") == []
    assert text(s, STAFF, "C:calendar-user-type") == "GROUP"
    assert hrefs_of(s, principal("paul"), "D:group-membership") == ["/principals/group~admin/"]
    refused(s.request("PROPFIND", "/principals/group~none/", None, {"Depth": "0"}), 404)
    refused(s.request("PROPFIND", "/principals/group~/", None, {"Depth": "0"}), 404)
    r = s.request("PROPPATCH", STAFF, proppatch("<D:group-member-set/>"))
    assert set(statuses(r)[STAFF].values()) == {403}, r


def test_listing(s):
    """One's own; administrators see everybody and all groups."""
    assert set(find(s, "/principals/", "D:resourcetype", depth="1").responses()) == {
        "/principals/", principal("anna")}
    assert set(find(s, "/principals/", "D:resourcetype", depth="1", user="paul").responses()) == {
        "/principals/", STAFF, "/principals/group~admin/", *map(principal, SERVER["users"])}


def test_names_of_groups_in_the_configuration(_):
    with Server(extra='group "no good" { members = { "anna" } }', start=False, users=()) as s:
        r = s.dedit("user", "list", check=False)
        assert r.returncode != 0 and "group 'no good'" in r.stderr and "dedit.conf:" in r.stderr, r
