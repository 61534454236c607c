"""The page of the policy: what it says, what cancelling would cost now, and the past year under an edited text."""

from console_test import SERVER, page, serve, signed_in

__all__ = ["SERVER"]
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


def test_a_delegate_is_told_who_sees_it(s):
    serve(s)
    s.dedit("delegate", "anna", "marc", "read")
    with signed_in(s, "marc") as b:
        page(b, s, "policy")
        b.see("Only the owner sees these terms.", "main")
        assert not b.complaints()
