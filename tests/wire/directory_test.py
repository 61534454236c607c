"""The directory (doc/architecture.md 15.31, trust.md T-33): clients find, and are found by, only themselves,
administrators, and the owners and delegates of the calendars that they are clients on."""

import itertools

from acl import hrefs_of, principal, proxy
from dav import body, multiget, props, report
from dedit_wire import propfind

SLOW = True

POLICY = '{ timezone = "Europe/Paris" currency = EUR price-from = title tiers = { "48h 50%", "24h 100%" } }'
SERVER = {
    # anna keeps the practice and olga another one; dora acts for anna, rita reads her calendars
    "users": ("anna", "olga", "dora", "rita", "marc", "luc", "eve", "paul"),
    "extra": f'policy "therapy" {POLICY}\ncalendar "anna/work" {{ policy = "therapy" }}\n'
             'calendar "olga/work" { policy = "therapy" }\n'
             'group "admin" { members = { "paul" } }\ngroup "staff" { members = { "anna", "dora", "luc" } }',
}
USERS = SERVER["users"]
# Who finds whom, beside themselves: marc and luc are clients of anna's, luc of olga's too; eve is nobody's.
EVERYBODY = {"anna", "olga", "dora", "rita", "eve", "paul"}
FINDS = {
    "anna": EVERYBODY | {"marc", "luc"},
    "olga": EVERYBODY | {"luc"},
    "dora": EVERYBODY | {"marc", "luc"},
    "rita": EVERYBODY,
    "eve": EVERYBODY,
    "paul": set(USERS),
    "marc": {"marc", "anna", "dora", "paul"},
    "luc": {"luc", "anna", "dora", "olga", "paul"},
}


def setting(s):
    if "anna/work" in s.dedit("calendar", "list", "anna").stdout:
        return
    s.dedit("calendar", "add", "anna/work")
    s.dedit("calendar", "add", "olga/work")
    s.dedit("delegate", "anna", "dora", "write")
    s.dedit("delegate", "anna", "rita", "read")
    for owner, client in (("anna", "marc"), ("anna", "luc"), ("olga", "luc")):
        s.dedit("share", f"{owner}/work", client, "write")


def ask(s, path, user, method="PROPFIND", sent=None, depth="0"):
    return s.request(method, path, sent, {"Depth": depth}, user)


def test_who_finds_whom(s):
    setting(s)
    for user, other in itertools.product(USERS, USERS):
        r = ask(s, principal(other), user, sent=propfind("D:displayname"))
        assert (r.status == 207) == (other in FINDS[user]), (user, other, r)
        assert ask(s, proxy(other, "read"), user).status == r.status


def names(hrefs):
    return {h.split("/")[2] for h in hrefs if "~" not in h and h.count("/") == 3}


def test_searches_find_the_same(s):
    setting(s)
    search = body("D:principal-property-search", "<D:property-search>" + props("D:displayname") +
                  "<D:match></D:match></D:property-search>" + props("D:displayname"))
    words = body("CS:calendarserver-principal-search", "<CS:search-token></CS:search-token>" + props("D:displayname"))
    for user, xml in itertools.product(USERS, (search, words)):
        found = names(report(s, "/principals/", xml, depth="0", user=user).responses())
        assert found == FINDS[user], (user, found)


def test_unknown_and_forbidden_look_alike(s):
    """Status, headers and body, by whatever method."""
    setting(s)
    bodies = {"PROPFIND": propfind("D:displayname"), "REPORT": body("D:expand-property"),
              "PROPPATCH": body("D:propertyupdate", "<D:remove><D:prop><D:displayname/></D:prop></D:remove>"),
              "ACL": body("D:acl")}
    for method, kind in itertools.product(
        ("GET", "HEAD", "OPTIONS", "PROPFIND", "PROPPATCH", "REPORT", "PUT", "DELETE", "COPY", "MOVE", "ACL",
         "MKCOL", "LOCK"),
        ("/principals/{}/", "/principals/{}/calendar-proxy-write/", "/calendars/{}/", "/calendars/{}/calendar/"),
    ):
        answers = []
        for other in ("eve", "luc", "nobody"):
            r = ask(s, kind.format(other), "marc", method, bodies.get(method))
            # an href in the answer is the request's
            answers.append((r.status, sorted((k, v) for k, v in r.all_headers
                                             if k not in ("date", "content-length", "x-request-id")),
                            r.body.replace(other.encode(), b"NAME")))
        assert answers[0] == answers[1] == answers[2], (method, kind, answers)


def test_lists_name_nobody_else(s):
    """Members of groups, memberships, delegates: only whom one finds."""
    setting(s)
    staff = "/principals/group~staff/"
    assert hrefs_of(s, staff, "D:group-member-set") == [principal(u) for u in ("anna", "dora", "luc")]
    assert hrefs_of(s, staff, "D:group-member-set", "eve") == [principal(u) for u in ("anna", "dora")]
    # A client sees the groups that it is in.
    assert hrefs_of(s, staff, "D:group-member-set", "luc") == [principal(u) for u in ("anna", "dora", "luc")]
    assert ask(s, staff, "marc").status == 404
    assert ask(s, staff, "marc").body == ask(s, "/principals/group~none/", "marc").body
    assert hrefs_of(s, principal("anna"), "D:group-membership", "marc") == []
    assert hrefs_of(s, proxy("anna", "write"), "D:group-member-set", "marc") == [principal("dora")]
    assert hrefs_of(s, proxy("anna", "read"), "D:group-member-set", "marc") == []
    assert hrefs_of(s, proxy("anna", "read"), "D:group-member-set", "luc") == []
    assert hrefs_of(s, principal("rita"), "CS:calendar-proxy-read-for", "eve") == [principal("anna")]


def test_acl_recognizes_only_whom_one_finds(s):
    setting(s)
    for other, condition in (("eve", b"recognized-principal"), ("nobody", b"recognized-principal")):
        xml = body("D:acl", f"<D:ace><D:principal><D:href>{principal(other)}</D:href></D:principal><D:grant>"
                            "<D:privilege><D:read/></D:privilege></D:grant></D:ace>")
        r = s.request("ACL", "/calendars/marc/calendar/", xml, user="marc")
        assert r.status == 403 and condition in r.body, r
        r = s.request("PROPPATCH", proxy("marc", "read"), body(
            "D:propertyupdate", f"<D:set><D:prop><D:group-member-set><D:href>{principal(other)}</D:href>"
            "</D:group-member-set></D:prop></D:set>"), user="marc")
        assert r.status == 207 and b"403" in r.body and condition in r.body, r


def test_ends_with_the_share(s):
    setting(s)
    s.dedit("share", "olga/work", "luc", "none")
    assert ask(s, principal("olga"), "luc").status == 404 and ask(s, principal("luc"), "olga").status == 404
    s.dedit("share", "olga/work", "luc", "free-busy")
    assert ask(s, principal("olga"), "luc").status == 207
    s.dedit("share", "olga/work", "luc", "write")
    s.dedit("delegate", "anna", "dora", "none")
    assert ask(s, principal("dora"), "marc").status == 404
    s.dedit("delegate", "anna", "dora", "write")


def test_sharing_a_calendar_without_policy_is_knowing_each_other(s):
    setting(s)
    assert ask(s, principal("eve"), "marc").status == 404
    s.dedit("share", "eve/calendar", "marc", "read")
    assert ask(s, principal("eve"), "marc").status == 207 and ask(s, principal("marc"), "eve").status == 207
    assert ask(s, "/calendars/eve/calendar/", "marc", "REPORT", multiget("/calendars/eve/calendar/x.ics")).status == 207
    s.dedit("share", "eve/calendar", "marc", "none")
