"""The note on a fee, /fee/<ref>/<mac>: policy.md 4.3, 4.4; architecture.md 15.32 to 15.36."""

import base64
import hashlib
import html.parser
import json
import re

from dav import HOME, in_hours, state, unfold, value
from dedit_wire import Server, event

SLOW = True

PUBLIC = "https://cal.example.org"
RULES = ('timezone = "Europe/Paris" currency = "EUR" price-from = title owner-changes = client '
         'tiers = { "48h 50%", "24h 100%" }')
EXTRA = f"""
policy "therapy" {{ {RULES} version "2026-01-01" {{ late-move = same }} }}
policy "conseil" {{ {RULES} language = fr tax = "included 20%" }}
policy "dep" {{ timezone = "Europe/Paris" currency = "EUR" price = "80 EUR" owner-changes = client
    tiers = {{ "24h 100%" }} deposit = "30 EUR credit" forgive = "1 per 365d late-cancel" }}
policy "studio" {{ {RULES} price = "18 EUR per attendee" }}
calendar "anna/work" {{ policy = "therapy" }}
calendar "anna/conseil" {{ policy = "conseil" }}
calendar "anna/dep" {{ policy = "dep" }}
calendar "anna/studio" {{ policy = "studio" }}
"""
SERVER = {"settings": f'public-url = "{PUBLIC}"\nlogin-attempts = 1000', "extra": EXTRA, "users": ()}
CANCEL = "STATUS:CANCELLED\r\n"


class Page(html.parser.HTMLParser):
    """Facts by label, history as (when, what), links, paragraphs, every element's name and attributes."""

    VOID = {"meta"}

    def __init__(self, text):
        super().__init__()
        self.facts, self.history, self.links, self.tags, self.words = {}, [], [], [], {}
        self.open, self.text, self.label, self.cells = [], "", None, []
        self.feed(text)
        self.close()
        assert self.open == [], self.open

    def handle_decl(self, decl):
        assert decl == "DOCTYPE html"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "a":
            self.links.append(dict(attrs)["href"])
        else:
            self.text = ""

    def handle_data(self, data):
        self.text += data

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag == "dt":
            self.label = self.text
        elif tag == "dd":
            self.facts[self.label] = self.text
        elif tag == "td":
            self.cells.append(self.text)
        elif tag == "tr":
            self.history.append(tuple(self.cells))
            self.cells = []
        elif tag in ("h1", "h2", "p", "title", "style"):
            self.words.setdefault(tag, []).append(self.text)


def prepare(s):
    if "anna" not in s.users:
        s.add_user("anna", "--name", "Anna \"A\" <b>Martin</b>")
        s.users += ("anna",)
        for name in ("work", "conseil", "dep", "studio"):
            s.dedit("calendar", "add", f"anna/{name}")


def stored(s, path):
    r = s.request("GET", path)
    assert r.status == 200, (path, r)
    return r.text


def put(s, path, body):
    r = s.put(path, body)
    assert r.status in (201, 204), r
    return stored(s, path)


def link_in(ics):
    [line] = [x for x in unfold(ics).split("\r\n") if x.startswith("ATTACH;")]
    assert re.search(f":{PUBLIC}(/dedit)?/fee/", line), line
    return line.partition(f":{PUBLIC}")[2]


def book(s, calendar, uid, title="Marie Durand 80 €", hours=20, extra=""):
    prepare(s)
    return put(s, f"{HOME}{calendar}/{uid}.ics", event(uid, in_hours(hours), in_hours(hours + 1), title, extra))


def cancel(s, calendar, uid, *args, **more):
    ics = book(s, calendar, uid, *args, **more)
    return put(s, f"{HOME}{calendar}/{uid}.ics", ics.replace("END:VEVENT", CANCEL + "END:VEVENT"))


def fetch(s, path, method="GET", **headers):
    return s.request(method, path, None, headers, None)


def page(s, path):
    r = fetch(s, path)
    assert r.status == 200, r
    return Page(r.body.decode())


def say(s, calendar, uid, word):
    """The owner adds a word to the title."""
    path = f"{HOME}{calendar}/{uid}.ics"
    return put(s, path, re.sub("(SUMMARY[^\r]*)", r"\1 " + word, unfold(stored(s, path)), count=1))


def local(ics_time):
    """As the note says it: Europe/Paris, English."""
    import datetime
    import zoneinfo

    t = datetime.datetime.strptime(ics_time, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    return t.astimezone(zoneinfo.ZoneInfo("Europe/Paris"))


def test_late_cancellation(s):
    """Who, what, when, the rule, the amount, the state, and on which terms."""
    ics = cancel(s, "work", "late")
    p = page(s, link_in(ics))
    start, at, until = (local(value(ics, n)) for n in ("DTSTART", "X-DEDIT-AT", "X-DEDIT-FREE-UNTIL"))
    assert p.words["h1"] == ["Late cancellation"]
    assert p.words["p"][:2] == [
        f"Late cancellation by the client, received {at:%a} {at.day} {at:%B %Y %H:%M}.",
        "Notice 20 h, agreed 24 h." if "PT20H" in ics else p.words["p"][1]], p.words
    f = p.facts
    assert f["Reference"] == value(ics, "X-DEDIT-REF") and f["Client"] == "Marie Durand", f
    assert f["Professional"] == 'Anna "A" <b>Martin</b>', f
    assert f["Appointment"].startswith(f"{start:%a} {start.day} {start:%B %Y %H:%M} – "), f
    assert f["Time zone"] == "Europe/Paris" and f["Price"] == "80.00 EUR", f
    assert f["Free of charge until"] == f"{until:%a} {until.day} {until:%B %Y %H:%M}", f
    assert f["Fee"] == "80.00 EUR (100 % of 80.00 EUR)" and f["To pay"] == "80.00 EUR" and f["State"] == "due", f
    assert "Tax" not in f and "Deposit used" not in f, f
    assert [h[1] for h in p.history] == ["due, 80.00 EUR"], p.history
    assert p.links == ["/policy/therapy/2026-01-01"]
    assert p.words["p"][-1] == "Policy “Therapy”, version of 1 January 2026"
    assert ("html", {"lang": "en"}) in p.tags
    r = fetch(s, p.links[0])
    assert r.status == 200 and "free of charge" in r.text, r


def test_headers(s):
    r = fetch(s, link_in(cancel(s, "work", "headers")))
    assert r.headers["content-type"] == "text/html; charset=utf-8"
    assert r.headers["cache-control"] == "private, no-store"
    assert r.headers["referrer-policy"] == "no-referrer"
    assert r.headers["x-robots-tag"] == "noindex"
    assert r.headers["x-content-type-options"] == "nosniff"
    assert r.headers["content-language"] == "en"
    assert "www-authenticate" not in r.headers and "set-cookie" not in r.headers
    assert "etag" not in r.headers and "last-modified" not in r.headers


def test_content_security(s):
    """Nothing but the one style sheet, and that by its digest; nothing from elsewhere is named."""
    r = fetch(s, link_in(cancel(s, "work", "csp")))
    p = Page(r.text)
    digest = base64.b64encode(hashlib.sha256(p.words["style"][0].encode()).digest()).decode()
    rules = dict(x.strip().split(" ", 1) for x in r.headers["content-security-policy"].split(";"))
    assert rules == {"default-src": "'none'", "style-src": f"'sha256-{digest}'", "base-uri": "'none'",
                     "form-action": "'none'", "frame-ancestors": "'none'"}, rules
    for name, attrs in p.tags:
        assert name not in ("script", "link", "img", "iframe", "form", "object", "base"), name
        assert not [a for a in attrs if a.startswith("on") or a in ("src", "style")], attrs
    assert "url(" not in p.words["style"][0] and "@import" not in p.words["style"][0]


def test_text_means_itself(s):
    """15.36: names that are HTML, quotes, and text from right to left."""
    for n, name in enumerate(("<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "&lt;b&gt; & co",
                              "\u202eevil\u202c שלום", "مرحبا <b>", "O'Neil; \"quoted\", x")):
        sent = name.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
        ics = cancel(s, "work", f"text{n}", f"{sent} 80 €", 10 + n)
        r = fetch(s, link_in(ics))
        p = Page(r.text)
        assert p.facts["Client"] == name, (name, p.facts)
        assert not {"script", "img", "b"} & {t for t, _ in p.tags}, p.tags
        assert "alert(1)" not in r.text or "&lt;" in r.text
        assert ("dd", {"dir": "auto"}) in p.tags, "a name's direction is its own"


def test_french(s):
    """In the policy's language, with the tax split."""
    ics = cancel(s, "conseil", "fr", "Zoé 120 €")
    r = fetch(s, link_in(ics))
    p = Page(r.text)
    f = p.facts
    assert ("html", {"lang": "fr"}) in p.tags and r.headers["content-language"] == "fr"
    assert p.words["h1"] == ["Annulation tardive"] and p.words["h2"] == ["Historique"]
    assert p.words["p"][0].startswith("Annulation tardive par le client, reçue "), p.words
    assert f["Indemnité"] == "120,00 EUR (100 % de 120,00 EUR)", f
    assert f["Hors taxe"] == "100,00 EUR" and f["Taxe"] == "20,00 EUR" and f["À payer"] == "120,00 EUR", f
    assert f["État"] == "due" and f["Client"] == "Zoé" and " h " in f["Sans frais jusqu'au"], f
    assert p.words["p"][-1] == "Politique « Conseil »"


def test_history(s):
    """Each change of state, in order."""
    path = link_in(cancel(s, "work", "history", hours=4))
    say(s, "work", "history", "#dispute")
    say(s, "work", "history", "#fee 40")
    p = page(s, path)
    assert p.facts["Fee"].startswith("40.00 EUR") and p.facts["State"] == "due", p.facts
    say(s, "work", "history", "#paid")
    p = page(s, path)
    assert p.facts["State"] == "paid" and "To pay" not in p.facts, p.facts
    assert [h[1] for h in p.history] == [
        "due, 80.00 EUR", "disputed, 80.00 EUR", "due, 40.00 EUR", "paid, 40.00 EUR"], p.history


def test_waived(s):
    path = link_in(cancel(s, "work", "waived", hours=5))
    say(s, "work", "waived", "#emergency")
    p = page(s, path)
    assert p.facts["State"] == "waived (emergency)" and "To pay" not in p.facts, p.facts
    assert [h[1] for h in p.history] == ["due, 80.00 EUR", "waived (emergency), 80.00 EUR"], p.history


def test_taken_back(s):
    """The link still tells, though the event shows it no more."""
    ics = cancel(s, "work", "back", hours=6)
    path = link_in(ics)
    ics = put(s, HOME + "work/back.ics", ics.replace(CANCEL, "STATUS:CONFIRMED\r\n"))
    assert "ATTACH" not in ics
    p = page(s, path)
    assert p.words["h1"] == ["Late cancellation"] and p.facts["State"] == "void", p.facts
    assert [h[1] for h in p.history] == ["due, 80.00 EUR", "void"], p.history
    # lost once more: the same slot, the same reference
    ics = put(s, HOME + "work/back.ics", ics.replace("STATUS:CONFIRMED\r\n", CANCEL))
    assert link_in(ics) == path and page(s, path).facts["State"] == "due"


def test_deposit(s):
    book(s, "dep", "first", "Ida", 7)
    assert s.request("DELETE", HOME + "dep/first.ics").status == 204, "the first one is forgiven"
    book(s, "dep", "deposit", "Ida", 8)
    say(s, "dep", "deposit", "#paid")
    ics = stored(s, HOME + "dep/deposit.ics")
    ics = put(s, HOME + "dep/deposit.ics", ics.replace("END:VEVENT", CANCEL + "END:VEVENT"))
    p = page(s, link_in(ics))
    assert p.facts["Fee"].startswith("80.00 EUR") and p.facts["Deposit used"] == "30.00 EUR", p.facts
    assert p.facts["To pay"] == "50.00 EUR", p.facts


def test_deleted_event(s):
    """The link stands in Fees."""
    book(s, "work", "gone", hours=9)
    assert s.request("DELETE", HOME + "work/gone.ics").status == 204
    [fee] = [f for f in json.loads(s.dedit("fees", "--json").stdout) if f["uid"] == "gone"]
    path = link_in(stored(s, f"{HOME}fees/{fee['ref']}.ics"))
    assert page(s, path).facts["Reference"] == fee["ref"]
    # and still when the owner has put the entry away
    assert s.request("DELETE", f"{HOME}fees/{fee['ref']}.ics").status == 204
    assert page(s, path).facts["Reference"] == fee["ref"]


def test_each_attendee_has_a_note(s):
    """Of a group each one's own, which tells of no other."""
    who = "".join(f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{n}@example.org\r\n" for n in ("ana", "ben"))
    book(s, "studio", "class", "Yoga", extra=who)
    path = HOME + "studio/class.ics"
    put(s, path, unfold(stored(s, path)).replace("ATTENDEE;PARTSTAT=ACCEPTED:mailto:ben@example.org\r\n", "")
        .replace("SUMMARY:Yoga", "SUMMARY:Yoga #client"))
    found = [f for f in json.loads(s.dedit("fees", "--json").stdout) if f["uid"] == "class"]
    assert len(found) == 1 and found[0]["client-key"] == "ben@example.org", found
    p = page(s, link_in(stored(s, f"{HOME}fees/{found[0]['ref']}.ics")))
    assert p.facts["Client"] == "ben@example.org" and "ana" not in str(p.facts), p.facts


def test_wrong_links_are_all_the_same(s):
    """15.34: wrong signature, unknown reference, another's, another form, another kind."""
    one, two = (link_in(cancel(s, "work", f"wrong{n}", hours=11 + n)) for n in range(2))
    ref, mac = one.split("/")[2:]
    other = two.split("/")[3]
    flipped = mac[:-1] + ("A" if mac[-1] != "A" else "Q")
    answers = set()
    for path in (f"/fee/{ref}/{other}", f"/fee/{ref}/{flipped}", f"/fee/{ref}/{mac.swapcase()}", f"/fee/{ref}/",
                 f"/fee/{ref}", f"/fee/{ref}/{mac}x", f"/fee/{ref}/{mac}/", f"/fee/{ref}/{mac[:-1]}",
                 f"/fee/2222-2222/{mac}", f"/fee/{ref.lower()}/{mac}", f"/fee//{mac}", "/fee/", f"/fee/{ref}/{mac}%00",
                 f"/fee/{'A' * 3000}/{mac}", f"/fee/{ref}/{'A' * 3000}", f"/fee/%2e%2e/{mac}", "/fee/<script>/x"):
        r = fetch(s, path)
        answers.add((r.status, r.text, r.headers["cache-control"], r.headers["referrer-policy"],
                     r.headers["x-robots-tag"], r.headers["content-type"]))
    assert answers == {(404, "nothing here\n", "private, no-store", "no-referrer", "noindex",
                        "text/plain; charset=utf-8")}, answers
    assert fetch(s, one).status == fetch(s, two).status == 200


def test_reading_changes_nothing(s):
    """15.33"""
    path = link_in(cancel(s, "work", "read", hours=13))
    before = state(s, HOME + "work/"), state(s, HOME + "fees/"), s.dedit("fees", "--json").stdout
    first = fetch(s, path).body
    assert fetch(s, path).body == first, "the same bytes"
    head = fetch(s, path, "HEAD")
    assert head.status == 200 and head.body == b"" and head.headers["content-length"] == str(len(first))
    assert before == (state(s, HOME + "work/"), state(s, HOME + "fees/"), s.dedit("fees", "--json").stdout)
    for method in ("POST", "PUT", "DELETE", "PROPFIND", "OPTIONS"):
        r = fetch(s, path, method)
        assert r.status == 405 and r.headers["allow"] == "GET, HEAD", r


def test_a_login_makes_no_difference(s):
    path = link_in(cancel(s, "work", "login", hours=14))
    assert s.request("GET", path).body == fetch(s, path).body == s.request("GET", path, user="anna", password="x").body


def test_logs_keep_the_secret(s):
    """15.34"""
    path = link_in(cancel(s, "work", "log", hours=15))
    ref, mac = path.split("/")[2:]
    fetch(s, path)
    fetch(s, path[:-1])
    log = s.log()
    assert f"GET /fee/{ref}/…: 200" in log and f"GET /fee/{ref}/…: 404" in log
    assert mac[:-1] not in log


def test_no_public_url(_):
    """No link is written; below a base path it and the terms stand there."""
    with Server(extra=EXTRA, users=()) as s:
        assert "ATTACH" not in cancel(s, "work", "x")
    with Server(f'public-url = "{PUBLIC}"\nbase-path = "/dedit"', EXTRA, ()) as s:
        path = link_in(cancel(s, "work", "x"))
        assert path.startswith("/dedit/fee/"), path
        for asked in (path, path.removeprefix("/dedit")):
            assert page(s, asked).links == ["/dedit/policy/therapy/2026-01-01"]


def test_key_is_the_stores(_):
    """Another store's link opens nothing; the same one's does after a rebuild and a restart."""
    with Server(f'public-url = "{PUBLIC}"', EXTRA, ()) as s:
        path = link_in(cancel(s, "work", "x"))
        assert s.stop() == 0
        s.dedit("rebuild")
        s.start()
        assert page(s, path).facts["Client"] == "Marie Durand"
        assert s.stop() == 0
        key = s.data / "key"
        key.write_bytes(bytes(reversed(key.read_bytes())))
        s.start()
        assert fetch(s, path).status == 404


def test_guessing_is_slowed_down(_):
    """As with feeds: wrong ones are braked, a right one never is."""
    with Server(f'public-url = "{PUBLIC}"\nlogin-attempts = 2\nlogin-delay = "1h"', EXTRA, ()) as s:
        path = link_in(cancel(s, "work", "x"))
        seen = [fetch(s, path[:-2] + "xx").status for _ in range(6)]
        assert seen[0] == 404 and seen[-1] == 429, seen
        assert fetch(s, path).status == 200


def test_terms_are_those_of_the_booking(_):
    """15.24: the text may change under its date; the note leads to what was agreed."""
    with Server(f'public-url = "{PUBLIC}"', EXTRA, ()) as s:
        path = link_in(cancel(s, "work", "x"))
        before = page(s, path).links[0]
        assert before == "/policy/therapy/2026-01-01" and "72 hours" not in fetch(s, before).text
        agreed = fetch(s, before).text
        # what stands outside of the version holds within it as well
        s.write_config(extra=EXTRA.replace("48h 50%", "72h 50%", 1))
        assert s.reload().startswith("reloaded"), s.log()
        assert "72 hours" in fetch(s, before).text
        after = page(s, path).links[0]
        assert re.fullmatch(r"/policy/therapy/2026-01-01\.[A-Za-z0-9_-]{22}", after), after
        assert fetch(s, after).text == agreed
        for wrong in (after[:-1], after[:-2] + "xx", after.replace("2026-01-01", "2026-01-02"), after + ".x",
                      after.replace("2026-01-01.", "."), before + "."):
            assert fetch(s, wrong).status == 404, wrong
        # also when the policy is gone
        s.write_config(extra="")
        assert s.reload().startswith("reloaded")
        assert fetch(s, page(s, path).links[0]).text == agreed


def test_policy_gone_from_the_configuration(_):
    """The ledger still tells, in English and UTC."""
    with Server(f'public-url = "{PUBLIC}"', EXTRA, ()) as s:
        path = link_in(cancel(s, "conseil", "x", "Zoé 120 €"))
        assert s.stop() == 0
        s.write_config(extra="")
        s.start()
        p = page(s, path)
        assert p.facts["Client"] == "Zoé" and p.facts["Time zone"] == "UTC" and p.facts["State"] == "due", p.facts
