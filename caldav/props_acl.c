/* Properties of access control: RFC 3744 4 and 5. */
#include <string.h>

#include "base/util.h"
#include "caldav/acl.h"
#include "caldav/principal.h"

enum { CALENDARS = RES_HOME | RES_CALENDAR | RES_OBJECT };

/*
 * RFC 3744 3 and 5.3, RFC 4791 6.1.1: parents before what they contain. `needs` is what a mask must
 * have, `covers` what is granted with it. Locks are not offered, so that nobody is granted UNLOCK
 * alone: it is there as a part of `all` (abstract).
 */
/* clang-format off */
const struct privilege_row privileges[] = {
	{ 0, PRIV_ALL,  PRIV_ALL,             RES_ANY, false, NS_DAV, "all", "Everything" },
	{ 1, PRIV_READ, PRIV_READS,           RES_ANY, false, NS_DAV, "read", "Read" },
	{ 2, PRIV_READ_CURRENT_USER, PRIV_READ_CURRENT_USER, RES_ANY, false, NS_DAV,
		"read-current-user-privilege-set", "Read one's own privileges" },
	{ 2, PRIV_READ_FREE_BUSY, PRIV_READ_FREE_BUSY, CALENDARS, false, NS_CALDAV, "read-free-busy",
		"See when it is busy" },
	{ 1, PRIV_WRITE, PRIV_WRITE,          RES_ANY, false, NS_DAV, "write", "Write" },
	{ 2, PRIV_WRITE_PROPERTIES, PRIV_WRITE_PROPERTIES, RES_ANY, false, NS_DAV, "write-properties",
		"Change properties" },
	{ 2, PRIV_WRITE_CONTENT, PRIV_WRITE_CONTENT, RES_ANY, false, NS_DAV, "write-content",
		"Change what is there" },
	{ 2, PRIV_BIND, PRIV_BIND,            RES_ANY, false, NS_DAV, "bind", "Add" },
	{ 2, PRIV_UNBIND, PRIV_UNBIND,        RES_ANY, false, NS_DAV, "unbind", "Delete" },
	{ 1, PRIV_UNLOCK, PRIV_UNLOCK,        RES_ANY, true,  NS_DAV, "unlock", "Unlock" },
	{ 1, PRIV_READ_ACL, PRIV_READ_ACL,    RES_ANY, false, NS_DAV, "read-acl", "See who has access" },
	{ 1, PRIV_WRITE_ACL, PRIV_WRITE_ACL,  RES_ANY, false, NS_DAV, "write-acl", "Share" },
	{ 0 },
};
/* clang-format on */

const struct privilege_row *privilege_find(enum ns ns, const char *name)
{
	for (const struct privilege_row *p = privileges; p->name; p++)
		if (p->ns == ns && strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

static void write_privilege(struct xmlw *w, const struct privilege_row *p)
{
	xmlw_start(w, NS_DAV, "privilege");
	xmlw_empty(w, p->ns, p->name);
	xmlw_end(w);
}

/* RFC 3744 5.4: all that is granted, aggregates and what they contain. */
static int get_privilege_set(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	for (const struct privilege_row *r = privileges; r->name; r++)
		if (r->on & c->res->kind && (c->res->privileges & r->needs) == r->needs)
			write_privilege(w, r);
	return 200;
}

/* 5.3: each element is closed when the next one isn't below it. */
static int get_supported_privileges(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	unsigned open = 0;

	(void)p;
	for (const struct privilege_row *r = privileges; r->name; r++) {
		if (!(r->on & c->res->kind))
			continue;
		for (; open > r->level; open--)
			xmlw_end(w);
		xmlw_start(w, NS_DAV, "supported-privilege");
		write_privilege(w, r);
		if (r->abstract)
			xmlw_empty(w, NS_DAV, "abstract");
		xmlw_start(w, NS_DAV, "description");
		xmlw_attr(w, "xml:lang", "en");
		xmlw_text(w, r->description);
		xmlw_end(w);
		open++;
	}
	for (; open > 0; open--)
		xmlw_end(w);
	return 200;
}

/* ---- DAV:acl (5.5) ---- */

static void write_who(const struct ace *ace, struct xmlw *w)
{
	xmlw_start(w, NS_DAV, "principal");
	if (ace->who == ACE_OWNER) {
		xmlw_start(w, NS_DAV, "property");
		xmlw_empty(w, NS_DAV, "owner");
		xmlw_end(w);
	} else if (ace->who == ACE_AUTHENTICATED) {
		xmlw_empty(w, NS_DAV, "authenticated");
	} else {
		xmlw_href(w, ace->principal);
	}
	xmlw_end(w);
}

/* The largest aggregates only. */
static void write_grant(unsigned mask, struct xmlw *w)
{
	unsigned covered = 0;

	xmlw_start(w, NS_DAV, "grant");
	for (const struct privilege_row *r = privileges; r->name; r++) {
		if ((mask & r->needs) != r->needs || (covered & r->needs) == r->needs)
			continue;
		write_privilege(w, r);
		covered |= r->covers;
	}
	xmlw_end(w);
}

static void write_ace(const struct ace *ace, struct xmlw *w)
{
	xmlw_start(w, NS_DAV, "ace");
	write_who(ace, w);
	write_grant(ace->grant, w);
	if (ace->protected)
		xmlw_empty(w, NS_DAV, "protected");
	if (ace->inherited) {
		xmlw_start(w, NS_DAV, "inherited");
		xmlw_href(w, ace->inherited);
		xmlw_end(w);
	}
	xmlw_end(w);
}

static int get_acl(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	const struct ace *ace;
	struct err e;

	(void)p;
	if (!(c->res->privileges & PRIV_READ_ACL))
		return 403;
	if (access_entries(c->rq, c->res, c->mem, &ace, &e) < 0)
		return 500;
	for (; ace; ace = ace->next)
		write_ace(ace, w);
	return 200;
}

/* 5.6: what is shared is granted, never denied, to somebody by name. */
static int get_restrictions(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	(void)c;
	xmlw_empty(w, NS_DAV, "grant-only");
	xmlw_empty(w, NS_DAV, "no-invert");
	return 200;
}

/* ---- whose ---- */

/* Above the homes nobody is the owner; of what a group is, neither. */
static int get_owner(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	const struct resource *res = c->res;
	const char *owner = res->coll.id ? res->coll.owner : res->user;

	(void)p;
	if (owner)
		xmlw_href(w, principal_href(c->mem, owner));
	return 200;
}

static int get_principal_url(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	const struct resource *res = c->res;

	(void)p;
	if (res->kind & RES_PROXIES)
		xmlw_href(w, proxy_href(c->mem, res->user, res->kind));
	else
		xmlw_href(w, res->group ? group_href(c->mem, res->group->name)
		                        : principal_href(c->mem, res->user));
	return 200;
}

static int get_principal_collections(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	(void)c;
	xmlw_href(w, "/principals/");
	return 200;
}

/* A principal has no second URL, a resource no group of its own (5.2), and no other resource's rights
 * have to be looked at as well (5.7): there, but empty. */
static int get_empty(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	(void)c;
	(void)w;
	return 200;
}

/* clang-format off */
const struct prop props_acl[] = {
	/* RFC 3744 4 */
	{ NS_DAV, "alternate-URI-set",          RES_ALL_PRINCIPALS, 0, get_empty, NULL },
	{ NS_DAV, "group-member-set",           RES_PROXIES | RES_GROUP, 0, get_group_members, NULL },
	{ NS_DAV, "group-membership",           RES_ALL_PRINCIPALS, 0, get_group_membership, NULL },
	{ NS_DAV, "principal-URL",              RES_ALL_PRINCIPALS, 0, get_principal_url, NULL },
	/* RFC 3744 5 */
	{ NS_DAV, "acl",                        RES_ANY, 0, get_acl, NULL },
	{ NS_DAV, "acl-restrictions",           RES_ANY, 0, get_restrictions, NULL },
	{ NS_DAV, "current-user-privilege-set", RES_ANY, 0, get_privilege_set, NULL },
	{ NS_DAV, "group",                      RES_ANY, 0, get_empty, NULL },
	{ NS_DAV, "inherited-acl-set",          RES_ANY, 0, get_empty, NULL },
	{ NS_DAV, "owner",                      RES_ANY, 0, get_owner, NULL },
	{ NS_DAV, "principal-collection-set",   RES_ANY, 0, get_principal_collections, NULL },
	{ NS_DAV, "supported-privilege-set",    RES_ANY, 0, get_supported_privileges, NULL },
	/* CalendarServer's delegation */
	{ NS_CS,  "calendar-proxy-read-for",    RES_PRINCIPAL, 0, get_proxy_for, NULL },
	{ NS_CS,  "calendar-proxy-write-for",   RES_PRINCIPAL, 0, get_proxy_for, NULL },
	{ 0 },
};
/* clang-format on */
