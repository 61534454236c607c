/* Properties of access control: RFC 3744 4 and 5. */
#include <string.h>

#include "base/util.h"
#include "caldav/prop.h"

/* The tree of privileges, parents first: what a mask grants and what each holds (RFC 3744 3, 5.3). */
/* clang-format off */
static const struct { unsigned bits; enum ns ns; const char *name; } privileges[] = {
	{ PRIV_READ,              NS_DAV,    "read" },
	{ PRIV_WRITE,             NS_DAV,    "write" },
	{ PRIV_WRITE_PROPERTIES,  NS_DAV,    "write-properties" },
	{ PRIV_WRITE_CONTENT,     NS_DAV,    "write-content" },
	{ PRIV_BIND,              NS_DAV,    "bind" },
	{ PRIV_UNBIND,            NS_DAV,    "unbind" },
	{ PRIV_READ_ACL,          NS_DAV,    "read-acl" },
	{ PRIV_READ_CURRENT_USER, NS_DAV,    "read-current-user-privilege-set" },
	{ PRIV_READ_FREE_BUSY,    NS_CALDAV, "read-free-busy" },
};
/* clang-format on */

static int get_privilege_set(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	for (size_t i = 0; i < ARRAY_SIZE(privileges); i++) {
		if ((c->res->privileges & privileges[i].bits) != privileges[i].bits)
			continue;
		xmlw_start(w, NS_DAV, "privilege");
		xmlw_empty(w, privileges[i].ns, privileges[i].name);
		xmlw_end(w);
	}
	return 200;
}

/* Above the homes nobody is the owner. */
static int get_owner(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	const struct resource *res = c->res;

	(void)p;
	xmlw_href(w, principal_href(c->mem, res->coll.id ? res->coll.owner : res->user));
	return 200;
}

static int get_principal_url(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	xmlw_href(w, principal_href(c->mem, c->res->user));
	return 200;
}

static int get_principal_collections(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	(void)c;
	xmlw_href(w, "/principals/");
	return 200;
}

/* No groups are principals, and a principal has no second URL: there, but empty. */
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
	{ NS_DAV, "alternate-URI-set",          RES_PRINCIPAL, 0, get_empty, NULL },
	{ NS_DAV, "group-membership",           RES_PRINCIPAL, 0, get_empty, NULL },
	{ NS_DAV, "principal-URL",              RES_PRINCIPAL, 0, get_principal_url, NULL },
	/* RFC 3744 5 */
	{ NS_DAV, "current-user-privilege-set", RES_ANY, 0, get_privilege_set, NULL },
	{ NS_DAV, "owner",                      RES_PRINCIPAL | RES_HOME | RES_CALENDAR | RES_OBJECT, 0,
		get_owner, NULL },
	{ NS_DAV, "principal-collection-set",   RES_ANY, 0, get_principal_collections, NULL },
	{ 0 },
};
/* clang-format on */
