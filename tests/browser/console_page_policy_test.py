"""The page of the policy: what it says, what cancelling would cost now, and the past year under an edited text."""

import console_test
from console_test import page, serve, signed_in

SECOND = """
policy "second" { timezone = "Europe/Paris" currency = EUR price = "80 EUR" tiers = { "24h 100%" } }
calendar "anna/calendar" { policy = "second" }
"""
SERVER = {**console_test.SERVER, "extra": console_test.EXTRA + SECOND}
DOWN = "\ue015"
EDIT = "const e = document.querySelector('textarea'); e.value = e.value.replace(arguments[0], arguments[1]); return e.value"
CHOOSE = ("const e = document.querySelector('section select'); e.selectedIndex = arguments[0] < 0 ? e.options.length - 1 : 0;"
          "e.dispatchEvent(new Event('change')); return e.options.length")
ROWS = "return [...document.querySelectorAll('.replayed tbody tr')].map(r => r.innerText)"


def test_words_quote_and_replay(s):
    with signed_in(s) as b:
        page(b, s, "policy")
        for language in ("en", "fr"):
            said = s.dedit("policy", "explain", "practice", "--lang", language).stdout
            shown = b.text(f".terms[lang={language}]")
            assert all(line in shown for line in said.splitlines() if line), (language, shown)

        b.see("Fee", ".quoted")
        assert b.js(CHOOSE, -1) > 3  # weeks ahead
        b.see("Cancelled in time", ".quoted")
        b.see("€0.00", ".quoted")

        assert "48h 25%" in b.js(EDIT, "48h 50%", "48h 25%")
        b.click(".who button:nth-of-type(2)")  # another theme takes nothing away that was typed
        b.click(".replay button.primary")
        b.see("To adopt it", ".replayed")
        rows = b.js(ROWS)
        assert rows[0].startswith("All") and "-€" in rows[0], rows[0]
        half = [r for r in rows if "Late cancellation · €40.00" in r]  # of 80 €
        assert half and all("Late cancellation · €20.00" in r for r in half), half

        b.js(EDIT, "48h 25%", "48h 2500%")
        b.click(".replay button.primary")
        b.see("The text has faults", ".replayed")
        b.see("policies:", ".replayed code")

        b.js("navigator.clipboard.writeText = () => Promise.reject(new Error('no')); document.execCommand = () => false;"
             "[...document.querySelectorAll('form.replay button')].find(e => e.textContent === 'Copy').click()")
        b.see("Not copied", ".toast.bad")
        assert not b.complaints()


NO_QUOTES = ("window.before = window.fetch; window.fetch = (url, o) => String(url).includes('/quotes?') ?"
             " Promise.reject(new TypeError('no network')) : before(url, o)")


def test_a_quote_that_cannot_be_had(s):
    with signed_in(s) as b:
        page(b, s, "policy")
        b.see("Fee", ".quoted")
        b.js(NO_QUOTES)
        b.js(CHOOSE, -1)
        b.see("can't be reached", "section:has(.quoted) .wrong")
        assert not b.text(".quoted"), "of another appointment"
        b.js("window.fetch = before")
        b.js(CHOOSE, 0)
        b.see("Fee", ".quoted")
        assert not b.all("section:has(.quoted) .wrong")


def test_the_choice_of_a_policy_keeps_the_focus(s):
    with signed_in(s) as b:
        page(b, s, "policy")
        b.find("[data-key=policy]")
        b.js("document.querySelector('[data-key=policy]').focus()")
        b.press(DOWN)
        b.until(lambda: b.js("return location.hash") == "#/policy?policy=second", "the address says which")
        b.see("anna/calendar", "main")
        b.settled()
        assert b.js("return [document.activeElement.dataset.key, document.activeElement.value]") == ["policy", "second"]


def test_a_delegate_sees_the_terms(s):
    serve(s)
    s.dedit("delegate", "anna", "marc", "read")
    with signed_in(s, "marc") as b:
        page(b, s, "policy")
        b.see("“practice”, for anna/appointments", "main")
        b.see("Fee", ".quoted")
        page(b, s, "clients")
        b.find("tr[data-client]")
        assert not b.all("[data-do=agree]"), "who only looks on notes nothing"
        assert not b.complaints()
