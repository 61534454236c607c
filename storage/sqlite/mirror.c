#include "storage/sqlite/mirror.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/fsio.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/util.h"
#include "storage/sqlite/journal.h"
#include "storage/sqlite/ops.h"

enum { BATCH = 512, RETRY_MS = 1000, RETRY_MOST_MS = 60000 };

struct mirror {
	struct db *db;
	struct conn *conn;
	pthread_t thread;
	bool started;
	bool left_out;               /* the round under way left a row undone; the thread's own */
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	/* under the lock: */
	uint64_t committed, written; /* journal seqs */
	uint64_t failures;           /* rounds that left something undone */
	struct err failure;
	bool urgent, stop;
	bool writing;                /* a round is under way */
	bool held;                   /* none begins */
	int64_t behind_since;        /* monotonic ms; 0: files have everything */
};

struct row {
	uint64_t seq;
	const char *path;
	int64_t offset, mtime;
	const void *body; /* NULL: none */
	size_t len;
};

/* ---- one row ---- */

/* Opens the folder of a path; *file: its last part. */
static int open_parent(struct db *db, const char *path, bool make, int *dir, const char **file,
	struct err *e)
{
	const char *slash = strrchr(path, '/');
	char *folder cleanup_free = xstrndup(path, (size_t)(slash - path));

	*file = slash + 1;
	return fs_open_subdir(db->root, folder, make, dir, e);
}

static int write_at(int fd, const char *bytes, size_t len, off_t offset)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, bytes, len, offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
		offset += n;
	}
	return 0;
}

/* Names can be guessed: what waits there under one, a link perhaps, is not written through. */
static int make_temp(struct db *db, const char *temp)
{
	enum { FLAGS = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC };
	int fd = openat(db->tmp, temp, FLAGS, 0600);

	if (fd < 0 && errno == EEXIST && unlinkat(db->tmp, temp, 0) == 0)
		fd = openat(db->tmp, temp, FLAGS, 0600);
	return fd;
}

/* The file's time is the object's: a scan sees by it, without reading, that nothing changed. */
static int write_temp(struct db *db, const char *temp, const struct row *r)
{
	const struct timespec times[2] = {{.tv_sec = r->mtime}, {.tv_sec = r->mtime}};
	int fd cleanup_fd = make_temp(db, temp);

	if (fd < 0 || folder_give(db, fd) < 0 || write_at(fd, r->body, r->len, 0) < 0)
		return -1;
	return futimens(fd, times);
}

static int replace_file(struct db *db, const struct row *r, struct err *e)
{
	int dir cleanup_fd = -1;
	const char *file;
	char temp[32];

	snprintf(temp, sizeof(temp), "%" PRIu64, r->seq);
	if (open_parent(db, r->path, true, &dir, &file, e) < 0)
		return -1;
	if (write_temp(db, temp, r) < 0) {
		err_errno(e, ERR_IO, "write %s", r->path);
		unlinkat(db->tmp, temp, 0);
		return -1;
	}
	FAILPOINT("mirror-after-temp");
	if (renameat(db->tmp, temp, dir, file) < 0) {
		err_errno(e, ERR_IO, "rename to %s", r->path);
		unlinkat(db->tmp, temp, 0);
		return -1;
	}
	FAILPOINT("mirror-after-rename");
	return 0;
}

static int remove_file(struct db *db, const struct row *r, struct err *e)
{
	if (fs_remove(db->root, r->path, e) < 0)
		return -1;
	FAILPOINT("mirror-after-unlink");
	return 0;
}

/* All of it, from the index. */
static int rewrite_log(struct mirror *m, const struct row *r, struct err *e)
{
	struct buf text cleanup_buf;

	buf_init(&text, LOG_LARGEST);
	if (ledger_log_text(m->conn, r->path, &text, e) < 0)
		return -1;
	struct row whole = *r;
	whole.body = text.data;
	whole.len = text.len;
	return replace_file(m->db, &whole, e);
}

static int append_log(struct mirror *m, const struct row *r, struct err *e)
{
	int dir cleanup_fd = -1;
	const char *file;
	struct stat st;

	if (open_parent(m->db, r->path, true, &dir, &file, e) < 0)
		return -1;
	int fd cleanup_fd = openat(dir, file, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || folder_give(m->db, fd) < 0 || fstat(fd, &st) < 0)
		return err_errno(e, ERR_IO, "open %s", r->path);
	if (st.st_size < r->offset) {
		log_warn("%s was shorter than it should be and is written anew", r->path);
		return rewrite_log(m, r, e);
	}
	/* A second name is a copy that was made by links, or none of ours: it keeps what it has. */
	if (st.st_nlink > 1)
		return rewrite_log(m, r, e);
	size_t half = r->len / 2;
	if (write_at(fd, r->body, half, r->offset) < 0)
		return err_errno(e, ERR_IO, "write %s", r->path);
	FAILPOINT("ledger-log-half-written");
	if (write_at(fd, (const char *)r->body + half, r->len - half, r->offset + (off_t)half) < 0)
		return err_errno(e, ERR_IO, "write %s", r->path);
	return 0;
}

/* What somebody else put into the folder keeps it alive; what is to go from it is only late. */
static int remove_folder(const struct mirror *m, const struct row *r, struct err *e)
{
	int dir cleanup_fd = -1;
	struct err missing = {0};
	const char *file;

	if (open_parent(m->db, r->path, false, &dir, &file, &missing) < 0) {
		return missing.code == ERR_NOT_FOUND ? 0 : err_set(e, missing.code, "%s", missing.text);
	}
	if (unlinkat(dir, file, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	bool used = errno == ENOTEMPTY || errno == EEXIST;
	return used && !m->left_out ? 0 : err_errno(e, ERR_IO, "remove %s", r->path);
}

/* To the first of <to>, <to>.2, <to>.3 … that is free: nothing there is overwritten. */
static int move_folder(struct db *db, const struct row *r, struct err *e)
{
	char *to cleanup_free = xstrndup(r->body, r->len);
	int from_dir cleanup_fd = -1, to_dir cleanup_fd = -1;
	const char *from_file, *to_file;

	if (faccessat(db->root, r->path, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return 0;
	if (open_parent(db, r->path, false, &from_dir, &from_file, e) < 0 ||
		open_parent(db, to, true, &to_dir, &to_file, e) < 0)
		return -1;
	for (unsigned i = 1; i < 100; i++) {
		char *name cleanup_free = i == 1 ? xstrdup(to_file) : xasprintf("%s.%u", to_file, i);
		if (renameat2(from_dir, from_file, to_dir, name, RENAME_NOREPLACE) == 0) {
			FAILPOINT("mirror-after-move");
			return 0;
		}
		if (errno != EEXIST && errno != ENOTEMPTY)
			break;
	}
	return err_errno(e, ERR_IO, "move %s to %s", r->path, to);
}

static int write_row(struct mirror *m, const struct row *r, struct err *e)
{
	if (r->offset == JOURNAL_MOVE)
		return move_folder(m->db, r, e);
	if (r->offset == JOURNAL_RMDIR)
		return remove_folder(m, r, e);
	if (r->offset == JOURNAL_LOG)
		return rewrite_log(m, r, e);
	if (r->offset >= 0)
		return append_log(m, r, e);
	return r->body != NULL ? replace_file(m->db, r, e) : remove_file(m->db, r, e);
}

/* ---- one round ---- */

struct batch { uint64_t seq[BATCH]; size_t n; };

static int prune(struct change_log *log, void *arg, struct err *e)
{
	static const char prune_sql[] = "DELETE FROM journal WHERE seq = ?1";
	const struct batch *b = arg;

	for (size_t i = 0; i < b->n; i++) {
		if (sql_run(log->conn, e, prune_sql, INT(b->seq[i])) < 0)
			return -1;
	}
	return 0;
}

/* A full disk and a move that fails end the round: later rows may build on them. */
static bool must_stop(const struct row *r, const struct err *why)
{
	return why->code == ERR_FULL || r->offset == JOURNAL_MOVE;
}

/* Writes the next rows in (*after, upto]; *after becomes the last one seen.
 * 1: there may be more, 0: no, -1: some were not written. */
static int write_batch(struct mirror *m, uint64_t *after, uint64_t upto, struct batch *b,
	struct err *e)
{
	static const char rows_sql[] =
		"SELECT seq, path, offset, mtime, body FROM journal WHERE seq > ?1 AND seq <= ?2"
		" ORDER BY seq LIMIT ?3";
	sqlite3_stmt *st cleanup_stmt =
		sql_query(m->conn, e, rows_sql, INT(*after), INT(upto), INT(BATCH));
	int status = st == NULL ? -1 : 1, result = 0;
	size_t seen = 0;

	b->n = 0;
	while (status > 0 && (status = sql_step(m->conn, st, e)) > 0) {
		struct row r = {(uint64_t)sqlite3_column_int64(st, 0), sql_text(st, 1),
			sqlite3_column_int64(st, 2), sqlite3_column_int64(st, 3), sqlite3_column_blob(st, 4),
			(size_t)sqlite3_column_bytes(st, 4)};
		if (r.body == NULL && sqlite3_column_type(st, 4) != SQLITE_NULL) {
			r.body = "";
		}
		seen++;
		*after = r.seq;
		if (write_row(m, &r, e) == 0) {
			b->seq[b->n++] = r.seq;
			continue;
		}
		result = -1;
		m->left_out = true;
		log_warn("mirror: %s", e->text);
		if (must_stop(&r, e)) {
			*after = upto;
			return -1;
		}
	}
	if (status < 0)
		log_warn("mirror: %s", e->text);
	return status < 0 || result < 0 ? -1 : seen == BATCH;
}

static int sync_and_prune(struct mirror *m, struct batch *b, struct err *e)
{
	if (b->n == 0)
		return 0;
	FAILPOINT("mirror-before-syncfs");
	int64_t began = clock_monotonic_us();
	if (syncfs(m->db->root) < 0)
		return err_errno(e, ERR_IO, "syncfs %s", m->db->path);
	metric_observe(METRIC_STORE_SYNC, clock_monotonic_us() - began);
	metric_add(METRIC_STORE_FILES, 0, (int64_t)b->n);
	FAILPOINT("mirror-after-syncfs");
	FAILPOINT("before-prune");
	if (writer_run_internal(m->db, prune, b, b->n * 64, e) < 0)
		return -1;
	FAILPOINT("after-prune");
	return 0;
}

/* Every row up to `upto`; one that can't be written keeps its place and holds up no other. */
static int write_round(struct mirror *m, uint64_t upto, struct err *e)
{
	struct batch *b cleanup_free = xmalloc(sizeof(*b));
	uint64_t after = 0;
	int result = 0, more;

	m->left_out = false;
	do {
		uint64_t before = after;
		more = write_batch(m, &after, upto, b, e);
		result = more < 0 ? -1 : result;
		if (sync_and_prune(m, b, e) < 0) {
			log_warn("mirror: %s", e->text);
			return -1;
		}
		if (after == before)
			break;
	} while (after < upto && more != 0);
	return result;
}

/* ---- the thread ---- */

static void wait_ms(struct mirror *m, int64_t ms)
{
	int64_t until = clock_monotonic_us() + ms * 1000;

	while (!m->urgent && !m->stop && clock_wait(&m->work, &m->lock, until))
		;
}

static void *mirror_main(void *arg)
{
	struct mirror *m = arg;
	int64_t retry = RETRY_MS;
	struct err e;

	pthread_mutex_lock(&m->lock);
	while (!m->stop || m->written < m->committed) {
		if (m->written >= m->committed || (m->held && !m->stop)) {
			pthread_cond_wait(&m->work, &m->lock);
			continue;
		}
		wait_ms(m, m->db->options.mirror_delay_ms);
		if (m->held && !m->stop)
			continue;
		uint64_t upto = m->committed;
		int64_t began = clock_monotonic_ms();
		m->urgent = false;
		m->writing = true;
		pthread_mutex_unlock(&m->lock);
		int status = write_round(m, upto, &e);
		pthread_mutex_lock(&m->lock);
		m->writing = false;
		if (status == 0) {
			m->written = upto;
			m->behind_since = m->committed > upto ? began : 0;
			retry = RETRY_MS;
		} else {
			m->failures++;
			metric_add(METRIC_STORE_FILE_ERRORS, 0, 1);
			m->failure = e;
		}
		pthread_cond_broadcast(&m->done);
		if (status < 0 && m->stop)
			break;
		if (status < 0) {
			wait_ms(m, retry);
			retry = retry * 2 < RETRY_MOST_MS ? retry * 2 : RETRY_MOST_MS;
		}
	}
	pthread_mutex_unlock(&m->lock);
	return NULL;
}

void mirror_notify(struct db *db, uint64_t journal)
{
	struct mirror *m = db->mirror;

	pthread_mutex_lock(&m->lock);
	if (journal > m->committed) {
		if (m->written >= m->committed)
			m->behind_since = clock_monotonic_ms();
		m->committed = journal;
		pthread_cond_signal(&m->work);
	}
	pthread_mutex_unlock(&m->lock);
}

/* Also ends when files are held. What a round met that began before says nothing: the cause may be gone
 * since. */
static int wait_locked(struct mirror *m, uint64_t journal, struct err *e)
{
	uint64_t failures = m->failures + (m->writing ? 1 : 0);

	while (m->written < journal && m->failures <= failures && !m->held) {
		m->urgent = true;
		pthread_cond_signal(&m->work);
		pthread_cond_wait(&m->done, &m->lock);
	}
	if (m->written >= journal || m->failures <= failures)
		return 0;
	return err_set(e, m->failure.code, "%s", m->failure.text);
}

int mirror_wait(struct db *db, uint64_t journal, struct err *e)
{
	struct mirror *m = db->mirror;

	pthread_mutex_lock(&m->lock);
	int status = wait_locked(m, journal, e);
	pthread_mutex_unlock(&m->lock);
	return status;
}

/* What the index shows is committed, also if the writer comes to mirror_notify a moment later. */
static int find_last(struct db *db, uint64_t *out, struct err *e)
{
	static const char last_sql[] = "SELECT max(seq) FROM journal";
	struct conn *c = db_reader(db, e);
	int64_t last;

	if (c == NULL || sql_number(c, sql_bind(c, e, last_sql, NULL, 0), 0, &last, e) < 0)
		return -1;
	*out = (uint64_t)last;
	return 0;
}

int mirror_flush(struct db *db, struct err *e)
{
	struct mirror *m = db->mirror;
	uint64_t all;

	if (find_last(db, &all, e) < 0)
		return -1;
	pthread_mutex_lock(&m->lock);
	all = all > m->committed ? all : m->committed;
	int status = wait_locked(m, all, e);
	if (status == 0 && m->written < all) {
		status = err_set(e, ERR_BUSY, "a backup is being made");
	}
	pthread_mutex_unlock(&m->lock);
	return status;
}

int mirror_hold(struct db *db, struct err *e)
{
	struct mirror *m = db->mirror;

	pthread_mutex_lock(&m->lock);
	bool was = m->held;
	m->held = true;
	while (m->writing) {
		pthread_cond_wait(&m->done, &m->lock);
	}
	/* who waits for files of a change need not wait for the end of the hold */
	pthread_cond_broadcast(&m->done);
	pthread_mutex_unlock(&m->lock);
	return was ? err_set(e, ERR_BUSY, "a backup is being made already") : 0;
}

void mirror_release(struct db *db)
{
	struct mirror *m = db->mirror;

	pthread_mutex_lock(&m->lock);
	m->held = false;
	pthread_cond_signal(&m->work);
	pthread_mutex_unlock(&m->lock);
}

void mirror_health(const struct db *db, struct store_health *out)
{
	struct mirror *m = db->mirror;

	pthread_mutex_lock(&m->lock);
	out->journal_rows = m->committed > m->written ? m->committed - m->written : 0;
	out->journal_ms = out->journal_rows > 0 ? clock_monotonic_ms() - m->behind_since : 0;
	pthread_mutex_unlock(&m->lock);
}

/* What the last start left begins behind this row. */
static int find_first(struct mirror *m, struct err *e)
{
	static const char first_sql[] = "SELECT min(seq) FROM journal";
	int64_t first;

	if (sql_number(m->conn, sql_bind(m->conn, e, first_sql, NULL, 0), 1, &first, e) < 0)
		return -1;
	m->written = m->committed = (uint64_t)first - 1;
	return 0;
}

int mirror_create(struct db *db, struct err *e)
{
	struct mirror *m = xcalloc(1, sizeof(*m));

	m->db = db;
	m->conn = conn_open(db, "index.db", false, e);
	if (m->conn == NULL || find_first(m, e) < 0) {
		conn_close(m->conn);
		free(m);
		return -1;
	}
	pthread_mutex_init(&m->lock, NULL);
	clock_cond_init(&m->work);
	pthread_cond_init(&m->done, NULL);
	db->mirror = m;
	return 0;
}

int mirror_start(struct db *db, struct err *e)
{
	if (pthread_create(&db->mirror->thread, NULL, mirror_main, db->mirror) != 0)
		return err_set(e, ERR_INTERNAL, "no thread for the mirror");
	db->mirror->started = true;
	return 0;
}

void mirror_stop(struct db *db)
{
	struct mirror *m = db->mirror;

	if (m == NULL)
		return;
	if (m->started) {
		pthread_mutex_lock(&m->lock);
		m->stop = true;
		pthread_cond_signal(&m->work);
		pthread_mutex_unlock(&m->lock);
		pthread_join(m->thread, NULL);
	}
	pthread_cond_destroy(&m->work);
	pthread_cond_destroy(&m->done);
	pthread_mutex_destroy(&m->lock);
	conn_close(m->conn);
	free(m);
	db->mirror = NULL;
}
