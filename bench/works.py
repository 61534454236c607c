"""What is asked of all servers in the same way (bench/load.c): the works, and how one server is measured."""

import contextlib
import datetime
import json
import subprocess
import sys

import servers

LOAD = servers.BUILD / "bench/load"
FILLERS = 8
PATIENCE = 1800  # seconds for one of load's runs
FEW = 8  # connections: what is measured with so many at most comes first, for the memory after it

# work: connections. In this order, so that those that change the calendar come last.
WORKS = {
    "get": (1, 8, 64),
    "getctag": (1, 8, 64),
    "propfind": (1,),
    "sync-initial": (1,),
    "sync-change": (1,),
    "query": (1, 8),
    "query-same": (1,),
    "multiget": (1, 8),
    "freebusy": (1, 8),
    "freebusy-same": (1,),
    "put-over": (1, 8, 64),
    "put": (1, 8, 64),
    "delete": (1, 8, 64),
}
CHANGES = ("put-over", "put", "delete")  # each durable when it is answered

# The works named -same ask for a time with HITS events in a calendar of any size, or for a month if that has fewer.
HITS = 50
MORNING = datetime.datetime(2026, 3, 1, 8)
MONTH = 31 * 24 * 60  # minutes


def between_servers():
    """Without those named -same, which tell of one server how it grows: a search for their time asks many times."""
    return {work: connections for work, connections in WORKS.items() if not work.endswith("-same")}


measured = 0  # how often
problems = []  # why something is missing


def problem(text):
    text = " ".join(text.split())[:300]
    print(text, file=sys.stderr)
    problems.append(text)


@contextlib.contextmanager
def noting(what):
    """A server that doesn't start is a problem; the others are measured still."""
    try:
        yield
    except (RuntimeError, OSError, subprocess.CalledProcessError) as e:
        problem(f"{what}: {e}")


def window(minutes):
    return f"{MORNING:%Y%m%dT%H%M%SZ}/{MORNING + datetime.timedelta(minutes=minutes):%Y%m%dT%H%M%SZ}"


def find_window(server, events):
    """The shortest with HITS events, to five minutes."""
    few, enough = 0, MONTH
    while enough - few > 5:
        middle = (few + enough) // 2
        found = load(server, "query-same", 1, 0.05, events, window=window(middle))
        if found is None or found["items"] < HITS:
            few = middle
        else:
            enough = middle
    return window(enough)


def items(work, events):
    """What an answer has to have at least."""
    return {"propfind": events, "sync-initial": events, "multiget": 50, "query": events // 60, "query-same": 0}.get(work, 1)


def load(server, work, connections, seconds, events, first=0, count=None, window=None):
    """load's line as a dict, with CPU (ms a request) and memory (MiB) of the server, and how many changes went into
    one of its transactions; None if it can't. count: how many of what is done once, otherwise all events."""
    global measured
    cpu, changes, groups = server.cpu(), *server.transactions()
    command = [LOAD, *server.login(), "-c", str(connections), "-s", str(seconds), "-n", str(count or events), "-f", str(first),
               "-e", str(items(work, events)), *(["-w", window] if window else []), work.removesuffix("-same"), server.url()]
    try:
        r = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        why = r.stderr if r.returncode else None
    except subprocess.TimeoutExpired:
        why = f"not done after {PATIENCE} s"
    if why:
        problem(f"{server.name}: {work}, {connections} connections: {why}")
        return None
    measured += 1
    line = json.loads(r.stdout)
    line["cpu"] = (server.cpu() - cpu) / line["requests"] * 1000
    line["memory"] = server.memory() / 2**20
    changes, groups = (now - before for now, before in zip(server.transactions(), (changes, groups)))
    line["group"] = changes / groups if groups else None
    return line


def fill(server, events, files=None):
    """Makes the events: {("fill", connections): line}; {} where they are put as files; None if it can't. What is
    read next isn't measured beside what the fill left to be written."""
    if files and server.put_files(files):
        found = {}
    else:
        line = load(server, "fill", FILLERS, 0, events)
        found = {("fill", FILLERS): line} if line else None
    server.settle()
    return found


def measure(server, events, seconds, works):
    """All works on a calendar that holds so many events: (work, connections) -> line. What fails is missing."""
    found = {}
    first = events
    same = find_window(server, events) if "query-same" in works else None
    for few in (True, False):
        for work, n in ((work, n) for work, connections in works.items() for n in connections if (n <= FEW) == few):
            if n > server.most:
                continue
            if work == "delete":
                # those that were put
                put = found.get(("put", n))
                line = put and load(server, work, n, 0, events, put["first"], put["requests"])
            else:
                line = load(server, work, n, seconds, events, first, window=same if work.endswith("-same") else None)
            if line:
                found[work, n] = line | {"first": first}
            if work == "put" and line:
                first += line["requests"] + n
    return found
