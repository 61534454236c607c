/*
 * Loaded before libc (LD_PRELOAD): stands between a program and the files below one folder. It makes
 * chosen calls fail, and writes down what every call changes, for faults.py and power.py.
 *
 *   CRASH_SHIM_ROOT     the folder, absolute, without symbolic links
 *   CRASH_SHIM_CONTROL  a file of struct control, mapped: changed by the test while the program runs
 *   CRASH_SHIM_TRACE    records are appended to it (struct record)
 *
 * Only calls that come through libc's table are seen; that is all of ours and SQLite's.
 */
#undef _FORTIFY_SOURCE /* its inline functions have the names that are defined here */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum call {
	CALL_OPEN, CALL_CREATE, CALL_READ, CALL_WRITE, CALL_TRUNCATE, CALL_SYNC, CALL_SYNCFS, CALL_MKDIR,
	CALL_RENAME, CALL_REMOVE,
};

/* What a record says; CALLED is for counting alone. */
enum kind {
	KIND_CREATED = 1, KIND_WRITTEN, KIND_TRUNCATED, KIND_RENAMED, KIND_REMOVED, KIND_SYNC_BEGUN,
	KIND_SYNCED, KIND_SAID, KIND_MAPPED, KIND_CALLED,
};

enum { TRACE_CHANGES = 1, TRACE_CALLS = 2, IS_FOLDER = 1 };

/* tests/crash/shim.py has the same. */
struct control {
	_Atomic uint32_t calls;           /* bits of enum call; 0: no fault */
	_Atomic uint32_t first, times;    /* from which match on, and how often; 0: for good */
	_Atomic int32_t error;            /* errno; 0: half of a write is done */
	_Atomic uint32_t matched, failed; /* counted here */
	_Atomic uint32_t trace;           /* TRACE_… */
	_Atomic uint32_t die;             /* SIGKILL behind the next change: none is left unwritten */
	char pattern[100];                /* fnmatch() of paths below the root */
};

struct record {
	uint32_t size; /* with what follows: name, other name, data */
	uint16_t kind, detail;
	uint64_t thread, file, folder, other_folder;
	int64_t offset;
	uint32_t name, other_name, data;
};

static const char *root;
static size_t root_len;
static struct control *control;
static int trace = -1;
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&(name)))real(#name))

static void *real(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

__attribute__((constructor))
static void begin(void)
{
	const char *file = getenv("CRASH_SHIM_CONTROL"), *to = getenv("CRASH_SHIM_TRACE");

	root = getenv("CRASH_SHIM_ROOT");
	if (root == NULL || file == NULL)
		return;
	root_len = strlen(root);
	int fd = REAL(open)(file, O_RDWR | O_CLOEXEC);
	void *map = fd < 0 ? MAP_FAILED
		: REAL(mmap)(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		abort();
	close(fd);
	control = map;
	if (to != NULL)
		trace = REAL(open)(to, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

/* ---- paths ---- */

/* The part below the root, NULL for other files. */
static const char *below_root(const char *path)
{
	if (control == NULL || strncmp(path, root, root_len) != 0)
		return NULL;
	return path[root_len] == '/' ? path + root_len + 1 : path[root_len] == '\0' ? "" : NULL;
}

static const char *fd_path(int fd, char out[PATH_MAX])
{
	char link[32];
	int saved = errno;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t len = control == NULL ? -1 : readlink(link, out, PATH_MAX - 1);
	errno = saved;
	if (len < 0)
		return NULL;
	out[len] = '\0';
	return below_root(out);
}

static const char *at_path(int dir, const char *name, char out[PATH_MAX])
{
	char folder[PATH_MAX];

	if (control == NULL)
		return NULL;
	if (name[0] == '/' || dir == AT_FDCWD) {
		snprintf(out, PATH_MAX, "%s", name);
		return below_root(out);
	}
	const char *below = fd_path(dir, folder);
	if (below == NULL)
		return NULL;
	snprintf(out, PATH_MAX, "%s%s%s", below, *below == '\0' ? "" : "/", name);
	return out;
}

static uint64_t file_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static const char *last_of(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash == NULL ? name : slash + 1;
}

static uint64_t folder_of(int dir, const char *name)
{
	const char *last = last_of(name);
	char parent[PATH_MAX];
	struct stat st;

	snprintf(parent, sizeof(parent), "%.*s", (int)(last - name), name);
	return fstatat(dir, last == name ? "." : parent, &st, 0) == 0 ? st.st_ino : 0;
}

/* ---- records ---- */

static void write_record(struct record *r, const char *name, const char *other, const void *data)
{
	const struct iovec parts[] = {{r, sizeof(*r)}, {(void *)(uintptr_t)name, r->name},
		{(void *)(uintptr_t)other, r->other_name}, {(void *)(uintptr_t)data, r->data}};
	int saved = errno;

	r->thread = (uint64_t)pthread_self();
	r->size = (uint32_t)(sizeof(*r) + r->name + r->other_name + r->data);
	if (writev(trace, parts, 4) != (ssize_t)r->size)
		abort(); /* half a record would make nonsense of all behind it */
	if (control->die != 0 && r->kind <= KIND_REMOVED)
		kill(getpid(), SIGKILL);
	errno = saved;
}

static bool traces(unsigned what)
{
	return control != NULL && trace >= 0 && (control->trace & what) != 0;
}

static void note_name(enum kind kind, unsigned detail, uint64_t file, int dir, const char *name)
{
	const char *last = last_of(name);
	struct record r = {.kind = (uint16_t)kind, .detail = (uint16_t)detail, .file = file,
		.folder = folder_of(dir, name), .name = (uint32_t)strlen(last)};

	write_record(&r, last, NULL, NULL);
}

static void note_data(enum kind kind, int fd, int64_t offset, const void *data, size_t len)
{
	struct record r = {.kind = (uint16_t)kind, .file = file_of(fd), .offset = offset, .data = (uint32_t)len};

	write_record(&r, NULL, NULL, data);
}

/* ---- faults ---- */

/* Is this the call that is to fail? A path of NULL never is. */
static bool fails(enum call call, const char *path)
{
	if (path == NULL)
		return false;
	if (traces(TRACE_CALLS)) {
		struct record r = {.kind = KIND_CALLED, .detail = (uint16_t)call, .name = (uint32_t)strlen(path)};
		write_record(&r, path, NULL, NULL);
	}
	if ((control->calls & 1U << call) == 0 || fnmatch(control->pattern, path, 0) != 0)
		return false;
	uint32_t n = atomic_fetch_add(&control->matched, 1) + 1;
	if (n < control->first || (control->times != 0 && n >= control->first + control->times))
		return false;
	control->failed++;
	errno = control->error;
	return true;
}

/* ---- opening ---- */

static int open_at(int dir, const char *name, int flags, mode_t mode)
{
	char path[PATH_MAX];
	const char *below = at_path(dir, name, path);
	struct stat st;

	if (below == NULL)
		return REAL(openat)(dir, name, flags, mode);
	if ((flags & O_CREAT) == 0)
		return fails(CALL_OPEN, below) ? -1 : REAL(openat)(dir, name, flags, mode);
	pthread_mutex_lock(&order);
	bool there = fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	int fd = fails(there ? CALL_OPEN : CALL_CREATE, below) ? -1 : REAL(openat)(dir, name, flags, mode);
	if (fd >= 0 && traces(TRACE_CHANGES) && !there)
		note_name(KIND_CREATED, 0, file_of(fd), dir, name);
	if (fd >= 0 && traces(TRACE_CHANGES) && there && (flags & O_TRUNC) != 0)
		note_data(KIND_TRUNCATED, fd, 0, NULL, 0);
	pthread_mutex_unlock(&order);
	return fd;
}

static mode_t mode_of(int flags, va_list args)
{
	return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;
}

#define DEFINE_OPEN(function) \
	int function(const char *name, int flags, ...) \
	{ \
		va_list args; \
		va_start(args, flags); \
		mode_t mode = mode_of(flags, args); \
		va_end(args); \
		return open_at(AT_FDCWD, name, flags, mode); \
	}
DEFINE_OPEN(open)
DEFINE_OPEN(open64)

#define DEFINE_OPENAT(function) \
	int function(int dir, const char *name, int flags, ...) \
	{ \
		va_list args; \
		va_start(args, flags); \
		mode_t mode = mode_of(flags, args); \
		va_end(args); \
		return open_at(dir, name, flags, mode); \
	}

DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)

/* openat2() has no function of its own in libc; it is used for reading only. */
long syscall(long number, ...)
{
	char path[PATH_MAX];
	long arg[6];
	va_list args;

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		arg[i] = va_arg(args, long);
	va_end(args);
	if (number == SYS_openat2 && fails(CALL_OPEN, at_path((int)arg[0], (const char *)arg[1], path)))
		return -1;
	return REAL(syscall)(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}

/* ---- bytes ---- */

static ssize_t read_at(int fd, void *to, size_t len, off_t offset, bool positioned)
{
	char path[PATH_MAX];

	if (fails(CALL_READ, fd_path(fd, path)))
		return -1;
	return positioned ? REAL(pread)(fd, to, len, offset) : REAL(read)(fd, to, len);
}

ssize_t read(int fd, void *to, size_t len)
{
	return read_at(fd, to, len, 0, false);
}

ssize_t pread(int fd, void *to, size_t len, off_t offset)
{
	return read_at(fd, to, len, offset, true);
}

ssize_t pread64(int fd, void *to, size_t len, off_t offset)
{
	return read_at(fd, to, len, offset, true);
}

/* Standard output is what the program says of itself: it belongs into the order of things. */
static ssize_t write_at(int fd, const void *from, size_t len, off_t offset, bool positioned)
{
	char path[PATH_MAX];
	const char *below = fd_path(fd, path);
	bool says = fd == STDOUT_FILENO && traces(TRACE_CHANGES);

	if (below == NULL && !says)
		return positioned ? REAL(pwrite)(fd, from, len, offset) : REAL(write)(fd, from, len);
	pthread_mutex_lock(&order);
	bool failed = fails(CALL_WRITE, below);
	ssize_t n = -1;
	if (!failed || control->error == 0) {
		len = failed && len > 1 ? len / 2 : len;
		offset = positioned || says ? offset : lseek(fd, 0, SEEK_CUR);
		n = positioned ? REAL(pwrite)(fd, from, len, offset) : REAL(write)(fd, from, len);
		if (n > 0 && traces(TRACE_CHANGES))
			note_data(says ? KIND_SAID : KIND_WRITTEN, fd, offset, from, (size_t)n);
	}
	pthread_mutex_unlock(&order);
	return n;
}

ssize_t write(int fd, const void *from, size_t len)
{
	return write_at(fd, from, len, 0, false);
}

ssize_t pwrite(int fd, const void *from, size_t len, off_t offset)
{
	return write_at(fd, from, len, offset, true);
}

ssize_t pwrite64(int fd, const void *from, size_t len, off_t offset)
{
	return write_at(fd, from, len, offset, true);
}

static int truncate_at(int fd, off_t len)
{
	char path[PATH_MAX];
	const char *below = fd_path(fd, path);

	pthread_mutex_lock(&order);
	int status = fails(CALL_TRUNCATE, below) ? -1 : REAL(ftruncate)(fd, len);
	if (status == 0 && below != NULL && traces(TRACE_CHANGES))
		note_data(KIND_TRUNCATED, fd, len, NULL, 0);
	pthread_mutex_unlock(&order);
	return status;
}

int ftruncate(int fd, off_t len)
{
	return truncate_at(fd, len);
}

int ftruncate64(int fd, off_t len)
{
	return truncate_at(fd, len);
}

/* What is written through memory is seen by nobody here. */
static void note_map(int fd, int protection, int flags)
{
	char path[PATH_MAX];
	const char *below = fd < 0 ? NULL : fd_path(fd, path);

	if (below != NULL && (flags & MAP_SHARED) != 0 && (protection & PROT_WRITE) != 0 &&
		traces(TRACE_CHANGES))
		note_name(KIND_MAPPED, 0, file_of(fd), AT_FDCWD, below);
}

void *mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
	note_map(fd, protection, flags);
	return REAL(mmap)(at, len, protection, flags, fd, offset);
}

void *mmap64(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
	note_map(fd, protection, flags);
	return REAL(mmap)(at, len, protection, flags, fd, offset);
}

/* ---- syncing ---- */

/* What was done before it began is safe once it has ended. */
static int sync_with(int (*sync)(int), enum call call, int fd)
{
	char path[PATH_MAX];
	const char *below = fd_path(fd, path);
	bool traced = below != NULL && traces(TRACE_CHANGES);
	struct record r = {.file = call == CALL_SYNCFS ? 0 : file_of(fd)};

	if (traced) {
		pthread_mutex_lock(&order);
		r.kind = KIND_SYNC_BEGUN;
		write_record(&r, NULL, NULL, NULL);
		pthread_mutex_unlock(&order);
	}
	int status = fails(call, below) ? -1 : sync(fd);
	if (traced && status == 0) {
		r.kind = KIND_SYNCED;
		write_record(&r, NULL, NULL, NULL);
	}
	return status;
}

int fsync(int fd)
{
	return sync_with(REAL(fsync), CALL_SYNC, fd);
}

int fdatasync(int fd)
{
	return sync_with(REAL(fdatasync), CALL_SYNC, fd);
}

int syncfs(int fd)
{
	return sync_with(REAL(syncfs), CALL_SYNCFS, fd);
}

/* ---- names ---- */

static int make_folder(int dir, const char *name, mode_t mode)
{
	char path[PATH_MAX];
	const char *below = at_path(dir, name, path);
	struct stat st;

	pthread_mutex_lock(&order);
	int status = fails(CALL_MKDIR, below) ? -1 : REAL(mkdirat)(dir, name, mode);
	if (status == 0 && below != NULL && traces(TRACE_CHANGES) && fstatat(dir, name, &st, 0) == 0)
		note_name(KIND_CREATED, IS_FOLDER, st.st_ino, dir, name);
	pthread_mutex_unlock(&order);
	return status;
}

int mkdir(const char *name, mode_t mode)
{
	return make_folder(AT_FDCWD, name, mode);
}

int mkdirat(int dir, const char *name, mode_t mode)
{
	return make_folder(dir, name, mode);
}

static int remove_name(int dir, const char *name, int flags)
{
	char path[PATH_MAX];
	const char *below = at_path(dir, name, path);

	pthread_mutex_lock(&order);
	int status = fails(CALL_REMOVE, below) ? -1 : REAL(unlinkat)(dir, name, flags);
	if (status == 0 && below != NULL && traces(TRACE_CHANGES))
		note_name(KIND_REMOVED, 0, 0, dir, name);
	pthread_mutex_unlock(&order);
	return status;
}

int unlink(const char *name)
{
	return remove_name(AT_FDCWD, name, 0);
}

int rmdir(const char *name)
{
	return remove_name(AT_FDCWD, name, AT_REMOVEDIR);
}

int unlinkat(int dir, const char *name, int flags)
{
	return remove_name(dir, name, flags);
}

static int rename_to(int dir, const char *name, int other_dir, const char *other, unsigned flags)
{
	const char *last = last_of(name), *other_last = last_of(other);
	char path[PATH_MAX];
	const char *below = at_path(other_dir, other, path);
	struct record r = {.kind = KIND_RENAMED, .folder = below ? folder_of(dir, name) : 0,
		.other_folder = below ? folder_of(other_dir, other) : 0, .name = (uint32_t)strlen(last),
		.other_name = (uint32_t)strlen(other_last)};

	pthread_mutex_lock(&order);
	int status = fails(CALL_RENAME, below) ? -1 : REAL(renameat2)(dir, name, other_dir, other, flags);
	if (status == 0 && below != NULL && traces(TRACE_CHANGES))
		write_record(&r, last, other_last, NULL);
	pthread_mutex_unlock(&order);
	return status;
}

int rename(const char *name, const char *other)
{
	return rename_to(AT_FDCWD, name, AT_FDCWD, other, 0);
}

int renameat(int dir, const char *name, int other_dir, const char *other)
{
	return rename_to(dir, name, other_dir, other, 0);
}

int renameat2(int dir, const char *name, int other_dir, const char *other, unsigned flags)
{
	return rename_to(dir, name, other_dir, other, flags);
}
