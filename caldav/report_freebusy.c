/*
 * free-busy-query (RFC 4791 7.10): one VFREEBUSY that tells when, and nothing of what. Of most events the
 * index knows it; the others are read.
 */
#include <string.h>

#include "base/util.h"
#include "caldav/query_xml.h"
#include "caldav/reports.h"

/* What the index gives, and what it says of that. */
struct gathering {
	struct dav_request *rq;
	int64_t from, to;
	struct ical_busy_list *list;
	enum ical_busy_kind kind;  /* of the row that is looked at */
	struct report_names open;  /* whose bodies say the rest */
	bool full;
};

static int add_span(const struct span *span, void *arg)
{
	struct gathering *g = arg;

	g->full = !ical_busy_period(g->list, &(struct ical_busy){ span->start, span->end, g->kind }, g->from, g->to);
	return g->full;
}

/* Of an event whose times and kind the row knows: 1, and nothing is added of another. */
static int add_row(struct gathering *g, const struct object *o)
{
	size_t before = g->list->count;

	if (o->traits & ICAL_ALWAYS_FREE)
		return 1;
	if (!(o->traits & ICAL_EXACT) || !(o->traits & (ICAL_ALWAYS_BUSY | ICAL_ALWAYS_TENTATIVE)))
		return 0;
	g->kind = o->traits & ICAL_ALWAYS_BUSY ? ICAL_BUSY : ICAL_BUSY_TENTATIVE;
	if (!o->spans.data) {
		add_span(&(struct span){ o->first, o->last }, g);
		return 1;
	}
	if (spans_visit(&o->spans, g->from, g->to, add_span, g) != SPANS_PERHAPS)
		return 1;
	g->list->count = before;
	return 0;
}

static int gather(const struct object *o, void *arg)
{
	struct gathering *g = arg;

	if (!add_row(g, o))
		report_names_add(g->rq, &g->open, o->name);
	return g->full;
}

static int note_name(const struct object *o, void *arg)
{
	struct gathering *g = arg;

	report_names_add(g->rq, &g->open, o->name);
	return 0;
}

/* What cannot be read or counted is left out: the rest is worth knowing. -1 if the store fails, or
 * there is more than anybody reads. */
static int add_object(struct dav_request *rq, const char *name, int64_t from, int64_t to,
	struct ical_busy_list *list, struct err *e)
{
	cleanup_arena struct arena *mem = arena_create();
	cleanup_buf struct buf body;
	struct object row;
	struct ical *ic;

	buf_init(&body, REPORT_BODY_MAX);
	if (store_body(rq->store, rq->target.coll.id, name, mem, &row, &body, e) < 0)
		return e->code == ERR_NOT_FOUND ? 0 : err_costs_one(e) ? report_leave_out(rq, name, e) : -1;
	if (report_parse(rq, &body, &rq->steps.looking, mem, &ic, e) < 0)
		return e->code == ERR_INSTANCES ? -1 : report_leave_out(rq, name, e);
	if (ical_busy_add(list, ic, calendar_zone(rq, &rq->target.coll), from, to, e) == 0)
		return 0;
	return list->count < list->max && rq->steps.looking ? report_leave_out(rq, name, e) : -1;
}

/* ---- availability: RFC 7953 ---- */

/* VAVAILABILITYs of the calendar and of its owner, parsed, in the request's arena. */
struct sources {
	const struct ical **ics;
	size_t count, size, bytes;
};

static void add_source(struct dav_request *rq, struct sources *s, const struct ical *ic)
{
	if (s->count == s->size) {
		size_t size = s->size ? 2 * s->size : 8;
		const struct ical **ics = arena_array(rq->mem, size, sizeof(const struct ical *));

		if (s->count)
			memcpy(ics, s->ics, s->count * sizeof(const struct ical *));
		s->ics = ics;
		s->size = size;
	}
	s->ics[s->count++] = ic;
}

static int read_source(struct dav_request *rq, const char *name, struct sources *s, struct err *e)
{
	cleanup_buf struct buf body;
	struct object row;
	struct ical *ic;

	buf_init(&body, REPORT_BODY_MAX);
	if (store_body(rq->store, rq->target.coll.id, name, rq->mem, &row, &body, e) < 0)
		return e->code == ERR_NOT_FOUND ? 0 : err_costs_one(e) ? report_leave_out(rq, name, e) : -1;
	s->bytes += body.len;
	if (s->bytes > REPORT_BODY_MAX)
		return err_set(e, ERR_INSTANCES, "more than %d bytes of availability", REPORT_BODY_MAX);
	if (report_parse(rq, &body, &rq->steps.looking, rq->mem, &ic, e) < 0)
		return e->code == ERR_INSTANCES ? -1 : report_leave_out(rq, name, e);
	add_source(rq, s, ic);
	return 0;
}

/* What the owner's home says of all calendars. It was checked when it was set. */
static int read_owner(struct dav_request *rq, struct sources *s, struct err *e)
{
	struct resource home = { .kind = RES_HOME, .user = rq->target.coll.owner, .reader = "" };
	struct stored_prop *stored;
	struct ical *ic;

	if (stored_props_of(rq, rq->mem, &home, &stored, e) < 0)
		return -1;
	const char *text = stored_prop_text(rq, rq->mem,
		stored_prop_find(stored, xml_ns_uri(NS_CALDAV), "calendar-availability"));
	text += strspn(text, " \t\r\n");
	if (*text && ical_parse(text, strlen(text), &rq->dav->settings.ical, rq->mem, &ic, NULL) == 0)
		add_source(rq, s, ic);
	return 0;
}

static int add_availability(struct dav_request *rq, struct ical_busy_list *list, int64_t from, int64_t to,
	struct err *e)
{
	struct gathering g = { .rq = rq };
	struct sources s = { 0 };

	if (store_list(rq->store, rq->target.coll.id, ICAL_VAVAILABILITY, from, to, note_name, &g, NULL, e) < 0
		|| read_owner(rq, &s, e) < 0)
		return -1;
	for (const struct report_name *n = g.open.first; n; n = n->next)
		if (read_source(rq, n->text, &s, e) < 0)
			return -1;
	return ical_availability_add(list, s.ics, s.count, calendar_zone(rq, &rq->target.coll), from, to, e);
}

/* ---- */

static int answer(struct dav_request *rq, struct ical_busy_list *list, int64_t from, int64_t to)
{
	struct response *res = rq->http->res;
	struct err e;

	if (ical_busy_write(list, from, to, rq->http->now, &res->body, &e) < 0)
		return fail_err(rq, &e);
	response_header(res, "Content-Type", "text/calendar; charset=utf-8; component=VFREEBUSY");
	res->status = 200;
	return 200;
}

static int add_events(struct dav_request *rq, struct ical_busy_list *list, int64_t from, int64_t to,
	struct err *e)
{
	struct gathering g = { .rq = rq, .from = from, .to = to, .list = list };

	if (store_list(rq->store, rq->target.coll.id, ICAL_VEVENT | ICAL_VFREEBUSY, from, to, gather, &g, NULL,
		e) < 0)
		return -1;
	if (g.full)
		return err_set(e, ERR_INSTANCES, "more than %zu busy times", list->max);
	for (const struct report_name *n = g.open.first; n; n = n->next)
		if (add_object(rq, n->text, from, to, list, e) < 0)
			return -1;
	return 0;
}

int report_freebusy(struct dav_request *rq, const struct xml_node *root)
{
	const struct xml_node *range = xml_find(root, NS_CALDAV, "time-range");
	struct ical_busy_list list = { .mem = rq->mem, .max = rq->dav->settings.ical.instances };
	const struct zone *zone;
	int64_t from, to;
	struct err e;

	int refused = query_zone(rq, root, &zone);
	if (refused)
		return refused;
	if (zone) {
		rq->floating.zone = zone;
		rq->floating.calendar = rq->target.coll.id;
	}
	if (!range)
		return fail(rq, 400, "no time-range");
	if (query_range(range, true, &rq->dav->settings.ical, &from, &to, &e) < 0)
		return fail_err(rq, &e);
	if (add_events(rq, &list, from, to, &e) < 0 || add_availability(rq, &list, from, to, &e) < 0)
		return e.code == ERR_INSTANCES ? refuse(rq, PRE_NUMBER_OF_MATCHES, "%s", e.text)
		                               : fail_err(rq, &e);
	return answer(rq, &list, from, to);
}
