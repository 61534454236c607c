"""The page of the account: application passwords, and how programs are set up."""

import base64

from console_test import SERVER, page, signed_in

__all__ = ["SERVER"]


def status(s, password, name="anna"):
    plain = base64.b64encode(f"{name}:{password}".encode()).decode()
    return s.request("PROPFIND", f"/calendars/{name}/", headers={"Depth": "0", "Authorization": f"Basic {plain}"}).status


def test_an_application_password(s):
    with signed_in(s) as b:
        page(b, s, "account")
        b.see("None yet.")
        b.click("button[data-key=token]")
        b.type("dialog input[name=label]", "telephone")
        b.click("dialog button.primary")
        b.see("It is shown this once", "dialog.panel")
        password = b.js("return document.querySelector('dialog.panel input').value")
        assert b.all("dialog.panel .qr svg") and status(s, password) == 207
        b.click("dialog.panel header button")
        b.see("telephone", "tr[data-ref]")
        assert password not in b.text(), "it is shown once"
        b.settled()
        b.click("tr[data-ref] button")
        b.see("gets nothing more", "dialog")
        b.click("dialog button.danger")
        b.see("None yet.")
        assert status(s, password) == 401
        page(b, s, "server")  # not for owners, but the session goes on
        assert not b.all("nav [data-page=server]") and b.text("h1") == "Today and week"
        assert not b.complaints()
