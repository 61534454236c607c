/*
 * How a zone is kept: a table of offsets that reaches 400 years beyond the last change known
 * by date. What goes on for ever (a TZif file's POSIX rule, a VTIMEZONE's endless RRULE) is written
 * out once for those years; after 400 years the Gregorian calendar repeats, weekdays included,
 * and so does the table. Every question is then one binary search.
 */
#ifndef DEDIT_ICAL_ZONETAB_H
#define DEDIT_ICAL_ZONETAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ical/zone.h"

#define CYCLE_YEARS 400
#define CYCLE_SECONDS (INT64_C(146097) * 86400)

/* From `at` on the zone is `offset` seconds east of UTC. */
struct zone_change {
	int64_t at;
	int32_t offset;
	uint16_t name; /* where its abbreviation stands in zone.names */
	bool daylight;
};

/* One end of daylight time, as in the "M3.5.0/2" of POSIX TZ. */
struct zone_turn {
	enum { TURN_JULIAN, TURN_DAY, TURN_MONTH } form;
	int month, week, day;
	int32_t time; /* after midnight, may be negative or beyond a day */
};

/* What goes on for ever, as a TZif file's footer says it. */
struct zone_rule {
	int32_t standard, daylight; /* seconds east */
	uint16_t standard_name, daylight_name;
	bool turns;                 /* false: no daylight time, start and end mean nothing */
	struct zone_turn start, end;
};

struct zone {
	const char *name;
	int32_t first; /* offset before the first change */
	uint16_t first_name;
	struct zone_change *changes; /* ascending */
	size_t count;
	char *names;   /* abbreviations, each ended by NUL; NULL: none are known (zones out of a VTIMEZONE) */
	struct zone_rule rule;
	bool repeats;
	int64_t cycle; /* repeats: from cycle + CYCLE_SECONDS on as 400 years before */
};

/* What a TZif file says (RFC 9636, version 2 or later). changes and names are the caller's to free(). -1:
 * it is none. */
int zone_read_tzif(const unsigned char *bytes, size_t len, struct zone *out);

/* When the turn of a year comes, in seconds of the wall clock that runs until then. */
int64_t zone_turn_seconds(const struct zone_turn *t, int64_t year);

/* zone_to_utc() on wall_seconds(). */
int64_t zone_from_local(const struct zone *z, int64_t local);

#endif
