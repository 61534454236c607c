"""
What a request may cost: doc/trust.md gives each 2 s of CPU and 256 MiB, under the sanitizers too. Where one of its
rows gives less time, that is for a server without them; what they add is no work of the server's.
"""

import contextlib
import os
import pathlib

from dedit_wire import cpu_seconds

CPU_SECONDS = 2
MEMORY = 256 * 2**20

# AddressSanitizer keeps what was freed (256 MiB of it), which would be taken for the server's own.
os.environ["ASAN_OPTIONS"] = "quarantine_size_mb=4:" + os.environ.get("ASAN_OPTIONS", "")


def resident(pid, field):
    """VmRSS or VmHWM, the highest since clear_refs, in bytes."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"/proc/{pid}/status has no {field}")


class Cost:
    """Filled in at the end of bounded()."""

    cpu = 0.0
    memory = 0

    def __repr__(self):
        return f"{self.cpu:.2f} s of CPU, {self.memory / 2**20:.0f} MiB"


@contextlib.contextmanager
def bounded(server, cpu=CPU_SECONDS, memory=MEMORY):
    """
    What the server does within costs at most so many seconds of CPU (CPU_SECONDS if it is sanitized) and, at its
    highest, bytes of memory beside what it had. For one request; the server should have nothing else to do.
    """
    pid, cost = server.process.pid, Cost()
    allowed = CPU_SECONDS if server.sanitized() else cpu
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")
    before, began = resident(pid, "VmRSS"), cpu_seconds(pid)
    yield cost
    cost.cpu = cpu_seconds(pid) - began
    cost.memory = max(0, resident(pid, "VmHWM") - before)
    assert cost.cpu <= allowed and cost.memory <= memory, f"{cost!r}; allowed: {allowed} s, {memory / 2**20:.0f} MiB"


def ask(server, method, path, *args, cpu=CPU_SECONDS, memory=MEMORY, **keywords):
    """server.request() within bounds; the server answers, whatever it is asked, and never with 500."""
    with bounded(server, cpu, memory) as cost:
        answer = server.request(method, path, *args, **keywords)
    assert answer.status != 500, answer
    answer.cost = cost
    return answer
