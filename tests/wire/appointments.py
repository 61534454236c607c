"""Appointments at a clock that is set: an owner's calendar under a policy, the ways a change can come, and what came of it."""

import datetime
import itertools
import json
import os
import zoneinfo

from dav import listing, notes, unfold, value
from dedit_wire import wait_for

UTC, PARIS = datetime.timezone.utc, zoneinfo.ZoneInfo("Europe/Paris")
FIRST = datetime.datetime(2026, 6, 10, 10, tzinfo=UTC)
CLIENT, OTHER = "marc", "zoe"
COUNTER = itertools.count()
OWNERS = 150  # of each policy


def practices(policies):
    """Configuration: each policy, and for each its own owners, so that no test sees another's history."""
    text = ""
    for name, directives in policies.items():
        text += f'policy "{name}" {{\n{directives}\n}}\n'
        for n in range(OWNERS):
            text += f'calendar "{name}{n}/work" {{ policy = "{name}" }}\ncalendar "{name}{n}/second" {{ policy = "{name}" }}\n'
    return text


class Practice:
    """
    A new owner under that policy. Its first appointment is on self.start, later than anything of earlier tests:
    the server's clock only goes forward. Clients have write access to its calendars.
    """

    used = {}

    def __init__(self, s, policy):
        key = (id(s), policy)
        number = Practice.used[key] = Practice.used.get(key, -1) + 1
        assert number < OWNERS
        self.s, self.owner, self.names = s, f"{policy}{number}", {}
        self.start = FIRST + datetime.timedelta(days=60 * next(COUNTER))
        for user in (CLIENT, OTHER):
            if user not in s.users:
                s.add_user(user, "--email", f"{user}@example.org")
                s.users += (user,)
        s.add_user(self.owner)
        self.there = set()
        self.need("work")
        self.at(24 * 30)

    # ---- time ----

    def time(self, hours):
        """Hours after the first appointment's start, as iCalendar writes it."""
        return (self.start + datetime.timedelta(hours=hours)).strftime("%Y%m%dT%H%M%SZ")

    def in_paris(self, hours):
        """The same, as a clock in Paris shows it."""
        return (self.start + datetime.timedelta(hours=hours)).astimezone(PARIS).strftime("%Y%m%dT%H%M%S")

    def at(self, before):
        """Sets the clock to so many hours before the first appointment."""
        self.s.set_clock((self.start - datetime.timedelta(hours=before)).strftime("%Y-%m-%dT%H:%M:%SZ"))

    # ---- what is sent ----

    def event(self, uid, *lines, hours=0, length=1, title="Marc 80 €", status=None, notes=None, extra=()):
        """An appointment so many hours after self.start; lines: in its VEVENT; extra: whole components behind it."""
        body = [f"DTSTART:{self.time(hours)}", f"DTEND:{self.time(hours + length)}", f"SUMMARY:{title}"]
        body += [f"DESCRIPTION:{notes}"] if notes else []
        body += [f"STATUS:{status}"] if status else []
        return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN", "BEGIN:VEVENT", f"UID:{uid}",
                            "DTSTAMP:20260101T000000Z", *body, *lines, "END:VEVENT", *extra, "END:VCALENDAR", ""])

    def instance(self, uid, at, *lines, hours=None, length=1, title="Marc 80 €"):
        """A VEVENT with RECURRENCE-ID, for extra."""
        start = at if hours is None else hours
        return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", f"RECURRENCE-ID:{self.time(at)}",
                            f"DTSTART:{self.time(start)}", f"DTEND:{self.time(start + length)}", f"SUMMARY:{title}", *lines,
                            "END:VEVENT"])

    # ---- paths ----

    def need(self, calendar, user=None):
        """Calendars and shares are made when they are first asked for: each is a program that starts."""
        for what, command in ((calendar, ("calendar", "add", f"{self.owner}/{calendar}")),
                              ((calendar, user), ("share", f"{self.owner}/{calendar}", user, "write"))):
            if calendar != "fees" and what not in self.there and (what == calendar or user):
                self.s.dedit(*command)
                self.there.add(what)

    def path(self, uid, user=None, calendar="work"):
        self.need(calendar, None if user == self.owner else user)
        name = self.names.get(uid, f"{uid}.ics")
        if user in (None, self.owner):
            return f"/calendars/{self.owner}/{calendar}/{name}"
        return f"/calendars/{user}/{self.owner}~{calendar}/{name}"

    def put(self, uid, text, user=None, calendar="work", new=False):
        r = self.s.put(self.path(uid, user, calendar), text, user=user or self.owner)
        assert r.status == (201 if new else 204), (uid, r)

    def book(self, uid="a", *lines, before=24 * 14, **more):
        """By the owner, so many hours before; what it sent."""
        self.at(before)
        text = self.event(uid, *lines, **more)
        self.put(uid, text, new=True)
        return text

    def delete(self, uid, user=None, calendar="work"):
        r = self.s.request("DELETE", self.path(uid, user, calendar), user=user or self.owner)
        assert r.status == 204, r

    # ---- what came of it ----

    def text(self, uid, calendar="work"):
        r = self.s.request("GET", self.path(uid, calendar=calendar), user=self.owner)
        assert r.status == 200, (uid, r)
        return unfold(r.text)

    def title(self, uid, calendar="work"):
        return value(self.text(uid, calendar), "SUMMARY")

    def notes(self, uid, calendar="work"):
        return notes(self.text(uid, calendar))

    def exists(self, uid, calendar="work"):
        return self.s.request("GET", self.path(uid, calendar=calendar), user=self.owner).status == 200

    def entries(self, uid=None):
        said = json.loads(self.s.dedit("fees", "--json", "--owner", self.owner).stdout)
        return [e for e in said if uid in (None, e["uid"])]

    def standing(self, uid=None):
        """(class, outcome, fee) of what holds; money and credits in minor units."""
        return [(e["class"], e["outcome"], e["fee"]) for e in self.entries(uid) if e["state"] != "void"]

    def charged(self, uid=None):
        return sorted(e["fee"] for e in self.entries(uid) if e["fee"])

    def owed(self, uid=None):
        return sum(e["fee"] for e in self.entries(uid) if e["state"] == "due")

    # ---- ways: how the same change can come; text None is a deletion ----

    def private(self, uid, text, user=CLIENT):
        path = f"/calendars/{user}/calendar/{uid}.ics"
        assert self.s.put(path, text, user=user).status in (201, 204)
        return path

    def transfer(self, method, source, destination, user):
        r = self.s.request(method, source, None, {"Destination": destination, "Overwrite": "T"}, user)
        assert r.status in (201, 204), (method, source, destination, r)

    def by_put(self, uid, text, user=CLIENT):
        r = self.s.put(self.path(uid, user), text, user=user)
        assert r.status in (201, 204), r

    def by_copy(self, uid, text, user=CLIENT):
        """COPY over it from a calendar without a policy."""
        source = self.private(uid, text, user)
        self.transfer("COPY", source, self.path(uid, user), user)
        assert self.s.request("DELETE", source, user=user).status == 204

    def by_move(self, uid, text, user=CLIENT):
        self.transfer("MOVE", self.private(uid, text, user), self.path(uid, user), user)

    def by_hand(self, uid, text, calendar="work"):
        """A file edited, added or removed on disk: the administrator's."""
        self.s.dedit("flush")
        file = self.s.data / "cal" / self.owner / calendar / f"{uid}.ics"
        folder = self.path(uid, calendar=calendar).rpartition("/")[0] + "/"
        before = listing(self.s, folder, self.owner).get(f"{uid}.ics")
        if text is None:
            file.unlink()
        else:
            file.with_name(f".{uid}.new").write_bytes(text.encode())
            os.replace(file.with_name(f".{uid}.new"), file)
        wait_for(lambda: listing(self.s, folder, self.owner).get(f"{uid}.ics") != before, 20, "the file is taken over")

    def by_import(self, uid, text):
        """What is new gets a name of the server's choice."""
        folder = f"/calendars/{self.owner}/work/"
        before = listing(self.s, folder, self.owner)
        self.s.dedit("import", "-", f"{self.owner}/work", "--replace", input=text)
        for name in listing(self.s, folder, self.owner).keys() - before.keys():
            self.names[uid] = name

    def out_of_it(self, uid, user=CLIENT):
        """Moved to a calendar without a policy."""
        self.transfer("MOVE", self.path(uid, user), f"/calendars/{user}/calendar/{uid}.ics", user)

    def deleted(self, uid, user=CLIENT):
        self.delete(uid, user)


CLIENTS_WAYS = {"PUT": Practice.by_put, "COPY over": Practice.by_copy, "MOVE over": Practice.by_move}
CLIENTS_DELETIONS = {"DELETE": Practice.deleted, "MOVE out": Practice.out_of_it}
ADMINISTRATORS_WAYS = {"hand edit": Practice.by_hand, "import": Practice.by_import}
