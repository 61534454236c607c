"""dedit ledger: signed heads, and what is said of a ledger that somebody has been at (doc/architecture.md 15.23)."""

import base64
import re
import subprocess

from dedit_wire import Server, event, wait_for

SLOW = True

POLICY = """policy "p" { timezone = "Europe/Paris" currency = EUR price-from = title tiers = { "24h 100%" } }
calendar "anna/calendar" { policy = "p" }
"""
CLOCK = {"extra": POLICY, "clock": "2026-06-01T08:00:00Z"}
HEAD = re.compile(r"anna (\d+) (\S+Z) [\w-]{43} [\w-]{22} [\w-]{86}\n")


def book(s, uid, day="20260610"):
    r = s.put(f"/calendars/anna/calendar/{uid}.ics", event(uid, f"{day}T100000Z", f"{day}T110000Z", f"{uid} 80 €"))
    assert r.status == 201, r


def verify(s, *args, problem=None):
    """The problem lines; None: there must be none."""
    r = s.dedit("ledger", "verify", *args, check=False)
    if problem is None:
        assert r.returncode == 0 and r.stdout == "ledger of anna: no problems\n", r
    else:
        assert r.returncode == 1 and r.stdout == problem + "\n" and "problems were found" in r.stderr, r


def log_of(s):
    return next((s.data / "ledger/anna").glob("*.log"))


def test_head_verify_key(_):
    with Server(**CLOCK) as s:
        r = s.dedit("ledger", "head", "anna", check=False)
        assert r.returncode == 1 and "the ledger of anna is empty" in r.stderr, r
        assert s.dedit("ledger", "head").stdout == ""
        book(s, "Marc")
        head = s.dedit("ledger", "head", "Anna").stdout
        assert HEAD.fullmatch(head).groups() == ("1", "2026-06-01T08:00:00Z"), head
        assert s.dedit("ledger", "head").stdout == head, "signed once"
        verify(s)
        key = s.data / "ledger.key"
        assert key.stat().st_mode & 0o777 == 0o600
        public = s.dedit("ledger", "key").stdout
        assert s.dedit("ledger", "key").stdout == public

        # As dedit-store(5) says, with OpenSSL alone.
        owner, seq, when, link, _key, signature = head.split()
        (s.folder / "pub").write_text(public)
        (s.folder / "text").write_text(f"dedit ledger head\n{owner} {seq} {when} {link}\n")
        (s.folder / "sig").write_bytes(base64.urlsafe_b64decode(signature + "=="))
        subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", s.folder / "pub", "-rawin",
                        "-in", s.folder / "text", "-sigfile", s.folder / "sig"], check=True, capture_output=True)

        assert s.stop() == 0
        verify(s, "anna")
        assert s.dedit("ledger", "head").stdout == head and s.dedit("ledger", "key").stdout == public
        for wrong in (["nobody"], ["anna", "marc"], ["--head", "x"], ["marc", "--head", head.strip()]):
            assert s.dedit("ledger", "verify", *wrong, check=False).returncode in (1, 2), wrong
        s.start()


def test_healthy_after_crash_and_rebuild(_):
    with Server(**CLOCK) as s:
        for n in range(20):
            book(s, f"Client{n}")
        s.dedit("ledger", "head")
        s.kill()
        s.start()
        verify(s)
        book(s, "Later")
        verify(s)
        s.dedit("flush")
        assert s.stop() == 0
        for part in s.data.glob("index.db*"):
            part.unlink()
        s.dedit("rebuild")
        verify(s)
        s.start()
        verify(s)


def test_what_was_cut_off(_):
    """A line, then also the head that was signed, then all that the folder knows: a head kept elsewhere is left."""
    with Server(**CLOCK) as s:
        for n in range(3):
            book(s, f"Client{n}")
        head = s.dedit("ledger", "head").stdout.strip()
        verify(s, "--head", head)
        assert s.stop() == 0
        log = log_of(s)
        log.write_bytes(b"".join(log.read_bytes().splitlines(True)[:2]))
        verify(s, problem=f"ledger/anna/{log.name}: entry 3 of the index is missing")
        s.start()
        verify(s, problem=f"ledger/anna/{log.name}: entry 3 of the index is missing")
        assert s.stop() == 0
        for part in s.data.glob("index.db*"):
            part.unlink()
        s.dedit("rebuild")
        verify(s, problem="ledger/anna/heads:1: entry 3 was signed, but the ledger ends with entry 2")
        (s.data / "ledger/anna/heads").unlink()
        for part in s.data.glob("index.db*"):
            part.unlink()
        s.dedit("rebuild")
        verify(s)
        verify(s, "--head", head, problem="ledger of anna: entry 3 was signed, but the ledger ends with entry 2")
        verify(s, "--head", head.replace("anna 3", "anna 2"),
               problem="ledger of anna: the signature of the head of entry 2 is forged")


def test_columns_that_the_chain_does_not_cover(_):
    """Changed in the file and, by a rebuild, in the index: the text says otherwise."""
    with Server(**CLOCK) as s:
        book(s, "Marc")
        s.dedit("flush")
        assert s.stop() == 0
        log = log_of(s)
        text = log.read_text()
        assert text.endswith("\tmarc\tMarc\n"), text
        log.write_text(text.replace("\tmarc\tMarc\n", "\tpaul\tMarc\n"))
        for part in s.data.glob("index.db*"):
            part.unlink()
        s.dedit("rebuild")
        verify(s, problem=f"ledger/anna/{log.name}:1: entry 1: its client is not that of its text")


def test_signed_daily(_):
    """By the server's timer, if something was entered; the clock may step."""
    with Server(**CLOCK) as s:
        heads = s.data / "ledger/anna/heads"

        def days():
            lines = heads.read_text().splitlines(True) if heads.exists() else []
            return [HEAD.fullmatch(line).group(2)[8:10] for line in lines]

        book(s, "First")
        s.set_clock("2026-06-02T09:00:00Z")
        wait_for(lambda: days() == ["02"], 25, "the head is signed")
        book(s, "Second")
        s.restart()
        s.set_clock("2026-06-03T09:00:00Z")
        wait_for(lambda: days() == ["02", "03"], 25, "the next head is signed")
        verify(s)
