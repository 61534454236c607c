"""RFC 6578 on a home: calendars that come, change and go, and with sync-level infinite the events in all of them."""

from dav import (
    CALENDAR,
    HOME,
    TASKS,
    body,
    condition_in,
    in_hours,
    names_of,
    prop,
    proppatch,
    refused,
    report,
    statuses,
    sync,
    text,
    token,
)
from dedit_wire import Server, event, tag, wait_for

SLOW = True

SERVER = {"users": ("anna", "marc", "paul"), "extra": 'group "admin" { members = { "paul" } }'}
MARCS = "/calendars/marc/"
SHARED = MARCS + "anna~calendar/"
ONE, ALL = "1", "infinite"
COLOUR = "<A:calendar-color>%s</A:calendar-color>"


def put(s, name, path=CALENDAR, user="anna", summary="x"):
    r = s.put(f"{path}{name}.ics", event(name, summary=summary), user)
    assert r.status in (201, 204), r


def make(s, name, user="anna"):
    path = f"/calendars/{user}/{name}/"
    assert s.request("MKCALENDAR", path, user=user).status == 201
    return path


def news(s, since, level=ONE, home=HOME, user="anna", **more):
    """path below the home -> True or False, and the next token."""
    r = report(s, home, sync(since, level, **more), "0", user)
    hrefs = [x.findtext(tag("D:href")) for x in r.xml().findall(tag("D:response"))]
    assert len(hrefs) == len(set(hrefs)), "a member URL only once"
    found = statuses(r)
    for href, status in found.items():
        assert set(status) == {""} and status[""] in (404, 507) or "" not in status, (href, status)
    return (
        {h[len(home) :]: "" not in f for h, f in found.items()},
        r.xml().findtext(tag("D:sync-token")),
    )


def test_properties(s):
    """4: the property must be there where the report is, and not in allprop."""
    assert "sync-collection" in names_of(prop(s, HOME, "D:supported-report-set"))
    assert token(s, HOME) == text(s, HOME, "CS:getctag") == news(s, "")[1] == news(s, "", ALL)[1]
    assert len({token(s, HOME), token(s, MARCS, "marc"), token(s)}) == 3
    r = s.request("PROPFIND", HOME, body("D:propfind", "<D:allprop/>"), {"Depth": "0"})
    assert r.status == 207 and b"sync-token" not in r.body, r


def test_calendars_come_and_go(s):
    """3.4, 3.5"""
    everything, start = news(s, "")
    assert everything == {"calendar/": True, "tasks/": True}
    assert news(s, start) == ({}, start)
    path = make(s, "new%20one")
    found, then = news(s, start)
    assert found == {"new%20one/": True}
    assert s.request("DELETE", path).status == 204
    assert news(s, then)[0] == {"new%20one/": False}
    assert news(s, start)[0] == {"new%20one/": False}, "3.5.2: added and removed between two reports"
    assert news(s, "")[0] == everything, "3.4: no removed member URLs"
    assert news(s, "", ALL)[0].keys() == everything.keys()
    then = token(s, HOME)
    make(s, "new%20one")
    s.request("DELETE", path)
    make(s, "new%20one")
    assert news(s, then)[0] == {"new%20one/": True}, "3.5.1: removed and mapped again is changed"
    s.request("DELETE", path)


def test_properties_of_a_calendar(s):
    """The home's token moves with them, the calendar's doesn't (architecture.md 15.13)."""
    start, own = token(s, HOME), token(s)
    s.request("PROPPATCH", CALENDAR, proppatch(COLOUR % "#112233" + '<x xmlns="urn:x">1</x>'))
    r = report(s, HOME, sync(start, want=("A:calendar-color", "D:sync-token", "D:getetag")), "0")
    assert statuses(r).keys() == {CALENDAR} and statuses(r)[CALENDAR][tag("D:getetag")] == 404
    found = r.responses()[CALENDAR]
    assert found[tag("A:calendar-color")].text == "#112233" and found[tag("D:sync-token")].text == own
    inner = '<D:sync-token>%s</D:sync-token><D:sync-level>1</D:sync-level><D:prop><x xmlns="urn:x"/></D:prop>'
    r = report(s, HOME, body("D:sync-collection", inner % start), None)
    assert r.responses()[CALENDAR]["{urn:x}x"].text == "1", "dead ones too"


def test_events_change_their_calendar(s):
    """3.5.1: its entity, the calendar as one file, has a new entity tag."""
    start = token(s, HOME)
    put(s, "a")
    assert news(s, start)[0] == {"calendar/": True}
    assert news(s, start, ALL)[0] == {"calendar/": True, "calendar/a.ics": True}
    then = token(s, HOME)
    s.request("MOVE", CALENDAR + "a.ics", headers={"Destination": make(s, "other") + "a.ics"})
    assert news(s, then, ALL)[0] == {
        "calendar/": True,
        "calendar/a.ics": False,
        "other/": True,
        "other/a.ics": True,
    }
    then = token(s, HOME)
    s.request("DELETE", HOME + "other/")
    assert news(s, then, ALL)[0] == {"other/": False}, "3.5.2: nothing about what was in it"


def test_shared_calendars(s):
    put(s, "shared")
    start, annas = token(s, MARCS, "marc"), token(s, HOME)
    s.dedit("share", "anna/calendar", "marc", "read")
    assert token(s, HOME) == annas, "nothing of hers has changed"
    found, then = news(s, start, ALL, MARCS, "marc")
    assert found["anna~calendar/"] and found["anna~calendar/shared.ics"], found
    assert news(s, start, ONE, MARCS, "marc")[0] == {"anna~calendar/": True}
    put(s, "shared", summary="changed")
    found, then = news(s, then, ALL, MARCS, "marc")
    assert found == {"anna~calendar/": True, "anna~calendar/shared.ics": True}
    # his own colour is his alone; hers is everybody's who has none
    annas = token(s, HOME)
    s.request("PROPPATCH", SHARED, proppatch(COLOUR % "#445566"), user="marc")
    found, then = news(s, then, ONE, MARCS, "marc")
    assert found == {"anna~calendar/": True} and token(s, HOME) == annas
    s.request("PROPPATCH", CALENDAR, proppatch("<C:calendar-description>x</C:calendar-description>"))
    found, then = news(s, then, ONE, MARCS, "marc")
    assert found == {"anna~calendar/": True} and token(s, HOME) != annas
    s.dedit("share", "anna/calendar", "marc", "write")
    found, then = news(s, then, ONE, MARCS, "marc")
    assert found == {"anna~calendar/": True}, "other rights"
    assert s.request("DELETE", SHARED, user="marc").status == 204
    found, then = news(s, then, ALL, MARCS, "marc")
    assert found == {"anna~calendar/": False}
    s.dedit("share", "anna/tasks", "marc", "read")
    s.dedit("share", "anna/tasks", "marc", "none")
    assert news(s, then, ALL, MARCS, "marc")[0] == {"anna~tasks/": False}


def test_levels_share_tokens(s):
    """3.3: "DAV:sync-token values returned by the server are not specific to the value of the DAV:sync-level"."""
    first, start = news(s, "", ONE)
    put(s, "level")
    assert news(s, start, ALL)[0] == {"calendar/": True, "calendar/level.ics": True}
    _, cut = news(s, "", ONE, limit=1)
    rest, end = news(s, cut, ALL)
    assert "calendar/level.ics" in rest and end == token(s, HOME)
    _, cut = news(s, "", ALL, limit=len(first) + 1)
    assert news(s, cut, ONE) == ({}, end)


def test_truncation_across_calendars(s):
    """3.6: 507 for the home, and a token to go on with; 3.7: never more than the limit."""
    other = make(s, "cut")
    for i in range(4):
        put(s, f"cut{i}", other)
        put(s, f"cal{i}")
    everything = news(s, "", ALL)[0]
    for limit in (1, 2, 3, 5, 50):
        seen, at = {}, ""
        for _ in range(40):
            r = report(s, HOME, sync(at, ALL, limit), "0")
            found, at = news(s, at, ALL, limit=limit)
            more = found.pop("", None) is not None
            if more:
                own = r.xml().findall(tag("D:response"))[-1]
                assert own.findtext(tag("D:href")) == HOME and own.findtext(tag("D:status")).split()[1] == "507"
                assert condition_in(own) == tag("D:number-of-matches-within-limits")
            assert len(found) <= limit and not found.keys() & seen.keys()
            seen.update(found)
            if not more:
                break
        assert seen == everything and at == token(s, HOME), (limit, seen)
    refused(s.request("REPORT", HOME, sync(limit="0"), {"Depth": "0"}), 507, "D:number-of-matches-within-limits")
    s.request("DELETE", other)


def test_valid_sync_token(s):
    now = token(s, HOME)
    head, _, seq = now.rpartition("/")
    for bad in (
        "x",
        token(s),
        token(s, MARCS, "marc"),
        f"{head}/{int(seq) + 1000000000000}",
        f"{head}/0",
        f"{head}/-1",
        now + ".",
        now + ".1.1.1",
        f"{now}.{seq}.0.{seq}.7",
        f"{head}/99999999999999999999",
        now.replace("data:,", "data:,x"),
    ):
        for level in (ONE, ALL):
            refused(s.request("REPORT", HOME, sync(bad, level), {"Depth": "0"}), 403, "D:valid-sync-token")
    refused(s.request("REPORT", CALENDAR, sync(now), {"Depth": "0"}), 403, "D:valid-sync-token")


def test_recreated_within_a_token(s):
    """What the removed calendar held can't be told: infinite starts over, as 3.2 allows ("collection deleted, then recreated")."""
    path = make(s, "again")
    put(s, "old", path)
    start = token(s, HOME)
    s.request("DELETE", path)
    between = token(s, HOME)
    make(s, "again")
    refused(s.request("REPORT", HOME, sync(start, ALL), {"Depth": "0"}), 403, "D:valid-sync-token")
    assert news(s, start, ONE)[0] == {"again/": True}
    assert news(s, between, ALL)[0] == {"again/": True}, "who was told so goes on"
    s.request("DELETE", path)


def test_depth_and_level(s):
    """3.3, with clients.md 6.5: as on a calendar."""
    answers = {report(s, HOME, sync(), depth=d).body for d in ("0", "1", None)}
    assert len(answers) == 1 and report(s, HOME, sync(level=None)).body in answers
    refused(s.request("REPORT", HOME, sync(), {"Depth": "infinity"}), 400)
    refused(s.request("REPORT", HOME, sync(level="0"), {"Depth": "0"}), 400)


def test_event_data_of_all_calendars_at_once(s):
    put(s, "data")
    r = report(s, HOME, sync("", ALL, want=("D:getetag", "C:calendar-data", "D:resourcetype")), "0")
    found = r.responses()
    assert b"BEGIN:VCALENDAR" in found[CALENDAR + "data.ics"][tag("C:calendar-data")].text.encode()
    assert tag("C:calendar-data") not in found[TASKS]
    assert names_of(found[TASKS][tag("D:resourcetype")]) == {"collection", "calendar"}


def test_only_the_own_home(s):
    refused(s.request("REPORT", HOME, sync(), {"Depth": "0"}, "marc"), 404)
    assert news(s, "", ALL, user="paul") == news(s, "", ALL), "an administrator sees what she sees"


def test_administrators_delete(s):
    path = make(s, "doomed")
    put(s, "x", path)
    start = token(s, HOME)
    assert s.request("DELETE", path, user="paul").status == 204
    assert news(s, start, ALL)[0] == {"doomed/": False}


def test_an_account_that_is_removed_leaves_the_homes(_):
    with Server() as s:
        s.dedit("share", "anna/calendar", "marc", "read")
        put(s, "x")
        start = token(s, MARCS, "marc")
        s.dedit("user", "remove", "anna")
        assert news(s, start, ALL, MARCS, "marc")[0] == {"anna~calendar/": False}


def test_tokens_live_through_a_restart_and_end_with_a_rebuild(_):
    with Server() as s:
        gone = make(s, "gone")
        put(s, "x")
        start = token(s, HOME)
        s.request("DELETE", gone)
        s.dedit("share", "marc/calendar", "anna", "read")
        expected = news(s, start, ALL)
        assert expected[0] == {"gone/": False, "marc~calendar/": True}
        s.restart()
        assert news(s, start, ALL) == expected and token(s, HOME) == expected[1]
        s.kill()
        s.start()
        assert news(s, start, ALL) == expected
        make(s, "after")
        assert news(s, expected[1])[0] == {"after/": True}
        before = news(s, "", ALL)[0]
        assert s.stop() == 0
        s.dedit("rebuild")
        s.start()
        for level in (ONE, ALL):
            refused(s.request("REPORT", HOME, sync(start, level), {"Depth": "0"}), 403, "D:valid-sync-token")
        refused(s.request("REPORT", CALENDAR, sync(token(s, TASKS)), {"Depth": "0"}), 403, "D:valid-sync-token")
        assert news(s, "", ALL)[0] == before and news(s, token(s, HOME), ALL)[0] == {}
        assert "wrongly" not in s.dedit("check").stdout


def test_files_edited_by_hand_and_imported(_):
    with Server() as s:
        put(s, "mine")
        s.dedit("flush")
        start = token(s, HOME)
        (s.data / "cal/anna/calendar/new.ics").write_text(event("new"))
        wait_for(lambda: "calendar/new.ics" in news(s, start, ALL)[0], 8, "the file is adopted")
        (s.data / "cal/anna/calendar/mine.ics").unlink()
        expected = {"calendar/": True, "calendar/new.ics": True, "calendar/mine.ics": False}
        wait_for(lambda: news(s, start, ALL)[0] == expected, 8, "the file is gone")


LATE = """
policy "clinic" { timezone = "Europe/Paris" currency = "EUR" price-from = title tiers = { "24h 100%" }
    owner-changes = client }
calendar "anna/calendar" { policy = "clinic" }
"""


def test_what_the_policy_writes_is_told(_):
    """A booking that the policy annotates, a late cancellation, and the entry that appears in Fees."""
    with Server(extra=LATE) as s:
        booked = event("late", in_hours(4), in_hours(5), "Marc Petit 80 €")
        then = token(s, HOME)
        assert s.put(CALENDAR + "late.ics", booked).status == 201
        found, then = news(s, then, ALL)
        assert found["calendar/"] and found["calendar/late.ics"], found
        assert news(s, then, ALL) == ({}, then)
        assert s.request("DELETE", CALENDAR + "late.ics").status == 204
        found, then = news(s, then, ALL)
        fees = [p for p in found if p.startswith("fees/") and p != "fees/"]
        assert found["calendar/late.ics"] is False and found["fees/"] and len(fees) == 1, found
        assert news(s, then, ALL) == ({}, then)
