/* A ledger in memory that a test writes line by line: for books and reports. */
#ifndef DEDIT_TESTS_LEDGER_FIXTURE_H
#define DEDIT_TESTS_LEDGER_FIXTURE_H

#include <stdint.h>

#include "base/arena.h"
#include "policy/dedit_policy.h"
#include "policy/policy.h"
#include "storage/store.h"

#define LEDGER_OWNER "anna"

struct ledger_fixture {
	struct store *store;
	struct arena *mem;
	struct policy_set *policies; /* none */
};

/* For cmocka: *state is the fixture. */
int ledger_setup(void **state);
int ledger_teardown(void **state);

/* "2026-06-10T08:00:00Z" */
int64_t ledger_time(const char *utc);
/* One entry, committed then; texts may be NULL. at 0: the same time. */
void ledger_say(struct ledger_fixture *f, const char *when, struct policy_incident i);

#endif
