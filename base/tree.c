#include "base/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/util.h"

/* Deeper than any folder of ours; what somebody put there must not use up the stack or the descriptors. */
enum { COPIED_DEEPEST = 16, REMOVED_DEEPEST = 32, PIECE = 1 << 30 };

static void dir_cleanup(DIR **dir)
{
	if (*dir != NULL) {
		closedir(*dir);
	}
}
#define cleanup_dir __attribute__((cleanup(dir_cleanup)))

static DIR *open_entries(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir == NULL) {
		fd_cleanup(&fd);
	}
	return dir;
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int too_deep(const char *path, struct err *e)
{
	return err_set(e, ERR_LIMIT, "%s: too many folders in each other", path);
}

/* Calls visit for what is in a folder, whatever it is; visit says whether to stop. */
typedef int (*entry_fn)(int dir, const char *name, const char *path, int depth, void *arg, struct err *e);

static int for_each_entry(DIR *dir, const char *path, int depth, entry_fn visit, void *arg, struct err *e)
{
	const struct dirent *entry;
	int status = 0;

	while (status == 0 && (errno = 0, entry = readdir(dir)) != NULL) {
		if (is_dots(entry->d_name))
			continue;
		char *below cleanup_free = xasprintf("%s/%s", path, entry->d_name);
		status = visit(dirfd(dir), entry->d_name, below, depth, arg, e);
	}
	return status == 0 && errno != 0 ? err_errno(e, ERR_IO, "read %s", path) : status;
}

/* ---- copying ---- */

struct target { int dir; struct tree_copy *sum; };

static int copy_piece_by_piece(int from, int to)
{
	char bytes[65536];
	ssize_t n, m;

	while ((n = read(from, bytes, sizeof(bytes))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		for (ssize_t done = 0; done < n; done += m) {
			m = write(to, bytes + done, (size_t)(n - done));
			if (m < 0 && errno == EINTR) {
				m = 0;
			}
			if (m < 0)
				return -1;
		}
	}
	return 0;
}

/* By the kernel, which shares blocks where it can; else, as between file systems, by hand. */
static int copy_bytes(int from, int to)
{
	ssize_t n;

	do {
		n = copy_file_range(from, NULL, to, NULL, PIECE, 0);
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n == 0 || (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP))
		return (int)n;
	return copy_piece_by_piece(from, to);
}

static int fill_file(int from, const struct stat *st, int to, const char *name, struct tree_copy *sum)
{
	const struct timespec times[2] = {st->st_mtim, st->st_mtim};
	struct stat copied;
	int fd cleanup_fd = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 || copy_bytes(from, fd) < 0 || fstat(fd, &copied) < 0 || futimens(fd, times) < 0)
		return -1;
	sum->files++;
	sum->bytes += (uint64_t)copied.st_size;
	return 0;
}

static int copy_entry(int dir, const char *name, const char *path, int depth, void *arg, struct err *e);

static int copy_folder(int dir, const char *name, const char *path, int depth, const struct target *to,
	struct err *e)
{
	DIR *entries cleanup_dir = open_entries(dir, name);
	struct target below = {-1, to->sum};

	if (depth == COPIED_DEEPEST)
		return too_deep(path, e);
	if (entries == NULL)
		return errno == ENOENT ? 0 : err_errno(e, ERR_IO, "open %s", path);
	if (mkdirat(to->dir, name, 0700) < 0 || fs_open_subdir(to->dir, name, 0, &below.dir, e) < 0)
		return err_errno(e, ERR_IO, "make %s", path);
	int status = for_each_entry(entries, path, depth + 1, copy_entry, &below, e);
	fd_cleanup(&below.dir);
	return status;
}

static int copy_entry(int dir, const char *name, const char *path, int depth, void *arg, struct err *e)
{
	const struct target *to = arg;
	struct stat st;

	if (str_starts(name, FS_TEMP_PREFIX))
		return 0;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_errno(e, ERR_IO, "stat %s", path);
	if (S_ISDIR(st.st_mode))
		return copy_folder(dir, name, path, depth, to, e);
	if (!S_ISREG(st.st_mode)) {
		if (to->sum->left_out != NULL) {
			to->sum->left_out(path, to->sum->arg);
		}
		return 0;
	}
	if (to->sum->goes_on != NULL && to->sum->goes_on(to->sum->arg, e) < 0)
		return -1;
	/* O_NONBLOCK: it may have become a FIFO since */
	int fd cleanup_fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_errno(e, ERR_IO, "open %s", path);
	return fill_file(fd, &st, to->dir, name, to->sum) == 0 ? 0 : err_errno(e, ERR_IO, "copy %s", path);
}

int tree_copy(int from, const char *name, int to, struct tree_copy *sum, struct err *e)
{
	return copy_entry(from, name, name, 0, &(struct target){to, sum}, e);
}

/* ---- removing ---- */

static int remove_entry(int dir, const char *name, const char *path, int depth, void *arg, struct err *e)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_errno(e, ERR_IO, "stat %s", path);
	if (depth == REMOVED_DEEPEST)
		return too_deep(path, e);
	if (S_ISDIR(st.st_mode)) {
		DIR *entries cleanup_dir = open_entries(dir, name);
		if (entries == NULL)
			return err_errno(e, ERR_IO, "open %s", path);
		if (for_each_entry(entries, path, depth + 1, remove_entry, arg, e) < 0)
			return -1;
	}
	if (unlinkat(dir, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) < 0 && errno != ENOENT)
		return err_errno(e, ERR_IO, "remove %s", path);
	return 0;
}

int tree_remove(int dir, const char *name, struct err *e)
{
	return remove_entry(dir, name, name, 0, NULL, e);
}

static int stop_at_first(int dir, const char *name, const char *path, int depth, void *arg, struct err *e)
{
	return 1;
}

int tree_is_empty(int dir, bool *out, struct err *e)
{
	DIR *entries cleanup_dir = open_entries(dir, ".");
	int status = entries == NULL ? err_errno(e, ERR_IO, "read a folder")
		: for_each_entry(entries, ".", 0, stop_at_first, NULL, e);

	if (status >= 0) {
		*out = status == 0;
	}
	return status < 0 ? -1 : 0;
}
