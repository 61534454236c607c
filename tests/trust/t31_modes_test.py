"""trust.md T-31: what the server and its command make is open to nobody else, whatever the umask, and a data folder that
others could write, or whose parts they could read, is refused."""

import itertools
import os
import pathlib
import shutil
import stat
import subprocess

from dav import HOME, in_hours
from dedit_wire import BUILD, PASSWORD, Server, event

POLICY = ('policy "p" { timezone = "UTC" currency = EUR price = "80 EUR" tiers = { "48h 100%" } owner-changes = client }\n'
          'calendar "anna/work" { policy = "p" }\n')
NOBODY = 65534


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


def by_root(s, *args, input=None):
    """dedit, with umask 0. The search for leaks needs the rights of root, which it gives up."""
    environment = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
    return subprocess.run([BUILD / "dedit", "-c", s.conf, *args], input=input, capture_output=True, text=True, umask=0,
                          timeout=60, env=environment)


class Wide(Server):
    """A server that is started with umask 0, and so is its command."""

    def start(self, *options):
        before = os.umask(0)
        try:
            super().start(*options)
        finally:
            os.umask(before)

    def dedit(self, *args, **more):
        before = os.umask(0)
        try:
            return super().dedit(*args, **more)
        finally:
            os.umask(before)


def fill(s):
    """A bit of everything that is written."""
    s.dedit("calendar", "add", "anna/work")
    s.put(HOME + "calendar/x.ics", event("x"))
    s.put(HOME + "work/late.ics", event("late", in_hours(5), in_hours(6), "Marc 80 €"))
    assert s.request("DELETE", HOME + "work/late.ics").status == 204
    s.request("PROPPATCH", HOME + "calendar/x.ics", '<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x xmlns="urn:x">1</x>'
              "</D:prop></D:set></D:propertyupdate>")
    s.request("PROPPATCH", HOME, '<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><D:displayname>x</D:displayname>'
              "</D:prop></D:set></D:propertyupdate>")
    s.dedit("ledger", "head")
    s.dedit("feed", "add", "anna/calendar")
    s.dedit("user", "remove", "marc")
    s.dedit("flush")


def open_to_others(folder):
    return {str(p.relative_to(folder)): oct(mode(p)) for p in [folder, *folder.rglob("*")] if mode(p) & 0o077}


def test_everything_in_the_data_folder(_):
    with Wide(extra=POLICY) as s:
        fill(s)
        kinds = {p.suffix or p.name for p in s.data.rglob("*") if not p.is_dir()}
        assert {".ics", ".props", ".log", "heads", "anna", "key", ".key", "epoch", "lock", "control", ".db", ".db-wal",
                ".db-shm"} <= kinds, kinds
        assert {p.name for p in s.data.iterdir() if p.is_dir()} >= {"accounts", "cal", "ledger", "policies", "removed", "tmp"}
        assert open_to_others(s.data) == {}
        # What is made anew keeps to it, too.
        s.stop()
        (s.data / "index.db").unlink()
        s.dedit("rebuild")
        s.start()
        s.put(HOME + "calendar/y.ics", event("y"))
        s.dedit("flush")
        assert open_to_others(s.data) == {}


def test_what_commands_write_elsewhere(_):
    """Pictures, and the files that commands work with meanwhile."""
    with Wide(extra=POLICY) as s:
        fill(s)
        picture = s.folder / "picture.svg"
        s.dedit("report", "when", "--svg", picture)
        assert picture.stat().st_size > 0 and mode(picture) == 0o600
        leftover = {p for p in pathlib.Path("/tmp").glob("dedit*") if not p.name.startswith("dedit-wire")}
        s.dedit("export", "anna/calendar")
        assert {p for p in pathlib.Path("/tmp").glob("dedit*") if not p.name.startswith("dedit-wire")} <= leftover


def test_the_socket_of_a_proxy(_):
    """For its group (doc/proxy.md), not for all."""
    with Wide(unix=True) as s:
        assert mode(s.unix_path) == 0o660


def refused(s, what, commands=("deditd", "dedit")):
    """By the server and by the command, with the path and what to do."""
    for command in commands:
        args = ("user", "list") if command == "dedit" else ()
        r = subprocess.run([BUILD / command, "-c", s.conf, *args], capture_output=True, text=True, timeout=60)
        assert r.returncode == 1 and "is ready" not in r.stderr, (command, what, r)
        assert str(what) in r.stderr and "chmod" in r.stderr, (command, what, r.stderr)


def test_folders_that_others_may_write(_):
    with Server(start=False, extra=POLICY) as s:
        s.start()
        fill(s)
        s.stop()
        for bits in (0o720, 0o702, 0o1777):
            s.data.chmod(bits)
            refused(s, s.data)
        r = subprocess.run([BUILD / "deditd", "-t", "-c", s.conf], capture_output=True, text=True, timeout=60)
        assert r.returncode == 1 and "data" in r.stderr, r
        s.data.chmod(0o700)
        bits, commands = itertools.cycle((0o004, 0o020, 0o001)), itertools.cycle(("dedit", "deditd"))
        for part in ("accounts", "cal", "index.db", "key", "ledger", "ledger.key", "policies", "removed", "tmp"):
            before = mode(s.data / part)
            (s.data / part).chmod(before | next(bits))
            refused(s, s.data / part, [next(commands)])
            (s.data / part).chmod(before)
        # Others may know that it is there, and a group may make copies.
        s.data.chmod(0o755)
        (s.data / "cal").chmod(0o750)
        s.start()
        assert s.request("GET", HOME).status == 200


def test_a_private_key_that_others_may_read(_):
    with Server(start=False, tls=True) as s:
        (s.folder / "certs/server.key").chmod(0o644)
        r = subprocess.run([BUILD / "deditd", "-c", s.conf], capture_output=True, text=True, timeout=60)
        assert r.returncode == 1 and "chmod 600" in r.stderr, r


def test_a_folder_of_somebody_else(_):
    """A server that isn't root takes only its own folder; root's command works in it as the folder's owner."""
    assert os.geteuid() == 0, "the tests run as root"
    with Server(start=False, users=("anna",)) as s:
        s.folder.chmod(0o755)
        programs = s.folder / "programs"
        programs.mkdir(mode=0o755)
        for name in ("deditd", "dedit"):
            shutil.copy(BUILD / name, programs / name)
        run = {"capture_output": True, "text": True, "timeout": 60, "user": NOBODY, "group": NOBODY, "extra_groups": []}
        r = subprocess.run([programs / "deditd", "-c", s.conf], **run)
        assert r.returncode == 1 and str(s.data) in r.stderr and "is ready" not in r.stderr, r
        r = subprocess.run([programs / "dedit", "-c", s.conf, "user", "list"], **run)
        assert r.returncode == 1 and "anna" not in r.stdout, r
        for path in [s.data, *s.data.rglob("*")]:
            os.chown(path, NOBODY, NOBODY)
        for args in (("user", "add", "eve"), ("calendar", "add", "anna/second")):
            r = by_root(s, *args, input=PASSWORD + "\n")
            assert r.returncode == 0, (args, r)
        assert {(os.lstat(p).st_uid, os.lstat(p).st_gid) for p in s.data.rglob("*")} == {(NOBODY, NOBODY)}
        r = subprocess.run([programs / "dedit", "-c", s.conf, "user", "list"], **run)
        assert r.returncode == 0 and "eve" in r.stdout, r
