"""Reports about principals (RFC 3744 9, calendarserver-principal-search)."""

from acl import hrefs, local, principal, proxy
from dav import CALENDAR, HOME, body, props, refused, report, statuses
from dedit_wire import event, tag

SLOW = True

GROUPS = 'group "admin" { members = { "paul" } }\ngroup "staff" { members = { "anna", "eve" } }'
SERVER = {"users": ("marc", "eve", "paul"), "settings": "results = 5", "extra": GROUPS}
ANNA, MARC, EVE, PAUL = (principal(u) for u in ("anna", "marc", "eve", "paul"))


def setting(s):
    if s.dedit("user", "list").stdout.find("anna ") < 0:
        s.add_user("anna", "--name", "Änna Martin", "--email", "anna@example.org", "--email", "am@Example.com")


def search(*criteria, test=None, more="", want=("D:displayname",)):
    """criteria: (property or properties, text[, match-type])"""
    inside = "".join(
        "<D:property-search>%s<D:match%s>%s</D:match></D:property-search>"
        % (props(*names.split()), f' match-type="{how[0]}"' if how else "", text)
        for names, text, *how in criteria
    )
    xml = body("D:principal-property-search", inside + props(*want) + more)
    return xml.replace("<D:principal-property-search", f'<D:principal-property-search test="{test}"', 1) if test else xml


def found(s, xml, path="/principals/", user="anna"):
    return sorted(report(s, path, xml, depth="0", user=user).responses())


def test_principal_property_search(s):
    """9.4: substrings, without regard to case; several criteria are all to be met."""
    setting(s)
    everyone = "<D:apply-to-principal-collection-set/>"
    for criteria, expected in (
        ([("D:displayname", "martin")], [ANNA]),
        ([("D:displayname", "ÄNNA MAR")], [ANNA]),
        ([("D:displayname", "ma")], [ANNA, MARC]),
        ([("D:displayname", "nobody")], []),
        ([("CS:email-address-set", "@EXAMPLE.org")], [ANNA]),
        ([("C:calendar-user-address-set", "mailto:am@example.com")], [ANNA]),
        ([("C:calendar-user-address-set", "/principals/marc/")], [MARC]),
        ([("D:displayname", "ma"), ("CS:email-address-set", "anna")], [ANNA]),
        ([("D:displayname", "ma"), ("CS:email-address-set", "marc")], []),
        ([("D:displayname CS:email-address-set", "ann")], []),
        ([("D:displayname CS:email-address-set", "m")], [ANNA]),
        ([("D:displayname", "staff")], ["/principals/group~staff/"]),
        ([("C:calendar-user-type", "GROUP"), ("D:displayname", "sta")], ["/principals/group~staff/"]),
        ([("D:getetag", "x")], []),
        ([("A:x", "x")], []),
        ([("D:displayname", "ma", "starts-with")], [MARC]),
        ([("D:displayname", "marc", "equals")], [MARC]),
        ([("D:displayname", "arti", "equals")], []),
    ):
        assert found(s, search(*criteria)) == sorted(expected), criteria
        assert found(s, search(*criteria, more=everyone), HOME) == sorted(expected), criteria
        assert found(s, search(*criteria), "/") == sorted(expected), criteria
    assert found(s, search(("D:displayname", "marc"), ("CS:email-address-set", "anna"), test="anyof")) == [ANNA, MARC]
    assert found(s, search(("D:displayname", "ma")), HOME) == []  # no principals below
    r = report(s, "/principals/", search(("D:displayname", "martin"), want=("D:displayname", "CS:email-address-set",
               "C:calendar-data", "D:principal-URL")), depth="0")
    assert set(statuses(r)[ANNA].values()) == {200, 404}
    assert r.responses()[ANNA][tag("D:displayname")].text == "Änna Martin"
    assert [x.text for x in r.responses()[ANNA][tag("CS:email-address-set")]] == ["anna@example.org", "am@example.com"]


def test_search_limits_and_bad_input(s):
    setting(s)
    r = report(s, "/principals/", search(("D:displayname", "")), depth="0")
    assert len(r.responses()) == 6 and statuses(r)["/principals/"][""] == 507, r
    for depth in ("1", "infinity"):
        for name in ("D:principal-property-search", "D:principal-search-property-set", "D:principal-match",
                     "CS:calendarserver-principal-search", "D:acl-principal-prop-set"):
            refused(s.request("REPORT", "/principals/" if "acl" not in name else CALENDAR, body(name),
                              {"Depth": depth}), 400)
    prop = props("D:displayname")
    for inside in ("", "<D:property-search/>", f"<D:property-search>{prop}</D:property-search>",
                   "<D:property-search><D:match>x</D:match></D:property-search>"):
        refused(s.request("REPORT", "/principals/", body("D:principal-property-search", inside)), 400)
    many = search(*([("D:displayname", "a")] * 101))
    refused(s.request("REPORT", "/principals/", many), 403)
    # Without a Depth it is 0.
    assert s.request("REPORT", "/principals/", search(("D:displayname", "marc"))).status == 207


def test_principal_search_property_set(s):
    """9.5"""
    setting(s)
    r = s.request("REPORT", "/principals/", body("D:principal-search-property-set"), {"Depth": "0"})
    assert r.status == 200 and local(r.xml()) == "principal-search-property-set", r
    rows = r.xml().findall(tag("D:principal-search-property"))
    names = {local(row.find(tag("D:prop"))[0]) for row in rows}
    assert names == {"displayname", "email-address-set", "calendar-user-address-set", "calendar-user-type"}
    assert all(row.findtext(tag("D:description")) for row in rows)


def cs_search(*words, context=None, limit=None):
    inside = "".join(f"<CS:search-token>{w}</CS:search-token>" for w in words)
    inside += f"<CS:limit><CS:nresults>{limit}</CS:nresults></CS:limit>" if limit else ""
    xml = body("CS:calendarserver-principal-search", inside + props("D:displayname"))
    name = "<CS:calendarserver-principal-search"
    return xml.replace(name, f'{name} context="{context}"', 1) if context else xml


def test_calendarserver_principal_search(s):
    """Apple's: all words, each in the name or an address."""
    setting(s)
    for words, context, expected in (
        (("mar",), "attendee", [ANNA, MARC]),
        (("mar", "änna"), "attendee", [ANNA]),
        (("martin", "example.org"), None, [ANNA]),
        (("martin", "eve"), None, []),
        (("sta",), "attendee", ["/principals/group~staff/"]),
        (("sta",), "group", ["/principals/group~staff/"]),
        (("sta",), "user", []),
        (("mar",), "group", []),
        (("mar",), "location", []),
        (("mar",), "resource", []),
    ):
        assert found(s, cs_search(*words, context=context)) == sorted(expected), (words, context)
    r = report(s, "/principals/", cs_search("mar", limit=1), depth="0")
    assert len(r.responses()) == 2 and statuses(r)["/principals/"][""] == 507, r
    refused(s.request("REPORT", "/principals/", cs_search()), 400)
    refused(s.request("REPORT", "/principals/", cs_search("x", limit="x")), 400)


def match(inside):
    return body("D:principal-match", inside + props("D:displayname"))


def test_principal_match(s):
    """9.3"""
    setting(s)
    s.dedit("delegate", "eve", "anna", "read")
    s.put(CALENDAR + "x.ics", event("x"))
    selves = [ANNA, proxy("eve", "read"), "/principals/group~staff/"]
    for path in ("/", "/principals/"):
        assert found(s, match("<D:self/>"), path) == sorted(selves)
    assert found(s, match("<D:self/>"), "/calendars/") == []
    assert found(s, match("<D:self/>"), EVE) == [proxy("eve", "read")]
    owner = match("<D:principal-property><D:owner/></D:principal-property>")
    assert found(s, owner, CALENDAR) == [CALENDAR + "x.ics"]
    assert found(s, owner, HOME) == [CALENDAR, CALENDAR + "x.ics", HOME + "tasks/"]
    assert found(s, owner, "/principals/") == [ANNA, proxy("anna", "read"), proxy("anna", "write")]
    assert found(s, owner, "/calendars/eve/") == []
    r = report(s, "/", owner, depth="0")
    assert len(r.responses()) == 6 and statuses(r)["/"][""] == 507, r
    for inside in ("", "<D:self/><D:principal-property><D:owner/></D:principal-property>"):
        refused(s.request("REPORT", "/principals/", match(inside)), 400)
    s.dedit("delegate", "eve", "anna", "none")


def test_acl_principal_prop_set(s):
    """9.2: each principal in the entries, with properties; for those who may read the entries."""
    setting(s)
    s.dedit("share", "anna/calendar", "marc", "read")
    xml = body("D:acl-principal-prop-set", props("D:displayname", "D:principal-URL"))
    r = report(s, CALENDAR, xml, depth="0")
    assert sorted(r.responses()) == sorted(
        [ANNA, MARC, proxy("anna", "read"), proxy("anna", "write"), "/principals/group~admin/"])
    assert all(hrefs(p[tag("D:principal-URL")]) == [h] for h, p in r.responses().items())
    refused(s.request("REPORT", CALENDAR, xml, {"Depth": "0"}, "marc"), 403, "D:need-privileges")
    refused(s.request("REPORT", CALENDAR, xml, {"Depth": "0"}, "eve"), 404)
    s.dedit("share", "anna/calendar", "marc", "none")
