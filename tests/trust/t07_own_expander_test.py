"""
doc/trust.md T-07: libical isn't used; around each iteration of our own stands a budget (with test_rules_are_read_by_
it_alone of T-03, and tests/unit/test_recur.c). A test of ours compares with libical; the programs don't link it.
"""

import re

from dedit_wire import ROOT
from source import FLOORS, PROGRAMS, files, imported


def test_libical_is_not_linked(s):
    for program in PROGRAMS:
        symbols, libraries = imported(program)
        assert not any("ical" in library for library in libraries), (program, libraries)
        assert not any(re.match(r"ical(component|property|recur|time|parser)_", name) for name in symbols), program
    for floor in FLOORS:
        for path in (ROOT / floor).rglob("*.[ch]"):
            assert "libical" not in "".join(re.findall(r"#\s*include[^\n]*", path.read_text())), path


def test_every_step_is_counted(s):
    """Whoever loads a period takes from the budget, and ends when there is none."""
    code = files("ical")["ical/recur.c"]
    for name in ("add_month", "add_week", "settle", "load"):
        [body] = re.findall(rf"^static int {name}\(.*?^}}", code, re.M | re.S)
        assert "spend(r" in body, name


def test_lines_are_read_in_one_pass(s):
    """The scanner has no loop that begins anew; T-08 and T-10 measure it."""
    code = files("ical")["ical/scan.c"]
    assert "goto" not in code and not re.search(r"\bstrlen\(s->text\)", code)
