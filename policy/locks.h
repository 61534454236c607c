/*
 * Who decides for an owner. Decisions normally run side by side and the store's compare-and-swap
 * finds those that collide; one that lost more than once is repeated alone, so that no client sees
 * contention (15.22).
 */
#ifndef DEDIT_POLICY_LOCKS_H
#define DEDIT_POLICY_LOCKS_H

#include <stdbool.h>

struct owner_locks;

struct owner_locks *owner_locks_create(void);
void owner_locks_destroy(struct owner_locks *locks); /* accepts NULL; nobody holds one */

/* For up to two owners (b may be NULL or the same as a); alone: nobody else decides for them
 * meanwhile. */
struct owner_hold { struct owner_locks *locks; unsigned first, second; };
void owner_lock(struct owner_locks *locks, const char *a, const char *b, bool alone,
	struct owner_hold *out);
/* The same without waiting: false, and nothing is held, if somebody would have to be waited for. */
bool owner_try_lock(struct owner_locks *locks, const char *a, const char *b, bool alone,
	struct owner_hold *out);
void owner_unlock(const struct owner_hold *hold);

#endif
