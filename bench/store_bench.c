/*
 * Commits per second through the store alone, without HTTP and policies, on the disk of FOLDER: by as
 * many threads as each argument says. One line each; bench/bare_disk.c says what SQLite alone reaches.
 *
 *	store_bench FOLDER SECONDS [THREADS]...
 */
#include <ftw.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/util.h"
#include "storage/store.h"

enum { BODY_SIZE = 1200, THREADS_MOST = 256, NAMES = 500 };

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

static double bench_store(struct store *s, store_id collection, unsigned threads, double seconds)
{
	pthread_t thread[THREADS_MOST];
	struct load load[THREADS_MOST];
	atomic_bool stop = false;
	uint64_t done = 0;
	int64_t start = clock_monotonic_ms();
	struct timespec pause = { .tv_sec = (time_t)seconds };

	pause.tv_nsec = (long)((seconds - (double)pause.tv_sec) * 1e9);
	for (unsigned i = 0; i < threads; i++) {
		load[i] = (struct load){s, collection, i, &stop, 0};
		if (pthread_create(&thread[i], NULL, commit_until_told, &load[i]) != 0)
			die("thread", "none left");
	}
	nanosleep(&pause, NULL);
	atomic_store(&stop, true);
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(thread[i], NULL);
		done += load[i].done;
	}
	return (double)done * 1000 / (double)(clock_monotonic_ms() - start);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

int main(int argc, char **argv)
{
	const struct store_options options = {.mirror_delay_ms = 250, .tombstone_days = 365};
	const struct collection c = {.owner = "bench", .name = "w", .components = 1};
	double seconds = argc > 2 ? strtod(argv[2], NULL) : 0;
	struct err e = {0};
	struct store *s;
	store_id id;

	if (seconds <= 0) {
		fputs("usage: store_bench FOLDER SECONDS [THREADS]...\n", stderr);
		return 2;
	}
	memset(body, 'x', sizeof(body));
	char *folder cleanup_free = xasprintf("%s/store", argv[1]);
	if (store_open("sqlite", folder, &options, &s, &e) < 0 ||
		store_collection_make(s, &c, NULL, 0, clock_now(), &id, &e) < 0)
		die("store", e.text);
	for (int i = 3; i < argc; i++) {
		uint64_t threads;

		if (parse_u64(argv[i], 1, THREADS_MOST, &threads) < 0)
			die(argv[i], "no number of threads");
		printf("%.1f\n", bench_store(s, id, (unsigned)threads, seconds));
		if (store_flush(s, &e) < 0)
			die("flush", e.text);
	}
	store_close(s);
	nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}
