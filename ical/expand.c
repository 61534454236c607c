/*
 * Occurrences in a time range, in the order of their starts. Each stretch of the series is a track
 * that gives its occurrences in order; overrides, sorted, are one more. The earliest of all heads
 * comes next, so a visitor who has seen enough stops an endless rule.
 */
#include <stdlib.h>
#include <string.h>

#include "ical/internal.h"
#include "ical/plan.h"

enum { DAY = 86400 };

/*
 * Where the shift of a stretch takes occurrences into a gap of the clock, they come out of order.
 * So they wait, sorted, until nothing earlier can follow.
 */
struct track {
	const struct plan_stretch *stretch;
	struct series_cursor *cursor; /* NULL until first needed */
	struct ical_instance *list;
	size_t first, waiting, size;
	bool done;
};

struct expansion {
	struct plan *plan;
	int64_t from, to;
	struct track *tracks;
	struct ical_instance *moved; /* overrides in range, by start */
	size_t moved_count, next_moved;
};

/* Open ends stay open. */
static int64_t add(int64_t t, int64_t by)
{
	int64_t sum;

	if (t == ICAL_MIN || t == ICAL_MAX) {
		return t;
	}
	return __builtin_add_overflow(t, by, &sum) ? by < 0 ? ICAL_MIN : ICAL_MAX : sum;
}

/* ---- overrides ---- */

static int by_start(const void *a, const void *b)
{
	const struct ical_instance *x = a, *y = b;

	if (x->start != y->start) {
		return x->start < y->start ? -1 : 1;
	}
	return x->recurrence < y->recurrence ? -1 : x->recurrence > y->recurrence;
}

static void gather_moved(struct expansion *x)
{
	const struct plan *p = x->plan;

	x->moved = arena_array(p->mem, p->override_count, sizeof(*x->moved));
	for (size_t i = 0; i < p->override_count; i++) {
		const struct plan_override *o = &p->overrides[i];

		if (!o->excluded && plan_overlaps(&o->shape, o->shape.first, o->shape.last, x->from, x->to)) {
			plan_override_instance(o, &x->moved[x->moved_count++]);
		}
	}
	qsort(x->moved, x->moved_count, sizeof(*x->moved), by_start);
}

/* ---- tracks ---- */

/* What is nominal can differ by the changes of clocks between. */
static int64_t slack(const struct plan_stretch *st)
{
	return st->shift || st->shape->length.days ? 2 * ZONE_OFFSET_MAX : 0;
}

/* No occurrence of an earlier place reaches into the range. */
static int64_t earliest_place(const struct expansion *x, const struct plan_stretch *st)
{
	const struct ical_duration *d = &st->shape->length;
	int64_t longest = d->days * DAY + d->seconds;

	if (x->plan->series.longest > longest) {
		longest = x->plan->series.longest;
	}
	int64_t place = add(x->from, -longest - st->shift - slack(st));
	return place > st->from ? place : st->from;
}

static int enqueue(struct expansion *x, struct track *t, const struct ical_instance *i)
{
	size_t k = t->first + t->waiting;

	if (k == t->size) {
		struct ical_instance *list = t->list;

		if (t->waiting == x->plan->instances) {
			return -1;
		}
		if (t->waiting * 2 >= t->size) {
			t->size = t->waiting * 2 + 4;
			t->list = arena_array(x->plan->mem, t->size, sizeof(*t->list));
		}
		if (t->waiting) {
			memmove(t->list, list + t->first, t->waiting * sizeof(*list));
		}
		t->first = 0;
		k = t->waiting;
	}
	for (; k > t->first && t->list[k - 1].start > i->start; k--) {
		t->list[k] = t->list[k - 1];
	}
	t->list[k] = *i;
	t->waiting++;
	return 0;
}

/* Is the first one that waits the next one? */
static bool settled(const struct track *t)
{
	if (!t->waiting) {
		return false;
	}
	const struct ical_instance *first = t->list + t->first;
	return t->done || first[t->waiting - 1].start - first->start >= slack(t->stretch);
}

static struct ical_instance *head(const struct track *t)
{
	return t->waiting ? t->list + t->first : NULL;
}

/* Takes a member of the series; whether it is in range or not is no matter. */
static int track_take(struct expansion *x, struct track *t, const struct series_date *d)
{
	const struct plan_stretch *st = t->stretch;
	struct ical_instance i;

	if (plan_override_at(x->plan, d->utc)) {
		return 0;
	}
	plan_instance(st, d, &i);
	t->done = i.start > add(x->to, slack(st));
	return plan_overlaps(st->shape, i.start, i.end, x->from, x->to) ? enqueue(x, t, &i) : 0;
}

/* Reads on until the next occurrence in range is known. */
static int track_fill(struct expansion *x, struct track *t)
{
	struct plan *p = x->plan;
	const struct plan_stretch *st = t->stretch;
	struct series_date d;

	if (!t->cursor && !t->done) {
		t->cursor = series_open(&p->series, earliest_place(x, st), add(x->to, slack(st) - st->shift),
			&p->steps, p->instances, p->mem);
		if (!t->cursor) {
			return -1;
		}
	}
	while (!t->done && !settled(t)) {
		int rc = series_next(t->cursor, &d);

		t->done = rc <= 0 || d.utc >= st->to;
		if (rc < 0 || (!t->done && track_take(x, t, &d))) {
			return -1;
		}
	}
	return 0;
}

static void open_tracks(struct expansion *x)
{
	struct plan *p = x->plan;

	x->tracks = arena_array(p->mem, p->stretch_count, sizeof(*x->tracks));
	for (size_t i = 0; i < p->stretch_count; i++) {
		const struct plan_stretch *st = &p->stretches[i];

		x->tracks[i].stretch = st;
		x->tracks[i].done = add(st->from, st->shift - slack(st)) > x->to;
	}
}

/* ---- merging ---- */

/* 1, 0: no more, -1: the budget is used up. */
static int next_instance(struct expansion *x, struct ical_instance *out)
{
	struct track *best = NULL;

	for (size_t i = 0; i < x->plan->stretch_count; i++) {
		struct track *t = &x->tracks[i];

		if (track_fill(x, t)) {
			return -1;
		}
		if (t->waiting && (!best || by_start(head(t), head(best)) < 0)) {
			best = t;
		}
	}
	const struct ical_instance *moved = x->next_moved < x->moved_count ? &x->moved[x->next_moved] : NULL;
	if (moved && (!best || by_start(moved, head(best)) < 0)) {
		*out = *moved;
		x->next_moved++;
		return 1;
	}
	if (best) {
		*out = *head(best);
		best->first++;
		best->waiting--;
	}
	return best != NULL;
}

/* *n: how many were seen. */
static int visit_all(struct expansion *x, ical_visit_fn visit, void *arg, size_t *n, struct err *e)
{
	struct ical_instance i;
	int rc;

	for (*n = 0; (rc = next_instance(x, &i)) > 0; ++*n) {
		if (*n == x->plan->instances) {
			return err_set(e, ERR_INSTANCES, "more than %zu occurrences", *n);
		}
		if (visit(&i, arg)) {
			return 0;
		}
	}
	return rc < 0 ? err_set(e, ERR_INSTANCES, "the recurrence takes too many steps") : 0;
}

/* A master that nothing recurs from: a task or journal entry without dates. */
static void visit_undated(const struct expansion *x, ical_visit_fn visit, void *arg)
{
	const struct plan_shape *s = &x->plan->shape;
	struct ical_instance i = {
		.start = s->first, .end = s->last, .recurrence = s->first, .comp = s->comp,
		.when = { .utc = s->first, .form = ICAL_UTC, .in = zone_utc() },
	};

	if (plan_overlaps(s, s->first, s->last, x->from, x->to)) {
		visit(&i, arg);
	}
}

int plan_expand(struct plan *p, int64_t from, int64_t to, ical_visit_fn visit, void *arg, size_t *n,
	struct err *e)
{
	struct expansion x = { .plan = p, .from = from, .to = to };

	*n = 0;
	if (p->master && !p->shape.dated) {
		visit_undated(&x, visit, arg);
		return 0;
	}
	gather_moved(&x);
	open_tracks(&x);
	return visit_all(&x, visit, arg, n, e);
}

int ical_expand(const struct ical *ic, const struct zone *floating, int64_t from, int64_t to,
	ical_visit_fn visit, void *arg, struct err *e)
{
	cleanup_arena struct arena *mem = arena_create();
	struct plan p;
	size_t n;

	if (plan_read(ic, floating, mem, &p, e)) {
		return -1;
	}
	uint64_t granted = p.steps;
	int rc = plan_expand(&p, from, to, visit, arg, &n, e);
	ical_spend(ic->limits, granted - p.steps + n * ICAL_OCCURRENCE_STEPS);
	return rc;
}
