/* calendar-free-busy-set of a home: a view of its calendars' schedule-calendar-transp. */
#include "caldav/busy_set.h"

#include <string.h>

static const char transp[] = "schedule-calendar-transp", set_name[] = "calendar-free-busy-set";

static int read_opaque(struct dav_request *rq, struct arena *mem, const struct resource *calendar, bool *out,
	struct err *e)
{
	struct propctx c = { .rq = rq, .res = calendar, .mem = mem };

	if (stored_props_of(rq, mem, calendar, &c.stored, e) < 0)
		return -1;
	const struct stored_prop *stored = prop_stored(prop_find(NS_CALDAV, transp), &c);
	const struct xml_node *value = stored_prop_value(rq, mem, stored);
	*out = !value || !xml_find(value, NS_CALDAV, "transparent");
	return 0;
}

int get_busy_set(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	struct home_calendar *calendars;
	uint64_t seq;
	struct err e;
	bool opaque;

	(void)p;
	if (c->res->kind != RES_HOME)
		return 404;
	if (resource_home_calendars(c->rq, c->res, &calendars, &seq, &e) < 0)
		return 500;
	for (const struct home_calendar *h = calendars; h; h = h->next) {
		if (read_opaque(c->rq, c->mem, &h->res, &opaque, &e) < 0)
			return 500;
		if (opaque)
			xmlw_href(w, h->res.href);
	}
	return 200;
}

/* ---- setting it ---- */

/* The calendar of this home that an href leads to: its id; 0: none. -1 if the store fails. */
static int calendar_of(struct dav_request *rq, const struct xml_node *href, store_id *out, struct err *e)
{
	const char *path = resource_href_path(rq, xml_text_trim(href, rq->mem));
	struct resource res;

	*out = 0;
	if (!path)
		return 0;
	if (resource_resolve(rq, path, &res, e) < 0)
		return e->code == ERR_INVALID ? 0 : -1;
	if (res.kind == RES_CALENDAR && res.exists && res.privileges & PRIV_READ
		&& strcmp(res.user, rq->target.user) == 0)
		*out = res.coll.id;
	return 0;
}

static int refuse_value(enum precond *why, enum precond p, int status)
{
	*why = p;
	return status;
}

int check_busy_set(const struct prop *p, struct dav_request *rq, const struct xml_node *value,
	enum precond *why)
{
	size_t left = rq->dav->settings.hrefs;
	store_id id = 0;
	struct err e;

	(void)p;
	if (rq->target.kind != RES_HOME)
		return 200;
	if (!value)
		return refuse_value(why, PRE_CANNOT_MODIFY_PROTECTED_PROPERTY, 403);
	for (const struct xml_node *x = xml_child(value); x; x = xml_next(x)) {
		if (left-- == 0)
			return 507;
		if (xml_is(x, NS_DAV, "href") && calendar_of(rq, x, &id, &e) < 0)
			return 500;
		if (!xml_is(x, NS_DAV, "href") || !id)
			return refuse_value(why, PRE_VALID_CALENDAR_URL, 409);
	}
	return 200;
}

const struct prop_change *busy_set_take(struct dav_request *rq, struct prop_changes *changes)
{
	const struct prop_change *last = NULL;

	for (size_t i = 0; rq->target.kind == RES_HOME && i < changes->count; i++) {
		struct prop_change *c = &changes->rows[i];

		if (c->ns == NS_CALDAV && strcmp(c->name, set_name) == 0) {
			c->done = true;
			last = c;
		}
	}
	return last;
}

struct named { store_id *ids; size_t count; };

static int read_named(struct dav_request *rq, const struct xml_node *value, struct named *out, struct err *e)
{
	size_t n = 0;

	for (const struct xml_node *x = xml_child(value); x; x = xml_next(x))
		n++;
	*out = (struct named){ .ids = arena_array(rq->mem, n, sizeof(*out->ids)) };
	for (const struct xml_node *x = xml_child(value); x; x = xml_next(x))
		if (calendar_of(rq, x, &out->ids[out->count++], e) < 0)
			return -1;
	return 0;
}

static bool is_named(const struct named *named, const struct resource *calendar)
{
	for (size_t i = 0; i < named->count; i++)
		if (named->ids[i] == calendar->coll.id)
			return true;
	return false;
}

static const struct prop_row *transp_row(struct dav_request *rq, const struct resource *calendar, bool opaque)
{
	struct prop_row *row = arena_alloc(rq->mem, sizeof(*row));
	const char *uri = xml_ns_uri(NS_CALDAV);

	*row = (struct prop_row){ .user = calendar->reader, .ns = uri, .name = transp };
	row->xml = arena_printf(rq->mem, "<%s xmlns=\"%s\"><%s/></%s>", transp, uri,
		opaque ? "opaque" : "transparent", transp);
	return row;
}

/* Who may set the home's properties may set this one of each calendar that it sees there: it is the owner's
 * own value, or the sharee's (15.16). */
int busy_set_patch(struct dav_request *rq, const struct xml_node *value, const struct prop_row *rows,
	size_t n, struct err *e)
{
	const struct prop_place home = { PLACE_HOME, 0, rq->target.user };
	struct named named;
	struct home_calendar *calendars;
	size_t count = 1;
	uint64_t seq;
	bool opaque;

	if (read_named(rq, value, &named, e) < 0
		|| resource_home_calendars(rq, &rq->target, &calendars, &seq, e) < 0)
		return -1;
	for (const struct home_calendar *h = calendars; h; h = h->next)
		count++;
	struct prop_patch *patches = arena_array(rq->mem, count, sizeof(*patches));
	count = 0;
	if (n > 0)
		patches[count++] = (struct prop_patch){ .place = &home, .rows = rows, .n = n };
	for (const struct home_calendar *h = calendars; h; h = h->next) {
		bool wanted = is_named(&named, &h->res);

		if (read_opaque(rq, rq->mem, &h->res, &opaque, e) < 0)
			return -1;
		if (opaque != wanted)
			patches[count++] = (struct prop_patch){ .collection = h->res.coll.id, .n = 1,
				.rows = transp_row(rq, &h->res, wanted) };
	}
	return store_props_patch_all(rq->store, patches, count, e);
}
