#!/usr/bin/env python3
"""Counts the instructions of seven requests and compares them with those of before.

    instructions.py [--write] PROGRAM

PROGRAM is bench/requests, which callgrind runs. Counted is what dédit's own code executes: what
libraries do varies with the processor. More than 5 % above what bench/instructions.json says is a
failure, so that a slow-down shows at the change that made it; below, a hint to write it anew.
--write does so. Prints "N passed, M failed"; exit status 1 if any failed.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

STORED = pathlib.Path(__file__).with_suffix(".json")
TOLERANCE = 0.05
NAMES = ("freebusy", "get", "multiget", "propfind", "put", "query", "sync")


def own_instructions(path, program):
    """Of one of callgrind's files: the self cost of what belongs to the program itself."""
    total, own, called, names = 0, False, False, {}
    for line in path.read_text(errors="replace").splitlines():
        if match := re.match(r"(c?ob)=\((\d+)\)(?: (.*))?", line):
            if match[3]:
                names[match[2]] = match[3]
            if match[1] == "ob":
                own = names[match[2]] == program
        elif line.startswith("calls="):
            called = True  # the next line is what the callee cost
        elif re.match(r"[+*\d-]", line):
            if own and not called:
                total += int(line.split()[1])
            called = False
    return total


def measured(path):
    """Which request it is about; None for the rest behind the last one."""
    match = re.search(r"^desc: Trigger: --dump-after=request_(\w+)$", path.read_text(errors="replace"), re.M)
    return match and match[1]


def count(program):
    with tempfile.TemporaryDirectory(prefix="dedit-instructions-") as folder:
        folder = pathlib.Path(folder)
        out = folder / "out"
        marks = [f"--{what}=request_{name}" for name in NAMES for what in ("zero-before", "dump-after")]
        subprocess.run(["valgrind", "--tool=callgrind", "--quiet", f"--callgrind-out-file={out}", *marks, program, folder / "data"],
                       check=True, stdout=subprocess.DEVNULL)
        counts = {}
        for path in sorted(folder.glob("out.*")):
            if name := measured(path):
                counts.setdefault(name, []).append(own_instructions(path, str(program)))
    # the first of each finds nothing prepared; the middle of the others
    return {name: sorted(found[1:])[len(found[1:]) // 2] for name, found in sorted(counts.items())}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    parser.add_argument("program", type=lambda text: pathlib.Path(text).resolve())
    args = parser.parse_args()
    counts = count(args.program)
    if args.write:
        STORED.write_text(json.dumps(counts, indent=1) + "\n")
    stored = json.loads(STORED.read_text())
    failed = 0
    for name in sorted(stored.keys() | counts.keys()):
        before, now = stored.get(name, 0), counts.get(name, 0)
        change = (now - before) / before if before and now else float("inf")
        failed += change > TOLERANCE
        verdict = "FAILED" if change > TOLERANCE else "ok, write it anew" if change < -TOLERANCE else "ok"
        print(f"{name:10} {now:>10,} instructions, {before:,} before ({change:+.1%}): {verdict}")
    print(f"{len(stored.keys() | counts.keys()) - failed} passed, {failed} failed")
    return 1 if failed or not counts else 0


if __name__ == "__main__":
    sys.exit(main())
