/* Who finds whom (doc/architecture.md 15.31): the clients of a practice don't learn of each other. */
#ifndef DEDIT_POLICY_DIRECTORY_H
#define DEDIT_POLICY_DIRECTORY_H

#include <stdbool.h>

#include "policy/policy.h"
#include "storage/store.h"

/*
 * May the account `who` find the account `user`? Yes for itself, for those with whom a calendar is shared or
 * for whom one acts, and for everybody if neither is a client: one with a share of a calendar under a policy.
 * Clients find that calendar's owner and who acts for it. Administrators are the caller's to know. mem: for
 * the while. 0; -1 with what the store said.
 */
int directory_shows(struct store *store, const struct policy_set *policies, const char *who, const char *user,
	struct arena *mem, bool *out, struct err *e);
/* Is it a client? The rest as above. */
int directory_is_client(struct store *store, const struct policy_set *policies, const char *who,
	struct arena *mem, bool *out, struct err *e);

#endif
