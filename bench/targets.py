"""
What is to be reached, as ratios within one run. People edit TARGETS; what its rows are measured with stands above it:
functions of a run that give (figure, where) for each place where it was measured. The worst of them counts.
"""

import limits
import servers
import works

OWN, POLICY = servers.Dedit.name, servers.DeditPolicy.name
LIMIT, PEERS = (limits.NAME,), tuple(peer.name for peer in servers.PEERS)
ALL = None
STREAM_BYTES, STREAM_ITEMS = 100e6, 300e3  # a second


def lines(run, server, work, connections=ALL, sizes=ALL):
    for events in sizes or run.sizes:
        for n in works.WORKS[work] if connections is ALL else (connections,):
            line = run.found.get((server, events), {}).get((work, n))
            if line:
                yield events, n, line


def rate(others, work, connections=ALL, sizes=ALL, own=OWN):
    """Our rate as a multiple of the fastest other's. A peer may have been faster with fewer connections."""
    def figures(run):
        for events, n, line in lines(run, own, work, connections, sizes):
            rates = [found["rate"] for other in others for _, m, found in lines(run, other, work, sizes=(events,))
                     if m == n or m < n and other in PEERS]
            if rates:
                yield line["rate"] / max(rates), f"{events:,} events, {n} connections"
    return figures


def stream(work, sizes):
    """What flows, as a share of what is asked for: bytes or items, whichever is nearer to it."""
    def figures(run):
        for events, n, line in lines(run, OWN, work, sizes=sizes):
            much = line["rate"] * line["bytes"], line["rate"] * line["items"]
            yield (max(much[0] / STREAM_BYTES, much[1] / STREAM_ITEMS),
                   f"{events:,} events: {much[0] / 1e6:.0f} MB/s, {much[1]:,.0f} responses/s")
    return figures


def growth(work, small=1000, large=100_000):
    """Median at the large size as a multiple of that at the small one, one connection."""
    def figures(run):
        for _, n, before in lines(run, OWN, work, 1, (small,)):
            for _, _, after in lines(run, OWN, work, 1, (large,)):
                yield after["median"] / before["median"], f"{before['items']:,} and {after['items']:,} items"
    return figures


def memory(events=100_000):
    """MiB, after the last work with few connections."""
    def figures(run):
        for _, _, line in lines(run, OWN, "delete", works.FEW, (events,)):
            yield line["memory"], f"{events:,} events"
    return figures


def syncs(run):
    if run.syncs is not None:
        yield run.syncs, "counted by strace"


def start(run):
    if run.many:
        yield run.many.start_seconds, f"{run.many.events:,} events"


def crowd(run):
    """The one-account rate as a multiple of the rate with many."""
    for key in run.many.one if run.many else ():
        if key in run.many.all:
            yield run.many.one[key]["rate"] / run.many.all[key]["rate"], key


LEAST, MOST = "at least", "at most"

TARGETS = (
    # what, measured how, bound
    ("GET, as a share of bare libmicrohttpd's for the same bytes", rate(LIMIT, "get", 8), LEAST, 0.5),
    ("getctag, likewise", rate(LIMIT, "getctag", 8), LEAST, 0.5),
    ("GET, of the fastest peer's", rate(PEERS, "get", 8), LEAST, 20),
    ("getctag, of the fastest peer's", rate(PEERS, "getctag", 8), LEAST, 20),
    ("PUT of new events, of SQLite's commits with as many changes", rate(LIMIT, "put", 64), LEAST, 0.6),
    ("PUT over events, likewise", rate(LIMIT, "put-over", 64), LEAST, 0.6),
    ("PUT of new events, of the fastest peer's", rate(PEERS, "put", 64), LEAST, 10),
    ("PUT over events, of the fastest peer's", rate(PEERS, "put-over", 64), LEAST, 10),
    ("PUT of new events under a policy, of that without", rate((OWN,), "put", 64, own=POLICY), LEAST, 0.5),
    ("PUT over events under a policy, of that without", rate((OWN,), "put-over", 64, own=POLICY), LEAST, 0.5),
    ("PUT on one connection: syncs of the disk for each", syncs, MOST, 1.1),
    ("PUT on one connection, of the fastest peer's", rate(PEERS, "put", 1), LEAST, 2),
    ("sync after one change: time at 100,000 events, of that at 1,000", growth("sync-change"), MOST, 1.5),
    ("getctag, likewise", growth("getctag"), MOST, 1.5),
    ("calendar-query with as many hits, likewise", growth("query-same"), MOST, 1.5),
    ("free-busy with as many hits, likewise", growth("freebusy-same"), MOST, 1.5),
    ("PROPFIND of a calendar, of the fastest peer's", rate(PEERS, "propfind", sizes=(10_000,)), LEAST, 10),
    ("PROPFIND of a calendar, of 100 MB/s or 300,000 responses/s", stream("propfind", (10_000,)), LEAST, 1),
    ("initial sync, of the fastest peer's", rate(PEERS, "sync-initial", sizes=(10_000,)), LEAST, 10),
    ("initial sync, of 100 MB/s or 300,000 responses/s", stream("sync-initial", (10_000,)), LEAST, 1),
    ("calendar-query of a month, of the fastest peer's", rate(PEERS, "query", sizes=(10_000,)), LEAST, 10),
    ("multiget of 50, of the fastest peer's", rate(PEERS, "multiget", sizes=(10_000,)), LEAST, 10),
    ("free-busy of a month, of the fastest peer's", rate(PEERS, "freebusy", sizes=(10_000,)), LEAST, 10),
    ("memory after all work with 8 connections (MiB)", memory(), MOST, 64),
    ("start: seconds until the first answer", start, MOST, 1),
    ("many accounts and connections: how many times slower", crowd, MOST, 1.5),
)


def table(run):
    """Each target with the worst figure: the lines of a Markdown table."""
    out = ["## Targets", "", "| | bound | measured | where it was worst | met |", "|---|--:|--:|---|---|"]
    for text, measured, kind, bound in TARGETS:
        figures = sorted(measured(run), reverse=kind == MOST)
        figure, where = figures[0] if figures else (None, "not measured")
        met = "" if figure is None else "yes" if (figure >= bound if kind == LEAST else figure <= bound) else "**no**"
        out.append(f"| {text} | {kind} {bound:g} | {'–' if figure is None else f'{figure:.3g}'} | {where} | {met} |")
    return [*out, ""]
