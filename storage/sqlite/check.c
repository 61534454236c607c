/*
 * Is the index what it should be? Once over its pages; then in pieces, so that a check beside a server
 * doesn't hold up the WAL for long: a table, a ledger, a calendar, a file at a time.
 */
#include "storage/sqlite/check.h"

#include <inttypes.h>
#include <stdarg.h>

#include "base/arena.h"
#include "base/util.h"
#include "storage/chain.h"

int check_report(const struct check *k, const char *fmt, ...)
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

int sqlite_size(struct store *s, struct store_size *out, struct err *e)
{
	static const char size_sql[] =
		"SELECT (SELECT count(*) FROM account WHERE removed = 0), (SELECT count(*) FROM collection)";
	struct conn *c = db_reader((struct db *)s, e);
	sqlite3_stmt *st cleanup_stmt = c != NULL ? sql_bind(c, e, size_sql, NULL, 0) : NULL;

	if (st == NULL || sql_step(c, st, e) <= 0)
		return -1;
	*out = (struct store_size){
		.accounts = (uint64_t)sqlite3_column_int64(st, 0),
		.collections = (uint64_t)sqlite3_column_int64(st, 1),
	};
	return 0;
}

/* ---- the index ---- */

/* What to do about an index that contradicts itself. */
#define REBUILD "'dedit rebuild' makes it anew"

/* SQLite says several problems in one text, below a heading. */
static int report_lines(const struct check *k, const char *what, const char *text)
{
	char *copy cleanup_free = xstrdup(text), *rest = copy, *line;
	int stop = 0;

	while (stop == 0 && (line = strsep(&rest, "\n")) != NULL) {
		if (line[0] != '\0' && strcmp(line, "ok") != 0 && !str_starts(line, "*** in database"))
			stop = check_report(k, "index.db: %s%s; " REBUILD, what, line);
	}
	return stop;
}

/* Runs a query whose every row is a problem, said by its first column. */
static int check_rows(const struct check *k, sqlite3_stmt *stmt, const char *what)
{
	sqlite3_stmt *st cleanup_stmt = stmt;
	int status = st == NULL ? -1 : 1;

	while (status > 0 && (status = sql_step(k->conn, st, k->e)) > 0) {
		int stop = report_lines(k, what, sql_text(st, 0));
		if (stop != 0)
			return stop;
	}
	return status;
}

int check_take_names(const struct check *k, sqlite3_stmt *stmt, struct check_names *out)
{
	sqlite3_stmt *st cleanup_stmt = stmt;
	int status = st == NULL ? -1 : 1;

	while (status > 0 && (status = sql_step(k->conn, st, k->e)) > 0) {
		out->name = arena_room(out->mem, out->name, out->n, &out->room, sizeof(*out->name));
		out->name[out->n++] = arena_strdup(out->mem, sql_text(st, 0));
	}
	return status;
}

/* Table by table: its rows, its indexes. That no page is used twice or lost is seen over all only. */
static int check_tables(const struct check *k)
{
	static const char tables_sql[] = "SELECT name FROM sqlite_schema WHERE type = 'table'";
	static const char pages_sql[] = "SELECT integrity_check FROM pragma_integrity_check(?1)";
	struct arena *mem cleanup_arena = arena_create();
	struct check_names tables = {.mem = mem};
	int status = check_take_names(k, sql_bind(k->conn, k->e, tables_sql, NULL, 0), &tables);

	for (size_t i = 0; i < tables.n && status == 0; i++) {
		status = check_rows(k, sql_query(k->conn, k->e, pages_sql, TEXT(tables.name[i])), "");
	}
	return status;
}

/* Contradictions: each row that a query gives is one. */
struct contradiction { const char *what, *sql; };

static const struct contradiction of_rows[] = {
	{"sequence number ahead of its calendar: ",
		"SELECT c.owner || '/' || c.name || '/' || o.name FROM object o JOIN collection c"
		" ON c.id = o.collection WHERE o.seq > c.seq"},
	{"object without calendar: ",
		"SELECT collection || '/' || name FROM object"
		" WHERE collection NOT IN (SELECT id FROM collection)"},
	{"charged with another sum: ",
		"SELECT c.owner || '/' || c.name FROM collection c WHERE c.charged <>"
		" (SELECT coalesce(sum(o.charged), 0) FROM object o WHERE o.collection = c.id)"},
	{"in a home or in none, wrongly: ",
		"WITH due AS (SELECT owner AS user, id FROM collection"
		" UNION SELECT user, collection FROM share WHERE access >= 2)," /* SHARE_READ */
		" kept AS (SELECT user, collection AS id FROM member WHERE collection <> 0)"
		" SELECT user || '/' || id FROM (SELECT * FROM due EXCEPT SELECT * FROM kept)"
		" UNION SELECT user || '/' || id FROM (SELECT * FROM kept EXCEPT SELECT * FROM due)"},
	{"refuses tokens that it gave out: ",
		"SELECT owner || '/' || name FROM collection WHERE oldest_seq > seq"},
	{"deleted, and yet charged: ",
		"SELECT c.owner || '/' || c.name || '/' || o.name FROM object o JOIN collection c"
		" ON c.id = o.collection WHERE o.deleted = 1 AND o.charged <> 0"},
	{"deleted, but no token is old enough to be told: ",
		"SELECT c.owner || '/' || c.name || '/' || o.name FROM object o JOIN collection c"
		" ON c.id = o.collection WHERE o.deleted = 1 AND o.seq < c.oldest_seq"},
	{"ends before it begins: ",
		"SELECT c.owner || '/' || c.name || '/' || o.name FROM object o JOIN collection c"
		" ON c.id = o.collection WHERE o.deleted = 0 AND o.last < o.first"
		" AND NOT (o.first = 9223372036854775807 AND o.last = -9223372036854775808)"},
	{"found at other times than its own: ",
		"SELECT c.owner || '/' || c.name || '/' || o.name FROM object o JOIN collection c"
		" ON c.id = o.collection WHERE o.shelf <> CASE o.deleted WHEN 0 THEN shelf_of(o.first, o.last, o.spans)"
		" ELSE 0 END"},
	{"properties of no calendar: ",
		"SELECT DISTINCT collection FROM prop WHERE collection NOT IN (SELECT id FROM collection)"},
	{"properties of no event: ",
		"SELECT DISTINCT collection || '/' || place FROM place_prop p WHERE kind = 0" /* PLACE_OBJECT */
		" AND NOT EXISTS (SELECT 1 FROM object o WHERE o.collection = p.collection AND o.name = p.place"
		" AND o.deleted = 0)"},
	{"share of no calendar: ",
		"SELECT collection || ' with ' || user FROM share WHERE collection NOT IN (SELECT id FROM collection)"},
	{"feed of no calendar: ",
		"SELECT id FROM feed WHERE collection NOT IN (SELECT id FROM collection)"},
	{"address or application password of nobody: ",
		"SELECT account FROM account_address WHERE account NOT IN (SELECT name FROM account)"
		" UNION SELECT account FROM account_token WHERE account NOT IN (SELECT name FROM account)"},
	{"entries of the ledger in no file: ",
		"SELECT DISTINCT 'ledger/' || owner || '/' || strftime('%Y-%m', at, 'unixepoch') || '.log'"
		" AS path FROM ledger EXCEPT SELECT path FROM ledger_log"},
};

static const struct contradiction of_users[] = {
	{"calendar of nobody: ",
		"SELECT owner || '/' || name FROM collection WHERE owner NOT IN (SELECT name FROM account)"},
	{"properties of nobody: ",
		"SELECT DISTINCT place FROM place_prop WHERE kind <> 0"
		" AND place NOT IN (SELECT name FROM account)"},
	{"share with nobody: ",
		"SELECT collection || ' with ' || user FROM share WHERE user NOT IN (SELECT name FROM account)"},
	{"delegate of or to nobody: ",
		"SELECT owner || ' to ' || user FROM delegate WHERE owner NOT IN (SELECT name FROM account)"
		" OR user NOT IN (SELECT name FROM account)"},
};

static int check_contradictions(const struct check *k, const struct contradiction *c, size_t n)
{
	int status = 0;

	for (size_t i = 0; i < n && status == 0; i++) {
		status = check_rows(k, sql_bind(k->conn, k->e, c[i].sql, NULL, 0), c[i].what);
	}
	return status;
}

static int check_index(const struct check *k)
{
	static const char quick_sql[] = "PRAGMA quick_check";
	int status = check_rows(k, sql_bind(k->conn, k->e, quick_sql, NULL, 0), "");

	status = status != 0 || !k->deep ? status : check_tables(k);
	status = status != 0 ? status : check_contradictions(k, of_rows, ARRAY_SIZE(of_rows));
	return status != 0 || k->parse == NULL ? status
		: check_contradictions(k, of_users, ARRAY_SIZE(of_users));
}

/* ---- the ledger ---- */

struct chain_check {
	const struct check *k;
	char prev[CHAIN_SIZE];
	uint64_t seq;
};

static int check_entry(const struct ledger_row *l, void *arg)
{
	struct chain_check *at = arg;
	const char *why = l->seq != at->seq + 1 ? "does not follow the entry before it"
		: chain_problem(l, at->prev);

	at->seq = l->seq;
	snprintf(at->prev, sizeof(at->prev), "%s", l->self);
	return why == NULL ? 0
		: check_report(at->k, "ledger of %s, entry %" PRIu64 ": %s; a backup of index.db or of the "
			"ledger's files has it", l->owner, l->seq, why);
}

static int check_chains(const struct check *k)
{
	static const char owners_sql[] = "SELECT DISTINCT owner FROM ledger";
	struct arena *mem cleanup_arena = arena_create();
	struct check_names owners = {.mem = mem};
	int status = check_take_names(k, sql_bind(k->conn, k->e, owners_sql, NULL, 0), &owners);

	for (size_t i = 0; i < owners.n && status == 0; i++) {
		struct chain_check at = {.k = k, .prev = CHAIN_START};
		status = ledger_visit(k->conn, &(struct ledger_query){.owner = owners.name[i]}, check_entry, &at,
			k->e);
	}
	return status;
}

/* ---- the whole ---- */

int sqlite_check(struct store *s, bool deep, store_parse_fn parse, store_problem_fn problem, void *arg,
	struct store_counts *out, struct err *e)
{
	struct db *db = (struct db *)s;

	db_session_pause(db); /* what is looked at again has to be as it is now */
	struct check k = {db, db_reader(db, e), deep, parse, problem, arg, e};
	struct store_counts counts;

	if (k.conn == NULL || count_all(k.conn, &counts, e) < 0)
		return -1;
	int status = check_index(&k);
	status = status != 0 ? status : check_chains(&k);
	status = status != 0 ? status : check_texts(&k);
	status = status != 0 ? status : check_calendars(&k);
	status = status != 0 ? status : check_strangers(&k);
	if (status == 0) {
		*out = counts;
	}
	return status;
}
