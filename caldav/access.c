/* Who may do what: the only place that decides it (architecture.md sections 13 and 15). */
#include "caldav/dav.h"

#include <string.h>

#include "base/util.h"
#include "policy/directory.h"

static bool is_user(const struct dav_request *rq, const char *user)
{
	return rq->http->who.name && strcmp(rq->http->who.name, user) == 0;
}

/* ---- what each may do: rights and DAV:acl are made from these ---- */

enum {
	ADMIN_MASK = PRIV_READS | PRIV_READ_ACL | PRIV_UNBIND,
	HOME_MASK = PRIV_READS | PRIV_WRITE_PROPERTIES | PRIV_BIND | PRIV_UNBIND,
	PUBLIC_MASK = PRIV_READ | PRIV_READ_CURRENT_USER, /* what has no calendars in it */
};

/* 15.11: the owner reads and comments the Fees calendar, the server alone makes what is in it. */
static unsigned limit_fees(const struct collection *c, unsigned mask)
{
	enum { FEES_MASK = PRIV_READS | PRIV_READ_ACL | PRIV_WRITE_CONTENT | PRIV_WRITE_PROPERTIES };

	return c->flags & COLL_FEES ? mask & FEES_MASK : mask;
}

static unsigned owner_mask(const struct collection *c)
{
	return limit_fees(c, PRIV_ALL);
}

/* Who acts for the owner does so in the calendars, but shares them with nobody. */
static unsigned delegate_mask(const struct collection *c, enum share_access access)
{
	return access == SHARE_WRITE ? limit_fees(c, PRIV_READS | PRIV_WRITE)
		: access == SHARE_READ ? PRIV_READS : 0;
}

static unsigned sharee_mask(const struct collection *c, enum share_access access)
{
	static const unsigned masks[] = {
		[SHARE_NONE] = 0, [SHARE_FREE_BUSY] = PRIV_READ_FREE_BUSY, [SHARE_READ] = PRIV_READS,
		[SHARE_WRITE] = PRIV_READS | PRIV_WRITE,
	};

	return c->flags & COLL_FEES ? masks[access] & PRIV_READS : masks[access];
}

unsigned access_member(unsigned calendar)
{
	return calendar & ~(unsigned)PRIV_WRITE_ACL;
}

enum share_access access_of_grant(unsigned mask)
{
	if (mask == PRIV_READ_FREE_BUSY)
		return SHARE_FREE_BUSY;
	if (!(mask & PRIV_READ) || mask & ~(unsigned)(PRIV_READS | PRIV_WRITE))
		return SHARE_NONE;
	if ((mask & PRIV_WRITE) == PRIV_WRITE)
		return SHARE_WRITE;
	return mask & PRIV_WRITE ? SHARE_NONE : SHARE_READ;
}

/* ---- who asks, and what may that one do? ---- */

int access_acts_for(struct dav_request *rq, const char *owner, enum share_access *out, struct err *e)
{
	const char *who = rq->http->who.name;

	*out = SHARE_NONE;
	if (!who || strcmp(who, owner) == 0)
		return 0;
	if (!rq->acting.owner || strcmp(rq->acting.owner, owner) != 0) {
		if (store_acts_for(rq->store, owner, who, &rq->acting.access, e) < 0)
			return -1;
		rq->acting.owner = arena_strdup(rq->mem, owner);
	}
	*out = rq->acting.access;
	return 0;
}

int access_calendar(struct dav_request *rq, const struct collection *c, unsigned *out, struct err *e)
{
	enum share_access shared, acting;
	const char *who = rq->http->who.name;

	*out = 0;
	if (!who)
		return 0;
	if (is_user(rq, c->owner)) {
		*out = owner_mask(c);
		return 0;
	}
	if (access_acts_for(rq, c->owner, &acting, e) < 0
		|| store_shared_with(rq->store, c->id, who, &shared, e) < 0)
		return -1;
	*out = delegate_mask(c, acting) | sharee_mask(c, shared);
	if (rq->http->who.admin)
		*out |= ADMIN_MASK;
	return 0;
}

int access_publishes(struct dav_request *rq, const struct collection *c, bool *out, struct err *e)
{
	enum share_access acting;

	if (access_acts_for(rq, c->owner, &acting, e) < 0)
		return -1;
	*out = is_user(rq, c->owner) || acting == SHARE_WRITE;
	return 0;
}

int access_home(struct dav_request *rq, const char *user, unsigned *out, struct err *e)
{
	enum share_access acting;

	*out = 0;
	if (is_user(rq, user)) {
		*out = HOME_MASK | PRIV_READ_ACL;
		return 0;
	}
	if (access_acts_for(rq, user, &acting, e) < 0)
		return -1;
	if (acting != SHARE_NONE)
		*out = acting == SHARE_WRITE ? HOME_MASK : PRIV_READS;
	if (rq->http->who.admin)
		*out |= ADMIN_MASK;
	return 0;
}

unsigned access_public(const struct dav_request *rq, const struct resource *res)
{
	unsigned mask = PUBLIC_MASK;

	if (res->user && (is_user(rq, res->user) || rq->http->who.admin))
		mask |= PRIV_READ_ACL;
	if (res->kind & (RES_PRINCIPAL | RES_PROXIES) && is_user(rq, res->user))
		mask |= PRIV_WRITE_PROPERTIES;
	return mask;
}

/* ---- who finds whom (15.31) ---- */

static const struct dav_group *admin_group(const struct dav_request *rq)
{
	return dav_group_find(&rq->dav->settings, "admin");
}

static struct directory directory_of(const struct dav_request *rq)
{
	const struct dav_group *admins = admin_group(rq);

	return (struct directory){ rq->store, rq->dav->policies, admins ? admins->members : NULL,
		admins ? admins->count : 0 };
}

int access_principal(struct dav_request *rq, const char *user, bool *visible, struct err *e)
{
	const struct directory directory = directory_of(rq);
	const char *who = rq->http->who.name;

	*visible = false;
	return who ? directory_shows(&directory, who, user, rq->mem, visible, e) : 0;
}

int access_group(struct dav_request *rq, const struct dav_group *group, bool *visible, struct err *e)
{
	const struct directory directory = directory_of(rq);
	const char *who = rq->http->who.name;
	bool client;

	*visible = who && (rq->http->who.admin || dav_group_has(group, who));
	if (!who || *visible)
		return 0;
	if (directory_is_client(&directory, who, rq->mem, &client, e) < 0)
		return -1;
	*visible = !client;
	return 0;
}

/* ---- refusing ---- */

int access_need(struct dav_request *rq, const struct resource *res, unsigned has, unsigned need)
{
	if ((has & need) == need)
		return 0;
	return refuse_href(rq, PRE_NEED_PRIVILEGES, res->href, "%s lacks a privilege on %s",
		rq->http->who.name ? rq->http->who.name : "nobody", res->href);
}

int access_no_parent(struct dav_request *rq, const struct resource *res)
{
	struct resource parent;
	struct err e;

	if (res->user && !is_user(rq, res->user))
		return access_need(rq, res, 0, PRIV_BIND);
	if (resource_parent(rq, res, &parent, &e) < 0)
		return fail_err(rq, &e);
	if (!parent.exists)
		return fail(rq, 409, "nothing there to put it into");
	return fail(rq, 403, "nothing of that kind can be here");
}

unsigned access_to_delete(const struct resource *res)
{
	return res->coll.flags & COLL_FEES ? PRIV_WRITE_CONTENT : PRIV_UNBIND;
}

/* ---- the same as a list: RFC 3744 5.5 ---- */

struct entries {
	struct dav_request *rq;
	struct arena *mem;
	const struct collection *coll;
	const char *inherited; /* from where the shares come; NULL: set here */
	struct ace *first, **tail;
};

static void add_entry(struct entries *l, const struct ace *ace)
{
	struct ace *copy = arena_alloc(l->mem, sizeof(*copy));

	if (!ace->grant)
		return;
	*copy = *ace;
	*l->tail = copy;
	l->tail = &copy->next;
}

static void add_admin(struct entries *l, unsigned grant)
{
	const struct dav_group *group = admin_group(l->rq);

	if (group)
		add_entry(l, &(struct ace){ .principal = group_href(l->mem, group->name), .grant = grant,
			.protected = true });
}

static void add_delegates(struct entries *l, const char *owner, unsigned read, unsigned write,
	const char *inherited)
{
	add_entry(l, &(struct ace){ .principal = proxy_href(l->mem, owner, RES_PROXY_READ), .grant = read,
		.protected = true, .inherited = inherited });
	add_entry(l, &(struct ace){ .principal = proxy_href(l->mem, owner, RES_PROXY_WRITE), .grant = write,
		.protected = true, .inherited = inherited });
}

static int add_share(const struct share *s, void *arg)
{
	struct entries *l = arg;

	add_entry(l, &(struct ace){ .principal = principal_href(l->mem, s->user),
		.grant = sharee_mask(l->coll, s->access), .inherited = l->inherited });
	return 0;
}

static int calendar_entries(struct entries *l, const struct resource *res, struct err *e)
{
	const struct collection *c = &res->coll;
	const char *home = home_href(l->mem, c->owner);
	bool object = res->kind == RES_OBJECT;
	unsigned own = object ? access_member(owner_mask(c)) : owner_mask(c);

	l->coll = c;
	if (object)
		l->inherited = arena_printf(l->mem, "%s%s/", home, path_encode_segment(c->name, l->mem));
	add_entry(l, &(struct ace){ .who = ACE_OWNER, .grant = own, .protected = true });
	add_delegates(l, c->owner, delegate_mask(c, SHARE_READ), delegate_mask(c, SHARE_WRITE), home);
	add_admin(l, ADMIN_MASK);
	return store_shares(l->rq->store, c->id, NULL, add_share, l, e);
}

int access_entries(struct dav_request *rq, const struct resource *res, struct arena *mem,
	const struct ace **out, struct err *e)
{
	struct entries l = { .rq = rq, .mem = mem };
	unsigned own = res->kind & (RES_PRINCIPAL | RES_PROXIES) ? PRIV_WRITE_PROPERTIES : 0;

	l.tail = &l.first;
	if (res->kind & (RES_CALENDAR | RES_OBJECT)) {
		if (calendar_entries(&l, res, e) < 0)
			return -1;
	} else if (res->kind == RES_HOME) {
		add_entry(&l, &(struct ace){ .who = ACE_OWNER, .grant = HOME_MASK | PRIV_READ_ACL,
			.protected = true });
		add_delegates(&l, res->user, PRIV_READS, HOME_MASK, NULL);
		add_admin(&l, ADMIN_MASK);
	} else {
		if (res->user) {
			add_entry(&l, &(struct ace){ .who = ACE_OWNER,
				.grant = PUBLIC_MASK | PRIV_READ_ACL | own, .protected = true });
			add_admin(&l, PUBLIC_MASK | PRIV_READ_ACL);
		}
		add_entry(&l, &(struct ace){ .who = ACE_AUTHENTICATED, .grant = PUBLIC_MASK,
			.protected = true });
	}
	*out = l.first;
	return 0;
}
