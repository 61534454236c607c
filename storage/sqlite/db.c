#include "storage/sqlite/db.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/util.h"
#include "schema_sql.h"
#include "storage/sqlite/shelf.h"

#define NOTHING_SEEN UINT64_MAX /* no number of commits: what met an error isn't kept */

/* ---- statements ---- */

static enum errcode map_code(int code)
{
	switch (code & 0xff) {
	case SQLITE_FULL:
		return ERR_FULL;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR_BUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return ERR_CORRUPT;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return ERR_IO;
	default:
		return ERR_INTERNAL;
	}
}

/* A full disk that has no room for the shared memory file says nothing of what the WAL holds. */
static bool device_failed(int code, int reason)
{
	return (code & 0xff) == SQLITE_IOERR && !(code == SQLITE_IOERR_SHMSIZE && reason == ENOSPC);
}

/* What SQLite can't read it calls malformed; of the two files one has the system's reason then, 0 if none. */
static int read_failure(struct conn *c)
{
	static const int files[] = {SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER};
	int reason = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files) && reason == 0; i++) {
		sqlite3_file *f = NULL;
		if (sqlite3_file_control(c->handle, "main", files[i], &f) == SQLITE_OK && f != NULL &&
			f->pMethods != NULL)
			f->pMethods->xFileControl(f, SQLITE_FCNTL_LAST_ERRNO, &reason);
	}
	return reason == EIO || reason == ENXIO ? reason : 0;
}

/* The system's reason, 0 if there is none: a file that couldn't be made is looked for once more by SQLite. */
static int system_reason(struct conn *c, int code)
{
	int primary = code & 0xff, reason = sqlite3_system_errno(c->handle);

	if (primary == SQLITE_CORRUPT)
		return read_failure(c);
	return (primary == SQLITE_CANTOPEN || primary == SQLITE_IOERR) && reason != ENOENT ? reason : 0;
}

int sql_error(struct conn *c, struct err *e, const char *doing)
{
	int code = sqlite3_extended_errcode(c->handle), reason = system_reason(c, code);

	if (device_failed(code, reason))
		c->io_error = true;
	c->seen = NOTHING_SEEN;
	if (reason != 0) {
		errno = reason;
		return err_errno(e, ERR_IO, "index.db: %.60s: %s (%d)", doing, sqlite3_errmsg(c->handle), code);
	}
	return err_set(e, map_code(code), "index.db: %.80s: %s (%d)", doing, sqlite3_errmsg(c->handle), code);
}

/* The constant's address is the key: the same text elsewhere is merely prepared twice. */
static sqlite3_stmt *prepare(struct conn *c, const char *sql, struct err *e)
{
	size_t at = ((uintptr_t)sql >> 4) % CONN_SLOTS;

	for (size_t tries = 0; c->slot[at].sql != sql; at = (at + 1) % CONN_SLOTS) {
		assert(tries++ < CONN_SLOTS);
		if (c->slot[at].sql != NULL)
			continue;
		if (sqlite3_prepare_v3(c->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &c->slot[at].stmt,
				NULL) != SQLITE_OK) {
			sql_error(c, e, sql);
			return NULL;
		}
		c->slot[at].sql = sql;
		break;
	}
	sqlite3_stmt *st = c->slot[at].stmt;
	assert(!sqlite3_stmt_busy(st));
	return st;
}

static int bind_value(sqlite3_stmt *st, int at, const struct sql_value *v)
{
	if (v->type == SQL_INT)
		return sqlite3_bind_int64(st, at, v->number);
	if (v->bytes == NULL)
		return sqlite3_bind_null(st, at);
	if (v->type == SQL_TEXT)
		return sqlite3_bind_text(st, at, v->bytes, -1, SQLITE_STATIC);
	if (v->len == 0)
		return sqlite3_bind_zeroblob(st, at, 0);
	return sqlite3_bind_blob64(st, at, v->bytes, v->len, SQLITE_STATIC);
}

sqlite3_stmt *sql_bind(struct conn *c, struct err *e, const char *sql,
	const struct sql_value *value,
	size_t n)
{
	sqlite3_stmt *st = prepare(c, sql, e);

	if (st == NULL)
		return NULL;
	assert((size_t)sqlite3_bind_parameter_count(st) == n);
	for (size_t i = 0; i < n; i++) {
		if (bind_value(st, (int)i + 1, &value[i]) != SQLITE_OK) {
			sql_error(c, e, sql);
			return NULL;
		}
	}
	return st;
}

void stmt_cleanup(sqlite3_stmt **st)
{
	if (*st != NULL) {
		sqlite3_reset(*st);
	}
}

int sql_step(struct conn *c, sqlite3_stmt *st, struct err *e)
{
	int code = sqlite3_step(st);

	if (code == SQLITE_ROW)
		return 1;
	if (code == SQLITE_DONE)
		return 0;
	return sql_error(c, e, sqlite3_sql(st));
}

int sql_finish(struct conn *c, sqlite3_stmt *stmt, struct err *e)
{
	sqlite3_stmt *st cleanup_stmt = stmt;
	int status = st == NULL ? -1 : 1;

	while (status > 0) {
		status = sql_step(c, st, e);
	}
	return status;
}

int sql_number(struct conn *c, sqlite3_stmt *stmt, int64_t missing, int64_t *out, struct err *e)
{
	sqlite3_stmt *st cleanup_stmt = stmt;
	int status = st == NULL ? -1 : sql_step(c, st, e);

	if (status < 0)
		return -1;
	bool found = status > 0 && sqlite3_column_type(st, 0) != SQLITE_NULL;
	*out = found ? sqlite3_column_int64(st, 0) : missing;
	return 0;
}

int sql_exec(struct conn *c, const char *sql, struct err *e)
{
	if (sqlite3_exec(c->handle, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	return sql_error(c, e, sql);
}

const char *sql_text(sqlite3_stmt *st, int column)
{
	const char *text = (const char *)sqlite3_column_text(st, column);

	return text == NULL ? "" : text;
}

int snapshot_begin(struct conn *c, struct err *e)
{
	static const char begin_sql[] = "BEGIN";

	return c->kept ? 0 : sql_finish(c, sql_bind(c, e, begin_sql, NULL, 0), e);
}

void snapshot_cleanup(struct conn **c)
{
	static const char end_sql[] = "COMMIT";
	static const char undo_sql[] = "ROLLBACK";

	if (*c == NULL || (*c)->kept || sqlite3_get_autocommit((*c)->handle))
		return;
	/* A reader has nothing to lose, but left open it would refuse each BEGIN that follows. */
	if (sql_finish(*c, sql_bind(*c, NULL, end_sql, NULL, 0), NULL) < 0) {
		sql_finish(*c, sql_bind(*c, NULL, undo_sql, NULL, 0), NULL);
	}
}

static void end_kept(struct conn *c)
{
	if (c->kept) {
		c->kept = false;
		snapshot_cleanup(&c);
	}
}

/*
 * What was committed before the question is in its answer: a snapshot of before that is none for it. The
 * number is read first; BEGIN takes the snapshot with its first row, so it may have more, never less. Were a
 * statement still running, COMMIT would leave its old snapshot to the next BEGIN.
 */
static int keep_snapshot(struct conn *c, struct err *e)
{
	uint64_t commits = atomic_load(&c->db->commits);

	if (c->kept && c->seen == commits)
		return 0;
	end_kept(c);
	assert(sqlite3_txn_state(c->handle, "main") == SQLITE_TXN_NONE);
	if (snapshot_begin(c, e) < 0)
		return -1;
	c->kept = true;
	c->seen = commits;
	return 0;
}

/* ---- connections ---- */

static const char writer_pragmas[] =
	"PRAGMA journal_mode = WAL;"
	"PRAGMA synchronous = FULL;"
	"PRAGMA secure_delete = ON;" /* what was erased from the ledger is gone, from free pages too */
	/* the writer checkpoints by itself, when idle or when the WAL is long */
	"PRAGMA wal_autocheckpoint = 0;"
	"PRAGMA journal_size_limit = 67108864;"
	"PRAGMA cache_size = -8192;"
	"PRAGMA temp_store = MEMORY;";

static const char reader_pragmas[] =
	"PRAGMA query_only = 1;"
	"PRAGMA cache_size = -1024;"
	"PRAGMA temp_store = MEMORY;";

void conn_close(struct conn *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < CONN_SLOTS; i++) {
		sqlite3_finalize(c->slot[i].stmt);
	}
	sqlite3_close(c->handle);
	free(c);
}

static void keep_wal(struct conn *c, bool keep)
{
	sqlite3_db_config(c->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep, NULL);
}

void conn_ends_wal(struct conn *c)
{
	keep_wal(c, false);
}

/* spans_overlap(spans, from, to): may any of them lie there? */
static void sql_spans_overlap(sqlite3_context *context, int n, sqlite3_value **value)
{
	struct span_set s = {sqlite3_value_blob(value[0]), (size_t)sqlite3_value_bytes(value[0])};

	(void)n;
	sqlite3_result_int(context, spans_find(&s, sqlite3_value_int64(value[1]),
		sqlite3_value_int64(value[2])) != SPANS_NONE);
}

/* shelf_of(first, last, spans) */
static void sql_shelf_of(sqlite3_context *context, int n, sqlite3_value **value)
{
	struct span_set s = {sqlite3_value_blob(value[2]), (size_t)sqlite3_value_bytes(value[2])};

	(void)n;
	sqlite3_result_int64(context, shelf_of(sqlite3_value_int64(value[0]), sqlite3_value_int64(value[1]), &s));
}

static void make_functions(struct conn *c)
{
	enum { FLAGS = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY };

	sqlite3_create_function_v2(c->handle, "spans_overlap", 3, FLAGS, NULL, sql_spans_overlap, NULL, NULL, NULL);
	sqlite3_create_function_v2(c->handle, "shelf_of", 3, FLAGS, NULL, sql_shelf_of, NULL, NULL, NULL);
}

struct conn *conn_open(struct db *db, const char *file, bool writes, struct err *e)
{
	struct conn *c = xcalloc(1, sizeof(*c));
	char *name cleanup_free = xasprintf("%s/%s", db->path, file);
	/* NOMUTEX: each connection stays with one thread at a time */
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;

	c->db = db;
	if (sqlite3_open_v2(name, &c->handle, flags, NULL) != SQLITE_OK) {
		sql_error(c, e, "open");
		conn_close(c);
		return NULL;
	}
	keep_wal(c, true);
	sqlite3_extended_result_codes(c->handle, 1);
	sqlite3_busy_timeout(c->handle, BUSY_TIMEOUT_MS);
	sqlite3_db_config(c->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(c->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	/* double quotes are for names only */
	sqlite3_db_config(c->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	make_functions(c);
	if (sql_exec(c, writes ? writer_pragmas : reader_pragmas, e) < 0) {
		conn_close(c);
		return NULL;
	}
	return c;
}

/* A thread ends: its connection waits for another. */
static void conn_release(void *arg)
{
	struct conn *c = arg;

	pthread_mutex_lock(&c->db->conns_lock);
	c->next_idle = c->db->idle;
	c->db->idle = c;
	pthread_mutex_unlock(&c->db->conns_lock);
}

static struct conn *take_idle(struct db *db)
{
	pthread_mutex_lock(&db->conns_lock);
	struct conn *c = db->idle;
	if (c != NULL) {
		db->idle = c->next_idle;
	}
	pthread_mutex_unlock(&db->conns_lock);
	return c;
}

/* The one it has, or gets now. */
static struct conn *thread_conn(struct db *db, struct err *e)
{
	struct conn *c = pthread_getspecific(db->thread_conn);

	if (c != NULL)
		return c;
	c = take_idle(db);
	if (c == NULL) {
		c = conn_open(db, "index.db", false, e);
		if (c == NULL)
			return NULL;
		pthread_mutex_lock(&db->conns_lock);
		c->next = db->conns;
		db->conns = c;
		pthread_mutex_unlock(&db->conns_lock);
	}
	if (pthread_setspecific(db->thread_conn, c) != 0) {
		conn_release(c);
		err_set(e, ERR_INTERNAL, "no memory for a thread's connection");
		return NULL;
	}
	return c;
}

struct conn *db_reader(struct db *db, struct err *e)
{
	struct conn *c = thread_conn(db, e);

	if (c == NULL)
		return NULL;
	if (c->session && !atomic_load(&db->wal_long))
		return keep_snapshot(c, e) < 0 ? NULL : c;
	end_kept(c);
	return c;
}

void db_session_begin(struct db *db)
{
	struct err e;
	struct conn *c = thread_conn(db, &e);

	/* if there is none, the first question says why */
	if (c != NULL)
		c->session = true;
}

void db_session_end(struct db *db)
{
	struct conn *c = pthread_getspecific(db->thread_conn);

	if (c == NULL)
		return;
	c->session = false;
	if (atomic_load(&db->wal_long))
		end_kept(c);
	pthread_setspecific(db->thread_conn, NULL);
	conn_release(c);
}

void db_session_pause(struct db *db)
{
	const struct conn *c = pthread_getspecific(db->thread_conn);

	if (c != NULL && c->session)
		db_session_end(db);
}

void db_end_kept(struct db *db)
{
	pthread_mutex_lock(&db->conns_lock);
	for (struct conn *c = db->idle; c != NULL; c = c->next_idle)
		end_kept(c);
	pthread_mutex_unlock(&db->conns_lock);
}

void db_close_readers(struct db *db)
{
	for (struct conn *c = db->conns; c != NULL;) {
		struct conn *next = c->next;
		conn_close(c);
		c = next;
	}
	db->conns = db->idle = NULL;
}

int schema_make(struct conn *c, struct err *e)
{
	if (sql_exec(c, "BEGIN IMMEDIATE", e) < 0)
		return -1;
	if (sql_exec(c, schema_sql, e) == 0 && sql_exec(c, "COMMIT", e) == 0)
		return 0;
	sqlite3_exec(c->handle, "ROLLBACK", NULL, NULL, NULL);
	return -1;
}

/* ---- the folder ---- */

bool folder_is_remote(unsigned long type)
{
	static const unsigned long remote[] = {NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, CIFS_SUPER_MAGIC,
		SMB2_SUPER_MAGIC, AFS_SUPER_MAGIC, AFS_FS_MAGIC, CODA_SUPER_MAGIC, CEPH_SUPER_MAGIC,
		NCP_SUPER_MAGIC, OCFS2_SUPER_MAGIC, V9FS_MAGIC, 0x0bd00bd0 /* Lustre */,
		0x01161970 /* GFS2 */};

	for (size_t i = 0; i < ARRAY_SIZE(remote); i++) {
		if ((type & 0xffffffff) == remote[i])
			return true;
	}
	return false;
}

int folder_give(const struct db *db, int fd)
{
	return geteuid() != 0 || db->uid == 0 ? 0 : fchown(fd, db->uid, db->gid);
}

/* What we make is open to nobody else; what a copy or an unpacked archive made of it has to be so, too
 * (trust.md T-31). */
static int check_parts(const struct db *db, struct err *e)
{
	static const char *const parts[] = { "accounts", "cal", "index.db", "key", "ledger", "ledger.key",
		"policies", "removed", "tmp" };
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (fstatat(db->root, parts[i], &st, AT_SYMLINK_NOFOLLOW) < 0) {
			if (errno == ENOENT)
				continue;
			return err_errno(e, ERR_IO, "%s/%s", db->path, parts[i]);
		}
		if (!S_ISLNK(st.st_mode) && (st.st_mode & (S_IWGRP | S_IRWXO)) != 0)
			return err_set(e, ERR_DENIED, "%s/%s is open to others (mode %04o): chmod -R go= it",
				db->path, parts[i], (unsigned)st.st_mode & 07777);
	}
	return 0;
}

static int check_folder(struct db *db, struct err *e)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(db->root, &fs) < 0 || fstat(db->root, &st) < 0)
		return err_errno(e, ERR_IO, "%s", db->path);
	if (folder_is_remote((unsigned long)fs.f_type))
		return err_set(e, ERR_INVALID, "%s is on a network file system; the index needs a local one",
			db->path);
	db->uid = st.st_uid;
	db->gid = st.st_gid;
	return fs_check_private(db->root, db->path, e) < 0 ? -1 : check_parts(db, e);
}

static int take_lock(struct db *db, struct err *e)
{
	db->lock = openat(db->root, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (db->lock < 0 || folder_give(db, db->lock) < 0)
		return err_errno(e, ERR_IO, "%s/lock", db->path);
	if (flock(db->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return err_set(e, ERR_BUSY, "%s is in use by another process", db->path);
	return err_errno(e, ERR_IO, "lock %s", db->path);
}

/* What a crash left there was never renamed, so nobody misses it. */
static int empty_tmp(struct db *db, struct err *e)
{
	int fd = openat(db->tmp, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (dir == NULL) {
		fd_cleanup(&fd);
		return err_errno(e, ERR_IO, "%s/tmp", db->path);
	}
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.') {
			unlinkat(db->tmp, entry->d_name, 0);
		}
	}
	closedir(dir);
	return 0;
}

void folder_close(struct db *db)
{
	if (db == NULL)
		return;
	db_close_readers(db);
	pthread_key_delete(db->thread_conn);
	pthread_mutex_destroy(&db->conns_lock);
	fd_cleanup(&db->tmp);
	fd_cleanup(&db->root);
	fd_cleanup(&db->lock);
	secret_zero(&db->info, sizeof(db->info));
	free(db->path);
	free(db);
}

static int find_folder(struct db *db, const char *path, struct err *e)
{
	db->path = realpath(path, NULL);
	if (db->path == NULL)
		return err_errno(e, ERR_IO, "%s", path);
	return fs_open_dir(db->path, &db->root, e) < 0 || check_folder(db, e) < 0 ? -1 : 0;
}

static int take_folder(struct db *db, const char *path, struct err *e)
{
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_errno(e, ERR_IO, "make %s", path);
	if (find_folder(db, path, e) < 0 || take_lock(db, e) < 0)
		return -1;
	if (fs_open_subdir(db->root, "tmp", 1, &db->tmp, e) < 0)
		return -1;
	return empty_tmp(db, e);
}

static int open_folder(const char *path, int (*take)(struct db *, const char *, struct err *),
	struct db **out, struct err *e)
{
	struct db *db = xcalloc(1, sizeof(*db));

	db->root = db->tmp = db->lock = -1;
	pthread_mutex_init(&db->conns_lock, NULL);
	if (pthread_key_create(&db->thread_conn, conn_release) != 0) {
		pthread_mutex_destroy(&db->conns_lock);
		free(db);
		return err_set(e, ERR_INTERNAL, "too many stores are open");
	}
	if (take(db, path, e) < 0) {
		folder_close(db);
		return -1;
	}
	*out = db;
	return 0;
}

int folder_open(const char *path, struct db **out, struct err *e)
{
	return open_folder(path, take_folder, out, e);
}

int folder_look_at(const char *path, struct db **out, struct err *e)
{
	return open_folder(path, find_folder, out, e);
}

int epoch_renew(struct db *db, struct err *e)
{
	char line[DIGEST_SIZE + 1];
	uint8_t random[16];

	random_bytes(random, sizeof(random));
	base64url(random, sizeof(random), db->info.epoch);
	int len = snprintf(line, sizeof(line), "%s\n", db->info.epoch);
	return fs_replace(db->root, "epoch", line, (size_t)len, 1, e);
}

/* ---- paths ---- */

void path_folder(const char *owner, const char *calendar, char out[PATH_SIZE])
{
	char folder[NAME_FILE_SIZE];

	name_to_folder(calendar, folder);
	snprintf(out, PATH_SIZE, "cal/%s/%s", owner, folder);
}

void path_object_props(const char *owner, const char *calendar, const char *name, char out[PATH_SIZE])
{
	char folder[NAME_FILE_SIZE], file[NAME_FILE_SIZE];

	name_to_folder(calendar, folder);
	name_to_file(name, file);
	snprintf(out, PATH_SIZE, "cal/%s/%s/" OBJECT_PROPS "/%s", owner, folder, file);
}

void path_object(const char *owner, const char *calendar, const char *name, char out[PATH_SIZE])
{
	char folder[NAME_FILE_SIZE], file[NAME_FILE_SIZE];

	name_to_folder(calendar, folder);
	name_to_file(name, file);
	snprintf(out, PATH_SIZE, "cal/%s/%s/%s", owner, folder, file);
}
