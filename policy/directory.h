/* Who finds whom (doc/architecture.md 15.31): the clients of a practice don't learn of each other. */
#ifndef DEDIT_POLICY_DIRECTORY_H
#define DEDIT_POLICY_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/policy.h"
#include "storage/store.h"

struct directory {
	struct store *store;
	const struct policy_set *policies;
	const char *const *admins; /* members of group "admin", in any case */
	size_t admin_count;
};

/*
 * May the account `who` find the account `user`? Yes for itself, for those with whom a calendar is shared or
 * for whom one acts, and for everybody if neither is a client: one with a share of a calendar under a policy.
 * Clients find that calendar's owner and who acts for it. Administrators find all, and are found by all.
 * mem: for the while. 0; -1 with what the store said.
 */
int directory_shows(const struct directory *d, const char *who, const char *user, struct arena *mem,
	bool *out, struct err *e);
/* Is it a member of that group? */
bool directory_is_admin(const struct directory *d, const char *user);
/* Is it a client? The rest as above. */
int directory_is_client(const struct directory *d, const char *who, struct arena *mem, bool *out,
	struct err *e);

#endif
