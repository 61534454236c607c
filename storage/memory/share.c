/* Who a calendar is shared with. */
#include "storage/memory/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

static int compare_share(const void *key, const void *item)
{
	return strcmp(key, ((const struct mem_share *)item)->user);
}

void free_share(struct mem_share *s)
{
	free(s->user);
	free(s);
}

static int visit_shares(const struct mem_collection *c, const char *user, share_fn visit, void *arg)
{
	for (size_t i = 0; i < c->shares.n; i++) {
		const struct mem_share *share = c->shares.item[i];
		if (user != NULL && strcmp(user, share->user) != 0)
			continue;
		int status = visit(&(struct share){c->row.id, c->owner, c->name, share->user, share->access},
			arg);
		if (status != 0)
			return status;
	}
	return 0;
}

int memory_shares(struct store *s, store_id collection, const char *user, share_fn visit,
	void *arg, struct err *e)
{
	LOCKED(s);
	for (size_t i = 0; i < m->collections.n; i++) {
		const struct mem_collection *c = m->collections.item[i];
		int status = collection != 0 && collection != c->row.id ? 0
			: visit_shares(c, user, visit, arg);
		if (status != 0)
			return status;
	}
	return 0;
}

static void put_share(struct mem_collection *c, const char *user, enum share_access access)
{
	size_t at;

	if (list_search(&c->shares, user, compare_share, &at)) {
		free_share(c->shares.item[at]);
		list_remove(&c->shares, at);
	}
	if (access == SHARE_NONE)
		return;
	struct mem_share *share = xmalloc(sizeof(*share));
	*share = (struct mem_share){xstrdup(user), access};
	list_insert(&c->shares, at, share);
}

/* The same with the sharee's home. */
static void set_share(struct memory *m, struct mem_collection *c, const char *user,
	enum share_access access)
{
	put_share(c, user, access);
	if (store_share_shows(access)) {
		put_member(m, c, user);
	} else {
		touch_members(m, c->row.id, user, true);
	}
}

int memory_share_put(struct store *s, const struct share *share, struct err *e)
{
	LOCKED(s);
	struct mem_collection *c = find_collection(m, share->collection, e);

	if (c == NULL)
		return -1;
	set_share(m, c, share->user, share->access);
	return 0;
}

static bool is_among(const struct share *rows, size_t n, const char *user)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rows[i].user, user) == 0)
			return true;
	}
	return false;
}

int memory_shares_set(struct store *s, store_id collection, const struct share *rows, size_t n,
	struct err *e)
{
	LOCKED(s);
	struct mem_collection *c = find_collection(m, collection, e);

	if (c == NULL)
		return -1;
	for (size_t i = c->shares.n; i-- > 0;) {
		char *user = ((struct mem_share *)c->shares.item[i])->user;
		if (!is_among(rows, n, user)) {
			touch_members(m, c->row.id, user, true);
			put_share(c, user, SHARE_NONE);
		}
	}
	for (size_t i = 0; i < n; i++) {
		set_share(m, c, rows[i].user, rows[i].access);
	}
	return 0;
}

void forget_user(struct mem_collection *c, const char *user)
{
	put_share(c, user, SHARE_NONE);
	for (size_t i = c->props.n; i-- > 0;) {
		struct mem_prop *p = c->props.item[i];
		if (strcmp(p->user, user) == 0) {
			list_remove(&c->props, i);
			free_prop(p);
		}
	}
}
