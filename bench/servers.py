"""The servers that bench/run.py measures, each on loopback with a calendar of its own, in a folder that goes away."""

import base64
import os
import pathlib
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
TICK = os.sysconf("SC_CLK_TCK")
START_SECONDS = 60

MKCALENDAR = b'<?xml version="1.0"?><C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"/>'


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port):
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"nobody listens on {port}")


def children(pid):
    """The process and all that it started."""
    found = [pid]
    for child in subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split():
        found += children(int(child))
    return found


class Server:
    """
    name, path (of the calendar), user, password (or None) are the class's; command() and prepare() too.
    """

    user, password = "ann", "bench password"
    fillers = 64  # connections when it is filled

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / self.name.replace(" ", "-")
        self.folder.mkdir(mode=0o755)
        self.port = free_port()
        self.process = None

    def __enter__(self):
        self.prepare()
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def prepare(self):
        pass

    def start(self):
        self.log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(self.command(), stdout=self.log, stderr=self.log, cwd=self.folder)
        until = time.monotonic() + START_SECONDS
        while True:
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{self.name} did not start:\n{(self.folder / 'log').read_text()[-2000:]}")
            try:
                self.request("OPTIONS", "/")
                break
            except OSError:
                time.sleep(0.1)
        self.make_calendar()

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(60)
            self.log.close()
            self.process = None

    def make_calendar(self):
        status = self.request("MKCALENDAR", self.path, MKCALENDAR)
        if status not in (201, 207, 405):  # that it is there already is said in many ways
            raise RuntimeError(f"{self.name}: MKCALENDAR: {status}")

    def request(self, method, path, body=None):
        headers = {"Content-Type": "application/xml"} if body else {}
        if self.user:
            headers["Authorization"] = "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        r = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, headers, method=method)
        try:
            with urllib.request.urlopen(r, timeout=60) as answer:
                return answer.status
        except urllib.error.HTTPError as e:
            return e.code

    def url(self, path=None):
        return f"http://127.0.0.1:{self.port}{path or self.path}"

    def login(self):
        return ["-u", f"{self.user}:{self.password}"] if self.user else []

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
    name, path = "dédit", "/calendars/ann/calendar/"
    calendar, policy = "calendar", ""

    def prepare(self):
        (self.folder / "data").mkdir(mode=0o700)
        self.conf = self.folder / "dedit.conf"
        self.conf.write_text(f'server {{ listen = {{ "127.0.0.1:{self.port}" }} data = "data" log-level = warning '
                             f'connections-per-address = 0 }}\n{self.policy}')
        self.dedit("user", "add", "ann", input=self.password + "\n")
        if self.calendar != "calendar":
            self.dedit("calendar", "add", f"ann/{self.calendar}")

    def dedit(self, *args, **keywords):
        subprocess.run([BUILD / "dedit", "-c", self.conf, *args], check=True, stdout=subprocess.DEVNULL, text=True, **keywords)

    def command(self):
        return [BUILD / "deditd", "-c", self.conf]

    def make_calendar(self):
        pass


class DeditPolicy(Dedit):
    name, path, calendar = "dédit, policy", "/calendars/ann/work/", "work"
    policy = ('policy "bench" { timezone = "Europe/Paris" currency = EUR price = "80 EUR" tiers = { "48h 50%", "24h 100%" } }\n'
              'calendar "ann/work" { policy = "bench" }\n')


class Radicale(Server):
    name, path = "Radicale", "/ann/calendar/"

    def prepare(self):
        (self.folder / "config").write_text(
            f"[server]\nhosts = 127.0.0.1:{self.port}\nmax_connections = 100\n[auth]\ntype = none\n"
            f"[rights]\ntype = owner_only\n[storage]\nfilesystem_folder = {self.folder}/data\n[logging]\nlevel = error\n")

    def command(self):
        return ["/usr/bin/radicale", "--config", self.folder / "config"]


class Xandikos(Server):
    name, path, user = "Xandikos", "/ann/calendars/calendar/", None

    def command(self):
        (self.folder / "data").mkdir(exist_ok=True)
        return ["/usr/bin/xandikos", "-d", self.folder / "data", "-p", str(self.port), "-l", "127.0.0.1", "--defaults",
                "--current-user-principal=/ann/"]
