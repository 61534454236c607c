"""RFC 4791 9.6: what of an object a report answers with: parts, occurrences, some overrides."""

from dav import CALENDAR, HOME, body, calendar, component, find, refused, statuses, unfold
from dedit_wire import tag

PATH = HOME + "data/"
ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:Europe/Paris\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\n"
    "TZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\n"
    "DTSTART:19700329T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n"
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
)
ALARM = ("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT5M", "DESCRIPTION:x", "END:VALARM")


def fill(s):
    if s.request("MKCALENDAR", PATH).status != 201:
        return
    put(
        s,
        "weekly",
        ZONE,
        component(
            "VEVENT",
            "weekly",
            "DTSTART;TZID=Europe/Paris:20270322T100000",
            "DTEND;TZID=Europe/Paris:20270322T110000",
            "RRULE:FREQ=WEEKLY;COUNT=4",
            "EXDATE;TZID=Europe/Paris:20270412T100000",
            'SUMMARY;X-NOTE="a;b":Weekly',
            "ATTENDEE;CN=Marc:mailto:marc@example.org",
            *ALARM,
        ),
        component(
            "VEVENT",
            "weekly",
            "RECURRENCE-ID;TZID=Europe/Paris:20270405T100000",
            "DTSTART;TZID=Europe/Paris:20270406T150000",
            "DTEND;TZID=Europe/Paris:20270406T160000",
            "SUMMARY:Moved",
        ),
    )
    put(
        s,
        "days",
        component("VEVENT", "days", "DTSTART;VALUE=DATE:20270322", "RRULE:FREQ=DAILY;COUNT=2", "SUMMARY:Days"),
    )
    put(
        s,
        "floating",
        component(
            "VEVENT",
            "floating",
            "DTSTART:20270322T090000",
            "DURATION:PT30M",
            "RDATE;VALUE=PERIOD:20270323T090000/PT2H",
        ),
    )


def put(s, name, *components):
    r = s.put(f"{PATH}{name}.ics", calendar(*components))
    assert r.status == 201, r


def ask(s, inner, name="weekly", attributes=""):
    """The lines of calendar-data, without folds."""
    sent = body(
        "C:calendar-multiget",
        f"<D:prop><C:calendar-data{attributes}>{inner}</C:calendar-data></D:prop><D:href>{PATH}{name}.ics</D:href>",
    )
    r = s.request("REPORT", PATH, sent, {"Depth": "1"})
    assert r.status == 207, r
    return unfold(r.responses()[f"{PATH}{name}.ics"][tag("C:calendar-data")].text).splitlines()


def comp(name, inner=""):
    return f'<C:comp name="{name}">{inner}</C:comp>'


def prop(*names):
    return "".join(f'<C:prop name="{n}"/>' for n in names)


def expand(start, end):
    return f'<C:expand start="{start}" end="{end}"/>'


def test_chosen_properties(s):
    """The request of 7.8.1."""
    fill(s)
    got = ask(
        s,
        comp(
            "VCALENDAR",
            prop("VERSION") + comp("VEVENT", prop("SUMMARY", "UID", "dtstart")) + comp("VTIMEZONE"),
        ),
    )
    assert got == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        *ZONE.splitlines(),
        "BEGIN:VEVENT",
        "UID:weekly",
        "DTSTART;TZID=Europe/Paris:20270322T100000",
        'SUMMARY;X-NOTE="a;b":Weekly',
        "END:VEVENT",
        "BEGIN:VEVENT",
        "UID:weekly",
        "DTSTART;TZID=Europe/Paris:20270406T150000",
        "SUMMARY:Moved",
        "END:VEVENT",
        "END:VCALENDAR",
    ], got


def test_no_value(s):
    """9.6.4: only the name."""
    fill(s)
    got = ask(s, comp("VCALENDAR", comp("VEVENT", '<C:prop name="SUMMARY" novalue="yes"/>' + prop("UID"))))
    assert 'SUMMARY;X-NOTE="a;b":' in got and "UID:weekly" in got, got
    assert not any("Weekly" in x or x.startswith("DTSTART") for x in got), got


def test_allprop_and_allcomp(s):
    fill(s)
    whole = ask(s, "")
    got = ask(s, comp("VCALENDAR", "<C:allprop/><C:allcomp/>"))
    assert got == whole
    got = ask(s, comp("VCALENDAR", comp("VEVENT", "<C:allprop/>")))
    assert "BEGIN:VALARM" not in got and "BEGIN:VTIMEZONE" not in got
    assert 'SUMMARY;X-NOTE="a;b":Weekly' in got and got[:3] == whole[:3], got
    got = ask(s, comp("VCALENDAR", comp("VEVENT", "<C:allcomp/>" + prop("UID"))))
    assert got.count("BEGIN:VALARM") == 1 and got.count("UID:weekly") == 2, got
    got = ask(s, comp("VCALENDAR", comp("VEVENT", prop("UID") + comp("VALARM", prop("TRIGGER")))))
    at = got.index("BEGIN:VALARM")
    assert got[at : at + 3] == ["BEGIN:VALARM", "TRIGGER:-PT5M", "END:VALARM"], got
    assert ask(s, comp("VCALENDAR", comp("VTODO"))) == [*whole[:3], "END:VCALENDAR"]


def test_expand(s):
    """9.6.5: in UTC, each with RECURRENCE-ID, without rules and zones; EXDATE and override honoured."""
    fill(s)
    got = ask(s, expand("20270320T000000Z", "20270501T000000Z"))
    for gone in ("RRULE", "EXDATE", "TZID", "BEGIN:VTIMEZONE"):
        assert not any(gone in x for x in got), (gone, got)
    starts = [x for x in got if x.startswith(("DTSTART", "DTEND", "RECURRENCE-ID"))]
    assert sorted(starts) == sorted(
        [
            "DTSTART:20270322T090000Z",
            "DTEND:20270322T100000Z",
            "RECURRENCE-ID:20270322T090000Z",
            "DTSTART:20270329T080000Z",
            "DTEND:20270329T090000Z",
            "RECURRENCE-ID:20270329T080000Z",
            "DTSTART:20270406T130000Z",
            "DTEND:20270406T140000Z",
            "RECURRENCE-ID:20270405T080000Z",
        ]
    ), starts
    assert got.count("BEGIN:VALARM") == 2, "of the two that the master describes"
    got = ask(s, expand("20270323T000000Z", "20270330T000000Z"))
    assert [x for x in got if x.startswith("DTSTART")] == ["DTSTART:20270329T080000Z"], got


def test_expand_dates_and_floating_times(s):
    fill(s)
    got = ask(s, expand("20270320T000000Z", "20270501T000000Z"), "days")
    assert [x for x in got if x.startswith(("DTSTART", "RECURRENCE-ID"))] == [
        "DTSTART;VALUE=DATE:20270322",
        "RECURRENCE-ID;VALUE=DATE:20270322",
        "DTSTART;VALUE=DATE:20270323",
        "RECURRENCE-ID;VALUE=DATE:20270323",
    ], got
    got = ask(s, expand("20270323T000000Z", "20270501T000000Z"), "floating")
    assert "DTSTART:20270323T090000" in got and "RECURRENCE-ID:20270323T090000" in got, got
    assert "DTEND:20270323T110000" in got and not any("RDATE" in x for x in got), "the period's length"


def test_expand_and_parts(s):
    fill(s)
    got = ask(
        s,
        comp("VCALENDAR", comp("VEVENT", prop("DTSTART", "RECURRENCE-ID")))
        + expand("20270328T000000Z", "20270401T000000Z"),
    )
    assert [x for x in got if ":2027" in x] == ["DTSTART:20270329T080000Z", "RECURRENCE-ID:20270329T080000Z"], got
    assert not any(x.startswith(("SUMMARY", "UID", "BEGIN:VALARM")) for x in got), got


def test_limit_recurrence_set(s):
    """9.6.6: the master always, an override where it is, or was to be, within the range."""
    fill(s)
    limit = '<C:limit-recurrence-set start="%s" end="%s"/>'
    for start, end, overrides in (
        ("20270406T000000Z", "20270407T000000Z", 1),
        ("20270405T000000Z", "20270406T000000Z", 1),
        ("20270322T000000Z", "20270323T000000Z", 0),
        ("20270407T000000Z", "20270420T000000Z", 0),
    ):
        got = ask(s, limit % (start, end))
        assert got.count("BEGIN:VEVENT") == 1 + overrides, (start, got)
        assert "RRULE:FREQ=WEEKLY;COUNT=4" in got and "BEGIN:VTIMEZONE" in got
        assert ("SUMMARY:Moved" in got) == bool(overrides), (start, got)


def test_forms(s):
    """9.6: text/calendar 2.0 is all there is."""
    fill(s)
    assert ask(s, "", attributes=' content-type="text/calendar" version="2.0"') == ask(s, "")
    for attributes in ('content-type="application/calendar+json"', 'version="1.0"'):
        r = s.request(
            "REPORT",
            PATH,
            body("C:calendar-multiget", f"<D:prop><C:calendar-data {attributes}/></D:prop><D:href>{PATH}</D:href>"),
        )
        refused(r, 403, "C:supported-calendar-data")


def test_malformed(s):
    fill(s)
    for inner in (
        comp("VEVENT"),
        "<C:comp/>",
        comp("VCALENDAR", "<C:prop/>"),
        comp("VCALENDAR", "<C:comp/>"),
        comp("VCALENDAR") * 2,
        '<C:expand start="20270101T000000Z"/>',
        expand("20270102T000000Z", "20270101T000000Z"),
        expand("20270101", "20270102"),
        expand("20270101T000000Z", "20270102T000000Z")
        + '<C:limit-recurrence-set start="20270101T000000Z" end="20270102T000000Z"/>',
        '<C:limit-freebusy-set end="20270102T000000Z"/>',
    ):
        sent = body(
            "C:calendar-multiget",
            f"<D:prop><C:calendar-data>{inner}</C:calendar-data></D:prop><D:href>{PATH}weekly.ics</D:href>",
        )
        r = s.request("REPORT", PATH, sent)
        assert r.status == 400 or r.condition() == "C:valid-filter", (inner, r)


def test_not_a_property(s):
    """9.6: calendar-data is for reports; PROPFIND doesn't know it."""
    fill(s)
    r = find(s, PATH + "weekly.ics", "C:calendar-data", "D:getetag")
    assert statuses(r)[PATH + "weekly.ics"] == {tag("C:calendar-data"): 404, tag("D:getetag"): 200}, r
    assert b"BEGIN:VCALENDAR" not in s.request("PROPFIND", CALENDAR, headers={"Depth": "1"}).body
