"""The terms of a policy, /policy/<name>/<version>: policy.md S19, 4.3; architecture.md 15.24, 15.32, 15.34."""

import re
import urllib.parse

from dav import HOME, in_hours, unfold
from dedit_wire import Server, event
from fee_note_test import Page

SLOW = True

PUBLIC = "https://cal.example.org"
RULES = 'timezone = "Europe/Paris" currency = "EUR" price-from = title tiers = { "48h 50%", "24h 100%" } extras = on'
EXTRA = f"""
policy "therapy" {{ {RULES} late-move = same
    client "marie.d@example.org" {{ tiers = {{ "12h 77%" }} mode = record }}
    version "2026-03-01" {{ tiers = {{ "72h 40%" }}
        client "marie.d@example.org" {{ tiers = {{ "12h 88%" }} }} }}
    version "2026-05-31T22:00:00Z" {{ tiers = {{ "96h 30%" }} }} }}
policy "Thérapie <1>, \\\"a\\\"" {{ {RULES} language = fr }}
policy "undated" {{ {RULES} }}
calendar "anna/odd" {{ policy = "Thérapie <1>, \\\"a\\\"" }}
calendar "anna/undated" {{ policy = "undated" }}
"""
SERVER = {"settings": f'public-url = "{PUBLIC}"', "extra": EXTRA, "users": ("anna",)}


def fetch(s, path, method="GET", **headers):
    return s.request(method, path, None, headers, None)


def terms(s, name, version):
    r = fetch(s, f"/policy/{urllib.parse.quote(name, safe='')}/{version}")
    assert r.status == 200, r
    p = Page(r.text)
    return p.words["h1"][0], "\n".join(p.words["p"]), p


def linked(s, calendar, uid="x", hours=200):
    """The path that the annotation of a booked event names."""
    if s.request("GET", f"{HOME}{calendar}/").status == 404:
        s.dedit("calendar", "add", f"anna/{calendar}")
    path = f"{HOME}{calendar}/{uid}.ics"
    assert s.put(path, event(uid, in_hours(hours), in_hours(hours + 1), "Marie 80 €")).status in (201, 204)
    [line] = [x for x in unfold(s.request("GET", path).text).split("\r\n") if x.startswith("LINK")]
    return line.partition(PUBLIC)[2]


def test_each_version(s):
    """What held from that day on; a UTC time is the day in the policy's zone."""
    title, text, _ = terms(s, "therapy", "2026-03-01")
    assert title == "Policy “Therapy”, version of 1 March 2026"
    assert "free of charge until 72 hours before" in text and "40 %" in text and "96 hours" not in text, text
    title, text, _ = terms(s, "therapy", "2026-06-01")
    assert title.endswith("version of 1 June 2026") and "until 96 hours before" in text and "30 %" in text, text
    assert "costs the same" in text, "what a version doesn't say holds on"


def test_never_a_clients(s):
    """15.32: the general terms alone."""
    for version in ("2026-03-01", "2026-06-01"):
        r = fetch(s, f"/policy/therapy/{version}")
        assert r.status == 200
        for word in ("marie", "77", "88", "12 hours", "is asked to cancel"):
            assert word not in r.text, (word, r.text)


def test_linked_from_the_annotation(s):
    """Whatever the policy is called, in its language; without dates by its text's digest."""
    path = linked(s, "odd")
    r = fetch(s, path)
    assert r.status == 200 and r.headers["content-language"] == "fr", r
    p = Page(r.text)
    assert p.words["h1"] == ["Politique « Thérapie <1>, \"a\" »"] and ("html", {"lang": "fr"}) in p.tags
    assert "sans frais jusqu'à 48 heures avant" in "\n".join(p.words["p"]), p.words
    assert fetch(s, linked(s, "undated")).status == 200


def test_headers(s):
    r = fetch(s, "/policy/therapy/2026-03-01")
    assert r.headers["content-type"] == "text/html; charset=utf-8"
    assert r.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert r.headers["cache-control"] == "no-cache" and r.headers["referrer-policy"] == "no-referrer"
    assert "www-authenticate" not in r.headers
    head = fetch(s, "/policy/therapy/2026-03-01", "HEAD")
    assert head.status == 200 and head.body == b""
    for method in ("POST", "PUT", "DELETE"):
        assert fetch(s, "/policy/therapy/2026-03-01", method).status == 405
    assert fetch(s, "/policy/therapy/2026-03-01").body == r.body, "the same bytes"


def test_nothing_else(s):
    for path in ("/policy/", "/policy/therapy", "/policy/therapy/", "/policy/therapy/2026-03-02",
                 "/policy/therapy/2026-03-01/", "/policy/nobody/2026-03-01", "/policy//2026-03-01",
                 "/policy/therapy/..%2f..%2fkey", "/policy/therapy/%2e%2e", "/policy/therapy/" + "A" * 22,
                 "/policy/therapy/" + "A" * 3000, "/policy/" + "A" * 3000 + "/2026-03-01", "/policy/therapy/%00",
                 "/policy/THERAPY/2026-03-01"):
        r = fetch(s, path)
        assert (r.status, r.text) == (404, "nothing here\n"), (path, r)
        assert "therapy" not in r.text


def test_earlier_texts_stay_readable(_):
    """15.24: a text that was in force is kept by its digest; the links that name it go on."""
    with Server(f'public-url = "{PUBLIC}"', EXTRA, ("anna",)) as s:
        first, odd = linked(s, "undated"), linked(s, "odd", "z", 300)
        before = fetch(s, first).body
        s.write_config(extra=EXTRA.replace("48h 50%", "47h 50%"))
        assert s.reload().startswith("reloaded")
        assert fetch(s, first).body == before and "48 hours" in fetch(s, first).text
        second = linked(s, "undated", "y")
        assert second != first and "47 h" in fetch(s, second).text
        # the digest says which text it is: an appointment keeps it where it moves to
        digest = first.rpartition("/")[2]
        assert terms(s, "therapy", digest)[0] == "Policy “Undated”"
        # and when the policy is gone
        s.write_config(extra="")
        assert s.reload().startswith("reloaded")
        assert fetch(s, first).body == before
        r = fetch(s, odd)
        assert r.status == 200 and "sans frais" in r.text, r
        # what it once warned of is not warned of for every reader
        assert not re.search("WARN.*policy", s.log()), s.log()
        assert s.stop() == 0
        (s.data / "policies" / digest).write_text("no text of ours {")
        s.start()
        assert fetch(s, first).status == 404


def test_holidays_from_a_file(_):
    """Beside the configuration, as at load."""
    rules = EXTRA.replace("extras = on", 'extras = on hours = { "mon-fri 09:00-18:00" } holidays = { "days.ics" }')
    with Server(f'public-url = "{PUBLIC}"', rules, (), start=False) as s:
        (s.folder / "days.ics").write_text(event("d", "20270101T000000Z", "20270102T000000Z"), newline="")
        s.add_user("anna")
        s.start()
        first = linked(s, "undated")
        s.write_config(extra=rules.replace("48h 50%", "47h 50%"))
        assert s.reload().startswith("reloaded")
        assert "48 hours" in fetch(s, first).text


def test_a_name_that_no_path_can_hold(_):
    with Server(extra='policy "a/b" { currency = EUR }', users=(), start=False) as s:
        for name in ("a/b", "", "..", "a\\tb"):
            s.write_config(extra=f'policy "{name}" {{ currency = EUR }}')
            r = s.dedit("user", "list", check=False)
            assert r.returncode == 1 and "expected a name without slash" in r.stderr, (name, r)


def test_below_a_base_path(_):
    with Server(f'public-url = "{PUBLIC}"\nbase-path = "/dedit"', EXTRA, ("anna",)) as s:
        path = linked(s, "undated")
        assert path.startswith("/dedit/policy/undated/") and fetch(s, path).status == 200
