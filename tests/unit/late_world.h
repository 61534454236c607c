/*
 * One owner's server with the policy "late" alone, its ledger in memory; who books, moves and cancels,
 * and what the module tells.
 */
#ifndef DEDIT_TESTS_LATE_WORLD_H
#define DEDIT_TESTS_LATE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/late/late.h"
#include "tests/policy/late_host.h"

struct world {
	const struct policy_module *module;
	void *self;
	struct policy_sink sink;
	int refs;
};

/* Half from 48 h before, all from 24 h; the price stands in the title. */
extern const char *const therapy[];

/* settings: two lists of key and value, the second may be NULL. */
struct world *world_make(const char *const *settings, const char *const *more);
void world_drop(struct world *w);

/* "2026-06-10T08:00:00Z" */
int64_t at(const char *text);
/* Booked then, for an hour from START. */
#define BOOKED "2026-06-01T09:00:00Z"
#define START "2026-06-10T08:00:00Z"

/* The owner's, of "Marc Petit 80 €"; … */
struct policy_change change(uint32_t kind, const char *now);
/* … the same by Marc himself. */
struct policy_change by_client(struct policy_change c);
struct policy_when hour_from(const char *start);
/* Asks the module, and it has to answer. */
void ask(struct world *w, struct policy_change c);
/* By the owner. */
void book_at(struct world *w, const char *now, const char *start);
/* By the client. */
void move_to(struct world *w, const char *now, const char *from, const char *to);
/* By the client, for ask(). */
struct policy_change cancel(const char *now, const char *start);

/* The last entry of that class; ends the test if there is none. */
const struct policy_incident *last(const struct world *w, const char *class_);
/* So says the last entry of that class. */
void assert_told(const struct world *w, const char *class_, const char *outcome, int64_t charge,
	int64_t hold);
/* The sum of what is due. */
int64_t owed(const struct world *w);

#endif
