"""The console where a proxy gives it a part of the host (doc/proxy.md, base-path): nothing is asked for outside that."""

from browser import Browser
from console_test import ENTER, EXTRA, OWNER_PAGES, address, serve
from dedit_wire import PASSWORD

BASE = "/dedit"
SERVER = {"settings": f'base-path = "{BASE}"', "extra": EXTRA, "users": ("anna", "marc", "paul"), "start": False}
LOADED = "return performance.getEntriesByType('resource').map(e => e.name)"


def test_below_a_path(s):
    serve(s)
    console = address(s, BASE + "/console/")
    with Browser(s) as b:
        b.go(console)
        b.type("input[name=name]", "anna")
        b.type("input[name=password]", PASSWORD)
        b.press(ENTER)
        b.see("Today and week", "h1")
        for name in OWNER_PAGES:
            b.go(f"{console}#/{name}")
            b.settled()
            assert not b.all("[role=alert]"), (name, b.text())
        loaded = b.js(LOADED)
        assert len(loaded) > 10 and all(url.startswith(console) for url in loaded), loaded
        b.go(console)  # the session is known by its cookie
        b.see("Today and week", "h1")
        others = [c for c in b.complaints() if "/console/api/session - " not in c]  # nobody was signed in at first
        assert not others, others
        # and nobody else below the host sees that cookie
        assert [c["path"] for c in b.cdp("Network.getAllCookies")["cookies"]] == [BASE + "/console/"]
