"""architecture.md 15.34: /healthz needs no login and says that the server answers, and what is wrong (deditd(8))."""

import contextlib

from dedit_wire import Server, basic, event, wait_for

SLOW = True


def test_answers_without_a_login(s):
    r = s.request("GET", "/healthz", user=None)
    assert r.status == 200, r
    assert r.text == "ok\n"
    assert r.headers["cache-control"] == "no-store"


def test_answers_head(s):
    r = s.request("HEAD", "/healthz", user=None)
    assert (r.status, r.body) == (200, b"")


def test_takes_nothing_else(s):
    for method in ("POST", "PUT", "DELETE", "PROPFIND"):
        r = s.request(method, "/healthz", "x", user=None)
        assert r.status == 405, (method, r)
        assert r.headers["allow"] == "GET, HEAD"


def test_is_one_path(s):
    assert s.request("GET", "/healthz/", user=None).status == 401
    assert s.request("GET", "/healthz/x").status == 404


def test_works_when_all_workers_are_busy(_):
    """It is asked most then. One worker, one place in the queue, and requests that want them."""
    with Server(settings="workers = 1\nqueue = 1\nlogin-attempts = 1000") as s, contextlib.ExitStack() as stack:
        for _ in range(100):
            c = stack.enter_context(s.socket())
            c.sendall(f"PROPFIND /calendars/anna/ HTTP/1.1\r\nHost: h\r\nDepth: 1\r\nAuthorization: {basic('anna')}\r\n\r\n".encode())
            r = s.request("GET", "/healthz", user=None)
            assert (r.status, r.text) == (200, "ok\n")
            r = s.request("OPTIONS", "/")
            assert r.status == 200 or r.headers["retry-after"], r
        assert s.request("GET", "/healthz", user=None).status == 200


def test_a_clock_in_doubt(_):
    with Server(clock="2026-06-10T08:00:00Z") as s:
        assert s.request("GET", "/healthz", user=None).text == "ok\n"
        s.set_clock("2026-06-10T10:00:00Z", jump=7200)
        wait_for(lambda: "the clock has jumped" in s.request("GET", "/healthz", user=None).text, 20, "it says so")
        assert s.request("GET", "/healthz", user=None).status == 200
        s.dedit("clock", "ok")
        assert s.request("GET", "/healthz", user=None).text == "ok\n"


def test_files_that_can_not_be_written(_):
    """They wait in the index: nothing is lost, and nothing refused."""
    with Server() as s:
        folder = s.data / "cal/anna/calendar"
        folder.rename(s.data / "cal/anna/away")
        folder.write_text("in the way")
        assert s.put("/calendars/anna/calendar/a.ics", event("a")).status == 201
        wait_for(lambda: "files are" in s.request("GET", "/healthz", user=None).text, 40, "it says so")
        r = s.request("GET", "/healthz", user=None)
        assert r.status == 200 and r.text.startswith("ok, but files are ") and "/" not in r.text, r
        folder.unlink()
        (s.data / "cal/anna/away").rename(folder)
        wait_for(lambda: s.request("GET", "/healthz", user=None).text == "ok\n", 60, "it is well again")
