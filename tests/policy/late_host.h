/*
 * A host for the policy "late" with its ledger in memory: for the test vectors and the unit tests.
 */
#ifndef DEDIT_TESTS_LATE_HOST_H
#define DEDIT_TESTS_LATE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "policy/dedit_policy.h"

enum { LATE_HOST_LINES = 32 };

/* What the module said of the event in its last call; NULL: nothing. */
struct shown {
	const char *prefix, *block, *status, *transp, *category, *color, *comment, *comment_name, *ref, *fee_title;
	const char *name[LATE_HOST_LINES], *value[LATE_HOST_LINES]; /* properties, with their parameters */
	size_t lines;
};

struct policy_sink {
	struct arena *mem;
	struct policy_incident *entries;
	size_t count;
	struct shown shown;
	int64_t wake;       /* the last one asked for; 0: none */
};

extern const struct policy_host late_host;

/* Before each call of check(): takes off what was shown. */
void late_host_begin(struct policy_sink *s);
/* An entry out of nowhere: what happened before. */
void late_host_add(struct policy_sink *s, const struct policy_incident *i);
/* Value of a shown property whose name, parameters included, begins so; NULL: not there. */
const char *late_host_property(const struct policy_sink *s, const char *name);
/* Is it an incident (no booked slot) that no later one took back? */
bool late_host_stands(const struct policy_sink *s, size_t n);

#endif
