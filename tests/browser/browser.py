"""Chromium without a screen, spoken to by WebDriver (W3C WebDriver; Debian's chromium-driver). Standard library
only."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from dedit_wire import free_port, wait_for

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
WAIT = 30


class Refused(Exception):
    pass


class Chromium:
    """Chromium with chromedriver: takes seconds to start, so that the tests of a file have one (Server.beside)."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="dedit-browser-")
        self.port = free_port()
        self.session = None

    def __enter__(self):
        self.driver = subprocess.Popen(["chromedriver", f"--port={self.port}", f"--log-path={self.folder}/log"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(self.ready, WAIT, "chromedriver is ready")
            arguments = ["--headless=new", f"--user-data-dir={self.folder}/profile", "--disable-gpu",
                         "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars", "--lang=en"]
            if os.geteuid() == 0:
                arguments.append("--no-sandbox")  # it refuses to run as root with one
            answer = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": {
                "browserName": "chrome", "goog:chromeOptions": {"args": arguments},
                "goog:loggingPrefs": {"browser": "ALL"}}}})
            self.session = answer["sessionId"]
            self.first = self.do("GET", "/window")  # stays empty: without a window the session would be over
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            if self.session:
                self.do("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait(20)
            shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as r:
                return json.load(r)["value"]
        except urllib.error.HTTPError as e:
            raise Refused(json.load(e)["value"]["message"].split("\n#")[0]) from None

    def ready(self):
        try:
            return self.ask("GET", "/status")["ready"]
        except OSError:
            return False

    def do(self, method, path, body=None):
        return self.ask(method, f"/session/{self.session}{path}", {} if body is None and method == "POST" else body)

    def cdp(self, command, **parameters):
        return self.do("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def switch(self, window):
        self.do("POST", "/window", {"handle": window})

    def open(self):
        self.switch(self.do("POST", "/window/new", {"type": "tab"})["handle"])

    def forget(self, origins):
        """All windows but the first, and what the pages of these origins have left."""
        for window in self.do("GET", "/window/handles"):
            if window != self.first:
                self.switch(window)
                self.do("DELETE", "/window")
        self.switch(self.first)
        self.cdp("Network.clearBrowserCookies")
        self.cdp("Network.clearBrowserCache")
        for origin in origins:
            self.cdp("Storage.clearDataForOrigin", origin=origin, storageTypes="all")
        self.complaints()

    def complaints(self):
        return [e["message"] for e in self.do("POST", "/se/log", {"type": "browser"}) if e["level"] == "SEVERE"]


class Browser:
    """
    with Browser(s, width=1280, height=900) as b: b.go(url); b.click("text of a button or link") …

    A window of the Chromium beside the server s, which knows nothing of the windows before it: no cookie, nothing stored
    or kept, no file loaded.
    """

    def __init__(self, s, width=1280, height=900):
        self.size = width, height
        self.chromium = s.beside(Chromium)
        self.origins = set()

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="downloads-", dir=self.chromium.folder)
        self.chromium.open()
        self.cdp("Browser.setDownloadBehavior", behavior="allow", downloadPath=self.folder)
        self.resize(*self.size)
        return self

    def __exit__(self, *_):
        self.chromium.forget(self.origins)

    # ---- the protocol ----

    def do(self, method, path, body=None):
        return self.chromium.do(method, path, body)

    def cdp(self, command, **parameters):
        return self.chromium.cdp(command, **parameters)

    # ---- what a person does ----

    def go(self, url):
        parts = urllib.parse.urlsplit(url)
        self.origins.add(f"{parts.scheme}://{parts.netloc}")
        self.do("POST", "/url", {"url": url})

    def cookie(self, url, name, value):
        """As the server at this address sets it for those below."""
        self.cdp("Network.setCookie", name=name, value=value, url=url, path=urllib.parse.urlsplit(url).path,
                 httpOnly=True, sameSite="Strict")

    def resize(self, width, height):
        """Of the page, not of the window; telephones are narrower than windows may be."""
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                 mobile=width < 500)

    def theme(self, name):
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def js(self, script, *arguments):
        return self.do("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def js_async(self, script, *arguments):
        """The script calls its last argument."""
        return self.do("POST", "/execute/async", {"script": script, "args": list(arguments)})

    def all(self, css):
        return self.do("POST", "/elements", {"using": "css selector", "value": css})

    def find(self, css):
        """The first, once it is there and can be seen."""
        return self.until(lambda: next((e for e in self.all(css) if self.shown(e)), None), css)

    def shown(self, element):
        try:
            return self.do("GET", f"/element/{element[ELEMENT]}/displayed")
        except Refused:
            return False

    def until(self, condition, what):
        end = time.monotonic() + WAIT
        while True:
            try:
                value = condition()
            except Refused:
                value = None
            if value:
                return value
            if time.monotonic() > end:
                raise AssertionError(f"not within {WAIT} s: {what}; the page says: {self.text()[:600]!r}")
            time.sleep(0.05)

    def click(self, css):
        def press():
            self.do("POST", f"/element/{self.find(css)[ELEMENT]}/click")
            return True
        self.until(press, f"click on {css}")

    def type(self, css, text):
        element = self.find(css)
        self.do("POST", f"/element/{element[ELEMENT]}/clear")
        self.do("POST", f"/element/{element[ELEMENT]}/value", {"text": text})

    def press(self, *keys):
        """To what has the focus: "\\ue004" is Tab, "\\ue007" Enter."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.do("POST", "/actions", {"actions": [{"type": "key", "id": "k", "actions": actions}]})

    def text(self, css="body"):
        return self.js("return document.querySelector(arguments[0])?.innerText ?? ''", css)

    def see(self, text, css="body"):
        return self.until(lambda: text in self.text(css), f"to see {text!r}")

    def settled(self):
        """No page is being loaded."""
        self.until(lambda: self.js("return document.querySelector('main') && "
                                   "!document.querySelector('[aria-busy=true], .loading')"), "a page that is loaded")

    def screenshot(self, path, whole=True):
        if whole:
            width = self.js("return innerWidth")
            height = max(self.js("return document.documentElement.scrollHeight"), 600)
            self.resize(width, min(height, 6000))
        path.write_bytes(base64.b64decode(self.do("GET", "/screenshot")))

    def complaints(self):
        """What the console of the browser holds of errors: scripts that failed, what the page's policy forbade."""
        return self.chromium.complaints()
