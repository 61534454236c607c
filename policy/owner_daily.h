/*
 * What an owner's policies ask for day by day: an entry in Fees for the review of terms with each client
 * (`review-terms`), and an end to what is known of clients (`keep-incidents`, architecture.md 15.23). Both
 * follow from the ledger and the time, so a day may be done twice, or be left out, and nothing is twice or
 * lost.
 */
#ifndef DEDIT_POLICY_OWNER_DAILY_H
#define DEDIT_POLICY_OWNER_DAILY_H

#include "policy/update.h"

/* For every owner with a calendar under a policy; rq without an actor. Goes on with the others after an
 * error, and tells the last one. */
int owners_daily(const struct event_request *rq, struct err *e);

#endif
