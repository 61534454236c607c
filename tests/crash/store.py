#!/usr/bin/env python3
"""Kills a store and looks at what is left.

    store.py [--build DIR] [--kills N] [--seed S] [--keep]

tests/crash/crash_store, built with --enable-failpoints, is killed at every failpoint and at
random moments. After each kill the store is opened again and compared with
the model of what was acknowledged: all of that is there, of what was under way all or nothing,
sequence numbers only went forward, the ledger's chain is whole, files and index agree. Now and
then the index is made anew from the files, right behind a kill or after it was deleted, which must
change nothing.
"""

import base64
import hashlib
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

from report import Wrong, command_line, expect

FAILPOINTS = [
    "before-commit", "after-commit", "mirror-after-temp", "mirror-after-rename",
    "mirror-after-unlink", "mirror-after-move", "mirror-before-syncfs", "mirror-after-syncfs",
    "before-prune", "after-prune", "ledger-log-half-written", "after-checkpoint",
]
BETWEEN_RENAMES = "rebuild-before-rename"
REBUILD = ["replace-after-temp", "replace-after-rename", "rebuild-built", BETWEEN_RENAMES]
NO_INDEX = "there is no index.db; what was younger than mirror-delay is lost"
TIMEOUT = 60
MANY = 100  # kills in which every failpoint has its turn often enough to be met


def digest(data):
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()[:16]).rstrip(b"=").decode()


def file_name(name):
    """The rules of dedit-store(5), written a second time."""
    plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@-"
    text = "".join(c if c in plain and not (i == 0 and c == ".") else
                   "".join("=%02X" % b for b in c.encode()) for i, c in enumerate(name))
    return text if len(text) <= 250 else "=~" + digest(name.encode()) + ".ics"


class Model:
    """What was acknowledged, and what was under way when the program died."""

    def __init__(self):
        self.objects = {}     # name -> digest
        self.entries = set()  # texts
        self.props = {}
        self.dropped = set()
        self.closed = set()
        self.seq = 0          # highest acknowledged or seen
        self.pending = {}     # thread -> fields of its "try" line

    def read(self, lines):
        self.pending = {}
        floor, acknowledged = self.seq, 0
        for line in lines:
            word, *rest = line.split("\t")
            if word.startswith("try"):
                self.pending[rest[0]] = [word] + rest[1:]
            elif word == "ok":
                self.acknowledge(self.pending.pop(rest[0]), int(rest[1]), floor)
                acknowledged += 1
        return acknowledged

    def acknowledge(self, what, seq, floor):
        if what[0] == "try":
            self.change(what)
            expect(seq >= floor, "a sequence number went back")
            self.seq = max(self.seq, seq)
        elif what[0] == "tryprop":
            self.props[what[1]] = what[2]
        elif what[0] == "trydrop":
            self.dropped.add(what[1])
        elif what[0] == "tryclose":
            self.closed.add(what[1])

    def change(self, what):
        name, new, text = what[1:]
        if new == "-":
            self.objects.pop(name, None)
        else:
            self.objects[name] = new
        self.entries.add(text)

    def settle(self, found):
        """Of each thing under way: it happened, or it didn't."""
        for what in self.pending.values():
            if what[0] == "try" and what[3] in found.entries:
                self.change(what)
            elif what[0] == "tryprop" and found.props.get(what[1]) == what[2]:
                self.props[what[1]] = what[2]
            elif what[0] == "tryclose" and found.accounts.get(what[1]) == "1":
                self.closed.add(what[1])
            elif what[0] == "trydrop" and ("anna", what[1]) not in found.calendars:
                self.dropped.add(what[1])

    def compare(self, found, rebuilt):
        expect(not found.problems, "check: " + "; ".join(found.problems[:5]))
        self.settle(found)
        expect(found.entries == self.entries,
               "ledger: %d entries, expected %d" % (len(found.entries), len(self.entries)))
        for name in found.objects.keys() | self.objects.keys():
            expect(found.objects.get(name) == self.objects.get(name),
                   "%s: found %s, expected %s" % (name, found.objects.get(name), self.objects.get(name)))
        expect(found.props == self.props, "properties: %s, expected %s" % (found.props, self.props))
        for name in self.dropped:
            expect(("anna", name) not in found.calendars, name + " is back")
        for name in self.closed:
            expect(found.accounts.get(name) == "1", name + " is open again")
        expect(rebuilt or found.seq >= self.seq, "the calendar's number went back")
        # numbers begin at the clock's milliseconds again, which a fast load runs ahead of
        self.seq = found.seq if rebuilt else max(self.seq, found.seq)


class Found:
    """What a dump says."""

    def __init__(self, lines):
        self.objects, self.props, self.accounts = {}, {}, {}
        self.calendars, self.entries, self.problems = set(), set(), []
        self.seq = 0
        last = 0
        for line in lines:
            word, *rest = line.split("\t")
            if word == "object":
                self.objects[rest[0]] = rest[1]
            elif word == "prop":
                self.props[rest[0]] = rest[1]
            elif word == "account":
                self.accounts[rest[0]] = rest[1]
            elif word == "calendar":
                self.calendars.add((rest[0], rest[1]))
                if rest[:2] == ["anna", "w"]:
                    self.seq = int(rest[2])
            elif word == "entry":
                expect(int(rest[0]) == last + 1, "ledger: entry %s follows %d" % (rest[0], last))
                last = int(rest[0])
                expect(rest[1] not in self.entries, "ledger: an entry stands there twice")
                self.entries.add(rest[1])
            elif word == "problem":
                self.problems.append(rest[0])


class Folder:
    """One data folder through many deaths."""

    def __init__(self, program, path):
        self.program, self.path, self.model = program, path, Model()

    def run(self, *args, failpoint=None):
        env = dict(os.environ, DEDIT_FAILPOINT=failpoint or "")
        done = subprocess.run([self.program, str(self.path), *args], stdout=subprocess.PIPE, env=env,
                              stderr=subprocess.PIPE, timeout=TIMEOUT, check=False)
        return done.returncode, done.stdout.decode().split("\n")[:-1], done.stderr.decode()

    @staticmethod
    def whole(file):
        file.seek(0)
        return file.read().decode()

    def load(self, seed, failpoint, delay):
        """True if it was killed; else the load was done before its time came."""
        env = dict(os.environ, DEDIT_FAILPOINT=failpoint or "")
        with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as errors:
            victim = subprocess.Popen([self.program, str(self.path), "load", str(seed)], env=env,
                                      stdout=said, stderr=errors)
            if failpoint is None:
                deadline = time.monotonic() + TIMEOUT
                while os.fstat(said.fileno()).st_size == 0 and time.monotonic() < deadline:
                    time.sleep(0.001)
                time.sleep(delay)
                victim.kill()
            victim.wait(timeout=TIMEOUT)
            output, errors = self.whole(said), self.whole(errors)
        expect(victim.returncode in (0, -9), "status %d: %s" % (victim.returncode, errors))
        # a line without its end was cut by the kill; it stands for something under way at most
        self.model.read(output.split("\n")[:-1])
        return victim.returncode == -9

    def dump(self):
        status, lines, said = self.run("dump")
        expect(status == 0 and lines[-1:] == ["end"], "dump: status %d: %s" % (status, said))
        return Found(lines)

    def check_files(self):
        """Plain files, read without the program."""
        folder = self.path / "cal/anna/w"
        there = {f.name: f.read_bytes() for f in folder.glob("[!.]*")} if folder.exists() else {}
        expected = {file_name(name): d for name, d in self.model.objects.items()}
        expect({name: digest(data) for name, data in there.items()} == expected,
               "files differ from what was acknowledged")
        for name in self.model.dropped:
            expect(not (self.path / "cal/anna" / name).exists(), "the folder %s is still there" % name)
        for name in self.model.closed:
            expect((self.path / "removed" / name / "w/kept.ics").exists(), "%s lost its files" % name)
            expect(not (self.path / "cal" / name).exists(), "the folder of %s is still there" % name)
        expect(not list((self.path / "tmp").iterdir()), "something is left in tmp")

    def rebuild(self, rng, fresh=False):
        """fresh: right behind a kill, when the old index alone has what was acknowledged last."""
        deleted = not fresh and rng.random() < 0.5
        if deleted:
            for suffix in ("", "-wal", "-shm"):
                pathlib.Path(str(self.path / "index.db") + suffix).unlink(missing_ok=True)
        point = rng.choice(REBUILD) if rng.random() < 0.7 else None
        if point:
            status, _, _ = self.run("rebuild", failpoint=point)
            expect(status == -9, "rebuild was not killed")
        status, lines, said = self.run("rebuild")
        expect(status == 0, "rebuild: " + said)
        no_index = deleted or point == BETWEEN_RENAMES
        left = [line for line in lines if line.startswith("problem") and not (no_index and NO_INDEX in line)]
        expect(not left, "rebuild: " + "; ".join(left))
        # what a client saw before the rebuild is of another epoch
        self.model.compare(self.dump(), True)
        return point is not None

    def kill_once(self, seed, failpoint, rng, story):
        killed = self.load(seed, failpoint, rng.uniform(0.005, 0.25))
        if rng.random() < 0.2:
            story.append("rebuild at once")
            self.rebuild(rng, fresh=True)
        elif rng.random() < 0.3:
            # die again while recovering
            self.run("dump", failpoint=rng.choice(FAILPOINTS[2:]))
        self.model.compare(self.dump(), False)
        self.check_files()
        return killed


def run(build, kills, seed, report, keep=False):
    rng = random.Random(seed)
    top = pathlib.Path(tempfile.mkdtemp(prefix="dedit-crash-"))
    failed, folder, met = report.failed, None, set()
    for i in range(kills):
        if folder is None or i % 12 == 0:
            if folder is not None:
                shutil.rmtree(folder.path)
            folder = Folder(build / "tests/crash/crash_store", top / str(i))
        point = FAILPOINTS[i // 2 % len(FAILPOINTS)] if i % 2 == 0 else None
        count = 1 if rng.random() < 0.3 else rng.randint(1, 12)
        at = point and "%s:%d" % (point, count)
        story = ["kill %d at %s in %s" % (i + 1, at or "a random moment", folder.path)]
        before = report.failed
        with report.case(story):
            killed = folder.kill_once(seed * 10000 + i + 1, at, rng, story)
            report.counts["kills of a store"] += killed
            if killed and point:
                met.add(point)
            if i % 6 == 5:
                story.append("rebuild")
                report.counts["kills of a store"] += folder.rebuild(rng)
        if report.failed > before:
            folder = None
    if kills >= MANY:
        report.all_met(FAILPOINTS, met)
    if not keep and report.failed == failed:
        shutil.rmtree(top)


if __name__ == "__main__":
    sys.exit(command_line(__doc__, run, kills=60))
