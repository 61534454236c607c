"""The console in a browser, before a real server that holds a made-up year (`dedit demo`): what its people do there,
and that everybody can."""

import contextlib
import csv
import datetime
import io
import json
import pathlib
import re
import zoneinfo

import axe
from browser import Browser
from console import Console
from dedit_wire import BUILD, PASSWORD, wait_for

SHOTS = BUILD / "console" / "screenshots"
EXTRA = """
group "admin" { members = { "paul" } }
policy "practice" {
    timezone = "Europe/Paris" currency = "EUR" price-from = title owner-changes = propose
    tiers = { "48h 50%", "24h 100%" } no-show = "100% wait 15m until 14d"
}
calendar "anna/appointments" { policy = "practice" }
"""
SERVER = {"extra": EXTRA, "users": ("anna", "marc", "paul"), "start": False}
HOSTILE = "<img src=x onerror=document.title='broken'> <b>Zoé</b>"
OWNER_PAGES = ("today", "decide", "fees", "clients", "reports", "policy", "calendars", "account")
TAB, ENTER = "\ue004", "\ue007"


def serve(s):
    """With the year, and a title that somebody meant badly in it."""
    if s.process is not None:
        return
    s.dedit("calendar", "add", "anna/appointments", "--name", "Appointments")
    s.dedit("demo", "anna/appointments")
    s.start()
    r = s.request("PUT", "/calendars/anna/appointments/hostile.ics", hostile(), {"Content-Type": "text/calendar"}, user="anna")
    assert r.status == 201, r


def hostile():
    """Today, where the practice is."""
    day = datetime.datetime.now(zoneinfo.ZoneInfo("Europe/Paris"))
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//browser test//EN\r\nBEGIN:VEVENT\r\nUID:hostile\r\n"
            f"DTSTAMP:20260101T000000Z\r\nDTSTART:{day:%Y%m%d}T120000Z\r\nDURATION:PT1H\r\nSUMMARY:{HOSTILE} 80 €\r\n"
            "END:VEVENT\r\nEND:VCALENDAR\r\n")


@contextlib.contextmanager
def signed_in(s, user="anna", **size):
    serve(s)
    with Browser(s, **size) as b:
        b.cookie(address(s, "/console/"), *Console(s, user).cookie.split("=", 1))
        b.go(address(s, "/console/"))
        b.find("nav[aria-label]")
        b.settled()
        yield b


def address(s, path):
    return f"http://127.0.0.1:{s.port}{path}"


def page(b, s, name):
    b.go(address(s, f"/console/#/{name}"))
    b.settled()


def fees(s, *options):
    found = json.loads(s.dedit("fees", "--json", *options).stdout)
    return found if isinstance(found, list) else found["fees"]


def state(s, ref):
    return next(f["state"] for f in fees(s) if f["ref"] == ref)


# ---- what is done ----

def test_sign_in_and_out(s):
    serve(s)
    with Browser(s) as b:
        b.go(address(s, "/console/"))
        b.type("input[name=name]", "anna")
        b.type("input[name=password]", "wrong")
        b.click("form button.primary")
        b.see("Name or password is wrong.")
        b.type("input[name=password]", PASSWORD)
        b.press(ENTER)
        b.see("Today and week", "h1")
        b.go(address(s, "/console/#/fees"))
        b.see("Fees", "h1")
        b.click(".who button:last-child")
        b.see("Sign in", "h1")
        b.go(address(s, "/console/"))
        b.see("Sign in", "h1")


def test_decide(s):
    with signed_in(s) as b:
        page(b, s, "decide")
        ref = b.js("return document.querySelector('.why-proposed').dataset.ref")
        assert state(s, ref) == "proposed"
        assert "becomes due" in b.text(f"[data-ref='{ref}'] [data-act=ok]"), "what it does stands there before"
        b.click(f"[data-ref='{ref}'] [data-act=ok]")
        b.see("Done:", ".toasts")
        b.until(lambda: not b.all(f"[data-ref='{ref}']"), "the decision is gone")
        assert state(s, ref) == "due"
        b.click(".toast button")  # takes it back
        b.find(f"[data-ref='{ref}']")
        assert state(s, ref) == "proposed"


def test_focus_and_scroll_stay_after_an_act(s):
    with signed_in(s, height=500) as b:
        page(b, s, "decide")
        refs = b.js("return [...document.querySelectorAll('[data-ref]')].map(e => e.dataset.ref)")
        b.js("document.querySelectorAll('[data-ref]')[1].querySelector('[data-act=waive]').focus()")
        top = b.js("scrollTo(0, 200); return scrollY")
        assert top > 0
        b.press(ENTER)
        b.until(lambda: not b.all(f"[data-ref='{refs[1]}']"), "the decision is gone")
        b.settled()
        focused = "return document.activeElement.closest('[data-ref]')?.dataset.ref"
        b.until(lambda: b.js(focused) == refs[2], "the next has the focus")
        assert b.js("return scrollY") == top
        b.click(".toast button")
        b.find(f"[data-ref='{refs[1]}']")


def test_dialogs_go_with_their_page(s):
    with signed_in(s) as b:
        page(b, s, "fees")
        b.click("tr[data-ref] button.link")
        b.find("dialog[open]")
        b.js("location.hash = '#/decide'")
        b.see("To decide", "h1")
        b.until(lambda: not b.all("dialog"), "the panel is closed")


def test_waive_several(s):
    with signed_in(s) as b:
        page(b, s, "fees?state=due")
        refs = b.js("return [...document.querySelectorAll('tr[data-ref]')].slice(0, 3).map(r => r.dataset.ref)")
        for ref in refs:
            b.click(f"tr[data-ref='{ref}'] input")
        b.see("3 selected", ".bulk")
        b.click(".bulk [data-act=waive]")
        b.see("3 will change", "dialog")
        b.click("dialog button.primary")
        b.see("3 of 3 changed.", ".toasts")
        assert [state(s, ref) for ref in refs] == ["waived"] * 3
        b.settled()
        assert not b.all(f"tr[data-ref='{refs[0]}']"), "it isn't due any more"


def test_filter_and_sort(s):
    with signed_in(s) as b:
        page(b, s, "fees")
        shown = b.js("return [...document.querySelectorAll('tr[data-ref]')].map(r => r.dataset.ref)")
        over = {"paid", "waived", "void", "credited", "none"}
        assert shown and not over & {state(s, ref) for ref in shown}, "what is open comes first"
        page(b, s, "fees?state=all")
        b.type("input[type=search]", "durand")
        b.until(lambda: "search=durand" in b.js("return location.hash"), "the search stands in the address")
        b.settled()
        names = b.js("return [...document.querySelectorAll('tr[data-ref] td.title')].map(c => c.textContent)")
        assert names and set(names) == {"Marie Durand"}, names
        page(b, s, "fees?state=all")
        b.click("th:last-child button.sort")
        b.until(lambda: "sort=-fee" in b.js("return location.hash"), "sorted by fee")
        b.settled()
        first = b.js("return document.querySelector('tr[data-ref]').dataset.ref")
        assert max(f["fee"] for f in fees(s)) == next(f["fee"] for f in fees(s) if f["ref"] == first)


def test_filters_keep_the_focus(s):
    with signed_in(s) as b:
        page(b, s, "fees?state=all")
        b.click("input[type=search]")
        b.press(*"dur")
        b.until(lambda: "search=dur" in b.js("return location.hash"), "the search stands in the address")
        b.settled()
        b.press(*"and")
        b.until(lambda: "search=durand" in b.js("return location.hash"), "with what was typed later")
        b.settled()
        assert b.js("return document.activeElement.type") == "search"
        assert b.js("return document.activeElement.value") == "durand"
        b.click("th:last-child button.sort")
        b.until(lambda: "sort=-fee" in b.js("return location.hash"), "sorted by fee")
        b.settled()
        assert b.js("return document.activeElement.dataset.key") == "sort-fee"
        for name in ("fees", "reports"):
            page(b, s, name)
            b.js("const e = document.querySelector('input[type=date]'); e.focus(); e.value = '2026-01-02';"
                 "e.dispatchEvent(new Event('change'))")
            b.until(lambda: "since=2026-01-02" in b.js("return location.hash"), "the day stands in the address")
            b.settled()
            assert b.js("return document.activeElement.type") == "date", name


def test_export(s):
    with signed_in(s) as b:
        page(b, s, "fees?state=paid")
        b.click(".export button")
        file = pathlib.Path(b.folder) / "fees.csv"
        # a browser may reserve the name with an empty file
        wait_for(lambda: file.exists() and file.stat().st_size > 0, 15, "the file is there")
        rows = list(csv.DictReader(io.StringIO(file.read_text())))
        assert len(rows) == len(fees(s, "--state", "paid")) > 5


# ---- for everybody ----

def test_hostile_titles(s):
    with signed_in(s) as b:
        for name in ("today", "decide", "fees"):
            page(b, s, name)
            assert b.js("return document.querySelectorAll('main img, main b').length") == 0
            assert "broken" not in b.js("return document.title")
        assert not b.complaints()


def test_keyboard(s):
    with signed_in(s) as b:
        page(b, s, "decide")
        b.press(TAB)
        in_decision = "return document.activeElement.closest('.decision') !== null"
        assert b.js(in_decision), "behind the heading comes what is decided"
        assert b.js("return document.querySelector('a, button').className") == "skip", "pages can be skipped"
        b.js("document.querySelector('.skip').focus()")
        b.press(ENTER, TAB)
        assert b.js(in_decision)
        b.go(address(s, "/console/#/fees"))
        b.settled()
        assert b.js("return document.activeElement.tagName") == "H1", "a new page is told from its heading"


def test_french(s):
    with signed_in(s) as b:
        b.click(".who button")
        b.see("Jour et semaine", "h1")
        for name in OWNER_PAGES:
            page(b, s, name)
            assert b.js("return document.documentElement.lang") == "fr"
            assert not re.search(r"\b(page|frame|fees|state|class|column|table|report|policy|calendars|access|account)\.[a-z-]+\b", b.text()), name
            b.screenshot(shot(name, "wide", "light", "fr"))


def shot(name, size, theme, language="en"):
    SHOTS.mkdir(parents=True, exist_ok=True)
    return SHOTS / f"{name}-{size}-{theme}-{language}.png"


def look_at(b, s, names, of=""):
    """of: stands before the pictures' names."""
    for size, width, height in (("wide", 1280, 900), ("phone", 360, 740)):
        for theme in ("light", "dark"):
            b.theme(theme)
            for name in names:
                b.resize(width, height)
                page(b, s, name)
                wrong = axe.complaints(b)
                assert not wrong, f"{name} {size} {theme}: {wrong}"
                assert b.js("return document.documentElement.scrollWidth") <= width, f"{name} is wider than {size}"
                b.screenshot(shot(of + name, size, theme))
    assert not b.complaints()


def test_who_agreed_to_the_terms(s):
    with signed_in(s) as b:
        page(b, s, "clients")
        b.click(".above [data-do=agree]")
        b.type("dialog input[name=client]", "Léa Nouvelle")
        b.click("dialog button.primary")
        b.see("Entered.", ".toasts")
        b.settled()
        name = b.js("return document.querySelector('tr[data-client] summary').textContent")
        b.js("document.querySelector('tr[data-client] details').open = true")
        b.see("nothing is known", "tr[data-client] details[open]")
        b.click("tr[data-client] details [data-do=agree]")
        b.js("document.querySelector('dialog input[type=date]').value = '2025-11-03'")
        b.click("dialog button.primary")
        b.until(lambda: not b.all("dialog"), "the dialog is closed")
        b.settled()
        b.js("document.querySelector('tr[data-client] details').open = true")
        b.see("practice, 3 Nov 2025", f"tr[data-client='{name}'] details")
        assert not b.complaints()


def test_pages_of_an_owner(s):
    with signed_in(s) as b:
        look_at(b, s, OWNER_PAGES)


def test_a_client_sees_no_one_elses(s):
    with signed_in(s, "marc") as b:
        assert "Clients" not in b.text("nav")
        page(b, s, "clients")
        assert "Georges" not in b.text()
