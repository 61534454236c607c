"""
doc/trust.md T-12: line ends, quotes and marks in names make no new header, no new content line, no new cell. (The
profile: tests/wire/mobileconfig_test.py; accounting programs: fees_export_test.py, fees_command_test.py.)
"""

import urllib.parse

from bounds import ask
from dav import HOME, proppatch, unfold
from dedit_wire import event

PUBLIC = "https://cal.example.org"
SERVER = {"settings": f'public-url = "{PUBLIC}"'}
PATH = HOME + "named/"
NAMES = ("a&#13;&#10;X-Injected: 1", "a&#10;X-INJECTED:1", "a&#13;X-INJECTED:1", "a\u2028X-INJECTED:1", "a\u0085X-INJECTED:1",
         "a&#10; X-INJECTED:1", "\"; filename=\"evil.html", "a;b,c\\nX-INJECTED:1", "\\&#10;X-INJECTED:1", "\u202eevil\u2066",
         "&#9;a", "END:VCALENDAR&#13;&#10;BEGIN:VCALENDAR", "é" * 2000)
SEGMENTS = ("a\"b", "a;b", "a,b", "a'b", "a b", "é", "a%b", "\u202egpj", "a\u2028b", "a=b", "filename*=UTF-8''x")


def headers_of(r):
    assert "x-injected" not in r.headers, r
    disposition = r.headers.get("content-disposition")
    if disposition:
        assert disposition.isascii() and disposition.count('"') == 2, disposition
        assert disposition.startswith('inline; filename="') and ".html\"" not in disposition, disposition


def test_names_that_the_owner_gives(s):
    assert s.request("MKCALENDAR", PATH).status == 201
    for n in range(2):
        assert s.put(f"{PATH}{n}.ics", event(f"e{n}")).status == 201
    feed = s.dedit("feed", "add", "anna/named").stdout.split()[0].partition(PUBLIC)[2]
    for name in NAMES:
        r = s.request("PROPPATCH", PATH, proppatch(
            f"<D:displayname>{name}</D:displayname><C:calendar-description>{name}</C:calendar-description>"))
        assert r.status == 207, (name, r)
        for where, user in ((PATH, "anna"), (feed, None)):
            r = ask(s, "GET", where, user=user)
            assert r.status == 200, r
            headers_of(r)
            names = [line.partition(":")[0].partition(";")[0] for line in unfold(r.text).split("\r\n")]
            assert "X-INJECTED" not in names and "X-Injected" not in names, (name, r)
            assert names.count("BEGIN") == names.count("END") == 3, (name, names)
            assert "\n" not in r.text.replace("\r\n", "") and "\r" not in r.text.replace("\r\n", ""), (name, r)
        exported = s.dedit("export", "anna/named").stdout
        assert not [x for x in unfold(exported).split("\n") if x.upper().startswith("X-INJECTED")], (name, exported)
    assert s.request("DELETE", PATH).status == 204


def test_names_in_urls(s):
    """They come back in Location, Content-Disposition and hrefs."""
    for name in SEGMENTS:
        path = HOME + urllib.parse.quote(name, safe="") + "/"
        r = ask(s, "MKCALENDAR", path)
        if r.status != 201:
            assert 400 <= r.status < 500, (name, r)
            continue
        feed = s.dedit("feed", "add", f"anna/{name}").stdout.split()[0].partition(PUBLIC)[2]
        headers_of(ask(s, "GET", feed, user=None))
        r = ask(s, "POST", path, event("posted"), {"Content-Type": "text/calendar"})
        headers_of(r)
        assert s.request("DELETE", path).status == 204


def test_control_characters_in_urls(s):
    for name in ("a%0d%0aX-Injected:1", "a%0aX-Injected:1", "a%0dX", "a%00b", "%7f", "a%09b", "%1b[31m"):
        for method, sent in (("MKCALENDAR", None), ("GET", None), ("PROPFIND", None), ("PUT", event("x"))):
            r = ask(s, method, HOME + name + ("/" if method == "MKCALENDAR" else "/x.ics"), sent, {"Depth": "0"})
            assert r.status == 400, (method, name, r)
            headers_of(r)
    for name in ("a%0d%0aX-Injected:1", "a%0ab"):
        r = ask(s, "GET", "/policy/" + name + "/x", user=None)
        assert r.status in (400, 404)
        headers_of(r)
