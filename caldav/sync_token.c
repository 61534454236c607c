/*
 * Sync-tokens (RFC 6578 4): the only place that knows how they look. A token holds all that the server
 * has to know of a client's state, so that none is kept here, and it survives restarts:
 * "data:,<epoch>/<whose>/<since>", in the middle of a listing with ".<until>.<calendar>.<at>" behind it.
 */
#include <string.h>

#include "base/util.h"
#include "caldav/dav.h"

/* All but the numbers: which history, and of what. No calendar's number begins with '~'. */
static char *token_head(struct dav_request *rq, struct arena *mem, const struct resource *res)
{
	struct store_info info;

	store_info(rq->store, &info);
	if (res->kind == RES_HOME)
		return arena_printf(mem, "data:,%s/~%s/", info.epoch, res->user);
	return arena_printf(mem, "data:,%s/%lld/", info.epoch, (long long)res->coll.id);
}

char *sync_token_write(struct dav_request *rq, struct arena *mem, const struct resource *res,
	const struct sync_point *p)
{
	char *head = token_head(rq, mem, res);

	if (!p->until)
		return arena_printf(mem, "%s%llu", head, (unsigned long long)p->since);
	return arena_printf(mem, "%s%llu.%llu.%lld.%llu", head, (unsigned long long)p->since,
		(unsigned long long)p->until, (long long)p->calendar, (unsigned long long)p->at);
}

int sync_token_read(struct dav_request *rq, const struct resource *res, const char *token,
	struct sync_point *out)
{
	const char *head = token_head(rq, rq->mem, res);
	uint64_t n[4] = { 0 };
	size_t count = 0;

	if (!str_starts(token, head))
		return -1;
	for (const char *text = token + strlen(head); text && count < ARRAY_SIZE(n); count++) {
		size_t len = strcspn(text, ".");

		if (parse_u64n(text, len, 0, INT64_MAX, &n[count]) < 0)
			return -1;
		text = text[len] ? text + len + 1 : NULL;
	}
	*out = (struct sync_point){ .since = n[0], .until = n[1], .calendar = (store_id)n[2], .at = n[3] };
	/* Only what was written here is read: no leading zeros, nothing behind it, nothing left out. */
	return (out->since || out->until) && strcmp(sync_token_write(rq, rq->mem, res, out), token) == 0
		? 0 : -1;
}

char *resource_sync_token(struct dav_request *rq, struct arena *mem, const struct resource *res,
	struct err *e)
{
	struct sync_point now = { .since = res->coll.seq };

	/* A token that is younger than the list beside it would hide what came between the two. */
	if (res->kind == RES_HOME && !now.since && store_home(rq->store, res->user, NULL, NULL, &now.since, e) < 0)
		return NULL;
	return sync_token_write(rq, mem, res, &now);
}
