"""trust.md T-50: no program is ever run from here, by source, by what is linked, and by what names with shell words in them
come to. (The sandbox: t50_containment_test.py; the unit file: t50_service_test.py.)"""

import os
import pathlib
import re
import subprocess

from dav import CALENDAR, HOME, proppatch
from dedit_wire import BUILD, ROOT, event

RUNS = (r"system|popen|execl|execlp|execle|execv|execvp|execvpe|execve|execveat|fexecve|fork|vfork|clone|clone3|posix_spawnp?|wordexp|"
        r"pclose|forkpty|daemon|run_command_shell|dlmopen")
FLOORS = ("base", "xml", "ical", "storage", "policy", "http", "caldav", "web", "server")


def code_of(f):
    return re.sub(r'"(\\.|[^"\\])*"', '""', re.sub(r"/\*.*?\*/|//[^\n]*", "", f.read_text(), flags=re.S))


def test_source(_):
    files = [f for floor in FLOORS for f in (ROOT / floor).rglob("*.[ch]")]
    assert len(files) > 250
    for f in files:
        found = re.findall(rf"(?<![\w.>])({RUNS})\s*\(", code_of(f))
        assert not found, (f, found)
        assert "/bin/sh" not in f.read_text(), f


def test_symbols(_):
    """dlopen is there for policy modules, of root's or the server's own (dedit-policy-module(3)), in one place."""
    for name in ("deditd", "dedit"):
        out = subprocess.run(["objdump", "-T", BUILD / name], capture_output=True, text=True, check=True).stdout
        wanted = {line.split()[-1] for line in out.splitlines() if "*UND*" in line}
        assert "getaddrinfo" in wanted, "the list is this program's"
        mine = {w for w in wanted if re.fullmatch(RUNS, w)}
        # A sanitizer's run-time calls these itself, for its symbolizer.
        assert not mine or b"__asan_init" in (BUILD / name).read_bytes() and mine <= {"fork", "execve", "execv", "posix_spawn"}, mine
    assert [f.name for floor in FLOORS for f in (ROOT / floor).rglob("*.c") if re.search(r"\bdlopen\s*\(", code_of(f))] == ["module.c"]


def children(s):
    return [p for p in pathlib.Path("/proc").iterdir() if p.name.isdigit() and parent(p) == s.process.pid]


def parent(p):
    try:
        return int((p / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def test_words_of_a_shell(s):
    """In every name and text that a user or administrator gives."""
    proof = s.folder / "proof"
    for n, word in enumerate((f"$(touch {proof})", f"`touch {proof}`", f"; touch {proof};", f"| touch {proof}", f"& touch {proof} &",
                              f"\n touch {proof}\n", f"' ; touch {proof} ; '", f"\" ; touch {proof} ; \"", f"() {{ :; }}; touch {proof}",
                              f"${{IFS}}touch{proof}", "%x%n%s%p", "-oProxyCommand=x")):
        quoted = "".join(f"%{b:02X}" for b in word.replace("/", "∕").replace("\n", " ").encode())
        s.put(f"{CALENDAR}{quoted}.ics", event(f"x{n}", summary=word.replace("\n", " ")))
        s.request("GET", f"{CALENDAR}{quoted}.ics")
        s.request("PROPPATCH", CALENDAR, proppatch("<D:displayname>" + word.replace("&", "&amp;") + "</D:displayname>"))
        s.request("MKCALENDAR", f"{HOME}{quoted}/")
        s.request("GET", "/", None, {"User-Agent": word.replace("\n", " "), "X-A": word.replace("\n", " ")})
        s.request("GET", "/", user=word.replace("\n", " ").replace(":", ""), password=word)
        if n < 2:
            s.dedit("feed", "add", "anna/calendar", "--label", word)
            s.dedit("user", "token", "anna", "add", word)
            for args in (("export", f"anna/{word}"), ("policy", "explain", word)):
                s.dedit(*args, check=False)
    s.dedit("flush")
    assert not proof.exists() and not children(s)


def test_environment(_):
    """What is in it changes nothing that would be run or read: no configuration by environment."""
    wanted = set()
    for floor in FLOORS:
        for f in (ROOT / floor).rglob("*.c"):
            wanted |= set(re.findall(r'getenv\("([A-Z_]+)"\)', f.read_text()))
            assert "getenv(" not in re.sub(r'getenv\("[A-Z_]+"\)', "", f.read_text()), f
    assert wanted <= {"NOTIFY_SOCKET", "JOURNAL_STREAM", "TMPDIR", "DEDIT_FAILPOINT"}, wanted
    assert "LD_PRELOAD" not in os.environ
