#!/usr/bin/env python3
"""Measures dédit and its peers over HTTP, and what bounds them, and writes one table.

    run.py [--sizes 1000,10000,100000] [--seconds S] [--peers NAME,...] [--out FILE]

tools/bench installs what it needs. Each work is asked of each server the same way (bench/load.c), with 1, 8 and 64
connections where more than one makes sense; the answers are checked.
"""

import argparse
import datetime
import json
import pathlib
import platform
import subprocess
import sys
import tempfile

import servers

LOAD = servers.BUILD / "bench/load"
PEER_SIZES = 10_000  # the largest calendar that a peer is filled with: they take minutes
FILLERS = 64

# work: connections, whether it changes the calendar. In this order, so that those that change come last.
WORKS = {
    "get": (1, 8, 64),
    "getctag": (1, 8, 64),
    "propfind": (1,),
    "sync-initial": (1,),
    "sync-change": (1,),
    "query": (1, 8),
    "multiget": (1, 8),
    "freebusy": (1, 8),
    "put-over": (1, 8, 64),
    "put": (1, 8, 64),
    "delete": (1, 8, 64),
}


def items(work, events):
    """What an answer has to have at least."""
    return {"propfind": events, "sync-initial": events, "multiget": 50, "query": events // 60, "freebusy": 1}.get(work, 1)


def load(server, work, connections, seconds, events, first=0, count=None):
    """load's line as a dict, with CPU (ms a request) and memory (MiB) of the server; None if it can't."""
    cpu = server.cpu()
    r = subprocess.run([LOAD, *server.login(), "-c", str(connections), "-s", str(seconds), "-n", str(count or events),
                        "-f", str(first), "-e", str(items(work, events)), work, server.url()], capture_output=True, text=True)
    if r.returncode:
        print(f"{server.name}: {work}: {r.stderr.strip()[:300]}", file=sys.stderr)
        return None
    line = json.loads(r.stdout)
    line["cpu"] = (server.cpu() - cpu) / line["requests"] * 1000
    line["memory"] = server.memory() / 2**20
    return line


def measure(server, events, seconds):
    """All works on a calendar of so many events: (work, connections) -> line."""
    found = {}
    filled = load(server, "fill", min(FILLERS, server.fillers), 0, events)
    if filled is None:
        return found
    found["fill", min(FILLERS, server.fillers)] = filled
    first = events
    for work, connections in WORKS.items():
        for n in connections:
            if work == "delete":
                # as many as one second's worth of those put before
                put = found.get(("put", n))
                if put:
                    found[work, n] = load(server, work, n, 0, events, put["first"], put["requests"])
                continue
            found[work, n] = load(server, work, n, seconds, events, first)
            if work == "put" and found[work, n]:
                found[work, n]["first"] = first
                first += found[work, n]["requests"] + n
    return {key: line for key, line in found.items() if line}


# ---- the table ----


def cell(line):
    if line is None:
        return "–"
    rate = line["rate"]
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.1f}"


def table(title, results, events):
    """One line for each work and number of connections, one column for each server."""
    names = [name for name, n in results if n == events]
    keys = [key for key in [("fill", k) for k in (1, 64)] + [(w, n) for w, c in WORKS.items() for n in c]
            if any(key in results[name, events] for name in names)]
    lines = [f"## {title}", "", "| work | connections | " + " | ".join(names) + " | dédit: median, p99 (ms) | CPU (ms) | memory (MiB) |",
             "|---|--:|" + "--:|" * (len(names) + 3)]
    for work, n in keys:
        own = results.get(("dédit", events), {}).get((work, n))
        detail = f"{own['median']:.2f}, {own['p99']:.2f} | {own['cpu']:.3f} | {own['memory']:.0f}" if own else "– | – | –"
        lines.append(f"| {work} | {n} | " + " | ".join(cell(results[name, events].get((work, n))) for name in names) + f" | {detail} |")
    return lines + [""]


def growth(results, sizes):
    """Median of dédit at the largest size as a multiple of that at the smallest."""
    small, large = results.get(("dédit", min(sizes)), {}), results.get(("dédit", max(sizes)), {})
    lines = [f"## Growth: median at {max(sizes):,} events over that at {min(sizes):,}", "", "| work | connections | times |", "|---|--:|--:|"]
    for key in small.keys() & large.keys():
        lines.append(f"| {key[0]} | {key[1]} | {large[key]['median'] / small[key]['median']:.2f} |")
    return lines[:4] + sorted(lines[4:]) + [""]


def limits(seconds):
    """What bounds all: bare libmicrohttpd, SQLite's group commit and the disk, in the same run."""
    out = subprocess.run([servers.BUILD / "bench/store_bench"], capture_output=True, text=True, check=True).stdout
    lines = ["## Limits", "", "```", *out.strip().splitlines(), "```", ""]
    port = servers.free_port()
    with tempfile.NamedTemporaryFile(suffix=".ics") as event:
        event.write(b"BEGIN:VCALENDAR\r\n" + b"X" * 1400 + b"\r\nEND:VCALENDAR\r\n")
        event.flush()
        bare = subprocess.Popen([servers.BUILD / "bench/bare_mhd", str(port), event.name])
        try:
            servers.wait_for_port(port)
            lines += ["GET from bare libmicrohttpd, the same bytes:", ""]
            for n in (1, 8, 64):
                r = subprocess.run([LOAD, "-c", str(n), "-s", str(seconds), "get", f"http://127.0.0.1:{port}/event.ics"],
                                   capture_output=True, text=True)
                lines.append(f"* {n} connections: {json.loads(r.stdout)['rate']:,.0f}/s" if r.returncode == 0 else f"* {n}: {r.stderr}")
        finally:
            bare.terminate()
            bare.wait()
    return lines + [""]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=lambda text: [int(n) for n in text.split(",")], default=[1000, 10_000, 100_000])
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--peers", default="Radicale,Xandikos")
    parser.add_argument("--out", type=pathlib.Path, default=servers.ROOT / "bench/RESULTS.md")
    args = parser.parse_args()
    peers = [cls for cls in (servers.Radicale, servers.Xandikos) if cls.name in args.peers.split(",")]
    results = {}
    lines = ["# Measured", "", f"On {datetime.date.today()}, {platform.machine()}, {servers.os.cpu_count()} cores shared by server and "
             "load. Requests per second; only what stands in one table was measured in one run.", ""]
    with tempfile.TemporaryDirectory(prefix="dedit-bench-") as folder:
        for events in args.sizes:
            for cls in (servers.Dedit, servers.DeditPolicy, *(peers if events <= PEER_SIZES else ())):
                with cls(folder) as server:
                    results[server.name, events] = measure(server, events, args.seconds)
            lines += table(f"{events:,} events", results, events)
    if len(args.sizes) > 1:
        lines += growth(results, args.sizes)
    lines += limits(args.seconds)
    args.out.write_text("\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
