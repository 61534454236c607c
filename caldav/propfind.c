/* PROPFIND: RFC 4918 9.1. */
#include <string.h>

#include "caldav/prop.h"

struct children {
	struct dav_request *rq;
	struct plan *plan;
};

/* ---- what is in a collection ---- */

/* Resources that are always there, and one's own: resolved by their URL. */
static int plan_path(struct dav_request *rq, struct plan *plan, const char *path, struct err *e)
{
	struct resource *res = arena_alloc(rq->mem, sizeof(*res));

	if (resource_resolve(rq, path, res, e) < 0)
		return -1;
	if (res->exists)
		plan_resource(plan, res);
	return 0;
}

struct names { struct arena *mem; struct name { const char *text; struct name *next; } *first; };

static int note_account(const struct account *a, void *arg)
{
	struct names *names = arg;

	if (a->removed)
		return 0;
	struct name *n = arena_alloc(names->mem, sizeof(*n));
	n->text = arena_strdup(names->mem, a->name);
	n->next = names->first;
	names->first = n;
	return 0;
}

/* Below /principals/ and /calendars/: one's own; an administrator sees everybody's. */
static int plan_accounts(struct dav_request *rq, struct plan *plan,
	char *(*href)(struct arena *, const char *), struct err *e)
{
	struct names names = { .mem = rq->mem };

	if (!rq->http->who.admin)
		return plan_path(rq, plan, href(rq->mem, rq->http->who.name), e);
	if (store_accounts(rq->store, note_account, &names, e) < 0)
		return -1;
	for (const struct name *n = names.first; n; n = n->next)
		if (plan_path(rq, plan, href(rq->mem, n->text), e) < 0)
			return -1;
	return 0;
}

static int plan_groups(struct dav_request *rq, struct plan *plan, struct err *e)
{
	const struct dav_group *groups = rq->http->who.admin ? rq->dav->settings.groups : NULL;

	for (const struct dav_group *g = groups; g && g->name; g++)
		if (plan_path(rq, plan, group_href(rq->mem, g->name), e) < 0)
			return -1;
	return 0;
}

static int plan_proxies(struct dav_request *rq, struct plan *plan, struct err *e)
{
	const char *user = rq->target.user;

	return plan_path(rq, plan, proxy_href(rq->mem, user, RES_PROXY_READ), e) < 0 ? -1
		: plan_path(rq, plan, proxy_href(rq->mem, user, RES_PROXY_WRITE), e);
}

static int plan_home(struct dav_request *rq, struct plan *plan, struct err *e)
{
	struct resource *home = &rq->target;
	struct home_calendar *calendars;

	if (resource_home_calendars(rq, home, &calendars, &home->coll.seq, e) < 0)
		return -1;
	for (const struct home_calendar *c = calendars; c; c = c->next)
		plan_resource(plan, &c->res);
	return 0;
}

int plan_children(struct dav_request *rq, struct plan *plan, struct err *e)
{
	switch (rq->target.kind) {
	case RES_ROOT:
		return plan_path(rq, plan, "/principals/", e) < 0 ? -1
			: plan_path(rq, plan, "/calendars/", e);
	case RES_PRINCIPALS:
		return plan_accounts(rq, plan, principal_href, e) < 0 ? -1 : plan_groups(rq, plan, e);
	case RES_PRINCIPAL:
		return plan_proxies(rq, plan, e);
	case RES_HOMES:
		return plan_accounts(rq, plan, home_href, e);
	case RES_HOME:
		return plan_home(rq, plan, e);
	case RES_CALENDAR:
		plan_members(plan, &rq->target);
		return 0;
	default:
		return 0;
	}
}

/* ---- */

/* An empty body asks for allprop (RFC 4918 9.1). */
static int read_body(struct dav_request *rq, struct prop_list **out)
{
	struct prop_list *list = arena_alloc(rq->mem, sizeof(*list));
	const struct xml_node *root;
	struct err e;

	int refused = request_xml(rq, &root);
	if (refused)
		return refused;
	if (root && !xml_is(root, NS_DAV, "propfind"))
		return fail(rq, 400, "not a DAV:propfind");
	if (root && !xml_find(root, NS_DAV, "prop") && !xml_find(root, NS_DAV, "allprop")
		&& !xml_find(root, NS_DAV, "propname"))
		return fail(rq, 400, "DAV:propfind asks for nothing");
	if (prop_list_parse(rq, root, PROPS_ALL, list, &e) < 0)
		return fail_err(rq, &e);
	prop_list_drop_bodies(list);
	*out = list;
	return 0;
}

/* A missing Depth means infinity (RFC 4918 9.1), which no collection offers. */
static bool too_deep(const struct dav_request *rq)
{
	return rq->target.kind != RES_OBJECT && rq->depth != 0 && rq->depth != 1;
}

int method_propfind(struct dav_request *rq)
{
	struct plan *plan = plan_create(rq);
	struct prop_list *list = NULL;
	struct err e;

	int refused = read_body(rq, &list);
	if (refused)
		return refused;
	refused = access_need(rq, &rq->target, rq->target.privileges, PRIV_READ);
	if (refused)
		return refused;
	if (too_deep(rq))
		return refuse(rq, PRE_PROPFIND_FINITE_DEPTH, "Depth 0 or 1 only");
	bool noroot = rq->prefer.noroot && rq->depth == 1; /* RFC 8144 4 */
	if (!noroot)
		plan_resource(plan, &rq->target);
	if (rq->depth == 1 && plan_children(rq, plan, &e) < 0)
		return fail_err(rq, &e);
	int status = plan_answer(rq, plan, list, NULL);
	if (status == 207 && noroot)
		preference_applied(rq, "depth-noroot");
	return status;
}
