"""RFC 7617 and doc/trust.md section 5: who are you."""

from dedit_wire import PASSWORD, basic

REALM = 'Basic realm="dedit", charset="UTF-8"'
HOME = "/calendars/anna/"


def test_401_everywhere_with_one_realm(s):
    for method in ("GET", "PUT", "PROPFIND", "REPORT", "OPTIONS", "DELETE", "MKCALENDAR", "BREW", "POST", "TRACE"):
        for path in ("/", HOME, "/nowhere/at/all", "/principals/anna/", "/%zz"):
            r = s.request(method, path, user=None)
            assert r.status == 401, (method, path, r)
            assert r.headers["www-authenticate"] == REALM
            assert "set-cookie" not in r.headers


def test_open_path(s):
    r = s.request("GET", "/.well-known/caldav", user=None)
    assert r.status in (301, 302, 307, 308), r
    assert r.headers["location"].startswith("/") and not r.headers["location"].startswith("//")
    assert s.request("PROPFIND", "/.well-known/caldav", user=None).status == r.status


def test_wrong_unknown_and_malformed(s):
    for header in (basic("anna", "wrong horse"), basic("nobody", PASSWORD), basic("../anna", PASSWORD), basic("", ""),
                   basic("a" * 2000, "x"), "Basic", "Basic !!!", "Basic YW5uYQ==", "Bearer abc", "Digest x"):
        r = s.request("GET", HOME, headers={"Authorization": header}, user=None)
        assert r.status == 401 and r.headers["www-authenticate"] == REALM, (header, r)


def test_right_password_in_any_case_of_the_name(s):
    assert s.request("OPTIONS", HOME).status == 200
    assert s.request("OPTIONS", HOME, user="Anna").status == 200


def test_log_line_for_fail2ban(s):
    s.request("GET", "/", user="eve", password="wrong horse")
    assert "login failed from 127.0.0.1 for eve\n" in s.log()
    s.request("GET", "/", user="x for y\nlogin failed from 9.9.9.9 for z", password="wrong horse")
    assert "9.9.9.9" not in s.log()
    assert "wrong horse" not in s.log() and PASSWORD not in s.log()


def test_application_passwords(s):
    token = s.dedit("user", "token", "anna", "add", "phone").stdout.strip()
    assert s.request("OPTIONS", "/", password=token).status == 200
    assert s.request("OPTIONS", "/", user="marc", password=token).status == 401
    listed = s.dedit("user", "token", "anna", "list").stdout
    assert "phone" in listed and token not in listed
    s.dedit("user", "token", "anna", "revoke", listed.split()[0])
    assert s.request("OPTIONS", "/", password=token).status == 401
    assert s.request("OPTIONS", "/").status == 200


def test_changes_of_accounts_hold_at_once(s):
    s.add_user("temp")
    assert s.request("OPTIONS", "/", user="temp").status == 200
    phone = s.dedit("user", "token", "temp", "add", "phone").stdout.strip()
    assert s.request("OPTIONS", "/", user="temp", password=phone).status == 200
    s.dedit("user", "passwd", "temp", input="another password\n")
    assert s.request("OPTIONS", "/", user="temp", password=phone).status == 401
    assert s.request("OPTIONS", "/", user="temp").status == 401
    assert s.request("OPTIONS", "/", user="temp", password="another password").status == 200
    s.dedit("user", "remove", "temp")
    assert s.request("OPTIONS", "/", user="temp", password="another password").status == 401
    assert s.dedit("user", "add", "temp", input="third password\n", check=False).returncode == 1
