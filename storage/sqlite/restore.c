/*
 * A data folder from a backup (doc/architecture.md 15.13, 15.19). The copy is made in <root>/restore,
 * where it is a data folder of its own: opened, looked at and given its new numbers there. Only then does
 * it go to its place by renames, index.db last. Until that is there, nothing opens the folder (open.c).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/fsio.h"
#include "base/util.h"
#include "storage/backend.h"
#include "storage/sqlite/backup.h"
#include "storage/sqlite/open.h"
#include "storage/sqlite/ops.h"

struct restore {
	const char *from;
	bool damaged;
	store_parse_fn parse;
	store_problem_fn problem;
	void *arg;
	uint64_t problems;
	struct db *db;
	int source, stage;
	char *stage_path;
	struct store_backup holds; /* as the mark says */
};

/* ---- the copy ---- */

static int copy(struct restore *r, struct err *e)
{
	struct tree_copy sum = {0};

	if (tree_copy(r->source, "index.db", r->stage, &sum, e) < 0 ||
		backup_copy_files(r->source, r->stage, &sum, e) < 0)
		return -1;
	if (syncfs(r->stage) < 0)
		return err_errno(e, ERR_IO, "sync %s", r->stage_path);
	if (faccessat(r->stage, "index.db", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, ERR_INVALID, "%s has no index.db", r->from);
	if (sum.files == r->holds.files && sum.bytes == r->holds.bytes)
		return 0;
	char *line cleanup_free = xasprintf("%s: %" PRIu64 " files of %" PRIu64 " bytes, but %" PRIu64 " of %" PRIu64
		" were backed up", r->from, sum.files, sum.bytes, r->holds.files, r->holds.bytes);
	r->problems++;
	return r->problem(line, r->arg) == 0 ? 0 : -1;
}

static int count_problem(const char *line, void *arg)
{
	struct restore *r = arg;

	r->problems++;
	return r->problem(line, r->arg);
}

/* Opening migrates an older index, writes the journal out and makes a new epoch. */
static int look_at_copy(struct restore *r, struct err *e)
{
	static const struct store_options options = {.tombstone_days = 36500};
	struct store_counts counts;
	struct store *s;

	if (store_sqlite.open(r->stage_path, &options, &s, e) < 0)
		return -1;
	int status = store_sqlite.flush(s, e);
	status = status < 0 ? -1 : store_sqlite.check(s, true, r->parse, count_problem, r, &counts, e);
	store_sqlite.close(s);
	if (status == 0) {
		r->holds.counts = counts;
	}
	if (status == 0 && r->problems > 0 && !r->damaged)
		return err_set(e, ERR_BROKEN, "the backup is damaged; nothing was restored");
	return status;
}

/* ---- numbers ---- */

/* The server that this is a copy of went on after it, and gave numbers. Everything gets one that lies
 * above all of those, as after a rebuild; and what was deleted is forgotten, since no token of before is
 * taken. */
static int renumber(struct conn *c, struct err *e)
{
	static const char last_sql[] =
		"SELECT max(seq) FROM (SELECT seq FROM collection UNION ALL SELECT changed FROM member"
		" UNION ALL SELECT value FROM meta WHERE key = 'purged')";
	static const char forget_sql[] =
		"DELETE FROM object WHERE deleted = 1; DELETE FROM member WHERE collection = 0";
	static const char collections_sql[] =
		"UPDATE collection SET seq = ?1 + n, oldest_seq = ?1 + n FROM"
		" (SELECT id AS i, row_number() OVER (ORDER BY id) AS n FROM collection) WHERE id = i";
	static const char members_sql[] =
		"UPDATE member SET mapped = ?1 + n, changed = ?1 + n, gone = 0 FROM"
		" (SELECT user AS u, owner AS o, name AS m, (SELECT count(*) FROM collection) +"
		"  row_number() OVER (ORDER BY user, owner, name) AS n FROM member)"
		" WHERE user = u AND owner = o AND name = m";
	static const char objects_sql[] =
		"UPDATE object SET seq = ?1 + n FROM"
		" (SELECT collection AS c, name AS m, (SELECT count(*) FROM collection) +"
		"  (SELECT count(*) FROM member) + row_number() OVER (ORDER BY collection, seq) AS n FROM object)"
		" WHERE collection = c AND name = m";
	static const char raise_sql[] =
		"UPDATE collection SET seq = s FROM"
		" (SELECT collection AS c, max(seq) AS s FROM object GROUP BY collection) WHERE id = c";
	static const char purged_sql[] = "INSERT OR REPLACE INTO meta(key, value) VALUES ('purged', ?1)";
	int64_t last;

	if (sql_number(c, sql_bind(c, e, last_sql, NULL, 0), 0, &last, e) < 0)
		return -1;
	/* in the second that is under way, the other server may have given some */
	int64_t first = (int64_t)store_first_seq(clock_now() + 1, (uint64_t)last);
	return sql_exec(c, "BEGIN IMMEDIATE", e) < 0 || sql_exec(c, forget_sql, e) < 0 ||
		sql_run(c, e, collections_sql, INT(first)) < 0 || sql_run(c, e, members_sql, INT(first)) < 0 ||
		sql_run(c, e, objects_sql, INT(first)) < 0 || sql_exec(c, raise_sql, e) < 0 ||
		sql_run(c, e, purged_sql, INT(first)) < 0 || sql_exec(c, "COMMIT", e) < 0 ? -1 : 0;
}

/* Afterwards the index is one file. */
static int renumber_copy(struct restore *r, struct err *e)
{
	struct db *db;

	if (folder_open(r->stage_path, &db, e) < 0)
		return -1;
	struct conn *c = conn_open(db, "index.db", true, e);
	int status = c == NULL || renumber(c, e) < 0 || sql_exec(c, "PRAGMA wal_checkpoint(TRUNCATE)", e) < 0 ||
		sql_exec(c, "PRAGMA journal_mode = DELETE", e) < 0 ? -1 : 0;
	conn_close(c);
	folder_close(db);
	return status;
}

/* ---- its place ---- */

static int move(struct restore *r, const char *name, struct err *e)
{
	if (renameat2(r->stage, name, r->db->root, name, RENAME_NOREPLACE) < 0 && errno != ENOENT)
		return err_errno(e, ERR_IO, "put %s in its place", name);
	return 0;
}

static int take_place(struct restore *r, struct err *e)
{
	for (const char *const *name = backup_names; *name != NULL; name++) {
		if (move(r, *name, e) < 0)
			return -1;
	}
	/* a lock that was left in use would ask for the WAL of another index */
	if (move(r, "epoch", e) < 0 || folder_mark_used(r->db, false, e) < 0)
		return -1;
	if (fsync(r->db->root) < 0)
		return err_errno(e, ERR_IO, "sync %s", r->db->path);
	FAILPOINT("restore-before-index");
	if (move(r, "index.db", e) < 0 || tree_remove(r->db->root, RESTORE_FOLDER, e) < 0)
		return -1;
	return fsync(r->db->root) < 0 ? err_errno(e, ERR_IO, "sync %s", r->db->path) : 0;
}

/* ---- the whole ---- */

/* What a process makes that has the folder, and nobody would miss. */
static bool is_of_no_worth(const char *name)
{
	static const char *const of_process[] = {".", "..", "lock", "control", "tmp"};

	for (size_t i = 0; i < ARRAY_SIZE(of_process); i++) {
		if (strcmp(name, of_process[i]) == 0)
			return true;
	}
	return false;
}

static int refuse_data(const char *path, DIR *dir, struct err *e)
{
	const struct dirent *entry;

	if (faccessat(dirfd(dir), RESTORE_FOLDER, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(e, ERR_EXISTS, "a restore of %s was interrupted: empty that folder first", path);
	while (errno = 0, (entry = readdir(dir)) != NULL) {
		if (!is_of_no_worth(entry->d_name))
			return err_set(e, ERR_EXISTS, "%s holds data ('%s'), and nothing is ever restored over that: "
				"move it away first", path, entry->d_name);
	}
	return errno == 0 ? 0 : err_errno(e, ERR_IO, "%s", path);
}

/* Before the lock, whose file would be one more thing there. */
static int check_nothing_there(const char *path, struct err *e)
{
	DIR *dir = opendir(path);

	if (dir == NULL)
		return errno == ENOENT ? 0 : err_errno(e, ERR_IO, "%s", path);
	int status = refuse_data(path, dir, e);
	closedir(dir);
	return status;
}

static int make(struct restore *r, struct err *e)
{
	if (fs_open_subdir(r->db->root, RESTORE_FOLDER, 1, &r->stage, e) < 0)
		return -1;
	if (copy(r, e) < 0 || look_at_copy(r, e) < 0 || renumber_copy(r, e) < 0) {
		tree_remove(r->db->root, RESTORE_FOLDER, NULL);
		return -1;
	}
	return take_place(r, e);
}

static int prepare(struct restore *r, const char *path, struct err *e)
{
	if (fs_open_dir(r->from, &r->source, e) < 0 || backup_mark_read(r->source, r->from, &r->holds, e) < 0 ||
		check_nothing_there(path, e) < 0 || folder_open(path, &r->db, e) < 0)
		return -1;
	r->stage_path = xasprintf("%s/" RESTORE_FOLDER, r->db->path);
	return 0;
}

int store_sqlite_restore(const char *path, const char *from, bool damaged, store_parse_fn parse,
	store_problem_fn problem, void *arg, struct store_backup *out, struct err *e)
{
	struct restore r = {.from = from, .damaged = damaged, .parse = parse, .problem = problem, .arg = arg,
		.source = -1, .stage = -1};
	int status = prepare(&r, path, e) < 0 ? -1 : make(&r, e);

	if (status == 0) {
		*out = r.holds;
	}
	fd_cleanup(&r.source);
	fd_cleanup(&r.stage);
	free(r.stage_path);
	folder_close(r.db);
	return status;
}
