"""The servers that bench/run.py measures, each on loopback with a calendar of its own, in a folder that goes away."""

import base64
import contextlib
import imaplib
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
TICK = os.sysconf("SC_CLK_TCK")
START_SECONDS = 60
STOP_SECONDS = 30

MKCALENDAR = (b'<?xml version="1.0"?><C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>'
              b'<D:displayname>Calendar</D:displayname></D:prop></D:set></C:mkcalendar>')


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def children(pid):
    """The process and all that it started."""
    found = [pid]
    for thread in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # it may have ended
            for child in thread.read_text().split():
                found += children(int(child))
    return found


def end_group(group):
    """Waits for the last process of a group, and kills what won't go."""
    until = time.monotonic() + STOP_SECONDS
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < until:
            os.killpg(group, 0)
            time.sleep(0.01)
        os.killpg(group, signal.SIGKILL)


class Server:
    """
    name, program, path (of the calendar), user, password (or None) are the class's; command() and prepare() too.
    With more accounts than one, % in path and user stands for the account's number.
    """

    user, password, accounts = "ann", "bench password", 1
    most = 64  # connections that are worth measuring

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / self.name.replace(" ", "-")
        self.folder.mkdir(mode=0o755)
        self.port = free_port()
        self.process = None

    @classmethod
    def why_not(cls):
        """Why it can't be measured here, or None."""
        return None if os.access(cls.program, os.X_OK) else f"there is no {cls.program}"

    def __enter__(self):
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def prepare(self):
        pass

    def start(self):
        """start_seconds: until the first answer."""
        began = time.monotonic()
        self.log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(self.command(), stdout=self.log, stderr=self.log, cwd=self.folder,
                                        start_new_session=True, **self.owner())
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > began + START_SECONDS:
                raise RuntimeError(f"it did not start: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.005)
        self.start_seconds = time.monotonic() - began
        self.make_calendar()

    def stop(self):
        """Ends it and all that it started."""
        if self.process is None:
            return
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        end_group(self.process.pid)
        self.process.wait()
        self.log.close()
        self.process = None

    def put_files(self, files):
        """Makes events of files without HTTP; False: that can't be done."""
        return False

    def settle(self):
        """Waits until what it does behind its answers is done."""
        os.sync()

    def owner(self):
        """Arguments of Popen: whose processes they are."""
        return {}

    def answers(self):
        try:
            return self.request("OPTIONS", "/") > 0
        except OSError:
            return False

    def make_calendar(self):
        status = self.request("MKCALENDAR", self.path, MKCALENDAR)
        if status not in (201, 207, 405):  # that it is there already is said in many ways
            raise RuntimeError(f"MKCALENDAR: {status}")

    def request(self, method, path, body=None):
        headers = {"Content-Type": "application/xml"} if body else {}
        if self.user:
            login = f"{self.user}:{self.password}".replace("%", "0")
            headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
        r = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, headers, method=method)
        try:
            with urllib.request.urlopen(r, timeout=60) as answer:
                return answer.status
        except urllib.error.HTTPError as e:
            return e.code

    def url(self):
        return f"http://127.0.0.1:{self.port}{self.path}"

    def login(self):
        """load's arguments."""
        accounts = ["-a", str(self.accounts)] if self.accounts > 1 else []
        return ["-u", f"{self.user}:{self.password}", *accounts] if self.user else []

    def transactions(self):
        """Changes so far, and into how many durable transactions they went; 0 and 0 where that isn't known."""
        return 0, 0

    def cpu(self):
        """Seconds that it and what it started have used."""
        total = 0
        for pid in children(self.process.pid):
            try:
                fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                total += int(fields[11]) + int(fields[12])
            except FileNotFoundError:
                pass
        return total / TICK

    def memory(self):
        """Resident bytes of all of it."""
        total = 0
        for pid in children(self.process.pid):
            try:
                status = pathlib.Path(f"/proc/{pid}/status").read_text()
                total += int(status.partition("VmRSS:")[2].split()[0]) * 1024
            except (FileNotFoundError, IndexError):
                pass
        return total


class Dedit(Server):
    name, path, program = "dédit", "/calendars/ann/calendar/", BUILD / "deditd"
    calendar, policy = "calendar", ""

    def prepare(self):
        self.data = self.folder / "data"
        self.data.mkdir(mode=0o700)
        self.conf = self.folder / "dedit.conf"
        self.metrics = free_port()
        self.conf.write_text(f'server {{ listen = {{ "127.0.0.1:{self.port}" }} metrics-listen = {{ "127.0.0.1:{self.metrics}" }}'
                             f' data = "data" log-level = warning connections-per-address = 0 }}\n{self.policy}')
        self.make_accounts()

    def make_accounts(self):
        self.dedit("user", "add", "ann", input=self.password + "\n")
        if self.calendar != "calendar":
            self.dedit("calendar", "add", f"ann/{self.calendar}")

    def files(self):
        """The calendar's events, one a file."""
        self.dedit("flush")
        return {f.name: f.read_bytes() for f in (self.data / "cal/ann" / self.calendar).glob("*.ics")}

    def settle(self):
        self.dedit("flush")
        super().settle()

    def dedit(self, *args, **keywords):
        subprocess.run([BUILD / "dedit", "-c", self.conf, *args], check=True, stdout=subprocess.DEVNULL, text=True, **keywords)

    def command(self):
        return [self.program, "-c", self.conf]

    def make_calendar(self):
        pass

    def transactions(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/metrics", timeout=60) as answer:
            text = answer.read().decode()
        return [float(re.search(rf"^dedit_store_group_changes_{part} (\S+)", text, re.M)[1]) for part in ("sum", "count")]


class DeditPolicy(Dedit):
    name, path, calendar = "dédit, policy", "/calendars/ann/work/", "work"
    policy = ('policy "bench" { timezone = "Europe/Paris" currency = EUR price = "80 EUR" tiers = { "48h 50%", "24h 100%" } }\n'
              'calendar "ann/work" { policy = "bench" }\n')


class DeditTraced(Dedit):
    """Every call that waits for the disk is a line of a file."""

    name = "dédit, traced"
    calls = "fsync,fdatasync,syncfs,sync,sync_file_range,msync"

    def command(self):
        # -D: the server is our own child, and ends like others
        return ["strace", "-D", "-f", "-qq", "-ttt", "-e", f"trace={self.calls}", "-o", self.folder / "trace", *super().command()]

    def syncs(self, began, ended):
        """How many there were between two times of time.time(); after its end."""
        calls = re.findall(r"^\d+ +(\d+\.\d+) \w+\(", (self.folder / "trace").read_text(), re.M)
        return sum(began <= float(at) <= ended for at in calls)


class DeditMany(Dedit):
    """As many accounts as wanted, each with the password and the calendar of another server's one."""

    name, user, path = "dédit, many accounts", "ann%", "/calendars/ann%/calendar/"

    def __init__(self, folder, model, people, active):
        super().__init__(folder)
        self.model, self.people, self.accounts = model, people, active

    def make_accounts(self):
        """Files are the truth: they are written, and the index made of them."""
        account = (self.model.data / "accounts/ann").read_text()
        calendar = self.model.files() | {".props": (self.model.data / "cal/ann/calendar/.props").read_bytes()}
        before = os.umask(0o077)
        (self.data / "accounts").mkdir()
        for name in (f"ann{n}" for n in range(self.people)):
            (self.data / "accounts" / name).write_text(account.replace("name: ann\n", f"name: {name}\n", 1))
            folder = self.data / "cal" / name / "calendar"
            folder.mkdir(parents=True)
            for file, text in calendar.items():
                (folder / file).write_bytes(text)
        os.umask(before)
        self.dedit("rebuild")
        os.sync()


class BareHttp(Server):
    """libmicrohttpd with nothing behind it: answers with so many bytes."""

    name, program, path, user = "bare libmicrohttpd", BUILD / "bench/bare_mhd", "/event.ics", None

    def __init__(self, folder, size):
        super().__init__(folder)
        self.size = size

    def command(self):
        event = self.folder / "event.ics"
        event.write_bytes(b"BEGIN:VCALENDAR".ljust(self.size))
        return [self.program, str(self.port), event]

    def make_calendar(self):
        pass


class Radicale(Server):
    name, program, path = "Radicale", "/usr/bin/radicale", "/ann/calendar/"
    most = 8  # one lock: more wait longer, for minutes

    def prepare(self):
        (self.folder / "users").write_text(f"{self.user}:{self.password}\n")
        (self.folder / "config").write_text(
            f"[server]\nhosts = 127.0.0.1:{self.port}\nmax_connections = 100\n"
            f"[auth]\ntype = htpasswd\nhtpasswd_filename = {self.folder}/users\nhtpasswd_encryption = plain\n"
            f"[rights]\ntype = owner_only\n[storage]\nfilesystem_folder = {self.folder}/data\n[logging]\nlevel = error\n")

    def command(self):
        return [self.program, "--config", self.folder / "config"]

    def put_files(self, files):
        """It looks at all events for each new one: ten thousand by HTTP take hours."""
        for name, text in files.items():
            (self.folder / "data/collection-root/ann/calendar" / name).write_bytes(text)
        return True


class Xandikos(Server):
    """It knows no logins."""

    name, program, path, user = "Xandikos", "/usr/bin/xandikos", "/ann/calendars/calendar/", None
    most = 8  # one thread

    def command(self):
        (self.folder / "data").mkdir(exist_ok=True)
        return [self.program, "-d", self.folder / "data", "-p", str(self.port), "-l", "127.0.0.1", "--defaults",
                "--current-user-principal=/ann/"]

    def put_files(self, files):
        """Each new one makes a commit with the names of all: it gets them in one."""
        calendar = self.folder / "data/ann/calendars/calendar"
        for name, text in files.items():
            (calendar / name).write_bytes(text)
        for args in (("add", "."), ("commit", "-q", "-m", "events")):
            subprocess.run(["git", "-c", "user.name=bench", "-c", "user.email=bench@example.org", *args], cwd=calendar, check=True)
        return True


class Cyrus(Server):
    """
    From Debian's packages as tools/bench unpacks them, never installed: so there is no service, and no user of its
    own. It refuses to be root; who is root measures it as nobody.
    """

    name, path = "Cyrus", "/dav/calendars/user/ann/calendar/"
    packages = BUILD / "peers"
    program = packages / "usr/lib/cyrus/bin/master"
    realm = "bench"

    def prepare(self):
        shutil.copytree(self.packages, self.folder / "root", symlinks=True)
        self.imap = free_port()
        (self.folder / "imapd.conf").write_text("".join(f"{key}: {value}\n" for key, value in {
            "cyrus_user": self.account().pw_name,
            "configdirectory": self.folder / "conf",
            "partition-default": self.folder / "spool",
            "proc_path": self.folder / "proc",
            "mboxname_lockpath": self.folder / "lock",
            "sasl_pwcheck_method": "auxprop",
            "sasl_auxprop_plugin": "sasldb",
            "sasl_sasldb_path": self.folder / "sasldb2",
            "sasl_mech_list": "PLAIN",
            "servername": self.realm,
            "allowplaintext": "yes",
            "unixhierarchysep": "yes",
            "autocreate_quota": 0,  # none, and a mailbox is made at the first login
            "httpmodules": "caldav",
        }.items()))
        service = "{0} cmd=\"{1}/{0}d -C {2}/imapd.conf\" listen=\"127.0.0.1:{3}\" proto=tcp4 maxchild=100\n"
        (self.folder / "cyrus.conf").write_text(
            f"START {{\n\trecover cmd=\"{self.bin()}/ctl_cyrusdb -C {self.folder}/imapd.conf -r\"\n}}\nSERVICES {{\n"
            + service.format("imap", self.bin(), self.folder, self.imap)
            + service.format("http", self.bin(), self.folder, self.port) + "}\n")
        for made in ("conf", "spool"):
            (self.folder / made).mkdir()
        for path in (self.folder, *self.folder.iterdir()):
            os.chown(path, self.account().pw_uid, self.account().pw_gid)
        subprocess.run([self.folder / "root/usr/sbin/saslpasswd2", "-p", "-c", "-f", self.folder / "sasldb2", "-u", self.realm,
                        self.user], input=self.password.encode(), check=True, **self.owner())

    def bin(self):
        return self.folder / "root/usr/lib/cyrus/bin"

    @staticmethod
    def account():
        return pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())

    def owner(self):
        libraries = {"env": os.environ | {"LD_LIBRARY_PATH": ":".join(map(str, (self.folder / "root/usr/lib").glob("*-linux-*")))}}
        if os.getuid() != 0:
            return libraries
        return libraries | {"user": self.account().pw_uid, "group": self.account().pw_gid, "extra_groups": []}

    def command(self):
        return [self.bin() / "master", "-C", self.folder / "imapd.conf", "-M", self.folder / "cyrus.conf",
                "-p", self.folder / "master.pid", "-D"]

    def make_calendar(self):
        try:
            with imaplib.IMAP4("127.0.0.1", self.imap) as imap:
                imap.login(self.user, self.password)
        except imaplib.IMAP4.error as e:
            raise RuntimeError(f"login by IMAP: {e}") from e
        super().make_calendar()


PEERS = (Radicale, Xandikos, Cyrus)
