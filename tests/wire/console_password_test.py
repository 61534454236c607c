"""The password of who is signed in to the console: architecture.md 15.28, 15.29, 15.39."""

import os
import pathlib
import re
import threading

from console import API, Console, problem
from dedit_wire import PASSWORD, Server, basic

CONSOLE = True
PATH = "/account/password"
NEW = "päss:wörd of anna"


def change(c, new, user="anna", current=PASSWORD, **headers):
    return c.ask("POST", PATH, {"password": new}, {"Authorization": basic(user, current), **headers})


def test_changed(_):
    with Server() as s:
        c, other, marc = Console(s), Console(s), Console(s, "marc")
        token = c.post("/account/tokens", {"label": "phone"}, 201)["token"]
        problem(other.ask("GET", "/session"), 401)
        other = Console(s)
        r = change(c, NEW)
        assert r.status == 200 and r.json() == {"weak": False} and r.headers["cache-control"] == "no-store", r
        assert "a new password for anna\n" in s.log() and re.search(r"application password \w+ \(calendar\) made for anna\n", s.log())
        assert c.get("/session")["csrf"] == c.csrf  # the one that did it goes on
        problem(other.ask("GET", "/session"), 401)
        assert marc.get("/session")["name"] == "marc"
        for path, method in (("/", "OPTIONS"), (API + "/session", "POST")):
            assert s.request(method, path).status == 401
            assert s.request(method, path, password=NEW).status == 200
        assert s.request("OPTIONS", "/", password=token).status == 200  # of its own
        s.stop()
        s.start()
        assert s.request("OPTIONS", "/", password=NEW).status == 200 and s.request("OPTIONS", "/").status == 401
        for text in (NEW, PASSWORD, token):
            assert text not in s.log()


def test_the_session_goes_on_beside_the_change(_):
    """What a page asks meanwhile ends nothing: not between the change and what is remembered of it."""
    with Server() as s:
        c, over, answers = Console(s), threading.Event(), []

        def look():
            while not over.is_set():
                answers.append(c.ask("GET", "/session").status)

        threads = [threading.Thread(target=look) for _ in range(4)]
        for t in threads:
            t.start()
        made = [c.ask("POST", "/account/tokens", {"label": f"t{n}"}) for n in range(15)]
        made += [c.ask("DELETE", f"/account/tokens/{r.json()['id']}") for r in made if r.status == 201]
        over.set()
        for t in threads:
            t.join()
        assert [r.status for r in made] == [201] * 15 + [204] * 15 and set(answers) == {200}, set(answers)


def cpu_of(s, name):
    """Seconds of the server's threads of that name."""
    ticks = 0
    for task in pathlib.Path(f"/proc/{s.process.pid}/task").iterdir():
        if (task / "comm").read_text().startswith(name):
            fields = (task / "stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def test_hashed_where_logins_are(_):
    """Apart from the workers, one per core: architecture.md 15.28."""
    with Server() as s:
        c, current = Console(s), PASSWORD
        before = cpu_of(s, "worker"), cpu_of(s, "login")
        for n in range(10):
            for new in (f"correct horse {n}", f"battery staple {n}"):
                assert change(c, new, current=current).status == 200
                assert s.request("OPTIONS", "/", password=new).status == 200  # remembered for the next
                current = new
        worker, login = cpu_of(s, "worker") - before[0], cpu_of(s, "login") - before[1]
        assert login > 0 and worker < login / 4, (worker, login)


def test_the_same_again_by_what_is_new(_):
    with Server() as s:
        c = Console(s)
        assert change(c, NEW).status == 200
        problem(change(c, "third of anna"), 403)
        assert change(c, PASSWORD, current=NEW).status == 200
        assert s.request("OPTIONS", "/").status == 200


def test_the_present_one_is_asked(_):
    """By name and password of the account itself; the session lives on."""
    with Server(settings="login-attempts = 1000") as s:
        c = Console(s)
        token = s.dedit("user", "token", "anna", "add", "phone").stdout.strip()
        c = Console(s)
        for user, current in (("anna", "wrong"), ("anna", ""), ("anna", token), ("marc", PASSWORD), ("nobody", PASSWORD),
                              ("", PASSWORD), ("anna", NEW)):
            problem(change(c, NEW, user, current), 403, "password")
        for header in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic !"}):
            problem(c.ask("POST", PATH, {"password": NEW}, header), 403, "password")
        assert s.request("OPTIONS", "/").status == 200 and c.get("/session")["name"] == "anna"
        # without a session the password alone does nothing
        r = s.request("POST", API + PATH, '{"password": "stolen"}', {"Content-Type": "application/json"})
        problem(r, 401)
        r = s.request("POST", API + PATH, '{"password": "stolen"}', {"Content-Type": "application/json", "Cookie": c.cookie + "x"})
        problem(r, 401)
        assert s.request("OPTIONS", "/").status == 200
        assert change(c, NEW, user="ANNA").status == 200  # names have no case


def test_what_may_be_one(_):
    """As with `dedit user passwd`."""
    with Server() as s:
        c = Console(s)
        for wrong in ("", "x" * 512, "ä" * 256):
            problem(change(c, wrong), 422, "511", name="password-unfit")
        for wrong in (None, 12345678, ["password"], {"a": "b"}):
            problem(change(c, wrong), 400, "password")
        problem(c.ask("POST", PATH, {}, {"Authorization": basic("anna")}), 400, "password")
        problem(c.ask("POST", PATH, '{"password": "a\\u0000bcdefgh"}',
                      {"Authorization": basic("anna"), "Content-Type": "application/json"}), 400)
        problem(c.ask("POST", PATH, NEW, {"Authorization": basic("anna"), "Content-Type": "text/plain"}), 415)
        problem(c.ask("POST", PATH, "x" * (5 << 20), {"Authorization": basic("anna"), "Content-Type": "application/json"}), 413)
        assert s.request("OPTIONS", "/").status == 200
        assert change(c, "ä" * 255 + "x").json() == {"weak": False}
        assert change(c, "short12", current="ä" * 255 + "x").json() == {"weak": True}
        assert s.request("OPTIONS", "/", password="short12").status == 200


def test_forged(_):
    with Server() as s:
        c = Console(s)
        problem(change(c, NEW, **{"X-CSRF-Token": ""}), 403, "X-CSRF-Token")
        problem(change(c, NEW, **{"X-CSRF-Token": Console(s).csrf}), 403, "X-CSRF-Token")
        problem(change(c, NEW, **{"Sec-Fetch-Site": "cross-site"}), 403, "another site")
        problem(change(c, NEW, **{"Origin": "https://evil.example"}), 403, "another")
        assert s.request("OPTIONS", "/").status == 200


def test_guessing_is_braked(_):
    """With the same brake as the sign-in, and told in the log for fail2ban."""
    with Server(settings='login-attempts = 3\nlogin-delay = "1h"') as s:
        c = Console(s)
        for n in range(3):
            problem(change(c, NEW, current=f"guess {n}"), 403)
        r = change(c, NEW, current="guess 4")
        problem(r, 429)
        assert int(r.headers["retry-after"]) > 60
        assert s.log().count("login failed from 127.0.0.1 for anna\n") == 3
        assert s.request("POST", API + "/session", password="guess 5").status == 429
        assert c.get("/session")["name"] == "anna"
