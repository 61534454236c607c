#!/usr/bin/env python3
"""Faults of the disk below a server that works: full, broken, out of descriptors.

    faults.py [--build DIR] [--long] [--seed S] [--keep] [--only TEXT]

A first run counts which calls the server makes on which files, at its start and under load. Then, for each of these, the call
fails (fault_shim.c) while eight writers work: once, and for as long as half a second. What must hold: a change that failed is
answered 507 or 503 and isn't there, what was acknowledged is, reads go on while the disk is full, the log says what is wrong;
the server goes on when the fault is over, or ends where nobody can know what the disk has, and starts again. Built without
sanitizers, since the shim stands before libc.
"""

import collections
import errno
import os
import random
import re
import shutil
import signal
import sys
import time

import load
from report import command_line, expect
from shim import CALLS, SAID, TRACE_CALLS, Shim

Fault = collections.namedtuple("Fault", "when calls pattern error times")
SHORT_WRITE = 0
ERRORS = {
    "open": [errno.EMFILE], "create": [errno.ENOSPC, errno.EMFILE], "read": [errno.EIO],
    "write": [errno.ENOSPC, errno.EIO, SHORT_WRITE], "truncate": [errno.ENOSPC, errno.EIO], "sync": [errno.EIO],
    "syncfs": [errno.EIO, errno.ENOSPC], "mkdir": [errno.ENOSPC], "rename": [errno.ENOSPC, errno.EIO],
    "remove": [errno.EIO],
}
FULL = ("create", "write", "truncate", "mkdir", "rename")  # what a full disk refuses
# what is told of a fault: its own words or SQLite's
WORDS = {
    errno.ENOSPC: "No space left|is full|no space|unable to open", errno.EIO: "Input/output error|disk I/O error",
    errno.EMFILE: "Too many open files|unable to open|readonly database",
}
CLASSES = [  # the first that fits; a pattern of fnmatch
    (r"cal/.*\.ics$", "cal/*.ics"), (r".*/\.props\.d/.*", "*/.props.d/*"), (r".*\.props$", "*.props"),
    (r"ledger/.*\.log$", "ledger/*.log"), (r"ledger/.*/heads$", "ledger/*/heads"), (r"accounts/.+", "accounts/*"),
    (r"policies/\..*", "policies/.new-*"), (r"policies/.+", "policies/*"), (r"tmp/.+", "tmp/*"), (r"\.new-.*", ".new-*"),
    (r"cal/.*", "cal/*"), (r"ledger/.*", "ledger/*"),
]
WORLD_FAULTS = 25  # before a new folder
SHORT = [
    Fault("load", FULL, "*", errno.ENOSPC, 0), Fault("load", ("write",), "index.db-wal", errno.ENOSPC, 1),
    Fault("first", ("write",), "index.db-shm", errno.ENOSPC, 0), Fault("load", ("sync",), "index.db-wal", errno.EIO, 1),
    Fault("load", ("syncfs",), "", errno.EIO, 1), Fault("load", ("write",), "*", SHORT_WRITE, 0),
    Fault("load", ("read",), "cal/*.ics", errno.EIO, 0), Fault("load", ("open", "create"), "*", errno.EMFILE, 0),
    Fault("first", ("sync",), "policies", errno.EIO, 1), Fault("start", FULL, "*", errno.ENOSPC, 0),
]


def class_of(path):
    return next((pattern for expression, pattern in CLASSES if re.match(expression, path)), path)


def name_of(fault):
    error = errno.errorcode[fault.error] if fault.error else "short write"
    return "%s: %s of %s, %s, %s" % (fault.when, "/".join(fault.calls), fault.pattern or "the folder", error,
                                     "once" if fault.times == 1 else "for a while")


class Stage:
    """A world whose server runs with the shim."""

    def __init__(self, build):
        self.build, self.world = build, load.World(load.Victim())
        s = self.world.server
        s.write_config()
        s.data.mkdir(0o700)
        self.shim = Shim(build, s.data, s.folder)
        self.seed, self.filled = 0, False

    def start(self):
        """False if it ended before it was ready."""
        return self.world.server.begin(**self.shim.environment())

    def fill(self):
        """What the load needs to be there."""
        if not self.filled:
            self.world.server.add_user("anna")
            self.world.found_calendars()
            self.filled = True

    def stop(self):
        expect(self.world.server.stop() == 0, "deditd ended with %s" % self.world.server.last_exit)

    def load(self, seed, seconds):
        self.world.load(seed)
        time.sleep(seconds)


def count_calls(build, seed):
    """Which calls, on what: (when, call, pattern)."""
    stage, found = Stage(build), collections.Counter()
    stage.shim["trace"] = TRACE_CALLS
    stage.shim.say("first")
    expect(stage.start(), stage.world.server.log())
    stage.shim.say("load")
    stage.fill()
    stage.load(seed, 2.5)
    stage.world.finish()
    stage.world.server.dedit("ledger", "head")
    time.sleep(1.5)  # idle work
    stage.stop()
    stage.shim.say("start")
    expect(stage.start(), stage.world.server.log())
    stage.world.server.kill()
    expect(stage.start(), stage.world.server.log())
    stage.shim["trace"] = 0
    stage.stop()
    for r in stage.shim.records():
        if r.kind == SAID:
            when = r.data.decode()
        else:
            found[when, CALLS[r.detail], class_of(r.name)] += 1
    shutil.rmtree(stage.world.server.folder)
    return found


def all_faults(found):
    for when, call, pattern in sorted(found):
        for error in ERRORS[call]:
            yield Fault(when, (call,), pattern, error, 1)
            if call != "open":
                yield Fault(when, (call,), pattern, error, 0)
    for when in ("first", "start", "load"):
        yield Fault(when, FULL, "*", errno.ENOSPC, 0)
        yield Fault(when, ("open", "create"), "*", errno.EMFILE, 0)


def ended_as_designed(s, since):
    """By itself, since the device failed under the index; and it said so."""
    said = s.log()[since:]
    expect(s.process.returncode == -signal.SIGABRT and "the device failed under the index" in said,
           "deditd ended with %s: %s" % (s.process.returncode, said[-1500:]))


def says_why(fault, log):
    expect(not fault.error or re.search(WORDS[fault.error], log), "the log doesn't say what is wrong: " + log[-1500:])


def passes_in_silence(fault):
    """Of what is gone or shorter later nobody needs to hear, nor of what a second try got."""
    return set(fault.calls) & {"remove", "truncate"} or (fault.error == errno.EMFILE and fault.times)


def may_refuse(fault):
    """503 and 507; 500, and 404 for an event, where something can't be read."""
    return {503, 507} | ({404, 500} if "read" in fault.calls else set())


def at_load(stage, fault, rng, story):
    world, s, shim = stage.world, stage.world.server, stage.shim
    since = len(s.log())
    stage.load(stage.seed, 0.15)
    answers = world.follower.answers
    shim.arm(fault.calls, fault.pattern, fault.error, rng.randint(1, 6) if fault.times else 1, fault.times)
    s.wait_dead(0.6)
    read = world.follower.answers > answers
    failed = shim["failed"]
    shim.disarm()
    if s.process.poll() is None:
        time.sleep(0.2)
    world.finish(may_refuse(fault))
    log = s.log()[since:]
    if failed == 0:
        story.append("never met")
    elif s.process.poll() is not None:
        ended_as_designed(s, since)
        story.append("ended")
        expect(stage.start(), "it doesn't start again: " + s.log()[-1500:])
    else:
        expect(read or fault.error != errno.ENOSPC, "no reads while the disk was full")
        if not passes_in_silence(fault):
            says_why(fault, log + world.told)
    world.look()
    return failed > 0


def at_start(stage, fault, rng, story):
    """After a stop or a kill. It starts in spite of it, or says why it doesn't; without the fault it starts."""
    s, shim = stage.world.server, stage.shim
    if s.process is not None and rng.random() < 0.5:
        story.append("after a kill")
        s.kill()
    elif s.process is not None:
        stage.stop()
    since = len(s.log())
    shim.arm(fault.calls, fault.pattern, fault.error, 1, fault.times)
    up = stage.start()
    failed = shim["failed"]
    shim.disarm()
    if failed == 0:
        story.append("never met")
    if not up:
        story.append("not started")
        if s.process.returncode == -signal.SIGABRT:
            ended_as_designed(s, since)
        else:
            expect(s.process.returncode > 0, "deditd ended with %s: %s" % (s.process.returncode, s.log()[since:]))
        says_why(fault, s.log()[since:])
        expect(stage.start(), "it doesn't start again: " + s.log()[-1500:])
    stage.fill()
    stage.load(stage.seed, 0.1)
    stage.world.finish()
    stage.world.look()
    return failed > 0


def hand_edit(build, report):
    """An edited file that can't be made durable isn't taken in before it can."""
    stage = Stage(build)
    s, shim = stage.world.server, stage.shim
    path, file = "/calendars/anna/plain/x.ics", s.data / "cal/anna/plain/x.ics"
    etag = lambda: s.request("PROPFIND", path, None, {"Depth": "0"}).responses()[path]["{DAV:}getetag"].text
    with report.case("hand edit that can't be synced, in %s" % s.folder):
        expect(stage.start(), s.log())
        stage.fill()
        s.put(path, load.event("x"))
        s.dedit("flush")
        before = etag()
        shim.arm(("sync",), "cal/*", errno.EIO, 1, 0)
        file.with_name(".new").write_bytes(load.event("x", summary="Edited").encode())
        os.replace(file.with_name(".new"), file)
        s.dedit("rescan", "anna/plain")
        expect(etag() == before and shim["failed"] > 0, "taken in, though nobody knows whether the disk has it")
        says_why(Fault("load", ("sync",), "cal/*", errno.EIO, 0), s.log())
        report.counts["faults of the disk"] += 1
        shim.disarm()
        s.dedit("rescan", "anna/plain")
        expect(b"Edited" in s.request("GET", path).body, "not taken in afterwards")
        stage.stop()
        shutil.rmtree(s.folder)


def run(build, long, seed, report, keep=False, only=""):
    load.use_build(build)
    if only in "hand edit":
        hand_edit(build, report)
    rng, stage = random.Random(seed), None
    faults = [f for f in (all_faults(count_calls(build, seed)) if long else SHORT) if only in name_of(f)]
    for n, fault in enumerate(faults):
        failed, story = report.failed, [name_of(fault)]
        with report.case(story):
            if stage is None or fault.when == "first" or n % WORLD_FAULTS == 0:
                if stage is not None:
                    stage.stop()
                    shutil.rmtree(stage.world.server.folder)
                stage = Stage(build)
            if fault.when != "first" and not stage.filled:
                expect(stage.start(), stage.world.server.log())
                stage.fill()
            story.append("in %s" % stage.world.server.folder)
            stage.seed = seed * 10000 + n + 1
            met = at_load(stage, fault, rng, story) if fault.when == "load" else at_start(stage, fault, rng, story)
            report.counts["faults of the disk"] += met
            expect(met or long, "never met")
        if report.failed > failed and stage is not None:
            if stage.world.server.process is not None and stage.world.server.process.poll() is None:
                stage.shim.disarm()
                stage.world.stop.set()
                stage.world.server.kill()
            stage = None
        if only or "never met" in story:
            print("note: " + ", ".join(story), flush=True)
    if stage is not None:
        stage.stop()
        if not keep:
            shutil.rmtree(stage.world.server.folder)


if __name__ == "__main__":
    sys.exit(command_line(__doc__, run, long=True, only=True))
