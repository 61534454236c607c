"""
A deditd under load by eight writers with a policy, and what it must hold afterwards.

Each writer has names of its own and says what it is about to do before it does it. What was acknowledged has to be there; of
what was under way when the server died, everything or nothing: the event, its incident in the ledger, its entry in Fees.
"""

import contextlib
import datetime
import http.client
import json
import os
import pathlib
import random
import re
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))

import dedit_wire
from dav import listing, sync, value
from dedit_wire import Server, event, propfind, tag
from report import expect

WRITERS, NAMES = 8, 4
HOME = "/calendars/anna/"
CONFIG = """policy "late" { timezone = "Europe/Paris" currency = EUR price-from = title tiers = { "24h 100%" }
  owner-changes = client }
calendar "anna/work" { policy = "late" }
"""
DEAD = (http.client.HTTPException, ConnectionError, TimeoutError, OSError)


def use_build(build):
    """Whose programs are run."""
    dedit_wire.BUILD = build


class Victim(Server):
    """A server that is started with variables of its own, and may die."""

    def __init__(self, settings='mirror-delay = "20ms"'):
        self.more = {}
        super().__init__(settings=settings, extra=CONFIG, users=(), start=False)

    def environment(self):
        return {**os.environ, **self.more}

    def daemon(self):
        return "deditd"

    def begin(self, **more):
        """False if it died before it was ready, as it was told to."""
        self.more = more
        try:
            self.start()
        except AssertionError:
            if self.process is None or self.process.poll() is None:
                raise
            return False
        return True

    def wait_dead(self, seconds):
        """Its exit status, None if it still lives."""
        with contextlib.suppress(Exception):
            return self.process.wait(seconds)
        return None


class Step:
    """One change. objects: key -> marker or None; incident, waived: UIDs; calendar: a name that comes or goes."""

    def __init__(self, objects=None, incident=None, waived=None, made=None, dropped=None):
        self.objects, self.incident, self.waived = objects or {}, incident, waived
        self.made, self.dropped = made, dropped


class Known:
    """What one writer was told."""

    def __init__(self):
        self.objects, self.exact = {}, {}   # "work/x.ics" -> marker; -> bytes as GET gave them
        self.incidents, self.waived, self.deleted = set(), set(), set()
        self.calendars = {}                 # name -> there
        self.pending = None

    def done(self, step):
        for key, marker in step.objects.items():
            self.exact.pop(key, None)
            if marker is None:
                self.objects.pop(key, None)
            else:
                self.objects[key] = marker
        if step.incident:
            self.incidents.add(step.incident)
            if None in step.objects.values():
                self.deleted.add(step.incident)
        if step.waived:
            self.waived.add(step.waived)
            self.exact = {k: v for k, v in self.exact.items() if k not in step.objects}
        if step.made:
            self.calendars[step.made] = True
        if step.dropped:
            self.calendars[step.dropped] = False
            self.objects = without(self.objects, step.dropped)
            self.exact = without(self.exact, step.dropped)


def without(objects, calendar):
    return {k: v for k, v in objects.items() if not k.startswith(calendar + "/")}


class Writer(threading.Thread):
    def __init__(self, server, number, seed, known, stop):
        super().__init__(daemon=True)
        self.server, self.number, self.known, self.stopped = server, number, known, stop
        self.random, self.seed, self.count = random.Random(seed * 100 + number), seed, 0
        self.connection, self.problem, self.refused = None, None, []

    # ---- requests ----

    def ask(self, method, path, body=None, headers=None):
        return self.server.request(method, HOME + path, body, headers, connection=self.connection)

    def change(self, step, method, path, body=None, headers=None):
        """True: acknowledged. A server that couldn't has done nothing."""
        self.known.pending = step
        if body is not None and method == "PUT":
            headers = {"Content-Type": "text/calendar; charset=utf-8"}
        r = self.ask(method, path, body, headers)
        if r.status >= 500 or (r.status == 404 and b"cannot be read" in r.body):
            self.known.pending = None
            self.refused.append(r.status)
            return False
        expect(r.status in (201, 204), "%s %s: %r" % (method, path, r))
        self.known.done(step)
        self.known.pending = None
        return True

    # ---- what is written ----

    def text(self, uid, start, marker, *lines):
        return event(uid, start.strftime("%Y%m%dT%H%M%SZ"), (start + datetime.timedelta(hours=1)).strftime("%Y%m%dT%H%M%SZ"),
                     "Client %s 80 €" % uid, "".join(line + "\r\n" for line in ("LOCATION:" + marker, *lines)))

    def fresh(self):
        self.count += 1
        return "%d-%d-%d" % (self.seed, self.number, self.count)

    def start_in(self, hours):
        """A second that no other appointment has."""
        return self.server.now + datetime.timedelta(hours=hours, seconds=self.seed * 97 % 997 + self.number * 1000 + self.count)

    def put(self, calendar, name, start, *lines):
        marker = self.fresh()
        key = "%s/%s.ics" % (calendar, name)
        if not self.change(Step({key: marker}), "PUT", key, self.text(name, start, marker, *lines)):
            return None
        if self.random.random() < 0.3:
            r = self.ask("GET", key)
            if r.status == 200:
                self.known.exact[key] = r.body
        return key

    def put_or_delete(self):
        name = "w%d-e%d" % (self.number, self.random.randrange(NAMES))
        key = "work/%s.ics" % name
        if "plain/%s.ics" % name in self.known.objects:
            self.move("plain", "work", name)
        elif key in self.known.objects and self.random.random() < 0.3:
            self.change(Step({key: None}), "DELETE", key)
        elif key in self.known.objects and self.random.random() < 0.3:
            self.move("work", "plain", name)
        else:
            self.put("work", name, self.start_in(24 * 20))

    def move(self, source, to, name):
        old, new = "%s/%s.ics" % (source, name), "%s/%s.ics" % (to, name)
        self.change(Step({old: None, new: self.known.objects[old]}), "MOVE", old, None, {"Destination": HOME + new})

    def late_deletion(self):
        name, start = "w%d-l%s" % (self.number, self.fresh()), self.start_in(18)
        key = self.put("work", name, start)
        if key:
            self.change(Step({key: None}, incident=name), "DELETE", key)

    def late_cancellation(self):
        name, start = "w%d-c%s" % (self.number, self.fresh()), self.start_in(18)
        key = self.put("work", name, start)
        marker = self.fresh()
        if not key or not self.change(Step({key: marker}, incident=name), "PUT", key,
                                      self.text(name, start, marker, "STATUS:CANCELLED")):
            return
        if self.random.random() < 0.5:
            marker = self.fresh()
            self.change(Step({key: marker}, waived=name), "PUT", key,
                        self.text(name, start, marker, "STATUS:CANCELLED", "DESCRIPTION:#waive ill"))

    def calendar(self):
        name = "c" + self.fresh()
        if not self.change(Step(made=name), "MKCALENDAR", name + "/"):
            return
        for n in range(2):
            self.put(name, "o%d" % n, self.start_in(24 * 20))
        if self.random.random() < 0.7:
            self.change(Step(dropped=name), "DELETE", name + "/")

    # ---- the thread ----

    def run(self):
        self.connection = self.server.connect()
        try:
            while not self.stopped.is_set():
                dice = self.random.random()
                if dice < 0.55:
                    self.put_or_delete()
                elif dice < 0.7:
                    self.late_deletion()
                elif dice < 0.88:
                    self.late_cancellation()
                else:
                    self.calendar()
        except DEAD:
            pass  # the server's death; what was under way stays pending
        except Exception as problem:
            self.problem = problem
        finally:
            self.connection.close()


class Follower(threading.Thread):
    """A program that keeps a copy of anna/work by sync-collection: what it was told last has to lead on."""

    def __init__(self, server, stop):
        super().__init__(daemon=True)
        self.server, self.stopped, self.token, self.view = server, stop, "", {}
        self.problem, self.refused, self.answers = None, [], 0

    def step(self, connection=None):
        r = self.server.request("REPORT", HOME + "work/", sync(self.token), connection=connection)
        if r.status >= 500:
            self.refused.append(r.status)
            return
        expect(r.status == 207, "sync-collection from %s: %r" % (self.token, r))
        root = r.xml()
        view = dict(self.view)
        for response in root.findall(tag("D:response")):
            name = response.findtext(tag("D:href")).rpartition("/")[2]
            if response.find(tag("D:status")) is not None:
                view.pop(name, None)
            else:
                view[name] = response.findtext(".//" + tag("D:getetag"))
        token = root.findtext(tag("D:sync-token"))
        expect(number_of(token) >= number_of(self.token), "the token went back from %s to %s" % (self.token, token))
        self.token, self.view = token, view
        self.answers += 1

    def run(self):
        connection = self.server.connect()
        try:
            while not self.stopped.is_set():
                self.step(connection)
                time.sleep(0.02)
        except DEAD:
            pass
        except Exception as problem:
            self.problem = problem
        finally:
            connection.close()


def number_of(token):
    """Of a sync-token; the first one is none."""
    return int(re.findall(r"\d+", token)[-1]) if token else 0


class World:
    """One data folder through many lives of its server."""

    def __init__(self, server):
        self.server = server
        server.now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        self.known = [Known() for _ in range(WRITERS)]
        self.users, self.maybe_user, self.told = {"anna"}, None, ""
        self.follower, self.stop = Follower(server, threading.Event()), threading.Event()

    def found_calendars(self):
        for path in ("work", "plain"):
            r = self.server.request("MKCALENDAR", HOME + path + "/")
            expect(r.status in (201, 405), "MKCALENDAR %s: %r" % (path, r))

    # ---- load ----

    def load(self, seed):
        """Starts the writers and returns; finish() waits for them."""
        self.stop.clear()
        token, view = self.follower.token, self.follower.view
        self.follower = Follower(self.server, self.stop)
        self.follower.token, self.follower.view = token, view
        self.writers = [Writer(self.server, n, seed, known, self.stop) for n, known in enumerate(self.known)]
        self.admin = threading.Thread(target=self.administer, args=("u%d" % seed,), daemon=True)
        for thread in (*self.writers, self.follower, self.admin):
            thread.start()

    def administer(self, name):
        self.maybe_user, self.told = name, ""
        with contextlib.suppress(Exception):
            self.server.add_user(name)
            self.users.add(name)
            self.maybe_user = None
            self.told = self.server.dedit("ledger", "head", check=False).stderr

    def finish(self, refusals=()):
        """refusals: the statuses with which the server may have refused."""
        self.stop.set()
        for thread in (*self.writers, self.follower, self.admin):
            thread.join(60)
            expect(not thread.is_alive(), "a writer got no answer")
        for thread in (*self.writers, self.follower):
            if thread.problem:
                raise thread.problem
            expect(set(thread.refused) <= set(refusals), "answered with %s" % set(thread.refused))

    # ---- afterwards ----

    def look(self):
        """The server runs again, and nobody writes."""
        s = self.server
        s.dedit("flush")
        if self.maybe_user and not re.search(rf"^{self.maybe_user}\b", s.dedit("user", "list").stdout, re.M):
            s.add_user(self.maybe_user)  # as who typed it does: the account is made last, so it can be made again
            self.users.add(self.maybe_user)
        r = s.dedit("check", "--deep", check=False)
        expect(r.returncode == 0, "check: " + r.stdout + r.stderr)
        r = s.dedit("ledger", "verify", check=False)
        expect(r.returncode == 0, "ledger verify: " + r.stdout + r.stderr)
        users = set(re.findall(r"^(\w+)", s.dedit("user", "list").stdout, re.M))
        expect(self.users <= users <= self.users | {self.maybe_user}, "users: %s, not %s" % (users, self.users))
        self.users, self.maybe_user = users, None
        found = self.read_all()
        fees = json.loads(s.dedit("fees", "--json", "--owner", "anna").stdout)
        for n, known in enumerate(self.known):
            compare(known, n, found, fees)
        self.compare_sync(found)

    def calendars(self):
        r = self.server.request("PROPFIND", HOME, propfind("D:resourcetype"), {"Depth": "1"})
        expect(r.status == 207, "PROPFIND of the home: %r" % r)
        names = {href[len(HOME):].rstrip("/"): props for href, props in r.responses().items()}
        return {name for name, props in names.items()
                if name and props[tag("D:resourcetype")].find(tag("C:calendar")) is not None}

    def read_all(self):
        """calendar -> {name: bytes}, which the files have as well."""
        connection, out = self.server.connect(), {}
        for calendar in self.calendars():
            names = listing(self.server, HOME + calendar + "/")
            out[calendar] = {}
            for name in names:
                r = self.server.request("GET", HOME + calendar + "/" + name, connection=connection)
                expect(r.status == 200 and r.headers["etag"] == names[name], "GET %s/%s: %r" % (calendar, name, r))
                out[calendar][name] = r.body
        connection.close()
        folder = self.server.data / "cal/anna"
        files = {c.name: {f.name: f.read_bytes() for f in c.glob("[!.]*.ics")} for c in folder.iterdir() if c.is_dir()}
        expect({c: v for c, v in files.items() if v} == {c: v for c, v in out.items() if v}, "files differ from what GET gives")
        expect(not list((self.server.data / "tmp").iterdir()), "something is left in tmp")
        return out

    def compare_sync(self, found):
        listed = listing(self.server, HOME + "work/")
        self.follower.step()
        expect(self.follower.view == listed, "changes since an old token lead to something else than a listing: %s" % (
            set(self.follower.view.items()) ^ set(listed.items())))


def compare(known, number, found, fees):
    """One writer's names. What was under way is settled by what is there, then everything must fit."""
    mine = lambda uid: uid.startswith("w%d-" % number)
    markers = {"%s/%s" % (c, n): value(text.decode(), "LOCATION") for c, objects in found.items() for n, text in objects.items()}
    incidents = {}
    for entry in fees:
        if mine(entry["uid"]) and entry["class"] == "late-cancel" and entry["state"] != "void":
            incidents.setdefault(entry["uid"], []).append(entry)
    if known.pending is not None:
        step, known.pending = known.pending, None
        if happened(step, markers, incidents, found):
            known.done(step)
    there = {k: v for k, v in markers.items() if mine(k.partition("/")[2]) and not k.startswith("fees/")}
    expected = {k: v for k, v in known.objects.items() if mine(k.partition("/")[2])}
    expect(there == expected, "writer %d: objects %s" % (number, sorted(set(there.items()) ^ set(expected.items()))))
    for key, text in known.exact.items():
        calendar, _, name = key.partition("/")
        expect(found.get(calendar, {}).get(name) == text, "%s is not the bytes that it was" % key)
    for calendar, is_there in known.calendars.items():
        expect((calendar in found) == is_there, "calendar %s: %s" % (calendar, calendar in found))
        for key in (k for k in known.objects if k.startswith(calendar + "/")):
            expect(markers.get(key) == known.objects[key], "%s: %s, not %s" % (key, markers.get(key), known.objects[key]))
    expect(set(incidents) == known.incidents, "writer %d: incidents %s" % (number, sorted(set(incidents) ^ known.incidents)))
    expect(all(len(e) == 1 for e in incidents.values()), "an incident stands there twice: %s" % incidents)
    waived = {uid for uid, (entry,) in incidents.items() if entry["state"] == "waived"}
    expect(waived == known.waived, "writer %d: waived %s" % (number, sorted(waived ^ known.waived)))
    in_fees = {value(text.decode(), "RELATED-TO") for text in found.get("fees", {}).values()}
    expect(known.deleted == {u for u in in_fees if u and mine(u)} & (known.deleted | known.incidents) or
           known.deleted <= in_fees, "writer %d: entries missing in Fees: %s" % (number, sorted(known.deleted - in_fees)))


def happened(step, markers, incidents, found):
    """Did it? By its first part; the others are compared with the rest."""
    if step.made:
        return step.made in found
    if step.dropped:
        return step.dropped not in found
    if step.waived:
        return any(e["state"] == "waived" for e in incidents.get(step.waived, []))
    if step.incident:
        return step.incident in incidents
    return all(markers.get(key) == marker for key, marker in step.objects.items())
