"""RFC 4791 7.8, 9.7, 9.9: calendar-query, its filters and time ranges."""

from dav import (
    CALENDAR,
    DATA,
    HOME,
    TASKS,
    body,
    calendar,
    comp,
    component,
    found,
    proppatch,
    props,
    query,
    refused,
    report,
    statuses,
    time_range,
    unfold,
)
from dedit_wire import tag

Q = HOME + "q/"


def put(s, name, *lines, kind="VEVENT", path=Q):
    r = s.put(f"{path}{name}.ics", calendar(component(kind, name, *lines)))
    assert r.status in (201, 204), (name, r)


def fill(s):
    """The objects that the tests ask for; made once."""
    if s.request("MKCALENDAR", Q).status != 201:
        return
    put(
        s,
        "plain",
        "DTSTART:20270601T100000Z",
        "DTEND:20270601T110000Z",
        "SUMMARY:Dentist",
        "ATTENDEE;PARTSTAT=NEEDS-ACTION;CN=Bernard:mailto:bernard@example.org",
        "CATEGORIES:Health",
    )
    put(s, "allday", "DTSTART;VALUE=DATE:20270603")
    put(
        s,
        "weekly",
        "DTSTART;TZID=Europe/Paris:20270301T090000",
        "DURATION:PT1H",
        "RRULE:FREQ=WEEKLY;COUNT=10",
        "SUMMARY:Réunion",
        "EXDATE;TZID=Europe/Paris:20270308T090000",
    )
    put(
        s,
        "endless",
        "DTSTART:20200101T000000Z",
        "DTEND:20200101T010000Z",
        "RRULE:FREQ=YEARLY",
        "STATUS:CANCELLED",
    )
    put(s, "instant", "DTSTART:20270605T120000Z")
    s.put(
        Q + "moved.ics",
        calendar(
            component(
                "VEVENT",
                "moved",
                "DTSTART:20270701T100000Z",
                "DTEND:20270701T110000Z",
                "RRULE:FREQ=DAILY;COUNT=3",
            ),
            component(
                "VEVENT",
                "moved",
                "RECURRENCE-ID:20270702T100000Z",
                "DTSTART:20270720T100000Z",
                "DTEND:20270720T110000Z",
                "SUMMARY:Late",
            ),
        ),
    )
    put(
        s,
        "alarm",
        "DTSTART:20270801T100000Z",
        "DTEND:20270801T110000Z",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "TRIGGER:-P1D",
        "DESCRIPTION:x",
        "END:VALARM",
    )


def events(inner=""):
    return comp("VEVENT", inner)


def at(start=None, end=None):
    return events(time_range(start, end))


def test_all_of_a_kind(s):
    fill(s)
    names = ["alarm.ics", "allday.ics", "endless.ics", "instant.ics", "moved.ics", "plain.ics", "weekly.ics"]
    assert found(s, events(), Q) == names and found(s, "", Q) == names
    assert found(s, comp("VTODO"), Q) == []
    assert found(s, comp("vevent"), Q) == names, "names are compared without case"


def test_time_range_of_events(s):
    """9.9: (start < DTEND and end > DTSTART); the ends themselves are outside."""
    fill(s)
    for start, end, names in (
        ("20270601T103000Z", "20270601T104000Z", ["plain"]),
        ("20270601T110000Z", "20270601T120000Z", []),
        ("20270601T090000Z", "20270601T100000Z", []),
        ("20270601T090000Z", "20270601T100001Z", ["plain"]),
        ("20270601T105959Z", "20270601T110000Z", ["plain"]),
        ("20270605T120000Z", "20270605T130000Z", ["instant"]),
        ("20270605T110000Z", "20270605T120000Z", []),
        ("20270603T000000Z", "20270603T000001Z", ["allday"]),
        ("20270603T235959Z", "20270604T000000Z", ["allday"]),
        ("20270604T000000Z", "20270604T010000Z", []),
    ):
        assert found(s, at(start, end), Q) == [n + ".ics" for n in names], (start, end)


def test_open_ended(s):
    """asks.md 29, clients.md section 5: DAVx5 and KDE ask so."""
    fill(s)
    assert found(s, at("20270725T000000Z"), Q) == ["alarm.ics", "endless.ics"]
    assert found(s, at(end="20270301T000000Z"), Q) == ["endless.ics"]
    assert found(s, at("90000101T000000Z"), Q) == ["endless.ics"]


def test_recurrences(s):
    fill(s)
    # Paris changes to summer time on 28 March: 08:00Z before, 07:00Z after.
    assert found(s, at("20270322T080000Z", "20270322T081000Z"), Q) == ["weekly.ics"]
    assert found(s, at("20270329T070000Z", "20270329T071000Z"), Q) == ["weekly.ics"]
    assert found(s, at("20270329T080000Z", "20270329T081000Z"), Q) == []
    assert found(s, at("20270308T080000Z", "20270308T090000Z"), Q) == [], "EXDATE"
    assert found(s, at("20270510T000000Z", "20270511T000000Z"), Q) == [], "COUNT"
    assert found(s, at("20990101T003000Z", "20990101T004000Z"), Q) == ["endless.ics"]
    assert found(s, at("20270702T100000Z", "20270702T110000Z"), Q) == [], "moved away"
    assert found(s, at("20270720T100000Z", "20270720T110000Z"), Q) == ["moved.ics"], "moved here"


def test_floating_times_and_the_calendars_zone(s):
    """7.3: calendar-timezone, or what the report says; UTC without both."""
    path = HOME + "floating/"
    s.request("MKCALENDAR", path)
    put(s, "floating", "DTSTART:20270601T100000", "DTEND:20270601T110000", path=path)
    zone = (
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VTIMEZONE\nTZID:{}\nBEGIN:STANDARD\nDTSTART:19701025T030000\n"
        "TZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\nEND:VCALENDAR\n"
    ).format
    ask = lambda hour, more="": found(
        s, at(f"20270601T{hour}0000Z", f"20270601T{hour}3000Z"), path, more=more
    )
    assert ask("10") and not ask("08")
    r = s.request(
        "PROPPATCH", path, proppatch(f"<C:calendar-timezone>{zone('Europe/Paris')}</C:calendar-timezone>")
    )
    assert r.status == 207
    assert ask("08") and not ask("10")
    assert ask("14", f"<C:timezone>{zone('America/New_York')}</C:timezone>") and not ask(
        "08", f"<C:timezone>{zone('America/New_York')}</C:timezone>"
    )
    refused(
        s.request(
            "REPORT", path, query(events(), more="<C:timezone>Europe/Paris</C:timezone>"), {"Depth": "1"}
        ),
        403,
        "C:valid-calendar-data",
    )


def test_property_filters(s):
    fill(s)
    filter_ = lambda name, inner="": events(f'<C:prop-filter name="{name}">{inner}</C:prop-filter>')
    match = lambda text, more="": f"<C:text-match{more}>{text}</C:text-match>"
    for inner, names in (
        (filter_("ATTENDEE"), ["plain"]),
        (filter_("attendee"), ["plain"]),
        (filter_("UID", match("plain", ' collation="i;octet"')), ["plain"]),
        (filter_("UID", match("LAI", ' collation="i;octet"')), []),
        (filter_("SUMMARY", match("DENT")), ["plain"]),
        (filter_("SUMMARY", match("réunion", ' collation="i;unicode-casemap"')), ["weekly"]),
        (filter_("SUMMARY", match("RÉUNION")), []),
        (filter_("STATUS", match("cancelled")), ["endless"]),
        (filter_("SUMMARY", match("late")), ["moved"]),
        (filter_("CATEGORIES", match("Health")), ["plain"]),
        (filter_("SUMMARY", match("e", ' negate-condition="yes"')), ["weekly"]),
        (
            filter_(
                "ATTENDEE", '<C:param-filter name="PARTSTAT">' + match("NEEDS-ACTION") + "</C:param-filter>"
            ),
            ["plain"],
        ),
        (
            filter_("ATTENDEE", '<C:param-filter name="PARTSTAT">' + match("ACCEPTED") + "</C:param-filter>"),
            [],
        ),
        (filter_("ATTENDEE", '<C:param-filter name="ROLE"><C:is-not-defined/></C:param-filter>'), ["plain"]),
        (filter_("DTSTART", time_range("20270601T000000Z", "20270602T000000Z")), ["plain"]),
        (filter_("RRULE", "<C:is-not-defined/>"), ["alarm", "allday", "instant", "moved", "plain"]),
    ):
        assert found(s, inner, Q) == [n + ".ics" for n in names], inner


def test_component_filters(s):
    fill(s)
    assert found(s, events(comp("VALARM")), Q) == ["alarm.ics"]
    assert found(s, events(comp("VALARM", time_range("20270731T100000Z", "20270731T100001Z"))), Q) == [
        "alarm.ics"
    ]
    assert found(s, events(comp("VALARM", time_range("20270801T090000Z", "20270801T120000Z"))), Q) == []
    assert "alarm.ics" not in found(s, events(comp("VALARM", "<C:is-not-defined/>")), Q)
    assert found(s, comp("VEVENT", "<C:is-not-defined/>"), Q) == []
    assert len(found(s, comp("VTODO", "<C:is-not-defined/>"), Q)) == 7


def test_todos(s):
    """9.9, the table for VTODO."""
    for name, *lines in (
        ("due", "DUE:20270601T100000Z"),
        ("start", "DTSTART:20270601T100000Z"),
        ("open",),
        ("both", "DTSTART:20270601T100000Z", "DUE:20270603T100000Z"),
        ("done", "COMPLETED:20270601T100000Z", "CREATED:20270501T100000Z"),
    ):
        put(s, name, *lines, kind="VTODO", path=TASKS)
    todo = lambda a, b: found(s, comp("VTODO", time_range(a, b)), TASKS)
    assert todo("20270601T095900Z", "20270601T100000Z") == ["done.ics", "due.ics", "open.ics"]
    assert todo("20270602T000000Z", "20270603T000000Z") == ["both.ics", "open.ics"]
    assert todo("20270515T000000Z", "20270516T000000Z") == ["done.ics", "open.ics"]
    assert todo("20300101T000000Z", "20300102T000000Z") == ["open.ics"]
    assert "start.ics" in todo("20270601T100000Z", "20270601T110000Z")


def test_answer(s):
    fill(s)
    r = report(s, Q, query(at("20270601T100000Z", "20270601T110000Z"), want=DATA + ("D:displayname",)))
    assert statuses(r) == {
        Q + "plain.ics": {tag("D:getetag"): 200, tag("C:calendar-data"): 200, tag("D:displayname"): 404}
    }
    get = s.request("GET", Q + "plain.ics")
    props_ = r.responses()[Q + "plain.ics"]
    assert props_[tag("D:getetag")].text == get.headers["etag"]
    assert props_[tag("C:calendar-data")].text.replace("\n", "\r\n").replace("\r\r", "\r") == get.text
    for depth, count in (("0", 0), ("1", 7), ("infinity", 7), (None, 7)):
        assert len(report(s, Q, query(events()), depth=depth).responses()) == count, depth
        assert len(report(s, Q + "plain.ics", query(events()), depth=depth).responses()) == 1, depth
    assert found(s, comp("VEVENT", time_range("19000101T000000Z", "19000102T000000Z")), Q) == []


def test_long_answer(s):
    """More than what is kept of the bodies between matching and answering: the others are read again."""
    path = HOME + "long/"
    assert s.request("MKCALENDAR", path).status == 201
    for i in range(40):
        put(s, f"{i:02}", "DTSTART:20270601T100000Z", f"DESCRIPTION:{i:02} " + "x" * 10000, path=path)
    assert s.request("DELETE", path + "07.ics").status == 204
    found_ = report(s, path, query(at("20270601T100000Z", "20270601T110000Z"), want=DATA)).responses()
    assert sorted(found_) == [f"{path}{i:02}.ics" for i in range(40) if i != 7]
    for href, got in found_.items():
        stored = s.request("GET", href)
        assert got[tag("D:getetag")].text == stored.headers["etag"]
        assert got[tag("C:calendar-data")].text.replace("\r\n", "\n") == stored.text.replace("\r\n", "\n")


def test_expand(s):
    """9.6.5: occurrences as components of their own, in UTC, without rules."""
    fill(s)
    want = props("D:getetag").replace(
        "</D:prop>",
        '<C:calendar-data><C:expand start="20270701T000000Z" end="20270801T000000Z"/>'
        "</C:calendar-data></D:prop>",
    )
    r = report(
        s,
        Q,
        body(
            "C:calendar-query",
            want
            + "<C:filter>"
            + comp("VCALENDAR", at("20270701T000000Z", "20270801T000000Z"))
            + "</C:filter>",
        ),
    )
    ics = unfold(r.responses()[Q + "moved.ics"][tag("C:calendar-data")].text)
    assert ics.count("BEGIN:VEVENT") == 3 and "RRULE" not in ics, ics
    assert sorted(line for line in ics.splitlines() if line.startswith("RECURRENCE-ID")) == [
        f"RECURRENCE-ID:2027070{d}T100000Z" for d in (1, 2, 3)
    ], ics
    assert "DTSTART:20270720T100000Z" in ics


def test_an_object_as_the_target(s):
    fill(s)
    assert found(s, events(), Q + "plain.ics") == ["plain.ics"]
    assert found(s, comp("VTODO"), Q + "plain.ics") == []


def test_refused_filters(s):
    fill(s)
    whole = lambda filter_: body("C:calendar-query", props("D:getetag") + filter_)
    inside = lambda inner: query(events(inner))
    rows = [
        ("C:valid-filter", x)
        for x in (
            whole(""),
            whole("<C:filter/>"),
            whole("<C:filter>" + comp("VEVENT") + "</C:filter>"),
            whole("<C:filter>" + comp("VCALENDAR") + comp("VCALENDAR") + "</C:filter>"),
            whole("<C:filter><C:comp-filter/></C:filter>"),
            inside("<C:time-range/>"),
            inside(time_range("20270101", "20270102")),
            inside(time_range("20270101T000000", None)),
            inside(time_range("20270102T000000Z", "20270101T000000Z")),
            inside(time_range("x", "y")),
            inside("<C:prop-filter/>"),
            inside(comp("VTODO")),
            inside(comp("VCALENDAR")),
            inside(comp("VTIMEZONE")),
            inside(comp("STANDARD")),
            inside(f'<C:prop-filter name="SUMMARY">{time_range("20270101T000000Z")}</C:prop-filter>'),
            inside(f'<C:prop-filter name="DURATION">{time_range("20270101T000000Z")}</C:prop-filter>'),
            whole("<C:filter>" + comp("VCALENDAR", comp("VALARM")) + "</C:filter>"),
            inside(time_range("20270101T000000Z") + "<C:is-not-defined/>"),
            inside(
                '<C:prop-filter name="X"><C:text-match negate-condition="maybe">x</C:text-match></C:prop-filter>'
            ),
        )
    ]
    rows += [
        ("C:supported-filter", x)
        for x in (
            inside("<C:unheard-of/>"),
            inside('<x:y xmlns:x="urn:x"/>'),
            whole("<C:filter>" + comp("VCALENDAR", time_range("20270101T000000Z")) + "</C:filter>"),
            inside('<C:prop-filter name="X"/>' * 200),
        )
    ]
    rows += [
        (
            "C:supported-collation",
            inside(
                '<C:prop-filter name="X"><C:text-match collation="i;klingon">x</C:text-match></C:prop-filter>'
            ),
        )
    ]
    rows += [
        (
            "C:supported-calendar-data",
            whole("<C:filter>" + comp("VCALENDAR") + "</C:filter>").replace(
                "<D:getetag/>", '<C:calendar-data content-type="application/calendar+json"/>'
            ),
        )
    ]
    for condition, sent in rows:
        r = s.request("REPORT", Q, sent, {"Depth": "1"})
        assert (r.status, r.condition()) == (403, condition), (sent, r)


def test_where(s):
    for path in ("/", HOME, "/principals/anna/"):
        refused(s.request("REPORT", path, query(events()), {"Depth": "1"}), 403, "D:supported-report")
    refused(s.request("REPORT", CALENDAR, body("C:unheard-of"), {"Depth": "1"}), 403, "D:supported-report")
    refused(s.request("REPORT", CALENDAR, "", {"Depth": "1"}), 400)
    refused(s.request("REPORT", HOME + "none/", query(events()), {"Depth": "1"}), 404)
