"""The page of the account: application passwords, and how programs are set up."""

import base64
import re

import axe
import console_test
from console_test import page, signed_in
from dedit_wire import PASSWORD

SERVER = {**console_test.SERVER, "settings": 'public-url = "https://cal.example.org"'}
PROGRAMS, SCRIPTS = "section[data-kind=token]", "section[data-kind=script]"
FETCH = ("const done = arguments[arguments.length - 1]; fetch(document.querySelector('[data-do=profile]').href)"
         ".then(r => r.text()).then(done, e => done(String(e)))")


def status(s, password, name="anna"):
    plain = base64.b64encode(f"{name}:{password}".encode()).decode()
    return s.request("PROPFIND", f"/calendars/{name}/", headers={"Depth": "0", "Authorization": f"Basic {plain}"}).status


def test_an_application_password(s):
    with signed_in(s) as b:
        page(b, s, "account")
        b.see("None yet.", PROGRAMS)
        b.see("None yet.", SCRIPTS)
        b.click("button[data-key=token]")
        assert not b.all("dialog select"), "it is for a program, which needs no more to be said"
        b.type("dialog input[name=label]", "telephone")
        b.click("dialog button.primary")
        b.see("It is shown this once", "dialog.panel")
        password = b.js("return document.querySelector('dialog.panel input').value")
        assert b.all("dialog.panel .qr svg") and status(s, password) == 207
        assert not axe.complaints(b)
        b.click("dialog.panel header button")
        b.see("telephone", f"{PROGRAMS} tr[data-ref]")
        assert not b.all(f"{SCRIPTS} tr[data-ref]")
        b.until(lambda: b.js("return document.activeElement.dataset.key") == "token", "the focus is where it was")
        assert password not in b.text(), "it is shown once"
        b.settled()
        b.click("tr[data-ref] button")
        b.see("The program or telephone that uses it", "dialog")
        b.click("dialog button.danger")
        b.see("None yet.", PROGRAMS)
        assert status(s, password) == 401

        b.settled()
        b.click("button[data-key=script]")
        b.type("dialog input[name=label]", "report")
        b.js("document.querySelector('dialog select').value = 'api-read'")
        b.click("dialog button.primary")
        b.see("Authorization: Bearer", "dialog.panel")
        bearer = {"Authorization": "Bearer " + b.js("return document.querySelector('dialog.panel input').value")}
        assert s.request("GET", "/console/api/calendars", headers=bearer, user=None).status == 200
        b.click("dialog.panel header button")
        page(b, s, "calendars")
        page(b, s, "account")
        b.see("read alone", f"{SCRIPTS} tr[data-ref]")
        assert "never used" not in b.text("tr[data-ref]") and not b.all(f"{PROGRAMS} tr[data-ref]")
        assert not axe.complaints(b)
        page(b, s, "server")  # not for owners, but the session goes on
        assert not b.all("nav [data-page=server]") and b.text("h1") == "Today and week"
        assert not b.complaints()


def printed(text):
    """As French is printed: nothing that stands apart begins a line, and no apostrophe of a typewriter."""
    assert text and "'" not in text and not re.search(r" [:;?!»]|« ", text), text


def test_french(s):
    with signed_in(s) as b:
        b.click(".who button")
        b.see("Jour et semaine", "h1")
        page(b, s, "account")
        printed(b.text())
        b.click("button[data-key=delegate]")
        b.type("dialog input[name=user]", "nobody")
        b.click("dialog button.primary")
        b.see("Personne d’autre ne se connecte ici sous ce nom.", "dialog .wrong")
        b.until(lambda: b.js("return document.activeElement.closest('dialog') !== null"), "the focus stays in the dialog")
        printed(b.text("dialog"))
        assert not axe.complaints(b)


def refused(b, old, new, again, why):
    b.click("[data-do=password]")
    for name, text in (("old", old), ("new", new), ("again", again)):
        b.type(f"dialog input[name={name}]", text)
    b.click("dialog button.primary")
    if why:
        b.see(why, "dialog .wrong")
        b.click("dialog .buttons button[type=button]")


def test_password_and_delegates(s):
    with signed_in(s, "marc") as b:
        page(b, s, "account")
        refused(b, "wrong", "another one 77", "another one 77", "The old password is wrong.")
        refused(b, PASSWORD, "another one 77", "another one 77", None)
        b.see("The password is changed.", ".toasts")
        assert status(s, "another one 77", "marc") == 207 and status(s, PASSWORD, "marc") == 401
        page(b, s, "calendars")
        page(b, s, "account")  # this session goes on

        b.click("button[data-key=delegate]")
        b.type("dialog input[name=user]", "nobody")
        b.click("dialog button.primary")
        b.see("Nobody else signs in here with that name.", "dialog .wrong")
        b.type("dialog input[name=user]", "paul")
        b.click("dialog button.primary")
        b.see("paul: read and change", "[data-ref=paul]")
        assert "paul" in s.dedit("delegate", "marc").stdout
        b.settled()
        b.click("[data-ref=paul] button")
        b.see("no longer sees your calendars", "dialog")
        b.click("dialog button.danger")
        b.until(lambda: not b.all("[data-ref=paul]"), "no delegate any more")
        assert "paul" not in s.dedit("delegate", "marc").stdout
        assert not b.all("[data-do=no-profile]")
        profile = b.js_async(FETCH)
        assert "com.apple.caldav.account" in profile and "cal.example.org" in profile, profile[:300]
        assert len([c for c in b.complaints() if "403" not in c and "404" not in c]) == 0
