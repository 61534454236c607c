/* DELETE (RFC 4918 9.6): events and calendars, through the policy. */
#include <string.h>

#include "caldav/dav.h"

static int finish(struct dav_request *rq, const struct event_result *result)
{
	if (result->denied)
		return refuse_href(rq, PRE_NEED_PRIVILEGES, rq->target.href, "%s", result->reason);
	return rq->http->res->status = 204;
}

static int delete_object(struct dav_request *rq)
{
	const struct resource *t = &rq->target;
	struct event_request event = event_request_of(rq);
	struct event_where at = { .calendar = &t->coll, .name = t->name };
	struct event_result result = { 0 };
	struct err e;

	int refused = access_need(rq, t, t->privileges, access_to_delete(t));
	if (refused)
		return refused;
	if (event_delete(&event, &at, &result, &e) < 0)
		return fail_err(rq, &e);
	return finish(rq, &result);
}

/* A sharee who deletes a shared calendar from the own home gives up the share, not the calendar. */
static int leave_share(struct dav_request *rq)
{
	const struct resource *t = &rq->target;
	struct share share = { .collection = t->coll.id, .user = t->user, .access = SHARE_NONE };
	struct err e;

	if (store_share_put(rq->store, &share, &e) < 0)
		return fail_err(rq, &e);
	return rq->http->res->status = 204;
}

static int delete_calendar(struct dav_request *rq)
{
	const struct resource *t = &rq->target;
	struct event_request event = event_request_of(rq);
	struct event_result result = { 0 };
	unsigned home;
	struct err e;

	if (strchr(t->segment, '~'))
		return leave_share(rq);
	/* A sharee's right to delete events is none to delete the calendar: that is the home's. */
	if (access_home(rq, t->user, &home, &e) < 0)
		return fail_err(rq, &e);
	int refused = access_need(rq, t, home, PRIV_UNBIND);
	if (!refused && t->coll.flags & COLL_FEES)
		refused = access_need(rq, t, 0, PRIV_UNBIND);
	if (refused)
		return refused;
	event.precondition = NULL; /* a calendar has no ETag; asked before */
	if (event_delete_calendar(&event, &t->coll, &result, &e) < 0)
		return fail_err(rq, &e);
	return finish(rq, &result);
}

int method_delete(struct dav_request *rq)
{
	if (rq->target.kind == RES_CALENDAR)
		return delete_calendar(rq);
	return delete_object(rq);
}
