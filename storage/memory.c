/*
 * The store in memory: what the contracts of store.h mean, in the plainest code. Sorted arrays
 * under one mutex; nothing survives store_close. Used by tests and as the model of crash tests.
 */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "storage/audit.h"
#include "storage/backend.h"
#include "storage/chain.h"

/* Pointers in an order; the elements are the owner's to free. */
struct list { void **item; size_t n; };

struct mem_prop { char *user, *ns, *name, *xml; };
struct mem_share { char *user; enum share_access access; };
struct mem_feed { struct feed row; struct arena *mem; };
struct mem_object {
	struct object row;
	char *name, *uid, *body;
	void *spans;
	uint64_t charged;
	struct list props; /* user is "" */
};
struct mem_collection {
	struct collection row;
	char *owner, *name;
	struct list objects, props, shares, feeds; /* by name; by user, ns, name; by user; by id */
};
/* A calendar in a home, and what was (collection 0): as the table member of schema.sql. */
struct mem_member {
	char *user, *owner, *name;
	store_id collection;
	uint64_t mapped, changed, gone;
};

struct mem_delegation { char *owner, *user; enum share_access access; };
struct mem_account { struct account row; struct arena *mem; };
struct mem_entry { struct ledger_row row; struct arena *mem; };
struct mem_wake { struct wake row; struct arena *mem; };
struct mem_head { struct signed_head row; struct arena *mem; };

struct memory {
	struct store base;
	pthread_mutex_t lock;
	struct list collections, accounts, ledger, wakes; /* by owner, name; name; owner, seq; time */
	struct list heads;                                /* as they were signed */
	struct signature_key *key;                        /* made at first use */
	struct list members;                              /* by user, own ones first, owner, name */
	struct list delegations; /* by owner, user */
	struct list places; /* of homes and principals; prop.user says whose: "home/anna" */
	store_id last_id;
	uint64_t seq; /* the last one given to what changed */
	struct store_info info;
};

static void list_insert(struct list *l, size_t at, void *item)
{
	l->item = xreallocarray(l->item, l->n + 1, sizeof(*l->item));
	memmove(&l->item[at + 1], &l->item[at], (l->n - at) * sizeof(*l->item));
	l->item[at] = item;
	l->n++;
}

static void list_remove(struct list *l, size_t at)
{
	l->n--;
	memmove(&l->item[at], &l->item[at + 1], (l->n - at) * sizeof(*l->item));
}

typedef int (*list_compare)(const void *key, const void *item);

/* The first place whose item isn't below the key; true if it is equal. */
static bool list_search(const struct list *l, const void *key, list_compare compare, size_t *at)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare(key, l->item[middle]) > 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	*at = low;
	return low < l->n && compare(key, l->item[low]) == 0;
}

static int compare_collection(const void *key, const void *item)
{
	const struct collection *a = key;
	const struct mem_collection *b = item;
	int order = strcmp(a->owner, b->owner);

	return order != 0 ? order : strcmp(a->name, b->name);
}

static int compare_object(const void *key, const void *item)
{
	return strcmp(key, ((const struct mem_object *)item)->name);
}

static int compare_prop(const void *key, const void *item)
{
	const struct prop_row *a = key;
	const struct mem_prop *b = item;
	int order = strcmp(a->user, b->user);

	order = order != 0 ? order : strcmp(a->ns, b->ns);
	return order != 0 ? order : strcmp(a->name, b->name);
}

static int compare_share(const void *key, const void *item)
{
	return strcmp(key, ((const struct mem_share *)item)->user);
}

static int compare_feed(const void *key, const void *item)
{
	return strcmp(key, ((const struct mem_feed *)item)->row.id);
}

static int compare_member(const void *key, const void *item)
{
	const struct mem_member *a = key, *b = item;
	int order = strcmp(a->user, b->user);
	bool other_a = strcmp(a->owner, a->user) != 0, other_b = strcmp(b->owner, b->user) != 0;

	order = order != 0 ? order : other_a - other_b;
	order = order != 0 ? order : strcmp(a->owner, b->owner);
	return order != 0 ? order : strcmp(a->name, b->name);
}

static int compare_delegation(const void *key, const void *item)
{
	const struct delegation *a = key;
	const struct mem_delegation *b = item;
	int order = strcmp(a->owner, b->owner);

	return order != 0 ? order : strcmp(a->user, b->user);
}

static int compare_account(const void *key, const void *item)
{
	return strcmp(key, ((const struct mem_account *)item)->row.name);
}

static int compare_entry(const void *key, const void *item)
{
	const struct ledger_row *a = key, *b = &((const struct mem_entry *)item)->row;
	int order = strcmp(a->owner, b->owner);

	return order != 0 ? order : (a->seq > b->seq) - (a->seq < b->seq);
}

static int compare_wake(const void *key, const void *item)
{
	const struct wake *a = key, *b = &((const struct mem_wake *)item)->row;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	int order = strcmp(a->owner, b->owner);
	order = order != 0 ? order : strcmp(a->calendar, b->calendar);
	return order != 0 ? order : strcmp(a->name, b->name);
}

static struct memory *lock(struct store *s)
{
	struct memory *m = (struct memory *)s;

	pthread_mutex_lock(&m->lock);
	return m;
}

static void unlock(struct memory **m)
{
	pthread_mutex_unlock(&(*m)->lock);
}

/* The store, locked until the end of the scope. */
#define LOCKED(s) __attribute__((cleanup(unlock))) struct memory *m = lock(s)

static struct mem_collection *find_collection(struct memory *m, store_id id, struct err *e)
{
	for (size_t i = 0; i < m->collections.n; i++) {
		struct mem_collection *c = m->collections.item[i];
		if (c->row.id == id)
			return c;
	}
	err_set(e, ERR_NOT_FOUND, "no collection %lld", (long long)id);
	return NULL;
}

static struct mem_object *find_live(const struct mem_collection *c, const char *name)
{
	size_t at;

	if (!list_search(&c->objects, name, compare_object, &at))
		return NULL;
	struct mem_object *o = c->objects.item[at];
	return o->row.deleted ? NULL : o;
}

static struct mem_object *find_holder(const struct mem_collection *c, const char *uid)
{
	for (size_t i = 0; i < c->objects.n; i++) {
		struct mem_object *o = c->objects.item[i];
		if (!o->row.deleted && strcmp(o->uid, uid) == 0)
			return o;
	}
	return NULL;
}

static void free_prop(struct mem_prop *p)
{
	free(p->user);
	free(p->ns);
	free(p->name);
	free(p->xml);
	free(p);
}

static void free_share(struct mem_share *s)
{
	free(s->user);
	free(s);
}

static void free_feed(struct mem_feed *f)
{
	arena_destroy(f->mem); /* it lives there itself */
}

static void free_delegation(struct mem_delegation *d)
{
	free(d->owner);
	free(d->user);
	free(d);
}

static void free_props(struct list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free_prop(l->item[i]);
	}
	free(l->item);
	*l = (struct list){0};
}

static void free_object(struct mem_object *o)
{
	free_props(&o->props);
	free(o->name);
	free(o->uid);
	free(o->body);
	free(o->spans);
	free(o);
}

static void free_collection(struct mem_collection *c)
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

/* ---- homes ---- */

static void put_member(struct memory *m, const struct mem_collection *c, const char *user)
{
	struct mem_member key = {(char *)user, c->owner, c->name, 0, 0, 0, 0}, *row;
	size_t at;

	m->seq++;
	if (list_search(&m->members, &key, compare_member, &at)) {
		row = m->members.item[at];
	} else {
		row = xcalloc(1, sizeof(*row));
		*row = (struct mem_member){xstrdup(user), xstrdup(c->owner), xstrdup(c->name), 0, 0, 0, 0};
		list_insert(&m->members, at, row);
	}
	row->changed = m->seq;
	row->mapped = row->collection == c->row.id ? row->mapped : m->seq;
	row->collection = c->row.id;
}

/* user NULL: in every home where it is. */
static void touch_members(struct memory *m, store_id collection, const char *user, bool remove)
{
	m->seq++;
	for (size_t i = 0; i < m->members.n; i++) {
		struct mem_member *row = m->members.item[i];
		if (row->collection != collection || (user != NULL && strcmp(user, row->user) != 0))
			continue;
		row->changed = m->seq;
		if (remove) {
			row->gone = m->seq;
			row->collection = 0;
		}
	}
}

static void free_member(struct mem_member *row)
{
	free(row->user);
	free(row->owner);
	free(row->name);
	free(row);
}

static void drop_collection(struct memory *m, size_t at)
{
	struct mem_collection *c = m->collections.item[at];

	touch_members(m, c->row.id, NULL, true);
	list_remove(&m->collections, at);
	free_collection(c);
}

/* Accounts, entries and wakes each carry an arena with all that they point to. */
#define FREE_ARENAS(list, type) do { \
	for (size_t i = 0; i < (list)->n; i++) { \
		struct type *item = (list)->item[i]; \
		arena_destroy(item->mem); \
		free(item); \
	} \
	free((list)->item); \
} while (0)

static int memory_open(const char *path, const struct store_options *o, struct store **out,
	struct err *e)
{
	struct memory *m = xcalloc(1, sizeof(*m));
	uint8_t random[16];

	m->base.ops = &store_memory;
	pthread_mutex_init(&m->lock, NULL);
	random_bytes(random, sizeof(random));
	base64url(random, sizeof(random), m->info.epoch);
	random_bytes(m->info.key, sizeof(m->info.key));
	snprintf(m->info.host, sizeof(m->info.host), "memory.dedit");
	*out = &m->base;
	return 0;
}

static void memory_close(struct store *s)
{
	struct memory *m = (struct memory *)s;

	for (size_t i = 0; i < m->collections.n; i++) {
		free_collection(m->collections.item[i]);
	}
	free(m->collections.item);
	for (size_t i = 0; i < m->members.n; i++) {
		free_member(m->members.item[i]);
	}
	free(m->members.item);
	free_props(&m->places);
	FREE_ARENAS(&m->accounts, mem_account);
	FREE_ARENAS(&m->ledger, mem_entry);
	FREE_ARENAS(&m->wakes, mem_wake);
	FREE_ARENAS(&m->heads, mem_head);
	signature_key_destroy(m->key);
	for (size_t i = 0; i < m->delegations.n; i++) {
		free_delegation(m->delegations.item[i]);
	}
	free(m->delegations.item);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

static void memory_health(struct store *s, struct store_health *out)
{
	*out = (struct store_health){.free_bytes = UINT64_MAX};
}

static int memory_size(struct store *s, struct store_size *out, struct err *e)
{
	LOCKED(s);
	(void)e;
	*out = (struct store_size){.collections = m->collections.n};
	for (size_t i = 0; i < m->accounts.n; i++)
		out->accounts += !((struct mem_account *)m->accounts.item[i])->row.removed;
	return 0;
}

static void memory_info(struct store *s, struct store_info *out)
{
	*out = ((struct memory *)s)->info;
}

static int memory_collections(struct store *s, const char *owner, collection_fn visit, void *arg,
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

static int memory_collection(struct store *s, const char *owner, const char *name,
	struct arena *mem,
	struct collection *out, struct err *e)
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

static void patch_prop(struct list *props, const struct prop_row *row)
{
	size_t at;

	if (list_search(props, row, compare_prop, &at)) {
		free_prop(props->item[at]);
		list_remove(props, at);
	}
	if (row->xml == NULL)
		return;
	struct mem_prop *p = xmalloc(sizeof(*p));
	*p = (struct mem_prop){xstrdup(row->user), xstrdup(row->ns), xstrdup(row->name), xstrdup(row->xml)};
	list_insert(props, at, p);
}

static int memory_collection_make(struct store *s, const struct collection *from,
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

static int visit_props(const struct list *props, const char *user, prop_fn visit, void *arg)
{
	for (size_t i = 0; i < props->n; i++) {
		const struct mem_prop *p = props->item[i];
		int status = strcmp(p->user, user) != 0 ? 0
			: visit(&(struct prop_row){p->user, p->ns, p->name, p->xml}, arg);
		if (status != 0)
			return status;
	}
	return 0;
}

static int memory_props(struct store *s, store_id collection, const char *user, prop_fn visit,
	void *arg,
	struct err *e)
{
	LOCKED(s);
	const struct mem_collection *c = find_collection(m, collection, e);

	if (c == NULL)
		return -1;
	int status = visit_props(&c->props, "", visit, arg);
	return status != 0 || user[0] == '\0' ? status : visit_props(&c->props, user, visit, arg);
}

static void patch_collection(struct memory *m, const struct prop_patch *p)
{
	struct mem_collection *c = find_collection(m, p->collection, NULL);

	for (size_t i = 0; i < p->n; i++) {
		const char *user = p->rows[i].user;
		patch_prop(&c->props, &p->rows[i]);
		touch_members(m, p->collection, user[0] == '\0' ? NULL : user, false);
	}
}

/* Where a place's properties are, and under which user; NULL if it is an object that isn't there. */
static struct list *find_place(struct memory *m, const struct prop_place *place, struct arena *mem,
	const char **user, struct err *e)
{
	if (place->kind != PLACE_OBJECT) {
		*user = arena_printf(mem, "%s/%s", place->kind == PLACE_HOME ? "home" : "principal",
			place->name);
		return &m->places;
	}
	const struct mem_collection *c = find_collection(m, place->collection, NULL);
	struct mem_object *o = c == NULL ? NULL : find_live(c, place->name);
	*user = "";
	if (o != NULL)
		return &o->props;
	err_set(e, ERR_NOT_FOUND, "no object %s", place->name);
	return NULL;
}

struct place_visit { prop_fn visit; void *arg; };

/* Whose the row is, is known already. */
static int visit_place(const struct prop_row *p, void *arg)
{
	const struct place_visit *v = arg;

	return v->visit(&(struct prop_row){"", p->ns, p->name, p->xml}, v->arg);
}

static int memory_place_props(struct store *s, const struct prop_place *place, prop_fn visit,
	void *arg, struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	struct place_visit v = {visit, arg};
	const char *user;
	LOCKED(s);
	const struct list *props = find_place(m, place, mem, &user, NULL);

	return props == NULL ? 0 : visit_props(props, user, visit_place, &v);
}

static int memory_objects_have_props(struct store *s, store_id collection, bool *out, struct err *e)
{
	LOCKED(s);
	const struct mem_collection *c = find_collection(m, collection, NULL);

	*out = false;
	for (size_t i = 0; c != NULL && i < c->objects.n && !*out; i++) {
		const struct mem_object *o = c->objects.item[i];
		*out = o->props.n > 0;
	}
	return 0;
}

static void patch_place(struct memory *m, const struct prop_patch *p, struct arena *mem)
{
	const char *user;
	struct list *props = find_place(m, p->place, mem, &user, NULL);

	for (size_t i = 0; i < p->n; i++) {
		const struct prop_row *row = &p->rows[i];
		patch_prop(props, &(struct prop_row){user, row->ns, row->name, row->xml});
	}
}

static bool patch_finds(struct memory *m, const struct prop_patch *p, struct arena *mem, struct err *e)
{
	const char *user;

	return p->place != NULL ? find_place(m, p->place, mem, &user, e) != NULL
		: find_collection(m, p->collection, e) != NULL;
}

static int memory_props_patch(struct store *s, const struct prop_patch *patches, size_t n, struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	LOCKED(s);

	for (size_t i = 0; i < n; i++)
		if (!patch_finds(m, &patches[i], mem, e))
			return -1;
	for (size_t i = 0; i < n; i++) {
		if (patches[i].place != NULL)
			patch_place(m, &patches[i], mem);
		else
			patch_collection(m, &patches[i]);
	}
	return 0;
}

static uint64_t owner_usage(const struct memory *m, const char *owner)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < m->collections.n; i++) {
		const struct mem_collection *c = m->collections.item[i];
		bytes += strcmp(c->owner, owner) == 0 ? c->row.charged : 0;
	}
	return bytes;
}

static int memory_usage(struct store *s, const char *owner, uint64_t *bytes, struct err *e)
{
	LOCKED(s);
	*bytes = owner_usage(m, owner);
	return 0;
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

static int memory_shares(struct store *s, store_id collection, const char *user, share_fn visit,
	void *arg,
	struct err *e)
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

static int memory_share_put(struct store *s, const struct share *share, struct err *e)
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

static int memory_shares_set(struct store *s, store_id collection, const struct share *rows, size_t n,
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

/* ---- feeds ---- */

static void copy_feed(const struct feed *f, struct arena *mem, struct feed *out)
{
	*out = *f;
	out->id = arena_strdup(mem, f->id);
	out->label = arena_strdup(mem, f->label);
	out->hash = arena_strdup(mem, f->hash);
	out->owner = arena_strdup(mem, f->owner);
	out->calendar = arena_strdup(mem, f->calendar);
}

static int memory_feeds(struct store *s, store_id collection, feed_fn visit, void *arg, struct err *e)
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

static int memory_feed(struct store *s, const char *hash, struct arena *mem, struct feed *out,
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

static int memory_feed_put(struct store *s, const struct feed *f, struct err *e)
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

static int memory_feed_remove(struct store *s, const char *id, struct err *e)
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

static int memory_feed_used(struct store *s, const char *id, int64_t when, struct err *e)
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

/* ---- objects ---- */

static void copy_row(const struct mem_object *o, struct arena *mem, struct object *out)
{
	*out = o->row;
	out->name = arena_strdup(mem, o->name);
	out->uid = arena_strdup(mem, o->uid);
	store_copy_spans(&o->row.spans, mem, &out->spans);
}

static int memory_find(struct store *s, store_id collection, const char *name, struct arena *mem,
	struct object *out, struct err *e)
{
	LOCKED(s);
	const struct mem_collection *c = find_collection(m, collection, e);

	if (c == NULL)
		return -1;
	const struct mem_object *o = find_live(c, name);
	if (o == NULL)
		return err_set(e, ERR_NOT_FOUND, "no object %s", name);
	copy_row(o, mem, out);
	return 0;
}

static int memory_find_uid(struct store *s, store_id collection, const char *uid, struct arena *mem,
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

static int memory_body(struct store *s, store_id collection, const char *name, struct arena *mem,
	struct object *out, struct buf *body, struct err *e)
{
	LOCKED(s);
	const struct mem_collection *c = find_collection(m, collection, e);

	if (c == NULL)
		return -1;
	const struct mem_object *o = find_live(c, name);
	if (o == NULL)
		return err_set(e, ERR_NOT_FOUND, "no object %s", name);
	if (buf_add(body, o->body, o->row.size) < 0)
		return err_set(e, ERR_LARGE, "%s has %u bytes", name, o->row.size);
	copy_row(o, mem, out);
	return 0;
}

static int memory_list(struct store *s, store_id collection, unsigned components, int64_t from,
	int64_t to,
	object_fn visit, void *arg, uint64_t *seq, struct err *e)
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

static int memory_page(struct store *s, store_id collection, const char *after, size_t limit,
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

/* The one with the lowest seq in (after, until]. */
static const struct object *next_change(const struct mem_collection *c, uint64_t after,
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

static int memory_changes(struct store *s, store_id collection, const struct sync_point *from,
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

/* ---- homes ---- */

/* Of the last change in whatever way. */
static uint64_t member_seq(struct memory *m, const struct mem_member *row)
{
	const struct mem_collection *c =
		row->collection == 0 ? NULL : find_collection(m, row->collection, NULL);

	return c != NULL && c->row.seq > row->changed ? c->row.seq : row->changed;
}

static uint64_t home_seq(struct memory *m, const char *user)
{
	uint64_t last = 1;

	for (size_t i = 0; i < m->members.n; i++) {
		const struct mem_member *row = m->members.item[i];
		if (strcmp(row->user, user) == 0 && member_seq(m, row) > last) {
			last = member_seq(m, row);
		}
	}
	return last;
}

static int memory_home(struct store *s, const char *user, collection_fn visit, void *arg,
	uint64_t *seq, struct err *e)
{
	LOCKED(s);
	for (size_t i = 0; visit != NULL && i < m->members.n; i++) {
		const struct mem_member *row = m->members.item[i];
		if (row->collection == 0 || strcmp(row->user, user) != 0)
			continue;
		int status = visit(&find_collection(m, row->collection, NULL)->row, arg);
		if (status != 0)
			return status;
	}
	if (seq != NULL) {
		*seq = home_seq(m, user);
	}
	return 0;
}

static const struct mem_member *next_calendar(struct memory *m, const char *user,
	const struct sync_point *at)
{
	const struct mem_member *next = NULL;

	for (size_t i = 0; i < m->members.n; i++) {
		const struct mem_member *row = m->members.item[i];
		uint64_t seq = member_seq(m, row);
		if (strcmp(row->user, user) == 0 && seq > at->at && seq <= at->until &&
			(row->collection != 0 || at->since != 0) &&
			(next == NULL || seq < member_seq(m, next))) {
			next = row;
		}
	}
	return next;
}

/* The first after `at`, calendar by calendar; *in: which. What is new in this home is listed whole. */
static const struct object *next_content(struct memory *m, const char *user,
	const struct sync_point *at, const struct mem_collection **in)
{
	const struct object *next = NULL;

	for (size_t i = 0; i < m->members.n; i++) {
		const struct mem_member *row = m->members.item[i];
		if (strcmp(row->user, user) != 0 || row->collection == 0 || row->mapped > at->until ||
			row->collection < at->calendar || (next != NULL && row->collection > next->collection))
			continue;
		const struct mem_collection *c = find_collection(m, row->collection, NULL);
		uint64_t after = row->mapped > at->since ? 0 : at->since;
		if (row->collection == at->calendar && at->at > after) {
			after = at->at;
		}
		const struct object *o = next_change(c, after, at->until, row->mapped <= at->since);
		if (o != NULL) {
			next = o;
			*in = c;
		}
	}
	return next;
}

/* Did a calendar go and come back after `known`? */
static bool came_back(const struct memory *m, const char *user, uint64_t known)
{
	for (size_t i = 0; i < m->members.n; i++) {
		const struct mem_member *row = m->members.item[i];
		if (strcmp(row->user, user) == 0 && row->collection != 0 && row->gone > known)
			return true;
	}
	return false;
}

/* What comes next, after which `at` stands behind it; false: nothing is left. */
static bool next_member(struct memory *m, const char *user, bool deep, struct sync_point *at,
	struct home_member *out)
{
	const struct mem_member *row = at->calendar == 0 ? next_calendar(m, user, at) : NULL;
	const struct mem_collection *in = NULL;

	if (row != NULL) {
		at->at = member_seq(m, row);
		*out = (struct home_member){.gone = row->collection == 0,
			.calendar = {.owner = row->owner, .name = row->name}};
		if (!out->gone) {
			out->calendar = find_collection(m, row->collection, NULL)->row;
		}
		return true;
	}
	const struct object *o = deep ? next_content(m, user, at, &in) : NULL;
	if (o == NULL)
		return false;
	*out = (struct home_member){.calendar = in->row, .object = o};
	at->calendar = o->collection;
	at->at = o->seq;
	return true;
}

static int memory_home_changes(struct store *s, const char *user, bool deep,
	const struct sync_point *from, size_t limit, home_member_fn visit, void *arg,
	struct sync_point *next, bool *more, struct err *e)
{
	LOCKED(s);
	uint64_t now = home_seq(m, user), known = from->since != 0 ? from->since : from->until;
	struct sync_point at = store_sync_begin(from, now), ahead = at;
	struct home_member member;
	bool left;

	if (at.since > now || at.until > now)
		return err_set(e, ERR_TOKEN, "the token's number is out of range");
	if (deep && known != 0 && came_back(m, user, known))
		return err_set(e, ERR_TOKEN, "a calendar of the home was made anew since");
	while ((left = next_member(m, user, deep, &ahead, &member)) && limit > 0) {
		int status = visit(&member, arg);
		if (status != 0)
			return status;
		at = ahead;
		limit--;
	}
	store_sync_end(&at, left, now, next, more);
	return 0;
}

/* ---- commit: everything is checked first, so that nothing can fail afterwards ---- */

static uint64_t last_incident(const struct memory *m, const char *owner)
{
	uint64_t last = 0;

	for (size_t i = 0; i < m->ledger.n; i++) {
		const struct ledger_row *l = &((struct mem_entry *)m->ledger.item[i])->row;
		if (l->incident && strcmp(l->owner, owner) == 0) {
			last = l->seq;
		}
	}
	return last;
}

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
		if (quota != 0 && more > 0 && owner_usage(m, owner) + (uint64_t)more > quota)
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

static void append_entry(struct memory *m, const struct ledger_row *from)
{
	struct mem_entry *l = xcalloc(1, sizeof(*l));
	size_t at;

	l->mem = arena_create();
	l->row = *from;
	l->row.owner = arena_strdup(l->mem, from->owner);
	l->row.kind = arena_strdup(l->mem, from->kind);
	l->row.ref = arena_strdup(l->mem, from->ref);
	l->row.client = arena_strdup(l->mem, from->client);
	l->row.uid = arena_strdup(l->mem, from->uid);
	l->row.text = arena_strdup(l->mem, from->text);
	list_search(&m->ledger, &(struct ledger_row){.owner = from->owner, .seq = UINT64_MAX},
		compare_entry, &at);
	const struct mem_entry *last = at == 0 ? NULL : m->ledger.item[at - 1];
	bool first = last == NULL || strcmp(last->row.owner, from->owner) != 0;
	l->row.seq = first ? 1 : last->row.seq + 1;
	chain_link(&l->row, first ? CHAIN_START : last->row.self);
	list_insert(&m->ledger, at, l);
}

static void erase_entry(struct memory *m, const struct ledger_erasure *erasure)
{
	size_t at;

	if (list_search(&m->ledger, &(struct ledger_row){.owner = erasure->owner, .seq = erasure->seq},
		compare_entry, &at)) {
		struct ledger_row *l = &((struct mem_entry *)m->ledger.item[at])->row;
		l->text = l->client = l->uid = "";
	}
}

static void add_wake(struct memory *m, const struct wake *from)
{
	size_t at;

	if (list_search(&m->wakes, from, compare_wake, &at))
		return;
	struct mem_wake *w = xcalloc(1, sizeof(*w));
	w->mem = arena_create();
	w->row = (struct wake){from->at, arena_strdup(w->mem, from->owner),
		arena_strdup(w->mem, from->calendar), arena_strdup(w->mem, from->name)};
	list_insert(&m->wakes, at, w);
}

/* calendar NULL: all of the owner. */
static void remove_wakes(struct memory *m, const char *owner, const char *calendar)
{
	for (size_t i = m->wakes.n; i-- > 0;) {
		struct mem_wake *w = m->wakes.item[i];
		if (strcmp(w->row.owner, owner) == 0 &&
			(calendar == NULL || strcmp(w->row.calendar, calendar) == 0)) {
			list_remove(&m->wakes, i);
			arena_destroy(w->mem);
			free(w);
		}
	}
}

static void drop_by_id(struct memory *m, store_id id)
{
	const struct mem_collection *c = find_collection(m, id, NULL);
	size_t at;

	remove_wakes(m, c->owner, c->name);
	list_search(&m->collections, &c->row, compare_collection, &at);
	drop_collection(m, at);
}

/* The properties of a MOVE's or COPY's source, before it goes. */
static struct list copy_props(struct memory *m, const struct change *c)
{
	const struct mem_collection *in = find_collection(m, c->from_collection, NULL);
	const struct mem_object *o = in == NULL ? NULL : find_live(in, c->from);
	struct list copy = {0};

	for (size_t i = 0; o != NULL && i < o->props.n; i++) {
		const struct mem_prop *p = o->props.item[i];
		patch_prop(&copy, &(struct prop_row){p->user, p->ns, p->name, p->xml});
	}
	return copy;
}

static void give_props(struct memory *m, const struct change *c, struct list props)
{
	struct mem_object *o = find_live(find_collection(m, c->collection, NULL), c->name);

	free_props(&o->props);
	o->props = props;
}

static int memory_commit(struct store *s, struct commit *c, struct err *e)
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

/* ---- accounts ---- */

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

static int memory_account(struct store *s, const char *name, struct arena *mem, struct account *out,
	struct err *e)
{
	LOCKED(s);
	size_t at;

	if (!list_search(&m->accounts, name, compare_account, &at))
		return err_set(e, ERR_NOT_FOUND, "no account %s", name);
	copy_account(&((struct mem_account *)m->accounts.item[at])->row, mem, out);
	return 0;
}

static int memory_accounts(struct store *s, account_fn visit, void *arg, struct err *e)
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

static int memory_account_put(struct store *s, const struct account *a, struct err *e)
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

static const struct account_token *find_token(const struct account *a, const char *hash)
{
	for (size_t i = 0; i < a->token_count; i++) {
		const char *kept = a->tokens[i].hash;
		if (strlen(kept) == strlen(hash) && equal_const_time(kept, hash, strlen(hash)))
			return &a->tokens[i];
	}
	return NULL;
}

static int memory_token_account(struct store *s, const char *hash, struct arena *mem, struct account *out,
	struct err *e)
{
	LOCKED(s);
	for (size_t i = 0; i < m->accounts.n; i++) {
		const struct account *a = &((struct mem_account *)m->accounts.item[i])->row;
		if (find_token(a, hash) != NULL) {
			copy_account(a, mem, out);
			return 0;
		}
	}
	return err_set(e, ERR_NOT_FOUND, "no such token");
}

static int memory_token_used(struct store *s, const char *account, const char *id, int64_t when,
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

/* ---- delegations ---- */

static int memory_delegations(struct store *s, const char *owner, const char *user,
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

static int check_account(struct memory *m, const char *name, struct err *e)
{
	size_t at;

	if (list_search(&m->accounts, name, compare_account, &at))
		return 0;
	return err_set(e, ERR_NOT_FOUND, "no account %s", name);
}

static int memory_delegation_put(struct store *s, const struct delegation *d, struct err *e)
{
	LOCKED(s);
	if (check_account(m, d->owner, e) < 0)
		return -1;
	put_delegation(m, d);
	return 0;
}

static int memory_delegates_set(struct store *s, const char *owner, enum share_access access,
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

static void forget_delegations(struct memory *m, const char *name)
{
	for (size_t i = m->delegations.n; i-- > 0;) {
		const struct mem_delegation *d = m->delegations.item[i];
		if (strcmp(d->owner, name) == 0 || strcmp(d->user, name) == 0) {
			remove_delegation(m, i);
		}
	}
}

static void forget_user(struct mem_collection *c, const char *user)
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

static int memory_account_close(struct store *s, const char *name, struct err *e)
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

/* ---- ledger and wakes ---- */

static bool equal_or_any(const char *wanted, const char *value)
{
	return wanted == NULL || strcmp(wanted, value) == 0;
}

static bool entry_matches(const struct ledger_row *l, const struct ledger_query *q)
{
	return equal_or_any(q->owner, l->owner) && equal_or_any(q->uid, l->uid) &&
		equal_or_any(q->client, l->client) && equal_or_any(q->kind, l->kind) &&
		equal_or_any(q->ref, l->ref) && (q->slot == 0 || q->slot == l->slot) &&
		(q->since == 0 || l->when >= q->since) && l->seq > q->after &&
		(l->incident || !q->incidents_only);
}

static int memory_ledger(struct store *s, const struct ledger_query *q, ledger_fn visit, void *arg,
	struct err *e)
{
	LOCKED(s);
	for (size_t i = 0; i < m->ledger.n; i++) {
		const struct ledger_row *l = &((struct mem_entry *)m->ledger.item[i])->row;
		int status = entry_matches(l, q) ? visit(l, arg) : 0;
		if (status != 0)
			return status;
	}
	return 0;
}

static int memory_ledger_head(struct store *s, const char *owner, uint64_t *incident, struct err *e)
{
	LOCKED(s);
	*incident = last_incident(m, owner);
	return 0;
}

static int memory_ledger_owners(struct store *s, owner_fn visit, void *arg, struct err *e)
{
	LOCKED(s);
	const char *before = "";

	for (size_t i = 0; i < m->ledger.n; i++) {
		const struct ledger_row *l = &((struct mem_entry *)m->ledger.item[i])->row;
		int status = strcmp(before, l->owner) == 0 ? 0 : visit(l->owner, arg);
		if (status != 0)
			return status;
		before = l->owner;
	}
	return 0;
}

static int use_key(struct memory *m, struct err *e)
{
	return m->key != NULL ? 0 : signature_key_make(&m->key, e);
}

static int memory_ledger_key(struct store *s, struct buf *out, struct err *e)
{
	LOCKED(s);
	return use_key(m, e) < 0 ? -1 : signature_key_write(m->key, false, out, e);
}

/* NULL: none. */
static const struct ledger_row *last_entry(const struct memory *m, const char *owner)
{
	size_t at;

	list_search(&m->ledger, &(struct ledger_row){.owner = owner, .seq = UINT64_MAX}, compare_entry, &at);
	const struct mem_entry *last = at == 0 ? NULL : m->ledger.item[at - 1];
	return last != NULL && strcmp(last->row.owner, owner) == 0 ? &last->row : NULL;
}

static int memory_ledger_sign(struct store *s, const char *owner, int64_t now, struct signed_head *out,
	struct err *e)
{
	LOCKED(s);
	const struct ledger_row *last = last_entry(m, owner);
	struct signed_head h = {.owner = owner, .when = now};

	if (last == NULL)
		return err_set(e, ERR_NOT_FOUND, "the ledger of %s is empty", owner);
	for (size_t i = 0; i < m->heads.n; i++) {
		const struct signed_head *there = &((struct mem_head *)m->heads.item[i])->row;
		if (strcmp(there->owner, owner) == 0 && there->seq == last->seq) {
			*out = *there;
			out->owner = owner;
			return 0;
		}
	}
	h.seq = last->seq;
	memcpy(h.self, last->self, sizeof(h.self));
	if (use_key(m, e) < 0 || head_sign(&h, m->key, e) < 0)
		return -1;
	struct mem_head *kept = xcalloc(1, sizeof(*kept));
	kept->mem = arena_create();
	kept->row = h;
	kept->row.owner = arena_strdup(kept->mem, owner);
	list_insert(&m->heads, m->heads.n, kept);
	*out = h;
	return 0;
}

static int memory_signed_heads(struct store *s, const char *owner, signed_head_fn visit, void *arg,
	struct err *e)
{
	LOCKED(s);
	for (size_t i = 0; i < m->heads.n; i++) {
		const struct signed_head *h = &((struct mem_head *)m->heads.item[i])->row;
		int status = strcmp(h->owner, owner) == 0 ? visit(h, arg) : 0;
		if (status != 0)
			return status;
	}
	return 0;
}

static const char *audit_heads(const struct memory *m, const struct ledger_audit *a,
	char why[AUDIT_WHY_SIZE])
{
	const char *problem = NULL;

	for (size_t i = 0; i < m->heads.n && problem == NULL; i++) {
		const struct signed_head *h = &((struct mem_head *)m->heads.item[i])->row;
		if (strcmp(h->owner, a->v->owner) == 0)
			problem = audit_head(a, h, m->key, why);
	}
	return problem != NULL || a->v->kept == NULL ? problem : audit_head(a, a->v->kept, m->key, why);
}

static int memory_ledger_verify(struct store *s, const struct ledger_verify *v, store_problem_fn problem,
	void *arg, struct err *e)
{
	LOCKED(s);
	char why[AUDIT_WHY_SIZE], line[AUDIT_WHY_SIZE + 128];
	const char *wrong = NULL;
	struct ledger_audit a;

	audit_init(&a, v);
	for (size_t i = 0; i < m->ledger.n && wrong == NULL; i++) {
		const struct ledger_row *l = &((struct mem_entry *)m->ledger.item[i])->row;
		if (strcmp(l->owner, v->owner) != 0)
			continue;
		wrong = audit_entry(&a, l);
		snprintf(line, sizeof(line), "ledger of %s, entry %llu: %s", v->owner,
			(unsigned long long)l->seq, wrong != NULL ? wrong : "");
	}
	if (wrong == NULL) {
		wrong = audit_heads(m, &a, why);
		snprintf(line, sizeof(line), "ledger of %s: %s", v->owner, wrong != NULL ? wrong : "");
	}
	audit_finish(&a);
	if (wrong != NULL)
		problem(line, arg);
	return 0;
}

static int memory_wakes(struct store *s, int64_t until, wake_fn visit, void *arg, int64_t *next,
	struct err *e)
{
	LOCKED(s);
	int64_t following = INT64_MAX;

	for (size_t i = 0; i < m->wakes.n; i++) {
		const struct wake *w = &((struct mem_wake *)m->wakes.item[i])->row;
		if (w->at > until) {
			following = w->at;
			break;
		}
		int status = visit(w, arg);
		if (status != 0)
			return status;
	}
	*next = following;
	return 0;
}

static int memory_wake_done(struct store *s, const struct wake *w, struct err *e)
{
	LOCKED(s);
	size_t at;

	if (!list_search(&m->wakes, w, compare_wake, &at))
		return 0;
	struct mem_wake *done = m->wakes.item[at];
	list_remove(&m->wakes, at);
	arena_destroy(done->mem);
	free(done);
	return 0;
}

/* ---- there are no files ---- */

static int memory_scan(struct store *s, store_id collection, found_fn visit, void *arg,
	struct err *e)
{
	return 0;
}

static int memory_watch(struct store *s, int timeout_ms, store_id *collection, struct err *e)
{
	poll(NULL, 0, timeout_ms);
	return 0;
}

static int memory_flush(struct store *s, struct err *e)
{
	return 0;
}

/* There are no files. */
static int memory_hold(struct store *s, struct err *e)
{
	return 0;
}

static void memory_release(struct store *s)
{
}

static int check_ledger(const struct memory *m, store_problem_fn problem, void *arg)
{
	const struct ledger_row *before = NULL;

	for (size_t i = 0; i < m->ledger.n; i++) {
		const struct ledger_row *l = &((struct mem_entry *)m->ledger.item[i])->row;
		bool first = before == NULL || strcmp(before->owner, l->owner) != 0;
		const char *why = chain_problem(l, first ? CHAIN_START : before->self);
		int status = why == NULL ? 0 : problem(why, arg);
		if (status != 0)
			return status;
		before = l;
	}
	return 0;
}

static int memory_check(struct store *s, bool deep, store_parse_fn parse, store_problem_fn problem, void *arg,
	struct store_counts *out, struct err *e)
{
	LOCKED(s);
	struct store_counts counts = {.accounts = m->accounts.n, .collections = m->collections.n,
		.ledger = m->ledger.n};

	for (size_t i = 0; i < m->collections.n; i++) {
		const struct mem_collection *c = m->collections.item[i];
		for (size_t k = 0; k < c->objects.n; k++) {
			counts.objects += !((struct mem_object *)c->objects.item[k])->row.deleted;
		}
	}
	*out = counts;
	return check_ledger(m, problem, arg);
}

static void memory_session(struct store *s, enum store_session what)
{
	(void)s, (void)what;
}

const struct store_ops store_memory = {
	.abi = STORE_ABI,
	.size = sizeof(struct store_ops),
	.name = "memory",
	.open = memory_open,
	.close = memory_close,
	.info = memory_info,
	.collections = memory_collections,
	.collection = memory_collection,
	.collection_make = memory_collection_make,
	.props = memory_props,
	.props_patch = memory_props_patch,
	.place_props = memory_place_props,
	.objects_have_props = memory_objects_have_props,
	.usage = memory_usage,
	.shares = memory_shares,
	.share_put = memory_share_put,
	.find = memory_find,
	.find_uid = memory_find_uid,
	.body = memory_body,
	.list = memory_list,
	.page = memory_page,
	.changes = memory_changes,
	.home = memory_home,
	.home_changes = memory_home_changes,
	.commit = memory_commit,
	.account = memory_account,
	.accounts = memory_accounts,
	.account_put = memory_account_put,
	.account_close = memory_account_close,
	.ledger = memory_ledger,
	.ledger_head = memory_ledger_head,
	.wakes = memory_wakes,
	.wake_done = memory_wake_done,
	.scan = memory_scan,
	.watch = memory_watch,
	.flush = memory_flush,
	.hold = memory_hold,
	.release = memory_release,
	.check = memory_check,
	.feeds = memory_feeds,
	.feed = memory_feed,
	.feed_put = memory_feed_put,
	.feed_remove = memory_feed_remove,
	.feed_used = memory_feed_used,
	.shares_set = memory_shares_set,
	.delegations = memory_delegations,
	.delegation_put = memory_delegation_put,
	.delegates_set = memory_delegates_set,
	.ledger_owners = memory_ledger_owners,
	.ledger_key = memory_ledger_key,
	.ledger_sign = memory_ledger_sign,
	.signed_heads = memory_signed_heads,
	.ledger_verify = memory_ledger_verify,
	.health = memory_health,
	.session = memory_session,
	.token_account = memory_token_account,
	.token_used = memory_token_used,
	.size_now = memory_size,
};
