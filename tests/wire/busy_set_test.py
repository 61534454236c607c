"""calendar-free-busy-set, on the home: which of its calendars count, as their schedule-calendar-transp says."""

from dav import CALENDAR, HOME, condition_in, names_of, prop, proppatch, statuses, text
from dedit_wire import tag

SERVER = {"settings": "hrefs = 50"}

SET = tag("C:calendar-free-busy-set")
TASKS = HOME + "tasks/"


def counted(s, home=HOME, user="anna"):
    return {h.text for h in prop(s, home, "C:calendar-free-busy-set", user).findall(tag("D:href"))}


def count(s, *hrefs, home=HOME, user="anna", more=""):
    inner = "".join(f"<D:href>{h}</D:href>" for h in hrefs)
    return s.request("PROPPATCH", home, proppatch(f"<C:calendar-free-busy-set>{inner}</C:calendar-free-busy-set>"
                                                  + more), user=user)


def transp(s, path, user="anna"):
    return names_of(prop(s, path, "C:schedule-calendar-transp", user))


def test_calendars_count_until_they_are_transparent(s):
    before = counted(s)
    assert before >= {CALENDAR, TASKS}
    for value, expected in (("transparent", before - {TASKS}), ("opaque", before)):
        s.request("PROPPATCH", TASKS, proppatch(
            f"<C:schedule-calendar-transp><C:{value}/></C:schedule-calendar-transp>"))
        assert counted(s) == expected, value


def test_setting_it_sets_the_calendars(s):
    r = count(s, CALENDAR)
    assert statuses(r) == {HOME: {SET: 200}}, r
    assert counted(s) == {CALENDAR}
    assert transp(s, CALENDAR) == {"opaque"} and transp(s, TASKS) == {"transparent"}
    s.restart()
    assert counted(s) == {CALENDAR}
    assert statuses(count(s)) == {HOME: {SET: 200}} and counted(s) == set()
    assert statuses(count(s, f"http://127.0.0.1:{s.port}/calendars/ANNA/calendar", TASKS)) == {HOME: {SET: 200}}
    assert counted(s) == {CALENDAR, TASKS}


def test_a_shared_calendar_counts_for_the_sharee_alone(s):
    s.dedit("share", "marc/calendar", "anna", "read")
    shared = HOME + "marc~calendar/"
    theirs = counted(s, "/calendars/marc/", "marc")
    assert shared in counted(s)
    assert statuses(count(s, CALENDAR, TASKS))[HOME][SET] == 200
    assert shared not in counted(s) and transp(s, shared) == {"transparent"}
    assert counted(s, "/calendars/marc/", "marc") == theirs
    count(s, CALENDAR, TASKS, shared)
    assert shared in counted(s)
    count(s, home="/calendars/marc/", user="marc")
    assert shared in counted(s)
    count(s, *theirs, home="/calendars/marc/", user="marc")
    s.dedit("share", "marc/calendar", "anna", "none")
    assert shared not in counted(s)


def test_all_or_nothing(s):
    before = counted(s)
    for wrong in ("/calendars/marc/calendar/", HOME, HOME + "none/", CALENDAR + "x.ics", "/nowhere/", "mailto:a@b.c",
                  "https://other.example.org" + CALENDAR, ""):
        r = count(s, CALENDAR, wrong)
        assert statuses(r) == {HOME: {SET: 409}}, (wrong, r)
        assert condition_in(r.xml()) == tag("C:valid-calendar-url"), r
        assert counted(s) == before, wrong
    r = count(s, CALENDAR, more="<D:getetag>1</D:getetag>")
    assert statuses(r) == {HOME: {SET: 424, tag("D:getetag"): 403}}, r
    r = s.request("PROPPATCH", HOME, proppatch("<C:calendar-free-busy-set><YES/></C:calendar-free-busy-set>"))
    assert statuses(r) == {HOME: {SET: 409}}, r
    r = s.request("PROPPATCH", HOME, proppatch(remove="<C:calendar-free-busy-set/>"))
    assert statuses(r) == {HOME: {SET: 403}}, r
    assert counted(s) == before


def test_other_properties_come_along(s):
    r = count(s, TASKS, more="<A:note>kept</A:note>")
    assert statuses(r) == {HOME: {SET: 200, tag("A:note"): 200}}, r
    assert counted(s) == {TASKS} and text(s, HOME, "A:note") == "kept"


def test_more_hrefs_than_the_setting_are_507(s):
    before = counted(s)
    r = count(s, *[CALENDAR] * 51)
    assert statuses(r) == {HOME: {SET: 507}}, r
    assert counted(s) == before
    assert statuses(count(s, *[CALENDAR] * 50)) == {HOME: {SET: 200}}


def test_who_may(s):
    assert count(s, user="marc").status in (403, 404)
    s.dedit("delegate", "anna", "marc", "read")
    # as the calendars show it to who acts in reading: 15.16
    assert counted(s, user="marc") == {c for c in (CALENDAR, TASKS) if transp(s, c, "marc") == {"opaque"}}
    assert count(s, user="marc").status == 403
    s.dedit("delegate", "anna", "marc", "write")
    assert statuses(count(s, CALENDAR, user="marc")) == {HOME: {SET: 200}}
    assert counted(s) == {CALENDAR}
    s.dedit("delegate", "anna", "marc", "none")


def test_on_calendars_it_is_kept_and_means_nothing(s):
    path = CALENDAR
    before = transp(s, path)
    r = s.request("PROPPATCH", path, proppatch("<C:calendar-free-busy-set><NO/></C:calendar-free-busy-set>"))
    assert statuses(r) == {path: {SET: 200}}, r
    assert prop(s, path, "C:calendar-free-busy-set") is not None and transp(s, path) == before
    assert prop(s, TASKS, "C:calendar-free-busy-set") is None
