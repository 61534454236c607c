/*
 * Which of the words in title and notes are new and count (doc/policy.md 4.2): those that stood there before
 * are remembered, and by whose hand. Of a client's, the words of a dispute at most.
 */
#ifndef DEDIT_POLICY_LATE_WORD_SEEN_H
#define DEDIT_POLICY_LATE_WORD_SEEN_H

#include "policy/late/deal.h"

/* Reads the words of this change into d->said and d->fresh. */
void words_open(struct deal *d);
/* Remembers what was seen; tells the host which words go out of the text. */
int words_close(struct deal *d);
/* Has the owner's side said that this is no appointment? */
bool words_private(const struct deal *d);

#endif
