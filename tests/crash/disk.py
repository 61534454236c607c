"""
A disk after a power loss, rebuilt from what fault_shim.c wrote down.

What was synced is there. Of what wasn't, the disk may show any part: a name without the bytes behind it, bytes without
the name, some blocks of a write and not others, half of the last one, a size without its blocks. Nothing is assumed of the
order in which a file system does what it wasn't asked to have done; a rename alone is whole (POSIX), and so is a block's
neighbour (SQLite's "powersafe overwrite").
"""

import os

from report import Wrong
from shim import CREATED, MAPPED, REMOVED, RENAMED, SYNCED, SYNC_BEGUN, TRUNCATED, WRITTEN

ROOT = 0


class Node:
    def __init__(self, folder):
        self.folder = folder
        self.data = bytearray()  # as synced
        self.pending = []        # (number, offset, bytes), or (number, size, None) for a truncation


class Disk:
    def __init__(self, root):
        self.nodes, self.by_inode = {ROOT: Node(True)}, {os.stat(root).st_ino: ROOT}
        self.names, self.live = {}, {}  # (folder, name) -> node: as synced, and as programs see it
        self.pending = []               # (number, {(folder, name): node or None})
        self.begun = {}                 # (thread, file) -> number
        self.number = 0

    def node(self, inode):
        return self.by_inode[inode]

    def entry(self, changes):
        self.pending.append((self.number, changes))
        for key, node in changes.items():
            if node is None:
                self.live.pop(key, None)
            else:
                self.live[key] = node

    def apply(self, r):
        self.number += 1
        if r.kind == CREATED:
            node = len(self.nodes)
            self.nodes[node] = Node(r.detail == 1)
            self.by_inode[r.file] = node
            self.entry({(self.node(r.folder), r.name): node})
        elif r.kind == WRITTEN:
            self.nodes[self.node(r.file)].pending.append((self.number, r.offset, r.data))
        elif r.kind == TRUNCATED:
            self.nodes[self.node(r.file)].pending.append((self.number, r.offset, None))
        elif r.kind == RENAMED:
            old, new = (self.node(r.folder), r.name), (self.node(r.other_folder), r.other)
            self.entry({old: None, new: self.live[old]})
        elif r.kind == REMOVED:
            self.entry({(self.node(r.folder), r.name): None})
        elif r.kind == SYNC_BEGUN:
            self.begun[r.thread, r.file] = self.number
        elif r.kind == SYNCED:
            self.sync(r.file, self.begun.pop((r.thread, r.file)))
        elif r.kind == MAPPED and not r.name.endswith("-shm"):
            raise Wrong("%s is written through memory, which nothing here sees" % r.name)

    def sync(self, inode, before):
        """inode 0: everything."""
        target = None if inode == 0 else self.node(inode)
        for node in self.nodes.values() if target is None else [self.nodes[target]]:
            done = [p for p in node.pending if p[0] < before]
            node.pending = node.pending[len(done):]
            for _, offset, data in done:
                put(node.data, offset, data)
        left = []
        for number, changes in self.pending:
            if number < before and (target is None or any(folder == target for folder, _ in changes)):
                apply_names(self.names, changes)
            else:
                left.append((number, changes))
        self.pending = left

    def after_power_loss(self, rng, folder, style=None):
        """Writes what may be found into an empty folder; a word that says how much was kept of what wasn't synced."""
        style = style or rng.choice(["nothing", "all", "names", "bytes", "some", "some", "most"])
        keep_name = {"nothing": 0, "all": 1, "names": 1, "bytes": 0, "some": 0.5, "most": 0.9}[style]
        keep_byte = {"nothing": 0, "all": 1, "names": 0, "bytes": 1, "some": 0.5, "most": 0.9}[style]
        names = dict(self.names)
        for _, changes in self.pending:
            if rng.random() < keep_name:
                apply_names(names, changes)
        below = {}
        for (parent, name), node in names.items():
            below.setdefault(parent, []).append((name, node))
        self.write_folder(ROOT, folder, below, rng, keep_byte)
        return style

    def write_folder(self, node, path, below, rng, keep):
        for name, child in below.get(node, []):
            to = os.path.join(path, name)
            if self.nodes[child].folder:
                os.mkdir(to, 0o700)
                self.write_folder(child, to, below, rng, keep)
            elif not name.endswith("-shm"):
                with open(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(found(self.nodes[child], rng, keep))


def apply_names(names, changes):
    for key, node in changes.items():
        if node is None:
            names.pop(key, None)
        else:
            names[key] = node


def put(data, offset, written):
    if written is None:
        del data[offset:]
        data.extend(bytes(offset - len(data)))
        return
    data.extend(bytes(max(0, offset - len(data))))
    data[offset:offset + len(written)] = written


def found(node, rng, keep):
    """A file's bytes: of each write that wasn't synced some blocks, the last one perhaps torn."""
    data, block = bytearray(node.data), rng.choice([512, 4096])
    longest = len(data)
    for _, offset, written in node.pending:
        if written is None:
            if rng.random() < keep:
                put(data, offset, None)
            continue
        at = offset
        while at < offset + len(written):
            end = min(offset + len(written), (at // block + 1) * block)
            piece = written[at - offset:end - offset]
            if rng.random() < keep:
                torn = keep < 1 and end == offset + len(written) and rng.random() < 0.2
                put(data, at, piece[:rng.randrange(len(piece))] if torn else piece)
            at = end
        longest = max(longest, offset + len(written))
    if keep < 1 and rng.random() < 0.5:
        data.extend(bytes(max(0, longest - len(data))))  # the size alone
    return data
