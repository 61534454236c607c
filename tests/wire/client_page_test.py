"""The page of a client without an account, /appointment/<ref>/<mac>: policy.md 4.5; architecture.md 15.41."""

import datetime
import re
import urllib.parse

from dav import HOME, unfold, value
from dedit_wire import Server, event

PUBLIC = "https://cal.example.org"
RULES = 'timezone = "Europe/Paris" currency = "EUR" price = "80 EUR" tiers = { "48h 50%", "24h 100%" }'
EXTRA = f"""
policy "therapy" {{ {RULES} owner-changes = owner }}
policy "conseil" {{ {RULES} language = fr }}
calendar "anna/calendar" {{ policy = "therapy" }}
policy "kind" {{ {RULES} forgive = "1 per 365d late-cancel" }}
calendar "anna/conseil" {{ policy = "conseil" }}
calendar "anna/kind" {{ policy = "kind" }}
"""
SETTINGS = f'public-url = "{PUBLIC}"\nlogin-attempts = 1000\n'
SERVER = {"settings": SETTINGS + "client-pages = yes", "extra": EXTRA, "users": ("anna",),
          "clock": "2026-06-01T08:00:00Z"}
FORM = "application/x-www-form-urlencoded"


class Times:
    """
    Booked ten days ahead, about 08:00 UTC; 1 min before what is free ends, with half the fee, with all of it. The ledger
    is one person's: each test has a fortnight of its own, so that the clock only goes on.
    """

    begun = 0

    def __init__(self):
        first = datetime.datetime(2026, 6, 10, 8) + datetime.timedelta(weeks=2 * Times.begun)
        Times.begun += 1
        self.start, self.end = f"{first:%Y%m%dT%H%M%SZ}", f"{first:%Y%m%dT090000Z}"
        self.weeks = [f"{first + datetime.timedelta(weeks=n):%Y%m%dT%H%M%SZ}" for n in range(3)]
        self.booked, self.free, self.late, self.later = (f"{first - datetime.timedelta(hours=h):%Y-%m-%dT%H:%M:%SZ}"
                                                         for h in (240, 48 + 1 / 60, 25, 23))


def path_of(text):
    found = re.search(re.escape(PUBLIC) + r"(/appointment/[0-9A-Z]{4}-[0-9A-Z]{4}/[\w-]{22})\\n===", unfold(text))
    assert found, text
    return found.group(1)


def book(s, uid, calendar="calendar", **more):
    t = Times()
    s.set_clock(t.booked)
    if calendar != "calendar" and s.request("PROPFIND", f"{HOME}{calendar}/", headers={"Depth": "0"}).status == 404:
        s.dedit("calendar", "add", f"anna/{calendar}")
    path = f"{HOME}{calendar}/{uid}.ics"
    made = s.put(path, event(uid, t.start, t.end, more.pop("summary", "Marie Durand"), **more))
    assert made.status == 201, made
    return path, path_of(s.request("GET", path).text), t


def page(s, link, status=200):
    r = s.request("GET", link, user=None)
    assert r.status == status, r
    return r.text


def send(s, link, content_type=FORM, **fields):
    """With the token that the page's forms have, if it has any."""
    token = hidden(s.request("GET", link, user=None).text, "token")
    fields = {"token": token[0] if token else "", **fields}
    return s.request("POST", link, urllib.parse.urlencode(fields), {"Content-Type": content_type}, user=None)


def hidden(text, name):
    return re.findall(rf'name="{name}" value="([^"]*)"', text)


def cancel(s, link, date="", **changed):
    text = page(s, link)
    at = hidden(text, "date").index(date)
    return send(s, link, **{"act": "cancel", "date": date, "agreed": hidden(text, "agreed")[at], "sure": "yes", **changed})


def fees(s):
    r = s.request("PROPFIND", f"{HOME}fees/", headers={"Depth": "1"})
    names = [h for h in r.responses() if h.endswith(".ics")]
    return [unfold(s.request("GET", name).text) for name in names]


def test_what_it_says(s):
    path, link, t = book(s, "says")
    text = page(s, link)
    assert "<h1 dir=\"auto\">Your appointment</h1>" in text
    assert "Wed 10 June 2026 10:00 – 11:00" in text and "Europe/Paris" in text
    assert "You can cancel free of charge until Mon 8 June 2026 10:00." in text
    assert "cancelling it less than 24 hours before it starts costs 100 % of the price" in text, text
    s.set_clock(t.late)
    assert "Cancelling now costs 40.00 EUR (50 % of 80.00 EUR)." in page(s, link)
    s.set_clock(t.later)
    assert "Cancelling now costs 80.00 EUR (100 % of 80.00 EUR)." in page(s, link)
    assert "STATUS" not in s.request("GET", path).text


def test_in_french(s):
    path, link, t = book(s, "dit", "conseil")
    assert "Pour annuler ou demander un autre horaire : " in unfold(s.request("GET", path).text)
    s.set_clock(t.late)
    text = page(s, link)
    assert '<html lang="fr">' in text and "Votre rendez-vous" in text
    assert "Annuler maintenant coûte 40,00 EUR (50 % de 80,00 EUR)." in text


def test_free_cancellation(s):
    path, link, t = book(s, "free")
    s.set_clock(t.free)
    token = hidden(page(s, link), "token")[0]
    r = cancel(s, link)
    assert r.status == 303 and r.headers["location"] == link, r
    text = s.request("GET", path).text
    assert "STATUS:CANCELLED" in text and value(text, "X-DEDIT-FEE") is None
    text = page(s, link)
    assert "can&#39;t be cancelled here any more" in text and "<form" not in text
    assert send(s, link, act="cancel", date="", agreed="0", sure="yes", token=token).status == 409


def test_late_cancellation_costs_what_was_read(s):
    path, link, t = book(s, "late")
    s.set_clock(t.late)
    early = hidden(page(s, link), "agreed")[0]
    s.set_clock(t.later)
    r = cancel(s, link, agreed=early)
    assert r.status == 409 and "Something has changed" in r.text and "80.00 EUR" in r.text
    assert "STATUS" not in s.request("GET", path).text and not any("late" in f for f in fees(s) if "RELATED-TO:late" in f)
    assert cancel(s, link).status == 303
    text = unfold(s.request("GET", path).text)
    assert value(text, "X-DEDIT-FEE") == "80.00" and "X-DEDIT-BY;ACTOR=CLIENT:CLIENT" in text, text
    assert "STATE=DUE" in text
    note = re.search(r'href="(/fee/[^"]+)"', page(s, link)).group(1)
    assert "80.00 EUR" in page(s, note)


def test_one_date_of_a_series(s):
    path, link, t = book(s, "series", extra="RRULE:FREQ=WEEKLY;COUNT=3\r\n")
    s.set_clock(t.late)
    text = page(s, link)
    assert hidden(text, "date") == t.weeks
    assert [a.split(",")[0] for a in hidden(text, "agreed")] == ["4000 EUR", "0", "0"], text
    assert cancel(s, link, t.weeks[1]).status == 303
    assert f"EXDATE:{t.weeks[1]}" in s.request("GET", path).text
    text = page(s, link)
    assert hidden(text, "date") == [t.weeks[0], t.weeks[2]]
    assert cancel(s, link, t.weeks[0]).status == 303
    entry = [f for f in fees(s) if "RELATED-TO:series" in f]
    assert len(entry) == 1 and "STATE=DUE" in entry[0] and ":40.00" in entry[0], entry


def test_a_date_with_a_time_zone(s):
    t = Times()
    day, moved = [week[:8] for week in t.weeks], str(int(t.weeks[2][:8]) + 1)
    zoned = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:zoned\r\nDTSTAMP:20260101T000000Z\r\n"
             f"DTSTART;TZID=Europe/Paris:{day[0]}T100000\r\nDTEND;TZID=Europe/Paris:{day[0]}T110000\r\n"
             "RRULE:FREQ=WEEKLY;COUNT=3\r\nSUMMARY:Paul\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:zoned\r\n"
             f"DTSTAMP:20260101T000000Z\r\nRECURRENCE-ID;TZID=Europe/Paris:{day[2]}T100000\r\n"
             f"DTSTART;TZID=Europe/Paris:{moved}T100000\r\nDTEND;TZID=Europe/Paris:{moved}T110000\r\nSUMMARY:Paul\r\n"
             "END:VEVENT\r\nEND:VCALENDAR\r\n")
    s.set_clock(t.booked)
    path = f"{HOME}calendar/zoned.ics"
    assert s.put(path, zoned).status == 201
    link = path_of(s.request("GET", path).text.split("RECURRENCE-ID")[0])
    assert cancel(s, link, t.weeks[1]).status == 303
    assert f"EXDATE;TZID=Europe/Paris:{day[1]}T100000" in s.request("GET", path).text
    assert cancel(s, link, t.weeks[2]).status == 303
    text = s.request("GET", path).text
    assert text.count("STATUS:CANCELLED") == 1 and "STATUS:CANCELLED" in text.split("RECURRENCE-ID")[1]


def test_asking_for_another_time(s):
    path, link, t = book(s, "ask", extra="DESCRIPTION:Bring the papers.\r\n")
    s.set_clock(t.later)
    assert send(s, link, act="ask", text="Thursday\r\nafter 14:00? #waive #fee 0 <b>").status == 303
    text = unfold(s.request("GET", path).text)
    day = datetime.datetime.fromisoformat(t.later[:10]).strftime("%a %-d %B %Y")
    asked = f"> Asked by the client\\, {day} 11:00: Thursday after 14:00? ♯waive ♯fee 0 <b>"
    assert "DESCRIPTION:Bring the papers.\\n" + asked in text, text
    assert "Thursday after 14:00? ♯waive ♯fee 0 &lt;b&gt;" in page(s, link)
    assert send(s, link, act="ask", text="or Friday").status == 303
    text = unfold(s.request("GET", path).text)
    assert "Thursday" not in text and "or Friday" in text and "Bring the papers." in text
    assert cancel(s, link).status == 303
    assert "STATE=DUE" in unfold(s.request("GET", path).text), "a word of the client's acted"
    _, link, _ = book(s, "ask2")
    for wrong in ("", " \r\n ", "x" * 501, "\ud800".encode("utf-8", "surrogatepass")):
        assert send(s, link, act="ask", text=wrong).status == 400, wrong
    assert send(s, link, act="ask", text="é" * 250).status == 303


def test_disputing_a_fee(s):
    path, link, t = book(s, "dispute")
    s.set_clock(t.later)
    cancel(s, link)
    note = re.search(r'href="(/fee/[^"]+)"', page(s, link)).group(1)
    r = s.request("GET", note, user=None)
    assert 'maxlength="200"' in r.text and "form-action 'self'" in r.headers["content-security-policy"]
    assert send(s, note, text="").status == 400
    token = hidden(r.text, "token")[0]
    assert send(s, note, text="I was ill #waive").status == 303
    text = unfold(s.request("GET", path).text)
    assert "STATE=DISPUTED" in text, text
    text = page(s, note)
    assert "I was ill ♯waive" in text and "<form" not in text
    assert send(s, note, text="again", token=token).status == 409


def test_links_of_others(s):
    _, link, _ = book(s, "others")
    token = hidden(page(s, link), "token")[0]
    ref, mac = link.split("/")[2:]
    wrong = mac[:-1] + ("A" if mac[-1] != "A" else "B")
    for path in (f"/appointment/{ref}/{wrong}", f"/appointment/{ref}/", f"/appointment/{ref}", "/appointment/",
                 f"/appointment/AAAA-AAAA/{mac}", f"/fee/{ref}/{mac}", f"/appointment/{ref}/{mac}/"):
        assert page(s, path, 404) == "nothing here\n"
        assert send(s, path, act="ask", text="x", token=token).status in (403, 404), path
    assert f"/appointment/{ref}/…" in s.log() and mac not in s.log()


def test_who_loses_the_slot_loses_the_link(s):
    path, link, t = book(s, "lost")
    text = s.request("GET", path).text
    other = "ATTENDEE:mailto:paul@example.org\r\nEND:VEVENT"
    assert s.put(path, text.replace("END:VEVENT", other)).status == 204
    assert page(s, link, 404) == "nothing here\n"
    assert path_of(s.request("GET", path).text) != link


def test_another_client_in_place_of_the_first(s):
    """By another ATTENDEE: the slot gets a reference of its own, and the first one's is still in the ledger."""
    t = Times()
    s.set_clock(t.booked)
    path = f"{HOME}calendar/exchanged.ics"
    invited = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:{}@example.org\r\n"
    assert s.put(path, event("exchanged", t.start, t.end, extra=invited.format("marie"))).status == 201
    first = path_of(s.request("GET", path).text)
    token = hidden(page(s, first), "token")[0]
    assert s.put(path, event("exchanged", t.start, t.end, extra=invited.format("paul"))).status == 204
    second = path_of(s.request("GET", path).text)
    assert second != first
    assert send(s, second, act="ask", text="Thursday?").status == 303
    before = s.request("GET", path).text
    r = s.request("GET", first, user=None)
    assert "Thursday" not in r.text and "<form" not in r.text and r.status in (200, 404), r.text
    for fields in ({"act": "cancel", "date": "", "agreed": "0", "sure": "yes"}, {"act": "ask", "text": "x"}):
        assert send(s, first, token=token, **fields).status in (404, 409), fields
    assert s.request("GET", path).text == before
    s.set_clock(t.free)
    assert cancel(s, second).status == 303


def test_a_date_that_is_anothers(s):
    """In a series of Marie's one date has been given to Paul."""
    t = Times()
    s.set_clock(t.booked)
    path = f"{HOME}calendar/lent.ics"
    series = event("lent", t.start, t.end, "Marie Durand", "RRULE:FREQ=WEEKLY;COUNT=3\r\n")
    own = event("lent", t.weeks[1], t.weeks[1].replace("T08", "T09"), "Paul Weiss", f"RECURRENCE-ID:{t.weeks[1]}\r\n"
                "ATTENDEE;PARTSTAT=ACCEPTED:mailto:paul@example.org\r\n")
    own = own[own.index("BEGIN:VEVENT"):own.index("END:VCALENDAR")]
    assert s.put(path, series).status == 201
    link = path_of(s.request("GET", path).text)
    assert s.put(path, series.replace("END:VCALENDAR", own + "END:VCALENDAR")).status == 204
    assert hidden(page(s, link), "date") == [t.weeks[0], t.weeks[2]]
    his = path_of(s.request("GET", path).text.split("RECURRENCE-ID")[1])
    assert hidden(page(s, his), "date") == [t.weeks[1]]


def test_dates_that_go_together(s):
    """THISANDFUTURE: cancelling one of them would cancel all that follow."""
    t = Times()
    s.set_clock(t.booked)
    path = f"{HOME}calendar/range.ics"
    series = event("range", t.start, t.end, "Marie Durand", "RRULE:FREQ=WEEKLY;COUNT=3\r\n")
    own = event("range", t.weeks[1].replace("T08", "T10"), t.weeks[1].replace("T08", "T11"), "Marie Durand",
                f"RECURRENCE-ID;RANGE=THISANDFUTURE:{t.weeks[1]}\r\n")
    own = own[own.index("BEGIN:VEVENT"):own.index("END:VCALENDAR")]
    assert s.put(path, series.replace("END:VCALENDAR", own + "END:VCALENDAR")).status == 201
    link = path_of(s.request("GET", path).text.split("RECURRENCE-ID")[0])
    assert hidden(page(s, link), "date") == [t.weeks[0]]


def test_what_is_free_for_another_reason(s):
    """The one that is forgiven each year costs nothing either, but is gone then."""
    t = Times()
    s.set_clock(t.booked)
    if s.request("PROPFIND", f"{HOME}kind/", headers={"Depth": "0"}).status == 404:
        s.dedit("calendar", "add", "anna/kind")
    path = f"{HOME}kind/kind.ics"
    assert s.put(path, event("kind", t.start, t.end, "Jeanne Petit")).status == 201
    link = path_of(s.request("GET", path).text)
    s.set_clock(t.free)
    free = hidden(page(s, link), "agreed")[0]
    s.set_clock(t.later)
    text = page(s, link)
    assert "Cancelling now costs nothing. " in text and "forgiven" in text, text
    assert cancel(s, link, agreed=free).status == 409
    assert cancel(s, link).status == 303


def test_forms(s):
    _, link, _ = book(s, "forms")
    assert send(s, link, "text/plain", act="ask", text="x").status == 415
    assert send(s, link, act="ask", text="x" * 9000).status == 413
    for fields in ({}, {"act": "cancel"}, {"act": "cancel", "date": "", "agreed": "0"}, {"act": "other"}):
        assert send(s, link, **fields).status == 400, fields
    for token in ("", "x", hidden(page(s, book(s, "forms2")[1]), "token")[0]):
        assert send(s, link, act="ask", text="x", token=token).status == 403
    r = s.request("PUT", link, "x", user=None)
    assert r.status == 405 and r.headers["allow"] == "GET, HEAD, POST"
    r = s.request("GET", link, user=None)
    for name, wanted in (("cache-control", "private, no-store"), ("referrer-policy", "no-referrer"),
                         ("x-robots-tag", "noindex")):
        assert r.headers[name] == wanted
    assert "script" not in r.text and "default-src 'none'" in r.headers["content-security-policy"]


def test_groups_and_fees_have_none(s):
    t = Times()
    s.set_clock(t.booked)
    two = "ATTENDEE:mailto:a@example.org\r\nATTENDEE:mailto:b@example.org\r\n"
    path = f"{HOME}calendar/group.ics"
    assert s.put(path, event("group", t.start, t.end, extra=two)).status == 201
    text = unfold(s.request("GET", path).text)
    assert "===" in text and "/appointment/" not in text
    assert not any("/appointment/" in f for f in fees(s))


def test_only_where_it_is_on(s):
    with Server(settings=SETTINGS, extra=EXTRA, users=("anna",), clock="2026-06-01T08:00:00Z") as off:
        path = f"{HOME}calendar/off.ics"
        assert off.put(path, event("off", "20260610T080000Z", "20260610T090000Z")).status == 201
        assert "/appointment/" not in unfold(off.request("GET", path).text)
        assert page(off, "/appointment/AAAA-AAAA/x", 404)
        r = off.request("POST", "/fee/AAAA-AAAA/x", "text=x", {"Content-Type": FORM}, user=None)
        assert r.status == 405 and r.headers["allow"] == "GET, HEAD"
