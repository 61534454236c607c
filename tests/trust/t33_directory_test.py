"""trust.md T-33: whom one doesn't find looks like who isn't there: status, headers, body and work. (Who finds whom, through
searches, lists and DAV:acl: tests/wire/directory_test.py.)"""

import itertools

from dav import body, props, proppatch
from dedit_wire import PASSWORD, basic, event, propfind
from work import median, samples, tells

POLICY = '{ timezone = "Europe/Paris" currency = EUR price-from = title tiers = { "48h 50%", "24h 100%" } }'
SERVER = {
    # marc and luc are clients of anna's; eve is nobody's
    "users": ("anna", "marc", "luc", "eve"),
    "extra": f'policy "therapy" {POLICY}\ncalendar "anna/work" {{ policy = "therapy" }}\n',
}
IGNORED = ("date", "content-length", "x-request-id")
NAMES = ("eve", "luc", "nobody")  # two who may not be found, and one who isn't there
PLACES = ("/principals/{}/", "/principals/{}/calendar-proxy-write/", "/calendars/{}/", "/calendars/{}/calendar/",
          "/calendars/{}/calendar/x.ics", "/calendars/marc/{}~calendar/")


def setting(s):
    if "anna/work" in s.dedit("calendar", "list", "anna").stdout:
        return
    s.dedit("calendar", "add", "anna/work")
    for client in ("marc", "luc"):
        s.dedit("share", "anna/work", client, "write")


def test_answers(s):
    """By every method, at every place that has a name in it."""
    setting(s)
    bodies = {"PROPFIND": propfind("D:displayname", "D:owner", "D:acl"), "REPORT": body("D:expand-property"),
              "PROPPATCH": body("D:propertyupdate", "<D:remove><D:prop><D:displayname/></D:prop></D:remove>"),
              "ACL": body("D:acl")}
    for method, place in itertools.product(("GET", "HEAD", "OPTIONS", "PROPFIND", "PROPPATCH", "REPORT", "PUT", "POST", "DELETE",
                                            "COPY", "MOVE", "ACL", "MKCOL", "MKCALENDAR", "LOCK"), PLACES):
        answers = []
        for other in NAMES:
            r = s.request(method, place.format(other), bodies.get(method), {"Depth": "0"}, "marc")
            answers.append((r.status, sorted((k, v) for k, v in r.all_headers if k not in IGNORED),
                            r.body.replace(other.encode(), b"NAME")))
        assert answers[0] == answers[1] == answers[2], (method, place, answers)


def test_destinations_and_hrefs(s):
    setting(s)

    def alike(ask):
        answers = [(r.status, r.body.replace(other.encode(), b"NAME")) for other in NAMES for r in [ask(other)]]
        assert len(set(answers)) == 1, answers

    s.put("/calendars/marc/calendar/own.ics", event("own"), "marc")
    alike(lambda other: s.request("COPY", "/calendars/marc/calendar/own.ics", None,
                                  {"Destination": f"/calendars/{other}/calendar/x.ics"}, "marc"))
    for place, prop in (
        ("/principals/marc/calendar-proxy-read/", "<D:group-member-set><D:href>/principals/{}/</D:href></D:group-member-set>"),
        ("/calendars/marc/", "<C:calendar-free-busy-set><D:href>/calendars/{}/calendar/</D:href></C:calendar-free-busy-set>"),
    ):
        alike(lambda other: s.request("PROPPATCH", place, proppatch(prop.format(other)), user="marc"))


def test_searches_name_nobody(s):
    """By no word, property or way of matching."""
    setting(s)
    for match, kind in itertools.product(("e", "eve", "EVE", "", "l", "luc", "@"), ("contains", "equals", "starts-with")):
        for prop in ("<D:displayname/>", "<C:calendar-user-address-set/>", "<C:calendar-home-set/>"):
            xml = body("D:principal-property-search", f"<D:property-search><D:prop>{prop}</D:prop><D:match match-type=\"{kind}\">"
                       f"{match}</D:match></D:property-search>" + props("D:displayname"))
            r = s.request("REPORT", "/principals/", xml, {"Depth": "0"}, "marc")
            assert r.status in (207, 400) and b"/eve/" not in r.body and b"/luc/" not in r.body, (match, prop, r)
    for xml in (body("D:principal-match", "<D:self/>" + props("D:displayname")), propfind("D:displayname", "D:acl"),
                body("D:principal-search-property-set")):
        method = "PROPFIND" if "propfind" in xml else "REPORT"
        for place in ("/principals/", "/calendars/", "/", "/principals/anna/", "/calendars/marc/anna~work/"):
            r = s.request(method, place, xml, {"Depth": "0" if method == "REPORT" else "1"}, "marc")
            assert b"/eve/" not in r.body and b"/luc/" not in r.body, (place, r)


def test_work(s):
    """Nobody measures who is there."""
    setting(s)
    with_login = {"Authorization": basic("marc", PASSWORD), "Depth": "0"}
    connection = s.connect()
    for place in ("/principals/{}/", "/calendars/{}/calendar/"):
        kinds = [lambda other=other: s.request("PROPFIND", place.format(other), None, with_login, None, connection=connection)
                 for other in ("eve", "luc", "nobody")]
        a, b, c = samples(s, kinds, rounds=25, each=4)
        assert not tells(a, c) and not tells(b, c), (place, median(a), median(b), median(c))
    connection.close()
