/*
 * GET of a calendar: all that is in it as one .ics, for browsers and programs that only read.
 */
#include <string.h>

#include "base/util.h"
#include "caldav/prop.h"
#include "http/calendar_file.h"

static const char *text_of(struct dav_request *rq, struct stored_prop *stored, enum ns ns,
	const char *name)
{
	const char *text = stored_prop_text(rq, rq->mem, stored_prop_find(stored, xml_ns_uri(ns), name));

	text += strspn(text, " \t\r\n");
	return *text ? text : NULL;
}

/* What the calendar says of itself. */
static int read_head(struct dav_request *rq, struct ical_merge_head *out, struct err *e)
{
	const struct resource *t = &rq->target;
	const struct zone *zone = calendar_zone(rq, &t->coll);
	struct stored_prop *stored;

	if (stored_props_read(rq, rq->mem, &t->coll, t->reader, &stored, e) < 0)
		return -1;
	*out = (struct ical_merge_head){
		.name = text_of(rq, stored, NS_DAV, "displayname"),
		.description = text_of(rq, stored, NS_CALDAV, "calendar-description"),
		.color = text_of(rq, stored, NS_APPLE, "calendar-color"),
		.zone = zone ? zone_name(zone) : NULL,
		.refresh = rq->dav->settings.refresh,
	};
	if (!out->name)
		out->name = t->segment;
	return 0;
}

int get_calendar(struct dav_request *rq)
{
	struct response *res = rq->http->res;
	struct calendar_file_plan plan = { .store = rq->store, .calendar = &rq->target.coll,
		.limits = &rq->dav->settings.ical, .from = INT64_MIN, .to = INT64_MAX };
	struct calendar_file *file;
	struct err e;

	int refused = access_need(rq, &rq->target, rq->target.privileges, PRIV_READ);
	if (refused)
		return refused;
	if (read_head(rq, &plan.head, &e) < 0 || calendar_file_open(&plan, rq->mem, &file, &e) < 0)
		return fail_err(rq, &e);
	const char *etag = calendar_file_etag(file, "");
	response_header(res, "ETag", arena_printf(rq->mem, "W/\"%s\"", etag));
	if (conditions_not_modified(rq, etag)) {
		calendar_file_close(file);
		return res->status = 304;
	}
	return calendar_file_answer(file, res);
}
