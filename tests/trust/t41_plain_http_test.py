"""trust.md T-41: passwords travel by TLS, on loopback or on a unix socket; anything else needs plain-http-anywhere. Digest,
with its MD5 and its nonces, isn't offered."""

import re
import socket
import ssl
import subprocess

from dedit_wire import BUILD, PASSWORD, Server, basic

LOCAL = ("127.0.0.1:{}", "127.8.7.6:{}", "[::1]:{}", "localhost:{}")
OPEN = ("0.0.0.0:{}", "[::]:{}", "*:{}", "192.0.2.1:{}", "[2001:db8::1]:{}", "[::ffff:192.0.2.1]:{}", "10.0.0.1:{}",
        "169.254.1.1:{}", "[fe80::1]:{}", "0:{}", "[::ffff:0.0.0.0]:{}")


def check(s, text):
    s.conf.write_text(f'server {{\n data = "data"\n {text}\n}}\n')
    return subprocess.run([BUILD / "deditd", "-t", "-c", s.conf], capture_output=True, text=True, timeout=60)


def test_where_plain_http_may_listen(_):
    s = Server(users=(), start=False)
    for spec in LOCAL:
        r = check(s, f'listen = {{ "{spec.format(8080)}" }}')
        assert r.returncode == 0, (spec, r)
    for spec in OPEN:
        listen = f'listen = {{ "127.0.0.1:8080", "{spec.format(8080)}" }}'
        r = check(s, listen)
        assert r.returncode == 1 and "dedit.conf:3: option 'listen'" in r.stderr, (spec, r)
        assert "plain-http-anywhere" in r.stderr or "expected" in r.stderr or "address" in r.stderr, (spec, r)
    for spec in OPEN[:3]:
        assert check(s, f'plain-http-anywhere = yes listen = {{ "{spec.format(8080)}" }}').returncode == 0, spec
        assert check(s, f'plain-http-anywhere = no listen = {{ "{spec.format(8080)}" }}').returncode == 1, spec


def test_a_running_server_listens_where_it_was_told(_):
    """Only there, by /proc."""
    with Server(tls=True) as s:
        ports = set()
        for name in ("tcp", "tcp6"):
            with open(f"/proc/{s.process.pid}/net/{name}") as f:
                for line in f.readlines()[1:]:
                    where, state = line.split()[1], line.split()[3]
                    if state == "0A":
                        ports.add(tuple(where.split(":")))
        mine = {p for p in ports if int(p[1], 16) in (s.port, s.tls_port)}
        assert {p[0] for p in mine} == {"0100007F"}, mine


def test_digest_is_not_offered(s):
    for method in ("GET", "PROPFIND", "PUT", "OPTIONS"):
        r = s.request(method, "/calendars/anna/", user=None)
        challenges = [v for k, v in r.all_headers if k == "www-authenticate"]
        assert r.status == 401 and challenges == ['Basic realm="dedit", charset="UTF-8"'], r
    for value in (
        'Digest username="anna", realm="dedit", nonce="", uri="/", response="00000000000000000000000000000000"',
        'Digest username="anna", realm="dedit", nonce="x", uri="/", algorithm=MD5, response="", qop=auth, nc=00000001, cnonce="x"',
        "Bearer " + basic("anna")[6:], "Negotiate YII=", "NTLM TlRM", "basic", "Basic  ", basic("anna")[:-1],
        basic("anna").replace("Basic ", "Basic\t"), "BasicYW5uYTpjb3JyZWN0IGhvcnNl", basic("anna") + ", Digest x",
        "Token x", "OAuth x", "HOBA x", "SCRAM-SHA-256 x", "AWS4-HMAC-SHA256 x",
    ):
        r = s.request("PROPFIND", "/calendars/anna/", None, {"Authorization": value, "Depth": "0"}, None)
        assert r.status in (401, 400), (value, r)
        assert r.status == 400 or "basic" in r.headers["www-authenticate"].lower()
    # In another case the scheme is the same (RFC 9110 11.1).
    assert s.request("OPTIONS", "/", None, {"Authorization": "bASIC " + basic("anna")[6:]}, None).status == 200


def test_two_logins_are_none(s):
    """What one program reads first and another last is refused or judged by the first alone, never added up."""
    for first, last in ((basic("anna", "wrong"), basic("anna")), ("Digest x", basic("anna"))):
        with s.socket() as c:
            c.sendall(f"PROPFIND /calendars/anna/ HTTP/1.1\r\nHost: h\r\nDepth: 0\r\nAuthorization: {first}\r\n"
                      f"Authorization: {last}\r\nConnection: close\r\n\r\n".encode())
            answer = c.recv(65536)
        assert re.match(rb"HTTP/1.1 (400|401) ", answer), answer


def test_tls_versions(_):
    """No older one than 1.2, and plain HTTP is not answered on the port of TLS."""
    with Server(tls=True) as s:
        context = ssl.create_default_context(cafile=s.folder / "certs/ca.pem")
        with socket.create_connection(("127.0.0.1", s.tls_port), 20) as c:
            with context.wrap_socket(c, server_hostname="localhost") as t:
                assert t.version() in ("TLSv1.2", "TLSv1.3")
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
            old.set_ciphers("ALL:@SECLEVEL=0")
            old.minimum_version = old.maximum_version = version
            try:
                with socket.create_connection(("127.0.0.1", s.tls_port), 20) as c, old.wrap_socket(c) as t:
                    raise AssertionError(t.version())
            except (ssl.SSLError, OSError):
                pass
        with socket.create_connection(("127.0.0.1", s.tls_port), 20) as c:
            c.sendall(f"GET / HTTP/1.1\r\nHost: h\r\nAuthorization: {basic('anna', PASSWORD)}\r\n\r\n".encode())
            assert b"200" not in c.recv(4096)[:20]
