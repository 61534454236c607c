#include "ical/series.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "ical/internal.h"
#include "ical/zonetab.h"

enum { DAY = 86400 };

struct moment { int64_t local, utc; };

/*
 * A rule's times as instants in order. Wall-clock order is not always the order of instants: what falls
 * into a gap comes, an hour's worth of it, after what the clock shows behind the gap (RFC 5545
 * 3.3.5). Those times wait in a queue, which keeps their order, and are merged with the others.
 */
struct stream {
	struct recur recur;
	const struct zone *zone;
	int64_t until_utc;
	struct moment *queue;
	size_t first, queued, size, max;
	struct moment ahead;
	bool has_ahead, ahead_in_gap, done;
	struct arena *mem;
};

/* What series_open() was asked for. */
struct wanted {
	int64_t from, to;
	bool start_counts;
	uint64_t *steps;
	size_t instances;
	struct arena *mem;
};

struct series_cursor {
	const struct series *series;
	struct stream *rules, *exrules;
	size_t date;
	int64_t last; /* instant of the member given last */
	uint64_t *steps;
};

/* ---- reading ---- */

static int64_t day_of(int64_t local)
{
	return local / DAY - (local % DAY < 0);
}

static int64_t time_of(int64_t local)
{
	return local - day_of(local) * DAY;
}

/* The day that a date, or a time that stands for a whole day, means in the set's zone. Programs
 * write midnight, be it local or with a Z, and mean the date they wrote. */
static int64_t named_day(const struct series *s, const struct ical_when *w)
{
	int64_t local = wall_seconds(&w->wall);

	if (w->form == ICAL_UTC && time_of(local)) {
		local = w->utc + zone_offset(s->start.in, w->utc);
	}
	return day_of(local);
}

int64_t series_place(const struct series *s, const struct ical_when *w)
{
	if (s->start.form != ICAL_DATE && w->form != ICAL_DATE) {
		return w->utc;
	}
	int64_t time = time_of(wall_seconds(&s->start.wall));
	return zone_from_local(s->start.in, named_day(s, w) * DAY + time);
}

void series_when_at(const struct ical_when *w, int64_t local, struct ical_when *out)
{
	*out = *w;
	wall_from_seconds(local, &out->wall);
	out->utc = zone_from_local(w->in, local);
}

/* UNTIL as the last wall-clock time, and as the last instant where it is one. A DATE takes in
 * the whole day. */
static void resolve_until(struct series *s, struct series_rule *r)
{
	const struct ical_when *u = &r->rule.until;

	r->until = r->until_utc = INT64_MAX;
	if (!r->rule.has_until) {
		return;
	}
	if (u->form == ICAL_UTC) {
		s->forms |= 1U << ICAL_UTC;
	}
	int64_t local = wall_seconds(&u->wall);
	if (s->start.form == ICAL_DATE) {
		r->until = named_day(s, u) * DAY;
	} else if (u->form == ICAL_DATE) {
		r->until = local + DAY - 1;
	} else if (u->form == ICAL_UTC) {
		/* the larger offset, so that a time which exists twice isn't cut off by the clock's face */
		int32_t now = zone_offset(s->start.in, u->utc), before = zone_offset(s->start.in, u->utc - DAY);

		r->until = u->utc + (now > before ? now : before);
		r->until_utc = u->utc;
	} else {
		r->until = local;
	}
}

static int read_rules(const struct ical *ic, const struct ical_comp *c, const char *name,
	struct series *s, struct arena *mem, struct series_rule **out, size_t *count, struct err *e)
{
	size_t n = 0;

	for (const struct ical_line *l = ical_prop(ic, c, name); l; l = ical_prop_next(ic, c, l, name)) {
		n++;
	}
	if (n > SERIES_RULES_MAX) {
		return err_set(e, ERR_INSTANCES, "%zu lines of %s", n, name);
	}
	*out = arena_array(mem, n, sizeof(**out));
	*count = 0;
	for (const struct ical_line *l = ical_prop(ic, c, name); l; l = ical_prop_next(ic, c, l, name)) {
		struct series_rule *r = &(*out)[(*count)++];

		if (rule_parse(l->value, &r->rule, e)) {
			return -1;
		}
		resolve_until(s, r);
	}
	return 0;
}

/* At most so many items stand in the lines of a name. */
static size_t count_items(const struct ical *ic, const struct ical_comp *c, const char *name)
{
	size_t n = 0;

	for (const struct ical_line *l = ical_prop(ic, c, name); l; l = ical_prop_next(ic, c, l, name)) {
		n++;
		for (const char *p = l->value; *p; p++) {
			n += *p == ',';
		}
	}
	return n;
}

/* Where the set has times, an RDATE that is a DATE means DTSTART's time on that day. */
static int read_rdate(const struct ical *ic, const char *item, const char *tzid,
	const struct zone *floating, struct series *s, struct series_date *out, struct err *e)
{
	out->length = -1;
	if (strchr(item, '/')) {
		int64_t end;

		if (ical_period(ic, item, tzid, floating, &out->when, &end, e)) {
			return -1;
		}
		out->length = end - out->when.utc;
		s->forms |= 1U << ICAL_UTC; /* as its end may be */
	} else if (ical_when(ic, item, tzid, floating, &out->when, e)) {
		return -1;
	}
	s->forms |= 1U << out->when.form;
	out->utc = series_place(s, &out->when);
	if ((out->when.form == ICAL_DATE) != (s->start.form == ICAL_DATE)) {
		series_when_at(&s->start, out->utc + zone_offset(s->start.in, out->utc), &out->when);
	}
	return 0;
}

static int by_utc(const void *a, const void *b)
{
	const struct series_date *x = a, *y = b;

	return x->utc < y->utc ? -1 : x->utc > y->utc;
}

static int read_dates(const struct ical *ic, const struct ical_comp *c, const struct zone *floating,
	struct arena *mem, struct series *s, struct err *e)
{
	char item[ICAL_ITEM_SIZE];
	const char *name = "RDATE";
	int rc = 0;

	s->dates = arena_array(mem, 1 + count_items(ic, c, name), sizeof(*s->dates));
	s->dates[0] = (struct series_date) { .utc = s->start.utc, .when = s->start, .length = -1 };
	s->date_count = 1;
	for (const struct ical_line *l = ical_prop(ic, c, name); l; l = ical_prop_next(ic, c, l, name)) {
		const char *at = l->value, *tzid = ical_param(l, "TZID");

		while ((rc = ical_list_next(&at, item)) > 0) {
			struct series_date *d = &s->dates[s->date_count++];

			if (read_rdate(ic, item, tzid, floating, s, d, e)) {
				return -1;
			}
			s->longest = d->length > s->longest ? d->length : s->longest;
		}
		if (rc < 0) {
			return err_set(e, ERR_SYNTAX, "line %u: malformed RDATE", l->number);
		}
	}
	qsort(s->dates, s->date_count, sizeof(*s->dates), by_utc);
	return 0;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* A DATE takes out all of its day, whatever the times. */
static int read_exdates(const struct ical *ic, const struct ical_comp *c, const struct zone *floating,
	struct arena *mem, struct series *s, struct err *e)
{
	char item[ICAL_ITEM_SIZE];
	const char *name = "EXDATE";
	size_t max = count_items(ic, c, name);
	struct ical_when w;
	int rc = 0;

	s->exdates = arena_array(mem, max, sizeof(*s->exdates));
	s->exdays = arena_array(mem, max, sizeof(*s->exdays));
	for (const struct ical_line *l = ical_prop(ic, c, name); l; l = ical_prop_next(ic, c, l, name)) {
		const char *at = l->value, *tzid = ical_param(l, "TZID");

		while ((rc = ical_list_next(&at, item)) > 0) {
			if (ical_when(ic, item, tzid, floating, &w, e)) {
				return -1;
			}
			s->forms |= 1U << w.form;
			if (w.form == ICAL_DATE && s->start.form != ICAL_DATE) {
				s->exdays[s->exday_count++] = named_day(s, &w);
			} else {
				s->exdates[s->exdate_count++] = series_place(s, &w);
			}
		}
		if (rc < 0) {
			return err_set(e, ERR_SYNTAX, "line %u: malformed EXDATE", l->number);
		}
	}
	qsort(s->exdates, s->exdate_count, sizeof(*s->exdates), by_value);
	qsort(s->exdays, s->exday_count, sizeof(*s->exdays), by_value);
	return 0;
}

int series_read(const struct ical *ic, const struct ical_comp *c, const struct ical_when *start,
	const struct zone *floating, struct arena *mem, struct series *out, struct err *e)
{
	struct series s = { .start = *start, .forms = 1U << start->form };

	if (read_dates(ic, c, floating, mem, &s, e) || read_exdates(ic, c, floating, mem, &s, e)
		|| read_rules(ic, c, "RRULE", &s, mem, &s.rules, &s.rule_count, e)
		|| read_rules(ic, c, "EXRULE", &s, mem, &s.exrules, &s.exrule_count, e)) {
		return -1;
	}
	*out = s;
	return 0;
}

bool series_is_single(const struct series *s)
{
	return !s->rule_count && s->date_count == 1;
}

static bool in_list(const int64_t *list, size_t count, int64_t v)
{
	return count && bsearch(&v, list, count, sizeof(v), by_value);
}

bool series_excludes(const struct series *s, int64_t utc)
{
	return in_list(s->exdates, s->exdate_count, utc)
		|| (s->exday_count && in_list(s->exdays, s->exday_count,
			day_of(utc + zone_offset(s->start.in, utc))));
}

/* ---- one rule ---- */

/* The least or the greatest that the clock on the wall can show for instants from there on, or up
 * to there: a change of clocks near by shifts them. */
static int64_t wall_bound(const struct zone *z, int64_t utc, bool greatest)
{
	if (utc < INT64_MIN / 2 || utc > INT64_MAX / 2) {
		return utc;
	}
	int32_t bound = zone_offset(z, utc);
	for (int64_t t = utc - DAY; t <= utc + DAY; t += 2 * DAY) {
		int32_t near = zone_offset(z, t);

		bound = (near > bound) == greatest ? near : bound;
	}
	return utc + bound;
}

static int stream_open(struct stream *st, const struct series *s, const struct series_rule *r,
	const struct wanted *w)
{
	int64_t last = wall_bound(s->start.in, w->to, true);

	st->zone = s->start.in;
	st->until_utc = r->until_utc;
	st->mem = w->mem;
	st->max = w->instances;
	recur_open(&st->recur, &r->rule, &s->start.wall, r->until < last ? r->until : last, w->start_counts,
		w->steps);
	return recur_seek(&st->recur, wall_bound(s->start.in, w->from, false));
}

static int enqueue(struct stream *s, const struct moment *m)
{
	if (s->first + s->queued == s->size) {
		if (s->queued == s->max) {
			return -1;
		}
		size_t size = s->queued * 2 + 16;
		struct moment *bigger = arena_array(s->mem, size, sizeof(*bigger));
		if (s->queued) {
			memcpy(bigger, s->queue + s->first, s->queued * sizeof(*bigger));
		}
		s->queue = bigger;
		s->size = size;
		s->first = 0;
	}
	s->queue[s->first + s->queued++] = *m;
	return 0;
}

/* Another gap than that of the times that wait: those may go first. */
static bool far_behind(const struct stream *s, const struct moment *m)
{
	return s->queued && m->utc - s->queue[s->first].utc > 2 * DAY;
}

/* Reads on until a time outside gaps, or in a later gap, stands ahead. */
static int stream_fill(struct stream *s)
{
	if (s->has_ahead && s->ahead_in_gap && !s->queued) {
		s->has_ahead = false;
		if (enqueue(s, &s->ahead)) {
			return -1;
		}
	}
	while (!s->has_ahead && !s->done) {
		struct moment m;
		int rc = recur_next(&s->recur, &m.local);

		if (rc <= 0) {
			s->done = true;
			return rc;
		}
		m.utc = zone_from_local(s->zone, m.local);
		if (m.utc > s->until_utc) {
			continue;
		}
		bool in_gap = m.utc + zone_offset(s->zone, m.utc) != m.local;
		if (in_gap && !far_behind(s, &m)) {
			if (enqueue(s, &m)) {
				return -1;
			}
			continue;
		}
		s->ahead = m;
		s->ahead_in_gap = in_gap;
		s->has_ahead = true;
	}
	return 0;
}

/* What comes next, or NULL. Needs stream_fill() before. */
static const struct moment *stream_head(const struct stream *s)
{
	const struct moment *waiting = s->queued ? &s->queue[s->first] : NULL;

	if (waiting && (!s->has_ahead || waiting->utc <= s->ahead.utc)) {
		return waiting;
	}
	return s->has_ahead ? &s->ahead : NULL;
}

static void stream_drop(struct stream *s)
{
	if (stream_head(s) == &s->ahead) {
		s->has_ahead = false;
	} else {
		s->first++;
		s->queued--;
	}
}

/* ---- all together ---- */

static struct stream *open_streams(const struct series *s, const struct series_rule *rules,
	size_t count,
	const struct wanted *w)
{
	struct stream *list = arena_array(w->mem, count, sizeof(*list));

	for (size_t i = 0; i < count; i++) {
		if (stream_open(&list[i], s, &rules[i], w)) {
			return NULL;
		}
	}
	return list;
}

static size_t first_date(const struct series *s, int64_t from)
{
	size_t low = 0, high = s->date_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->dates[mid].utc < from) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	return low;
}

struct series_cursor *series_open(const struct series *s, int64_t from, int64_t to, uint64_t *steps,
	size_t instances, struct arena *mem)
{
	struct series_cursor *c = arena_alloc(mem, sizeof(*c));
	struct wanted w = {
		.from = from, .to = to, .start_counts = true, .steps = steps, .instances = instances, .mem = mem,
	};

	c->series = s;
	c->steps = steps;
	c->last = from == INT64_MIN ? from : from - 1;
	c->date = first_date(s, from);
	c->rules = open_streams(s, s->rules, s->rule_count, &w);
	w.start_counts = false;
	c->exrules = open_streams(s, s->exrules, s->exrule_count, &w);
	return c->rules && c->exrules ? c : NULL;
}

static int spend(struct series_cursor *c)
{
	if (!*c->steps) {
		return -1;
	}
	--*c->steps;
	return 0;
}

/* The head that is first; NULL if all rules are at their end. */
static int earliest_of_rules(struct series_cursor *c, const struct moment **best)
{
	*best = NULL;
	for (size_t i = 0; i < c->series->rule_count; i++) {
		struct stream *s = &c->rules[i];

		if (spend(c) || stream_fill(s)) {
			return -1;
		}
		const struct moment *m = stream_head(s);
		if (m && (!*best || m->utc < (*best)->utc)) {
			*best = m;
		}
	}
	return 0;
}

static void from_rule(const struct series *s, const struct moment *m, struct series_date *out)
{
	*out = (struct series_date) { .utc = m->utc, .when = s->start, .length = -1 };
	out->when.utc = m->utc;
	wall_from_seconds(m->local, &out->when.wall);
}

/* Takes off every source what isn't later than utc. */
static void drop_until(struct series_cursor *c, int64_t utc)
{
	const struct moment *m;

	for (size_t i = 0; i < c->series->rule_count; i++) {
		m = stream_head(&c->rules[i]);
		if (m && m->utc <= utc) {
			stream_drop(&c->rules[i]);
		}
	}
	while (c->date < c->series->date_count && c->series->dates[c->date].utc <= utc) {
		c->date++;
	}
}

/* 1: an EXRULE gives that instant. */
static int exrules_give(struct series_cursor *c, int64_t utc)
{
	for (size_t i = 0; i < c->series->exrule_count; i++) {
		struct stream *s = &c->exrules[i];
		const struct moment *m;

		for (;;) {
			if (spend(c) || stream_fill(s)) {
				return -1;
			}
			m = stream_head(s);
			if (!m || m->utc >= utc) {
				break;
			}
			stream_drop(s);
		}
		if (m && m->utc == utc) {
			return 1;
		}
	}
	return 0;
}

/* The earliest of all sources, taken off them. 1, 0: none left, -1: budget. A date wins over a rule:
 * it may be a PERIOD with a length of its own. */
static int take(struct series_cursor *c, struct series_date *out)
{
	const struct series *s = c->series;
	const struct series_date *date = c->date < s->date_count ? &s->dates[c->date] : NULL;
	const struct moment *m;

	if (spend(c) || earliest_of_rules(c, &m)) {
		return -1;
	}
	if (!date && !m) {
		return 0;
	}
	if (date && (!m || date->utc <= m->utc)) {
		*out = *date;
	} else {
		from_rule(s, m, out);
	}
	drop_until(c, out->utc);
	return 1;
}

int series_next(struct series_cursor *c, struct series_date *out)
{
	for (;;) {
		struct series_date d;
		int rc = take(c, &d);

		if (rc <= 0) {
			return rc;
		}
		if (d.utc <= c->last) {
			continue; /* before the place asked for, or there already */
		}
		c->last = d.utc;
		int excluded = series_excludes(c->series, d.utc) ? 1 : exrules_give(c, d.utc);
		if (excluded < 0) {
			return -1;
		}
		if (!excluded) {
			*out = d;
			return 1;
		}
	}
}
