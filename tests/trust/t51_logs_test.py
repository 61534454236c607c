"""trust.md T-51: no log, metric or output holds a secret or text out of a calendar, and nothing forges a line."""

import http.client
import re

from dedit_wire import PASSWORD, Server, event, free_port, wait_for

PORT = free_port()
POLICY = ('policy "p" { timezone = "UTC" currency = EUR price = "80 EUR" tiers = { "24h 100%" } }\n'
          'calendar "anna/calendar" { policy = "p" }\n')
SERVER = {
    "settings": f'access-log = "access.log"\nmetrics-listen = {{ "127.0.0.1:{PORT}" }}\nlogin-attempts = 1000\n'
                'public-url = "https://cal.example.org"\ntrusted-proxies = { "127.0.0.1" }',
    "extra": POLICY,
    "tls": True,
    "clock": "2027-06-01T08:00:00Z",
}
CALENDAR = "/calendars/anna/calendar/"


def metrics():
    c = http.client.HTTPConnection("127.0.0.1", PORT, timeout=20)
    c.request("GET", "/metrics")
    text = c.getresponse().read().decode()
    c.close()
    return text


def written(s):
    """All that the server and the command have written since the start."""
    return {"log": s.log(), "access log": (s.folder / "access.log").read_text(), "metrics": metrics()}


def settle(s):
    r = s.request("OPTIONS", "/")
    wait_for(lambda: r.headers["x-request-id"] in (s.folder / "access.log").read_text(), 20, "the last line")


def absent(s, secrets, *outputs):
    settle(s)
    texts = {**written(s), **{f"output {i}": o for i, o in enumerate(outputs)}}
    for what, secret in secrets.items():
        assert len(secret) >= 8, what
        for where, text in texts.items():
            assert secret not in text, f"{what} is in the {where}: " + "\n".join(
                l for l in text.splitlines() if secret in l)[:500]


def test_passwords(s):
    secrets = {"the password": PASSWORD, "a wrong one": "tr0ub4dor-wrong", "one as a name": "tr0ub4dor-asname"}
    assert s.request("GET", "/").status != 401
    assert s.request("GET", "/", password=secrets["a wrong one"]).status == 401
    assert s.request("GET", "/", user=secrets["one as a name"] + " ", password="x").status == 401
    for value in ("Basic tr0ub4dor-raw", "Bearer tr0ub4dor-bearer", "tr0ub4dor-alone", "Basic " + "dHIwdWI0ZG9yLWI2NA" * 200):
        s.request("GET", "/", None, {"Authorization": value}, None)
        with s.socket() as c:
            c.sendall(f"GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: odd\r\nAuthorization: {value}\r\n\r\n".encode())
            c.recv(65536)
    absent(s, {**secrets, "raw": "tr0ub4dor-raw", "bearer": "tr0ub4dor-bearer", "alone": "tr0ub4dor-alone",
               "base64": "dHIwdWI0ZG9yLWI2NA"})


def test_links(s):
    """Feeds right, wrong, mistyped and sent on by others; fees by MAC."""
    out = s.dedit("feed", "add", "anna/calendar").stdout
    token = re.search(r"/feeds/([^/.\s]+)", out)[1]
    for path in (f"/feeds/{token}.ics", f"/feeds/{token}", f"/feeds/{token[:-1]}x", f"/dedit/feeds/{token}.ics",
                 f"//feeds/{token}", f"/Feeds/{token}.ics", f"/%66eeds/{token}", f"/?feed={token}"):
        s.request("GET", path, None, {"Referer": f"https://cal.example.org/feeds/{token}"}, None)
        s.request("GET", path)
    assert s.put(CALENDAR + "fee.ics", event("fee", "20270601T120000Z", "20270601T130000Z", "Marc Petit",
                 "ATTENDEE:mailto:marc@example.org\r\nORGANIZER:mailto:anna@example.org\r\n")).status == 201
    r = s.request("GET", CALENDAR + "fee.ics")
    cancelled = re.sub(r"(BEGIN:VEVENT\r\n)", r"\1STATUS:CANCELLED\r\n", r.text)
    assert s.put(CALENDAR + "fee.ics", cancelled).status in (200, 201, 204)
    text = re.sub(r"\r\n[ \t]", "", s.request("GET", CALENDAR + "fee.ics").text)
    path = re.search(r"https://cal\.example\.org(/fee/[^/\s]+/([^/\s;\"]+))", text)
    assert path, text
    assert s.request("GET", path[1], user=None).status == 200
    s.request("GET", path[1][:-1] + "!", user=None)
    s.request("GET", "/x" + path[1], user=None)
    absent(s, {"a feed's token": token[:-1], "a fee's MAC": path[2][:-1]})


def test_text_of_events(s):
    secrets = {"title": "Zephyrquartz", "notes": "Quagmirevex", "place": "Wyvernjolt", "category": "Fjordglyph"}
    body = event("words", summary=secrets["title"], extra="DESCRIPTION:" + secrets["notes"] + " #noshow\r\nLOCATION:" +
                 secrets["place"] + "\r\nCATEGORIES:" + secrets["category"] + "\r\n")
    assert s.put(CALENDAR + "words.ics", body).status == 201
    broken = body.replace("DTSTART:", "DTSTART;X=" + secrets["notes"] + ":" + secrets["title"])
    assert s.put(CALENDAR + "broken.ics", broken).status in (403, 400)
    for n, line in enumerate((f"DTSTART:{secrets['title']}", f"DTSTART:it's {secrets['title']}", f"DTSTART:a' {secrets['title']} 'b",
                              f"DTSTART:{'1' * 26}{secrets['title']}x", f"DURATION:{secrets['place']}",
                              f"RRULE:FREQ={secrets['category']}", f"RRULE:{secrets['category']}'s=1;FREQ=DAILY")):
        broken = re.sub(r"DT(START|END):.*\r\n", "", body).replace("END:VEVENT", f"{line}\r\nEND:VEVENT")
        if "DTSTART" not in line:
            broken = broken.replace("END:VEVENT", "DTSTART:20270601T120000Z\r\nEND:VEVENT")
        r = s.put(f"{CALENDAR}broken{n}.ics", broken)
        assert r.status == 403, (line, r)
        # and by hand
        (s.data / f"cal/anna/calendar/hand{n}.ics").write_text(broken, newline="")
    s.dedit("rescan", check=False)
    assert s.log().count("edited on disk: ") >= 7, s.log()
    assert "DTSTART: no date or time: '…'" in s.log(), s.log()
    s.request("PROPFIND", "/", f"<a>{secrets['title']}</b>", {"Depth": "0"})
    s.request("REPORT", CALENDAR, f'<x xmlns="y">{secrets["notes"]}</x>', {"Depth": "1"})
    assert s.request("DELETE", CALENDAR + "words.ics").status in (200, 204)
    absent(s, secrets, s.dedit("check", check=False).stdout)


def test_application_passwords_and_keys(s):
    made = s.dedit("token", "add", "anna", "phone", check=False)
    found = re.search(r"[0-9a-z]{6,}-[0-9a-z]{26}", made.stdout)
    secrets = {"the TLS key": (s.folder / "certs/server.key").read_text().splitlines()[1]}
    if found:
        secrets["an application password"] = found[0]
        assert s.request("GET", "/", password=found[0]).status != 401
        s.request("GET", "/", password=found[0][:-1] + "x")
        secrets["a wrong one"] = found[0][:-1] + "x"
    account = (s.data / "accounts/anna").read_text()
    hashes = re.findall(r"\$y\$\S+", account)
    assert hashes
    secrets["a password's hash"] = hashes[0]
    absent(s, secrets, s.dedit("user", "list").stdout)


def test_nothing_forges_a_line(s):
    """Control characters, escapes and marks of direction, in each part that a client chooses."""
    evil = "x\x1b[2J\x07\u202egpj.\u2066\x85\u2028y\\\"z"
    for header in ("User-Agent", "X-Request-Id", "X-Forwarded-For", "Depth", "If", "Destination", "Content-Type"):
        s.raw(f"PROPFIND {CALENDAR} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{header}: {evil}\r\n\r\n".encode())
    s.raw(f"GET /{evil.replace(chr(32), '')} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
    s.request("GET", "/", user="anna\x1b\n[x] login failed from 198.51.100.1 for anna", password="x")
    settle(s)
    for where, text in written(s).items():
        bad = re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]", text)
        assert not bad, (where, text[max(0, bad.start() - 200):bad.end() + 20])
        assert not re.search(r"^(\[\S+\] )?login failed from 198\.51\.100\.1", text, re.M), where
