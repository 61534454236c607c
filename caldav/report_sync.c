/*
 * sync-collection (RFC 6578 3): what changed since a token, in a calendar or in a home. Answered alike for
 * Depth 0, 1 and none, since programs in use send each of them; sync-level may be missing for the same
 * reason.
 */
#include <string.h>

#include "base/util.h"
#include "caldav/reports.h"

struct sync {
	struct sync_point from;
	size_t limit;
	bool deep; /* also what is in the members (RFC 6578 3.3) */
};

/* ---- the request ---- */

/* An empty token asks for all there is (3.4); none at all is no request of this kind (3.2). */
static int read_token(struct dav_request *rq, const struct xml_node *root, struct sync_point *from)
{
	const struct xml_node *n = xml_find(root, NS_DAV, "sync-token");

	if (!n)
		return fail(rq, 400, "no sync-token");
	const char *token = xml_text_trim(n, rq->mem);
	*from = (struct sync_point){ 0 };
	if (*token && sync_token_read(rq, &rq->target, token, from) < 0)
		return refuse(rq, PRE_VALID_SYNC_TOKEN, "the token is not of this collection");
	return 0;
}

/* A calendar holds no collections, so that both levels mean the same there. */
static int read_level(struct dav_request *rq, const struct xml_node *root, bool *deep)
{
	const struct xml_node *n = xml_find(root, NS_DAV, "sync-level");
	const char *level = n ? xml_text_trim(n, rq->mem) : "1";

	if (strcmp(level, "1") != 0 && strcmp(level, "infinite") != 0)
		return fail(rq, 400, "sync-level is 1 or infinite");
	*deep = *level != '1';
	if (rq->depth == DEPTH_INFINITY)
		return fail(rq, 400, "Depth: infinity");
	return 0;
}

/* RFC 6578 3.7, RFC 5323 5.17 */
static int read_limit(struct dav_request *rq, const struct xml_node *root, size_t *out)
{
	const struct xml_node *limit = xml_find(root, NS_DAV, "limit");
	const struct xml_node *n = limit ? xml_find(limit, NS_DAV, "nresults") : NULL;
	uint64_t wanted;

	*out = rq->dav->settings.results;
	if (!limit)
		return 0;
	if (!n || parse_u64(xml_text_trim(n, rq->mem), 0, UINT64_MAX, &wanted) < 0)
		return fail(rq, 400, "limit without a number");
	if (!wanted)
		return refuse(rq, PRE_NUMBER_OF_MATCHES, "not even one result wanted");
	if (wanted < *out)
		*out = (size_t)wanted;
	return 0;
}

static int read_request(struct dav_request *rq, const struct xml_node *root, struct sync *out)
{
	int status = read_level(rq, root, &out->deep);

	if (!status && !xml_find(root, NS_DAV, "prop")) /* 3.2 */
		status = fail(rq, 400, "no prop");
	if (!status)
		status = read_limit(rq, root, &out->limit);
	return status ? status : read_token(rq, root, &out->from);
}

/* ---- of a calendar ---- */

struct collect {
	struct arena *mem;
	const struct resource *calendar;
	struct plan *plan;
};

static void plan_change(struct arena *mem, const struct resource *calendar, const struct object *o,
	struct plan *plan)
{
	if (o->deleted)
		plan_status(plan, resource_object_href(mem, calendar, o->name), 404, PRE_NONE);
	else
		plan_object(plan, calendar, o, NULL);
}

static int collect_object(const struct object *o, void *arg)
{
	struct collect *c = arg;

	plan_change(c->mem, c->calendar, o, c->plan);
	return 0;
}

static int plan_calendar(struct dav_request *rq, const struct sync *sync, struct plan *plan,
	struct sync_point *next, bool *more, struct err *e)
{
	struct collect c = { .mem = rq->mem, .calendar = &rq->target, .plan = plan };

	return store_changes(rq->store, rq->target.coll.id, &sync->from, sync->limit, collect_object, &c, next,
		more, e);
}

/* ---- of a home ---- */

/* Copied out of the store's walk, within which nobody's rights can be asked. */
struct found {
	struct home_member member;
	struct object object;
	struct found *next;
};

struct findings {
	struct arena *mem;
	struct found *first, *last;
};

static int collect_member(const struct home_member *m, void *arg)
{
	struct findings *all = arg;
	struct found *c = arena_alloc(all->mem, sizeof(*c));
	const struct home_member *before = all->last ? &all->last->member : NULL;

	c->member = *m;
	if (before && before->calendar.id == m->calendar.id && m->object) {
		c->member.calendar = before->calendar;
	} else {
		c->member.calendar.owner = arena_strdup(all->mem, m->calendar.owner);
		c->member.calendar.name = arena_strdup(all->mem, m->calendar.name);
	}
	if (m->object) {
		c->object = *m->object;
		c->object.name = arena_strdup(all->mem, m->object->name);
		c->object.uid = NULL;
		c->member.object = &c->object;
	}
	if (all->last)
		all->last->next = c;
	else
		all->first = c;
	all->last = c;
	return 0;
}

/* The calendar of a change, which the one before is often, too. */
static int find_calendar(struct dav_request *rq, const struct home_member *m,
	const struct resource **calendar, struct err *e)
{
	struct resource *fresh;

	if (m->object && *calendar && (*calendar)->coll.id == m->calendar.id)
		return 0;
	fresh = arena_alloc(rq->mem, sizeof(*fresh));
	if (resource_calendar(rq, &rq->target, &m->calendar, fresh, e) < 0)
		return -1;
	*calendar = fresh;
	return 0;
}

static int plan_member(struct dav_request *rq, const struct home_member *m, const struct resource **calendar,
	struct plan *plan, struct err *e)
{
	if (!resource_home_shows(rq, rq->target.user, m->calendar.owner))
		return 0; /* in this home, but not for who asks */
	if (m->gone) {
		plan_status(plan, resource_calendar_href(rq->mem, &rq->target, &m->calendar), 404, PRE_NONE);
		return 0;
	}
	if (find_calendar(rq, m, calendar, e) < 0)
		return -1;
	if (!((*calendar)->privileges & PRIV_READ))
		return 0;
	if (m->object)
		plan_change(rq->mem, *calendar, m->object, plan);
	else
		plan_resource(plan, *calendar);
	return 0;
}

static int plan_home(struct dav_request *rq, const struct sync *sync, struct plan *plan,
	struct sync_point *next, bool *more, struct err *e)
{
	struct findings all = { .mem = rq->mem };
	const struct resource *calendar = NULL;

	if (store_home_changes(rq->store, rq->target.user, sync->deep, &sync->from, sync->limit,
		collect_member, &all, next, more, e) < 0)
		return -1;
	for (const struct found *c = all.first; c; c = c->next)
		if (plan_member(rq, &c->member, &calendar, plan, e) < 0)
			return -1;
	return 0;
}

/* ---- */

int report_sync(struct dav_request *rq, const struct xml_node *root)
{
	struct plan *plan = plan_create(rq);
	struct prop_list *props;
	struct sync_point next;
	struct sync sync;
	struct err e;
	bool more;

	int status = read_request(rq, root, &sync);
	if (!status)
		status = report_props(rq, root, &props);
	if (status)
		return status;
	status = rq->target.kind == RES_HOME ? plan_home(rq, &sync, plan, &next, &more, &e)
		: plan_calendar(rq, &sync, plan, &next, &more, &e);
	if (status < 0)
		return fail_err(rq, &e);
	if (more) /* RFC 6578 3.6: the client asks again with the token below */
		plan_status(plan, rq->target.href, 507, PRE_NUMBER_OF_MATCHES);
	return plan_answer(rq, plan, props, sync_token_write(rq, rq->mem, &rq->target, &next));
}
