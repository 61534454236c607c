/* Whole trees: what is copied, what is passed over, and what is removed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/tree.h"
#include "base/util.h"

static char folder[] = "/tmp/dedit-test-tree-XXXXXX";
static int dir = -1, from = -1, to = -1;

static int make_folder(void **state)
{
	return mkdtemp(folder) != NULL ? fs_open_dir(folder, &dir, NULL) : -1;
}

static int remove_folder(void **state)
{
	cleanup_free char *command = xasprintf("rm -rf %s", folder);

	fd_cleanup(&dir);
	return system(command);
}

static int make_trees(void **state)
{
	if (fs_open_subdir(dir, "from", 1, &from, NULL) < 0 || fs_open_subdir(dir, "to", 1, &to, NULL) < 0)
		return -1;
	return 0;
}

static int remove_trees(void **state)
{
	fd_cleanup(&from);
	fd_cleanup(&to);
	return tree_remove(dir, "from", NULL) < 0 || tree_remove(dir, "to", NULL) < 0 ? -1 : 0;
}

static void write_file(const char *name, const char *text)
{
	int fd cleanup_fd = openat(from, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void assert_file(const char *name, const char *text)
{
	struct buf found cleanup_buf;
	struct stat st;

	buf_init(&found, 1 << 20);
	assert_int_equal(fs_read(to, name, &found, NULL), 0);
	assert_int_equal(found.len, strlen(text));
	assert_memory_equal(found.data, text, found.len);
	assert_int_equal(fstatat(to, name, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void count(const char *path, void *arg)
{
	struct buf *paths = arg;

	buf_printf(paths, "%s\n", path);
}

static void a_tree_is_copied_with_hidden_files_times_and_its_own_modes(void **state)
{
	const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 2000}};
	struct tree_copy sum = {0};
	struct stat st;

	assert_int_equal(mkdirat(from, "a", 0755), 0);
	assert_int_equal(mkdirat(from, "a/.b", 0755), 0);
	write_file("a/x.ics", "one");
	write_file("a/.b/empty", "");
	assert_int_equal(utimensat(from, "a/x.ics", times, 0), 0);
	assert_int_equal(tree_copy(from, "a", to, &sum, NULL), 0);
	assert_file("a/x.ics", "one");
	assert_file("a/.b/empty", "");
	assert_int_equal(sum.files, 2);
	assert_int_equal(sum.bytes, 3);
	assert_int_equal(fstatat(to, "a/x.ics", &st, 0), 0);
	assert_int_equal(st.st_mtim.tv_sec, 2000);
	assert_int_equal(fstatat(to, "a/.b", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void a_single_file_and_a_missing_one(void **state)
{
	struct tree_copy sum = {0};

	write_file("key", "secret");
	assert_int_equal(tree_copy(from, "key", to, &sum, NULL), 0);
	assert_int_equal(tree_copy(from, "nothing", to, &sum, NULL), 0);
	assert_file("key", "secret");
	assert_int_equal(sum.files, 1);
}

static void what_is_no_file_is_told_and_not_followed(void **state)
{
	struct buf paths cleanup_buf;
	struct tree_copy sum = {.left_out = count, .arg = &paths};

	buf_init(&paths, 1000);
	assert_int_equal(mkdirat(from, "a", 0700), 0);
	assert_int_equal(symlinkat("/etc/passwd", from, "a/link"), 0);
	write_file("a/.new-0123456789abcdef", "left by a crash");
	assert_int_equal(tree_copy(from, "a", to, &sum, NULL), 0);
	assert_string_equal(paths.data, "a/link\n");
	assert_int_equal(sum.files, 0);
	assert_int_equal(faccessat(to, "a/link", F_OK, AT_SYMLINK_NOFOLLOW), -1);
}

static void nothing_is_overwritten(void **state)
{
	struct tree_copy sum = {0};
	struct err e;

	write_file("key", "new");
	assert_int_equal(fs_replace(to, "key", "old", 3, 0, NULL), 0);
	assert_int_equal(tree_copy(from, "key", to, &sum, &e), -1);
	assert_file("key", "old");
}

static void folders_in_each_other_have_an_end(void **state)
{
	struct tree_copy sum = {0};
	struct err e = {0};
	int at = dup(from);

	for (int i = 0; i < 20; i++) {
		int next;
		assert_int_equal(fs_open_subdir(at, "d", 1, &next, NULL), 0);
		close(at);
		at = next;
	}
	close(at);
	assert_int_equal(tree_copy(from, "d", to, &sum, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	cleanup_free char *command = xasprintf("rm -rf %s/from/d", folder);
	assert_int_equal(system(command), 0);
}

static void a_removed_tree_leaves_what_its_links_lead_to(void **state)
{
	bool empty = false;

	assert_int_equal(mkdirat(from, "a", 0700), 0);
	assert_int_equal(mkdirat(from, "kept", 0700), 0);
	write_file("a/.hidden", "x");
	write_file("kept/file", "x");
	assert_int_equal(symlinkat("../kept", from, "a/link"), 0);
	assert_int_equal(tree_remove(from, "a", NULL), 0);
	assert_int_equal(tree_remove(from, "a", NULL), 0);
	assert_int_equal(faccessat(from, "kept/file", F_OK, 0), 0);
	assert_int_equal(tree_is_empty(from, &empty, NULL), 0);
	assert_false(empty);
	assert_int_equal(tree_remove(from, "kept", NULL), 0);
	assert_int_equal(tree_is_empty(from, &empty, NULL), 0);
	assert_true(empty);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_trees, remove_trees)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_tree_is_copied_with_hidden_files_times_and_its_own_modes),
		TEST(a_single_file_and_a_missing_one),
		TEST(what_is_no_file_is_told_and_not_followed),
		TEST(nothing_is_overwritten),
		TEST(folders_in_each_other_have_an_end),
		TEST(a_removed_tree_leaves_what_its_links_lead_to),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
