/* MKCALENDAR (RFC 4791 5.3.1) and MKCOL with a body (RFC 5689). */
#include <string.h>

#include "caldav/prop.h"

struct new_calendar {
	unsigned components;
	bool calendar;   /* resourcetype asks for one */
	bool subscribed; /* or for CalendarServer's subscription to an address */
	struct prop_changes changes;
};

/* asks.md 10: exactly the set that was asked for, or a refusal. */
static void take_components(struct prop_change *c, unsigned *components)
{
	unsigned mask = 0;

	for (const struct xml_node *x = xml_child(c->value); x; x = xml_next(x)) {
		const char *name = xml_attr(x, "name");
		unsigned kind = name && xml_is(x, NS_CALDAV, "comp") ? component_kind(name) : 0;

		if (!kind) {
			c->status = 403;
			c->why = PRE_SUPPORTED_COMPONENT;
			return;
		}
		mask |= kind;
	}
	if (!mask)
		c->status = 409;
	*components = mask;
	c->done = true;
}

static void take_resourcetype(struct prop_change *c, struct new_calendar *new)
{
	for (const struct xml_node *x = xml_child(c->value); x; x = xml_next(x)) {
		bool calendar = xml_is(x, NS_CALDAV, "calendar"), subscribed = xml_is(x, NS_CS, "subscribed");

		new->calendar = new->calendar || calendar;
		new->subscribed = new->subscribed || subscribed;
		if (!calendar && !subscribed && !xml_is(x, NS_DAV, "collection")) {
			c->status = 403;
			c->why = PRE_VALID_RESOURCETYPE;
		}
	}
	c->done = true;
}

static bool is_prop(const struct prop_change *c, enum ns ns, const char *name)
{
	return c->ns == ns && strcmp(c->name, name) == 0;
}

/* What is protected afterwards may be set now; all else by the rules of PROPPATCH. */
static void check_change(struct dav_request *rq, struct new_calendar *new, struct prop_change *c)
{
	if (!c->value)
		c->status = 409; /* nothing to remove yet */
	else if (is_prop(c, NS_CALDAV, "supported-calendar-component-set"))
		take_components(c, &new->components);
	else if (is_prop(c, NS_DAV, "resourcetype"))
		take_resourcetype(c, new);
	else
		prop_change_check(rq, RES_CALENDAR, c);
}

static int read_body(struct dav_request *rq, const struct xml_node *root, struct new_calendar *new)
{
	struct err e;
	size_t dead = 0;

	new->components = component_kinds();
	if (!root)
		return 0;
	if (prop_changes_parse(rq, root, &new->changes, &e) < 0)
		return fail_err(rq, &e);
	for (size_t i = 0; i < new->changes.count; i++) {
		struct prop_change *c = &new->changes.rows[i];

		check_change(rq, new, c);
		if (!c->row && c->status == 200 && ++dead > rq->dav->settings.dead_properties)
			c->status = 403;
	}
	return 0;
}

/* ---- where ---- */

static int count_collection(const struct collection *c, void *arg)
{
	size_t *n = arg;

	(void)c;
	++*n;
	return 0;
}

static int check_place(struct dav_request *rq)
{
	const struct resource *t = &rq->target;
	struct resource parent;
	struct err e;
	size_t n = 0;

	if (t->kind != RES_CALENDAR && (resource_parent(rq, t, &parent, &e) < 0 || !parent.exists))
		return fail(rq, 409, "nothing there to put it into"); /* RFC 4918 9.3.1 */
	if (t->kind != RES_CALENDAR)
		return refuse(rq, PRE_COLLECTION_LOCATION, "calendars live in a home only");
	if (!t->parent_exists)
		return access_no_parent(rq, t);
	int refused = access_need(rq, t, t->privileges, PRIV_BIND);
	if (refused)
		return refused;
	if (strlen(t->segment) > NAME_BYTES)
		return fail(rq, 403, "the name is longer than %d bytes", NAME_BYTES);
	if (strchr(t->segment, '~') || strcmp(t->segment, "fees") == 0)
		return refuse(rq, PRE_COLLECTION_LOCATION, "a reserved name"); /* 15.11, 15.16 */
	if (store_collections(rq->store, t->user, count_collection, &n, &e) < 0)
		return fail_err(rq, &e);
	if (n >= rq->dav->settings.calendars)
		return fail(rq, 403, "more than %zu calendars", rq->dav->settings.calendars);
	return 0;
}

/* ---- making ---- */

static int make(struct dav_request *rq, const struct new_calendar *new)
{
	const struct resource *t = &rq->target;
	struct collection c = { .owner = t->user, .name = t->segment, .components = new->components,
		.flags = new->subscribed ? COLL_SUBSCRIBED : 0 };
	struct err e;
	store_id id;
	size_t n;
	const struct prop_row *rows = prop_changes_rows(rq, &new->changes, "", &n);

	if (store_collection_make(rq->store, &c, rows, n, rq->http->now, &id, &e) < 0)
		return fail_err(rq, &e);
	response_header(rq->http->res, "Cache-Control", "no-cache"); /* RFC 4791 5.3.1 */
	if (rq->prefer.minimal)
		preference_applied(rq, "return=minimal"); /* RFC 8144 2.3 */
	return rq->http->res->status = 201;
}

/* What is asked for, and whether it may stand there. A body that isn't this element: 415. */
static int read_request(struct dav_request *rq, enum ns ns, const char *element, struct new_calendar *new)
{
	const struct xml_node *root;

	int refused = request_xml(rq, &root);
	if (!refused)
		refused = check_place(rq);
	if (!refused && root && !xml_is(root, ns, element))
		refused = fail(rq, 415, "not a %s:%s", ns == NS_DAV ? "DAV" : "CALDAV", element);
	return refused ? refused : read_body(rq, root, new);
}

int method_mkcalendar(struct dav_request *rq)
{
	struct new_calendar new = { 0 };

	int refused = read_request(rq, NS_CALDAV, "mkcalendar", &new); /* RFC 4791 5.3.1 */
	if (refused)
		return refused;
	return prop_changes_settle(&new.changes) ? make(rq, &new) : prop_changes_answer(rq, &new.changes);
}

/* RFC 5689 3.3: 403 with a propstat for each status. */
static int mkcol_failed(struct dav_request *rq, const struct prop_changes *changes)
{
	struct response *res = rq->http->res;
	struct xmlw w;

	res->status = 403;
	response_header(res, "Content-Type", "application/xml; charset=utf-8");
	writer_begin(rq, &w, &res->body);
	xmlw_root(&w, NS_DAV, "mkcol-response");
	prop_changes_write(changes, &w);
	xmlw_end(&w);
	return 403;
}

int method_mkcol(struct dav_request *rq)
{
	struct new_calendar new = { 0 };

	int refused = read_request(rq, NS_DAV, "mkcol", &new); /* RFC 4918 9.3 */
	if (refused)
		return refused;
	if (!prop_changes_settle(&new.changes))
		return mkcol_failed(rq, &new.changes);
	if (!new.calendar && !new.subscribed) /* 15.17 */
		return refuse(rq, PRE_VALID_RESOURCETYPE, "only calendars can be made");
	return make(rq, &new);
}
