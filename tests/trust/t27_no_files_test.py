"""trust.md T-27: no URL is looked up in the file system. What is shown is compiled in or comes from the store."""

import re

from bounds import ask
from dav import refused
from dedit_wire import ROOT, event


def test_no_files_by_url(s):
    for path in ("/robots.txt", "/favicon.ico", "/index.html", "/.htaccess", "/.git/config", "/.env", "/data/key", "/etc/passwd",
                 "/key", "/lock", "/index.db", "/dedit.conf", "/accounts/anna", "/cal/anna/calendar/x.ics", "/static/x.css",
                 "/doc/", "/icons/", "/server-status",
                 "/calendars/anna/calendar/.props", "/calendars/anna/.props", "/ledger/anna/heads", "/policies/x"):
        refused(s.request("GET", path), 404)
    for path in ("/console/none", "/console/package.json", "/console/main.js", "/console/..%2fetc/passwd"):
        assert s.request("GET", path).status in (400, 404), path
    assert b"BEGIN" not in s.request("GET", "//etc/passwd").body


def test_files_of_the_folder_are_no_resources(s):
    """What lies in a calendar's folder and is no event of it isn't shown by any name."""
    s.put("/calendars/anna/calendar/x.ics", event("x"))
    s.dedit("flush")
    folder = s.data / "cal/anna/calendar"
    (folder / "page.html").write_text("<b>PLANTED</b>")
    (folder / ".hidden.ics").write_text(event("hidden", summary="PLANTED"))
    for name in ("page.html", ".hidden.ics", "=2Ehidden.ics", ".props", "..%2f.props", "x.ics~"):
        r = ask(s, "GET", "/calendars/anna/calendar/" + name)
        assert r.status in (400, 404) and b"PLANTED" not in r.body, r


def test_floors_above_the_store_open_nothing(_):
    """By source: what answers requests has no function that opens a file."""
    opens = re.compile(r"\b(open|openat|openat2|fopen|opendir|fdopendir|freopen|fs_\w+|stat|lstat|access|readlink|realpath|"
                       r"sendfile|mmap|MHD_create_response_from_fd\w*)\s*\(")
    files = [f for floor in ("caldav", "web", "http", "xml", "ical") for f in sorted((ROOT / floor).rglob("*.c"))]
    assert len(files) > 60
    for f in [*files, ROOT / "server/exchange.c", ROOT / "server/route.c"]:
        code = re.sub(r'"(\\.|[^"\\])*"', '""', re.sub(r"/\*.*?\*/", "", f.read_text(), flags=re.S))
        found = {m[1] for m in opens.finditer(code)}
        # Zones are files of the system's, by names out of a table (T-49).
        assert not found or f.name in ("zone.c", "tzif.c"), (f, found)
