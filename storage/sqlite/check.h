/* The parts of a check, and what they share. */
#ifndef DEDIT_STORAGE_SQLITE_CHECK_H
#define DEDIT_STORAGE_SQLITE_CHECK_H

#include "storage/sqlite/ops.h"

struct check {
	struct db *db;
	struct conn *conn;
	bool deep;
	store_parse_fn parse; /* NULL: a body's digest is enough, and users needn't be accounts */
	store_problem_fn problem;
	void *arg;
	struct err *e;
};

/* Each part: 0, -1 with k->e, or what the visitor said to stop. */
int check_report(const struct check *k, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The first column of each row, in names->mem. */
struct check_names { struct arena *mem; const char **name; size_t n, room; };
int check_take_names(const struct check *k, sqlite3_stmt *stmt, struct check_names *out);
/* Accounts, properties, logs: do they say what the index says? */
int check_texts(const struct check *k);
/* Events: are they there, and is what the index says of them so? */
int check_calendars(const struct check *k);
/* Files and folders that the index knows nothing of. */
int check_strangers(const struct check *k);

#endif
