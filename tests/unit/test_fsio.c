#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/util.h"

static char folder[] = "/tmp/dedit-test-fsio-XXXXXX";
static int dir = -1;

static int make_folder(void **state)
{
	struct err e;

	(void)state;
	return mkdtemp(folder) != NULL ? fs_open_dir(folder, &dir, &e) : -1;
}

static int remove_folder(void **state)
{
	cleanup_free char *command = xasprintf("rm -rf %s", folder);

	(void)state;
	fd_cleanup(&dir);
	return system(command);
}

/* Stands before libc's: after so many entries the disk can't be read. */
static int entries_left = INT_MAX;

struct dirent *readdir(DIR *d)
{
	if (entries_left-- > 0)
		return ((struct dirent *(*)(DIR *))dlsym(RTLD_NEXT, "readdir"))(d);
	errno = EIO;
	return NULL;
}

static mode_t mode_of(const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_mode & 07777;
}

static size_t entries(void)
{
	DIR *d = opendir(folder);
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL) {
		n++;
	}
	closedir(d);
	return n - 2;
}

static void writes_and_reads_again(void **state)
{
	struct buf b cleanup_buf;
	struct err e = {0};

	(void)state;
	buf_init(&b, 100);
	assert_int_equal(fs_replace(dir, "a", "first\0!", 7, 1, &e), 0);
	assert_int_equal(fs_replace(dir, "a", "second", 6, 0, &e), 0);
	assert_int_equal(mode_of("a"), 0600);
	assert_int_equal(entries(), 1);
	buf_adds(&b, ">");
	assert_int_equal(fs_read(dir, "a", &b, &e), 0);
	assert_string_equal(b.data, ">second");
	assert_int_equal(fs_replace(dir, "a", NULL, 0, 0, &e), 0);
	buf_reset(&b);
	assert_int_equal(fs_read(dir, "a", &b, &e), 0);
	assert_int_equal(b.len, 0);
	assert_int_equal(fs_remove(dir, "a", &e), 0);
	assert_int_equal(fs_remove(dir, "a", &e), 0);
	assert_int_equal(fs_remove(dir, "none/a", &e), 0);
	assert_int_equal(entries(), 0);
}

static void tells_missing_from_too_large(void **state)
{
	struct buf b cleanup_buf;
	struct err e = {0};

	(void)state;
	buf_init(&b, 5);
	assert_int_equal(fs_read(dir, "none", &b, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(fs_replace(dir, "large", "12345", 5, 0, &e), 0);
	buf_addc(&b, '>');
	assert_int_equal(fs_read(dir, "large", &b, &e), -1);
	assert_int_equal(e.code, ERR_LARGE);
	assert_string_equal(b.data, ">");
	assert_false(b.full);
	buf_reset(&b);
	assert_int_equal(fs_read(dir, "large", &b, &e), 0);
	assert_int_equal(fs_remove(dir, "large", &e), 0);
}

static void another_length_is_seen(void **state)
{
	struct buf b cleanup_buf;
	struct err e = {0};

	(void)state;
	buf_init(&b, 20);
	buf_adds(&b, "> ");
	assert_int_equal(fs_replace(dir, "sized", "0123456789", 10, 0, &e), 0);
	assert_int_equal(fs_read_sized(dir, "sized", 10, &b, &e), 0);
	assert_string_equal(b.data, "> 0123456789");
	buf_reset(&b);
	assert_int_equal(fs_read_sized(dir, "sized", 4, &b, &e), 0);
	assert_string_equal(b.data, "01234");
	buf_reset(&b);
	assert_int_equal(fs_read_sized(dir, "sized", 15, &b, &e), 0);
	assert_string_equal(b.data, "0123456789");
	assert_int_equal(fs_read_sized(dir, "sized", 10, &b, &e), -1);
	assert_int_equal(e.code, ERR_LARGE);
	assert_string_equal(b.data, "0123456789");
	assert_int_equal(fs_read_sized(dir, "none", 3, &b, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_false(b.full);
	assert_int_equal(fs_remove(dir, "sized", &e), 0);
}

static void follows_no_links(void **state)
{
	struct buf b cleanup_buf;
	struct err e = {0};
	int sub = -1;

	(void)state;
	buf_init(&b, 1000);
	assert_int_equal(symlinkat("/etc/hostname", dir, "link"), 0);
	assert_int_equal(symlinkat("/etc", dir, "folder"), 0);
	assert_int_equal(fs_read(dir, "link", &b, &e), -1);
	assert_int_equal(fs_read(dir, "folder/hostname", &b, &e), -1);
	assert_int_equal(b.len, 0);
	assert_int_equal(fs_open_subdir(dir, "folder", 1, &sub, &e), -1);
	assert_int_equal(fs_open_subdir(dir, "folder/x", 1, &sub, &e), -1);
	assert_int_equal(fs_replace(dir, "folder/x", "", 0, 0, &e), -1);
	assert_int_equal(sub, -1);
	/* a link that is replaced or removed leaves alone what it points to */
	assert_int_equal(fs_replace(dir, "link", "mine", 4, 0, &e), 0);
	assert_int_equal(fs_read(dir, "link", &b, &e), 0);
	assert_string_equal(b.data, "mine");
	assert_int_equal(fs_remove(dir, "link", &e), 0);
	assert_int_equal(fs_remove(dir, "folder", &e), 0);
	assert_int_equal(access("/etc/passwd", F_OK), 0);
}

static void names_stay_below_the_folder(void **state)
{
	static const char *const bad[] = {"", "/etc/passwd", "../x", "a/../x", "..", ".", "a/", "a//"};
	struct buf b cleanup_buf;
	struct err e = {0};
	int sub = -1;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		e.code = ERR_NONE;
		assert_int_equal(fs_read(dir, bad[i], &b, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		assert_int_equal(fs_replace(dir, bad[i], "", 0, 0, &e), -1);
		assert_int_equal(fs_remove(dir, bad[i], &e), -1);
	}
	assert_int_equal(fs_open_subdir(dir, "..", 0, &sub, &e), -1);
	assert_int_equal(fs_open_subdir(dir, "a/../..", 1, &sub, &e), -1);
	assert_int_equal(fs_open_subdir(dir, "/tmp", 0, &sub, &e), -1);
	assert_int_equal(entries(), 0);
}

static void makes_folders_on_the_way(void **state)
{
	struct err e = {0};
	int sub = -1;

	(void)state;
	assert_int_equal(fs_open_subdir(dir, "x/y/z", 0, &sub, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(fs_open_subdir(dir, "x/y/z", 1, &sub, &e), 0);
	assert_int_equal(mode_of("x/y"), 0700);
	assert_int_equal(fs_replace(sub, "f", "1", 1, 0, &e), 0);
	fd_cleanup(&sub);
	assert_int_equal(fs_remove(dir, "x/y/z/f", &e), 0);
	assert_int_equal(unlinkat(dir, "x/y/z", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(dir, "x/y", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(dir, "x", AT_REMOVEDIR), 0);
	assert_int_equal(fs_open_subdir(dir, "", 0, &sub, &e), 0);
	fd_cleanup(&sub);
}

static void failing_leaves_nothing_behind(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(mkdirat(dir, "busy", 0700), 0);
	assert_int_equal(fs_replace(dir, "busy", "x", 1, 1, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_int_equal(entries(), 1);
	assert_int_equal(unlinkat(dir, "busy", AT_REMOVEDIR), 0);
}

static void reads_no_fifo_and_no_folder(void **state)
{
	struct buf b cleanup_buf;
	struct err e = {0};

	(void)state;
	buf_init(&b, 10);
	assert_int_equal(mkfifoat(dir, "fifo", 0600), 0);
	assert_int_equal(mkdirat(dir, "sub", 0700), 0);
	assert_int_equal(fs_read(dir, "fifo", &b, &e), -1);
	assert_int_equal(fs_read(dir, "sub", &b, &e), -1);
	assert_int_equal(fs_read_sized(dir, "sub", 5, &b, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	/* nobody writes into it: it is empty */
	assert_int_equal(fs_read_sized(dir, "fifo", 5, &b, &e), 0);
	assert_int_equal(b.len, 0);
	int writer cleanup_fd = openat(dir, "fifo", O_RDWR | O_CLOEXEC);
	assert_int_equal(fs_read_sized(dir, "fifo", 5, &b, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_int_equal(b.len, 0);
	assert_int_equal(unlinkat(dir, "fifo", 0), 0);
	assert_int_equal(unlinkat(dir, "sub", AT_REMOVEDIR), 0);
}

/* From here on this process has no openat2(), as under an old kernel or a filter that doesn't know it. */
static bool forbid_openat2(int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {ARRAY_SIZE(code), code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0 &&
		syscall(SYS_openat2, dir, ".", NULL, 0) < 0 && errno == error;
}

enum { NO_FILTER = 77 };

/* 0, or which of the checks failed. */
static int read_without(int error)
{
	struct buf b cleanup_buf;
	struct err e = {0};

	buf_init(&b, 20);
	if (!forbid_openat2(error))
		return NO_FILTER;
	if (fs_read(dir, "x/y/file", &b, &e) < 0 || strcmp(b.data, "bytes") != 0)
		return 2;
	if (fs_read_sized(dir, "x/y/file", 5, &b, &e) < 0 || b.len != 10 ||
		fs_read_sized(dir, "x/y/link", 5, &b, &e) == 0)
		return 5;
	if (fs_read(dir, "x/none", &b, &e) == 0 || e.code != ERR_NOT_FOUND)
		return 3;
	return fs_read(dir, "link/y/file", &b, &e) == 0 || fs_read(dir, "x/y/link", &b, &e) == 0 ? 4 : 0;
}

static void reads_without_openat2(void **state)
{
	const int errors[] = {ENOSYS, EPERM, EACCES};
	struct err e = {0};
	int sub = -1, status = 0;

	(void)state;
	assert_int_equal(fs_open_subdir(dir, "x/y", 1, &sub, &e), 0);
	assert_int_equal(fs_replace(sub, "file", "bytes", 5, 0, &e), 0);
	assert_int_equal(symlinkat("file", sub, "link"), 0);
	assert_int_equal(symlinkat("x", dir, "link"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		pid_t child = fork();
		if (child == 0)
			_exit(read_without(errors[i]));
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status) == NO_FILTER)
			break;
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	fd_cleanup(&sub);
	assert_int_equal(unlinkat(dir, "link", 0), 0);
	assert_int_equal(unlinkat(dir, "x/y/link", 0), 0);
	assert_int_equal(unlinkat(dir, "x/y/file", 0), 0);
	assert_int_equal(unlinkat(dir, "x/y", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(dir, "x", AT_REMOVEDIR), 0);
	if (WEXITSTATUS(status) == NO_FILTER)
		skip(); /* no filters of system calls here */
}

static struct { bool on; int calls; } bad_block;

/* Stands before libc's: of a file with a bad block in its second page, as Linux reads it. */
ssize_t read(int fd, void *to, size_t len)
{
	ssize_t (*real)(int, void *, size_t) = (ssize_t (*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");

	if (!bad_block.on)
		return real(fd, to, len);
	if (bad_block.calls++ == 0)
		return real(fd, to, 4096);
	errno = EIO;
	return -1;
}

static void a_bad_block_is_no_end(void **state)
{
	cleanup_free char *text = xcalloc(1, 6001);
	struct buf b cleanup_buf;
	struct err e = {0};

	(void)state;
	buf_init(&b, 10000);
	memset(text, 'x', 6000);
	assert_int_equal(fs_replace(dir, "bad", text, 6000, 0, &e), 0);
	bad_block.on = true;
	int status = fs_read(dir, "bad", &b, &e);
	bad_block.on = false;
	assert_int_equal(status, -1);
	assert_int_equal(e.code, ERR_DEVICE);
	assert_int_equal(b.len, 0);
	bad_block.on = true;
	bad_block.calls = 0;
	status = fs_read_sized(dir, "bad", 6000, &b, &e);
	bad_block.on = false;
	assert_int_equal(status, -1);
	assert_int_equal(e.code, ERR_DEVICE);
	assert_int_equal(b.len, 0);
	assert_int_equal(fs_remove(dir, "bad", &e), 0);
}

static void open_folders_to_the_world_are_refused(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(fs_check_private(dir, folder, &e), 0);
	assert_int_equal(fchmod(dir, 0770), 0);
	assert_int_equal(fs_check_private(dir, folder, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	assert_non_null(strstr(e.text, folder));
	assert_int_equal(fchmod(dir, 0755), 0);
	assert_int_equal(fs_check_private(dir, folder, &e), 0);
	if (geteuid() != 0) {
		cleanup_fd int root = open("/", O_RDONLY | O_DIRECTORY);
		assert_int_equal(fs_check_private(root, "/", &e), -1);
	}
}

static void makes_a_folder_or_leaves_it(void **state)
{
	cleanup_free char *name = xasprintf("%s/new", folder), *below = xasprintf("%s/none/new", folder);
	uid_t owner = geteuid() == 0 ? 65534 : geteuid();
	struct err e = {0};
	struct stat st;
	bool made;

	(void)state;
	assert_int_equal(fs_make_folder(name, owner, getegid(), &made, &e), 0);
	assert_true(made);
	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_uid, owner);
	assert_int_equal(mode_of("new"), 0700);
	assert_int_equal(chmod(name, 0755), 0);
	assert_int_equal(fs_make_folder(name, owner + 1, getegid(), &made, &e), 0);
	assert_false(made);
	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_uid, owner);
	assert_int_equal(mode_of("new"), 0755);
	assert_int_equal(fs_make_folder(below, owner, getegid(), &made, &e), -1);
	assert_false(made);
	assert_non_null(strstr(e.text, below));
	assert_int_equal(rmdir(name), 0);
}

static void a_folder_that_is_read_in_part_is_an_error(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	const char **name = NULL;
	struct err e = {0};
	size_t n = 7;

	(void)state;
	assert_int_equal(fs_replace(dir, "one", "1", 1, 0, &e), 0);
	assert_int_equal(fs_replace(dir, "two", "2", 1, 0, &e), 0);
	entries_left = 3; /* the folder itself and the one above among them, in any order */
	int status = fs_list(dir, mem, &name, &n, &e);
	entries_left = INT_MAX;
	assert_int_equal(status, -1);
	assert_int_equal(e.code, ERR_IO);
	assert_non_null(strstr(e.text, "Input/output error"));
	assert_int_equal(n, 7);
	assert_null(name);
	assert_int_equal(fs_list(dir, mem, &name, &n, &e), 0);
	assert_true(n >= 2);
	assert_int_equal(fs_remove(dir, "one", &e), 0);
	assert_int_equal(fs_remove(dir, "two", &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_and_reads_again),
		cmocka_unit_test(tells_missing_from_too_large),
		cmocka_unit_test(another_length_is_seen),
		cmocka_unit_test(follows_no_links),
		cmocka_unit_test(names_stay_below_the_folder),
		cmocka_unit_test(makes_folders_on_the_way),
		cmocka_unit_test(failing_leaves_nothing_behind),
		cmocka_unit_test(reads_no_fifo_and_no_folder),
		cmocka_unit_test(reads_without_openat2),
		cmocka_unit_test(a_bad_block_is_no_end),
		cmocka_unit_test(makes_a_folder_or_leaves_it),
		cmocka_unit_test(open_folders_to_the_world_are_refused),
		cmocka_unit_test(a_folder_that_is_read_in_part_is_an_error),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
