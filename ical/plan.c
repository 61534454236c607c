#include "ical/plan.h"

#include <stdlib.h>
#include <string.h>

#include "ical/internal.h"
#include "ical/zonetab.h"

enum { DAY = 86400 };

/* ---- one component ---- */

/* NULL and 0 if the property is missing. */
static int when_of(struct plan *p, const struct ical_comp *c, const char *name,
	const struct ical_line **l, struct ical_when *out, struct err *e)
{
	*l = ical_prop(p->ic, c, name);
	if (!*l) {
		return 0;
	}
	if (ical_line_when(p->ic, *l, p->floating, out, e)) {
		return -1;
	}
	p->forms |= 1U << out->form;
	return 0;
}

static int64_t days_between(const struct ical_when *a, const struct ical_when *b)
{
	return (wall_seconds(&b->wall) - wall_seconds(&a->wall)) / DAY;
}

/*
 * From DTEND or DUE: the exact duration (RFC 5545 3.8.5.3), of dates the days. An end before the
 * start, as some programs write, is no length.
 */
static struct ical_duration length_until(const struct ical_when *start, const struct ical_when *end)
{
	struct ical_duration d = { 0 };

	if (start->form == ICAL_DATE && end->form == ICAL_DATE) {
		d.days = days_between(start, end);
	} else {
		d.seconds = end->utc - start->utc;
	}
	if (d.days < 0 || d.seconds < 0) {
		d = (struct ical_duration) { 0 };
	}
	return d;
}

static int read_length(struct plan *p, struct plan_shape *s, struct err *e)
{
	bool todo = s->comp->kind == ICAL_VTODO;
	const struct ical_line *l, *duration = ical_prop(p->ic, s->comp, "DURATION");
	struct ical_when end;

	if (when_of(p, s->comp, todo ? "DUE" : "DTEND", &l, &end, e)) {
		return -1;
	}
	if (l) {
		s->length = length_until(&s->start, &end);
		s->overlap = todo ? OVERLAP_TODO_DUE : s->overlap;
		return 0;
	}
	if (duration) {
		s->overlap = todo ? OVERLAP_TODO_DURATION : s->overlap;
		if (ical_duration(duration->value, &s->length, e)) {
			return -1;
		}
		if (s->length.days < 0 || s->length.seconds < 0) {
			s->length = (struct ical_duration) { 0 };
		}
		return 0;
	}
	if (s->start.form == ICAL_DATE && !todo) {
		s->length.days = 1;
	}
	return 0;
}

/* A task without dates: RFC 4791 9.9, by COMPLETED and CREATED, else always. */
static int read_undated_todo(struct plan *p, struct plan_shape *s, struct err *e)
{
	const struct ical_line *l, *done;
	struct ical_when created, completed;

	if (when_of(p, s->comp, "COMPLETED", &done, &completed, e)) {
		return -1;
	}
	if (when_of(p, s->comp, "CREATED", &l, &created, NULL)) {
		l = NULL; /* tolerated, as in valid.c */
	}
	s->overlap = done ? OVERLAP_ENDS : OVERLAP_SPAN;
	s->first = l ? created.utc : done ? completed.utc : ICAL_MIN;
	s->last = done ? completed.utc : ICAL_MAX;
	if (s->first > s->last) {
		s->last = s->first;
		s->first = completed.utc;
	}
	return 0;
}

static int read_shape(struct plan *p, const struct ical_comp *c, struct plan_shape *s,
	struct err *e)
{
	const struct ical_line *l;

	*s = (struct plan_shape) { .comp = c, .overlap = OVERLAP_SPAN };
	if (c->kind == ICAL_VFREEBUSY) {
		s->overlap = OVERLAP_ENDS;
	}
	if (c->kind == ICAL_VAVAILABILITY) { /* never recurs itself */
		return ical_availability_span(p->ic, c, p->floating, &s->first, &s->last, e);
	}
	if (when_of(p, c, "DTSTART", &l, &s->start, e)) {
		return -1;
	}
	if (!l && c->kind == ICAL_VTODO) {
		if (when_of(p, c, "DUE", &l, &s->start, e)) {
			return -1;
		}
		if (!l) {
			return read_undated_todo(p, s, e);
		}
		s->overlap = OVERLAP_DUE;
	} else if (!l) {
		s->overlap = OVERLAP_NEVER;
		return 0;
	} else if (read_length(p, s, e)) {
		return -1;
	}
	s->dated = true;
	s->first = s->start.utc;
	s->last = plan_end(s, &s->start);
	return 0;
}

int64_t plan_end(const struct plan_shape *s, const struct ical_when *start)
{
	int64_t end = ical_add(start, &s->length);

	return end > start->utc ? end : start->utc;
}

bool plan_overlaps(const struct plan_shape *s, int64_t start, int64_t end, int64_t from, int64_t to)
{
	switch (s->overlap) {
	case OVERLAP_NEVER:
		return false;
	case OVERLAP_SPAN:
		return to > start && (start == end ? from <= start : from < end);
	case OVERLAP_ENDS:
		return from <= end && (s->dated ? to > start : to >= start);
	case OVERLAP_TODO_DURATION:
		return from <= end && (to > start || to >= end);
	case OVERLAP_TODO_DUE:
		return (from < end || from <= start) && (to > start || to >= end);
	case OVERLAP_DUE:
		return from < end && to >= end;
	}
	return false;
}

/* ---- overrides ---- */

static int read_override(struct plan *p, const struct ical_comp *c, struct plan_override *o,
	struct err *e)
{
	const struct ical_line *l;
	struct ical_when id;

	if (read_shape(p, c, &o->shape, e) || when_of(p, c, "RECURRENCE-ID", &l, &id, e)) {
		return -1;
	}
	bool in_series = p->master && p->shape.dated;
	o->place = in_series ? series_place(&p->series, &id) : id.utc;
	o->excluded = in_series && series_excludes(&p->series, o->place);
	if (!o->shape.dated && c->kind != ICAL_VJOURNAL) { /* described without times: where the rule put it */
		o->shape.overlap = OVERLAP_SPAN;
		o->shape.start = id;
		o->shape.dated = true;
		o->shape.first = o->shape.last = o->place;
	}
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct plan_override *x = a, *y = b;

	return x->place < y->place ? -1 : x->place > y->place;
}

static bool is_override(const struct plan *p, const struct ical_comp *c)
{
	return ical_prop(p->ic, c, "RECURRENCE-ID") != NULL;
}

static int read_overrides(struct plan *p, const struct ical_comp *first, struct err *e)
{
	size_t n = 0;

	for (const struct ical_comp *c = first; c; c = c->next) {
		n += c->kind == first->kind && is_override(p, c);
	}
	p->overrides = arena_array(p->mem, n, sizeof(*p->overrides));
	for (const struct ical_comp *c = first; c; c = c->next) {
		if (c->kind == first->kind && is_override(p, c)
			&& read_override(p, c, &p->overrides[p->override_count++], e)) {
			return -1;
		}
	}
	qsort(p->overrides, p->override_count, sizeof(*p->overrides), by_place);
	return 0;
}

const struct plan_override *plan_override_at(const struct plan *p, int64_t place)
{
	struct plan_override key = { .place = place };

	return p->override_count
		? bsearch(&key, p->overrides, p->override_count, sizeof(key), by_place) : NULL;
}

/* ---- stretches ---- */

bool plan_changes_future(const struct plan *p, const struct plan_override *o)
{
	const struct ical_line *l = ical_prop(p->ic, o->shape.comp, "RECURRENCE-ID");
	const char *range = ical_param(l, "RANGE");

	return range && !strcmp(range, "THISANDFUTURE") && o->shape.dated && !o->excluded;
}

static int make_stretches(struct plan *p, struct err *e)
{
	size_t n = 1;

	for (size_t i = 0; i < p->override_count; i++) {
		n += plan_changes_future(p, &p->overrides[i]);
	}
	if (n > PLAN_RANGES_MAX + 1) {
		return err_set(e, ERR_INSTANCES, "%zu overrides with RANGE", n - 1);
	}
	p->stretches = arena_array(p->mem, n, sizeof(*p->stretches));
	p->stretches[0] = (struct plan_stretch) {
		.shape = &p->shape, .from = INT64_MIN, .to = INT64_MAX,
	};
	p->stretch_count = 1;
	for (size_t i = 0; i < p->override_count; i++) {
		const struct plan_override *o = &p->overrides[i];
		const struct ical_when *start = &o->shape.start;

		if (!plan_changes_future(p, o)) {
			continue;
		}
		int64_t there = o->place + zone_offset(start->in, o->place);
		p->stretches[p->stretch_count - 1].to = o->place;
		p->stretches[p->stretch_count++] = (struct plan_stretch) {
			.shape = &o->shape, .from = o->place, .to = INT64_MAX, .shifted = true,
			.shift = wall_seconds(&start->wall) - there,
		};
	}
	return 0;
}

int plan_read(const struct ical *ic, const struct zone *floating, struct arena *mem, struct plan *out,
	struct err *e)
{
	const struct ical_comp *first = ical_first(ic);
	struct plan *p = out;

	*p = (struct plan) {
		.ic = ic, .floating = floating, .mem = mem, .master = ical_master(ic),
		.steps = ical_steps(ic->limits), .instances = ic->limits->instances,
	};
	if (!first) {
		return 0;
	}
	if (p->master && read_shape(p, p->master, &p->shape, e)) {
		return -1;
	}
	if (p->master && p->shape.dated
		&& series_read(ic, p->master, &p->shape.start, floating, mem, &p->series, e)) {
		return -1;
	}
	p->forms |= p->series.forms;
	if (read_overrides(p, first, e)) {
		return -1;
	}
	return p->master && p->shape.dated ? make_stretches(p, e) : 0;
}

/* ---- occurrences ---- */

void plan_instance(const struct plan_stretch *st, const struct series_date *d,
	struct ical_instance *out)
{
	const struct ical_when *start = &st->shape->start;

	*out = (struct ical_instance) {
		.recurrence = d->utc, .comp = st->shape->comp, .override = st->shifted,
	};
	if (st->shifted) {
		series_when_at(start, d->utc + zone_offset(start->in, d->utc) + st->shift, &out->when);
	} else {
		out->when = d->when;
	}
	out->start = out->when.utc;
	out->end = d->length >= 0 ? out->start + d->length : plan_end(st->shape, &out->when);
}

void plan_override_instance(const struct plan_override *o, struct ical_instance *out)
{
	*out = (struct ical_instance) {
		.start = o->shape.first, .end = o->shape.last, .recurrence = o->place,
		.when = o->shape.start, .comp = o->shape.comp, .override = true,
	};
}

static const struct plan_stretch *stretch_at(const struct plan *p, int64_t place)
{
	size_t i = p->stretch_count;

	while (i && p->stretches[i - 1].from > place) {
		i--;
	}
	return i ? &p->stretches[i - 1] : NULL;
}

static int member_at(struct plan *p, int64_t place, struct series_date *out)
{
	cleanup_arena struct arena *mem = arena_create();
	struct series_cursor *c = series_open(&p->series, place, place, &p->steps, p->instances,
		mem);
	int rc = c ? series_next(c, out) : -1;

	return rc > 0 ? out->utc == place : rc;
}

int plan_find(struct plan *p, int64_t place, struct ical_instance *out, struct err *e)
{
	const struct plan_override *o = plan_override_at(p, place);
	const struct plan_stretch *st = stretch_at(p, place);
	struct series_date d;

	if (o) {
		plan_override_instance(o, out);
		return !o->excluded;
	}
	int rc = st ? member_at(p, place, &d) : 0;
	if (rc < 0) {
		return err_set(e, ERR_INSTANCES, "the recurrence takes too many steps");
	}
	if (rc) {
		plan_instance(st, &d, out);
	}
	return rc;
}
