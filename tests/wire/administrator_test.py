"""What an administrator does by the manual pages: listeners, a lost index, closed accounts, modules."""

import datetime
import http.client
import os
import re
import shutil
import socket
import subprocess

from dedit_wire import ROOT, Server, event, free_port, wait_for

SLOW = True

EVENT = "/calendars/anna/calendar/a.ics"
SHARED = "/calendars/marc/anna~calendar/a.ics"


def in_hours(hours):
    then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
    return then.strftime("%Y%m%dT%H%M%SZ")


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False


def test_ipv6_listener(_):
    if not has_ipv6():
        return
    port = free_port()
    with Server(start=False) as s:
        text = s.conf.read_text().replace("listen = { ", f'listen = {{ "[::1]:{port}", ', 1)
        s.conf.write_text(text)
        s.start()
        c = http.client.HTTPConnection("::1", port, timeout=20)
        assert s.request("OPTIONS", "/", connection=c).status == 200
        assert s.request("OPTIONS", "/", user=None, connection=c).status == 401
        assert s.request("OPTIONS", "/").status == 200


def test_index_lost(_):
    """dedit-store(5): the database can be lost; accounts, shares, events and ledger are in the files."""
    policy = ('policy "p" { timezone = "Europe/Paris" currency = EUR price-from = title tiers = { "24h 100%" } }\n'
              'calendar "anna/calendar" { policy = "p" }')
    with Server(extra=policy) as s:
        s.dedit("share", "anna/calendar", "marc", "write")
        start, end = in_hours(5), in_hours(6)
        assert s.put(EVENT, event("a", start, end, "Marc Petit 80 €")).status == 201
        text = s.request("GET", EVENT).text
        cancelled = text.replace("BEGIN:VEVENT", "BEGIN:VEVENT\r\nSTATUS:CANCELLED")
        assert s.put(SHARED, cancelled, user="marc").status == 204
        before, owed = s.request("GET", EVENT).body, s.dedit("fees", "--json").stdout
        assert '"fee": 8000' in owed and s.dedit("fees", "--json", "--owner", "Anna").stdout == owed
        s.dedit("flush")
        assert s.stop() == 0
        for part in s.data.glob("index.db*"):
            part.unlink()
        s.dedit("rebuild")
        s.start()
        assert s.request("GET", EVENT).body == before
        assert s.request("GET", SHARED, user="marc").body == before
        assert s.dedit("fees", "--json").stdout == owed
        s.dedit("check", "--deep")


def test_closed_account(_):
    """dedit(1): no login, its shares withdrawn, its calendars in removed/, the name not given again."""
    with Server() as s:
        assert s.put(EVENT, event("a")).status == 201
        s.dedit("share", "anna/calendar", "marc", "read")
        s.dedit("user", "remove", "anna")
        assert s.request("OPTIONS", "/").status == 401
        assert s.request("GET", SHARED, user="marc").status == 404
        kept = s.data / "removed/anna/calendar/a.ics"
        wait_for(kept.exists, 10, "the calendar is in removed/")
        assert kept.read_bytes() == event("a").encode() and not (s.data / "cal/anna/calendar/a.ics").exists()
        r = s.dedit("user", "add", "anna", input="another password\n", check=False)
        assert r.returncode == 1 and "removed" in r.stderr, r


def example():
    """The module that dedit-policy-module(3) shows."""
    page = (ROOT / "man/dedit-policy-module.3").read_text()
    shown = re.search(r"^\.Sh EXAMPLES\n.*?^\.Bd [^\n]*\n(.*?)^\.Ed$", page, re.S | re.M).group(1)
    return shown.replace("\\e", "\\").replace("\\&", "").replace("\\-", "-")


def test_module_of_the_manual_page(_):
    """Built from the installed header alone, it decides about events of a running server."""
    with Server(start=False) as s:
        include, module = s.folder / "include", s.folder / "modules"
        include.mkdir()
        module.mkdir(mode=0o755)
        shutil.copy(ROOT / "policy/dedit_policy.h", include)
        source, shared = s.folder / "example.c", module / "example.so"
        source.write_text(example())
        subprocess.run([*os.environ.get("CC", "cc").split(), "-shared", "-fPIC", f"-I{include}", "-o", shared, source],
                       check=True)
        shared.chmod(0o755)
        s.write_config(f'modules = {{ "{module}" }}',
                       f'policy "p" {{ module = "{shared}" }}\ncalendar "anna/calendar" {{ policy = "p" }}')
        s.start()
        s.dedit("share", "anna/calendar", "marc", "write")
        assert s.put(EVENT, event("a", in_hours(5), in_hours(6))).status == 201
        assert s.request("DELETE", SHARED, user="marc").status == 403
        text = s.request("GET", EVENT).text
        assert "Please set t" in text and "STATUS" not in text
        cancelled = text.replace("SUMMARY", "STATUS:CANCELLED\r\nSUMMARY", 1)
        assert s.put(SHARED, cancelled, user="marc").status == 204
        notes = s.request("GET", EVENT).text.replace("\r\n ", "")
        assert "This appointment was cancelled." in notes and "Change refused" not in notes
