"""Modules from files (dedit-policy-module(3)): the example is built from the installed header alone, signed, and decides."""

import json
import os
import re
import shutil
import subprocess

from dav import HOME, in_hours, listing, notes
from dedit_wire import BUILD, ROOT, Server, event, wait_for

SLOW = True

CLASSES, FEES = HOME + "classes/", HOME + "fees/"
SHARED = "/calendars/marc/anna~classes/"
CANCEL = "STATUS:CANCELLED\r\n"
TITLE = "Yoga Marc Petit"


def make(*args, cwd=None):
    r = subprocess.run(["make", *args], cwd=cwd, capture_output=True, text=True)
    assert r.returncode == 0, r.stdout + r.stderr
    assert "warning" not in r.stderr, r.stderr


def install_example(s):
    """As the maker of a module does it: the header is installed, the example's folder copied out of the documents."""
    root = s.folder / "root"
    make("-C", BUILD, "install-includeHEADERS", "install-dist_examplesDATA", f"DESTDIR={root}", "prefix=/usr", "docdir=/usr/doc")
    source = s.folder / "classes"
    shutil.copytree(root / "usr/doc/examples/classes", source)
    make(f"CPPFLAGS=-I{root}/usr/include -Werror", f"CC={os.environ.get('CC', 'cc')}", cwd=source)
    return source


def put_in_place(s, source):
    make("install", f"DESTDIR={s.folder}", "prefix=/usr", cwd=source)
    return s.folder / "usr/lib/dedit/modules/classes.so"


def configure(s, module, settings="", server=""):
    s.write_config(f'modules = {{ "{module.parent}" }}\n{server}',
                   f'policy "studio" {{ module = "{module}" settings = {{ {settings} }} }}\n'
                   'calendar "anna/classes" { policy = "studio" }')


def started(s, settings="", server="", source=None):
    module = put_in_place(s, source or install_example(s))
    s.dedit("calendar", "add", "anna/classes")
    s.dedit("share", "anna/classes", "marc", "write")
    configure(s, module, settings, server)
    s.start()
    return module


def text(s, uid, path=CLASSES):
    r = s.request("GET", f"{path}{uid}.ics")
    assert r.status == 200, r
    return r.text.replace("\r\n ", "")


def book(s, uid, hours):
    assert s.put(f"{CLASSES}{uid}.ics", event(uid, in_hours(hours), in_hours(hours + 1), TITLE)).status == 201


def cancel(s, uid, hours, user="marc"):
    path = SHARED if user == "marc" else CLASSES
    r = s.put(f"{path}{uid}.ics", event(uid, in_hours(hours), in_hours(hours + 1), TITLE, CANCEL), user=user)
    assert r.status == 204, r


def test_the_example_decides(_):
    """Late, forgiven once, pending, due by the timer, taken back; each is seen in the event, in Fees and in the ledger."""
    with Server(start=False) as s:
        started(s, '"hours=12", "fee=1250", "review-hours=0"')
        for uid, hours in (("early", 20), ("first", 5), ("second", 6), ("third", 7), ("own", 8)):
            book(s, uid, hours)
            assert "Free to cancel until" in notes(text(s, uid)), text(s, uid)
        cancel(s, "early", 20)
        assert "SUMMARY:" + TITLE in text(s, "early")
        cancel(s, "own", 8, user="anna")
        assert "Late" not in text(s, "own")
        assert not listing(s, FEES)

        cancel(s, "first", 5)
        assert "This time it costs nothing" in notes(text(s, "first"))
        assert listing(s, FEES) and "12.50" not in text(s, "first")

        cancel(s, "second", 6)
        assert "SUMMARY:Late cancellation · " in text(s, "second") and "X-DEDIT-FEE:12.50 EUR" in text(s, "second")
        since = re.search(r"due from (.*?)\.", notes(text(s, "second")))[1]
        wait_for(lambda: "due since" in notes(text(s, "second")), 20, "the timer makes the fee due")
        assert f"due since {since}." in notes(text(s, "second"))
        due = [f for f in json.loads(s.dedit("fees", "--json").stdout) if f["state"] == "due"]
        assert [f["uid"] for f in due] == ["second"] and f"=== {due[0]['ref']} " in notes(text(s, "second")), due
        before = text(s, "second"), listing(s, FEES)
        cancel(s, "second", 6)
        assert (text(s, "second"), listing(s, FEES)) == before
        s.restart()
        assert text(s, "second") == before[0]
        s.request("DELETE", f"{SHARED}third.ics", user="marc")
        wait_for(lambda: s.dedit("fees", "--json").stdout.count('"due"') == 2, 20, "of what is deleted, too")


def test_taking_back_gives_the_forgiveness_back(_):
    with Server(start=False) as s:
        started(s)
        for uid in ("a", "b"):
            book(s, uid, 5)
        cancel(s, "a", 5)
        assert "costs nothing" in notes(text(s, "a"))
        assert s.put(f"{SHARED}a.ics", event("a", in_hours(5), in_hours(6), TITLE), user="marc").status == 204
        assert "Free to cancel until" in notes(text(s, "a")) and "Late" not in text(s, "a")
        cancel(s, "b", 5)
        assert "costs nothing" in notes(text(s, "b"))


def test_a_refused_deletion_stays_and_says_why(_):
    """doc/clients.md section 2: 403 with the element, a new ETag, the reason in the event."""
    with Server(start=False) as s:
        started(s, '"keep-deleted=yes"')
        book(s, "a", 5)
        before = listing(s, CLASSES)
        r = s.request("DELETE", f"{SHARED}a.ics", user="marc")
        assert r.status == 403 and r.condition() == "D:need-privileges", r
        assert "please cancel it" in notes(text(s, "a")) and "STATUS" not in text(s, "a")
        assert listing(s, CLASSES)["a.ics"] != before["a.ics"]
        assert s.request("DELETE", f"{CLASSES}a.ics").status == 204


def test_signed_by_the_private_authority(_):
    """certs/make's certificate for modules; one byte more than was signed is refused at start and at a reload."""
    with Server(start=False) as s:
        s.make_certificates()
        certs, source = s.folder / "certs", install_example(s)
        make("sign", f"CERT={certs}/module.pem", f"KEY={certs}/module.key", cwd=source)
        module = started(s, server=f'policy-ca = "{certs}/ca.pem"', source=source)
        book(s, "a", 5)
        assert "Free to cancel until" in text(s, "a")
        good = module.read_bytes()
        module.unlink()
        module.write_bytes(good + b"\n")
        said = s.reload()
        assert said.startswith("not reloaded") and "classes.so.sig" in said, said
        assert "Free to cancel until" in text(s, "a")
        r = subprocess.run([BUILD / "deditd", "-t", "-c", s.conf], capture_output=True, text=True)
        assert r.returncode == 1 and str(s.conf) + ":" in r.stderr and "classes.so.sig" in r.stderr, r


def test_wrong_settings_name_file_line_and_what_is_expected(_):
    with Server(start=False) as s:
        module = put_in_place(s, install_example(s))
        for wrong in ("hours=soon", "fee=-1", "colour=red", "currency=EURO"):
            configure(s, module, f'"{wrong}"')
            r = subprocess.run([BUILD / "deditd", "-t", "-c", s.conf], capture_output=True, text=True)
            assert r.returncode == 1 and f"{s.conf}:" in r.stderr and f"'{wrong}': expected hours=N" in r.stderr, r


def test_a_module_that_fails_refuses_and_the_server_lives(_):
    """503 with Retry-After, nothing stored, a line in the log; other calendars go on; on-error = allow lets it through."""
    with Server(start=False) as s:
        module = s.folder / "failing.so"
        subprocess.run([*os.environ.get("CC", "cc").split(), "-shared", "-fPIC", "-DEXAMPLE_STATUS=1", f"-I{ROOT}/policy", "-o",
                        module, ROOT / "tests/policy/example_module.c"], check=True)
        module.chmod(0o755)
        policy = f'module = "{module}"'
        config = f'policy "p" {{ {policy} }}\ncalendar "anna/calendar" {{ policy = "p" }}'
        s.write_config(f'modules = {{ "{s.folder}" }}', config)
        s.start()
        path = HOME + "calendar/a.ics"
        r = s.put(path, event("a", in_hours(5), in_hours(6)))
        assert r.status == 503 and int(r.headers["retry-after"]) > 0, r
        assert s.request("GET", path).status == 404 and "module example failed" in s.log()
        assert s.put("/calendars/marc/calendar/a.ics", event("a", in_hours(5), in_hours(6)), user="marc").status == 201
        s.write_config(f'modules = {{ "{s.folder}" }}', config.replace(policy, policy + " on-error = allow"))
        assert s.reload().startswith("reloaded")
        assert s.put(path, event("a", in_hours(5), in_hours(6))).status == 201
