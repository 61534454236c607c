/* COPY and MOVE of events (RFC 4918 9.8, 9.9). Calendars are neither copied nor moved. */
#include <string.h>

#include "base/util.h"
#include "caldav/dav.h"

/* Destination = Simple-ref: encoded or not, by our name in Host or public-url (asks.md 39). */
static int read_destination(struct dav_request *rq, struct resource *to)
{
	const char *header = request_header(rq->http, "Destination");
	struct err e;

	if (!header)
		return fail(rq, 400, "no Destination");
	const char *path = resource_href_path(rq, header);
	if (!path)
		return fail(rq, 502, "the Destination is on another server");
	if (resource_resolve(rq, path, to, &e) < 0)
		return fail_err(rq, &e);
	if (to->kind != RES_OBJECT)
		return fail(rq, 403, "events live in calendars only");
	return check_object_place(rq, to);
}

static bool same_object(const struct resource *a, const struct resource *b)
{
	return a->coll.id == b->coll.id && strcmp(a->name, b->name) == 0;
}

/* Overwrite: "T", "F", or none, which is T (RFC 4918 10.6). */
static bool may_overwrite(const struct dav_request *rq)
{
	const char *header = request_header(rq->http, "Overwrite");

	return !header || ascii_casecmp(header, "F") != 0;
}

static int finish(struct dav_request *rq, const struct resource *to, const struct event_result *result)
{
	if (result->denied)
		return refuse_href(rq, PRE_NEED_PRIVILEGES, to->href, "%s", result->reason);
	return rq->http->res->status = result->created ? 201 : 204;
}

static int transfer(struct dav_request *rq, bool remove_source)
{
	const struct resource *t = &rq->target;
	struct resource to;
	struct event_request event = event_request_of(rq);
	struct event_result result = { 0 };
	struct err e;

	int refused = access_need(rq, t, t->privileges, remove_source ? PRIV_UNBIND : PRIV_READ);
	if (!refused)
		refused = read_destination(rq, &to);
	if (refused)
		return refused;
	if (same_object(t, &to))
		return fail(rq, 403, "source and Destination are the same");
	struct event_where from = { .calendar = &t->coll, .name = t->name };
	struct event_where at = { .calendar = &to.coll, .name = to.name };
	if (event_move(&event, &from, &at, remove_source, may_overwrite(rq), &result, &e) == 0)
		return finish(rq, &to, &result);
	if (e.code == ERR_EXISTS)
		return fail(rq, 412, "the Destination exists");
	return fail_event(rq, &to, &result, &e);
}

int method_copy(struct dav_request *rq)
{
	return transfer(rq, false);
}

int method_move(struct dav_request *rq)
{
	return transfer(rq, true);
}
