/*
 * How a zone is kept: a table of offsets that reaches 400 years beyond the last change known
 * by date. What goes on for ever (a TZif file's POSIX rule, a VTIMEZONE's endless RRULE) is written
 * out once for those years; after 400 years the Gregorian calendar repeats, weekdays included,
 * and so does the table. Every question is then one binary search.
 */
#ifndef DEDIT_ICAL_ZONETAB_H
#define DEDIT_ICAL_ZONETAB_H

#include <stddef.h>

#include "ical/zone.h"

#define CYCLE_YEARS 400
#define CYCLE_SECONDS (INT64_C(146097) * 86400)

/* From `at` on the zone is `offset` seconds east of UTC. */
struct zone_change {
	int64_t at;
	int32_t offset;
};

struct zone {
	const char *name;
	int32_t first; /* offset before the first change */
	struct zone_change *changes; /* ascending */
	size_t count;
	bool repeats;
	int64_t cycle; /* repeats: from cycle + CYCLE_SECONDS on as 400 years before */
};

/* What a TZif file says (RFC 9636, version 2 or later). changes is the caller's to free(). -1: it is
 * none. */
int zone_read_tzif(const unsigned char *bytes, size_t len, struct zone *out);

/* zone_to_utc() on wall_seconds(). */
int64_t zone_from_local(const struct zone *z, int64_t local);

#endif
