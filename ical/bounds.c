/* When an object has occurrences, for the index of the store: all of them in one span, or each. */
#include "base/spans.h"
#include "ical/internal.h"
#include "ical/plan.h"
#include "ical/zonetab.h"

enum {
	DAY = 86400,
	ANY_ZONE = ZONE_OFFSET_MAX,  /* a floating time is that far from UTC at most */
	SHIFT = 2 * ZONE_OFFSET_MAX, /* more than that no change of clocks shifts */
	COUNT_STEPS = 20000,         /* for where COUNT ends; beyond that it counts as endless */
};

struct bounds { int64_t first, last; };

static int64_t widen(int64_t t, int64_t by)
{
	int64_t sum;

	if (t == ICAL_MIN || t == ICAL_MAX || __builtin_add_overflow(t, by, &sum)) {
		return by < 0 && t < 0 ? ICAL_MIN : t > 0 ? ICAL_MAX : t;
	}
	return sum;
}

static void include(struct bounds *s, int64_t first, int64_t last)
{
	s->first = first < s->first ? first : s->first;
	s->last = last > s->last ? last : s->last;
}

static bool is_fixed(const struct ical_when *w)
{
	return w->form == ICAL_UTC || w->form == ICAL_ZONED;
}

/* Tasks touch a range at their ends (RFC 4791 9.9): a second more on both sides, so that what is asked as
 * of a span finds them. */
static bool touches(const struct plan_shape *shape)
{
	return shape->overlap != OVERLAP_SPAN && shape->overlap != OVERLAP_NEVER;
}

static void include_shape(struct bounds *s, const struct plan_shape *shape)
{
	int64_t slack = (shape->dated && !is_fixed(&shape->start) ? ANY_ZONE : 0) + touches(shape);

	if (shape->overlap == OVERLAP_NEVER) {
		return;
	}
	include(s, widen(shape->first, -slack), widen(shape->last, slack));
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
		/* an earlier time may be read as a later instant, in a gap */
		int64_t utc = zone_from_local(s->start.in, local) + (s->start.in == zone_utc() ? 0 : SHIFT);
		last = utc > last ? utc : last;
	}
	return last;
}

static void include_series(struct bounds *s, const struct plan *p)
{
	const struct series *series = &p->series;
	int64_t last = last_start(series), longest = series->longest;

	for (size_t i = 0; i < p->stretch_count; i++) {
		const struct plan_stretch *st = &p->stretches[i];
		int64_t length = (st->shape->length.days + 1) * DAY + st->shape->length.seconds;

		length += st->shift > 0 ? st->shift : 0;
		longest = length > longest ? length : longest;
	}
	include(s, widen(series->dates[0].utc, -SHIFT), widen(last, longest + SHIFT));
}

/* Something else than one span may come of it. */
static bool is_many(const struct plan *p)
{
	return p->override_count || (p->master && p->shape.dated
		&& (!series_is_single(&p->series) || series_excludes(&p->series, p->series.start.utc)
			|| p->series.exrule_count));
}

static struct bounds plan_bounds(const struct plan *p)
{
	struct bounds s = { .first = ICAL_MAX, .last = ICAL_MIN };

	if (p->master) {
		include_shape(&s, &p->shape);
	}
	if (p->master && p->shape.dated && (p->stretch_count > 1 || !series_is_single(&p->series))) {
		include_series(&s, p);
	}
	for (size_t i = 0; i < p->override_count; i++) {
		include_shape(&s, &p->overrides[i].shape);
	}
	if (is_many(p) && s.first <= s.last) {
		s.last = widen(s.last, 1); /* the last one may be a moment */
	}
	return s;
}

/* Busy and free times need no DTSTART, and without DTEND never end (RFC 7953 3.1). */
static bool is_always(const struct ical_comp *c)
{
	return c && c->kind & (ICAL_VFREEBUSY | ICAL_VAVAILABILITY);
}

int ical_bounds(const struct ical *ic, int64_t *first, int64_t *last, struct err *e)
{
	cleanup_arena struct arena *mem = arena_create();
	struct plan p;

	if (is_always(ical_first(ic))) {
		*first = ICAL_MIN;
		*last = ICAL_MAX;
		return 0;
	}
	if (plan_read(ic, NULL, mem, &p, e)) {
		return -1;
	}
	struct bounds s = plan_bounds(&p);
	*first = s.first;
	*last = s.last;
	return 0;
}

/* ---- each occurrence ---- */

enum { FIXED = 1 << ICAL_UTC | 1 << ICAL_ZONED, FLOATING = 1 << ICAL_FLOATING | 1 << ICAL_DATE };

/* All times are instants: no zone that somebody asks in changes any. */
static bool all_fixed(const struct plan *p)
{
	return !(p->forms & FLOATING);
}

struct listing {
	struct span list[SPANS_MAX];
	size_t count;
	int64_t slack, last;
	bool more;
};

static int list_one(const struct ical_instance *i, void *arg)
{
	struct listing *l = arg;

	l->more = l->count == SPANS_MAX;
	if (l->more) {
		return 1;
	}
	struct span s = { widen(i->start, -l->slack), widen(i->end, l->slack) };
	l->last = s.end > l->last ? s.end : l->last;
	l->list[l->count++] = s;
	return 0;
}

static int64_t slack_of(const struct plan *p)
{
	bool touching = p->master && touches(&p->shape);

	for (size_t i = 0; i < p->override_count; i++) {
		touching = touching || touches(&p->overrides[i].shape);
	}
	return touching + (all_fixed(p) ? 0 : ANY_ZONE);
}

/* False if it can't be told, or there are too many occurrences for one to be told. */
static bool list_spans(struct plan *p, struct listing *l)
{
	bool floats = !all_fixed(p);
	size_t n;

	/* where times of both kinds meet, the zone decides which occurrences there are */
	if ((floats && p->forms & FIXED) || (p->master && !p->shape.dated)) {
		return false;
	}
	*l = (struct listing) { .slack = slack_of(p), .last = ICAL_MIN };
	p->instances = SPANS_MAX + 1;
	p->steps = COUNT_STEPS;
	if (plan_expand(p, ICAL_MIN, ICAL_MAX, list_one, l, &n, NULL)) {
		l->more = true;
	}
	return l->count || !l->more;
}

static void index_spans(const struct listing *l, struct arena *mem, struct ical_index *out)
{
	cleanup_buf struct buf text;

	buf_init(&text, SPANS_BYTES_MAX);
	if (!l->more) {
		out->first = l->count ? l->list[0].start : ICAL_MAX;
		out->last = l->count ? widen(l->last, 1) : ICAL_MIN;
	}
	if (l->count) {
		spans_write(l->list, l->count, l->more, &text);
		out->spans = (struct span_set) { arena_strndup(mem, text.data, text.len), text.len };
	}
}

int ical_index(const struct ical *ic, struct arena *mem, struct ical_index *out, struct err *e)
{
	cleanup_arena struct arena *scratch = arena_create();
	const struct ical_comp *c = ical_first(ic);
	struct ical_index x = { .first = ICAL_MIN, .last = ICAL_MAX };
	struct listing l;
	struct plan p;

	if (is_always(c)) {
		*out = x;
		return 0;
	}
	if (plan_read(ic, NULL, scratch, &p, e)) {
		return -1;
	}
	bool many = is_many(&p), listed = many && list_spans(&p, &l);
	if (!listed || l.more) {
		struct bounds s = plan_bounds(&p);
		x.first = s.first;
		x.last = s.last;
	}
	if (listed) {
		index_spans(&l, mem, &x);
	}
	if (c && c->kind & (ICAL_VEVENT | ICAL_VJOURNAL) && all_fixed(&p) && (listed || !many)) {
		x.traits |= ICAL_EXACT;
	}
	x.traits |= ical_busy_trait(ic);
	*out = x;
	return 0;
}
