#include "storage/sqlite/writer.h"

#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/util.h"
#include "storage/sqlite/mirror.h"
#include "storage/sqlite/open.h"

enum {
	GROUP_JOBS = 256,
	GROUP_BYTES = 4 << 20,
	WAL_PAGES_LONG = 4096, /* 16 MiB of 4 KiB pages */
	IDLE_MS = 1000,
	PURGE_EVERY_MS = 24 * 3600 * 1000,
	SECONDS_PER_DAY = 86400,
	FAILURE_SHOWN_MS = 60 * 1000,
};

struct job {
	job_fn run;
	void *arg;
	size_t bytes;
	bool internal; /* the backend's own */
	struct err err;
	int status;
	uint64_t journal;
	sem_t done;
	struct job *next;
};

struct writer {
	struct db *db;
	struct conn *conn;
	struct change_log log;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct job *head, **tail;
	bool stop;
	int wal_pages;     /* not yet copied into index.db */
	int64_t purged_at; /* monotonic; 0: never */
	_Atomic int64_t group_began; /* monotonic; 0: none is under way */
	_Atomic int64_t failed_at;   /* when the last one could not be written; 0: it was */
};

/* ---- the queue ---- */

static int run_job(struct writer *w, struct job *j, struct err *e)
{
	sem_init(&j->done, 0, 0);
	pthread_mutex_lock(&w->lock);
	*w->tail = j;
	w->tail = &j->next;
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->lock);
	while (sem_wait(&j->done) < 0 && errno == EINTR) {
	}
	sem_destroy(&j->done);
	return j->status == 0 ? 0 : err_set(e, j->err.code, "%s", j->err.text);
}

int writer_run_internal(struct db *db, job_fn run, void *arg, size_t bytes, struct err *e)
{
	struct job job = {.run = run, .arg = arg, .bytes = bytes, .internal = true};

	return run_job(db->writer, &job, e);
}

int writer_run(struct db *db, job_fn run, void *arg, size_t bytes, struct err *e)
{
	struct job job = {.run = run, .arg = arg, .bytes = bytes};

	db_session_pause(db);
	if (run_job(db->writer, &job, e) < 0)
		return -1;
	if (db->options.mirror_delay_ms == 0) {
		/* It is durable already; what the files lack, the mirror logs and tries again. */
		mirror_wait(db, job.journal, NULL);
	}
	return 0;
}

/* The next job of a group that has `bytes` already; NULL ends the group. */
static struct job *take_job(struct writer *w, size_t jobs, size_t bytes)
{
	pthread_mutex_lock(&w->lock);
	struct job *j = w->head;
	if (j != NULL && jobs < GROUP_JOBS && (jobs == 0 || bytes + j->bytes <= GROUP_BYTES)) {
		w->head = j->next;
		if (w->head == NULL) {
			w->tail = &w->head;
		}
		j->next = NULL;
	} else {
		j = NULL;
	}
	pthread_mutex_unlock(&w->lock);
	return j;
}

/* ---- one group ---- */

/* After a failed fsync nobody knows which pages reached the disk, and a second fsync may
 * falsely succeed. The WAL as the next start finds it is the truth. */
static void end_if_device_failed(const struct writer *w, const struct err *e)
{
	if (w->conn->io_error) {
		log_error("the device failed under the index, ending: %s", e->text);
		abort();
	}
}

static int exec(struct writer *w, const char *sql, struct err *e)
{
	int status = sql_finish(w->conn, sql_bind(w->conn, e, sql, NULL, 0), e);

	if (status < 0) {
		end_if_device_failed(w, e);
	}
	return status;
}

static bool in_transaction(const struct writer *w)
{
	return !sqlite3_get_autocommit(w->conn->handle);
}

static void undo_group(struct writer *w)
{
	static const char rollback_sql[] = "ROLLBACK";
	struct err e;

	if (in_transaction(w)) {
		exec(w, rollback_sql, &e);
	}
}

/* A job of a group: in a savepoint, so that a refused one costs only itself. */
static void do_job(struct writer *w, struct job *j)
{
	static const char savepoint_sql[] = "SAVEPOINT job";
	static const char back_sql[] = "ROLLBACK TO job";
	static const char release_sql[] = "RELEASE job";
	uint64_t journal = w->log.journal;

	j->status = exec(w, savepoint_sql, &j->err);
	if (j->status < 0)
		return;
	j->status = j->run(&w->log, j->arg, &j->err);
	if (j->status < 0) {
		end_if_device_failed(w, &j->err);
		w->log.journal = journal;
		/* a full disk ends the whole transaction by itself; nor may it go on with half a job */
		if (in_transaction(w) && exec(w, back_sql, &(struct err){0}) < 0) {
			undo_group(w);
		}
		if (!in_transaction(w))
			return;
	}
	j->journal = w->log.journal;
	struct err e;
	if (exec(w, release_sql, &e) < 0 && j->status == 0) {
		j->status = err_set(&j->err, e.code, "%s", e.text);
	}
}

static void answer(struct job *group, int status, const struct err *why)
{
	while (group != NULL) {
		struct job *next = group->next;
		if (status < 0 && group->status == 0) {
			group->status = err_set(&group->err, why->code, "%s", why->text);
		}
		/* the job is its waiter's again from here on */
		sem_post(&group->done);
		group = next;
	}
}

static int finish_group(struct writer *w, size_t succeeded, struct err *e)
{
	static const char commit_sql[] = "COMMIT";

	if (!in_transaction(w))
		return err_set(e, ERR_FULL, "the transaction was undone: no space or memory left");
	if (succeeded == 0) {
		undo_group(w);
		return 0;
	}
	FAILPOINT("before-commit");
	int64_t began = clock_monotonic_us();
	if (exec(w, commit_sql, e) < 0) {
		undo_group(w);
		return -1;
	}
	atomic_fetch_add(&w->db->commits, 1);
	metric_observe(METRIC_STORE_COMMIT, clock_monotonic_us() - began);
	FAILPOINT("after-commit");
	return 0;
}

/* ---- the WAL ---- */

/* Snapshots that nobody uses would keep the WAL from beginning anew. Once it is copied to its end, new ones
 * don't need it. */
static int do_checkpoint(struct writer *w, int mode)
{
	int pages = 0, copied = 0;

	db_end_kept(w->db);
	int status = sqlite3_wal_checkpoint_v2(w->conn->handle, NULL, mode, &pages, &copied);
	if (status == SQLITE_OK && copied == pages) {
		atomic_store(&w->db->wal_long, false);
	}
	return status;
}

/* PASSIVE never waits for readers; what they hold back is copied next time. */
static void checkpoint(struct writer *w)
{
	struct err e;

	if (do_checkpoint(w, SQLITE_CHECKPOINT_PASSIVE) == SQLITE_OK) {
		FAILPOINT("after-checkpoint");
		w->wal_pages = 0;
		return;
	}
	sql_error(w->conn, &e, "checkpoint");
	end_if_device_failed(w, &e);
	log_warn("%s", e.text);
	w->wal_pages = 0;
}

/* After an erasure the file is emptied, without waiting for those who read in it: it is tried again. */
static void empty_wal(struct writer *w)
{
	sqlite3_busy_timeout(w->conn->handle, 0);
	int status = do_checkpoint(w, SQLITE_CHECKPOINT_TRUNCATE);
	sqlite3_busy_timeout(w->conn->handle, BUSY_TIMEOUT_MS);
	if (status == SQLITE_OK) {
		w->log.erased = false;
		w->wal_pages = 0;
	} else if ((status & 0xff) != SQLITE_BUSY) {
		checkpoint(w);
	}
}

/* ---- groups ---- */

/* What was done for clients; the backend's own jobs are none of their changes. */
static void count_group(const struct job *group, int status)
{
	int64_t done = 0, refused = 0;

	for (; group != NULL; group = group->next) {
		done += !group->internal && status == 0 && group->status == 0;
		refused += !group->internal && (status < 0 || group->status < 0);
	}
	metric_add(METRIC_STORE_CHANGES, RESULT_DONE, done);
	metric_add(METRIC_STORE_CHANGES, RESULT_REFUSED, refused);
	if (done > 0) {
		metric_observe(METRIC_STORE_GROUP, done);
	}
}

static void note_outcome(struct writer *w, const struct job *group, int status, size_t succeeded)
{
	count_group(group, status);
	if (status < 0) {
		metric_add(METRIC_STORE_COMMIT_FAILURES, 0, 1);
		atomic_store(&w->failed_at, clock_monotonic_ms());
	} else if (succeeded > 0) {
		atomic_store(&w->failed_at, 0);
	}
	atomic_store(&w->group_began, 0);
}

static void do_group(struct writer *w)
{
	static const char begin_sql[] = "BEGIN IMMEDIATE";
	struct job *group = NULL, **last = &group, *j;
	uint64_t journal = w->log.journal;
	size_t jobs = 0, bytes = 0, succeeded = 0;
	struct err e;

	atomic_store(&w->group_began, clock_monotonic_ms());
	int status = exec(w, begin_sql, &e);
	while ((j = take_job(w, jobs, bytes)) != NULL) {
		*last = j;
		last = &j->next;
		jobs++;
		bytes += j->bytes;
		if (status == 0) {
			do_job(w, j);
			succeeded += j->status == 0;
		}
		if (status < 0 || !in_transaction(w))
			break;
	}
	if (status == 0) {
		status = finish_group(w, succeeded, &e);
	}
	if (status < 0) {
		w->log.journal = journal;
	} else if (w->log.journal > journal) {
		mirror_notify(w->db, w->log.journal);
	}
	if (w->log.erased) {
		empty_wal(w);
	}
	note_outcome(w, group, status, succeeded);
	answer(group, status, &e);
}

/* ---- what is done between groups ---- */

static int count_wal(void *arg, sqlite3 *handle, const char *name, int pages)
{
	struct writer *w = arg;

	w->wal_pages = pages;
	atomic_store(&w->db->wal_long, pages > WAL_PAGES_LONG);
	return SQLITE_OK;
}

/* Calendars that went from homes. */
static int purge_members(struct change_log *log, int64_t before, struct err *e)
{
	static const char raise_sql[] =
		"INSERT INTO meta(key, value) SELECT 'purged', changed FROM member"
		" WHERE collection = 0 AND mtime < ?1 ORDER BY changed DESC LIMIT 1"
		" ON CONFLICT(key) DO UPDATE SET value = max(value, excluded.value)";
	static const char purge_sql[] = "DELETE FROM member WHERE collection = 0 AND mtime < ?1";

	if (sql_run(log->conn, e, raise_sql, INT(before)) < 0)
		return -1;
	return sql_run(log->conn, e, purge_sql, INT(before));
}

/* Tombstones end after a year; tokens from before the youngest purged one are refused. */
static int purge_tombstones(struct change_log *log, void *arg, struct err *e)
{
	static const char raise_sql[] =
		"UPDATE collection SET oldest_seq = gone.seq FROM"
		" (SELECT collection, max(seq) AS seq FROM object WHERE deleted = 1 AND mtime < ?1"
		"  GROUP BY collection) AS gone"
		" WHERE gone.collection = collection.id AND gone.seq > oldest_seq";
	static const char purge_sql[] = "DELETE FROM object WHERE deleted = 1 AND mtime < ?1";
	const int64_t *before = arg;

	if (sql_run(log->conn, e, raise_sql, INT(*before)) < 0 ||
		sql_run(log->conn, e, purge_sql, INT(*before)) < 0)
		return -1;
	return purge_members(log, *before, e);
}

static void purge(struct writer *w)
{
	int64_t before = clock_now() - (int64_t)w->db->options.tombstone_days * SECONDS_PER_DAY;
	struct job job = {.run = purge_tombstones, .arg = &before};
	static const char begin_sql[] = "BEGIN IMMEDIATE";
	struct err e = {0};

	w->purged_at = clock_monotonic_ms();
	if (exec(w, begin_sql, &e) == 0) {
		do_job(w, &job);
		e = job.err;
		finish_group(w, job.status == 0, &e);
	}
	if (e.code != ERR_NONE) {
		log_warn("purge of tombstones: %s", e.text);
	}
}

static void do_idle_work(struct writer *w)
{
	if (w->log.erased) {
		empty_wal(w);
	}
	if (w->wal_pages > 0) {
		checkpoint(w);
	}
	if (clock_monotonic_ms() - w->purged_at >= PURGE_EVERY_MS) {
		purge(w);
	}
}

/* true: there is work; false: idle for a while. Called with the lock. */
static bool wait_for_work(struct writer *w)
{
	int64_t until = clock_monotonic_us() + IDLE_MS * 1000;

	while (w->head == NULL && !w->stop && clock_wait(&w->work, &w->lock, until))
		;
	return w->head != NULL || w->stop;
}

static void *writer_main(void *arg)
{
	struct writer *w = arg;

	purge(w);
	for (;;) {
		pthread_mutex_lock(&w->lock);
		bool idle = !wait_for_work(w);
		bool end = w->stop && w->head == NULL;
		pthread_mutex_unlock(&w->lock);
		if (end)
			return NULL;
		if (idle) {
			do_idle_work(w);
			continue;
		}
		do_group(w);
		if (w->wal_pages > WAL_PAGES_LONG) {
			checkpoint(w);
		}
	}
}

/* ---- start and end ---- */

/* Where the numbers go on. What is gone from all rows was purged, and below that. */
static int last_numbers(struct writer *w, struct err *e)
{
	static const char journal_sql[] = "SELECT max(seq) FROM journal";
	static const char seq_sql[] =
		"SELECT max(seq) FROM (SELECT seq FROM collection UNION ALL SELECT changed FROM member"
		" UNION ALL SELECT value FROM meta WHERE key = 'purged')";
	int64_t journal, seq;

	if (sql_number(w->conn, sql_bind(w->conn, e, journal_sql, NULL, 0), 0, &journal, e) < 0 ||
		sql_number(w->conn, sql_bind(w->conn, e, seq_sql, NULL, 0), 0, &seq, e) < 0)
		return -1;
	w->log = (struct change_log){.conn = w->conn, .journal = (uint64_t)journal, .seq = (uint64_t)seq};
	return 0;
}

/* Where a file can't be opened for writing, SQLite goes on with reading: better not to start then. */
static int check_writable(struct writer *w, struct err *e)
{
	return sql_exec(w->conn, "BEGIN IMMEDIATE; COMMIT", e);
}

static void destroy(struct writer *w)
{
	pthread_cond_destroy(&w->work);
	pthread_mutex_destroy(&w->lock);
	conn_close(w->conn);
	free(w);
}

int writer_start(struct db *db, struct err *e)
{
	struct writer *w = xcalloc(1, sizeof(*w));

	w->db = db;
	w->tail = &w->head;
	pthread_mutex_init(&w->lock, NULL);
	clock_cond_init(&w->work);
	w->conn = conn_open(db, "index.db", true, e);
	if (w->conn == NULL || last_numbers(w, e) < 0 || check_writable(w, e) < 0) {
		destroy(w);
		return -1;
	}
	sqlite3_wal_hook(w->conn->handle, count_wal, w);
	if (pthread_create(&w->thread, NULL, writer_main, w) != 0) {
		destroy(w);
		return err_set(e, ERR_INTERNAL, "no thread for the writer");
	}
	db->writer = w;
	mirror_notify(db, w->log.journal);
	return 0;
}

void writer_health(const struct db *db, struct store_health *out)
{
	int64_t began = atomic_load(&db->writer->group_began), failed = atomic_load(&db->writer->failed_at);
	int64_t now = clock_monotonic_ms();

	out->commit_ms = began != 0 && now > began ? now - began : 0;
	out->commit_failed = failed != 0 && now - failed < FAILURE_SHOWN_MS;
}

void writer_stop(struct db *db)
{
	struct writer *w = db->writer;
	struct err e;

	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	if (folder_mark_used(db, false, &e) == 0) {
		conn_ends_wal(w->conn);
	} else {
		log_warn("%s; index.db-wal stays", e.text);
	}
	destroy(w);
	db->writer = NULL;
}
