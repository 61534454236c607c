"""deditd(8), the access log: a line a request, in the format "combined", written when the answer is out."""

import os
import re
import time

from dedit_wire import Server, basic, event, read_answer, wait_for

SERVER = {"settings": 'access-log = "access.log"\ntrusted-proxies = { "127.0.0.1" }'}
CALENDAR = "/calendars/anna/calendar/"

# As nginx and Apache write it; behind it the request's id and its milliseconds.
LINE = re.compile(
    r'(?P<address>\S+) - (?P<user>\S+) \[(?P<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000)\] '
    r'"(?P<method>[^" ]+) (?P<path>[^" ]+) (?P<version>HTTP/1\.[01])" (?P<status>\d{3}) (?P<bytes>\d+) '
    r'"-" "(?P<agent>[^"]*)" (?P<id>\S+) (?P<ms>\d+)')


def lines(s, name="access.log"):
    path = s.folder / name
    return path.read_text("ascii").splitlines() if path.exists() else []


def line_of(s, r, name="access.log"):
    """The fields of the line of an answer."""
    wanted = f" {r.headers['x-request-id']} "
    found = wait_for(lambda: [l for l in lines(s, name) if wanted in l], 20, "the line")
    assert len(found) == 1, found
    m = LINE.fullmatch(found[0])
    assert m, found[0]
    return m.groupdict()


def test_a_line_for_an_answer(s):
    body = event("one")
    r = s.request("PUT", CALENDAR + "one.ics", body, {"Content-Type": "text/calendar", "User-Agent": "Cal/1.0 (X; Y)"})
    f = line_of(s, r)
    assert (f["address"], f["user"], f["method"], f["path"], f["version"], f["status"], f["bytes"], f["agent"]) == (
        "127.0.0.1", "anna", "PUT", CALENDAR + "one.ics", "HTTP/1.1", "201", "0", "Cal/1.0 (X; Y)")
    then = time.mktime(time.strptime(f["time"], "%d/%b/%Y:%H:%M:%S +0000")) - time.timezone
    assert abs(then - time.time()) < 60
    r = s.request("GET", CALENDAR + "one.ics")
    assert line_of(s, r)["bytes"] == str(len(r.body)) and r.status == 200
    r = s.request("HEAD", CALENDAR + "one.ics")
    assert line_of(s, r)["bytes"] == "0"


def test_a_long_answer_counts_all_its_bytes(s):
    for i in range(60):
        assert s.put(CALENDAR + f"long{i}.ics", event(f"long{i}", extra="DESCRIPTION:" + "x" * 8000 + "\r\n")).status == 201
    r = s.request("GET", CALENDAR)
    assert r.status == 200 and len(r.body) > 400000 and "content-length" not in r.headers
    assert line_of(s, r)["bytes"] == str(len(r.body))


def test_refusals_have_lines(s):
    for method, path, headers, user, status in (
        ("GET", "/", {}, None, 401), ("GET", "/calendars/anna/none/", {}, "anna", 404),
        ("PUT", CALENDAR + "x.ics", {"Transfer-Encoding": "odd"}, "anna", 400),
    ):
        r = s.request(method, path, None, headers, user)
        assert r.status == status, r
        assert line_of(s, r)["status"] == str(status)


def test_no_name_before_a_login(s):
    """Somebody may have typed the password there."""
    r = s.request("GET", "/", user="hunter2", password="x")
    assert r.status == 401
    assert line_of(s, r)["user"] == "-"
    assert not any("hunter2" in l for l in lines(s))


def test_no_query(s):
    r = s.request("GET", CALENDAR + "?token=hunter3")
    assert line_of(s, r)["path"] == CALENDAR


def test_the_client_behind_a_proxy(s):
    r = s.request("GET", "/", None, {"X-Forwarded-For": "192.0.2.7"})
    assert line_of(s, r)["address"] == "192.0.2.7"


def test_nothing_forges_a_line(s):
    """trust.md T-51: quotes, escapes, control characters and bytes that are no UTF-8."""
    agent = 'x" 200 0 "-" "y" z 1\x1b[2J\\ \u202e'.encode()
    with s.socket() as c:
        c.sendall(b'GET /"\xff\\x" HTTP/1.1\r\nHost: h\r\nUser-Agent: ' + agent + b"\r\n\r\n")
        id = read_answer(c)[1]["x-request-id"]
    found = wait_for(lambda: [l for l in lines(s) if f" {id} " in l], 20, "the line")
    m = LINE.fullmatch(found[0])
    assert m, found[0]
    assert m["agent"] == r"x\x22 200 0 \x22-\x22 \x22y\x22 z 1\x1b[2J\x5c \xe2\x80\xae"
    assert "\\x22" in m["path"] or m["path"] == "/", found[0]


def test_long_parts_are_cut(s):
    r = s.request("GET", "/calendars/anna/" + "y" * 3000, None, {"User-Agent": "z" * 3000})
    f = line_of(s, r)
    assert f["path"] == "/calendars/anna/" + "y" * (2048 - len("/calendars/anna/")) and f["agent"] == "z" * 512


def test_a_client_that_went(s):
    """Before it had its answer: 499, as nginx calls it."""
    with s.socket() as c:
        c.sendall(f"PUT {CALENDAR}gone.ics HTTP/1.1\r\nHost: h\r\nAuthorization: {basic('anna')}\r\n"
                  "Content-Type: text/calendar\r\nContent-Length: 100\r\n\r\nBEGIN".encode())
        time.sleep(0.3)
    found = wait_for(lambda: [l for l in lines(s) if "gone.ics" in l], 20, "the line")
    assert LINE.fullmatch(found[0])["status"] == "499", found


def test_nobody_else_reads_it(s):
    line_of(s, s.request("GET", "/"))
    assert (s.folder / "access.log").stat().st_mode & 0o777 == 0o600


def test_hangup_opens_it_anew(s):
    """As logrotate does: rename, SIGHUP. No line is lost, and none stands twice."""
    before = s.request("GET", "/")
    os.rename(s.folder / "access.log", s.folder / "access.log.1")
    between = s.request("GET", "/")
    assert s.reload().startswith("reloaded")
    after = s.request("GET", "/")
    line_of(s, after)
    both = lines(s, "access.log.1") + lines(s)
    for r in (before, between, after):
        assert len([l for l in both if r.headers["x-request-id"] in l]) == 1, r


def test_hangup_opens_it_anew_with_a_wrong_configuration_too(s):
    text = s.conf.read_text()
    os.rename(s.folder / "access.log", s.folder / "access.log.2")
    try:
        s.conf.write_text("server { nonsense = 1 }")
        assert s.reload().startswith("not reloaded")
        line_of(s, s.request("GET", "/"))
    finally:
        s.conf.write_text(text)
        s.reload()


def test_stderr_and_nowhere(_):
    with Server(settings='access-log = "stderr"') as s:
        r = s.request("GET", "/")
        line_of(s, r, "log")
        s.write_config(settings="")
        s.reload()
        before = len(s.log())
        assert s.request("GET", "/").status == 200
        time.sleep(0.3)
        assert '"GET / HTTP' not in s.log()[before:]


def test_it_must_be_possible(_):
    with Server(settings='access-log = "none/access.log"', start=False) as s:
        r = s.dedit("user", "list")
        assert r.returncode == 0
        try:
            s.start()
            raise AssertionError("it started")
        except AssertionError as e:
            assert "option 'access-log'" in str(e) and "No such file" in str(e), e
        s.process = None


def test_a_full_disk(_):
    """Lines wait, up to a limit; what is lost beyond it is counted; writing goes on when there is room."""
    with Server(settings='sandbox = no\naccess-log = "/dev/full"') as s:
        first = s.request("GET", "/")
        wait_for(lambda: "access log: No space left on device: lines wait in memory" in s.log(), 20, "is said")
        assert s.request("GET", "/").status == 200
        s.write_config(settings='sandbox = no\naccess-log = "access.log"')
        s.reload()
        line_of(s, first)
        wait_for(lambda: "access log: written again, nothing was lost" in s.log(), 20, "is said")
        assert s.log().count("lines wait in memory") == 1


def test_lines_that_are_lost_are_counted(_):
    with Server(settings='sandbox = no\naccess-log = "/dev/full"') as s:
        c = s.connect()
        sent = 0
        while sent * 2500 < 2 * 2**20 + 2**19:  # what waits, and what is being written
            s.request("GET", "/calendars/" + "x" * 2100, None, {"User-Agent": "y" * 600}, connection=c)
            sent += 1
        s.write_config(settings='sandbox = no\naccess-log = "access.log"')
        s.reload()
        m = wait_for(lambda: re.search(r"access log: written again, (\d+) lines were lost", s.log()), 20, "is said")
        # behind what waited come those that were made meanwhile
        wait_for(lambda: len(lines(s)) + int(m[1]) == sent, 20, f"{sent} lines, less {m[1]}")


def test_what_waits_is_written_at_the_end(_):
    with Server(settings='access-log = "access.log"') as s:
        for _ in range(5):
            s.request("GET", "/")
        assert s.stop() == 0
        assert len(lines(s)) == 5
