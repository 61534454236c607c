/* Calendars, and what their owners are charged for. */
#include "storage/memory/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

static int compare_collection(const void *key, const void *item)
{
	const struct collection *a = key;
	const struct mem_collection *b = item;
	int order = strcmp(a->owner, b->owner);

	return order != 0 ? order : strcmp(a->name, b->name);
}

struct mem_collection *find_collection(struct memory *m, store_id id, struct err *e)
{
	for (size_t i = 0; i < m->collections.n; i++) {
		struct mem_collection *c = m->collections.item[i];
		if (c->row.id == id)
			return c;
	}
	err_set(e, ERR_NOT_FOUND, "no collection %lld", (long long)id);
	return NULL;
}

void free_collection(struct mem_collection *c)
{
	for (size_t i = 0; i < c->objects.n; i++) {
		free_object(c->objects.item[i]);
	}
	free_props(&c->props);
	for (size_t i = 0; i < c->shares.n; i++) {
		free_share(c->shares.item[i]);
	}
	free(c->objects.item);
	for (size_t i = 0; i < c->feeds.n; i++) {
		free_feed(c->feeds.item[i]);
	}
	free(c->shares.item);
	free(c->feeds.item);
	free(c->owner);
	free(c->name);
	free(c);
}

void drop_collection(struct memory *m, size_t at)
{
	struct mem_collection *c = m->collections.item[at];

	touch_members(m, c->row.id, NULL, true);
	list_remove(&m->collections, at);
	free_collection(c);
}

int memory_collections(struct store *s, const char *owner, collection_fn visit, void *arg,
	struct err *e)
{
	LOCKED(s);
	for (size_t i = 0; i < m->collections.n; i++) {
		const struct mem_collection *c = m->collections.item[i];
		int status = owner == NULL || strcmp(owner, c->owner) == 0 ? visit(&c->row, arg) : 0;
		if (status != 0)
			return status;
	}
	return 0;
}

int memory_collection(struct store *s, const char *owner, const char *name,
	struct arena *mem, struct collection *out, struct err *e)
{
	LOCKED(s);
	size_t at;

	if (!list_search(&m->collections, &(struct collection){.owner = owner, .name = name},
			compare_collection, &at))
		return err_set(e, ERR_NOT_FOUND, "no collection %s/%s", owner, name);
	*out = ((struct mem_collection *)m->collections.item[at])->row;
	out->owner = arena_strdup(mem, out->owner);
	out->name = arena_strdup(mem, out->name);
	return 0;
}

int memory_collection_make(struct store *s, const struct collection *from,
	const struct prop_row *props, size_t n, int64_t now, store_id *id, struct err *e)
{
	LOCKED(s);
	size_t at;

	if (list_search(&m->collections, from, compare_collection, &at))
		return err_set(e, ERR_EXISTS, "collection %s/%s exists", from->owner, from->name);
	struct mem_collection *c = xcalloc(1, sizeof(*c));
	c->row = *from;
	c->row.owner = c->owner = xstrdup(from->owner);
	c->row.name = c->name = xstrdup(from->name);
	c->row.id = ++m->last_id;
	c->row.seq = c->row.oldest_seq = m->seq = store_first_seq(now, m->seq);
	c->row.created = now;
	put_member(m, c, c->owner);
	for (size_t i = 0; i < n; i++) {
		patch_prop(&c->props, &props[i]);
	}
	list_insert(&m->collections, at, c);
	*id = c->row.id;
	return 0;
}

uint64_t usage_of(const struct memory *m, const char *owner)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < m->collections.n; i++) {
		const struct mem_collection *c = m->collections.item[i];
		bytes += strcmp(c->owner, owner) == 0 ? c->row.charged : 0;
	}
	return bytes;
}

int memory_usage(struct store *s, const char *owner, uint64_t *bytes, struct err *e)
{
	LOCKED(s);
	*bytes = usage_of(m, owner);
	return 0;
}

void drop_by_id(struct memory *m, store_id id)
{
	const struct mem_collection *c = find_collection(m, id, NULL);
	size_t at;

	remove_wakes(m, c->owner, c->name);
	list_search(&m->collections, &c->row, compare_collection, &at);
	drop_collection(m, at);
}
