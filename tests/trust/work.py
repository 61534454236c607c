"""Do two requests cost the server the same work? By CPU time that the kernel counts in nanoseconds, many requests of each
kind in turn, compared by rank: what else the machine does, and how long anything takes, doesn't matter."""

import math
import pathlib


def nanoseconds(server):
    """On a processor so far, all threads together."""
    total = 0
    for task in pathlib.Path(f"/proc/{server.process.pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total


def samples(server, kinds, rounds, each=1):
    """kinds: functions that ask; for each a list of nanoseconds, one for `each` requests."""
    found = [[] for _ in kinds]
    for kind in kinds:
        kind()
    for _ in range(rounds):
        for ask, out in zip(kinds, found):
            before = nanoseconds(server)
            for _ in range(each):
                ask()
            out.append(nanoseconds(server) - before)
    return found


def median(values):
    return sorted(values)[len(values) // 2]


def chance_above(a, b):
    """How often a value of a is above one of b: 0.5 if they can't be told apart (Mann and Whitney's U)."""
    return sum((x > y) + (x == y) / 2 for x in a for y in b) / (len(a) * len(b))


def tells(a, b, difference=0.25):
    """
    Whether somebody who measures could tell a from b by it: one is above the other almost always, and by more than noise,
    as a part of the smaller.
    """
    apart = abs(chance_above(a, b) - 0.5) > 0.5 - 0.5 / math.sqrt(len(a))
    low, high = sorted((median(a), median(b)))
    return apart and high - low > difference * low
