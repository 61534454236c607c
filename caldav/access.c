/* Who may do what: the only place that decides it (architecture.md sections 13 and 15). */
#include "caldav/dav.h"

#include <string.h>

static bool is_user(const struct dav_request *rq, const char *user)
{
	return rq->http->who.name && strcmp(rq->http->who.name, user) == 0;
}

static int take_access(const struct share *s, void *arg)
{
	enum share_access *access = arg;

	*access = s->access;
	return 0;
}

/* 15.11: the owner reads and comments the Fees calendar, the server alone makes what is in it. */
static unsigned owner_mask(const struct collection *c)
{
	if (c->flags & COLL_FEES)
		return PRIV_READS | PRIV_READ_ACL | PRIV_WRITE_CONTENT | PRIV_WRITE_PROPERTIES;
	return PRIV_READS | PRIV_READ_ACL | PRIV_WRITE;
}

static unsigned sharee_mask(const struct collection *c, enum share_access access)
{
	if (access == SHARE_NONE)
		return 0;
	if (access == SHARE_FREE_BUSY)
		return PRIV_READ_FREE_BUSY;
	if (access == SHARE_READ || c->flags & COLL_FEES)
		return PRIV_READS;
	return PRIV_READS | PRIV_WRITE;
}

int access_calendar(struct dav_request *rq, const struct collection *c, unsigned *out, struct err *e)
{
	enum share_access access = SHARE_NONE;

	if (!rq->http->who.name) {
		*out = 0;
		return 0;
	}
	if (is_user(rq, c->owner)) {
		*out = owner_mask(c);
		return 0;
	}
	if (store_shares(rq->store, c->id, rq->http->who.name, take_access, &access, e) < 0)
		return -1;
	*out = sharee_mask(c, access);
	if (rq->http->who.admin)
		*out |= PRIV_READS | PRIV_READ_ACL | PRIV_UNBIND;
	return 0;
}

unsigned access_home(const struct dav_request *rq, const char *user)
{
	if (is_user(rq, user))
		return PRIV_READS | PRIV_READ_ACL | PRIV_BIND | PRIV_UNBIND;
	if (rq->http->who.admin)
		return PRIV_READS | PRIV_READ_ACL | PRIV_UNBIND;
	return 0;
}

struct find_owner { const char *owner; bool found; };

static int match_owner(const struct share *s, void *arg)
{
	struct find_owner *f = arg;

	f->found = f->found || strcmp(s->owner, f->owner) == 0;
	return 0;
}

/* Does `user` see a calendar of `owner`? */
static int shares_with(struct dav_request *rq, const char *owner, const char *user, bool *out,
	struct err *e)
{
	struct find_owner f = { .owner = owner };

	if (store_shares(rq->store, 0, user, match_owner, &f, e) < 0)
		return -1;
	*out = f.found;
	return 0;
}

/* 15.31: people find those whose calendars they share, and no others. */
int access_principal(struct dav_request *rq, const char *user, bool *visible, struct err *e)
{
	const char *who = rq->http->who.name;

	*visible = who && (rq->http->who.admin || is_user(rq, user));
	if (!who || *visible)
		return 0;
	if (shares_with(rq, user, who, visible, e) < 0)
		return -1;
	return *visible ? 0 : shares_with(rq, who, user, visible, e);
}

int access_need(struct dav_request *rq, const struct resource *res, unsigned has, unsigned need)
{
	if ((has & need) == need)
		return 0;
	return refuse_href(rq, PRE_NEED_PRIVILEGES, res->href, "%s lacks a privilege on %s",
		rq->http->who.name ? rq->http->who.name : "nobody", res->href);
}

int access_no_parent(struct dav_request *rq, const struct resource *res)
{
	if (res->user && !is_user(rq, res->user))
		return access_need(rq, res, 0, PRIV_BIND);
	return fail(rq, 409, "nothing there to put it into");
}

unsigned access_to_delete(const struct resource *res)
{
	return res->coll.flags & COLL_FEES ? PRIV_WRITE_CONTENT : PRIV_UNBIND;
}
