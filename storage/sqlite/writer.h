/*
 * The one thread that changes the index. Work comes as jobs; all that wait are done in one
 * transaction, each in a savepoint of its own, and answered once it is durable. No artificial
 * delay: while one fsync runs, the next group gathers.
 */
#ifndef DEDIT_STORAGE_SQLITE_WRITER_H
#define DEDIT_STORAGE_SQLITE_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "storage/sqlite/db.h"

/* What a job sees; lives in the writer's thread. */
struct change_log {
	struct conn *conn;
	uint64_t journal; /* seq of the last journal row */
	uint64_t seq;     /* the last one given to what changed; never goes back */
	bool erased;      /* what the WAL still has must not stay */
};

/* The next one, which is nobody else's (store.h). */
static inline uint64_t seq_next(struct change_log *log)
{
	return ++log->seq;
}

/* Runs in the writer's thread. -1 takes back what it did, and nothing else of the group. */
typedef int (*job_fn)(struct change_log *log, void *arg, struct err *e);

/* Starts the thread; the index is open for nobody else's writing. */
int writer_start(struct db *db, struct err *e);
/* Does what is queued, empties the folder's mark (folder_mark_used) and ends; behind it no connection may be
 * open. Accepts a db without writer. */
void writer_stop(struct db *db);
/* Returns when the job is durable, or undone (-1). bytes: roughly what it writes.
 * With mirror_delay 0 it returns when the files are written too. */
int writer_run(struct db *db, job_fn run, void *arg, size_t bytes, struct err *e);
/* The same without the wait for files: for the mirror's own thread. */
int writer_run_internal(struct db *db, job_fn run, void *arg, size_t bytes, struct err *e);

/* Sets commit_ms and commit_failed. */
void writer_health(const struct db *db, struct store_health *out);

#endif
