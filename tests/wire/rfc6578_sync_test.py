"""RFC 6578: sync-collection and DAV:sync-token."""

import re

from dav import (
    CALENDAR,
    HOME,
    TASKS,
    body,
    changes,
    condition_in,
    listing,
    refused,
    report,
    statuses,
    sync,
    text,
    token,
    unchanged,
)
from dedit_wire import Server, event, tag


def put(s, name, summary="x", path=CALENDAR):
    r = s.put(f"{path}{name}.ics", event(name, summary=summary))
    assert r.status in (201, 204), r


def test_first_and_next(s):
    put(s, "one")
    everything, first = changes(s, "")
    assert everything == dict.fromkeys(listing(s), True) and first == token(s), everything
    assert changes(s, first) == ({}, first), "nothing changed"
    put(s, "two")
    put(s, "one", "changed")
    assert changes(s, first) == ({"one.ics": True, "two.ics": True}, token(s))
    s.request("DELETE", CALENDAR + "one.ics")
    assert changes(s, first)[0] == {"one.ics": False, "two.ics": True}


def test_each_member_once_with_its_last_state(s):
    """3.4, 3.5: made and gone since the token is reported as gone (or not at all), gone and made again as changed."""
    start = token(s)
    put(s, "brief")
    s.request("DELETE", CALENDAR + "brief.ics")
    assert changes(s, start)[0].get("brief.ics", False) is False
    between = token(s)
    put(s, "brief", "again")
    assert changes(s, between)[0] == {"brief.ics": True}
    for i in range(3):
        put(s, "brief", f"edit {i}")
    r = report(s, CALENDAR, sync(between))
    assert len(r.xml().findall(tag("D:response"))) == 1, r
    assert r.responses()[CALENDAR + "brief.ics"][tag("D:getetag")].text == listing(s)["brief.ics"]


def test_gone_is_a_404_of_the_response(s):
    put(s, "gone")
    start = token(s)
    s.request("DELETE", CALENDAR + "gone.ics")
    r = report(s, CALENDAR, sync(start))
    assert statuses(r) == {CALENDAR + "gone.ics": {"": 404}}, r
    assert r.xml()[-1].tag == tag("D:sync-token"), "after the responses"


def test_token_form(s):
    """3.2: a URI."""
    assert re.fullmatch(r"data:,[A-Za-z0-9._~%/-]+", token(s)), token(s)
    assert token(s) != token(s, TASKS)


def test_valid_sync_token(s):
    now = token(s)
    head, _, seq = now.rpartition("/")
    ahead = f"{head}/{int(seq) + 1}"
    for bad in (
        "x",
        "data:,",
        "data:,x/1/1",
        "http://example.org/ns/sync/1",
        ahead,
        token(s, TASKS),
        now + "0",
        head,
        now + "/",
        f"{head}/-1",
        f"{head}/99999999999999999999999999",
        now.replace("data:,", "data:,x"),
        "x" * 5000,
    ):
        refused(s.request("REPORT", CALENDAR, sync(bad), {"Depth": "1"}), 403, "D:valid-sync-token")
    assert changes(s, f"\n  {now} ")[1] == now, "blanks around it are none of it"


def test_token_of_a_calendar_that_is_gone(s):
    """architecture.md 15.13: collection ids aren't used twice."""
    path = HOME + "brief/"
    s.request("MKCALENDAR", path)
    put(s, "brief-old", path=path)
    old = token(s, path)
    s.request("DELETE", path)
    s.request("MKCALENDAR", path)
    refused(s.request("REPORT", path, sync(old), {"Depth": "1"}), 403, "D:valid-sync-token")
    assert changes(s, "", path)[0] == {}


def test_limit_and_507(s):
    """3.6, 3.7"""
    start = token(s)
    for i in range(7):
        put(s, f"limit{i}")
    s.request("DELETE", CALENDAR + "limit3.ics")
    seen, at, rounds = {}, start, 0
    while True:
        r = report(s, CALENDAR, sync(at, limit=3))
        found = r.responses()
        more = statuses(r).get(CALENDAR, {}).get("") == 507
        if more:
            own = next(x for x in r.xml().findall(tag("D:response")) if x.findtext(tag("D:href")) == CALENDAR)
            assert condition_in(own) == tag("D:number-of-matches-within-limits"), r
            assert len(found) == 4, "three and the collection's own"
        found.pop(CALENDAR, None)
        seen.update(found)
        at, rounds = r.xml().findtext(tag("D:sync-token")), rounds + 1
        if not more:
            break
    assert rounds == 3 and at == token(s)
    assert {h.rpartition("/")[2]: p is not None for h, p in seen.items()} == {
        f"limit{i}.ics": i != 3 for i in range(7)
    }
    for bad in (
        "<D:limit/>",
        "<D:limit><D:nresults>x</D:nresults></D:limit>",
        "<D:limit><D:nresults>-1</D:nresults></D:limit>",
    ):
        refused(s.request("REPORT", CALENDAR, sync(start).replace("<D:prop>", bad + "<D:prop>")), 400)
    refused(s.request("REPORT", CALENDAR, sync(start, limit="0")), 507, "D:number-of-matches-within-limits")


def test_every_depth_is_the_same(s):
    """clients.md 6.5 wins over 3.2, which wants Depth 0: programs send 0, 1, or none at all."""
    put(s, "depth")
    answers = [report(s, CALENDAR, sync(), depth=d).body for d in ("0", "1", None)]
    assert answers[0] == answers[1] == answers[2]
    assert report(s, CALENDAR, sync(level=None)).body == answers[0], "no sync-level"
    assert report(s, CALENDAR, sync(level="infinite")).body == answers[0]
    refused(s.request("REPORT", CALENDAR, sync(), {"Depth": "infinity"}), 400)
    refused(s.request("REPORT", CALENDAR, sync(level="2")), 400)


def test_properties_in_the_report(s):
    """tsdav asks for calendar-data at once."""
    start = token(s)
    put(s, "data")
    found = report(
        s, CALENDAR, sync(start, want=("D:getetag", "D:getcontenttype", "C:calendar-data", "D:displayname"))
    ).responses()
    assert found[CALENDAR + "data.ics"][tag("C:calendar-data")].text.replace("\r\n", "\n") == event(
        "data", summary="x"
    ).replace("\r\n", "\n")
    assert tag("D:displayname") not in found[CALENDAR + "data.ics"]
    r = s.request(
        "REPORT", CALENDAR, body("D:sync-collection", "<D:sync-token/><D:sync-level>1</D:sync-level>")
    )
    refused(r, 400)
    refused(s.request("REPORT", CALENDAR, body("D:sync-collection", "<D:prop><D:getetag/></D:prop>")), 400)


def test_where(s):
    put(s, "where")
    for path in ("/", "/principals/anna/", "/calendars/", CALENDAR + "where.ics"):
        refused(s.request("REPORT", path, sync(), {"Depth": "1"}), 403, "D:supported-report")
    refused(s.request("REPORT", HOME + "none/", sync(), {"Depth": "1"}), 404)


def test_whoever_changes_it(s):
    """clients.md 6.3: getctag and sync-token count every change, and nothing else moves them."""
    other = HOME + "elsewhere/"
    s.request("MKCALENDAR", other)
    with unchanged(s):
        put(s, "x", path=other)
        s.request("GET", CALENDAR + "where.ics")
        s.put(CALENDAR + "bad.ics", "no calendar")
    put(s, "moving")
    before, there = token(s), token(s, other)
    r = s.request("MOVE", CALENDAR + "moving.ics", None, {"Destination": other + "moving.ics"})
    assert r.status == 201, r
    assert changes(s, before)[0] == {"moving.ics": False} and changes(s, there, other)[0] == {
        "moving.ics": True
    }
    assert text(s, CALENDAR, "CS:getctag") == token(s) != before


def test_tokens_live_through_a_restart(_):
    with Server() as s:
        put(s, "one")
        start = token(s)
        put(s, "two")
        s.restart()
        assert changes(s, start)[0] == {"two.ics": True}
        s.kill()
        s.start()
        assert changes(s, start)[0] == {"two.ics": True}
        put(s, "three")
        assert changes(s, start)[0] == {"two.ics": True, "three.ics": True}
