/* An index that is damaged, or only can't be read now. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "storage/sqlite/db.h"
#include "store_root.h"

static void a_damaged_index_is_kept_aside(void **state)
{
	struct buf problems cleanup_buf;
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = open_root(&at_once);
	struct collection c;
	struct err e = {0};

	buf_init(&problems, 10000);
	put_body(s, suite_calendar(s, "anna", "w"), "a.ics", "UID:1");
	store_close(s);
	write_file("index.db", "this is no database, whatever else it may be");
	rebuild(&problems);
	assert_non_null(strstr(problems.data, "is kept as index.db.broken"));
	assert_true(exists("index.db.broken"));
	s = open_root(&slow);
	assert_int_equal(store_collection(s, "anna", "w", mem, &c, &e), 0);
	assert_body(s, c.id, "a.ics", "UID:1");
	store_close(s);
}

static void a_damaged_index_keeps_its_wal(void **state)
{
	struct buf problems cleanup_buf, text cleanup_buf;
	struct store *s = open_root(&at_once);

	buf_init(&problems, 10000);
	buf_init(&text, 10000);
	put_body(s, suite_calendar(s, "anna", "w"), "a.ics", "UID:1");
	store_close(s);
	for (int i = 0; i < 2; i++) {
		write_file("index.db", "this is no database, whatever else it may be");
		write_file("index.db-wal", i == 0 ? "its WAL" : "another");
		rebuild(&problems);
		assert_false(exists("index.db-wal"));
		read_file("index.db.broken-wal", &text);
		assert_string_equal(text.data, i == 0 ? "its WAL" : "another");
	}
	/* that of another index would be played into this one */
	write_file("index.db", "this is no database, whatever else it may be");
	rebuild(&problems);
	assert_true(exists("index.db.broken"));
	assert_false(exists("index.db.broken-wal"));
	/* killed between the renames */
	write_file("index.db-wal", "its WAL");
	unlink_file("index.db");
	rebuild(&problems);
	assert_true(exists("index.db.broken"));
	read_file("index.db.broken-wal", &text);
	assert_string_equal(text.data, "its WAL");
}

/* As a kill leaves it: the WAL alone has the event. */
static void leave_without_a_word(void)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		struct store *s = open_root(&slow);
		put_body(s, suite_calendar(s, "anna", "w"), "a.ics", "UID:1");
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_rebuild_that_cannot_work_changes_nothing(void **state)
{
	char *shm cleanup_free = path_of("index.db-shm");
	struct arena *mem cleanup_arena = arena_create();
	struct buf problems cleanup_buf;
	struct store_counts counts;
	struct collection c;
	struct err e = {0};

	buf_init(&problems, 10000);
	leave_without_a_word();
	/* for SQLite the same as an error of the disk */
	unlink_file("index.db-shm");
	assert_int_equal(mkdir(shm, 0700), 0);
	assert_int_equal(store_rebuild(root, parse_body, note_problem, &problems, &counts, &e), -1);
	assert_true(exists("index.db"));
	assert_true(exists("index.db-wal"));
	assert_false(exists("index.db.broken"));
	assert_int_equal(rmdir(shm), 0);
	rebuild(&problems);
	assert_null(strstr(problems.data, "lost"));
	struct store *s = open_root(&slow);
	assert_int_equal(store_collection(s, "anna", "w", mem, &c, &e), 0);
	assert_body(s, c.id, "a.ics", "UID:1");
	store_close(s);
}

static bool reads_fail;

static ssize_t read_or_fail(int fd, void *bytes, size_t len, off_t at)
{
	if (!reads_fail)
		return pread(fd, bytes, len, at);
	errno = EIO;
	return -1;
}

/* Within a statement SQLite calls it malformed. */
static void a_query_that_cannot_read(struct err *e)
{
	static const char query[] = "SELECT count(*) FROM object";
	struct db *db;
	int64_t n;

	assert_int_equal(folder_open(root, &db, NULL), 0);
	struct conn *c = conn_open(db, "index.db", false, NULL);
	assert_non_null(c);
	assert_int_equal(sql_number(c, sql_bind(c, NULL, query, NULL, 0), 0, &n, NULL), 0);
	sqlite3_db_release_memory(c->handle);
	reads_fail = true;
	assert_int_equal(sql_number(c, sql_bind(c, NULL, query, NULL, 0), 0, &n, e), -1);
	reads_fail = false;
	conn_close(c);
	folder_close(db);
}

static void an_index_that_cannot_be_read_is_not_damaged(void **state)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	struct arena *mem cleanup_arena = arena_create();
	struct buf problems cleanup_buf;
	struct store_counts counts;
	struct collection c;
	struct store *s;
	struct err e = {0};

	buf_init(&problems, 10000);
	/* under which of its two names depends on how SQLite was built */
	assert_int_equal(vfs->xSetSystemCall(vfs, "pread", (sqlite3_syscall_ptr)read_or_fail), SQLITE_OK);
	assert_int_equal(vfs->xSetSystemCall(vfs, "pread64", (sqlite3_syscall_ptr)read_or_fail), SQLITE_OK);
	leave_without_a_word();
	a_query_that_cannot_read(&e);
	assert_int_equal(e.code, ERR_IO);
	assert_non_null(strstr(e.text, "Input/output error"));
	reads_fail = true;
	assert_int_equal(store_open("sqlite", root, &slow, &s, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_non_null(strstr(e.text, "Input/output error"));
	assert_null(strstr(e.text, "rebuild"));
	assert_int_equal(store_rebuild(root, parse_body, note_problem, &problems, &counts, &e), -1);
	reads_fail = false;
	assert_int_equal(e.code, ERR_IO);
	assert_false(exists("index.db.broken"));
	s = open_root(&slow);
	assert_int_equal(store_collection(s, "anna", "w", mem, &c, &e), 0);
	assert_body(s, c.id, "a.ics", "UID:1");
	store_close(s);
	assert_int_equal(vfs->xSetSystemCall(vfs, NULL, NULL), SQLITE_OK);
}

/* Whatever it can't open now, it would leave out. */
static void a_rebuild_with_too_few_descriptors_makes_no_index(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct buf problems cleanup_buf;
	struct store *s = open_root(&at_once);
	struct store_counts counts;
	struct rlimit all, few;
	struct collection c;
	struct err e = {0};
	int status = -1;

	buf_init(&problems, 10000);
	assert_int_equal(store_account_put(s, &(struct account){.name = "anna", .password = "p"}, &e), 0);
	put_body(s, suite_calendar(s, "anna", "w"), "a.ics", "UID:1");
	assert_int_equal(suite_entry(s, "anna", "u", "{}", true, &e), 0);
	store_close(s);
	unlink_file("index.db");
	int lowest = dup(0);
	close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
	for (few = all, few.rlim_cur = (rlim_t)lowest; status < 0; few.rlim_cur++) {
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		status = store_rebuild(root, parse_body, note_problem, &problems, &counts, &e);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
		assert_int_equal(exists("index.db"), status == 0);
	}
	assert_int_equal(counts.objects, 1);
	assert_int_equal(counts.ledger, 1);
	s = open_root(&slow);
	assert_int_equal(store_collection(s, "anna", "w", mem, &c, &e), 0);
	assert_body(s, c.id, "a.ics", "UID:1");
	store_close(s);
}

/* Nor does it say that the folder is what it can't look into. */
static void a_start_with_too_few_descriptors_asks_for_no_rebuild(void **state)
{
	char *cal cleanup_free = path_of("cal"), *ledger cleanup_free = path_of("ledger");
	struct rlimit all, few;
	struct store *s = NULL;
	struct err e = {0};
	int status = -1, lowest = dup(0);

	close(lowest);
	assert_int_equal(mkdir(cal, 0700), 0);
	assert_int_equal(mkdir(ledger, 0700), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
	for (few = all, few.rlim_cur = (rlim_t)lowest; status < 0; few.rlim_cur++) {
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		status = store_open("sqlite", root, &slow, &s, &e);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
		assert_true(status == 0 || strstr(e.text, "rebuild") == NULL);
	}
	store_close(s);
}

/* Every program would have to fetch everything again. */
static void an_epoch_that_cannot_be_read_is_not_made_anew(void **state)
{
	char *epoch cleanup_free = path_of("epoch"), *away cleanup_free = path_of("epoch.away");
	struct store *s = open_root(&slow);
	struct store_info before, after;
	struct err e = {0};

	store_info(s, &before);
	store_close(s);
	assert_int_equal(rename(epoch, away), 0);
	assert_int_equal(mkfifo(epoch, 0600), 0); /* a link would be replaced (trust.md T-28) */
	assert_int_equal(store_open("sqlite", root, &slow, &s, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_non_null(strstr(e.text, "epoch"));
	assert_int_equal(rename(away, epoch), 0);
	s = open_root(&slow);
	store_info(s, &after);
	assert_string_equal(before.epoch, after.epoch);
	store_close(s);
}

/* It would make strangers of all files, and opening it would take its WAL away. */
static void an_empty_index_is_none(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = open_root(&at_once);
	struct buf problems cleanup_buf;
	struct collection c;
	struct err e = {0};

	buf_init(&problems, 10000);
	put_body(s, suite_calendar(s, "anna", "w"), "a.ics", "UID:1");
	store_close(s);
	write_file("index.db", "");
	assert_int_equal(store_open("sqlite", root, &slow, &s, &e), -1);
	assert_non_null(strstr(e.text, "rebuild"));
	rebuild(&problems);
	assert_non_null(strstr(problems.data, "there is no index.db"));
	s = open_root(&slow);
	assert_int_equal(store_collection(s, "anna", "w", mem, &c, &e), 0);
	assert_body(s, c.id, "a.ics", "UID:1");
	store_close(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		FILES(a_damaged_index_is_kept_aside),
		FILES(a_damaged_index_keeps_its_wal),
		FILES(a_rebuild_that_cannot_work_changes_nothing),
		FILES(an_index_that_cannot_be_read_is_not_damaged),
		FILES(a_rebuild_with_too_few_descriptors_makes_no_index),
		FILES(a_start_with_too_few_descriptors_asks_for_no_rebuild),
		FILES(an_epoch_that_cannot_be_read_is_not_made_anew),
		FILES(an_empty_index_is_none),
	};

	return cmocka_run_group_tests_name("damaged indexes", tests, NULL, NULL);
}
