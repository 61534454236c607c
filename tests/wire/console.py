"""A page of the console, as far as HTTP goes: signs in, keeps the cookie, sends the token."""

import json
import re
import urllib.parse

from dedit_wire import PASSWORD

API = "/console/api"


class Console:
    def __init__(self, s, user="anna", password=PASSWORD, **headers):
        self.s, self.cookie, self.csrf, self.always = s, None, None, headers
        self.sign_in(user, password)

    def sign_in(self, user, password):
        r = self.s.request("POST", API + "/session", headers=self.always, user=user, password=password)
        assert r.status == 200, r
        self.cookie = r.headers["set-cookie"].split(";")[0]
        self.session = r.json()
        self.csrf = self.session["csrf"]

    def ask(self, method, path, body=None, headers=None, **query):
        send = dict(self.always)
        send["Cookie"] = self.cookie
        if method not in ("GET", "HEAD"):
            send["X-CSRF-Token"] = self.csrf
        if isinstance(body, (dict, list)):
            body, send["Content-Type"] = json.dumps(body), "application/json"
        send.update(headers or {})
        pairs = [(k, v) for k, vs in query.items() for v in (vs if isinstance(vs, list) else [vs])]
        mark = "?" + urllib.parse.urlencode(pairs) if pairs else ""
        return self.s.request(method, API + path + mark, body, send, None)

    def get(self, path, **query):
        r = self.ask("GET", path, **query)
        assert r.status == 200, r
        return r.json()

    def post(self, path, body, status=200, **query):
        r = self.ask("POST", path, body, **query)
        assert r.status == status, r
        return r.json() if r.body else None


def problem(r, status, part="", name=None):
    """RFC 9457, with the headers that all answers of the console have. name: of its type, None: any."""
    assert r.status == status, r
    assert r.headers["content-type"] == "application/problem+json", r
    o = r.json()
    assert o["status"] == status and part in o["detail"] and "\n" not in o["detail"], o
    assert re.fullmatch("about:blank|dedit:[a-z-]+", o["type"]) and name in (None, o["type"].removeprefix("dedit:")), o
    assert r.headers["cache-control"] == "no-store"
    strict(r)
    return o


def strict(r):
    policy = r.headers["content-security-policy"]
    for part in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'",
                 "form-action 'self'", "connect-src 'self'"):
        assert part in policy, policy
    assert "unsafe" not in policy and "*" not in policy and "http" not in policy and "data:" not in policy
    assert r.headers["x-content-type-options"] == "nosniff"
    assert r.headers["referrer-policy"] == "no-referrer"
    assert r.headers["cross-origin-opener-policy"] == "same-origin"
    assert r.headers["cross-origin-resource-policy"] == "same-origin"
