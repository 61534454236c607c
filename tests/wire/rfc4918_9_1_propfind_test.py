"""RFC 4918 9.1 and 15, RFC 3744 5, RFC 4791 5.2 and 6.2: what resources say of themselves."""

import re

from dav import (
    CALENDAR,
    HOME,
    TASKS,
    body,
    find,
    href,
    names_of,
    prop,
    proppatch,
    refused,
    statuses,
    text,
    token,
    unchanged,
)
from dedit_wire import Server, event, propfind, tag

EVENT = CALENDAR + "event.ics"
UNKNOWN = "<x:unknown xmlns:x='urn:x'/>"


def ask(s, path, inner, depth="0", user="anna"):
    return s.request("PROPFIND", path, body("D:propfind", inner), {"Depth": depth}, user)


def test_named_properties(s):
    s.put(EVENT, event("event"))
    r = ask(s, EVENT, f"<D:prop><D:getetag/><D:getcontenttype/><D:quota-used-bytes/>{UNKNOWN}</D:prop>")
    assert r.status == 207 and r.headers["content-type"] == "application/xml; charset=utf-8"
    assert statuses(r) == {
        EVENT: {
            tag("D:getetag"): 200,
            tag("D:getcontenttype"): 200,
            tag("D:quota-used-bytes"): 404,
            "{urn:x}unknown": 404,
        }
    }
    # 14.22: one propstat for each status, and none without properties.
    assert len(r.xml()[0].findall(tag("D:propstat"))) == 2
    r = ask(s, EVENT, f"<D:prop>{UNKNOWN}</D:prop>")
    assert len(r.xml()[0].findall(tag("D:propstat"))) == 1 and statuses(r)[EVENT] == {"{urn:x}unknown": 404}
    r = ask(s, EVENT, "<D:prop/>")
    assert r.status == 207, r


def test_properties_of_an_object(s):
    r = s.put(EVENT, event("event", summary="Long"))
    get = s.request("GET", EVENT)
    assert text(s, EVENT, "D:getetag") == r.headers["etag"] == get.headers["etag"]
    assert text(s, EVENT, "D:getcontentlength") == str(len(get.body)) == get.headers["content-length"]
    assert (
        text(s, EVENT, "D:getcontenttype")
        == get.headers["content-type"]
        == "text/calendar; charset=utf-8; component=VEVENT"
    )
    assert text(s, EVENT, "D:getlastmodified") == get.headers["last-modified"]
    assert len(prop(s, EVENT, "D:resourcetype")) == 0


def test_allprop(s):
    """RFC 4918 9.1 lists what is in it; RFC 4791 5.2 and RFC 3744 5 keep theirs out."""
    s.put(EVENT, event("event"))
    for answer in (ask(s, EVENT, "<D:allprop/>"), s.request("PROPFIND", EVENT, None, {"Depth": "0"})):
        assert {t for t in statuses(answer)[EVENT]} == {
            tag("D:" + n)
            for n in (
                "creationdate",
                "getetag",
                "getcontenttype",
                "getcontentlength",
                "getlastmodified",
                "lockdiscovery",
                "resourcetype",
                "supportedlock",
            )
        }, answer
    named = statuses(ask(s, CALENDAR, "<D:allprop/>"))[CALENDAR]
    assert tag("D:displayname") in named and tag("C:calendar-timezone") not in named
    named = statuses(
        ask(s, CALENDAR, "<D:allprop/><D:include><D:sync-token/><C:calendar-data/></D:include>")
    )[CALENDAR]
    assert named[tag("D:sync-token")] == 200 and named[tag("C:calendar-data")] == 404


def test_include_names_nothing_twice(s):
    """14.8: what allprop has anyway is there once."""
    s.request("PROPPATCH", CALENDAR, proppatch('<x:dead xmlns:x="urn:x">1</x:dead>'))
    r = ask(
        s,
        CALENDAR,
        '<D:allprop/><D:include><D:resourcetype/><x:dead xmlns:x="urn:x"/><D:sync-token/></D:include>',
    )
    named = [p.tag for p in r.xml()[0].find(tag("D:propstat")).find(tag("D:prop"))]
    assert len(named) == len(set(named)) and {"{urn:x}dead", tag("D:sync-token")} <= set(named), r
    assert named.count(tag("D:resourcetype")) == 1
    s.request("PROPPATCH", CALENDAR, proppatch(remove='<x:dead xmlns:x="urn:x"/>'))


def test_locks_that_nobody_can_have(s):
    """15.8, 15.10: there, and empty; 9.10: not offered."""
    s.put(EVENT, event("event"))
    for path in ("/", "/principals/anna/", HOME, CALENDAR, EVENT):
        for name in ("D:lockdiscovery", "D:supportedlock"):
            element = prop(s, path, name)
            assert element is not None and len(element) == 0 and not element.text, (path, name)
        lock = "<D:lockinfo xmlns:D='DAV:'><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockinfo>"
        for method, sent in (("LOCK", lock), ("UNLOCK", None)):
            r = s.request(method, path, sent, {"Lock-Token": "<opaquelocktoken:x>"})
            assert r.status == 405 and method not in r.headers["allow"], (path, r)
        r = s.request("OPTIONS", path)
        classes = {c.strip() for c in r.headers["dav"].split(",")}
        assert {"1", "3"} <= classes and "2" not in classes and "LOCK" not in r.headers["allow"], (path, r)


def test_propname(s):
    r = ask(s, CALENDAR, "<D:propname/>")
    element = r.xml()[0].find(tag("D:propstat")).find(tag("D:prop"))
    assert {tag("D:resourcetype"), tag("D:sync-token"), tag("CS:getctag"), tag("D:owner")} <= {
        x.tag for x in element
    }
    assert not any(x.text or len(x) for x in element)


def test_depth(s):
    s.put(EVENT, event("event"))
    assert set(find(s, CALENDAR, "D:getetag", depth="0").responses()) == {CALENDAR}
    assert {CALENDAR, EVENT} <= set(find(s, CALENDAR, "D:getetag", depth="1").responses())
    assert set(find(s, HOME, "D:resourcetype", depth="1").responses()) >= {HOME, CALENDAR, TASKS}
    for depth in ({"Depth": "infinity"}, {}):
        for path in ("/", HOME, CALENDAR, "/principals/"):
            refused(s.request("PROPFIND", path, propfind("D:getetag"), depth), 403, "D:propfind-finite-depth")
        # Below an object there is nothing: any depth is finite.
        assert s.request("PROPFIND", EVENT, propfind("D:getetag"), depth).status == 207
    for depth in ("2", "", "-1", "01", "0, 1"):
        refused(s.request("PROPFIND", CALENDAR, propfind("D:getetag"), {"Depth": depth}), 400)


def test_nothing_there(s):
    for path in (
        "/none/",
        "/calendars/anna/none/",
        CALENDAR + "none.ics",
        CALENDAR + "x/y/z",
        "/principals/nobody/",
        "/calendars/nobody/",
        "/calendars/marc/",
        "/calendars/marc/calendar/",
    ):
        refused(s.request("PROPFIND", path, propfind("D:getetag"), {"Depth": "1"}), 404)


def test_resourcetypes_and_the_way_down(s):
    assert names_of(prop(s, "/", "D:resourcetype")) == {"collection"}
    assert names_of(prop(s, HOME, "D:resourcetype")) == {"collection"}
    assert names_of(prop(s, CALENDAR, "D:resourcetype")) == {"collection", "calendar"}
    assert names_of(prop(s, "/principals/anna/", "D:resourcetype")) == {"collection", "principal"}
    assert prop(s, CALENDAR, "D:resourcetype").find(tag("C:calendar")) is not None
    assert set(find(s, "/", "D:resourcetype", depth="1").responses()) == {"/", "/principals/", "/calendars/"}
    assert set(find(s, "/principals/", "D:resourcetype", depth="1").responses()) == {
        "/principals/",
        "/principals/anna/",
    }
    assert set(find(s, "/calendars/", "D:resourcetype", depth="1").responses()) == {"/calendars/", HOME}


def test_calendar_properties(s):
    """RFC 4791 5.2"""
    assert text(s, CALENDAR, "C:max-resource-size") == "1048576"
    assert (
        int(text(s, CALENDAR, "C:max-instances")) > 0
        and int(text(s, CALENDAR, "C:max-attendees-per-instance")) > 0
    )
    comps = lambda path: [c.get("name") for c in prop(s, path, "C:supported-calendar-component-set")]
    assert comps(CALENDAR) == ["VEVENT"] and comps(TASKS) == ["VTODO"]
    data = prop(s, CALENDAR, "C:supported-calendar-data")
    assert [d.attrib for d in data] == [{"content-type": "text/calendar", "version": "2.0"}]
    assert {c.text for c in prop(s, CALENDAR, "C:supported-collation-set")} >= {"i;ascii-casemap", "i;octet"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text(s, CALENDAR, "D:creationdate"))
    assert text(s, CALENDAR, "CS:getctag") == token(s)


def test_principal_properties(s):
    me = "/principals/anna/"
    for path in ("/", HOME, CALENDAR, me, "/principals/", "/calendars/"):
        assert href(s, path, "D:current-user-principal") == me, path
    for path in ("/", HOME, me):
        assert [h.text for h in prop(s, path, "C:calendar-home-set")] == [HOME], "one home only (asks.md 4)"
    assert href(s, me, "D:principal-URL") == me
    assert me in [h.text for h in prop(s, me, "C:calendar-user-address-set")]
    for path in (HOME, CALENDAR, me):
        assert href(s, path, "D:owner") == me
    assert href(s, CALENDAR, "D:principal-collection-set") == "/principals/"


def test_privileges_and_reports(s):
    own = names_of(prop(s, CALENDAR, "D:current-user-privilege-set"))
    assert {
        "read",
        "write",
        "write-content",
        "write-properties",
        "bind",
        "unbind",
        "read-free-busy",
    } <= own, own
    assert names_of(prop(s, CALENDAR, "D:supported-report-set")) >= {
        "calendar-query",
        "calendar-multiget",
        "free-busy-query",
        "sync-collection",
    }
    assert "sync-collection" in names_of(prop(s, HOME, "D:supported-report-set"))
    assert "sync-collection" not in names_of(prop(s, "/calendars/", "D:supported-report-set"))
    methods = {m.get("name") for m in prop(s, CALENDAR, "D:supported-method-set")}
    assert {"PROPFIND", "REPORT", "DELETE"} <= methods and "LOCK" not in methods


def test_bad_bodies(s):
    with unchanged(s):
        for sent in (
            "<D:propfind xmlns:D='DAV:'/>",
            "<D:propfind xmlns:D='DAV:'><D:prop/><D:allprop/></D:propfind>",
            "<propfind/>",
            "<D:propertyupdate xmlns:D='DAV:'/>",
            "<D:propfind xmlns:D='DAV:'>",
            "x",
            "<D:propfind xmlns:D='DAV:'><E:prop/></D:propfind>",
        ):
            refused(s.request("PROPFIND", CALENDAR, sent, {"Depth": "0"}), 400)
    # 17: what is not known is passed over.
    r = ask(s, CALENDAR, f"{UNKNOWN}<D:prop a='b'><D:sync-token/></D:prop>{UNKNOWN}")
    assert statuses(r) == {CALENDAR: {tag("D:sync-token"): 200}}


def test_hrefs_keep_the_spelling_of_the_request(_):
    """asks.md 21: some programs drop an href that is spelled otherwise than they asked."""
    with Server(users=("an.na@example.org",)) as s:
        user = "an.na@example.org"
        for name in ("an.na@example.org", "an.na%40example.org", "AN.NA@example.org", "%61n.na@example.org"):
            home = f"/calendars/{name}/"
            s.put(f"{home}calendar/a%20b.ics", event("a"), user=user)
            found = find(s, home + "calendar/", "D:getetag", depth="1", user=user).responses()
            assert set(found) == {home + "calendar/", home + "calendar/a%20b.ics"}, (name, found)
        assert set(find(s, f"//calendars/{user}//calendar", "D:getetag", user=user).responses()) == {
            f"/calendars/{user}/calendar/"
        }, "doubled and missing slashes are tolerated"
