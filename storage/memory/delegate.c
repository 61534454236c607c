/* Who acts for whom. */
#include "storage/memory/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

static int compare_delegation(const void *key, const void *item)
{
	const struct delegation *a = key;
	const struct mem_delegation *b = item;
	int order = strcmp(a->owner, b->owner);

	return order != 0 ? order : strcmp(a->user, b->user);
}

void free_delegation(struct mem_delegation *d)
{
	free(d->owner);
	free(d->user);
	free(d);
}

int memory_delegations(struct store *s, const char *owner, const char *user,
	delegation_fn visit, void *arg, struct err *e)
{
	LOCKED(s);
	for (size_t i = 0; i < m->delegations.n; i++) {
		const struct mem_delegation *d = m->delegations.item[i];
		if ((owner != NULL && strcmp(owner, d->owner) != 0) ||
			(user != NULL && strcmp(user, d->user) != 0)) {
			continue;
		}
		int stop = visit(&(struct delegation){d->owner, d->user, d->access}, arg);
		if (stop != 0)
			return stop;
	}
	return 0;
}

static void remove_delegation(struct memory *m, size_t at)
{
	free_delegation(m->delegations.item[at]);
	list_remove(&m->delegations, at);
}

static void put_delegation(struct memory *m, const struct delegation *d)
{
	size_t at;

	if (list_search(&m->delegations, d, compare_delegation, &at)) {
		remove_delegation(m, at);
	}
	if (d->access == SHARE_NONE)
		return;
	struct mem_delegation *fresh = xmalloc(sizeof(*fresh));
	*fresh = (struct mem_delegation){xstrdup(d->owner), xstrdup(d->user), d->access};
	list_insert(&m->delegations, at, fresh);
}

int memory_delegation_put(struct store *s, const struct delegation *d, struct err *e)
{
	LOCKED(s);
	if (check_account(m, d->owner, e) < 0)
		return -1;
	put_delegation(m, d);
	return 0;
}

int memory_delegates_set(struct store *s, const char *owner, enum share_access access,
	const char *const *users, size_t n, struct err *e)
{
	LOCKED(s);
	if (check_account(m, owner, e) < 0)
		return -1;
	for (size_t i = m->delegations.n; i-- > 0;) {
		const struct mem_delegation *d = m->delegations.item[i];
		if (strcmp(d->owner, owner) == 0 && d->access == access) {
			remove_delegation(m, i);
		}
	}
	for (size_t i = 0; i < n; i++) {
		put_delegation(m, &(struct delegation){owner, users[i], access});
	}
	return 0;
}

void forget_delegations(struct memory *m, const char *name)
{
	for (size_t i = m->delegations.n; i-- > 0;) {
		const struct mem_delegation *d = m->delegations.item[i];
		if (strcmp(d->owner, name) == 0 || strcmp(d->user, name) == 0) {
			remove_delegation(m, i);
		}
	}
}
