"""RFC 4331: how much an owner's calendars may hold together."""

import re

from dav import CALENDAR, HOME, TASKS, condition_in, refused, statuses, text, unchanged
from dedit_wire import Server, event, propfind, tag

SLOW = True

OTHER = HOME + "other/"
MARC = "/calendars/marc/calendar/"
SIZE = len(event("x1"))
LIMITED = f'quota = "{3 * SIZE}"'
FREE = 'account "Marc" { quota = "0" }'


def used(s, path=CALENDAR, user="anna"):
    return int(text(s, path, "D:quota-used-bytes", user))


def available(s, path=CALENDAR, user="anna"):
    return int(text(s, path, "D:quota-available-bytes", user))
POLICY = """
policy "p" { timezone = "Europe/Paris" currency = "EUR" price-from = title tiers = { "48h 50%" } }
calendar "anna/calendar" { policy = "p" }
"""


def test_without_a_quota(s):
    """3: what has no limit isn't told."""
    s.put(CALENDAR + "x1.ics", event("x1"))
    for path in (CALENDAR, HOME, TASKS):
        assert used(s, path) == SIZE
        r = s.request("PROPFIND", path, propfind("D:quota-available-bytes"), {"Depth": "0"})
        assert statuses(r)[path] == {tag("D:quota-available-bytes"): 404}, r
    r = s.request("PROPFIND", CALENDAR, None, {"Depth": "0"})
    assert tag("D:quota-used-bytes") not in statuses(r)[CALENDAR], "no part of allprop"


def test_over_all_calendars(_):
    with Server(settings=LIMITED, extra=FREE) as s:
        s.request("MKCALENDAR", OTHER)
        assert used(s) == 0 and available(s) == available(s, HOME) == available(s, OTHER) == 3 * SIZE
        for i, path in enumerate((CALENDAR, OTHER, CALENDAR)):
            assert s.put(f"{path}x{i}.ics", event(f"x{i}")).status == 201
        assert used(s) == used(s, HOME) == 3 * SIZE and available(s) == 0
        with unchanged(s, CALENDAR, OTHER):
            refused(s.put(OTHER + "x4.ics", event("x4")), 507, "D:quota-not-exceeded")
            refused(s.put(CALENDAR + "x0.ics", event("x0", summary="Longer than it was")), 507, "D:quota-not-exceeded")
            refused(s.request("POST", CALENDAR, event("x5"), {"Content-Type": "text/calendar"}), 507, "D:quota-not-exceeded")
            for user_path in (OTHER + "copy.ics",):
                r = s.request("COPY", CALENDAR + "x0.ics", None, {"Destination": user_path})
                refused(r, 507, "D:quota-not-exceeded")
        # no more than before is no matter
        assert s.put(CALENDAR + "x0.ics", event("x0", summary="Meet")).status == 204
        assert s.request("MOVE", CALENDAR + "x0.ics", None, {"Destination": OTHER + "moved.ics"}).status == 201
        assert s.put(OTHER + "moved.ics", event("x0")).status == 204
        assert s.request("DELETE", OTHER + "moved.ics").status == 204 and available(s) == SIZE
        assert s.put(CALENDAR + "x6.ics", event("x6")).status == 201
        s.restart()
        assert used(s) == 3 * SIZE
        s.stop()
        s.dedit("rebuild")
        s.start()
        assert used(s) == 3 * SIZE and s.dedit("check").returncode == 0
        assert s.request("DELETE", OTHER).status == 204 and used(s) == 2 * SIZE
        # another account's own setting; its name is compared as logins are
        for i in range(5):
            assert s.put(f"{MARC}x{i}.ics", event(f"x{i}"), user="marc").status == 201
        # lowered later: what is there stays, and may become less
        s.write_config(settings='quota = "10"')
        s.reload()
        assert available(s) == 0 and s.put(CALENDAR + "x2.ics", event("x2", summary="M")).status == 204
        refused(s.put(CALENDAR + "x2.ics", event("x2")), 507, "D:quota-not-exceeded")


def test_it_is_the_owners(_):
    """A sharee's events in a shared calendar are charged to whom the calendar belongs."""
    with Server(settings=LIMITED) as s:
        s.dedit("share", "anna/calendar", "marc", "write")
        shared = "/calendars/marc/anna~calendar/"
        for i in range(3):
            assert s.put(f"{shared}x{i}.ics", event(f"x{i}"), user="marc").status == 201
        assert available(s) == available(s, shared, "marc") == 0 and used(s, MARC, "marc") == 0
        refused(s.put(f"{shared}x3.ics", event("x3"), user="marc"), 507, "D:quota-not-exceeded")
        s.put(MARC + "m.ics", event("m"), user="marc")
        for method in ("COPY", "MOVE"):
            r = s.request(method, MARC + "m.ics", None, {"Destination": shared + "m.ics"}, "marc")
            refused(r, 507, "D:quota-not-exceeded")
        s.dedit("share", "anna/calendar", "marc", "read")
        r = s.request("PROPFIND", shared, propfind("D:quota-used-bytes", "D:quota-available-bytes"), {"Depth": "0"}, "marc")
        assert set(statuses(r)[shared].values()) == {404}, "a reader learns nothing of the owner's other calendars"


def test_annotations_dont_count(_):
    """What a policy writes into events is the server's; the Fees calendar is, as a whole."""
    with Server(settings='quota = "100M"', extra=POLICY) as s:
        sent = event("x", start="20990601T100000Z", end="20990601T110000Z", summary="Marc 80 €").encode()
        s.put(CALENDAR + "x.ics", sent)
        stored = s.request("GET", CALENDAR + "x.ics").body
        assert len(stored) > len(sent) and used(s) == len(sent), (len(sent), len(stored), used(s))


def test_settings(_):
    with Server(start=False) as s:
        for bad in ('quota = "-1"', 'quota = "much"'):
            s.write_config(settings=bad)
            r = s.dedit("check", check=False)
            assert r.returncode != 0 and re.search(r"dedit.conf:\d+: .*quota", r.stderr + r.stdout), r
        s.write_config(settings="")
