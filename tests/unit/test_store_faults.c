/* Failing devices. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "storage/sqlite/db.h"
#include "store_root.h"

/* What SQLite's next writes end with; 0: they work. */
static atomic_int write_error;

static ssize_t failing_pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	int error = atomic_load(&write_error);

	if (error != 0) {
		errno = error;
		return -1;
	}
	return pwrite(fd, bytes, len, offset);
}

/* error -1: SQLite's own functions again. */
static void set_write_error(int error)
{
	static const char *const calls[] = {"pwrite", "pwrite64"};
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	atomic_store(&write_error, error < 0 ? 0 : error);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		vfs->xSetSystemCall(vfs, calls[i],
			error < 0 ? NULL : (sqlite3_syscall_ptr)(void (*)(void))failing_pwrite);
	}
}

static void a_full_disk_refuses_commits_and_nothing_more(void **state)
{
	struct buf problems cleanup_buf;
	struct err e = {0};

	buf_init(&problems, 10000);
	set_write_error(0);
	struct store *s = open_root(&quick);
	store_id c = suite_calendar(s, "anna", "w");
	put_body(s, c, "a.ics", "before");
	assert_int_equal(store_flush(s, &e), 0);
	set_write_error(ENOSPC);
	assert_int_equal(suite_put(s, c, "a.ics", "a.ics", "lost", NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERR_FULL);
	assert_body(s, c, "a.ics", "before");
	set_write_error(0);
	put_body(s, c, "a.ics", "after");
	assert_int_equal(store_flush(s, &e), 0);
	assert_body(s, c, "a.ics", "after");
	check_problems(s, &problems);
	assert_string_equal(problems.data, "");
	store_close(s);
	set_write_error(-1);
}

/* What a failed write left on disk nobody knows: the process has to end and to start anew. */
static void a_failing_device_ends_the_process(void **state)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		set_write_error(0);
		struct store *s = open_root(&quick);
		store_id c = suite_calendar(s, "anna", "w");
		put_body(s, c, "a.ics", "acknowledged");
		set_write_error(EIO);
		signal(SIGABRT, SIG_DFL);
		suite_put(s, c, "a.ics", "a.ics", "never", NULL, NULL, NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = open_root(&quick);
	struct collection c;
	assert_int_equal(store_collection(s, "anna", "w", mem, &c, NULL), 0);
	assert_body(s, c.id, "a.ics", "acknowledged");
	store_close(s);
}

static void a_folder_goes_with_the_last_file_that_could_not(void **state)
{
	struct store *s = open_root(&slow);
	char *way cleanup_free = path_of("cal/anna/w/a.ics");
	store_id c = suite_calendar(s, "anna", "w");
	struct err e = {0};

	put_body(s, c, "a.ics", "a");
	assert_int_equal(store_flush(s, &e), 0);
	unlink_file("cal/anna/w/a.ics");
	assert_int_equal(mkdir(way, 0700), 0);
	assert_int_equal(store_commit(s, &(struct commit){.now = SUITE_NOW, .drop = c}, &e), 0);
	assert_int_equal(store_flush(s, &e), -1);
	assert_true(exists("cal/anna/w/a.ics"));
	assert_int_equal(rmdir(way), 0);
	assert_int_equal(store_flush(s, &e), 0);
	assert_false(exists("cal/anna/w"));
	store_close(s);
}

static void a_file_that_cannot_be_written_costs_only_itself(void **state)
{
	struct store *s = open_root(&quick);
	struct err e = {0};
	char *way cleanup_free = path_of("cal/anna/w/a.ics");
	store_id c = suite_calendar(s, "anna", "w");

	assert_int_equal(store_flush(s, &e), 0);
	assert_int_equal(mkdir(way, 0700), 0);
	put_body(s, c, "a.ics", "a");
	put_body(s, c, "b.ics", "b");
	assert_int_equal(store_flush(s, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_body(s, c, "a.ics", "a");
	assert_true(exists("cal/anna/w/b.ics"));
	assert_int_equal(rmdir(way), 0);
	assert_int_equal(store_flush(s, &e), 0);
	assert_true(exists("cal/anna/w/a.ics"));
	store_close(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		FILES(a_full_disk_refuses_commits_and_nothing_more),
		FILES(a_failing_device_ends_the_process),
		FILES(a_folder_goes_with_the_last_file_that_could_not),
		FILES(a_file_that_cannot_be_written_costs_only_itself),
	};

	return cmocka_run_group_tests_name("failing devices", tests, NULL, NULL);
}
