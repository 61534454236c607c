#!/usr/bin/python3
"""curl as a person at a terminal uses it: discovery by the well-known path, PUT, GET with ETag, DELETE, TLS."""
import re

from client_kit import event, in_hours, main, run


def scenario(t, s):
    def curl(*args, **kw):
        return run(["/usr/bin/curl", "-sS", "-i", "-u", "paul:" + s.passwords["paul"], *args], **kw)

    out = run(["/usr/bin/curl", "-sS", "-i", s.url + ".well-known/caldav"])
    t.check("the well-known path redirects by a path", re.search(r"(?im)^location: /\S*\r?$", out.stdout) is not None
            and " 301 " in out.stdout.splitlines()[0], out.stdout)
    out = run(["/usr/bin/curl", "-sS", "-i", s.url])
    t.check("no login: 401 with Basic", "401" in out.stdout.splitlines()[0] and
            re.search(r"(?im)^www-authenticate: basic realm=", out.stdout) is not None, out.stdout)
    out = curl("-L", "--post301", "-X", "PROPFIND", "-H", "Depth: 0", "-d",
               '<propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>', s.url + ".well-known/caldav")
    t.check("discovery through the redirect", "/principals/paul/" in out.stdout and "207" in out.stdout, out.stdout)

    body = event("curl@test", "Müller; a, b", in_hours(50))
    url = s.url + "calendars/paul/calendar/curl%40test.ics"
    out = curl("-X", "PUT", "-H", "Content-Type: text/calendar", "--data-binary", body, url)
    etag = re.search(r'(?im)^etag: (".*?")', out.stdout)
    t.check("PUT makes it, with its ETag", " 201 " in out.stdout.splitlines()[0] and etag, out.stdout)
    out = curl(s.url + "calendars/paul/calendar/curl@test.ics")
    t.check("GET in another spelling of the path", out.stdout.endswith("END:VCALENDAR\n") and etag.group(1) in out.stdout,
            out.stdout)
    out = curl("-H", "If-None-Match: " + etag.group(1), url)
    t.check("304 for a known ETag", " 304 " in out.stdout.splitlines()[0], out.stdout)
    out = curl("-X", "PUT", "-H", "If-Match: \"other\"", "-H", "Content-Type: text/calendar", "--data-binary", body, url)
    t.check("412 for a wrong one", " 412 " in out.stdout.splitlines()[0], out.stdout)
    out = curl("-X", "DELETE", "-H", "If-Match: " + etag.group(1), url)
    t.check("DELETE", " 204 " in out.stdout.splitlines()[0], out.stdout)
    out = curl("-I", url)
    t.check("gone", " 404 " in out.stdout.splitlines()[0], out.stdout)


if __name__ == "__main__":
    main(scenario)
