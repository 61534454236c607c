/* When does a component overlap a time range: RFC 4791 9.9. For filter.c. */
#ifndef DEDIT_ICAL_RANGE_H
#define DEDIT_ICAL_RANGE_H

#include "ical/ical.h"

struct time_range {
	int64_t from, to;            /* [from, to), ICAL_MIN and ICAL_MAX where open */
	const struct zone *floating;
};

/* Asked of each component that describes an overlapping occurrence: non-zero ends the search. */
typedef int (*range_accept_fn)(const struct ical_comp *c, void *arg);

/* Events, tasks and journals of the object, recurrences included. 1 when accept took one, 0, or -1
 * with e (the limits of ical_expand). */
int range_occurs(const struct ical *ic, const struct time_range *r, range_accept_fn accept, void *arg,
	struct err *e);
bool range_freebusy(const struct ical *ic, const struct ical_comp *c, const struct time_range *r);
/* VAVAILABILITY and others that merely have a DTSTART and a DTEND, each of which may be missing. */
bool range_span(const struct ical *ic, const struct ical_comp *c, const struct time_range *r);
/* 1, 0, -1: an alarm rings for any occurrence of the component that it stands in. */
int range_alarm(const struct ical *ic, const struct ical_comp *alarm, const struct time_range *r,
	struct err *e);
/* The value of a property such as COMPLETED; of a list any of them. */
bool range_prop(const struct ical *ic, const struct ical_line *l, const struct time_range *r);

#endif
