/* Accounts and their tokens. */
#include "storage/memory/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

static int compare_account(const void *key, const void *item)
{
	return strcmp(key, ((const struct mem_account *)item)->row.name);
}

int check_account(struct memory *m, const char *name, struct err *e)
{
	size_t at;

	if (list_search(&m->accounts, name, compare_account, &at))
		return 0;
	return err_set(e, ERR_NOT_FOUND, "no account %s", name);
}

static void copy_account(const struct account *from, struct arena *mem, struct account *out)
{
	size_t n = 0;

	*out = *from;
	out->name = arena_strdup(mem, from->name);
	out->displayname = arena_strdup(mem, from->displayname);
	out->language = arena_strdup(mem, from->language);
	out->password = arena_strdup(mem, from->password);
	while (from->addresses != NULL && from->addresses[n] != NULL) {
		n++;
	}
	const char **address = arena_array(mem, n + 1, sizeof(*address));
	for (size_t i = 0; i < n; i++) {
		address[i] = arena_strdup(mem, from->addresses[i]);
	}
	out->addresses = address;
	struct account_token *token = arena_array(mem, from->token_count + 1, sizeof(*token));
	for (size_t i = 0; i < from->token_count; i++) {
		const struct account_token *t = &from->tokens[i];
		token[i] = *t;
		token[i].id = arena_strdup(mem, t->id);
		token[i].label = arena_strdup(mem, t->label);
		token[i].hash = arena_strdup(mem, t->hash);
	}
	out->tokens = token;
}

int memory_account(struct store *s, const char *name, struct arena *mem, struct account *out,
	struct err *e)
{
	LOCKED(s);
	size_t at;

	if (!list_search(&m->accounts, name, compare_account, &at))
		return err_set(e, ERR_NOT_FOUND, "no account %s", name);
	copy_account(&((struct mem_account *)m->accounts.item[at])->row, mem, out);
	return 0;
}

int memory_accounts(struct store *s, account_fn visit, void *arg, struct err *e)
{
	LOCKED(s);
	for (size_t i = 0; i < m->accounts.n; i++) {
		int status = visit(&((struct mem_account *)m->accounts.item[i])->row, arg);
		if (status != 0)
			return status;
	}
	return 0;
}

static void replace_account(struct memory *m, const struct account *from)
{
	struct mem_account *fresh = xcalloc(1, sizeof(*fresh)), *old = NULL;
	size_t at;

	fresh->mem = arena_create();
	copy_account(from, fresh->mem, &fresh->row);
	if (list_search(&m->accounts, from->name, compare_account, &at)) {
		old = m->accounts.item[at];
		if (fresh->row.generation == 0)
			fresh->row.generation = old->row.generation + 1;
		list_remove(&m->accounts, at);
		arena_destroy(old->mem);
		free(old);
	}
	list_insert(&m->accounts, at, fresh);
}

int memory_account_put(struct store *s, const struct account *a, struct err *e)
{
	LOCKED(s);
	const struct account *old = NULL;
	size_t at;

	if (list_search(&m->accounts, a->name, compare_account, &at))
		old = &((struct mem_account *)m->accounts.item[at])->row;
	if (old && old->removed)
		return err_set(e, ERR_EXISTS, "%s was removed; its name is not given again", a->name);
	if (old && a->generation && a->generation <= old->generation)
		return err_set(e, ERR_CHANGED, "the account has changed meanwhile");
	replace_account(m, a);
	return 0;
}

int memory_token_account(struct store *s, const char *hash, struct arena *mem, struct account *out,
	struct err *e)
{
	LOCKED(s);
	for (size_t i = 0; i < m->accounts.n; i++) {
		const struct account *a = &((struct mem_account *)m->accounts.item[i])->row;
		if (store_find_token(a, hash) != NULL) {
			copy_account(a, mem, out);
			return 0;
		}
	}
	return err_set(e, ERR_NOT_FOUND, "no such token");
}

int memory_token_used(struct store *s, const char *account, const char *id, int64_t when,
	struct err *e)
{
	LOCKED(s);
	size_t at;

	(void)e;
	if (!list_search(&m->accounts, account, compare_account, &at))
		return 0;
	const struct account *a = &((struct mem_account *)m->accounts.item[at])->row;
	for (size_t i = 0; i < a->token_count; i++) {
		if (strcmp(a->tokens[i].id, id) == 0) {
			/* copy_account() made the list */
			((struct account_token *)a->tokens)[i].used = when;
		}
	}
	return 0;
}

int memory_account_close(struct store *s, const char *name, struct err *e)
{
	LOCKED(s);
	size_t at;

	if (!list_search(&m->accounts, name, compare_account, &at))
		return err_set(e, ERR_NOT_FOUND, "no account %s", name);
	struct arena *mem cleanup_arena = arena_create();
	struct account a;
	copy_account(&((struct mem_account *)m->accounts.item[at])->row, mem, &a);
	if (a.removed)
		return 0;
	a.password = NULL;
	a.token_count = 0;
	a.removed = true;
	replace_account(m, &a);
	for (size_t i = m->collections.n; i-- > 0;) {
		struct mem_collection *c = m->collections.item[i];
		if (strcmp(c->owner, name) == 0) {
			drop_collection(m, i);
		} else {
			forget_user(c, name);
			touch_members(m, c->row.id, name, true);
		}
	}
	forget_delegations(m, name);
	for (size_t i = m->places.n; i-- > 0;) {
		struct mem_prop *p = m->places.item[i];
		if (strcmp(strchr(p->user, '/') + 1, name) == 0) {
			list_remove(&m->places, i);
			free_prop(p);
		}
	}
	remove_wakes(m, name, NULL);
	return 0;
}
