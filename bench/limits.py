"""What bounds every server on this machine, measured in the same way and minute as one: works.measure()'s form."""

import subprocess

import servers
import works

NAME = "limit"


def http(folder, own, work, seconds):
    """Bare libmicrohttpd answering with as many bytes as the server did."""
    found = {}
    connections = [n for n in works.WORKS[work] if (work, n) in own]
    if connections:
        with servers.BareHttp(folder, own[work, connections[0]]["bytes"]) as server:
            for n in connections:
                line = works.load(server, "get", n, seconds, 1)
                if line:
                    found[work, n] = line
    return found


def rates(program, *args):
    """The numbers that one of our programs prints."""
    r = subprocess.run([servers.BUILD / "bench" / program, *map(str, args)], stdout=subprocess.PIPE, text=True, check=True)
    return [{"rate": float(line)} for line in r.stdout.split()]


def disk(folder, own, seconds):
    """SQLite alone with as many changes in a transaction as the server had; the store alone; and the disk."""
    keys = [(work, n) for work in works.CHANGES for n in works.WORKS[work] if (own.get((work, n)) or {}).get("group")]
    groups = sorted({round(own[key]["group"]) for key in keys})
    threads = works.WORKS["put"]
    sync, *sqlite = rates("bare_disk", folder, seconds, *groups)
    by_group = dict(zip(groups, sqlite))
    return {key: by_group[round(own[key]["group"])] for key in keys} | {
        ("put, the store alone", n): rate for n, rate in zip(threads, rates("store_bench", folder, seconds, *threads))} | {
        ("fdatasync of 4 KiB", 1): sync}


def measure(folder, own, seconds):
    return http(folder, own, "get", seconds) | http(folder, own, "getctag", seconds) | disk(folder, own, seconds)
