/*
 * The store in memory: what the contracts of store.h mean, in the plainest code. Sorted arrays
 * under one mutex; nothing survives store_close. Used by tests and as the model of crash tests.
 *
 * Here: what it consists of, the functions behind store_ops by file, and what those files lend
 * each other.
 */
#ifndef DEDIT_STORAGE_MEMORY_MEMORY_H
#define DEDIT_STORAGE_MEMORY_MEMORY_H

#include <pthread.h>

#include "storage/backend.h"

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
	pthread_cond_t watch;
	bool watch_ended;
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

static inline struct memory *memory_lock(struct store *s)
{
	struct memory *m = (struct memory *)s;

	pthread_mutex_lock(&m->lock);
	return m;
}

static inline void memory_unlock(struct memory **m)
{
	pthread_mutex_unlock(&(*m)->lock);
}

/* The store, locked until the end of the scope. */
#define LOCKED(s) __attribute__((cleanup(memory_unlock))) struct memory *m = memory_lock(s)

/* list.c */
typedef int (*list_compare)(const void *key, const void *item);
void list_insert(struct list *l, size_t at, void *item);
void list_remove(struct list *l, size_t at);
/* The first place whose item isn't below the key; true if it is equal. */
bool list_search(const struct list *l, const void *key, list_compare compare, size_t *at);

/* collection.c */
/* NULL: there is none, as e says. */
struct mem_collection *find_collection(struct memory *m, store_id id, struct err *e);
void free_collection(struct mem_collection *c);
/* The one at this place of m->collections goes, and out of all homes. */
void drop_collection(struct memory *m, size_t at);
/* The same, and its wakes. */
void drop_by_id(struct memory *m, store_id id);
/* What the owner's calendars are charged. */
uint64_t usage_of(const struct memory *m, const char *owner);
int memory_collections(struct store *s, const char *owner, collection_fn visit, void *arg,
	struct err *e);
int memory_collection(struct store *s, const char *owner, const char *name,
	struct arena *mem, struct collection *out, struct err *e);
int memory_collection_make(struct store *s, const struct collection *from,
	const struct prop_row *props, size_t n, int64_t now, store_id *id, struct err *e);
int memory_usage(struct store *s, const char *owner, uint64_t *bytes, struct err *e);

/* props.c */
void free_prop(struct mem_prop *p);
void free_props(struct list *l);
/* Sets it; xml NULL: removes it. */
void patch_prop(struct list *props, const struct prop_row *row);
/* The properties of a MOVE's or COPY's source, before it goes. */
struct list copy_props(struct memory *m, const struct change *c);
/* They become the props of the change's object, in place of what it has. */
void give_props(struct memory *m, const struct change *c, struct list props);
int memory_props(struct store *s, store_id collection, const char *user, prop_fn visit,
	void *arg, struct err *e);
int memory_place_props(struct store *s, const struct prop_place *place, prop_fn visit,
	void *arg, struct err *e);
int memory_objects_have_props(struct store *s, store_id collection, bool *out, struct err *e);
int memory_props_patch(struct store *s, const struct prop_patch *patches, size_t n, struct err *e);

/* share.c */
void free_share(struct mem_share *s);
/* Neither a share nor a property of this user is left in it. */
void forget_user(struct mem_collection *c, const char *user);
int memory_shares(struct store *s, store_id collection, const char *user, share_fn visit,
	void *arg, struct err *e);
int memory_share_put(struct store *s, const struct share *share, struct err *e);
int memory_shares_set(struct store *s, store_id collection, const struct share *rows, size_t n,
	struct err *e);

/* feed.c */
void free_feed(struct mem_feed *f);
int memory_feeds(struct store *s, store_id collection, feed_fn visit, void *arg, struct err *e);
int memory_feed(struct store *s, const char *hash, struct arena *mem, struct feed *out,
	struct err *e);
int memory_feed_put(struct store *s, const struct feed *f, struct err *e);
int memory_feed_remove(struct store *s, const char *id, struct err *e);
int memory_feed_used(struct store *s, const char *id, int64_t when, struct err *e);

/* object.c */
/* By name. */
int compare_object(const void *key, const void *item);
/* NULL: there is none, or only what is left of a deleted one. */
struct mem_object *find_live(const struct mem_collection *c, const char *name);
/* The one with this UID; NULL as above. */
struct mem_object *find_holder(const struct mem_collection *c, const char *uid);
void free_object(struct mem_object *o);
/* The one with the lowest seq in (after, until]. */
const struct object *next_change(const struct mem_collection *c, uint64_t after,
	uint64_t until, bool tombstones);
int memory_find(struct store *s, store_id collection, const char *name, struct arena *mem,
	struct object *out, struct err *e);
int memory_find_uid(struct store *s, store_id collection, const char *uid, struct arena *mem,
	struct object *out, struct err *e);
int memory_body(struct store *s, store_id collection, const char *name, struct arena *mem,
	struct object *out, struct buf *body, struct err *e);
int memory_list(struct store *s, store_id collection, unsigned components, int64_t from,
	int64_t to, object_fn visit, void *arg, uint64_t *seq, struct err *e);
uint64_t count_objects(const struct mem_collection *c);
int memory_count(struct store *s, store_id collection, uint64_t *out, struct err *e);
int memory_page(struct store *s, store_id collection, const char *after, size_t limit,
	object_fn visit, void *arg, struct err *e);
int memory_changes(struct store *s, store_id collection, const struct sync_point *from,
	size_t limit, object_fn visit, void *arg, struct sync_point *next, bool *more, struct err *e);

/* home.c */
/* Into a user's home, or its properties or rights there are others now. */
void put_member(struct memory *m, const struct mem_collection *c, const char *user);
/* user NULL: in every home where it is. */
void touch_members(struct memory *m, store_id collection, const char *user, bool remove);
void free_member(struct mem_member *row);
int memory_home(struct store *s, const char *user, collection_fn visit, void *arg,
	uint64_t *seq, struct err *e);
int memory_home_changes(struct store *s, const char *user, bool deep,
	const struct sync_point *from, size_t limit, home_member_fn visit, void *arg,
	struct sync_point *next, bool *more, struct err *e);

/* commit.c */
int memory_commit(struct store *s, struct commit *c, struct err *e);

/* account.c */
/* ERR_NOT_FOUND: there is none of this name. */
int check_account(struct memory *m, const char *name, struct err *e);
int memory_account(struct store *s, const char *name, struct arena *mem, struct account *out,
	struct err *e);
int memory_accounts(struct store *s, account_fn visit, void *arg, struct err *e);
int memory_account_put(struct store *s, const struct account *a, struct err *e);
int memory_token_account(struct store *s, const char *hash, struct arena *mem, struct account *out,
	struct err *e);
int memory_token_used(struct store *s, const char *account, const char *id, int64_t when,
	struct err *e);
int memory_account_close(struct store *s, const char *name, struct err *e);

/* delegate.c */
void free_delegation(struct mem_delegation *d);
/* Those of and to an account that closes. */
void forget_delegations(struct memory *m, const char *name);
int memory_delegations(struct store *s, const char *owner, const char *user,
	delegation_fn visit, void *arg, struct err *e);
int memory_delegation_put(struct store *s, const struct delegation *d, struct err *e);
int memory_delegates_set(struct store *s, const char *owner, enum share_access access,
	const char *const *users, size_t n, struct err *e);

/* ledger.c */
/* The seq of the owner's last one; 0: none. */
uint64_t last_incident(const struct memory *m, const char *owner);
/* Gets the owner's next number and its link. */
void append_entry(struct memory *m, const struct ledger_row *from);
void erase_entry(struct memory *m, const struct ledger_erasure *erasure);
/* Are the entries chained? As store_check(). */
int check_ledger(const struct memory *m, store_problem_fn problem, void *arg);
void add_wake(struct memory *m, const struct wake *from);
/* calendar NULL: all of the owner. */
void remove_wakes(struct memory *m, const char *owner, const char *calendar);
int memory_ledger(struct store *s, const struct ledger_query *q, ledger_fn visit, void *arg,
	struct err *e);
int memory_ledger_head(struct store *s, const char *owner, uint64_t *incident, struct err *e);
int memory_ledger_owners(struct store *s, owner_fn visit, void *arg, struct err *e);
int memory_ledger_key(struct store *s, struct buf *out, struct err *e);
int memory_ledger_sign(struct store *s, const char *owner, int64_t now, struct signed_head *out,
	struct err *e);
int memory_signed_heads(struct store *s, const char *owner, signed_head_fn visit, void *arg,
	struct err *e);
int memory_ledger_verify(struct store *s, const struct ledger_verify *v, store_problem_fn problem,
	void *arg, struct err *e);
int memory_wakes(struct store *s, int64_t until, wake_fn visit, void *arg, int64_t *next,
	struct err *e);
int memory_wake_done(struct store *s, const struct wake *w, struct err *e);

#endif
