"""Everything that the pages of the calendars, the account and the server open, by eye and by ear: in English on a wide
screen, in French on a dark telephone."""

import tempfile

import axe
import console_test
from console import Console
from console_page_account_test import printed
from console_page_calendars_test import event
from console_test import page, serve, signed_in

BACKUPS = tempfile.TemporaryDirectory(prefix="dedit-backup-")
SERVER = {**console_test.SERVER, "settings": f'public-url = "https://cal.example.org"\nbackup = "{BACKUPS.name}"'}
ESCAPE = "\ue00c"
OWN = "[data-ref='anna/calendar']"
# What opens each, and the label of what it makes, which another shows then.
PANELS = {
    "calendars": (
        ("[data-key=new]", None),
        (f"{OWN} [data-do=edit]", None),
        (f"{OWN} [data-do=share]", None),
        (f"{OWN} [data-do=feed]", "Family"),
        (f"{OWN} [data-do=import]", None),
        (f"{OWN} [data-do=delete]", None),
        (f"{OWN} .lines [aria-label*=marc]", None),
        (f"{OWN} .lines [aria-label*=Shown]", None),
        ("section [data-ref] .row button:first-child", None),
    ),
    "account": (
        ("[data-do=password]", None),
        ("[data-key=token]", "telephone"),
        ("[data-key=delegate]", None),
        ("tr[data-ref] button", None),
        ("[data-ref=marc] button", None),
    ),
}


def prepare(s):
    """Something to revoke, to end and to look at."""
    serve(s)
    c = Console(s)
    c.post("/account/tokens", {"label": "laptop", "scope": "calendar"}, 201)
    c.post("/calendars/anna/calendar/feeds", {"label": "Shown", "busy": True, "plain": False}, 201)
    for path in ("/calendars/anna/calendar/shares/marc", "/delegates/anna/marc"):
        assert c.ask("PUT", path, {"access": "read"}).status in (200, 201, 204)
    file = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//browser test//EN\r\n" + event(1)
    r = c.ask("POST", "/calendars/anna/calendar/imports", file + "END:VCALENDAR\r\n", {"Content-Type": "text/calendar"})
    assert r.status == 202, r


def looked_at(b, width):
    """The dialog, which is closed then; what it says."""
    b.find("dialog[open]")
    wrong = axe.complaints(b)
    assert not wrong, (b.text("dialog[open]"), wrong)
    beyond = b.js("const d = document.querySelector('dialog[open]'); return [d.scrollWidth - d.clientWidth, "
                  "d.getBoundingClientRect().right]")
    assert beyond[0] <= 0 and beyond[1] <= width, (b.text("dialog[open]"), beyond)
    text = b.text("dialog[open]")
    b.press(ESCAPE)
    b.until(lambda: not b.all("dialog"), "it is closed")
    b.settled()
    return text


def panels(b, s, width):
    """What each says."""
    for name, rows in PANELS.items():
        page(b, s, name)
        for opens, label in rows:
            b.click(opens)
            if label:
                b.type("dialog input[name=label]", label)
                b.click("dialog button.primary")
                b.find("dialog.panel")
            yield opens, looked_at(b, width)


def french(b):
    b.theme("dark")
    b.click(".who button")
    b.see("Se déconnecter", ".who")


def test_what_an_owner_opens(s):
    prepare(s)
    with signed_in(s) as b:
        english = dict(panels(b, s, 1280))
    with signed_in(s, width=360, height=740) as b:
        french(b)
        for opens, text in panels(b, s, 360):
            assert text != english[opens], text
            printed(text)


def test_what_an_administrator_finds(s):
    serve(s)
    with signed_in(s, "paul", width=360, height=740) as b:
        french(b)
        page(b, s, "server")
        for button in ("check", "verify"):
            b.click(f"[data-do={button}]")
            b.see("aucun problème", f".inspection:has([data-do={button}])")
        b.click("[data-do=backup]")
        b.see("✓ dedit-", "main")
        wrong = axe.complaints(b)
        assert not wrong, wrong
        assert b.js("return document.documentElement.scrollWidth") <= 360
        printed(b.text("main"))
