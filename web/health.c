/* For load balancers and monitors: what an operator has to know, in one line. Answered without waiting for
 * anything (web_is_light). */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "web/page.h"

enum {
	ROOM_LEAST = 16 << 20,   /* bytes: one group of changes and the index's log of them */
	COMMIT_LONGEST = 10000,  /* ms */
	LAG_LONGEST = 10000,
};

int web_health(const struct store_health *h, bool clock_doubtful, char out[WEB_HEALTH_SIZE])
{
	if (h->commit_ms > COMMIT_LONGEST)
		snprintf(out, WEB_HEALTH_SIZE, "the store has been at one change for %" PRId64 " s",
			h->commit_ms / 1000);
	else if (h->commit_failed)
		snprintf(out, WEB_HEALTH_SIZE, "the last change could not be stored");
	else if (h->free_bytes < ROOM_LEAST)
		snprintf(out, WEB_HEALTH_SIZE, "the disk is full");
	else if (h->journal_ms > LAG_LONGEST)
		return snprintf(out, WEB_HEALTH_SIZE, "ok, but files are %" PRId64 " s behind",
			h->journal_ms / 1000), 200;
	else if (clock_doubtful)
		return snprintf(out, WEB_HEALTH_SIZE, "ok, but the clock has jumped: dedit clock ok"), 200;
	else
		return snprintf(out, WEB_HEALTH_SIZE, "ok"), 200;
	return 503;
}

int page_health(struct page_request *rq)
{
	char *text = arena_alloc(rq->http->mem, WEB_HEALTH_SIZE);
	struct store_health h;

	response_header(rq->http->res, "Cache-Control", "no-store");
	store_health(rq->web->store, &h);
	return page_text(rq, web_health(&h, clock_jumped(), text), text);
}
