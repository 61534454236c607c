/* calendar-data (RFC 4791 9.6): what is stored, parts of it, or its occurrences. */
#include <string.h>

#include "base/util.h"
#include "caldav/query_xml.h"
#include "caldav/reports.h"

enum { DATA_MAX = 16 * 1024 * 1024 }; /* of what is made of one object, not yet escaped */

/* XML holds characters only, so folds that stand inside one go. */
static int write_text(const struct buf *text, struct xmlw *w)
{
	cleanup_buf struct buf whole;

	buf_init(&whole, text->len);
	if (!utf8_valid(text->data, text->len)) {
		ical_render_whole(text->data, text->len, &whole);
		text = &whole;
	}
	xmlw_textn(w, text->data, text->len);
	return 200;
}

/* An object that passes the limits is not sent in part, which would look like all of it. */
static int write_view(struct propctx *c, const struct ical_view *view, struct xmlw *w)
{
	uint64_t *budget = view->recurrences == ICAL_AS_STORED ? NULL : &c->rq->steps.showing;
	cleanup_arena struct arena *mem = arena_create();
	cleanup_buf struct buf out;
	struct ical *ic;

	buf_init(&out, DATA_MAX);
	if (report_parse(c->rq, c->body, budget, mem, &ic, NULL) < 0 || ical_render(ic, view, &out, NULL) < 0)
		return 507;
	return write_text(&out, w);
}

static int write_data(struct propctx *c, struct xmlw *w)
{
	struct ical_view view;

	if (!c->asked || !xml_child(c->asked) || query_view(c->rq, c->asked, c->mem, &view, NULL) < 0)
		return write_text(c->body, w);
	view.floating = calendar_zone(c->rq, &c->res->coll);
	return write_view(c, &view, w);
}

/* RFC 7809 3.1: the body with more or fewer definitions of zones than were stored. */
static int exchange_zones(struct propctx *c, enum ical_zones want, struct buf *out)
{
	cleanup_arena struct arena *mem = arena_create();
	struct ical *ic;

	return report_parse(c->rq, c->body, NULL, mem, &ic, NULL) < 0 ? -1 : ical_render_zones(ic, want, out);
}

int calendar_data_write(struct propctx *c, struct xmlw *w)
{
	enum ical_zones want = zones_wanted(c->rq);
	const struct buf *stored = c->body;
	cleanup_buf struct buf out;

	buf_init(&out, DATA_MAX);
	if (!stored)
		return 404;
	if (want != ICAL_ZONES_AS_THEY_ARE && exchange_zones(c, want, &out) == 0)
		c->body = &out;
	int status = write_data(c, w);
	c->body = stored;
	return status;
}
