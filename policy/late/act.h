/* The states that an entry about money goes through (doc/policy.md 4.2). */
#ifndef DEDIT_POLICY_LATE_ACT_H
#define DEDIT_POLICY_LATE_ACT_H

#include <stdbool.h>

#include "policy/dedit_policy.h"
#include "policy/late/fee.h"

/* What it can be made into. */
enum act { ACT_WAIVE, ACT_EMERGENCY, ACT_ADJUST, ACT_PAY, ACT_UNPAY, ACT_DISPUTE, ACT_OK };
/* i becomes its next state. false: that can't follow, or it is so already. amount: of ACT_ADJUST alone. */
bool act_on(struct policy_incident *i, enum act act, const struct money *amount);
/* Nothing is owed any more, whatever its state was; what was paid is owed back. */
void act_waive(struct policy_incident *i, const char *reason);

#endif
