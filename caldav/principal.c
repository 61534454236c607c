/* Principals: accounts, groups of the configuration, and the two groups of delegates that each account
 * has (RFC 3744 2 and 4, CalendarServer's calendar-proxy). */
#include <string.h>

#include "base/util.h"
#include "caldav/principal.h"

static const char group_prefix[] = "group~"; /* no user has a '~' in the name */

static const struct proxy { enum resource_kind kind; enum share_access access; const char *name; }
proxies[] = {
	{ RES_PROXY_READ,  SHARE_READ,  "calendar-proxy-read" },
	{ RES_PROXY_WRITE, SHARE_WRITE, "calendar-proxy-write" },
};

static const struct proxy *proxy_of(enum resource_kind kind)
{
	return &proxies[kind == RES_PROXY_WRITE];
}

/* ---- names ---- */

char *group_href(struct arena *mem, const char *group)
{
	return arena_printf(mem, "/principals/%s%s/", group_prefix, path_encode_segment(group, mem));
}

char *proxy_href(struct arena *mem, const char *user, enum resource_kind kind)
{
	return arena_printf(mem, "%s%s/", principal_href(mem, user), proxy_of(kind)->name);
}

enum resource_kind proxy_kind(const char *segment)
{
	for (size_t i = 0; i < ARRAY_SIZE(proxies); i++)
		if (strcmp(segment, proxies[i].name) == 0)
			return proxies[i].kind;
	return RES_UNKNOWN;
}

const char *proxy_name(enum resource_kind kind)
{
	return proxy_of(kind)->name;
}

const char *group_of_segment(const char *segment)
{
	return str_starts(segment, group_prefix) ? segment + strlen(group_prefix) : NULL;
}

const struct dav_group *dav_group_find(const struct dav_settings *settings, const char *name)
{
	for (const struct dav_group *g = settings->groups; g && g->name; g++)
		if (strcmp(g->name, name) == 0)
			return g;
	return NULL;
}

bool dav_group_has(const struct dav_group *group, const char *user)
{
	for (size_t i = 0; group && i < group->count; i++)
		if (ascii_casecmp(group->members[i], user) == 0)
			return true;
	return false;
}

/* ---- lists of principals ---- */

/* Delegations, copied out of the store's walk. */
struct delegations {
	struct arena *mem;
	struct acting { struct delegation d; struct acting *next; } *first, **tail;
};

static int note_delegation(const struct delegation *d, void *arg)
{
	struct delegations *l = arg;
	struct acting *row = arena_alloc(l->mem, sizeof(*row));

	row->d = (struct delegation){ arena_strdup(l->mem, d->owner), arena_strdup(l->mem, d->user),
		d->access };
	*l->tail = row;
	l->tail = &row->next;
	return 0;
}

static int read_delegations(struct dav_request *rq, struct arena *mem, const char *owner,
	const char *user, struct delegations *out, struct err *e)
{
	*out = (struct delegations){ .mem = mem };
	out->tail = &out->first;
	return store_delegations(rq->store, owner, user, note_delegation, out, e);
}

int principal_visit_memberships(struct dav_request *rq, const char *user, struct arena *mem,
	principal_fn visit, void *arg, struct err *e)
{
	struct delegations l;

	for (const struct dav_group *g = rq->dav->settings.groups; g && g->name; g++)
		if (dav_group_has(g, user) && visit(group_href(mem, g->name), arg, e) < 0)
			return -1;
	if (read_delegations(rq, mem, NULL, user, &l, e) < 0)
		return -1;
	for (const struct acting *a = l.first; a; a = a->next) {
		enum resource_kind kind = a->d.access == SHARE_WRITE ? RES_PROXY_WRITE : RES_PROXY_READ;

		if (visit(proxy_href(mem, a->d.owner, kind), arg, e) < 0)
			return -1;
	}
	return 0;
}

/* What the asking user doesn't find elsewhere isn't found in a list either (15.31). */
struct writer { struct propctx *c; struct xmlw *w; };

static int write_visible(const char *href, void *arg, struct err *e)
{
	struct writer *to = arg;
	struct resource res;

	if (resource_resolve(to->c->rq, href, &res, e) < 0)
		return -1;
	if (res.exists)
		xmlw_href(to->w, href);
	return 0;
}

/* A property's status; the store's trouble isn't told. */
static int status_of(int rc)
{
	return rc < 0 ? 500 : 200;
}

int get_group_membership(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	struct writer to = { c, w };
	struct err e;

	(void)p;
	if (c->res->kind != RES_PRINCIPAL) /* no group is a member of another */
		return 200;
	return status_of(principal_visit_memberships(c->rq, c->res->user, c->mem, write_visible, &to, &e));
}

static int write_delegates(struct writer *to, const struct resource *res, struct err *e)
{
	struct delegations l;

	if (read_delegations(to->c->rq, to->c->mem, res->user, NULL, &l, e) < 0)
		return -1;
	for (const struct acting *a = l.first; a; a = a->next)
		if (a->d.access == proxy_of(res->kind)->access
			&& write_visible(principal_href(to->c->mem, a->d.user), to, e) < 0)
			return -1;
	return 0;
}

static int write_members(struct writer *to, const struct dav_group *group, struct err *e)
{
	for (size_t i = 0; i < group->count; i++) {
		char *user = arena_strdup(to->c->mem, group->members[i]);

		ascii_lower(user);
		if (write_visible(principal_href(to->c->mem, user), to, e) < 0)
			return -1;
	}
	return 0;
}

int get_group_members(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	struct writer to = { c, w };
	struct err e;

	(void)p;
	return status_of(c->res->group ? write_members(&to, c->res->group, &e)
	                               : write_delegates(&to, c->res, &e));
}

/* Whom the principal acts for. */
int get_proxy_for(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	enum share_access access = strstr(p->name, "write") ? SHARE_WRITE : SHARE_READ;
	struct writer to = { c, w };
	struct delegations l;
	struct err e;

	if (read_delegations(c->rq, c->mem, NULL, c->res->user, &l, &e) < 0)
		return 500;
	for (const struct acting *a = l.first; a; a = a->next)
		if (a->d.access == access && write_visible(principal_href(c->mem, a->d.owner), &to, &e) < 0)
			return 500;
	return 200;
}

/* ---- PROPPATCH of group-member-set ---- */

static void refuse_members(struct prop_change *c, int status, enum precond why)
{
	c->status = status;
	c->why = why;
}

/* One member's name, in the arena; NULL if there is no such principal, or none that may be it. */
static const char *read_member(struct dav_request *rq, const struct xml_node *href,
	struct prop_change *c, struct err *e)
{
	const char *path = resource_href_path(rq, xml_text_trim(href, rq->mem));
	struct resource res = { .exists = false };

	if (path && resource_resolve(rq, path, &res, e) < 0 && e->code != ERR_INVALID)
		refuse_members(c, 500, PRE_NONE);
	else if (!res.exists || !(res.kind & RES_ALL_PRINCIPALS))
		refuse_members(c, 403, PRE_RECOGNIZED_PRINCIPAL);
	else if (res.kind != RES_PRINCIPAL || strcmp(res.user, rq->target.user) == 0)
		refuse_members(c, 403, PRE_ALLOWED_PRINCIPAL);
	else
		return res.user;
	return NULL;
}

static const char *const *read_members(struct dav_request *rq, struct prop_change *c, size_t *n)
{
	const char **users;
	struct err e;
	size_t count = 0;

	for (const struct xml_node *x = xml_find(c->value, NS_DAV, "href"); x; x = xml_next_same(x))
		count++;
	*n = 0;
	if (count > rq->dav->settings.delegates) {
		refuse_members(c, 507, PRE_NONE);
		return NULL;
	}
	users = arena_array(rq->mem, count, sizeof(*users));
	for (const struct xml_node *x = xml_find(c->value, NS_DAV, "href"); x; x = xml_next_same(x)) {
		users[*n] = read_member(rq, x, c, &e);
		if (!users[(*n)++])
			return NULL;
	}
	return users;
}

static bool is_member_set(const struct prop_change *c)
{
	return c->ns == NS_DAV && strcmp(c->name, "group-member-set") == 0;
}

int patch_delegates(struct dav_request *rq, struct prop_changes *changes)
{
	const struct resource *t = &rq->target;
	const char *const *users = NULL;
	bool named = false;
	struct err e;
	size_t n = 0;

	int refused = access_need(rq, t, t->privileges, PRIV_WRITE_PROPERTIES);
	if (refused)
		return refused;
	for (size_t i = 0; i < changes->count; i++) {
		struct prop_change *c = &changes->rows[i];

		if (is_member_set(c)) { /* removed: nobody; of several, the last holds */
			users = c->value ? read_members(rq, c, &n) : NULL;
			n = users ? n : 0;
			named = true;
		} else {
			prop_change_check(rq, t->kind, c);
		}
	}
	if (prop_changes_settle(changes) && named
		&& store_delegates_set(rq->store, t->user, proxy_of(t->kind)->access, users, n, &e) < 0)
		return fail_err(rq, &e);
	return prop_changes_answer(rq, changes);
}
