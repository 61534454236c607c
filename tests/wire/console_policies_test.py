"""Policies and the server in the console's interface: doc/policy.md 5.1; architecture.md 15.39, 15.40."""

import json

from console import Console, problem
from policy_late_test import EXTRA, THERAPY, WORK, book, cancel, fees

CONSOLE = True
SERVER = {"extra": EXTRA, "users": ("anna", "paul", "zoe")}
TEXT = f'policy "therapy" {{ {THERAPY} owner-changes = client }}\ncalendar "anna/appointments" {{ policy = "therapy" }}\n'


def late(s, uid):
    book(s, uid, 20)
    cancel(s, uid)
    return fees(s, uid)[0]["ref"]


def test_what_they_say(s):
    c = Console(s)
    shown = {p["name"]: p for p in c.get("/policies")["policies"]}
    assert set(shown) == {"therapy", "own", "propose"}
    assert shown["therapy"]["calendars"] == ["anna/appointments", "anna/second"] and shown["propose"]["language"] == "fr"
    o = c.get("/policies/therapy")
    for language in ("en", "fr"):
        assert o["explain"][language] == s.dedit("policy", "explain", "therapy", "--lang", language).stdout
    assert 'calendar "anna/appointments" { policy = "therapy" }' in o["text"] and "48h 50%" in o["text"]
    checked = c.post("/policies/check", {"policies": o["text"]})
    assert checked == {"ok": True, "policies": 1, "calendars": 2, "errors": []}, checked
    zoe = Console(s, "zoe")
    assert zoe.get("/policies")["policies"] == []
    problem(zoe.ask("GET", "/policies/therapy"), 404)
    problem(c.ask("GET", "/policies/none"), 404)
    problem(c.ask("GET", "/policies/therapy", when="x"), 400)
    assert len(Console(s, "paul").get("/policies")["policies"]) == 3


def test_a_text_is_checked(s):
    c = Console(s)
    o = c.post("/policies/check", {"policies": TEXT.replace("48h 50%", "48h 500%") + "nonsense"})
    assert not o["ok"] and len(o["errors"]) == 1
    for bad in ({}, {"policies": 1}, {"policies": 'policy "${HOME}" { }'}):
        problem(c.ask("POST", "/policies/check", bad), 400)
    o = c.post("/policies/check", {"policies": 'policy "x" { timezone = "UTC" module = "/etc/passwd" }'})
    assert not o["ok"] and "modules" in o["errors"][0]
    o = c.post("/policies/check", {"policies": 'include("/etc/passwd")\n' + TEXT})
    assert not o["ok"] and "root:" not in json.dumps(o)
    problem(Console(s, "zoe").ask("POST", "/policies/check", {"policies": TEXT}), 403)


def test_replay(s):
    late(s, "again")
    c = Console(s)
    same = c.post("/policies/replay", {"since": "2020-01-01", "policies": TEXT})
    assert same["count"] >= 1 and same["changed"] == 0 and same["pairs"] == []
    o = c.post("/policies/replay", {"since": "2020-01-01", "policies": TEXT.replace("24h 100%", "24h 90%")})
    assert o["changed"] == same["count"] and not o["truncated"]
    assert (o["pairs"][0]["before"]["fee"], o["pairs"][0]["after"]["fee"]) == (8000, 7200)
    [all_] = [x for x in o["sums"] if x["client"] == ""]
    assert (all_["currency"], all_["before"], all_["after"]) == ("EUR", 8000 * o["changed"], 7200 * o["changed"])
    problem(c.ask("POST", "/policies/replay", {"since": "x", "policies": TEXT}), 400)
    problem(c.ask("POST", "/policies/replay", {"since": "2020-01-01", "policies": "policy"}), 422, name="policy-text")
    problem(c.ask("POST", "/policies/replay", {"since": "2020-01-01", "policies": TEXT, "owner": "zoe"}), 404)


def test_quote(s):
    book(s, "quoted", 20)
    c = Console(s)
    o = c.get("/quotes", calendar="anna/appointments", name="quoted.ics")
    [q] = o["quotes"]
    assert (q["class"], q["cost"]["text"], o["zone"]) == ("late-cancel", "80.00 EUR", "Europe/Paris")
    assert not fees(s, "quoted")
    for bad, status in (({}, 400), ({"calendar": "anna/none", "name": "x"}, 404), ({"calendar": "zoe/x", "name": "x"}, 404),
                        ({"calendar": "anna/appointments", "name": "none.ics"}, 404),
                        ({"calendar": "anna/appointments", "name": "quoted.ics", "when": "x"}, 400), ({"name": "x"}, 404)):
        problem(c.ask("GET", "/quotes", **bad), status)


def test_server(s):
    late(s, "server")
    c = Console(s, "paul")
    o = c.get("/server")
    assert o["healthy"] and o["health"].startswith("ok") and o["accounts"] >= 3 and o["sessions"] >= 1 and o["policies"] == 3
    accounts = {x["name"]: x for x in c.get("/server/accounts")["accounts"]}
    assert accounts["anna"]["owner"] and not accounts["zoe"]["owner"] and not accounts["zoe"]["closed"]
    assert "$y$" not in c.ask("GET", "/server/accounts").text
    assert c.post("/server/check", None) == {"ok": True, "truncated": False, "problems": []}
    assert c.post("/server/ledger", None) == {"ok": True, "truncated": False, "problems": []}
    for who in ("anna", "zoe"):
        for method, path in (("GET", "/server"), ("GET", "/server/accounts"), ("POST", "/server/check"), ("POST", "/server/ledger")):
            problem(Console(s, who).ask(method, path), 403, "administrators")
