#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "ical/ical.h"
#include "ical/internal.h"

struct busy {
	struct ical_busy_list *list;
	const struct ical *ic;
	int64_t from, to;
	bool full;
	/* of the component asked last: occurrences of a master come in long rows */
	const struct ical_comp *last;
	bool free;
	enum ical_busy_kind kind;
};

/* ---- collecting ---- */

bool ical_busy_period(struct ical_busy_list *l, const struct ical_busy *b, int64_t from, int64_t to)
{
	int64_t start = b->start > from ? b->start : from;
	int64_t end = b->end < to ? b->end : to;

	if (start >= end) {
		return true;
	}
	if (l->count == l->max) {
		return false;
	}
	if (l->count == l->size) {
		size_t size = l->size ? 2 * l->size : 64;
		struct ical_busy *items = arena_array(l->mem, size, sizeof(*items));
		if (l->count) {
			memcpy(items, l->items, l->count * sizeof(*items));
		}
		l->items = items;
		l->size = size;
	}
	l->items[l->count++] = (struct ical_busy){ start, end, b->kind };
	return true;
}

static bool add_period(struct busy *b, int64_t start, int64_t end, enum ical_busy_kind kind)
{
	b->full = !ical_busy_period(b->list, &(struct ical_busy){ start, end, kind }, b->from, b->to);
	return !b->full;
}

static bool is(const struct ical_line *l, const char *value)
{
	return l && !ascii_casecmp(l->value, value);
}

static unsigned event_trait(const struct ical *ic, const struct ical_comp *c)
{
	if (is(ical_prop(ic, c, "TRANSP"), "TRANSPARENT") || ical_is_cancelled(ic, c)) {
		return ICAL_ALWAYS_FREE;
	}
	return is(ical_prop(ic, c, "STATUS"), "TENTATIVE") ? ICAL_ALWAYS_TENTATIVE : ICAL_ALWAYS_BUSY;
}

unsigned ical_busy_trait(const struct ical *ic)
{
	unsigned traits = 0;

	for (const struct ical_comp *c = ical_first(ic); c; c = c->next) {
		traits |= c->kind == ICAL_VEVENT ? event_trait(ic, c) : 0;
	}
	return traits & (traits - 1) ? 0 : traits;
}

static void read_kind(struct busy *b, const struct ical_comp *c)
{
	unsigned trait = event_trait(b->ic, c);

	b->last = c;
	b->free = trait == ICAL_ALWAYS_FREE;
	b->kind = trait == ICAL_ALWAYS_TENTATIVE ? ICAL_BUSY_TENTATIVE : ICAL_BUSY;
}

static int visit(const struct ical_instance *i, void *arg)
{
	struct busy *b = arg;

	if (i->comp != b->last) {
		read_kind(b, i->comp);
	}
	return b->free ? 0 : !add_period(b, i->start, i->end, b->kind);
}

/* RFC 5545 3.2.9: what is not known counts as busy. False: FREE. */
static bool line_kind(const struct ical_line *l, enum ical_busy_kind *out)
{
	const char *type = ical_param(l, "FBTYPE");

	*out = type && !ascii_casecmp(type, "BUSY-TENTATIVE") ? ICAL_BUSY_TENTATIVE
		: type && !ascii_casecmp(type, "BUSY-UNAVAILABLE") ? ICAL_BUSY_UNAVAILABLE : ICAL_BUSY;
	return !type || ascii_casecmp(type, "FREE");
}

static int add_line(struct busy *b, const struct ical_line *l, const struct zone *floating, struct err *e)
{
	char item[ICAL_ITEM_SIZE];
	const char *at = l->value;
	enum ical_busy_kind kind;
	struct ical_when start;
	int64_t end;

	if (!line_kind(l, &kind)) {
		return 0;
	}
	while (!b->full && ical_list_next(&at, item) > 0) {
		if (ical_period(b->ic, item, ical_param(l, "TZID"), floating, &start, &end, e)) {
			return -1;
		}
		add_period(b, start.utc, end, kind);
	}
	return 0;
}

static int add_freebusy(struct busy *b, const struct zone *floating, struct err *e)
{
	for (const struct ical_comp *c = ical_first(b->ic); c; c = c->next) {
		const struct ical_line *l = NULL;
		while (c->kind == ICAL_VFREEBUSY && (l = ical_prop_next(b->ic, c, l, "FREEBUSY"))) {
			if (add_line(b, l, floating, e)) {
				return -1;
			}
		}
	}
	return 0;
}

int ical_busy_add(struct ical_busy_list *list, const struct ical *ic, const struct zone *floating,
	int64_t from, int64_t to, struct err *e)
{
	struct busy b = { .list = list, .ic = ic, .from = from, .to = to };
	const struct ical_comp *first = ical_first(ic);
	int rc = 0;

	if (first && first->kind == ICAL_VEVENT) {
		rc = ical_expand(ic, floating, from, to, visit, &b, e);
	} else if (first && first->kind == ICAL_VFREEBUSY) {
		rc = add_freebusy(&b, floating, e);
	}
	if (!rc && b.full) {
		return err_set(e, ERR_INSTANCES, "more than %zu busy times", list->max);
	}
	return rc;
}

/* ---- writing ---- */

static int by_kind_and_start(const void *a, const void *b)
{
	const struct ical_busy *x = a, *y = b;

	if (x->kind != y->kind) {
		return x->kind < y->kind ? -1 : 1;
	}
	return x->start < y->start ? -1 : x->start > y->start;
}

/* Joins what touches or overlaps, in place. */
static void join(struct ical_busy_list *l)
{
	size_t n = 0;

	if (l->count) {
		qsort(l->items, l->count, sizeof(*l->items), by_kind_and_start);
	}
	for (size_t i = 0; i < l->count; i++) {
		struct ical_busy *last = n ? &l->items[n - 1] : NULL;
		const struct ical_busy *next = &l->items[i];
		if (!last || last->kind != next->kind || last->end < next->start) {
			l->items[n++] = *next;
		} else if (last->end < next->end) {
			last->end = next->end;
		}
	}
	l->count = n;
}

static void write_time(struct buf *out, const char *name, int64_t t)
{
	char text[ICAL_UTC_SIZE];

	ical_utc(t, text);
	buf_printf(out, "%s:%s\r\n", name, text);
}

/* A line for each period: short enough to need no folding. */
static void write_period(struct buf *out, const struct ical_busy *p)
{
	static const char *const kinds[] = {
		[ICAL_BUSY] = "BUSY",
		[ICAL_BUSY_TENTATIVE] = "BUSY-TENTATIVE",
		[ICAL_BUSY_UNAVAILABLE] = "BUSY-UNAVAILABLE",
	};
	char start[ICAL_UTC_SIZE], end[ICAL_UTC_SIZE];

	ical_utc(p->start, start);
	ical_utc(p->end, end);
	buf_printf(out, "FREEBUSY;FBTYPE=%s:%s/%s\r\n", kinds[p->kind], start, end);
}

int ical_busy_write(struct ical_busy_list *list, int64_t from, int64_t to, int64_t now, struct buf *out,
	struct err *e)
{
	join(list);
	buf_adds(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//EN\r\nBEGIN:VFREEBUSY\r\n");
	write_time(out, "DTSTAMP", now);
	write_time(out, "DTSTART", from);
	write_time(out, "DTEND", to);
	for (size_t i = 0; i < list->count; i++) {
		write_period(out, &list->items[i]);
	}
	buf_adds(out, "END:VFREEBUSY\r\nEND:VCALENDAR\r\n");
	return out->full ? err_set(e, ERR_LARGE, "larger than %zu bytes", out->max) : 0;
}
