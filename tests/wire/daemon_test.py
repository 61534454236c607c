"""deditd(8) and dedit(1): start, signals, control socket, TLS, unix socket, -t."""

import contextlib
import os
import pathlib
import re
import signal
import socket
import ssl
import stat
import subprocess
import threading
import time

from dedit_wire import BUILD, PASSWORD, ROOT, Server, basic, event, free_port, read_answer, wait_for

SLOW = True

SERVER = {"tls": True, "unix": True, "extra": 'group "admin" { members = { "anna" } }'}
CALENDAR = "/calendars/anna/calendar/"


def check(s, text, *pieces, code=1):
    """deditd -t refuses this configuration and says why."""
    path = s.folder / "bad.conf"
    path.write_text(text)
    r = subprocess.run([BUILD / "deditd", "-t", "-c", path], capture_output=True, text=True)
    assert r.returncode == code, r
    for piece in pieces:
        assert piece in r.stderr + r.stdout, (piece, r)


def test_configuration_errors(s):
    check(s, "server {\n threads = 0\n}", "bad.conf:2:", "'threads'", "64")
    check(s, "server {\n listn = { }\n}", "bad.conf:2:", "listn")
    check(s, 'server {\n listen = { "0.0.0.0:80" }\n}', "bad.conf:2:", "plain-http-anywhere")
    check(s, 'server { }\npolicy "p" {\n tirs = { "24h 50%" }\n}', "bad.conf:3:", "tirs")
    check(s, 'server {\n data = "d" tls-listen = { "*:443" }\n tls-certificate = "none.pem" tls-key = "none.key"\n}',
          "bad.conf:3: option 'tls-certificate'", "none.pem", "expected a certificate")
    check(s, 'server {\n tls-listen = { "*:443" } tls-certificate = "certs/server.pem"\n tls-key = "none.key"\n}',
          "bad.conf:3: option 'tls-key'", "none.key", "expected a private key")
    check(s, 'server {\n data = "bad.conf"\n}', "bad.conf:2: option 'data'")
    check(s, 'server { }\npolicy "p" { currency = EUR }', "bad.conf:2: policy 'p': option 'timezone' is missing")
    check(s, f'server {{ data = "{s.data}" }}', "no errors", code=0)
    r = subprocess.run([BUILD / "deditd", "-c", s.folder / "missing.conf"], capture_output=True, text=True)
    assert r.returncode == 1 and "missing.conf" in r.stderr
    assert subprocess.run([BUILD / "deditd", "--nonsense"], capture_output=True).returncode == 2


def test_wrong_key_is_found(s):
    (s.folder / "other").mkdir(exist_ok=True)
    subprocess.run([ROOT / "certs/make", "-d", s.folder / "other", "localhost"], check=True, capture_output=True)
    check(s, 'server { data = "d" tls-listen = { "*:443" } tls-certificate = "certs/server.pem" tls-key = "other/server.key" }',
          "not the key of")
    os.chmod(s.folder / "other/server.key", 0o644)
    check(s, 'server { data = "d" tls-listen = { "*:443" } tls-certificate = "other/server.pem" tls-key = "other/server.key" }',
          "open to everybody")


def test_unsafe_folder_is_refused(_):
    with Server(users=("anna",), start=False) as s:
        os.chmod(s.data, 0o777)
        r = subprocess.run([BUILD / "deditd", "-c", s.conf], capture_output=True, text=True, timeout=20)
        assert r.returncode == 1 and "data" in r.stderr, r
        os.chmod(s.data, 0o700)


def test_tls_versions(s):
    def handshake(version):
        context = ssl.create_default_context(cafile=s.folder / "certs/ca.pem")
        context.minimum_version = context.maximum_version = version
        context.set_ciphers("ALL:@SECLEVEL=0")
        with socket.create_connection(("127.0.0.1", s.tls_port)) as c:
            with context.wrap_socket(c, server_hostname="localhost") as t:
                return t.version()

    assert handshake(ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    assert handshake(ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    for old in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        try:
            version = handshake(old)
        except (ssl.SSLError, OSError):
            continue
        raise AssertionError(f"{version} was accepted")


def test_requests_over_tls(s):
    c = s.connect(tls=True)
    r = s.request("PUT", CALENDAR + "tls.ics", event("tls"), {"Content-Type": "text/calendar"}, connection=c)
    assert r.status == 201, r
    assert s.request("GET", CALENDAR + "tls.ics", connection=c).body == event("tls").encode()


def unix_request(s, extra=""):
    with socket.socket(socket.AF_UNIX) as c:
        c.settimeout(20)
        c.connect(str(s.unix_path))
        c.sendall(f"OPTIONS / HTTP/1.1\r\nHost: h\r\n{extra}\r\n".encode())
        return read_answer(c)[0]


def test_unix_socket(s):
    assert stat.S_IMODE(os.stat(s.unix_path).st_mode) == 0o660
    assert unix_request(s, f"Authorization: {basic('anna')}\r\n") == 200


def test_forwarded_address_only_from_a_proxy(s):
    """trust.md T-36: believed on the unix socket, and only what the proxy itself added."""
    wrong = f"Authorization: {basic('anna', 'wrong horse')}\r\n"
    unix_request(s, wrong + "X-Forwarded-For: 203.0.113.1, 203.0.113.9\r\n")
    assert "login failed from 203.0.113.9 for anna" in s.log()
    s.request("GET", "/", password="wrong horse", headers={"X-Forwarded-For": "203.0.113.77"})
    assert "203.0.113.77" not in s.log()


def test_commands_on_a_running_server(s):
    assert stat.S_IMODE(os.stat(s.data / "control").st_mode) == 0o600
    r = s.dedit("user", "add", "claire", "--name", "Claire Noël", "--email", "Claire@Example.org", "--email",
                "c@example.org", "--language", "fr", input="claire's password\n")
    assert "claire" in r.stdout
    listed = s.dedit("user", "list").stdout
    assert "Claire Noël" in listed and "<claire@example.org>" in listed and "<c@example.org>" in listed
    assert "anna" in listed and "(admin)" in [l for l in listed.splitlines() if l.startswith("anna ")][0]
    s.dedit("calendar", "add", "claire/work", "--name", "Work & <play>")
    r = s.request("PROPFIND", "/calendars/claire/work/", headers={"Depth": "0"}, user="claire",
                  password="claire's password")
    assert r.status == 207 and "Work &amp; &lt;play&gt;" in r.text, r
    s.dedit("share", "claire/work", "marc", "write")
    assert "claire~work" in s.request("PROPFIND", "/calendars/marc/", headers={"Depth": "1"}, user="marc").text
    s.dedit("share", "claire/work", "marc", "none")
    assert "claire~work" not in s.request("PROPFIND", "/calendars/marc/", headers={"Depth": "1"}, user="marc").text
    assert "claire/work" in s.dedit("calendar", "list", "Claire").stdout
    s.dedit("fees", "--owner", "Claire")
    s.dedit("flush")
    s.dedit("check", "--deep")
    assert s.dedit("fees", "--json").stdout.strip() == "[]"


def test_command_errors(s):
    for code, args in ((2, ()), (2, ("nonsense",)), (2, ("user",)), (2, ("user", "list", "x")), (1, ("user", "remove", "ghost")),
                       (1, ("share", "anna/none", "marc", "read")), (2, ("share", "anna/calendar", "marc", "all")),
                       (2, ("share", "calendar", "marc", "read")), (2, ("calendar", "add", "anna/a~b")),
                       (2, ("calendar", "add", "anna/fees")), (1, ("calendar", "add", "anna/calendar")),
                       (1, ("calendar", "list", "ghost")), (1, ("fees", "--owner", "ghost")), (2, ("fees", "--owner", "a b")),
                       (1, ("rebuild",)), (2, ("check", "--wide"))):
        r = s.dedit(*args, check=False)
        assert r.returncode == code and (r.stderr or not args), (args, r)
    assert s.dedit("user", "add", "a b", input="long enough\n", check=False).returncode == 2
    assert s.dedit("user", "add", "nothing", input="\n", check=False).returncode == 1
    assert s.dedit("user", "add", "toolong", input="x" * 513 + "\n", check=False).returncode == 1
    assert "guessed" in s.dedit("user", "add", "shorty", input="short\n").stderr
    assert "guessed" not in s.dedit("user", "add", "longer", input="long enough\n").stderr
    assert s.dedit("user", "add", "anna", input="long enough\n", check=False).returncode == 1
    assert s.dedit("user", "add", "silent", check=False).returncode == 1
    assert s.dedit("--help").stdout.startswith("usage:")
    assert s.dedit("--version").stdout.startswith("dedit ")


def test_default_calendars(s):
    text = s.request("PROPFIND", "/calendars/marc/", headers={"Depth": "1"}, user="marc").text
    assert "/calendars/marc/calendar/" in text and "/calendars/marc/tasks/" in text


def test_edit_on_disk_reaches_clients(s):
    s.put(CALENDAR + "edited.ics", event("edited"))
    s.dedit("flush")
    path = s.data / "cal/anna/calendar/edited.ics"
    path.write_bytes(event("edited", summary="Changed by hand").encode())
    s.dedit("rescan", "anna/calendar")
    wait_for(lambda: "Changed by hand" in s.request("GET", CALENDAR + "edited.ics").text, 10, "edit is taken in")


def test_commands_without_a_server(_):
    with Server(start=False) as s:
        s.dedit("calendar", "add", "anna/offline")
        s.dedit("check", "--deep")
        s.dedit("rebuild")
        assert "anna/offline" in s.dedit("calendar", "list", "anna").stdout
        s.start()
        assert s.request("OPTIONS", "/calendars/anna/offline/").status == 200


def test_policy_before_calendar_and_folder(_):
    """Warned about, not refused: the accounts of a new server are made after its configuration."""
    policy = 'policy "p" { timezone = "Europe/Paris" currency = "EUR" price = "80.00 EUR" tiers = { "24h 100%" } }\n'
    with Server(extra=policy + 'calendar "anna/later" { policy = "p" }') as s:
        assert "anna/later, which doesn't exist" in s.log()
        r = s.dedit("calendar", "add", "anna/later")
        assert s.request("PROPFIND", "/calendars/anna/fees/", headers={"Depth": "0"}).status == 207
        s.dedit("share", "anna/later", "marc", "write")
        s.add_user("zoe")
        assert "warning" in s.dedit("share", "anna/later", "zoe", "read").stderr, r


def test_second_server_is_refused(s):
    conf = s.folder / "second.conf"
    conf.write_text(f'server {{ listen = {{ "127.0.0.1:{free_port()}" }} data = "data" }}')
    r = subprocess.run([BUILD / "deditd", "-c", conf], capture_output=True, text=True, timeout=20)
    assert r.returncode == 1, r
    assert s.request("OPTIONS", "/").status == 200


def test_reload(_):
    with Server(tls=True, extra='group "admin" { }') as s:
        def serial():
            context = ssl.create_default_context(cafile=s.folder / "certs/ca.pem")
            with socket.create_connection(("127.0.0.1", s.tls_port)) as c:
                with context.wrap_socket(c, server_hostname="localhost") as t:
                    return t.getpeercert()["serialNumber"]

        assert s.request("PUT", CALENDAR + "big.ics", event("big", summary="y" * 20000),
                         {"Content-Type": "text/calendar"}).status == 201
        before = serial()
        idle, idle_tls = s.connect(), s.connect(tls=True)
        assert s.request("OPTIONS", "/", connection=idle).status == 200
        assert s.request("OPTIONS", "/", connection=idle_tls).status == 200
        (s.folder / "certs/server.pem").unlink()
        s.make_certificates()
        s.write_config(settings="max-resource-size = 10K")
        assert s.reload().startswith("reloaded")
        assert serial() != before
        r = s.request("PUT", CALENDAR + "big2.ics", event("big2", summary="y" * 20000), {"Content-Type": "text/calendar"},
                      connection=idle)
        assert r.condition() == "C:max-resource-size", r
        assert s.request("OPTIONS", "/", connection=idle_tls).status == 200


def certificate_of(s):
    context = ssl.create_default_context(cafile=s.folder / "certs/ca.pem")
    with socket.create_connection(("127.0.0.1", s.tls_port)) as c:
        with context.wrap_socket(c, server_hostname="localhost") as t:
            return t.getpeercert()["serialNumber"]


def test_a_wrong_reload_changes_nothing(_):
    """Neither the limits nor the certificate, whichever of the two is wrong."""
    with Server(tls=True) as s:
        before, idle = certificate_of(s), s.connect(tls=True)
        assert s.request("OPTIONS", "/", connection=idle).status == 200
        good_key = (s.folder / "certs/server.key").read_bytes()

        def as_before():
            assert certificate_of(s) == before
            for connection in (idle, None):
                r = s.request("PUT", CALENDAR + "big.ics", event("big", summary="y" * 20000),
                              {"Content-Type": "text/calendar"}, connection=connection)
                assert r.status in (201, 204), r

        s.write_config(settings="max-resource-size = none")
        assert "option 'max-resource-size'" in s.reload()
        as_before()
        s.write_config(settings="max-resource-size = 10K")
        (s.folder / "certs/server.pem").unlink()
        s.make_certificates()
        (s.folder / "certs/server.key").write_bytes(good_key)
        assert "not the key of" in s.reload()
        as_before()
        s.write_config(settings="max-resource-size = 10K", extra='policy "p" { tiers = { "often 50%" } }')
        assert s.reload().startswith("not reloaded")
        as_before()


def test_reload_says_what_has_to_wait(_):
    with Server() as s:
        s.write_config(settings="threads = 3\nhrefs = 77")
        s.conf.write_text(s.conf.read_text().replace('data = "data"', 'data = "elsewhere"'))
        assert s.reload().startswith("reloaded")
        assert "'threads' has changed" in s.log() and "'data' has changed" in s.log() and "'hrefs'" not in s.log()
        assert not (s.folder / "elsewhere").exists()
        assert s.put(CALENDAR + "after.ics", event("after")).status == 201


def test_reload_under_load(_):
    """Connections that are at work notice nothing, again and again."""
    with Server(tls=True) as s:
        stop, done, wrong = threading.Event(), [], []

        def client(n):
            c, i = s.connect(tls=n % 2 == 0), 0
            try:
                while not stop.is_set():
                    uid, i = f"r{n}-{i}", i + 1
                    r = s.request("PUT", f"{CALENDAR}{uid}.ics", event(uid), {"Content-Type": "text/calendar"}, connection=c)
                    (done if r.status == 201 else wrong).append(r)
            except Exception as e:
                wrong.append(e)

        threads = [threading.Thread(target=client, args=(n,)) for n in range(4)]
        for t in threads:
            t.start()
        try:
            for n in range(10):
                s.write_config(settings=f"hrefs = {100 + n}" if n % 3 else "hrefs = none")
                s.reload()
        finally:
            stop.set()
            for t in threads:
                t.join()
        assert done and not wrong, wrong[:3]


def readiness(address):
    """sd_notify(3): what the socket of this address hears; a function of the server's folder."""
    with Server(start=False) as s, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as n:
        path = address(s.folder)
        n.bind(path)
        n.settimeout(20)
        os.environ["NOTIFY_SOCKET"] = path.replace("\0", "@")
        try:
            s.start()
        finally:
            del os.environ["NOTIFY_SOCKET"]
        assert n.recv(100) == b"READY=1"
        s.reload()
        said = n.recv(100).split(b"\n")
        assert said[0] == b"RELOADING=1" and re.fullmatch(rb"MONOTONIC_USEC=[0-9]+", said[1]), said
        assert abs(int(said[1].partition(b"=")[2]) / 1e6 - time.monotonic()) < 60
        assert n.recv(100) == b"READY=1"
        assert s.stop() == 0
        assert n.recv(100) == b"STOPPING=1"


def test_readiness(_):
    readiness(lambda folder: str(folder / "notify"))


def test_readiness_on_an_abstract_socket(_):
    readiness(lambda folder: "\0" + folder.name)


def test_an_unusable_notify_socket_is_no_reason_to_fail(_):
    for path in ("/nowhere/notify", "relative", "/" + 200 * "x"):
        os.environ["NOTIFY_SOCKET"] = path
        try:
            with Server() as s:
                assert s.request("OPTIONS", "/").status == 200
        finally:
            del os.environ["NOTIFY_SOCKET"]


def has_ipv6():
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as c:
        c.bind(("::1", 0))
        return True
    return False


def test_listeners_of_both_families(_):
    """Several listeners at once: IPv4, IPv6, unix; "*" takes both families; localhost is each of its addresses."""
    if not has_ipv6():
        print("skipped: no IPv6 here")
        return
    with Server(tls=True, unix=True, start=False) as s:
        six, both, named, both_tls = (free_port() for _ in range(4))
        text = s.conf.read_text()
        text = text.replace("listen = { ", f'listen = {{ "[::1]:{six}", "localhost:{named}", ', 1)
        text = text.replace("tls-listen = { ", f'tls-listen = {{ "*:{both_tls}", "[::1]:{both}", ')
        s.conf.write_text(text)
        s.start()
        context = ssl.create_default_context(cafile=s.folder / "certs/ca.pem")

        def answers(host, port, tls=False):
            with socket.create_connection((host, port), 20) as c:
                with context.wrap_socket(c, server_hostname="localhost") if tls else contextlib.nullcontext(c) as t:
                    t.sendall(b"OPTIONS / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                    return read_answer(t)[0]

        for host, port, tls in (("127.0.0.1", s.port, False), ("::1", six, False), ("127.0.0.1", named, False),
                                ("127.0.0.1", s.tls_port, True), ("127.0.0.1", both_tls, True), ("::1", both_tls, True),
                                ("::1", both, True)):
            assert answers(host, port, tls) == 401, (host, port, tls)
        assert unix_request(s, f"Authorization: {basic('anna')}\r\n") == 200


def test_an_address_in_use_is_named(s):
    conf = s.folder / "used.conf"
    conf.write_text(f'server {{ listen = {{ "127.0.0.1:{s.port}" }} data = "other" }}')
    r = subprocess.run([BUILD / "deditd", "-c", conf], capture_output=True, text=True, timeout=20)
    assert r.returncode == 1 and f"127.0.0.1:{s.port}" in r.stderr and "in use" in r.stderr, r


def test_check_leaves_nothing_behind(_):
    with Server(start=False, users=(), extra='policy "p" { timezone = "UTC" currency = "EUR" tiers = { "1h 50%" } }') as s:
        check(s, s.conf.read_text(), "no errors", code=0)
        assert not s.data.exists()


def test_term_finishes_what_is_under_way(_):
    """Nothing that was acknowledged is lost, and what was complete is answered."""
    with Server() as s:
        done, failed = [], []

        def client(n):
            try:
                c = s.connect()
                for i in range(200):
                    uid = f"t{n}-{i}"
                    r = s.request("PUT", f"{CALENDAR}{uid}.ics", event(uid), {"Content-Type": "text/calendar"}, connection=c)
                    if r.status == 201:
                        done.append(uid)
                    elif r.status != 503:
                        failed.append(r)
            except OSError:
                pass
            except Exception as e:
                if "Remote end closed" not in str(e):
                    failed.append(e)

        threads = [threading.Thread(target=client, args=(n,)) for n in range(8)]
        for t in threads:
            t.start()
        time.sleep(0.5)
        assert s.stop() == 0, s.log()
        for t in threads:
            t.join()
        assert done and not failed, failed[:3]
        s.start()
        c = s.connect()
        for uid in done:
            assert s.request("GET", f"{CALENDAR}{uid}.ics", connection=c).status == 200, uid
        assert not (s.data / "control").exists() or s.process is not None


def test_term_with_idle_connections_is_quick(_):
    with Server() as s:
        idle = [s.socket() for _ in range(20)]
        began = time.monotonic()
        assert s.stop() == 0
        assert time.monotonic() - began < 5
        for c in idle:
            c.close()


def test_killed_server_starts_again(_):
    with Server(unix=True) as s:
        assert s.put(CALENDAR + "kept.ics", event("kept")).status == 201
        s.kill()
        s.start()
        assert s.request("GET", CALENDAR + "kept.ics").body == event("kept").encode()
