"""What the client tests share: a server by tools/up, programs run with a time limit, checks that count."""
import datetime
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import base64

ROOT = pathlib.Path(__file__).resolve().parents[2]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, what, ok, detail=""):
        if ok:
            self.passed += 1
            print("ok   " + what, flush=True)
        else:
            self.failed += 1
            print("FAIL " + what + (": " + str(detail)[:2000] if detail else ""), flush=True)
        return ok

    def skip(self, what, why):
        print("skip " + what + ": " + why, flush=True)

    def end(self):
        print("%d passed, %d failed" % (self.passed, self.failed))
        sys.exit(1 if self.failed else 0)


class Server:
    """tools/up in a folder of its own; killed and started again as a test likes."""

    def __init__(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="dedit-client-"))
        self.data = self.home / "data"
        self.port = free_port()
        self.url = "http://127.0.0.1:%d/" % self.port
        self.start()
        self.passwords = {}
        for line in (self.data / "passwords").read_text().splitlines():
            name, password = line.split()[:2]
            self.passwords[name] = password

    def start(self):
        up = subprocess.run([str(ROOT / "tools" / "up"), "--port", str(self.port), "--data", str(self.data),
                             "--plain"], capture_output=True, text=True, timeout=900, stdin=subprocess.DEVNULL)
        if up.returncode != 0:
            raise RuntimeError("tools/up failed: " + up.stdout[-3000:] + up.stderr[-3000:])
        self.said = up.stdout
        self.pid = int((self.data / "pid").read_text())

    def kill(self, sig=signal.SIGKILL):
        os.kill(self.pid, sig)
        for _ in range(200):
            try:
                os.kill(self.pid, 0)
            except ProcessLookupError:
                return
            if pathlib.Path("/proc/%d/stat" % self.pid).exists() and \
                    pathlib.Path("/proc/%d/stat" % self.pid).read_text().split()[2] == "Z":
                return
            time.sleep(0.05)
        raise RuntimeError("the server did not end")

    def kill_and_restart(self):
        self.kill()
        self.start()

    def dedit(self, *args, **kw):
        return run([str(ROOT / "build" / "dedit"), "-c", str(self.data / "dedit.conf"), *args], **kw)

    def request(self, method, path, user, body=None, headers=None):
        """(status, headers, text)"""
        rq = urllib.request.Request(self.url.rstrip("/") + path, method=method,
                                    data=body.encode() if body is not None else None)
        token = base64.b64encode(("%s:%s" % (user, self.passwords[user])).encode()).decode()
        rq.add_header("Authorization", "Basic " + token)
        for name, value in (headers or {}).items():
            rq.add_header(name, value)
        try:
            with urllib.request.urlopen(rq, timeout=30) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def stop(self):
        try:
            self.kill(signal.SIGTERM)
        finally:
            shutil.rmtree(self.home, ignore_errors=True)


def main(scenario):
    """Plays scenario(checks, server) against a server of its own; prints the count and exits."""
    checks, server = Checks(), Server()
    try:
        scenario(checks, server)
    finally:
        server.stop()
    checks.end()


def run(argv, timeout=120, **kw):
    kw.setdefault("stdin", subprocess.DEVNULL if "input" not in kw else None)
    if kw["stdin"] is None:
        del kw["stdin"]
    return subprocess.run(argv, capture_output=True, text=True, timeout=timeout, **kw)


def unfold(text):
    return re.sub(r"\r?\n[ \t]", "", text)


def lines_of(text, name):
    """The content lines of that property, unfolded."""
    return [line for line in unfold(text).splitlines() if re.match(name + "[;:]", line)]


def in_hours(hours):
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
    return when.replace(minute=0, second=0, microsecond=0)


def event(uid, summary, start, hours=1, extra=""):
    end = start + datetime.timedelta(hours=hours)
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//tests//EN\r\nBEGIN:VEVENT\r\n"
            "UID:%s\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:%s\r\nDTEND:%s\r\nSUMMARY:%s\r\n%s"
            "END:VEVENT\r\nEND:VCALENDAR\r\n"
            % (uid, start.strftime("%Y%m%dT%H%M%SZ"), end.strftime("%Y%m%dT%H%M%SZ"), summary, extra))


class Vdirsyncer:
    """One person's program: a folder of .ics files per calendar, synced with the server."""

    def __init__(self, server, user, collections):
        self.home = server.home / ("vdirsyncer-" + user)
        self.files = self.home / "calendars"
        self.config = self.home / "config"
        for name in collections:
            (self.files / name).mkdir(parents=True, exist_ok=True)
        names = ", ".join('"%s"' % c for c in collections)
        self.config.write_text(
            '[general]\nstatus_path = "%s/status/"\n\n'
            '[pair %s]\na = "local"\nb = "remote"\ncollections = [%s]\nconflict_resolution = "b wins"\n\n'
            '[storage local]\ntype = "filesystem"\npath = "%s/"\nfileext = ".ics"\n\n'
            '[storage remote]\ntype = "caldav"\nurl = "%s"\nusername = "%s"\npassword = "%s"\n'
            % (self.home, user, names, self.files, server.url, user, server.passwords[user]))

    def discover(self):
        return run(["/usr/bin/vdirsyncer", "-c", str(self.config), "discover"], input="y\n" * 20)

    def sync(self):
        return run(["/usr/bin/vdirsyncer", "-c", str(self.config), "sync"])

    def event(self, calendar, uid):
        """(path, text) of the local file that holds the UID, or (None, "")."""
        for path in sorted((self.files / calendar).glob("*.ics")):
            with open(path, newline="") as f:  # the bytes as they are: CRLF stays
                text = f.read()
            if uid in lines_of(text, "UID")[0].split(":", 1)[1]:
                return path, text
        return None, ""

    def all(self, calendar):
        found = []
        for path in sorted((self.files / calendar).glob("*.ics")):
            with open(path, newline="") as f:
                found.append(f.read())
        return found
