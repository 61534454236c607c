#!/usr/bin/env python3
"""Runs fuzz targets, each for so many minutes of CPU time, and reports what they found.

    run.py --programs DIR --out DIR [--minutes N] [--jobs N] [--merge] [TARGET...]

The programs are libFuzzer's. What counts is the CPU time (user and system) of a target's process, which a
busy machine doesn't shorten; TARGETS says which are worth several times N. After a finding a target goes
on with what is left of its time. OUT/corpus/TARGET grows from run to run, findings go into
OUT/findings/TARGET. --merge adds to tests/fuzz/corpus/TARGET what reaches more than is there, as few inputs
as that takes.

libFuzzer's own clock runs while others have the processor: an input that it calls slow is run again by
itself, and is a finding only if it takes too much CPU time then. Prints a table and "N passed, M failed";
exit status 1 if there are findings.
"""

import argparse
import concurrent.futures
import hashlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT = 10        # seconds of one input, as libFuzzer measures them
SLOW = 1            # seconds of CPU time of one input: a finding
MEMORY = 1024       # MiB of a process: a finding
FINDINGS = 10       # of one target: then it is given up
COUNTED = ("crash", "leak", "timeout", "oom", "slow-unit")

# dictionary (a file in dict/, or none), how many times --minutes it gets
TARGETS = {
    "apply": ("ical", 1),
    "body": ("xml", 3),
    "conf": ("conf", 1),
    "dav": ("http", 1),
    "diff": ("ical", 1),
    "escape": ("words", 1),
    "feed": ("ical", 1),
    "head": ("http", 1),
    "headers": ("http", 1),
    "http": ("http", 1),
    "ical": ("ical", 3),
    "if": ("http", 1),
    "ledger": ("", 1),
    "path": ("http", 1),
    "policy": ("ical", 1),
    "props": ("", 1),
    "recur": ("ical", 1),
    "render": ("ical", 3),
    "settings": ("conf", 1),
    "split": ("ical", 1),
    "token": ("http", 1),
    "web": ("http", 1),
    "words": ("words", 1),
    "xml": ("xml", 3),
}


class Result:
    """What became of one target."""

    def __init__(self, name):
        self.name = name
        self.cpu = self.wall = 0.0
        self.runs = self.cov = self.features = self.rss = 0
        self.found = dict.fromkeys(COUNTED, 0)
        self.broken = ""  # the program didn't even run

    def failed(self):
        return bool(self.broken or sum(self.found.values()))


def cpu_of(pid):
    """User and system time of a running process in seconds."""
    try:
        fields = pathlib.Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run_once(command, seconds, log):
    """Runs a target until its time is over or it finds something. The exit status and its CPU time."""
    with open(log, "wb") as out:
        child = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        told = 0
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                child.returncode = os.waitstatus_to_exitcode(status)
                return child.returncode, usage.ru_utime + usage.ru_stime
            if not told and cpu_of(child.pid) >= seconds:
                child.send_signal(signal.SIGUSR1)  # libFuzzer ends in peace, with its figures
                told = time.monotonic()
            elif told and time.monotonic() - told > 120:
                child.kill()
            time.sleep(0.2)


def read_log(log, result):
    text = log.read_text(errors="replace")
    for runs in re.findall(r"^stat::number_of_executed_units: *(\d+)", text, re.M)[-1:]:
        result.runs += int(runs)
    for rss in re.findall(r"^stat::peak_rss_mb: *(\d+)", text, re.M)[-1:]:
        result.rss = max(result.rss, int(rss))
    for cov, features in re.findall(r" cov: (\d+) ft: (\d+)", text)[-1:]:
        result.cov, result.features = int(cov), int(features)


def really_slow(program, unit, log):
    """Is it the input that takes more than SLOW? The program's start counts, and takes less than a tenth."""
    _, cpu = run_once([program, "-timeout=600", str(unit)], 600, log)
    return cpu > SLOW


class Fuzzer:
    def __init__(self, options, name):
        self.options = options
        self.result = Result(name)
        self.program = str(pathlib.Path(options.programs) / ("fuzz_" + name))
        self.seeds = HERE / "corpus" / name
        self.corpus = options.out / "corpus" / name
        self.findings = options.out / "findings" / name
        for folder in (self.corpus, self.findings, options.out / "log"):
            folder.mkdir(parents=True, exist_ok=True)

    def command(self):
        dictionary = TARGETS.get(self.result.name, ("", 1))[0]
        words = ["-dict=%s" % (HERE / "dict" / (dictionary + ".dict"))] if dictionary else []
        return [self.program, str(self.corpus), str(self.seeds), "-timeout=%d" % TIMEOUT, "-rss_limit_mb=%d" % MEMORY,
                "-report_slow_units=%d" % SLOW, "-print_final_stats=1", "-artifact_prefix=%s/" % self.findings, *words]

    def count(self, before):
        """What has been found since; slow inputs that weren't are forgotten."""
        found = 0
        for unit in sorted(set(self.findings.iterdir()) - before):
            kind = unit.name.rsplit("-", 1)[0]
            if kind in ("timeout", "slow-unit") and not really_slow(self.program, unit, self.options.out / "log" / (self.result.name + ".slow")):
                unit.unlink()
            elif kind in self.result.found:
                self.result.found[kind] += 1
                found += 1
                print("%s: found %s" % (self.result.name, unit), flush=True)
        return found

    def run(self):
        result = self.result
        seconds = self.options.minutes * 60 * TARGETS.get(result.name, ("", 1))[1]
        began = time.monotonic()
        part = found = idle = 0
        while result.cpu < seconds and found < FINDINGS and idle < 3:
            log = self.options.out / "log" / ("%s.%d" % (result.name, part))
            before = set(self.findings.iterdir())
            status, cpu = run_once(self.command(), seconds - result.cpu, log)
            result.cpu += cpu
            runs = result.runs
            read_log(log, result)
            new = self.count(before)
            found += new
            part += 1
            idle = 0 if new or result.runs > runs + 1000 else idle + 1
            if status and not new and idle == 3:
                result.broken = "exit status %d, see %s" % (status, log)
        result.wall = time.monotonic() - began
        print(row(result), flush=True)
        return result

    def merge(self):
        """Keeps the seeds, and of what was found what reaches more."""
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([self.program, "-set_cover_merge=1", "-timeout=60", folder, str(self.seeds), str(self.corpus)],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
            kept = {unit.name for unit in pathlib.Path(folder).iterdir()}
            known = {sha1(unit) for unit in self.seeds.iterdir()}
            for name in sorted(kept - known):
                shutil.copy(pathlib.Path(folder) / name, self.seeds / name)
        print("%s: %d inputs more" % (self.result.name, len(kept - known)))


def sha1(unit):
    return hashlib.sha1(unit.read_bytes()).hexdigest()


FORMAT = "%-10s %9s %11s %8s %6s %8s %6s %7s %5s %9s %4s"
HEAD = FORMAT % ("target", "CPU min", "executions", "per s", "edges", "features", "MiB", "crashes", "leaks", "slow ones",
                 "oom")


def row(r):
    return FORMAT % (r.name, "%.1f" % (r.cpu / 60), r.runs, int(r.runs / r.cpu) if r.cpu else 0, r.cov, r.features, r.rss,
                     r.found["crash"], r.found["leak"], r.found["timeout"] + r.found["slow-unit"],
                     r.found["oom"]) + ("  " + r.broken if r.broken else "")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--programs", required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--merge", action="store_true")
    options = parser.parse_args()
    for name in options.targets:
        if name not in TARGETS:
            parser.error("no target %s; there are %s" % (name, " ".join(TARGETS)))
    options.targets = options.targets or list(TARGETS)
    return options


def main():
    options = arguments()
    fuzzers = [Fuzzer(options, name) for name in options.targets]
    # the long ones first, that none is left alone at the end
    fuzzers.sort(key=lambda f: -TARGETS[f.result.name][1])
    print("%g minutes of CPU time (user and system) for each target, iCalendar's and XML's %d times as long" %
          (options.minutes, max(weight for _, weight in TARGETS.values())))
    print(HEAD, flush=True)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(Fuzzer.run, fuzzers))
    if options.merge:
        for fuzzer in fuzzers:
            fuzzer.merge()
    print()
    print(HEAD)
    for result in sorted(results, key=lambda r: r.name):
        print(row(result))
    total = sum(r.runs for r in results)
    print("%d executions in %.0f minutes of CPU time" % (total, sum(r.cpu for r in results) / 60))
    failed = sum(r.failed() for r in results)
    print("%d passed, %d failed" % (len(results) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
