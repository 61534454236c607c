"""trust.md T-34: guessing passwords. An unknown user costs the same work and has the same answer as a wrong password;
failures are counted by address and account, over connections, and by nothing that the guesser can choose."""

import concurrent.futures
import re

from dedit_wire import PASSWORD, Server, basic, wait_for
from work import median, samples, tells

HOME = "/calendars/anna/"
FREE = "login-attempts = 1000\nlogin-delay = 0s"
ONCE = 'login-attempts = 3\nlogin-delay = "1h"'


def failures(s):
    return len(re.findall("login failed", s.log()))


def test_same_answer(_):
    with Server(FREE) as s:
        answers = set()
        for user in ("marc", "stranger", "ghost", "../marc", "x" * 300):
            r = s.request("GET", HOME, user=user, password="wrong horse")
            answers.add((r.status, r.body, tuple((k, v) for k, v in r.all_headers if k not in ("date", "x-request-id"))))
        assert len(answers) == 1 and answers.pop()[0] == 401


def test_same_work(_):
    """yescrypt is most of it; a removed account and one that has only application passwords are like unknown ones."""
    with Server(FREE, users=("anna", "gone")) as s:
        s.dedit("user", "remove", "gone")
        kinds = [lambda user=user: s.request("GET", HOME, user=user, password="wrong horse")
                 for user in ("anna", "nobody", "gone", "no such name")]
        known, *others = samples(s, kinds, rounds=9)
        assert median(known) > 2_000_000, "a wrong password costs real work"
        for name, other in zip(("unknown", "removed", "impossible"), others):
            assert not tells(known, other), (name, median(known), median(other))


def test_brake_survives_reconnecting(_):
    with Server(ONCE) as s:
        for n in range(3):
            assert s.request("OPTIONS", "/", password=f"wrong {n}").status == 401
        assert failures(s) == 3
        for n in range(20):  # each by a connection of its own
            r = s.request("OPTIONS", "/", password=f"wrong too {n}")
            assert r.status == 429 and int(r.headers["retry-after"]) > 0, r
        assert s.request("OPTIONS", "/").status == 429, "nor does the right one pass, which would tell that it is"
        assert failures(s) == 3, "what is braked isn't tried"
        # Another account isn't held up by it, and no credentials are no failure.
        assert s.request("OPTIONS", "/", user="marc").status == 200
        for n in range(30):
            assert s.request("OPTIONS", "/", user=None).status == 401
        assert s.request("OPTIONS", "/", user="marc").status == 200


def test_who_is_logged_in_stays(_):
    """A remembered success isn't braked: a stranger behind the same address locks nobody out."""
    with Server(ONCE) as s:
        assert s.request("OPTIONS", "/").status == 200
        for n in range(6):
            s.request("OPTIONS", "/", password="wrong horse")
        assert s.request("OPTIONS", "/", password="wrong horse").status == 429
        assert s.request("OPTIONS", "/").status == 200


def test_no_header_makes_another_of_one(_):
    """Forged addresses, other spellings of the name, other methods and paths: the same count."""
    with Server(ONCE) as s:
        forged = [{"X-Forwarded-For": "192.0.2.{}"}, {"Forwarded": "for=192.0.2.{}"}, {"X-Real-IP": "192.0.2.{}"},
                  {"CF-Connecting-IP": "192.0.2.{}"}, {"True-Client-IP": "192.0.2.{}"}, {"X-Client-IP": "192.0.2.{}"},
                  {"Via": "192.0.2.{}"}, {"X-Cluster-Client-IP": "192.0.2.{}"}]
        for n in range(24):
            headers = {k: v.format(n) for k, v in forged[n % len(forged)].items()}
            s.request(("GET", "PROPFIND", "PUT")[n % 3], ("/", HOME, "/x")[n % 3], None, headers,
                      ("anna", "ANNA", "Anna")[n % 3], f"wrong {n}")
        assert failures(s) == 3, s.log()
        assert "192.0.2" not in "".join(line for line in s.log().splitlines() if "login failed" in line)


def test_many_names_from_one_address(_):
    """Four times as many as for one account, then the address waits, whatever name comes next."""
    with Server(ONCE) as s:
        for n in range(40):
            s.request("OPTIONS", "/", user=f"user{n}", password="wrong horse")
        assert failures(s) == 12, failures(s)
        assert s.request("OPTIONS", "/", user="new", password="wrong horse").status == 429


def test_all_at_once(_):
    """As many as the queue holds don't pass before the first has failed."""
    with Server(ONCE) as s:
        with concurrent.futures.ThreadPoolExecutor(24) as pool:
            answers = [r.status for r in pool.map(lambda n: s.request("OPTIONS", "/", password=f"wrong {n}"), range(48))]
        # one more for each processor that was hashing when the third had failed
        assert failures(s) <= 3 + 8 and answers.count(401) == failures(s), (failures(s), answers)
        assert set(answers) <= {401, 429}, answers


def test_pipelined(_):
    """On one connection, without waiting for answers."""
    with Server(ONCE) as s:
        with s.socket() as c:
            for n in range(20):
                c.sendall(f"OPTIONS / HTTP/1.1\r\nHost: h\r\nAuthorization: {basic('anna', f'wrong {n}')}\r\n\r\n".encode())
            wait_for(lambda: failures(s) >= 3, 20, "three failures")
            c.sendall(b"OPTIONS / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            out = b""
            while piece := c.recv(65536):
                out += piece
        assert failures(s) == 3 and out.count(b"HTTP/1.1 429") == 17, (failures(s), out.count(b"HTTP/1.1 429"))


def test_application_passwords_are_as_slow_to_guess(_):
    """What looks like one is a password like others as long as it is wrong."""
    with Server(ONCE) as s:
        token = s.dedit("user", "token", "anna", "add", "phone").stdout.strip()
        for n in range(10):
            s.request("OPTIONS", "/", password=token[:-1] + ("a" if token[-1] != "a" else "b"))
        assert failures(s) == 3
        assert s.request("OPTIONS", "/", password=token).status == 200, "128 bits need no brake"
        assert s.request("OPTIONS", "/", user="marc", password=token).status in (401, 429)
        assert s.request("OPTIONS", "/", password=PASSWORD).status == 429
