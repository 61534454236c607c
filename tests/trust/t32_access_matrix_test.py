"""trust.md T-32: who may do what. Every method on every kind of resource by every kind of user, as a table; then
the other doors: hrefs in reports, Destination, expand-property, tokens of another calendar, searches."""

import itertools

from acl import principal, proxy
from dav import HOME, body, in_hours, listing, multiget, props, proppatch, query, refused, report, sync, token
from dedit_wire import event, propfind

SERVER = {
    "users": ("anna", "marc", "dora", "eve", "paul"),
    "extra": 'group "admin" { members = { "paul" } }\n'
             'policy "p" { timezone = "UTC" currency = EUR price = "80 EUR" tiers = { "48h 100%" } owner-changes = client }\n'
             'calendar "anna/work" { policy = "p" }\n',
}
M = HOME + "matrix/"
NEW = HOME + "matrix-new/"

# role: (user, share of the calendar, delegation by the owner)
ROLES = {
    "anonymous": (None, "none", "none"),
    "stranger": ("eve", "none", "none"),
    "busy": ("marc", "free-busy", "none"),
    "reader": ("marc", "read", "none"),
    "writer": ("marc", "write", "none"),
    "delegate-read": ("dora", "none", "read"),
    "delegate-write": ("dora", "none", "write"),
    "owner": ("anna", "none", "none"),
    "admin": ("paul", "none", "none"),
}
WHERE = {
    "object": M + "x.ics",
    "new object": M + "new.ics",
    "calendar": M,
    "new calendar": NEW,
    "home": HOME,
    "homes": "/calendars/",
    "root": "/",
    "principals": "/principals/",
    "principal": principal("anna"),
    "proxy": proxy("anna", "write"),
    "group": "/principals/group~admin/",
    "fees": HOME + "fees/",
    "fee": HOME + "fees/",  # and its name, once it is known
}
# method, what, then the answers in the order of ROLES; one answer for all behind the first
TABLE = """
OPTIONS    object        401 200
OPTIONS    calendar      401 200
OPTIONS    home          401 200
OPTIONS    principal     401 200
GET        object        401 404 404 200 200 200 200 200 200
GET        calendar      401 404 403 200 200 200 200 200 200
GET        home          401 404 404 404 404 200 200 200 200
GET        root          401 200
GET        principals    401 200
GET        homes         401 200
GET        principal     401 200
GET        proxy         401 200
GET        group         401 200
HEAD       object        401 404 404 200 200 200 200 200 200
HEAD       calendar      401 404 403 200 200 200 200 200 200
HEAD       home          401 404 404 404 404 200 200 200 200
PROPFIND   object        401 404 404 207 207 207 207 207 207
PROPFIND   calendar      401 404 403 207 207 207 207 207 207
PROPFIND   home          401 404 404 404 404 207 207 207 207
PROPFIND   root          401 207
PROPFIND   principals    401 207
PROPFIND   homes         401 207
PROPFIND   principal     401 207
PROPFIND   proxy         401 207
PROPFIND   group         401 207
SYNC       calendar      401 404 403 207 207 207 207 207 207
MULTIGET   calendar      401 404 403 207 207 207 207 207 207
QUERY      calendar      401 404 403 207 207 207 207 207 207
FREEBUSY   calendar      401 404 200 200 200 200 200 200 200
EXPAND     object        401 404 404 207 207 207 207 207 207
EXPAND     calendar      401 404 403 207 207 207 207 207 207
EXPAND     home          401 404 404 404 404 207 207 207 207
EXPAND     principal     401 207
EXPAND     proxy         401 207
ACLPROPS   object        401 404 404 403 403 403 403 207 207
ACLPROPS   calendar      401 404 403 403 403 403 403 207 207
ACLPROPS   home          401 404 404 404 404 403 403 207 207
ACLPROPS   principal     401 403 403 403 403 403 403 207 207
PUT        object        401 403 403 403 204 403 204 204 403
PUT        new.object    401 403 403 403 201 403 201 201 403
DELETE     object        401 404 404 403 204 403 204 204 204
DELETE     calendar      401 404 403 403 403 403 204 204 204
DELETE     home          401 404 404 404 404 405 405 405 405
DELETE     principal     401 405
DELETE     proxy         401 405
DELETE     group         401 405
COPY       object        401 404 404 201 201 201 201 201 201
MOVE       object        401 404 404 403 201 403 201 201 201
COPYINTO   new.object    401 403 403 403 201 403 201 201 403
MOVEINTO   new.object    401 403 403 403 201 403 201 201 403
COPYOVER   object        401 403 403 403 204 403 204 204 403
PROPPATCH  calendar      401 404 403 403 207 403 207 207 403
PROPPATCH  proxy         401 403 403 403 403 403 403 207 403
MKCALENDAR new.calendar  401 403 403 403 403 403 201 201 403
MKCALENDAR calendar      401 403
MKCOL      calendar      401 403 405 405 405 405 405 405 405
MKCOL      new.calendar  401 403
ACL        calendar      401 404 403 403 403 403 403 200 403
ACL        object        401 404 404 403 403 403 403 403 403
ACL        home          401 404 404 404 404 403 403 403 403
ACL        principal     401 403
ACL        proxy         401 403
ACL        group         401 403
LOCK       object        401 405
LOCK       calendar      401 405
POST       calendar      401 404 403 403 201 403 201 201 403
PUBLISH    calendar      401 404 403 403 403 403 200 200 403
PROPPATCH  object        401 404 404 403 207 403 207 207 403
PROPPATCH  home          401 404 404 404 404 403 207 207 403
PROPPATCH  principal     401 403 403 403 403 403 403 207 403
BUSYSET    home          401 404 404 404 404 403 207 207 403
GET        fee           401 404 404 404 404 200 200 200 200
PROPFIND   fee           401 404 404 404 404 207 207 207 207
GET        fees          401 404 404 404 404 200 200 200 200
PROPFIND   fees          401 404 404 404 404 207 207 207 207
SYNC       fees          401 404 404 404 404 207 207 207 207
MULTIGET   fees          401 404 404 404 404 207 207 207 207
FREEBUSY   fees          401 404 404 404 404 200 200 200 200
ACL        fees          401 404 404 404 404 403 403 403 403
POST       fees          401 404 404 404 404 403 403 403 403
DELETE     fees          401 404 404 404 404 403 403 403 403
COPY       fee           401 404 404 404 404 403 403 403 403
"""
GROUP = "<D:group-member-set/>"
NAMED = props("D:displayname")
SENT = {
    "PROPFIND": propfind("D:resourcetype"),
    "SYNC": sync(),
    "MULTIGET": multiget(M + "x.ics"),
    "QUERY": query(""),
    "FREEBUSY": body("C:free-busy-query", '<C:time-range start="20270101T000000Z" end="20280101T000000Z"/>'),
    "EXPAND": body("D:expand-property", '<D:property name="owner"><D:property name="displayname"/></D:property>'),
    "ACLPROPS": body("D:acl-principal-prop-set", NAMED),
    "PUT": event("matrix", summary="changed"),
    "ACL": body("D:acl"),
    "POST": event("posted"),
    "PUBLISH": body("CS:publish-calendar"),
}


def rows():
    for line in TABLE.split("\n"):
        if line:
            method, what, first, *others = line.split()
            others = others * (len(ROLES) - 1) if len(others) == 1 else others
            yield method, what.replace(".", " "), [int(x) for x in (first, *others)]


def setting(s, role):
    user, share, delegate = ROLES[role]
    s.request("DELETE", M)
    s.request("DELETE", NEW)
    assert s.request("MKCALENDAR", M).status == 201
    s.put(M + "x.ics", event("matrix"))
    if share != "none":
        s.dedit("share", "anna/matrix", user, share)
    if user:
        own = f"/calendars/{user}/calendar/"
        for name in ("taken.ics", "own.ics"):
            s.request("DELETE", own + name, user=user)
        s.put(own + "own.ics", event("own"), user)
    return user


def ask(s, method, what, user):
    """The request of a row; a word of ours stands for a method with a certain body or Destination."""
    path, sent = WHERE[what], SENT.get(method)
    headers = {"Depth": "0"}
    own = f"/calendars/{user or 'anna'}/calendar/"
    if method in ("PUT", "POST"):
        headers["Content-Type"] = "text/calendar"
        sent = event("matrix-new") if what == "new object" else sent
    elif method in ("COPY", "MOVE"):
        headers["Destination"] = own + "taken.ics"
    elif method in ("COPYINTO", "MOVEINTO", "COPYOVER"):
        headers["Destination"], path, method = path, own + "own.ics", method[:4]
        if what == "object":  # over the same appointment, or it would be another with its name
            s.request("DELETE", own + "own.ics", user=user or "anna")
            s.put(own + "own.ics", event("matrix"), user or "anna")
    elif method == "PROPPATCH":
        sent = proppatch(GROUP if what == "proxy" else '<x xmlns="urn:x">1</x>')
    elif method == "BUSYSET":
        method, sent = "PROPPATCH", proppatch(f"<C:calendar-free-busy-set><D:href>{M}</D:href></C:calendar-free-busy-set>")
    elif method == "PUBLISH":
        method, headers["Content-Type"] = "POST", "application/xml"
    if method in ("SYNC", "MULTIGET", "QUERY", "FREEBUSY", "EXPAND", "ACLPROPS"):
        method = "REPORT"
    return s.request(method, path, sent, headers, user)


def lose(s):
    """An entry in the calendar of fees."""
    s.dedit("calendar", "add", "anna/work")
    assert s.put(HOME + "work/lost.ics", event("lost", in_hours(5), in_hours(6), "Marc 80 €")).status == 201
    assert s.request("DELETE", HOME + "work/lost.ics").status == 204
    WHERE["fee"] = HOME + "fees/" + next(name for name in listing(s, HOME + "fees/") if name)


def state(s):
    return listing(s, M), token(s, M)


def test_matrix(s):
    changes = {"PUT", "DELETE", "COPY", "MOVE", "COPYINTO", "MOVEINTO", "COPYOVER", "PROPPATCH", "MKCALENDAR", "MKCOL",
               "ACL", "POST", "PUBLISH"}
    lose(s)
    for n, role in enumerate(ROLES):
        user, _, delegate = ROLES[role]
        if delegate != "none":
            s.dedit("delegate", "anna", user, delegate)
        user = setting(s, role)
        for method, what, expected in rows():
            before = state(s)
            r = ask(s, method, what, user)
            assert r.status == expected[n], (method, what, role, expected[n], r)
            if r.status >= 400:
                assert state(s) == before, (method, what, role)
                assert s.request("GET", NEW).status == 404
            if r.status in (401, 404):
                assert b"matrix" not in r.body, "tells nothing"
            if method in changes and r.status < 400:
                if delegate != "none":  # PROPPATCH of the group may have taken it
                    s.dedit("delegate", "anna", user, delegate)
                setting(s, role)
        if delegate != "none":
            s.dedit("delegate", "anna", user, "none")


def test_the_table_is_whole(_):
    """Each row has an answer for each role, and no method that a resource offers is missing."""
    named = {(m, w) for m, w, _ in rows()}
    assert all(len(expected) == len(ROLES) for _, _, expected in rows())
    for method, what in itertools.product(("GET", "PROPFIND"), WHERE):
        assert (method, what) in named or what.startswith("new"), (method, what)


# ---- the other doors ----


def test_hrefs_in_reports(s):
    """Objects of another calendar are not there, whoever may read that one."""
    for role in ("stranger", "busy", "reader", "writer", "owner", "admin"):
        user = setting(s, role)
        own = f"/calendars/{user}/calendar/"
        r = report(s, own, multiget(own + "own.ics", M + "x.ics", M + "none.ics", "/calendars/anna/none/x.ics"), user=user)
        found = r.responses()
        assert found[own + "own.ics"] and not any(v for h, v in found.items() if "matrix" in h), (role, r)
        assert {found[M + "x.ics"], found[M + "none.ics"]} == {None}


def test_tokens_of_another_calendar(s):
    user = setting(s, "owner")
    foreign = token(s, M)
    for user in ("anna", "marc", "eve"):
        refused(s.request("REPORT", f"/calendars/{user}/calendar/", sync(foreign), {"Depth": "1"}, user), 403,
                "D:valid-sync-token")
        if user != "anna":
            refused(s.request("REPORT", M, sync(foreign), {"Depth": "1"}, user), 404)


def test_expand_property_follows_only_rights(s):
    """From the principal, which everybody finds, nobody gets into the home who has no right there."""
    xml = body("D:expand-property", '<D:property name="calendar-home-set" namespace="urn:ietf:params:xml:ns:caldav">'
               '<D:property name="displayname"/><D:property name="acl"/></D:property>')
    for role, seen in (("stranger", False), ("reader", False), ("writer", False), ("delegate-read", True),
                       ("owner", True), ("admin", True)):
        user, _, delegate = ROLES[role]
        s.dedit("delegate", "anna", "dora", delegate)
        user = setting(s, role)
        r = report(s, principal("anna"), xml, depth="0", user=user)
        assert (b"404 Not Found" in r.body) != seen, (role, r)
        assert (b"<D:grant>" in r.body) == (role in ("owner", "admin")), (role, r)
    s.dedit("delegate", "anna", "dora", "none")


def test_searches_find_principals_only(s):
    setting(s, "stranger")
    for name, inside in (
        ("D:principal-match", "<D:principal-property><D:owner/></D:principal-property>"),
        ("D:principal-match", "<D:self/>"),
        ("D:principal-property-search", f"<D:property-search>{NAMED}<D:match/></D:property-search>"),
        ("CS:calendarserver-principal-search", "<CS:search-token/>"),
    ):
        for path in ("/", "/principals/", "/calendars/"):
            r = report(s, path, body(name, inside + NAMED), depth="0", user="eve")
            assert not any(h.startswith(HOME) for h in r.responses()), r
