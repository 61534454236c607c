"""RFC 7232 (now RFC 9110 13): If-Match, If-None-Match, If-(Un)Modified-Since; RFC 4918 10.4: If."""

import email.utils
import threading

from dav import CALENDAR, HOME, refused, unchanged
from dedit_wire import event

EVENT = CALENDAR + "event.ics"
NONE = CALENDAR + "none.ics"
PUT = {"Content-Type": "text/calendar"}


def etag(s, path=EVENT):
    """That of an event that is there."""
    s.put(path, event(path, summary="x"))
    return s.request("HEAD", path).headers["etag"]


def ask(s, method, path, body=None, **headers):
    return s.request(method, path, body, PUT | {k.replace("_", "-"): v for k, v in headers.items()})


def test_if_match(s):
    now = etag(s)
    with unchanged(s):
        for value in ('"other"', f"W/{now}", '"a", "b"', '""', now.strip('"')[:-1]):
            for method in ("PUT", "DELETE"):
                refused(ask(s, method, EVENT, event("new") if method == "PUT" else None, If_Match=value), 412)
        for value in ("*", now):
            refused(ask(s, "PUT", NONE, event("new"), If_Match=value), 412)
            r = ask(s, "DELETE", NONE, If_Match=value)
            assert r.status == 404, r
    for value in ("*", now, f'"x", {now}', f'"x",W/"y" ,{now}'):
        assert ask(s, "GET", EVENT, If_Match=value).status == 200, value
    refused(ask(s, "GET", EVENT, If_Match='"other"'), 412)
    r = ask(s, "PUT", EVENT, event(EVENT, summary="new"), If_Match=now)
    assert r.status == 204, r
    refused(ask(s, "DELETE", EVENT, If_Match=now), 412)
    assert ask(s, "DELETE", EVENT, If_Match=r.headers["etag"]).status == 204


def test_if_none_match(s):
    now = etag(s)
    with unchanged(s):
        for value in ("*", now, f"W/{now}", f'"x", {now}'):
            refused(ask(s, "PUT", EVENT, event("new"), If_None_Match=value), 412)
            r = ask(s, "GET", EVENT, If_None_Match=value)
            assert r.status == 304 and r.body == b"" and r.headers["etag"] == now, (value, r)
            assert ask(s, "HEAD", EVENT, If_None_Match=value).status == 304
    assert ask(s, "GET", EVENT, If_None_Match='"other"').status == 200
    assert ask(s, "PUT", EVENT, event(EVENT, summary="new"), If_None_Match='"other"').status == 204
    assert ask(s, "PUT", NONE, event("none"), If_None_Match="*").status == 201
    s.request("DELETE", NONE)


def test_dates(s):
    now = etag(s)
    stamp = s.request("HEAD", EVENT).headers["last-modified"]
    seconds = email.utils.parsedate_to_datetime(stamp).timestamp()
    early, late = (email.utils.formatdate(seconds + d, usegmt=True) for d in (-10, 10))
    with unchanged(s):
        refused(ask(s, "PUT", EVENT, event("new"), If_Unmodified_Since=early), 412)
        refused(ask(s, "DELETE", EVENT, If_Unmodified_Since=early), 412)
        # 13.1.4: passed over beside If-Match, and if it is no date.
        refused(ask(s, "DELETE", EVENT, If_Unmodified_Since=late, If_Match='"x"'), 412)
    assert ask(s, "GET", EVENT, If_Unmodified_Since="yesterday").status == 200
    assert ask(s, "GET", EVENT, If_Unmodified_Since=early, If_Match=now).status == 200
    assert ask(s, "GET", EVENT, If_Unmodified_Since=stamp).status == 200
    # A second is too coarse to say that nothing changed: there are ETags for that.
    for value in (early, late, stamp):
        assert ask(s, "GET", EVENT, If_Modified_Since=value).status == 200


def test_made_at_once_by_two(s):
    """Only one of two programs with If-None-Match: * makes it."""
    answers = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(
                ask(s, "PUT", CALENDAR + "race.ics", event("race"), If_None_Match="*").status
            )
        )
        for _ in range(16)
    ]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(answers) == [201] + [412] * 15, answers


def test_edited_at_once(s):
    """Each edit names what it is based on: none is lost."""
    path = CALENDAR + "counter.ics"
    s.put(path, event("counter", summary="0"))

    def add_one():
        while True:
            r = s.request("GET", path)
            n = int(r.text.split("SUMMARY:")[1].split()[0])
            r = ask(s, "PUT", path, event("counter", summary=str(n + 1)), If_Match=r.headers["etag"])
            assert r.status in (204, 412), r
            if r.status == 204:
                return

    threads = [threading.Thread(target=add_one) for _ in range(12)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert "SUMMARY:12\r\n" in s.request("GET", path).text


def test_if_header(s):
    now = etag(s)
    url = f"http://127.0.0.1:{s.port}{EVENT}"
    for value in (
        f"([{now}])",
        f"(Not [\"x\"])",
        f"([\"x\"]) ([{now}])",
        f"<{url}> ([{now}])",
        f"<{EVENT}> ([{now}])",
        f"(Not <DAV:no-lock> [{now}])",
        f"<{CALENDAR}> (Not <urn:uuid:1>)",
        "(Not <DAV:no-lock>)",
        f"<http://elsewhere/> ([\"x\"]) <{url}> ([{now}])",
        f"  ( [{now}] )  ",
    ):
        r = ask(s, "PUT", EVENT, event(EVENT, summary="x"), If=value)
        assert r.status == 204 and r.headers["etag"] == now, (value, r)
    with unchanged(s):
        for value in (
            '(["x"])',
            f"(Not [{now}])",
            f'(["x"] [{now}])',
            f"(<urn:uuid:1> [{now}])",
            "(<DAV:no-lock>)",
            f"<{NONE}> ([{now}])",
            f"<http://elsewhere{EVENT}> ([{now}])",
            f"([W/{now}])",
        ):
            refused(ask(s, "PUT", EVENT, event("new"), If=value), 412)


def test_malformed_if_header(s):
    """trust.md T-20"""
    now = etag(s)
    with unchanged(s):
        for value in (
            "",
            "(",
            ")",
            "()",
            "x",
            "([",
            '(["x"',
            "(Not)",
            "(<urn:x>",
            f"<{EVENT}>",
            "<> ([\"x\"])",
            "([])",
            "(<>)",
            f"([{now}]) x",
            "(Not Not <x>)",
            "([\"x\"])" * 200,
            "(" + "<a:b> " * 2000 + ")",
            "(" * 4000,
        ):
            r = ask(s, "DELETE", EVENT, If=value)
            assert r.status == 400, (value[:60], r)


def test_conditions_come_before_the_body_is_judged(s):
    etag(s)
    with unchanged(s):
        refused(ask(s, "PUT", EVENT, "no calendar", If_Match='"x"'), 412)
        refused(ask(s, "PUT", EVENT, "no calendar", If_None_Match="*"), 412)


def test_options_and_collections(s):
    assert ask(s, "OPTIONS", EVENT, If_Match='"x"').status == 200
    for path in (CALENDAR, HOME):
        assert ask(s, "PROPFIND", path, None, If_Match="*", Depth="0").status == 207
        refused(ask(s, "PROPFIND", path, None, If_Match='"x"', Depth="0"), 412)
    refused(ask(s, "MKCALENDAR", HOME + "new/", None, If_Match="*"), 412)
    assert s.request("GET", HOME + "new/").status == 404
