"""Policies and the server in the console's interface: doc/policy.md 5.1; architecture.md 15.39, 15.40."""

import json

from console import Console, problem
from dav import in_hours
from dedit_wire import event
from policy_late_test import EXTRA, THERAPY, WORK, book, cancel, fees

CONSOLE = True
AGREED = f"""
policy "agreed" {{ {THERAPY} owner-changes = client acceptance = required }}
calendar "anna/agreed" {{ policy = "agreed" }}
"""
SERVER = {"extra": EXTRA + AGREED, "users": ("anna", "paul", "zoe")}
TEXT = f'policy "therapy" {{ {THERAPY} owner-changes = client }}\ncalendar "anna/appointments" {{ policy = "therapy" }}\n'


def late(s, uid):
    book(s, uid, 20)
    cancel(s, uid)
    return fees(s, uid)[0]["ref"]


def test_what_they_say(s):
    c = Console(s)
    shown = {p["name"]: p for p in c.get("/policies")["policies"]}
    assert set(shown) == {"therapy", "own", "propose", "agreed"}
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
    assert len(Console(s, "paul").get("/policies")["policies"]) == 4
    s.dedit("delegate", "anna", "zoe", "read")
    assert zoe.get("/policies") == c.get("/policies") and zoe.get("/policies/therapy") == o
    s.dedit("delegate", "anna", "zoe", "none")
    problem(zoe.ask("GET", "/policies/therapy"), 404)


def test_who_agreed(s):
    """policy.md 3.4, as `dedit policy accept`: by who may decide about the owner's fees, and the ledger says by whom."""
    s.dedit("calendar", "add", "anna/agreed")
    c, zoe, path = Console(s), Console(s, "zoe"), "/policies/agreed/acceptances"

    def outcome(uid, title):
        where = f"/calendars/anna/agreed/{uid}.ics"
        assert s.put(where, event(uid, in_hours(20), in_hours(21), title)).status == 201
        assert s.request("DELETE", where).status == 204
        return fees(s, uid)[0]["outcome"]

    assert outcome("early", "Lea Roy 80 €") == "unaccepted"
    o = c.post(path, {"client": "Léa ROY"}, 201)
    assert o == {"policy": "agreed", "owner": "anna", "client": "Léa ROY", "when": o["when"]}
    assert outcome("later", "Lea Roy 80 €") == "charged"
    [lea] = [x for x in c.get("/clients")["clients"] if x["name"] == "Lea Roy"]
    assert lea["accepted"] == [{"policy": "agreed", "when": o["when"]}]
    assert outcome("other", "Marc Petit 80 €") == "unaccepted"

    assert c.post(path, {"client": "A", "when": "2026-01-10"}, 201)["when"] == "2026-01-09T23:00:00Z"
    assert c.post(path, {"client": "B", "when": "2026-01-10T08:00:00Z"}, 201)["when"] == "2026-01-10T08:00:00Z"
    for bad in ({}, {"client": ""}, {"client": 1}, {"client": "A", "when": "2999-01-01"}, {"client": "A", "when": "soon"}):
        problem(c.ask("POST", path, bad), 400)
    problem(c.ask("POST", "/policies/none/acceptances", {"client": "A"}), 404)
    problem(c.ask("POST", path, {"client": "A", "owner": "zoe"}), 404)
    problem(zoe.ask("POST", path, {"client": "A", "owner": "anna"}), 403, "owners")
    s.dedit("delegate", "anna", "zoe", "read")
    problem(zoe.ask("POST", path, {"client": "A", "owner": "anna"}), 404, "change")
    s.dedit("delegate", "anna", "zoe", "write")
    assert zoe.post(path, {"client": "C", "owner": "anna"}, 201)["client"] == "C"
    s.dedit("delegate", "anna", "zoe", "none")
    Console(s, "paul").post(path, {"client": "D", "owner": "anna"}, 201)
    problem(Console(s, "paul").ask("POST", "/policies/own/acceptances", {"client": "D", "owner": "paul"}), 404)
    s.dedit("flush")
    lines = [line for log in (s.data / "ledger/anna").glob("*.log") for line in log.read_text().splitlines()]
    by = {name: [x for x in lines if f'"client":"{name}"' in x and "accepted" in x] for name in "acd"}
    assert ['"actor":"anna"' in x for x in by["a"]] == [True] and '"actor":"zoe"' in by["c"][0] and '"actor":"paul"' in by["d"][0], by


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
    assert (o["healthy"], o["health"], o["health-state"], o["health-seconds"]) == (True, "ok", "ok", 0)
    assert o["accounts"] >= 3 and o["sessions"] >= 1 and o["policies"] == 4
    accounts = {x["name"]: x for x in c.get("/server/accounts")["accounts"]}
    assert accounts["anna"]["owner"] and not accounts["zoe"]["owner"] and not accounts["zoe"]["closed"]
    assert "$y$" not in c.ask("GET", "/server/accounts").text
    assert c.post("/server/check", None) == {"ok": True, "truncated": False, "problems": []}
    assert c.post("/server/ledger", None) == {"ok": True, "truncated": False, "problems": []}
    for who in ("anna", "zoe"):
        for method, path in (("GET", "/server"), ("GET", "/server/accounts"), ("POST", "/server/check"), ("POST", "/server/ledger"),
                             ("POST", "/server/ledger/heads")):
            problem(Console(s, who).ask(method, path), 403, "administrators")


def test_heads_of_ledgers(s):
    """As `dedit ledger head`, `key` and `verify --head` (architecture.md 15.23)."""
    late(s, "heads")
    c, path = Console(s, "paul"), "/server/ledger/compare"
    o = c.post("/server/ledger/heads", None)
    assert "".join(h["head"] + "\n" for h in o["heads"]) == s.dedit("ledger", "head").stdout and o["key"] == s.dedit("ledger", "key").stdout
    [head] = [h["head"] for h in o["heads"] if h["owner"] == "anna"]
    assert c.post(path, {"head": head}) == {"ok": True, "truncated": False, "problems": []}
    seq = int(head.split()[1])
    told = c.post(path, {"head": head.replace(f"anna {seq}", f"anna {seq - 1}")})
    assert not told["ok"] and "forged" in told["problems"][0], told
    for bad in ({}, {"head": 1}, {"head": "x"}, {"head": head[:-1]}):
        problem(c.ask("POST", path, bad), 400, name="ledger-head")
    assert not c.post(path, {"head": head.replace("anna", "zoe")})["ok"], "who has no ledger has lost it"
    problem(Console(s).ask("POST", path, {"head": head}), 403, "administrators")
