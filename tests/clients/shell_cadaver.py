#!/usr/bin/python3
"""cadaver, a WebDAV shell that knows nothing of calendars: list, put, get, propget, move, copy, delete."""
from client_kit import event, in_hours, main, run


def scenario(t, s):
    home = s.home / "cadaver"
    home.mkdir()
    netrc = home / ".netrc"
    netrc.write_text("machine 127.0.0.1\nlogin paul\npassword %s\n" % s.passwords["paul"])
    netrc.chmod(0o600)
    (home / "one.ics").write_bytes(event("one@test", "One", in_hours(30)).encode())

    def cadaver(*commands):
        return run(["/usr/bin/cadaver", s.url + "calendars/paul/"], input="\n".join(commands) + "\nquit\n",
                   cwd=str(home), env={"HOME": str(home), "PATH": "/usr/bin:/bin", "TERM": "dumb", "LC_ALL": "C.UTF-8"})

    out = cadaver("ls")
    t.check("ls shows the calendars", "calendar" in out.stdout and "tasks" in out.stdout, out.stdout + out.stderr)
    out = cadaver("cd calendar", "put one.ics", "ls", "get one.ics back.ics")
    t.check("put, ls, get", "one.ics" in out.stdout and (home / "back.ics").exists() and
            (home / "back.ics").read_bytes() == (home / "one.ics").read_bytes(), out.stdout)
    out = cadaver("cd calendar", "move one.ics two.ics", "ls")
    t.check("move", "two.ics" in out.stdout and "succeeded" in out.stdout, out.stdout)
    status, _, _ = s.request("GET", "/calendars/paul/calendar/one.ics", "paul")
    t.check("… and the old name is gone", status == 404, status)
    out = cadaver("cd calendar", "copy two.ics three.ics")
    t.check("a copy in the same calendar would be a second UID: refused",
            "403" in out.stdout or "409" in out.stdout, out.stdout)
    out = cadaver("cd calendar", "delete two.ics")
    t.check("delete", "succeeded" in out.stdout, out.stdout)
    out = cadaver("mkcol plain")
    t.check("a plain collection is refused in a home", "403" in out.stdout or "failed" in out.stdout, out.stdout)


if __name__ == "__main__":
    main(scenario)
