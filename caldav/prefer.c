/* Preferences (RFC 7240, RFC 8144): which there are, and the answer that shows the new representation. */
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "caldav/dav.h"

struct preferences preferences_read(const struct request *rq)
{
	struct preferences p = { 0 };
	const char *brief = request_header(rq, "Brief");
	const char *list;
	size_t i = 0;

	while ((list = request_header_next(rq, "Prefer", &i))) {
		if (!p.minimal && !p.representation) { /* RFC 7240 2: the first one counts */
			p.minimal = header_has_pair(list, "return", "minimal");
			p.representation = header_has_pair(list, "return", "representation");
		}
		p.noroot = p.noroot || header_has_token(list, "depth-noroot");
	}
	if (brief && ascii_casecmp(brief, "t") == 0 && !p.representation)
		p.minimal = true;
	return p;
}

void preference_applied(struct dav_request *rq, const char *preference)
{
	response_header(rq->http->res, "Preference-Applied", preference);
}

int answer_representation(struct dav_request *rq, const struct resource *at, int status)
{
	struct response *res = rq->http->res;
	const char *reason = res->reason;
	char date[HTTP_DATE_SIZE];
	cleanup_buf struct buf body;
	struct object row;

	buf_init(&body, res->body.max);
	if (store_body(rq->store, at->coll.id, at->name, rq->mem, &row, &body, NULL) < 0)
		return 0;
	response_reset(res);
	buf_add(&res->body, body.data, body.len);
	http_date(row.mtime, date);
	response_header(res, "Content-Type", object_content_type(rq->mem, &row));
	response_header(res, "Content-Location", at->href);
	response_header(res, "ETag", arena_printf(rq->mem, "\"%s\"", row.etag));
	response_header(res, "Last-Modified", arena_strdup(rq->mem, date));
	preference_applied(rq, "return=representation");
	res->reason = reason;
	return res->status = status;
}
