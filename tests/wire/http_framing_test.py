"""RFC 9112: framing. Every shape of doc/libraries.md A1 is refused and ends the connection."""

from dedit_wire import basic, read_all, read_answer

SERVER = {"settings": "header-timeout = 3s"}
AUTH = f"Authorization: {basic('anna')}\r\n".encode()
SECOND = b"GET /second HTTP/1.1\r\nHost: h\r\n" + AUTH + b"\r\n"


def refused(s, request):
    """One 400, the connection closed, and nothing read as a second request."""
    before = s.log().count("/second")
    answer = s.raw(request + SECOND)
    assert answer.startswith(b"HTTP/1.1 400 "), (request, answer)
    assert answer.count(b"HTTP/1.1 ") == 1, (request, answer)
    assert s.log().count("/second") == before, request


def head(*lines, method=b"PUT", version=b"HTTP/1.1", host=b"Host: h\r\n"):
    return (method + b" /calendars/anna/calendar/x.ics " + version + b"\r\n" + host + AUTH +
            b"".join(line + b"\r\n" for line in lines) + b"\r\n")


def test_two_lengths(s):
    refused(s, head(b"Content-Length: 3", b"Content-Length: 5") + b"abc")
    refused(s, head(b"Content-Length: 3", b"Content-Length: 3") + b"abc")


def test_length_with_encoding(s):
    refused(s, head(b"Content-Length: 3", b"Transfer-Encoding: chunked") + b"0\r\n\r\n")
    refused(s, head(b"Transfer-Encoding: chunked", b"Content-Length: 3") + b"0\r\n\r\n")


def test_other_encodings(s):
    for value in (b"gzip, chunked", b"xchunked", b"identity"):
        refused(s, head(b"Transfer-Encoding: " + value) + b"0\r\n\r\n")
    refused(s, head(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity") + b"0\r\n\r\n")


def test_blank_before_colon(s):
    refused(s, head(b"Content-Length : 3") + b"abc")
    refused(s, head(b"Transfer-Encoding : chunked") + b"0\r\n\r\n")


def test_folded_lines(s):
    refused(s, head(b"Transfer-Encoding: chunked", b" x") + b"0\r\n\r\n")
    refused(s, head(b"Transfer-Encoding:", b" chunked") + b"0\r\n\r\n")
    refused(s, head(b"Content-Length: 3", b"\t0") + b"abc")


def test_host_once(s):
    refused(s, head(host=b""))
    refused(s, head(host=b"Host: a\r\nHost: b\r\n"))


def test_versions(s):
    refused(s, head(version=b"HTTP/1.2"))
    assert b" 505 " in s.raw(head(version=b"HTTP/2.0"))
    refused(s, head(b"Transfer-Encoding: chunked", version=b"HTTP/1.0") + b"0\r\n\r\n")


def test_strange_lengths(s):
    for value in (b"+3", b"-1", b"0x3", b"3, 3", b"x"):
        assert b" 400 " in s.raw(head(b"Content-Length: " + value) + b"abc")
    answer = s.raw(head(b"Content-Length: 18446744073709551616") + b"abc")
    assert b" 413 " in answer or b" 400 " in answer
    refused(s, head(b"Content-Length: 18446744073709551615") + b"abc")


def test_names_and_values(s):
    refused(s, head(b"X\x01A: b"))
    refused(s, head(b"X A: b"))
    refused(s, head(b"X-A: b\rc"))


def test_target_with_blank(s):
    refused(s, b"GET /a b HTTP/1.1\r\nHost: h\r\n" + AUTH + b"\r\n")


def test_many_headers(s):
    few = [b"X-%d: y" % i for i in range(100)]
    assert b" 400 " not in s.raw(head(b"Connection: close", *few, method=b"OPTIONS"))
    refused(s, head(*[b"X-%d: y" % i for i in range(200)]))
    answer = s.raw(head(b"X-Long: " + b"y" * 40000))
    assert b" 431 " in answer, answer[:100]


def test_bad_chunks(s):
    for chunk in (b"zz\r\nabc\r\n", b"-3\r\nabc\r\n", b"+3\r\nabc\r\n", b"3\r\nabcX\r\n0\r\n\r\n"):
        answer = s.raw(head(b"Transfer-Encoding: chunked") + chunk + SECOND)
        assert b" 20" not in answer.split(b"\r\n")[0], (chunk, answer)
        assert b"/second" not in answer


def test_good_requests_share_a_connection(s):
    """Pipelined: answered in order, one after the other."""
    one = b"OPTIONS /calendars/anna/ HTTP/1.1\r\nHost: h\r\n" + AUTH + b"\r\n"
    missing = b"GET /calendars/anna/calendar/none%d.ics HTTP/1.1\r\nHost: h\r\n" + AUTH + b"\r\n"
    with s.socket() as c:
        c.sendall(b"".join((one, missing % i)[i % 2] for i in range(20)))
        rest = b""
        for i in range(20):
            status, _, _, rest = read_answer(c, rest)
            assert status == (200, 404)[i % 2], (i, status)


def test_absolute_form_and_asterisk(s):
    """RFC 9112 3.2.2, 3.2.4"""
    for target in (b"http://h/calendars/anna/", b"*"):
        answer = s.raw(b"OPTIONS " + target + b" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + AUTH + b"\r\n")
        assert answer.startswith(b"HTTP/1.1 200 "), answer


def test_http_1_0_closes(s):
    answer = s.raw(b"OPTIONS / HTTP/1.0\r\n" + AUTH + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ") and b"connection: close" in answer.lower()


def test_junk(s):
    for junk in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 200 + b"\r\n\r\n", b"HELLO\r\n\r\n",
                 b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
        answer = s.raw(junk)
        assert answer == b"" or answer[9:10] in b"45", answer
    with s.socket() as c:
        c.sendall(b"GET / HT")
        c.shutdown(1)
        assert b" 20" not in read_all(c)[:20]
