"""A calendar that comes under a policy: what is in it acquires its slot then (doc/architecture.md 15.24)."""

import json
import time

from dav import HOME, changes, in_hours, listing, notes, state, token
from dedit_wire import Server, event, wait_for

SLOW = True

RULES = 'policy "p" { timezone = "Europe/Paris" currency = "EUR" price = "80.00 EUR" tiers = { "24h 100%" } }\n'
POLICY = RULES + 'calendar "anna/work" { policy = "p" }\n'
WORK = HOME + "work/"
DONE = 'anna/work came under policy "p": '
TITLE = "Marc Petit"


def fill(s):
    """Before the policy: three to come (one a series, one soon), one that is over, and no appointment."""
    s.dedit("calendar", "add", "anna/work")
    for uid, hours, extra in (("later", 200, ""), ("soon", 2, ""), ("over", -200, ""), ("free", 100, "TRANSP:TRANSPARENT\r\n"),
                              ("weekly", 300, "RRULE:FREQ=WEEKLY;COUNT=5\r\n")):
        r = s.put(f"{WORK}{uid}.ics", event(uid, in_hours(hours), in_hours(hours + 1), TITLE, extra))
        assert r.status == 201, r


def has_block(s, name):
    r = s.request("GET", WORK + name)
    assert r.status == 200, r
    return "do not edit below" in notes(r.text)


def settle(s):
    """Until nothing has changed for a while."""
    before = None
    while before != (before := state(s, WORK)):
        time.sleep(0.5)


def test_events_of_before_acquire_their_slots(_):
    with Server() as s:
        fill(s)
        old, since = listing(s, WORK), token(s, WORK)
        s.write_config(extra=POLICY)
        assert s.reload().startswith("reloaded")
        wait_for(lambda: DONE + "3 events" in s.log(), 10, "slots are acquired")
        new = listing(s, WORK)
        assert {n for n in new if new[n] != old[n]} == {"later.ics", "weekly.ics", "soon.ics"}, (old, new)
        assert changes(s, since, WORK)[0] == {"later.ics": True, "weekly.ics": True, "soon.ics": True}
        assert has_block(s, "later.ics") and has_block(s, "weekly.ics") and has_block(s, "soon.ics")
        assert not has_block(s, "over.ics") and not has_block(s, "free.ics")
        assert s.dedit("fees", "--json").stdout.strip() == "[]"

        settled = state(s, WORK)
        s.reload()
        s.restart()
        settle(s)
        assert state(s, WORK) == settled and s.log().count(DONE) == 1

        # From now on the policy holds.
        s.dedit("share", "anna/work", "marc", "write")
        assert s.request("DELETE", "/calendars/marc/anna~work/soon.ics", user="marc").status == 204
        assert [f["class"] for f in json.loads(s.dedit("fees", "--json").stdout)] == ["late-cancel"]


def test_start_with_a_new_policy(_):
    with Server() as s:
        fill(s)
        assert s.stop() == 0
        s.write_config(extra=POLICY)
        s.start()
        wait_for(lambda: DONE + "3 events" in s.log(), 10, "slots are acquired")
        assert has_block(s, "later.ics")


def test_clients_changes_meanwhile_are_kept(_):
    with Server() as s:
        s.dedit("calendar", "add", "anna/work")
        for i in range(60):
            s.put(f"{WORK}{i}.ics", event(f"u{i}", in_hours(200 + i), in_hours(201 + i), TITLE))
        s.write_config(extra=POLICY)
        s.reload()
        c = s.connect()
        for i in reversed(range(60)):
            r = s.request("PUT", f"{WORK}{i}.ics", event(f"u{i}", in_hours(400 + i), in_hours(401 + i), f"Client {i}"),
                          {"Content-Type": "text/calendar"}, connection=c)
            assert r.status == 204, r
        settle(s)
        for i in range(60):
            r = s.request("GET", f"{WORK}{i}.ics", connection=c)
            assert f"Client {i}" in r.text and "do not edit below" in notes(r.text), r
        assert not any(f["fee"] for f in json.loads(s.dedit("fees", "--json").stdout))


def test_file_put_into_the_folder(_):
    with Server(extra=POLICY) as s:
        s.dedit("calendar", "add", "anna/work")
        assert s.put(WORK + "first.ics", event("first", in_hours(100), in_hours(101), TITLE)).status == 201
        s.dedit("flush")
        (s.data / "cal/anna/work/disk.ics").write_bytes(event("disk", in_hours(200), in_hours(201), TITLE).encode())
        s.dedit("rescan", "anna/work")
        wait_for(lambda: "disk.ics" in listing(s, WORK), 10, "the file is taken in")
        assert has_block(s, "disk.ics")
        s.dedit("flush")
        file = (s.data / "cal/anna/work/disk.ics").read_bytes()
        assert file == s.request("GET", WORK + "disk.ics").body, file


def test_stop_in_the_middle(_):
    with Server() as s:
        s.dedit("calendar", "add", "anna/work")
        c = s.connect()
        for i in range(400):
            r = s.request("PUT", f"{WORK}{i}.ics", event(f"u{i}", in_hours(200 + i), in_hours(201 + i), TITLE),
                          {"Content-Type": "text/calendar"}, connection=c)
            assert r.status == 201, r
        c.close()
        s.write_config(extra=POLICY)
        s.reload()
        began = time.monotonic()
        assert s.stop() == 0 and time.monotonic() - began < 5
        s.start()
        wait_for(lambda: s.log().count(DONE) >= 1, 30, "the rest is done")
        settle(s)
        assert all(has_block(s, f"{i}.ics") for i in range(400))
