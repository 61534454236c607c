#include <stdlib.h>

#include "base/arena.h"
#include "base/util.h"
#include "storage/sqlite/journal.h"
#include "storage/sqlite/ops.h"

#define ACCOUNT_COLUMNS "name, displayname, language, password, generation, removed"

static const char *text_or_null(sqlite3_stmt *st, int column, struct arena *mem)
{
	return arena_strdup(mem, (const char *)sqlite3_column_text(st, column));
}

static void account_row(sqlite3_stmt *st, struct arena *mem, struct account *out)
{
	*out = (struct account){
		.name = text_or_null(st, 0, mem),
		.displayname = text_or_null(st, 1, mem),
		.language = text_or_null(st, 2, mem),
		.password = text_or_null(st, 3, mem),
		.generation = (uint64_t)sqlite3_column_int64(st, 4),
		.removed = sqlite3_column_int(st, 5) != 0,
	};
}

/* Ends with NULL: the arena's memory is zero, and there is always room for one more. */
static int read_addresses(struct conn *c, struct arena *mem, struct account *a, struct err *e)
{
	static const char read_sql[] =
		"SELECT address FROM account_address WHERE account = ?1 ORDER BY position";
	sqlite3_stmt *st cleanup_stmt = sql_query(c, e, read_sql, TEXT(a->name));
	int status = st == NULL ? -1 : 1;
	size_t n = 0, room = 0;
	const char **address = arena_room(mem, NULL, 0, &room, sizeof(*address));

	while (status > 0 && (status = sql_step(c, st, e)) > 0) {
		address = arena_room(mem, address, n + 1, &room, sizeof(*address));
		address[n++] = arena_strdup(mem, sql_text(st, 0));
	}
	a->addresses = address;
	return status < 0 ? -1 : 0;
}

static int read_tokens(struct conn *c, struct arena *mem, struct account *a, struct err *e)
{
	static const char read_sql[] =
		"SELECT id, label, hash, created, scope, used FROM account_token WHERE account = ?1 ORDER BY position";
	sqlite3_stmt *st cleanup_stmt = sql_query(c, e, read_sql, TEXT(a->name));
	int status = st == NULL ? -1 : 1;
	struct account_token *token = NULL;
	size_t n = 0, room = 0;

	while (status > 0 && (status = sql_step(c, st, e)) > 0) {
		token = arena_room(mem, token, n, &room, sizeof(*token));
		token[n++] = (struct account_token){
			.id = arena_strdup(mem, sql_text(st, 0)),
			.label = arena_strdup(mem, sql_text(st, 1)),
			.hash = arena_strdup(mem, sql_text(st, 2)),
			.created = sqlite3_column_int64(st, 3),
			.scope = (enum token_scope)sqlite3_column_int(st, 4),
			.used = sqlite3_column_int64(st, 5),
		};
	}
	a->tokens = token;
	a->token_count = n;
	return status < 0 ? -1 : 0;
}

int account_by_name(struct conn *c, const char *name, struct arena *mem, struct account *out,
	struct err *e)
{
	static const char find_sql[] = "SELECT " ACCOUNT_COLUMNS " FROM account WHERE name = ?1";
	sqlite3_stmt *st cleanup_stmt = sql_query(c, e, find_sql, TEXT(name));
	int status = st == NULL ? -1 : sql_step(c, st, e);
	struct account a;

	if (status < 0)
		return -1;
	if (status == 0)
		return err_set(e, ERR_NOT_FOUND, "no account %s", name);
	account_row(st, mem, &a);
	if (read_addresses(c, mem, &a, e) < 0 || read_tokens(c, mem, &a, e) < 0)
		return -1;
	*out = a;
	return 0;
}

int sqlite_account(struct store *s, const char *name, struct arena *mem, struct account *out,
	struct err *e)
{
	struct conn *c = db_reader((struct db *)s, e);

	if (c == NULL || snapshot_begin(c, e) < 0)
		return -1;
	struct conn *snapshot cleanup_snapshot = c;
	return account_by_name(snapshot, name, mem, out, e);
}

int sqlite_accounts(struct store *s, account_fn visit, void *arg, struct err *e)
{
	static const char all_sql[] = "SELECT " ACCOUNT_COLUMNS " FROM account ORDER BY name";
	struct conn *c = db_reader((struct db *)s, e);

	if (c == NULL || snapshot_begin(c, e) < 0)
		return -1;
	struct conn *snapshot cleanup_snapshot = c;
	sqlite3_stmt *st cleanup_stmt = sql_bind(snapshot, e, all_sql, NULL, 0);
	int status = st == NULL ? -1 : 1;
	while (status > 0 && (status = sql_step(c, st, e)) > 0) {
		struct arena *mem cleanup_arena = arena_create();
		struct account a;
		account_row(st, mem, &a);
		if (read_addresses(c, mem, &a, e) < 0 || read_tokens(c, mem, &a, e) < 0)
			return -1;
		int stop = visit(&a, arg);
		if (stop != 0)
			return stop;
	}
	return status;
}

static int store_lists(struct conn *c, const struct account *a, struct err *e)
{
	static const char address_sql[] =
		"INSERT INTO account_address(account, position, address) VALUES (?1, ?2, ?3)";
	static const char token_sql[] =
		"INSERT INTO account_token(account, position, id, label, hash, created, scope, used)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

	for (size_t i = 0; a->addresses != NULL && a->addresses[i] != NULL; i++) {
		if (sql_run(c, e, address_sql, TEXT(a->name), INT(i), TEXT(a->addresses[i])) < 0)
			return -1;
	}
	for (size_t i = 0; i < a->token_count; i++) {
		const struct account_token *t = &a->tokens[i];
		if (sql_run(c, e, token_sql, TEXT(a->name), INT(i), TEXT(t->id), TEXT(t->label),
				TEXT(t->hash), INT(t->created), INT(t->scope), INT(t->used)) < 0)
			return -1;
	}
	return 0;
}

int account_store(struct conn *c, const struct account *a, struct err *e)
{
	static const char put_sql[] = "INSERT OR REPLACE INTO account(" ACCOUNT_COLUMNS ")"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
	static const char addresses_sql[] = "DELETE FROM account_address WHERE account = ?1";
	static const char tokens_sql[] = "DELETE FROM account_token WHERE account = ?1";

	if (sql_run(c, e, put_sql, TEXT(a->name), TEXT(a->displayname), TEXT(a->language),
			TEXT(a->password), INT(a->generation), INT(a->removed)) < 0 ||
		sql_run(c, e, addresses_sql, TEXT(a->name)) < 0 ||
		sql_run(c, e, tokens_sql, TEXT(a->name)) < 0)
		return -1;
	return store_lists(c, a, e);
}

/* The generation goes up with each change: caches of logins depend on it, and who read an older one knows. */
static int run_put(struct change_log *log, void *arg, struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	struct account a = *(const struct account *)arg, old;
	struct err missing = {0};

	if (account_by_name(log->conn, a.name, mem, &old, &missing) == 0) {
		if (old.removed)
			return err_set(e, ERR_EXISTS, "%s was removed; its name is not given again", a.name);
		if (a.generation == 0)
			a.generation = old.generation + 1;
		if (a.generation <= old.generation)
			return err_set(e, ERR_CHANGED, "the account has changed meanwhile");
	} else if (missing.code != ERR_NOT_FOUND) {
		return err_set(e, missing.code, "%s", missing.text);
	}
	if (account_store(log->conn, &a, e) < 0)
		return -1;
	return journal_account(log, a.name, e);
}

int sqlite_account_put(struct store *s, const struct account *a, struct err *e)
{
	struct account copy = *a;

	return writer_run((struct db *)s, run_put, &copy, 4096, e);
}

/* ---- tokens ---- */

/* The name of the account that has it, in mem; NULL: none has. */
static int token_owner(struct conn *c, const char *hash, struct arena *mem, const char **out, struct err *e)
{
	static const char find_sql[] = "SELECT account FROM account_token WHERE hash = ?1 ORDER BY account LIMIT 1";
	sqlite3_stmt *st cleanup_stmt = sql_query(c, e, find_sql, TEXT(hash));
	int status = st == NULL ? -1 : sql_step(c, st, e);

	if (status < 0)
		return -1;
	*out = status > 0 ? arena_strdup(mem, sql_text(st, 0)) : NULL;
	return 0;
}

int sqlite_token_account(struct store *s, const char *hash, struct arena *mem, struct account *out,
	struct err *e)
{
	struct conn *c = db_reader((struct db *)s, e);
	const char *name;

	if (c == NULL || snapshot_begin(c, e) < 0)
		return -1;
	struct conn *snapshot cleanup_snapshot = c;
	if (token_owner(snapshot, hash, mem, &name, e) < 0)
		return -1;
	return name != NULL ? account_by_name(snapshot, name, mem, out, e)
			    : err_set(e, ERR_NOT_FOUND, "no such token");
}

struct used_job { const char *account, *id; int64_t when; };

static int run_used(struct change_log *log, void *arg, struct err *e)
{
	static const char used_sql[] = "UPDATE account_token SET used = ?3 WHERE account = ?1 AND id = ?2";
	const struct used_job *j = arg;

	return sql_run(log->conn, e, used_sql, TEXT(j->account), TEXT(j->id), INT(j->when));
}

int sqlite_token_used(struct store *s, const char *account, const char *id, int64_t when, struct err *e)
{
	struct used_job j = {account, id, when};

	return writer_run((struct db *)s, run_used, &j, 4096, e);
}

/* ---- closing (15.30) ---- */

struct ids { store_id *id; size_t n; };

/* First column of each row. */
static int read_ids(struct conn *c, const char *sql, const char *name, struct ids *out,
	struct err *e)
{
	sqlite3_stmt *st cleanup_stmt = sql_query(c, e, sql, TEXT(name));
	int status = st == NULL ? -1 : 1;

	while (status > 0 && (status = sql_step(c, st, e)) > 0) {
		out->id = xreallocarray(out->id, out->n + 1, sizeof(*out->id));
		out->id[out->n++] = sqlite3_column_int64(st, 0);
	}
	return status;
}

/* The calendars' rows go; their files move as they are. */
static int drop_calendars(struct change_log *log, const char *name, struct err *e)
{
	static const char own_sql[] = "SELECT id FROM collection WHERE owner = ?1";
	struct arena *mem cleanup_arena = arena_create();
	struct ids own = {0};
	struct collection c;
	int status = read_ids(log->conn, own_sql, name, &own, e);

	for (size_t i = 0; i < own.n && status == 0; i++) {
		status = collection_by_id(log->conn, own.id[i], mem, &c, e);
		if (status == 0) {
			status = collection_drop(log, &c, false, e);
		}
	}
	free(own.id);
	return status < 0 ? -1 : journal_move_owner(log, name, e);
}

/* In others' calendars: shares and own properties. */
static int leave_others(struct change_log *log, const char *name, struct err *e)
{
	static const char others_sql[] =
		"SELECT collection FROM share WHERE user = ?1 UNION"
		" SELECT collection FROM prop WHERE user = ?1 AND user <> ''";
	static const char shares_sql[] = "DELETE FROM share WHERE user = ?1";
	static const char props_sql[] = "DELETE FROM prop WHERE user = ?1 AND user <> ''";
	struct ids others = {0};
	int status = read_ids(log->conn, others_sql, name, &others, e);

	if (status == 0 && (sql_run(log->conn, e, shares_sql, TEXT(name)) < 0 ||
			sql_run(log->conn, e, props_sql, TEXT(name)) < 0)) {
		status = -1;
	}
	for (size_t i = 0; i < others.n && status == 0; i++) {
		status = member_remove(log, others.id[i], name, e);
		status = status < 0 ? -1 : journal_props(log, others.id[i], e);
	}
	free(others.id);
	return status;
}

static int run_close(struct change_log *log, void *arg, struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	const char *name = arg;
	struct account a;

	if (account_by_name(log->conn, name, mem, &a, e) < 0)
		return -1;
	if (a.removed)
		return 0;
	a.password = NULL;
	a.tokens = NULL;
	a.token_count = 0;
	a.removed = true;
	a.generation++;
	if (account_store(log->conn, &a, e) < 0 || delegations_remove(log, name, e) < 0 ||
		journal_account(log, name, e) < 0 || drop_calendars(log, name, e) < 0 ||
		leave_others(log, name, e) < 0 || place_forget(log->conn, name, e) < 0)
		return -1;
	return wake_remove(log->conn, name, NULL, e);
}

int sqlite_account_close(struct store *s, const char *name, struct err *e)
{
	char *copy cleanup_free = xstrdup(name);

	return writer_run((struct db *)s, run_close, copy, 4096, e);
}
