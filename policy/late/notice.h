/*
 * How long before: durations, opening hours, deadlines, periods (doc/policy.md 3.2). Pure functions on time.
 */
#ifndef DEDIT_POLICY_LATE_NOTICE_H
#define DEDIT_POLICY_LATE_NOTICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ical/zone.h"
#include "policy/late/holiday.h"

enum duration_unit { UNIT_SECOND, UNIT_MINUTE, UNIT_HOUR, UNIT_DAY, UNIT_WEEK, UNIT_OPEN_DAY,
	UNIT_OPEN_HOUR };

/* "24h", "2bd", "1d@17:00". at: minutes after midnight that replace the wall time; -1: kept. */
struct duration {
	int64_t count;
	enum duration_unit unit;
	int at;
};

enum { OPEN_SPANS_MAX = 6 };
struct open_span { int from, to; };            /* minutes after midnight, from < to <= 1440 */
struct opening {                               /* Monday first */
	struct open_span span[7][OPEN_SPANS_MAX];
	size_t count[7];
};

/* What `d`, `w`, `bd` and `bh` are counted in. */
struct calendar_days {
	const struct zone *zone;
	const struct opening *opening;         /* NULL: none given */
	const struct holidays *holidays;       /* NULL: none */
};

enum period_kind { PERIOD_SECONDS, PERIOD_MONTH, PERIOD_YEAR, PERIOD_EVER };
struct period { enum period_kind kind; int64_t seconds; };

/* The whole of text is a duration: 0, else -1. `@HH:MM` only with days and where allowed. */
int duration_parse(const char *text, bool clock_allowed, struct duration *out);
/* bd and bh need opening hours. */
bool duration_needs_opening(const struct duration *d);
/* A length that no window of this duration exceeds, in seconds; also used to order durations. */
int64_t duration_ceiling(const struct duration *d);
/* "12:30" in minutes after midnight ("24:00" too); -1 if it isn't one. */
int clock_parse(const char *text, size_t len);

/* The last instant that still satisfies the notice (3.2, 5). */
int64_t notice_deadline(const struct calendar_days *days, int64_t start, const struct duration *within);
/* The same counted forward: until, wait, review. */
int64_t notice_after(const struct calendar_days *days, int64_t from, const struct duration *length);
/* Earliest instant that belongs to the period that ends with t (3.4: the old end is excluded). */
int64_t period_start(const struct calendar_days *days, int64_t t, const struct period *p);

#endif
