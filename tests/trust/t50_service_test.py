"""T-50: the service for systemd shuts the server in, and lets it do all that it does."""

import functools
import os
import re
import shutil
import signal
import subprocess

from dav import HOME
from dedit_wire import BUILD, ROOT, Server, event, wait_for

SERVER = {"start": False}
PLAIN = True  # a sanitizer has calls of its own
UNIT = BUILD / "systemd/deditd.service"
EXPOSURE = 2.0  # "OK" ends at 5, most services have 9


def analyze(*args):
    # Another machine's or a container's root, which may have no systemd running.
    return subprocess.run(["systemd-analyze", *args], capture_output=True, text=True, env={**os.environ, "SYSTEMD_LOG_LEVEL": "err"})


def test_exposure(_):
    r = analyze("security", "--offline=true", "--no-pager", str(UNIT))
    score = re.search(r"Overall exposure level for deditd.service: ([\d.]+) (\w+)", r.stdout)
    assert score, r
    print(f"# systemd-analyze security: {score.group(1)} {score.group(2)}")
    assert float(score.group(1)) <= EXPOSURE, r.stdout


def test_the_unit_is_understood(s):
    """Nothing unknown, nothing misspelt. The program is where it is built, not where it will be installed."""
    unit = s.folder / "deditd.service"
    unit.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={BUILD}/deditd", UNIT.read_text(), flags=re.M))
    r = analyze("verify", "--man=no", str(unit))
    said = [line for line in r.stderr.splitlines() if "deditd.service" in line]
    assert not said, said


@functools.cache
def group(name):
    """The calls of one of systemd's sets, those of the sets within it as well."""
    words = [line.strip() for line in analyze("syscall-filter", "--no-pager", name).stdout.splitlines()[1:]]
    calls = {w for w in words if w and w[0] not in "@#"}
    return calls.union(*(group(w) for w in words if w.startswith("@")))


def allowed():
    """By the two lines of the unit: the first allows, the second takes away, what systemd itself needs excepted."""
    calls = set()
    for value in re.findall(r"^SystemCallFilter=(.*)$", UNIT.read_text(), re.M):
        named = set().union(*(group(w) if w.startswith("@") else {w} for w in value.lstrip("~").split()))
        calls = calls - named if value.startswith("~") else calls | named
    return calls | group("@default")


def test_calls_of_a_life_pass_the_filter(_):
    """Start, a login, events over TLS, a reload, files edited by hand, the end: by strace, nothing that is forbidden."""
    with Server(tls=True, extra='policy "p" { timezone = "Europe/Paris" currency = "EUR" price = "80 EUR" '
                'tiers = { "24h 100%" } }\ncalendar "anna/calendar" { policy = "p" }', start=False) as s:
        if os.getuid() != 0:
            return
        # as the service runs it: not by root, who does more (fchown)
        s.folder.chmod(0o711)
        s.conf.chmod(0o644)
        for f in [s.data, *s.data.rglob("*"), s.folder / "certs", *(s.folder / "certs").iterdir()]:
            shutil.chown(f, "nobody", "nogroup")
        program = shutil.copy2(BUILD / "deditd", s.folder)  # the build may stand where nobody may go
        trace = s.folder / "trace"
        log = open(s.log_path, "ab")
        traced = subprocess.Popen(["strace", "-f", "-qq", "-o", trace, "-u", "nobody", program, "-c", s.conf],
                                  stdout=log, stderr=log)
        try:
            wait_for(lambda: "is ready" in s.log() or traced.poll() is not None, 60, "deditd is ready")
            assert traced.poll() is None, s.log()
            pid = int(subprocess.run(["pgrep", "-P", str(traced.pid)], capture_output=True, text=True, check=True).stdout.split()[0])
            c = s.connect(tls=True)
            for uid in ("a", "b"):
                r = s.request("PUT", f"{HOME}calendar/{uid}.ics", event(uid), {"Content-Type": "text/calendar"}, connection=c)
                assert r.status == 201, r
            assert s.request("DELETE", f"{HOME}calendar/b.ics").status == 204
            s.dedit("flush")
            os.kill(pid, signal.SIGHUP)
            wait_for(lambda: re.search(r"^reloaded", s.log(), re.M), 30, "reload")
            os.kill(pid, signal.SIGTERM)
            assert traced.wait(60) == 0, s.log()
        finally:
            traced.kill()
            log.close()
        calls = set(re.findall(r"^\d+ +(\w+)\(", trace.read_text(errors="replace"), re.M))
        # strace becomes the user before it executes the server, as systemd does it itself
        calls -= {"execve"}
        assert "landlock_restrict_self" in calls and "fdatasync" in calls, calls
        assert not calls - allowed(), sorted(calls - allowed())


def test_folders_that_the_manual_names_are_made(_):
    """The system around it can only be read, so what isn't asked for can't be written to."""
    texts = [p.read_text() for p in (*(ROOT / "doc").glob("*.md"), *(ROOT / "man").glob("*.[1-9]"))]
    for kind, parent in (("State", "/var/lib"), ("Runtime", "/run"), ("Logs", "/var/log")):
        named = {n for text in texts for n in re.findall(rf"(?<!\w){parent}/(dedit\w*)", text)}
        made = set(re.findall(rf"^{kind}Directory=(\w+)$", UNIT.read_text(), re.M))
        assert named == made == {"dedit"}, (kind, named, made)


def test_the_unit_is_installed_with_its_user(s):
    r = subprocess.run(["make", "-C", BUILD, "install-systemdsystemunitDATA", "install-dist_sysusersDATA", f"DESTDIR={s.folder}/root",
                        "prefix=/usr"], capture_output=True, text=True)
    assert r.returncode == 0, r
    unit = (s.folder / "root/usr/lib/systemd/system/deditd.service").read_text()
    user = re.search(r"^User=(\w+)$", unit, re.M).group(1)
    assert f"u {user} " in (s.folder / "root/usr/lib/sysusers.d/dedit.conf").read_text()
    assert (ROOT / "systemd/sysusers.d/dedit.conf").exists()
