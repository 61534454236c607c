/*
 * COPY and MOVE of events (RFC 4918 9.8, 9.9). Calendars are neither copied nor renamed: their folder
 * and the links of programs bear their name; what people see is displayname.
 */
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
	if (to->exists && to->kind != RES_OBJECT)
		return fail(rq, 403, "events live in calendars only");
	return check_object_place(rq, to);
}

static bool same_object(const struct resource *a, const struct resource *b)
{
	return a->coll.id == b->coll.id && strcmp(a->name, b->name) == 0;
}

/* Overwrite: "T", "F", or none, which is T (RFC 4918 10.6). */
static int read_overwrite(struct dav_request *rq, bool *out)
{
	const char *header = request_header(rq->http, "Overwrite");

	*out = !header || ascii_casecmp(header, "T") == 0;
	if (*out || ascii_casecmp(header, "F") == 0)
		return 0;
	return fail(rq, 400, "Overwrite is neither T nor F");
}

/* RFC 4918 9.8.3, 9.9.2: a collection is copied alone or with all in it, and moves as a whole. */
static int check_depth(struct dav_request *rq, bool remove_source)
{
	bool shallow = rq->depth == 1 || (rq->depth == 0 && remove_source);

	if (rq->target.kind == RES_OBJECT || !shallow)
		return 0;
	return fail(rq, 400, "not with that Depth");
}

static int finish(struct dav_request *rq, const struct resource *to, const struct event_result *result)
{
	if (result->denied)
		return refuse_href(rq, PRE_NEED_PRIVILEGES, to->href, "%s", result->reason);
	if (!rq->prefer.representation || !answer_representation(rq, to, result->created ? 201 : 200)) {
		rq->http->res->status = result->created ? 201 : 204;
		/* of what was created (RFC 9110 15.3.2), if it is what the client knows of the source */
		if (result->created && result->exact)
			response_header(rq->http->res, "ETag", arena_printf(rq->mem, "\"%s\"", result->etag));
		if (rq->prefer.minimal)
			preference_applied(rq, "return=minimal");
	}
	if (result->created)
		response_header(rq->http->res, "Location", to->href);
	return rq->http->res->status;
}

static int transfer(struct dav_request *rq, bool remove_source)
{
	const struct resource *t = &rq->target;
	struct resource to;
	struct event_request event = event_request_of(rq);
	struct event_result result = { 0 };
	struct err e;
	bool overwrite;

	int refused = check_depth(rq, remove_source);
	if (!refused)
		refused = read_overwrite(rq, &overwrite);
	if (!refused && t->kind != RES_OBJECT)
		refused = fail(rq, 403, "calendars are neither copied nor moved");
	if (!refused)
		refused = access_need(rq, t, t->privileges, remove_source ? PRIV_UNBIND : PRIV_READ);
	if (!refused)
		refused = read_destination(rq, &to);
	if (refused)
		return refused;
	if (same_object(t, &to))
		return fail(rq, 403, "source and Destination are the same");
	struct event_where from = { .calendar = &t->coll, .name = t->name };
	struct event_where at = { .calendar = &to.coll, .name = to.name };
	if (event_move(&event, &from, &at, remove_source, overwrite, &result, &e) == 0)
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
