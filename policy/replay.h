/*
 * What happened, decided again under other policies (policy.md 5.1, `policy replay`; 5.2, report 14).
 *
 * Bookings are facts: who, when, for how long, at which price and with which deposit. What clients and
 * owners did with them is asked about anew, in the order in which it happened, with the owner's later words.
 * Nothing is stored.
 */
#ifndef DEDIT_POLICY_REPLAY_H
#define DEDIT_POLICY_REPLAY_H

#include "base/arena.h"
#include "base/err.h"
#include "policy/policy.h"
#include "storage/store.h"

/* What one loss of a slot came to: before anybody waived or adjusted it, but nothing if it was taken back
 * or the slot sold again. class_ "": nothing was entered. */
struct replay_result {
	const char *class_, *outcome;
	int64_t fee, credit;           /* minor units: the client's, the owner's */
};
struct replay_pair {
	const char *owner, *client, *name; /* client's key, and name as the title had it */
	const char *uid, *occurrence, *policy, *currency;
	int64_t at, slot;
	struct replay_result before, after;
};
struct replay {
	struct replay_pair *pairs;     /* by owner, then as they happened */
	size_t count, changed;
	size_t left_out;               /* incidents of policies that `policies` doesn't have */
};

/* Are the two results different, in what a client or an owner would notice? */
bool replay_differs(const struct replay_pair *p);
/* Incidents of owner's (NULL: everybody's) that happened at `since` or later; what was before is history. */
int replay_run(struct store *s, const struct policy_set *policies, const char *owner, int64_t since,
	int64_t now, struct arena *mem, struct replay *out, struct err *e);

#endif
