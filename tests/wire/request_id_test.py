"""deditd(8), request ids: every answer has one, that the log has too; a trusted proxy may bring its own."""

import re

from dedit_wire import Server, basic, read_answer, wait_for

SERVER = {"settings": 'trusted-proxies = { "127.0.0.1" }'}
OWN = re.compile(r"[0-9a-z]{8}-[0-9a-f]+")


def id_of(r):
    ids = [v for k, v in r.all_headers if k == "x-request-id"]
    assert len(ids) == 1, r
    return ids[0]


def test_every_answer_has_one(s):
    seen = set()
    for method, path, headers, user, status in (
        ("OPTIONS", "/", {}, "anna", 200), ("PROPFIND", "/", {"Depth": "0"}, "anna", 207), ("GET", "/", {}, None, 401),
        ("GET", "/calendars/anna/none/", {}, "anna", 404), ("BREW", "/", {}, "anna", 501),
        ("GET", "/healthz", {}, None, 200), ("PUT", "/x", {"Transfer-Encoding": "odd"}, "anna", 400),
        ("GET", "/.well-known/caldav", {}, None, 301), ("GET", "/feeds/none", {}, None, 404),
    ):
        r = s.request(method, path, None, headers, user)
        assert r.status == status, (method, path, r)
        assert OWN.fullmatch(id_of(r)), r
        seen.add(id_of(r))
    assert len(seen) == 9


def test_each_request_of_a_connection_has_its_own(s):
    request = f"OPTIONS / HTTP/1.1\r\nHost: h\r\nAuthorization: {basic('anna')}\r\n\r\n".encode()
    with s.socket() as c:
        c.sendall(request + request)
        _, first, _, rest = read_answer(c)
        _, second, _, _ = read_answer(c, rest)
    assert first["x-request-id"] != second["x-request-id"]


def test_the_log_has_it(s):
    r = s.request("GET", "/calendars/anna/none/")
    wait_for(lambda: f"[{id_of(r)}] anna: 127.0.0.1 GET /calendars/anna/none/: 404" in s.log(), what="the line")


def test_a_proxy_brings_its_own(s):
    for id in ("7f3a9c", "Root=1-67891233-abcdef012345678912345678", "a" * 64, "4bf92f35-77b3-4da6.a3ce_929d~0e0e:1+/@"):
        r = s.request("GET", "/calendars/anna/none/", None, {"X-Request-Id": id})
        assert id_of(r) == id
        wait_for(lambda: f"[{id}] anna: " in s.log(), what="the line")


def test_what_is_no_id_is_not_taken(s):
    for id in ("", "a" * 65, "a b", 'a"b', "a]b", "é", "a,b", "a\x1bb", "<b>"):
        r = s.request("GET", "/", None, {"X-Request-Id": id.encode()})
        assert OWN.fullmatch(id_of(r)), (id, r)


def test_from_nobody_else(_):
    with Server() as s:
        r = s.request("GET", "/", None, {"X-Request-Id": "mine"})
        assert OWN.fullmatch(id_of(r)), r
        assert "[mine]" not in s.log()


def test_no_id_comes_again_after_a_restart(_):
    with Server() as s:
        ids = [id_of(s.request("GET", "/healthz", user=None)) for _ in range(3)]
        s.restart()
        ids += [id_of(s.request("GET", "/healthz", user=None)) for _ in range(3)]
        assert len(set(ids)) == 6
        assert len({i.partition("-")[0] for i in ids}) == 2
