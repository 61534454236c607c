/* The span of all occurrences, for the index of the store. */
#include "ical/internal.h"
#include "ical/plan.h"
#include "ical/zonetab.h"

enum {
	DAY = 86400,
	ANY_ZONE = 14 * 3600,  /* a floating time is that far from UTC at most */
	COUNT_STEPS = 20000,   /* for where COUNT ends; beyond that it counts as endless */
};

struct span { int64_t first, last; };

static int64_t widen(int64_t t, int64_t by)
{
	int64_t sum;

	if (t == ICAL_MIN || t == ICAL_MAX || __builtin_add_overflow(t, by, &sum)) {
		return by < 0 && t < 0 ? ICAL_MIN : t > 0 ? ICAL_MAX : t;
	}
	return sum;
}

static void include(struct span *s, int64_t first, int64_t last)
{
	s->first = first < s->first ? first : s->first;
	s->last = last > s->last ? last : s->last;
}

static bool is_fixed(const struct ical_when *w)
{
	return w->form == ICAL_UTC || w->form == ICAL_ZONED;
}

/* Moments count as a second, and tasks touch a range at their ends (RFC 4791 9.9), so that
 * "last > from && first < to" finds them all. */
static void include_shape(struct span *s, const struct plan_shape *shape)
{
	bool touches = shape->overlap != OVERLAP_SPAN;
	int64_t slack = shape->dated && !is_fixed(&shape->start) ? ANY_ZONE : 0;

	if (shape->overlap == OVERLAP_NEVER) {
		return;
	}
	include(s, widen(shape->first, -slack - touches), widen(shape->last, slack + 1));
}

/* The last wall-clock time that a rule with COUNT gives, or INT64_MAX if that takes long to tell. */
static int64_t last_counted(const struct series *s, const struct series_rule *r)
{
	uint64_t steps = COUNT_STEPS;
	int64_t t, last = wall_seconds(&s->start.wall);
	struct recur recur;
	int rc;

	recur_open(&recur, &r->rule, &s->start.wall, r->until, true, &steps);
	while ((rc = recur_next(&recur, &t)) > 0) {
		last = t;
	}
	return rc < 0 ? INT64_MAX : last;
}

/* Instant of the last start in the series, or later. */
static int64_t last_start(const struct series *s)
{
	int64_t last = s->dates[s->date_count - 1].utc;

	for (size_t i = 0; i < s->rule_count; i++) {
		const struct series_rule *r = &s->rules[i];
		int64_t local = r->rule.count ? last_counted(s, r) : r->until;

		if (local == INT64_MAX) {
			return ICAL_MAX;
		}
		int64_t utc = zone_from_local(s->start.in, local) + DAY; /* a gap shifts by less */
		last = utc > last ? utc : last;
	}
	return last;
}

static void include_series(struct span *s, const struct plan *p)
{
	const struct series *series = &p->series;
	int64_t last = last_start(series), longest = series->longest;

	for (size_t i = 0; i < p->stretch_count; i++) {
		const struct plan_stretch *st = &p->stretches[i];
		int64_t length = (st->shape->length.days + 1) * DAY + st->shape->length.seconds;

		length += st->shift > 0 ? st->shift : 0;
		longest = length > longest ? length : longest;
	}
	include(s, widen(series->dates[0].utc, -ANY_ZONE - DAY), widen(last, longest + ANY_ZONE + DAY));
}

int ical_bounds(const struct ical *ic, int64_t *first, int64_t *last, struct err *e)
{
	cleanup_arena struct arena *mem = arena_create();
	struct span s = { .first = ICAL_MAX, .last = ICAL_MIN };
	const struct ical_comp *c = ical_first(ic);
	struct plan p;

	/* Busy and free times need no DTSTART, and without DTEND never end (RFC 7953 3.1). */
	if (c && c->kind & (ICAL_VFREEBUSY | ICAL_VAVAILABILITY)) {
		*first = ICAL_MIN;
		*last = ICAL_MAX;
		return 0;
	}
	if (plan_read(ic, NULL, mem, &p, e)) {
		return -1;
	}
	if (p.master) {
		include_shape(&s, &p.shape);
	}
	if (p.master && p.shape.dated && (p.stretch_count > 1 || !series_is_single(&p.series))) {
		include_series(&s, &p);
	}
	for (size_t i = 0; i < p.override_count; i++) {
		include_shape(&s, &p.overrides[i].shape);
	}
	*first = s.first;
	*last = s.last;
	return 0;
}
