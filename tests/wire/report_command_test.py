"""`dedit report` (doc/policy.md 5.2) after a year that this file makes up, books and cancels hour by hour.
What is expected is counted here, from what was done, not from what the server says of it."""

import collections
import contextlib
import csv
import datetime
import io
import json
import math
import random
import xml.etree.ElementTree as ET
import zoneinfo

from dav import HOME
from dedit_wire import Server, event

SLOW = PLAIN = True

EXTRA = """
policy "therapy" {
    timezone = "Europe/Paris" currency = "EUR" price = "80 EUR" owner-changes = client late-move = same
    tiers = { "24h 100%" } no-show = "100% wait 15m until 14d" owner-late = "24h credit 20%"
}
calendar "anna/appointments" { policy = "therapy" }
"""
UTC, PARIS = datetime.timezone.utc, zoneinfo.ZoneInfo("Europe/Paris")
SERVER = {"extra": EXTRA, "clock": "2026-01-01T08:00:00Z"}
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
NOW = datetime.datetime(2026, 12, 20, 12, tzinfo=UTC)
CLIENTS = ("Marie Durand", "Élodie <b>&amp; Fils", "Zoé", "Jean \"=cmd\" Petit", "王芳")
KINDS = ("kept", "kept", "kept", "early", "late", "late-moved", "early-moved", "absent", "owner", "owner-late",
         "emergency", "waived", "paid", "kept")
WORK = HOME + "appointments/"


class Year:
    """times: (when, what) in order. slots: one a time held: client, start, end, how, acquired, lost."""

    def __init__(self):
        self.actions, self.slots = [], []
        dice = random.Random(2026)
        day = datetime.datetime(2026, 2, 2, tzinfo=UTC)
        for n in range(70):
            start = day + DAY * (n * 4) + HOUR * dice.randrange(8, 18)
            lead = DAY * dice.randrange(4, 30) + HOUR
            self.appointment(n, dice.choice(CLIENTS), start, start - lead, dice.choice(KINDS), dice)
        self.actions.sort(key=lambda a: a[0])

    def do(self, when, uid, client, start, *lines, title=""):
        self.actions.append((when, uid, client + title, start, lines))

    def slot(self, client, start, acquired, how, lost=None, fee=None):
        self.slots.append({"client": client, "start": start, "end": start + HOUR, "how": how,
                           "acquired": acquired, "ended": min(lost or start + HOUR, start + HOUR), "fee": fee})

    def appointment(self, n, client, start, booked, kind, dice):
        uid = f"a{n}"
        self.do(booked, uid, client, start)
        hours = dice.choice((1, 3, 10, 20))
        late, early = start - HOUR * hours, start - HOUR * dice.choice((25, 40, 90))
        cancel = "STATUS:CANCELLED"
        if kind == "kept":
            self.slot(client, start, booked, "kept")
        elif kind == "early":
            self.do(early, uid, client, start, cancel)
            self.slot(client, start, booked, "early", early)
        elif kind in ("late", "emergency", "waived", "paid"):
            self.do(late, uid, client, start, cancel)
            state = {"late": "due", "paid": "paid"}.get(kind, "waived")
            if kind != "late":
                word = "#" + {"emergency": "emergency", "waived": "waive", "paid": "paid"}[kind]
                self.do(late + HOUR / 2, uid, client, start, cancel, "DESCRIPTION:" + word)
            self.slot(client, start, booked, "emergency" if kind == "emergency" else "late", late, state)
        elif kind in ("late-moved", "early-moved"):
            when, then = (late, "late") if kind == "late-moved" else (early, "early")
            other = start + DAY * 7 + HOUR * 10  # in the evening: nobody else has that time
            self.do(when, uid, client, other)
            self.slot(client, start, booked, then + "-move", when, "due" if then == "late" else None)
            self.slot(client, other, when, "kept")
        elif kind == "absent":
            self.do(start + HOUR, uid, client, start, title=" #noshow")
            self.slot(client, start, booked, "absent", fee="due")
        else:
            when = start - HOUR * (30 if kind == "owner" else 5)
            self.do(when, uid, client, start, cancel, "DESCRIPTION:#me")
            self.slot(client, start, booked, kind, when)


YEAR = Year()


def text(when):
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def escaped(title):
    return title.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def live(s):
    """The year passes once, for all tests."""
    if getattr(s, "lived", False):
        return
    s.lived = True
    s.dedit("calendar", "add", "anna/appointments")
    for when, uid, title, start, lines in YEAR.actions:
        s.set_clock(text(when))
        stamp = start.strftime("%Y%m%dT%H%M%SZ")
        end = (start + HOUR).strftime("%Y%m%dT%H%M%SZ")
        body = event(uid, stamp, end, escaped(title), "".join(line + "\r\n" for line in lines))
        r = s.put(f"{WORK}{uid}.ics", body)
        assert r.status in (201, 204), r
    s.set_clock(text(NOW))


def report(s, name, *args):
    live(s)
    found = json.loads(s.dedit("report", name, *args, "--json").stdout)
    assert found["report"] == name and found["owner"] == "anna" and found["zone"] == "Europe/Paris", found
    return {t["name"]: t["rows"] for t in found["tables"]}


def in_year(slot):
    """The last 365 days, today included, in the policy's zone."""
    return slot["ended"].astimezone(PARIS).date() > NOW.astimezone(PARIS).date() - DAY * 365


def counted():
    """What reliability is about: ended, without the owner's and emergencies."""
    return [x for x in YEAR.slots if in_year(x) and x["how"] in
            ("kept", "early", "early-move", "late", "late-move", "absent")]


def wilson(k, n, z=1.2816):
    p = k / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return middle - half, middle + half


def near(a, b):
    return a is not None and abs(a - b) <= 0.0001


def check_share(row, k, n, name="rate"):
    assert near(row[name], k / n), (row, k, n)
    if n < 5:
        assert row["low"] is None and row["high"] is None, row
    else:
        low, high = wilson(k, n)
        assert near(row["low"], low) and near(row["high"], high), (row, low, high)


GOOD = ("kept", "early", "early-move")
LATE = ("late", "late-move")


def test_the_list_of_reports(s):
    live(s)
    lines = s.dedit("report").stdout.splitlines()
    assert [line.split()[0] for line in lines][:5] == ["month", "decide", "money", "notice", "when"], lines
    assert all(len(line.split()) > 2 for line in lines)


def test_clients_and_their_reliability(s):
    rows = {r["client"]: r for r in report(s, "clients")["clients"]}
    assert set(rows) == set(CLIENTS), rows
    for client in CLIENTS:
        mine = [x for x in counted() if x["client"] == client]
        how = collections.Counter(x["how"] for x in mine)
        r = rows[client]
        assert r["appointments"] == len(mine), (r, how)
        assert r["kept"] == how["kept"] and r["absent"] == how["absent"], (r, how)
        assert r["in-time"] == how["early"] + how["early-move"], (r, how)
        assert r["late"] == how["late"] + how["late-move"] and r["held-moves"] == 0, (r, how)
        check_share(r, sum(how[g] for g in GOOD), len(mine), "reliability")


def test_none_below_five(s):
    live(s)
    mine = sorted((x for x in counted() if x["client"] == "Zoé"), key=lambda x: x["ended"])
    until = mine[3]["ended"].astimezone(PARIS).date().isoformat()  # four so far
    assert mine[4]["ended"].astimezone(PARIS).date().isoformat() > until
    rows = report(s, "clients", "--client", "zoe", "--since", "2026-01-01", "--until", until)["clients"]
    assert len(rows) == 1 and rows[0]["appointments"] == 4, rows
    assert rows[0]["reliability"] is None and rows[0]["low"] is None, rows


def fees(*how):
    return [x for x in YEAR.slots if x["fee"] and (not how or x["fee"] in how)]


def happened(slot):
    """When the incident was: an absence is entered an hour after the start."""
    return slot["ended"] if slot["how"] != "absent" else slot["start"] + HOUR


def test_money_by_month_and_age(s):
    tables = report(s, "money", "--since", "2026-01-01", "--until", "2026-12-31")
    for r in tables["months"]:
        of = [x for x in fees() if happened(x).astimezone(PARIS).strftime("%Y-%m") == r["month"]]
        state = collections.Counter(x["fee"] for x in of)
        assert r["currency"] == "EUR" and r["assessed"] == 8000 * len(of), (r, state)
        assert (r["paid"], r["open"], r["waived"]) == tuple(8000 * state[k] for k in ("paid", "due", "waived")), r
    assert sum(r["assessed"] for r in tables["months"]) == 8000 * len(fees())
    (age,) = tables["ageing"]
    days = [(NOW.astimezone(PARIS).date() - happened(x).astimezone(PARIS).date()).days for x in fees("due")]
    assert age["0-30"] == 8000 * sum(d <= 30 for d in days)
    assert age["31-60"] == 8000 * sum(30 < d <= 60 for d in days)
    assert age["61-90"] == 8000 * sum(60 < d <= 90 for d in days)
    assert age["over-90"] == 8000 * sum(d > 90 for d in days)
    assert age["total"] == 8000 * len(days)


def test_month(s):
    for month in ("2026-05", "2026-09"):
        rows = report(s, "month", "--month", month)["incidents"]
        got = sorted((r["start"], r["client"], r["state"], r["fee"]) for r in rows if r["fee"])
        wanted = sorted((text(x["start"]), x["client"], x["fee"], 8000) for x in fees()
                        if happened(x).astimezone(PARIS).strftime("%Y-%m") == month)
        assert got == wanted and wanted, (got, wanted)
        for r in rows:
            assert ("#paid" in r["words"]) == (r["state"] == "due"), r


def test_notice(s):
    edges = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
    lost = [x for x in counted() if x["how"] in ("early", "early-move") + LATE]
    tables = report(s, "notice")
    sofar = 0
    for r, low, high in zip(tables["notice"], edges, edges[1:] + (10**9,)):
        of = [x for x in lost if low <= (x["start"] - x["ended"]) / HOUR < high]
        # an emergency is a late cancellation, too
        more = [x for x in YEAR.slots if x["how"] == "emergency" and in_year(x)
                and low <= (x["start"] - x["ended"]) / HOUR < high]
        assert r["at-least"] == low * 3600
        assert r["moved"] == sum("move" in x["how"] for x in of), r
        assert r["cancelled"] == len(of) + len(more) - r["moved"], r
        sofar += len(of) + len(more)
        total = len(lost) + sum(x["how"] == "emergency" and in_year(x) for x in YEAR.slots)
        assert near(r["cumulative"], sofar / total), (r, sofar, total)
    assert {t["asked-for"] for t in tables["tiers"]} == {86400}, tables


def test_when(s):
    cells = collections.defaultdict(collections.Counter)
    for x in counted():
        local = x["start"].astimezone(PARIS)
        cells[local.strftime("%a"), local.hour][x["how"]] += 1
    rows = report(s, "when")["when"]
    assert {(r["weekday"], r["hour"]) for r in rows} == set(cells)
    for r in rows:
        how = cells[r["weekday"], r["hour"]]
        late = how["late"] + how["late-move"]
        assert (r["appointments"], r["late"], r["absent"]) == (sum(how.values()), late, how["absent"]), r
        check_share(r, late + how["absent"], sum(how.values()))


def test_ourselves(s):
    tables = report(s, "ourselves")
    own, clients = tables["cancelled-or-moved"]
    ended = [x for x in YEAR.slots if in_year(x)]
    mine = [x for x in ended if x["how"].startswith("owner")]
    assert own["who"] == "anna" and own["appointments"] == len(ended) == clients["appointments"]
    assert own["cancelled"] == len(mine) and own["moved"] == 0
    assert own["late"] == sum(x["how"] == "owner-late" for x in mine)
    check_share(own, len(mine), len(ended))
    lost = [x for x in ended if x["how"] in ("early", "early-move", "emergency") + LATE]
    assert clients["moved"] == sum("move" in x["how"] for x in lost)
    check_share(clients, len(lost), len(ended))
    (credit,) = tables["credits"]
    assert credit["credits"] == own["late"] and credit["credited"] == 1600 * own["late"], credit  # 20 % of 80.00


def test_effect(s):
    tables = report(s, "effect")
    weeks = collections.defaultdict(collections.Counter)
    for x in counted():
        day = x["ended"].astimezone(PARIS).date()
        weeks[(day - DAY * day.weekday()).isoformat()][x["how"]] += 1
    assert {r["week"] for r in tables["weeks"] if r["appointments"]} == set(weeks)
    for r in tables["weeks"]:
        how = weeks[r["week"]]
        bad = how["late"] + how["late-move"] + how["absent"]
        assert r["appointments"] == sum(how.values()), r
        if sum(how.values()):
            check_share(r, bad, sum(how.values()))
    assert [v["policy"] for v in tables["versions"]] == ["therapy"], tables
    assert tables["versions"][0]["first-used"] == min(x["acquired"] for x in YEAR.slots).date().isoformat()


def test_slots(s):
    rows = report(s, "slots", "--since", "2026-01-01", "--until", "2026-12-31")["slots"]
    freed = [x for x in YEAR.slots if x["how"] in ("early", "early-move", "emergency") + LATE]
    got = sorted((r["start"], r["client"], r["warning"], r["outcome"], r["value"]) for r in rows)
    wanted = sorted((text(x["start"]), x["client"], int((x["start"] - x["ended"]).total_seconds()), "lost", 8000)
                    for x in freed)
    assert got == wanted, (got, wanted)


def test_waivers(s):
    tables = report(s, "waivers")
    emergency = sum(x["how"] == "emergency" for x in YEAR.slots)
    waived = len(fees("waived"))
    assert {r["name"]: r["count"] for r in tables["by-reason"]} == {
        "emergency": emergency, "goodwill": waived - emergency}, tables
    assert [(r["name"], r["count"], r["waived"]) for r in tables["by-whom"]] == [("anna", waived, 8000 * waived)]
    assert {r["name"]: r["count"] for r in tables["by-client"]} == collections.Counter(
        x["client"] for x in fees("waived"))


def test_lead_time(s):
    leads = ((0, "same day"), (1, "1"), (2, "2-3"), (4, "4-7"), (8, "8-14"), (15, "15-30"), (31, "31-60"),
             (61, "over 60"))
    count = collections.defaultdict(lambda: [0, 0])
    for x in counted():
        if x["how"] in ("kept", "absent"):
            days = (x["start"].astimezone(PARIS).date() - x["acquired"].astimezone(PARIS).date()).days
            name = [label for least, label in leads if days >= least][-1]
            count[name][0] += 1
            count[name][1] += x["how"] == "absent"
    rows = report(s, "lead")["lead"]
    assert {r["days"]: [r["appointments"], r["absent"]] for r in rows} == count, rows
    for r in rows:
        check_share(r, r["absent"], r["appointments"])


def test_review(s):
    since = NOW.astimezone(PARIS).date() - DAY * 182
    tables = report(s, "review")
    for client in CLIENTS:
        mine = [x for x in counted() if x["client"] == client and x["ended"].astimezone(PARIS).date() >= since]
        rows = tables[client]
        assert sum(r["appointments"] for r in rows) == len(mine), (client, rows)
        for r in rows:
            of = [x for x in mine if x["ended"].astimezone(PARIS).strftime("%Y-%m") == r["month"]]
            assert r["kept"] == sum(x["how"] == "kept" for x in of), r
            assert r["absent"] == sum(x["how"] == "absent" for x in of), r
    billed = {r["client"]: r["assessed"] for r in tables["fees"]}
    assert billed == {c: 8000 * n for c, n in collections.Counter(
        x["client"] for x in fees() if happened(x).astimezone(PARIS).date() >= since).items()}


def test_audit(s):
    live(s)
    uid = next(a[1] for a in YEAR.actions if a[4] == ("STATUS:CANCELLED", "DESCRIPTION:#waive"))
    rows = report(s, "audit", "--uid", uid)["entries"]
    when = [text(a[0]) for a in YEAR.actions if a[1] == uid]
    told = [r for r in rows if r["kind"] != "words" and r["kind"] != "shown"]
    assert [r["when"] for r in told] == when, (rows, when)
    assert [(r["kind"], r["state"]) for r in told] == [("slot", ""), ("late-cancel", "due"),
                                                       ("late-cancel", "waived")], rows
    assert told[2]["reason"] == "goodwill" and told[2]["word"] == "waive" and told[2]["actor"] == "anna", told


def names(s):
    live(s)
    return [line.split()[0] for line in s.dedit("report").stdout.splitlines()]


def pictured(s):
    live(s)
    return [line.split()[0] for line in s.dedit("report").stdout.splitlines() if line.endswith("(--svg)")]


def extra(s, name):
    return ("--uid", YEAR.actions[0][1]) if name == "audit" else ()


def test_pictures_are_well_formed(s):
    assert set(pictured(s)) >= {"money", "notice", "when", "clients", "ourselves", "effect", "slots", "waivers",
                                "lead", "review", "audit"}
    for name in pictured(s):
        path = s.folder / (name + ".svg")
        s.dedit("report", name, *extra(s, name), "--svg", path)
        root = ET.parse(path).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg", name
        kinds = collections.Counter(e.tag.rpartition("}")[2] for e in root.iter())
        assert kinds["text"] > 3 and kinds["rect"] + kinds["circle"] + kinds["polyline"] > 2, (name, kinds)
        assert not any(bad in path.read_text() for bad in ("nan", "inf", "<b>", "NaN")), name
    shown = " ".join((s.folder / "clients.svg").read_text().split())
    assert "Élodie &lt;b&gt;&amp;amp; Fils" in shown and "Jean &quot;=cmd&quot; Petit" in shown, shown


def test_a_picture_is_written_when_the_report_is(s):
    live(s)
    path = s.folder / "kept.svg"
    path.write_text("what was there")
    r = s.dedit("report", "month", "--svg", path, check=False)
    assert r.returncode == 2 and path.read_text() == "what was there", r
    for args in (("month",), ("money", "--csv", "--table", "nope")):
        assert s.dedit("report", *args, "--svg", s.folder / "none.svg", check=False).returncode == 2
        assert not (s.folder / "none.svg").exists(), args
    s.dedit("report", "money", "--svg", path)
    assert path.read_text().startswith("<?xml") and path.read_text().endswith("</svg>\n")
    assert s.dedit("report", "money", "--svg", s.folder / "no" / "such.svg", check=False).returncode == 1


def test_tables_and_csv(s):
    for name in names(s):
        shown = s.dedit("report", name, *extra(s, name)).stdout
        assert shown.startswith("anna: "), shown
        rows = list(csv.reader(io.StringIO(s.dedit("report", name, *extra(s, name), "--csv").stdout)))
        assert len({len(r) for r in rows}) == 1, (name, rows)
    rows = list(csv.DictReader(io.StringIO(s.dedit("report", "money", "--csv", "--table", "ageing",
                                                  "--separator", ";").stdout), delimiter=";"))
    assert [r["currency"] for r in rows] == ["EUR"], rows


def test_amounts_have_a_currency(s):
    """Minor units alone say nothing to a program."""
    other = s.folder / "cheaper.conf"
    other.write_text(EXTRA.replace("24h 100%", "24h 50%"))
    live(s)
    charged = next(f["uid"] for f in json.loads(s.dedit("fees", "--json").stdout) if f["fee"])
    for name, table, money, more in (
        ("month", "incidents", "fee", ("--month", "2026-05")), ("slots", "slots", "value", ()),
        ("audit", "entries", "fee", ("--uid", charged)), ("replay", "different", "fee-after", ("--policy", other)),
    ):
        rows = [r for r in report(s, name, *more)[table] if r[money] is not None]
        assert rows and {r["currency"] for r in rows} <= {"EUR", ""}, (name, rows)
        assert all(r["currency"] == "EUR" for r in rows if r[money]), (name, rows)


def test_decide_has_the_currency(s):
    live(s)
    head = s.dedit("report", "decide", "--csv").stdout.splitlines()[0]
    assert head == "why,until,start,client,what,currency,fee,ref,words", head


def test_reading_changes_nothing(s):
    live(s)
    before = s.dedit("fees", "--json").stdout
    for name in names(s):
        s.dedit("report", name, *extra(s, name))
    assert s.dedit("fees", "--json").stdout == before


def test_wrong_arguments(s):
    live(s)
    for args in (("weather",), ("money", "notice"), ("money", "--since", "today"), ("money", "--json", "--csv"),
                 ("money", "--table", "months"), ("audit",), ("month", "--state", "due"),
                 ("money", "--csv", "--table", "nope")):
        r = s.dedit("report", *args, check=False)
        assert r.returncode == 2 and r.stderr, (args, r)
    assert s.dedit("report", "audit", "--uid", "nope", check=False).returncode == 1


BASE = 'timezone = "Europe/Paris" currency = "EUR" price = "80 EUR" tiers = { "24h 100%" }'
OTHERS = f"""
policy "client" {{ {BASE} owner-changes = client link-check = "2d" }}
policy "propose" {{ {BASE} owner-changes = propose }}
policy "review" {{ {BASE} owner-changes = client review = "24h" }}
calendar "anna/client" {{ policy = "client" }}
calendar "anna/propose" {{ policy = "propose" }}
calendar "anna/review" {{ policy = "review" }}
"""


@contextlib.contextmanager
def other_server():
    with Server(extra=OTHERS, users=("anna",), clock="2026-06-01T08:00:00Z") as s:
        s.lived = True
        for name in ("client", "propose", "review"):
            s.dedit("calendar", "add", "anna/" + name)
        yield s


def put(s, calendar, uid, start, title, extra=""):
    end = (datetime.datetime.strptime(start, "%Y%m%dT%H%M%SZ") + HOUR).strftime("%Y%m%dT%H%M%SZ")
    r = s.put(f"{HOME}{calendar}/{uid}.ics", event(uid, start, end, title, extra))
    assert r.status in (201, 204), r


def test_dates_of_a_series_to_which_nothing_happened(_):
    with other_server() as s:
        rule = "RRULE:FREQ=WEEKLY;COUNT=10\r\n"
        put(s, "client", "weekly", "20260603T080000Z", "Marie", rule)
        s.set_clock("2026-06-16T20:00:00Z")  # 12 hours before the third date
        put(s, "client", "weekly", "20260603T080000Z", "Marie", rule + "EXDATE:20260617T080000Z\r\n")
        s.set_clock("2026-07-01T12:00:00Z")  # the fifth is over
        (row,) = report(s, "clients")["clients"]
        assert (row["appointments"], row["kept"], row["late"]) == (5, 4, 1), row
        check_share(row, 4, 5, "reliability")
        assert s.request("DELETE", HOME + "client/weekly.ics").status == 204
        (row,) = report(s, "clients")["clients"]
        # Which of the first five were kept isn't known any more; the five to come were given up in time.
        assert (row["kept"], row["in-time"], row["late"]) == (0, 5, 1), row
        notes = json.loads(s.dedit("report", "clients", "--json").stdout)["notes"]
        assert any("1 series" in n and "isn't known" in n for n in notes), notes


def test_what_waits_for_the_owner(_):
    with other_server() as s:
        cancel = "STATUS:CANCELLED\r\n"
        start = "20260610T080000Z"
        for calendar in ("client", "propose", "review"):
            put(s, calendar, calendar, start, "Client of " + calendar)
        put(s, "review", "later", "20260612T080000Z", "Later")
        put(s, "client", "words", start.replace("08", "12", 1), "Words")
        s.set_clock("2026-06-10T05:00:00Z")
        for calendar in ("client", "propose", "review"):
            put(s, calendar, calendar, start, "Client of " + calendar, cancel)
        put(s, "client", "client", start, "Client of client", cancel + "DESCRIPTION:#dispute\r\n")
        put(s, "client", "words", "20260610T120000Z", "Words", "DESCRIPTION:#noshow #attended\r\n")
        s.set_clock("2026-06-11T01:00:00Z")
        put(s, "review", "later", "20260612T080000Z", "Later", cancel)
        # The review of the first ends today, at 05:00Z; that of the second tomorrow.
        s.set_clock("2026-06-11T04:00:00Z")
        rows = report(s, "decide")["decide"]
        got = sorted((r["why"], r["client"], r["until"]) for r in rows if r["why"] != "not understood")
        assert got == [("disputed", "Client of client", None), ("proposed", "Client of propose", None),
                       ("review ends", "Client of review", "2026-06-11T05:00:00Z")], rows
        (words,) = [r for r in rows if r["why"] == "not understood"]
        assert "noshow" in words["what"] and words["ref"] == "words", words
        assert "#ok" in next(r["words"] for r in rows if r["why"] == "proposed")
        put(s, "client", "words", "20260610T120000Z", "Words")  # taken out: nothing to understand any more
        assert not [r for r in report(s, "decide")["decide"] if r["why"] == "not understood"]


def test_replay_under_the_policies_in_force(s):
    live(s)
    tables = report(s, "replay", "--since", "2026-01-01")
    assert tables["different"] == [], tables  # it is the same policy still
    for r in tables["clients"]:
        of = [x for x in fees() if x["client"] == r["client"]]
        owed = 1600 * sum(x["how"] == "owner-late" and x["client"] == r["client"] for x in YEAR.slots)
        assert r["before"] == r["after"] == 8000 * len(of) - owed and r["difference"] == 0, (r, owed)


def test_replay_under_a_file(s):
    live(s)
    path = s.folder / "next.conf"
    path.write_text(EXTRA.replace('"24h 100%" }', '"24h 50%" }'))
    tables = report(s, "replay", "--since", "2026-01-01", "--policy", path)
    lost = [x for x in fees() if x["how"] != "absent"]
    assert len(tables["different"]) == len(lost), tables
    assert all(r["fee-before"] == 8000 and r["fee-after"] == 4000 for r in tables["different"]), tables
    rows = {r["client"]: r for r in tables["clients"]}
    for client, n in collections.Counter(x["client"] for x in lost).items():
        assert rows[client]["different"] == n and rows[client]["difference"] == -4000 * n, rows[client]
    picture = s.folder / "replay.svg"
    s.dedit("report", "replay", "--policy", path, "--svg", picture)
    assert ET.parse(picture).getroot().tag.endswith("svg")
    assert "".join(picture.read_text().split()).count("<circle") >= 2 * len(rows)
    path.write_text('policy "therapy" { tiers = "soon" }')
    r = s.dedit("report", "replay", "--policy", path, check=False)
    assert r.returncode == 1 and "tiers" in r.stderr, r
    for args in (("money", "--policy", path), ("money", "--uid", "a1")):
        assert s.dedit("report", *args, check=False).returncode == 2


def test_video_appointments_without_a_link(_):
    with other_server() as s:
        put(s, "client", "bare", "20260610T080000Z", "Marie #video")
        put(s, "client", "linked", "20260610T100000Z", "Zoé #video", "URL:https://meet.example.org/1\r\n")
        put(s, "client", "here", "20260610T120000Z", "Jean")
        put(s, "propose", "unasked", "20260610T140000Z", "Ana #video")  # that policy has no link-check
        s.set_clock("2026-06-08T07:59:59Z")
        assert report(s, "links")["links"] == []  # two days before, to the second: not yet
        s.set_clock("2026-06-08T08:00:01Z")
        rows = report(s, "links")["links"]
        assert [(r["start"], r["client"], r["calendar"], r["event"], r["asked-since"]) for r in rows] == [
            ("2026-06-10T08:00:00Z", "Marie", "client", "bare", "2026-06-08T08:00:00Z")], rows
        put(s, "client", "bare", "20260610T080000Z", "Marie #video", "URL:https://meet.example.org/2\r\n")
        assert report(s, "links")["links"] == []
