"""The other side of fault_shim.c: what it is told, and what it wrote down."""

import collections
import mmap
import os
import pathlib
import struct
import subprocess

CALLS = ["open", "create", "read", "write", "truncate", "sync", "syncfs", "mkdir", "rename", "remove"]
CREATED, WRITTEN, TRUNCATED, RENAMED, REMOVED, SYNC_BEGUN, SYNCED, SAID, MAPPED, CALLED = range(1, 11)
TRACE_CHANGES, TRACE_CALLS = 1, 2

HEAD = struct.Struct("<IHHQQQQqIII4x")
Record = collections.namedtuple("Record", "kind detail thread file folder other_folder offset name other data")


class Shim:
    """The shim of one program: root is the folder that it watches, work one for its own two files."""

    FIELDS = {"calls": 0, "first": 4, "times": 8, "error": 12, "matched": 16, "failed": 20, "trace": 24,
              "die": 28}
    PATTERN, PATTERN_SIZE = 32, 100

    def __init__(self, build, root, work):
        self.library, self.root = pathlib.Path(build).resolve() / "tests/crash/fault_shim.so", os.path.realpath(root)
        self.control_path, self.trace_path = pathlib.Path(work) / "control", pathlib.Path(work) / "trace"
        self.control_path.write_bytes(bytes(self.PATTERN + self.PATTERN_SIZE))
        with open(self.control_path, "r+b") as file:
            self.control = mmap.mmap(file.fileno(), 0)

    def environment(self):
        return {"LD_PRELOAD": str(self.library), "CRASH_SHIM_ROOT": self.root,
                "CRASH_SHIM_CONTROL": str(self.control_path), "CRASH_SHIM_TRACE": str(self.trace_path)}

    def __getitem__(self, field):
        return struct.unpack_from("<i", self.control, self.FIELDS[field])[0]

    def __setitem__(self, field, value):
        struct.pack_into("<i", self.control, self.FIELDS[field], value)

    def arm(self, calls, pattern, error, first=1, times=1):
        """error 0: a short write; times 0: for good."""
        self["calls"] = 0
        text = pattern.encode().ljust(self.PATTERN_SIZE, b"\0")
        self.control[self.PATTERN:self.PATTERN + self.PATTERN_SIZE] = text
        self["first"], self["times"], self["error"], self["matched"], self["failed"] = first, times, error, 0, 0
        self["calls"] = sum(1 << CALLS.index(c) for c in calls)

    def disarm(self):
        self["calls"] = 0

    def kill(self, program, seconds=2):
        """SIGKILL right behind a change, so that the trace has all that was done; or when it does nothing any more."""
        self["die"] = 1
        try:
            program.wait(seconds)
        except subprocess.TimeoutExpired:
            program.kill()
        self["die"] = 0

    def say(self, text):
        """Into the trace: what a client was told, behind all that had been done by then."""
        data = text.encode()
        head = HEAD.pack(HEAD.size + len(data), SAID, 0, 0, 0, 0, 0, 0, 0, 0, len(data))
        with open(self.trace_path, "ab", buffering=0) as trace:
            trace.write(head + data)

    def records(self):
        bytes_, at = self.trace_path.read_bytes(), 0
        while at < len(bytes_):
            size, kind, detail, thread, file, folder, other_folder, offset, n, o, d = HEAD.unpack_from(bytes_, at)
            rest = bytes_[at + HEAD.size:at + size]
            yield Record(kind, detail, thread, file, folder, other_folder, offset, rest[:n].decode(),
                         rest[n:n + o].decode(), rest[n + o:n + o + d])
            at += size
