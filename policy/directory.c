#include "policy/directory.h"

#include <string.h>

#include "base/util.h"

/* Owner of a calendar under a policy that somebody else has a share of. */
struct served_by { const char *owner; struct served_by *next; };

struct acquaintance {
	const struct directory *in;
	struct arena *mem;
	const char *with;
	bool shares;               /* a calendar of `with` */
	struct served_by *owners;  /* any: a client */
};

static int note_share(const struct share *s, void *arg)
{
	struct acquaintance *a = arg;

	a->shares = a->shares || strcmp(s->owner, a->with) == 0;
	if (!policy_for(a->in->policies, s->owner, s->calendar))
		return 0;
	struct served_by *by = arena_alloc(a->mem, sizeof(*by));
	*by = (struct served_by){ arena_strdup(a->mem, s->owner), a->owners };
	a->owners = by;
	return 0;
}

/* Clients find the owners of their calendars, and who acts for them. */
static int serves(const struct acquaintance *a, bool *out, struct err *e)
{
	enum share_access acting;

	for (const struct served_by *o = a->owners; o && !*out; o = o->next) {
		if (strcmp(o->owner, a->with) == 0) {
			*out = true;
			return 0;
		}
		if (store_acts_for(a->in->store, o->owner, a->with, &acting, e) < 0)
			return -1;
		*out = acting == SHARE_WRITE;
	}
	return 0;
}

/* May `user` know of a->with, as far as it is up to user's own shares? *close: they share something. */
static int may_meet(struct acquaintance *a, const char *user, bool *may, bool *close, struct err *e)
{
	enum share_access acting;

	if (store_shares(a->in->store, 0, user, note_share, a, e) < 0
		|| store_acts_for(a->in->store, a->with, user, &acting, e) < 0)
		return -1;
	*close = *close || a->shares || acting != SHARE_NONE;
	*may = !a->owners;
	return *may || *close ? 0 : serves(a, may, e);
}

bool directory_is_admin(const struct directory *d, const char *user)
{
	for (size_t n = 0; n < d->admin_count; n++) {
		if (ascii_casecmp(d->admins[n], user) == 0)
			return true;
	}
	return false;
}

int directory_shows(const struct directory *d, const char *who, const char *user, struct arena *mem,
	bool *out, struct err *e)
{
	struct acquaintance there = { .in = d, .mem = mem, .with = user };
	struct acquaintance back = { .in = d, .mem = mem, .with = who };
	bool close = false, outward = false, inward = false;

	*out = strcmp(who, user) == 0 || directory_is_admin(d, who) || directory_is_admin(d, user);
	if (*out)
		return 0;
	if (may_meet(&there, who, &outward, &close, e) < 0 || may_meet(&back, user, &inward, &close, e) < 0)
		return -1;
	*out = close || (outward && inward);
	return 0;
}

int directory_is_client(const struct directory *d, const char *who, struct arena *mem, bool *out,
	struct err *e)
{
	struct acquaintance a = { .in = d, .mem = mem, .with = "" };

	if (store_shares(d->store, 0, who, note_share, &a, e) < 0)
		return -1;
	*out = a.owners;
	return 0;
}
