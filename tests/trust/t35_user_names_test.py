"""trust.md T-35: user names are compared literally, in lower case; what is none is refused at login, in URLs, by the
command and in the configuration. No pattern is ever made of one."""

from bounds import ask
from dav import HOME, refused
from dedit_wire import PASSWORD, Server, basic, propfind

BAD = (".*", ".", "..", "a|b", "../x", "a/b", "@", "", " ", "anna ", " anna", "x" * 65, "x" * 10240, "anna\n", "anna\r\nX: y",
       "anna\0", "an%", "an%6ea", "_nna", "anna'--", "-x", "~", "éva", "ａnna", "аnna", "a:b", "group~admin", "*", "(anna)",
       "^anna$", "[a-z]+", "anna;marc", "\\", "${anna}", "{anna}")
SERVER = {"settings": "login-attempts = 1000 login-delay = 0s",
          "users": ("anna", "marc", "a.b", "a_b", "axb", "paul"),
          "extra": 'group "admin" { members = { "p.ul", "PAUL2", "a.b" } }'}


def test_login(s):
    for name in BAD:
        r = ask(s, "GET", HOME, None, {"Authorization": basic(name)}, user=None)
        assert r.status in (401, 400, 429), (name[:40], r)  # 400: no header value; 429: guessing is slowed down
    assert ask(s, "GET", HOME, user="ANNA").status == 200


def test_urls(s):
    for segment in (".%2A", "a%7Cb", "an%25", "%5fnna", "anna%27--", "x" * 1000, "%C3%A9va", "anna%20", "%20anna", "%2A",
                    "%5Eanna%24", "%D0%B0nna", "anna%3Bmarc", "%5C"):
        for path in (f"/principals/{segment}/", f"/calendars/{segment}/", f"/calendars/{segment}/calendar/"):
            refused(s.request("PROPFIND", path, propfind("D:getetag"), {"Depth": "1"}), 404)


def test_command(s):
    for name in (".*", "../x", "", "x" * 65, "anna\n", "аnna", "a:b", "group~admin"):
        assert s.dedit("user", "add", "--", name, input=PASSWORD + "\n", check=False).returncode != 0, name
    for name in (".*", "a|b"):
        assert s.dedit("share", "anna/calendar", name, "read", check=False).returncode != 0, name
    assert s.dedit("user", "list").stdout.count("\n") == len(s.users)


def test_no_name_stands_for_another(s):
    """A dot is a dot, an underline an underline: in rights, shares and groups."""
    s.dedit("share", "anna/calendar", "a.b", "read")
    assert s.request("PROPFIND", "/calendars/anna/calendar/", None, {"Depth": "0"}, "a.b").status == 207
    for other in ("axb", "a_b", "marc"):
        assert s.request("GET", "/calendars/anna/calendar/", user=other).status == 404, other
        assert s.request("GET", f"/calendars/{other}/anna~calendar/", user=other).status == 404, other
    # admin is who is named, not who fits "p.ul"
    assert s.request("PROPFIND", "/calendars/marc/calendar/", None, {"Depth": "0"}, "paul").status == 404
    assert s.request("PROPFIND", "/calendars/marc/calendar/", None, {"Depth": "0"}, "a.b").status == 207


def test_configuration(_):
    for text in ('group "admin" { members = { ".*" } }', 'group "admin" { members = { "a|b" } }', 'group "../x" { members = { } }',
                 'group "a/b" { members = { "anna" } }', 'group "" { members = { "anna" } }'):
        s = Server(extra=text, users=(), start=False)
        s.write_config()
        r = s.dedit("user", "list", check=False)
        assert r.returncode == 1 and "dedit.conf:" in r.stderr, (text, r)
