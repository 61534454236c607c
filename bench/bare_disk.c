/*
 * The yardsticks of durable changes, on the disk of FOLDER: how often a second 4 KiB can be appended to
 * a file and synced, and how many changes SQLite alone writes, one row with one body each, with CHANGES
 * of them in a transaction. Prints them one a line: fdatasync first, then in the order of the arguments.
 *
 *	bare_disk FOLDER SECONDS [CHANGES]...
 */
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fsio.h"
#include "base/util.h"

enum { PAGE = 4096, BODY_SIZE = 1200, NAMES = 500 };

static void die(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	exit(1);
}

static double per_second(uint64_t done, int64_t start)
{
	return (double)done * 1000 / (double)(clock_monotonic_ms() - start);
}

static double bench_sync(const char *folder, int64_t ms)
{
	static const char page[PAGE];
	char *path cleanup_free = xasprintf("%s/bare.log", folder);
	int fd cleanup_fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	int64_t start = clock_monotonic_ms();
	uint64_t done = 0;

	if (fd < 0)
		die(path, "can't be made");
	for (; clock_monotonic_ms() - start < ms; done++) {
		if (write(fd, page, sizeof(page)) != sizeof(page) || fdatasync(fd) != 0)
			die(path, "can't be written");
	}
	unlink(path);
	return per_second(done, start);
}

static void exec(sqlite3 *handle, const char *sql)
{
	if (sqlite3_exec(handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		die(sql, sqlite3_errmsg(handle));
}

static void put(sqlite3 *handle, sqlite3_stmt *st, unsigned writer, uint64_t n)
{
	static const char body[BODY_SIZE] = "";
	char name[32];

	snprintf(name, sizeof(name), "%u-%" PRIu64 ".ics", writer, n % NAMES);
	sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_blob(st, 2, body, sizeof(body), SQLITE_STATIC);
	if (sqlite3_step(st) != SQLITE_DONE)
		die("insert", sqlite3_errmsg(handle));
	sqlite3_reset(st);
}

static double bench_sqlite(sqlite3 *handle, unsigned changes, int64_t ms)
{
	static const char put_sql[] = "INSERT OR REPLACE INTO object(name, body) VALUES (?1, ?2)";
	int64_t start = clock_monotonic_ms();
	sqlite3_stmt *st;
	uint64_t groups = 0;

	if (sqlite3_prepare_v2(handle, put_sql, -1, &st, NULL) != SQLITE_OK)
		die("prepare", sqlite3_errmsg(handle));
	for (; clock_monotonic_ms() - start < ms; groups++) {
		exec(handle, "BEGIN IMMEDIATE");
		for (unsigned i = 0; i < changes; i++)
			put(handle, st, i, groups);
		exec(handle, "COMMIT");
	}
	sqlite3_finalize(st);
	return per_second(groups * changes, start);
}

static double bench_new_sqlite(const char *folder, unsigned changes, int64_t ms)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char *path cleanup_free = xasprintf("%s/bare.db", folder);
	sqlite3 *handle;
	double rate;

	if (sqlite3_open(path, &handle) != SQLITE_OK)
		die(path, "can't be opened");
	exec(handle, "PRAGMA journal_mode = WAL");
	exec(handle, "PRAGMA synchronous = FULL");
	exec(handle, "CREATE TABLE object(name TEXT PRIMARY KEY, body BLOB)");
	rate = bench_sqlite(handle, changes, ms);
	sqlite3_close(handle);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		char *file cleanup_free = xasprintf("%s%s", path, suffixes[i]);
		unlink(file);
	}
	return rate;
}

int main(int argc, char **argv)
{
	double seconds = argc > 2 ? strtod(argv[2], NULL) : 0;
	int64_t ms = (int64_t)(seconds * 1000);

	if (ms <= 0) {
		fputs("usage: bare_disk FOLDER SECONDS [CHANGES]...\n", stderr);
		return 2;
	}
	printf("%.1f\n", bench_sync(argv[1], ms));
	for (int i = 3; i < argc; i++) {
		unsigned changes = (unsigned)strtoul(argv[i], NULL, 10);

		printf("%.1f\n", bench_new_sqlite(argv[1], changes > 0 ? changes : 1, ms));
	}
	return 0;
}
