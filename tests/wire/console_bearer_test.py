"""Bearer tokens for scripts (RFC 6750 2.1): architecture.md 15.28, 15.39."""

import json
import re

from console import API, Console, problem
from dedit_wire import PASSWORD, Server, event, wait_for

CONSOLE = True
ADMIN = 'group "admin" { members = { "marc" } }'


def make(s, user, *options):
    return s.dedit("user", "token", user, "add", "script", *options).stdout.strip()


def ask(s, token, method, path, body=None, scheme="Bearer", **headers):
    if body is not None:
        headers["Content-Type"] = "application/json"
    return s.request(method, API + path, body, {"Authorization": f"{scheme} {token}", **headers}, None)


def test_taken(_):
    """Without a cookie, hence without the token of a page; what it may is what the account may."""
    with Server(extra=ADMIN) as s:
        token = make(s, "anna", "--api")
        r = ask(s, token, "GET", "/session")
        assert r.status == 200 and r.json()["name"] == "anna" and "csrf" not in r.json() and "set-cookie" not in r.headers
        r = ask(s, token, "POST", "/calendars", '{"name": "work"}', scheme="bearer")
        assert r.status == 201, r
        r = ask(s, token, "PATCH", "/calendars/anna/work", '{"displayname": "Work"}')
        assert r.status == 200 and r.json()["displayname"] == "Work"
        assert ask(s, token, "DELETE", "/calendars/anna/work").status == 204
        problem(ask(s, token, "GET", "/server"), 403, "administrators")
        problem(ask(s, token, "GET", "/calendars/marc/calendar"), 404)
        assert ask(s, make(s, "marc", "--api"), "GET", "/server").status == 200
        # from a page of another site it isn't, if the browser says so
        problem(ask(s, token, "POST", "/calendars", '{"name": "evil"}', Origin="https://evil.example"), 403, "another")
        assert token not in s.log()


def test_reading_alone(_):
    with Server() as s:
        token = make(s, "anna", "--api-read")
        assert ask(s, token, "GET", "/calendars").status == 200
        assert ask(s, token, "HEAD", "/calendars").status == 200
        for method, path, body in (("POST", "/calendars", '{"name": "x"}'), ("PATCH", "/calendars/anna/calendar", "{}"),
                                   ("DELETE", "/calendars/anna/calendar", None), ("DELETE", "/session", None),
                                   ("PUT", "/delegates/anna/marc", '{"access": "write"}')):
            problem(ask(s, token, method, path, body), 403, "only read")
        assert [c["name"] for c in Console(s).get("/calendars")["calendars"]] == [
            c["name"] for c in ask(s, token, "GET", "/calendars").json()["calendars"]]


def test_makes_no_others(_):
    """Neither tokens nor passwords nor sessions: who revokes it is rid of it."""
    with Server() as s:
        token = make(s, "anna", "--api")
        problem(ask(s, token, "POST", "/account/tokens", '{"label": "x"}'), 403, "signed in")
        problem(ask(s, token, "DELETE", f"/account/tokens/{token[:6]}"), 403, "signed in")
        problem(ask(s, token, "POST", "/account/password", '{"password": "correct horse"}'), 401)
        problem(ask(s, token, "POST", "/session"), 401)
        assert s.request("OPTIONS", "/").status == 200
        assert len(Console(s).get("/account")["tokens"]) == 1


def test_names_no_delegates(_):
    """Who acts for one may do all that one may; it ends them, as who is signed in does."""
    with Server() as s:
        token, c, path = make(s, "anna", "--api"), Console(s), "/delegates/anna/marc"
        problem(ask(s, token, "PUT", path, '{"access": "write"}'), 403, "signed in")
        assert c.ask("PUT", path, {"access": "write"}).status == 204
        assert ask(s, token, "DELETE", path).status == 204
        assert c.get("/delegates/anna")["delegates"] == []


def test_shares_and_links(_):
    """What `dedit share` and `dedit feed` do, scripts can do: an administrator's in all calendars."""
    with Server(extra=ADMIN, users=("anna", "marc", "zoe")) as s:
        mine, all_, reads = make(s, "anna", "--api"), make(s, "marc", "--api"), make(s, "anna", "--api-read")
        other = make(s, "zoe", "--api")
        link, share = "/calendars/anna/calendar/feeds", "/calendars/anna/calendar/shares/zoe"
        for token in (mine, all_):
            assert ask(s, token, "PUT", share, '{"access": "read"}').status == 204
            made = ask(s, token, "POST", link, '{"label": "x"}')
            assert made.status == 201 and s.request("GET", made.json()["url"], user=None).status == 200
            [shown] = [c for c in ask(s, token, "GET", "/calendars?owner=anna").json()["calendars"] if c["name"] == "calendar"]
            assert [x["user"] for x in shown["shares"]] == ["zoe"] and len(shown["feeds"]) == 1
            problem(ask(s, other, "PUT", share, '{"access": "write"}'), 403, "owner")
            problem(ask(s, other, "POST", link, "{}"), 403, "owner")
            assert ask(s, token, "DELETE", share).status == 204
            assert ask(s, token, "DELETE", f"{link}/{made.json()['id']}").status == 204
        for method, path in (("PUT", share), ("POST", link)):
            problem(ask(s, reads, method, path, '{"access": "read"}'), 403, "only read")
            problem(ask(s, other, method, path, '{"access": "read"}'), 404)


def test_nothing_else_takes_it(_):
    """Nor does the interface take what calendars take."""
    with Server(settings="login-attempts = 1000") as s:
        api, reads, phone = make(s, "anna", "--api"), make(s, "anna", "--api-read"), make(s, "anna")
        assert s.request("OPTIONS", "/", password=phone).status == 200
        for token in (api, reads):
            assert s.request("OPTIONS", "/", password=token).status == 401
            for method, path in (("PROPFIND", "/calendars/anna/"), ("GET", "/timezones"), ("OPTIONS", "/")):
                r = s.request(method, path, headers={"Authorization": f"Bearer {token}"}, user=None)
                assert r.status == 401 and r.headers["www-authenticate"].startswith("Basic "), r
            r = s.request("PUT", "/calendars/anna/calendar/x.ics", event("x"),
                          {"Authorization": f"Bearer {token}", "Content-Type": "text/calendar"}, None)
            assert r.status == 401
            problem(s.request("POST", API + "/session", password=token), 401)
            problem(s.request("GET", API + "/account", password=token), 401)
            problem(s.request("GET", API + "/account", headers={"Cookie": f"dedit_session={token}"}, user=None), 401)
        problem(ask(s, phone, "GET", "/account"), 401)


def test_wrong_ones(_):
    with Server(settings="login-attempts = 1000", extra=ADMIN) as s:
        token, c = make(s, "anna", "--api"), Console(s, "marc")
        for wrong in ("", "x", token[:-1], token + "a", token.upper(), token[:6] + "-" + "a" * 26, "a" * 5000, PASSWORD, f"anna:{token}"):
            r = ask(s, wrong, "GET", "/account")
            problem(r, 401)
            assert r.headers["www-authenticate"] == 'Bearer realm="dedit"'
        rows = c.get("/server/logins")["logins"]
        assert [(o["name"], o["reason"], o["address"]) for o in rows] == [(None, "token", "127.0.0.1")]
        assert "login failed from 127.0.0.1 for (a token)\n" in s.log() and token[7:] not in s.log()
        # a session beside it doesn't help
        problem(s.request("GET", API + "/account", headers={"Cookie": c.cookie, "Authorization": "Bearer x"}, user=None), 401)
        assert ask(s, token, "GET", "/account").status == 200


def test_guessing_is_braked(_):
    """By the address, apart from logins and from right tokens."""
    with Server(settings='login-attempts = 1\nlogin-delay = "1h"') as s:
        token = make(s, "anna", "--api")
        statuses = [ask(s, f"abcdef-{n:026}", "GET", "/account").status for n in range(6)]
        assert statuses == [401, 429, 429, 429, 429, 429], statuses
        assert int(ask(s, "x", "GET", "/account").headers["retry-after"]) > 60
        assert ask(s, token, "GET", "/account").status == 200
        assert s.request("OPTIONS", "/").status == 200


def test_kept_told_and_revoked(_):
    """As application passwords are: a hash of it, listed with its scope and last use, ended at once."""
    with Server() as s:
        c = Console(s)
        made = c.post("/account/tokens", {"label": "books", "scope": "api-read"}, 201)
        assert made["scope"] == "api-read"
        c.post("/account/tokens", {"label": "phone"}, 201)
        problem(c.ask("POST", "/account/tokens", {"label": "x", "scope": "all"}), 400, "scope")
        problem(c.ask("POST", "/account/tokens", {"label": "x", "scope": 1}), 400, "scope")
        assert [(t["label"], t["scope"], t["used"]) for t in c.get("/account")["tokens"]] == [
            ("books", "api-read", None), ("phone", "calendar", None)]
        assert ask(s, made["token"], "GET", "/account").status == 200
        wait_for(lambda: c.get("/account")["tokens"][0]["used"])
        used = c.get("/account")["tokens"][0]["used"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", used)
        assert c.get("/account")["tokens"][1]["used"] is None
        listed = s.dedit("user", "token", "anna", "list").stdout.splitlines()
        assert used in listed[0] and "api-read" in listed[0] and "never used" in listed[1] and "calendar" in listed[1]
        s.dedit("flush")
        kept = (s.data / "accounts/anna").read_text()
        assert made["token"] not in kept and "api-read" in kept
        s.stop()
        s.dedit("rebuild")
        s.start()
        assert ask(s, made["token"], "GET", "/account").status == 200
        problem(ask(s, made["token"], "POST", "/calendars", '{"name": "x"}'), 403, "only read")
        assert Console(s).ask("DELETE", f"/account/tokens/{made['id']}").status == 204
        assert f"application password {made['id']} of anna revoked\n" in s.log() and made["token"] not in s.log()
        problem(ask(s, made["token"], "GET", "/account"), 401)
        token = make(s, "marc", "--api")
        assert ask(s, token, "GET", "/account").status == 200
        s.dedit("user", "remove", "marc")
        problem(ask(s, token, "GET", "/account"), 401)


def test_use_of_a_phone(_):
    with Server() as s:
        phone = make(s, "anna")
        assert s.request("OPTIONS", "/", password=phone).status == 200
        wait_for(lambda: "never" not in s.dedit("user", "token", "anna", "list").stdout)


def test_command(_):
    with Server() as s:
        for wrong in (("add", "x", "--api", "--api-read"), ("list", "--api"), ("revoke", "x", "--api-read")):
            assert s.dedit("user", "token", "anna", *wrong, check=False).returncode == 2
