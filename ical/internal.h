/* What the files of this floor share with each other and nobody else sees. */
#ifndef DEDIT_ICAL_INTERNAL_H
#define DEDIT_ICAL_INTERNAL_H

#include "ical/ical.h"

/* ---- parse.c ---- */

/* What an expansion may take: no more than is left of the budget. */
uint64_t ical_steps(const struct ical_limits *l);
/* Off the budget, as far as it reaches. */
void ical_spend(const struct ical_limits *l, uint64_t steps);

/* ---- value.c ---- */

enum { ICAL_ITEM_SIZE = 128 };

/* The items of a comma list. *at: where to read on, NULL behind the last one. 1 with the item, 0 at the end,
 * -1 if an item is too long for any date, duration or period. */
int ical_list_next(const char **at, char item[ICAL_ITEM_SIZE]);

/* PERIOD, RFC 5545 3.3.9: its start and the instant of its end. */
int ical_period(const struct ical *ic, const char *value, const char *tzid, const struct zone *floating,
	struct ical_when *start, int64_t *end, struct err *e);

/* ---- availability.c ---- */

/* When a VAVAILABILITY says something at all: DTSTART, and DTEND or DURATION; what is missing is open. */
int ical_availability_span(const struct ical *ic, const struct ical_comp *c, const struct zone *floating,
	int64_t *from, int64_t *to, struct err *e);

/* ---- freebusy.c ---- */

/* One of ICAL_ALWAYS_FREE and so on, or 0. */
unsigned ical_busy_trait(const struct ical *ic);

/* ---- vtimezone.c ---- */

/* A zone that an object defines; made when it is first asked for. */
struct ical_zone {
	const char *tzid;
	const struct ical_comp *comp;
	const struct zone *zone; /* NULL: not made yet, or its definition is of no use */
	bool made;
	struct ical_zone *next;
};

/* The zone that the object's own VTIMEZONE of that name defines, or NULL. System zones come
 * first and are the caller's business. Lives in the object's arena; an object belongs to one thread. */
const struct zone *ical_object_zone(const struct ical *ic, const char *tzid);

/* ---- lines.c ---- */

/* As sent, folds included, with CRLF. -1: out is full. */
int ical_line_write(const struct ical *ic, const struct ical_line *l, struct buf *out);
/* A component whole, from BEGIN to END. */
int ical_comp_write(const struct ical *ic, const struct ical_comp *c, struct buf *out);
/* What stands before the value's colon, unfolded: the name and the parameters as sent. In mem. */
char *ical_line_head(const struct ical *ic, const struct ical_line *l, struct arena *mem);
/* ";NAME=value" in such a head, *len bytes of it; NULL if there is none of that name. */
char *ical_head_param(char *head, const char *name, size_t *len);

/* ---- valid.c ---- */

/* What the value of a property is, as far as anything depends on it. */
enum ical_value_type {
	VALUE_ANY, VALUE_TIME, VALUE_TIMES, VALUE_SPAN, VALUE_PERIODS, VALUE_TRIGGER, VALUE_RULE,
};
enum ical_value_type ical_value_type(const char *name);

/* ---- rule.c ---- */

/* Is this a RECUR value (RFC 5545 3.3.10) that can be expanded? ERR_SYNTAX; ERR_RULES for a
 * calendar scale (RFC 7529) other than the Gregorian. Takes time that depends on its length only. */
int ical_rule_check(const char *value, struct err *e);

#endif
