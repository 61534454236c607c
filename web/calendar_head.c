/* What a feed or an exported file says of its calendar as a whole. */
#include <string.h>

#include "base/util.h"
#include "web/web.h"
#include "xml/xml.h"

enum { PROPERTY_BYTES = 1 << 20 }; /* of the property-size setting, at most */

struct head_reader {
	struct arena *mem;
	struct ical_merge_head *out;
	bool busy;
};

/* "" if it can't be read. */
static const char *text_of(struct head_reader *r, const struct prop_row *row)
{
	static const struct xml_limits limits = { PROPERTY_BYTES, 8, 64, PROPERTY_BYTES };
	struct xml_node *root;
	struct err e;

	if (xml_parse(row->xml, strlen(row->xml), &limits, r->mem, &root, &e) < 0 || !root)
		return "";
	return xml_text_trim(root, r->mem);
}

/* calendar-timezone (RFC 4791 5.2.2) is a VCALENDAR with one VTIMEZONE. */
static const char *zone_of(struct head_reader *r, const char *text)
{
	const struct ical_line *tzid = NULL;
	struct ical *ic;
	struct err e;

	if (ical_parse(text, strlen(text), NULL, r->mem, &ic, &e) < 0)
		return NULL;
	for (const struct ical_comp *c = ic->calendar->children; c && !tzid; c = c->next)
		if (c->kind == ICAL_VTIMEZONE)
			tzid = ical_prop(ic, c, "TZID");
	return tzid ? tzid->value : NULL;
}

static int read_property(const struct prop_row *row, void *arg)
{
	struct head_reader *r = arg;
	enum ns ns = xml_ns_find(row->ns);

	if (ns == NS_DAV && strcmp(row->name, "displayname") == 0)
		r->out->name = text_of(r, row);
	else if (ns == NS_APPLE && strcmp(row->name, "calendar-color") == 0)
		r->out->color = text_of(r, row);
	else if (ns == NS_CALDAV && strcmp(row->name, "calendar-description") == 0 && !r->busy)
		r->out->description = text_of(r, row);
	else if (ns == NS_CALDAV && strcmp(row->name, "calendar-timezone") == 0)
		r->out->zone = zone_of(r, text_of(r, row));
	return 0;
}

int web_calendar_head(struct store *store, const struct collection *c, bool busy, struct arena *mem,
	struct ical_merge_head *out, struct err *e)
{
	struct head_reader r = { mem, out, busy };

	*out = (struct ical_merge_head){ 0 };
	if (store_props(store, c->id, NULL, read_property, &r, e) < 0)
		return -1;
	if (!out->name || !*out->name)
		out->name = c->name;
	return 0;
}
