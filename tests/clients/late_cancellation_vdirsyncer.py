#!/usr/bin/python3
"""The main job: three appointments, one cancelled in time, one late by STATUS, one late by DELETE, with
vdirsyncer as it comes; the server is killed with SIGKILL between any two steps."""
import json
import time

from client_kit import Vdirsyncer, event, in_hours, lines_of, main, unfold


def write(path, text):
    with open(path, "w", newline="") as f:
        f.write(text)


def scenario(t, s):
    anna = Vdirsyncer(s, "anna", ["appointments", "fees"])
    marc = Vdirsyncer(s, "marc", ["anna~appointments"])
    early, by_status, by_delete = in_hours(5 * 24), in_hours(20), in_hours(20)
    for uid, start in (("early", early), ("by-status", by_status), ("by-delete", by_delete)):
        write(anna.files / "appointments" / (uid + ".ics"), event(uid + "@test", "Marc Petit 80 €", start))

    found = anna.discover()
    t.check("anna's program finds her calendars", found.returncode == 0, found.stdout + found.stderr)
    s.kill_and_restart()
    up = anna.sync()
    t.check("anna's three appointments sync up", up.returncode == 0, up.stdout + up.stderr)
    s.kill_and_restart()
    down = anna.sync()
    t.check("the next sync brings the server's version", down.returncode == 0, down.stdout + down.stderr)

    _, text = anna.event("appointments", "early@test")
    note = "".join(lines_of(text, "DESCRIPTION"))
    t.check("the early one says until when it is free", "Free to cancel or move until" in note, text)
    t.check("… and what it costs afterwards", "40.00 EUR" in note and "80.00 EUR" in note, note)
    t.check("… and its title is anna's own", "SUMMARY:Marc Petit 80 €" in unfold(text), text)
    for uid in ("by-status@test", "by-delete@test"):
        _, text = anna.event("appointments", uid)
        note = "".join(lines_of(text, "DESCRIPTION"))
        t.check(uid + " says what cancelling costs now",
                "Booked less than" in note and "80.00 EUR" in note and "Free to cancel" not in note, text)
    fees = json.loads(s.dedit("fees", "--json", "--owner", "anna").stdout)
    t.check("nothing is owed yet", all(f["fee"] == 0 for f in fees), fees)

    s.kill_and_restart()
    found = marc.discover()
    t.check("marc's program finds the shared calendar", found.returncode == 0, found.stdout + found.stderr)
    s.kill_and_restart()
    got = marc.sync()
    t.check("marc has the three appointments", got.returncode == 0 and len(marc.all("anna~appointments")) == 3,
            got.stdout + got.stderr)
    s.kill_and_restart()

    for uid in ("early@test", "by-status@test"):
        path, text = marc.event("anna~appointments", uid)
        write(path, text.replace("END:VEVENT", "STATUS:CANCELLED\r\nEND:VEVENT"))
        out = marc.sync()
        t.check("marc cancels %s by STATUS" % uid, out.returncode == 0, out.stdout + out.stderr)
        s.kill_and_restart()
    path, _ = marc.event("anna~appointments", "by-delete@test")
    path.unlink()
    out = marc.sync()
    t.check("marc cancels the third by DELETE", out.returncode == 0, out.stdout + out.stderr)
    s.kill_and_restart()
    time.sleep(0.1)
    out = anna.sync()
    t.check("anna's next sync", out.returncode == 0, out.stdout + out.stderr)

    _, text = anna.event("appointments", "early@test")
    t.check("in time: no fee in the event", "STATUS:CANCELLED" in text and "Late cancel" not in unfold(text), text)
    _, text = anna.event("appointments", "by-status@test")
    text = unfold(text)
    t.check("late by STATUS: the title says so", "SUMMARY:✗ Late cancel 80.00 EUR · Marc Petit" in text, text)
    t.check("… the notes too", "Late cancellation by the client" in text and "Fee 80.00 EUR" in text, text)
    t.check("… and the properties", "X-DEDIT-CLASS:LATE-CANCEL" in text and lines_of(text, "X-DEDIT-FEE"), text)
    t.check("… it is cancelled and transparent", "STATUS:CANCELLED" in text and "TRANSP:TRANSPARENT" in text, text)
    t.check("late by DELETE: gone from the calendar", anna.event("appointments", "by-delete@test")[0] is None)
    entries = [unfold(e) for e in anna.all("fees")]
    deleted = [e for e in entries if "RELATED-TO:by-delete@test" in e]
    t.check("… and in the Fees calendar", len(deleted) == 1 and
            "SUMMARY:✗ Late cancel 80.00 EUR · Marc Petit" in deleted[0], entries)

    out = s.dedit("fees", "--owner", "anna")
    t.check("`dedit fees --owner anna` lists 80.00 EUR twice", out.stdout.count("80.00 EUR") == 2, out.stdout + out.stderr)
    fees = json.loads(s.dedit("fees", "--json", "--owner", "anna").stdout)
    owed = [f for f in fees if f["fee"] > 0]
    t.check("… and nothing else that is owed", len(owed) == 2 and all(
        f["fee"] == 8000 and f["currency"] == "EUR" and f["class"] == "late-cancel" and f["state"] == "due"
        and f["outcome"] == "charged" and f["owner"] == "anna" for f in owed), fees)
    t.check("… for the two late ones", sorted(f["uid"] for f in owed) == ["by-delete@test", "by-status@test"], fees)

    s.kill_and_restart()
    again = anna.sync()
    t.check("one more kill and sync changes nothing", again.returncode == 0 and
            json.loads(s.dedit("fees", "--json", "--owner", "anna").stdout) == fees, again.stdout + again.stderr)
    checked = s.dedit("check", "--deep")
    t.check("the store is sound after all the kills", checked.returncode == 0, checked.stdout + checked.stderr)


if __name__ == "__main__":
    main(scenario)
