"""dedit backup: a copy as of one moment, beside a server that goes on or without one, whole or not at all."""

import contextlib
import os
import pathlib
import re
import signal
import socket
import sqlite3
import struct
import subprocess
import threading
import time

from dav import CALENDAR, HOME
from dedit_wire import BUILD, Server, event, wait_for

POLICY = """policy "p" { timezone = "Europe/Paris" currency = EUR price-from = title tiers = { "24h 100%" } }
calendar "anna/work" { policy = "p" }
"""
SERVER = {"extra": POLICY, "settings": "mirror-delay = 0ms"}
SAID = re.compile(r"(?:backup in (\S+)|restored): (\d+) files, (\d+) bytes: (\d+) accounts, (\d+) calendars, "
                  r"(\d+) objects, (\d+) ledger entries\n")
COPIED = {"accounts", "cal", "ledger", "policies", "removed", "key", "ledger.key"}


def fill(s, n=10):
    if s.request("PROPFIND", HOME + "work/", headers={"Depth": "0"}).status == 404:
        s.dedit("calendar", "add", "anna/work")
    for i in range(n):
        assert s.put(f"{CALENDAR}e{i}.ics", event(f"e{i}", extra="X-N: %d\r\n" % i)).status in (201, 204)
        start = "2027060%dT120000Z" % (i % 9 + 1)
        assert s.put(f"{HOME}work/w{i}.ics", event(f"w{i}", start, start.replace("T12", "T13"),
                                                   f"Client{i} 80 €")).status in (201, 204)


def tree(folder, names=COPIED):
    """path -> bytes of what a backup copies."""
    return {str(f.relative_to(folder)): f.read_bytes() for n in sorted(names) for f in
            [folder / n, *(folder / n).rglob("*")] if f.is_file()}


@contextlib.contextmanager
def held(s):
    """As dedit, which copies the files itself: the server holds them until the connection ends."""

    def text(t):
        return struct.pack(">I", len(t)) + t.encode()

    with socket.socket(socket.AF_UNIX) as c:
        c.settimeout(20)
        here = os.open(s.data, os.O_RDONLY)
        c.connect(f"/proc/self/fd/{here}/control")
        os.close(here)
        c.sendall(struct.pack(">I", 0) + text("") + struct.pack(">I", 2) + text("backup") + text("somewhere"))
        answer = c.makefile("rb")

        def number():
            return struct.unpack(">I", answer.read(4))[0]

        code, out = number(), number()
        assert out == 0
        yield code, answer.read(number()).decode(), answer


def problems(s):
    return s.dedit("check", "--deep", check=False).stdout


def test_beside_a_server(s):
    fill(s)
    s.dedit("flush")
    to = s.folder / "b1"
    said = SAID.fullmatch(s.dedit("backup", to).stdout)
    assert said and said[1] == str(to), said
    assert (to.stat().st_mode & 0o777, (to / "index.db").stat().st_mode & 0o777) == (0o700, 0o600)
    for f in to.rglob("*"):
        assert f.stat().st_mode & 0o777 == (0o700 if f.is_dir() else 0o600), f
        assert f.stat().st_uid == s.data.stat().st_uid
    copy = tree(to)
    assert copy == tree(s.data) and len(copy) + 1 == int(said[2]), copy.keys()
    assert set(os.listdir(to)) <= COPIED | {"index.db", "backup"}, os.listdir(to)
    assert sum(map(len, copy.values())) + (to / "index.db").stat().st_size == int(said[3])
    assert [int(n) for n in said.groups()[3:]] == [2, 6, 20, 10], said
    # times are kept: a scan of the copy sees by them that nothing changed
    for f in (s.data / "cal/anna/calendar").glob("*.ics"):
        assert (to / f.relative_to(s.data)).stat().st_mtime_ns == f.stat().st_mtime_ns


def test_without_a_server(_):
    with Server(**SERVER) as s:
        fill(s, 2)
        assert s.stop() == 0
        to = s.folder / "empty"
        to.mkdir(mode=0o700)
        assert SAID.fullmatch(s.dedit("backup", to).stdout).groups()[3:] == ("2", "6", "4", "2")
        assert to.stat().st_mode & 0o777 == 0o700 and tree(to) == tree(s.data)
        assert not list(s.data.glob("control")), "nobody serves"
        s.start()


def test_where_it_may_go(s):
    """Nothing is overwritten; what fails leaves nothing."""
    full = s.folder / "full"
    full.mkdir()
    (full / "mine").write_text("x")
    r = s.dedit("backup", full, check=False)
    assert r.returncode == 1 and "is not empty" in r.stderr and os.listdir(full) == ["mine"], r
    r = s.dedit("backup", s.folder / "no/such", check=False)
    assert r.returncode == 1 and "No such file" in r.stderr, r
    r = s.dedit("backup", full / "mine", check=False)
    assert r.returncode == 1 and not s.dedit("flush").stderr, r
    assert s.dedit("backup", check=False).returncode == 2
    assert s.dedit("backup", s.folder / "b2", s.folder / "b3", check=False).returncode == 2
    assert not (s.folder / "b3").exists()


def test_an_empty_folder_stays_as_it_is(s):
    """It is somebody's, and open to whom they chose: taken only if a new one would be the same."""
    there = s.folder / "there"
    there.mkdir(mode=0o755)
    there.chmod(0o755)
    r = s.dedit("backup", there, check=False)
    assert r.returncode == 1 and "closed to all others" in r.stderr and os.listdir(there) == [], r
    assert there.stat().st_mode & 0o777 == 0o755
    there.chmod(0o700)
    if os.geteuid() == 0:
        os.chown(there, 65534, 65534)
        r = s.dedit("backup", there, check=False)
        assert r.returncode == 1 and "data folder's owner" in r.stderr and os.listdir(there) == [], r
        assert (there.stat().st_uid, there.stat().st_mode & 0o777) == (65534, 0o700)
        os.chown(there, 0, 0)
    assert SAID.fullmatch(s.dedit("backup", there).stdout)


def test_no_data_folder(_):
    """Nothing is made for a backup of nothing."""
    with Server(users=(), start=False) as s:
        assert not s.data.exists()
        r = s.dedit("backup", s.folder / "b", check=False)
        assert r.returncode == 1 and str(s.data) in r.stderr and not (s.folder / "b").exists(), r


def test_no_room(s):
    """The disk of the backup is full: an error that says so, and nothing stays."""
    small = s.folder / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", small], capture_output=True).returncode:
        print("(no right to mount: the test of a full disk is passed over)")
        return
    try:
        r = s.dedit("backup", small / "b", check=False)
        assert r.returncode == 1 and "nothing was backed up" in r.stderr and os.listdir(small) == [], r
    finally:
        subprocess.run(["umount", small], check=True)
    assert s.put(CALENDAR + "after.ics", event("after")).status == 201
    s.dedit("flush")


def test_no_file_changes_meanwhile(s):
    """And yet all is answered; with mirror-delay 0 too."""
    file = s.data / "cal/anna/calendar/held.ics"
    with held(s) as (code, errors, _):
        assert (code, errors) == (0, "")
        assert s.put(CALENDAR + "held.ics", event("held")).status == 201
        assert s.request("GET", CALENDAR + "held.ics").status == 200
        time.sleep(0.5)
        assert not file.exists()
        with held(s) as (code, errors, _):
            assert code == 1 and "already" in errors, errors
        r = s.dedit("backup", s.folder / "second", check=False)
        assert r.returncode == 1 and "already" in r.stderr and not (s.folder / "second").exists(), r
        # as many as the server answers at once, and one more: none of them waits for the end
        for _ in range(5):
            r = s.dedit("flush", check=False)
            assert r.returncode == 1 and "a backup is being made" in r.stderr, r
        assert s.dedit("user", "list").returncode == 0
        assert not file.exists()
    # whoever goes away lets go
    wait_for(lambda: s.dedit("flush", check=False).returncode == 0)
    assert file.exists()
    assert problems(s) == "" or problems(s).startswith("no problems")


def test_what_comes_meanwhile_is_all_or_nothing(s):
    """Writers go on: the backup is of one moment, and has no half of anything."""
    fill(s)
    stop = threading.Event()
    done = []

    def write(k):
        n = 0
        while not stop.is_set():
            n += 1
            r = s.put(f"{HOME}work/t{k}-{n}.ics", event(f"t{k}-{n}", "20270701T100000Z", "20270701T110000Z", "X 80 €"))
            assert r.status == 201, r
            done.append(1)

    writers = [threading.Thread(target=write, args=(k,)) for k in range(3)]
    for w in writers:
        w.start()
    try:
        wait_for(lambda: len(done) > 10)
        for i in range(3):
            to = s.folder / f"load{i}"
            said = SAID.fullmatch(s.dedit("backup", to).stdout)
            index = sqlite3.connect(to / "index.db")
            assert index.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            objects, entries = (index.execute(f"SELECT count(*) FROM {t}").fetchone()[0]
                                for t in ("object WHERE deleted = 0", "ledger"))
            assert (str(objects), str(entries)) == (said[6], said[7])
            for owner, calendar, name, digest in index.execute(
                    "SELECT c.owner, c.name, o.name, j.seq FROM object o JOIN collection c ON c.id = o.collection "
                    "LEFT JOIN journal j ON j.collection = c.id AND j.name = o.name WHERE o.deleted = 0"):
                assert digest is not None or (to / "cal" / owner / calendar / name).exists(), name
    finally:
        stop.set()
        for w in writers:
            w.join()


def test_the_server_dies_meanwhile(_):
    """dedit fails then, and leaves nothing; a server that hears of it comes and goes as ever."""
    with Server(**SERVER) as s:
        fill(s, 2)
        assert s.stop() == 0

        # One that promises, and is gone before the copy is complete.
        fake = socket.socket(socket.AF_UNIX)
        fake.bind(str(s.data / "control"))
        fake.listen(1)

        def promise():
            c = fake.accept()[0]
            while not c.recv(65536).endswith(b"/b"):
                pass
            c.sendall(struct.pack(">III", 0, 0, 0))
            c.close()

        thread = threading.Thread(target=promise)
        thread.start()
        r = s.dedit("backup", s.folder / "b", check=False)
        thread.join()
        fake.close()
        assert r.returncode == 1 and "the server ended meanwhile; nothing was backed up" in r.stderr, r
        assert not (s.folder / "b").exists()

        s.start()
        with held(s) as (code, _errors, answer):
            assert code == 0
            began = time.monotonic()
            assert s.stop() == 0, "a stop doesn't wait for a backup"
            assert time.monotonic() - began < 10
            assert answer.read(1) == b""
        s.start()


def test_killed_meanwhile(s):
    """At any moment: the server writes files again, and what is left isn't taken for a backup."""
    fill(s)
    whole = 0
    for i in range(8):
        to = s.folder / f"k{i}"
        dedit = subprocess.Popen([BUILD / "dedit", "-c", s.conf, "backup", to], stdout=subprocess.DEVNULL)
        time.sleep(0.02 * i)
        dedit.send_signal(signal.SIGKILL)
        dedit.wait()
        whole += (to / "backup").exists()
        assert s.put(f"{CALENDAR}k{i}.ics", event(f"k{i}")).status == 201
        s.dedit("flush")
        assert (s.data / f"cal/anna/calendar/k{i}.ics").exists()
        assert not list((s.data / "tmp").iterdir())
    print(f"({whole} of 8 were done before)")
    assert SAID.fullmatch(s.dedit("backup", s.folder / "after").stdout)


def test_what_is_no_file(s):
    """Links aren't followed, and it is said that they are left out."""
    link = s.data / "cal/anna/calendar/link.ics"
    link.symlink_to("/etc/passwd")
    r = s.dedit("backup", s.folder / "link")
    assert "cal/anna/calendar/link.ics is neither file nor folder and left out" in r.stderr, r
    assert not os.path.lexists(s.folder / "link/cal/anna/calendar/link.ics")
    link.unlink()
    assert pathlib.Path(s.folder / "link/backup").read_text().startswith("dedit-backup: 1\n")
