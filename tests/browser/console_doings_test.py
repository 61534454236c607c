"""The console where something goes wrong, or is told otherwise than usual: failures, amounts, days, other currencies, who
may only look, and a second session in the same browser."""

import datetime

from console_test import ENTER, SERVER, address, fees, page, signed_in, state
from dedit_wire import PASSWORD

__all__ = ["SERVER"]
BROKEN = "window.fetch = () => Promise.reject(new TypeError('no network'))"
IN_PAGES = """
const done = arguments[arguments.length - 1], src = document.querySelector('script[type=module]').src;
const load = (name) => import(new URL(name, src));
const run = async () => { %s };
run().then(done, e => done(String(e)));
"""
SIGN_IN = """
const done = arguments[arguments.length - 1];
fetch('api/session', { method: 'POST', headers: { Authorization: 'Basic ' + btoa(arguments[0] + ':' + arguments[1]) } })
    .then(r => done(r.status), e => done(String(e)));
"""


def test_failures_are_seen_over_a_dialog(s):
    with signed_in(s) as b:
        page(b, s, "fees?state=due")
        b.js(BROKEN)
        b.click(".export button")
        b.see("can't be reached", ".toast.bad")
        page(b, s, "decide")
        page(b, s, "fees?state=due")
        b.js("location.reload()")
        b.find("tr[data-ref]")
        b.settled()
        b.click("tr[data-ref] button.link")
        b.find("dialog[open] [data-act=pay]")
        b.js(BROKEN)
        b.click("dialog[open] [data-act=pay]")
        b.see("can't be reached", "dialog[open] .toast.bad")
        assert b.js("const r = document.querySelector('.toast').getBoundingClientRect();"
                    "return document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2).closest('.toast') !== null")
        b.click("dialog[open] header button")
        b.until(lambda: not b.all("dialog"), "the panel is closed")
        assert b.js("return document.querySelector('body > .toasts') !== null"), "what is said stays on the page"


def test_days_and_money_are_the_same_everywhere(s):
    with signed_in(s) as b:
        said = b.js_async(IN_PAGES % """
            const f = await load('format.js');
            f.setZone('America/New_York');
            return [f.day('2026-06-10'), f.date('2026-06-10'), f.time('2026-06-10T12:00:00Z'), f.month('2026-06'),
                f.money(32500, 'IQD'), f.money(1234, 'ISK'), f.money(3250, 'EUR'), f.money(12345, 'CLF'), f.money(3250, 'HUF')];
        """)
        assert "10" in said[0] and said[1] == "10 Jun 2026", said
        assert said[2] == "08:00" and "2026" in said[3], said
        assert "32.500" in said[4] and "1,234" in said[5] and said[6] == "€32.50", said
        assert "1.2345" in said[7] and "32.50" in said[8], said


def test_another_amount_with_a_comma(s):
    with signed_in(s) as b:
        page(b, s, "fees?state=due")
        ref = b.js("return [...document.querySelectorAll('tr[data-ref]')].at(-1).dataset.ref")
        b.click(f"tr[data-ref='{ref}'] button.link")
        b.click("dialog[open] [data-act=adjust]")
        b.type("dialog input[name=amount]", "12,50")
        assert b.text("dialog form button.primary") == "Charge this amount"
        b.press(ENTER)
        b.see("Done:", ".toast.good")
        assert next(f["fee"] for f in fees(s) if f["ref"] == ref) == 1250


def test_events_of_whole_days(s):
    with signed_in(s) as b:
        now = datetime.datetime.now(datetime.timezone.utc).date()
        begin, end = now - datetime.timedelta(days=1), now + datetime.timedelta(days=2)
        r = s.request("PUT", "/calendars/anna/appointments/days.ics", (
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//browser test//EN\r\nBEGIN:VEVENT\r\nUID:days\r\n"
            f"DTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:{begin:%Y%m%d}\r\nDTEND;VALUE=DATE:{end:%Y%m%d}\r\n"
            "SUMMARY:Congress\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"), {"Content-Type": "text/calendar"}, user="anna")
        assert r.status == 201, r
        page(b, s, "fees")
        page(b, s, "today")
        b.see("Congress", ".agenda")
        b.see("Congress", ".calendar")


def test_who_may_only_look(s):
    with signed_in(s, "marc") as b:
        page(b, s, "fees")
        assert not b.all("main input[type=checkbox]") and not b.all("[data-act]")
    with signed_in(s) as b:
        # As a delegate's who may read: the session says so.
        b.js("const f = fetch; window.fetch = async (...all) => { const r = await f(...all); if (!String(all[0]).endsWith('/session'))"
             " return r; const o = await r.json(); o.owners.forEach(w => { w.write = false; });"
             " return new Response(JSON.stringify(o), { headers: r.headers }); }; document.querySelector('.who button').click()")
        b.see("Jour et semaine", "h1")
        page(b, s, "decide")
        assert b.all(".decision") and not b.all("[data-act]")
        page(b, s, "fees?state=due")
        assert b.all("tr[data-ref]") and not b.all("main input[type=checkbox]")
        b.click("tr[data-ref] button.link")
        b.find("dialog[open]")
        assert not b.all("[data-act]")


def test_another_session_in_the_same_browser(s):
    with signed_in(s) as b:
        page(b, s, "fees?state=due")
        ref = b.js("return document.querySelector('tr[data-ref]').dataset.ref")
        b.click(f"tr[data-ref='{ref}'] button.link")
        b.find("dialog[open] [data-act=pay]")
        assert b.js_async(SIGN_IN, "anna", PASSWORD) in (200, 201)
        b.click("dialog[open] [data-act=pay]")
        b.see("Done:", ".toast.good")
        assert state(s, ref) == "paid"
        b.settled()
        b.click("tr[data-ref] button.link")
        b.find("dialog[open] [data-act=pay]")
        assert b.js_async(SIGN_IN, "marc", PASSWORD) in (200, 201)
        b.click("dialog[open] [data-act=pay]")
        b.until(lambda: "marc" in b.text(".who").lower(), "the page is the other's")
        assert not b.all("dialog")


SHORT = """
const f = window.fetch;
window.fetch = async (...all) => {
    const r = await f(...all);
    if (r.ok && String(all[0]).endsWith('/session'))
        return new Response(JSON.stringify({ ...await r.json(), idle: 2 }), { headers: r.headers });
    return r;
};
document.querySelector('.who button').click();
"""


def test_nothing_stays_on_a_screen_that_nobody_looks_after(s):
    """The console notices by itself that its session is over; and signs out a session that was begun anew beside it."""
    with signed_in(s) as b:
        page(b, s, "fees")
        b.click("tr[data-ref] button.link")
        b.find("dialog[open]")
        b.js(SHORT)  # the button starts the console anew
        b.see("Frais", "h1")
        b.until(lambda: b.all("tr[data-ref]"), "the fees")
        b.cdp("Network.clearBrowserCookies")
        b.see("Connexion", "h1")
        assert not b.all("dialog") and not b.all("tr[data-ref]")
    with signed_in(s) as b:
        assert b.js_async(SIGN_IN, "anna", PASSWORD) in (200, 201)
        b.click(".who button:last-child")
        b.see("Sign in", "h1")
        b.go(address(s, "/console/"))
        b.see("Sign in", "h1")
        b.type("input[name=name]", "anna")
        b.type("input[name=password]", PASSWORD)
        b.press(ENTER)
        b.see("Today and week", "h1")
        b.js(BROKEN)
        b.click(".who button:last-child")
        b.see("can't be reached", ".toast.bad")
        assert b.text("h1") == "Today and week", "one is still signed in, and knows it"


SLOW = """
const f = window.fetch;
window.fetch = async (url, o) => { if (o?.method === 'POST') await new Promise(r => { window.goOn = r; }); return f(url, o); };
"""


def test_what_comes_after_its_page_was_left(s):
    with signed_in(s) as b:
        page(b, s, "fees")
        b.js("const e = document.querySelector('input[type=search]'); e.value = 'dur'; e.dispatchEvent(new Event('input'));"
             "location.hash = '#/decide'")
        b.see("To decide", "h1")
        b.js_async("setTimeout(arguments[arguments.length - 1], 600)")
        assert b.js("return location.hash") == "#/decide", "a search is dropped"

        page(b, s, "account")  # a password is shown
        b.click("button[data-key=token]")
        b.type("dialog input[name=label]", "telephone")
        b.js(SLOW)
        b.click("dialog button.primary")
        b.until(lambda: b.js("return !!window.goOn"), "it is being made")
        b.js("location.hash = '#/decide'")
        b.see("To decide", "h1")
        b.until(lambda: not b.all("dialog"), "the dialog is closed")
        b.js("window.goOn()")
        b.see("It is shown this once", "dialog.panel")
        assert b.js("return document.querySelector('dialog.panel input').value")
