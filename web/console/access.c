/* Who asks, and what that one may: the one place of the console that decides it (architecture.md 13, 15). */
#include <string.h>

#include "policy/fees.h"
#include "policy/find.h"
#include "web/console/api.h"
#include "web/reach.h"

/* ---- owners, and their fees ---- */

bool api_is_admin(const struct api *a)
{
	return a->http->who.admin;
}

struct owners { struct api *a; api_owner_fn visit; void *arg; };

static int take_delegation(const struct delegation *d, void *arg)
{
	const struct owners *o = arg;

	if (!policy_owner(o->a->web->policies, d->owner))
		return 0;
	return o->visit(d->owner, d->access == SHARE_WRITE, o->arg);
}

static int take_fees_calendar(const struct collection *c, void *arg)
{
	const struct owners *o = arg;

	if (!(c->flags & COLL_FEES) || strcmp(c->owner, o->a->http->who.name) == 0)
		return 0;
	return o->visit(c->owner, true, o->arg);
}

int api_owners(struct api *a, api_owner_fn visit, void *arg, struct err *e)
{
	struct owners o = { a, visit, arg };
	const char *self = a->http->who.name;
	int rc = policy_owner(a->web->policies, self) ? visit(self, true, arg) : 0;

	if (rc != 0)
		return rc;
	return api_is_admin(a) ? store_collections(a->web->store, NULL, take_fees_calendar, &o, e) :
		store_delegations(a->web->store, NULL, self, take_delegation, &o, e);
}

int api_find_account(struct api *a, const char *name, bool *out, struct err *e)
{
	const struct web *web = a->web;
	const struct directory directory = web_directory(web);
	struct account ac;

	*out = false;
	if (store_account(web->store, name, a->mem, &ac, e) < 0)
		return e->code == ERR_NOT_FOUND ? 0 : -1;
	return ac.removed ? 0 : directory_shows(&directory, a->http->who.name, name, a->mem, out, e);
}

int api_check_account(struct api *a, const char *name)
{
	struct err e;
	bool known;

	if (api_find_account(a, name, &known, &e) < 0)
		api_fail(a, &e);
	else if (known)
		return 0;
	else
		api_refuse_as(a, PROBLEM_NOBODY, 404, "there is no such account");
	return -1;
}

static int is_any(const char *owner, bool write, void *arg)
{
	(void)owner, (void)write, (void)arg;
	return 1;
}

int api_is_owner(struct api *a, bool *out, struct err *e)
{
	int rc = api_owners(a, is_any, NULL, e);

	if (rc >= 0)
		*out = rc > 0;
	return rc < 0 ? -1 : 0;
}

struct wanted { const char *owner; bool write; };

static int is_wanted(const char *owner, bool write, void *arg)
{
	const struct wanted *w = arg;

	return strcmp(owner, w->owner) == 0 && (write || !w->write);
}

int api_may(struct api *a, const char *owner, bool write, bool *out, struct err *e)
{
	int rc = api_owners(a, is_wanted, &(struct wanted){ owner, write }, e);

	*out = rc > 0;
	return rc < 0 ? -1 : 0;
}

bool api_is_own(const struct api *a, const struct fee *f)
{
	for (const char *const *one = a->http->who.addresses; one && *one; one++) {
		if (strcmp(*one, f->incident.client) == 0)
			return true;
	}
	return false;
}

int api_check_owner(struct api *a, const char *owner, bool write)
{
	struct err e;
	bool may;

	if (api_may(a, owner, write, &may, &e) < 0)
		api_fail(a, &e);
	else if (may)
		return 0;
	else
		api_refuse(a, 404, "there is no owner '%s' whose fees you may %s", owner, write ? "change" : "see");
	return -1;
}

/* ---- calendars ---- */

static int no_calendar(struct api *a)
{
	api_refuse(a, 404, "there is no such calendar");
	return -1;
}

/* 0; -1 after a refusal. */
static int find_collection(struct api *a, const char *owner, const char *name, struct collection *out)
{
	struct err e;

	if (store_collection(a->web->store, owner, name, a->mem, out, &e) == 0)
		return 0;
	if (e.code == ERR_NOT_FOUND)
		return no_calendar(a);
	api_fail(a, &e);
	return -1;
}

int api_calendar(struct api *a, const char *text, bool write, struct collection *out)
{
	const char *slash = text ? strchr(text, '/') : NULL;
	const char *owner = slash ? arena_strndup(a->mem, text, (size_t)(slash - text)) : "";

	if (api_check_owner(a, owner, write) < 0)
		return -1;
	return find_collection(a, owner, slash + 1, out);
}

struct only { struct arena *mem; const char *owner; size_t count; bool self; const char *name; };

static int take_only(const char *owner, bool write, void *arg)
{
	struct only *o = arg;

	(void)write;
	o->count++;
	o->self = o->self || strcmp(owner, o->name) == 0;
	if (!o->self || !o->owner)
		o->owner = arena_strdup(o->mem, owner);
	return o->self;
}

int api_owner(struct api *a, const char **out)
{
	const char *given = api_query(a, "owner");
	struct only only = { .mem = a->mem, .name = a->http->who.name };
	struct err e;

	if (given) {
		*out = given;
		return api_check_owner(a, given, false);
	}
	if (api_owners(a, take_only, &only, &e) < 0) {
		api_fail(a, &e);
		return -1;
	}
	if (!only.self && only.count != 1) {
		api_refuse(a, 400, only.count > 0 ? "owner: whose fees?" : "nobody has a calendar of fees");
		return -1;
	}
	*out = only.owner;
	return 0;
}

bool api_is_mine(const struct api *a, const struct collection *c)
{
	return strcmp(c->owner, a->http->who.name) == 0;
}

int api_reach(struct api *a, const struct collection *c, enum share_access *out, struct err *e)
{
	return web_reach(a->web->store, c, a->http->who.name, api_is_admin(a), out, e);
}

/* What may be read, with how far it may be written. -1 after a refusal. */
static int find_readable(struct api *a, struct collection *out, enum share_access *reach)
{
	struct err e;

	if (find_collection(a, a->part[0], a->part[1], out) < 0)
		return -1;
	if (api_reach(a, out, reach, &e) == 0)
		return *reach >= SHARE_READ ? 0 : no_calendar(a);
	api_fail(a, &e);
	return -1;
}

int api_readable_calendar(struct api *a, struct collection *out)
{
	enum share_access reach;

	return find_readable(a, out, &reach);
}

/* One that may be read, and of which this is so. */
static int find_calendar(struct api *a, bool (*may)(const struct api *, const struct collection *),
	struct collection *out)
{
	if (api_readable_calendar(a, out) < 0)
		return -1;
	if (may(a, out))
		return 0;
	api_refuse(a, 403, "for the calendar's owner");
	return -1;
}

int api_own_calendar(struct api *a, struct collection *out)
{
	return find_calendar(a, api_is_mine, out);
}

bool api_may_lend(const struct api *a, const struct collection *c)
{
	return api_is_mine(a, c) || api_is_admin(a);
}

int api_lendable_calendar(struct api *a, struct collection *out)
{
	return find_calendar(a, api_may_lend, out);
}

int api_writable_calendar(struct api *a, struct collection *out)
{
	enum share_access reach;

	if (find_readable(a, out, &reach) < 0)
		return -1;
	if (reach < SHARE_WRITE && !api_is_admin(a))
		api_refuse(a, 403, "for who may write there");
	else if (!web_takes_events(out))
		api_refuse(a, 403, "no events are put there by hand");
	else
		return 0;
	return -1;
}

int api_find_event(struct api *a, const char *owner, const char *uid, struct collection *c,
	struct object *out, bool *there, struct err *e)
{
	struct event_finder f = { .store = a->web->store, .policies = a->web->policies, .mem = a->mem,
		.owner = owner, .uid = uid };
	int found = event_find_next(&f, e);

	*there = found > 0;
	*c = f.calendar;
	*out = f.object;
	return found < 0 ? -1 : 0;
}
