"""Signing in to the console: architecture.md 15.35, 15.39; trust.md T-38."""

import re
import time

from console import API, Console, problem, strict
from dedit_wire import PASSWORD, Server, basic

HOME = "/calendars/anna/"
CONSOLE = True
SERVER = {"settings": "login-attempts = 1000", "extra": 'group "admin" { members = { "marc" } }'}
BEARER = 'Bearer realm="dedit"'


def test_sign_in(s):
    r = s.request("POST", API + "/session")
    assert r.status == 200, r
    strict(r)
    assert r.headers["cache-control"] == "no-store" and r.headers["content-type"] == "application/json"
    o = r.json()
    assert (o["name"], o["language"], o["roles"], o["owners"]) == ("anna", "en", ["client"], [])
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", o["csrf"]) and o["idle"] == 3600
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", o["expires"]) and o["zone"] == "UTC"
    cookies = [v for k, v in r.all_headers if k == "set-cookie"]
    assert len(cookies) == 1
    value, *attributes = cookies[0].split("; ")
    assert re.fullmatch(r"dedit_session=[A-Za-z0-9_-]{43}", value)
    assert sorted(attributes) == ["HttpOnly", "Path=/console/", "SameSite=Strict"], attributes
    assert o["csrf"] not in value and value.split("=")[1] not in s.log()


def test_roles(s):
    assert Console(s, "marc").session["roles"] == ["client", "administrator"]


def test_session(s):
    c = Console(s)
    shown = c.get("/session")
    assert shown["name"] == "anna" and shown["csrf"] == c.csrf
    assert Console(s).csrf != c.csrf and Console(s).cookie != c.cookie
    assert s.request("HEAD", API + "/session", headers={"Cookie": c.cookie}, user=None).status == 200
    for cookie in ("", "dedit_session=", "dedit_session=x", c.cookie[:-1], c.cookie + "A", c.cookie.replace("=", "=A", 1),
                   c.cookie.upper(), "x" + c.cookie, f"{c.cookie}; {c.cookie[:-1]}B", "dedit_session=" + c.csrf):
        r = s.request("GET", API + "/session", headers={"Cookie": cookie}, user=None)
        problem(r, 401)
        assert r.headers["www-authenticate"] == BEARER
    assert s.request("GET", API + "/session", headers={"Cookie": "a=b; " + c.cookie + "; c=d"}, user=None).status == 200


def test_sign_out(s):
    c = Console(s)
    r = c.ask("DELETE", "/session")
    assert r.status == 204 and "Max-Age=0" in r.headers["set-cookie"] and "dedit_session=;" in r.headers["set-cookie"]
    problem(c.ask("GET", "/session"), 401)


def test_wrong_and_unknown_are_one(s):
    seen = set()
    for user, password in (("anna", "wrong horse"), ("nobody", PASSWORD), ("../x", "y")):
        r = s.request("POST", API + "/session", user=user, password=password)
        o = problem(r, 401)
        assert r.headers["www-authenticate"] == BEARER and "set-cookie" not in r.headers
        seen.add(str(o))
    assert len(seen) == 1, seen
    assert "login failed from 127.0.0.1 for anna\n" in s.log()
    problem(s.request("POST", API + "/session", user=None), 401)


def test_application_passwords_open_no_session(s):
    token = s.dedit("user", "token", "anna", "add", "phone").stdout.strip()
    assert s.request("OPTIONS", "/", password=token).status == 200
    problem(s.request("POST", API + "/session", password=token), 401)


def test_basic_is_taken_at_the_sign_in_alone(s):
    for method, path in (("GET", "/session"), ("DELETE", "/session"), ("GET", "/none"), ("POST", "/none")):
        r = s.request(method, API + path)
        problem(r, 401)
        assert r.headers["www-authenticate"] == BEARER


def test_cookie_is_not_taken_on_dav(s):
    c = Console(s)
    for method, path in (("GET", HOME), ("PROPFIND", HOME), ("OPTIONS", "/"), ("GET", "/timezones"), ("PUT", HOME + "calendar/x.ics")):
        r = s.request(method, path, headers={"Cookie": c.cookie, "X-CSRF-Token": c.csrf}, user=None)
        assert r.status == 401 and r.headers["www-authenticate"].startswith("Basic "), r
    assert "set-cookie" not in s.request("GET", HOME, headers={"Cookie": c.cookie}).headers


def test_what_changes_needs_the_token(s):
    c = Console(s)
    other = Console(s)
    for token in (None, "", other.csrf, c.csrf[:-1], c.csrf + "A", c.cookie.split("=")[1]):
        headers = {"Cookie": c.cookie}
        if token is not None:
            headers["X-CSRF-Token"] = token
        problem(s.request("DELETE", API + "/session", headers=headers, user=None), 403, "X-CSRF-Token")
    assert c.get("/session")["name"] == "anna"


def test_other_sites(s):
    c = Console(s)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"},
                    {"Origin": f"http://127.0.0.1:{s.port}.evil.example"}):
        problem(c.ask("DELETE", "/session", headers=headers), 403, "another")
        r = s.request("POST", API + "/session", headers=headers)
        problem(r, 403, "another")
        assert "set-cookie" not in r.headers
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": f"http://127.0.0.1:{s.port}"}):
        assert s.request("POST", API + "/session", headers=headers).status == 200
        assert c.ask("GET", "/session", headers=headers).status == 200
    r = c.ask("OPTIONS", "/session", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"})
    assert r.status in (403, 405) and not [k for k, _ in r.all_headers if k.startswith("access-control")]


def test_refusals(s):
    c = Console(s)
    problem(c.ask("GET", "/none"), 404)
    problem(c.ask("GET", "/session/"), 404)
    r = c.ask("PUT", "/session", b"x")
    problem(r, 405)
    assert set(r.headers["allow"].split(", ")) == {"GET", "POST", "DELETE"}
    problem(s.request("POST", API + "/session", b"x"), 413)
    r = s.request("GET", API + "/session\x01".replace("\x01", "%01"), headers={"Cookie": c.cookie}, user=None)
    problem(r, 404)


def test_description(s):
    r = s.request("GET", API + "/openapi.json", user=None)
    assert r.status == 200 and r.json()["openapi"].startswith("3.1") and "/session" in r.json()["paths"]
    strict(r)


def test_files(s):
    r = s.request("GET", "/console", user=None)
    assert r.status == 308 and r.headers["location"] == "/console/"
    strict(r)
    r = s.request("GET", "/console/", user=None)
    assert r.status == 200 and r.headers["content-type"] == "text/html; charset=utf-8" and r.headers["cache-control"] == "no-cache"
    strict(r)
    tag = r.headers["etag"]
    for known in (tag, "W/" + tag, '"x", ' + tag, "*"):
        again = s.request("GET", "/console/", headers={"If-None-Match": known}, user=None)
        assert again.status == 304 and not again.body and again.headers["etag"] == tag
    assert s.request("GET", "/console/", headers={"If-None-Match": '"x"'}, user=None).status == 200
    assert s.request("HEAD", "/console/", user=None).headers["content-length"] == str(len(r.body))
    for path in ("/console/none", "/console/..%2findex.html", "/console/index.html/"):
        r = s.request("GET", path, user=None)
        assert r.status == 404 and r.headers["content-type"].startswith("text/html"), r
        strict(r)
    problem(s.request("POST", "/console/", b"x", user=None), 405)


def test_a_new_password_ends_it(s):
    s.add_user("eva")
    c, other = Console(s, "eva"), Console(s)
    s.dedit("user", "passwd", "eva", input="another password\n")
    problem(c.ask("GET", "/session"), 401)
    c = Console(s, "eva", "another password")
    s.dedit("user", "remove", "eva")
    problem(c.ask("GET", "/session"), 401)
    assert other.get("/session")["name"] == "anna"


def test_brake(_):
    with Server(settings='login-attempts = 3\nlogin-delay = "1h"', users=("anna",)) as s:
        for _ in range(3):
            problem(s.request("POST", API + "/session", password="wrong horse"), 401)
        s.request("POST", API + "/session", password="wrong horse")
        r = s.request("POST", API + "/session")
        problem(r, 429)
        assert int(r.headers["retry-after"]) > 0
        assert s.request("OPTIONS", "/").status == 429  # one brake for both doors


def test_ends_by_itself_and_with_the_server(_):
    with Server(settings='session-idle = "1s"', users=("anna",)) as s:
        c = Console(s)
        assert c.session["idle"] == 1
        time.sleep(1.1)
        problem(c.ask("GET", "/session"), 401)
        c = Console(s)
        s.restart()
        problem(c.ask("GET", "/session"), 401)


def test_limits(_):
    with Server(settings="sessions = 3\nsessions-per-account = 2", users=("anna", "marc")) as s:
        anna, marc = Console(s), [Console(s, "marc") for _ in range(3)]
        problem(marc[0].ask("GET", "/session"), 401)
        for c in (anna, marc[1], marc[2]):
            assert c.get("/session")
    with Server(settings="sessions = 0", users=("anna",)) as s:
        problem(s.request("POST", API + "/session"), 403, "sessions", name="sessions-off")


def test_under_tls_and_a_base_path(_):
    with Server(settings='base-path = "/dedit"', users=("anna",), tls=True) as s:
        connection = s.connect(tls=True)
        r = s.request("POST", "/dedit" + API + "/session", connection=connection)
        assert r.status == 200, r
        attributes = r.headers["set-cookie"].split("; ")[1:]
        assert sorted(attributes) == ["HttpOnly", "Path=/dedit/console/", "SameSite=Strict", "Secure"], attributes
        cookie = r.headers["set-cookie"].split(";")[0]
        assert s.request("GET", "/dedit" + API + "/session", headers={"Cookie": cookie}, user=None, connection=connection).status == 200
        assert s.request("GET", "/console", user=None, connection=connection).headers["location"] == "/dedit/console/"
        connection.close()


def test_behind_a_proxy(_):
    with Server(settings='trusted-proxies = { "127.0.0.1" }', users=("anna",)) as s:
        r = s.request("POST", API + "/session", headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"})
        assert "; Secure" in r.headers["set-cookie"], r
