/* Where an event stands: in which of its owner's calendars under a policy. */
#ifndef DEDIT_POLICY_FIND_H
#define DEDIT_POLICY_FIND_H

#include <stddef.h>

#include "base/arena.h"
#include "policy/policy.h"
#include "storage/store.h"

struct event_finder {
	struct store *store;
	const struct policy_set *policies;
	struct arena *mem;
	const char *owner, *uid;
	/* what was found last, with strings in mem; next: where to go on */
	struct collection calendar;
	struct object object;
	size_t next;
};

/* Looks on from there, in the order of the configuration. 1; 0: it stands in no further one; -1 with what the
 * store said of a calendar that can't be read. */
int event_find_next(struct event_finder *f, struct err *e);

#endif
