/*
 * Time zones: the system's (TZif files under /usr/share/zoneinfo, found by name in a
 * table that is made once, never by a path out of a client's text: trust.md T-49), and
 * those a calendar object brings as VTIMEZONE. Local times in a gap are read with the
 * offset before it, those that exist twice mean the first (RFC 5545 3.3.5).
 */
#ifndef DEDIT_ICAL_ZONE_H
#define DEDIT_ICAL_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A wall-clock time. month 1-12, day 1-31; sec may be 60 on input and counts as 59. */
struct wall { int year, month, day, hour, min, sec; };

struct zone; /* constant once made */

/* No local time is farther from UTC, in a zone of the system (RFC 9636 3.2) or in one out of a VTIMEZONE. */
enum { ZONE_OFFSET_MAX = 26 * 3600 };

/* Reads the table of names. Once, before threads. folder NULL: the system's. */
int zone_init(const char *folder, struct err *e);
void zone_finish(void);
/* By Olson name, exact; NULL if unknown. Loaded on first use, kept for good, thread-safe. */
const struct zone *zone_find(const char *name);
const struct zone *zone_utc(void);
const char *zone_name(const struct zone *z);

/* The table, ordered by name. */
struct zone_entry {
	const char *name;
	const char *alias_of; /* the name it is another one for, as tzdata.zi says; else NULL */
};
size_t zone_count(void);
struct zone_entry zone_at(size_t i);
/* False if the table has no such name. */
bool zone_entry_find(const char *name, struct zone_entry *out);
/* "2025b", of tzdata.zi; "unknown" without it. And when the data were last changed. */
const char *zone_version(void);
int64_t zone_modified(void);

int64_t zone_to_utc(const struct zone *z, const struct wall *w);
/* When that day (days since 1970-01-01) begins there. */
int64_t zone_day_begin(const struct zone *z, int64_t day);
void zone_from_utc(const struct zone *z, int64_t utc, struct wall *out);
/* Seconds east of UTC at that instant. */
int32_t zone_offset(const struct zone *z, int64_t utc);

/* ---- written down (zone_text.c) ---- */

/* One period of a zone, from `at` on. */
struct zone_period {
	int64_t at;
	int32_t before, after; /* seconds east of UTC */
	const char *name;      /* abbreviation, or "" */
	bool daylight;
};
/*
 * The changes with from <= at < to, of a system zone; `to` at most 400 years behind its last one
 * known by date. With from above
 * INT64_MIN the first period begins there, whether the zone changes then or not (RFC 7808 3.9). visit
 * returns non-zero to stop.
 */
typedef int (*zone_period_fn)(const struct zone_period *p, void *arg);
int zone_periods(const struct zone *z, int64_t from, int64_t to, zone_period_fn visit, void *arg);
/*
 * A VTIMEZONE (RFC 5545 3.6.5) of a system zone under the name tzid; alias_of as in RFC 7808 7.2, or NULL.
 * What goes on for ever becomes RRULEs, all before it RDATEs. from INT64_MIN, to INT64_MAX: whole, else
 * cut off as RFC 7808 3.9 says. -1: out is full.
 */
struct buf;
int zone_vtimezone(const struct zone *z, const char *tzid, const char *alias_of, int64_t from, int64_t to,
	struct buf *out);

/* Plain arithmetic on wall time, as if UTC. */
int64_t wall_seconds(const struct wall *w);
void wall_from_seconds(int64_t seconds, struct wall *out);

#endif
