"""The page of calendars: made, changed, shared, given as a link, taken along, deleted; each said before it is done."""

import pathlib
import urllib.error
import urllib.request

import axe
from console import Console
from console_test import SERVER, page, signed_in
from dedit_wire import wait_for

__all__ = ["SERVER"]
OWN = "[data-ref='anna/appointments']"
CARD = "[data-ref='anna/choir-practice']"


def card(b, text):
    b.see(text, CARD)
    b.settled()


def test_from_made_to_deleted(s):
    with signed_in(s) as b:
        page(b, s, "calendars")
        b.click("button[data-key=new]")
        b.type("dialog input[name=displayname]", "Choir practice")
        assert b.js("return document.querySelector('dialog input[name=name]').value") == "choir-practice"
        b.click("dialog button.primary")
        card(b, "Choir practice")

        b.click("button[data-key=new]")  # what can't be done is said where it was asked for, and nothing typed is lost
        b.type("dialog input[name=displayname]", "Choir practice")
        b.click("dialog button.primary")
        b.see("You already have a calendar with this address.", "dialog .wrong")
        b.click("dialog button[type=button]")

        b.click(f"{CARD} [data-do=edit]")
        b.type("dialog input[name=displayname]", "Choir")
        b.js("document.querySelector('dialog input[type=color]').value = '#aa3300'")
        b.click("dialog button.primary")
        b.see("Saved.", ".toasts")
        b.until(lambda: b.text(f"{CARD} h2") == "Choir", "the new name")
        assert b.js("return getComputedStyle(document.querySelector(arguments[0])).backgroundColor",
                    f"{CARD} .swatch") == "rgb(170, 51, 0)"

        b.settled()
        b.click(f"{CARD} [data-do=delete]")
        b.see("It is empty.", "dialog")
        b.click("dialog .buttons button[type=button]")
        b.until(lambda: not b.all("dialog"), "nothing was done")
        for n in range(2):
            text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//browser test//EN\r\n{event(n)}END:VCALENDAR\r\n"
            r = s.request("PUT", f"/calendars/anna/choir-practice/{n}.ics", text, {"Content-Type": "text/calendar"}, user="anna")
            assert r.status == 201, r
        b.click(f"{CARD} [data-do=delete]")
        b.see("2 events and tasks go with it", "dialog")
        assert not axe.complaints(b)
        b.click("dialog .buttons button[type=button]")
        b.until(lambda: not b.all("dialog"), "nothing was done")
        assert b.all(CARD)
        b.click(f"{CARD} [data-do=delete]")
        b.click("dialog button.danger")
        b.until(lambda: not b.all(CARD), "it is gone")
        assert s.request("PROPFIND", "/calendars/anna/choir-practice/", user="anna").status == 404
        assert not [c for c in b.complaints() if "409" not in c]

        b.settled()
        b.click(f"{OWN} [data-do=export]")
        file = pathlib.Path(b.folder) / "appointments.ics"
        wait_for(file.exists, 15, "the file is there")
        assert file.read_text().count("BEGIN:VEVENT") > 100


LONG = "First line\n" + "é" * 300


def test_edit_sends_only_what_was_changed(s):
    """A program may have stored a description that the console's own limit wouldn't let through."""
    with signed_in(s, "marc") as b:
        r = s.request("PROPPATCH", "/calendars/marc/calendar/", (
            '<propertyupdate xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><set><prop><C:calendar-description>'
            f"{LONG}</C:calendar-description></prop></set></propertyupdate>"), {"Content-Type": "text/xml"}, user="marc")
        assert r.status == 207, r
        page(b, s, "calendars")
        b.click("[data-ref='marc/calendar'] [data-do=edit]")
        b.type("dialog input[name=displayname]", "Évenements d'été")
        b.click("dialog button.primary")
        b.see("Saved.", ".toasts")
        b.see("Évenements d'été", "[data-ref='marc/calendar'] h2")
        r = s.request("PROPFIND", "/calendars/marc/calendar/", (
            '<propfind xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><C:calendar-description/></prop></propfind>'),
            {"Content-Type": "text/xml", "Depth": "0"}, user="marc")
        assert "é" * 300 in r.text
        assert not b.complaints()


def listed(s, user):
    return s.request("PROPFIND", "/calendars/anna/appointments/", headers={"Depth": "0"}, user=user).status


def options(b):
    return b.js("return [...document.querySelector('dialog input[name=user]').list.options].map(o => o.value)")


def test_share_by_address(s):
    """Or by display name: what a person knows of another."""
    with signed_in(s) as b:
        s.dedit("user", "add", "z71", "--name", "Zoé Lind", "--email", "zoe@example.org", input="correct horse battery\n")
        page(b, s, "calendars")
        for typed in ("zoe@example.org", "zoé lind", "Z71"):
            b.click(f"{OWN} [data-do=share]")
            b.type("dialog input[name=user]", typed)
            b.until(lambda: options(b) == ["z71"], f"{typed} is offered")
            assert "Zoé Lind (z71), zoe@example.org" in b.js(
                "return document.querySelector('dialog input[name=user]').list.options[0].label")
            b.click("dialog button.primary")
            b.see("z71: read", OWN)
            b.settled()
            b.click(f"{OWN} .lines button")
            b.click("dialog button.danger")
            b.until(lambda: "z71" not in b.text(OWN), "no longer shared")
            b.settled()
        assert not b.complaints()


def share(b, s):
    b.click(f"{OWN} [data-do=share]")
    b.type("dialog input[name=user]", "nobody")
    b.click("dialog button.primary")
    b.see("Nobody else signs in here with that name", "dialog .wrong")
    b.type("dialog input[name=user]", "m")  # and whom one can name is offered
    b.until(lambda: options(b) == ["marc"], "marc is offered")
    assert not axe.complaints(b)
    b.type("dialog input[name=user]", "marc")
    b.click("dialog button.primary")
    b.see("marc: read", OWN)
    assert listed(s, "marc") == 207
    b.settled()
    b.click(f"{OWN} .lines button")
    b.see("goes from the programs of marc", "dialog")
    b.click("dialog button.danger")
    b.until(lambda: "marc" not in b.text(OWN), "no longer shared")
    assert listed(s, "marc") in (403, 404)
    b.settled()


def fetched(url):
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, ""


def feed(b):
    b.click(f"{OWN} [data-do=feed]")
    b.type("dialog input[name=label]", "Family")
    b.click("dialog input[name=busy]")
    b.click("dialog button.primary")
    b.find("dialog.panel .qr svg")
    assert not axe.complaints(b)
    url = b.js("return document.querySelector('dialog.panel input').value")
    status, text = fetched(url)
    assert status == 200 and "BEGIN:VEVENT" in text and "Durand" not in text, "busy times alone"
    b.click("dialog.panel header button")
    b.see("Family", OWN)
    b.settled()
    b.until(lambda: (b.js("return document.activeElement.dataset.key") or "").startswith("feed"), "the focus is where it was")
    b.click(f"{OWN} .lines button")
    b.see("Whoever has this link gets nothing more", "dialog")
    b.click("dialog button.danger")
    b.until(lambda: "Family" not in b.text(OWN), "it is revoked")
    assert fetched(url)[0] == 404


CODE = """
const done = arguments[arguments.length - 1], src = document.querySelector('script[type=module]').src;
import(new URL('qr.js', src)).then(({ qrCode }) => {
    const s = qrCode('webcal://calendar.example/feeds/' + 'x'.repeat(60), 'a').querySelector('svg');
    done([s.viewBox.baseVal.width, s.querySelector('path').getAttribute('d')]);
}, e => done(String(e)));
"""


def looks_like_a_code(b):
    """Square by square: the three corners of ISO/IEC 18004 6.3.3, and the margin of 6.3.8."""
    side, path = b.js_async(CODE)
    dark = {tuple(map(int, d.split("h")[0].split())) for d in path.split("M")[1:]}
    assert (side - 8 - 17) % 4 == 0
    assert all(4 <= x < side - 4 and 4 <= y < side - 4 for x, y in dark)
    for left, top in ((4, 4), (side - 11, 4), (4, side - 11)):
        for y in range(7):
            for x in range(7):
                ring = max(abs(x - 3), abs(y - 3))
                assert ((left + x, top + y) in dark) == (ring != 2), (left, top, x, y)


def test_share_and_feed(s):
    with signed_in(s) as b:
        page(b, s, "calendars")
        share(b, s)
        feed(b)
        looks_like_a_code(b)
        assert not [c for c in b.complaints() if "422" not in c]


CHOOSE = """
const list = new DataTransfer(), input = document.querySelector('dialog input[type=file]');
list.items.add(new File([arguments[0]], 'old.ics', { type: 'text/calendar' }));
input.files = list.files;
"""


def event(n, more=""):
    return (f"BEGIN:VEVENT\r\nUID:import-{n}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260{1 + n % 9}10T100000Z\r\n"
            f"DURATION:PT1H\r\nSUMMARY:Rehearsal {n}\r\n{more}END:VEVENT\r\n")


def test_import(s):
    text = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//browser test//EN\r\n" + "".join(map(event, range(30))) +
            event(30, "RRULE:FREQ=NONSENSE\r\n") + "END:VCALENDAR\r\n")
    with signed_in(s, "marc") as b:
        page(b, s, "calendars")
        own = "[data-ref='marc/calendar']"
        b.click(f"{own} [data-do=import]")
        b.find("dialog input[type=file]")
        b.js(CHOOSE, text)
        b.click("dialog button.primary")
        b.see("30 imported", "dialog.panel")
        b.see("1 refused", "dialog.panel")
        b.see("import-30", "dialog.panel .would")
        assert not axe.complaints(b)
        b.click("dialog.panel header button")
        b.see("Imports of the last hour")
        assert s.request("GET", "/calendars/marc/calendar/", user="marc").text.count("BEGIN:VEVENT") == 30
        b.settled()
        b.click("section .lines .row button:last-child")  # forget it
        b.until(lambda: "Imports of the last hour" not in b.text(), "it is forgotten")
        assert not b.complaints()


# To the page an import is running until it is let know; what it asks for meanwhile is lost twice.
UNKNOWN = """
const before = window.fetch;
window.lost = window.deleted = 0;
window.fetch = async (url, o) => {
    if (window.known || !String(url).includes('/imports'))
        return before(url, o);
    if (o.method === 'GET' && window.lost++ < 2)
        throw new TypeError('no network');
    const r = await before(url, o);
    return new Response(JSON.stringify({ ...await r.json(), state: 'running' }), { status: r.status, headers: r.headers });
};
"""
STOP = """
const before = window.fetch;
window.fetch = (url, o) => { window.deleted += o.method === 'DELETE'; return before(url, o); };
window.known = true;
document.querySelector('dialog.panel .below button').click();
"""


def test_an_import_that_has_ended_is_not_stopped(s):
    """Stopping it would forget what came of it. And a server that can't be reached just now is asked again."""
    c = Console(s, "paul")
    with signed_in(s, "paul") as b:
        page(b, s, "calendars")
        b.click("[data-ref='paul/calendar'] [data-do=import]")
        b.find("dialog input[type=file]")
        b.js(UNKNOWN)
        b.js(CHOOSE, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//browser test//EN\r\n" + event(1) + "END:VCALENDAR\r\n")
        b.click("dialog button.primary")
        b.see("Importing", "dialog.panel")
        b.until(lambda: b.js("return lost") > 2, "it is asked for again")
        assert not b.all("dialog.panel .wrong")
        (one,) = c.get("/imports")["imports"]
        wait_for(lambda: c.get(f"/imports/{one['id']}")["state"] == "done", what="the import has ended")
        b.js(STOP)
        b.see("1 imported", "dialog.panel")
        b.until(lambda: not b.all("dialog.panel .below"), "there is nothing to stop")
        assert b.js("return deleted") == 0
        b.click("dialog.panel header button")
        b.see("Imports of the last hour")


def test_import_broken_off(s):
    """Why it was, and by whom."""
    c = Console(s, "marc")
    text = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//browser test//EN\r\n" + "".join(map(event, range(5000))) +
            "END:VCALENDAR\r\n")
    r = c.ask("POST", "/calendars/marc/calendar/imports", text, {"Content-Type": "text/calendar"}, replace="1")
    assert r.status == 202, r
    one = f"/imports/{r.json()['id']}"
    assert c.ask("DELETE", one).status == 204
    wait_for(lambda: c.get(one)["state"] == "broken")
    with signed_in(s, "marc") as b:
        page(b, s, "calendars")
        b.see("Broken off after")
        b.see("stopped by marc")
        b.click("header .who button")
        b.see("arrêté par marc")
        assert not axe.complaints(b) and not b.complaints()
    assert c.ask("DELETE", one).status == 204


def test_refusals_are_told_in_french(s):
    """The server says what is wrong in English, and by a name; the pages by that name in the language of who reads."""
    with signed_in(s) as b:
        page(b, s, "calendars")
        b.click("header .who button")
        b.see("Agendas", "h1")
        b.click(f"{OWN} [data-do=share]")
        b.type("dialog input[name=user]", "nobody")
        b.click("dialog button.primary")
        b.see("Personne d’autre ne se connecte ici sous ce nom.", "dialog .wrong")
        b.click("dialog button:not(.primary)")
        b.click("button[data-key=new]")
        b.type("dialog input[name=displayname]", "Appointments")
        b.click("dialog button.primary")
        b.see("Vous avez déjà un agenda à cette adresse.", "dialog .wrong")
