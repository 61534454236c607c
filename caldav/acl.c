/*
 * ACL (RFC 3744 8.1) for what sharing can express: to each user one grant, of reading, of reading and
 * writing, or of free-busy alone. What is protected or inherited stays; all other entries become those
 * of the request, or nothing changes and the condition of 8.1.1 says why.
 */
#include "caldav/acl.h"

#include <string.h>

#include "base/util.h"

struct grants {
	struct dav_request *rq;
	struct grant { const char *user; unsigned mask; } *rows;
	size_t count;
};

/* ---- one entry ---- */

/* Its privileges as a mask. 0, or a refusal. */
static int read_privileges(struct dav_request *rq, const struct xml_node *grant, unsigned *out)
{
	*out = 0;
	for (const struct xml_node *x = xml_child(grant); x; x = xml_next(x)) {
		const struct xml_node *named = xml_is(x, NS_DAV, "privilege") ? xml_child(x) : NULL;

		if (!named)
			return fail(rq, 400, "DAV:grant without a privilege");
		const struct privilege_row *row = privilege_find(named->ns, named->name);
		if (!row || !(row->on & rq->target.kind))
			return refuse(rq, PRE_NOT_SUPPORTED_PRIVILEGE, "no privilege %s", named->name);
		if (row->abstract)
			return refuse(rq, PRE_NO_ABSTRACT, "%s is granted with others only", named->name);
		*out |= row->covers;
	}
	return *out ? 0 : fail(rq, 400, "DAV:grant without a privilege");
}

/* The user behind an href. What isn't there and what one may not find are answered alike (15.31). */
static int read_href(struct dav_request *rq, const char *href, const char **user)
{
	const char *path = resource_href_path(rq, href);
	struct resource res = { .exists = false };
	struct err e;

	if (path && resource_resolve(rq, path, &res, &e) < 0 && e.code != ERR_INVALID)
		return fail_err(rq, &e);
	if (!res.exists || !(res.kind & RES_ALL_PRINCIPALS))
		return refuse(rq, PRE_RECOGNIZED_PRINCIPAL, "no principal");
	if (res.kind & RES_PROXIES
		|| (res.kind == RES_PRINCIPAL && strcmp(res.user, rq->target.coll.owner) == 0)
		|| (res.group && strcmp(res.group->name, "admin") == 0))
		return refuse(rq, PRE_NO_PROTECTED_ACE_CONFLICT, "%s has a protected entry", href);
	if (res.kind != RES_PRINCIPAL)
		return refuse(rq, PRE_ALLOWED_PRINCIPAL, "calendars are shared with users");
	*user = res.user;
	return 0;
}

static int read_principal(struct dav_request *rq, const struct xml_node *ace, const char **user)
{
	const struct xml_node *principal = xml_find(ace, NS_DAV, "principal");
	const struct xml_node *what = xml_child(principal);

	if (!what)
		return fail(rq, 400, "DAV:ace without a principal");
	if (xml_is(what, NS_DAV, "href"))
		return read_href(rq, xml_text_trim(what, rq->mem), user);
	if (xml_is(what, NS_DAV, "property") && xml_is(xml_child(what), NS_DAV, "owner"))
		return refuse(rq, PRE_NO_PROTECTED_ACE_CONFLICT, "the owner has a protected entry");
	if (xml_is(what, NS_DAV, "all") || xml_is(what, NS_DAV, "authenticated")
		|| xml_is(what, NS_DAV, "unauthenticated") || xml_is(what, NS_DAV, "self")
		|| xml_is(what, NS_DAV, "property"))
		return refuse(rq, PRE_ALLOWED_PRINCIPAL, "calendars are shared with users");
	return refuse(rq, PRE_RECOGNIZED_PRINCIPAL, "no principal");
}

static struct grant *find_grant(struct grants *g, const char *user)
{
	for (size_t i = 0; i < g->count; i++)
		if (strcmp(g->rows[i].user, user) == 0)
			return &g->rows[i];
	g->rows[g->count] = (struct grant){ .user = user };
	return &g->rows[g->count++];
}

static int read_ace(struct grants *g, const struct xml_node *ace)
{
	struct dav_request *rq = g->rq;
	const struct xml_node *grant = xml_find(ace, NS_DAV, "grant");
	const char *user;
	unsigned mask;

	if (xml_find(ace, NS_DAV, "invert"))
		return refuse(rq, PRE_NO_INVERT, "not for all but one");
	if (xml_find(ace, NS_DAV, "deny"))
		return refuse(rq, PRE_GRANT_ONLY, "nothing is denied");
	if (xml_find(ace, NS_DAV, "protected"))
		return refuse(rq, PRE_NO_PROTECTED_ACE_CONFLICT, "entries are protected by the server");
	if (xml_find(ace, NS_DAV, "inherited"))
		return refuse(rq, PRE_NO_INHERITED_ACE_CONFLICT, "inherited entries are set elsewhere");
	if (!grant)
		return fail(rq, 400, "DAV:ace without a grant");
	int refused = read_principal(rq, ace, &user);
	if (!refused)
		refused = read_privileges(rq, grant, &mask);
	if (!refused)
		find_grant(g, user)->mask |= mask;
	return refused;
}

/* ---- all of them ---- */

static int read_aces(struct grants *g, const struct xml_node *root)
{
	struct dav_request *rq = g->rq;
	size_t n = 0;

	for (const struct xml_node *x = xml_child(root); x; x = xml_next(x))
		n += xml_is(x, NS_DAV, "ace");
	if (n > rq->dav->settings.shares)
		return refuse(rq, PRE_LIMITED_NUMBER_OF_ACES, "more than %zu", rq->dav->settings.shares);
	g->rows = arena_array(rq->mem, n, sizeof(*g->rows));
	for (const struct xml_node *x = xml_child(root); x; x = xml_next(x)) {
		int refused = xml_is(x, NS_DAV, "ace") ? read_ace(g, x) : 0;

		if (refused)
			return refused;
	}
	return 0;
}

static int share(struct dav_request *rq, const struct grants *g)
{
	struct share *rows = arena_array(rq->mem, g->count, sizeof(*rows));
	struct err e;

	for (size_t i = 0; i < g->count; i++) {
		rows[i] = (struct share){ .user = g->rows[i].user, .access = access_of_grant(g->rows[i].mask) };
		if (rows[i].access == SHARE_NONE)
			return refuse(rq, PRE_NO_ACE_CONFLICT, "%s: reading, reading and writing, or free-busy",
				g->rows[i].user);
	}
	if (store_shares_set(rq->store, rq->target.coll.id, rows, g->count, &e) < 0)
		return fail_err(rq, &e);
	return rq->http->res->status = 200;
}

int method_acl(struct dav_request *rq)
{
	struct grants g = { .rq = rq };
	const struct xml_node *root;

	int refused = request_xml(rq, &root);
	if (!refused)
		refused = access_need(rq, &rq->target, rq->target.privileges, PRIV_WRITE_ACL);
	if (refused)
		return refused;
	if (!xml_is(root, NS_DAV, "acl"))
		return fail(rq, 400, "not a DAV:acl");
	refused = read_aces(&g, root);
	return refused ? refused : share(rq, &g);
}
