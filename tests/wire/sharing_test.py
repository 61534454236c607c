"""Shared calendars (doc/architecture.md 15.16): in the sharee's home, under rights that are looked up for each request."""

from dav import (
    CALENDAR,
    HOME,
    changes,
    comp,
    find,
    found,
    href,
    listing,
    multiget,
    names_of,
    prop,
    proppatch,
    refused,
    report,
    statuses,
    sync,
    text,
    token,
    unchanged,
)
from dedit_wire import event, propfind, tag

SERVER = {"users": ("anna", "marc", "eve", "paul"), "extra": 'group "admin" { members = { "paul" } }'}
MARCS = "/calendars/marc/"
SHARED = MARCS + "anna~calendar/"


def share(s, access, user="marc", calendar="anna/calendar"):
    return s.dedit("share", calendar, user, access)


def home(s, user):
    return set(find(s, f"/calendars/{user}/", "D:resourcetype", depth="1", user=user).responses())


def test_appears_and_goes_at_once(s):
    assert SHARED not in home(s, "marc")
    refused(s.request("GET", SHARED, user="marc"), 404)
    share(s, "read")
    assert SHARED in home(s, "marc") and SHARED not in home(s, "anna")
    assert names_of(prop(s, SHARED, "D:resourcetype", "marc")) == {"collection", "calendar"}
    share(s, "none")
    assert SHARED not in home(s, "marc")
    refused(s.request("PROPFIND", SHARED, None, {"Depth": "0"}, "marc"), 404)


def test_same_objects_tokens_and_etags(s):
    share(s, "write")
    s.put(CALENDAR + "x.ics", event("x"))
    assert listing(s, SHARED, "marc") == listing(s) and token(s, SHARED, "marc") == token(s)
    assert text(s, SHARED, "CS:getctag", "marc") == text(s, CALENDAR, "CS:getctag")
    before = token(s)
    r = s.put(SHARED + "y.ics", event("y"), "marc")
    assert (
        r.status == 201
        and changes(s, before)[0] == {"y.ics": True}
        and listing(s)["y.ics"] == r.headers["etag"]
    )
    assert changes(s, before, SHARED, "marc")[0] == {"y.ics": True}
    assert href(s, SHARED, "D:owner", "marc") == "/principals/anna/"
    assert href(s, SHARED, "D:current-user-principal", "marc") == "/principals/marc/"
    # hrefs keep the prefix of the request.
    assert set(
        report(s, SHARED, multiget(SHARED + "x.ics", CALENDAR + "y.ics"), user="marc").responses()
    ) == {SHARED + "x.ics", CALENDAR + "y.ics"}
    assert found(s, comp("VEVENT"), SHARED, "marc") == found(s, comp("VEVENT"))


def test_read_only(s):
    s.put(CALENDAR + "x.ics", event("x"))
    share(s, "read")
    assert names_of(prop(s, SHARED, "D:current-user-privilege-set", "marc")) == {
        "privilege",
        "read",
        "read-current-user-privilege-set",
        "read-free-busy",
    }
    with unchanged(s):
        for method, path, headers in (
            ("PUT", "x.ics", {}),
            ("PUT", "new.ics", {}),
            ("DELETE", "x.ics", {}),
            ("MOVE", "x.ics", {"Destination": MARCS + "calendar/x.ics"}),
        ):
            sent = event("x", summary="by marc") if method == "PUT" else None
            r = s.request(
                method,
                SHARED + path,
                sent,
                headers | ({"Content-Type": "text/calendar"} if sent else {}),
                "marc",
            )
            refused(r, 403, "D:need-privileges")
            assert r.xml()[0].find(".//" + tag("D:href")).text.startswith(SHARED), r
        r = s.request("COPY", MARCS + "calendar/none.ics", None, {"Destination": SHARED + "z.ics"}, "marc")
        assert r.status == 404
        s.put(MARCS + "calendar/own.ics", event("own"), "marc")
        for method in ("COPY", "MOVE"):
            refused(
                s.request(
                    method, MARCS + "calendar/own.ics", None, {"Destination": SHARED + "own.ics"}, "marc"
                ),
                403,
                "D:need-privileges",
            )
        refused(
            s.request(
                "PROPPATCH",
                SHARED,
                proppatch("<C:calendar-description>x</C:calendar-description>"),
                user="marc",
            ),
            403,
            "D:need-privileges",
        )
    # Taking a copy home is reading.
    assert (
        s.request("COPY", SHARED + "x.ics", None, {"Destination": MARCS + "calendar/copy.ics"}, "marc").status
        == 201
    )
    s.request("DELETE", MARCS + "calendar/copy.ics", user="marc")
    assert s.request("GET", SHARED + "x.ics", user="marc").status == 200


def test_name_and_colour_are_the_sharees_own(s):
    share(s, "read")
    s.request(
        "PROPPATCH",
        CALENDAR,
        proppatch("<D:displayname>Practice</D:displayname><A:calendar-color>#111111</A:calendar-color>"),
    )
    assert "Practice" in text(s, SHARED, "D:displayname", "marc")
    r = s.request(
        "PROPPATCH",
        SHARED,
        proppatch(
            "<D:displayname>Annas</D:displayname><A:calendar-color>#222222</A:calendar-color>"
            "<A:calendar-order>9</A:calendar-order>"
        ),
        user="marc",
    )
    assert r.status == 207 and set(statuses(r)[SHARED].values()) == {200}, r
    assert (
        text(s, SHARED, "D:displayname", "marc") == "Annas"
        and text(s, SHARED, "A:calendar-color", "marc") == "#222222"
    )
    assert (
        text(s, CALENDAR, "D:displayname") == "Practice"
        and text(s, CALENDAR, "A:calendar-color") == "#111111"
    )
    assert text(s, CALENDAR, "A:calendar-order") is None


def test_sharee_leaves(s):
    """DELETE of the shared calendar in the own home gives up the share, not the calendar."""
    s.put(CALENDAR + "x.ics", event("x"))
    share(s, "write")
    with unchanged(s):
        assert s.request("DELETE", SHARED, user="marc").status == 204
    assert SHARED not in home(s, "marc") and s.request("GET", CALENDAR + "x.ics").status == 200


def test_only_through_the_own_home(s):
    share(s, "write")
    for path in (
        "/calendars/eve/anna~calendar/",
        "/calendars/marc/anna~tasks/",
        "/calendars/marc/eve~calendar/",
        "/calendars/marc/anna~",
        "/calendars/marc/~calendar/",
        "/calendars/marc/anna~calendar~x/",
        HOME + "anna~calendar/",
    ):
        for user in ("marc", "eve"):
            refused(s.request("PROPFIND", path, None, {"Depth": "0"}, user), 404)
    # The owner's URL works for who has rights there as well.
    assert (
        s.request("GET", CALENDAR + "x.ics", user="marc").status
        == s.request("GET", SHARED + "x.ics", user="marc").status
    )


def test_token_does_not_outlive_the_right(s):
    share(s, "read")
    old = token(s, SHARED, "marc")
    share(s, "none")
    refused(s.request("REPORT", SHARED, sync(old), {"Depth": "1"}, "marc"), 404)
    refused(
        s.request("REPORT", MARCS + "calendar/", sync(old), {"Depth": "1"}, "marc"), 403, "D:valid-sync-token"
    )
