"""Delegates (doc/architecture.md 15.1): `dedit delegate`, kept with the owner's account."""

SERVER = {"users": ("anna", "marc", "eve")}


def delegates(s):
    return {tuple(line.split()) for line in s.dedit("delegate", "anna").stdout.splitlines()}


def test_dedit_delegate(s):
    assert delegates(s) == set()
    s.dedit("delegate", "anna", "marc", "write")
    s.dedit("delegate", "anna", "Eve", "read")
    assert delegates(s) == {("marc", "write"), ("eve", "read")}
    s.dedit("delegate", "anna", "marc", "read")
    s.dedit("delegate", "anna", "eve", "none")
    assert delegates(s) == {("marc", "read")}
    for wrong, code in (
        (("anna", "nobody", "write"), 1),
        (("nobody", "anna", "write"), 1),
        (("anna", "anna", "write"), 2),
        (("anna", "marc", "free-busy"), 2),
        (("anna", "marc"), 2),
    ):
        r = s.dedit("delegate", *wrong, check=False)
        assert r.returncode == code and r.stderr and not r.stdout, (wrong, r)
    assert delegates(s) == {("marc", "read")}


def test_kept_in_the_account_file_and_by_a_rebuild(s):
    s.dedit("delegate", "anna", "marc", "write")
    s.dedit("flush")
    assert "delegate: marc\twrite\n" in (s.data / "accounts/anna").read_text()
    s.restart()
    assert delegates(s) == {("marc", "write")}
    s.stop()
    (s.data / "index.db").unlink()
    s.dedit("rebuild")
    assert delegates(s) == {("marc", "write")}
    s.start()


def test_ends_with_the_account(s):
    s.add_user("leo")
    s.dedit("delegate", "anna", "leo", "read")
    s.dedit("user", "remove", "leo")
    s.dedit("flush")
    assert "leo" not in dict(delegates(s))
    assert "leo" not in (s.data / "accounts/anna").read_text()
