/*
 * The terms of a policy: /policy/<name>/<version>. General terms for anybody to read, never those of single
 * clients (architecture.md 15.32).
 */
#include <string.h>

#include "base/util.h"
#include "policy/policy.h"
#include "web/html.h"

/* "<name>/<version>", decoded. */
static bool split_path(struct page_request *rq, char **name, char **version)
{
	struct arena *mem = rq->http->mem;
	const char *slash = strchr(rq->rest, '/');

	return slash && path_decode_segment(rq->rest, (size_t)(slash - rq->rest), mem, name) == 0 &&
		path_decode_segment(slash + 1, strlen(slash + 1), mem, version) == 0;
}

int page_policy(struct page_request *rq)
{
	struct response *res = rq->http->res;
	struct policy_terms terms;
	char *name, *version;
	struct err e;

	response_header(res, "Cache-Control", "no-cache");
	response_header(res, "Referrer-Policy", "no-referrer");
	response_header(res, "X-Robots-Tag", "noindex");
	if (!split_path(rq, &name, &version) ||
		policy_terms(rq->web->policies, name, version, rq->http->mem, &terms, &e) < 0)
		return page_text(rq, 404, "nothing here");
	html_begin(rq, terms.language, terms.title);
	html_paragraphs(&res->body, terms.text);
	return html_end(rq);
}
