"""expand-property (RFC 3253 3.8): hrefs replaced by what they name, as far as who asks may see it."""

from acl import hrefs, principal, proxy
from dav import CALENDAR, HOME, body, refused
from dedit_wire import Server, event, tag

SERVER = {"users": ("anna", "marc", "eve"), "settings": "hrefs = 3"}
CS, C = "http://calendarserver.org/ns/", "urn:ietf:params:xml:ns:caldav"


def want(name, *inner, ns=None):
    namespace = f' namespace="{ns}"' if ns else ""
    return f'<D:property name="{name}"{namespace}>{"".join(inner)}</D:property>'


def expand(s, path, *inner, depth="0", user="anna"):
    headers = {} if depth is None else {"Depth": depth}
    return s.request("REPORT", path, body("D:expand-property", "".join(inner)), headers, user)


def expanded(prop):
    """href -> {name: element} of the responses inside a property; a status instead of a dictionary."""
    out = {}
    for response in prop.findall(".//" + tag("D:response")):
        status = response.find(tag("D:status"))
        out[response.findtext(tag("D:href"))] = int(status.text.split()[1]) if status is not None else {
            p.tag: p
            for stat in response.findall(tag("D:propstat"))
            if " 200 " in stat.findtext(tag("D:status"))
            for p in stat.find(tag("D:prop"))
        }
    return out


def test_one_level(s):
    s.dedit("share", "anna/calendar", "marc", "read")
    path = "/calendars/marc/anna~calendar/"
    for depth in ("0", None):
        r = expand(s, path, want("owner", want("displayname"), want("getetag")), want("displayname"), depth=depth,
                   user="marc")
        assert r.status == 207 and list(r.responses()) == [path], r
        props = r.responses()[path]
        assert set(props) == {tag("D:owner"), tag("D:displayname")}
        found = expanded(props[tag("D:owner")])
        assert list(found) == [principal("anna")] and found[principal("anna")][tag("D:displayname")].text == "anna"
        assert not props[tag("D:owner")].findall(tag("D:href"))
        # A propstat of its own for what the target hasn't.
        assert b"404 Not Found" in r.body
    assert hrefs(expand(s, path, want("owner"), user="marc").responses()[path][tag("D:owner")]) == [principal("anna")]


def test_as_apple_asks_for_delegation(s):
    """Whom I act for, with their home: two levels and a namespace."""
    s.dedit("delegate", "anna", "marc", "write")
    me = principal("marc")
    r = expand(s, me, want("calendar-proxy-write-for", want("displayname"), want("calendar-user-address-set", ns=C),
               want("calendar-home-set", want("owner"), want("current-user-privilege-set"), ns=C), ns=CS),
               want("calendar-proxy-read-for", want("displayname"), ns=CS), user="marc")
    props = r.responses()[me]
    assert len(props[tag("CS:calendar-proxy-read-for")]) == 0
    found = props[tag("CS:calendar-proxy-write-for")]
    assert found[0].findtext(tag("D:href")) == principal("anna"), r
    home = expanded(found)[HOME]
    assert hrefs(home[tag("D:owner")]) == [principal("anna")]
    r = expand(s, principal("anna"), want("principal-URL", want("displayname")))
    assert r.status == 207
    r = expand(s, proxy("anna", "write"), want("group-member-set", want("displayname")))
    assert list(expanded(r.responses()[proxy("anna", "write")][tag("D:group-member-set")])) == [me]
    s.dedit("delegate", "anna", "marc", "none")


def test_rights_are_those_of_who_asks(s):
    """T-32: what may not be seen looks as if it weren't there."""
    s.dedit("share", "anna/calendar", "marc", "read")
    r = expand(s, principal("anna"), want("calendar-home-set", want("displayname"), ns=C), user="marc")
    found = r.responses()[principal("anna")][tag("C:calendar-home-set")]
    assert expanded(found) == {HOME: 404}, r
    r = expand(s, CALENDAR, want("acl", want("displayname")), user="marc")
    assert b"marc" not in r.body and r.responses()[CALENDAR] == {}, r
    refused(expand(s, CALENDAR, want("owner", want("displayname")), user="eve"), 404)
    r = expand(s, CALENDAR, want("acl", want("displayname")))
    assert principal("marc") in expanded(r.responses()[CALENDAR][tag("D:acl")]), r


def test_depth_1(s):
    s.put(CALENDAR + "x.ics", event("x"))
    r = expand(s, CALENDAR, want("owner", want("displayname")), want("calendar-data", ns=C), depth="1")
    assert set(r.responses()) == {CALENDAR, CALENDAR + "x.ics"}
    for props in r.responses().values():
        assert list(expanded(props[tag("D:owner")])) == [principal("anna")]
        assert tag("C:calendar-data") not in props
    refused(expand(s, CALENDAR, want("owner"), depth="infinity"), 400)


def test_limits(s):
    chain = want("displayname")
    for _ in range(3):
        chain = want("owner", chain)
    assert expand(s, CALENDAR, chain).status == 207
    refused(expand(s, CALENDAR, want("owner", chain)), 403)
    # At most `hrefs` are followed in one request.
    s.dedit("share", "anna/calendar", "marc", "read")
    s.dedit("share", "anna/calendar", "eve", "read")
    found = expanded(expand(s, CALENDAR, want("acl", want("displayname"))).responses()[CALENDAR][tag("D:acl")])
    assert list(found.values()).count(507) >= 1 and 0 < sum(x != 507 for x in found.values()) <= 3, found
    s.dedit("share", "anna/calendar", "eve", "none")


def test_bad_input(s):
    for inside in ('<D:property namespace="DAV:"/>', '<D:property name=""/>', '<D:property name="a b"/>',
                   '<D:property name="x:y"/>', '<D:property name="&lt;x&gt;"/>'):
        refused(expand(s, CALENDAR, inside), 400)
    many = "".join(want(f"p{i}") for i in range(1001))
    refused(expand(s, CALENDAR, many), 400)
    r = expand(s, CALENDAR, want("nonsense", want("displayname"), ns='urn:"x"&amp;'.replace('"', "&quot;")), want("owner"))
    assert r.status == 207 and tag("D:owner") in r.responses()[CALENDAR], r
    assert expand(s, CALENDAR).status == 207


def keep(s, path, xml):
    update = f'<x:link xmlns:x="urn:x">{xml}</x:link><D:displayname>Work</D:displayname>'
    r = s.request("PROPPATCH", path, body("D:propertyupdate", f"<D:set><D:prop>{update}</D:prop></D:set>"))
    assert r.status == 207 and b" 200 " in r.body, r


def test_stored_properties_are_expanded_too(s):
    """What a client keeps is a property like any other, at the resource itself and at what it names."""
    keep(s, CALENDAR, f"<D:href>/%zz</D:href><D:href>{CALENDAR}</D:href>")
    r = expand(s, CALENDAR, want("displayname"), want("link", want("displayname"), ns="urn:x"))
    props = r.responses()[CALENDAR]
    assert props[tag("D:displayname")].text == "Work", r
    found = expanded(props["{urn:x}link"])
    assert found["/%zz"] == 404, r  # malformed: names nothing
    assert found[CALENDAR][tag("D:displayname")].text == "Work", r


def test_a_long_answer_ends(s):
    """Few stored hrefs and few long names would make gigabytes; the rest is refused, each by itself."""
    with Server() as own:
        keep(own, CALENDAR, "<D:href>/</D:href>" * 1000)
        names = "".join(want(chr(97 + i % 26) * (3000 + i), ns="urn:y") for i in range(150))
        r = expand(own, CALENDAR, want("link", names, ns="urn:x"))
        assert r.status == 207 and len(r.body) < 20 << 20, (r.status, len(r.body))
        link = r.responses()[CALENDAR]["{urn:x}link"]
        assert len(link) == 1000 and b"507 Insufficient Storage" in r.body, len(link)
