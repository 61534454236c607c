"""A backup that an administrator begins in the console: architecture.md 15.27, 15.40."""

import contextlib
import pathlib
import re
import shutil
import tempfile

from backup_test import held
from console import API, Console, problem
from dedit_wire import Server, event, wait_for

CONSOLE = True
ADMIN = 'group "admin" { members = { "marc" } }'


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory(prefix="dedit-backup-") as name:
        yield pathlib.Path(name)


def made(c):
    r = c.ask("POST", "/server/backup")
    assert r.status == 202, r
    wait_for(lambda: not c.get("/server/backup")["running"], what="the backup's end")
    return c.get("/server/backup")["last"]


def test_made_and_restored(_):
    with folder() as to, Server(settings=f'backup = "{to}"', extra=ADMIN) as s:
        for n in range(5):
            assert s.put(f"/calendars/anna/calendar/e{n}.ics", event(f"e{n}")).status == 201
        c = Console(s, "marc")
        assert c.get("/server/backup") == {"folder": str(to), "running": None, "last": None}
        last = made(c)
        assert "a backup is begun by marc\n" in s.log()
        assert last["ok"] and last["problem"] is None and last["left-out"] == 0, last
        assert (last["accounts"], last["objects"]) == (2, 5) and last["files"] > 5 and last["bytes"] > 1000
        assert re.fullmatch(r"dedit-\d{8}T\d{6}Z", last["name"]) and last["began"] <= last["ended"]
        (copy,) = to.iterdir()
        assert copy.name == last["name"] and copy.stat().st_mode & 0o777 == 0o700
        # files are written again, and what comes behind isn't in it
        assert s.put("/calendars/anna/calendar/later.ics", event("later")).status == 201
        s.dedit("flush")
        assert (s.data / "cal/anna/calendar/later.ics").exists() and "later" not in str(list(copy.rglob("*.ics")))
        with Server(users=(), start=False) as other:
            other.dedit("restore", str(copy))
            other.users = s.users
            other.start()
            body = other.request("GET", "/calendars/anna/calendar/").body
            assert body.count(b"BEGIN:VEVENT") == 5 and b"UID:later" not in body
            assert "no problems" in other.dedit("check", "--deep").stdout


def test_nowhere_to_put_it(_):
    """Neither without the setting, nor where the folder isn't; the client names none."""
    with Server(extra=ADMIN) as s:
        c = Console(s, "marc")
        assert c.get("/server/backup") == {"folder": None, "running": None, "last": None}
        problem(c.ask("POST", "/server/backup"), 409, "backup", name="backup-folder")
        problem(c.ask("POST", "/server/backup", folder="/tmp"), 409, "backup")
        problem(c.ask("POST", "/server/backup", {"folder": "/tmp"}), 413)
    with folder() as to, Server(settings=f'backup = "{to}/none"', extra=ADMIN) as s:
        gone = to / "none"
        c = Console(s, "marc")
        last = made(c)
        assert not last["ok"] and last["name"] is None and str(gone) in last["problem"], last
        assert not gone.exists()
        assert s.put("/calendars/anna/calendar/x.ics", event("x")).status == 201
        s.dedit("flush")  # nothing is held any more
        gone.mkdir(mode=0o700)
        s.stop()
        s.start()
        assert made(Console(s, "marc"))["ok"]


def test_no_more_than_may_be(_):
    """None is deleted for another one; what is no whole backup doesn't count."""
    with folder() as to, Server(settings=f'backup = "{to}"\nbackups = 2', extra=ADMIN) as s:
        c = Console(s, "marc")
        (to / "another folder").mkdir(mode=0o700)
        (to / "backup").write_text("a file\n")
        (to / "link").symlink_to(to)
        wait_for(lambda: made(c)["ok"])
        copy = to / "daily"
        copy.mkdir(mode=0o700)
        s.dedit("backup", str(copy))
        before = sorted(to.iterdir())
        for _ in range(2):
            problem(c.ask("POST", "/server/backup"), 507, "setting backups", name="backups")
        assert sorted(to.iterdir()) == before and c.get("/server/backup")["running"] is None
        shutil.rmtree(copy)
        wait_for(lambda: made(c)["ok"])
        problem(c.ask("POST", "/server/backup"), 507, "2 backups")
        s.write_config(settings=f'backup = "{to}"\nbackups = 3')
        assert not s.reload().startswith("not")
        wait_for(lambda: made(c)["ok"])


def test_where_it_goes_is_held(_):
    """As the folder of data is: another one takes effect at the next start; within the data it is refused."""
    with folder() as to, folder() as other, Server(settings=f'backup = "{to}"', extra=ADMIN) as s:
        s.write_config(settings=f'backup = "{other}"')
        assert not s.reload().startswith("not") and "'backup' has changed" in s.log(), s.log()
        c = Console(s, "marc")
        assert made(c)["ok"] and len(list(to.iterdir())) == 1 and not list(other.iterdir())
        (s.data / "copies").mkdir(mode=0o700)
        for wrong in (s.data, s.data / "copies", s.data / "none"):
            s.write_config(settings=f'backup = "{wrong}"')
            assert re.match(r"not reloaded: .*within the data folder", s.reload())
        s.stop()
        s.write_config(settings=f'backup = "{other}/none"')
        s.start()
        assert f"the folder for backups is missing: {other}/none" in s.log()


def test_beside_another_one(_):
    """While `dedit backup` copies the files: it fails, says why, and leaves nothing."""
    with folder() as to, Server(settings=f'backup = "{to}"', extra=ADMIN) as s:
        c = Console(s, "marc")
        with held(s):
            last = made(c)
            assert not last["ok"] and last["problem"] and list(to.iterdir()) == [], last
        wait_for(lambda: made(c)["ok"])


def test_who_may(_):
    with folder() as to, Server(settings=f'backup = "{to}"', extra=ADMIN) as s:
        anna, marc = Console(s), Console(s, "marc")
        problem(anna.ask("GET", "/server/backup"), 403, "administrators")
        problem(anna.ask("POST", "/server/backup"), 403, "administrators")
        problem(marc.ask("POST", "/server/backup", headers={"X-CSRF-Token": ""}), 403, "X-CSRF-Token")
        problem(marc.ask("POST", "/server/backup", headers={"Sec-Fetch-Site": "cross-site"}), 403, "another")
        problem(s.request("POST", API + "/server/backup", user="marc"), 401)
        token = s.dedit("user", "token", "marc", "add", "nightly", "--api-read").stdout.strip()
        problem(s.request("POST", API + "/server/backup", headers={"Authorization": f"Bearer {token}"}, user=None), 403, "only read")
        assert list(to.iterdir()) == []
