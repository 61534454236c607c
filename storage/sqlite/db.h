/*
 * The data folder and its index: what all files of this backend share.
 *
 * Connections: the writer thread has the only one that writes; every other thread gets a read connection from
 * the pool on first use, which goes back there when its session or the thread ends. SQL stands
 * in constants beside the functions that run it; a connection prepares each once and finds it
 * again by its address.
 */
#ifndef DEDIT_STORAGE_SQLITE_DB_H
#define DEDIT_STORAGE_SQLITE_DB_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "storage/backend.h"
#include "storage/names.h"
#include "storage/store.h"

enum { CONN_SLOTS = 256, PATH_SIZE = 640, BUSY_TIMEOUT_MS = 10000 };

struct writer;
struct mirror;
struct watch;

struct conn {
	sqlite3 *handle;
	struct db *db;
	bool io_error; /* the device failed under this connection */
	bool session;  /* its thread is in one (db_session_begin) */
	bool kept;     /* a snapshot is open that waits for the next question … */
	uint64_t seen; /* … and has at least so many of db->commits */
	struct { const char *sql; sqlite3_stmt *stmt; } slot[CONN_SLOTS];
	struct conn *next, *next_idle;
};

struct db {
	struct store base;
	struct store_options options;
	struct store_info info;
	char *path;          /* of the folder, absolute */
	int root, tmp, lock; /* descriptors; tmp: where files are written before their rename */
	uid_t uid;           /* the folder's owner, to whom every file is given */
	gid_t gid;
	pthread_key_t thread_conn;
	pthread_mutex_t conns_lock;
	struct conn *conns, *idle;
	_Atomic uint64_t commits; /* the writer's so far */
	atomic_bool wal_long;     /* it has to begin anew: no snapshot is kept */
	struct writer *writer;
	struct mirror *mirror;
	struct watch *watch;
};

/* A value for a placeholder. Text and bytes are the caller's until the statement is reset. */
struct sql_value {
	enum { SQL_INT, SQL_TEXT, SQL_BLOB } type;
	int64_t number;
	const void *bytes;
	size_t len;
};
#define INT(x) ((struct sql_value){.type = SQL_INT, .number = (int64_t)(x)})
#define TEXT(x) ((struct sql_value){.type = SQL_TEXT, .bytes = (x)}) /* NULL: NULL */
#define BLOB(x, n) ((struct sql_value){.type = SQL_BLOB, .bytes = (x), .len = (n)})

/* Runs nothing yet; NULL with e on failure. The statement is reset by stmt_cleanup at the latest. */
#define sql_query(c, e, sql, ...) \
	sql_bind(c, e, sql, (const struct sql_value[]){__VA_ARGS__}, \
		sizeof((const struct sql_value[]){__VA_ARGS__}) / sizeof(struct sql_value))
/* Runs a statement to its end, whatever rows it gives. 0, -1. */
#define sql_run(c, e, sql, ...) sql_finish(c, sql_query(c, e, sql, __VA_ARGS__), e)

sqlite3_stmt *sql_bind(struct conn *c, struct err *e, const char *sql,
	const struct sql_value *value,
	size_t n);
int sql_finish(struct conn *c, sqlite3_stmt *st, struct err *e); /* NULL gives -1, e untouched */
/* 1: a row; 0: no more; -1. */
int sql_step(struct conn *c, sqlite3_stmt *st, struct err *e);
/* One number of one row; `missing` if there is no row or it is NULL. */
int sql_number(struct conn *c, sqlite3_stmt *st, int64_t missing, int64_t *out, struct err *e);
/* Statements without values, not kept: BEGIN, PRAGMA and the like. */
int sql_exec(struct conn *c, const char *sql, struct err *e);
/* Never NULL. */
const char *sql_text(sqlite3_stmt *st, int column);
/* Fills e from the connection's last error; -1. */
int sql_error(struct conn *c, struct err *e, const char *doing);

void stmt_cleanup(sqlite3_stmt **st);
#define cleanup_stmt __attribute__((cleanup(stmt_cleanup)))

/* One snapshot for several statements of a reader: ends with the scope. */
int snapshot_begin(struct conn *c, struct err *e);
void snapshot_cleanup(struct conn **c);
#define cleanup_snapshot __attribute__((cleanup(snapshot_cleanup)))

/* The calling thread's read connection, for one question: not to be kept over a change, nor to be asked for
 * while one of its statements runs. In a session this may end the snapshot of the question before and begin a
 * newer one, so a function that reads several times in one snapshot asks once and hands the connection on. */
struct conn *db_reader(struct db *db, struct err *e);
/*
 * Between the two, questions of one thread share a snapshot as long as no commit makes it old, and behind
 * them connection and snapshot wait for the next thread: what changes nothing then costs no system call,
 * and no more connections than are in use read pages anew. The writer ends snapshots that wait before it
 * needs the WAL for itself; while the WAL is long, none is kept behind its question.
 */
void db_session_begin(struct db *db);
void db_session_end(struct db *db);
/* For a thread in a session that is going to wait: others have its connection meanwhile. Also before one call
 * asks several times with one connection, each as new as itself: the session goes no further. */
void db_session_pause(struct db *db);
void db_end_kept(struct db *db);
/* Closes the pool's: whoever had one has ended. */
void db_close_readers(struct db *db);
/* A connection outside the pool; `file` below the folder. */
struct conn *conn_open(struct db *db, const char *file, bool writes, struct err *e);
/* Leaves the WAL where it is, also behind the last connection: what the folder's lock says of it must stay
 * true (folder_mark_used). Accepts NULL. */
void conn_close(struct conn *c);
/* Closing it may take the WAL away: for who has emptied that mark. */
void conn_ends_wal(struct conn *c);

/* Opens the folder and takes its lock, nothing else: ERR_BUSY if somebody has it. */
int folder_open(const char *path, struct db **out, struct err *e);
/* The same without the lock, for reading what somebody else holds; it must be there. */
int folder_look_at(const char *path, struct db **out, struct err *e);
void folder_close(struct db *db);
/* Gives a file to the folder's owner (15.27: also when root runs the command). */
int folder_give(const struct db *db, int fd);
/* Sets db->info.epoch to a new one and writes <root>/epoch. */
int epoch_renew(struct db *db, struct err *e);
int schema_make(struct conn *c, struct err *e);
/* A file system whose locks and shared memory can't be trusted between machines. */
bool folder_is_remote(unsigned long type);

/* "cal/<owner>/<folder>" and "cal/<owner>/<folder>/<file>" for an object's name. */
void path_folder(const char *owner, const char *calendar, char out[PATH_SIZE]);
void path_object(const char *owner, const char *calendar, const char *name, char out[PATH_SIZE]);
/* "cal/<owner>/<folder>/.props.d" and the file in it that holds an object's properties. */
void path_object_props(const char *owner, const char *calendar, const char *name, char out[PATH_SIZE]);
#define OBJECT_PROPS ".props.d"

#endif
