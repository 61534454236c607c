"""
doc/trust.md T-03: alarms, index, free-busy, availability and policy expand by one function, whose limits are one
table. (iTIP doesn't exist yet.)
"""

import re

from dedit_wire import ROOT
from source import files, users

HEADERS = ("ical/recur.h", "ical/series.h", "ical/plan.h")


def test_one_function(s):
    """Only ical_expand() goes from place to place; who asks for occurrences asks it."""
    defined = [path for path, code in files().items() if re.search(r"^int ical_expand\(", code, re.M) and path[-1] == "c"]
    assert defined == ["ical/expand.c"], defined
    assert users("series_open") == {"ical/series.c", "ical/series.h", "ical/expand.c", "ical/plan.c"}
    assert users("ical_expand") >= {"ical/freebusy.c", "ical/range.c", "ical/availability.c", "ical/render.c",
                                    "ical/diff.c", "policy/notices.c", "policy/report/facts.c"}


def test_rules_are_read_by_it_alone(s):
    """A rule's times: the series of an object, the onsets of a zone, and the index, which only counts."""
    assert users("recur_open") == {"ical/recur.c", "ical/recur.h", "ical/series.c", "ical/bounds.c", "ical/vtimezone.c"}
    assert users("recur_next") == users("recur_open")
    for path, code in files().items():
        for call in re.findall(r"\brecur_open\(([^;]*)\);", code):
            if path != "ical/recur.h":
                assert re.search(r"steps$", call.strip()), (path, call)


def test_nobody_above_knows_how(s):
    for path in files("storage", "policy", "http", "caldav", "web", "server"):
        text = (ROOT / path).read_text()
        assert not any(f'"{header}"' in text for header in HEADERS), path


def test_limits_are_one_table(s):
    """Steps and instances are set in two places that a unit test compares, and never by a caller."""
    for path, code in files().items():
        if re.search(r"\.(steps|instances) = [0-9]", code):
            assert path in ("ical/parse.c", "caldav/dav.c"), path
