/* Links by which calendars are read without a login. */
#include "base/util.h"
#include "storage/sqlite/journal.h"
#include "storage/sqlite/ops.h"

#define FEED_COLUMNS \
	"f.id, f.label, f.hash, f.collection, c.owner, c.name, f.flags, f.back, f.ahead, f.created, f.used"
#define FEED_TABLES " FROM feed f JOIN collection c ON c.id = f.collection"

enum { JOB_BYTES = 1024 };

static void feed_row(sqlite3_stmt *st, struct feed *out)
{
	*out = (struct feed){
		.id = sql_text(st, 0),
		.label = sql_text(st, 1),
		.hash = sql_text(st, 2),
		.collection = sqlite3_column_int64(st, 3),
		.owner = sql_text(st, 4),
		.calendar = sql_text(st, 5),
		.flags = (unsigned)sqlite3_column_int64(st, 6),
		.back = sqlite3_column_int64(st, 7),
		.ahead = sqlite3_column_int64(st, 8),
		.created = sqlite3_column_int64(st, 9),
		.used = sqlite3_column_int64(st, 10),
	};
}

int feed_visit(struct conn *c, store_id collection, feed_fn visit, void *arg, struct err *e)
{
	static const char list_sql[] = "SELECT " FEED_COLUMNS FEED_TABLES
		" WHERE ?1 = 0 OR f.collection = ?1 ORDER BY c.owner, c.name, f.id";
	sqlite3_stmt *st cleanup_stmt = sql_query(c, e, list_sql, INT(collection));
	int status = st == NULL ? -1 : 1;
	struct feed row;

	while (status > 0 && (status = sql_step(c, st, e)) > 0) {
		feed_row(st, &row);
		int stop = visit(&row, arg);
		if (stop != 0)
			return stop;
	}
	return status;
}

int sqlite_feeds(struct store *s, store_id collection, feed_fn visit, void *arg, struct err *e)
{
	struct conn *c = db_reader((struct db *)s, e);

	return c == NULL ? -1 : feed_visit(c, collection, visit, arg, e);
}

int sqlite_feed(struct store *s, const char *hash, struct arena *mem, struct feed *out, struct err *e)
{
	static const char find_sql[] = "SELECT " FEED_COLUMNS FEED_TABLES " WHERE f.hash = ?1";
	struct conn *c = db_reader((struct db *)s, e);
	sqlite3_stmt *st cleanup_stmt = c == NULL ? NULL : sql_query(c, e, find_sql, TEXT(hash));
	int status = st == NULL ? -1 : sql_step(c, st, e);

	if (status < 0)
		return -1;
	if (status == 0)
		return err_set(e, ERR_NOT_FOUND, "no such feed");
	feed_row(st, out);
	out->id = arena_strdup(mem, out->id);
	out->label = arena_strdup(mem, out->label);
	out->hash = arena_strdup(mem, out->hash);
	out->owner = arena_strdup(mem, out->owner);
	out->calendar = arena_strdup(mem, out->calendar);
	return 0;
}

int feed_store(struct conn *c, const struct feed *f, struct err *e)
{
	static const char put_sql[] =
		"INSERT INTO feed(id, collection, hash, label, flags, back, ahead, created, used)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

	return sql_run(c, e, put_sql, TEXT(f->id), INT(f->collection), TEXT(f->hash), TEXT(f->label),
		INT(f->flags), INT(f->back), INT(f->ahead), INT(f->created), INT(f->used));
}

/* 0 if there is none. */
static int collection_of(struct conn *c, const char *id, store_id *out, struct err *e)
{
	static const char find_sql[] = "SELECT collection FROM feed WHERE id = ?1";

	return sql_number(c, sql_query(c, e, find_sql, TEXT(id)), 0, out, e);
}

static int run_put(struct change_log *log, void *arg, struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	const struct feed *f = arg;
	struct collection row;
	store_id taken;

	if (collection_by_id(log->conn, f->collection, mem, &row, e) < 0 ||
		collection_of(log->conn, f->id, &taken, e) < 0)
		return -1;
	if (taken != 0)
		return err_set(e, ERR_EXISTS, "the feed %s exists", f->id);
	return feed_store(log->conn, f, e) < 0 ? -1 : journal_props(log, f->collection, e);
}

int sqlite_feed_put(struct store *s, const struct feed *f, struct err *e)
{
	struct feed copy = *f;

	copy.used = 0;
	return writer_run((struct db *)s, run_put, &copy, JOB_BYTES, e);
}

static int run_remove(struct change_log *log, void *arg, struct err *e)
{
	static const char remove_sql[] = "DELETE FROM feed WHERE id = ?1";
	const char *id = arg;
	store_id collection;

	if (collection_of(log->conn, id, &collection, e) < 0)
		return -1;
	if (collection == 0)
		return err_set(e, ERR_NOT_FOUND, "no feed %s", id);
	return sql_run(log->conn, e, remove_sql, TEXT(id)) < 0 ? -1 : journal_props(log, collection, e);
}

int sqlite_feed_remove(struct store *s, const char *id, struct err *e)
{
	char *copy cleanup_free = xstrdup(id);

	return writer_run((struct db *)s, run_remove, copy, JOB_BYTES, e);
}

struct used_job { const char *id; int64_t when; };

static int run_used(struct change_log *log, void *arg, struct err *e)
{
	static const char used_sql[] = "UPDATE feed SET used = ?2 WHERE id = ?1";
	const struct used_job *j = arg;

	return sql_run(log->conn, e, used_sql, TEXT(j->id), INT(j->when));
}

int sqlite_feed_used(struct store *s, const char *id, int64_t when, struct err *e)
{
	struct used_job j = {id, when};

	return writer_run((struct db *)s, run_used, &j, JOB_BYTES, e);
}
