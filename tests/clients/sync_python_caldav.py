#!/usr/bin/python3
"""python3-caldav: discovery, calendars, events, search over recurrences, sync by token, deletion."""
import datetime

import caldav

from client_kit import event, in_hours, main


def scenario(t, s):
    client = caldav.DAVClient(url=s.url, username="paul", password=s.passwords["paul"])
    principal = client.principal()
    names = sorted(c.url.path.rstrip("/").rsplit("/", 1)[1] for c in principal.calendars())
    t.check("the account's two calendars are found", "calendar" in names and "tasks" in names, names)

    made = principal.make_calendar(name="Courses", cal_id="courses")
    t.check("a calendar is made, with its name", made.get_display_name() == "Courses" if hasattr(made, "get_display_name")
            else "Courses" in str(made.get_properties([caldav.dav.DisplayName()])))
    start = in_hours(48)
    one = made.save_event(event("one@test", "One", start))
    made.save_event(event("weekly@test", "Weekly", start - datetime.timedelta(days=70),
                          extra="RRULE:FREQ=WEEKLY;COUNT=20\r\n"))
    made.save_event(event("far@test", "Far away", start + datetime.timedelta(days=400)))
    t.check("three events are there", len(made.events()) == 3)
    day = start.replace(hour=0)
    hits = made.date_search(day, day + datetime.timedelta(days=1), expand=False)
    uids = sorted(h.vobject_instance.vevent.uid.value for h in hits)
    t.check("a time range finds the single and the recurring one", uids == ["one@test", "weekly@test"], uids)
    t.check("an event by its UID", made.event_by_uid("far@test").vobject_instance.vevent.summary.value == "Far away")

    objects = made.objects_by_sync_token(load_objects=True)
    token = objects.sync_token
    t.check("the first sync lists all", len(list(objects)) == 3)
    one.vobject_instance.vevent.summary.value = "One, changed"
    one.save()
    made.event_by_uid("far@test").delete()
    changed = list(made.objects_by_sync_token(sync_token=token, load_objects=False))
    t.check("the next one lists the change and the deletion", len(changed) == 2, changed)
    t.check("the change is stored", made.event_by_uid("one@test").vobject_instance.vevent.summary.value
            == "One, changed")
    try:
        made.event_by_uid("far@test")
        t.check("the deleted one is gone", False)
    except caldav.error.NotFoundError:
        t.check("the deleted one is gone", True)

    todos = [c for c in principal.calendars() if c.url.path.rstrip("/").endswith("/tasks")][0]
    todos.save_todo("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VTODO\r\nUID:todo@test\r\n"
                    "DTSTAMP:20260101T000000Z\r\nSUMMARY:Buy tea\r\nEND:VTODO\r\nEND:VCALENDAR\r\n")
    t.check("a task in the task list", len(todos.todos()) == 1)
    made.delete()
    names = [c.url.path.rstrip("/").rsplit("/", 1)[1] for c in principal.calendars()]
    t.check("the calendar is deleted", "courses" not in names, names)


if __name__ == "__main__":
    main(scenario)
