/* GET and HEAD (RFC 9110 9.3.1). server/ leaves the body of an answer to HEAD out. */
#include "base/clock.h"
#include "caldav/reports.h"

/* For people with a browser, and for programs that try HEAD / and GET / (clients.md, section 5). */
static int get_collection(struct dav_request *rq)
{
	struct response *res = rq->http->res;

	response_header(res, "Content-Type", "text/plain; charset=utf-8");
	buf_adds(&res->body, "A dédit calendar server: use this address in a calendar program.\n");
	return res->status = 200;
}

/* RFC 7809 3.1: with more or fewer time zones than were stored. The ETag is that of the object all the same:
 * it is what a PUT will be compared with. */
static void exchange_zones(struct dav_request *rq, enum ical_zones want)
{
	struct buf *body = &rq->http->res->body;
	cleanup_buf struct buf out;
	struct ical *ic;

	buf_init(&out, body->max);
	if (report_parse(rq, body, NULL, rq->mem, &ic, NULL) < 0 || ical_render_zones(ic, want, &out) < 0)
		return;
	buf_reset(body);
	buf_add(body, out.data, out.len);
}

static int get_object(struct dav_request *rq)
{
	enum ical_zones want = zones_wanted(rq);
	struct response *res = rq->http->res;
	struct object row;
	struct err e;
	char date[HTTP_DATE_SIZE];

	if (store_body(rq->store, rq->target.coll.id, rq->target.name, rq->mem, &row, &res->body, &e) < 0)
		return fail_err(rq, &e);
	http_date(row.mtime, date);
	response_header(res, "ETag", arena_printf(rq->mem, "\"%s\"", row.etag));
	response_header(res, "Last-Modified", arena_strdup(rq->mem, date));
	if (conditions_not_modified(rq, row.etag)) {
		buf_reset(&res->body);
		return res->status = 304;
	}
	response_header(res, "Content-Type", object_content_type(rq->mem, &row));
	response_header(res, "Vary", "CalDAV-Timezones");
	if (want != ICAL_ZONES_AS_THEY_ARE)
		exchange_zones(rq, want);
	return res->status = 200;
}

int method_get(struct dav_request *rq)
{
	int refused = access_need(rq, &rq->target, rq->target.privileges, PRIV_READ);

	if (refused)
		return refused;
	if (rq->target.kind == RES_CALENDAR)
		return get_calendar(rq);
	return rq->target.kind == RES_OBJECT ? get_object(rq) : get_collection(rq);
}
