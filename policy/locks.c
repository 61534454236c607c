#include "policy/locks.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/util.h"

enum { STRIPES = 64 };

struct owner_locks { pthread_rwlock_t stripe[STRIPES]; };

struct owner_locks *owner_locks_create(void)
{
	struct owner_locks *locks = xmalloc(sizeof(*locks));
	pthread_rwlockattr_t attr;

	pthread_rwlockattr_init(&attr);
	/* else a busy calendar would starve the one that has to be alone */
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	for (unsigned n = 0; n < STRIPES; n++) {
		pthread_rwlock_init(&locks->stripe[n], &attr);
	}
	pthread_rwlockattr_destroy(&attr);
	return locks;
}

void owner_locks_destroy(struct owner_locks *locks)
{
	for (unsigned n = 0; locks && n < STRIPES; n++) {
		pthread_rwlock_destroy(&locks->stripe[n]);
	}
	free(locks);
}

static unsigned stripe_of(const char *owner)
{
	return (unsigned)(str_hash(owner) % STRIPES);
}

static void lock_stripe(struct owner_locks *locks, unsigned n, bool alone)
{
	if (alone) {
		pthread_rwlock_wrlock(&locks->stripe[n]);
	} else {
		pthread_rwlock_rdlock(&locks->stripe[n]);
	}
}

static bool try_stripe(struct owner_locks *locks, unsigned n, bool alone)
{
	pthread_rwlock_t *lock = &locks->stripe[n];

	return (alone ? pthread_rwlock_trywrlock(lock) : pthread_rwlock_tryrdlock(lock)) == 0;
}

/* In the order of stripes, so that two moves between the same owners can't wait for each other. */
static struct owner_hold hold_of(struct owner_locks *locks, const char *a, const char *b)
{
	unsigned one = stripe_of(a), two = b ? stripe_of(b) : one;

	return (struct owner_hold){ locks, one < two ? one : two, one < two ? two : one };
}

void owner_lock(struct owner_locks *locks, const char *a, const char *b, bool alone,
	struct owner_hold *out)
{
	*out = hold_of(locks, a, b);
	lock_stripe(locks, out->first, alone);
	if (out->second != out->first) {
		lock_stripe(locks, out->second, alone);
	}
}

bool owner_try_lock(struct owner_locks *locks, const char *a, const char *b, bool alone,
	struct owner_hold *out)
{
	*out = hold_of(locks, a, b);
	if (!try_stripe(locks, out->first, alone))
		return false;
	if (out->second == out->first || try_stripe(locks, out->second, alone))
		return true;
	pthread_rwlock_unlock(&locks->stripe[out->first]);
	return false;
}

void owner_unlock(const struct owner_hold *hold)
{
	if (hold->second != hold->first) {
		pthread_rwlock_unlock(&hold->locks->stripe[hold->second]);
	}
	pthread_rwlock_unlock(&hold->locks->stripe[hold->first]);
}
