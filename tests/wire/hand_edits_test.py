"""Events are files (doc/architecture.md section 4 and 15.20): what is edited, added or removed on disk reaches clients by itself."""

import json
import os
import signal

from dav import (
    CALENDAR,
    HOME,
    changes,
    comp,
    found,
    in_hours,
    listing,
    multiget,
    report,
    statuses,
    text,
    token,
    unchanged,
    value,
)
from dedit_wire import Server, event, wait_for

SLOW = True

SECONDS = 8


def folder(s, calendar="calendar"):
    return s.data / "cal/anna" / calendar


def put(s, name, path=CALENDAR):
    """Stored, and in its file."""
    assert s.put(f"{path}{name}.ics", event(name)).status in (201, 204)
    s.dedit("flush")


def write(s, name, text_, calendar="calendar"):
    """As editors do: a new file beside it, renamed."""
    path = folder(s, calendar) / name
    path.with_name(f".{name}.swp").write_bytes(text_.encode())
    os.replace(path.with_name(f".{name}.swp"), path)


def changed(s, since, expected, path=CALENDAR):
    """Until sync says exactly this."""
    wait_for(
        lambda: changes(s, since, path)[0] == expected,
        SECONDS,
        f"{expected} instead of {changes(s, since, path)[0]}",
    )


def test_edited(s):
    put(s, "edited")
    etag, since, ctag = listing(s)["edited.ics"], token(s), text(s, CALENDAR, "CS:getctag")
    write(s, "edited.ics", event("edited", summary="By hand"))
    changed(s, since, {"edited.ics": True})
    r = s.request("GET", CALENDAR + "edited.ics")
    assert r.text == event("edited", summary="By hand") and r.headers["etag"] != etag
    assert listing(s)["edited.ics"] == r.headers["etag"] and text(s, CALENDAR, "CS:getctag") != ctag
    # A program that knows the old version is told.
    assert s.put(CALENDAR + "edited.ics", event("edited"), if_match=etag).status == 412


def test_edited_in_place(s):
    put(s, "inplace")
    since = token(s)
    with open(folder(s) / "inplace.ics", "r+b") as f:
        f.seek(f.read().index(b"Meeting"))
        f.write(b"MEETING")
    changed(s, since, {"inplace.ics": True})
    assert "SUMMARY:MEETING" in s.request("GET", CALENDAR + "inplace.ics").text


def test_added(s):
    put(s, "there")
    since = token(s)
    write(
        s, "added.ics", event("added", start="20280101T100000Z", end="20280101T110000Z").replace("\r\n", "\n")
    )
    changed(s, since, {"added.ics": True})
    assert found(s, comp("VEVENT", '<C:time-range start="20280101T000000Z" end="20280102T000000Z"/>')) == [
        "added.ics"
    ]


def test_removed(s):
    put(s, "removed")
    put(s, "kept")
    since = token(s)
    (folder(s) / "removed.ics").unlink()
    changed(s, since, {"removed.ics": False})
    assert (
        s.request("GET", CALENDAR + "removed.ics").status == 404
        and s.request("GET", CALENDAR + "kept.ics").status == 200
    )


def test_renamed(s):
    put(s, "oldname")
    since = token(s)
    os.rename(folder(s) / "oldname.ics", folder(s) / "newname.ics")
    changed(s, since, {"oldname.ics": False, "newname.ics": True})
    assert s.request("GET", CALENDAR + "newname.ics").text == event("oldname")


def test_touched_is_no_change(s):
    put(s, "touched")
    with unchanged(s):
        os.utime(folder(s) / "touched.ics")
        write(s, "touched.ics", event("touched"))
        s.dedit("rescan", "anna/calendar")


def test_a_broken_file_costs_itself_only(s):
    """Issue: never the whole answer. What was there before stays until the file is one again."""
    put(s, "healthy")
    put(s, "broken")
    for i, bad in enumerate(
        (
            b"BEGIN:VCALENDAR\r\nnonsense",
            b"",
            b"\xff\xfe\x00\x01",
            event("healthy").encode(),
            b"x" * (9 << 20),
        )
    ):
        (folder(s) / "broken.ics").write_bytes(bad)
        s.dedit("rescan", "anna/calendar", check=False)
        assert s.request("GET", CALENDAR + "healthy.ics").status == 200
        got = statuses(report(s, CALENDAR, multiget(CALENDAR + "healthy.ics", CALENDAR + "broken.ics")))
        assert set(got[CALENDAR + "healthy.ics"].values()) == {200}, got
        assert "healthy.ics" in found(s, comp("VEVENT")) and "healthy.ics" in listing(s)
        for r in (
            s.request("GET", CALENDAR + "broken.ics"),
            s.request("PROPFIND", CALENDAR + "broken.ics", None, {"Depth": "0"}),
        ):
            assert r.status in (200, 207, 404), (i, r)
        assert "broken.ics" in s.log()
    since = token(s)
    write(s, "broken.ics", event("broken", summary="Whole again"))
    changed(s, since, {"broken.ics": True})


def test_a_broken_new_file(s):
    put(s, "fine")
    with unchanged(s):
        for name, bad in (
            ("new-broken.ics", "nonsense"),
            ("twice.ics", event("fine")),
            ("todo.ics", event("todo").replace("VEVENT", "VTODO").replace("DTEND", "DUE")),
        ):
            write(s, name, bad)
        s.dedit("rescan", "anna/calendar", check=False)
        for name in ("new-broken.ics", "twice.ics", "todo.ics"):
            assert s.request("GET", CALENDAR + name).status == 404
            assert (folder(s) / name).exists(), "left for who made it"
            (folder(s) / name).unlink()


def test_many_missing_are_an_accident(s):
    """15.20: nothing is deleted."""
    path = HOME + "many/"
    assert s.request("MKCALENDAR", path).status == 201
    for i in range(15):
        s.put(f"{path}m{i}.ics", event(f"m{i}"))
    s.dedit("flush")
    files = {f: f.read_bytes() for f in folder(s, "many").glob("m*.ics")}
    with unchanged(s, path):
        s.process.send_signal(signal.SIGSTOP)  # else the watch may see a few of them missing, and then a few more
        for file in files:
            file.unlink()
        s.process.send_signal(signal.SIGCONT)
        s.dedit("rescan", "anna/many", check=False)
        assert "taken for an accident" in s.log()
        assert s.request("GET", path + "m7.ics").status == 404, "what can't be read costs itself only"
        s.process.send_signal(signal.SIGSTOP)
        for file, content in files.items():
            file.write_bytes(content)
        s.process.send_signal(signal.SIGCONT)
        s.dedit("rescan", "anna/many", check=False)
        assert s.request("GET", path + "m7.ics").text == event("m7")


def test_a_file_that_comes_back(s):
    """As of a backup that is put back file after file, when its event was just taken for removed."""
    put(s, "back")
    path = folder(s) / "back.ics"
    content = path.read_bytes()
    path.unlink()
    wait_for(lambda: "back.ics: removed on disk" in s.log(), SECONDS, "its event is gone")
    path.write_bytes(content)
    s.dedit("flush")
    assert path.read_bytes() == content
    wait_for(lambda: s.request("GET", CALENDAR + "back.ics").status == 200, SECONDS, "the event")
    assert s.request("GET", CALENDAR + "back.ics").body == content


def test_while_the_server_was_down(_):
    with Server() as s:
        for name in ("a", "b", "c", "d"):
            put(s, name)
        since = token(s)
        assert s.stop() == 0
        write(s, "a.ics", event("a", summary="Offline"))
        write(s, "new.ics", event("new"))
        (folder(s) / "b.ics").unlink()
        s.start()
        changed(s, since, {"a.ics": True, "new.ics": True, "b.ics": False})


POLICY = """policy "therapy" { timezone = "Europe/Paris" currency = "EUR" price-from = title tiers = { "24h 100%" } owner-changes = client }
calendar "anna/appointments" { policy = "therapy" }
"""


def test_under_a_policy(_):
    """15.1: files are the administrator's: slots change, nobody owes anything; the annotation comes back."""
    work = HOME + "appointments/"
    with Server(extra=POLICY) as s:
        s.dedit("calendar", "add", "anna/appointments")
        for uid in ("one", "two", "three"):
            s.put(f"{work}{uid}.ics", event(uid, in_hours(20), in_hours(21), "Marc Petit 80 €"))
        s.dedit("flush")
        for _ in range(3):
            since = token(s, work)
            stored = (folder(s, "appointments") / "one.ics").read_bytes().decode()
            assert value(stored, "X-DEDIT-REF")
            plain = "".join(
                line
                for line in stored.splitlines(True)
                if not line.startswith(("X-DEDIT-", "DESCRIPTION", " "))
            )
            write(s, "one.ics", plain.replace("Petit", "Petit!"), "appointments")
            wait_for(lambda: "one.ics" in changes(s, since, work)[0], SECONDS, "edit is taken in")
            assert value(s.request("GET", work + "one.ics").text, "X-DEDIT-REF") == value(
                stored, "X-DEDIT-REF"
            )
            s.dedit("flush")
            wait_for(
                lambda: "X-DEDIT-REF" in (folder(s, "appointments") / "one.ics").read_text(),
                SECONDS,
                "the file has it too",
            )
        (folder(s, "appointments") / "two.ics").unlink()
        write(
            s,
            "three.ics",
            (folder(s, "appointments") / "three.ics")
            .read_bytes()
            .decode()
            .replace("END:VEVENT", "STATUS:CANCELLED\r\nEND:VEVENT"),
            "appointments",
        )
        wait_for(
            lambda: s.request("GET", work + "two.ics").status == 404
            and "STATUS:CANCELLED" in s.request("GET", work + "three.ics").text,
            SECONDS,
            "both are taken in",
        )
        assert all(f["fee"] == 0 for f in json.loads(s.dedit("fees", "--json").stdout))


def test_a_fee_is_put_back(_):
    """15.11: the ledger has it, whatever its file says; and nobody looks at that file again and again."""
    work = HOME + "appointments/"
    with Server(extra=POLICY) as s:
        s.dedit("calendar", "add", "anna/appointments")
        s.put(f"{work}late.ics", event("late", in_hours(20), in_hours(21), "Marc Petit 80 €"))
        s.request("DELETE", f"{work}late.ics")
        s.dedit("flush")
        [path] = folder(s, "fees").glob("*.ics")
        stored = path.read_bytes()
        for bad in (stored.replace(b"80.00", b"1.00"), b"nonsense"):
            write(s, path.name, bad.decode(), "fees")
            s.dedit("rescan", "anna/fees", check=False)
            wait_for(lambda: s.request("GET", f"{HOME}fees/{path.name}").status == 200, SECONDS, "the fee")
            assert b"80.00" in s.request("GET", f"{HOME}fees/{path.name}").body
            s.dedit("flush")
            assert b"80.00" in path.read_bytes()
        assert s.log().count("on disk") < 10, s.log()[-2000:]
