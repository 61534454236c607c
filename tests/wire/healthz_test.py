"""architecture.md 15.34: /healthz needs no login and says that the server answers."""


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
