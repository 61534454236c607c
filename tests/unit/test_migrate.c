/* Versions of the index: forward, all or nothing, with a copy. The steps are made up. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "storage/backend.h"
#include "storage/sqlite/migrate.h"

static char root[64];

static int make_root(void **state)
{
	static const struct store_options options = {.tombstone_days = 365};
	struct store *s;

	snprintf(root, sizeof(root), "/tmp/dedit-migrate-XXXXXX");
	if (mkdtemp(root) == NULL || store_open("sqlite", root, &options, &s, NULL) < 0)
		return -1;
	store_close(s);
	return 0;
}

static int remove_root(void **state)
{
	char *command cleanup_free = xasprintf("rm -rf %s", root);

	return system(command);
}

static int add_row(struct conn *c, struct err *e)
{
	return sql_exec(c, "INSERT INTO meta(key, value) VALUES ('step', 3)", e);
}

static int give_up(struct conn *c, struct err *e)
{
	return err_set(e, ERR_INTERNAL, "a step that fails");
}

static int die(struct conn *c, struct err *e)
{
	return raise(SIGKILL);
}

static const char column_sql[] = "ALTER TABLE account ADD COLUMN colour TEXT";
static const struct migration two[] = {{2, column_sql, NULL}, {3, NULL, add_row}};
static const struct migration failing[] = {{2, column_sql, NULL}, {3, NULL, give_up}};
static const struct migration deadly[] = {{2, column_sql, NULL}, {3, NULL, die}};
static const struct migration wrong[] = {{2, "ALTER TABLE nothing ADD COLUMN x", NULL}};

/* Bytes until the disk is full. */
static size_t disk_left = SIZE_MAX;

static ssize_t write_until_full(int fd, const void *bytes, size_t len, off_t at)
{
	if (len > disk_left) {
		errno = ENOSPC;
		return -1;
	}
	disk_left -= disk_left == SIZE_MAX ? 0 : len;
	return pwrite(fd, bytes, len, at);
}

static void have_sqlite_write_until_full(void)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	/* under which of its two names depends on how SQLite was built */
	assert_int_equal(vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)write_until_full), SQLITE_OK);
	assert_int_equal(vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)write_until_full), SQLITE_OK);
}

/* room: what is left of the disk when the index has been opened. */
static int migrate_with_room(const struct migration *step, size_t n, size_t room, struct err *e)
{
	const struct migrations m = {step[n - 1].to, step, n};
	struct db *db;

	assert_int_equal(folder_open(root, &db, NULL), 0);
	struct conn *c = conn_open(db, "index.db", true, NULL);
	assert_non_null(c);
	bool made = true;
	disk_left = room;
	int status = index_migrate(db, c, &m, &made, e);

	disk_left = SIZE_MAX;
	assert_false(made);
	conn_close(c);
	folder_close(db);
	return status;
}

static int migrate(const struct migration *step, size_t n, struct err *e)
{
	return migrate_with_room(step, n, SIZE_MAX, e);
}

/* Of the index, or of a copy; -1: there is no such number. */
static int64_t number(const char *file, const char *sql)
{
	struct db *db;
	int64_t out = -1;

	assert_int_equal(folder_open(root, &db, NULL), 0);
	struct conn *c = conn_open(db, file, false, NULL);
	if (c != NULL && sql_number(c, sql_bind(c, NULL, sql, NULL, 0), -1, &out, NULL) < 0) {
		out = -1;
	}
	conn_close(c);
	folder_close(db);
	return out;
}

static const char version_sql[] = "PRAGMA user_version";
static const char colour_sql[] = "SELECT count(colour) FROM account";
static const char step_sql[] = "SELECT value FROM meta WHERE key = 'step'";

static void assert_as_before(void)
{
	struct store *s;
	static const struct store_options options = {.tombstone_days = 365};

	assert_int_equal(number("index.db", version_sql), 1);
	assert_int_equal(number("index.db", colour_sql), -1);
	assert_int_equal(number("index.db", step_sql), -1);
	assert_int_equal(store_open("sqlite", root, &options, &s, NULL), 0);
	store_close(s);
}

static void all_steps_are_done_and_the_old_index_is_kept(void **state)
{
	assert_int_equal(migrate(two, ARRAY_SIZE(two), NULL), 0);
	assert_int_equal(number("index.db", version_sql), 3);
	assert_int_equal(number("index.db", colour_sql), 0);
	assert_int_equal(number("index.db", step_sql), 3);
	assert_int_equal(number("index.db.v1", version_sql), 1);
	assert_int_equal(number("index.db.v1", colour_sql), -1);
	/* done already */
	assert_int_equal(migrate(two, ARRAY_SIZE(two), NULL), 0);
	assert_int_equal(number("index.db", version_sql), 3);
}

static void only_what_is_left_is_done(void **state)
{
	assert_int_equal(migrate(two, 1, NULL), 0);
	assert_int_equal(number("index.db", version_sql), 2);
	assert_int_equal(migrate(two, 2, NULL), 0);
	assert_int_equal(number("index.db", version_sql), 3);
	assert_int_equal(number("index.db.v2", version_sql), 2);
}

static void a_step_that_fails_undoes_all(void **state)
{
	struct err e = {0};

	assert_int_equal(migrate(failing, ARRAY_SIZE(failing), &e), -1);
	assert_string_equal(e.text, "index.db stays at version 1: a step that fails");
	assert_as_before();
	assert_int_equal(migrate(wrong, ARRAY_SIZE(wrong), &e), -1);
	assert_as_before();
}

/* It gets full in the copy first, with more room in the steps, then in the commit; with enough it works. */
static void a_full_disk_undoes_all(void **state)
{
	enum { PAGE = 4096 };
	char *temp cleanup_free = xasprintf("%s/index.db.copy", root);
	char *copy cleanup_free = xasprintf("%s/index.db.v1", root);
	size_t room = 0, in_copy = 0, in_steps = 0;
	struct err e = {0};

	have_sqlite_write_until_full();
	while (migrate_with_room(two, ARRAY_SIZE(two), room, &e) < 0) {
		assert_int_equal(e.code, ERR_FULL);
		assert_non_null(strstr(e.text, "disk is full"));
		bool copied = access(copy, F_OK) == 0;
		assert_non_null(strstr(e.text, copied ? "index.db stays at version 1"
			: "no copy of index.db can be made before it is changed"));
		in_steps += copied;
		in_copy += !copied;
		assert_int_equal(access(temp, F_OK), -1);
		assert_as_before();
		unlink(copy);
		room += PAGE;
	}
	assert_true(in_copy > 0 && in_steps > 0);
	assert_int_equal(number("index.db", version_sql), 3);
	assert_int_equal(number("index.db.v1", version_sql), 1);
}

static void a_kill_undoes_all(void **state)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		migrate(deadly, ARRAY_SIZE(deadly), NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_as_before();
	assert_int_equal(migrate(two, ARRAY_SIZE(two), NULL), 0);
	assert_int_equal(number("index.db", version_sql), 3);
}

static int refuse_body(const char *body, size_t len, struct arena *mem, struct store_parsed *out,
	struct err *e)
{
	return err_set(e, ERR_SYNTAX, "no events here");
}

static int ignore(const char *line, void *arg)
{
	return 0;
}

static void a_later_version_is_refused_by_a_rebuild_too(void **state)
{
	static const struct store_options options = {.tombstone_days = 365};
	struct store_counts counts;
	struct err e = {0};
	struct store *s;

	assert_int_equal(migrate(two, ARRAY_SIZE(two), NULL), 0);
	assert_int_equal(store_open("sqlite", root, &options, &s, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	assert_non_null(strstr(e.text, "version 3, this program knows up to 1"));
	assert_int_equal(store_rebuild(root, refuse_body, ignore, NULL, &counts, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	assert_int_equal(number("index.db", version_sql), 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_root, remove_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_steps_are_done_and_the_old_index_is_kept),
		TEST(only_what_is_left_is_done),
		TEST(a_step_that_fails_undoes_all),
		TEST(a_full_disk_undoes_all),
		TEST(a_kill_undoes_all),
		TEST(a_later_version_is_refused_by_a_rebuild_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
