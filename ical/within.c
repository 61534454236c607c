/* What a calendar sets bounds to (RFC 4791 5.2.6 to 5.2.8): dates, and how many of them a rule makes. */
#include <string.h>

#include "base/util.h"
#include "ical/internal.h"
#include "ical/plan.h"

enum { DAY = 86400 };

/* ---- dates as written: 5.2.6, 5.2.7 ---- */

static int check_instant(const struct ical_limits *limits, int64_t t, const char *value, struct err *e)
{
	if (t < limits->earliest) {
		return err_set(e, ERR_EARLY, "earlier than min-date-time: '%.40s'", value);
	}
	return t > limits->latest ? err_set(e, ERR_LATE,
		"later than max-date-time: '%.40s'", value) : 0;
}

/* A date, a time or a period; anything else passes. */
static int check_item(const struct ical *ic, const char *item, const char *tzid, struct err *e)
{
	struct ical_when w;
	int64_t end;

	if (!ical_period(ic, item, tzid, NULL, &w, &end, NULL)) {
		return check_instant(ic->limits, w.utc, item, e) || check_instant(ic->limits, end, item, e) ? -1 : 0;
	}
	return ical_when(ic, item, tzid, NULL, &w, NULL) ? 0 : check_instant(ic->limits, w.utc, item, e);
}

static int check_until(const struct ical *ic, const struct ical_line *l, struct err *e)
{
	struct rule rule;

	if (rule_parse(l->value, &rule, NULL) || !rule.has_until) {
		return 0;
	}
	return check_instant(ic->limits, wall_seconds(&rule.until.wall), l->value, e);
}

static int check_line(const struct ical *ic, const struct ical_line *l, struct err *e)
{
	char item[ICAL_ITEM_SIZE];
	const char *at = l->value;

	switch (ical_value_type(l->name)) {
	case VALUE_ANY:
	case VALUE_SPAN:
		return 0;
	case VALUE_RULE:
		return check_until(ic, l, e);
	default:
		break;
	}
	while (ical_list_next(&at, item) > 0) {
		if (check_item(ic, item, ical_param(l, "TZID"), e)) {
			return -1;
		}
	}
	return 0;
}

/* Time zones begin when they began. Depth is bounded by the parser. */
static int check_dates(const struct ical *ic, const struct ical_comp *c, struct err *e)
{
	if (c->kind == ICAL_VTIMEZONE) {
		return 0;
	}
	for (const struct ical_line *l = NULL; (l = ical_line_next(ic, c, l));) {
		if (check_line(ic, l, e)) {
			return -1;
		}
	}
	for (const struct ical_comp *part = c->children; part; part = part->next) {
		if (check_dates(ic, part, e)) {
			return -1;
		}
	}
	return 0;
}

/* ---- instances: 5.2.8 ---- */

static uint64_t bits(uint64_t mask)
{
	return mask ? (uint64_t)__builtin_popcountll(mask) : 1;
}

/* As many as a rule that ends can have at most; UINT64_MAX if it doesn't end. */
static uint64_t most_of(const struct series *s, const struct series_rule *r)
{
	static const int64_t units[] = { [RULE_HOURLY] = 3600, [RULE_MINUTELY] = 60, [RULE_SECONDLY] = 1 };
	int64_t unit = r->rule.freq < RULE_HOURLY ? DAY : units[r->rule.freq];
	int64_t start = wall_seconds(&s->start.wall);
	uint64_t span, times = bits(r->rule.hours) * bits(r->rule.minutes) * bits(r->rule.seconds);

	if (r->rule.count) {
		return r->rule.count;
	}
	if (r->until == INT64_MAX) {
		return UINT64_MAX;
	}
	span = r->until < start ? 1 : (uint64_t)(r->until - start) / (uint64_t)unit + 2;
	return __builtin_mul_overflow(span, times, &span) ? UINT64_MAX - 1 : span;
}

/* The same of the whole series. */
static uint64_t most(const struct series *s)
{
	uint64_t sum = s->date_count;

	for (size_t i = 0; i < s->rule_count; i++) {
		uint64_t n = most_of(s, &s->rules[i]);

		if (n == UINT64_MAX || __builtin_add_overflow(sum, n, &sum)) {
			return n == UINT64_MAX ? n : UINT64_MAX - 1;
		}
	}
	return sum;
}

static int take_none(const struct ical_instance *i, void *arg)
{
	(void)i;
	(void)arg;
	return 0;
}

struct late { int64_t latest; bool found; };

static int note_late(const struct ical_instance *i, void *arg)
{
	struct late *late = arg;

	late->found = i->start > late->latest;
	return late->found;
}

/* A series that ends does so in time. Endless ones are taken: programs make them, and no range that is
 * asked for reaches beyond the bounds. */
static int check_last(const struct ical *ic, struct err *e)
{
	struct late late = { .latest = ic->limits->latest };
	int64_t first, last;

	if (ical_bounds(ic, &first, &last, e)) {
		return -1;
	}
	if (last <= late.latest || late.latest == ICAL_MAX) {
		return 0;
	}
	if (ical_expand(ic, NULL, late.latest, ICAL_MAX, note_late, &late, e)) {
		return -1;
	}
	return late.found ? err_set(e, ERR_LATE, "the last instance is later than max-date-time") : 0;
}

static int check_series(const struct ical *ic, struct err *e)
{
	cleanup_arena struct arena *mem = arena_create();
	struct plan p;

	if (plan_read(ic, NULL, mem, &p, e)) {
		return -1;
	}
	if (!p.master || !p.shape.dated) {
		return 0;
	}
	uint64_t n = most(&p.series);
	if (n == UINT64_MAX) {
		return 0;
	}
	if (n > ic->limits->instances && ical_expand(ic, NULL, ICAL_MIN, ICAL_MAX, take_none, NULL, e)) {
		return -1;
	}
	return check_last(ic, e);
}

int ical_within(const struct ical *ic, struct err *e)
{
	const struct ical_comp *first = ical_first(ic);

	if (check_dates(ic, ic->calendar, e)) {
		return -1;
	}
	return first && first->kind & (ICAL_VEVENT | ICAL_VTODO | ICAL_VJOURNAL) ? check_series(ic, e) : 0;
}
