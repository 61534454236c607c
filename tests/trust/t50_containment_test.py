"""T-50: a user of its own, and nothing beyond its files, whatever runs within it (deditd(8), the sandbox)."""

import ctypes
import errno
import os
import pathlib
import pwd
import re
import shutil
import socket
import subprocess

from dav import HOME, in_hours
from dedit_wire import BUILD, ROOT, Server, event, wait_for

SERVER = {"start": False}
PLAIN = True  # a sanitizer needs files that the sandbox closes, and gets them
SANITIZED = b"__asan_init" in (BUILD / "deditd").read_bytes() or b"__tsan_init" in (BUILD / "deditd").read_bytes()
NOBODY = pwd.getpwnam("nobody")
CREATE_RULESET, VERSION = 444, 1
ABI = ctypes.CDLL(None, use_errno=True).syscall(CREATE_RULESET, None, 0, VERSION)
DENIED = {errno.EACCES, errno.EPERM}

# What the planted module tries, and the version of Landlock since which it is forbidden.
FORBIDDEN = {"read a secret": 2, "read by a link": 2, "list the root": 2, "write elsewhere": 2, "symlink": 2, "execute": 2,
             "read another's memory": 2, "bind": 4, "connect": 4, "signal": 6}


def landlock(test):
    """Left out by name where the kernel has none: there the server says so itself."""
    def run(s):
        if ABI < 2:
            print(f"# left out, no Landlock in this kernel: {test.__name__}")
            return
        test(s)
    return run


def traced(test):
    """Left out by name with a sanitizer, which is no friend of strace."""
    def run(s):
        if SANITIZED:
            print(f"# left out with a sanitizer: {test.__name__}")
            return
        test(s)
    return run


def plant(s, sandbox):
    """The module, built as anybody would, and a policy that is decided by it."""
    module = s.folder / "modules/planted.so"
    module.parent.mkdir(mode=0o755, exist_ok=True)
    subprocess.run([*os.environ.get("CC", "cc").split(), "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}/policy",
                    "-o", module, ROOT / "tests/trust/planted_module.c"], check=True)
    module.chmod(0o755)
    link = s.folder / "modules/link"
    if not link.is_symlink():
        link.symlink_to("/etc/passwd")
    said = ", ".join(f'"{k}={v}"' for k, v in (("folder", s.data), ("link", link), ("port", s.port)))
    s.write_config(f'modules = {{ "{module.parent}" }} sandbox = {sandbox}',
                   f'policy "p" {{ module = "{module}" settings = {{ {said} }} }}\n'
                   'calendar "anna/calendar" { policy = "p" }')


def tried(log):
    return {what: int(code) for what, code in re.findall(r"planted: ([\w' ]+): (\d+)", log)}


def book(s, uid):
    """The module is asked about it; what it could do then."""
    before = len(s.log())
    r = s.put(f"{HOME}calendar/{uid}.ics", event(uid, in_hours(50), in_hours(51), "Marc Petit"))
    assert r.status == 201, r
    return tried(s.log()[before:])


@landlock
def test_planted_code_reaches_nothing(_):
    with Server() as s:
        plant(s, "yes")
        s.restart()
        at_start = tried(s.log())
        assert at_start["read a secret"] == at_start["execute"] == at_start["bind"] == 0, at_start  # it does try
        within = book(s, "a")
        assert set(within) == set(FORBIDDEN) | {"write in the data folder"}, within
        for what, since in FORBIDDEN.items():
            assert ABI < since or within[what] in DENIED, (what, within)
        assert within["write in the data folder"] == 0, within


@landlock
def test_without_the_sandbox_it_would(_):
    """So the test before tests something."""
    with Server() as s:
        plant(s, "no")
        s.restart()
        within = book(s, "a")
        assert within["read a secret"] == within["read by a link"] == within["execute"] == within["connect"] == 0, within


@landlock
def test_a_reload_needs_nothing_more(_):
    """The configuration replaced by renaming, a new certificate, a module that is loaded anew, a new policy text."""
    with Server(tls=True) as s:
        plant(s, "yes")
        s.restart()
        new = s.conf.with_suffix(".new")
        new.write_text(s.conf.read_text() + 'policy "q" { timezone = "Asia/Tokyo" currency = "EUR" price = "1 EUR" '
                       'tiers = { "24h 100%" } }\ncalendar "marc/calendar" { policy = "q" }\n')
        new.rename(s.conf)
        s.make_certificates()
        assert s.reload().startswith("reloaded"), s.log()
        r = s.put("/calendars/marc/calendar/a.ics", event("a", in_hours(50), in_hours(51), "Anna"), user="marc")
        assert r.status == 201, r
        assert s.request("GET", "/", user=None, connection=s.connect(tls=True)).status == 401
        assert book(s, "b")["read a secret"] in DENIED


def status(s, field):
    return re.search(rf"^{field}:\s*(.*)$", pathlib.Path(f"/proc/{s.process.pid}/status").read_text(), re.M).group(1)


def test_no_new_privileges_and_no_core(_):
    with Server() as s:
        assert status(s, "NoNewPrivs") == "1"
        limits = pathlib.Path(f"/proc/{s.process.pid}/limits").read_text()
        assert re.search(r"^Max core file size\s+0\s+0\s", limits, re.M), limits


def start_by(s, *command):
    """The server as another program starts it; the process of the server."""
    with open(s.log_path, "ab") as log:
        s.process = subprocess.Popen([*command, BUILD / "deditd", "-c", s.conf], stdout=log, stderr=log)
    wait_for(lambda: "is ready" in s.log() or s.process.poll() is not None, 60, "deditd is ready")
    assert s.process.poll() is None, s.log()


def low_port():
    for port in range(1023, 600, -1):
        with socket.socket() as c:
            try:
                c.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    return None


def test_rights_of_the_start_are_given_up(_):
    """Nobody's, with the right to open low ports alone, as by systemd's AmbientCapabilities: it opens one, and has none left."""
    if os.getuid() != 0 or not shutil.which("setpriv"):
        print("# left out, needs root and setpriv: test_rights_of_the_start_are_given_up")
        return
    with Server(users=(), start=False) as s:
        s.folder.chmod(0o711)
        port = low_port()
        s.conf.write_text(re.sub(r"listen = \{.*\}", f'listen = {{ "127.0.0.1:{port}" }}', s.conf.read_text()))
        s.conf.chmod(0o644)
        s.data.mkdir(mode=0o700)
        shutil.chown(s.data, "nobody", "nogroup")
        start_by(s, "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--inh-caps=-all,+net_bind_service",
                 "--ambient-caps=-all,+net_bind_service", "--")
        assert status(s, "Uid").split() == [str(NOBODY.pw_uid)] * 4
        assert {status(s, f"Cap{kind}") for kind in ("Inh", "Prm", "Eff", "Amb")} == {"0" * 16}
        with socket.create_connection(("127.0.0.1", port), 20):
            pass
        # nobody else's process of the same user reads its memory, and no program is handed a dump of it
        if not SANITIZED:
            assert pathlib.Path(f"/proc/{s.process.pid}/fd").stat().st_uid == 0
        assert "can't be" not in s.log(), s.log()
        s.add_user("anna")  # by its socket, which it finds below /proc/self/fd
        assert s.stop() == 0


@traced
def test_a_manager_that_forbids(_):
    """Filters of system calls may hold these: no reason not to serve."""
    with Server(users=(), start=False) as s:
        start_by(s, "strace", "-D", "-f", "-qq", "-o", s.folder / "trace", "-e", "trace=prlimit64,capset",
                 "-e", "inject=prlimit64,capset:error=EPERM")
        assert "core dumps can't be forbidden: " in s.log() and "the limit of open files" not in s.log(), s.log()
        assert s.stop() == 0


@traced
@landlock
def test_gaps_are_told(_):
    """Of a kernel whose Landlock is an older one."""
    gaps = ["truncating files", "TCP", "device commands", "signals"]
    for abi, told in ((2, gaps), (3, gaps[1:]), (4, gaps[2:]), (5, gaps[3:]), (6, [])):
        if ABI < abi:
            continue
        with Server(users=(), start=False) as s:
            start_by(s, "strace", "-D", "-f", "-qq", "-o", s.folder / "trace", "-e", "trace=landlock_create_ruleset",
                     "-e", f"inject=landlock_create_ruleset:retval={abi}:when=1")
            said = re.findall("the sandbox has gaps: this kernel can't forbid (.*)", s.log())
            assert said == ([", ".join(told)] if told else []), (abi, s.log())
            assert s.stop() == 0


def test_a_user_of_its_own(_):
    """Started by root, which alone may open low ports: it goes on as that user, for good, and so do its files."""
    if os.getuid() != 0:
        print("# left out, needs root: test_a_user_of_its_own")
        return
    with Server(users=(), start=False, settings='user = "nobody"') as s:
        s.folder.chmod(0o711)
        s.conf.chmod(0o644)
        s.start()
        assert status(s, "Uid").split() == [str(NOBODY.pw_uid)] * 4 and status(s, "Gid").split() == [str(NOBODY.pw_gid)] * 4
        assert status(s, "CapEff") == status(s, "CapPrm") == "0" * 16
        assert set(status(s, "Groups").split()) <= {str(g) for g in os.getgrouplist("nobody", NOBODY.pw_gid)}
        s.add_user("anna")
        assert s.put(f"{HOME}calendar/a.ics", event("a")).status == 201
        s.dedit("flush")
        files = [s.data, *s.data.rglob("*")]
        assert {(f.stat().st_uid, f.stat().st_mode & 0o77) for f in files} == {(NOBODY.pw_uid, 0)}, files
        assert "running as root" not in s.log()


def refused(s, *pieces):
    r = subprocess.run([BUILD / "deditd", "-c", s.conf], capture_output=True, text=True, timeout=60)
    assert r.returncode == 1 and all(p in r.stderr for p in pieces), r


def test_a_user_that_does_not_exist(_):
    with Server(users=(), start=False, settings='user = "no-such-user"') as s:
        if os.getuid() == 0:
            refused(s, "option 'user'", "no-such-user")


def test_unsafe_folders_and_keys(_):
    """Who can write there could exchange the accounts; who reads the key could be the server."""
    with Server(tls=True, start=False) as s:
        for mode in (0o777, 0o770, 0o702):
            s.data.chmod(mode)
            refused(s, "option 'data'", str(s.data))
        s.data.chmod(0o700)
        key = s.folder / "certs/server.key"
        key.chmod(0o604)
        refused(s, "option 'tls-key'", "open to everybody")
        key.chmod(0o600)
        s.start()


def test_a_second_server_takes_nothing_away(_):
    """It finds the first one on every kind of listener, whose socket goes on."""
    with Server(unix=True) as s:
        refused(s, "already in use")
        only = s.conf.read_text()
        s.conf.write_text(re.sub(r"listen = \{.*\}", f'listen = {{ "unix:{s.unix_path}" }}', only))
        refused(s, "another process listens there")
        s.conf.write_text(re.sub(r"listen = \{.*\}", f'listen = {{ "unix:{s.folder}/other.sock" }}', only))
        refused(s, "in use by another process")
        s.conf.write_text(only)
        assert s.unix_path.is_socket() and s.request("GET", "/healthz", user=None).status == 200
        s.kill()
        assert s.unix_path.is_socket()  # left behind, and no obstacle
        s.start()
        wait_for(s.unix_path.is_socket, what="the socket")
