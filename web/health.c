/* For load balancers and monitors: the server takes requests, and its store can be read. */
#include "web/page.h"

int page_health(struct page_request *rq)
{
	struct account account;
	struct err e;

	response_header(rq->http->res, "Cache-Control", "no-store");
	/* Whether there is such an account doesn't matter: it is one look into the index. */
	if (store_account(rq->web->store, "healthz", rq->http->mem, &account, &e) < 0 && e.code != ERR_NOT_FOUND)
		return page_text(rq, 503, "the store can't be read");
	return page_text(rq, 200, "ok");
}
