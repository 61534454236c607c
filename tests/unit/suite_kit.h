/*
 * What the scenarios share: how each begins and ends, acts that have to succeed, and visitors that
 * write what they see as text.
 */
#ifndef DEDIT_TESTS_SUITE_KIT_H
#define DEDIT_TESTS_SUITE_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "store_suite.h"

/* The scenarios of one subject. */
struct suite_part {
	const char *subject;
	const struct CMUnitTest *scenario;
	size_t n;
};
extern const struct suite_part suite_collections, suite_props, suite_objects, suite_sync, suite_homes,
	suite_accounts, suite_ledger, suite_whole;

/* *state is a fresh store. */
int suite_setup(void **state);
int suite_teardown(void **state);
#define SCENARIO(f) {#f, f, suite_setup, suite_teardown, NULL}

void put_ok(struct store *s, store_id c, const char *name, const char *uid, const char *body);
void delete_ok(struct store *s, store_id c, const char *name);
/* "<n>.ics". */
void put_numbered(struct store *s, store_id c, int n);
void set_place(struct store *s, enum prop_place_kind kind, store_id c, const char *name,
	const char *prop, const char *xml);
void assert_place(struct store *s, enum prop_place_kind kind, store_id c, const char *name,
	const char *expected);

/* Visitors; arg is the struct buf. */
int note_object(const struct object *o, void *arg);
int note_collection(const struct collection *c, void *arg);
int note_prop(const struct prop_row *p, void *arg);
int note_share(const struct share *s, void *arg);
int note_feed(const struct feed *f, void *arg);
int note_entry(const struct ledger_row *l, void *arg);
int note_wake(const struct wake *w, void *arg);
/* They are what was expected, and begin anew. */
void assert_notes(struct buf *notes, const char *expected);

#endif
