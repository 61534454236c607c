#!/usr/bin/env python3
"""Kills a server under load and looks at what is left.

    server.py [--build DIR] [--kills N] [--seed S] [--keep]

Eight writers, a program that follows by sync-collection and an administrator work on a deditd with a policy, which is killed
at every failpoint and at random moments. After each restart it must hold what was acknowledged (load.py). The texts that a
start writes (key, epoch, policies) are tried one by one on new folders. Built with --enable-failpoints.
"""

import random
import shutil
import signal
import sys
import time

import load
from report import command_line, expect

FAILPOINTS = [
    "decided", "before-commit", "after-commit", "after-checkpoint", "mirror-after-temp", "mirror-after-rename",
    "mirror-after-unlink", "mirror-before-syncfs", "mirror-after-syncfs", "before-prune", "after-prune",
    "ledger-log-half-written",
]
RECOVERY = ["after-commit", "mirror-after-rename", "mirror-before-syncfs", "before-prune", "after-prune"]
IDLE = "after-checkpoint:1"  # happens when nobody writes
STARTS = ["replace-after-temp", "replace-after-rename"]
LIVES, LOAD_SECONDS = 15, 4  # of a folder; until a failpoint is given up
MANY = 100  # kills in which every failpoint has its turn often enough to be met


def is_killed(victim):
    return victim.process.returncode == -signal.SIGKILL


def after_death(victim):
    expect(is_killed(victim), "deditd ended with %s: %s" % (victim.process.returncode, victim.log()[-2000:]))
    expect("Sanitizer" not in victim.log(), "sanitizer report: " + victim.log()[-4000:])


def one_life(world, seed, point, rng, report, story, met):
    """Started, loaded, killed, perhaps killed again in its recovery, started again, looked at."""
    s, killed_here = world.server, point is not None
    if s.begin(DEDIT_FAILPOINT=point or ""):
        world.load(seed)
        if point == IDLE:
            time.sleep(0.3)
            world.stop.set()
        if point is None:
            time.sleep(rng.uniform(0.1, 1.2))
        elif s.wait_dead(LOAD_SECONDS) is None:
            story.append("which was not met")
            killed_here = False
        if s.process.poll() is None:
            s.process.kill()
            s.process.wait()
        world.finish()
    after_death(s)
    report.counts["kills of a server"] += 1
    if killed_here:
        met.add(point.split(":")[0])
    if rng.random() < 0.25:
        again = rng.choice(RECOVERY)
        story.append("then at its recovery, " + again)
        if not s.begin(DEDIT_FAILPOINT=again):
            after_death(s)
            report.counts["kills of a server"] += 1
        else:
            expect(s.kill() == -signal.SIGKILL, "not killed")
    expect(s.begin(), "it doesn't start again: " + s.log()[-2000:])
    world.look()
    expect(s.stop() == 0, "deditd ended with %s" % s.last_exit)


def new_world():
    world = load.World(load.Victim())
    s = world.server
    s.write_config()
    s.add_user("anna")
    expect(s.begin(), s.log())
    world.found_calendars()
    expect(s.stop() == 0, "deditd ended with %s" % s.last_exit)
    return world


def lives(kills, seed, report, keep):
    rng, world, met = random.Random(seed), None, set()
    began = report.counts["kills of a server"]
    number = 0
    while report.counts["kills of a server"] - began < kills:
        if world is None or number % LIVES == 0:
            if world is not None:
                shutil.rmtree(world.server.folder)
            world = new_world()
        point = FAILPOINTS[number // 2 % len(FAILPOINTS)] if number % 2 == 0 else None
        if point is not None:
            most = 1 if IDLE.startswith(point) else 40 if point in ("decided", "mirror-after-rename") else 12
            point = "%s:%d" % (point, rng.randint(min(2, most), most))
        number += 1
        story = ["kill %d at %s in %s" % (number, point or "a random moment", world.server.folder)]
        failed = report.failed
        with report.case(story):
            one_life(world, seed * 10000 + number, point, rng, report, story, met)
        if report.failed > failed:
            if world.server.process is not None and world.server.process.poll() is None:
                world.server.kill()
            world = None  # its folder stays, to be looked at
    if kills >= MANY:
        report.all_met(FAILPOINTS, met)
    if world is not None and not keep:
        shutil.rmtree(world.server.folder)


def starts(report):
    """A new folder's first start, killed at each text it writes; a second start must do."""
    for point in STARTS:
        for n in range(1, 10):
            s = load.Victim()
            with report.case("start killed at %s:%d" % (point, n)):
                s.write_config()
                if s.begin(DEDIT_FAILPOINT="%s:%d" % (point, n)):
                    s.kill()
                    shutil.rmtree(s.folder)
                    expect(n > 1, "never met")
                    break
                after_death(s)
                report.counts["kills of a server"] += 1
                expect(s.begin(), "it doesn't start again: " + s.log())
                s.add_user("anna")
                expect(s.dedit("check", "--deep", check=False).returncode == 0, "check")
                expect(s.request("PROPFIND", "/calendars/anna/", None, {"Depth": "0"}).status == 207, "PROPFIND")
                expect(s.stop() == 0, "deditd ended with %s" % s.last_exit)
                shutil.rmtree(s.folder)


def run(build, kills, seed, report, keep=False):
    load.use_build(build)
    starts(report)
    lives(kills, seed, report, keep)


if __name__ == "__main__":
    sys.exit(command_line(__doc__, run, kills=20))
