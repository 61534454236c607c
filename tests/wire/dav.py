"""What the CalDAV tests on the wire share: bodies of requests, parts of answers, "nothing changed"."""

import contextlib
import datetime
import re

from dedit_wire import NS, propfind, tag

CALENDAR = "/calendars/anna/calendar/"
TASKS = "/calendars/anna/tasks/"
HOME = "/calendars/anna/"
DATA = ("D:getetag", "C:calendar-data")
DECLARED = " ".join(f'xmlns:{k}="{v}"' for k, v in NS.items())


# ---- bodies of requests ----


def body(root, inner=""):
    return f'<?xml version="1.0" encoding="utf-8"?>\n<{root} {DECLARED}>{inner}</{root}>'


def props(*names):
    return "<D:prop>%s</D:prop>" % "".join(f"<{n}/>" for n in names)


def multiget(*hrefs, want=DATA):
    return body("C:calendar-multiget", props(*want) + "".join(f"<D:href>{h}</D:href>" for h in hrefs))


def comp(name, inner=""):
    return f'<C:comp-filter name="{name}">{inner}</C:comp-filter>'


def time_range(start=None, end=None):
    return "<C:time-range%s%s/>" % (f' start="{start}"' if start else "", f' end="{end}"' if end else "")


def query(inner, want=("D:getetag",), more=""):
    """inner: what stands inside <comp-filter name="VCALENDAR">; more: behind the filter."""
    return body(
        "C:calendar-query", props(*want) + "<C:filter>" + comp("VCALENDAR", inner) + "</C:filter>" + more
    )


def sync(token="", level="1", limit=None, want=("D:getetag",)):
    return body(
        "D:sync-collection",
        f"<D:sync-token>{token}</D:sync-token>"
        + (f"<D:sync-level>{level}</D:sync-level>" if level else "")
        + (f"<D:limit><D:nresults>{limit}</D:nresults></D:limit>" if limit else "")
        + props(*want),
    )


def proppatch(set="", remove=""):
    return body(
        "D:propertyupdate",
        (f"<D:set><D:prop>{set}</D:prop></D:set>" if set else "")
        + (f"<D:remove><D:prop>{remove}</D:prop></D:remove>" if remove else ""),
    )


# ---- parts of answers ----


def find(s, path, *names, depth="0", user="anna"):
    """PROPFIND that must be answered 207."""
    r = s.request("PROPFIND", path, propfind(*names), {"Depth": depth}, user)
    assert r.status == 207, (path, r)
    return r


def prop(s, path, name, user="anna"):
    """One property of one resource as an element, or None."""
    return next(iter(find(s, path, name, user=user).responses().values())).get(tag(name))


def text(s, path, name, user="anna"):
    found = prop(s, path, name, user)
    return None if found is None else "".join(found.itertext()).strip()


def href(s, path, name, user="anna"):
    return prop(s, path, name, user).findtext(tag("D:href"))


def names_of(element):
    """Local names of the children's children, or of the children: a set."""
    return {x.tag.rpartition("}")[2] for x in element.iter()} - {element.tag.rpartition("}")[2]}


def statuses(r):
    """href -> {property or '': status as a number}; '' is the status of the response itself."""
    out = {}
    for response in r.xml().findall(tag("D:response")):
        found = out.setdefault(response.findtext(tag("D:href")), {})
        whole = response.findtext(tag("D:status"))
        if whole is not None:
            found[""] = int(whole.split()[1])
        for propstat in response.findall(tag("D:propstat")):
            status = int(propstat.findtext(tag("D:status")).split()[1])
            found.update((p.tag, status) for p in propstat.find(tag("D:prop")))
    return out


def condition_in(element):
    """Name of what stands in the first DAV:error below an element."""
    error = element.find(".//" + tag("D:error"))
    return None if error is None else error[0].tag


def report(s, path, xml, depth="1", user="anna"):
    r = s.request("REPORT", path, xml, {} if depth is None else {"Depth": depth}, user)
    assert r.status == 207, (path, xml, r)
    return r


def found(s, inner, path=CALENDAR, user="anna", more=""):
    """Names of the objects that a calendar-query answers with."""
    return sorted(
        h.rpartition("/")[2] for h in report(s, path, query(inner, more=more), user=user).responses()
    )


def calendar_data(s, path, user="anna"):
    folder = path.rpartition("/")[0] + "/"
    return report(s, folder, multiget(path), user=user).responses()[path][tag("C:calendar-data")].text


def refused(r, status, condition=None):
    """That status, and exactly that element; without one, words."""
    assert r.status == status, r
    if condition is None:
        assert r.body and not r.body.startswith(b"<"), r
        return
    assert r.condition() == condition, (condition, r)
    assert len(r.xml()) == 1, r


# ---- what a calendar is ----


def token(s, path=CALENDAR, user="anna"):
    return text(s, path, "D:sync-token", user)


def listing(s, path=CALENDAR, user="anna"):
    """name -> ETag"""
    r = find(s, path, "D:getetag", depth="1", user=user)
    return {
        h.rpartition("/")[2]: p[tag("D:getetag")].text
        for h, p in r.responses().items()
        if tag("D:getetag") in p
    }


def state(s, path, user="anna"):
    return token(s, path, user), text(s, path, "CS:getctag", user), listing(s, path, user)


@contextlib.contextmanager
def unchanged(s, *paths, user="anna"):
    """Neither sync-token nor getctag nor an ETag of these calendars differs afterwards."""
    before = [state(s, p, user) for p in paths or (CALENDAR,)]
    yield
    after = [state(s, p, user) for p in paths or (CALENDAR,)]
    assert before == after, (before, after)


def changes(s, since, path=CALENDAR, user="anna"):
    """name -> True (new or changed) or False (gone) since a token, and the token now."""
    r = report(s, path, sync(since), user=user)
    return (
        {h.rpartition("/")[2]: p is not None for h, p in r.responses().items()},
        r.xml().findtext(tag("D:sync-token")),
    )


# ---- iCalendar ----


def calendar(*components):
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//wire test//EN\r\n"
        + "".join(components)
        + "END:VCALENDAR\r\n"
    )


def component(kind, uid, *lines):
    return "".join(
        f"{line}\r\n"
        for line in (f"BEGIN:{kind}", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *lines, f"END:{kind}")
    )


def unfold(ics):
    return re.sub(r"\r?\n[ \t]", "", ics)


def value(ics, name):
    """Value of the first property of that name, with its parameters left out; None."""
    m = re.search(rf"^{name}(?:;[^:\r\n]*)?:(.*?)\r?$", unfold(ics), re.M)
    return m and m.group(1)


def notes(ics):
    return (value(ics, "DESCRIPTION") or "").replace("\\n", "\n").replace("\\,", ",").replace("\\;", ";")


STARTED = datetime.datetime.now(datetime.timezone.utc)  # one "now", so that the same hours are the same text


def in_hours(hours):
    when = STARTED + datetime.timedelta(hours=hours)
    return when.strftime("%Y%m%dT%H%M%SZ")
