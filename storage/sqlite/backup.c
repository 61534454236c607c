#include "storage/sqlite/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fsio.h"
#include "base/util.h"
#include "storage/backend.h"
#include "storage/record.h"
#include "storage/sqlite/open.h"
#include "storage/sqlite/ops.h"

#define MARK "backup"
#define FORMAT "1"
enum { MARK_LARGEST = 4096, NUMBER_SIZE = 24 };

const char *const backup_names[] = {
	"accounts", "cal", "ledger", "policies", "removed", "key", "ledger.key", NULL,
};

int backup_copy_files(int from, int to, struct tree_copy *sum, struct err *e)
{
	for (const char *const *name = backup_names; *name != NULL; name++) {
		if (tree_copy(from, *name, to, sum, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- the mark ---- */

/* Its numbers, as lines; what else may stand there in later versions is passed over. */
static const struct { const char *key; size_t at; } numbers[] = {
	{"accounts", offsetof(struct store_backup, counts.accounts)},
	{"calendars", offsetof(struct store_backup, counts.collections)},
	{"objects", offsetof(struct store_backup, counts.objects)},
	{"ledger-entries", offsetof(struct store_backup, counts.ledger)},
	{"files", offsetof(struct store_backup, files)},
	{"bytes", offsetof(struct store_backup, bytes)},
};

static void add_line(struct buf *out, const char *key, const char *value)
{
	record_add(out, key, &value, 1);
}

int backup_mark_write(int dir, const struct store_backup *holds, struct err *e)
{
	struct buf text cleanup_buf;
	char number[NUMBER_SIZE], made[ISO_DATE_SIZE];

	buf_init(&text, MARK_LARGEST);
	iso_date(clock_now(), made);
	add_line(&text, "dedit-backup", FORMAT);
	add_line(&text, "made", made);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		uint64_t value;
		memcpy(&value, (const char *)holds + numbers[i].at, sizeof(value));
		snprintf(number, sizeof(number), "%" PRIu64, value);
		add_line(&text, numbers[i].key, number);
	}
	return fs_replace(dir, MARK, text.data, text.len, 1, e);
}

struct mark_reader { struct store_backup *out; bool known; };

static int read_mark_line(const char *key, const char *const *field, void *arg, struct err *e)
{
	struct mark_reader *r = arg;
	uint64_t value;

	if (strcmp(key, "dedit-backup") == 0) {
		r->known = strcmp(field[0], FORMAT) == 0;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (strcmp(key, numbers[i].key) != 0)
			continue;
		if (parse_u64(field[0], 0, INT64_MAX, &value) < 0)
			return err_set(e, ERR_SYNTAX, "%s: no number", key);
		memcpy((char *)r->out + numbers[i].at, &value, sizeof(value));
	}
	return 0;
}

int backup_mark_read(int dir, const char *path, struct store_backup *out, struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	struct store_backup found = {0};
	struct mark_reader r = {&found, false};
	struct buf text cleanup_buf;
	struct err why = {0};

	buf_init(&text, MARK_LARGEST);
	if (fs_read(dir, MARK, &text, &why) < 0 && why.code == ERR_NOT_FOUND)
		return err_set(e, ERR_INVALID, "%s is no backup, or one that was interrupted", path);
	if (why.code != ERR_NONE || record_parse(text.data, text.len, mem, read_mark_line, &r, &why) < 0)
		return err_set(e, ERR_INVALID, "%s/" MARK ": %s", path, why.text);
	if (!r.known)
		return err_set(e, ERR_INVALID, "%s/" MARK ": not of a form that this program knows", path);
	*out = found;
	return 0;
}

/* ---- the copy ---- */

struct backup {
	const struct store_backup_source *from;
	struct db *db;
	int to;
	const char *path; /* of `to`, absolute */
	struct tree_copy sum;
	struct err why; /* that SQLite was interrupted */
};

static int is_held(const struct backup *b, struct err *e)
{
	return b->from->held == NULL ? 0 : b->from->held(b->from->arg, e);
}

enum { STEPS = 1000 }; /* of SQLite's machine: a tenth of a millisecond or so */

/* Not 0: SQLite gives up. */
static int interrupts(void *arg)
{
	struct backup *b = arg;

	return is_held(b, &b->why) < 0;
}

static struct conn *open_index(struct backup *b, struct db *db, struct err *e)
{
	struct conn *c = conn_open(db, "index.db", false, e);

	if (c != NULL) {
		sqlite3_progress_handler(c->handle, STEPS, interrupts, b);
	}
	return c;
}

/* If it was interrupted, why. */
static int close_index(const struct backup *b, struct conn *c, int status, struct err *e)
{
	conn_close(c);
	if (status < 0 && b->why.code != ERR_NONE && e != NULL) {
		*e = b->why;
	}
	return status;
}

/* As of one moment, which is that of the whole: no file is written until the end. */
static int copy_index(struct backup *b, struct err *e)
{
	static const char into_sql[] = "VACUUM INTO ?1";
	char *name cleanup_free = xasprintf("%s/index.db", b->path);
	int fd cleanup_fd = openat(b->to, "index.db", O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0)
		return err_errno(e, ERR_IO, "%s", name);
	if (!folder_has_index(b->db))
		return err_set(e, ERR_NOT_FOUND, "%s has no index.db; 'dedit rebuild' makes it", b->db->path);
	struct conn *c = open_index(b, b->db, e);
	/* what is written is another file */
	int status = c == NULL || sql_exec(c, "PRAGMA query_only = 0", e) < 0 ||
		sql_run(c, e, into_sql, TEXT(name)) < 0 ? -1 : 0;
	if (close_index(b, c, status, e) < 0)
		return -1;
	if (fsync(fd) < 0 || fstat(fd, &st) < 0)
		return err_errno(e, ERR_IO, "%s", name);
	b->sum.files++;
	b->sum.bytes += (uint64_t)st.st_size;
	return 0;
}

static int count_copy(struct backup *b, struct store_counts *out, struct err *e)
{
	struct db copy = {.path = (char *)b->path};
	struct conn *c = open_index(b, &copy, e);

	return close_index(b, c, c == NULL ? -1 : count_all(c, out, e), e);
}

static int make(struct backup *b, struct store_backup *out, struct err *e)
{
	struct store_backup holds = {0};

	if (copy_index(b, e) < 0 || is_held(b, e) < 0 || backup_copy_files(b->db->root, b->to, &b->sum, e) < 0 ||
		count_copy(b, &holds.counts, e) < 0)
		return -1;
	if (syncfs(b->to) < 0)
		return err_errno(e, ERR_IO, "sync %s", b->path);
	/* if it is held now, it was all the time */
	if (is_held(b, e) < 0)
		return -1;
	holds.files = b->sum.files;
	holds.bytes = b->sum.bytes;
	if (backup_mark_write(b->to, &holds, e) < 0)
		return -1;
	*out = holds;
	return 0;
}

/* What is left of a failure can be told by what is missing from it, but needn't stay. */
static void undo(const struct backup *b)
{
	static const char *const index[] = {"index.db", "index.db-journal", MARK};

	for (size_t i = 0; i < ARRAY_SIZE(index); i++) {
		tree_remove(b->to, index[i], NULL);
	}
	for (const char *const *name = backup_names; *name != NULL; name++) {
		tree_remove(b->to, *name, NULL);
	}
}

static int open_target(struct backup *b, const char *to, struct err *e)
{
	bool empty;

	if (fs_open_dir(b->path, &b->to, e) < 0 || fs_check_private(b->to, to, e) < 0 ||
		tree_is_empty(b->to, &empty, e) < 0)
		return -1;
	return empty ? 0 : err_set(e, ERR_EXISTS, "%s is not empty", to);
}

int store_sqlite_backup(const struct store_backup_source *from, const char *to, struct store_backup *out,
	struct err *e)
{
	char *path cleanup_free = realpath(to, NULL);
	struct backup b = {.from = from, .to = -1, .path = path,
		.sum = {.left_out = from->left_out, .goes_on = from->held, .arg = from->arg}};

	if (path == NULL)
		return err_errno(e, ERR_IO, "%s", to);
	if (access(from->path, F_OK) < 0)
		return err_errno(e, ERR_NOT_FOUND, "%s", from->path);
	if (open_target(&b, to, e) < 0) {
		fd_cleanup(&b.to);
		return -1;
	}
	/* who holds it has its WAL */
	int status = from->held != NULL ? folder_look_at(from->path, &b.db, e)
		: folder_open(from->path, &b.db, e) < 0 || folder_check_wal(b.db, e) < 0 ? -1 : 0;
	status = status < 0 ? -1 : make(&b, out, e);
	if (status < 0) {
		undo(&b);
	}
	folder_close(b.db);
	fd_cleanup(&b.to);
	return status;
}

int store_sqlite_backup_open(struct store *s, const struct store_backup_source *from, const char *to,
	struct store_backup *out, struct err *e)
{
	int status;

	if (mkdir(to, 0700) < 0)
		return err_errno(e, errno == EEXIST ? ERR_EXISTS : ERR_IO, "%s", to);
	status = store_hold(s, e);
	if (status == 0) {
		status = store_sqlite_backup(from, to, out, e);
		store_release(s);
	}
	if (status < 0) {
		rmdir(to);
	}
	return status;
}

static bool is_complete(int dir, const char *name)
{
	int folder cleanup_fd = -1;

	return fs_open_subdir(dir, name, 0, &folder, NULL) == 0 &&
		faccessat(folder, MARK, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int store_sqlite_backups(const char *path, size_t *out, struct err *e)
{
	cleanup_arena struct arena *mem = arena_create();
	int dir cleanup_fd = -1;
	const char **names;
	size_t n, count = 0;

	if (fs_open_dir(path, &dir, e) < 0 || fs_list(dir, mem, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		count += is_complete(dir, names[i]);
	}
	*out = count;
	return 0;
}
