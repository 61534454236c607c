"""The administrator's page: accounts, health, and what looks through the store and the ledgers."""

import json
import pathlib
import tempfile

import console_test
from console_test import look_at, page, serve, signed_in

BACKUPS = tempfile.TemporaryDirectory(prefix="dedit-backup-")
SERVER = {**console_test.SERVER, "settings": f'backup = "{BACKUPS.name}"'}
PROBLEM = {"ok": False, "truncated": False, "problems": ["<b>anna</b>: entry 7 was changed"]}
ANSWER = ("const f = window.fetch, told = arguments[0]; window.fetch = (url, o) => String(url).endsWith('server/ledger') ?"
          " Promise.resolve(new Response(told)) : f(url, o)")


def test_accounts_and_inspections(s):
    serve(s)
    assert s.request("GET", "/calendars/marc/", user="marc", password="guessed").status == 401
    with signed_in(s, "paul") as b:
        page(b, s, "server")
        names = b.js("return [...document.querySelectorAll('tr[data-ref]')].map(r => r.dataset.ref)")
        assert {"anna", "marc", "paul"} <= set(names)
        assert "owner" in b.text("tr[data-ref=anna]") and "owner" not in b.text("tr[data-ref=marc]")
        b.see("✓ ok", ".facts")
        for button in ("check", "verify"):
            b.click(f"[data-do={button}]")
            b.until(lambda: "no problems" in b.text(f".inspection:has([data-do={button}])"), button)
        b.click("[data-do=backup]")
        b.until(lambda: "✓ dedit-" in b.text("main"), "a backup")
        (made,) = pathlib.Path(BACKUPS.name).iterdir()
        assert made.name in b.text("main")
        b.see("marc\twrong password", "section:last-of-type")
        b.js(ANSWER, json.dumps(PROBLEM))
        b.click("[data-do=verify]")
        b.see("1 problem", ".inspection:has([data-do=verify]) [role=status]")
        b.see("<b>anna</b>: entry 7 was changed", ".inspection li")
        assert not b.complaints()
        look_at(b, s, ("server", "account"), "administrators-")
