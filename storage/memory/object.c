/* Objects, and what has changed in a calendar. */
#include "storage/memory/memory.h"

#include <stdlib.h>
#include <string.h>

int compare_object(const void *key, const void *item)
{
	return strcmp(key, ((const struct mem_object *)item)->name);
}

struct mem_object *find_live(const struct mem_collection *c, const char *name)
{
	size_t at;

	if (!list_search(&c->objects, name, compare_object, &at))
		return NULL;
	struct mem_object *o = c->objects.item[at];
	return o->row.deleted ? NULL : o;
}

struct mem_object *find_holder(const struct mem_collection *c, const char *uid)
{
	for (size_t i = 0; i < c->objects.n; i++) {
		struct mem_object *o = c->objects.item[i];
		if (!o->row.deleted && strcmp(o->uid, uid) == 0)
			return o;
	}
	return NULL;
}

void free_object(struct mem_object *o)
{
	free_props(&o->props);
	free(o->name);
	free(o->uid);
	free(o->body);
	free(o->spans);
	free(o);
}

static void copy_row(const struct mem_object *o, struct arena *mem, struct object *out)
{
	*out = o->row;
	out->name = arena_strdup(mem, o->name);
	out->uid = arena_strdup(mem, o->uid);
	store_copy_spans(&o->row.spans, mem, &out->spans);
}

/* NULL with ERR_NOT_FOUND. */
static const struct mem_object *find_object(struct memory *m, store_id collection, const char *name,
	struct err *e)
{
	const struct mem_collection *c = find_collection(m, collection, e);
	const struct mem_object *o = c == NULL ? NULL : find_live(c, name);

	if (c != NULL && o == NULL) {
		err_set(e, ERR_NOT_FOUND, "no object %s", name);
	}
	return o;
}

int memory_find(struct store *s, store_id collection, const char *name, struct arena *mem,
	struct object *out, struct err *e)
{
	LOCKED(s);
	const struct mem_object *o = find_object(m, collection, name, e);

	if (o == NULL)
		return -1;
	copy_row(o, mem, out);
	return 0;
}

int memory_find_uid(struct store *s, store_id collection, const char *uid, struct arena *mem,
	struct object *out, struct err *e)
{
	LOCKED(s);
	const struct mem_collection *c = find_collection(m, collection, e);

	if (c == NULL)
		return -1;
	const struct mem_object *o = find_holder(c, uid);
	if (o == NULL)
		return err_set(e, ERR_NOT_FOUND, "no object with UID %.80s", uid);
	copy_row(o, mem, out);
	return 0;
}

int memory_body(struct store *s, store_id collection, const char *name, struct arena *mem,
	struct object *out, struct buf *body, struct err *e)
{
	LOCKED(s);
	const struct mem_object *o = find_object(m, collection, name, e);

	if (o == NULL)
		return -1;
	if (buf_add(body, o->body, o->row.size) < 0)
		return err_set(e, ERR_LARGE, "%s has %u bytes", name, o->row.size);
	copy_row(o, mem, out);
	return 0;
}

int memory_list(struct store *s, store_id collection, unsigned components, int64_t from,
	int64_t to, object_fn visit, void *arg, uint64_t *seq, struct err *e)
{
	LOCKED(s);
	const struct mem_collection *c = find_collection(m, collection, e);
	bool all = from == INT64_MIN && to == INT64_MAX;

	if (c == NULL)
		return -1;
	for (size_t i = 0; i < c->objects.n; i++) {
		const struct object *o = &((struct mem_object *)c->objects.item[i])->row;
		if (o->deleted || (components != 0 && (o->component & components) == 0) ||
			(!all && !store_overlaps(o, from, to)))
			continue;
		int status = visit(o, arg);
		if (status != 0)
			return status;
	}
	if (seq != NULL) {
		*seq = c->row.seq;
	}
	return 0;
}

uint64_t count_objects(const struct mem_collection *c)
{
	uint64_t count = 0;

	for (size_t i = 0; i < c->objects.n; i++) {
		count += !((struct mem_object *)c->objects.item[i])->row.deleted;
	}
	return count;
}

int memory_count(struct store *s, store_id collection, uint64_t *out, struct err *e)
{
	LOCKED(s);
	const struct mem_collection *c = find_collection(m, collection, NULL);

	*out = c == NULL ? 0 : count_objects(c);
	return 0;
}

int memory_page(struct store *s, store_id collection, const char *after, size_t limit,
	object_fn visit, void *arg, struct err *e)
{
	LOCKED(s);
	const struct mem_collection *c = find_collection(m, collection, e);
	int status = 0;
	size_t at;

	if (c == NULL)
		return -1;
	if (list_search(&c->objects, after, compare_object, &at)) {
		at++;
	}
	for (; at < c->objects.n && limit > 0 && status == 0; at++) {
		const struct object *o = &((struct mem_object *)c->objects.item[at])->row;
		if (o->deleted)
			continue;
		limit--;
		status = visit(o, arg);
	}
	return status;
}

const struct object *next_change(const struct mem_collection *c, uint64_t after,
	uint64_t until, bool tombstones)
{
	const struct object *next = NULL;

	for (size_t i = 0; i < c->objects.n; i++) {
		const struct object *o = &((struct mem_object *)c->objects.item[i])->row;
		if (o->seq > after && o->seq <= until && (tombstones || !o->deleted) &&
			(next == NULL || o->seq < next->seq)) {
			next = o;
		}
	}
	return next;
}

int memory_changes(struct store *s, store_id collection, const struct sync_point *from,
	size_t limit, object_fn visit, void *arg, struct sync_point *next, bool *more, struct err *e)
{
	LOCKED(s);
	const struct mem_collection *c = find_collection(m, collection, e);
	const struct object *o;

	if (c == NULL)
		return -1;
	uint64_t now = c->row.seq;
	struct sync_point at = store_sync_begin(from, now);
	if (at.since > now || at.until > now || store_sync_too_old(from, c->row.oldest_seq))
		return err_set(e, ERR_TOKEN, "the token's number is out of range");
	while ((o = next_change(c, at.at, at.until, at.since != 0)) != NULL && limit > 0) {
		int status = visit(o, arg);
		if (status != 0)
			return status;
		at.at = o->seq;
		limit--;
	}
	store_sync_end(&at, o != NULL, now, next, more);
	return 0;
}
