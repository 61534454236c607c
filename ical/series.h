/*
 * The recurrence set of one component (RFC 5545 3.8.5): DTSTART, RRULE and RDATE, less EXDATE and
 * EXRULE, as instants in order. Rules go by the clock on the wall of DTSTART's zone, so ten
 * o'clock stays ten o'clock; all comparing is done on instants (asks.md 25, 26).
 */
#ifndef DEDIT_ICAL_SERIES_H
#define DEDIT_ICAL_SERIES_H

#include "ical/ical.h"
#include "ical/recur.h"

enum { SERIES_RULES_MAX = 32 }; /* RRULE or EXRULE lines of a component; RFC 5545 wants one */

struct series_date {
	int64_t utc;
	struct ical_when when;
	int64_t length; /* of a PERIOD, in seconds; -1: the component's */
};

struct series_rule {
	struct rule rule;
	int64_t until;     /* wall seconds */
	int64_t until_utc;
};

struct series {
	struct ical_when start;
	struct series_rule *rules, *exrules;
	size_t rule_count, exrule_count;
	struct series_date *dates;  /* DTSTART and RDATEs, ascending */
	size_t date_count;
	int64_t *exdates;           /* instants, ascending */
	size_t exdate_count;
	int64_t *exdays;            /* days excluded as a whole, ascending */
	size_t exday_count;
	int64_t longest;            /* of the PERIODs, 0 without */
	unsigned forms;             /* of DTSTART and all that goes by instants: 1 << enum ical_form */
};

/* Reads the properties. start: the component's start, floating resolved in `floating`. In mem. */
int series_read(const struct ical *ic, const struct ical_comp *c, const struct ical_when *start,
	const struct zone *floating, struct arena *mem, struct series *out, struct err *e);

/* The place in the set that a RECURRENCE-ID or EXDATE names; a DATE where the set has times means the
 * time of DTSTART on that day, a time where it has dates the day. */
int64_t series_place(const struct series *s, const struct ical_when *w);

/* By an EXDATE; EXRULEs are a matter of the cursor. */
bool series_excludes(const struct series *s, int64_t utc);

/* No RRULE and no RDATE. */
bool series_is_single(const struct series *s);

/* Same start of the day or time `local` (wall seconds) later in w's zone. */
void series_when_at(const struct ical_when *w, int64_t local, struct ical_when *out);

struct series_cursor;
/* From the first member at or after `from`; what is later than `to` needn't come. Charges *steps. At
 * most `instances` wait behind a gap. NULL if the budget is used up. */
struct series_cursor *series_open(const struct series *s, int64_t from, int64_t to, uint64_t *steps,
	size_t instances, struct arena *mem);
/* The next member, later than the one before. 1, 0: no more, -1: the budget is used up. */
int series_next(struct series_cursor *c, struct series_date *out);

#endif
