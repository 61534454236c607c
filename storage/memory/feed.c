/* Links to calendars for those without an account. */
#include "storage/memory/memory.h"

#include <string.h>

static int compare_feed(const void *key, const void *item)
{
	return strcmp(key, ((const struct mem_feed *)item)->row.id);
}

void free_feed(struct mem_feed *f)
{
	arena_destroy(f->mem); /* it lives there itself */
}

static void copy_feed(const struct feed *f, struct arena *mem, struct feed *out)
{
	*out = *f;
	out->id = arena_strdup(mem, f->id);
	out->label = arena_strdup(mem, f->label);
	out->hash = arena_strdup(mem, f->hash);
	out->owner = arena_strdup(mem, f->owner);
	out->calendar = arena_strdup(mem, f->calendar);
}

int memory_feeds(struct store *s, store_id collection, feed_fn visit, void *arg, struct err *e)
{
	LOCKED(s);
	(void)e;
	for (size_t i = 0; i < m->collections.n; i++) {
		const struct mem_collection *c = m->collections.item[i];
		for (size_t k = 0; k < c->feeds.n && (collection == 0 || collection == c->row.id); k++) {
			int status = visit(&((struct mem_feed *)c->feeds.item[k])->row, arg);
			if (status != 0)
				return status;
		}
	}
	return 0;
}

int memory_feed(struct store *s, const char *hash, struct arena *mem, struct feed *out,
	struct err *e)
{
	LOCKED(s);
	for (size_t i = 0; i < m->collections.n; i++) {
		const struct mem_collection *c = m->collections.item[i];
		for (size_t k = 0; k < c->feeds.n; k++) {
			const struct mem_feed *f = c->feeds.item[k];
			if (strcmp(f->row.hash, hash) == 0) {
				copy_feed(&f->row, mem, out);
				return 0;
			}
		}
	}
	return err_set(e, ERR_NOT_FOUND, "no such feed");
}

static struct mem_feed *find_feed(struct memory *m, const char *id, struct mem_collection **of,
	size_t *at)
{
	for (size_t i = 0; i < m->collections.n; i++) {
		struct mem_collection *c = m->collections.item[i];
		if (list_search(&c->feeds, id, compare_feed, at)) {
			*of = c;
			return c->feeds.item[*at];
		}
	}
	return NULL;
}

int memory_feed_put(struct store *s, const struct feed *f, struct err *e)
{
	LOCKED(s);
	struct mem_collection *c = find_collection(m, f->collection, e), *other;
	size_t at;

	if (c == NULL)
		return -1;
	if (find_feed(m, f->id, &other, &at) != NULL)
		return err_set(e, ERR_EXISTS, "the feed %s exists", f->id);
	struct arena *mem = arena_create();
	struct mem_feed *fresh = arena_alloc(mem, sizeof(*fresh));
	struct feed row = *f;
	row.owner = c->owner;
	row.calendar = c->name;
	row.used = 0;
	fresh->mem = mem;
	copy_feed(&row, mem, &fresh->row);
	list_search(&c->feeds, f->id, compare_feed, &at);
	list_insert(&c->feeds, at, fresh);
	return 0;
}

int memory_feed_remove(struct store *s, const char *id, struct err *e)
{
	LOCKED(s);
	struct mem_collection *c;
	size_t at;
	struct mem_feed *f = find_feed(m, id, &c, &at);

	if (f == NULL)
		return err_set(e, ERR_NOT_FOUND, "no feed %s", id);
	list_remove(&c->feeds, at);
	free_feed(f);
	return 0;
}

int memory_feed_used(struct store *s, const char *id, int64_t when, struct err *e)
{
	LOCKED(s);
	struct mem_collection *c;
	size_t at;
	struct mem_feed *f = find_feed(m, id, &c, &at);

	(void)e;
	if (f != NULL) {
		f->row.used = when;
	}
	return 0;
}
