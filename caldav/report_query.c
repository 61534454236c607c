/*
 * calendar-query (RFC 4791 7.8): the index gives what can match by kind and time, the filter decides
 * over the bodies. Depth 0 means the calendar itself, which is no event; without the header it means
 * what is inside, since that is what a program wants that sends none.
 */
#include <string.h>

#include "caldav/query_xml.h"
#include "caldav/reports.h"

/* Of bodies that matched, for one answer: they needn't be read again. */
enum { KEPT_BYTES = 256 * 1024 };

/* A row of the index that may match, in the request's arena. */
struct candidate {
	struct object object;
	const struct buf *body; /* NULL: not kept */
	struct candidate *next;
};

struct candidates {
	struct arena *mem;
	const char *only; /* NULL, or the one name that was asked */
	struct candidate *first, **tail;
};

static int collect(const struct object *o, void *arg)
{
	struct candidates *c = arg;

	if (c->only && strcmp(c->only, o->name) != 0)
		return 0;
	struct candidate *row = arena_alloc(c->mem, sizeof(*row));
	row->object = *o;
	row->object.name = arena_strdup(c->mem, o->name);
	row->object.uid = NULL;
	row->body = NULL;
	*c->tail = row;
	c->tail = &row->next;
	return 0;
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
static int body_matches(struct dav_request *rq, const struct query *q, struct candidate *c, size_t *room,
	struct err *e)
{
	struct object *o = &c->object;
	cleanup_arena struct arena *mem = arena_create();
	cleanup_buf struct buf body;
	struct object row;
	struct ical *ic;

	buf_init(&body, REPORT_BODY_MAX);
	if (store_body(rq->store, o->collection, o->name, mem, &row, &body, e) < 0)
		return e->code == ERR_NOT_FOUND ? 0 : err_costs_one(e) ? report_leave_out(rq, o->name, e) : -1;
	if (report_parse(rq, &body, &rq->steps.looking, mem, &ic, e) < 0)
		return e->code == ERR_INSTANCES ? -1 : report_leave_out(rq, o->name, e);
	row.name = o->name;
	row.uid = NULL;
	*o = row;
	if (ical_match(ic, q->filter, q->floating, NULL) == 0)
		return 0;
	c->body = keep_body(rq, &body, room);
	return 1;
}

static int make_plan(struct dav_request *rq, const struct query *q, bool bodies, struct candidate *first,
	struct plan *plan, struct err *e)
{
	const struct resource *calendar = report_calendar(rq);
	size_t room = bodies ? KEPT_BYTES : 0;

	for (struct candidate *c = first; c; c = c->next) {
		int rc = q->exact ? 1 : body_matches(rq, q, c, &room, e);

		if (rc < 0 && e->code != ERR_INSTANCES)
			return -1;
		if (rc < 0 || (rc && plan_count(plan) == rq->dav->settings.results)) {
			plan_status(plan, calendar->href, 507, PRE_NUMBER_OF_MATCHES);
			return 0;
		}
		if (rc)
			plan_object_body(plan, calendar, &c->object, c->body);
	}
	return 0;
}

int report_query(struct dav_request *rq, const struct xml_node *root)
{
	struct candidates c = { .mem = rq->mem, .only = rq->target.name, .tail = &c.first };
	struct plan *plan = plan_create(rq);
	struct prop_list *props;
	struct query q;
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
		return plan_answer(rq, plan, props, NULL);
	if (store_list(rq->store, rq->target.coll.id, q.kinds, q.from, q.to, collect, &c, NULL, &e) < 0
		|| make_plan(rq, &q, props->body, c.first, plan, &e) < 0)
		return fail_err(rq, &e);
	return plan_answer(rq, plan, props, NULL);
}
