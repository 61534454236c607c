/*
 * Recurrence rules (RFC 5545 3.3.10, with SKIP of RFC 7529) by themselves: text to a rule, rule
 * and start to wall-clock times. Knows nothing of zones; times are wall_seconds().
 *
 * A rule is a fixed-size set of bit masks, so neither long lists nor their cross product cost
 * memory. The expander goes from period to period (a year for YEARLY, an hour for HOURLY),
 * never looks at a day or a time twice, and takes a step from the budget for everything it
 * looks at, whether anything comes of it or not (trust.md T-01 to T-07).
 */
#ifndef DEDIT_ICAL_RECUR_H
#define DEDIT_ICAL_RECUR_H

#include "ical/ical.h"

/* In order of length: those from RULE_HOURLY on are parts of a day. */
enum rule_freq {
	RULE_YEARLY, RULE_MONTHLY, RULE_WEEKLY, RULE_DAILY, RULE_HOURLY, RULE_MINUTELY, RULE_SECONDLY,
};

enum rule_skip { SKIP_OMIT, SKIP_BACKWARD, SKIP_FORWARD };

enum { YEARDAY_WORDS = 6 }; /* bits 1 to 366 */

/* Bit n stands for the value n, in `back` for -n. Empty masks: not given. */
struct rule_days {
	uint64_t ahead[YEARDAY_WORDS], back[YEARDAY_WORDS];
	bool given;
};

struct rule {
	enum rule_freq freq;
	enum rule_skip skip;
	int week_start;    /* 0 = Monday */
	int64_t interval;  /* >= 1 */
	uint64_t count;    /* 0: without */
	bool has_until;
	struct ical_when until; /* form and wall only */
	uint64_t seconds, minutes;
	uint32_t hours, months;
	uint32_t monthdays, monthdays_back;
	uint64_t weeks, weeks_back;
	uint8_t weekdays;  /* those without a number; bit 0 = Monday */
	uint64_t nth[7], nth_back[7]; /* those with one, per weekday */
	bool has_nth;
	struct rule_days yeardays, positions;
};

/* ERR_SYNTAX, ERR_RULES (RFC 7529: a scale that isn't Gregorian). */
int rule_parse(const char *value, struct rule *out, struct err *e);

/* Days of one year as the rule counts them. */
struct year_span {
	int64_t year;
	int64_t first;            /* day number of 1 January */
	int days;
	int64_t week1, next_week1; /* first days of this and the next year's week 1 (RFC 5545: WKST) */
	int weeks_before;         /* weeks of the year before */
	int weeks_after;          /* weeks of the year after */
};

enum { RECUR_DAYS_MAX = 367 }; /* a leap year and a day skipped forward */

/* An expansion under way. All members are the expander's. */
struct recur {
	struct rule rule;         /* with what it takes from its start filled in */
	int64_t start, until;
	bool start_pending;       /* the start itself is still to come */
	bool uniform;             /* all periods but the first give equally many */
	bool ended;
	uint64_t left;            /* of COUNT; UINT64_MAX without */
	int64_t last;             /* nothing up to here comes any more */
	int64_t period, stride, last_period; /* in units of the frequency */
	struct year_span year;
	int64_t good_day;         /* a day known to be allowed */
	/* the period's set is the product of these, in this order */
	int32_t day[RECUR_DAYS_MAX];
	uint8_t hour[24], minute[60], second[60];
	size_t days, hours, minutes, seconds;
	size_t index, size;       /* what comes next of the set, and its size */
	bool loaded;              /* the set has been made */
	uint64_t *steps;
};

/*
 * start: DTSTART. until: last time allowed, INT64_MAX without (the caller knows the zone that UNTIL
 * is to be read in, and how far it wants to look). start_counts: start is the first instance
 * whether the rule gives it or not (RFC 5545 3.8.5.3); off for EXRULE. *steps is counted down.
 */
void recur_open(struct recur *r, const struct rule *rule, const struct wall *start, int64_t until,
	bool start_counts, uint64_t *steps);
/* Goes on at the first instance at or after `from`, by arithmetic where there is no COUNT, or where
 * all periods give equally many. -1: the budget is used up. Never goes back. */
int recur_seek(struct recur *r, int64_t from);
/* The next instance, later than the one before: 1. 0: no more. -1: the budget is used up. */
int recur_next(struct recur *r, int64_t *out);

#endif
