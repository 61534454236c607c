/* Is a ledger what was written, and how far had it come (doc/architecture.md 15.23)? */
#ifndef DEDIT_POLICY_AUDIT_H
#define DEDIT_POLICY_AUDIT_H

#include "base/err.h"
#include "storage/store.h"

/*
 * Everything that store_ledger_verify() looks at, and that each text is one of ours, that the index's
 * columns say the same, and that what is blank was entered as erased. Tells the first entry that is wrong.
 * kept: a signed head from elsewhere, or NULL.
 */
int ledger_audit(struct store *s, const char *owner, const struct signed_head *kept, store_problem_fn problem,
	void *arg, struct err *e);

/* Signs the head of each ledger whose last one is a day old (or of a later time: the clock was wrong), if
 * something was entered since. Goes on with the others after an error, and tells the last one. */
int ledger_sign_due(struct store *s, int64_t now, struct err *e);

#endif
