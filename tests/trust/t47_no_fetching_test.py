"""trust.md T-47: the server fetches nothing. URLs in events, properties, bodies and headers are text: not one of them makes it
open a connection, and it has nothing to open one with."""

import re
import select
import socket
import subprocess

from dav import CALENDAR, HOME, body, proppatch
from dedit_wire import BUILD, ROOT, event


class Trap:
    """A listener that nobody should come to."""

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        return self

    def __exit__(self, *_):
        came, _, _ = select.select([self.socket], [], [], 0.3)
        self.socket.close()
        assert not came, "somebody followed a URL"


def test_urls_in_events(s):
    with Trap() as trap:
        for n, line in enumerate((
            "ATTACH:{}/x.pdf", "URL:{}/", "IMAGE;VALUE=URI:{}/x.png", "CONFERENCE;VALUE=URI:{}/", "SOURCE:{}/x.ics", "LINK;VALUE=URI;LINKREL=x:{}/",
            "ATTENDEE;DIR=\"{}/x\":mailto:a@b", "ORGANIZER;DIR=\"{}/\":{}/o", "LOCATION;ALTREP=\"{}/\":x", "DESCRIPTION;ALTREP=\"{}/\":x",
            "X-WR-CALURL:{}/", "STRUCTURED-DATA;VALUE=URI:{}/", "STYLED-DESCRIPTION;VALUE=URI:{}/", "COMMENT;ALTREP=\"{}\":x",
            "X-APPLE-STRUCTURED-LOCATION;VALUE=URI:{}/", "BEGIN:VALARM\r\nTRIGGER:-PT1M\r\nACTION:AUDIO\r\nATTACH:{}/x.wav\r\nEND:VALARM",
        )):
            for url in (trap.url, trap.url.replace("http:", "webcal:"), trap.url.replace("http:", "https:"), "file:///etc/passwd"):
                r = s.put(f"{CALENDAR}u{n}.ics", event(f"u{n}", extra=line.replace("{}", url) + "\r\n"))
                assert r.status in (201, 204, 403), (line, r)
        zone = (f"BEGIN:VTIMEZONE\r\nTZID:X\r\nTZURL:{trap.url}/zone.ics\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0000\r\n"
                "TZOFFSETTO:+0000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n")
        s.put(CALENDAR + "zone.ics", event("zone").replace("BEGIN:VEVENT", zone + "BEGIN:VEVENT"))
        head = f"SOURCE;VALUE=URI:{trap.url}/x.ics\r\nURL:{trap.url}/\r\nIMAGE;VALUE=URI:{trap.url}/x.png\r\nREFRESH-INTERVAL;VALUE=DURATION:PT1S\r\n"
        s.put(CALENDAR + "head.ics", event("head").replace("BEGIN:VEVENT", head + "BEGIN:VEVENT", 1))
        s.request("GET", CALENDAR)
        s.dedit("export", "anna/calendar")


def test_subscriptions_and_callbacks(s):
    """Apple's subscribed calendars, push, proxies, DTDs, XInclude, style sheets, and headers that ask for it."""
    with Trap() as trap:
        subscribed = ('<D:mkcol xmlns:D="DAV:" xmlns:CS="http://calendarserver.org/ns/"><D:set><D:prop><D:resourcetype><D:collection/>'
                      f'<CS:subscribed/></D:resourcetype><CS:source><D:href>{trap.url}/</D:href></CS:source></D:prop></D:set></D:mkcol>')
        r = s.request("MKCOL", HOME + "subscribed/", subscribed, {"Content-Type": "application/xml"})
        assert r.status == 201, r  # kept for the program, which fetches by itself
        for method in ("GET", "PROPFIND"):
            s.request(method, HOME + "subscribed/", None, {"Depth": "1"})
        s.request("PROPPATCH", CALENDAR, proppatch(f"<CS:source><D:href>{trap.url}/</D:href></CS:source>"))
        s.request("PROPFIND", CALENDAR, f'<!DOCTYPE x SYSTEM "{trap.url}/x.dtd"><x/>', {"Depth": "0"})
        s.request("PROPFIND", CALENDAR, f'<?xml-stylesheet href="{trap.url}/x.xsl"?><D:propfind xmlns:D="DAV:" '
                  f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="DAV: {trap.url}/x.xsd">'
                  f'<D:prop><i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{trap.url}/x"/></D:prop></D:propfind>', {"Depth": "0"})
        s.request("REPORT", CALENDAR, body("C:calendar-multiget", f"<D:prop><D:getetag/></D:prop><D:href>{trap.url}{CALENDAR}x.ics</D:href>"))
        for method in ("COPY", "MOVE"):
            r = s.request(method, CALENDAR + "u0.ics", None, {"Destination": f"{trap.url}{CALENDAR}x.ics"})
            assert r.status in (403, 404, 502), r
        s.request("POST", CALENDAR, f'<push-register xmlns="https://bitfire.at/webdav-push"><subscription><web-push-subscription>'
                  f'<push-resource>{trap.url}/</push-resource></web-push-subscription></subscription></push-register>',
                  {"Content-Type": "application/xml"})
        headers = {"Referer": trap.url, "X-Forwarded-Host": trap.url[7:], "Call-Back": f"<{trap.url}>", "Notification-Type": "x",
                   "Reply-To": trap.url, "Link": f"<{trap.url}>", "Host": trap.url[7:]}
        for method in ("GET", "SUBSCRIBE", "NOTIFY", "PROPFIND", "OPTIONS"):
            s.request(method, CALENDAR, None, headers | {"Depth": "0"})
        # Not a proxy, either.
        for target in (f"{trap.url}/", f"GET {trap.url}"):
            s.raw(f"GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
        s.raw(f"CONNECT {trap.url[7:]} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
        assert s.request("GET", "/timezones/capabilities").status == 200


def test_nothing_to_fetch_with(_):
    """By source: connections are opened to sockets of this machine, dédit's own and systemd's, and nothing is resolved but
    addresses to listen on; by symbols: no library for it is linked."""
    calls = {}
    for floor in ("base", "xml", "ical", "storage", "policy", "http", "caldav", "web", "server"):
        for f in (ROOT / floor).rglob("*.c"):
            code = re.sub(r'"(\\.|[^"\\])*"', '""', re.sub(r"/\*.*?\*/", "", f.read_text(), flags=re.S))
            for word in re.findall(r"(?<![\w.>])(connect|sendto|sendmsg|getaddrinfo|gethostbyname\w*|res_\w+|curl_\w+|xmlNanoHTTP\w*|"
                                   r"BIO_new_connect|SSL_connect|gnutls_handshake)\s*\(", code):
                calls.setdefault(word, set()).add(f.name)
    assert calls.pop("connect") == {"control.c", "listen.c"} and calls.pop("sendmsg") == {"control.c"}, calls
    assert calls.pop("sendto") == {"deditd.c"} and calls.pop("getaddrinfo") == {"listen.c"}, calls
    assert calls == {}, calls
    for name in ("deditd", "dedit"):
        libraries = subprocess.run(["objdump", "-p", BUILD / name], capture_output=True, text=True, check=True).stdout
        assert not re.search(r"NEEDED\s+lib(curl|soup|neon|serf|nghttp|cares|resolv)", libraries), libraries
