"""Any one part of the data folder is lost or broken: what dedit-store(5) says happens, and what it says to do, helps."""

import os
import shutil
import subprocess
import sys

from backup_test import SERVER
from check_test import check, make
from dav import CALENDAR
from dedit_wire import BUILD, Server, event

SLOW = PLAIN = True


def state(s):
    """What programs and the administrator see."""
    return {
        "events": {n: s.request("GET", CALENDAR + n).text for n in ("e0.ics", "e1.ics")},
        "work": {n: s.request("GET", "/calendars/anna/work/" + n).text for n in ("w0.ics", "w1.ics", "w2.ics")},
        "marc": s.request("PROPFIND", "/calendars/marc/anna~calendar/", headers={"Depth": "0"}, user="marc").status,
        "fees": s.dedit("fees", "--json").stdout,
        "feeds": s.dedit("feed", "list").stdout.count("anna/calendar"),
        "delegates": s.dedit("delegate", "anna").stdout,
        "note": s.request("PROPFIND", CALENDAR, '<D:propfind xmlns:D="DAV:"><D:prop><n:note xmlns:n="urn:x"/></D:prop>'
                          '</D:propfind>', {"Depth": "0"}).text.count("kept"),
    }


class Folder:
    """A stopped server with data that can be broken again and again."""

    def __init__(self, s):
        self.s = s
        make(s)
        self.before = state(s)
        assert s.stop() == 0
        shutil.copytree(s.data, s.folder / "whole")

    def fresh(self):
        shutil.rmtree(self.s.data)
        shutil.copytree(self.s.folder / "whole", self.s.data)

    def back(self, *but):
        """The server starts, and all but this is as it was."""
        self.s.start()
        after = state(self.s)
        assert {k: v for k, v in after.items() if k not in but} == \
            {k: v for k, v in self.before.items() if k not in but}, after
        assert check(self.s, "--deep") == [], check(self.s, "--deep")
        assert self.s.stop() == 0

    def refuses(self, words):
        r = subprocess.run([BUILD / "deditd", "-c", self.s.conf], capture_output=True, text=True, timeout=20)
        assert r.returncode != 0 and words in r.stderr, r


def test_index(_):
    with Server(**SERVER) as s:
        f = Folder(s)
        (s.data / "index.db").unlink()
        f.refuses("dedit rebuild")
        assert "there is no index.db; what was younger than mirror-delay is lost" in s.dedit("rebuild").stdout
        f.back()

        for rubbish in (b"rubbish" * 2000, b""):
            f.fresh()
            (s.data / "index.db").write_bytes(rubbish)
            f.refuses("dedit rebuild")
            said = s.dedit("rebuild").stdout
            assert "index rebuilt: 2 accounts, 6 calendars" in said, said
            f.back()


def test_wal(_):
    """Of a server that was killed: without it the index is old, and looks whole."""
    with Server(**{**SERVER, "settings": "mirror-delay = 5ms"}) as s:
        make(s)
        assert s.put(CALENDAR + "late.ics", event("late")).status == 201
        s.dedit("flush")
        before = state(s)
        s.kill()
        (s.data / "index.db-wal").unlink()
        r = subprocess.run([BUILD / "deditd", "-c", s.conf], capture_output=True, text=True, timeout=20)
        assert r.returncode != 0 and "index.db-wal is missing" in r.stderr and "dedit rebuild" in r.stderr, r
        said = s.dedit("rebuild").stdout
        assert "index.db-wal is missing" in said and "kept as index.db.broken" in said, said
        s.start()
        assert state(s) == before and s.request("GET", CALENDAR + "late.ics").status == 200
        assert check(s, "--deep") == []
        # with it, a kill is nothing
        s.kill()
        s.start()
        s.restart()


LATE = 5


def late_changes(s):
    """A server that was killed: the index's WAL alone has them."""
    for n in range(LATE):
        assert s.put(f"{CALENDAR}late{n}.ics", event(f"late{n}")).status == 201
    s.kill()
    assert (s.data / "index.db-wal").stat().st_size > 0 and not list((s.data / "cal/anna/calendar").glob("late*"))


def has_late_changes(s):
    s.start()
    for n in range(LATE):
        assert s.request("GET", f"{CALENDAR}late{n}.ics").text == event(f"late{n}")
    assert check(s, "--deep") == []


def test_a_rebuild_right_behind_a_kill(_):
    """What was younger than mirror-delay stands in the old index alone, in its WAL."""
    with Server(**{**SERVER, "settings": "mirror-delay = 60s"}) as s:
        late_changes(s)
        said = s.dedit("rebuild").stdout
        assert "lost" not in said and not (s.data / "index.db.broken").exists(), said
        has_late_changes(s)


def test_a_backup_right_behind_a_kill(_):
    """It has what the WAL alone has, and leaves that to the next start."""
    with Server(**{**SERVER, "settings": "mirror-delay = 60s"}) as s:
        late_changes(s)
        s.dedit("backup", s.folder / "b")
        has_late_changes(s)
        assert s.stop() == 0
        shutil.rmtree(s.data)
        s.dedit("restore", s.folder / "b")
        has_late_changes(s)


def test_no_backup_of_half_an_index(_):
    """Without its WAL it is as it was some time ago."""
    with Server(**{**SERVER, "settings": "mirror-delay = 60s"}) as s:
        late_changes(s)
        (s.data / "index.db-wal").unlink()
        r = s.dedit("backup", s.folder / "b", check=False)
        assert r.returncode == 1 and "index.db-wal is missing" in r.stderr and not (s.folder / "b").exists(), r


def version(index, new=""):
    """The index's number, as it is or becomes, by a program that ends without a word, so that the WAL stays."""
    code = "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);" \
        " c.execute('PRAGMA user_version' + sys.argv[2]); print(*c.execute('PRAGMA user_version').fetchone(), flush=True);" \
        " os._exit(0)"
    said = subprocess.run([sys.executable, "-c", code, index, new and f" = {new}"], check=True, stdout=subprocess.PIPE)
    return int(said.stdout)


def test_a_start_that_fails_right_behind_a_kill(_):
    """The program before last, by mistake; then the right one."""
    with Server(**{**SERVER, "settings": "mirror-delay = 60s"}) as s:
        late_changes(s)
        index = s.data / "index.db"
        right = version(index)
        assert version(index, right + 1) == right + 1
        for _ in range(2):
            r = subprocess.run([BUILD / "deditd", "-c", s.conf], capture_output=True, text=True, timeout=20)
            assert r.returncode != 0 and "no way back" in r.stderr, r
        assert version(index, right) == right
        has_late_changes(s)


def test_texts_come_back_by_a_start(_):
    """What the index has too."""
    with Server(**SERVER) as s:
        f = Folder(s)
        log = next((s.data / "ledger/anna").glob("*.log")).relative_to(s.data)
        for path in ("accounts/marc", "cal/anna/calendar/.props", "cal/anna/.props", log, "ledger/anna/heads",
                     "cal/anna/calendar/.props.d/e1.ics", "ledger", "cal/anna/calendar/.props.d"):
            f.fresh()
            lost = s.data / path
            shutil.rmtree(lost) if lost.is_dir() else lost.unlink()
            f.back()
            assert "written anew from the index" in s.log()
            for name in [path] if not lost.is_dir() else [p.relative_to(s.data) for p in lost.rglob("*.ics")]:
                assert (s.data / name).exists(), name


def test_texts_come_back_by_a_rebuild(_):
    """Also those that can't be read."""
    with Server(**SERVER) as s:
        f = Folder(s)
        log = next((s.data / "ledger/anna").glob("*.log")).relative_to(s.data)
        lines = (s.data / log).read_bytes().splitlines(True)
        for path, text in (("accounts/marc", b"\xff"), ("cal/anna/calendar/.props", b"no key and value"),
                           ("cal/anna/.props", b"\0"), (log, b"rubbish\n"), (log, b"".join(lines[:1])),
                           (log, b"".join(lines)[:-20]), (log, b""), ("ledger/anna/heads", b"rubbish\n"),
                           ("cal/anna/calendar/.props.d/e1.ics", b"\xff\xff")):
            f.fresh()
            (s.data / path).write_bytes(text)
            said = s.dedit("rebuild").stdout
            assert f"{path}: " in said and "written anew from the index" in said, (path, text, said)
            f.back()


def test_an_event_and_a_calendar(_):
    """The index has no bodies: they are lost, and that is said."""
    with Server(**SERVER) as s:
        f = Folder(s)
        (s.data / "cal/anna/calendar/e0.ics").unlink()
        said = s.dedit("rebuild").stdout
        assert "cal/anna/calendar/e0.ics: missing; the event is lost" in said, said
        f.back("events")

        f.fresh()
        (s.data / "cal/anna/calendar/e0.ics").write_bytes(b"rubbish")
        said = s.dedit("rebuild").stdout
        assert "cal/anna/calendar/e0.ics: another than the index knew" in said, said
        assert said.count("cal/anna/calendar/e0.ics") == 2, "and why it can't be read"
        s.start()
        assert s.request("GET", CALENDAR + "e0.ics").status == 404
        assert s.request("GET", CALENDAR + "e1.ics").status == 200
        assert any("e0.ics: not in the index" in line for line in check(s, "--deep"))
        assert s.stop() == 0

        # a folder may be a disk that isn't mounted: nothing is deleted, until a rebuild
        f.fresh()
        shutil.rmtree(s.data / "cal/anna/calendar")
        s.start()
        assert not (s.data / "cal/anna/calendar").exists()
        lines = check(s, "--deep")
        assert sum("missing" in line and "cal/anna/calendar/" in line for line in lines) >= 3, lines
        assert s.request("PROPFIND", CALENDAR + "e0.ics", headers={"Depth": "0"}).status == 207
        assert s.stop() == 0
        said = s.dedit("rebuild").stdout
        assert "calendar/e0.ics: missing; the event is lost" in said and "calendar/.props: missing; written" in said
        f.back("events")


def test_keys_and_marks(_):
    with Server(**SERVER) as s:
        f = Folder(s)
        for name in ("epoch", "lock"):
            (s.data / name).unlink()
            f.back()
            (s.data / name).write_bytes(b"rubbish" if name == "epoch" else b"")
            (s.data / name).chmod(0o600)
            f.back()
        (s.data / "control").write_bytes(b"rubbish")
        (s.data / "control").chmod(0o600)
        shutil.rmtree(s.data / "tmp")
        f.back()

        shutil.rmtree(s.data / "tmp")
        (s.data / "tmp").write_bytes(b"")
        (s.data / "tmp").chmod(0o600)
        f.refuses("tmp")
        (s.data / "tmp").unlink()

        (s.data / "key").unlink()
        f.back()
        assert "key was missing and is made anew" in s.log()
        (s.data / "key").write_bytes(b"short")
        f.refuses("put it back from a backup, or remove it")

        # heads that were signed by a key that is gone
        f.fresh()
        (s.data / "ledger.key").unlink()
        r = s.dedit("ledger", "verify", check=False)
        assert r.returncode == 1 and "ledger/anna/heads:1" in r.stdout, r
        shutil.copy(s.folder / "whole/ledger.key", s.data / "ledger.key")
        f.back()


def test_a_policys_text(_):
    """Of a policy in force it is written anew; another's comes back from a backup."""
    with Server(**SERVER) as s:
        f = Folder(s)
        text = next((s.data / "policies").iterdir())
        whole = text.read_bytes()
        for broken in (None, b"rubbish"):
            text.unlink() if broken is None else text.write_bytes(broken)
            f.back()
            assert text.read_bytes() == whole
        assert os.listdir(s.data / "policies") == [text.name]

        # while it serves nobody writes it anew; a text that nothing was booked under may go
        s.start()
        assert check(s, "--deep") == []
        text.unlink()
        lines = check(s, "--deep")
        assert len(lines) == 1 and lines[0].startswith("policies/%s: missing, " % text.name) and "anna" in lines[0], lines
        assert s.stop() == 0
        s.write_config(extra=s.extra.replace("24h 100%", "24h 50%"))
        s.start()
        assert check(s, "--deep") == lines
        text.write_bytes(whole)
        text.chmod(0o600)
        assert check(s, "--deep") == []
        next(f for f in (s.data / "policies").iterdir() if f.name != text.name).unlink()
        assert check(s, "--deep") == []
        assert s.stop() == 0
