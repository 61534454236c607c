/* The functions behind store_ops, by file, and what those files lend each other. */
#ifndef DEDIT_STORAGE_SQLITE_OPS_H
#define DEDIT_STORAGE_SQLITE_OPS_H

#include "storage/sqlite/db.h"
#include "storage/sqlite/writer.h"

/* read.c */
#define OBJECT_COLUMNS \
	"o.collection, o.name, o.id, o.seq, o.uid, o.digest, o.size, o.component, o.first, o.last," \
	" o.mtime, o.deleted, o.created, o.spans, o.traits"
enum { OBJECT_COLUMN_COUNT = 15 };
/* Strings are the statement's, until its next step. */
void object_row(sqlite3_stmt *st, struct object *out);
int sqlite_find(struct store *s, store_id collection, const char *name, struct arena *mem,
	struct object *out, struct err *e);
int sqlite_find_uid(struct store *s, store_id collection, const char *uid, struct arena *mem,
	struct object *out, struct err *e);
int sqlite_body(struct store *s, store_id collection, const char *name, struct arena *mem,
	struct object *out, struct buf *body, struct err *e);
int sqlite_list(struct store *s, store_id collection, unsigned components, int64_t from, int64_t to,
	object_fn visit, void *arg, uint64_t *seq, struct err *e);
int sqlite_page(struct store *s, store_id collection, const char *after, size_t limit, object_fn visit,
	void *arg, struct err *e);
int sqlite_count(struct store *s, store_id collection, uint64_t *out, struct err *e);
int sqlite_changes(struct store *s, store_id collection, const struct sync_point *from,
	size_t limit, object_fn visit, void *arg, struct sync_point *next, bool *more, struct err *e);
/* Objects of a collection with seq in (after, until], by seq; tombstones if wanted. */
int objects_changed(struct conn *c, store_id collection, uint64_t after, uint64_t until,
	bool tombstones, object_fn visit, void *arg, struct err *e);

/* home.c */
/* Into a user's home, or its properties or rights there are others now. */
int member_put(struct change_log *log, store_id collection, const char *user, struct err *e);
/* user NULL: in every home where it is. */
int member_touch(struct change_log *log, store_id collection, const char *user, struct err *e);
int member_remove(struct change_log *log, store_id collection, const char *user, struct err *e);
int sqlite_home(struct store *s, const char *user, collection_fn visit, void *arg, uint64_t *seq,
	struct err *e);
int sqlite_home_changes(struct store *s, const char *user, bool deep,
	const struct sync_point *from, size_t limit, home_member_fn visit, void *arg,
	struct sync_point *next, bool *more, struct err *e);

/* collection.c */
#define COLLECTION_COLUMNS \
	"c.id, c.seq, c.oldest_seq, c.owner, c.name, c.components, c.flags, c.created, c.charged"
enum { COLLECTION_COLUMN_COUNT = 9 };
/* Strings are the statement's, until its next step. */
void collection_row(sqlite3_stmt *st, struct collection *out);
int collection_by_id(struct conn *c, store_id id, struct arena *mem, struct collection *out,
	struct err *e);
/* Its rows, and with `files` its files and folder too; in the writer's thread. */
int collection_drop(struct change_log *log, const struct collection *c, bool files, struct err *e);
/* Every calendar, in mem, as far as owner and name go: for who needs the connection meanwhile. */
int collections_list(struct db *db, struct arena *mem, struct collection **out, size_t *n, struct err *e);
int sqlite_collections(struct store *s, const char *owner, collection_fn visit, void *arg,
	struct err *e);
int sqlite_collection(struct store *s, const char *owner, const char *name, struct arena *mem,
	struct collection *out, struct err *e);
int sqlite_collection_make(struct store *s, const struct collection *c,
	const struct prop_row *props,
	size_t n, int64_t now, store_id *id, struct err *e);
int sqlite_props(struct store *s, store_id collection, const char *user, prop_fn visit, void *arg,
	struct err *e);
int sqlite_props_patch(struct store *s, const struct prop_patch *patches, size_t n, struct err *e);
int sqlite_shares(struct store *s, store_id collection, const char *user, share_fn visit, void *arg,
	struct err *e);
int sqlite_share_put(struct store *s, const struct share *share, struct err *e);

/* feed.c */
/* The row as it is given; no file. */
int feed_store(struct conn *c, const struct feed *f, struct err *e);
/* In one statement's snapshot. collection 0: of all. */
int feed_visit(struct conn *c, store_id collection, feed_fn visit, void *arg, struct err *e);
int sqlite_feeds(struct store *s, store_id collection, feed_fn visit, void *arg, struct err *e);
int sqlite_feed(struct store *s, const char *hash, struct arena *mem, struct feed *out, struct err *e);
int sqlite_feed_put(struct store *s, const struct feed *f, struct err *e);
int sqlite_feed_remove(struct store *s, const char *id, struct err *e);
int sqlite_feed_used(struct store *s, const char *id, int64_t when, struct err *e);

int sqlite_shares_set(struct store *s, store_id collection, const struct share *rows, size_t n,
	struct err *e);

/* delegate.c */
/* Writes the row as it is given; no file. */
int delegation_store(struct conn *c, const struct delegation *d, struct err *e);
/* Those of and to an account that closes. */
int delegations_remove(struct change_log *log, const char *name, struct err *e);
/* The lines that the owner's account file has of them. */
int delegations_write(struct conn *c, const char *owner, struct buf *out, struct err *e);
int sqlite_delegations(struct store *s, const char *owner, const char *user, delegation_fn visit,
	void *arg, struct err *e);
int sqlite_delegation_put(struct store *s, const struct delegation *d, struct err *e);
int sqlite_delegates_set(struct store *s, const char *owner, enum share_access access,
	const char *const *users, size_t n, struct err *e);

/* place.c */
/* Row as it is, without a file. */
int place_store(struct conn *c, const struct prop_place *place, const struct prop_row *p, struct err *e);
/* In the writer's thread: the object's properties, and their file, become those of `from` … */
int place_copy(struct change_log *log, const struct collection *from, const char *from_name,
	const struct collection *to, const char *to_name, struct err *e);
/* … or go, if there are any. */
/* The rows of patch->place, within a write. */
int place_patch(struct change_log *log, const struct prop_patch *patch, struct err *e);
int place_remove(struct change_log *log, const struct collection *in, const char *name, struct err *e);
/* Of a home and principal; their file has moved with the owner's calendars. */
int place_forget(struct conn *c, const char *user, struct err *e);
/* "home" or "principal", as cal/<owner>/.props has it. */
const char *place_word(enum prop_place_kind kind);
/* What should stand in the files of an object's properties, and of an owner's; nothing: none. */
int place_object_text(struct conn *c, store_id collection, const char *name, struct buf *out, struct err *e);
int place_owner_text(struct conn *c, const char *owner, struct buf *out, struct err *e);
/* In the writer's thread: as a file. */
int place_journal(struct change_log *log, const struct prop_place *place, struct err *e);
int sqlite_place_props(struct store *s, const struct prop_place *place, prop_fn visit, void *arg,
	struct err *e);
int sqlite_objects_have_props(struct store *s, store_id collection, bool *out, struct err *e);

/* commit.c */
int owner_usage(struct conn *c, const char *owner, uint64_t *bytes, struct err *e);
int sqlite_usage(struct store *s, const char *owner, uint64_t *bytes, struct err *e);
int sqlite_commit(struct store *s, struct commit *c, struct err *e);

/* account.c */
int account_by_name(struct conn *c, const char *name, struct arena *mem, struct account *out,
	struct err *e);
/* Writes the rows as they are given; no file. */
int account_store(struct conn *c, const struct account *a, struct err *e);
int sqlite_account(struct store *s, const char *name, struct arena *mem, struct account *out,
	struct err *e);
int sqlite_accounts(struct store *s, account_fn visit, void *arg, struct err *e);
int sqlite_account_put(struct store *s, const struct account *a, struct err *e);
int sqlite_token_account(struct store *s, const char *hash, struct arena *mem, struct account *out,
	struct err *e);
int sqlite_token_used(struct store *s, const char *account, const char *id, int64_t when, struct err *e);
int sqlite_account_close(struct store *s, const char *name, struct err *e);

/* ledger.c */
int ledger_append(struct change_log *log, const struct ledger_row *row, struct err *e);
/* The row as it is, with its links. */
int ledger_store(struct conn *c, const struct ledger_row *row, struct err *e);
/* In the writer's thread: what they say of somebody goes, in the index and in their logs. */
int ledger_erase(struct change_log *log, const struct ledger_erasure *list, size_t n, struct err *e);
/* The row as it is; no file. */
int head_store(struct conn *c, const struct signed_head *h, struct err *e);
int heads_visit(struct conn *c, const char *owner, signed_head_fn visit, void *arg, struct err *e);
/* <root>/ledger.key; ERR_NOT_FOUND. */
int ledger_key_read(const struct db *db, struct signature_key **out, struct err *e);
int ledger_last_incident(struct conn *c, const char *owner, uint64_t *out, struct err *e);
int wake_add(struct conn *c, const struct wake *w, struct err *e);
/* calendar NULL: all of the owner. */
int wake_remove(struct conn *c, const char *owner, const char *calendar, struct err *e);
/* All of one log file as its text: "ledger/<owner>/<yyyy-mm>.log", or …/heads. */
int ledger_log_text(struct conn *c, const char *path, struct buf *out, struct err *e);
/* Visits by q in one statement's snapshot. */
int ledger_visit(struct conn *c, const struct ledger_query *q, ledger_fn visit, void *arg,
	struct err *e);
int sqlite_ledger(struct store *s, const struct ledger_query *q, ledger_fn visit, void *arg,
	struct err *e);
int sqlite_ledger_head(struct store *s, const char *owner, uint64_t *incident, struct err *e);
int sqlite_ledger_owners(struct store *s, owner_fn visit, void *arg, struct err *e);
int sqlite_ledger_key(struct store *s, struct buf *out, struct err *e);
int sqlite_ledger_sign(struct store *s, const char *owner, int64_t now, struct signed_head *out,
	struct err *e);
int sqlite_signed_heads(struct store *s, const char *owner, signed_head_fn visit, void *arg,
	struct err *e);
int sqlite_wakes(struct store *s, int64_t until, wake_fn visit, void *arg, int64_t *next,
	struct err *e);
int sqlite_wake_done(struct store *s, const struct wake *w, struct err *e);

/* verify.c */
int sqlite_ledger_verify(struct store *s, const struct ledger_verify *v, store_problem_fn problem,
	void *arg, struct err *e);

/* scan.c */
int sqlite_scan(struct store *s, store_id collection, found_fn visit, void *arg, struct err *e);

/* check.c */
int sqlite_check(struct store *s, bool deep, store_parse_fn parse, store_problem_fn problem, void *arg,
	struct store_counts *out, struct err *e);
int sqlite_size(struct store *s, struct store_size *out, struct err *e);
int count_all(struct conn *c, struct store_counts *out, struct err *e);

#endif
