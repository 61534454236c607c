/*
 * Commits per second through the store with 1, 8, 32 and 64 threads, beside bare SQLite doing
 * the least that could be called the same (one row and one body, one thread, the same number
 * in a transaction as threads would wait). The ratio is what counts: disks differ, and so does
 * one disk from minute to minute.
 *
 *   store_bench [FOLDER] [SECONDS]
 */
#include <ftw.h>
#include <inttypes.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/util.h"
#include "storage/store.h"

enum { BODY_SIZE = 1200, THREADS_MOST = 64, NAMES = 500 };

struct load {
	struct store *s;
	store_id collection;
	unsigned number;
	atomic_bool *stop;
	uint64_t done;
};

static char body[BODY_SIZE];

static void die(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	exit(1);
}

static void *commit_until_told(void *arg)
{
	struct load *l = arg;
	char name[32];
	struct err e = {0};

	while (!atomic_load(l->stop)) {
		snprintf(name, sizeof(name), "%u-%" PRIu64 ".ics", l->number, l->done % NAMES);
		struct change change = {.kind = CHANGE_PUT, .collection = l->collection, .name = name,
			.uid = name, .body = body, .body_len = sizeof(body), .component = 1};
		struct commit commit = {.now = clock_now(), .change = &change, .changes = 1};
		if (store_commit(l->s, &commit, &e) < 0)
			die("commit", e.text);
		l->done++;
	}
	return NULL;
}

static double bench_store(struct store *s, store_id collection, unsigned threads, int seconds)
{
	pthread_t thread[THREADS_MOST];
	struct load load[THREADS_MOST];
	atomic_bool stop = false;
	uint64_t done = 0;
	int64_t start = clock_monotonic_ms();

	for (unsigned i = 0; i < threads; i++) {
		load[i] = (struct load){s, collection, i, &stop, 0};
		if (pthread_create(&thread[i], NULL, commit_until_told, &load[i]) != 0)
			die("thread", "none left");
	}
	sleep((unsigned)seconds);
	atomic_store(&stop, true);
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(thread[i], NULL);
		done += load[i].done;
	}
	return (double)done * 1000 / (double)(clock_monotonic_ms() - start);
}

static void exec(sqlite3 *handle, const char *sql)
{
	if (sqlite3_exec(handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		die(sql, sqlite3_errmsg(handle));
}

static double bench_sqlite(sqlite3 *handle, unsigned group, int seconds)
{
	static const char put_sql[] = "INSERT OR REPLACE INTO object(name, body) VALUES (?1, ?2)";
	int64_t start = clock_monotonic_ms();
	sqlite3_stmt *st;
	uint64_t done = 0;
	char name[32];

	if (sqlite3_prepare_v2(handle, put_sql, -1, &st, NULL) != SQLITE_OK)
		die("prepare", sqlite3_errmsg(handle));
	while (clock_monotonic_ms() - start < seconds * 1000) {
		exec(handle, "BEGIN IMMEDIATE");
		for (unsigned i = 0; i < group; i++) {
			snprintf(name, sizeof(name), "%u-%" PRIu64 ".ics", i, done / group % NAMES);
			sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
			sqlite3_bind_blob(st, 2, body, sizeof(body), SQLITE_STATIC);
			if (sqlite3_step(st) != SQLITE_DONE)
				die("insert", sqlite3_errmsg(handle));
			sqlite3_reset(st);
			done++;
		}
		exec(handle, "COMMIT");
	}
	sqlite3_finalize(st);
	return (double)done * 1000 / (double)(clock_monotonic_ms() - start);
}

static sqlite3 *open_sqlite(const char *folder)
{
	char *path cleanup_free = xasprintf("%s/bare.db", folder);
	sqlite3 *handle;

	if (sqlite3_open(path, &handle) != SQLITE_OK)
		die(path, "can't be opened");
	exec(handle, "PRAGMA journal_mode = WAL");
	exec(handle, "PRAGMA synchronous = FULL");
	exec(handle, "CREATE TABLE object(name TEXT PRIMARY KEY, body BLOB)");
	return handle;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

int main(int argc, char **argv)
{
	static const unsigned crowds[] = {1, 8, 32, 64};
	const struct store_options options = {.mirror_delay_ms = 250, .tombstone_days = 365};
	const struct collection c = {.owner = "bench", .name = "w", .components = 1};
	char *folder cleanup_free = xasprintf("%s/dedit-bench-XXXXXX", argc > 1 ? argv[1] : "/tmp");
	uint64_t seconds = 3;
	struct err e = {0};
	struct store *s;
	store_id id;

	if (argc > 2 && parse_u64(argv[2], 1, 60, &seconds) < 0)
		die(argv[2], "expected 1 to 60 seconds");
	if (mkdtemp(folder) == NULL)
		die(folder, "can't be made");
	memset(body, 'x', sizeof(body));
	char *data cleanup_free = xasprintf("%s/data", folder);
	if (store_open("sqlite", data, &options, &s, &e) < 0 ||
		store_collection_make(s, &c, NULL, 0, clock_now(), &id, &e) < 0)
		die("store", e.text);
	sqlite3 *bare = open_sqlite(folder);
	printf("%8s %14s %14s %7s\n", "threads", "store/s", "bare SQLite/s", "ratio");
	for (size_t i = 0; i < ARRAY_SIZE(crowds); i++) {
		double mine = bench_store(s, id, crowds[i], (int)seconds);
		if (store_flush(s, &e) < 0)
			die("flush", e.text);
		double least = bench_sqlite(bare, crowds[i], (int)seconds);
		printf("%8u %14.0f %14.0f %7.2f\n", crowds[i], mine, least, mine / least);
		fflush(stdout);
	}
	sqlite3_close(bare);
	store_close(s);
	nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}
