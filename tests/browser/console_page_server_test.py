"""The administrator's page: accounts, health, and what looks through the store and the ledgers."""

import base64
import json
import pathlib
import tempfile

import axe
import console_test
from console_test import look_at, page, serve, signed_in
from dedit_wire import PASSWORD

BACKUPS = tempfile.TemporaryDirectory(prefix="dedit-backup-")
SERVER = {**console_test.SERVER, "settings": f'backup = "{BACKUPS.name}"'}
PROBLEM = {"ok": False, "truncated": False, "problems": ["<b>anna</b>: entry 7 was changed"]}
SAVED = "URL.createObjectURL = (blob) => { blob.text().then((t) => { window.saved = t; }); return 'data:,'; }"
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
        b.see("✓ all is well", ".facts")
        for button in ("check", "verify"):
            b.click(f"[data-do={button}]")
            b.until(lambda: "no problems" in b.text(f".inspection:has([data-do={button}])"), button)
        b.click("[data-do=backup]")
        b.until(lambda: "✓ dedit-" in b.text("main"), "a backup")
        (made,) = pathlib.Path(BACKUPS.name).iterdir()
        assert made.name in b.text("main")
        b.see("marc\twrong password", "section:last-of-type")
        line = s.dedit("ledger", "head").stdout.splitlines()[0]
        b.js(SAVED)
        b.click("[data-do=heads]")
        b.until(lambda: b.js("return window.saved"), "a file with the heads")
        assert b.js("return window.saved") == s.dedit("ledger", "head").stdout + "\n" + s.dedit("ledger", "key").stdout
        b.type("input[name=head]", line.replace("anna ", "anna 1"))
        b.click("[data-do=compare]")
        b.see("1 problem", ".inspection:has([data-do=compare]) [role=status]")
        b.js("document.querySelector('input[name=head]').value = ''")
        b.type("input[name=head]", line)
        b.click("[data-do=compare]")
        b.see("no problems", ".inspection:has([data-do=compare]) [role=status]")
        b.js(ANSWER, json.dumps(PROBLEM))
        b.click("[data-do=verify]")
        b.see("1 problem", ".inspection:has([data-do=verify]) [role=status]")
        b.see("<b>anna</b>: entry 7 was changed", ".inspection li")
        assert not b.complaints()
        look_at(b, s, ("server", "account"), "administrators-")


def test_why_there_is_no_profile(s):
    """Without public-url, which this server hasn't: the page of the account says who has to do what."""
    with signed_in(s, "marc") as b:
        page(b, s, "account")
        b.see("an administrator has to set public-url", "[data-do=no-profile]")
        assert not b.all("[data-do=profile]")
        assert not b.complaints()


def status(s, name, password):
    plain = base64.b64encode(f"{name}:{password}".encode()).decode()
    return s.request("PROPFIND", f"/calendars/{name}/", headers={"Depth": "0", "Authorization": f"Basic {plain}"}).status


def confirm(b, button="primary", own=PASSWORD):
    b.type("dialog input[name=own]", own)
    b.click(f"dialog button.{button}")


def test_an_account_from_made_to_closed(s):
    with signed_in(s, "paul") as b:
        page(b, s, "server")
        assert "administrator" in b.text("tr[data-ref=paul]")
        assert not b.all("tr[data-ref=paul] button"), "nobody locks himself out"
        b.click("[data-do=add]")
        for name, text in (("name", "Eva"), ("displayname", "Eva Roß"), ("addresses", "eva@example.org, e@example.org")):
            b.type(f"dialog input[name={name}]", text)
        assert not axe.complaints(b)
        confirm(b, own="wrong")
        b.see("Your own password is wrong.", "dialog .wrong")
        confirm(b)
        b.see("shown this once", "dialog.panel")
        made = b.js("return document.querySelector('dialog.panel .copyable input').value")
        assert status(s, "eva", made) == 207
        assert not axe.complaints(b)
        b.click("dialog.panel header button")
        b.see("Eva Roß", "tr[data-ref=eva]")
        b.see("eva@example.org, e@example.org", "tr[data-ref=eva]")
        assert made not in b.text(), "it is shown once"
        b.until(lambda: b.js("return document.activeElement.dataset.key") == "account", "the focus is where it was")

        b.settled()
        b.click("[data-do=add]")
        b.type("dialog input[name=name]", "eva")
        confirm(b)
        b.see("This name is taken", "dialog .wrong")
        b.click("dialog .buttons button[type=button]")

        b.click("tr[data-ref=eva] [data-do=password]")
        b.see("programs and telephones have to be set up again", "dialog")
        b.type("dialog input[name=password]", "typed by paul 77")
        confirm(b)
        b.see("eva has a new password.", ".toasts")
        assert status(s, "eva", "typed by paul 77") == 207 and status(s, "eva", made) == 401

        b.settled()
        b.click("tr[data-ref=eva] [data-do=close]")
        b.see("2 calendars, 0 events and tasks", "dialog")
        assert not axe.complaints(b)
        b.click("dialog .buttons button[type=button]")
        b.until(lambda: not b.all("dialog"), "nothing was done")
        assert b.all("tr[data-ref=eva]")
        b.click("tr[data-ref=eva] [data-do=close]")
        confirm(b, "danger")
        b.until(lambda: not b.all("tr[data-ref=eva]"), "it is closed")
        assert status(s, "eva", "typed by paul 77") == 401
        assert not [c for c in b.complaints() if "403" not in c and "409" not in c]
