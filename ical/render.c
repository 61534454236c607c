/* What clients are sent of an object: all of it, parts, or its occurrences (RFC 4791 9.6). */
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "ical/internal.h"
#include "ical/plan.h"

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

/* ---- what is wanted ---- */

struct render {
	const struct ical *ic;
	const struct ical_view *view;
	struct arena *mem;
	struct buf *out;
	bool utc;           /* no time zones: what is zoned is written in UTC */
	bool recurs;
	struct ical_when id; /* form of the RECURRENCE-IDs: the series' start */
	bool has_id;
	bool spent;         /* nothing left of the budget */
};

enum want { NOTHING, NAME_ONLY, EVERYTHING };

static enum want wants_prop(const struct ical_part *part, const char *name)
{
	if (!part || part->all_props)
		return EVERYTHING;
	for (const struct ical_part_prop *p = part->props; p; p = p->next)
		if (!strcmp(p->name, name))
			return p->no_value ? NAME_ONLY : EVERYTHING;
	return NOTHING;
}

/* *sub: what is wanted of it, NULL: all. */
static bool wants_part(const struct ical_part *part, const char *name, const struct ical_part **sub)
{
	*sub = NULL;
	if (!part || part->all_parts)
		return true;
	for (*sub = part->parts; *sub; *sub = (*sub)->next)
		if (!strcmp((*sub)->name, name))
			return true;
	return false;
}

/* ---- lines and components as they stand ---- */

static void write_pair(struct render *r, const char *head, const char *value)
{
	ical_fold(r->out, arena_printf(r->mem, "%s:%s", head, value));
}

/* RFC 4791 9.6.5: a time with a reference to a zone becomes one in UTC. False: it is none. */
static bool write_in_utc(struct render *r, const struct ical_line *l)
{
	char utc[ICAL_UTC_SIZE];
	struct ical_when w;
	size_t len;

	if (!ical_param(l, "TZID") || ical_line_when(r->ic, l, r->view->floating, &w, NULL)
		|| w.form != ICAL_ZONED)
		return false;
	char *head = ical_line_head(r->ic, l, r->mem);
	char *tzid = ical_head_param(head, "TZID", &len);
	memmove(tzid, tzid + len, strlen(tzid + len) + 1);
	ical_utc(w.utc, utc);
	write_pair(r, head, utc);
	return true;
}

static void write_line(struct render *r, const struct ical_part *part, const struct ical_line *l)
{
	enum want want = wants_prop(part, l->name);

	if (want == NAME_ONLY)
		write_pair(r, ical_line_head(r->ic, l, r->mem), "");
	else if (want == EVERYTHING && !(r->utc && write_in_utc(r, l)))
		ical_line_write(r->ic, l, r->out);
}

static bool overlaps_busy(const struct render *r, const struct ical_line *l, const char *period)
{
	const struct ical_view *v = r->view;
	struct ical_when start;
	int64_t end;

	return ical_period(r->ic, period, ical_param(l, "TZID"), v->floating, &start, &end, NULL) == 0
		&& start.utc < v->busy_to && end > v->busy_from;
}

/* RFC 4791 9.6.7: of a FREEBUSY the periods within the range. */
static void write_busy(struct render *r, const struct ical_part *part, const struct ical_line *l)
{
	cleanup_buf struct buf kept;
	char item[ICAL_ITEM_SIZE];
	const char *at = l->value;

	buf_init(&kept, strlen(l->value) + 1);
	while (ical_list_next(&at, item) > 0)
		if (overlaps_busy(r, l, item))
			buf_printf(&kept, "%s%s", kept.len ? "," : "", item);
	if (kept.len && wants_prop(part, l->name) == EVERYTHING)
		write_pair(r, ical_line_head(r->ic, l, r->mem), kept.data);
	else if (kept.len)
		write_line(r, part, l);
}

static void write_parts(struct render *r, const struct ical_part *part, const struct ical_comp *c);

static void write_comp(struct render *r, const struct ical_part *part, const struct ical_comp *c)
{
	bool busy = r->view->limit_busy && c->kind == ICAL_VFREEBUSY;

	ical_line_write(r->ic, &r->ic->lines[c->first], r->out);
	for (const struct ical_line *l = NULL; (l = ical_line_next(r->ic, c, l));) {
		if (busy && !strcmp(l->name, "FREEBUSY"))
			write_busy(r, part, l);
		else
			write_line(r, part, l);
	}
	write_parts(r, part, c);
	ical_line_write(r->ic, &r->ic->lines[c->last], r->out);
}

/* Nests as deep as the parser lets components. */
static void write_parts(struct render *r, const struct ical_part *part, const struct ical_comp *c)
{
	const struct ical_part *sub;

	for (const struct ical_comp *x = c->children; x; x = x->next)
		if (wants_part(part, x->name, &sub))
			write_comp(r, sub, x);
}

/* ---- occurrences: RFC 4791 9.6.5 ---- */

/* An instant in the form of another. */
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

static void write_wanted_time(struct render *r, const struct ical_part *part, const char *name,
	const struct ical_when *form, int64_t t)
{
	enum want want = wants_prop(part, name);

	if (want == NAME_ONLY)
		write_pair(r, name, "");
	else if (want == EVERYTHING)
		write_time(r, name, form, t);
}

enum part { KEPT, DROPPED, START, END, LENGTH };

static enum part part_of(const char *name)
{
	static const struct { const char *name; enum part part; } rows[] = {
		{ "DTEND", END }, { "DTSTART", START }, { "DUE", END }, { "DURATION", LENGTH },
		{ "EXDATE", DROPPED }, { "EXRULE", DROPPED }, { "RDATE", DROPPED },
		{ "RECURRENCE-ID", DROPPED }, { "RRULE", DROPPED },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strcmp(name, rows[i].name))
			return rows[i].part;
	return KEPT;
}

static const char *end_name(const struct ical_comp *c)
{
	return c->kind == ICAL_VTODO ? "DUE" : "DTEND";
}

/* Days of a zone are not always 24 hours of UTC, and a PERIOD of RDATE has a length of its own. */
static bool length_holds(const struct ical_line *l, const struct ical_instance *i)
{
	struct ical_duration d;

	return !ical_duration(l->value, &d, NULL) && (!d.days || i->when.form != ICAL_ZONED)
		&& ical_add(&i->when, &d) == i->end;
}

static void write_property(struct render *r, const struct ical_part *part, const struct ical_line *l,
	const struct ical_instance *i)
{
	enum part what = part_of(l->name);

	if (what == LENGTH && length_holds(l, i))
		what = KEPT;
	if (what == START)
		write_wanted_time(r, part, "DTSTART", &i->when, i->start);
	else if (what == END || what == LENGTH)
		write_wanted_time(r, part, end_name(i->comp), &i->when, i->end);
	else if (what == KEPT)
		write_line(r, part, l);
}

/* An event whose component doesn't say how long it is, but a PERIOD of RDATE does. */
static bool lacks_end(const struct render *r, const struct ical_instance *i)
{
	const struct ical_comp *c = i->comp;
	struct ical_duration usual = { .days = i->when.form == ICAL_DATE };

	return c->kind == ICAL_VEVENT && !ical_prop(r->ic, c, "DTEND") && !ical_prop(r->ic, c, "DURATION")
		&& ical_add(&i->when, &usual) != i->end;
}

static void write_id(struct render *r, const struct ical_part *part, const struct ical_instance *i)
{
	const struct ical_line *own = ical_prop(r->ic, i->comp, "RECURRENCE-ID");
	struct ical_when w = r->has_id ? r->id : i->when;

	if (!r->has_id && own)
		ical_line_when(r->ic, own, r->view->floating, &w, NULL);
	write_wanted_time(r, part, "RECURRENCE-ID", &w, i->recurrence);
}

/* Lines are looked at for each occurrence anew, also those that nothing is written of. */
static bool is_spent(const struct render *r, const struct ical_comp *c)
{
	size_t lines = c->last - c->first;

	if (lines > ICAL_OCCURRENCE_STEPS)
		ical_spend(r->ic->limits, lines - ICAL_OCCURRENCE_STEPS);
	return ical_steps(r->ic->limits) == 0;
}

static int write_instance(const struct ical_instance *i, void *arg)
{
	struct render *r = arg;
	const struct ical_comp *c = i->comp;
	const struct ical_part *part;

	if (!wants_part(r->view->part, c->name, &part))
		return 0;
	r->spent = is_spent(r, c);
	if (r->spent)
		return 1;
	ical_line_write(r->ic, &r->ic->lines[c->first], r->out);
	for (const struct ical_line *l = NULL; (l = ical_line_next(r->ic, c, l));)
		write_property(r, part, l, i);
	if (r->recurs)
		write_id(r, part, i);
	if (lacks_end(r, i))
		write_wanted_time(r, part, "DTEND", &i->when, i->end);
	write_parts(r, part, c);
	ical_line_write(r->ic, &r->ic->lines[c->last], r->out);
	return r->out->full;
}

/* What recurs, and the form that its RECURRENCE-IDs have. */
static void read_series(struct render *r)
{
	const struct ical_comp *master = ical_master(r->ic);
	const struct ical_line *start = master ? ical_prop(r->ic, master, "DTSTART") : NULL;

	if (master && !start)
		start = ical_prop(r->ic, master, "DUE");
	r->recurs = !master || ical_prop(r->ic, master, "RRULE") || ical_prop(r->ic, master, "RDATE");
	r->has_id = start && !ical_line_when(r->ic, start, r->view->floating, &r->id, NULL);
}

static int write_expanded(struct render *r, struct err *e)
{
	const struct ical_part *part;

	for (const struct ical_comp *c = r->ic->calendar->children; c; c = c->next)
		if (c->kind == ICAL_OTHER && wants_part(r->view->part, c->name, &part))
			write_comp(r, part, c);
	read_series(r);
	if (ical_expand(r->ic, r->view->floating, r->view->from, r->view->to, write_instance, r, e))
		return -1;
	return r->spent ? err_set(e, ERR_INSTANCES, "the occurrences take too many lines") : 0;
}

/* ---- some of the overrides: RFC 4791 9.6.6 ---- */

/* Where it is now, where it would be, or what it changes of all that follows. */
static bool has_impact(const struct plan *p, const struct plan_override *o, int64_t from, int64_t to)
{
	const struct plan_shape *planned = p->master && p->shape.dated ? &p->shape : &o->shape;
	const struct ical_when *start = &planned->start;
	struct ical_when there;

	if (!o->shape.dated || plan_overlaps(&o->shape, o->shape.first, o->shape.last, from, to))
		return true;
	if (plan_changes_future(p, o))
		return o->place < to;
	series_when_at(start, o->place + zone_offset(start->in, o->place), &there);
	return plan_overlaps(planned, o->place, plan_end(planned, &there), from, to);
}

static bool is_left_out(const struct render *r, const struct plan *p, const struct ical_comp *c)
{
	for (size_t i = 0; i < p->override_count; i++)
		if (p->overrides[i].shape.comp == c)
			return !has_impact(p, &p->overrides[i], r->view->from, r->view->to);
	return false;
}

static int write_limited(struct render *r, struct err *e)
{
	const struct ical_part *part;
	struct plan p;

	if (plan_read(r->ic, r->view->floating, r->mem, &p, e))
		return -1;
	for (const struct ical_comp *c = r->ic->calendar->children; c; c = c->next)
		if (wants_part(r->view->part, c->name, &part) && !is_left_out(r, &p, c))
			write_comp(r, part, c);
	return 0;
}

/* ---- */

/* Only these recur. */
static bool recurs_at_all(const struct ical *ic)
{
	const struct ical_comp *first = ical_first(ic);

	return first && first->kind & (ICAL_VEVENT | ICAL_VTODO | ICAL_VJOURNAL);
}

int ical_render(const struct ical *ic, const struct ical_view *view, struct buf *out, struct err *e)
{
	cleanup_arena struct arena *mem = arena_create();
	struct render r = { .ic = ic, .view = view, .mem = mem, .out = out };
	const struct ical_comp *calendar = ic->calendar;
	enum ical_recurrences how = recurs_at_all(ic) ? view->recurrences : ICAL_AS_STORED;
	int rc = 0;

	r.utc = how == ICAL_EXPANDED;
	ical_line_write(ic, &ic->lines[calendar->first], out);
	for (const struct ical_line *l = NULL; (l = ical_line_next(ic, calendar, l));)
		write_line(&r, view->part, l);
	if (how == ICAL_EXPANDED)
		rc = write_expanded(&r, e);
	else if (how == ICAL_LIMITED)
		rc = write_limited(&r, e);
	else
		write_parts(&r, view->part, calendar);
	ical_line_write(ic, &ic->lines[calendar->last], out);
	if (rc)
		return -1;
	return out->full ? err_set(e, ERR_LARGE, "larger than %zu bytes", out->max) : 0;
}
