#include "ical/range.h"

#include <string.h>

#include "base/util.h"
#include "ical/internal.h"

enum { DAY = 86400, REPEAT_MAX = 100000 };

/* Open ends stay open, whatever is added. */
static int64_t shift(int64_t t, int64_t by)
{
	int64_t sum;

	if (t == ICAL_MIN || t == ICAL_MAX) {
		return t;
	}
	return __builtin_add_overflow(t, by, &sum) ? (by < 0 ? ICAL_MIN : ICAL_MAX) : sum;
}

/* False if the property is missing or, as validity tolerates for some, no time at all. */
static bool when_of(const struct ical *ic, const struct ical_comp *c, const char *name,
	const struct zone *floating, struct ical_when *out)
{
	const struct ical_line *l = ical_prop(ic, c, name);

	return l && !ical_line_when(ic, l, floating, out, NULL);
}

static bool duration_of(const struct ical *ic, const struct ical_comp *c, struct ical_duration *out)
{
	const struct ical_line *l = ical_prop(ic, c, "DURATION");

	return l && !ical_duration(l->value, out, NULL);
}

/* ---- occurrences ---- */

struct search {
	range_accept_fn accept;
	void *arg;
	bool found;
};

static int visit(const struct ical_instance *i, void *arg)
{
	struct search *s = arg;

	s->found = s->accept(i->comp, s->arg) != 0;
	return s->found;
}

int range_occurs(const struct ical *ic, const struct time_range *r, range_accept_fn accept, void *arg,
	struct err *e)
{
	struct search s = { .accept = accept, .arg = arg };

	return ical_expand(ic, r->floating, r->from, r->to, visit, &s, e) ? -1 : s.found;
}

/* ---- free-busy, availability ---- */

static bool busy_line(const struct ical *ic, const struct ical_line *l, const struct time_range *r)
{
	char item[ICAL_ITEM_SIZE];
	const char *at = l->value;
	struct ical_when start;
	int64_t end;

	while (ical_list_next(&at, item) > 0) {
		if (!ical_period(ic, item, ical_param(l, "TZID"), r->floating, &start, &end, NULL)
			&& r->from < end && r->to > start.utc) {
			return true;
		}
	}
	return false;
}

bool range_freebusy(const struct ical *ic, const struct ical_comp *c, const struct time_range *r)
{
	struct ical_when start, end;

	if (when_of(ic, c, "DTSTART", r->floating, &start) && when_of(ic, c, "DTEND", r->floating, &end)) {
		return r->from <= end.utc && r->to > start.utc;
	}
	for (const struct ical_line *l = NULL; (l = ical_prop_next(ic, c, l, "FREEBUSY"));) {
		if (busy_line(ic, l, r)) {
			return true;
		}
	}
	return false;
}

bool range_span(const struct ical *ic, const struct ical_comp *c, const struct time_range *r)
{
	struct ical_when start, end;
	struct ical_duration d;
	int64_t first = ICAL_MIN, last = ICAL_MAX;

	if (when_of(ic, c, "DTSTART", r->floating, &start)) {
		first = start.utc;
		if (duration_of(ic, c, &d)) {
			last = ical_add(&start, &d);
		}
	}
	if (when_of(ic, c, "DTEND", r->floating, &end)) {
		last = end.utc;
	}
	return r->from < last && r->to > first;
}

static bool value_in_range(const struct ical *ic, const char *value, const char *tzid,
	const struct time_range *r)
{
	static const struct ical_duration day = { .days = 1 };
	struct ical_when w;
	int64_t end;

	if (!ical_period(ic, value, tzid, r->floating, &w, &end, NULL)) {
		return r->from < end && r->to > w.utc;
	}
	if (ical_when(ic, value, tzid, r->floating, &w, NULL)) {
		return false;
	}
	if (w.form == ICAL_DATE) {
		return r->from < ical_add(&w, &day) && r->to > w.utc;
	}
	return r->from <= w.utc && r->to > w.utc;
}

bool range_prop(const struct ical *ic, const struct ical_line *l, const struct time_range *r)
{
	const char *at = l->value, *tzid = ical_param(l, "TZID");
	char item[ICAL_ITEM_SIZE];

	while (ical_list_next(&at, item) > 0) {
		if (value_in_range(ic, item, tzid, r)) {
			return true;
		}
	}
	return false;
}

/* ---- alarms ---- */

struct alarm {
	const struct ical *ic;
	const struct ical_comp *parent;
	const struct time_range *range;
	struct ical_duration offset;
	bool at_end;              /* RELATED=END */
	int64_t repeats, pause;   /* rings repeats + 1 times */
	bool rings;
};

/* from <= t + k * pause < to for a k of 0 … repeats. */
static bool rings(const struct alarm *a, int64_t t)
{
	int64_t from = a->range->from, to = a->range->to;

	if (t >= from || a->pause <= 0) {
		return t >= from && t < to;
	}
	if (from > shift(t, a->repeats * a->pause)) {
		return false;
	}
	int64_t k = (from - t + a->pause - 1) / a->pause;
	return k <= a->repeats && t + k * a->pause < to;
}

static int visit_alarm(const struct ical_instance *i, void *arg)
{
	struct alarm *a = arg;
	int64_t plain = a->offset.days * DAY + a->offset.seconds;

	if (i->comp != a->parent) {
		return 0;
	}
	a->rings = rings(a, a->at_end ? i->end + plain : ical_add(&i->when, &a->offset));
	return a->rings;
}

/* A task without a start recurs from nothing; its alarms go by when it is due. */
static bool due_alarm(const struct alarm *a)
{
	struct ical_when due;

	return when_of(a->ic, a->parent, "DUE", a->range->floating, &due)
		&& rings(a, ical_add(&due, &a->offset));
}

static void read_repeat(const struct ical *ic, const struct ical_comp *c, struct alarm *a)
{
	const struct ical_line *repeat = ical_prop(ic, c, "REPEAT");
	struct ical_duration pause;
	uint64_t n;

	if (repeat && duration_of(ic, c, &pause) && !parse_u64(repeat->value, 1, REPEAT_MAX, &n)) {
		a->repeats = (int64_t)n;
		a->pause = pause.days * DAY + pause.seconds;
	}
}

static int relative_alarm(struct alarm *a, struct err *e)
{
	int64_t plain = a->offset.days * DAY + a->offset.seconds;

	if (!ical_prop(a->ic, a->parent, "DTSTART")) {
		return due_alarm(a);
	}
	/* Days are nominal: where clocks change they are an hour or so longer or shorter. */
	int64_t from = shift(a->range->from, -plain - a->repeats * a->pause - DAY);
	int64_t to = shift(a->range->to, -plain + DAY);
	return ical_expand(a->ic, a->range->floating, from, to, visit_alarm, a, e) ? -1 : a->rings;
}

int range_alarm(const struct ical *ic, const struct ical_comp *alarm, const struct time_range *r,
	struct err *e)
{
	const struct ical_line *trigger = ical_prop(ic, alarm, "TRIGGER");
	struct alarm a = { .ic = ic, .parent = alarm->parent, .range = r };
	struct ical_when when;

	if (!trigger) {
		return 0;
	}
	read_repeat(ic, alarm, &a);
	if (!ical_line_when(ic, trigger, r->floating, &when, NULL)) {
		return rings(&a, when.utc);
	}
	if (ical_duration(trigger->value, &a.offset, e)) {
		return -1;
	}
	const char *related = ical_param(trigger, "RELATED");
	a.at_end = related && !ascii_casecmp(related, "END");
	return relative_alarm(&a, e);
}
