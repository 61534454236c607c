"""A start with other zone data than the index was worked out with says so (doc/architecture.md 4.2)."""

import contextlib
import re
import sqlite3


def version(s, new=None):
    with contextlib.closing(sqlite3.connect(s.data / "index.db")) as db, db:
        if new:
            assert db.execute("UPDATE meta SET value = ? WHERE key = 'zones'", (new,)).rowcount == 1
        return [row[0] for row in db.execute("SELECT value FROM meta WHERE key = 'zones'")]


def told_at_start(s, change=None):
    """What the next start says of zone data, and the version that is kept then."""
    assert s.stop() == 0
    if change:
        version(s, change)
    before = len(s.log())
    s.start()
    assert s.stop() == 0
    told, kept = re.findall(r"the zone data is .*", s.log()[before:]), version(s)
    s.start()
    return told, kept


def test_zone_data_changed(s):
    told, (now,) = told_at_start(s)
    assert not told and now.startswith("20"), (told, now)
    for change in ("1999z", None):  # until something is done about it
        told, kept = told_at_start(s, change)
        assert len(told) == 1 and told[0].startswith(f"the zone data is {now} now, times in the index are of 1999z: "), told
        assert kept == ["1999z"], kept
    assert s.stop() == 0
    s.dedit("rebuild")
    s.start()
    assert told_at_start(s) == ([], [now])
