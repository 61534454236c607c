#include "storage/sqlite/journal.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "storage/props.h"
#include "storage/sqlite/ops.h"

struct row {
	const char *path, *name;
	int64_t offset, mtime;
	store_id collection;
	const void *body;
	size_t len;
};

static int put(struct change_log *log, const struct row *r, struct err *e)
{
	static const char put_sql[] =
		"INSERT OR REPLACE INTO journal(seq, path, offset, collection, name, mtime, body)"
		" VALUES (?1, ?2, ?3, nullif(?4, 0), ?5, ?6, ?7)";

	if (sql_run(log->conn, e, put_sql, INT(log->journal + 1), TEXT(r->path), INT(r->offset),
			INT(r->collection), TEXT(r->name), INT(r->mtime), BLOB(r->body, r->len)) < 0)
		return -1;
	log->journal++;
	return 0;
}

int journal_object(struct change_log *log, store_id collection, const char *path, const char *name,
	int64_t mtime, const void *body, size_t len, struct err *e)
{
	return put(log, &(struct row){.path = path, .offset = JOURNAL_FILE, .collection = collection,
		.name = name, .mtime = mtime, .body = body, .len = len}, e);
}

int journal_file(struct change_log *log, const char *path, const void *body, size_t len,
	struct err *e)
{
	return put(log, &(struct row){.path = path, .offset = JOURNAL_FILE, .mtime = clock_now(),
		.body = body, .len = len}, e);
}

int journal_append(struct change_log *log, const char *path, int64_t offset, const void *body,
	size_t len,
	struct err *e)
{
	return put(log, &(struct row){.path = path, .offset = offset, .mtime = clock_now(), .body = body,
		.len = len}, e);
}

int journal_log(struct change_log *log, const char *path, struct err *e)
{
	static const char forget_sql[] = "DELETE FROM journal WHERE path = ?1 AND offset >= 0";

	if (sql_run(log->conn, e, forget_sql, TEXT(path)) < 0)
		return -1;
	return put(log, &(struct row){.path = path, .offset = JOURNAL_LOG, .mtime = clock_now()}, e);
}

int journal_rmdir(struct change_log *log, const char *path, struct err *e)
{
	return put(log, &(struct row){.path = path, .offset = JOURNAL_RMDIR}, e);
}

/*
 * The move comes first and what waits for files below the old place gets new numbers behind
 * it: done twice after a crash, neither order nor result changes.
 */
int journal_move_owner(struct change_log *log, const char *owner, struct err *e)
{
	static const char move_sql[] =
		"UPDATE journal SET seq = seq - (SELECT min(seq) FROM journal) + 1 + ?3,"
		" path = 'removed/' || substr(path, 5), collection = NULL, name = NULL"
		" WHERE path >= ?1 AND path < ?2";
	static const char last_sql[] = "SELECT max(seq) FROM journal";
	char from[PATH_SIZE], to[PATH_SIZE], low[PATH_SIZE], high[PATH_SIZE];
	int64_t last;

	snprintf(from, sizeof(from), "cal/%s", owner);
	snprintf(to, sizeof(to), "removed/%s", owner);
	snprintf(low, sizeof(low), "cal/%s/", owner);
	snprintf(high, sizeof(high), "cal/%s0", owner); /* '0' follows '/' */
	if (put(log, &(struct row){.path = from, .offset = JOURNAL_MOVE, .body = to, .len = strlen(to)},
			e) < 0)
		return -1;
	if (sql_run(log->conn, e, move_sql, TEXT(low), TEXT(high), INT(log->journal)) < 0)
		return -1;
	if (sql_number(log->conn, sql_bind(log->conn, e, last_sql, NULL, 0), 0, &last, e) < 0)
		return -1;
	log->journal = (uint64_t)last;
	return 0;
}

int journal_pending(struct conn *c, const char *path, bool *out, struct err *e)
{
	static const char pending_sql[] = "SELECT 1 FROM journal WHERE path = ?1";
	int64_t found;

	if (sql_number(c, sql_query(c, e, pending_sql, TEXT(path)), 0, &found, e) < 0)
		return -1;
	*out = found != 0;
	return 0;
}

/* ---- .props ---- */

static int write_props(struct conn *c, store_id collection, struct buf *out, struct err *e)
{
	static const char props_sql[] =
		"SELECT user, ns, name, xml FROM prop WHERE collection = ?1 ORDER BY user, ns, name";
	sqlite3_stmt *st cleanup_stmt = sql_query(c, e, props_sql, INT(collection));
	int status = st == NULL ? -1 : 1;

	while (status > 0 && (status = sql_step(c, st, e)) > 0) {
		props_write_row(out, &(struct prop_row){sql_text(st, 0), sql_text(st, 1), sql_text(st, 2),
			sql_text(st, 3)});
	}
	return status;
}

static int write_shares(struct conn *c, store_id collection, struct buf *out, struct err *e)
{
	static const char shares_sql[] =
		"SELECT user, access FROM share WHERE collection = ?1 ORDER BY user";
	sqlite3_stmt *st cleanup_stmt = sql_query(c, e, shares_sql, INT(collection));
	int status = st == NULL ? -1 : 1;

	while (status > 0 && (status = sql_step(c, st, e)) > 0) {
		props_write_share(out, sql_text(st, 0), (enum share_access)sqlite3_column_int(st, 1));
	}
	return status;
}

static int write_feed(const struct feed *f, void *arg)
{
	props_write_feed(arg, f);
	return 0;
}

/* Names whose files can't tell them: only a long one can be such. */
static int write_names(struct conn *c, store_id collection, struct buf *out, struct err *e)
{
	static const char names_sql[] =
		"SELECT name FROM object WHERE collection = ?1 AND deleted = 0 AND length(CAST(name AS BLOB)) > 80"
		" ORDER BY name";
	sqlite3_stmt *st cleanup_stmt = sql_query(c, e, names_sql, INT(collection));
	int status = st == NULL ? -1 : 1;
	char file[NAME_FILE_SIZE];

	while (status > 0 && (status = sql_step(c, st, e)) > 0) {
		if (!name_to_file(sql_text(st, 0), file)) {
			props_write_name(out, &(struct long_name){file, sql_text(st, 0)});
		}
	}
	return status;
}

static int add_props(struct conn *conn, const struct collection *c, struct buf *out, struct err *e)
{
	props_write_head(out, c);
	if (write_props(conn, c->id, out, e) < 0 || write_shares(conn, c->id, out, e) < 0 ||
		feed_visit(conn, c->id, write_feed, out, e) < 0 || write_names(conn, c->id, out, e) < 0)
		return -1;
	return out->full ? err_set(e, ERR_LIMIT, "too many properties in %s/%s", c->owner, c->name) : 0;
}

int props_text(struct conn *conn, store_id collection, struct buf *out, struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	struct collection c;

	return collection_by_id(conn, collection, mem, &c, e) < 0 ? -1 : add_props(conn, &c, out, e);
}

int journal_props(struct change_log *log, store_id collection, struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	struct buf text cleanup_buf;
	char folder[PATH_SIZE], path[PATH_SIZE + 8];
	struct collection c;

	buf_init(&text, PROPS_LARGEST);
	if (collection_by_id(log->conn, collection, mem, &c, e) < 0 || add_props(log->conn, &c, &text, e) < 0)
		return -1;
	path_folder(c.owner, c.name, folder);
	snprintf(path, sizeof(path), "%s/.props", folder);
	return journal_file(log, path, text.data, text.len, e);
}

int account_text(struct conn *c, const char *name, struct buf *out, struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	struct account a;

	if (account_by_name(c, name, mem, &a, e) < 0)
		return -1;
	account_write(out, &a);
	if (delegations_write(c, name, out, e) < 0)
		return -1;
	return out->full ? err_set(e, ERR_LIMIT, "too much in the account %s", name) : 0;
}

int journal_account(struct change_log *log, const char *name, struct err *e)
{
	struct buf text cleanup_buf;
	char path[PATH_SIZE];

	buf_init(&text, ACCOUNT_LARGEST);
	if (account_text(log->conn, name, &text, e) < 0)
		return -1;
	snprintf(path, sizeof(path), "accounts/%s", name);
	return journal_file(log, path, text.data, text.len, e);
}
