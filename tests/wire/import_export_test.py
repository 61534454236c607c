"""`dedit import` and `dedit export`: whole calendars as files, beside a running server and without one."""

import pathlib
import re

from dav import HOME, calendar, component, in_hours, listing, unfold
from dedit_wire import Server, event

SLOW = True

ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:Here\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\n"
    "TZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)
SERIES = (
    component("VEVENT", "series", "DTSTART;TZID=Here:20270601T100000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3")
    + component("VEVENT", "series", "RECURRENCE-ID;TZID=Here:20270602T100000", "DTSTART;TZID=Here:20270602T120000")
)


def plain(uid, *lines):
    return component("VEVENT", uid, "DTSTART:20270601T100000Z", "DURATION:PT1H", *lines)


def new(s, name):
    s.dedit("calendar", "add", f"anna/{name}")
    return f"{HOME}{name}/"


def write(s, text, name="in.ics"):
    path = s.folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def bodies(s, path):
    return {name: s.request("GET", path + name).text for name in listing(s, path) if name}


def uids(s, path):
    return sorted(re.search(r"UID:([^\r\n]*)", unfold(t)).group(1) for t in bodies(s, path).values())


def test_splits_by_uid(s):
    path = new(s, "split")
    text = calendar(ZONE, plain("one") + SERIES + component("VTODO", "task") + plain("two"))
    s.dedit("calendar", "add", "anna/todo", "--tasks")
    r = s.dedit("import", write(s, text), "anna/split", check=False)
    assert r.returncode == 1 and "3 imported, 0 replaced, 0 skipped, 1 refused" in r.stdout, r
    assert re.search(r"in\.ics:\d+: .", r.stderr), "a calendar of events takes no tasks"
    found = bodies(s, path)
    assert uids(s, path) == ["one", "series", "two"], found
    series = next(t for t in found.values() if "UID:series" in t)
    assert series.count("BEGIN:VEVENT") == 2 and series.count("BEGIN:VTIMEZONE") == 1
    assert all(t.count("BEGIN:VTIMEZONE") == 0 for t in found.values() if t is not series)


def test_again(s):
    """The same file changes nothing, and with --replace not the names either."""
    path = new(s, "again")
    assert s.put(path + "mine.ics", event("one", summary="Mine")).status == 201
    file = write(s, calendar(plain("one", "SUMMARY:Theirs") + plain("two")))
    out = s.dedit("import", file, "anna/again").stdout
    assert "1 imported, 0 replaced, 1 skipped, 0 refused" in out and "one: skipped, it is there already" in out, out
    assert "SUMMARY:Mine" in s.request("GET", path + "mine.ics").text
    before = set(bodies(s, path))
    out = s.dedit("import", file, "anna/again", "--replace").stdout
    assert "0 imported, 2 replaced, 0 skipped, 0 refused" in out and "one: replaced" in out, out
    assert set(bodies(s, path)) == before
    assert "SUMMARY:Theirs" in s.request("GET", path + "mine.ics").text


def test_makes_up_what_is_missing(s):
    path = new(s, "missing")
    text = (
        "BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:PUBLISH\nBEGIN:VEVENT\nDTSTART:20270601T100000Z\nSUMMARY:no uid\n"
        "END:VEVENT\nBEGIN:VEVENT\nDTSTART:20270602T100000Z\nSUMMARY:no uid\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    assert "2 imported" in s.dedit("import", write(s, text), "anna/missing").stdout
    found = bodies(s, path)
    assert len(set(uids(s, path))) == 2
    for t in found.values():
        assert re.search(r"DTSTAMP:\d{8}T\d{6}Z\r\n", t) and "METHOD" not in t, t
    assert "2 skipped" in s.dedit("import", write(s, text), "anna/missing").stdout


def test_reports_what_it_refused(s):
    path = new(s, "refused")
    text = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"  # lines 1, 2
        + plain("good")  # 3 to 8
        + "BEGIN:VEVENT\r\nUID:bad\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:nonsense\r\nEND:VEVENT\r\n"  # 9 to 13
        + "BEGIN:VFREEBUSY\r\nUID:busy\r\nDTSTAMP:20260101T000000Z\r\nEND:VFREEBUSY\r\n"  # 14
        + plain("after")
        + "END:VCALENDAR\r\n"
    )
    good = len(plain("good").splitlines())
    r = s.dedit("import", write(s, text), "anna/refused", check=False)
    assert r.returncode == 1 and "2 imported, 0 replaced, 0 skipped, 2 refused" in r.stdout, r
    assert f"in.ics:{3 + good + 3}: " in r.stderr, r
    assert f"in.ics:{3 + good + 5}: " in r.stderr, r
    assert uids(s, path) == ["after", "good"]


def test_not_a_calendar(s):
    path = new(s, "nothing")
    for text, why in (("hello", "line 1"), ("", "line 1"), (b"\x00\x01\xff", "line 1"),
                      ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n", "line 3")):
        r = s.dedit("import", write(s, text), "anna/nothing", check=False)
        assert r.returncode == 1 and why in r.stderr, (text, r)
    for args, code, why in (
        (("import", "/none.ics", "anna/nothing"), 1, "No such file"),
        (("import", "/", "anna/nothing"), 1, "directory"),
        (("import", write(s, ""), "anna/none"), 1, "no calendar"),
        (("import", write(s, ""),), 2, "missing"),
        (("import",), 2, "missing"),
        (("import", write(s, ""), "anna/nothing", "--force"), 2, "--force"),
        (("export",), 2, "missing"),
        (("export", "anna/none"), 1, "no calendar"),
    ):
        r = s.dedit(*args, check=False)
        assert r.returncode == code and why in r.stderr, (args, r)
    assert bodies(s, path) == {}


def test_standard_input(s):
    path = new(s, "stdin")
    assert "1 imported" in s.dedit("import", "-", "anna/stdin", input=calendar(plain("piped"))).stdout
    assert uids(s, path) == ["piped"]
    r = s.dedit("import", "-", "anna/stdin", input="nothing", check=False)
    assert r.returncode == 1 and "standard input: line 1" in r.stderr, r


def test_export(s):
    path = new(s, "export")
    s.dedit("import", write(s, calendar(ZONE, plain("one") + SERIES)), "anna/export")
    out = s.dedit("export", "anna/export").stdout
    got = unfold(s.request("GET", path).text)
    keep = lambda t: [x for x in t.splitlines() if not x.startswith(("REFRESH-INTERVAL", "X-PUBLISHED-TTL"))]
    assert keep(unfold(out)) == keep(got)
    new(s, "copy")
    assert "2 imported" in s.dedit("import", "-", "anna/copy", input=out).stdout
    assert uids(s, HOME + "copy/") == ["one", "series"]


def test_no_incident(_):
    """architecture.md 15.1: an import is the administrator's; what clients owe doesn't change."""
    policy = ('policy "t" { timezone = "Europe/Paris" currency = "EUR" price-from = title tiers = { "24h 100%" } }\n'
              'calendar "anna/work" { policy = "t" }')
    with Server(extra=policy, users=("anna",)) as s:
        s.add_user("marc", "--name", "Marc Petit")
        s.dedit("calendar", "add", "anna/work")
        s.dedit("share", "anna/work", "marc", "write")
        late = event("late", in_hours(4), in_hours(5), "Marc Petit 80 €")
        assert "1 imported" in s.dedit("import", write(s, late), "anna/work").stdout
        gone = late.replace("END:VEVENT", "STATUS:CANCELLED\r\nEND:VEVENT")
        assert "1 replaced" in s.dedit("import", write(s, gone), "anna/work", "--replace").stdout
        assert s.dedit("fees", "--json").stdout.strip() in ("[]", "[ ]"), s.dedit("fees").stdout
        r = s.dedit("import", write(s, late), "anna/fees", check=False)
        assert r.returncode == 2 and "incidents" in r.stderr, r


def test_without_a_server(_):
    with Server(users=("anna",), start=False) as s:
        assert "1 imported" in s.dedit("import", "-", "anna/calendar", input=calendar(plain("offline"))).stdout
        assert "UID:offline" in s.dedit("export", "anna/calendar").stdout
        s.start()
        assert uids(s, HOME + "calendar/") == ["offline"]


def test_large_file(_):
    """Many objects: none lost, and the server keeps little of the file in memory."""
    count = 2000
    fill = "DESCRIPTION:" + "x" * 5000
    with Server(users=("anna",)) as s:
        path = write(s, calendar("".join(plain(f"u{i}", fill) for i in range(count))))
        status = pathlib.Path(f"/proc/{s.process.pid}/status")
        before = int(re.search(r"VmHWM:\s+(\d+)", status.read_text()).group(1))
        out = s.dedit("import", path, "anna/calendar").stdout
        assert f"{count} imported, 0 replaced, 0 skipped, 0 refused" in out, out
        size = pathlib.Path(path).stat().st_size // 1024
        after = int(re.search(r"VmHWM:\s+(\d+)", status.read_text()).group(1))
        assert s.sanitized() or after - before < size * 4, (before, after, size)
        out = s.dedit("export", "anna/calendar").stdout
        assert out.count("BEGIN:VEVENT") == count
