"""dedit check --deep: each kind of damage is named by a line that says what to do; beside a server and without one."""

import contextlib
import os
import sqlite3
import threading

from backup_test import SERVER, fill
from dav import CALENDAR, proppatch
from dedit_wire import Server, event

SLOW = True


def check(s, *options):
    """The lines; exit status and words fit them."""
    r = s.dedit("check", *options, check=False)
    lines = r.stdout.splitlines()
    if r.returncode == 0:
        assert len(lines) == 1 and lines[0].startswith("no problems: "), r
        return []
    assert r.returncode == 1 and "problems were found" in r.stderr and lines, r
    return lines


def make(s):
    fill(s, 3)
    s.dedit("share", "anna/calendar", "marc", "read")
    s.dedit("delegate", "anna", "marc", "read")
    s.dedit("feed", "add", "anna/calendar")
    s.dedit("ledger", "head")
    for path in (CALENDAR + "e1.ics", CALENDAR, "/calendars/anna/"):
        r = s.request("PROPPATCH", path, proppatch('<X:note xmlns:X="urn:x">kept</X:note>'))
        assert r.status == 207, r
    assert s.request("DELETE", CALENDAR + "e2.ics").status == 204
    never = event("never", "20270601T100000Z", extra="RRULE:FREQ=DAILY;COUNT=1\r\nEXDATE:20270601T100000Z\r\n")
    assert s.put(CALENDAR + "never.ics", never).status == 201
    s.dedit("flush")


@contextlib.contextmanager
def replaced(path, text):
    """text None: gone."""
    before = path.read_bytes()
    times = path.stat()
    path.unlink() if text is None else path.write_bytes(text)
    yield
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(before)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@contextlib.contextmanager
def added(path, text=b"stranger"):
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(text)
    yield
    path.unlink()


def one(s, starts, words):
    lines = check(s, "--deep")
    assert any(line.startswith(starts) and words in line for line in lines), (starts, words, lines)
    assert all("; " in line or line.startswith("ledger/") for line in lines), lines


def test_files(_):
    """Beside a server, which has been told to watch no folder."""
    with Server(**{**SERVER, "settings": "mirror-delay = 0ms\nwatch-folders = 0"}) as s:
        make(s)
        assert check(s, "--deep") == check(s) == []
        d = s.data
        log = next((d / "ledger/anna").glob("*.log"))
        policy = next((d / "policies").iterdir())
        props = d / "cal/anna/calendar/.props"
        e1 = d / "cal/anna/calendar/e1.ics"
        for path, text, words in (
            (e1, None, "missing; put it back from a backup"),
            (e1, e1.read_bytes().replace(b"Meeting", b"Beating"), "differs from the index; 'dedit rescan'"),
            (props, None, "missing; 'dedit rebuild'"),
            (props, props.read_bytes().replace(b"share: marc\tread", b"share: marc\twrite"), "differs from the index"),
            (d / "cal/anna/.props", None, "missing"),
            (d / "cal/anna/calendar/.props.d/e1.ics", b"", "differs from the index"),
            (d / "accounts/marc", None, "missing; 'dedit rebuild'"),
            (d / "accounts/marc", b"\xff", "differs from the index"),
            (log, None, "missing"),
            (log, log.read_bytes().replace(b"Client1", b"Client9"), "text was changed"),
            (log, log.read_bytes() + log.read_bytes().splitlines(True)[-1], "differs from the index"),
            (d / "ledger/anna/heads", b"", "differs from the index"),
            (policy, b"policy \"p\" { }\n", "not the text of that name"),
        ):
            with replaced(path, text):
                one(s, str(path.relative_to(d)), words)
        # one text that can't be read doesn't keep the ledgers from being looked at
        with (replaced(policy, b"#" * (1 << 20) + b"\n"),
              replaced(log, log.read_bytes().replace(b"Client1", b"Client9"))):
            one(s, f"policies/{policy.name}", "; put it back from a backup")
            one(s, "ledger/anna", "text was changed")
        for path, words in (
            (d / "cal/anna/calendar/new.txt", "no event's file name, left alone; rename it"),
            (d / "cal/anna/calendar/.props.d/no.ics", "not in the index; move it away"),
            (d / "cal/anna/attic/x.ics", "not in the index; 'dedit rebuild' takes it in"),
            (d / "cal/eve/work/x.ics", "not in the index; make the account with 'dedit user add'"),
            (d / "accounts/eve", "not in the index"),
            (d / "ledger/anna/1999-01.log", "not in the index"),
        ):
            with added(path):
                name = path.relative_to(d)
                level = {"attic": name.parent, "work": name.parent.parent}.get(path.parent.name, name)
                one(s, str(level), words)
            if path.parent.name in ("attic", "work"):
                path.parent.rmdir()
            if path.parent.parent.name == "eve":
                path.parent.parent.rmdir()
        assert check(s, "--deep") == [], "all is as before"


def test_index(_):
    """What stands in its rows."""
    with Server(**SERVER) as s:
        make(s)
        assert s.stop() == 0
        for sql, words in (
            ("UPDATE object SET uid = 'other' WHERE name = 'e1.ics'", "e1.ics: its UID is another"),
            ("UPDATE object SET size = size + 1 WHERE name = 'e1.ics'", "e1.ics: its size is another"),
            ("UPDATE object SET component = 2 WHERE name = 'e1.ics'", "e1.ics: its kind is another"),
            ("UPDATE object SET first = first + 1 WHERE name = 'e1.ics'", "e1.ics: its span of time is another"),
            ("UPDATE object SET spans = x'02' WHERE name = 'e1.ics'", "e1.ics: its span of time is another"),
            ("UPDATE object SET traits = traits + 1 WHERE name = 'e1.ics'", "e1.ics: its nature is another"),
            ("UPDATE object SET shelf = 1 WHERE name = 'e1.ics'", "found at other times than its own: anna/calendar/e1"),
            ("UPDATE object SET last = first - 1 WHERE name = 'e1.ics'", "ends before it begins: anna/calendar/e1.ics"),
            ("UPDATE object SET digest = 'x' WHERE name = 'e1.ics'", "e1.ics: differs from the index"),
            ("UPDATE object SET seq = seq + 1000000000000 WHERE name = 'e1.ics'", "ahead of its calendar: anna/"),
            ("UPDATE object SET charged = charged + 1 WHERE name = 'e1.ics'", "charged with another sum: anna/"),
            ("UPDATE object SET seq = 1 WHERE name = 'e2.ics'", "no token is old enough to be told: anna/calendar/e2"),
            ("UPDATE object SET collection = 77 WHERE name = 'e1.ics'", "object without calendar: 77/e1.ics"),
            ("UPDATE prop SET collection = 77 WHERE name = 'note'", "properties of no calendar: 77"),
            ("UPDATE place_prop SET place = 'no.ics' WHERE place = 'e1.ics'", "properties of no event: "),
            ("UPDATE place_prop SET place = 'eve' WHERE place = 'anna'", "properties of nobody: eve"),
            ("UPDATE share SET collection = 77", "share of no calendar: 77 with marc"),
            ("UPDATE share SET user = 'eve'", "share with nobody: "),
            ("UPDATE feed SET collection = 77", "feed of no calendar: "),
            ("UPDATE delegate SET user = 'eve'", "delegate of or to nobody: anna to eve"),
            ("DELETE FROM member WHERE user = 'marc' AND owner = 'anna'", "in a home or in none, wrongly: marc/"),
            ("DELETE FROM account WHERE name = 'marc'", "calendar of nobody: marc/"),
            ("DELETE FROM ledger WHERE seq = 2", "does not follow the entry before it"),
            ("UPDATE ledger SET text = replace(text, '80', '90') WHERE seq = 2", "text was changed"),
            ("DELETE FROM ledger_log", "entries of the ledger in no file: ledger/anna/"),
            ("UPDATE collection SET oldest_seq = seq + 1 WHERE name = 'work'", "refuses tokens that it gave out: anna/"),
        ):
            index = sqlite3.connect(s.data / "index.db")
            kept = sqlite3.connect(":memory:")
            index.backup(kept)
            index.execute(sql)
            assert index.total_changes > 0, sql
            index.commit()
            index.close()
            lines = check(s, "--deep")
            assert any(words in line for line in lines), (sql, lines)
            index = sqlite3.connect(s.data / "index.db")
            kept.backup(index)
            index.close()
            # a start writes what the index has and the files have not
            (s.data / "cal/anna/calendar/.props.d/no.ics").unlink(missing_ok=True)
        assert check(s, "--deep") == [], check(s, "--deep")
        # what belongs to no table: the list of free pages
        with open(s.data / "index.db", "r+b") as f:
            f.seek(36)
            free = f.read(4)
            f.seek(36)
            f.write((int.from_bytes(free, "big") + 1).to_bytes(4, "big"))
        for options in ((), ("--deep",)):
            lines = check(s, *options)
            assert any(line.startswith("index.db: ") and "reelist" in line for line in lines), (options, lines)
        with open(s.data / "index.db", "r+b") as f:
            f.seek(36)
            f.write(free)
        assert check(s, "--deep") == [], check(s, "--deep")
        with open(s.data / "index.db", "r+b") as f:
            f.seek(-4096 * 2, 2)
            f.write(b"\xff" * 4096)
        r = s.dedit("check", "--deep", check=False)
        assert r.returncode == 1 and "index.db" in r.stdout + r.stderr and "rebuild" in r.stdout + r.stderr, r
        s.dedit("rebuild")
        s.start()
        assert check(s, "--deep") == [], check(s, "--deep")


def test_while_writers_go_on(_):
    """Nothing that only changes is taken for damage."""
    with Server(**{**SERVER, "settings": "mirror-delay = 5ms"}) as s:
        make(s)
        stop = threading.Event()

        def write(k):
            n = 0
            while not stop.is_set():
                n += 1
                path = f"/calendars/anna/work/t{k}-{n % 7}.ics"
                assert s.put(path, event(f"t{k}-{n % 7}", summary=f"X{n} 80 €")).status in (201, 204)
                if n % 5 == 0:
                    assert s.request("DELETE", path).status == 204
                    s.request("PROPPATCH", CALENDAR, proppatch(f'<X:n xmlns:X="urn:x">{n}</X:n>'))

        writers = [threading.Thread(target=write, args=(k,)) for k in range(3)]
        for w in writers:
            w.start()
        try:
            for _ in range(6):
                assert check(s, "--deep") == []
        finally:
            stop.set()
            for w in writers:
                w.join()
