/*
 * What is in a user's home, and how it came there: one row for each calendar of each home, so that
 * a change of an event costs nothing here, however many see it (RFC 6578 on homes).
 */
#include "base/clock.h"
#include "storage/sqlite/ops.h"
#include "storage/sqlite/watch.h"

/* ---- changes ---- */

int member_put(struct change_log *log, store_id collection, const char *user, struct err *e)
{
	static const char put_sql[] =
		"INSERT INTO member(user, owner, name, collection, mapped, changed, gone, mtime)"
		" SELECT ?2, owner, name, id, ?3, ?3, 0, 0 FROM collection WHERE id = ?1"
		" ON CONFLICT(user, owner, name) DO UPDATE SET changed = excluded.changed,"
		" mapped = iif(collection = excluded.collection, mapped, excluded.mapped),"
		" collection = excluded.collection";

	return sql_run(log->conn, e, put_sql, INT(collection), TEXT(user), INT(seq_next(log)));
}

int member_touch(struct change_log *log, store_id collection, const char *user, struct err *e)
{
	static const char touch_sql[] =
		"UPDATE member SET changed = ?3 WHERE collection = ?1 AND (?2 IS NULL OR user = ?2)";

	return sql_run(log->conn, e, touch_sql, INT(collection), TEXT(user), INT(seq_next(log)));
}

int member_remove(struct change_log *log, store_id collection, const char *user, struct err *e)
{
	static const char remove_sql[] =
		"UPDATE member SET collection = 0, changed = ?3, gone = ?3, mtime = ?4"
		" WHERE collection = ?1 AND (?2 IS NULL OR user = ?2)";

	return sql_run(log->conn, e, remove_sql, INT(collection), TEXT(user), INT(seq_next(log)),
		INT(clock_now()));
}

/* ---- what is there ---- */

/* *purged: below it, nobody knows any more what went. */
static int read_seqs(struct conn *c, const char *user, uint64_t *seq, uint64_t *purged,
	struct err *e)
{
	static const char purged_sql[] = "SELECT value FROM meta WHERE key = 'purged'";
	static const char seq_sql[] =
		"SELECT max(max(m.changed, ifnull(c.seq, 0))) FROM member m"
		" LEFT JOIN collection c ON c.id = m.collection WHERE m.user = ?1";
	int64_t last, floor;

	/* a home where never was anything begins at 1 */
	if (sql_number(c, sql_bind(c, e, purged_sql, NULL, 0), 1, &floor, e) < 0 ||
		sql_number(c, sql_query(c, e, seq_sql, TEXT(user)), 0, &last, e) < 0)
		return -1;
	*purged = (uint64_t)floor;
	*seq = (uint64_t)(last > floor ? last : floor);
	return 0;
}

static int visit_home(struct conn *c, const char *user, collection_fn visit, void *arg,
	struct err *e)
{
	static const char home_sql[] = "SELECT " COLLECTION_COLUMNS
		" FROM member m JOIN collection c ON c.id = m.collection WHERE m.user = ?1"
		" ORDER BY m.owner <> ?1, m.owner, m.name";
	sqlite3_stmt *st cleanup_stmt = sql_query(c, e, home_sql, TEXT(user));
	int status = st == NULL ? -1 : 1;
	struct collection row;

	while (status > 0 && (status = sql_step(c, st, e)) > 0) {
		collection_row(st, &row);
		int stop = visit(&row, arg);
		if (stop != 0)
			return stop;
	}
	return status;
}

int sqlite_home(struct store *s, const char *user, collection_fn visit, void *arg, uint64_t *seq,
	struct err *e)
{
	struct conn *c = db_reader((struct db *)s, e);
	uint64_t now, purged;

	if (c == NULL || snapshot_begin(c, e) < 0)
		return -1;
	struct conn *snapshot cleanup_snapshot = c;
	if (read_seqs(snapshot, user, &now, &purged, e) < 0)
		return -1;
	int status = visit == NULL ? 0 : visit_home(c, user, visit, arg, e);
	if (status == 0 && seq != NULL) {
		*seq = now;
	}
	return status;
}

/* ---- what changed ---- */

struct page {
	struct db *db;
	struct conn *conn;
	const char *user;
	home_member_fn visit;
	void *arg;
	size_t left;
	struct sync_point at;
	struct home_member member; /* whose objects come */
	bool full;
};

/* 0; 1 with p->full, and not visited; or what the visitor says. */
static int visit_member(struct page *p, const struct home_member *m, store_id calendar, uint64_t seq)
{
	p->full = p->left == 0;
	if (p->full)
		return 1;
	int status = p->visit(m, p->arg);
	p->left--;
	p->at.calendar = calendar;
	p->at.at = seq;
	return status;
}

static int visit_calendars(struct page *p, struct err *e)
{
	static const char changed_sql[] = "SELECT " COLLECTION_COLUMNS
		", m.owner, m.name, m.collection, max(m.changed, ifnull(c.seq, 0)) AS number"
		" FROM member m LEFT JOIN collection c ON c.id = m.collection"
		" WHERE m.user = ?1 AND number > ?2 AND number <= ?3 AND (m.collection <> 0 OR ?4)"
		" ORDER BY number";
	enum { OWNER = COLLECTION_COLUMN_COUNT, NAME, COLLECTION, NUMBER };
	sqlite3_stmt *st cleanup_stmt = sql_query(p->conn, e, changed_sql, TEXT(p->user),
		INT(p->at.at), INT(p->at.until), INT(p->at.since != 0));
	int status = st == NULL ? -1 : 1;

	while (status > 0 && (status = sql_step(p->conn, st, e)) > 0) {
		struct home_member m = {.gone = sqlite3_column_int64(st, COLLECTION) == 0};
		if (m.gone) {
			m.calendar = (struct collection){.owner = sql_text(st, OWNER), .name = sql_text(st, NAME)};
		} else {
			collection_row(st, &m.calendar);
		}
		int stop = visit_member(p, &m, 0, (uint64_t)sqlite3_column_int64(st, NUMBER));
		if (stop != 0)
			return stop;
	}
	return status;
}

static int visit_object(const struct object *o, void *arg)
{
	struct page *p = arg;

	p->member.object = o;
	return visit_member(p, &p->member, o->collection, o->seq);
}

/* Calendar by calendar. What is new in this home is listed whole, for nothing of it is known. */
static int visit_contents(struct page *p, struct err *e)
{
	static const char members_sql[] = "SELECT " COLLECTION_COLUMNS ", m.mapped > ?2"
		" FROM member m JOIN collection c ON c.id = m.collection"
		" WHERE m.user = ?1 AND m.mapped <= ?3 AND c.id >= ?4 AND c.seq > ?2 * (m.mapped <= ?2)"
		" ORDER BY c.id";
	const struct sync_point from = p->at;
	sqlite3_stmt *st cleanup_stmt = sql_query(p->conn, e, members_sql, TEXT(p->user),
		INT(from.since), INT(from.until), INT(from.calendar));
	int status = st == NULL ? -1 : 1;

	while (status > 0 && (status = sql_step(p->conn, st, e)) > 0) {
		bool fresh = sqlite3_column_int(st, COLLECTION_COLUMN_COUNT) != 0;
		uint64_t after = fresh ? 0 : from.since;
		p->member = (struct home_member){0};
		collection_row(st, &p->member.calendar);
		if (p->member.calendar.id == from.calendar && from.at > after) {
			after = from.at;
		}
		watch_use(p->db, p->member.calendar.id);
		int stop = objects_changed(p->conn, p->member.calendar.id, after, from.until, !fresh,
			visit_object, p, e);
		if (stop != 0)
			return stop;
	}
	return status;
}

/* Tombstones of what a client knew must be there still: all of them, and nothing that went whole. */
static int check_contents(struct page *p, const struct sync_point *from, struct err *e)
{
	static const char missing_sql[] =
		"SELECT 1 FROM member m JOIN collection c ON c.id = m.collection WHERE m.user = ?1"
		" AND (m.gone > ?2 OR (m.mapped <= ?2 AND c.oldest_seq > ?2)) LIMIT 1";
	uint64_t known = from->since != 0 ? from->since : from->until;
	int64_t missing;

	if (known == 0)
		return 0;
	if (sql_number(p->conn, sql_query(p->conn, e, missing_sql, TEXT(p->user), INT(known)), 0,
			&missing, e) < 0)
		return -1;
	return missing == 0 ? 0 : err_set(e, ERR_TOKEN, "a calendar of the home was made anew since");
}

int sqlite_home_changes(struct store *s, const char *user, bool deep,
	const struct sync_point *from, size_t limit, home_member_fn visit, void *arg,
	struct sync_point *next, bool *more, struct err *e)
{
	struct db *db = (struct db *)s;
	struct conn *c = db_reader(db, e);
	struct page p = {.db = db, .conn = c, .user = user, .visit = visit, .arg = arg, .left = limit};
	uint64_t now, purged;

	if (c == NULL || snapshot_begin(c, e) < 0)
		return -1;
	struct conn *snapshot cleanup_snapshot = c;
	if (read_seqs(snapshot, user, &now, &purged, e) < 0)
		return -1;
	p.at = store_sync_begin(from, now);
	if (p.at.since > now || p.at.until > now || store_sync_too_old(from, purged))
		return err_set(e, ERR_TOKEN, "the token's number is out of range");
	if (deep && check_contents(&p, from, e) < 0)
		return -1;
	int status = p.at.calendar == 0 ? visit_calendars(&p, e) : 0;
	if (status == 0 && deep) {
		status = visit_contents(&p, e);
	}
	if (status != 0 && !p.full)
		return status;
	store_sync_end(&p.at, p.full, now, next, more);
	return 0;
}
