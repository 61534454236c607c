/*
 * Events under a policy over the memory store, and who does what to them. Times are those of
 * policy.md 3.7: Wednesday 2026-06-10 10:00 in Paris is 08:00Z.
 */
#ifndef DEDIT_TESTS_EVENT_FIXTURE_H
#define DEDIT_TESTS_EVENT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/fees.h"
#include "policy/update.h"

struct fixture {
	struct store *store;
	struct arena *mem;
	struct policy_set *policies;
	struct collection work, home, other;   /* other: under the same policy as work */
	struct event_result result;
	struct err e;
	const char *who;                       /* account that acts */
	int64_t now;
};

/* For cmocka: *state is the fixture, whose policies are still to be loaded; … */
int make_fixture(void **state);
/* … with the policy of event_module.c over work and other. */
int setup_module(void **state);
int drop_fixture(void **state);
#define WITH(setup, test) cmocka_unit_test_setup_teardown(test, setup, drop_fixture)

/* "2026-06-10T08:00:00Z" */
int64_t at(const char *text);

/* What f->who asks at f->now. */
struct event_request request(struct fixture *f);
/* Each of these as the function of policy/update.h, with f->result and f->e. */
int try_put(
	struct fixture *f, const struct collection *c, const char *name, const char *body);
int try_delete(struct fixture *f, const struct collection *c, const char *name);
int try_move(struct fixture *f, const struct collection *from, const char *name,
	const struct collection *to, const char *as, bool remove);
/* Into work, and it has to succeed. */
void put(struct fixture *f, const char *name, const char *body);

/* The body; NULL: it isn't there. */
const char *stored(struct fixture *f, const struct collection *c, const char *name);
/* The first component's text; NULL: it has none. */
const char *value_of(struct fixture *f, const char *body, const char *name);
/* Of an event in work. */
const char *work_value(struct fixture *f, const char *name, const char *property);
/* An hour from start; more: further lines. */
const char *event(
	struct fixture *f, const char *uid, const char *title, const char *start, const char *more);
/* The standard appointment of the tests. */
#define START "20260610T080000Z"
const char *marie(struct fixture *f, const char *more);

struct fee_list fees(struct fixture *f);
/* The sum of the fees that are due. */
int64_t owed(struct fixture *f);
int ledger_size(struct fixture *f);
/* How many entries Fees has, and the last one's name. */
int fee_entries(struct fixture *f, struct collection *calendar, const char **name);

#endif
