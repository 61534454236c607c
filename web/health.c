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

/* ms 0: it isn't a matter of time. */
static struct web_health tell(int status, const char *state, const char *text, int64_t ms)
{
	struct web_health h = { .status = status, .state = state, .seconds = ms / 1000 };

	if (h.seconds > 0)
		snprintf(h.text, sizeof(h.text), "%s %" PRId64 " s", text, h.seconds);
	else
		snprintf(h.text, sizeof(h.text), "%s", text);
	return h;
}

struct web_health web_health(const struct store_health *h, bool clock_doubtful)
{
	if (h->commit_ms > COMMIT_LONGEST)
		return tell(503, "stuck", "the store has been at one change for", h->commit_ms);
	if (h->commit_failed)
		return tell(503, "unstored", "the last change could not be stored", 0);
	if (h->free_bytes < ROOM_LEAST)
		return tell(503, "full", "the disk is full", 0);
	if (h->journal_ms > LAG_LONGEST)
		return tell(200, "behind", "ok, but files are behind by", h->journal_ms);
	if (clock_doubtful)
		return tell(200, "clock", "ok, but the clock has jumped: dedit clock ok", 0);
	return tell(200, "ok", "ok", 0);
}

int page_health(struct page_request *rq)
{
	struct store_health h;
	struct web_health told;

	response_header(rq->http->res, "Cache-Control", "no-store");
	store_health(rq->web->store, &h);
	told = web_health(&h, clock_jumped());
	return page_text(rq, told.status, told.text);
}
