"""trust.md T-52: passwords are kept as yescrypt, tokens as SHA-256, keys for their owner alone; secrets are compared in constant
time and wiped after use; what is remembered of a login ends with the password, the token or the account, at once."""

import pathlib
import re

from dedit_wire import PASSWORD, ROOT, Server, basic

WORD = "tr0mbone-Xylophon-4711"


def account(s, name="anna"):
    return (s.data / "accounts" / name).read_text()


def test_how_passwords_are_kept(s):
    """yescrypt of libcrypt's default cost or more, a salt for each, no word of it anywhere."""
    for name in ("one", "two"):
        s.add_user(name, password=WORD)
    s.dedit("flush")
    hashes = [re.search(r"\$y\$[./A-Za-z0-9]+\$([./A-Za-z0-9]+)\$[./A-Za-z0-9]{43}", account(s, n)) for n in ("one", "two")]
    assert all(hashes) and hashes[0][0] != hashes[1][0] and hashes[0][1] != hashes[1][1], hashes
    assert s.request("GET", "/", user="one", password=WORD).status == 200
    for p in s.folder.rglob("*"):
        if p.is_file():
            assert WORD.encode() not in p.read_bytes() and basic("one", WORD)[6:].encode() not in p.read_bytes(), p


def test_length(s):
    """All of it counts: neither 8 nor 72 bytes, nor up to a colon or a NUL."""
    for n, password in enumerate(("x" * 200 + "a", "päss:wörd:with:colons", " leading and trailing ", "\u202e\u200b", "x" * 71 + "yz")):
        s.add_user(f"long{n}", password=password)
        assert s.request("GET", "/", user=f"long{n}", password=password).status == 200, password
        for wrong in (password[:-1], password + "x", password.split(":")[0], password.strip()[:-1], password + "\0"):
            if wrong != password:
                assert s.request("GET", "/", user=f"long{n}", password=wrong).status in (401, 429, 400), wrong


def test_what_is_remembered_ends(_):
    """On the connection that is open, too."""
    with Server(users=("anna", "temp")) as s:
        c = s.connect()

        def status(user="temp", password=PASSWORD):
            return s.request("OPTIONS", "/", None, {"Authorization": basic(user, password)}, None, connection=c).status

        token = s.dedit("user", "token", "temp", "add", "phone").stdout.strip()
        assert (status(), status(), status(password=token)) == (200, 200, 200)
        s.dedit("user", "token", "temp", "revoke", token[:6])
        assert status(password=token) in (401, 429) and status() == 200
        s.dedit("user", "passwd", "temp", input="another password\n")
        assert status() in (401, 429)
        assert s.request("OPTIONS", "/", user="anna").status == 200
        c.close()
        s.stop()
        s.start()  # a server that knows nothing of it
        c = s.connect()
        assert status(password="another password") == 200 and status(password=token) == 401
        s.dedit("user", "remove", "temp")
        assert status(password="another password") in (401, 429)
        c.close()


def memory(s):
    """What the server has in memory and may write to, piece by piece."""
    pid = s.process.pid
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            span, mode = line.split()[:2]
            begin, end = (int(x, 16) for x in span.split("-"))
            if not mode.startswith("rw") or end - begin > 2**30 or "[v" in line:
                continue
            try:
                mem.seek(begin)
                yield mem.read(end - begin)
            except (OSError, OverflowError, ValueError):
                continue


def test_passwords_are_wiped(s):
    """Once it is answered, no copy of the password is left that was made out of the header."""
    s.add_user("wiped", password=WORD)
    for password in (WORD, WORD + "-wrong"):
        s.request("OPTIONS", "/", user="wiped", password=password)
    for n in range(50):
        s.request("OPTIONS", "/", user="anna")
    assert sum(piece.count(b"correct horse") for piece in memory(s)) == 0, "of the last login"
    assert sum(piece.count(WORD.encode()) for piece in memory(s)) == 0


def test_compared_in_constant_time(_):
    """By source: where hashes, tokens, codes and keys are looked at, equal_const_time() compares."""
    for name, least in (("server/auth.c", 2), ("base/password.c", 1), ("storage/store.c", 1), ("policy/link.c", 1)):
        code = (ROOT / name).read_text()
        assert code.count("equal_const_time(") >= least, name
    body = re.search(r"bool equal_const_time\(.*?\n}", (ROOT / "base/digest.c").read_text(), re.S)[0]
    assert "CRYPTO_memcmp" in body or "|=" in body and "memcmp" not in body.replace("CRYPTO_memcmp", ""), body
    # (The six characters that find an application password are none of its secret.)
    secret = re.compile(r"\b(?:strcmp|memcmp|strncmp|str_starts|ascii_casecmp)\((?!password, token->id)[^;]*\b(?:\w*mac|secret|password|token->hash|t->hash)\b")
    for f in (*(ROOT / "base").glob("*.c"), *(ROOT / "server").glob("*.c"), *(ROOT / "web").glob("*.c"), *(ROOT / "policy").glob("*.c"), *(ROOT / "http").glob("*.c")):
        assert not secret.search(f.read_text()), (f, secret.search(f.read_text())[0])
    cache = re.search(r"static void cache_key\(.*?\n}", (ROOT / "server/auth.c").read_text(), re.S)[0]
    assert "hmac_sha256(a->secret" in cache and "generation" in cache
    assert pathlib.Path(ROOT / "server/auth.c").read_text().count("secret_zero(") >= 4
