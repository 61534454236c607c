/* calendar-data (RFC 4791 9.6): what is stored, or its occurrences if they are asked for. */
#include <string.h>

#include "base/util.h"
#include "caldav/query_xml.h"
#include "caldav/reports.h"

enum { DATA_MAX = 16 * 1024 * 1024 }; /* of the occurrences of one object, not yet escaped */

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

/* An object that passes the limits is not expanded in part, which would look like all of it. */
static int write_expanded(struct propctx *c, const struct xml_node *expand, struct xmlw *w)
{
	const struct zone *floating = calendar_zone(c->rq, &c->res->coll);
	cleanup_arena struct arena *mem = arena_create();
	cleanup_buf struct buf out;
	struct ical *ic;
	int64_t from, to;

	buf_init(&out, DATA_MAX);
	if (query_range(expand, true, &from, &to, NULL)
		|| report_parse(c->rq, c->body, mem, &ic, NULL) < 0
		|| ical_render_expanded(ic, floating, from, to, &out, NULL) < 0)
		return 507;
	return write_text(&out, w);
}

int calendar_data_write(struct propctx *c, struct xmlw *w)
{
	const struct xml_node *expand = c->asked ? xml_find(c->asked, NS_CALDAV, "expand") : NULL;

	if (!c->body)
		return 404;
	return expand ? write_expanded(c, expand, w) : write_text(c->body, w);
}
