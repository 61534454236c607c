#!/usr/bin/env python3
"""Plays the test vectors of doc/policy.md, section 0, through HTTP.

    wire.py FILE.json ...                             starts build/tests/policy/deditd_at itself
    wire.py FILE.json ... --url BASE --clock FILE     against a server that runs with that clock's file
    wire.py FILE.json ... --config                    prints the configuration that such a server needs
    --only ID                                         one vector; may be repeated

The server has a clock that can be set (tests/policy/clock.c). Each vector has an owner of its own; clients and
attendees are other accounts with write access. What came of a step is read from the calendar of fees and from
the X-DEDIT- properties of the event: the balance always; class, state, amount and what is held where something
shows them. Vectors that need earlier incidents (history) or a stored acceptance can't be played this way and
are counted as skipped; those of kind parse as well. Prints like build/tests/policy/vectors.
"""

import argparse
import base64
import datetime
import http.client
import json
import pathlib
import re
import sys
import time
import urllib.parse
import zoneinfo

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/wire"))
PASSWORD = "correct horse"
WAKE_SECONDS = 15  # at most
OTHERS = ("client", "ana", "ben", "cleo", "dora")
STATES = {"charged": "DUE", "pending": "PENDING", "proposed": "PROPOSED", "waived": "WAIVED", "adjusted": "DUE"}


# ---- the configuration ----

def quoted(text):
    return '"' + str(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def words(key, v):
    """A directive's words out of a value of the vector, in the order of the table in 5.1."""
    if not isinstance(v, dict):
        return str(v)

    def named(member, word):
        return f" {word} {v[member]}" if member in v else ""
    return {
        "noshow": lambda: v["fee"] + named("wait", "wait") + named("until", "until"),
        "late_move": lambda: v["fee"],
        "grace": lambda: v["for"] + named("not_within", "not-within"),
        "move_limit": lambda: f"{v['count']} {v['fee']}",
        "forgive": lambda: f"{v['count']} per {v['per']} {' '.join(v['kinds'])}",
        "escalate": lambda: f"from {v['from']} per {v['per']} {v['fee']}",
        "late_arrival": lambda: f"noshow-after {v['noshow_after']}",
        "owner_late": lambda: f"{v['within']} credit {v['credit']}",
        "tax": lambda: v["mode"] + (f" {v['rate']}" if "rate" in v else ""),
    }[key]()


def directives(policy, deposit, top):
    for key, v in policy.items():
        if key in ("name", "from") or (not top and key in ("timezone", "currency")):
            continue
        name = "no-show" if key == "noshow" else key.replace("_", "-")
        if key in ("weekdays", "services", "clients"):
            for title, section in v.items():
                inner = " ".join(directives(section, deposit, False))
                yield f"{key[:-1]} {quoted(title)} {{ {inner} }}"
        elif key == "tiers":
            yield "tiers = { " + ", ".join(quoted(f"{t['within']} {t['fee']}") for t in v) + " }"
        elif key == "hours":
            yield "hours = { " + ", ".join(quoted(f"{d} {t.replace(',', ' ')}") for d, t in v.items()) + " }"
        elif key == "holidays":
            yield "holidays = { " + ", ".join(quoted(d) for d in v) + " }"
        elif key == "deposit":
            yield "deposit = " + quoted(f"{deposit} {v}" if deposit else v)
        else:
            yield f"{name} = {quoted(words(key, v))}"


def configuration(vector):
    versions = vector["policy"] if isinstance(vector["policy"], list) else [vector["policy"]]
    a = vector["appointment"]
    lines = list(directives(versions[0], a.get("deposit"), True))
    if "price" in a:
        lines.append(f"price = {quoted(a['price'])}")
    if "deposit" in a and "deposit" not in versions[0]:
        lines.append(f"deposit = {quoted(a['deposit'] + ' credit')}")
    for later in versions[1:]:
        lines.append(f"version {quoted(later['from'])} {{ {' '.join(directives(later, None, False))} }}")
    owner = owner_of(vector)
    return (f"policy {quoted(owner)} {{\n    " + "\n    ".join(lines) +
            f"\n}}\ncalendar {quoted(owner + '/work')} {{ policy = {quoted(owner)} }}\n")


def owner_of(vector):
    return "o-" + re.sub(r"[^a-z0-9]", "-", vector["id"].lower())


def plays(vector):
    return vector["kind"] == "policy" and not vector.get("history") and "accepted_at" not in vector["appointment"]


# ---- the server ----

class Client:
    def __init__(self, base, clock):
        url = urllib.parse.urlsplit(base)
        self.host, self.prefix, self.clock = url.netloc, url.path.rstrip("/"), pathlib.Path(clock)

    def set_clock(self, text):
        # in place: the server holds the file open
        with open(self.clock, "r+") as f:
            f.write(re.sub(r"\.\d+", "", text))

    def request(self, method, path, user, body=None, headers=None):
        c = http.client.HTTPConnection(self.host, timeout=30)
        token = base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()
        send = {"Authorization": "Basic " + token, **(headers or {})}
        c.request(method, self.prefix + path, body.encode() if body else None, send)
        r = c.getresponse()
        text = r.read().decode("utf-8", "replace")
        c.close()
        return r.status, text

    def names(self, path, user):
        status, text = self.request("PROPFIND", path, user, None, {"Depth": "1"})
        assert status == 207, f"PROPFIND {path}: {status}"
        return [h for h in re.findall(r"<[A-Za-z]*:?href>([^<]*\.ics)</", text)]


def unfold(text):
    return re.sub(r"\r?\n[ \t]", "", text)


# ---- one vector ----

class Play:
    def __init__(self, server, vector):
        self.s, self.v, self.a = server, vector, vector["appointment"]
        self.owner, self.n = owner_of(vector), 0
        self.uid, self.uids = None, []
        self.guests = [(g["addr"], g["partstat"]) for g in self.a.get("attendees", [])]
        self.answers = any(s["op"] in ("accept", "decline") and "attendee" not in s for s in vector["steps"])
        if self.answers:
            self.guests = [("client@example.org", "ACCEPTED")]
        self.zone = (vector["policy"][0] if isinstance(vector["policy"], list) else vector["policy"])["timezone"]
        self.tz, self.allday = self.a.get("tz"), self.a.get("allday", False)
        self.start, self.end = self.a["start"], self.a["end"]
        self.status, self.rule, self.note = self.a.get("status", ""), self.a.get("rrule"), ""
        self.other, self.extra, self.there = {}, [], True
        self.service, self.summary = self.a.get("service"), self.a["client"]

    def fresh_uid(self):
        self.n += 1
        self.uid = f"{self.owner}-{self.n}@example.org"
        self.uids.append(self.uid)

    def path(self, user):
        home = f"/calendars/{user}/" + ("work" if user == self.owner else f"{self.owner}~work")
        return f"{home}/{self.uid}.ics"

    def when(self, name, text):
        digits = re.sub(r"[-:]", "", text)
        if self.allday:
            return f"{name};VALUE=DATE:{digits[:8]}"
        if self.tz == "UTC":
            return f"{name}:{digits}Z"
        return f"{name};TZID={self.tz}:{digits}" if self.tz else f"{name}:{digits}"

    def vevent(self, start, end, status, more):
        lines = ["BEGIN:VEVENT", f"UID:{self.uid}", "DTSTAMP:20260101T000000Z", self.when("DTSTART", start),
                 self.when("DTEND", end), f"SUMMARY:{self.summary}"]
        lines += [f"DESCRIPTION:{self.note}"] if self.note else []
        lines += [f"STATUS:{status}"] if status else []
        lines += [f"ATTENDEE;PARTSTAT={p}:mailto:{a}" for a, p in self.guests]
        lines += [f"CATEGORIES:{self.service}"] if self.service else []
        lines += [f"{k}:{x}" for k, x in self.other.items()]
        return lines + more + ["END:VEVENT"]

    def text(self):
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN"]
        lines += self.vevent(self.start, self.end, self.status,
                             ([f"RRULE:{self.rule}"] if self.rule else []) + [x for x in self.extra if isinstance(x, str)])
        for x in self.extra:
            if isinstance(x, list):
                lines += x
        return "\r\n".join(lines + ["END:VCALENDAR", ""])

    def put(self, user):
        status, text = self.s.request("PUT", self.path(user), user, self.text(), {"Content-Type": "text/calendar"})
        assert status in (201, 204), f"PUT as {user}: {status} {text[:200]}"

    def delete(self, user):
        status, text = self.s.request("DELETE", self.path(user), user)
        assert status in (204, 404), f"DELETE as {user}: {status} {text[:200]}"

    def change(self, user, there=True):
        self.put(user) if there else self.delete(user)

    # -- steps --

    def shift(self, start, end, new):
        form = "%Y-%m-%d" if len(start) == 10 else "%Y-%m-%dT%H:%M:%S"
        length = datetime.datetime.strptime(end, form) - datetime.datetime.strptime(start, form)
        to = "%Y-%m-%d" if self.allday else "%Y-%m-%dT%H:%M:%S"
        return (datetime.datetime.fromisoformat(new) + length).strftime(to)

    def typed(self, step):
        out = []
        for tag in step.get("tags", []):
            word = "#" + {"latecancel": "late-cancel"}.get(tag, tag)
            if tag == "late" and "minutes" in step:
                word += f" {step['minutes']}"
            if tag in ("fee", "price"):
                word += f" {step['amount']}"
            out.append(word)
        return " ".join(out + ([step["attendee"]] if out and "attendee" in step else []))

    def answer(self, address, partstat):
        self.guests = [(a, partstat if address in (None, a) else p) for a, p in self.guests]

    def move(self, step):
        self.allday = step.get("allday", self.allday)
        self.tz = step.get("tz", self.tz)
        if "start" in step:
            self.end = self.shift(self.start, self.end, step["start"])
            self.start = step["start"]

    def until(self, moment):
        utc = re.sub(r"[-:]", "", moment)
        rule = ";".join(p for p in self.rule.split(";") if not p.startswith(("COUNT=", "UNTIL=")))
        self.rule = f"{rule};UNTIL={utc}"

    def split(self, step, user):
        at = step["split_at"]
        zone = zoneinfo.ZoneInfo(self.tz if self.tz and self.tz != "UTC" else "UTC" if self.tz else self.zone)
        instant = datetime.datetime.fromisoformat(at).replace(tzinfo=zone).astimezone(datetime.timezone.utc)
        rule = self.rule
        count = re.search(r"COUNT=(\d+)", rule)
        if count:
            step_days = {"DAILY": 1, "WEEKLY": 7}[re.search(r"FREQ=(\w+)", rule).group(1)]
            gone = (datetime.datetime.fromisoformat(at) - datetime.datetime.fromisoformat(self.start)).days // step_days
            rule = rule.replace(count.group(0), f"COUNT={int(count.group(1)) - gone}")
        self.until((instant - datetime.timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ"))
        self.put(user)
        self.fresh_uid()
        self.rule, self.end, self.start = rule, self.shift(self.start, self.end, at), at
        self.put(user)

    def fill(self, step):
        keep = self.uid, self.summary, self.start, self.end, self.status, self.rule, self.note, self.guests
        self.fresh_uid()
        self.summary, self.start, self.end = step["client"], step["start"], step["end"]
        self.status, self.rule, self.note, self.guests = "", None, "", []
        self.put(self.owner)
        self.uid, self.summary, self.start, self.end, self.status, self.rule, self.note, self.guests = keep

    def tag_gone(self, step):
        """Words about what is deleted stand in its entry in Fees."""
        for entry in [e for e in self.fees() if e["uid"] in self.uids]:
            status, text = self.s.request("GET", entry["href"], self.owner)
            text = text.replace("\r\nDESCRIPTION:", f"\r\nDESCRIPTION:{self.typed(step)}\\n", 1)
            status, _ = self.s.request("PUT", entry["href"], self.owner, text, {"Content-Type": "text/calendar"})
            assert status == 204, f"PUT into Fees: {status}"

    def play(self, step):
        self.s.set_clock(step["at"])
        op, who, attendee = step["op"], step["actor"], step.get("attendee")
        if op in ("decline", "accept") and who == "client" and attendee:
            who = "mailto:" + attendee
        user = {"owner": self.owner, "admin": "root"}.get(who) or (
            who[7:].split("@")[0] if who.startswith("mailto:") else who)
        if who == "admin":
            user = self.owner  # moving nobody's appointment is not for the wire
        if op == "tick":
            self.wait_for(step)
            return
        note = self.note
        if op == "tag" and not self.there:
            if who == "owner":
                self.tag_gone(step)
            return
        if step.get("tags"):
            self.note = "\\n".join(x for x in (note, self.typed(step)) if x)
        if op == "cancel":
            self.status = "CANCELLED"
        elif op == "uncancel":
            self.status = "CONFIRMED"
        elif op == "decline":
            self.answer(attendee, "DECLINED")
        elif op == "accept":
            self.answer(attendee, "ACCEPTED")
        elif op == "remove_attendee":
            self.guests = [g for g in self.guests if g[0] != attendee]
        elif op == "move":
            self.move(step)
            if self.answers and who == "owner":
                self.answer(None, "NEEDS-ACTION")
        elif op == "edit":
            self.edit(step.get("changes", {}))
        elif op == "until":
            self.until(step["until"])
        elif op == "exdate":
            self.extra += [self.when("EXDATE", d if "T" in d else d + self.start[10:]) for d in step["dates"]]
        elif op in ("instance_cancel", "move_instance"):
            at = step["recurrence_id"]
            start = step.get("start", at)
            self.extra.append(self.vevent(start, self.shift(self.start, self.end, start),
                                          "CANCELLED" if op == "instance_cancel" else "CONFIRMED",
                                          [self.when("RECURRENCE-ID", at)]))
        elif op == "recreate":
            self.fresh_uid()
            self.status, self.there = "", True
            self.move(step)
        if op == "split_same":
            self.split(step, user)
        elif op == "fill":
            self.fill(step)
        elif op == "delete":
            self.there = who.startswith("mailto:") and len(self.guests) > 1
            if self.there:
                self.answer(who[7:], "DECLINED")
            self.delete(user)
        else:
            self.change(user, self.there)
        if who == "owner":
            self.note = note

    def edit(self, changes):
        for name, value in changes.items():
            if name == "SUMMARY":
                self.summary = value
            elif name == "DESCRIPTION":
                self.note = value.replace("\n", "\\n")
            elif name == "STATUS":
                self.status = value
            elif name in ("DTEND", "end"):
                self.end = value
            elif value:
                self.other[name] = value
            else:
                self.other.pop(name, None)

    # -- what came of it --

    def fees(self):
        out = []
        for href in self.s.names(f"/calendars/{self.owner}/fees/", self.owner):
            status, text = self.s.request("GET", href, self.owner)
            if status == 200:
                out.append({"href": href, **self.read(text)})
        return out

    @staticmethod
    def read(text):
        text = unfold(text)

        def first(pattern):
            m = re.search(r"(?m)^" + pattern, text)
            return m.groups() if m else None
        fee = first(r"X-DEDIT-FEE;CURRENCY=(\w+);STATE=(\w+)[^:\r\n]*(?:\"[^\"]*\")?[^:\r\n]*:([\d.]+)")
        one = lambda name: first(name + r"[^:\r\n]*:([^\r\n]*)")
        minor = lambda m: int(m[0].replace(".", "")) if m else 0
        return {"uid": (one("RELATED-TO") or one("UID") or [""])[0], "class": (one("X-DEDIT-CLASS") or [""])[0].lower(),
                "state": fee[1] if fee else "", "fee": int(fee[2].replace(".", "")) if fee else 0,
                "deposit": minor(one("X-DEDIT-DEPOSIT")), "refund": minor(one("X-DEDIT-REFUND")),
                "credit": minor(one("X-DEDIT-CREDIT")), "held": minor(one("X-DEDIT-HELD"))}

    def event(self):
        status, text = self.s.request("GET", self.path(self.owner), self.owner)
        return self.read(text) if status == 200 else None

    def disagreement(self, step):
        want, fees, event = step["expect"], self.fees(), self.event()
        due = sum(f["fee"] - f["deposit"] for f in fees if f["state"] == "DUE")
        if max(0, due) != want["balance"]:
            return f"got balance {max(0, due)}, expected {want['balance']}"
        if event and "held" in want and event["held"] != want["held"]:
            return f"got held {event['held']}, expected {want['held']}"
        state = STATES.get(want["outcome"])
        if state and want["class"] != "refilled" and want["outcome"] != "waived":
            mine = [f for f in fees if f["class"] == want["class"] and f["state"] == state]
            if not mine:
                return f"no entry {want['class']} {state} in Fees, expected {json.dumps(want)}"
            if want["fee"] and want["fee"] not in [sum(f["fee"] for f in mine)] + [f["fee"] for f in mine]:
                return f"got {mine}, expected {json.dumps(want)}"
        return None

    def wait_for(self, step):
        until = time.monotonic() + WAKE_SECONDS
        while self.disagreement(step) and time.monotonic() < until:
            time.sleep(0.1)

    def run(self):
        self.s.set_clock(self.a["booked_at"])
        self.fresh_uid()
        if "deposit" in self.a:
            self.note = "#paid"
        self.put(self.owner)
        self.note = ""
        for n, step in enumerate(self.v["steps"], 1):
            self.play(step)
            if step["op"] == "fill":
                self.wait_for(step)  # entries of other events follow with the timer
            wrong = self.disagreement(step)
            if wrong:
                return f"step {n}: {wrong}"
        return None


def run(server, vectors):
    passed = failed = skipped = 0
    for v in vectors:
        if not plays(v) or any(s["actor"] == "admin" for s in v["steps"]):
            skipped += 1
            continue
        try:
            wrong = Play(server, v).run()
        except AssertionError as error:
            wrong = str(error)
        print(f"not ok {v['id']}: {wrong}" if wrong else f"ok {v['id']}", flush=True)
        failed += bool(wrong)
        passed += not wrong
    print(f"{skipped} skipped\n{passed} passed, {failed} failed")
    return failed


def others(vector):
    """Accounts that act on that vector's calendar."""
    named = {"client"} | {a["addr"].split("@")[0] for a in vector["appointment"].get("attendees", [])}
    return sorted(named & set(OTHERS))


def serve(vectors):
    """A server of our own, with an account for each vector's owner."""
    from dedit_wire import Server
    mine = [v for v in vectors if plays(v)]
    with Server(extra="\n".join(configuration(v) for v in mine), users=(), clock="2026-01-01T00:00:00Z") as s:
        for name in OTHERS:
            s.dedit("user", "add", name, "--email", f"{name}@example.org", input=PASSWORD + "\n")
        for v in mine:
            owner = owner_of(v)
            s.dedit("user", "add", owner, input=PASSWORD + "\n")
            s.dedit("calendar", "add", f"{owner}/work")
            for name in others(v):
                s.dedit("share", f"{owner}/work", name, "write")
        return run(Client(f"http://127.0.0.1:{s.port}", s.clock), vectors)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("files", nargs="+")
    p.add_argument("--url")
    p.add_argument("--clock")
    p.add_argument("--config", action="store_true")
    p.add_argument("--only", action="append")
    o = p.parse_args()
    vectors = [v for f in o.files for v in json.loads(pathlib.Path(f).read_text("utf-8"))
               if not o.only or v["id"] in o.only]
    if o.config:
        print("\n".join(configuration(v) for v in vectors if plays(v)))
        return 0
    return 1 if (run(Client(o.url, o.clock), vectors) if o.url else serve(vectors)) else 0


if __name__ == "__main__":
    sys.exit(main())
