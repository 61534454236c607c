/*
 * What a change of an object does to its occurrences. Whatever way it is spelled - DELETE, STATUS,
 * EXDATE, an override, a shorter UNTIL, another DTSTART - it becomes one list.
 *
 * Occurrences are paired by their place in the series (RECURRENCE-ID). What has no partner there is
 * looked for as far away as the master's DTSTART has moved, and what is left then pairs by order.
 * An occurrence that is cancelled keeps its place, so that its neighbours don't move up.
 */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "ical/plan.h"
#include "ical/zonetab.h"

/* What is asked of a component for each of its occurrences, and so is read once. */
struct told {
	const struct ical_comp *comp;
	bool live;                      /* not STATUS:CANCELLED */
	const struct ical_line **lines; /* those that count, sorted; NULL: not asked for yet */
	size_t count;
	const struct told *with;        /* compared with last, and what came of it */
	bool differs;
};

/* One occurrence of one side. */
struct slot {
	struct ical_instance at;
	struct told *told;
	struct slot *partner;
	bool listed;          /* its start is in the range asked for */
};

struct side {
	struct plan plan;
	bool there;           /* the object exists, and plan is valid */
	struct slot **slots;  /* by place */
	size_t count, size;
	struct told *told;    /* of the calendar's components, in their order */
	size_t told_count;
	struct arena *mem;
};

struct diff {
	struct side old, new;
	int64_t from, to;
	bool all;
	struct arena *scratch, *mem;
	struct ical_change *changes; /* in mem */
	size_t count;
};

/* ---- gathering ---- */

static void list_comps(struct side *s)
{
	const struct ical *ic = s->plan.ic;
	size_t n = 0;

	for (const struct ical_comp *c = ic->calendar->children; c; c = c->next) {
		n++;
	}
	s->told = arena_array(s->mem, n, sizeof(*s->told));
	for (const struct ical_comp *c = ic->calendar->children; c; c = c->next) {
		s->told[s->told_count++] = (struct told) { .comp = c, .live = !ical_is_cancelled(ic, c) };
	}
}

static int by_comp(const void *key, const void *item)
{
	size_t x = ((const struct ical_comp *)key)->first, y = ((const struct told *)item)->comp->first;

	return x < y ? -1 : x > y;
}

static struct slot *add_slot(struct side *s, const struct ical_instance *i, bool listed)
{
	if (s->count == s->size) {
		size_t size = s->size * 2 + 16;
		struct slot **bigger = arena_array(s->mem, size, sizeof(*bigger));

		if (s->count) {
			memcpy(bigger, s->slots, s->count * sizeof(*bigger));
		}
		s->slots = bigger;
		s->size = size;
	}
	struct slot *slot = arena_alloc(s->mem, sizeof(*slot));
	slot->at = *i;
	slot->told = bsearch(i->comp, s->told, s->told_count, sizeof(*s->told), by_comp);
	slot->listed = listed;
	s->slots[s->count++] = slot;
	return slot;
}

struct gather { struct side *side; int64_t from, to; };

static int gather_one(const struct ical_instance *i, void *arg)
{
	struct gather *g = arg;

	if (i->start >= g->from && i->start < g->to) {
		add_slot(g->side, i, true);
	}
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct slot *const *x = a, *const *y = b;

	return (*x)->at.recurrence < (*y)->at.recurrence ? -1 : (*x)->at.recurrence > (*y)->at.recurrence;
}

static void sort(struct side *s)
{
	if (s->count) {
		qsort(s->slots, s->count, sizeof(struct slot *), by_place);
	}
}

/* All with a start in the range. */
static int gather(struct side *s, const struct ical *ic, const struct zone *floating,
	const struct diff *d,
	struct err *e)
{
	struct gather g = { .side = s, .from = d->from, .to = d->to };

	s->mem = d->scratch;
	if (!ic) {
		return 0;
	}
	s->there = true;
	if (plan_read(ic, floating, d->scratch, &s->plan, e)) {
		return -1;
	}
	list_comps(s);
	if (ical_expand(ic, floating, d->from, d->to, gather_one, &g, e)) {
		return -1;
	}
	sort(s);
	return 0;
}

/* ---- pairing ---- */

/* Among the first `count`, which are sorted. */
static struct slot *slot_at(const struct side *s, size_t count, int64_t place)
{
	struct slot key = { .at.recurrence = place }, *k = &key;
	struct slot **found = count ? bsearch(&k, s->slots, count, sizeof(struct slot *), by_place) : NULL;

	return found ? *found : NULL;
}

/* The occurrence at a place, also if its start is out of range; it is then added. */
static int look_up(struct side *s, size_t count, int64_t place, struct slot **out, struct err *e)
{
	struct ical_instance i;

	*out = slot_at(s, count, place);
	if (*out) {
		return 0;
	}
	int rc = plan_find(&s->plan, place, &i, e);
	if (rc > 0) {
		*out = add_slot(s, &i, false);
	}
	return rc < 0 ? -1 : 0;
}

static void pair(struct slot *a, struct slot *b)
{
	a->partner = b;
	b->partner = a;
}

/* How far the clock on the wall has moved from one master's start to the other's. */
static int64_t master_shift(const struct side *from, const struct side *to)
{
	return wall_seconds(&to->plan.shape.start.wall) - wall_seconds(&from->plan.shape.start.wall);
}

/* A place of one side as the other side has it, if the master has been moved as a whole. */
static int64_t moved_place(const struct side *s, const struct side *other, int64_t place)
{
	const struct zone *in = s->plan.shape.start.in, *there = other->plan.shape.start.in;

	return zone_from_local(there, place + zone_offset(in, place) + master_shift(s, other));
}

/* Gives those without partner the one at their place, or where their place has been moved to. */
static int pair_places(struct side *s, struct side *other, bool moved, struct err *e)
{
	size_t count = s->count, others = other->count;

	for (size_t i = 0; i < count; i++) {
		struct slot *a = s->slots[i], *b;

		if (a->partner) {
			continue;
		}
		int64_t place = moved ? moved_place(s, other, a->at.recurrence) : a->at.recurrence;
		if (look_up(other, others, place, &b, e)) {
			return -1;
		}
		if (b && !b->partner) {
			pair(a, b);
		}
	}
	sort(other);
	return 0;
}

static bool is_dated(const struct side *s)
{
	return s->plan.master && s->plan.shape.dated;
}

/*
 * A series counts as moved if its start moved by less than its dates are apart; a start that
 * goes farther is a series begun elsewhere. A single date may go anywhere.
 */
static bool master_moved(const struct diff *d)
{
	const struct side *old = &d->old;

	if (!is_dated(old) || !is_dated(&d->new)) {
		return false;
	}
	int64_t shift = master_shift(old, &d->new);
	if (!shift && old->plan.shape.start.in == d->new.plan.shape.start.in) {
		return false;
	}
	for (size_t i = 1; i < old->count; i++) {
		int64_t gap = old->slots[i]->at.recurrence - old->slots[i - 1]->at.recurrence;

		if (gap && llabs(shift) >= gap) {
			return false;
		}
	}
	return true;
}

static struct slot *next_unpaired(const struct side *s, size_t *i)
{
	while (*i < s->count && (s->slots[*i]->partner || !s->slots[*i]->told->live || !s->slots[*i]->listed)) {
		++*i;
	}
	return *i < s->count ? s->slots[(*i)++] : NULL;
}

static void pair_by_order(struct diff *d)
{
	struct slot *a, *b;
	size_t i = 0, j = 0;

	while ((a = next_unpaired(&d->old, &i)) != NULL && (b = next_unpaired(&d->new, &j)) != NULL) {
		pair(a, b);
	}
}

static int pair_all(struct diff *d, struct err *e)
{
	if (!d->old.there || !d->new.there) {
		return 0;
	}
	if (pair_places(&d->old, &d->new, false, e) || pair_places(&d->new, &d->old, false, e)) {
		return -1;
	}
	if (master_moved(d)
		&& (pair_places(&d->old, &d->new, true, e) || pair_places(&d->new, &d->old, true, e))) {
		return -1;
	}
	pair_by_order(d);
	return 0;
}

/* ---- same or changed ---- */

/* What says when (the occurrence itself is compared), and what programs touch at each save. */
static bool is_ignored(const struct ical_line *l)
{
	static const char *const names[] = {
		"CREATED", "DTEND", "DTSTAMP", "DTSTART", "DUE", "DURATION", "EXDATE", "EXRULE", "LAST-MODIFIED",
		"RDATE", "RECURRENCE-ID", "RRULE", "SEQUENCE", "UID",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(l->name, names[i])) {
			return true;
		}
	}
	return false;
}

static int compare_lines(const struct ical_line *a, const struct ical_line *b)
{
	int c = strcmp(a->name, b->name);

	c = c ? c : strcmp(a->value, b->value);
	for (size_t i = 0; !c && i < a->param_count && i < b->param_count; i++) {
		c = strcmp(a->params[i].name, b->params[i].name);
		c = c ? c : strcmp(a->params[i].value, b->params[i].value);
	}
	return c ? c : a->param_count < b->param_count ? -1 : a->param_count > b->param_count;
}

static int by_line(const void *a, const void *b)
{
	return compare_lines(*(const struct ical_line *const *)a, *(const struct ical_line *const *)b);
}

/* The component's lines that count, those of its alarms included, sorted: programs reorder them. */
static void read_lines(const struct side *s, struct told *t)
{
	const struct ical_comp *c = t->comp;

	if (t->lines) {
		return;
	}
	t->lines = arena_array(s->mem, c->last - c->first, sizeof(*t->lines));
	for (size_t i = c->first + 1; i < c->last; i++) {
		if (!is_ignored(&s->plan.ic->lines[i])) {
			t->lines[t->count++] = &s->plan.ic->lines[i];
		}
	}
	qsort(t->lines, t->count, sizeof(*t->lines), by_line);
}

static bool lines_differ(const struct told *a, const struct told *b)
{
	for (size_t i = 0; i < a->count && a->count == b->count; i++) {
		if (compare_lines(a->lines[i], b->lines[i])) {
			return true;
		}
	}
	return a->count != b->count;
}

/* Remembered on both sides: between two masters overrides may come again and again. */
static bool comps_differ(const struct diff *d, struct told *a, struct told *b)
{
	if (a->with == b) {
		return a->differs;
	}
	if (b->with == a) {
		return b->differs;
	}
	read_lines(&d->old, a);
	read_lines(&d->new, b);
	a->with = b;
	b->with = a;
	return a->differs = b->differs = lines_differ(a, b);
}

static bool same_zone(const struct ical_when *a, const struct ical_when *b)
{
	return a->form == b->form && a->zone == b->zone;
}

/* ---- the list ---- */

static const struct ical_instance *kept(struct diff *d, const struct slot *s)
{
	struct ical_instance *i = s ? arena_alloc(d->mem, sizeof(*i)) : NULL;

	if (i) {
		*i = s->at;
	}
	return i;
}

static void list(struct diff *d, enum ical_change_kind kind, const struct slot *before,
	const struct slot *after)
{
	d->changes[d->count++] = (struct ical_change) {
		.kind = kind, .gone = kind == ICAL_CANCELLED && !after,
		.before = kept(d, before), .after = kept(d, after),
	};
}

static void list_kept(struct diff *d, const struct slot *a, const struct slot *b)
{
	if (a->at.start != b->at.start) {
		list(d, ICAL_MOVED, a, b);
	} else if (a->at.end != b->at.end || !same_zone(&a->at.when, &b->at.when)
		|| comps_differ(d, a->told, b->told)) {
		list(d, ICAL_CHANGED, a, b);
	} else if (d->all) {
		list(d, ICAL_SAME, a, b);
	}
}

static void list_old(struct diff *d, const struct slot *a)
{
	const struct slot *b = a->partner;

	if (a->told->live && b && b->told->live) {
		if (a->listed || b->listed) {
			list_kept(d, a, b);
		}
	} else if (a->told->live) {
		if (a->listed) {
			list(d, ICAL_CANCELLED, a, b);
		}
	} else if (b && b->told->live && b->listed) {
		list(d, ICAL_BOOKED, NULL, b);
	}
}

static int64_t start_of(const struct ical_change *c)
{
	return c->before ? c->before->start : c->after->start;
}

static int by_start(const void *a, const void *b)
{
	int64_t x = start_of(a), y = start_of(b);

	return x < y ? -1 : x > y;
}

static void list_all(struct diff *d)
{
	d->changes = arena_array(d->mem, d->old.count + d->new.count, sizeof(*d->changes));
	for (size_t i = 0; i < d->old.count; i++) {
		list_old(d, d->old.slots[i]);
	}
	for (size_t i = 0; i < d->new.count; i++) {
		const struct slot *b = d->new.slots[i];

		if (!b->partner && b->told->live && b->listed) {
			list(d, ICAL_BOOKED, NULL, b);
		}
	}
	qsort(d->changes, d->count, sizeof(*d->changes), by_start);
}

int ical_diff(const struct ical *before, const struct ical *after, const struct zone *floating,
	int64_t from, int64_t to, bool all, struct arena *mem, const struct ical_change **out, size_t *count,
	struct err *e)
{
	cleanup_arena struct arena *scratch = arena_create();
	struct diff d = { .from = from, .to = to, .all = all, .mem = mem, .scratch = scratch };

	if (gather(&d.old, before, floating, &d, e) || gather(&d.new, after, floating, &d, e)
		|| pair_all(&d, e)) {
		return -1;
	}
	list_all(&d);
	*out = d.changes;
	*count = d.count;
	return 0;
}
