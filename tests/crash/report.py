"""What the drivers of this folder share: how a case is counted."""

import argparse
import collections
import contextlib
import pathlib
import subprocess
import urllib.error


class Wrong(Exception):
    """Something isn't what it should be."""


def expect(condition, text):
    if not condition:
        raise Wrong(text)


class Report:
    """Counts cases, and what they were about: counts["kills"] and the like."""

    def __init__(self):
        self.passed = self.failed = 0
        self.counts = collections.Counter()

    @contextlib.contextmanager
    def case(self, what):
        """what: a string, or a list that grows while the case goes on."""
        try:
            yield
            self.passed += 1
        except (Wrong, AssertionError, subprocess.TimeoutExpired, OSError, urllib.error.URLError) as wrong:
            self.failed += 1
            print("FAILED %s: %s" % (what if isinstance(what, str) else ", ".join(what), str(wrong)[:2000]), flush=True)

    def all_met(self, failpoints, met):
        """Of a long run: one that is never met, because it was renamed perhaps, tests nothing."""
        with self.case("failpoints"):
            expect(met >= set(failpoints), "never met: " + ", ".join(sorted(set(failpoints) - met)))

    def end(self):
        """The last lines, and the exit status."""
        print("; ".join("%d %s" % (n, what) for what, n in sorted(self.counts.items())))
        print("%d passed, %d failed" % (self.passed, self.failed))
        return 1 if self.failed else 0


def command_line(about, run, kills=None, long=False, only=False):
    """A driver by itself: run(build, ..., seed, report, keep, ...) with those options that it has; the exit status."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep the folders of failures")
    if kills:
        parser.add_argument("--kills", type=int, default=kills)
    if long:
        parser.add_argument("--long", action="store_true")
    if only:
        parser.add_argument("--only", default="", help="those with this in their name")
    options = vars(parser.parse_args())
    report = Report()
    run(options.pop("build").resolve(), report=report, **options)
    return report.end()
