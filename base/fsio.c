#include "base/fsio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/failpoint.h"
#include "base/util.h"

enum { FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, TEMP_SIZE = 28 };

void fd_cleanup(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;
		close(*fd);
		errno = saved;
	}
}

int fs_open_dir(const char *path, int *out, struct err *e)
{
	int fd = open(path, FOLDER_FLAGS);

	if (fd < 0)
		return err_errno(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s", path);
	*out = fd;
	return 0;
}

int fs_make_folder(const char *path, uid_t owner, gid_t group, bool *made, struct err *e)
{
	cleanup_fd int fd = -1;

	*made = mkdir(path, 0700) == 0;
	if (!*made)
		return errno == EEXIST ? 0 : err_errno(e, ERR_IO, "%s", path);
	fd = open(path, FOLDER_FLAGS);
	if (fd >= 0 && (geteuid() != 0 || fchown(fd, owner, group) == 0))
		return 0;
	err_errno(e, ERR_IO, "%s", path);
	rmdir(path);
	*made = false;
	return -1;
}

/* Files that root makes belong to the folder's owner, who has to go on working with them. */
static int give_to_owner(int dir, int fd)
{
	struct stat st;

	if (geteuid() != 0)
		return 0;
	if (fstat(dir, &st) < 0)
		return -1;
	return st.st_uid == 0 ? 0 : fchown(fd, st.st_uid, st.st_gid);
}

static int open_child(int dir, const char *name, int make)
{
	int fd = openat(dir, name, FOLDER_FLAGS);

	if (fd >= 0 || errno != ENOENT || !make)
		return fd;
	if (mkdirat(dir, name, 0700) < 0 && errno != EEXIST)
		return -1;
	fd = openat(dir, name, FOLDER_FLAGS);
	if (fd >= 0 && give_to_owner(dir, fd) < 0) {
		fd_cleanup(&fd);
		return -1;
	}
	return fd;
}

/* Copies the next component of *path and moves on; -1 if it is too long, empty or "..". */
static int next_component(const char **path, char name[NAME_MAX + 1])
{
	size_t len = strcspn(*path, "/");

	if (len == 0 || len > NAME_MAX || (len == 2 && memcmp(*path, "..", 2) == 0))
		return -1;
	memcpy(name, *path, len);
	name[len] = '\0';
	*path += len;
	*path += strspn(*path, "/");
	return 0;
}

static bool stays_below(const char *rel)
{
	char name[NAME_MAX + 1];

	while (*rel != '\0') {
		if (next_component(&rel, name) < 0)
			return false;
	}
	return true;
}

/* One call for all folders on the way, none of which may be a link: -1 with errno, also where a kernel or a
 * filter of system calls has no openat2(). */
static int open_below(int dir, const char *name, int flags)
{
	const struct open_how how = {
		.flags = (unsigned)flags,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};

	return (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));
}

int fs_open_subdir(int dir, const char *rel, int make, int *out, struct err *e)
{
	char name[NAME_MAX + 1];

	if (!stays_below(rel))
		return err_set(e, ERR_INVALID, "'%s' is no name of a folder below another", rel);
	int whole = open_below(dir, rel, FOLDER_FLAGS);
	if (whole >= 0) {
		*out = whole;
		return 0;
	}
	/* one folder after the other, to make what is missing or to tell why it can't be opened */
	cleanup_fd int at = openat(dir, ".", FOLDER_FLAGS);
	if (at < 0)
		return err_errno(e, ERR_IO, "open the folder above %s", rel);
	for (const char *rest = rel; *rest != '\0';) {
		next_component(&rest, name);
		int child = open_child(at, name, make);
		if (child < 0)
			return err_errno(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "open %s", rel);
		fd_cleanup(&at);
		at = child;
	}
	*out = at;
	at = -1;
	return 0;
}

/* Has `name` a last component that can be a file's? */
static int find_last(const char *name, const char **last, struct err *e)
{
	const char *slash = strrchr(name, '/');

	*last = slash == NULL ? name : slash + 1;
	if (*name == '/' || **last == '\0' || strcmp(*last, ".") == 0 || strcmp(*last, "..") == 0)
		return err_set(e, ERR_INVALID, "'%s' is no name of a file below a folder", name);
	return 0;
}

/* Opens the folder of `name` and finds its last component. */
static int open_parent(int dir, const char *name, int *out, const char **last, struct err *e)
{
	if (find_last(name, last, e) < 0)
		return -1;
	cleanup_free char *parent = xstrndup(name, (size_t)(*last - name));
	return fs_open_subdir(dir, parent, 0, out, e);
}

enum { READ_FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC }; /* somebody's FIFO must not stop us */

/* Where open_below() can't do it. */
static int open_by_steps(int dir, const char *name, struct err *e)
{
	cleanup_fd int parent = -1;
	const char *last;

	if (open_parent(dir, name, &parent, &last, e) < 0)
		return -1;
	int fd = openat(parent, last, READ_FLAGS);
	return fd >= 0 ? fd : err_errno(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "open %s", name);
}

static int open_to_read(int dir, const char *name, struct err *e)
{
	const char *last;

	if (find_last(name, &last, e) < 0)
		return -1;
	if (!stays_below(name))
		return err_set(e, ERR_INVALID, "'%s' is no name of a file below a folder", name);
	int fd = open_below(dir, name, READ_FLAGS);
	if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EACCES))
		return open_by_steps(dir, name, e);
	return fd >= 0 ? fd : err_errno(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "open %s", name);
}

/* `size` is that of the file when it was opened: a read that is short before has met a bad block, and only
 * the next one tells. */
static int read_all(int fd, uint64_t size, struct buf *out)
{
	uint64_t had = 0;
	char bytes[16384];

	for (;;) {
		ssize_t n = read(fd, bytes, sizeof(bytes));
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0)
			return -1;
		had += (uint64_t)n;
		if (n == 0 || buf_add(out, bytes, (size_t)n) < 0 || ((size_t)n < sizeof(bytes) && had >= size))
			return 0;
	}
}

int fs_read(int dir, const char *name, struct buf *out, struct err *e)
{
	size_t before = out->len;
	cleanup_fd int fd = open_to_read(dir, name, e);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return err_errno(e, ERR_IO, "stat %s", name);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_IO, "%s is no regular file", name);
	int status = read_all(fd, (uint64_t)st.st_size, out);
	if (status == 0 && !out->full)
		return 0;
	status = status < 0 ? err_errno(e, ERR_DEVICE, "read %s", name)
		: err_set(e, ERR_LARGE, "%s is larger than %zu bytes", name, out->max - before);
	out->full = false;
	out->len = before;
	if (out->size > 0) {
		out->data[before] = '\0';
	}
	return status;
}

/* What is short of `size` is read on to its end: a read that is short before has met a bad block, and only
 * the next one tells. */
static int read_sized(int fd, size_t size, struct buf *out)
{
	size_t had = 0;
	ssize_t n;

	do {
		n = read(fd, out->data + out->len, size + 1 - had);
		if (n > 0) {
			buf_took(out, (size_t)n);
			had += (size_t)n;
		}
	} while (n < 0 ? errno == EINTR : n > 0 && had < size);
	return n < 0 ? -1 : 0;
}

int fs_read_sized(int dir, const char *name, size_t size, struct buf *out, struct err *e)
{
	size_t before = out->len;

	cleanup_fd int fd = open_to_read(dir, name, e);
	if (fd < 0)
		return -1;
	if (buf_room(out, size + 1) < 0) {
		out->full = false;
		return err_set(e, ERR_LARGE, "%s has no room", name);
	}
	if (read_sized(fd, size, out) == 0)
		return 0;
	out->len = before;
	out->data[before] = '\0';
	/* a folder, and a pipe that has a writer */
	if (errno == EISDIR || errno == EAGAIN)
		return err_set(e, ERR_IO, "%s is no regular file", name);
	return err_errno(e, ERR_DEVICE, "read %s", name);
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Starts with a dot and has no suffix: nobody takes what a crash leaves of it for an event. */
static void temp_name(char out[TEMP_SIZE])
{
	unsigned char raw[12];
	char text[base64url_size(sizeof(raw))];

	random_bytes(raw, sizeof(raw));
	base64url(raw, sizeof(raw), text);
	snprintf(out, TEMP_SIZE, FS_TEMP_PREFIX "%s", text);
}

static int write_temp(int dir, const char *temp, const void *data, size_t len, int sync)
{
	cleanup_fd int fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 || give_to_owner(dir, fd) < 0 || write_all(fd, data, len) < 0)
		return -1;
	return sync ? fsync(fd) : 0;
}

int fs_replace(int dir, const char *name, const void *data, size_t len, int sync, struct err *e)
{
	cleanup_fd int parent = -1;
	char temp[TEMP_SIZE];
	const char *last;

	if (open_parent(dir, name, &parent, &last, e) < 0)
		return -1;
	temp_name(temp);
	int status = write_temp(parent, temp, data, len, sync);
	FAILPOINT("replace-after-temp");
	if (status < 0 || renameat(parent, temp, parent, last) < 0) {
		err_errno(e, ERR_IO, "write %s", name);
		unlinkat(parent, temp, 0);
		return -1;
	}
	FAILPOINT("replace-after-rename");
	if (sync && fsync(parent) < 0)
		return err_errno(e, ERR_IO, "sync the folder of %s", name);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct list { struct arena *mem; const char **name; size_t n, room; };

/* 0; -1 with errno: what came before it isn't all. */
static int read_names(DIR *d, struct list *out)
{
	const struct dirent *entry;

	while (errno = 0, (entry = readdir(d)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		out->name = arena_room(out->mem, out->name, out->n, &out->room, sizeof(*out->name));
		out->name[out->n++] = arena_strdup(out->mem, entry->d_name);
	}
	return errno == 0 ? 0 : -1;
}

int fs_list(int dir, struct arena *mem, const char ***out, size_t *n, struct err *e)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct list all = {.mem = mem};

	if (d == NULL) {
		fd_cleanup(&fd);
		return err_errno(e, ERR_IO, "read a folder");
	}
	int status = read_names(d, &all);
	int why = errno;
	closedir(d);
	if (status < 0) {
		errno = why;
		return err_errno(e, ERR_IO, "read a folder");
	}
	if (all.n > 0) {
		qsort(all.name, all.n, sizeof(*all.name), compare_names);
	}
	*out = all.name;
	*n = all.n;
	return 0;
}

int fs_remove(int dir, const char *name, struct err *e)
{
	cleanup_fd int parent = -1;
	struct err missing = {0};
	const char *last;

	if (open_parent(dir, name, &parent, &last, &missing) < 0) {
		if (missing.code == ERR_NOT_FOUND)
			return 0;
		return err_set(e, missing.code, "%s", missing.text);
	}
	if (unlinkat(parent, last, 0) < 0 && errno != ENOENT)
		return err_errno(e, ERR_IO, "remove %s", name);
	return 0;
}

int fs_check_private(int dir, const char *what, struct err *e)
{
	uid_t self = geteuid();
	struct stat st;

	if (fstat(dir, &st) < 0)
		return err_errno(e, ERR_IO, "stat %s", what);
	/* root works for whoever owns it */
	if (self != 0 && st.st_uid != self)
		return err_set(e, ERR_DENIED, "%s belongs to user %ju, but this runs as user %ju", what,
			(uintmax_t)st.st_uid, (uintmax_t)self);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return err_set(e, ERR_DENIED, "%s can be written by others (mode %04o): chmod go-w it",
			what, (unsigned)st.st_mode & 07777);
	return 0;
}
