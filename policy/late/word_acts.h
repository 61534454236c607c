/*
 * What words do (doc/policy.md 4.2): which of those in title and notes are new and count, and their
 * effects. Only the
 * owner's side changes anything by words; a client's open a dispute at most.
 */
#ifndef DEDIT_POLICY_LATE_WORD_ACTS_H
#define DEDIT_POLICY_LATE_WORD_ACTS_H

#include "policy/late/deal.h"

/* Reads the words of this change into d->said and d->fresh. */
void words_open(struct deal *d);
/* Those about the slot before the change: #price, and whether the client came, if the change ends it. */
int words_before(struct deal *d);
/* Those about the slot and the incident after it. */
int words_after(struct deal *d);
/* Remembers what was seen; tells the host which words go out of the text. */
int words_close(struct deal *d);
/* An absence that was entered too early takes effect when it may. */
int words_deferred(struct deal *d);
/* Has the owner's side said that this is no appointment? */
bool words_private(const struct deal *d);

/* What an entry about money can be made into, by a word, by dedit(1) or on a page. */
enum act { ACT_WAIVE, ACT_EMERGENCY, ACT_ADJUST, ACT_PAY, ACT_UNPAY, ACT_DISPUTE, ACT_OK };
/* i becomes its next state. false: that can't follow, or it is so already. amount: of ACT_ADJUST alone. */
bool act_on(struct policy_incident *i, enum act act, const struct money *amount);
/* The freed slot was sold again: waived, if the policy says so. */
int words_refilled(struct deal *d, int64_t start);

#endif
