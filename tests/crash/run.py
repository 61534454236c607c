#!/usr/bin/env python3
"""Everything of this folder: kills, faults below the store, power loss.

    run.py [--build DIR] [--kill-build DIR] [--long] [--seed S]

--build: a tree without sanitizers; --kill-build: one with --enable-failpoints, DIR if it isn't said. The short form takes
about a minute for each of the two; --long: hundreds of kills, all faults, hundreds of power losses.
"""

import argparse
import pathlib
import sys

import faults
import power
import server
import store
from report import Report

KILLS = {False: {"store": 46, "server": 14}, True: {"store": 200, "server": 130}}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    parser.add_argument("--kill-build", type=pathlib.Path)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    build, report = args.build.resolve(), Report()
    killed = (args.kill_build or args.build).resolve()
    store.run(killed, KILLS[args.long]["store"], args.seed, report)
    server.run(killed, KILLS[args.long]["server"], args.seed, report)
    faults.run(build, args.long, args.seed, report)
    power.run(build, args.long, args.seed, report)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
