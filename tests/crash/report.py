"""What the drivers of this folder share: how a case is counted."""

import collections
import contextlib
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

    def end(self):
        """The last lines, and the exit status."""
        print("; ".join("%d %s" % (n, what) for what, n in sorted(self.counts.items())))
        print("%d passed, %d failed" % (self.passed, self.failed))
        return 1 if self.failed else 0
