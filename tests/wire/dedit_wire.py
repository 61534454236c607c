"""A real deditd for tests on the wire. Python's standard library only.

    with Server() as s:                          # temporary folder, free port, users anna and marc
        r = s.request("PROPFIND", "/", XML, {"Depth": "0"}, user="anna")
        assert r.status == 207
        for href, props in r.responses().items(): ...

A test file is called <rfc section or subject>_test.py and holds functions test_*(s). run.py starts
one server for each file, with the options in its SERVER dictionary if there is one, and hands it to
every function; a function that needs a server of its own makes one with Server(...). Tests fail by
assertion. When the server stops, it must exit 0 and have written no sanitizer report.
"""

import base64
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ET

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("DEDIT_BUILD", ROOT / "build"))
ASKING = pathlib.Path(os.environ.get("DEDIT_ASKING", BUILD))
PASSWORD = "correct horse"
START_SECONDS = 20

NS = {
    "D": "DAV:",
    "C": "urn:ietf:params:xml:ns:caldav",
    "CS": "http://calendarserver.org/ns/",
    "A": "http://apple.com/ns/ical/",
}


def tag(name):
    """'D:href' -> '{DAV:}href', as ElementTree names it."""
    prefix, _, local = name.partition(":")
    return "{%s}%s" % (NS[prefix], local)


def basic(user, password=PASSWORD):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def propfind(*names):
    """The body of a PROPFIND for 'D:getetag', 'C:calendar-data', ..."""
    declared = " ".join(f'xmlns:{k}="{v}"' for k, v in NS.items())
    props = "".join(f"<{n}/>" for n in names)
    return f'<?xml version="1.0"?><D:propfind {declared}><D:prop>{props}</D:prop></D:propfind>'


def event(uid, start="20270601T100000Z", end="20270601T110000Z", summary="Meeting", extra=""):
    """A VEVENT; extra: more lines, each ended by CRLF."""
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//wire test//EN\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:{start}\r\nDTEND:{end}\r\n"
        f"SUMMARY:{summary}\r\n{extra}END:VEVENT\r\nEND:VCALENDAR\r\n"
    )


class Response:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = {k.lower(): v for k, v in headers}  # last one of a name
        self.all_headers = [(k.lower(), v) for k, v in headers]
        self.body = body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def xml(self):
        return ET.fromstring(self.body)

    def json(self):
        return json.loads(self.body)

    def condition(self):
        """The element below DAV:error, as 'D:name'; None if the body is no DAV:error."""
        if b"<" not in self.body[:64]:
            return None
        root = self.xml()
        if root.tag != tag("D:error") or len(root) == 0:
            return None
        for prefix, uri in NS.items():
            if root[0].tag.startswith("{%s}" % uri):
                return prefix + ":" + root[0].tag.rpartition("}")[2]
        return root[0].tag

    def responses(self):
        """href -> {'D:getetag' as {ns}name: element} for status 200; a 404 member maps to None."""
        out = {}
        for response in self.xml().findall(tag("D:response")):
            href = response.findtext(tag("D:href"))
            if response.find(tag("D:status")) is not None:
                out[href] = None
                continue
            props = {}
            for propstat in response.findall(tag("D:propstat")):
                if " 200 " in propstat.findtext(tag("D:status")) + " ":
                    props.update((p.tag, p) for p in propstat.find(tag("D:prop")))
            out[href] = props
        return out

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:300]!r}>"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(condition, seconds=10, what="condition"):
    """Asks less and less often: some conditions start a program, and others want the processor meanwhile."""
    until = time.monotonic() + seconds
    pause = 0.02
    while time.monotonic() < until:
        value = condition()
        if value:
            return value
        time.sleep(pause)
        pause = min(pause * 1.2, 0.2)
    raise AssertionError(f"{what} not met in {seconds} s")


def cpu_seconds(pid):
    """What all threads of a process have used since its start: clock_getcpuclockid(3), which Python lacks."""
    return time.clock_gettime(~pid << 3 | 2)


class Server:
    """
    settings: lines for the section server { } ("header-timeout = \"1s\"")
    extra:    text behind it (policy, calendar, group sections)
    users:    accounts to be made, all with PASSWORD
    tls:      a TLS listener as well (tls_port), with a certificate of a private authority
    unix:     a listener on a unix socket as well (unix_path)
    clock:    the server's time at first ("2026-06-10T08:00:00Z"), which set_clock() moves; None: the real one
    """

    def __init__(self, settings="", extra="", users=("anna", "marc"), tls=False, unix=False,
                 start=True, clock=None):
        self.settings, self.extra, self.users = settings, extra, users
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dedit-wire-"))
        self.data = self.folder / "data"
        self.conf = self.folder / "dedit.conf"
        self.log_path = self.folder / "log"
        self.port = free_port()
        self.tls_port = free_port() if tls else None
        self.unix_path = self.folder / "http.sock" if unix else None
        self.process = None
        self.clock = None
        if clock:
            self.clock = self.folder / "clock"
            self.clock.write_text(clock)
        self.autostart = start
        self.last_exit = None
        self.companions, self.end = {}, contextlib.ExitStack()

    # ---- life ----

    def __enter__(self):
        self.end.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.end.push(self.end_cleanly)
        try:
            if self.tls_port:
                self.make_certificates()
            self.write_config()
            self.make_accounts()
            if self.autostart:
                self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *why):
        return self.end.__exit__(*why)

    def end_cleanly(self, kind, value, trace):
        if self.process is not None:
            code = self.stop()
            if kind is None:
                assert code == 0, f"deditd ended with {code}:\n{self.log()}"
        if kind is None and "Sanitizer" in self.log() + self.log(".err"):
            raise AssertionError("sanitizer report:\n" + self.log()[-4000:])

    def beside(self, kind):
        """The one kind() that runs beside this server: entered when it is first asked for, ended before the server."""
        if kind not in self.companions:
            self.companions[kind] = self.end.enter_context(kind())
        return self.companions[kind]

    def make_certificates(self):
        subprocess.run([ROOT / "certs/make", "-d", self.folder / "certs", "localhost", "127.0.0.1"],
                       check=True, capture_output=True)

    def make_accounts(self):
        """
        Of the users that the test asks for. A program for each account takes longer than many a test: run.py gives a
        folder for data folders with nothing but accounts, of which servers with the same users begin with a copy.
        """
        kept = os.environ.get("DEDIT_WIRE_ACCOUNTS")
        if not kept or not self.users:
            for user in self.users:
                self.add_user(user)
            return
        made = pathlib.Path(kept, " ".join(self.users))
        if not made.exists():
            with Server(users=(), start=False) as maker:
                for user in self.users:
                    maker.add_user(user)
                with contextlib.suppress(OSError):
                    maker.data.rename(made)  # unless another process was first
        shutil.copytree(made, self.data)

    def write_config(self, settings=None, extra=None):
        self.settings = self.settings if settings is None else settings
        self.extra = self.extra if extra is None else extra
        listen = [f'"127.0.0.1:{self.port}"']
        if self.unix_path:
            listen.append(f'"unix:{self.unix_path}"')
        lines = [f'listen = {{ {", ".join(listen)} }}', 'data = "data"', 'log-level = "debug"']
        if self.tls_port:
            lines += [f'tls-listen = {{ "127.0.0.1:{self.tls_port}" }}',
                      'tls-certificate = "certs/server.pem"', 'tls-key = "certs/server.key"']
        self.conf.write_text("server {\n" + "\n".join(lines) + f"\n{self.settings}\n}}\n{self.extra}\n" +
                             self.everywhere())

    def everywhere(self):
        """
        With DEDIT_WIRE_POLICY, for calendars that have no policy: where events are, one that has nothing to say about
        any; where none is an appointment, one that would charge for it.
        """
        if "DEDIT_WIRE_POLICY" not in os.environ:
            return ""
        calendars = [(f"{user}/{name}", policy) for user in ("anna", "marc")
                     for name, policy in (("calendar", "silent"), ("tasks", "strict"))]
        return ('policy "silent" { timezone = "UTC" }\n'
                'policy "strict" { timezone = "UTC" currency = EUR price = "80 EUR" tiers = { "24h 100%" } }\n' +
                "".join(f'calendar "{c}" {{ policy = "{policy}" }}\n' for c, policy in calendars
                        if f'"{c}"' not in self.extra))

    def start(self, *options):
        """Returns when every listener accepts connections: they open one after the other."""
        before = len(self.log())
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([BUILD / self.daemon(), "-c", self.conf, *options], stderr=log,
                                            stdout=log, cwd="/", env=self.environment())
        wait_for(lambda: self.is_up(before), START_SECONDS, "deditd is ready")

    def daemon(self):
        return "tests/policy/deditd_at" if self.clock else "deditd"

    def environment(self):
        return {**os.environ, "DEDIT_TEST_CLOCK": str(self.clock)} if self.clock else None

    def set_clock(self, text, jump=None):
        """In place: the server has the file in memory. jump: how many seconds it is then ahead of the clock that
        only goes on."""
        with open(self.clock, "r+b") as f:
            f.write(text.encode() if jump is None else f"{text} {jump:09}".encode())

    def is_up(self, since):
        if self.process.poll() is not None:
            raise AssertionError(f"deditd ended with {self.process.returncode}:\n{self.log()}")
        return re.search(r"deditd \S+ is ready", self.log()[since:]) is not None

    def stop(self, sig=signal.SIGTERM, seconds=30):
        """Sends the signal and waits; the exit code."""
        process, self.process = self.process, None
        process.send_signal(sig)
        self.last_exit = process.wait(seconds)
        return self.last_exit

    def kill(self):
        return self.stop(signal.SIGKILL)

    def restart(self):
        assert self.stop() == 0, self.log()
        self.start()

    def reload(self):
        """SIGHUP, and waits until it is done."""
        before = len(self.log())
        self.process.send_signal(signal.SIGHUP)
        return wait_for(lambda: re.search(r"(not )?reloaded: .*", self.log()[before:]),
                        10, "reload").group(0)

    def log(self, suffix=""):
        path = pathlib.Path(str(self.log_path) + suffix)
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def sanitized(self):
        """Sanitizers keep what was freed: their processes' size says nothing."""
        maps = pathlib.Path(f"/proc/{self.process.pid}/maps").read_text()
        return "libasan" in maps or "libtsan" in maps

    # ---- the administrator ----

    def dedit_environment(self):
        """
        Where a server runs the command without a search for leaks, which takes longer than most commands (the server
        is searched), and where it becomes another user: LeakSanitizer can't look into it and would end it.
        """
        if self.process is None and (os.geteuid() != 0 or (self.data.exists() and self.data.stat().st_uid == 0)):
            return None
        return {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}

    def command(self):
        """Before a server that runs it only asks that one, which run.py --asking leaves to another build."""
        return (ASKING if self.process is not None else BUILD) / "dedit"

    def dedit(self, *args, input=None, check=True):
        r = subprocess.run([self.command(), "-c", self.conf, *args], input=input,
                           stdin=None if input is not None else subprocess.DEVNULL,
                           capture_output=True, text=True, timeout=60, env=self.dedit_environment())
        if check:
            assert r.returncode == 0, f"dedit {args}: {r.returncode} {r.stdout}{r.stderr}"
        return r

    def add_user(self, name, *options, password=PASSWORD):
        return self.dedit("user", "add", name, *options, input=password + "\n")

    # ---- HTTP ----

    def connect(self, tls=False, timeout=20):
        if not tls:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        context = ssl.create_default_context(cafile=self.folder / "certs/ca.pem")
        return http.client.HTTPSConnection("127.0.0.1", self.tls_port, timeout=timeout, context=context)

    def request(self, method, path, body=None, headers=None, user="anna", password=PASSWORD,
                connection=None):
        """One request; user None: without credentials. connection: reused if given."""
        send = {} if user is None else {"Authorization": basic(user, password)}
        send.update(headers or {})
        if isinstance(body, str):
            body = body.encode()
        c = connection or self.connect()
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                c.request(method, path, body, send)  # a refusal may come before the body is out
            r = c.getresponse()
            return Response(r.status, r.getheaders(), r.read())
        finally:
            if connection is None:
                c.close()

    def put(self, path, body, user="anna", **headers):
        """PUT of a calendar object; keywords: if_match='"..."', if_none_match='*'."""
        send = {"Content-Type": "text/calendar; charset=utf-8"}
        send.update((k.replace("_", "-"), v) for k, v in headers.items())
        return self.request("PUT", path, body, send, user)

    def socket(self, timeout=20):
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def raw(self, data, timeout=20):
        """Sends bytes as they are and returns all that comes until the server closes."""
        with self.socket(timeout) as s:
            s.sendall(data)
            return read_all(s)


def read_all(s):
    """Until the end of the connection; b'' if it is reset."""
    out = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := s.recv(65536):
            out += piece
    return out


def read_answer(s, rest=b""):
    """One answer with Content-Length (or none) off a socket: (status, headers, body, what is left)."""
    while b"\r\n\r\n" not in rest:
        piece = s.recv(65536)
        if not piece:
            raise AssertionError(f"connection ended within headers: {rest!r}")
        rest += piece
    head, _, rest = rest.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    status = int(lines[0].split(" ")[1])
    headers = {k.strip().lower(): v.strip() for k, _, v in (l.partition(":") for l in lines[1:])}
    if status == 100:
        return status, headers, b"", rest
    length = int(headers.get("content-length", 0))
    while len(rest) < length:
        rest += s.recv(65536)
    return status, headers, rest[:length], rest[length:]
