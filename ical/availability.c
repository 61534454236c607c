/*
 * VAVAILABILITY (RFC 7953): when somebody can be booked at all. Each component paints its own time busy
 * and the times of its AVAILABLE parts free; those of higher priority are painted over the others.
 */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "ical/ical.h"
#include "ical/internal.h"

enum { PRIORITY_NONE = 10 }; /* 0, and none at all, come behind 9 (RFC 7953 3.1) */

/* Time without overlaps, in order. */
struct spans { struct ical_busy *items; size_t count, size; };

/* One VAVAILABILITY. */
struct layer {
	const struct ical *ic;
	const struct ical_comp *comp;
	int64_t from, to;
	unsigned priority;
	enum ical_busy_kind kind;
	size_t number;
};

static bool is_available(const struct ical_comp *c)
{
	return strcmp(c->name, "AVAILABLE") == 0;
}

/* ---- reading ---- */

int ical_availability_span(const struct ical *ic, const struct ical_comp *c, const struct zone *floating,
	int64_t *from, int64_t *to, struct err *e)
{
	const struct ical_line *start = ical_prop(ic, c, "DTSTART"), *end = ical_prop(ic, c, "DTEND");
	const struct ical_line *length = ical_prop(ic, c, "DURATION");
	struct ical_when first, last;
	struct ical_duration d;

	*from = ICAL_MIN;
	*to = ICAL_MAX;
	if (start) {
		if (ical_line_when(ic, start, floating, &first, e)) {
			return -1;
		}
		*from = first.utc;
	}
	if (end) {
		if (ical_line_when(ic, end, floating, &last, e)) {
			return -1;
		}
		*to = last.utc;
	} else if (start && length) {
		if (ical_duration(length->value, &d, e)) {
			return -1;
		}
		*to = ical_add(&first, &d);
	}
	return 0;
}

static unsigned read_priority(const struct ical_line *l)
{
	uint64_t v;

	return l && parse_u64(l->value, 1, 9, &v) == 0 ? (unsigned)v : PRIORITY_NONE;
}

/* RFC 7953 3.2: what isn't known is BUSY-UNAVAILABLE, as is none. */
static enum ical_busy_kind read_kind(const struct ical_line *l)
{
	if (l && !ascii_casecmp(l->value, "BUSY")) {
		return ICAL_BUSY;
	}
	return l && !ascii_casecmp(l->value, "BUSY-TENTATIVE") ? ICAL_BUSY_TENTATIVE : ICAL_BUSY_UNAVAILABLE;
}

static int read_layer(const struct ical *ic, const struct ical_comp *c, const struct zone *floating,
	struct layer *out, struct err *e)
{
	out->ic = ic;
	out->comp = c;
	out->priority = read_priority(ical_prop(ic, c, "PRIORITY"));
	out->kind = read_kind(ical_prop(ic, c, "BUSYTYPE"));
	return ical_availability_span(ic, c, floating, &out->from, &out->to, e);
}

/* The lowest first; of equal ones the busiest last: BUSY, BUSY-UNAVAILABLE, BUSY-TENTATIVE. */
static int by_priority(const void *a, const void *b)
{
	static const int rank[] = {
		[ICAL_BUSY] = 2, [ICAL_BUSY_UNAVAILABLE] = 1, [ICAL_BUSY_TENTATIVE] = 0,
	};
	const struct layer *x = a, *y = b;

	if (x->priority != y->priority) {
		return x->priority > y->priority ? -1 : 1;
	}
	if (rank[x->kind] != rank[y->kind]) {
		return rank[x->kind] < rank[y->kind] ? -1 : 1;
	}
	return x->number < y->number ? -1 : 1;
}

/* ---- times of AVAILABLE ---- */

struct gather {
	struct arena *mem;
	struct spans *to;
	int64_t from, until;
	size_t max;
	bool full;
};

static bool add_span(struct arena *mem, struct spans *s, size_t max, const struct ical_busy *b)
{
	if (b->start >= b->end) {
		return true;
	}
	if (s->count == max) {
		return false;
	}
	if (s->count == s->size) {
		size_t size = s->size ? 2 * s->size : 64;
		struct ical_busy *items = arena_array(mem, size, sizeof(*items));
		if (s->count) {
			memcpy(items, s->items, s->count * sizeof(*items));
		}
		s->items = items;
		s->size = size;
	}
	s->items[s->count++] = *b;
	return true;
}

static int gather_instance(const struct ical_instance *i, void *arg)
{
	struct gather *g = arg;
	struct ical_busy span = { .start = i->start > g->from ? i->start : g->from,
		.end = i->end < g->until ? i->end : g->until };

	g->full = !add_span(g->mem, g->to, g->max, &span);
	return g->full;
}

static const char *uid_of(const struct ical *ic, const struct ical_comp *c)
{
	const struct ical_line *l = ical_prop(ic, c, "UID");

	return l ? l->value : "";
}

static bool is_first_of_uid(const struct ical *ic, const struct ical_comp *list, const struct ical_comp *c)
{
	for (const struct ical_comp *o = list; o != c; o = o->next) {
		if (is_available(o) && strcmp(uid_of(ic, o), uid_of(ic, c)) == 0) {
			return false;
		}
	}
	return true;
}

/* An object that holds the AVAILABLEs of one UID as events: they recur and are overridden like these. */
static const struct ical *events_of(const struct ical *ic, const struct ical_comp *list, const char *uid)
{
	struct ical *view = arena_alloc(ic->mem, sizeof(*view));
	struct ical_comp *calendar = arena_alloc(ic->mem, sizeof(*calendar));
	struct ical_comp **tail = &calendar->children;

	ical_object_zone(ic, ""); /* its zones are listed now, and the view knows them */
	*view = *ic;
	*calendar = *ic->calendar;
	calendar->children = NULL;
	view->calendar = calendar;
	for (const struct ical_comp *c = list; c; c = c->next) {
		if (!is_available(c) || strcmp(uid_of(ic, c), uid) != 0) {
			continue;
		}
		*tail = arena_alloc(ic->mem, sizeof(**tail));
		**tail = *c;
		(*tail)->kind = ICAL_VEVENT;
		(*tail)->next = NULL;
		tail = &(*tail)->next;
	}
	return view;
}

static int by_start(const void *a, const void *b)
{
	const struct ical_busy *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* When the layer leaves time free within [g->from, g->until), in order. */
static int gather_free(const struct ical *ic, const struct layer *l, const struct zone *floating,
	struct gather *g, struct err *e)
{
	for (const struct ical_comp *c = l->comp->children; c; c = c->next) {
		if (!is_available(c) || !is_first_of_uid(ic, l->comp->children, c)) {
			continue;
		}
		const struct ical *events = events_of(ic, l->comp->children, uid_of(ic, c));
		if (ical_expand(events, floating, g->from, g->until, gather_instance, g, e)) {
			return -1;
		}
		if (g->full) {
			return err_set(e, ERR_INSTANCES, "more than %zu times of availability", g->max);
		}
	}
	if (g->to->count) {
		qsort(g->to->items, g->to->count, sizeof(*g->to->items), by_start);
	}
	return 0;
}

/* ---- painting ---- */

/* [from, to) without what is free, as busy. */
static bool paint_busy(struct arena *mem, struct spans *out, size_t max, const struct spans *free_times,
	int64_t from, int64_t to, enum ical_busy_kind kind)
{
	struct ical_busy b = { .start = from, .kind = kind };

	for (size_t i = 0; i < free_times->count; i++) {
		b.end = free_times->items[i].start;
		if (!add_span(mem, out, max, &b)) {
			return false;
		}
		b.start = free_times->items[i].end > b.start ? free_times->items[i].end : b.start;
	}
	b.end = to;
	return add_span(mem, out, max, &b);
}

/* What was painted before stays outside [from, to). */
static bool keep_outside(struct arena *mem, struct spans *out, size_t max, const struct spans *old,
	int64_t from, int64_t to)
{
	for (size_t i = 0; i < old->count; i++) {
		struct ical_busy before = old->items[i], behind = old->items[i];

		before.end = before.end < from ? before.end : from;
		behind.start = behind.start > to ? behind.start : to;
		if (!add_span(mem, out, max, &before) || !add_span(mem, out, max, &behind)) {
			return false;
		}
	}
	return true;
}

static int paint(const struct layer *l, const struct zone *floating,
	struct ical_busy_list *list, int64_t from, int64_t to, struct spans *painted, struct err *e)
{
	struct spans free_times = { 0 }, now = { 0 };
	struct gather g = { .mem = list->mem, .to = &free_times, .max = list->max,
		.from = l->from > from ? l->from : from, .until = l->to < to ? l->to : to };

	if (g.from >= g.until) {
		return 0;
	}
	if (gather_free(l->ic, l, floating, &g, e)) {
		return -1;
	}
	if (!keep_outside(list->mem, &now, list->max, painted, g.from, g.until)
		|| !paint_busy(list->mem, &now, list->max, &free_times, g.from, g.until, l->kind)) {
		return err_set(e, ERR_INSTANCES, "more than %zu busy times", list->max);
	}
	*painted = now;
	return 0;
}

/* ---- */

static size_t count_layers(const struct ical *const *ics, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		for (const struct ical_comp *c = ics[i]->calendar->children; c; c = c->next) {
			n += c->kind == ICAL_VAVAILABILITY;
		}
	}
	return n;
}

static int read_layers(const struct ical *ic, const struct zone *floating, struct layer *layers, size_t *n,
	struct err *e)
{
	for (const struct ical_comp *c = ic->calendar->children; c; c = c->next) {
		struct layer *l = &layers[*n];

		if (c->kind != ICAL_VAVAILABILITY) {
			continue;
		}
		if (read_layer(ic, c, floating, l, e)) {
			return -1;
		}
		l->number = (*n)++;
	}
	return 0;
}

/* Behind what the list has already. */
static int hand_over(struct ical_busy_list *list, const struct spans *painted, struct err *e)
{
	struct spans all = { list->items, list->count, list->size };
	bool room = true;

	for (size_t i = 0; i < painted->count && room; i++) {
		room = add_span(list->mem, &all, list->max, &painted->items[i]);
	}
	list->items = all.items;
	list->count = all.count;
	list->size = all.size;
	return room ? 0 : err_set(e, ERR_INSTANCES, "more than %zu busy times", list->max);
}

int ical_availability_add(struct ical_busy_list *list, const struct ical *const *ics, size_t count,
	const struct zone *floating, int64_t from, int64_t to, struct err *e)
{
	struct layer *layers = arena_array(list->mem, count_layers(ics, count), sizeof(*layers));
	struct spans painted = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (read_layers(ics[i], floating, layers, &n, e)) {
			return -1;
		}
	}
	if (n) {
		qsort(layers, n, sizeof(*layers), by_priority);
	}
	for (size_t i = 0; i < n; i++) {
		if (paint(&layers[i], floating, list, from, to, &painted, e)) {
			return -1;
		}
	}
	return hand_over(list, &painted, e);
}
