/* The Fees calendar: one event for each incident that somebody owes for (policy.md 4.4,
 * architecture.md 15.11). */
#ifndef DEDIT_POLICY_FEES_H
#define DEDIT_POLICY_FEES_H

#include "policy/host.h"
#include "policy/plan.h"

/*
 * Plans the entries for what the module emitted in its answer to c: written for money that is owed,
 * may be, or was waived; taken away when it is void. *name (may be NULL) is set to the name of the
 * entry, if one was written.
 */
int fees_plan(struct plan *p, const struct decision *d, const struct policy_change *c,
	const struct verdict *v, const char **name, struct err *e);
/* An entry whose incident stays as it is may read otherwise now: written again if so. there: its
 * row, with the
 * bytes stored. */
int fees_refresh(struct plan *p, const struct decision *d, const struct policy_change *c,
	const struct verdict *v, const struct policy_incident *i, const struct object *there, const char *bytes,
	struct err *e);
/* The owner deletes an entry: hidden, the money unchanged. */
int fees_hide(struct plan *p, struct decision *d, const struct collection *fees,
	const struct object *entry, struct err *e);

#endif
