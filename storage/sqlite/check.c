#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fsio.h"
#include "base/util.h"
#include "storage/chain.h"
#include "storage/sqlite/journal.h"
#include "storage/sqlite/ops.h"
#include "storage/sqlite/scan.h"

enum { LOG_LARGEST = 1 << 30 };

struct check {
	struct db *db;
	struct conn *conn;
	bool deep;
	store_problem_fn problem;
	void *arg;
	struct err *e;
};

__attribute__((format(printf, 2, 3)))
static int report(const struct check *k, const char *fmt, ...)
{
	char text[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return k->problem(text, k->arg);
}

int count_all(struct conn *c, struct store_counts *out, struct err *e)
{
	static const char count_sql[] =
		"SELECT (SELECT count(*) FROM account), (SELECT count(*) FROM collection),"
		" (SELECT count(*) FROM object WHERE deleted = 0), (SELECT count(*) FROM ledger),"
		" (SELECT count(*) FROM journal)";
	sqlite3_stmt *st cleanup_stmt = sql_bind(c, e, count_sql, NULL, 0);

	if (st == NULL || sql_step(c, st, e) <= 0)
		return -1;
	*out = (struct store_counts){
		.accounts = (uint64_t)sqlite3_column_int64(st, 0),
		.collections = (uint64_t)sqlite3_column_int64(st, 1),
		.objects = (uint64_t)sqlite3_column_int64(st, 2),
		.ledger = (uint64_t)sqlite3_column_int64(st, 3),
		.journal = (uint64_t)sqlite3_column_int64(st, 4),
	};
	return 0;
}

/* Runs a query whose every row is a problem, said by its first column. */
static int check_rows(const struct check *k, const char *sql, const char *what)
{
	sqlite3_stmt *st cleanup_stmt = sql_bind(k->conn, k->e, sql, NULL, 0);
	int status = st == NULL ? -1 : 1;

	while (status > 0 && (status = sql_step(k->conn, st, k->e)) > 0) {
		int stop = strcmp(sql_text(st, 0), "ok") == 0 ? 0
			: report(k, "index.db: %s%s", what, sql_text(st, 0));
		if (stop != 0)
			return stop;
	}
	return status;
}

static int check_index(const struct check *k)
{
	static const char quick_sql[] = "PRAGMA quick_check";
	static const char full_sql[] = "PRAGMA integrity_check";
	static const char ahead_sql[] =
		"SELECT c.owner || '/' || c.name || '/' || o.name FROM object o JOIN collection c"
		" ON c.id = o.collection WHERE o.seq > c.seq";
	static const char orphan_sql[] =
		"SELECT collection || '/' || name FROM object"
		" WHERE collection NOT IN (SELECT id FROM collection)";
	static const char home_sql[] =
		"WITH due AS (SELECT owner AS user, id FROM collection"
		" UNION SELECT user, collection FROM share WHERE access >= 2)," /* SHARE_READ */
		" kept AS (SELECT user, collection AS id FROM member WHERE collection <> 0)"
		" SELECT user || '/' || id FROM (SELECT * FROM due EXCEPT SELECT * FROM kept)"
		" UNION SELECT user || '/' || id FROM (SELECT * FROM kept EXCEPT SELECT * FROM due)";
	static const char charged_sql[] =
		"SELECT c.owner || '/' || c.name FROM collection c WHERE c.charged <>"
		" (SELECT coalesce(sum(o.charged), 0) FROM object o WHERE o.collection = c.id)";
	int status = check_rows(k, k->deep ? full_sql : quick_sql, "");

	status = status != 0 ? status : check_rows(k, ahead_sql, "sequence number ahead of its calendar: ");
	status = status != 0 ? status : check_rows(k, orphan_sql, "object without calendar: ");
	status = status != 0 ? status : check_rows(k, charged_sql, "charged with another sum: ");
	return status != 0 ? status : check_rows(k, home_sql, "in a home or in none, wrongly: ");
}

/* ---- the ledger ---- */

struct chain_check {
	const struct check *k;
	char owner[OWNER_LONGEST + 1], prev[CHAIN_SIZE];
	uint64_t seq;
};

static int check_entry(const struct ledger_row *l, void *arg)
{
	struct chain_check *at = arg;

	if (strcmp(at->owner, l->owner) != 0) {
		snprintf(at->owner, sizeof(at->owner), "%s", l->owner);
		snprintf(at->prev, sizeof(at->prev), "%s", CHAIN_START);
		at->seq = 0;
	}
	const char *why = l->seq != at->seq + 1 ? "does not follow the entry before it"
		: chain_problem(l, at->prev);
	at->seq = l->seq;
	snprintf(at->prev, sizeof(at->prev), "%s", l->self);
	return why == NULL ? 0
		: report(at->k, "ledger of %s, entry %" PRIu64 ": %s", l->owner, l->seq, why);
}

static int check_chains(const struct check *k)
{
	struct chain_check at = {.k = k};

	return ledger_visit(k->conn, &(struct ledger_query){0}, check_entry, &at, k->e);
}

static int check_log(const struct check *k, const char *path, int64_t size)
{
	struct buf file cleanup_buf, index cleanup_buf;
	struct stat st;

	buf_init(&file, LOG_LARGEST);
	buf_init(&index, LOG_LARGEST);
	if (fstatat(k->db->root, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return report(k, "%s: %s", path, strerror(errno));
	if (st.st_size != size)
		return report(k, "%s: %lld bytes, expected %lld", path, (long long)st.st_size,
			(long long)size);
	if (!k->deep)
		return 0;
	if (fs_read(k->db->root, path, &file, k->e) < 0 ||
		ledger_log_text(k->conn, path, &index, k->e) < 0)
		return -1;
	if (file.len == index.len && memcmp(file.data, index.data, file.len) == 0)
		return 0;
	return report(k, "%s: differs from the index", path);
}

/* Files that the journal still writes to are passed over. */
static int check_logs(const struct check *k)
{
	static const char logs_sql[] =
		"SELECT path, size FROM ledger_log l"
		" WHERE NOT EXISTS (SELECT 1 FROM journal j WHERE j.path = l.path)";
	sqlite3_stmt *st cleanup_stmt = sql_bind(k->conn, k->e, logs_sql, NULL, 0);
	int status = st == NULL ? -1 : 1;

	while (status > 0 && (status = sql_step(k->conn, st, k->e)) > 0) {
		int stop = check_log(k, sql_text(st, 0), sqlite3_column_int64(st, 1));
		if (stop != 0)
			return stop;
	}
	return status;
}

/* ---- files of calendars and accounts ---- */

static int report_difference(const struct collection *c, const char *file, const char *name,
	enum difference kind, const struct buf *body, void *arg)
{
	static const char *const words[] = {
		[DIFF_NEW] = "not in the index", [DIFF_CHANGED] = "differs from the index",
		[DIFF_GONE] = "missing", [DIFF_FOREIGN] = "no event's file name, left alone",
	};
	char folder[PATH_SIZE];

	path_folder(c->owner, c->name, folder);
	return report(arg, "%s/%s: %s", folder, file, words[kind]);
}

struct collections { struct arena *mem; struct collection *item; size_t n; };

static int add_collection(const struct collection *c, void *arg)
{
	struct collections *all = arg;

	all->item = xreallocarray(all->item, all->n + 1, sizeof(*all->item));
	all->item[all->n] = *c;
	all->item[all->n].owner = arena_strdup(all->mem, c->owner);
	all->item[all->n++].name = arena_strdup(all->mem, c->name);
	return 0;
}

static int check_file(const struct check *k, const char *path)
{
	bool pending;

	if (journal_pending(k->conn, path, &pending, k->e) < 0)
		return -1;
	if (pending || faccessat(k->db->root, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	return report(k, "%s: %s", path, strerror(errno));
}

static int check_calendar(struct check *k, const struct collection *c)
{
	char folder[PATH_SIZE - 8], path[PATH_SIZE];
	unsigned flags = SCAN_REPORT | (k->deep ? SCAN_DEEP : 0);

	path_folder(c->owner, c->name, path);
	snprintf(folder, sizeof(folder), "%.*s", (int)sizeof(folder) - 1, path);
	snprintf(path, sizeof(path), "%s/.props", folder);
	int status = check_file(k, path);
	return status != 0 ? status : scan_differences(k->db, c, flags, report_difference, k, k->e);
}

static int check_calendars(struct check *k)
{
	struct arena *mem cleanup_arena = arena_create();
	struct collections all = {.mem = mem};
	int status = sqlite_collections(&k->db->base, NULL, add_collection, &all, k->e);

	for (size_t i = 0; i < all.n && status == 0; i++) {
		status = check_calendar(k, &all.item[i]);
	}
	free(all.item);
	return status;
}

static int check_accounts(const struct check *k)
{
	static const char accounts_sql[] = "SELECT name FROM account ORDER BY name";
	sqlite3_stmt *st cleanup_stmt = sql_bind(k->conn, k->e, accounts_sql, NULL, 0);
	int status = st == NULL ? -1 : 1;
	char path[PATH_SIZE];

	while (status > 0 && (status = sql_step(k->conn, st, k->e)) > 0) {
		snprintf(path, sizeof(path), "accounts/%s", sql_text(st, 0));
		int stop = check_file(k, path);
		if (stop != 0)
			return stop;
	}
	return status;
}

int sqlite_check(struct store *s, bool deep, store_parse_fn parse, store_problem_fn problem, void *arg,
	struct store_counts *out, struct err *e)
{
	struct db *db = (struct db *)s;
	struct check k = {db, db_reader(db, e), deep, problem, arg, e};
	struct store_counts counts;

	if (k.conn == NULL || count_all(k.conn, &counts, e) < 0)
		return -1;
	int status = check_index(&k);
	status = status != 0 ? status : check_chains(&k);
	status = status != 0 ? status : check_logs(&k);
	status = status != 0 ? status : check_accounts(&k);
	status = status != 0 ? status : check_calendars(&k);
	if (status == 0) {
		*out = counts;
	}
	return status;
}
