#!/usr/bin/env python3
"""Measures dédit and its peers over HTTP, and what bounds them, and writes one table.

    run.py [--sizes 1000,10000,100000] [--seconds 5] [--peers Radicale,Xandikos,Cyrus] [--accounts 10000] [--out FILE]
    run.py --check

tools/bench installs what it needs. Each work is asked of each server the same way (bench/load.c), with 1, 8 and 64
connections where more than one makes sense; the answers are checked. --check: everything in little, on dédit alone;
tells only whether it could be measured.
"""

import argparse
import datetime
import os
import pathlib
import platform
import signal
import sys
import tempfile
import time
import types

import limits
import servers
import targets
import works

PEER_SIZES = 10_000  # the largest calendar that a peer is filled with: they take minutes
EVENTS_EACH = 100  # of each of the many accounts
ACTIVE = 1000  # of the accounts, each with a connection
LOGINS = 8  # connections for the first login of each, and for one account
DELETED_EACH = 10


class Run:
    """What was measured: what bench/targets.py reads."""

    def __init__(self, sizes, seconds):
        self.sizes, self.seconds = sizes, seconds
        self.found = {}  # (server, events): {(work, connections): load's line}
        self.syncs = None  # for each PUT
        self.many = None  # see measure_many
        self.left_out = {}  # server: why


def measure_servers(run, folder, events, classes):
    """Each with a calendar of so many events, dédit first, and in the same minutes what bounds it."""
    files = None
    for cls in classes:
        with works.noting(f"{cls.name}, {events:,} events"), cls(folder) as server:
            filled = works.fill(server, events, files)
            if cls is servers.Dedit:
                files = server.files()
            if filled is not None:
                asked = works.WORKS if issubclass(cls, servers.Dedit) else works.between_servers()
                run.found[cls.name, events] = filled | works.measure(server, events, run.seconds, asked)
        if cls is servers.Dedit:
            measure_limits(run, folder, events)


def measure_limits(run, folder, events):
    with works.noting(f"limits, {events:,} events"):
        own = run.found.get((servers.Dedit.name, events), {})
        run.found[limits.NAME, events] = limits.measure(folder, own, run.seconds)


def measure_syncs(run, folder):
    with works.noting("syncs"), servers.DeditTraced(folder) as server:
        began = time.time()
        line = works.load(server, "put", 1, run.seconds, 1)
        ended = time.time()
        server.stop()
        if line:
            run.syncs = server.syncs(began, ended) / line["requests"]


def measure_many(run, folder, people):
    """All works on one account, then on many with many connections; and the start with all their events."""
    few = {work: (LOGINS,) for work in works.between_servers()}
    with works.noting(f"{people:,} accounts"), servers.Dedit(folder) as one:
        works.fill(one, EVENTS_EACH)
        began = time.monotonic()
        with servers.DeditMany(folder, one, people, min(ACTIVE, people)) as all_:
            run.many = types.SimpleNamespace(people=people, active=all_.accounts, events=people * EVENTS_EACH, all={},
                                             made_seconds=time.monotonic() - began, start_seconds=all_.start_seconds)
            run.many.one = {work: line for (work, _), line in works.measure(one, EVENTS_EACH, run.seconds, few).items()}
            works.load(all_, "login", LOGINS, 0, EVENTS_EACH, count=all_.accounts)
            for work in few:
                first, count = (0, DELETED_EACH * all_.accounts) if work == "delete" else (EVENTS_EACH, None)
                line = works.load(all_, work, all_.accounts, run.seconds, EVENTS_EACH, first, count)
                if line:
                    run.many.all[work] = line


# ---- the tables ----


def number(rate):
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.1f}"


def size_table(run, events):
    """One line for each work and number of connections, one column for each server."""
    names = sorted((name for name, n in run.found if n == events), key=lambda name: name == limits.NAME)
    found = {name: run.found[name, events] for name in names}
    known = [("fill", works.FILLERS)] + [(w, n) for w, c in works.WORKS.items() for n in c]
    keys = known + [key for key in found.get(limits.NAME, ()) if key not in known]
    lines = [f"## {events:,} events", "", "| work | connections | " + " | ".join(names)
             + " | dédit: median, p99 (ms) | CPU (ms) | memory (MiB) |", "|---|--:|" + "--:|" * (len(names) + 3)]
    for key in (key for key in keys if any(key in found[name] for name in names)):
        cells = [number(found[name][key]["rate"]) if key in found[name] else "–" for name in names]
        own = found.get(servers.Dedit.name, {}).get(key)
        cells += [f"{own['median']:.2f}, {own['p99']:.2f}", f"{own['cpu']:.3f}", f"{own['memory']:.0f}"] if own else ["–"] * 3
        lines.append(f"| {key[0]} | {key[1]} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def growth_table(run):
    """Median of dédit at the largest size as a multiple of that at the smallest."""
    least, most = min(run.sizes), max(run.sizes)
    small, large = (run.found.get((servers.Dedit.name, events), {}) for events in (least, most))
    return [f"## Growth: median at {most:,} events over that at {least:,}", "", "| work | connections | items | times |",
            "|---|--:|--:|--:|",
            *(f"| {key[0]} | {key[1]} | {line['items']:,}, {large[key]['items']:,} | {large[key]['median'] / line['median']:.2f} |"
              for key, line in small.items() if key in large), ""]


def many_table(many):
    return [f"## {many.people:,} accounts with {EVENTS_EACH} events each", "",
            f"Made in {many.made_seconds:.0f} s; started in {many.start_seconds:.3f} s.", "",
            f"| work | one account, {LOGINS} connections | {many.active:,} of them active, a connection each | p99 (ms) |",
            "|---|--:|--:|--:|",
            *(f"| {work} | {number(line['rate'])} | {number(many.all[work]['rate'])} | {many.all[work]['p99']:.1f} |"
              for work, line in many.one.items() if work in many.all), ""]


def tables(run):
    lines = ["# Measured", "", f"On {datetime.date.today()}, {platform.machine()}, {os.cpu_count()} cores shared by server and "
             f"load, {run.seconds:g} s each. Requests per second; only what was measured in one run can be compared.", ""]
    lines += targets.table(run)
    for events in run.sizes:
        lines += size_table(run, events)
    if len(run.sizes) > 1:
        lines += growth_table(run)
    if run.many:
        lines += many_table(run.many)
    if run.left_out or works.problems:
        lines += ["## Not measured", "", *(f"* {name}: {why}" for name, why in run.left_out.items()),
                  *(f"* {text}" for text in works.problems), ""]
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=lambda text: [int(n) for n in text.split(",")], default=[1000, 10_000, 100_000])
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--peers", type=lambda text: text.split(","), default=[cls.name for cls in servers.PEERS])
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--out", type=pathlib.Path, default=servers.ROOT / "bench/RESULTS.md")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    if args.check:
        args.sizes, args.seconds, args.peers, args.accounts = [100], 0.05, [], 10
        works.WORKS.update({work: connections[-1:] for work, connections in works.WORKS.items()})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that servers and folders go
    run = Run(args.sizes, args.seconds)
    run.left_out = {cls.name: cls.why_not() for cls in servers.PEERS if cls.name in args.peers and cls.why_not()}
    peers = [cls for cls in servers.PEERS if cls.name in args.peers and cls.name not in run.left_out]
    with tempfile.TemporaryDirectory(prefix="dedit-bench-") as folder:
        os.chmod(folder, 0o711)  # some peers are measured as another user
        for events in run.sizes:
            measure_servers(run, folder, events, (servers.Dedit, servers.DeditPolicy, *(peers if events <= PEER_SIZES else ())))
        measure_syncs(run, folder)
        if args.accounts:
            measure_many(run, folder, args.accounts)
    text = "\n".join(tables(run))
    print(text)
    if args.check:
        print(f"{works.measured} passed, {len(works.problems)} failed")
        return bool(works.problems)
    args.out.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
