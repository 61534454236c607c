/*
 * A whole server's path for the test vectors: events change by event_put() and event_delete() over a
 * store in memory, wakes come due, and the ledger is read back.
 */
#ifndef DEDIT_TESTS_WHOLE_H
#define DEDIT_TESTS_WHOLE_H

#include <stdint.h>

#include "base/arena.h"
#include "policy/dedit_policy.h"
#include "policy/update.h"
#include "tests/policy/late_host.h"

struct whole;

/* What changes, when, and by whom: the account "owner" owns the calendar, "admin" is an administrator. */
struct whole_change {
	const char *uid, *body; /* body NULL: deleted */
	struct event_actor actor;
	int64_t now;
};

/* One calendar of the account "owner" under that policy. NULL with one line in why. */
struct whole *whole_open(const char *name, const char *zone, const struct policy_setting *settings, size_t n,
	char *why, size_t why_size);
void whole_close(struct whole *w); /* accepts NULL */

/* All of these: 0, or -1 with one line in why. */
int whole_add(struct whole *w, const struct policy_incident *i, char *why, size_t why_size);
/* An account for somebody with that address. */
int whole_account(struct whole *w, const char *address, char *why, size_t why_size);
/* The owner writes words into the notes of an entry in Fees. */
int whole_fee_words(struct whole *w, const char *ref, const char *note, int64_t now, char *why,
	size_t why_size);
int whole_change(struct whole *w, const struct whole_change *c, char *why, size_t why_size);
/* Every wake that is due by then. */
int whole_tick(struct whole *w, int64_t now, char *why, size_t why_size);
/* Replaces the sink's entries by those of the ledger, and what is shown by that event's properties. */
int whole_read(struct whole *w, const char *uid, struct policy_sink *sink, char *why, size_t why_size);

/* Everything decided again under the same policy comes to the same (policy/replay.h). */
int whole_replay(struct whole *w, int64_t now, char *why, size_t why_size);

/* Unfolded bytes of the event, or with ref of its entry in Fees; "" if it isn't there. */
const char *whole_text(struct whole *w, const char *uid, const char *ref);
/* For what isn't wrapped here; name of the event's resource. */
struct event_request whole_request(struct whole *w, const struct event_actor *actor, int64_t now);
struct event_where whole_where(struct whole *w, const char *uid);

#endif
