/*
 * What is written on events, in English and French (doc/policy.md 4.3). It depends on the ledger's
 * entries, the policy and the event's zone alone, so the same state gives the same bytes.
 */
#ifndef DEDIT_POLICY_LATE_TEXT_H
#define DEDIT_POLICY_LATE_TEXT_H

#include "policy/late/deal.h"

/* Tells the host how the event is to look. Non-zero if the host failed. */
int text_render(struct deal *d);

#endif
