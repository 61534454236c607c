#include "base/buf.h"
#include "base/clock.h"
#include "storage/chain.h"
#include "storage/sqlite/journal.h"
#include "storage/sqlite/ops.h"

#define LEDGER_COLUMNS \
	"owner, seq, at, slot, incident, kind, ref, client, uid, text, prev, digest, self"

static void ledger_row(sqlite3_stmt *st, struct ledger_row *out)
{
	*out = (struct ledger_row){
		.owner = sql_text(st, 0),
		.seq = (uint64_t)sqlite3_column_int64(st, 1),
		.when = sqlite3_column_int64(st, 2),
		.slot = sqlite3_column_int64(st, 3),
		.incident = sqlite3_column_int(st, 4) != 0,
		.kind = sql_text(st, 5),
		.ref = sql_text(st, 6),
		.client = sql_text(st, 7),
		.uid = sql_text(st, 8),
		.text = sql_text(st, 9),
	};
	snprintf(out->prev, sizeof(out->prev), "%s", sql_text(st, 10));
	snprintf(out->digest, sizeof(out->digest), "%s", sql_text(st, 11));
	snprintf(out->self, sizeof(out->self), "%s", sql_text(st, 12));
}

/* ---- appending ---- */

/* Number of the owner's last entry (0: none) and its link. */
static int read_last(struct conn *c, const char *owner, uint64_t *seq, char self[CHAIN_SIZE],
	struct err *e)
{
	static const char last_sql[] =
		"SELECT seq, self FROM ledger WHERE owner = ?1 ORDER BY seq DESC LIMIT 1";
	sqlite3_stmt *st cleanup_stmt = sql_query(c, e, last_sql, TEXT(owner));
	int status = st == NULL ? -1 : sql_step(c, st, e);

	if (status < 0)
		return -1;
	*seq = status == 0 ? 0 : (uint64_t)sqlite3_column_int64(st, 0);
	snprintf(self, CHAIN_SIZE, "%s", status == 0 ? CHAIN_START : sql_text(st, 1));
	return 0;
}

int ledger_store(struct conn *c, const struct ledger_row *l, struct err *e)
{
	static const char insert_sql[] = "INSERT INTO ledger(" LEDGER_COLUMNS ")"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

	return sql_run(c, e, insert_sql, TEXT(l->owner), INT(l->seq), INT(l->when), INT(l->slot),
		INT(l->incident), TEXT(l->kind), TEXT(l->ref), TEXT(l->client), TEXT(l->uid), TEXT(l->text),
		TEXT(l->prev), TEXT(l->digest), TEXT(l->self));
}

/* The place in the file is fixed here, so that writing there twice does no harm. */
static int journal_line(struct change_log *log, const struct ledger_row *l, struct err *e)
{
	static const char size_sql[] = "SELECT size FROM ledger_log WHERE path = ?1";
	static const char grow_sql[] =
		"INSERT OR REPLACE INTO ledger_log(path, size) VALUES (?1, ?2)";
	struct buf line cleanup_buf;
	char path[PATH_SIZE], month[CHAIN_LOG_NAME_SIZE];
	int64_t size;

	buf_init(&line, 4 << 20);
	chain_write_line(&line, l);
	if (line.full)
		return err_set(e, ERR_LARGE, "a ledger entry too long");
	chain_log_name(l->when, month);
	snprintf(path, sizeof(path), "ledger/%s/%s", l->owner, month);
	if (sql_number(log->conn, sql_query(log->conn, e, size_sql, TEXT(path)), 0, &size, e) < 0 ||
		sql_run(log->conn, e, grow_sql, TEXT(path), INT(size + (int64_t)line.len)) < 0)
		return -1;
	return journal_append(log, path, size, line.data, line.len, e);
}

int ledger_append(struct change_log *log, const struct ledger_row *row, struct err *e)
{
	struct ledger_row l = *row;
	char prev[CHAIN_SIZE];
	uint64_t last;

	if (read_last(log->conn, l.owner, &last, prev, e) < 0)
		return -1;
	l.seq = last + 1;
	chain_link(&l, prev);
	if (ledger_store(log->conn, &l, e) < 0)
		return -1;
	return journal_line(log, &l, e);
}

/* ---- reading ---- */

int ledger_last_incident(struct conn *c, const char *owner, uint64_t *out, struct err *e)
{
	static const char last_sql[] =
		"SELECT seq FROM ledger INDEXED BY ledger_incident"
		" WHERE owner = ?1 AND incident = 1 ORDER BY seq DESC LIMIT 1";
	int64_t seq;

	if (sql_number(c, sql_query(c, e, last_sql, TEXT(owner)), 0, &seq, e) < 0)
		return -1;
	*out = (uint64_t)seq;
	return 0;
}

/* One condition for all queries; what differs is the index to begin with. */
#define LEDGER_SELECT(index) "SELECT " LEDGER_COLUMNS " FROM ledger " index \
	" WHERE (?1 IS NULL OR owner = ?1) AND (?2 IS NULL OR uid = ?2)" \
	" AND (?3 IS NULL OR client = ?3) AND (?4 IS NULL OR kind = ?4)" \
	" AND (?5 IS NULL OR ref = ?5) AND (?6 = 0 OR slot = ?6) AND (?7 = 0 OR at >= ?7)" \
	" AND seq > ?8 AND (?9 = 0 OR incident = 1)"
#define LEDGER_ORDER " ORDER BY owner, seq"

static const char *ledger_sql(const struct ledger_query *q)
{
	static const char by_uid[] = LEDGER_SELECT("INDEXED BY ledger_uid") " AND uid = ?2" LEDGER_ORDER;
	static const char by_ref[] = LEDGER_SELECT("INDEXED BY ledger_ref") " AND ref = ?5" LEDGER_ORDER;
	static const char by_slot[] =
		LEDGER_SELECT("INDEXED BY ledger_slot") " AND slot = ?6" LEDGER_ORDER;
	static const char by_client[] =
		LEDGER_SELECT("INDEXED BY ledger_client") " AND client = ?3" LEDGER_ORDER;
	static const char by_time[] =
		LEDGER_SELECT("INDEXED BY ledger_time") " AND owner = ?1 AND at >= ?7" LEDGER_ORDER;
	static const char by_owner[] = LEDGER_SELECT("") " AND owner = ?1" LEDGER_ORDER;
	static const char all[] = LEDGER_SELECT("") LEDGER_ORDER;

	if (q->uid != NULL)
		return by_uid;
	if (q->ref != NULL)
		return by_ref;
	if (q->slot != 0)
		return by_slot;
	if (q->client != NULL)
		return by_client;
	if (q->owner != NULL)
		return q->since != 0 ? by_time : by_owner;
	return all;
}

int ledger_visit(struct conn *c, const struct ledger_query *q, ledger_fn visit, void *arg,
	struct err *e)
{
	sqlite3_stmt *st cleanup_stmt = sql_query(c, e, ledger_sql(q), TEXT(q->owner), TEXT(q->uid),
		TEXT(q->client), TEXT(q->kind), TEXT(q->ref), INT(q->slot), INT(q->since), INT(q->after),
		INT(q->incidents_only));
	int status = st == NULL ? -1 : 1;
	struct ledger_row l;

	while (status > 0 && (status = sql_step(c, st, e)) > 0) {
		ledger_row(st, &l);
		int stop = visit(&l, arg);
		if (stop != 0)
			return stop;
	}
	return status;
}

int sqlite_ledger(struct store *s, const struct ledger_query *q, ledger_fn visit, void *arg,
	struct err *e)
{
	struct conn *c = db_reader((struct db *)s, e);

	return c == NULL ? -1 : ledger_visit(c, q, visit, arg, e);
}

int sqlite_ledger_head(struct store *s, const char *owner, uint64_t *incident, struct err *e)
{
	struct conn *c = db_reader((struct db *)s, e);

	return c == NULL ? -1 : ledger_last_incident(c, owner, incident, e);
}

struct log_reader { const char *month; struct buf *out; };

static int add_line(const struct ledger_row *l, void *arg)
{
	struct log_reader *r = arg;
	char month[CHAIN_LOG_NAME_SIZE];

	chain_log_name(l->when, month);
	if (strcmp(month, r->month) == 0) {
		chain_write_line(r->out, l);
	}
	return r->out->full ? 1 : 0;
}

int ledger_log_text(struct conn *c, const char *path, struct buf *out, struct err *e)
{
	char owner[OWNER_LONGEST + 1];
	const char *from = strchr(path, '/') + 1, *slash = strrchr(path, '/');
	struct log_reader r = {slash + 1, out};

	snprintf(owner, sizeof(owner), "%.*s", (int)(slash - from), from);
	int status = ledger_visit(c, &(struct ledger_query){.owner = owner}, add_line, &r, e);
	return status <= 0 ? status : err_set(e, ERR_LARGE, "%s is too long", path);
}

/* ---- wakes ---- */

int wake_add(struct conn *c, const struct wake *w, struct err *e)
{
	static const char add_sql[] =
		"INSERT OR IGNORE INTO wake(at, owner, calendar, name) VALUES (?1, ?2, ?3, ?4)";

	return sql_run(c, e, add_sql, INT(w->at), TEXT(w->owner), TEXT(w->calendar), TEXT(w->name));
}

int wake_remove(struct conn *c, const char *owner, const char *calendar, struct err *e)
{
	static const char remove_sql[] =
		"DELETE FROM wake WHERE owner = ?1 AND (?2 IS NULL OR calendar = ?2)";

	return sql_run(c, e, remove_sql, TEXT(owner), TEXT(calendar));
}

static int next_wake(struct conn *c, int64_t until, int64_t *out, struct err *e)
{
	static const char next_sql[] = "SELECT min(at) FROM wake WHERE at > ?1";

	return sql_number(c, sql_query(c, e, next_sql, INT(until)), INT64_MAX, out, e);
}

int sqlite_wakes(struct store *s, int64_t until, wake_fn visit, void *arg, int64_t *next,
	struct err *e)
{
	static const char due_sql[] =
		"SELECT at, owner, calendar, name FROM wake WHERE at <= ?1 ORDER BY at, owner, calendar, name";
	struct conn *c = db_reader((struct db *)s, e);

	if (c == NULL || snapshot_begin(c, e) < 0)
		return -1;
	struct conn *snapshot cleanup_snapshot = c;
	sqlite3_stmt *st cleanup_stmt = sql_query(snapshot, e, due_sql, INT(until));
	int status = st == NULL ? -1 : 1;
	while (status > 0 && (status = sql_step(c, st, e)) > 0) {
		int stop = visit(&(struct wake){sqlite3_column_int64(st, 0), sql_text(st, 1),
			sql_text(st, 2), sql_text(st, 3)}, arg);
		if (stop != 0)
			return stop;
	}
	return status < 0 ? -1 : next_wake(c, until, next, e);
}

static int run_done(struct change_log *log, void *arg, struct err *e)
{
	static const char done_sql[] =
		"DELETE FROM wake WHERE at = ?1 AND owner = ?2 AND calendar = ?3 AND name = ?4";
	const struct wake *w = arg;

	return sql_run(log->conn, e, done_sql, INT(w->at), TEXT(w->owner), TEXT(w->calendar),
		TEXT(w->name));
}

int sqlite_wake_done(struct store *s, const struct wake *w, struct err *e)
{
	struct wake copy = *w;

	return writer_run((struct db *)s, run_done, &copy, 256, e);
}
