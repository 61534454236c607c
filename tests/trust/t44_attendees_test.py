"""trust.md T-44: an event is stored and nothing is sent, whoever it names as ORGANIZER; on calendars under a policy a client
changes its own PARTSTAT and nobody else's (architecture.md 15.3, 15.5). Without scheduling there is no inbound REPLY."""

from dav import CALENDAR, HOME, calendar, component, in_hours, unfold, value
from dedit_wire import event

POLICY = ('policy "p" { timezone = "UTC" currency = EUR price = "80 EUR" tiers = { "48h 100%" } owner-changes = client }\n'
          'calendar "anna/work" { policy = "p" }\n')
SERVER = {"extra": POLICY, "users": ()}
WORK, CLIENTS = HOME + "work/", "/calendars/marc/anna~work/"
GROUP = ("ORGANIZER:mailto:anna@example.org\r\nATTENDEE;PARTSTAT={}:mailto:marc@example.org\r\n"
         "ATTENDEE;PARTSTAT={}:mailto:zoe@example.org\r\n")


def setting(s):
    if s.users:
        return
    for user in ("anna", "marc", "zoe"):
        s.add_user(user, "--email", f"{user}@example.org")
    s.users = ("anna", "marc", "zoe")
    s.dedit("calendar", "add", "anna/work")
    for client in ("marc", "zoe"):
        s.dedit("share", "anna/work", client, "write")


def group(s, uid, hours=24 * 20, marc="ACCEPTED", zoe="ACCEPTED", **more):
    return event(uid, in_hours(hours), in_hours(hours + 1), more.get("title", "Yoga"), GROUP.format(marc, zoe))


def stored(s, uid):
    return unfold(s.request("GET", f"{WORK}{uid}.ics").text)


def partstat(text, who):
    [line] = [x for x in text.split("\r\n") if x.startswith("ATTENDEE") and f"{who}@" in x]
    return line.split("PARTSTAT=")[1].split(":")[0].split(";")[0] if "PARTSTAT" in line else None


def test_organizer_of_somebody_else(s):
    """Stored as it was sent, in one's own calendar, and nobody else gets anything of it."""
    setting(s)
    for n, organizer in enumerate(("mailto:marc@example.org", "mailto:ceo@bank.example", "/principals/marc/", "urn:uuid:0")):
        for method in ("", "METHOD:REQUEST\r\n", "METHOD:CANCEL\r\n", "METHOD:REPLY\r\n"):
            sent = event(f"spoof{n}", extra=f"ORGANIZER:{organizer}\r\nATTENDEE:mailto:zoe@example.org\r\n")
            r = s.put(f"{CALENDAR}spoof{n}.ics", sent.replace("PRODID", method + "PRODID", 1))
            assert r.status in (201, 204) or method and r.status == 403, (organizer, method, r)
        text = s.request("GET", f"{CALENDAR}spoof{n}.ics").text
        assert f"ORGANIZER:{organizer}" in text and "SCHEDULE-STATUS" not in text, text
    for user in ("marc", "zoe"):
        assert b"spoof" not in s.request("PROPFIND", f"/calendars/{user}/calendar/", None, {"Depth": "1"}, user).body
    assert not [k for k, _ in s.request("GET", CALENDAR + "spoof0.ics").all_headers if "schedule" in k]


def test_a_client_of_a_group(s):
    """Its own PARTSTAT; the other's, the time, the title, the list, the organizer are put back."""
    setting(s)
    sent = group(s, "group")
    assert s.put(WORK + "group.ics", sent).status == 201
    before = stored(s, "group")
    for n, changed in enumerate((
        sent.replace("ACCEPTED:mailto:zoe", "DECLINED:mailto:zoe"),
        sent.replace("ATTENDEE;PARTSTAT=ACCEPTED:mailto:zoe@example.org\r\n", ""),
        sent.replace(in_hours(24 * 20), in_hours(24 * 20 - 2)),
        sent.replace("ORGANIZER:mailto:anna", "ORGANIZER:mailto:marc"),
        sent.replace("END:VEVENT", "ATTENDEE;PARTSTAT=DECLINED:mailto:zoe@example.org\r\nEND:VEVENT"),
        sent.replace("mailto:zoe@", "mailto:eve@"),
        sent.replace("END:VEVENT", "STATUS:CANCELLED\r\nEND:VEVENT"),
    )):
        r = s.put(CLIENTS + "group.ics", changed, "marc")
        assert r.status == 204, (n, r)
        after = stored(s, "group")
        assert partstat(after, "zoe") == "ACCEPTED" and after.count("zoe@example.org") == before.count("zoe@example.org"), (n, after)
        assert value(after, "DTSTART") == value(before, "DTSTART") and "anna@" in value(after, "ORGANIZER"), (n, after)
        assert value(after, "STATUS") != "CANCELLED" and "eve@" not in after, (n, after)
        assert s.put(WORK + "group.ics", sent).status == 204
    r = s.put(CLIENTS + "group.ics", sent.replace("ACCEPTED:mailto:marc", "DECLINED:mailto:marc"), "marc")
    assert r.status == 204 and partstat(stored(s, "group"), "marc") == "DECLINED"
    assert partstat(stored(s, "group"), "zoe") == "ACCEPTED"


def test_deleting_a_groups_event_is_declining(s):
    setting(s)
    assert s.put(WORK + "leave.ics", group(s, "leave")).status == 201
    assert s.request("DELETE", CLIENTS + "leave.ics", user="marc").status == 204
    text = stored(s, "leave")
    assert partstat(text, "marc") == "DECLINED" and partstat(text, "zoe") == "ACCEPTED", text


def test_nobody_is_charged_by_anothers_hand(s):
    """marc cancels zoe's appointment four hours before it: proposed at most, never due."""
    setting(s)
    single = event("zoes", in_hours(4), in_hours(5), "Zoe 80 €", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:zoe@example.org\r\n")
    assert s.put(WORK + "zoes.ics", single).status == 201
    s.put(CLIENTS + "zoes.ics", single.replace("END:VEVENT", "STATUS:CANCELLED\r\nEND:VEVENT"), "marc")
    listed = s.dedit("fees", "--owner", "anna", "--state", "due", "--json").stdout
    assert "zoes" not in listed, listed


def test_fees_are_not_written_by_clients(s):
    """Nobody pays or forgives by editing the calendar of fees."""
    setting(s)
    single = event("late", in_hours(4), in_hours(5), "Marc 80 €", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:marc@example.org\r\n")
    assert s.put(WORK + "late.ics", single).status == 201
    assert s.request("DELETE", CLIENTS + "late.ics", user="marc").status == 204
    for user in ("marc", "zoe"):
        for path in ("/calendars/anna/fees/", f"/calendars/{user}/anna~fees/"):
            for method in ("GET", "PROPFIND", "DELETE"):
                assert s.request(method, path, None, {"Depth": "1"}, user).status == 404, (method, path, user)
            r = s.put(path + "x.ics", calendar(component("VEVENT", "x", "DTSTART:20270101T000000Z")), user)
            assert r.status in (403, 404, 409), r
    assert "due" in s.dedit("fees", "--owner", "anna", "--json").stdout
