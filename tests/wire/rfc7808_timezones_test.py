"""RFC 7808: the system's time zones as a service. Expected dates are those of the law, not of the program."""

import re

from dav import unfold

TYPE = "urn:ietf:params:tzdist:error:"
ZONES = "/timezones/zones"


def get(s, path, status=200, **headers):
    r = s.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    assert r.status == status, (path, r)
    return r


def as_json(r):
    import json

    assert r.headers["content-type"] == "application/json", r
    return json.loads(r.body)


def refused(s, path, status, error, **headers):
    import json

    r = get(s, path, status, **headers)
    assert r.headers["content-type"] == "application/problem+json", r
    problem = json.loads(r.body)
    assert problem["type"] == TYPE + error, problem
    assert problem["status"] == status and problem["title"], problem


def test_needs_a_login(s):
    for path in ("/timezones", "/timezones/capabilities", ZONES, ZONES + "/Europe%2FParis"):
        assert s.request("GET", path, user=None).status == 401, path


def test_4_2_1_3_well_known_redirects_by_a_path(s):
    r = s.request("GET", "/.well-known/timezone", user=None)
    assert r.status == 301, r
    assert r.headers["location"] == "/timezones", r


def test_5_1_capabilities_name_what_there_is(s):
    about = as_json(get(s, "/timezones/capabilities"))
    assert about["version"] == 1
    assert about["info"]["formats"] == ["text/calendar"]
    assert about["info"]["primary-source"]
    assert about["info"]["truncated"] == {"any": True, "untruncated": True}
    uris = {a["name"]: a["uri-template"] for a in about["actions"]}
    assert uris == {
        "capabilities": "/timezones/capabilities",
        "list": "/timezones/zones{?changedsince}",
        "get": "/timezones/zones{/tzid}{?start,end}",
        "expand": "/timezones/zones{/tzid}/observances{?start,end}",
        "find": "/timezones/zones{?pattern}",
    }
    parameters = {a["name"]: a["parameters"] for a in about["actions"]}
    assert parameters["expand"][0] == {"name": "start", "required": True, "multi": False}


def test_5_2_list_has_zones_with_their_aliases(s):
    answer = as_json(get(s, ZONES))
    assert answer["synctoken"]
    zones = {z["tzid"]: z for z in answer["timezones"]}
    assert len(zones) > 300
    assert "US/Eastern" not in zones
    new_york = zones["America/New_York"]
    assert "US/Eastern" in new_york["aliases"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", new_york["last-modified"])
    assert new_york["publisher"] and new_york["version"]
    etag = get(s, ZONES + "/America%2FNew_York").headers["etag"]
    assert etag == '"%s"' % new_york["etag"]


def test_5_2_changedsince_of_now_is_empty_and_of_nowhere_refused(s):
    token = as_json(get(s, ZONES))["synctoken"]
    assert as_json(get(s, f"{ZONES}?changedsince={token}")) == {"synctoken": token, "timezones": []}
    refused(s, f"{ZONES}?changedsince=2009", 400, "invalid-changedsince")
    refused(s, f"{ZONES}?changedsince={token}&changedsince={token}", 400, "invalid-changedsince")


def test_5_3_get_is_a_vtimezone(s):
    r = get(s, ZONES + "/Europe%2FParis")
    assert r.headers["content-type"] == "text/calendar; charset=utf-8"
    text = unfold(r.text)
    assert text.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:")
    assert text.count("BEGIN:VTIMEZONE") == 1 and "\r\nTZID:Europe/Paris\r\n" in text
    assert "TZUNTIL" not in text and "TZID-ALIAS-OF" not in text
    assert "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU" in text
    assert get(s, ZONES + "/Europe/Paris").text == r.text  # its slash as it is
    assert get(s, ZONES + "/Etc%2fGMT%2B5").text.count("TZOFFSETTO:-0500") == 1


def test_5_3_get_of_an_alias_says_of_what(s):
    text = get(s, ZONES + "/US%2FEastern").text
    assert "\r\nTZID:US/Eastern\r\nTZID-ALIAS-OF:America/New_York\r\n" in text


def test_5_3_an_etag_saves_the_transfer(s):
    r = get(s, ZONES + "/Europe%2FParis")
    again = get(s, ZONES + "/Europe%2FParis", 304, If_None_Match=r.headers["etag"])
    assert again.body == b"" and again.headers["etag"] == r.headers["etag"]
    get(s, ZONES + "/Europe%2FParis", 304, If_None_Match='"other", W/' + r.headers["etag"])
    get(s, ZONES + "/Europe%2FParis", 200, If_None_Match='"other"')
    cut = get(s, ZONES + "/Europe%2FParis?start=2020-01-01T00:00:00Z")
    assert cut.headers["etag"] != r.headers["etag"]


def test_3_9_get_of_a_part_is_cut_off(s):
    range_ = "?start=2026-01-01T00:00:00Z&end=2027-01-01T00:00:00Z"
    text = get(s, ZONES + "/America%2FNew_York" + range_).text
    assert "TZUNTIL:20270101T000000Z\r\n" in text
    # what holds at the beginning
    assert "TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0500\r\nDTSTART:20251231T190000\r\n" in text
    assert "DTSTART:20260308T020000\r\n" in text and "DTSTART:20261101T020000\r\n" in text
    assert text.count("UNTIL=20261231T235959Z") == 2


def test_5_3_get_refuses(s):
    paris = ZONES + "/Europe%2FParis"
    refused(s, ZONES + "/Europe%2FAtlantis", 404, "tzid-not-found")
    refused(s, paris, 406, "invalid-format", Accept="application/xml")
    get(s, paris, Accept="application/calendar+json, text/calendar;q=0.5")
    get(s, paris, Accept="*/*")
    refused(s, paris + "?start=yesterday", 400, "invalid-start")
    refused(s, paris + "?start=20260101T000000Z", 400, "invalid-start")
    refused(s, paris + "?end=2026-01-01", 400, "invalid-end")
    refused(s, paris + "?start=2026-01-01T00:00:00Z&end=2026-01-01T00:00:00Z", 400, "invalid-end")
    refused(s, paris + "?start=%zz", 400, "invalid-start")
    refused(s, paris + "?start=2301-01-01T00:00:00Z", 400, "invalid-start")  # beyond what is known


def test_t49_names_are_looked_up_and_never_opened(s):
    for name in ("..%2F..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd", "posix%2FEurope%2FParis", "localtime",
                 "Europe%2FParis%00", "Europe%2F..%2FEurope%2FParis", "tzdata.zi", "%", "a" * 3000, "Europe"):
        refused(s, f"{ZONES}/{name}", 404, "tzid-not-found")


def test_5_4_expand_gives_the_changes_of_a_year(s):
    year = "?start=2026-01-01T00:00:00Z&end=2027-01-01T00:00:00Z"
    answer = as_json(get(s, ZONES + "/America%2FNew_York/observances" + year))
    assert answer["tzid"] == "America/New_York"
    assert answer["observances"] == [
        {"name": "EST", "onset": "2026-01-01T00:00:00Z", "utc-offset-from": -18000, "utc-offset-to": -18000},
        {"name": "EDT", "onset": "2026-03-08T07:00:00Z", "utc-offset-from": -18000, "utc-offset-to": -14400},
        {"name": "EST", "onset": "2026-11-01T06:00:00Z", "utc-offset-from": -14400, "utc-offset-to": -18000},
    ]


def test_5_4_expand_refuses(s):
    path = ZONES + "/Europe%2FParis/observances"
    refused(s, path, 400, "invalid-start")
    refused(s, path + "?start=2026-01-01T00:00:00Z", 400, "invalid-end")
    refused(s, path + "?start=2026-01-01T00:00:00Z&end=9999-01-01T00:00:00Z", 400, "invalid-end")
    refused(s, ZONES + "/Atlantis/observances?start=2026-01-01T00:00:00Z&end=2027-01-01T00:00:00Z", 404,
            "tzid-not-found")


def found(s, pattern):
    return [z["tzid"] for z in as_json(get(s, f"{ZONES}?pattern={pattern}"))["timezones"]]


def test_5_5_find_by_pattern(s):
    assert found(s, "europe/paris") == ["Europe/Paris"]
    assert found(s, "US/Eastern") == ["America/New_York"]  # by its alias
    assert found(s, "paris") == []
    assert found(s, "*paris") == ["Europe/Paris"]
    assert "America/New_York" in found(s, "*new%20york*")  # a blank and _ are one
    assert set(found(s, "Europe/L*")) >= {"Europe/Lisbon", "Europe/London"}
    assert all("kolkata" in z.lower() for z in found(s, "*kolkata*"))


def test_5_5_find_refuses(s):
    for pattern in ("", "*", "**", "Eur*pe", "Europe**", "%5C", "%5Ca", "*&pattern=a"):
        refused(s, f"{ZONES}?pattern={pattern}", 400, "invalid-pattern")


def test_other_actions_and_methods(s):
    refused(s, "/timezones", 400, "invalid-action")
    refused(s, "/timezones/leapseconds", 400, "invalid-action")
    for method in ("PUT", "POST", "DELETE", "PROPFIND"):
        assert s.request(method, ZONES, "").status == 405, method
    assert s.request("HEAD", ZONES + "/Europe%2FParis").status == 200
