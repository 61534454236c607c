"""RFC 6578 against a model: several people write at once while clients with random limits read page after page.

In the end each client's copy, kept by nothing but the reports, is what PROPFIND lists. The seed is in the message
of a failure; tests/unit/sync_model.c does the same on the store, where a seed gives the same run again.
"""

import os
import random
import threading

from dav import CALENDAR, HOME, TASKS, find, proppatch, sync
from dedit_wire import event, tag

SERVER = {"users": ("anna", "marc")}
MARCS = "/calendars/marc/"
SECOND = HOME + "second/"
WANT = ("D:getetag", "D:sync-token", "A:calendar-color")
CHANGES = 70  # of each writer
SEED = int(os.environ.get("DEDIT_TEST_SEED", random.randrange(1 << 30)))


def value(props):
    """What makes a member another one: its ETag, or what a calendar holds and its colour."""
    return tuple(props[tag(n)].text for n in WANT if tag(n) in props)


class Client:
    def __init__(self, s, user, path, level):
        self.s, self.user, self.path, self.level = s, user, path, level
        self.known, self.token = {}, ""

    def sync(self, limit):
        """One page; True if nothing is left."""
        r = self.s.request("REPORT", self.path, sync(self.token, self.level, limit, WANT), {"Depth": "0"}, self.user)
        if r.status == 403 and r.condition() == "D:valid-sync-token" and self.level == "infinite" and self.token:
            self.known, self.token = {}, ""
            return False
        assert r.status == 207, r
        responses = r.xml().findall(tag("D:response"))
        hrefs = [x.findtext(tag("D:href")) for x in responses]
        assert len(set(hrefs)) == len(hrefs), hrefs
        more = self.path in hrefs
        assert limit is None or len(hrefs) - more <= limit, (limit, hrefs)
        for href, props in r.responses().items():
            if props is not None:
                self.known[href] = value(props)
            elif href != self.path:
                assert self.token, f"{href} is told to be gone at first"
                for gone in [h for h in self.known if h == href or href.endswith("/") and h.startswith(href)]:
                    del self.known[gone]
        self.token = r.xml().findtext(tag("D:sync-token"))
        return not more

    def listed(self):
        """The same by PROPFIND."""
        out, calendars = {}, [self.path]
        if self.path.count("/") == 3:
            calendars = [h for h in find(self.s, self.path, *WANT, depth="1", user=self.user).responses()]
            calendars.remove(self.path)
        for path in calendars:
            deep = self.level == "infinite" or path == self.path
            found = find(self.s, path, *WANT, depth="1" if deep else "0", user=self.user).responses()
            if path == self.path:
                del found[path]
            out.update((h, value(p)) for h, p in found.items())
        return out


class Writer(threading.Thread):
    def __init__(self, s, user, calendars, number):
        super().__init__()
        self.s, self.user, self.calendars = s, user, calendars
        self.random = random.Random(SEED + number)
        self.connection, self.error = s.connect(), None

    def ask(self, expected, method, path, body=None, headers=None):
        r = self.s.request(method, path, body, headers, self.user, connection=self.connection)
        assert r.status in expected, (method, path, r)

    def change(self):
        pick = self.random.random()
        calendar, other = self.random.choice(self.calendars), self.random.choice(self.calendars)
        name = f"o{self.random.randrange(8)}.ics"
        if pick < 0.55:
            # the same UID for the same name: two writers may meet there
            self.ask((201, 204, 403, 404, 409), "PUT", calendar + name, event(name, summary=f"{pick}"))
        elif pick < 0.75:
            self.ask((204, 404), "DELETE", calendar + name)
        elif pick < 0.85:
            to = {"Destination": other + f"o{self.random.randrange(8)}.ics"}
            self.ask((201, 204, 403, 404, 409, 412), "MOVE", calendar + name, None, to)
        elif pick < 0.93 or self.user == "marc":
            colour = f"<A:calendar-color>#{self.random.randrange(1 << 24):06x}</A:calendar-color>"
            self.ask((207, 404), "PROPPATCH", calendar, proppatch(colour))
        else:
            self.ask((201, 204, 403, 404), self.random.choice(("MKCALENDAR", "DELETE")), SECOND)

    def run(self):
        try:
            for _ in range(CHANGES):
                self.change()
        except BaseException as e:
            self.error = e
        self.connection.close()


def test_random_changes_reach_every_client(s):
    s.dedit("share", "anna/calendar", "marc", "write")
    dice = random.Random(SEED)
    shared = MARCS + "anna~calendar/"
    clients = [
        Client(s, "anna", CALENDAR, "1"),
        Client(s, "marc", shared, "1"),
        *(Client(s, user, home, level) for user, home in (("anna", HOME), ("marc", MARCS))
          for level in ("1", "infinite")),
    ]
    annas = [CALENDAR, CALENDAR, SECOND]
    writers = [Writer(s, "anna", annas, 1), Writer(s, "anna", annas, 2),
               Writer(s, "marc", [shared, MARCS + "calendar/"], 3)]
    for w in writers:
        w.start()
    sharing = True
    while any(w.is_alive() for w in writers):
        dice.choice(clients).sync(dice.choice((1, 2, 3, 5, None)))
        if dice.random() < 0.03:
            s.dedit("share", "anna/tasks", "marc", "read" if sharing else "none")
            sharing = not sharing
    for w in writers:
        w.join()
        assert not w.error, (SEED, w.error)
    for c in clients:
        pages = 0
        while not c.sync(dice.choice((1, 2, 3, 5, None))):
            pages += 1
            assert pages < 300, (SEED, c.path, c.level)
        expected = c.listed()
        wrong = {h: (c.known.get(h), expected.get(h)) for h in c.known.keys() | expected.keys()
                 if c.known.get(h) != expected.get(h)}
        assert not wrong, (SEED, c.user, c.path, c.level, wrong)
        assert c.sync(None) and c.known == expected, "nothing more comes"
    assert find(s, TASKS, "D:sync-token").status == 207
