/* Who acts for whom. The owner's account file has the rows too. */
#include <stdlib.h>

#include "base/util.h"
#include "storage/props.h"
#include "storage/sqlite/journal.h"
#include "storage/sqlite/ops.h"

static int visit_rows(struct conn *c, sqlite3_stmt *stmt, delegation_fn visit, void *arg,
	struct err *e)
{
	sqlite3_stmt *st cleanup_stmt = stmt;
	int status = st == NULL ? -1 : 1;

	while (status > 0 && (status = sql_step(c, st, e)) > 0) {
		int stop = visit(&(struct delegation){sql_text(st, 0), sql_text(st, 1),
			(enum share_access)sqlite3_column_int(st, 2)}, arg);
		if (stop != 0)
			return stop;
	}
	return status;
}

int sqlite_delegations(struct store *s, const char *owner, const char *user, delegation_fn visit,
	void *arg, struct err *e)
{
	static const char by_owner_sql[] =
		"SELECT owner, user, access FROM delegate WHERE owner = ?1 AND (?2 IS NULL OR user = ?2)"
		" ORDER BY user";
	static const char by_user_sql[] =
		"SELECT owner, user, access FROM delegate WHERE user = ?1 ORDER BY owner";
	struct conn *c = db_reader((struct db *)s, e);

	if (c == NULL)
		return -1;
	return visit_rows(c, owner != NULL ? sql_query(c, e, by_owner_sql, TEXT(owner), TEXT(user))
		: sql_query(c, e, by_user_sql, TEXT(user)), visit, arg, e);
}

int delegation_store(struct conn *c, const struct delegation *d, struct err *e)
{
	static const char put_sql[] =
		"INSERT OR REPLACE INTO delegate(owner, user, access) VALUES (?1, ?2, ?3)";

	return sql_run(c, e, put_sql, TEXT(d->owner), TEXT(d->user), INT(d->access));
}

static int write_line(const struct delegation *d, void *arg)
{
	account_write_delegate(arg, d->user, d->access);
	return 0;
}

int delegations_write(struct conn *c, const char *owner, struct buf *out, struct err *e)
{
	static const char all_sql[] =
		"SELECT owner, user, access FROM delegate WHERE owner = ?1 ORDER BY user";

	return visit_rows(c, sql_query(c, e, all_sql, TEXT(owner)), write_line, out, e);
}

/* ---- changing ---- */

static int run_put(struct change_log *log, void *arg, struct err *e)
{
	static const char remove_sql[] = "DELETE FROM delegate WHERE owner = ?1 AND user = ?2";
	const struct delegation *d = arg;
	int status = d->access != SHARE_NONE ? delegation_store(log->conn, d, e)
		: sql_run(log->conn, e, remove_sql, TEXT(d->owner), TEXT(d->user));

	return status < 0 ? -1 : journal_account(log, d->owner, e);
}

int sqlite_delegation_put(struct store *s, const struct delegation *d, struct err *e)
{
	struct delegation copy = *d;

	return writer_run((struct db *)s, run_put, &copy, 4096, e);
}

struct set_job {
	const char *owner;
	enum share_access access;
	const char *const *users;
	size_t n;
};

static int run_set(struct change_log *log, void *arg, struct err *e)
{
	static const char clear_sql[] = "DELETE FROM delegate WHERE owner = ?1 AND access = ?2";
	const struct set_job *j = arg;

	if (sql_run(log->conn, e, clear_sql, TEXT(j->owner), INT(j->access)) < 0)
		return -1;
	for (size_t i = 0; i < j->n; i++) {
		if (delegation_store(log->conn, &(struct delegation){j->owner, j->users[i], j->access}, e) < 0)
			return -1;
	}
	return journal_account(log, j->owner, e);
}

int sqlite_delegates_set(struct store *s, const char *owner, enum share_access access,
	const char *const *users, size_t n, struct err *e)
{
	struct set_job j = {owner, access, users, n};

	return writer_run((struct db *)s, run_set, &j, 4096, e);
}

/* ---- closing (15.30) ---- */

struct owners { struct arena *mem; struct owner { const char *name; struct owner *next; } *first; };

static int note_owner(const struct delegation *d, void *arg)
{
	struct owners *owners = arg;
	struct owner *o = arena_alloc(owners->mem, sizeof(*o));

	*o = (struct owner){arena_strdup(owners->mem, d->owner), owners->first};
	owners->first = o;
	return 0;
}

int delegations_remove(struct change_log *log, const char *name, struct err *e)
{
	static const char by_user_sql[] = "SELECT owner, user, access FROM delegate WHERE user = ?1";
	static const char remove_sql[] = "DELETE FROM delegate WHERE owner = ?1 OR user = ?1";
	struct arena *mem cleanup_arena = arena_create();
	struct owners owners = {.mem = mem};

	if (visit_rows(log->conn, sql_query(log->conn, e, by_user_sql, TEXT(name)), note_owner, &owners,
			e) < 0 || sql_run(log->conn, e, remove_sql, TEXT(name)) < 0)
		return -1;
	for (const struct owner *o = owners.first; o != NULL; o = o->next) {
		if (journal_account(log, o->name, e) < 0)
			return -1;
	}
	return 0;
}
