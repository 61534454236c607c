"""A stored file that was overwritten with rubbish costs its own event only, and its owner can get rid of it."""

import os

from dav import CALENDAR, HOME, multiget, report, statuses, sync, token
from dedit_wire import event, tag, wait_for

POLICY = """
policy "p" { timezone = "Europe/Paris" currency = "EUR" price = "80.00 EUR" tiers = { "24h 100%" } }
calendar "anna/work" { policy = "p" }
"""
SERVER = {"extra": POLICY, "settings": "mirror-delay = 0ms"}
PLACES = (CALENDAR, HOME + "work/")
RUBBISH = (b"not a calendar", b"\xff\xfe\x00", event("other-uid")[:-20].encode())


def break_file(s, path, rubbish):
    """The event is there, its file is not what the index says; returns the ETag of its row."""
    if s.request("PROPFIND", HOME + "work/", headers={"Depth": "0"}).status == 404:
        s.dedit("calendar", "add", "anna/work")
    assert s.put(path, event(path.rpartition("/")[2])).status in (201, 204)
    etag = s.request("GET", path).headers["etag"]
    s.dedit("flush")
    file = s.data / ("cal" + path.removeprefix("/calendars"))
    assert file.exists(), file
    file.write_bytes(rubbish)
    return etag


def test_reading(s):
    for place in PLACES:
        assert s.put(place + "whole.ics", event("whole")).status in (201, 403, 409, 204)
        for i, rubbish in enumerate(RUBBISH):
            path = f"{place}r{i}.ics"
            break_file(s, path, rubbish)
            r = s.request("GET", path)
            assert r.status == 404 and b"cal/" not in r.body, r
            assert s.request("HEAD", path).status == 404
            assert s.request("PROPFIND", path, headers={"Depth": "0"}).status == 207
            r = s.request("REPORT", place, multiget(path, place + "whole.ics"))
            assert r.status == 207 and statuses(r)[path][""] == 404, r
    assert "r0.ics was changed by another hand" in s.log()


def test_a_sync_does_not_call_it_removed(s):
    """RFC 6578 3.5.2: it is mapped still, and who was told that it is gone would never hear of it again."""
    start = token(s)
    path = CALENDAR + "sync.ics"
    break_file(s, path, RUBBISH[0])
    for place, level in ((CALENDAR, "1"), (HOME, "infinite")):
        since = start if place == CALENDAR else ""
        r = report(s, place, sync(since, level, want=("D:getetag", "C:calendar-data")))
        found = statuses(r)[path]
        assert found == {tag("D:getetag"): 200, tag("C:calendar-data"): 404}, r


def test_put_mends(s):
    for place in PLACES:
        for i, rubbish in enumerate(RUBBISH):
            path = f"{place}p{i}.ics"
            name = path.rpartition("/")[2]
            etag = break_file(s, path, rubbish)
            assert s.put(path, event(name), if_match='"other"').status == 412
            assert s.put(path, event(name, summary="Mended"), if_match=etag).status == 204
            assert "Mended" in s.request("GET", path).text
            break_file(s, path, rubbish)
            assert s.put(path, event(name, summary="Again")).status == 204
            assert "Again" in s.request("GET", path).text
            s.dedit("flush")
            wait_for(lambda: b"Again" in (s.data / ("cal" + path.removeprefix("/calendars"))).read_bytes())


def test_delete_removes(s):
    for place in PLACES:
        for i, rubbish in enumerate(RUBBISH):
            path = f"{place}d{i}.ics"
            etag = break_file(s, path, rubbish)
            assert s.request("DELETE", path, headers={"If-Match": '"other"'}).status == 412
            assert s.request("DELETE", path, headers={"If-Match": etag}).status == 204
            assert s.request("PROPFIND", path, headers={"Depth": "0"}).status == 404
            break_file(s, path, rubbish)
            assert s.request("DELETE", path).status == 204
    assert s.dedit("fees", "--json").stdout.strip() == "[]"


def test_a_folder_in_the_way(s):
    """What can't be replaced on disk is still replaced for clients, and written once the way is free."""
    path = CALENDAR + "way.ics"
    break_file(s, path, b"rubbish")
    file = s.data / "cal/anna/calendar/way.ics"
    file.unlink()
    file.mkdir()
    assert s.request("GET", path).status == 404
    assert s.put(path, event("way.ics", summary="Free")).status == 204
    assert "Free" in s.request("GET", path).text
    os.rmdir(file)
    wait_for(lambda: s.dedit("flush", check=False).returncode == 0 and b"Free" in file.read_bytes(), 30)
