"""What an import by the console keeps in memory: architecture.md 15.40."""

import pathlib
import re

from console import Console
from console_import_test import begin, calendar, end, vevent
from dedit_wire import Server, wait_for

CONSOLE = True
PLAIN = True  # a sanitizer keeps what was given back


def resident(s):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{s.process.pid}/status").read_text())[1]) * 1024


def test_memory_ends_with_it(_):
    """What was read goes with the import's end, though nobody asks; what is told of it stays."""
    with Server() as s:
        c = Console(s)
        big = calendar(vevent("big", extra="DESCRIPTION:" + "x" * (12 << 20) + "\r\n"))
        end(c, begin(c, big))
        before = resident(s)
        for _ in range(8):
            end(c, begin(c, big))
        wait_for(lambda: resident(s) - before < 32 << 20, what="memory given back")
        assert len(c.get("/imports")["imports"]) == 9
