/*
 * calendar-query (RFC 4791 7.8): the index gives what can match by kind and time. Where it knows the times
 * exactly, that is the answer to a question for a time; else the filter decides over the body. Depth 0
 * means the calendar itself, which is no event; without the header it means what is inside, since that is
 * what a program wants that sends none.
 */
#include <string.h>

#include "caldav/query_xml.h"
#include "caldav/reports.h"

/* Of bodies that matched, for one answer: they needn't be read again. */
enum { KEPT_BYTES = 256 * 1024 };

/* What the index gives, sorted into what matches and what may match. */
struct sorting {
	struct dav_request *rq;
	const struct query *query;
	const struct resource *calendar;
	struct plan *plan;
	struct report_names open;
	bool bodies;               /* the answer shows them */
	bool full;                 /* more match than one answer holds */
};

static bool is_full(const struct dav_request *rq, const struct plan *plan)
{
	return plan_count(plan) == rq->dav->settings.results;
}

/* Compact: a row is some 300 bytes, and thousands may match. body: kept of it, or NULL. */
static void plan_match(const struct sorting *s, const struct object *row, const struct buf *body)
{
	if (s->bodies && !body)
		plan_name(s->plan, s->calendar, row->name);
	else
		plan_object_body(s->plan, s->calendar, row, body);
}

static int sort_row(const struct object *o, void *arg)
{
	struct sorting *s = arg;
	const struct query *q = s->query;
	const char *only = s->rq->target.name; /* the one name that was asked */

	if (only && strcmp(only, o->name) != 0)
		return 0;
	if (!q->exact && !(q->by_time && report_row_suffices(o, q->from, q->to))) {
		report_names_add(s->rq, &s->open, o->name);
		return 0;
	}
	s->full = is_full(s->rq, s->plan);
	if (!s->full)
		plan_match(s, o, NULL);
	return s->full;
}

/* A copy in the request's arena, NULL if that would be too much in one answer. */
static const struct buf *keep_body(struct dav_request *rq, const struct buf *body, size_t *room)
{
	if (body->len > *room)
		return NULL;
	struct buf *kept = arena_alloc(rq->mem, sizeof(*kept));
	*kept = (struct buf){ .data = arena_strndup(rq->mem, body->data, body->len), .len = body->len,
		.size = body->len + 1, .max = body->len };
	*room -= body->len;
	return kept;
}

/*
 * 1 or 0, -1 if the store fails or (ERR_INSTANCES) enough dates have been looked at for one answer. An object
 * that cannot be read costs itself only, and one whose recurrence passes the limits is shown: better
 * one too many than one missing.
 */
static int body_matches(struct sorting *s, const char *name, size_t *room, struct err *e)
{
	struct dav_request *rq = s->rq;
	cleanup_arena struct arena *mem = arena_create();
	cleanup_buf struct buf body;
	struct object row;
	struct ical *ic;

	buf_init(&body, REPORT_BODY_MAX);
	if (store_body(rq->store, s->calendar->coll.id, name, mem, &row, &body, e) < 0)
		return e->code == ERR_NOT_FOUND ? 0 : err_costs_one(e) ? report_leave_out(rq, name, e) : -1;
	if (report_parse(rq, &body, &rq->steps.looking, mem, &ic, e) < 0)
		return e->code == ERR_INSTANCES ? -1 : report_leave_out(rq, name, e);
	if (ical_match(ic, s->query->filter, s->query->floating, NULL) == 0)
		return 0;
	s->full = is_full(rq, s->plan);
	if (!s->full)
		plan_match(s, &row, keep_body(rq, &body, room));
	return 1;
}

static int look_into_bodies(struct sorting *s, struct err *e)
{
	size_t room = s->bodies ? KEPT_BYTES : 0;

	for (const struct report_name *n = s->open.first; n && !s->full; n = n->next) {
		if (body_matches(s, n->text, &room, e) < 0) {
			s->full = e->code == ERR_INSTANCES;
			return s->full ? 0 : -1;
		}
	}
	return 0;
}

int report_query(struct dav_request *rq, const struct xml_node *root)
{
	struct query q;
	struct sorting s = { .rq = rq, .query = &q, .plan = plan_create(rq) };
	struct prop_list *props;
	struct err e;

	int status = query_parse(rq, root, &q);
	if (!status)
		status = report_props(rq, root, &props);
	if (status)
		return status;
	if (q.floating) {
		rq->floating.zone = q.floating;
		rq->floating.calendar = rq->target.coll.id;
	}
	q.floating = calendar_zone(rq, &rq->target.coll);
	if (rq->target.kind == RES_CALENDAR && rq->depth == 0)
		return plan_answer(rq, s.plan, props, NULL);
	s.calendar = report_calendar(rq);
	s.bodies = props->body;
	if (store_list(rq->store, rq->target.coll.id, q.kinds, q.from, q.to, sort_row, &s, NULL, &e) < 0
		|| look_into_bodies(&s, &e) < 0)
		return fail_err(rq, &e);
	if (s.full)
		plan_status(s.plan, s.calendar->href, 507, PRE_NUMBER_OF_MATCHES);
	return plan_answer(rq, s.plan, props, NULL);
}
