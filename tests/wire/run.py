#!/usr/bin/env python3
"""Runs tests on the wire: run.py [--build DIR] [--asking DIR] [--trust | --browser] [-j N] [-k TEXT] [--quick | --once]
       [--sanitized] [NAME ...]

NAME: part of a test file's name ("rfc4791", "http"); all without one. --trust: those of tests/trust, which bound what a
request may cost, instead of those here; --browser: those of tests/browser, which need Chromium. -k: only functions with
TEXT in their name. --asking: the build whose `dedit` asks servers that run; a sanitized one takes longer to start than
they to answer. -j: so many files at a time, each with a server of its own. --quick: without the files that say
SLOW = True; --sanitized: without those that say PLAIN = True, which would take too long there; --once: without those
that a run with --sanitized has. Files that say CONSOLE = True are left out of a build without the console (configure
--disable-console). With DEDIT_WIRE_POLICY in the environment calendars are under a policy (Server.everywhere). Prints a
line for each test and "N passed, M failed"; exit code 1 if one failed.
"""

import argparse
import concurrent.futures
import contextlib
import dataclasses
import importlib.util
import io
import os
import pathlib
import sys
import tempfile
import time
import traceback

FOLDER = pathlib.Path(__file__).resolve().parent


@dataclasses.dataclass
class Without:
    """Which files are left out, by the words that they say."""

    quick: bool
    once: bool
    sanitized: bool
    console: bool

    def __call__(self, words):
        return (self.quick and "SLOW" in words or self.sanitized and "PLAIN" in words or self.console and "CONSOLE" in words
                or self.once and "PLAIN" not in words)


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_one(name, call):
    began = time.monotonic()
    try:
        call()
    except Exception:
        print(f"not ok {name}\n{traceback.format_exc()}", flush=True)
        return False
    print(f"ok {name} ({time.monotonic() - began:.2f} s)", flush=True)
    return True


def run_file(path, only, without):
    """How many passed and failed."""
    sys.path[:0] = [str(path.parent), str(FOLDER)]
    import dedit_wire

    module = load(path)
    if without({word for word in ("SLOW", "PLAIN", "CONSOLE") if getattr(module, word, False)}):
        return 0, 0
    tests = [(n, f) for n, f in vars(module).items()
             if n.startswith("test_") and callable(f) and only in n]
    results = []

    def all_of_them():
        with dedit_wire.Server(**getattr(module, "SERVER", {})) as server:
            for name, function in tests:
                results.append(run_one(f"{path.stem}: {name}", lambda: function(server)))

    if tests:
        results.append(run_one(f"{path.stem}: server starts and stops cleanly", all_of_them))
    return results.count(True), results.count(False)


def run_quietly(path, only, without):
    """The same for a process of its own, with what it printed."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        counts = run_file(path, only, without)
    return *counts, out.getvalue()


def run_files(paths, only, without, jobs):
    """Counts, file after file; what each prints stays together."""
    if jobs == 1:
        yield from (run_file(path, only, without) for path in paths)
        return
    with concurrent.futures.ProcessPoolExecutor(jobs) as pool:
        # The longest first would be best; the largest is a good guess.
        paths = sorted(paths, key=lambda path: -path.stat().st_size)
        runs = [pool.submit(run_quietly, path, only, without) for path in paths]
        for run in concurrent.futures.as_completed(runs):
            passed, failed, text = run.result()
            print(text, end="", flush=True)
            yield passed, failed


def has_console(build):
    """As its configure has it."""
    return "-DENABLE_CONSOLE" in (build / "Makefile").read_text()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--build", default=os.environ.get("DEDIT_BUILD", FOLDER.parents[1] / "build"))
    arguments.add_argument("--trust", action="store_const", const=FOLDER.parent / "trust", default=FOLDER, dest="folder")
    arguments.add_argument("--browser", action="store_const", const=FOLDER.parent / "browser", dest="folder")
    arguments.add_argument("-j", type=int, default=os.cpu_count(), metavar="N")
    arguments.add_argument("--asking", metavar="DIR")
    arguments.add_argument("-k", default="", metavar="TEXT")
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--once", action="store_true")
    arguments.add_argument("--sanitized", action="store_true")
    arguments.add_argument("names", nargs="*")
    given = arguments.parse_args()
    os.environ["DEDIT_BUILD"] = str(pathlib.Path(given.build).resolve())
    if given.asking:
        os.environ["DEDIT_ASKING"] = str(pathlib.Path(given.asking).resolve())

    paths = [path for path in sorted(given.folder.glob("*_test.py"))
             if not given.names or any(n in path.name for n in given.names)]
    without = Without(given.quick, given.once, given.sanitized, not has_console(pathlib.Path(given.build)))
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="dedit-wire-") as accounts:
        os.environ["DEDIT_WIRE_ACCOUNTS"] = accounts  # see Server.make_accounts
        for ok, bad in run_files(paths, given.k, without, max(1, min(given.j, len(paths)))):
            passed += ok
            failed += bad
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
