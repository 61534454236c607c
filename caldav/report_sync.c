/*
 * sync-collection (RFC 6578 3): what changed since a token. Answered alike for Depth 0, 1 and none,
 * since programs in use send each of them; sync-level may be missing for the same reason.
 */
#include <string.h>

#include "base/util.h"
#include "caldav/reports.h"

struct sync {
	uint64_t since; /* 0: all there is */
	size_t limit;
};

/* ---- the request ---- */

/* "data:,<epoch>/<collection>/<seq>", as sync_token() writes it; -1 if it is none of ours. */
static int parse_token(struct dav_request *rq, const char *token, uint64_t *seq)
{
	static const char scheme[] = "data:,";
	struct store_info info;
	uint64_t collection;

	store_info(rq->store, &info);
	if (!str_starts(token, scheme))
		return -1;
	token += strlen(scheme);
	size_t len = strcspn(token, "/");
	if (len != strlen(info.epoch) || memcmp(token, info.epoch, len) != 0 || !token[len])
		return -1;
	token += len + 1;
	len = strcspn(token, "/");
	if (parse_u64n(token, len, 1, INT64_MAX, &collection) < 0 || !token[len])
		return -1;
	if (collection != (uint64_t)rq->target.coll.id)
		return -1;
	return parse_u64(token + len + 1, 1, UINT64_MAX, seq);
}

static int read_token(struct dav_request *rq, const struct xml_node *root, uint64_t *since)
{
	const struct xml_node *n = xml_find(root, NS_DAV, "sync-token");
	const char *token = n ? xml_text_trim(n, rq->mem) : "";

	*since = 0;
	if (*token && parse_token(rq, token, since) < 0)
		return refuse(rq, PRE_VALID_SYNC_TOKEN, "the token is not of this calendar");
	return 0;
}

/* A calendar holds no collections, so that both levels mean the same. */
static int check_level(struct dav_request *rq, const struct xml_node *root)
{
	const struct xml_node *n = xml_find(root, NS_DAV, "sync-level");
	const char *level = n ? xml_text_trim(n, rq->mem) : "1";

	if (strcmp(level, "1") != 0 && strcmp(level, "infinite") != 0)
		return fail(rq, 400, "sync-level is 1 or infinite");
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
	int status = check_level(rq, root);

	if (!status)
		status = read_limit(rq, root, &out->limit);
	return status ? status : read_token(rq, root, &out->since);
}

/* ---- the answer ---- */

struct collect {
	struct arena *mem;
	const struct resource *calendar;
	struct plan *plan;
};

static int collect_change(const struct object *o, void *arg)
{
	struct collect *c = arg;

	if (o->deleted)
		plan_status(c->plan, resource_object_href(c->mem, c->calendar, o->name), 404, PRE_NONE);
	else
		plan_object(c->plan, c->calendar, o, NULL);
	return 0;
}

int report_sync(struct dav_request *rq, const struct xml_node *root)
{
	struct collect c = { .mem = rq->mem, .calendar = report_calendar(rq), .plan = plan_create(rq) };
	const struct collection *coll = &rq->target.coll;
	struct prop_list *props;
	struct sync sync;
	struct err e;
	uint64_t seq;
	bool more;

	int status = read_request(rq, root, &sync);
	if (!status)
		status = report_props(rq, root, &props);
	if (status)
		return status;
	if (store_changes(rq->store, coll->id, sync.since, sync.limit, collect_change, &c, &seq, &more,
		&e) < 0)
		return fail_err(rq, &e);
	if (more) /* RFC 6578 3.6: the client asks again with the token below */
		plan_status(c.plan, c.calendar->href, 507, PRE_NUMBER_OF_MATCHES);
	return plan_answer(rq, c.plan, props, sync_token(rq, rq->mem, coll, seq));
}
