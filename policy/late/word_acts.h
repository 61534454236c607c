/*
 * What words do (doc/policy.md 4.2) that are new and count (word_seen.h). Only the owner's side changes
 * anything by words; a client's open a dispute at most.
 */
#ifndef DEDIT_POLICY_LATE_WORD_ACTS_H
#define DEDIT_POLICY_LATE_WORD_ACTS_H

#include "policy/late/deal.h"

/* Those about the slot before the change: #price, and whether the client came, if the change ends it. */
int words_before(struct deal *d);
/* Those about the slot and the incident after it. */
int words_after(struct deal *d);
/* An absence that was entered too early takes effect when it may. */
int words_deferred(struct deal *d);
/* The freed slot was sold again: waived, if the policy says so. */
int words_refilled(struct deal *d, int64_t start);

#endif
