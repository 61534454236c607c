#include "storage/sqlite/migrate.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/fsio.h"
#include "base/log.h"
#include "base/util.h"
#include "storage/sqlite/open.h"

/* One row for each version behind the first, added together with the change of schema.sql. */
const struct migrations index_migrations = {.version = 1};

/* ---- the copy ---- */

static int copy_index(struct db *db, struct conn *c, const char *name, struct err *e)
{
	static const char into_sql[] = "VACUUM INTO ?1";
	static const char temp[] = "index.db.copy";
	char *path cleanup_free = xasprintf("%s/%s", db->path, temp);
	struct err why = {0};

	if (fs_remove(db->root, temp, e) < 0 || index_make_file(db, temp, e) < 0)
		return -1;
	if (sql_run(c, &why, into_sql, TEXT(path)) < 0) {
		fs_remove(db->root, temp, NULL);
		return err_set(e, why.code, "no copy of index.db can be made before it is changed: %.90s", why.text);
	}
	int fd cleanup_fd = openat(db->root, temp, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0 || renameat(db->root, temp, db->root, name) < 0 || fsync(db->root) < 0)
		return err_errno(e, ERR_IO, "copy index.db to %s", name);
	return 0;
}

/* ---- the steps ---- */

static int run_step(struct conn *c, const struct migration *s, struct err *e)
{
	if (s->sql != NULL && sql_exec(c, s->sql, e) < 0)
		return -1;
	return s->run != NULL ? s->run(c, e) : 0;
}

static int run_steps(struct conn *c, int64_t from, const struct migrations *m, struct err *e)
{
	char *version_sql cleanup_free = xasprintf("PRAGMA user_version = %d", m->version);

	for (size_t i = 0; i < m->n; i++) {
		if (m->step[i].to > from && run_step(c, &m->step[i], e) < 0)
			return -1;
	}
	return sql_exec(c, version_sql, e);
}

static int run_all(struct conn *c, int64_t from, const struct migrations *m, struct err *e)
{
	struct err why = {0};

	if (sql_exec(c, "BEGIN IMMEDIATE", e) < 0)
		return -1;
	if (run_steps(c, from, m, &why) == 0) {
		FAILPOINT("migrate-before-commit");
		if (sql_exec(c, "COMMIT", &why) == 0)
			return 0;
	}
	sqlite3_exec(c->handle, "ROLLBACK", NULL, NULL, NULL);
	return err_set(e, why.code, "index.db stays at version %lld: %.120s", (long long)from, why.text);
}

int index_migrate(struct db *db, struct conn *c, const struct migrations *m, bool *made, struct err *e)
{
	static const char version_sql[] = "PRAGMA user_version";
	int64_t from;

	if (sql_number(c, sql_bind(c, e, version_sql, NULL, 0), 0, &from, e) < 0)
		return -1;
	*made = from == 0;
	if (*made)
		return schema_make(c, e);
	if (from == m->version)
		return 0;
	if (from > m->version || from < 0)
		return err_set(e, ERR_DENIED, "index.db has version %lld, this program knows up to %d: it was written by a "
			"later one, and there is no way back", (long long)from, m->version);
	if (m->n == 0 || m->step[0].to > from + 1)
		return err_set(e, ERR_DENIED, "index.db has version %lld, which this program can't read any more",
			(long long)from);
	char *copy cleanup_free = xasprintf("index.db.v%lld", (long long)from);
	if (copy_index(db, c, copy, e) < 0 || run_all(c, from, m, e) < 0)
		return -1;
	log_info("index.db: version %lld became %d; as it was, it is kept as %s", (long long)from, m->version, copy);
	return 0;
}
