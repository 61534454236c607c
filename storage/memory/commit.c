/* The commit: everything is checked first, so that nothing can fail afterwards. */
#include "storage/memory/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/util.h"

/* expect: an etag, "": none is there, NULL: whatever is there. */
static int check_object(struct memory *m, store_id collection, const char *name, const char *expect,
	struct err *e)
{
	const struct mem_collection *in = find_collection(m, collection, e);

	if (in == NULL)
		return -1;
	const struct mem_object *o = find_live(in, name);
	if (expect != NULL && strcmp(expect, o == NULL ? "" : o->row.etag) != 0)
		return err_set(e, ERR_CHANGED, "%s was changed meanwhile", name);
	return 0;
}

/* The change of `name` that happens before change i: deletions first, then in the order given. */
static const struct change *earlier_change(const struct commit *c, size_t i, const char *name)
{
	for (size_t k = 0; k < c->changes; k++) {
		const struct change *other = &c->change[k];
		if (other->collection == c->change[i].collection && strcmp(other->name, name) == 0 &&
			(other->kind == CHANGE_DELETE || k < i))
			return other;
	}
	return NULL;
}

static const char *uid_conflict(struct memory *m, const struct commit *c, size_t i)
{
	const struct change *put = &c->change[i];
	const struct mem_object *o = find_holder(find_collection(m, put->collection, NULL), put->uid);

	for (size_t k = 0; k < i; k++) {
		const struct change *other = &c->change[k];
		if (other->kind == CHANGE_PUT && other->collection == put->collection &&
			strcmp(other->uid, put->uid) == 0)
			return other->name;
	}
	if (o == NULL || strcmp(o->name, put->name) == 0 || earlier_change(c, i, o->name) != NULL)
		return NULL;
	return o->name;
}

static int check_drop(struct memory *m, const struct commit *c, struct err *e)
{
	const struct mem_collection *gone = find_collection(m, c->drop, e);

	if (gone == NULL)
		return -1;
	if (c->drop_seq != 0 && gone->row.seq != c->drop_seq)
		return err_set(e, ERR_CHANGED, "calendar %s was changed meanwhile", gone->row.name);
	return 0;
}

/* What the commit makes of the owner's charge. */
static int64_t growth(struct memory *m, const struct commit *c, const char *owner)
{
	int64_t bytes = 0;

	for (size_t i = 0; i < c->changes; i++) {
		const struct change *change = &c->change[i];
		const struct mem_collection *in = find_collection(m, change->collection, NULL);
		const struct mem_object *old = find_live(in, change->name);
		if (strcmp(in->owner, owner) != 0)
			continue;
		bytes += change->kind == CHANGE_PUT ? (int64_t)change->charged : 0;
		bytes -= old != NULL ? (int64_t)old->charged : 0;
	}
	return bytes;
}

static int check_quotas(struct memory *m, const struct commit *c, struct err *e)
{
	for (size_t i = 0; c->quotas != NULL && i < c->changes; i++) {
		const char *owner = find_collection(m, c->change[i].collection, NULL)->owner;
		uint64_t quota = quota_of(c->quotas, owner);
		int64_t more = growth(m, c, owner);
		if (quota != 0 && more > 0 && usage_of(m, owner) + (uint64_t)more > quota)
			return err_set(e, ERR_QUOTA, "the quota of %s is %llu bytes", owner,
				(unsigned long long)quota);
	}
	return 0;
}

static int check_seen(struct memory *m, const struct collection_seen *seen, struct err *e)
{
	const struct mem_collection *c;

	if (seen->collection == 0)
		return 0;
	c = find_collection(m, seen->collection, e);
	if (c == NULL)
		return -1;
	return c->row.seq == seen->seq ? 0
		: err_set(e, ERR_CHANGED, "calendar %s was changed meanwhile", c->name);
}

static int check_commit(struct memory *m, struct commit *c, struct err *e)
{
	for (size_t i = 0; i < c->expects; i++) {
		if (last_incident(m, c->expect[i].owner) != c->expect[i].incident)
			return err_set(e, ERR_CHANGED, "the ledger of %s went on", c->expect[i].owner);
	}
	for (size_t i = 0; i < c->changes; i++) {
		const struct change *change = &c->change[i];
		if (check_object(m, change->collection, change->name, change->expect, e) < 0)
			return -1;
	}
	if (c->still.collection != 0 &&
		check_object(m, c->still.collection, c->still.name, c->still.etag, e) < 0)
		return -1;
	for (size_t i = 0; i < c->changes; i++) {
		const char *holder = c->change[i].kind == CHANGE_PUT ? uid_conflict(m, c, i) : NULL;
		if (holder != NULL) {
			snprintf(c->conflict, sizeof(c->conflict), "%s", holder);
			return err_set(e, ERR_UID_TAKEN, "%s has this UID", holder);
		}
	}
	if (check_seen(m, &c->seen, e) < 0 || check_quotas(m, c, e) < 0)
		return -1;
	return c->drop != 0 ? check_drop(m, c, e) : 0;
}

static uint64_t next_seq(struct memory *m, struct mem_collection *in)
{
	return in->row.seq = ++m->seq;
}

static struct mem_object *make_object(struct mem_collection *in, const char *name, store_id id)
{
	size_t at;

	if (list_search(&in->objects, name, compare_object, &at))
		return in->objects.item[at];
	struct mem_object *o = xcalloc(1, sizeof(*o));
	o->row.id = id;
	o->row.collection = in->row.id;
	o->row.name = o->name = xstrdup(name);
	list_insert(&in->objects, at, o);
	return o;
}

static void put_spans(struct mem_object *o, const struct span_set *spans)
{
	free(o->spans);
	o->spans = NULL;
	if (spans->data != NULL) {
		o->spans = xmalloc(spans->len);
		memcpy(o->spans, spans->data, spans->len);
	}
	o->row.spans = (struct span_set){o->spans, spans->len};
}

static void apply_put(struct memory *m, struct change *c, int64_t now)
{
	struct mem_collection *in = find_collection(m, c->collection, NULL);
	struct mem_object *o = make_object(in, c->name, (store_id)m->seq + 1);

	in->row.charged += c->charged - o->charged;
	o->charged = c->charged;
	free(o->uid);
	free(o->body);
	o->row.uid = o->uid = xstrdup(c->uid);
	o->body = xmalloc(c->body_len + 1);
	memcpy(o->body, c->body, c->body_len);
	o->row.size = (uint32_t)c->body_len;
	o->row.component = c->component;
	o->row.first = c->first;
	o->row.last = c->last;
	put_spans(o, &c->spans);
	o->row.traits = c->traits;
	o->row.mtime = now;
	if (c->created != 0 || o->row.deleted || o->row.created == 0) {
		o->row.created = c->created != 0 ? c->created : now;
	}
	o->row.deleted = false;
	o->row.seq = c->seq = next_seq(m, in);
	digest_short(c->body, c->body_len, o->row.digest);
	store_etag(o->row.digest, o->row.seq, o->row.etag);
	memcpy(c->etag, o->row.etag, ETAG_SIZE);
}

static void apply_delete(struct memory *m, struct change *c, int64_t now)
{
	struct mem_collection *in = find_collection(m, c->collection, NULL);
	struct mem_object *o = find_live(in, c->name);

	c->seq = in->row.seq;
	if (o == NULL)
		return;
	in->row.charged -= o->charged;
	o->charged = 0;
	free_props(&o->props);
	free(o->body);
	o->body = NULL;
	put_spans(o, &(struct span_set){0});
	o->row = (struct object){.id = o->row.id, .collection = in->row.id, .name = o->name,
		.uid = o->uid, .mtime = now, .deleted = true};
	o->row.seq = c->seq = next_seq(m, in);
}

int memory_commit(struct store *s, struct commit *c, struct err *e)
{
	LOCKED(s);
	if (check_commit(m, c, e) < 0)
		return -1;
	struct list *carried cleanup_free = xcalloc(c->changes + 1, sizeof(*carried));
	for (size_t i = 0; i < c->changes; i++) {
		if (c->change[i].kind == CHANGE_PUT && c->change[i].from != NULL) {
			carried[i] = copy_props(m, &c->change[i]);
		}
	}
	for (size_t i = 0; i < c->changes; i++) {
		if (c->change[i].kind == CHANGE_DELETE) {
			apply_delete(m, &c->change[i], c->now);
		}
	}
	for (size_t i = 0; i < c->changes; i++) {
		if (c->change[i].kind == CHANGE_PUT) {
			apply_put(m, &c->change[i], c->now);
			if (c->change[i].from != NULL) {
				give_props(m, &c->change[i], carried[i]);
			}
		}
	}
	for (size_t i = 0; i < c->ledgers; i++) {
		append_entry(m, &c->ledger[i]);
	}
	if (c->drop != 0) {
		drop_by_id(m, c->drop);
	}
	for (size_t i = 0; i < c->erasures; i++) {
		erase_entry(m, &c->erase[i]);
	}
	for (size_t i = 0; i < c->wakes; i++) {
		add_wake(m, &c->wake[i]);
	}
	return 0;
}
