"""dedit.conf(5) against the program: each setting has its range, its default and its error."""

import functools
import re
import subprocess

from dedit_wire import BUILD, ROOT, Server

SLOW = PLAIN = True  # memory: tests/unit/test_settings.c and tests/fuzz/fuzz_settings.c, also with a sanitizer

SERVER = {"start": False, "users": ()}
PAGE = ROOT / "man/dedit.conf.5"
UNITS = {"ms": 1, "s": 1000, "m": 60000, "h": 3600000, "d": 86400000}
SIZES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}

# What else each of the settings without a range refuses, and a word of what it then asks for.
WRONG = {
    "listen": [('{ "nowhere" }', "host:port"), ('{ "127.0.0.1:0" }', "host:port"), ('{ "127.0.0.1:65536" }', "host:port"),
               ('{ "::1:80" }', "[v6]:port"), ('{ "unix:relative" }', "unix:/path"), ('{ "unix:/' + 108 * "x" + '" }', "107"),
               ('{ "192.0.2.1:80" }', "plain-http-anywhere")],
    "tls-listen": [('{ "*" }', "host:port"), ('{ "[::1]" }', "host:port"), ('{ "127.0.0.1:443" }', "tls-certificate")],
    "metrics-listen": [('{ "192.0.2.1:9180" }', "loopback"), ('{ "nowhere" }', "host:port")],
    "tls-certificate": [('""', "a path"), ('"x.pem"', "tls-key")],
    "tls-key": [('""', "a path"), ('"x.key"', "tls-certificate")],
    "plain-http-anywhere": [("maybe", "on or off")],
    "client-pages": [("maybe", "on or off")],
    "public-url": [('"cal.example.org"', "https://"), ('"https://"', "https://"), ('"https://a/b"', "without a path"),
                   ('"ftp://a"', "https://")],
    "base-path": [('""', "a path like"), ('"dedit"', "a path like"), ('"/dedit/"', "a path like"), ('"/a/../b"', "a path like")],
    "trusted-proxies": [('{ "somewhere" }', "address/bits"), ('{ "10.0.0.0/33" }', "0 to 32 bits"), ('{ "::1/129" }', "0 to 128 bits")],
    "proxy-headers": [('"X-Real-IP"', "x-forwarded or forwarded")],
    "min-date-time": [("soon", "a time like"), ("20300101", "a time like"), ("20300101T000000", "a time like")],
    "max-date-time": [("soon", "a time like"), ("00010101T000000Z", "a time after min-date-time")],
    "user": [('""', "a path")],
    "sandbox": [("maybe", "on or off")],
    "log-level": [("loud", "error, warning, info, debug")],
    "access-log": [('""', "a path")],
    "backup": [('""', "a path")],
    "data": [('""', "a path")],
    "modules": [('{ "" }', "a path")],
    "policy-ca": [('""', "a path"), ('"none.pem"', "none.pem: expected certificates"), ('"dedit.conf"', "expected certificates")],
    "members": [('{ "a b" }', "a user name"), ('{ "" }', "a user name"), ('{ "' + 65 * "x" + '" }', "at most 64")],
}


def page_items():
    """Section -> option -> its text in the manual."""
    items, section, option = {}, None, None
    for line in PAGE.read_text().splitlines():
        if line.startswith(".Ss Section "):
            section, option = items.setdefault(line.split()[2], {}), None
        elif line.startswith(".It Ic ") and section is not None:
            option = line.split()[2]
            section[option] = ""
        elif line.startswith((".El", ".Sh")):
            option = None
        elif option is not None:
            section[option] += re.sub(r"^\.\w\w ", "", line) + " "
    return items


def complaint(s, text):
    """What `deditd -t` says about this file; None if it takes it."""
    s.conf.write_text(text)
    r = subprocess.run([BUILD / "deditd", "-t", "-c", s.conf], capture_output=True, text=True, timeout=60)
    assert r.returncode in (0, 1), r
    return r.stderr if r.returncode else None


def server_complaint(s, option, value):
    where = ("group", "\"g\" ") if option == "members" else ("server", "")
    others = "" if where[0] == "server" else "server { }"
    return complaint(s, f"{others}\n\n{where[0]} {where[1]}{{\n {option} = {value}\n}}")


@functools.cache
def ranges(s):
    """option -> (low, high) in words, as the program puts them into its error."""
    items, out = page_items(), {}
    for option in items["server"]:
        said = server_complaint(s, option, '"?"' if option not in WRONG else WRONG[option][0][0])
        assert said and f"dedit.conf:4: option '{option}': " in said, (option, said)
        found = re.search(r"expected .* from (\S+) to (\S+), not '\?'", said)
        assert found or option in WRONG, f"{option} has neither range nor a row here: {said}"
        if found:
            out[option] = found.groups()
    return out


def number(words):
    digits, unit = re.fullmatch(r"(\d+)([a-zA-Z]*)", words).groups()
    return int(digits) * {**UNITS, **SIZES}[unit], (1 if unit in SIZES else "ms")


def test_every_setting_of_the_manual_exists(s):
    items = page_items()
    assert len(items["server"]) > 30 and list(items["group"]) == ["members"], items
    assert list(items["calendar"]) == ["policy"], items
    ranges(s)


def test_the_manual_names_the_ranges(s):
    items = page_items()
    for option, (low, high) in ranges(s).items():
        assert f"{low} to {high}" in items["server"][option], f"dedit.conf(5), {option}: lacks '{low} to {high}'"


def test_a_range_holds_from_end_to_end(s):
    for option, (low, high) in ranges(s).items():
        for words, beyond in ((low, -1), (high, 1)):
            value, unit = number(words)
            unit = unit if unit == "ms" else ""
            assert server_complaint(s, option, words) is None, (option, words)
            said = server_complaint(s, option, f'"{value + beyond}{unit}"')
            assert said and f"option '{option}': expected " in said, (option, value + beyond, said)


def test_wrong_values_are_refused_with_what_was_expected(s):
    for option, rows in WRONG.items():
        for value, expected in rows:
            said = server_complaint(s, option, value)
            assert said and f"dedit.conf:4: option '{option}'" in said and expected in said, (option, value, said)


def test_sections_and_options_that_do_not_exist(s):
    for text, line, word in (("server { }\nsever { }", 2, "sever"), ("server {\n lisen = 1\n}", 2, "lisen"),
                             ('server { }\ncalendar "a/b" {\n polcy = "p"\n}', 3, "polcy"),
                             ("server { threads = 1\n threads = 2 }", 2, "threads"), ("server { }\nserver { }", 2, "server"),
                             ("server {\n threads = 1", 1, "closed")):
        said = complaint(s, text)
        assert said and f"dedit.conf:{line}:" in said and word in said, (text, said)


def test_every_command_is_in_dedit_1(s):
    """And every option of it, and nothing that doesn't exist."""
    usage = subprocess.run([BUILD / "dedit", "--help"], capture_output=True, text=True, check=True).stdout
    there = {}
    for line in re.findall(r"^  ([a-z]+.*)$", usage, re.M):
        words = re.match(r"[a-z]+( [a-z]+)?(?= |$)", line).group(0)
        there[words] = set(re.findall(r"--([a-z-]+)", line))
    told = {}
    page = re.sub(r"^\.It Xo\n(.*?)^\.Xc$", lambda m: ".It " + m[1].replace("\n.", " ")[1:], (ROOT / "man/dedit.1").read_text(),
                  flags=re.M | re.S)
    for line in re.findall(r"^\.It Ic (.*)$", page, re.M):
        words = re.match(r"[a-z]+( [a-z]+)?(?= (Ar|Oo|Op|Cm|Fl) |$)", line).group(0)
        told[words] = set(re.findall(r"Fl -([a-z-]+)", line))
    assert len(there) > 10 and there == told, (there, told)
