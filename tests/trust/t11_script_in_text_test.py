"""
doc/trust.md T-11: text of events and calendars is text wherever a browser or a feed reader shows it. (The page of a
policy and escapes by themselves: tests/wire/policy_page_test.py, fee_note_test.py.)
"""

import fee_note_test as fee
from bounds import ask
from dav import HOME, find, proppatch, text, unfold, value
from dedit_wire import event

SERVER = {**fee.SERVER, "users": ()}
ATTACKS = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</title></style></main><svg onload=alert(1)>",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "x\" onx=\"alert(1)",
    "a{background:url(javascript:alert(1))}",
    "&lt;script&gt; &#60;b&#62; &amp;",
    "\u202e<b>\u2066 ﹤script﹥",
)


def escaped(name):
    return name.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def check_page(r, shown):
    p = fee.Page(r.text)
    assert shown in r.text or shown in p.facts.values(), (shown, p.facts)
    allowed = {"html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "dl", "dt", "dd", "table", "tr", "td", "a"}
    assert {name for name, _ in p.tags} <= allowed, p.tags
    for name, attributes in p.tags:
        assert not any(a.startswith("on") or a in ("src", "style") for a in attributes), (name, attributes)
    assert all(link.startswith("/policy/") for link in p.links), p.links
    assert r.headers["content-security-policy"].startswith("default-src 'none'")
    assert r.headers["x-content-type-options"] == "nosniff"


def test_pages(s):
    for n, attack in enumerate(ATTACKS):
        more = "".join(f"{line}\r\n" for line in (
            f"LOCATION:{escaped(attack)}", f"CATEGORIES:{escaped(attack)}", "URL:javascript:alert(1)",
            f"X-TITLE:{escaped(attack)}", f"COLOR:{attack}", "ATTACH:data:text/html;base64,PHNjcmlwdD4="))
        ics = fee.cancel(s, "work", f"attack{n}", f"{escaped(attack)} 80 €", 10 + n, more)
        [link] = [x for x in unfold(ics).split("\r\n") if x.startswith("ATTACH;") and "/fee/" in x]
        r = ask(s, "GET", link.partition(fee.PUBLIC)[2], user=None)
        assert r.status == 200, r
        check_page(r, attack.strip())


def test_names_of_calendars_and_events_stay_in_their_type(s):
    """Feeds and events are text/calendar, answers XML, each not to be sniffed; a browser shows none as a page."""
    fee.prepare(s)
    path = HOME + "work/"
    for attack in ATTACKS:
        clean = attack.replace("&", "&amp;").replace("<", "&lt;")
        r = s.request("PROPPATCH", path, proppatch(
            f"<D:displayname>{clean}</D:displayname><C:calendar-description>{clean}</C:calendar-description>"
            f"<A:calendar-color>{clean}</A:calendar-color>"))
        assert r.status == 207 and text(s, path, "D:displayname") == attack, r
        s.put(path + "x.ics", event("x", summary=escaped(attack)))
        feed = s.dedit("feed", "add", "anna/work").stdout.split()[0].partition(fee.PUBLIC)[2]
        for where, kind in ((path + "x.ics", "text/calendar"), (path, "text/calendar"), (feed, "text/calendar")):
            r = ask(s, "GET", where, user=None if where == feed else "anna")
            assert r.headers["content-type"].startswith(kind) and r.headers["x-content-type-options"] == "nosniff", r
        s.dedit("feed", "revoke", "anna/work", feed.split("/")[2].split("-")[0], check=False)
        r = find(s, path, "D:displayname", "D:getetag", depth="1")
        assert r.headers["content-type"].startswith(("application/xml", "text/xml")), r.headers
    assert value(s.request("GET", path + "x.ics").text, "SUMMARY") == escaped(ATTACKS[-1])


def test_what_is_said_of_a_request_is_no_page(s):
    for path in ("/<script>alert(1)</script>", "/policy/<svg onload=alert(1)>/x", "/fee/<script>/x", "/feeds/<b>/x.ics",
                 "/timezones/<b>", "/calendars/<b>/"):
        r = ask(s, "GET", path.replace("<", "%3C").replace(">", "%3E").replace(" ", "%20"), None, {"Accept": "text/html"})
        assert r.status >= 400 and "text/html" not in r.headers["content-type"] and b"<script>" not in r.body, r
        assert b"<b>" not in r.body and b"<svg" not in r.body, r
