/* From a change to what it does: the table of doc/policy.md 3.5. */
#ifndef DEDIT_POLICY_LATE_TRANSITION_H
#define DEDIT_POLICY_LATE_TRANSITION_H

#include "policy/late/deal.h"

/* Tells the host incidents and wakes; leaves d->chain as it is afterwards. Non-zero when the host failed. */
int transition_decide(struct deal *d);

#endif
