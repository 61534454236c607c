"""Whom one may name, for a share or a delegate: architecture.md 15.31, as CalDAV's searches find them."""

from console import API, Console, problem
from dedit_wire import Server
from directory_test import FINDS, SERVER, USERS, setting

__all__ = ["SERVER"]
CONSOLE = True
SLOW = True
MOST = 20


def names(c, **query):
    return [p["name"] for p in c.get("/people", **query)["people"]]


def test_who_finds_whom(s):
    """Nobody more, and nobody less, than CalDAV's searches tell; nobody finds oneself, who isn't shared with."""
    setting(s)
    for user in USERS:
        c = Console(s, user)
        assert names(c) == sorted(FINDS[user] - {user}), user
        for other in USERS:
            found = other in names(c, match=other)
            assert found == (other != user and other in FINDS[user]), (user, other)


def test_who_is_found_can_be_named(s):
    """And who isn't is answered like who isn't there."""
    setting(s)
    c = Console(s, "marc")
    for other in USERS:
        r = c.ask("PUT", f"/calendars/marc/tasks/shares/{other}", {"access": "read"})
        assert (r.status == 204) == (other in FINDS["marc"] - {"marc"}), (other, r)
        if r.status == 204:
            assert c.ask("DELETE", f"/calendars/marc/tasks/shares/{other}").status == 204
    assert c.ask("PUT", "/delegates/marc/paul", {"access": "read"}).status == 204  # an administrator, whom all find
    assert c.ask("DELETE", "/delegates/marc/paul").status == 204


def test_by_name_display_name_or_address(_):
    with Server(users=("anna",)) as s:
        for name, display, *addresses in (("zoe", "Zoé O'Hara-Lind", "z.ohara@example.org"), ("m.durand", "Marie Durand"),
                                          ("eve", "Ève <b>", "eve@second.example", "other@third.example")):
            s.dedit("user", "add", name, "--name", display, *(o for a in addresses for o in ("--email", a)),
                    input="correct horse battery\n")
        c = Console(s)
        assert c.get("/people", match="third") == {"truncated": False, "people": [
            {"name": "eve", "displayname": "Ève <b>", "addresses": ["eve@second.example", "other@third.example"]}]}
        for match, found in (("zoe", ["zoe"]), ("ZOÉ", ["zoe"]), ("lind", ["zoe"]), ("hara", ["zoe"]), ("ohara@", ["zoe"]),
                             ("o'hara", ["zoe"]), ("z.ohara@example.org", ["zoe"]), ("marie durand", ["m.durand"]),
                             ("Dur", ["m.durand"]), ("èv", ["eve"]), ("urand", []), ("oé", []), ("nobody", []),
                             ("anna", []), ("<b>", ["eve"]), ("example", ["eve", "zoe"]), ("", ["eve", "m.durand", "zoe"])):
            assert names(c, match=match) == found, match
        s.dedit("user", "remove", "zoe")
        assert names(c, match="zoe") == []
        problem(c.ask("POST", "/people"), 405)
        problem(s.request("GET", API + "/people", user=None), 401)


def test_so_many_at_most(_):
    with Server(users=("anna",)) as s:
        for n in range(MOST):
            s.add_user(f"u{n:02}")
        c = Console(s)
        answer = c.get("/people", match="u")
        assert len(answer["people"]) == MOST and answer["truncated"] is False
        s.add_user("u99")
        answer = c.get("/people", match="u")
        assert [p["name"] for p in answer["people"]] == [f"u{n:02}" for n in range(MOST)] and answer["truncated"] is True
        assert names(c, match="u99") == ["u99"]
