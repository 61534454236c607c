#include <inttypes.h>
#include <string.h>

#include "base/digest.h"
#include "base/fsio.h"
#include "base/util.h"
#include "storage/sqlite/ops.h"
#include "storage/sqlite/shelf.h"
#include "storage/sqlite/watch.h"

void object_row(sqlite3_stmt *st, struct object *out)
{
	*out = (struct object){
		.collection = sqlite3_column_int64(st, 0),
		.name = sql_text(st, 1),
		.id = sqlite3_column_int64(st, 2),
		.seq = (uint64_t)sqlite3_column_int64(st, 3),
		.uid = sql_text(st, 4),
		.size = (uint32_t)sqlite3_column_int64(st, 6),
		.component = (unsigned)sqlite3_column_int64(st, 7),
		.first = sqlite3_column_int64(st, 8),
		.last = sqlite3_column_int64(st, 9),
		.mtime = sqlite3_column_int64(st, 10),
		.deleted = sqlite3_column_int(st, 11) != 0,
		.created = sqlite3_column_int64(st, 12),
		.spans = {sqlite3_column_blob(st, 13), (size_t)sqlite3_column_bytes(st, 13)},
		.traits = (unsigned)sqlite3_column_int64(st, 14),
	};
	if (!out->deleted) {
		const char *digest = sql_text(st, 5);
		memcpy(out->digest, digest, strnlen(digest, sizeof(out->digest) - 1));
		store_etag(out->digest, out->seq, out->etag);
	}
}

static void copy_row(const struct object *from, struct arena *mem, struct object *out)
{
	*out = *from;
	out->name = arena_strdup(mem, from->name);
	out->uid = arena_strdup(mem, from->uid);
	store_copy_spans(&from->spans, mem, &out->spans);
}

static int find_one(struct conn *c, sqlite3_stmt *stmt, struct arena *mem, struct object *out,
	struct err *e)
{
	sqlite3_stmt *st cleanup_stmt = stmt;
	struct object o;
	int status = st == NULL ? -1 : sql_step(c, st, e);

	if (status < 0)
		return -1;
	if (status == 0)
		return err_set(e, ERR_NOT_FOUND, "no such object");
	object_row(st, &o);
	copy_row(&o, mem, out);
	return 0;
}

int sqlite_find(struct store *s, store_id collection, const char *name, struct arena *mem,
	struct object *out, struct err *e)
{
	static const char find_sql[] = "SELECT " OBJECT_COLUMNS
		" FROM object o WHERE o.collection = ?1 AND o.name = ?2 AND o.deleted = 0";
	struct conn *c = db_reader((struct db *)s, e);

	if (c == NULL)
		return -1;
	return find_one(c, sql_query(c, e, find_sql, INT(collection), TEXT(name)), mem, out, e);
}

int sqlite_find_uid(struct store *s, store_id collection, const char *uid, struct arena *mem,
	struct object *out, struct err *e)
{
	static const char find_sql[] = "SELECT " OBJECT_COLUMNS
		" FROM object o WHERE o.collection = ?1 AND o.uid = ?2 AND o.deleted = 0";
	struct conn *c = db_reader((struct db *)s, e);

	if (c == NULL)
		return -1;
	return find_one(c, sql_query(c, e, find_sql, INT(collection), TEXT(uid)), mem, out, e);
}

/* ---- bodies ---- */

static bool is_body_of(const struct object *o, const void *bytes, size_t len)
{
	char digest[DIGEST_SIZE];

	if (len != o->size)
		return false;
	digest_short(bytes, len, digest);
	return strcmp(digest, o->digest) == 0;
}

/* 0, or -1 with why the bytes aren't those of the row. */
static int take_body(const struct object *o, const void *bytes, size_t len, struct buf *body,
	struct err *e)
{
	if (!is_body_of(o, bytes, len))
		return err_set(e, ERR_BROKEN, "%s was changed by another hand", o->name);
	if (buf_add(body, bytes, len) < 0)
		return err_set(e, ERR_LARGE, "%s has %" PRIu32 " bytes", o->name, o->size);
	return 0;
}

static int read_file(struct db *db, const struct object *o, const char *path, struct buf *body,
	struct err *e)
{
	struct buf bytes cleanup_buf;
	struct err why = {0};

	buf_init(&bytes, (size_t)o->size + 1);
	if (fs_read_sized(db->root, path, o->size, &bytes, &why) < 0)
		return err_set(e, why.code == ERR_BUSY || why.code == ERR_DEVICE ? why.code : ERR_BROKEN, "%s",
			why.text);
	return take_body(o, bytes.data, bytes.len, body, e);
}

/*
 * Row and journal are of one snapshot. Without a journal row the file was written before the
 * snapshot began; a later change can replace it before it is read here, and then its digest
 * isn't the row's.
 */
static int read_body(struct db *db, store_id collection, const char *name, struct arena *mem,
	struct object *out, struct buf *body, struct err *e)
{
	static const char body_sql[] = "SELECT " OBJECT_COLUMNS ", c.owner, c.name, j.body"
		" FROM object o JOIN collection c ON c.id = o.collection"
		" LEFT JOIN journal j ON j.collection = o.collection AND j.name = o.name"
		" WHERE o.collection = ?1 AND o.name = ?2 AND o.deleted = 0";
	struct conn *c = db_reader(db, e);
	sqlite3_stmt *st cleanup_stmt =
		c == NULL ? NULL : sql_query(c, e, body_sql, INT(collection), TEXT(name));
	int status = st == NULL ? -1 : sql_step(c, st, e);
	enum { OWNER = OBJECT_COLUMN_COUNT, CALENDAR, JOURNAL };
	char path[PATH_SIZE];
	struct object o;

	if (status < 0)
		return -1;
	if (status == 0)
		return err_set(e, ERR_NOT_FOUND, "no object %s", name);
	object_row(st, &o);
	if (sqlite3_column_type(st, JOURNAL) != SQLITE_NULL) {
		const void *bytes = sqlite3_column_blob(st, JOURNAL);
		size_t len = (size_t)sqlite3_column_bytes(st, JOURNAL);
		status = take_body(&o, bytes == NULL ? "" : bytes, len, body, e);
	} else {
		path_object(sql_text(st, OWNER), sql_text(st, CALENDAR), name, path);
		status = read_file(db, &o, path, body, e);
	}
	if (status == 0) {
		copy_row(&o, mem, out);
	}
	return status;
}

int sqlite_body(struct store *s, store_id collection, const char *name, struct arena *mem,
	struct object *out, struct buf *body, struct err *e)
{
	struct db *db = (struct db *)s;
	struct err why = {0};

	watch_use(db, collection);
	/* The second time the row is as new as the file that didn't fit the first: the mirror may have written that
	 * just before the commit is counted, by which a session knows that its snapshot is old. */
	for (int i = 0; i < 2; i++) {
		if (read_body(db, collection, name, mem, out, body, &why) == 0)
			return 0;
		if (why.code != ERR_BROKEN)
			return err_set(e, why.code, "%s", why.text);
		db_session_pause(db);
	}
	watch_note(db, collection);
	return err_set(e, ERR_BROKEN, "%s", why.text);
}

/* ---- listings ---- */

static int read_seqs(struct conn *c, store_id collection, uint64_t *seq, uint64_t *oldest,
	struct err *e)
{
	static const char seqs_sql[] = "SELECT seq, oldest_seq FROM collection WHERE id = ?1";
	sqlite3_stmt *st cleanup_stmt = sql_query(c, e, seqs_sql, INT(collection));
	int status = st == NULL ? -1 : sql_step(c, st, e);

	if (status < 0)
		return -1;
	if (status == 0)
		return err_set(e, ERR_NOT_FOUND, "no collection %" PRId64, collection);
	*seq = (uint64_t)sqlite3_column_int64(st, 0);
	*oldest = (uint64_t)sqlite3_column_int64(st, 1);
	return 0;
}

static int visit_objects(struct conn *c, sqlite3_stmt *stmt, object_fn visit, void *arg,
	struct err *e)
{
	sqlite3_stmt *st cleanup_stmt = stmt;
	int status = st == NULL ? -1 : 1;
	struct object o;

	while (status > 0 && (status = sql_step(c, st, e)) > 0) {
		object_row(st, &o);
		int stop = visit(&o, arg);
		if (stop != 0)
			return stop;
	}
	return status;
}

/* Begins a snapshot of a collection, which is in use by that; the caller ends it. NULL with e. */
static struct conn *look_into(struct db *db, store_id collection, uint64_t *now, uint64_t *oldest,
	struct err *e)
{
	struct conn *c = db_reader(db, e);

	if (c == NULL || snapshot_begin(c, e) < 0)
		return NULL;
	struct conn *snapshot cleanup_snapshot = c;
	if (read_seqs(c, collection, now, oldest, e) < 0)
		return NULL;
	watch_use(db, collection);
	snapshot = NULL;
	return c;
}

int sqlite_list(struct store *s, store_id collection, unsigned components, int64_t from, int64_t to,
	object_fn visit, void *arg, uint64_t *seq, struct err *e)
{
	static const char all_sql[] = "SELECT " OBJECT_COLUMNS
		" FROM object o WHERE o.collection = ?1 AND o.deleted = 0"
		" AND (?2 = 0 OR o.component & ?2 <> 0) ORDER BY o.name";
	/* store_overlaps(), for each shelf that there is; all but what is found is done in the index alone. Sorted
	 * are names, not rows: LIMIT -1 keeps SQLite from making one query of the two, and the rows come in the
	 * names' order. */
	static const char span_sql[] = "WITH RECURSIVE used(shelf) AS (SELECT 0 UNION ALL"
		" SELECT (SELECT i.shelf FROM object i INDEXED BY object_span WHERE i.collection = ?1"
		" AND i.shelf > used.shelf ORDER BY i.shelf LIMIT 1) FROM used WHERE used.shelf IS NOT NULL),"
		" found(name) AS (SELECT i.name FROM used CROSS JOIN object i INDEXED BY object_span"
		" WHERE used.shelf > 0 AND ?5 >> (used.shelf & 7) & 1 AND i.collection = ?1 AND i.shelf = used.shelf"
		" AND i.first >= CASE used.shelf >> 3 WHEN ?6 THEN ?7 ELSE ?3 - (1 << (used.shelf >> 3)) END"
		" AND i.first < ?4"
		" AND (?2 = 0 OR i.component & ?2 <> 0) AND (i.last > ?3 OR (i.last = ?3 AND i.first = ?3))"
		" AND spans_overlap(i.spans, ?3, ?4) ORDER BY i.name LIMIT -1)"
		" SELECT " OBJECT_COLUMNS " FROM found CROSS JOIN object o"
		" WHERE o.collection = ?1 AND o.name = found.name";
	bool all = from == INT64_MIN && to == INT64_MAX;
	uint64_t now, oldest;
	struct conn *c cleanup_snapshot = look_into((struct db *)s, collection, &now, &oldest, e);

	if (c == NULL)
		return -1;
	sqlite3_stmt *st = all ? sql_query(c, e, all_sql, INT(collection), INT(components))
		: sql_query(c, e, span_sql, INT(collection), INT(components), INT(from), INT(to),
			INT(shelf_days(from, to)), INT(SHELF_OPEN), INT(INT64_MIN));
	int status = visit_objects(c, st, visit, arg, e);
	if (status == 0 && seq != NULL) {
		*seq = now;
	}
	return status;
}

int sqlite_page(struct store *s, store_id collection, const char *after, size_t limit, object_fn visit,
	void *arg, struct err *e)
{
	static const char page_sql[] = "SELECT " OBJECT_COLUMNS
		" FROM object o WHERE o.collection = ?1 AND o.name > ?2 AND o.deleted = 0 ORDER BY o.name LIMIT ?3";
	uint64_t now, oldest;
	struct conn *c cleanup_snapshot = look_into((struct db *)s, collection, &now, &oldest, e);

	if (c == NULL)
		return -1;
	return visit_objects(c, sql_query(c, e, page_sql, INT(collection), TEXT(after), INT(limit)), visit, arg,
		e);
}

int sqlite_count(struct store *s, store_id collection, uint64_t *out, struct err *e)
{
	static const char count_sql[] = "SELECT count(*) FROM object WHERE collection = ?1 AND deleted = 0";
	struct conn *c = db_reader((struct db *)s, e);
	int64_t count;

	if (c == NULL || sql_number(c, sql_query(c, e, count_sql, INT(collection)), 0, &count, e) < 0)
		return -1;
	*out = (uint64_t)count;
	return 0;
}

int objects_changed(struct conn *c, store_id collection, uint64_t after, uint64_t until,
	bool tombstones, object_fn visit, void *arg, struct err *e)
{
	static const char changed_sql[] = "SELECT " OBJECT_COLUMNS
		" FROM object o WHERE o.collection = ?1 AND o.seq > ?2 AND o.seq <= ?3"
		" AND (?4 OR o.deleted = 0) ORDER BY o.seq";

	return visit_objects(c, sql_query(c, e, changed_sql, INT(collection), INT(after), INT(until),
		INT(tombstones)), visit, arg, e);
}

/* A page of changes being visited. */
struct page {
	object_fn visit;
	void *arg;
	size_t left;
	struct sync_point at;
	bool full;
};

static int visit_page(const struct object *o, void *arg)
{
	struct page *p = arg;

	p->full = p->left == 0;
	if (p->full)
		return 1;
	int status = p->visit(o, p->arg);
	p->left--;
	p->at.at = o->seq;
	return status;
}

int sqlite_changes(struct store *s, store_id collection, const struct sync_point *from,
	size_t limit, object_fn visit, void *arg, struct sync_point *next, bool *more, struct err *e)
{
	struct page p = {.visit = visit, .arg = arg, .left = limit};
	uint64_t now, oldest;
	struct conn *c cleanup_snapshot = look_into((struct db *)s, collection, &now, &oldest, e);

	if (c == NULL)
		return -1;
	p.at = store_sync_begin(from, now);
	if (p.at.since > now || p.at.until > now || store_sync_too_old(from, oldest))
		return err_set(e, ERR_TOKEN, "the token's number is out of range");
	int status = objects_changed(c, collection, p.at.at, p.at.until, p.at.since != 0, visit_page, &p,
		e);
	if (status != 0 && !p.full)
		return status;
	store_sync_end(&p.at, p.full, now, next, more);
	return 0;
}
