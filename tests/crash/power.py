#!/usr/bin/env python3
"""Power loss: what a disk may show of a store after it, at many moments of a load.

    power.py [--build DIR] [--long] [--seed S] [--keep]

A store is loaded, killed, opened again, rebuilt, loaded again, while fault_shim.c writes down every change of a file, every
sync, and, in the same order, what was acknowledged. Then the folder is rebuilt as it may be found after a power loss: at
every kind of moment, with all that was synced and any part of the rest (disk.py). The store is opened on each, and must hold
what was acknowledged by then, as after a kill. Built without sanitizers, since the shim stands before libc.
"""

import copy
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

import load
from disk import Disk
from report import Wrong, command_line, expect
from shim import SAID, SYNCED, TRACE_CHANGES, Shim
from store import Folder, Found

TIMEOUT = 120
# what is run on the same folder, one after the other; a number: killed after about so many seconds
PHASES = [("load", 0.4), ("dump", None), ("load", 0.7), ("dump", 0.05), ("dump", None), ("rebuild", None), ("dump", None),
          ("load", 0.5), ("rebuild", 0.05), ("rebuild", None), ("dump", None), ("load", None)]
LONG, SHORT = 240, 30


def record(build, work, seed, rng):
    """Runs the phases; the shim with its trace."""
    disk = work / "disk"
    disk.mkdir()
    shim = Shim(build, disk, work)
    shim["trace"] = TRACE_CHANGES
    env = dict(os.environ, **shim.environment())
    for n, (what, seconds) in enumerate(PHASES):
        shim.say("phase\t%s\n" % what)
        command = [build / "tests/crash/crash_store", disk / "data", what] + ([str(seed * 100 + n)] if what == "load" else [])
        with open(work / "said", "wb") as said:
            program = subprocess.Popen(command, stdout=said, stderr=subprocess.PIPE, env=env)
            if seconds is not None:
                time.sleep(seconds * rng.uniform(0.5, 1.5))
                shim.kill(program)
            errors = program.communicate(timeout=TIMEOUT)[1].decode()
        # a rebuild that was killed between its renames has left no index
        expect(program.returncode in (0, -9), "%s: status %d: %s" % (what, program.returncode, errors))
        shim.say("phase-end\t%d\n" % program.returncode)
    return shim


class Told:
    """What clients know at a moment of the trace."""

    def __init__(self, model):
        self.model, self.phase, self.lines, self.rebuilt = model, None, [], False

    def say(self, text):
        for line in text.split("\n")[:-1]:
            word, _, rest = line.partition("\t")
            if word == "phase":
                self.phase, self.lines = rest, []
                self.rebuilt = self.rebuilt or rest == "rebuild"
            elif word == "phase-end":
                self.end()
            else:
                self.lines.append(line)

    def end(self):
        """What a load had under way when it was killed is known once the store was read again."""
        if self.phase == "load":
            self.model.read(self.lines)
        elif self.phase == "dump" and self.lines[-1:] == ["end"]:
            self.model.compare(Found(self.lines), self.rebuilt)
            self.model.pending, self.rebuilt = {}, False
        self.phase, self.lines = None, []

    def now(self):
        model = copy.deepcopy(self.model)
        if self.phase == "load":
            model.read(self.lines)
        return model


def moments(records, wanted, rng):
    """Indices: when a phase has ended, when its first change was acknowledged; right behind a sync, right before it
    counts, and any."""
    said = [(i, r.data) for i, r in enumerate(records) if r.kind == SAID]
    chosen = {i for i, text in said if text.startswith(b"phase-end")}
    begins = [i for i, text in said if text == b"phase\tload\n"]
    chosen |= {next((i + 1 for i, text in said if i > begin and text.startswith(b"ok")), begin) for begin in begins}
    syncs = [i for i, r in enumerate(records) if r.kind == SYNCED]
    third = (wanted - len(chosen)) // 3
    chosen |= set(rng.sample(syncs, third)) | {i + 1 for i in rng.sample(syncs, third)}
    while len(chosen) < wanted:
        chosen.add(rng.randrange(len(records)))
    return sorted(chosen)


def look(program, path, told):
    """Opens what the power loss has left."""
    folder = Folder(program, path / "data")
    folder.model = told.now()
    rebuilt = told.rebuilt
    status, lines, said = folder.run("dump")
    if status != 0 and "dedit rebuild" in said and rebuilt:
        status, lines, said = folder.run("rebuild")
        expect(status == 0, "rebuild: " + said)
        status, lines, said = folder.run("dump")
    expect(status == 0 and lines[-1:] == ["end"], "dump: status %d: %s" % (status, said))
    folder.model.compare(Found(lines), rebuilt)
    folder.check_files()


def store_states(build, wanted, seed, report, keep):
    rng, failed = random.Random(seed), report.failed
    work = pathlib.Path(tempfile.mkdtemp(prefix="dedit-power-"))
    program = build / "tests/crash/crash_store"
    shim = record(build, work, seed, rng)
    records = list(shim.records())
    disk, told = Disk(work / "disk"), Told(Folder(program, work).model)
    points = moments(records, wanted, rng)
    for i, r in enumerate(records):
        while points and points[0] == i:
            points.pop(0)
            path = work / ("lost-%d" % i)
            path.mkdir()
            told_now = r.kind == SAID or records[i - 1].kind == SAID
            style = disk.after_power_loss(rng, path, "nothing" if told_now and rng.random() < 0.5 else None)
            shutil.copytree(path, work / ("found-%d" % i))
            report.counts["power-loss states"] += 1
            with report.case("power loss at %d of %d (%s, %s kept) in %s" % (i, len(records), told.phase, style, path)):
                look(program, path, told)
                shutil.rmtree(path)
                shutil.rmtree(work / ("found-%d" % i))
        if r.kind == SAID:
            told.say(r.data.decode())
        else:
            disk.apply(r)
    if not keep and report.failed == failed:
        shutil.rmtree(work)


def policy_states(build, seed, report):
    """The first policy comes with a reload: before bookings name its text, that is durable."""
    load.use_build(build)
    s = load.Victim()
    disk_folder, rng = s.folder / "disk", random.Random(seed)
    disk_folder.mkdir()
    s.data = disk_folder / "data"
    shim = Shim(build, disk_folder, s.folder)
    shim["trace"] = TRACE_CHANGES
    for extra in ("", load.CONFIG):
        s.write_config(extra=extra)
        s.conf.write_text(s.conf.read_text().replace('data = "data"', 'data = "disk/data"'))
        if extra:
            expect("not reloaded" not in s.reload(), s.log())
            shim.kill(s.process)
        else:
            expect(s.begin(**shim.environment()), s.log())
    disk = Disk(disk_folder)
    for r in shim.records():
        disk.apply(r)
    with report.case("power loss after a reload with a first policy"):
        report.counts["power-loss states"] += 1
        left = s.folder / "left"
        left.mkdir()
        disk.after_power_loss(rng, left, "nothing")
        texts = {f.name: f.read_bytes() for f in (s.data / "policies").glob("[!.]*")}
        expect(texts and {f.name: f.read_bytes() for f in (left / "data/policies").glob("[!.]*")} == texts,
               "the policy's text is not on disk")
    shutil.rmtree(s.folder)


def run(build, long, seed, report, keep=False):
    try:
        policy_states(build, seed, report)
        store_states(build, LONG if long else SHORT, seed, report, keep)
    except Wrong as wrong:
        report.failed += 1
        print("FAILED: power loss: %s" % wrong)


if __name__ == "__main__":
    sys.exit(command_line(__doc__, run, long=True))
