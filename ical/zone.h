/*
 * Time zones: the system's (TZif files under /usr/share/zoneinfo, found by name in a
 * table that is made once, never by a path out of a client's text: trust.md T-49), and
 * those a calendar object brings as VTIMEZONE. Local times in a gap are read with the
 * offset before it, those that exist twice mean the first (RFC 5545 3.3.5).
 */
#ifndef DEDIT_ICAL_ZONE_H
#define DEDIT_ICAL_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* A wall-clock time. month 1-12, day 1-31; sec may be 60 on input and counts as 59. */
struct wall { int year, month, day, hour, min, sec; };

struct zone; /* constant once made */

/* Reads the table of names. Once, before threads. folder NULL: the system's. */
int zone_init(const char *folder, struct err *e);
void zone_finish(void);
/* By Olson name, exact; NULL if unknown. Loaded on first use, kept for good, thread-safe. */
const struct zone *zone_find(const char *name);
const struct zone *zone_utc(void);
const char *zone_name(const struct zone *z);

int64_t zone_to_utc(const struct zone *z, const struct wall *w);
void zone_from_utc(const struct zone *z, int64_t utc, struct wall *out);
/* Seconds east of UTC at that instant. */
int32_t zone_offset(const struct zone *z, int64_t utc);

/* Plain arithmetic on wall time, as if UTC. */
int64_t wall_seconds(const struct wall *w);
void wall_from_seconds(int64_t seconds, struct wall *out);

#endif
