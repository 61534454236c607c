"""trust.md T-28: links planted in the data folder. A symbolic link is never followed, neither for reading nor for writing;
a file with a second name elsewhere (a hard link) is never written through. What was stored is still served."""

import os
import subprocess

from dav import CALENDAR, HOME, in_hours, listing
from dedit_wire import BUILD, Server, event, wait_for

POLICY = ('policy "p" { timezone = "UTC" currency = EUR price = "80 EUR" tiers = { "48h 100%" } owner-changes = client }\n'
          'calendar "anna/work" { policy = "p" }\n')
SERVER = {"extra": POLICY}
WORK = HOME + "work/"
OUTSIDE = "OUTSIDE"


def outside(s, name="outside.ics", text=None):
    path = s.folder / name
    path.write_text(text or event("outside", summary=OUTSIDE))
    return path


def outside_folder(s, name):
    folder = s.folder / name
    folder.mkdir()
    (folder / "x.ics").write_text(event("outside", summary=OUTSIDE))
    return folder


def folder(s, calendar="calendar", owner="anna"):
    path = s.data / "cal" / owner / calendar
    path.mkdir(parents=True, exist_ok=True)
    return path


def swap(path, target):
    """The link stands where the file or folder stood; what stood there is kept beside the data folder."""
    if path.exists():
        os.rename(path, path.parent.parent.parent.parent / ("was-" + path.name) if path.is_dir()
                  else str(path) + "~")
    os.symlink(target, path)


def flush(s):
    """dedit flush fails while something can't be written; the server's answers must not."""
    s.dedit("flush", check=False)


# ---- objects ----


def test_a_link_as_new_file(s):
    """Not adopted, by whatever way it is looked at."""
    target, where = outside(s), folder(s)
    for name, to in (("link.ics", target), ("dangling.ics", s.folder / "none"), ("passwd.ics", "/etc/passwd"),
                     ("loop.ics", "loop.ics"), ("folder.ics", s.folder), ("relative.ics", "../../../../outside.ics")):
        os.symlink(to, where / name)
    os.mkfifo(where / "fifo.ics")
    s.dedit("rescan", "anna/calendar", check=False)
    s.dedit("check", "--deep", check=False)
    for name in os.listdir(where):
        assert s.request("GET", CALENDAR + name).status == 404, name
        (where / name).unlink()
    assert listing(s) == {}


def test_a_link_instead_of_a_file(s):
    target = outside(s)
    s.put(CALENDAR + "real.ics", event("real"))
    flush(s)
    file = folder(s) / "real.ics"
    swap(file, target)
    s.dedit("rescan", "anna/calendar", check=False)
    r = s.request("GET", CALENDAR + "real.ics")
    assert OUTSIDE.encode() not in r.body and r.status < 500, r
    s.put(CALENDAR + "real.ics", event("real", summary="written again"))
    flush(s)
    assert OUTSIDE in target.read_text(), "nothing is written through a link"
    assert not file.is_symlink() and "written again" in file.read_text()
    file.unlink()
    os.symlink(target, file)
    s.request("DELETE", CALENDAR + "real.ics")
    flush(s)
    assert target.exists() and not os.path.lexists(file)
    (folder(s) / "real.ics~").unlink()


def test_a_link_instead_of_a_calendars_folder(s):
    """What is stored meanwhile is served from the journal, other calendars' files are written on, and once the link is gone
    the files come."""
    assert s.request("MKCALENDAR", HOME + "moved/").status == 201
    s.put(HOME + "moved/x.ics", event("moved"))
    flush(s)
    target, where = outside_folder(s, "elsewhere"), folder(s, "moved")
    swap(where, target)
    assert OUTSIDE.encode() not in s.request("GET", HOME + "moved/x.ics").body
    for uid in ("new", "moved"):
        assert s.put(HOME + f"moved/{'x' if uid == 'moved' else uid}.ics", event(uid, summary="later")).status < 300
    assert s.put(CALENDAR + "beside.ics", event("beside")).status == 201
    flush(s)
    wait_for(lambda: (folder(s) / "beside.ics").exists(), 20, "another calendar's file")
    assert sorted(os.listdir(target)) == ["x.ics"] and OUTSIDE in (target / "x.ics").read_text()
    assert s.request("GET", HOME + "moved/new.ics").status == 200
    assert s.request("DELETE", HOME + "moved/new.ics").status == 204
    flush(s)
    assert os.listdir(target) == ["x.ics"]
    where.unlink()
    wait_for(lambda: (folder(s, "moved") / "x.ics").exists(), 90, "the file after the link is gone")
    assert "later" in (where / "x.ics").read_text()
    s.request("DELETE", CALENDAR + "beside.ics")


def test_a_link_as_new_folder(s):
    """Neither a calendar of a user's nor a home."""
    target = outside_folder(s, "planted")
    os.symlink(target, s.data / "cal/anna/planted")
    os.symlink(s.folder / "planted", s.data / "cal/eve")
    s.dedit("rescan", check=False)
    assert s.request("GET", HOME + "planted/x.ics").status == 404
    assert OUTSIDE not in s.dedit("calendar", "list").stdout
    s.put(CALENDAR + "scan.ics", event("scan"))
    flush(s)
    assert os.listdir(target) == ["x.ics"]
    s.request("DELETE", CALENDAR + "scan.ics")


def test_a_link_as_properties(s):
    """.props and .props.d are written by renaming, so a link gives way."""
    target = outside(s, "outside.props", "secret: 1\n")
    where = folder(s)
    swap(where / ".props", target)
    r = s.request("PROPPATCH", CALENDAR, '<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><D:displayname>Named'
                  "</D:displayname></D:prop></D:set></D:propertyupdate>")
    assert r.status == 207
    flush(s)
    assert target.read_text() == "secret: 1\n" and not (where / ".props").is_symlink()
    assert "Named" in (where / ".props").read_text()
    elsewhere = outside_folder(s, "props.d")
    os.symlink(elsewhere, where / ".props.d")
    s.put(CALENDAR + "p.ics", event("p"))
    r = s.request("PROPPATCH", CALENDAR + "p.ics", '<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x xmlns="urn:x">1</x>'
                  "</D:prop></D:set></D:propertyupdate>")
    assert r.status == 207
    flush(s)
    assert os.listdir(elsewhere) == ["x.ics"]
    (where / ".props.d").unlink()
    s.request("DELETE", CALENDAR + "p.ics")


# ---- the ledger ----


def lose(s, uid):
    """A late cancellation: an entry in the ledger."""
    path = WORK + uid + ".ics"
    assert s.put(path, event(uid, in_hours(5), in_hours(6), f"{uid} 80 €")).status == 201
    assert s.request("DELETE", path).status == 204


def log_file(s):
    return next(iter((s.data / "ledger/anna").glob("*.log")))


def test_ledger(s):
    s.dedit("calendar", "add", "anna/work")
    lose(s, "first")
    flush(s)
    log, target = log_file(s), outside(s, "outside.log", "somebody's\n")
    whole = log.read_text()
    swap(log, target)
    lose(s, "second")
    flush(s)
    assert target.read_text() == "somebody's\n"
    log.unlink()
    os.rename(str(log) + "~", log)
    wait_for(lambda: len(log.read_text()) > len(whole) and s.dedit("ledger", "verify", check=False).returncode == 0, 90,
             "the ledger's file goes on where it was")
    assert log.read_text().startswith(whole)

    # A second name: a copy by `cp -al`, or somebody's file.
    copy, before = s.folder / "copy.log", log.read_text()
    os.link(log, copy)
    lose(s, "third")
    flush(s)
    assert copy.read_text() == before, "written through the other name"
    assert log.read_text().startswith(before) and len(log.read_text()) > len(before)
    assert s.dedit("ledger", "verify").returncode == 0


def test_hard_link_of_an_event(s):
    """A new text takes the name, not the file."""
    s.put(CALENDAR + "hard.ics", event("hard"))
    flush(s)
    copy = s.folder / "hard-copy.ics"
    os.link(folder(s) / "hard.ics", copy)
    s.put(CALENDAR + "hard.ics", event("hard", summary="changed"))
    flush(s)
    assert "changed" not in copy.read_text() and "changed" in (folder(s) / "hard.ics").read_text()
    s.request("DELETE", CALENDAR + "hard.ics")
    flush(s)
    assert copy.exists()


def test_names_in_tmp(s):
    """The names of unfinished files can be guessed: links that wait for them are not written through."""
    symlinked, hardlinked = outside(s, "for-symlink"), outside(s, "for-hard-link")
    for n in range(1, 1000):
        if n % 2:
            os.symlink(symlinked, s.data / f"tmp/{n}")
        else:
            os.link(hardlinked, s.data / f"tmp/{n}")
    s.put(CALENDAR + "guess.ics", event("guess"))
    for n in range(6):
        assert s.put(CALENDAR + "guess.ics", event("guess", summary=f"guess {n}")).status == 204
        flush(s)
    wait_for(lambda: "guess 5" in (folder(s) / "guess.ics").read_text(), 20, "the file in spite of them")
    assert OUTSIDE in symlinked.read_text() and OUTSIDE in hardlinked.read_text()
    assert 0 < len(os.listdir(s.data / "tmp")) < 999, "the names are these"
    s.request("DELETE", CALENDAR + "guess.ics")


# ---- what is read at the start ----


def start_fails(s):
    """deditd's complaint; it must not get as far as serving."""
    r = subprocess.run([BUILD / "deditd", "-c", s.conf], capture_output=True, text=True, timeout=60)
    assert r.returncode == 1 and "is ready" not in r.stderr and "Sanitizer" not in r.stderr, r
    return r.stderr


def test_files_of_the_server(_):
    """The index, keys and folders by another's name: no start."""
    with Server(start=False, extra=POLICY) as s:
        s.start()
        s.dedit("calendar", "add", "anna/work")
        lose(s, "a")
        s.dedit("ledger", "head")
        s.stop()
        for name in ("index.db", "key", "ledger.key", "lock", "tmp", "policies"):
            aside = s.folder / ("aside-" + name)
            os.rename(s.data / name, aside)
            os.symlink(aside, s.data / name)
            if name == "ledger.key":  # read when the ledger is signed
                s.start()
                lose(s, "b")
                assert s.dedit("ledger", "head", check=False).returncode == 1
                s.stop()
            else:
                assert name in start_fails(s), name
            (s.data / name).unlink()
            os.rename(aside, s.data / name)
        s.start()
        assert s.request("GET", HOME).status == 200


def test_epoch_and_control(_):
    """What is made anew takes the link's place."""
    with Server(start=False) as s:
        s.start()
        s.stop()
        for name in ("epoch", "control"):
            target = outside(s, "for-" + name, "somebody's")
            (s.data / name).unlink(missing_ok=True)
            os.symlink(target, s.data / name)
            s.start()
            assert s.request("GET", HOME).status == 200 and s.dedit("user", "list").returncode == 0
            assert not (s.data / name).is_symlink()
            s.stop()
            assert target.read_text() == "somebody's"


def test_rebuild_reads_no_links(_):
    """dedit rebuild takes everything from files: only from those that are files."""
    with Server(start=False, users=("anna", "marc")) as s:
        s.start()
        s.put(CALENDAR + "real.ics", event("real"))
        s.dedit("flush")
        s.stop()
        (s.folder / "evil").write_text((s.data / "accounts/marc").read_text().replace("marc", "evil"))
        os.symlink(s.folder / "evil", s.data / "accounts/evil")
        os.symlink(outside(s), folder(s) / "link.ics")
        os.symlink(outside_folder(s, "cal2"), s.data / "cal/anna/linked")
        os.symlink(s.folder, s.data / "cal/marc~")
        (s.folder / "ledger2").mkdir()
        (s.data / "ledger").mkdir(0o700, exist_ok=True)
        os.symlink(s.folder / "ledger2", s.data / "ledger/anna")
        r = s.dedit("rebuild", check=False)
        assert "Sanitizer" not in r.stderr
        for link in ("accounts/evil", "cal/anna/linked", "cal/marc~", "ledger/anna"):
            (s.data / link).unlink()
        if r.returncode != 0:
            s.dedit("rebuild")
        s.start()
        assert s.request("GET", HOME, user="evil").status == 401
        assert s.request("GET", CALENDAR + "real.ics").status == 200
        assert s.request("GET", CALENDAR + "link.ics").status == 404
        assert OUTSIDE.encode() not in s.request("GET", CALENDAR).body
        assert "linked" not in s.dedit("calendar", "list").stdout


def test_removed(_):
    """`dedit user remove` moves calendars to removed/: not into somebody's folder."""
    with Server(start=False) as s:
        s.start()
        s.put("/calendars/marc/calendar/x.ics", event("x"), "marc")
        s.dedit("flush")
        target = s.folder / "elsewhere"
        target.mkdir()
        os.symlink(target, s.data / "removed")
        s.dedit("user", "remove", "marc", check=False)
        flush(s)
        assert os.listdir(target) == [] and s.request("GET", "/", user="marc").status == 401
