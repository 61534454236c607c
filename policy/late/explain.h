/* A policy as sentences, as in a contract (doc/policy.md, S19 and 5.1, `policy explain`). */
#ifndef DEDIT_POLICY_LATE_EXPLAIN_H
#define DEDIT_POLICY_LATE_EXPLAIN_H

#include "policy/late/rules.h"

/*
 * The general terms that hold for what is booked at `when`, without those of single clients: numbered
 * clauses, one a line, "1. Price. An appointment costs …". Then what differs on weekdays and for
 * services.
 */
char *explain_policy(const struct policy_text *p, enum language l, int64_t when, struct arena *mem);

#endif
