/* Delegates: who acts for an account in all its calendars (doc/architecture.md 15.1). */
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "web/console/api.h"

/* Of whose delegates it is, that of the path: its own, or anybody's for an administrator. NULL after a
 * refusal. */
static const char *find_owner(struct api *a)
{
	char *owner = arena_strdup(a->mem, a->part[0]);

	ascii_lower(owner);
	if (strcmp(owner, a->http->who.name) == 0)
		return owner;
	if (!api_is_admin(a)) {
		api_refuse(a, 403, "for the account itself, and administrators");
		return NULL;
	}
	return api_check_account(a, owner) == 0 ? owner : NULL;
}

/* ---- who they are ---- */

static json_t *delegation_json(const char *name, enum share_access access)
{
	return json_pack("{s:s, s:s}", "name", name, "access", access == SHARE_WRITE ? "write" : "read");
}

static int add_delegate(const struct delegation *d, void *arg)
{
	return json_array_append_new(arg, delegation_json(d->user, d->access));
}

static int add_owner(const struct delegation *d, void *arg)
{
	return json_array_append_new(arg, delegation_json(d->owner, d->access));
}

int api_delegates(struct api *a)
{
	const char *owner = find_owner(a);
	json_t *of, *to;
	struct err e;

	if (!owner)
		return a->http->res->status;
	of = json_array();
	to = json_array();
	if (store_delegations(a->web->store, owner, NULL, add_delegate, of, &e) < 0 ||
		store_delegations(a->web->store, NULL, owner, add_owner, to, &e) < 0) {
		json_decref(of);
		json_decref(to);
		return api_fail(a, &e);
	}
	api_add_displaynames(a, of);
	api_add_displaynames(a, to);
	return api_send(a, 200, json_pack("{s:s, s:o, s:o}", "owner", owner, "delegates", of, "acts-for", to));
}

/* ---- made and ended ---- */

struct others { const char *user; size_t count; bool there; };

static int count_other(const struct delegation *d, void *arg)
{
	struct others *o = arg;
	bool same = strcmp(d->user, o->user) == 0;

	o->there = o->there || same;
	o->count += !same;
	return 0;
}

static int put_delegation(struct api *a, const struct delegation *d)
{
	struct err e;

	if (store_delegation_put(a->web->store, d, &e) < 0)
		return api_fail(a, &e);
	log_info("%s %s for %s: by %s", d->user, d->access == SHARE_WRITE ? "acts" :
		d->access == SHARE_READ ? "reads" : "acts no more", d->owner, a->http->who.name);
	return api_done(a);
}

/* The delegate of the path, in lower case as accounts are. */
static const char *delegate_of(struct api *a)
{
	char *user = arena_strdup(a->mem, a->part[1]);

	ascii_lower(user);
	return user;
}

int api_delegate(struct api *a)
{
	struct delegation d = { .owner = find_owner(a), .user = delegate_of(a) };
	struct others others = { .user = d.user };
	const char *access;
	struct err e;

	if (!d.owner || api_text(a, "access", true, &access) < 0)
		return a->http->res->status;
	if (strcmp(access, "read") != 0 && strcmp(access, "write") != 0)
		return api_refuse(a, 400, "access: read or write");
	d.access = *access == 'w' ? SHARE_WRITE : SHARE_READ;
	if (strcmp(d.user, d.owner) == 0)
		return api_refuse_as(a, PROBLEM_ONESELF, 422, "nobody is one's own delegate");
	if (api_check_account(a, d.user) < 0)
		return a->http->res->status;
	if (store_delegations(a->web->store, d.owner, NULL, count_other, &others, &e) < 0)
		return api_fail(a, &e);
	if (others.count >= a->web->delegates)
		return api_refuse_as(a, PROBLEM_DELEGATES, 422, "there are %zu delegates already (setting delegates)",
			others.count);
	return put_delegation(a, &d);
}

int api_delegate_end(struct api *a)
{
	struct delegation d = { .owner = find_owner(a), .user = delegate_of(a), .access = SHARE_NONE };
	struct others others = { .user = d.user };
	struct err e;

	if (!d.owner)
		return a->http->res->status;
	if (store_delegations(a->web->store, d.owner, NULL, count_other, &others, &e) < 0)
		return api_fail(a, &e);
	return others.there ? put_delegation(a, &d) : api_refuse(a, 404, "there is no such delegate");
}
