#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "ical/ical.h"

/* ---- whole bodies ---- */

/* Length of the line end and the blank of a fold at p, 0 if there is none. */
static size_t fold_len(const char *p, const char *end)
{
	size_t n = end - p >= 3 && p[0] == '\r' && p[1] == '\n' ? 2 : end - p >= 2 && *p == '\n' ? 1 : 0;

	return n && p + n < end && (p[n] == ' ' || p[n] == '\t') ? n + 1 : 0;
}

/* No character begins with the bits 10. */
static bool is_inside(const char *p, const char *end)
{
	return p < end && ((unsigned char)*p & 0xc0) == 0x80;
}

int ical_render_whole(const char *body, size_t len, struct buf *out)
{
	const char *end = body + len, *done = body;

	for (const char *p = body; (p = memchr(p, '\n', (size_t)(end - p))); p++) {
		const char *fold = p > body && p[-1] == '\r' ? p - 1 : p;
		size_t n = fold_len(fold, end);

		if (n && is_inside(fold + n, end)) {
			buf_add(out, done, (size_t)(fold - done));
			done = fold + n;
		}
	}
	return buf_add(out, done, (size_t)(end - done));
}

/* ---- occurrences ---- */

struct render {
	const struct ical *ic;
	struct buf *out;
	bool recurs;
};

static void write_lines(struct render *r, size_t first, size_t last)
{
	const struct ical_line *from = &r->ic->lines[first], *to = &r->ic->lines[last];

	buf_add(r->out, r->ic->body + from->offset, to->offset + to->len - from->offset);
}

/* An instant in the form of the occurrence's start. */
static void write_time(struct render *r, const char *name, const struct ical_when *form, int64_t t)
{
	const struct zone *z = form->in ? form->in : zone_utc();
	char utc[ICAL_UTC_SIZE];
	struct wall w;

	if (form->form == ICAL_UTC || form->form == ICAL_ZONED) {
		ical_utc(t, utc);
		buf_printf(r->out, "%s:%s\r\n", name, utc);
		return;
	}
	zone_from_utc(z, t, &w);
	buf_printf(r->out, form->form == ICAL_DATE ? "%s;VALUE=DATE:%04d%02d%02d" : "%s:%04d%02d%02d", name,
		w.year, w.month, w.day);
	if (form->form == ICAL_FLOATING)
		buf_printf(r->out, "T%02d%02d%02d", w.hour, w.min, w.sec);
	buf_adds(r->out, "\r\n");
}

enum part { KEPT, DROPPED, START, END };

static enum part part_of(const char *name)
{
	static const struct { const char *name; enum part part; } rows[] = {
		{ "DTEND", END }, { "DTSTART", START }, { "DUE", END }, { "DURATION", END },
		{ "EXDATE", DROPPED }, { "EXRULE", DROPPED }, { "RDATE", DROPPED },
		{ "RECURRENCE-ID", DROPPED }, { "RRULE", DROPPED },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strcmp(name, rows[i].name))
			return rows[i].part;
	return KEPT;
}

static void write_property(struct render *r, const struct ical_line *l, const struct ical_instance *i)
{
	size_t at = (size_t)(l - r->ic->lines);

	switch (part_of(l->name)) {
	case START:
		write_time(r, "DTSTART", &i->when, i->start);
		if (r->recurs)
			write_time(r, "RECURRENCE-ID", &i->when, i->recurrence);
		break;
	case END:
		write_time(r, i->comp->kind == ICAL_VTODO ? "DUE" : "DTEND", &i->when, i->end);
		break;
	case KEPT:
		write_lines(r, at, at);
		break;
	case DROPPED:
		break;
	}
}

static int write_instance(const struct ical_instance *i, void *arg)
{
	struct render *r = arg;
	const struct ical_comp *c = i->comp;

	write_lines(r, c->first, c->first);
	for (const struct ical_line *l = NULL; (l = ical_line_next(r->ic, c, l));)
		write_property(r, l, i);
	for (const struct ical_comp *part = c->children; part; part = part->next)
		write_lines(r, part->first, part->last);
	write_lines(r, c->last, c->last);
	return r->out->full;
}

static bool is_recurring(const struct ical *ic)
{
	const struct ical_comp *master = ical_master(ic);

	return !master || ical_prop(ic, master, "RRULE") || ical_prop(ic, master, "RDATE");
}

int ical_render_expanded(const struct ical *ic, const struct zone *floating, int64_t from, int64_t to,
	struct buf *out, struct err *e)
{
	struct render r = { .ic = ic, .out = out };
	const struct ical_comp *calendar = ic->calendar;

	if (!ical_first(ic))
		return err_set(e, ERR_COMPONENT, "nothing to expand");
	r.recurs = is_recurring(ic);
	write_lines(&r, calendar->first, calendar->first);
	for (const struct ical_line *l = NULL; (l = ical_line_next(ic, calendar, l));)
		write_lines(&r, (size_t)(l - ic->lines), (size_t)(l - ic->lines));
	if (ical_expand(ic, floating, from, to, write_instance, &r, e))
		return -1;
	write_lines(&r, calendar->last, calendar->last);
	return out->full ? err_set(e, ERR_LARGE, "larger than %zu bytes", out->max) : 0;
}
