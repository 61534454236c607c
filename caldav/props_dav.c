/* Properties of WebDAV itself: RFC 4918 15, 3253 3.1, 5397, 6578. */
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "caldav/principal.h"

static int get_resourcetype(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	if (c->res->kind & RES_COLLECTIONS)
		xmlw_empty(w, NS_DAV, "collection");
	if (c->res->kind & RES_ALL_PRINCIPALS)
		xmlw_empty(w, NS_DAV, "principal");
	if (c->res->kind & RES_PROXIES)
		xmlw_empty(w, NS_CS, proxy_name(c->res->kind));
	if (c->res->kind == RES_CALENDAR && c->res->coll.flags & COLL_SUBSCRIBED)
		xmlw_empty(w, NS_CS, "subscribed");
	else if (c->res->kind == RES_CALENDAR)
		xmlw_empty(w, NS_CALDAV, "calendar");
	return 200;
}

static const char *owner_displayname(struct propctx *c)
{
	struct account owner;

	if (store_account(c->rq->store, c->res->coll.owner, c->mem, &owner, NULL) < 0
		|| !owner.displayname || !*owner.displayname)
		return c->res->coll.owner;
	return owner.displayname;
}

/* A calendar without a name of its own shows its segment; a shared one that the sharee has not named,
 * the owner's name for it and whose it is. */
static const char *calendar_displayname(const struct prop *p, struct propctx *c)
{
	const char *common = stored_prop_text(c->rq, c->mem,
		stored_prop_find(c->stored, xml_ns_uri(p->ns), p->name));

	if (!*common)
		common = c->res->coll.name;
	if (!*c->res->reader)
		return common;
	return arena_printf(c->mem, "%s (%s)", common, owner_displayname(c));
}

static int get_displayname(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	const struct account *a = &c->res->account;

	const char *name = a->displayname && *a->displayname ? a->displayname : a->name;

	if (c->res->kind == RES_CALENDAR)
		name = calendar_displayname(p, c);
	else if (c->res->group)
		name = c->res->group->name;
	else if (c->res->kind & RES_PROXIES)
		name = arena_printf(c->mem, "%s (%s)", name, proxy_name(c->res->kind));
	xmlw_text(w, name);
	return 200;
}

/* RFC 3744 4: a principal's name is its account's. */
static int check_displayname(const struct prop *p, struct dav_request *rq, const struct xml_node *value,
	enum precond *why)
{
	if (rq->target.kind != RES_PRINCIPAL)
		return prop_check_text(p, rq, value, why);
	*why = PRE_CANNOT_MODIFY_PROTECTED_PROPERTY;
	return 403;
}

/* RFC 4918 15.8, 15.10: no lock is held, and none can be had. */
static int get_empty(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	(void)c;
	(void)w;
	return 200;
}

/* RFC 5995 3: where POST makes a new member. */
static int get_add_member(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	xmlw_href(w, arena_printf(c->mem, "%s?add-member", c->res->href));
	return 200;
}

/* ---- RFC 4331: the owner's calendars together ---- */

/* How much an owner keeps is told to who adds to it. */
static const char *quota_owner(const struct propctx *c)
{
	const struct principal *who = &c->rq->http->who;
	const char *owner = c->res->kind == RES_CALENDAR ? c->res->coll.owner : c->res->user;

	if (who->admin || strcmp(who->name, owner) == 0 || c->res->privileges & PRIV_BIND)
		return owner;
	return NULL;
}

static int write_bytes(struct propctx *c, struct xmlw *w, uint64_t bytes)
{
	xmlw_text(w, arena_printf(c->mem, "%llu", (unsigned long long)bytes));
	return 200;
}

static int get_quota_used(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	const char *owner = quota_owner(c);
	uint64_t used;

	(void)p;
	if (!owner || store_usage(c->rq->store, owner, &used, NULL) < 0)
		return 404;
	return write_bytes(c, w, used);
}

static int get_quota_available(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	const char *owner = quota_owner(c);
	uint64_t quota = owner ? quota_of(&c->rq->dav->settings.quotas, owner) : 0, used;

	(void)p;
	if (!quota || store_usage(c->rq->store, owner, &used, NULL) < 0)
		return 404; /* as much as there is */
	return write_bytes(c, w, used < quota ? quota - used : 0);
}

static int get_etag(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	/* in pieces: a listing has thousands */
	xmlw_text(w, "\"");
	xmlw_text(w, c->res->object.etag);
	xmlw_text(w, "\"");
	return 200;
}

static int get_contenttype(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	xmlw_text(w, object_content_type(c->mem, &c->res->object));
	return 200;
}

static int get_contentlength(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	xmlw_text(w, arena_printf(c->mem, "%lu", (unsigned long)c->res->object.size));
	return 200;
}

static int get_lastmodified(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	char date[HTTP_DATE_SIZE];

	(void)p;
	http_date(c->res->object.mtime, date);
	xmlw_text(w, date);
	return 200;
}

static int get_creationdate(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	char date[ISO_DATE_SIZE];

	(void)p;
	iso_date(c->res->kind == RES_OBJECT ? c->res->object.created : c->res->coll.created, date);
	xmlw_text(w, date);
	return 200;
}

static int get_report_set(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	for (const struct report *r = dav_reports; r->name; r++) {
		if (!(r->on & c->res->kind))
			continue;
		xmlw_start(w, NS_DAV, "supported-report");
		xmlw_start(w, NS_DAV, "report");
		xmlw_empty(w, r->ns, r->name);
		xmlw_end(w);
		xmlw_end(w);
	}
	return 200;
}

static int get_method_set(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	for (const struct method *m = dav_methods; m->name; m++) {
		if (!(m->on & c->res->kind))
			continue;
		xmlw_start(w, NS_DAV, "supported-method");
		xmlw_attr(w, "name", m->name);
		xmlw_end(w);
	}
	return 200;
}

static int get_current_user(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	xmlw_href(w, principal_href(c->mem, c->rq->http->who.name));
	return 200;
}

int prop_get_sync_token(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	const char *token = resource_sync_token(c->rq, c->mem, c->res, NULL);

	(void)p;
	if (!token)
		return 500;
	xmlw_text(w, token);
	return 200;
}

char *object_content_type(struct arena *mem, const struct object *o)
{
	static const struct { enum ical_kind kind; const char *name; } rows[] = {
		{ ICAL_VEVENT, "VEVENT" }, { ICAL_VTODO, "VTODO" }, { ICAL_VJOURNAL, "VJOURNAL" },
		{ ICAL_VFREEBUSY, "VFREEBUSY" }, { ICAL_VAVAILABILITY, "VAVAILABILITY" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (o->component == (unsigned)rows[i].kind)
			return arena_printf(mem, "text/calendar; charset=utf-8; component=%s", rows[i].name);
	return arena_strdup(mem, "text/calendar; charset=utf-8");
}

/* clang-format off */
const struct prop props_dav[] = {
	/* RFC 4918 15 */
	{ NS_DAV, "creationdate",           RES_CALENDAR | RES_OBJECT, PROP_ALLPROP, get_creationdate, NULL },
	{ NS_DAV, "displayname",            RES_CALENDAR | RES_HOME | RES_ALL_PRINCIPALS,
		PROP_ALLPROP | PROP_STORED | PROP_PERSONAL, get_displayname, check_displayname },
	{ NS_DAV, "getcontentlength",       RES_OBJECT, PROP_ALLPROP, get_contentlength, NULL },
	{ NS_DAV, "getcontenttype",         RES_OBJECT, PROP_ALLPROP, get_contenttype, NULL },
	{ NS_DAV, "getetag",                RES_OBJECT, PROP_ALLPROP, get_etag, NULL },
	{ NS_DAV, "getlastmodified",        RES_OBJECT, PROP_ALLPROP, get_lastmodified, NULL },
	{ NS_DAV, "lockdiscovery",          RES_ANY, PROP_ALLPROP, get_empty, NULL },
	{ NS_DAV, "resourcetype",           RES_ANY, PROP_ALLPROP, get_resourcetype, NULL },
	{ NS_DAV, "supportedlock",          RES_ANY, PROP_ALLPROP, get_empty, NULL },
	/* RFC 3253 3.1 */
	{ NS_DAV, "supported-method-set",   RES_ANY, 0, get_method_set, NULL },
	{ NS_DAV, "supported-report-set",   RES_ANY, 0, get_report_set, NULL },
	/* RFC 4331 3, 4 */
	{ NS_DAV, "quota-available-bytes",  RES_HOME | RES_CALENDAR, 0, get_quota_available, NULL },
	{ NS_DAV, "quota-used-bytes",       RES_HOME | RES_CALENDAR, 0, get_quota_used, NULL },
	/* RFC 5397 3 */
	{ NS_DAV, "current-user-principal", RES_ANY, 0, get_current_user, NULL },
	/* RFC 5995 3.2.1 */
	{ NS_DAV, "add-member",             RES_CALENDAR, 0, get_add_member, NULL },
	/* RFC 6578 4 */
	{ NS_DAV, "sync-token",             RES_CALENDAR | RES_HOME, 0, prop_get_sync_token, NULL },
	{ 0 },
};
/* clang-format on */
