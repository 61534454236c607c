"""RFC 6578 5: a calendar's sync-token is a state token for the If header (RFC 4918 10.4)."""

import threading

from dav import CALENDAR, HOME, proppatch, refused, token, unchanged
from dedit_wire import event

EVENT = CALENDAR + "x.ics"
OTHER = HOME + "other/"


def test_tagged_with_the_calendar(s):
    s.put(EVENT, event("x"))
    old = token(s)
    etag = s.put(EVENT, event("x", summary="newer")).headers["etag"]
    now = token(s)
    with unchanged(s):
        for condition in (
            f"<{CALENDAR}> (<{old}>)",
            f"<{CALENDAR}> (Not <{now}>)",
            f"(<{now}>)",  # of the event, which has no state
            f"<{HOME}tasks/> (<{now}>)",
            f'<{CALENDAR}> (<{now}>) <{EVENT}> (["x"])'.replace(f"(<{now}>)", f"(<{old}>)"),
            f"<{CALENDAR}> (<{now}> [{etag}])",  # the calendar has no ETag
            "<http://elsewhere.example/> (<%s>)" % now,
        ):
            refused(s.put(EVENT, event("x", summary="third"), If=condition), 412)
            refused(s.request("DELETE", EVENT, None, {"If": condition}), 412)
            refused(s.request("PROPPATCH", EVENT, proppatch("<x:a xmlns:x='urn:x'/>"), {"If": condition}), 412)
            refused(s.request("MOVE", EVENT, None, {"If": condition, "Destination": CALENDAR + "y.ics"}), 412)
    assert s.put(EVENT, event("x", summary="third"), If=f"<{CALENDAR}> (<{now}>)").status == 204
    assert s.put(EVENT, event("x", summary="fourth"), If=f"<{CALENDAR}> (Not <{now}>)").status == 204
    host = f"http://127.0.0.1:{s.port}{CALENDAR}"
    assert s.put(EVENT, event("x", summary="5"), If=f"<{host}> (<{token(s)}>)").status == 204
    # one list that holds is enough (10.4.2)
    assert s.put(EVENT, event("x", summary="6"), If=f"<{CALENDAR}> (<{now}>) (Not <DAV:no-lock>)").status == 204


def test_on_the_calendar_itself(s):
    s.request("MKCALENDAR", OTHER)
    old = token(s, OTHER)
    s.put(OTHER + "x.ics", event("x"))
    now = token(s, OTHER)
    name = proppatch("<D:displayname>n</D:displayname>")
    refused(s.request("PROPPATCH", OTHER, name, {"If": f"(<{old}>)"}), 412)
    refused(s.request("DELETE", OTHER, None, {"If": f"(<{old}>)"}), 412)
    assert s.request("PROPPATCH", OTHER, name, {"If": f"(<{now}>)"}).status == 207
    assert s.request("DELETE", OTHER, None, {"If": f"(<{now}>)"}).status == 204


def test_of_the_home(s):
    """A home has a token too; it moves with what is in its calendars."""
    old = token(s, HOME)
    s.put(EVENT, event("x", summary="home"))
    now = token(s, HOME)
    assert old != now
    refused(s.request("MKCALENDAR", OTHER, None, {"If": f"<{HOME}> (<{old}>)"}), 412)
    refused(s.put(EVENT, event("x", summary="home 2"), If=f"<{HOME}> (<{old}>)"), 412)
    assert s.request("MKCALENDAR", OTHER, None, {"If": f"<{HOME}> (<{now}>)"}).status == 201


def test_of_two_at_once_one_wins(s):
    """The token is asked for again with the change, or both would get through."""
    for round in range(10):
        now, answers = token(s), []
        put = lambda name: answers.append(
            s.put(CALENDAR + name, event(f"{name}{round}"), If=f"<{CALENDAR}> (<{now}>)").status
        )
        threads = [threading.Thread(target=put, args=(f"{i}-{round}.ics",)) for i in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert sorted(answers) == [201, 412, 412, 412], answers
