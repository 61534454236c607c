"""
A data folder of each version that was released, and of this one, is read by this one: tests/fixtures/make.py says what is
in it. It was left by a server that was killed, with changes that only its journal knows.
"""

import json
import sys
import tarfile

from dav import CALENDAR, changes
from dedit_wire import ROOT, Server, event

SLOW = True
FIXTURES = ROOT / "tests/fixtures"
sys.path.insert(0, str(FIXTURES))
import make  # noqa: E402


def unpacked(version):
    """A server that isn't started yet, over a copy; what was told of it."""
    told = json.loads((FIXTURES / f"data-v{version}.json").read_text())
    s = Server(extra=told["config"], users=(), start=False, clock=told["clock"])
    s.data.mkdir(mode=0o700)
    with tarfile.open(FIXTURES / f"data-v{version}.tar.xz") as tar:
        tar.extractall(s.data)
    return s, told["answers"]


def same(found, expected, *but):
    for key in expected.keys() - set(but):
        assert found[key] == expected[key], (key, found[key], expected[key])


def sound(s):
    assert s.dedit("check", "--deep").stdout.startswith("no problems: ")
    assert s.dedit("ledger", "verify").stdout == "ledger of anna: no problems\n"


def test_version_1(_):
    """ETags and tokens too: programs must not notice. Changes of before are still told to who asks what is new."""
    s, expected = unpacked(1)
    with s:
        s.start()
        same(make.answers(s), expected)
        sound(s)
        assert s.put(CALENDAR + "new.ics", event("new")).status == 201
        assert changes(s, expected["tokens"][CALENDAR])[0] == {"new.ics": True}
        assert s.request("DELETE", CALENDAR + "new.ics").status == 204
        s.restart()
        same(make.answers(s), expected, "tokens")
        sound(s)


def test_version_1_without_its_index(_):
    """From the files and the journal, which the rebuild writes out first; ETags and tokens are new then."""
    s, expected = unpacked(1)
    with s:
        s.dedit("rebuild")
        s.start()
        found = make.answers(s)
        same(found, expected, "listing", "tokens", "feeds")
        assert {p: sorted(names) for p, names in found["listing"].items()} == \
            {p: sorted(names) for p, names in expected["listing"].items()}
        assert found["feeds"].replace("  used never", "") == expected["feeds"].replace("  used never", "")
        sound(s)
