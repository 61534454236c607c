"""The source tree and the built programs, for the rows of doc/trust.md that say what code there is."""

import re
import subprocess

from dedit_wire import BUILD, ROOT

FLOORS = ("base", "xml", "ical", "storage", "policy", "http", "caldav", "web", "server")
PROGRAMS = ("deditd", "dedit")


def files(*floors, kinds=("*.c", "*.h")):
    """path below the top -> text without comments and strings; of these floors, or all."""
    found = {}
    for floor in floors or FLOORS:
        for kind in kinds:
            for path in sorted((ROOT / floor).rglob(kind)):
                found[str(path.relative_to(ROOT))] = code_of(path.read_text())
    assert found, floors
    return found


def code_of(text):
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', " ", text, flags=re.S)


def users(word, *floors):
    """The files in which a word stands as a whole."""
    return {path for path, code in files(*floors).items() if re.search(rf"\b{word}\b", code)}


def imported(program):
    """What a program takes from shared libraries, and which these are."""
    run = lambda *args: subprocess.run([*args, BUILD / program], check=True, capture_output=True, text=True).stdout
    symbols = {line.split()[-1].partition("@")[0] for line in run("nm", "-D", "--undefined-only").splitlines()}
    libraries = set(re.findall(r"\(NEEDED\)\s+Shared library: \[(.*?)\]", run("readelf", "-d")))
    assert symbols and libraries, program
    return symbols, libraries
