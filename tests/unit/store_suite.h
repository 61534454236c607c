/*
 * Scenarios over any struct store: what store.h promises, whichever backend keeps it. A test
 * program gives a way to open a fresh store and runs them all.
 */
#ifndef DEDIT_TESTS_STORE_SUITE_H
#define DEDIT_TESTS_STORE_SUITE_H

#include "storage/store.h"

/* Opens an empty store, ends the test on failure. */
typedef struct store *(*suite_open_fn)(void);
/* Closes it and removes what it left. */
typedef void (*suite_close_fn)(struct store *s);

/* cmocka's number of failed tests. */
int store_suite_run(const char *name, suite_open_fn open, suite_close_fn close);

/* What other store tests need too. */
enum { SUITE_NOW = 1700000000 };
store_id suite_calendar(struct store *s, const char *owner, const char *name);
/* Puts one object with this body; expect as in struct change. 0 or -1. */
int suite_put(struct store *s, store_id collection, const char *name, const char *uid,
	const char *body,
	const char *expect, char etag[ETAG_SIZE], struct err *e);
int suite_delete(struct store *s, store_id collection, const char *name, const char *expect,
	struct err *e);
/* One ledger entry without changes. */
int suite_entry(struct store *s, const char *owner, const char *uid, const char *text,
	bool incident,
	struct err *e);

#endif
