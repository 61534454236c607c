"""Calendar data that costs more than it weighs: each question that a client may ask about it, within bounds."""

import contextlib

from bounds import ask
from dav import CALENDAR, HOME, body, calendar, comp, component, find, multiget, query, state, sync, time_range
from dedit_wire import propfind

WORK = HOME + "work/"  # under a policy
AWAY = HOME + "away/"  # where events are copied and moved to
SETTINGS = {
    "settings": 'public-url = "https://cal.example.org"',
    "extra": 'policy "late" { timezone = "Europe/Paris" currency = "EUR" price = "80 EUR" tiers = { "24h 100%" } }\n'
             'calendar "anna/work" { policy = "late" }\n',
}
ALWAYS = ("19000101T000000Z", "21000101T000000Z")
YEAR = ("20270101T000000Z", "20280101T000000Z")
DAY = ("20270601T000000Z", "20270602T000000Z")
TEXT = {"Content-Type": "text/calendar"}


def prepare(s):
    """Once for a server: the calendar under the policy, and the paths of feeds of both."""
    for path in (WORK, AWAY):
        assert s.request("MKCALENDAR", path).status == 201
    s.feeds = {}
    for path in (CALENDAR, WORK):
        name = path.split("/")[3]
        made = [s.dedit("feed", "add", f"anna/{name}", *more).stdout.split()[0] for more in ((), ("--busy",))]
        s.feeds[path] = [url[url.index("/feeds/"):] for url in made]


def data(element):
    """A calendar-query that asks for all data, with what stands within <C:calendar-data>."""
    return body("C:calendar-query", f"<D:prop><C:calendar-data>{element}</C:calendar-data></D:prop><C:filter>"
                + comp("VCALENDAR", comp("VEVENT")) + "</C:filter>")


def between(name, span):
    return f'<C:{name} start="{span[0]}" end="{span[1]}"/>'


def alarms(span):
    return query(comp("VEVENT", comp("VALARM", time_range(*span))))


def reports(path):
    """Bodies of REPORT; path: the object's."""
    yield from (query(comp("VEVENT", time_range(*span))) for span in (DAY, YEAR, ALWAYS, (DAY[0], None)))
    yield query(comp("VEVENT", time_range(None, ALWAYS[0])))
    yield query(comp("VEVENT", f'<C:prop-filter name="DTSTART">{time_range(*YEAR)}</C:prop-filter>'))
    yield query(comp("VEVENT", '<C:prop-filter name="SUMMARY"><C:text-match>é</C:text-match></C:prop-filter>'))
    yield from (alarms(span) for span in (DAY, ALWAYS))
    yield from (data(between("expand", span)) for span in (DAY, ALWAYS))
    yield data(between("limit-recurrence-set", YEAR))
    yield multiget(path).replace("<C:calendar-data/>",
                                 f"<C:calendar-data>{between('expand', YEAR)}</C:calendar-data>")
    yield from (body("C:free-busy-query", time_range(*span)) for span in (DAY, YEAR, ALWAYS))
    yield sync()


def answered(r):
    """Whatever it is, the server means it: no 5xx but "more than I am willing to tell"."""
    assert r.status < 500 or (r.status, r.condition()) == (507, "D:number-of-matches-within-limits"), r
    return r


def put(s, path, ics, **bounds):
    """Stored, or refused with nothing stored and a reason."""
    folder = path.rpartition("/")[0] + "/"
    before = state(s, folder)
    r = answered(ask(s, "PUT", path, ics, TEXT, **bounds))
    assert r.status in (201, 204) or (r.status in (403, 413) and r.body), r
    if r.status >= 400:
        assert state(s, folder) == before, r
    return r


def questions(s, path, **bounds):
    """All of them about the object at that path."""
    folder = path.rpartition("/")[0] + "/"
    for sent in reports(path):
        answered(ask(s, "REPORT", folder, sent, {"Depth": "1"}, **bounds))
    for where in (path, folder):
        assert answered(ask(s, "GET", where, **bounds)).status in (200, 507)
    for feed in s.feeds.get(folder, ()):
        assert ask(s, "GET", feed, user=None, **bounds).status == 200
    assert ask(s, "PROPFIND", folder, propfind("D:getetag", "D:getcontenttype"), {"Depth": "1"}, **bounds).status == 207


def changes(s, path, **bounds):
    """Another text for it, a copy, a move there and back, its end."""
    ics = s.request("GET", path).text
    changed = ics.replace("END:VEVENT", "X-CHANGED:1\r\nEND:VEVENT", 1)
    answered(ask(s, "PUT", path, changed, TEXT, **bounds))
    away = AWAY + path.rpartition("/")[2]
    for method, to in (("COPY", away), ("MOVE", away)):
        answered(ask(s, method, path, None, {"Destination": to}, **bounds))
    with contextlib.suppress(AssertionError):
        find(s, path, "D:getetag")
    for where in (path, away):
        assert answered(ask(s, "DELETE", where, **bounds)).status in (204, 404)


def bomb(s, uid, *lines, calendars=(CALENDAR, WORK), kind="VEVENT", **bounds):
    """Statuses of the PUTs of such an event; what is stored is asked about."""
    out = set()
    for folder in calendars:
        path = f"{folder}{uid}.ics"
        r = put(s, path, calendar(component(kind, uid, *lines)), **bounds)
        out.add(r.condition() or r.status)
        if r.status == 201:
            questions(s, path, **bounds)
            changes(s, path, **bounds)
    return out
