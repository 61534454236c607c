"""deditd(8), metrics: well-formed OpenMetrics 1.0, on loopback alone, and counters that count right."""

import http.client
import re
import socket
import subprocess
import time

from dedit_wire import BUILD, ROOT, Server, event, free_port, wait_for

PORT = free_port()
SERVER = {"settings": f'metrics-listen = {{ "127.0.0.1:{PORT}" }}\nlogin-attempts = 3\nlogin-delay = "1h"'}
CALENDAR = "/calendars/anna/calendar/"

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
NUMBER = r"[+-]?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|Inf)"
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)?\}})? ({NUMBER})")
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "info": ("_info",), "histogram": ("_bucket", "_count", "_sum")}


def fetch(path="/metrics", method="GET", port=PORT):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    c.request(method, path)
    r = c.getresponse()
    body = r.read()
    c.close()
    return r, body.decode()


def families(text):
    """The text by the grammar of OpenMetrics 1.0: name -> (type, {sample: value})."""
    out, seen = {}, None
    assert text.endswith("\n# EOF\n") and text.count("# EOF") == 1
    for line in text[:-len("# EOF\n")].splitlines():
        if m := re.fullmatch(rf"# TYPE ({NAME}) (counter|gauge|histogram|info)", line):
            assert m[1] not in out, f"{m[1]} stands twice"
            seen, unit, told = m[1], None, False
            out[seen] = (m[2], {})
        elif m := re.fullmatch(rf"# UNIT ({NAME}) ([a-z]+)", line):
            assert m[1] == seen and seen.endswith("_" + m[2]) and not out[seen][1], line
        elif m := re.fullmatch(rf"# HELP ({NAME}) ((?:[^\\\n]|\\[\\n\"])+)", line):
            assert m[1] == seen and not out[seen][1], line
        else:
            m = SAMPLE.fullmatch(line)
            assert m, line
            kind, samples = out[seen]
            assert m[1] in [seen + suffix for suffix in SUFFIXES[kind]], line
            key = m[1] + ("{" + m[2] + "}" if m[2] else "")
            assert key not in samples, f"{key} stands twice"
            samples[key] = float(m[3])
            if kind in ("counter", "histogram"):
                assert samples[key] >= 0, line
    for name, (kind, samples) in out.items():
        if kind == "histogram":
            buckets = [(float(re.search(r'le="([^"]+)"', k)[1]), v) for k, v in samples.items() if "_bucket" in k]
            assert buckets == sorted(buckets) and buckets[-1][0] == float("inf"), name
            assert [v for _, v in buckets] == sorted(v for _, v in buckets), f"{name} isn't cumulative"
            assert buckets[-1][1] == samples[name + "_count"], name
    return out


def samples():
    out = {}
    for _, found in families(fetch()[1]).values():
        out.update(found)
    return out


def grown(before, after, key):
    return after.get(key, 0) - before.get(key, 0)


def test_the_form(s):
    s.put(CALENDAR + "form.ics", event("form"))
    r, text = fetch()
    assert r.status == 200
    assert r.getheader("Content-Type") == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    found = families(text)
    assert len(found) > 30
    assert found["dedit_build"][1], "the program's version"
    assert found["process_resident_memory_bytes"][1]["process_resident_memory_bytes"] > 2**20
    assert found["process_open_fds"][1]["process_open_fds"] > 5
    assert abs(found["process_start_time_seconds"][1]["process_start_time_seconds"] - time.time()) < 600
    assert found["dedit_healthy"][1]["dedit_healthy"] == 1
    assert found["dedit_store_accounts"][1]["dedit_store_accounts"] == 2


def test_other_paths_and_methods(s):
    assert fetch("/")[0].status == 404
    assert fetch("/calendars/")[0].status == 404
    assert fetch(method="POST")[0].status == 405
    r, body = fetch(method="HEAD")
    assert (r.status, body) == (200, "")
    assert s.request("GET", "/metrics").status == 404, "not where clients ask"


def requests(method, status):
    return f'dedit_http_requests_total{{method="{method}",status="{status}"}}'


def settled():
    """When no request is under way any more: what is counted at its end is counted."""
    wait_for(lambda: samples()["dedit_http_requests_in_flight"] == 0, 20, "no request under way")
    return samples()


def test_requests_are_counted(s):
    s.request("OPTIONS", "/")
    before = settled()
    body = event("count")
    sizes = 0
    for i in range(5):
        assert s.put(CALENDAR + f"count{i}.ics", event(f"count{i}")).status == 201
    for i in range(3):
        r = s.request("GET", CALENDAR + "count1.ics")
        sizes += len(r.body)
    for method, path, headers, user in (
        ("GET", "/calendars/anna/none/", {}, "anna"), ("BREW", "/", {}, "anna"), ("GET", "/", {}, None)
    ):
        sizes += len(s.request(method, path, None, headers, user).body)
    after = settled()
    assert grown(before, after, requests("PUT", "2xx")) == 5
    assert grown(before, after, requests("GET", "2xx")) == 3
    assert grown(before, after, requests("GET", "4xx")) == 2
    assert grown(before, after, requests("other", "5xx")) == 1, "BREW is 501"
    assert grown(before, after, "dedit_http_request_duration_seconds_count") == 11
    assert grown(before, after, "dedit_http_sent_bytes_total") == sizes
    assert grown(before, after, "dedit_http_received_bytes_total") == 5 * len(event("count1"))
    assert grown(before, after, "dedit_connections_opened_total") == 11
    assert grown(before, after, 'dedit_store_changes_total{result="done"}') == 5
    assert grown(before, after, "dedit_store_group_changes_sum") == 5
    assert grown(before, after, "dedit_store_commit_duration_seconds_count") >= 5
    wait_for(lambda: samples()["dedit_store_journal_rows"] == 0, 20, "files are written")
    assert grown(before, samples(), "dedit_store_files_written_total") >= 5


def test_connections(s):
    before = settled()
    with s.socket(), s.socket():
        wait_for(lambda: grown(before, samples(), "dedit_connections") == 2, 20, "two more")
    wait_for(lambda: grown(before, samples(), "dedit_connections") == 0, 20, "as before")


def test_refused_changes(s):
    before = samples()
    s.put(CALENDAR + "twice.ics", event("twice"))
    assert s.put(CALENDAR + "other.ics", event("twice")).status in (403, 409)
    after = samples()
    assert grown(before, after, 'dedit_store_changes_total{result="done"}') == 1


def test_logins(s):
    s.request("GET", "/")
    before = samples()
    s.request("GET", "/")
    for i in range(3):
        assert s.request("GET", "/", user="nobody", password="x").status == 401
    for method in ("GET", "OPTIONS"):  # one by a worker, one on the connection's own thread
        assert s.request(method, "/", user="nobody", password="x").status == 429
    assert s.request("GET", "/feeds/none", user=None).status == 404
    after = samples()
    assert [grown(before, after, f'dedit_logins_total{{result="{x}"}}') for x in ("remembered", "right", "wrong", "braked")] \
        == [1, 0, 3, 2]
    assert grown(before, after, "dedit_wrong_links_total") == 1
    assert grown(before, after, 'dedit_log_lines_total{level="warning"}') == 3


def test_reloads(s):
    before = samples()
    text = s.conf.read_text()
    s.conf.write_text("server { nonsense = 1 }")
    s.reload()
    s.conf.write_text(text)
    s.reload()
    after = samples()
    assert grown(before, after, 'dedit_reloads_total{result="done"}') == 1
    assert grown(before, after, 'dedit_reloads_total{result="refused"}') == 1


def test_no_label_comes_from_outside(s):
    """Neither names nor paths: their number has no bound."""
    s.request("GET", "/calendars/anna/unheardof/", None, {"User-Agent": "unheardof"})
    s.request("UNHEARDOF", "/")
    s.request("GET", "/", user="unheardof", password="x")
    text = fetch()[1]
    assert "unheardof" not in text.lower() and "anna" not in text


def test_a_scraper_keeps_its_connection(_):
    """It asks seldom, and is not too slow; whoever sends half a request is."""
    port = free_port()
    slow = 'dedit_connections_cut_total{reason="slow"}'
    with Server(f'metrics-listen = {{ "127.0.0.1:{port}" }}\nheader-timeout = 1s\nidle-timeout = 60s') as s:
        with socket.create_connection(("127.0.0.1", port), 20) as c:
            def scrape():
                r = http.client.HTTPResponse(c)
                r.begin()
                return dict(line.rsplit(" ", 1) for line in r.read().decode().splitlines() if line[0] != "#")

            for _ in range(2):
                c.sendall(b"GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n")
                assert scrape().get(slow, "0") == "0"
                time.sleep(1.8)
            c.sendall(b"GET /metrics HTTP/1.1\r\nHost: h\r\n")
            assert c.recv(1) == b"", "cut"
        assert f"{slow} 1\n" in fetch(port=port)[1]
        assert s.stop() == 0


def test_a_listener_takes_few_files(_):
    """16 connections; no share of those that the other listeners have."""
    for files, enough in ((158, True), (157, False)):
        with Server(f'metrics-listen = {{ "127.0.0.1:{free_port()}" }}\nconnections = 40\nworkers = 2\nthreads = 1',
                    users=(), start=False) as s:
            script = s.folder / "few"
            script.write_text(f'#!/bin/sh\nulimit -n {files}\nexec {BUILD / "deditd"} "$@"\n')
            script.chmod(0o755)
            s.daemon = lambda: script
            s.start()
            # 64 and 4 for each thread are the server's, 16 the metrics', 40 and a quarter and 16 the listener's
            assert ("files may be open, so only" in s.log()) == (not enough), s.log()
            assert s.stop() == 0


def test_incidents(_):
    port = free_port()
    policy = ('policy "p" { timezone = "UTC" currency = EUR price = "80 EUR" tiers = { "24h 100%" } }\n'
              'calendar "anna/calendar" { policy = "p" }\n')
    with Server(f'metrics-listen = {{ "127.0.0.1:{port}" }}', policy, clock="2027-06-01T08:00:00Z") as s:
        def count():
            out = {}
            for _, found in families(fetch(port=port)[1]).values():
                out.update(found)
            return out['dedit_policy_incidents_total{class="late-cancel"}']

        assert s.put(CALENDAR + "a.ics", event("a", "20270601T120000Z", "20270601T130000Z", "Marc Petit",
                     "ATTENDEE:mailto:marc@example.org\r\nORGANIZER:mailto:anna@example.org\r\n")).status == 201
        before = count()
        assert s.request("DELETE", CALENDAR + "a.ics").status in (200, 204)
        assert count() == before + 1


def test_from_loopback_alone(s):
    for value in ('{ "192.0.2.1:9180" }', '{ "*:9180" }', '{ "0.0.0.0:9180" }'):
        with Server(settings=f"metrics-listen = {value}", start=False, users=()) as other:
            r = subprocess.run([BUILD / "deditd", "-t", "-c", other.conf], capture_output=True, text=True, timeout=60)
            assert r.returncode == 1 and "option 'metrics-listen'" in r.stderr and "loopback" in r.stderr, r


def test_a_unix_socket(_):
    with Server(start=False) as s:
        path = s.folder / "metrics.sock"
        s.write_config(settings=f'metrics-listen = {{ "unix:{path}" }}')
        s.start()
        with socket.socket(socket.AF_UNIX) as c:
            c.settimeout(20)
            c.connect(str(path))
            c.sendall(b"GET /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            out = b""
            while piece := c.recv(65536):
                out += piece
        families(out.decode().partition("\r\n\r\n")[2])
        assert s.stop() == 0
        assert not path.exists()


def test_the_manual_lists_them(s):
    page = (ROOT / "man/deditd.8").read_text()
    for name, (kind, _) in families(fetch()[1]).items():
        shown = name + SUFFIXES[kind][0] if kind in ("counter", "info") else name
        assert re.search(rf"^\.It Li {shown}\b", page, re.M), shown
