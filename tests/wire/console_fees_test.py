"""Fees, decisions and events in the console's interface: doc/policy.md 4.2, 5.2, 5.3; architecture.md 15.39, 15.40."""

import csv
import io
import json
import re

from console import Console, problem
from dav import in_hours, unchanged, unfold, value
from dedit_wire import event
from policy_late_test import EXTRA, FEES, WORK, book, cancel, fees, prepare, stored

HOSTILE = '<script>alert(1)</script>"onx=\'&amp; javascript:x'
CONSOLE = True
SERVER = {"extra": EXTRA, "users": ("anna", "paul", "zoe")}


def late(s, uid, **more):
    book(s, uid, 20, **more)
    cancel(s, uid)
    return fees(s, uid)[0]["ref"]


def act(c, ref, status=200, **body):
    r = c.ask("POST", f"/fees/{ref}/acts", body)
    assert r.status == status, r
    return r.json()


def test_owner_and_roles(s):
    anna, zoe, root = Console(s), Console(s, "zoe"), Console(s, "paul")
    assert anna.session["roles"] == ["client", "owner"]
    assert anna.session["owners"][0] == {"name": "anna", "displayname": "anna", "write": True}
    assert root.session["roles"] == ["client", "owner", "administrator"]
    ref = late(s, "roles")
    for path in ("/decisions", "/clients", "/reports", "/reports/month", "/exports/csv"):
        problem(zoe.ask("GET", path), 403, "owners")
    problem(zoe.ask("POST", f"/fees/{ref}/acts", {"act": "ok"}), 403)
    problem(zoe.ask("GET", f"/fees/{ref}"), 404)
    problem(zoe.ask("GET", "/fees", owner="anna"), 404)
    problem(zoe.ask("GET", "/events", owner="anna", since="2026-01-01", until="2026-02-01"), 404)
    assert zoe.get("/fees")["total"] == 0
    assert root.get("/fees", owner="anna")["total"] > 0
    s.dedit("delegate", "anna", "zoe", "read")
    try:
        zoe = Console(s, "zoe")
        assert zoe.session["owners"] == [{"name": "anna", "displayname": "anna", "write": False}]
        told = zoe.get(f"/fees/{ref}")
        assert told["fee"]["ref"] == ref and told["note-url"] == "" and told["fee"]["acts"] == []
        assert zoe.get("/fees", search=ref)["fees"][0]["acts"] == [] and anna.get("/fees", search=ref)["fees"][0]["acts"]
        problem(zoe.ask("POST", f"/fees/{ref}/acts", {"act": "waive", "reason": "x"}), 404, "change")
    finally:
        s.dedit("delegate", "anna", "zoe", "none")


def test_the_list_is_the_commands(s):
    ref = late(s, "list")
    c = Console(s)
    told = c.get("/fees", search=ref)
    assert (told["total"], told["offset"], len(told["fees"])) == (1, 0, 1)
    fee = dict(told["fees"][0])
    assert fee.pop("acts") == ["pay", "waive", "emergency", "adjust", "dispute"]
    assert fee == fees(s, "list")[0]
    assert told["sums"] == [{"currency": "EUR", "count": 1, "assessed": 8000, "paid": 0, "waived": 0, "open": 8000,
                             "undecided": 0, "owed-back": 0}]
    assert c.get("/fees", client=fee["client"])["total"] >= 1
    assert c.get("/fees", search="NOBODY OF THAT NAME")["total"] == 0
    assert ref not in json.dumps(c.get("/fees", state="paid,waived")) and ref in json.dumps(c.get("/fees", state="due", limit=500))
    assert c.get("/fees", since="2099-01-01")["total"] == 0
    times = [f["at"] for f in c.get("/fees", sort="-at")["fees"]]
    assert times == sorted(times, reverse=True)
    two = c.get("/fees", sort="start", limit=1, offset=1)
    assert len(two["fees"]) == 1 and two["total"] > 1
    for bad in (dict(state="owed"), dict(since="yesterday"), dict(sort="colour"), dict(limit="501"), dict(offset="-1"), dict(limit="x")):
        problem(c.ask("GET", "/fees", **bad), 400, next(iter(bad)))


def test_one_with_its_history(s):
    ref = late(s, "one")
    o = Console(s).get(f"/fees/{ref.lower()}")
    assert o["fee"]["ref"] == ref and o["calendar"] == "anna/appointments" and o["name"] == "one.ics"
    assert [h["kind"] for h in o["history"]][-1] == "late-cancel" and o["note-url"].startswith(f"/fee/{ref}/")
    r = s.request("GET", o["note-url"], user=None)
    assert r.status == 200 and ref in r.text
    problem(Console(s).ask("GET", "/fees/AAAA-AAAA"), 404)
    problem(Console(s).ask("GET", "/fees/x"), 404)


def test_a_preview_stores_nothing(s):
    ref = late(s, "preview")
    c = Console(s)
    for body, after, amount in (({"act": "waive", "reason": "long a client"}, "waived", 8000), ({"act": "adjust", "amount": "30"}, "due", 3000),
                                ({"act": "pay"}, "paid", 8000), ({"act": "emergency"}, "waived", 8000),
                                ({"act": "dispute", "reason": "no"}, "disputed", 8000)):
        with unchanged(s, WORK):
            with unchanged(s, FEES):
                o = act(c, ref, preview=True, **body)
        assert (o["preview"], o["changed"], o["before"]["state"], o["after"]["state"]) == (True, True, "due", after), o
        assert o["after"]["fee"]["minor"] == amount and "becomes" in o["detail"], o
        assert fees(s, "preview")[-1]["state"] == "due"


def test_what_it_said_it_does(s):
    ref = late(s, "does")
    c = Console(s)
    foretold = act(c, ref, act="waive", reason="long a client", preview=True)
    done = act(c, ref, act="waive", reason="long a client")
    assert {**foretold, "preview": False, "detail": done["detail"]} == done
    assert done["detail"] == f"{ref} is waived, 80.00 EUR (before: due, 80.00 EUR)"
    assert value(stored(s, WORK + "does.ics"), "SUMMARY").startswith("✗ Late cancel (waived) · ")
    again = act(c, ref, act="waive", reason="long a client")
    assert not again["changed"] and "already" in again["detail"]
    foretold = act(c, ref, act="undo", preview=True)
    done = act(c, ref, act="undo")
    assert done["changed"] and done["after"] == foretold["after"] and done["after"]["state"] == "due", done


def test_what_cannot_be(s):
    ref = late(s, "cannot")
    c = Console(s)
    act(c, ref, act="pay")
    problem(c.ask("POST", f"/fees/{ref}/acts", {"act": "dispute", "reason": "x"}), 409, "can't be disputed", name="act-unfit")
    problem(c.ask("POST", f"/fees/{ref}/acts", {"act": "dispute", "reason": "x", "preview": True}), 409)
    for body in ({}, {"act": "steal"}, {"act": 1}, {"act": "waive", "reason": "#paid"}, {"act": "waive", "reason": 5},
                 {"act": "waive", "reason": "x" * 201}, {"act": "adjust"}, {"act": "adjust", "amount": "-1"},
                 {"act": "pay", "reason": "x"}, {"act": "waive", "reason": "a\nb"}, {"act": "waive\0"}):
        problem(c.ask("POST", f"/fees/{ref}/acts", body), 400)
    for body in ({"act": "waive", "reason": "#paid"}, {"act": "adjust", "amount": "much"}, {"act": "adjust", "amount": "-1"}):
        problem(c.ask("POST", f"/fees/{ref}/acts", body), 400, name="act-words")
    r = c.ask("POST", f"/fees/{ref}/acts", b'{"act":', {"Content-Type": "application/json"})
    problem(r, 400, "JSON")
    problem(c.ask("POST", f"/fees/{ref}/acts", b"act=pay", {"Content-Type": "application/x-www-form-urlencoded"}), 415)
    problem(c.ask("POST", f"/fees/{ref}/acts", [1]), 400)
    problem(c.ask("POST", f"/fees/{ref}/acts", {"act": "ok"}, {"X-CSRF-Token": "x"}), 403)
    assert fees(s, "cannot")[-1]["state"] == "paid"


def test_several(s):
    refs = [late(s, f"several{n}") for n in range(2)]
    c = Console(s)
    act(c, refs[1], act="pay")
    o = c.post("/fees/acts", {"refs": refs, "act": "pay", "preview": True})["results"]
    assert [r["changed"] for r in o] == [True, False] and fees(s, "several0")[-1]["state"] == "due"
    o = c.post("/fees/acts", {"refs": refs, "act": "dispute", "reason": "all"})["results"]
    assert [r["changed"] for r in o] == [True, False] and "can't" in o[1]["detail"] and o[1]["after"] is None
    assert [r["problem"] for r in o] == [None, "act-unfit"]
    problem(c.ask("POST", "/fees/acts", {"refs": [refs[0], "AAAA-AAAA"], "act": "ok"}), 404)
    problem(c.ask("POST", "/fees/acts", {"refs": "x", "act": "ok"}), 400)
    problem(c.ask("POST", "/fees/acts", {"refs": refs * 300, "act": "ok"}), 400, "500")


def test_decisions(s):
    ref = late(s, "decide")
    c = Console(s)
    act(c, ref, act="dispute", reason="was ill")
    [d] = [d for d in c.get("/decisions")["decisions"] if d["ref"] == ref]
    assert (d["why"], d["class"], d["calendar"], d["name"], d["uid"]) == ("disputed", "late-cancel", "anna/appointments", "decide.ics", "decide")
    assert d["fee"] == {"minor": 8000, "currency": "EUR", "text": "80.00 EUR"}
    assert d["acts"] == ["ok", "pay", "waive", "emergency", "adjust", "undo"] and "mine" in d["appointment-acts"]
    act(c, ref, act="ok")
    assert ref not in json.dumps(c.get("/decisions"))


def test_words_about_an_appointment(s):
    ref = late(s, "mine")
    c = Console(s)
    body = {"calendar": "anna/appointments", "name": "mine.ics", "act": "mine"}
    with unchanged(s, WORK):
        foretold = c.post("/appointments/acts", {**body, "preview": True})
    assert foretold["preview"] and foretold["changed"], foretold
    done = c.post("/appointments/acts", body)
    assert done["changed"] and [f["class"] for f in done["entered"]] == [f["class"] for f in foretold["entered"]]
    assert fees(s, "mine")[0]["state"] == "void", (ref, fees(s, "mine"))
    assert "#me" not in stored(s, WORK + "mine.ics")
    for bad, status in (({**body, "act": "x"}, 400), ({**body, "name": "none.ics"}, 404), ({**body, "calendar": "anna/none"}, 404),
                        ({**body, "calendar": "paul/none"}, 404), ({**body, "occurrence": "20260101T000000Z"}, 404), ({"act": "mine"}, 400)):
        problem(c.ask("POST", "/appointments/acts", bad), status)


def test_events(s):
    ref = late(s, "shown")
    [fee] = fees(s, "shown")
    c = Console(s)
    day = fee["start"][:10]
    o = c.get("/events", since=day + "T00:00:00Z", until=day + "T23:59:59Z", calendar="anna/appointments")
    [e] = [e for e in o["events"] if e["uid"] == "shown"]
    assert (e["calendar"], e["name"], e["occurrence"], e["start"], e["end"]) == ("anna/appointments", "shown.ics", "", fee["start"], fee["end"])
    assert (e["class"], e["state"], e["ref"], e["freed"], e["all-day"]) == ("late-cancel", "due", ref, True, False)
    assert e["title"] == value(stored(s, WORK + "shown.ics"), "SUMMARY") and e["fee"]["minor"] == 8000
    assert not [e for e in c.get("/events", since="2001-01-01", until="2001-02-01")["events"]]
    for bad in (dict(), dict(since="2026-01-01"), dict(since="2026-01-01", until="2026-01-01"), dict(since="x", until="2026-01-01"),
                dict(since="2026-01-01", until="2027-06-01")):
        problem(c.ask("GET", "/events", **bad), 400)


def test_texts_are_texts(s):
    """T-11: what stands in a title comes as JSON, never as anything that a browser would take for a page."""
    ref = late(s, "hostile", title=HOSTILE + " 80 €")
    c = Console(s)
    for path, query in ((f"/fees/{ref}", {}), ("/fees", {"search": ref}), ("/clients", {}), ("/reports/month", {})):
        r = c.ask("GET", path, **query)
        assert r.headers["content-type"] == "application/json" and r.headers["x-content-type-options"] == "nosniff"
    assert "<script>" in c.get(f"/fees/{ref}")["fee"]["title"]
    rows = list(csv.DictReader(io.StringIO(c.ask("GET", "/exports/csv").text)))
    assert not [v for row in rows for v in row.values() if v[:1] in "=+@" and v]
    problem(c.ask("GET", "/reports/<script>".replace("<", "%3C").replace(">", "%3E")), 404)


def test_files(s):
    late(s, "files")
    c = Console(s)
    for name, kind in (("csv", "text/csv; charset=utf-8"), ("hledger", "text/plain; charset=utf-8"), ("ledger", "text/plain; charset=utf-8"),
                       ("beancount", "text/plain; charset=utf-8"), ("ics", "text/calendar; charset=utf-8")):
        r = c.ask("GET", f"/exports/{name}")
        assert r.status == 200 and r.headers["content-type"] == kind and r.headers["content-disposition"].startswith("attachment")
        want = s.dedit("fees", "--csv", "--owner", "anna") if name == "csv" else s.dedit("fees", "export", name, "--owner", "anna")
        plain = lambda text: [line for line in text.splitlines() if not re.match("REFRESH|X-PUBLISHED", line)]  # subscribers' alone
        assert plain(r.text) == plain(want.stdout)
    assert c.ask("GET", "/exports/csv", separator=";").text.splitlines()[0].count(";") > 5
    problem(c.ask("GET", "/exports/csv", separator="x"), 400)
    problem(c.ask("GET", "/exports/hledger", state="due"), 400)
    problem(c.ask("GET", "/exports/ics", since="2026-01-01"), 400)
    problem(c.ask("GET", "/exports/xls"), 404)


def test_reports(s):
    late(s, "report")
    c = Console(s)
    kinds = {k["name"]: k for k in c.get("/reports")["reports"]}
    assert kinds["audit"]["takes-uid"] and kinds["money"]["drawn"] and not kinds["decide"]["drawn"]
    for name in ("month", "money", "clients"):
        told = c.get(f"/reports/{name}", since="2020-01-01", until="2039-12-31")
        want = json.loads(s.dedit("report", name, "--owner", "anna", "--since", "2020-01-01", "--until", "2039-12-31", "--json").stdout)
        assert told == want, name
    problem(c.ask("GET", "/reports/none"), 404)
    problem(c.ask("GET", "/reports/audit"), 400)
    assert c.get("/reports/audit", uid="report")["report"] == "audit"
    problem(c.ask("GET", "/reports/month", since="x"), 400)


def test_clients(s):
    c = Console(s)
    o = c.get("/clients")
    table = json.loads(s.dedit("report", "clients", "--owner", "anna", "--json").stdout)["tables"][0]["rows"]
    assert [x["name"] for x in o["clients"]] == [r["client"] for r in table] and table
    for shown, row in zip(o["clients"], table):
        assert (shown["appointments"], shown["late"], shown["waived"]) == (row["appointments"], row["late"], row["waived"])
        assert (shown["reliability"] is None) == (row["reliability"] is None)
        assert shown["appointments"] >= 5 or shown["reliability"] is None


def test_words_about_one_date_of_a_series(s):
    """The date gets a component of its own, at its own time, without the rule; the others stay as they are."""
    prepare(s)
    rule = event("series", "XX", "YY", "Marc Petit 80 €", "RRULE:FREQ=DAILY;COUNT=5\r\nX-KEPT:1\r\n").replace(
        "DTSTART:XX", "DTSTART;TZID=Europe/Paris:20370610T100000").replace("DTEND:YY", "DURATION:PT50M")
    assert s.put(WORK + "series.ics", rule).status == 201
    c = Console(s)
    [e] = [e for e in c.get("/events", since="2037-06-12T00:00:00Z", until="2037-06-13T00:00:00Z")["events"] if e["uid"] == "series"]
    assert (e["start"], e["end"], e["zone"], e["occurrence"]) == ("2037-06-12T08:00:00Z", "2037-06-12T08:50:00Z", "Europe/Paris", "20370612T080000Z")
    body = {"calendar": "anna/appointments", "name": "series.ics", "occurrence": e["occurrence"], "act": "theirs"}
    before = stored(s, WORK + "series.ics")
    c.post("/appointments/acts", {**body, "preview": True})
    assert stored(s, WORK + "series.ics") == before
    c.post("/appointments/acts", body)
    master, override = unfold(stored(s, WORK + "series.ics")).split("BEGIN:VEVENT")[1:]
    assert "RRULE" in master and "RECURRENCE-ID" not in master and "#client" not in master
    for line in ("RECURRENCE-ID;TZID=Europe/Paris:20370612T100000", "DTSTART;TZID=Europe/Paris:20370612T100000",
                 "DTEND;TZID=Europe/Paris:20370612T105000", "UID:series", "X-KEPT:1"):
        assert line + "\r\n" in override, override
    assert "RRULE" not in override and "DURATION" not in override
    c.post("/appointments/acts", {**body, "act": "mine"})
    assert stored(s, WORK + "series.ics").count("BEGIN:VEVENT") == 2


def test_a_date_is_as_its_series_writes_it(s):
    """RFC 5545 3.8.4.4: the same form and zone; an alarm stays whole; a name with a colon stays in quotes."""
    prepare(s)
    zone = ('BEGIN:VTIMEZONE\r\nTZID:Room: 2\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0200\r\n'
            'TZOFFSETTO:+0200\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n')
    alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT5M\r\nREPEAT:2\r\nDURATION:PT1M\r\nEND:VALARM\r\n"
    rule = event("quoted", "XX", "YY", "Marc Petit 80 €", "RRULE:FREQ=DAILY;COUNT=5\r\n" + alarm).replace(
        "DTSTART:XX", 'DTSTART;VALUE=DATE-TIME;TZID="Room: 2":20370710T100000').replace(
        "DTEND:YY", "DURATION:PT50M").replace("BEGIN:VEVENT", zone + "BEGIN:VEVENT")
    assert s.put(WORK + "quoted.ics", rule).status == 201
    c = Console(s)
    c.post("/appointments/acts", {"calendar": "anna/appointments", "name": "quoted.ics", "occurrence": "20370712T080000Z", "act": "theirs"})
    override = unfold(stored(s, WORK + "quoted.ics")).split("BEGIN:VEVENT")[2]
    for line in ('RECURRENCE-ID;TZID="Room: 2":20370712T100000', 'DTSTART;TZID="Room: 2":20370712T100000',
                 'DTEND;TZID="Room: 2":20370712T105000'):
        assert line + "\r\n" in override, override
    assert alarm in override and override.count("DURATION") == 1, override


def test_a_date_behind_a_change_of_those_that_follow(s):
    """RFC 5545 3.2.13: what describes it is the override from which on it is so; it gets a component of its own all the same."""
    prepare(s)
    one = event("ranged", "20370810T080000Z", "20370810T090000Z", "Marc Petit 80 €", "RRULE:FREQ=DAILY;COUNT=5\r\n")
    two = event("ranged", "20370812T100000Z", "20370812T110000Z", "Marc Petit 80 €",
                "RECURRENCE-ID;RANGE=THISANDFUTURE:20370812T080000Z\r\n")
    both = one.replace("END:VCALENDAR\r\n", two[two.index("BEGIN:VEVENT"):])
    assert s.put(WORK + "ranged.ics", both).status == 201
    c = Console(s)
    c.post("/appointments/acts", {"calendar": "anna/appointments", "name": "ranged.ics", "occurrence": "20370813T080000Z", "act": "theirs"})
    override = unfold(stored(s, WORK + "ranged.ics")).split("BEGIN:VEVENT")[3]
    assert "RECURRENCE-ID:20370813T080000Z\r\n" in override and "DTSTART:20370813T100000Z\r\n" in override, override
    assert override.count("RECURRENCE-ID") == 1


def told_of(s, user, uid):
    day = stored(s, WORK + uid + ".ics").split("DTSTART:")[1][:8]
    day = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    [e] = [e for e in Console(s, user).get("/events", since=day + "T00:00:00Z", until=day + "T23:59:59Z")["events"] if e["uid"] == uid]
    return e


def test_who_reads_a_calendar_sees_no_fees(s):
    """architecture.md 15.5: a calendar that is shared shows appointments; what others owe is told to who may see fees."""
    ref = late(s, "others")
    anna = Console(s)
    assert anna.ask("PUT", "/calendars/anna/appointments/shares/zoe", {"access": "read"}).status == 204
    try:
        assert told_of(s, "anna", "others")["ref"] == ref
        shown = told_of(s, "zoe", "others")
        assert shown["title"] and (shown["ref"], shown["class"], shown["state"], shown["fee"], shown["freed"]) == ("", "", "", None, False)
        s.dedit("delegate", "anna", "zoe", "read")
        assert told_of(s, "zoe", "others")["ref"] == ref
    finally:
        s.dedit("delegate", "anna", "zoe", "none")
        anna.ask("DELETE", "/calendars/anna/appointments/shares/zoe")


def test_floating_times_are_the_calendars(s):
    """policy.md 3.2: in the calendar's own zone if it has one, else in its policy's."""
    from dav import proppatch

    prepare(s)
    zone = "BEGIN:VCALENDAR&#13;\nVERSION:2.0&#13;\nPRODID:x&#13;\nBEGIN:VTIMEZONE&#13;\nTZID:Asia/Tokyo&#13;\nBEGIN:STANDARD&#13;\n" \
           "DTSTART:19700101T000000&#13;\nTZOFFSETFROM:+0900&#13;\nTZOFFSETTO:+0900&#13;\nEND:STANDARD&#13;\nEND:VTIMEZONE&#13;\nEND:VCALENDAR&#13;\n"
    c = Console(s)

    def start():
        o = c.get("/events", since="2037-09-09T00:00:00Z", until="2037-09-12T00:00:00Z", calendar="anna/second")
        return min(e["start"] for e in o["events"] if e["uid"] == "floating")

    second = WORK.replace("appointments", "second")
    rule = event("floating", "20370910T100000", "20370910T110000", "Marc Petit 80 €", "RRULE:FREQ=DAILY;COUNT=3\r\n")
    assert s.put(second + "floating.ics", rule).status == 201
    assert start() == "2037-09-10T08:00:00Z"
    r = s.request("PROPPATCH", second, proppatch(f"<C:calendar-timezone>{zone}</C:calendar-timezone>"))
    assert r.status == 207 and "200 OK" in r.text, r
    try:
        assert start() == "2037-09-10T01:00:00Z"
        c.post("/appointments/acts", {"calendar": "anna/second", "name": "floating.ics", "occurrence": "20370911T010000Z", "act": "theirs"})
    finally:
        s.request("PROPPATCH", second, proppatch(remove="<C:calendar-timezone/>"))
    assert "RECURRENCE-ID:20370911T100000\r\n" in stored(s, second + "floating.ics")


def test_nothing_is_offered_that_cannot_be_done(s):
    """What is offered about a date that is gone would find nothing; who may not write is offered nothing."""
    prepare(s)
    uid = "gone-date"
    rule = event(uid, in_hours(20), in_hours(21), "Marc Petit 80 €", "RRULE:FREQ=DAILY;COUNT=3\r\n")
    assert s.put(WORK + uid + ".ics", rule).status == 201
    occurrence = in_hours(20)
    assert s.put(WORK + uid + ".ics", rule.replace("RRULE", f"EXDATE:{occurrence}\r\nRRULE")).status == 204
    c = Console(s)
    ref = fees(s, uid)[0]["ref"]
    act(c, ref, act="dispute", reason="was ill")

    def decision(c):
        [d] = [d for d in c.get("/decisions", owner="anna")["decisions"] if d["ref"] == ref]
        return d

    d = decision(c)
    assert (d["name"], d["occurrence"], d["appointment-acts"]) == (uid + ".ics", occurrence, []) and d["acts"], d
    problem(c.ask("POST", "/appointments/acts", {"calendar": d["calendar"], "name": d["name"], "occurrence": occurrence, "act": "mine"}), 404)
    s.dedit("delegate", "anna", "zoe", "read")
    try:
        assert decision(Console(s, "zoe"))["acts"] == []
    finally:
        s.dedit("delegate", "anna", "zoe", "none")
        act(c, ref, act="ok")
