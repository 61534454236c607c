#!/usr/bin/python3
"""Compares the recurrence expander with python3-dateutil.

usage: compare.py [--seed N] [--rules N] path/to/expand_cli

Random rules (seeded), the shapes that calendar programs write, and windows far from DTSTART.
Where dateutil departs from RFC 5545 the table ERRS says when precisely and why, and the rule is
put to dateutil in a form that it reads as the RFC means it; nothing is left out of the comparison.
"""
import argparse
import random
import signal
import subprocess
import sys
import types
from datetime import datetime, timedelta

import dateutil.rrule
from dateutil.rrule import rrulestr

DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
LIMIT = 400


class TooLong(Exception):
    pass


def parse(text):
    return dict(part.split("=", 1) for part in text.split(";"))


def join(parts):
    return ";".join(f"{k}={v}" for k, v in parts.items())


# ---- where dateutil errs ----
# Each row: name, RFC text that proves it, when(parts, start) and put(parts, start): the rule
# (and start) as dateutil has to be asked. COUNT and DTSTART are dealt with in reference().

def derives_weekday(parts, start):
    return (parts["FREQ"] == "YEARLY" and "BYWEEKNO" in parts
            and not any(p in parts for p in ("BYDAY", "BYMONTHDAY", "BYYEARDAY")))


def add_weekday(parts, start):
    return {**parts, "BYDAY": DAYS[start.weekday()]}, start


def numbered(day):
    return len(day) > 2


def mixes_numbers(parts, start):
    days = parts.get("BYDAY", "").split(",")
    return (parts["FREQ"] in ("MONTHLY", "YEARLY") and any(map(numbered, days))
            and not all(map(numbered, days)))


def number_all(parts, start):
    last = 53 if parts["FREQ"] == "YEARLY" and "BYMONTH" not in parts else 5
    days = []
    for day in parts["BYDAY"].split(","):
        days += [day] if numbered(day) else [f"{n}{day}" for n in range(1, last + 1)]
    return {**parts, "BYDAY": ",".join(days)}, start


def cuts_first_week(parts, start):
    return parts["FREQ"] == "WEEKLY" and "BYSETPOS" in parts


def begin_week(parts, start):
    whole = {"BYDAY": DAYS[start.weekday()], "BYHOUR": start.hour, "BYMINUTE": start.minute,
             "BYSECOND": start.second}
    into = (start.weekday() - DAYS.index(parts.get("WKST", "MO"))) % 7
    return {**whole, **parts}, (start - timedelta(days=into)).replace(hour=0, minute=0, second=0)


ERRS = [
    ("BYWEEKNO without a day gives all seven days of the week",
     "3.3.10: Information, not contained in the rule, necessary to determine the various recurrence "
     "instance start time and dates are derived from the Start Time (DTSTART)",
     derives_weekday, add_weekday),
    ("BYDAY with and without numbers (TU,-2MO) gives only what both allow",
     "3.3.10: The BYDAY rule part specifies a COMMA-separated list of days of the week; each of them "
     "may be preceded by an integer",
     mixes_numbers, number_all),
    ("BYSETPOS of the first week counts from DTSTART, not from the week's first day",
     "3.3.10: BYSETPOS operates on a set of recurrence instances in one interval of the recurrence "
     "rule; ... For a WEEKLY rule, the interval would be one week",
     cuts_first_week, begin_week),
]


START = "DTSTART is left out if the rule doesn't give it"  # 3.8.5.3: "counts as the first occurrence"
WEEKS = "BYWEEKNO misses or misnumbers weeks at the edges of a year"  # see week_times()


def week(day, wkst):
    """(week from 1, week from the end, as a negative number) of the week that holds a day."""
    def first(year):
        jan4 = datetime(year, 1, 4)
        return jan4 - timedelta(days=(jan4.weekday() - wkst) % 7)
    year = day.year + (day >= first(day.year + 1)) - (day < first(day.year))
    n = (day - first(year)).days // 7 + 1
    return n, n - (first(year + 1) - first(year)).days // 7 - 1


def by_week(parts):
    return parts["FREQ"] == "YEARLY" and "BYWEEKNO" in parts


def week_wanted(parts, t):
    wanted = {int(n) for n in parts["BYWEEKNO"].split(",")}
    return bool(wanted & set(week(datetime(t.year, t.month, t.day), DAYS.index(parts.get("WKST", "MO")))))


def choose(times, positions):
    """BYSETPOS: of the set of one year."""
    n = len(times)
    return [t for i, t in enumerate(times) if i + 1 in positions or i - n in positions]


def week_times(parts, start, last):
    """A yearly rule with BYWEEKNO, for dateutil misjudges both edges of a year: days of the next year's
    week 1 are no -52 or -53 to it, and the week before week 1 has the wrong number in some years
    (2 January 2011 as week 53 of 2010, which has 52). RFC 5545 3.3.10: "Valid values are 1 to 53 or
    -53 to -1. This corresponds to weeks according to week numbering as defined in [ISO.8601.2004]".
    So the edges are asked for without BYWEEKNO and judged by week(), and BYSETPOS comes last."""
    parts = {"BYHOUR": start.hour, "BYMINUTE": start.minute, "BYSECOND": start.second, **parts}
    positions = {int(n) for n in parts.pop("BYSETPOS", "0").split(",")}
    rest = {k: v for k, v in parts.items() if k not in ("BYWEEKNO", "INTERVAL")}
    end = datetime(last.year, 12, 31, 23, 59, 59)
    times = []
    whole = dateutil_times(parts, datetime(start.year, 1, 1), end)
    for year in range(start.year, last.year + 1, int(parts.get("INTERVAL", 1))):
        first, final = datetime(year, 1, 1), datetime(year, 12, 29)
        inner = [t for t in whole if t.year == year and first + timedelta(days=3) <= t < final]
        edges = dateutil_times(rest, first, first + timedelta(days=3, seconds=-1))
        edges += dateutil_times(rest, final, datetime(year, 12, 31, 23, 59, 59))
        found = sorted(inner + [t for t in edges if week_wanted(parts, t)])
        times += choose(found, positions) if positions != {0} else found
    return times


# ---- the reference ----

def clock(signum, frame):
    raise TooLong()


def dateutil_times(parts, start, last):
    """What dateutil gives from start up to last; [] if it holds that the rule is empty."""
    # it looks for a first instance up to the year 9999 otherwise
    known = vars(sys.modules["datetime"])
    dateutil.rrule.datetime = types.SimpleNamespace(**{**known, "MAXYEAR": last.year + 1})
    signal.alarm(10)
    try:
        times = []
        for t in rrulestr(join(parts), dtstart=start):
            if t > last:
                break
            times.append(t)
        return times
    except ValueError as e:
        if "empty set" in str(e) or "Invalid combination" in str(e):
            return []
        raise
    finally:
        signal.alarm(0)


def until_of(parts):
    """A DATE takes in its whole day: 3.3.10 "bounds the recurrence rule in an inclusive manner"."""
    text = parts.get("UNTIL")
    if not text:
        return None
    if len(text) == 8:
        return datetime.strptime(text, "%Y%m%d") + timedelta(days=1, seconds=-1)
    return datetime.strptime(text.rstrip("Z"), "%Y%m%dT%H%M%S")


def reference(rule, start, last, used):
    parts = parse(rule)
    count = int(parts.pop("COUNT", 0))
    until = until_of(parts)
    parts.pop("UNTIL", None)
    asked = start
    for name, _, when, put in ERRS:
        if when(parts, start):
            used[name] = used.get(name, 0) + 1
            parts, asked = put(parts, asked)
    last = min(last, until or last)
    if by_week(parts):
        used[WEEKS] = used.get(WEEKS, 0) + 1
        times = week_times(parts, asked, last)
    else:
        times = dateutil_times(parts, asked, last)
    times = [t for t in times if start <= t <= last]
    if start not in times:
        times.insert(0, start)
        used[START] = used.get(START, 0) + 1
    return times[:count] if count else times


# ---- rules ----

def some(rng, low, high, most, negative=False):
    values = {rng.randint(low, high) * (-1 if negative and rng.random() < 0.35 else 1)
              for _ in range(rng.randint(1, most))}
    return ",".join(str(v) for v in sorted(values))


def random_days(rng, freq, months):
    days = rng.sample(DAYS, rng.randint(1, 4))
    if freq not in ("MONTHLY", "YEARLY") or rng.random() < 0.4:
        return ",".join(days)
    top = 5 if freq == "MONTHLY" or months else 53
    out = []
    for d in days:
        n = rng.randint(1, top) * rng.choice((1, -1))
        out.append(d if rng.random() < 0.2 else f"{n}{d}")
    return ",".join(out)


def random_rule(rng, start):
    freq = rng.choice(["YEARLY", "YEARLY", "MONTHLY", "MONTHLY", "WEEKLY", "WEEKLY", "DAILY", "HOURLY",
                       "MINUTELY", "SECONDLY"])
    small = freq in ("HOURLY", "MINUTELY", "SECONDLY")
    stepping = freq in ("MINUTELY", "SECONDLY")  # dateutil goes through every minute or second
    p = {"FREQ": freq}
    if rng.random() < 0.5:
        p["INTERVAL"] = str(rng.randint(1, 90 if small else 6))
    if rng.random() < 0.3:
        p["WKST"] = rng.choice(DAYS)
    if rng.random() < (0.15 if small else 0.35):
        p["BYMONTH"] = str(start.month) if stepping else some(rng, 1, 12, 4)
    if freq == "YEARLY" and rng.random() < 0.25:
        p["BYWEEKNO"] = some(rng, 1, 53, 4, negative=True)
    if freq in ("YEARLY", "HOURLY") and rng.random() < 0.15:
        p["BYYEARDAY"] = some(rng, 1, 366, 6, negative=True)
    if freq not in ("WEEKLY", "SECONDLY") and rng.random() < 0.3:
        p["BYMONTHDAY"] = some(rng, 1, 31, 8 if small else 4, negative=True)
    if rng.random() < 0.35:
        days = random_days(rng, freq, "BYMONTH" in p)
        if "BYWEEKNO" in p:  # RFC 5545: no numbers there
            days = ",".join(sorted({d[-2:] for d in days.split(",")}))
        p["BYDAY"] = days
    if rng.random() < 0.3:
        p["BYHOUR"] = some(rng, 0, 23, 3)
    if rng.random() < 0.25:
        p["BYMINUTE"] = some(rng, 0, 59, 3)
    if rng.random() < 0.15:
        p["BYSECOND"] = some(rng, 0, 59, 3)
    if freq != "SECONDLY" and rng.random() < 0.25 and any(k.startswith("BY") for k in p):
        p["BYSETPOS"] = some(rng, 1, 4, 2, negative=True)
    ending = rng.random()
    if ending < 0.35:
        p["COUNT"] = str(rng.randint(1, 40))
    elif ending < 0.55:
        until = start + timedelta(days=rng.randint(0, 3 if small else 2500), seconds=rng.randint(0, 86399))
        p["UNTIL"] = until.strftime("%Y%m%d") if rng.random() < 0.3 else until.strftime("%Y%m%dT%H%M%S")
    return join(p)


CLIENT_SHAPES = [
    "FREQ=DAILY", "FREQ=DAILY;INTERVAL=2", "FREQ=DAILY;COUNT=30", "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR",
    "FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2", "FREQ=WEEKLY;BYDAY=MO", "FREQ=WEEKLY;BYDAY=TU,TH",
    "FREQ=WEEKLY;WKST=SU;BYDAY=MO,WE,FR", "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,SU",
    "FREQ=WEEKLY;INTERVAL=2;WKST=MO;BYDAY=TU,SU", "FREQ=WEEKLY;COUNT=8", "FREQ=WEEKLY;UNTIL=20250601T000000",
    "FREQ=WEEKLY;UNTIL=20250601", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;COUNT=10", "FREQ=MONTHLY",
    "FREQ=MONTHLY;BYMONTHDAY=15", "FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=MONTHLY;BYMONTHDAY=-1",
    "FREQ=MONTHLY;BYDAY=1MO", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=2",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=1",
    "FREQ=MONTHLY;INTERVAL=3", "FREQ=YEARLY", "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
    "FREQ=YEARLY;BYMONTH=10;BYDAY=2MO", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=YEARLY;INTERVAL=2",
    "FREQ=YEARLY;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", "FREQ=YEARLY;BYWEEKNO=20",
    "FREQ=YEARLY;BYYEARDAY=1,100,200", "FREQ=HOURLY;INTERVAL=3", "FREQ=HOURLY;BYHOUR=9,12;BYDAY=MO",
    "FREQ=MINUTELY;INTERVAL=15;COUNT=40", "FREQ=DAILY;BYHOUR=9,10,11;BYMINUTE=0,20,40",
    "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
    "FREQ=YEARLY;BYMONTHDAY=1,15", "FREQ=YEARLY;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
    "FREQ=MONTHLY;BYDAY=TU,-2MO", "FREQ=YEARLY;BYWEEKNO=1,-52,-53",
]


def cases(rng, rules):
    for start in ("20240229T101500", "20250101T090000", "19970902T090000", "20231231T233000"):
        start = datetime.strptime(start, "%Y%m%dT%H%M%S")
        for rule in CLIENT_SHAPES:
            yield start, rule, start
    for _ in range(rules):
        start = datetime(rng.randint(1970, 2030), rng.randint(1, 12), rng.randint(1, 28), rng.randint(0, 23),
                         rng.randint(0, 59), rng.choice((0, 0, 0, 30)))
        rule = random_rule(rng, start)
        small = parse(rule)["FREQ"] in ("HOURLY", "MINUTELY", "SECONDLY")
        # a question far from DTSTART must be answered as if all had been stepped through
        ahead = timedelta(days=rng.randint(0, 3 if small else 3000)) if rng.random() < 0.5 else timedelta(0)
        yield start, rule, start + ahead


def span(rule):
    return timedelta(days={"YEARLY": 9000, "MONTHLY": 3000, "WEEKLY": 1200, "DAILY": 500, "HOURLY": 60,
                           "MINUTELY": 6, "SECONDLY": 0.1}[parse(rule)["FREQ"]])


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--seed", type=int, default=20261123)
    args.add_argument("--rules", type=int, default=600)
    args.add_argument("--verbose", action="store_true")
    args.add_argument("cli")
    args = args.parse_args()
    signal.signal(signal.SIGALRM, clock)

    todo = list(cases(random.Random(args.seed), args.rules))
    lines = []
    for start, rule, begin in todo:
        stamps = [t.strftime("%Y%m%dT%H%M%S") for t in (start, begin, begin + span(rule))]
        lines.append(f"{stamps[0]}\t{rule}\t{stamps[1]}Z\t{stamps[2]}Z\t{LIMIT}\n")
    run = subprocess.run([args.cli], input="".join(lines), text=True, stdout=subprocess.PIPE, check=True)

    passed, failed, used = 0, 0, {}
    for (start, rule, begin), got in zip(todo, run.stdout.split("\n")):
        end = begin + span(rule)
        try:
            times = reference(rule, start, end, used)
        except TooLong:
            print(f"not ok {start:%Y%m%dT%H%M%S} {rule}: dateutil took too long")
            failed += 1
            continue
        want = " ".join(t.strftime("%Y%m%dT%H%M%S") for t in [t for t in times if begin <= t < end][:LIMIT])
        if got == want:
            passed += 1
            continue
        failed += 1
        print(f"not ok {start:%Y%m%dT%H%M%S} {rule} from {begin}")
        print(f"  expected {want[:200]}\n  got      {got[:200]}")
    for name, n in sorted(used.items()):
        print(f"{n:4} rules met: dateutil: {name}")
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
