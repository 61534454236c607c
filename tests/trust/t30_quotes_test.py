"""trust.md T-30: SQL is made of constants with bound values, and hostile names are names: in calendars, events, properties,
accounts, feeds, tokens, searches, sync tokens and the words of the administrator's command."""

import re
import sqlite3
from xml.sax.saxutils import escape, quoteattr

from acl import principal
from bounds import ask
from dav import CALENDAR, HOME, body, comp, listing, proppatch, query, refused, report, sync, text, token
from dedit_wire import PASSWORD, ROOT, Server, event, propfind, tag

POLICY = ('policy "p" { timezone = "UTC" currency = EUR price = "80 EUR" tiers = { "48h 100%" } }\n'
          'calendar "anna/work" { policy = "p" }\n')
SERVER = {"extra": POLICY, "users": ("anna", "marc", "a_b", "axb")}
ODD = ("'", "''", '"', "a'b\"c\\d%e_f;--", "'; DROP TABLE object; --", "x' OR '1'='1", "%", "_", "%_%", "\\", "\\'", "`", "*", "?1",
       ":name", "@x", "$1", "x\tUNION SELECT".replace("\t", " "), "/* */", "--", ")", "NULL", "0x27", "ʼ", "＇", "=41", "~")


ACCOUNTS = (3, 6)


def quoted(name):
    return "".join(c if c.isascii() and (c.isalnum() or c in "-._~") else "".join(f"%{b:02X}" for b in c.encode())
                   for c in name)


def rows(s):
    """How many rows each table has; the tables themselves."""
    db = sqlite3.connect(f"file:{s.data / 'index.db'}?mode=ro", uri=True)
    try:
        tables = [n for (n,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {n: db.execute(f'SELECT count(*) FROM "{n}"').fetchone()[0] for n in tables}
    finally:
        db.close()


def test_names_of_calendars_and_events(s):
    tables = set(rows(s))
    for n, odd in enumerate(ODD):
        if "~" in odd or "/" in odd:  # of shared calendars; no name
            assert s.request("MKCALENDAR", f"{HOME}{quoted(odd)}/").status in (400, 403)
            continue
        path = f"{HOME}{quoted(odd)}/"
        assert s.request("MKCALENDAR", path).status == 201, odd
        assert s.put(path + quoted(odd) + ".ics", event(odd, summary=odd), if_none_match="*").status == 201, odd
        assert s.put(path + "other.ics", event(f"other{n}")).status == 201
        assert len(listing(s, path)) == 2
        assert s.request("GET", path + quoted(odd) + ".ics").status == 200
        r = s.put(path + "again.ics", event(odd))
        refused(r, 403, "C:no-uid-conflict")
        refused(s.request("REPORT", path, sync(escape(token(s, path) + odd)), {"Depth": "1"}), 403, "D:valid-sync-token")
        assert len(report(s, path, sync(token(s, path))).responses()) == 0
    assert len(listing(s, CALENDAR)) == 0, "a name meant another calendar"
    assert set(rows(s)) == tables and s.dedit("check", "--deep").returncode == 0
    for odd in ODD:
        if "~" not in odd and "/" not in odd:
            assert s.request("DELETE", f"{HOME}{quoted(odd)}/").status == 204
    assert s.request("PROPFIND", CALENDAR, None, {"Depth": "0"}).status == 207


def test_wildcards_match_themselves(s):
    """Neither % nor _ means "anything": in UIDs, texts and names of principals."""
    for uid in ("a%", "a_", "ab", "abc", "a'b"):
        assert s.put(CALENDAR + quoted(uid) + ".ics", event(uid, summary=uid)).status == 201
    for odd, expected in (("a%", 1), ("a_", 1), ("%", 1), ("_", 1), ("'", 1), ("a", 5), ("a' OR 'a'='a", 0), ("%%", 0)):
        for name, collation in (("UID", "i;octet"), ("SUMMARY", "i;unicode-casemap")):
            match = f'<C:text-match collation="{collation}">{escape(odd)}</C:text-match>'
            xml = query(comp("VEVENT", f'<C:prop-filter name="{name}">{match}</C:prop-filter>'))
            assert len(report(s, CALENDAR, xml).responses()) == expected, (name, odd)
    for odd, found in (("%", set()), ("_", {"a_b"}), ("'", set()), ("a", {"anna", "marc", "a_b", "axb"}), ("' OR 1=1 --", set())):
        for xml in (body("D:principal-property-search", "<D:property-search><D:prop><D:displayname/></D:prop>"
                         f"<D:match>{escape(odd)}</D:match></D:property-search><D:prop><D:displayname/></D:prop>"),
                    body("CS:calendarserver-principal-search", f"<CS:search-token>{escape(odd)}</CS:search-token>"
                         "<D:prop><D:displayname/></D:prop>")):
            r = report(s, "/principals/", xml, depth="0")
            assert {h.split("/")[2] for h in r.responses() if "~" not in h} == found, (odd, r)
    for name in list(listing(s)):
        s.request("DELETE", CALENDAR + name)


def test_properties(s):
    """Namespaces, names and values, on calendars and events, and back from the files."""
    s.put(CALENDAR + "p.ics", event("p"))
    places = (CALENDAR, CALENDAR + "p.ics", HOME, principal("anna"))
    for n, odd in enumerate(ODD):
        for path in places:
            element = f"<x:y{n} xmlns:x={quoteattr('urn:' + odd)}>{escape(odd)}</x:y{n}>"
            r = ask(s, "PROPPATCH", path, proppatch(element))
            assert r.status == 207 and b"200 OK" in r.body, (odd, path, r)
        r = s.request("PROPPATCH", CALENDAR, proppatch(f"<D:displayname>{escape(odd)}</D:displayname>"))
        assert r.status == 207 and text(s, CALENDAR, "D:displayname") == odd.strip(), odd

    def values(path, n):
        wanted = f"<D:propfind xmlns:D='DAV:'><D:prop><x:y{n} xmlns:x={quoteattr('urn:' + ODD[n])}/></D:prop></D:propfind>"
        r = s.request("PROPFIND", path, wanted, {"Depth": "0"})
        return ["".join(p.itertext()) for props in r.responses().values() for p in props.values()]

    for n, odd in enumerate(ODD):
        assert all(values(path, n) == [odd] for path in places), odd
    s.dedit("flush")
    s.stop()
    (s.data / "index.db").unlink()
    s.dedit("rebuild")
    s.start()
    for n, odd in enumerate(ODD):
        assert all(values(path, n) == [odd] for path in places), odd
    for n, odd in enumerate(ODD):
        for path in places:
            s.request("PROPPATCH", path, proppatch(remove=f"<x:y{n} xmlns:x={quoteattr('urn:' + odd)}/>"))


def test_words_of_commands(s):
    """Names, labels and clients that an administrator copies from somewhere."""
    s.dedit("calendar", "add", "anna/work", check=False)
    before = rows(s)
    for odd in ("x'; DELETE FROM account; --\"%_\\",):
        s.dedit("user", "passwd", "marc", input=odd * 5 + PASSWORD + "\n")
        assert s.request("GET", "/", user="marc", password=odd * 5 + PASSWORD).status == 200
        s.dedit("feed", "add", "anna/calendar", "--label", odd)
        assert odd in s.dedit("feed", "list", "anna/calendar").stdout
        s.dedit("user", "token", "marc", "add", odd)
        assert odd in s.dedit("user", "token", "marc", "list").stdout
        s.dedit("policy", "accept", "p", "anna", odd, check=False)
        for args in (("fees", "--client", odd), ("fees", "--owner", odd), ("report", "clients", "--client", odd),
                     ("feed", "revoke", odd), ("policy", "quote", odd), ("fee", odd, "show")):
            r = s.dedit(*args, check=False)
            assert "Sanitizer" not in r.stderr and "syntax error" not in r.stderr, (args, r)
    after = rows(s)
    assert after.keys() == before.keys() and after["account"] == before["account"]
    assert s.dedit("check", "--deep").returncode == 0


def test_names_of_accounts(_):
    """--name and --email are texts."""
    with Server(users=("anna",)) as s:
        for n, odd in enumerate(ODD):
            if n in ACCOUNTS:
                s.add_user(f"u{n}", "--name", odd, "--email", f"u{n}'%_@example.org")
        assert s.dedit("user", "list").stdout.count("\n") == 1 + len(ACCOUNTS)
        for n, odd in ((n, ODD[n]) for n in ACCOUNTS):
            assert text(s, principal(f"u{n}"), "D:displayname") == odd
            r = s.request("PROPFIND", principal(f"u{n}"), propfind("C:calendar-user-address-set"), {"Depth": "0"})
            assert r.status == 207 and r.xml().findall(".//" + tag("D:href")), r


# ---- by source ----


def sources(*folders):
    for folder in folders:
        for f in sorted((ROOT / folder).rglob("*.[ch]")):
            yield f, re.sub(r"/\*.*?\*/", "", f.read_text(), flags=re.S)


ALLOWED = {"db.c": {"sqlite3_prepare_v3", "sqlite3_exec"}, "migrate.c": {"sqlite3_exec"}}  # there: ROLLBACK
FLOORS = ("base", "xml", "ical", "storage", "policy", "http", "caldav", "web", "server")


def test_sqlite_is_called_in_one_place(_):
    """What prepares or runs SQL, and what would make SQL out of values."""
    for f, code in sources(*FLOORS):
        used = set(re.findall(r"\bsqlite3_(?:prepare\w*|exec|get_table|mprintf|vmprintf|snprintf|vsnprintf|str_\w+)\b", code))
        assert not used or used <= ALLOWED.get(f.name, set()), (f, used)
        if "sqlite3" in code:
            assert "storage/sqlite" in str(f), f


def test_sql_is_constant(_):
    """Each statement is a constant of its own, by name; none is a variable's, and none is printed together but with numbers."""
    checked = 0
    for f, code in sources("storage"):
        constants = set(re.findall(r"static const char (\w+_sql)\[\]", code)) | {"schema_sql"}
        named = set(re.findall(r"\b(\w+_sql)\b(?!\s*\()", code)) - {"all_sql"}
        assert named <= constants, (f, named - constants)
        for call in re.finditer(r"\bsql_(?:query|run|bind)\(\s*[^,]+,\s*[^,]+,\s*([^,)]+)", code):
            what = call[1].strip()
            checked += 1
            assert what in constants | {"sql", "const char *sql", "ledger_sql(q", "all_sql[i]", "c[i].sql", "s->sql"}, (f, what)
        for call in re.finditer(r"\bsql_exec\(\s*[^,]+,\s*([^,)]+)", code):
            what = call[1].strip()
            assert what in constants | {"sql", "const char *sql", "writes ? writer_pragmas : reader_pragmas", "s->sql"} or \
                re.fullmatch(r'"[A-Z_ =();a-z0-9]+"?', what), (f, what)
        # Where the text is chosen by whoever calls, it is handed on and nothing else.
        assert not re.search(r"\bsql\s*(?:\+|\[)|\bsql\s*=[^=]", code) or f.name == "db.c", f
        assert not re.search(r'\w*printf\([^;]*"(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|DROP|CREATE|PRAGMA|ATTACH)\s[^;]*%[^d]', code), f
    assert checked > 100, checked
