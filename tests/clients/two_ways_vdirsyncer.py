#!/usr/bin/python3
"""vdirsyncer both ways with khal as the program the user sees: new, changed and deleted events, and a conflict."""
from client_kit import Vdirsyncer, event, in_hours, main, run, unfold


def khal(program, *args):
    config = program.home / "khal.conf"
    config.write_text("[calendars]\n[[work]]\npath = %s\n\n[locale]\nlocal_timezone = Europe/Paris\n"
                      "default_timezone = Europe/Paris\ntimeformat = %%H:%%M\ndateformat = %%Y-%%m-%%d\n"
                      "longdateformat = %%Y-%%m-%%d\ndatetimeformat = %%Y-%%m-%%d %%H:%%M\n"
                      "longdatetimeformat = %%Y-%%m-%%d %%H:%%M\n\n[sqlite]\npath = %s\n\n"
                      "[default]\ndefault_calendar = work\n"
                      % (program.files / "calendar", program.home / "khal.db"))
    return run(["/usr/bin/khal", "-c", str(config), *args])


def scenario(t, s):
    desk = Vdirsyncer(s, "paul", ["calendar"])
    start = in_hours(72)
    made = khal(desk, "new", "-a", "work", start.strftime("%Y-%m-%d"), "10:00", "11:00", "Dentist", "::", "Bring the X-ray")
    t.check("khal makes an event", made.returncode == 0, made.stdout + made.stderr)
    t.check("discover", desk.discover().returncode == 0)
    out = desk.sync()
    t.check("it syncs up", out.returncode == 0, out.stdout + out.stderr)
    path, text = next(((p, p.read_bytes().decode()) for p in (desk.files / "calendar").glob("*.ics")), (None, ""))
    uid = unfold(text).split("UID:", 1)[1].splitlines()[0]
    status, _, body = s.request("GET", "/calendars/paul/calendar/%s.ics" % uid, "paul")
    t.check("byte for byte", status == 200 and body == text, (status, body, text))

    status, _, _ = s.request("PUT", "/calendars/paul/calendar/%s.ics" % uid, "paul",
                             text.replace("SUMMARY:Dentist", "SUMMARY:Dentist moved"), {"Content-Type": "text/calendar"})
    t.check("another program changes it", status == 204, status)
    status, _, _ = s.request("PUT", "/calendars/paul/calendar/second.ics", "paul",
                             event("second@test", "Second", start), {"Content-Type": "text/calendar"})
    t.check("and adds one", status == 201, status)
    out = desk.sync()
    listed = khal(desk, "list", start.strftime("%Y-%m-%d"))
    t.check("khal shows both", "Dentist moved" in listed.stdout and "Second" in listed.stdout,
            out.stderr + listed.stdout + listed.stderr)

    desk.event("calendar", "second@test")[0].unlink()
    desk.sync()
    status, _, _ = s.request("GET", "/calendars/paul/calendar/second.ics", "paul")
    t.check("what is deleted here is gone there", status == 404, status)
    s.request("PUT", "/calendars/paul/calendar/third.ics", "paul", event("third@test", "Third", start),
              {"Content-Type": "text/calendar"})  # vdirsyncer refuses to empty a calendar whole
    desk.sync()
    s.request("DELETE", "/calendars/paul/calendar/%s.ics" % uid, "paul")
    out = desk.sync()
    left = [unfold(x).split("SUMMARY:", 1)[1].splitlines()[0] for x in desk.all("calendar")]
    t.check("and the other way", left == ["Third"], out.stdout + out.stderr + str(left))


if __name__ == "__main__":
    main(scenario)
