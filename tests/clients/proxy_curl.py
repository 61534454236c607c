#!/usr/bin/python3
"""The examples of doc/proxy.md, run with the proxies themselves, asked by curl."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from client_kit import ROOT, Checks, free_port

sys.path.insert(0, str(ROOT / "tests" / "wire"))
from dedit_wire import PASSWORD, Server, event  # noqa: E402

HOST = "cal.example.org"
CLIENT = "127.0.0.9"  # not the proxy's address
SETTINGS = (
    'public-url = "https://cal.example.org"\nbase-path = "/dedit"\ntrusted-proxies = { "127.0.0.1" }\n'
    "connections-per-address = 0"
)
NGINX = """%(user)sdaemon off; pid %(dir)s/pid; error_log stderr; events { }
http { access_log off; client_body_temp_path %(dir)s/a; proxy_temp_path %(dir)s/b; fastcgi_temp_path %(dir)s/c;
uwsgi_temp_path %(dir)s/d; scgi_temp_path %(dir)s/e;
%(example)s }
"""
APACHE = """ServerRoot %(dir)s
ServerName %(host)s
PidFile %(dir)s/pid
DefaultRuntimeDir %(dir)s
ErrorLog /dev/stderr
Listen %(port)s
%(modules)s
%(example)s
"""
CADDY = "{\n  admin off\n  auto_https off\n  storage file_system %(dir)s\n}\n%(example)s\n"
MODULES = "mpm_event authz_core ssl proxy proxy_http headers"


def example(language):
    text = (ROOT / "doc/proxy.md").read_text()
    return re.search(r"```%s\n(.*?)```" % language, text, re.S).group(1)


class Proxy:
    """One of the examples with the addresses, ports and certificates of this machine put in."""

    def __init__(self, name, backend):
        self.name, self.port = name, free_port()
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="dedit-proxy-"))
        subprocess.run([ROOT / "certs/make", "-d", self.dir / "certs", HOST], check=True, capture_output=True)
        text = example(name).replace("127.0.0.1:8080", "127.0.0.1:%d" % backend)
        text = text.replace("/etc/ssl/certs/cal.example.org.pem", str(self.dir / "certs/server.pem"))
        text = text.replace("/etc/ssl/private/cal.example.org.key", str(self.dir / "certs/server.key"))
        if name == "caddy":
            text = text.replace("cal.example.org {", "https://cal.example.org:%d {" % self.port)
        else:
            text = text.replace("443", str(self.port))
        self.conf = self.dir / "conf"
        modules = "\n".join("LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so" % (m, m) for m in MODULES.split())
        frame = {"nginx": NGINX, "apache": APACHE, "caddy": CADDY}[name]
        self.conf.write_text(frame % {"dir": self.dir, "port": self.port, "host": HOST, "modules": modules, "example": text,
                                               "user": "user root; " if os.geteuid() == 0 else ""})
        command = {
            "nginx": ["/usr/sbin/nginx", "-c", str(self.conf), "-p", str(self.dir)],
            "apache": ["/usr/sbin/apache2", "-X", "-f", str(self.conf)],
            "caddy": ["/usr/bin/caddy", "run", "--adapter", "caddyfile", "--config", str(self.conf)],
        }[name]
        self.log = open(self.dir / "log", "wb")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL,
                                        env={**os.environ, "HOME": str(self.dir)}, start_new_session=True)
        for _ in range(200):
            if self.process.poll() is not None:
                break
            if self.curl("-o", "/dev/null", path="/.well-known/caldav").returncode == 0:
                return
            time.sleep(0.1)
        said = (self.dir / "log").read_text()
        self.end()
        raise RuntimeError(name + " didn't start: " + said[-2000:])

    def url(self, path):
        return "https://%s:%d%s" % (HOST, self.port, path)

    def curl(self, *args, path, user="anna", password=PASSWORD):
        login = [] if user is None else ["-u", "%s:%s" % (user, password)]
        return subprocess.run(
            ["/usr/bin/curl", "-sS", "-i", "--cacert", str(self.dir / "certs/ca.pem"), "--interface", CLIENT,
             "--resolve", "%s:%d:127.0.0.1" % (HOST, self.port), "--max-time", "60", *login, *args, self.url(path)],
            capture_output=True, text=True, timeout=90)

    def ask(self, method, path, *args, data=None, **more):
        """(status, headers and body)"""
        if data is not None:
            file = self.dir / "body"
            file.write_text(data)
            args += ("--data-binary", "@%s" % file, "-H", "Content-Type: text/calendar; charset=utf-8")
        out = self.curl("-X", method, *args, path=path, **more).stdout
        while re.match(r"HTTP/\S+ 100 ", out):
            out = out.partition("\n\n")[2] or out.partition("\r\n\r\n")[2]
        found = re.match(r"HTTP/\S+ (\d+)", out)
        return int(found.group(1)) if found else 0, out

    def end(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(20)
        self.log.close()
        shutil.rmtree(self.dir, ignore_errors=True)


def header(out, name):
    found = re.search(r"(?im)^%s: (.*?)\r?$" % name, out)
    return found and found.group(1)


def scenario(t, s, p):
    def check(what, ok, detail=""):
        t.check(p.name + ": " + what, ok, detail)

    home = "/dedit/calendars/anna/calendar/"
    status, out = p.ask("PROPFIND", "/.well-known/caldav", user=None)
    check("the well-known path leads to the base path", status == 301 and header(out, "location") in (
        "/dedit/", p.url("/dedit/")), out)
    status, out = p.ask("PROPFIND", "/dedit/", "-H", "Depth: 0", user=None)
    check("401 with Basic", status == 401 and (header(out, "www-authenticate") or "").startswith("Basic"), out)
    status, out = p.ask("PROPFIND", "/dedit/", "-H", "Depth: 0")
    check("discovery below the base path", status == 207 and "<D:href>/dedit/</D:href>" in out, out)
    status, out = p.ask("PROPFIND", "/dedit/calendars/anna/", "-H", "Depth: 1")
    check("calendars below the base path", status == 207 and "<D:href>%s</D:href>" % home in out, out)

    name = home + "a%20b%2Bc%C3%BC@x.ics"
    status, out = p.ask("PUT", name, data=event("proxy-1"))
    check("PUT, in a name that has to stay encoded", status == 201 and header(out, "etag"), out)
    status, out = p.ask("GET", name)
    check("GET", status == 200 and "UID:proxy-1" in out, out)
    status, out = p.ask("PROPFIND", home, "-H", "Depth: 1")
    check("its href is the one that was sent", "a%20b+c%C3%BC@x.ics" in out or "a%20b%2Bc%C3%BC@x.ics" in out, out)
    for target in (p.url(home), home, "https://%s%s" % (HOST, home), "http://%s:%d%s" % (HOST, p.port, home)):
        status, out = p.ask("MOVE", name, "-H", "Destination: " + target + "moved.ics")
        check("MOVE to " + re.sub(r":\d+/", ":PORT/", target), status == 201, out)
        status, out = p.ask("MOVE", home + "moved.ics", "-H", "Destination: " + name)
        check("and back", status == 201, out)
    status, out = p.ask("MOVE", name, "-H", "Destination: https://other.example.org" + home + "x.ics")
    check("MOVE to another host is refused", status == 502, out)

    large = event("proxy-2", extra="".join("X-FILL:%s\r\n" % ("x" * 1000) for _ in range(900)))
    status, out = p.ask("PUT", home + "large.ics", data=large)
    check("a body of 900 KB", status == 201, out)
    status, out = p.ask("PUT", home + "chunked.ics", "-H", "Transfer-Encoding: chunked",
                        data=large.replace("proxy-2", "proxy-3"))
    check("the same in chunks", status == 201, out)
    status, out = p.ask("PUT", home + "huge.ics", data=large.replace("proxy-2", "proxy-4") * 5)
    check("what is too large is refused by dédit, with the element",
          status in (403, 413) and "max-resource-size" in out, out[-2000:])
    status, out = p.ask("DELETE", home + "large.ics")
    check("DELETE", status == 204, out)

    feed = s.dedit("feed", "add", "anna/calendar").stdout.split()[0][len("https://cal.example.org"):]
    status, out = p.ask("GET", feed, user=None)
    check("a feed", status == 200 and "UID:proxy-1" in out, out)
    status, out = p.ask("GET", feed, "-H", "If-None-Match: " + (header(out, "etag") or ""), user=None)
    check("304", status == 304, out)

    before = len(s.log())
    p.ask("PROPFIND", "/dedit/", "-H", "X-Forwarded-For: 203.0.113.5", "-H", "Forwarded: for=203.0.113.6", "-H",
          "X-Forwarded-Prefix: /evil", password="wrong")
    time.sleep(0.2)
    check("a failed login is logged with the client's own address, whatever it says",
          "login failed from %s for anna" % CLIENT in s.log()[before:], s.log()[before:])
    status, out = p.ask("PROPFIND", "/dedit/", "-H", "Depth: 0", "-H", "X-Forwarded-Prefix: /evil")
    check("a client can't choose the base path", "<D:href>/dedit/</D:href>" in out and "evil" not in out, out)


def main():
    t = Checks()
    for name, program in (("nginx", "nginx"), ("apache", "apache2"), ("caddy", "caddy")):
        if shutil.which(program, path="/usr/sbin:/usr/bin") is None:
            t.check(name + " is installed", False)
            continue
        with Server(SETTINGS, users=("anna",)) as s:
            try:
                p = Proxy(name, s.port)
            except RuntimeError as e:
                t.check(name + " starts", False, e)
                continue
            try:
                scenario(t, s, p)
            finally:
                p.end()
    t.end()


if __name__ == "__main__":
    main()
