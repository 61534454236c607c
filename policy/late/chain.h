/*
 * What the ledger remembers of one appointment: the slots it held, how they were lost, what is held and
 * charged (doc/policy.md 3.1, 3.4). The module's only memory.
 */
#ifndef DEDIT_POLICY_LATE_CHAIN_H
#define DEDIT_POLICY_LATE_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "policy/dedit_policy.h"
#include "policy/late/fee.h"

/* Entries in force, in order: what was taken back is not there, what was replaced stands in its place. */
struct entries {
	struct policy_incident *at;
	size_t count, size;
	const struct policy_incident **gone; /* taken back */
	size_t gone_count, gone_size;
	int64_t latest;                 /* time of the youngest entry read, in force or not */
};

/*
 * Entries of class "slot" say by their outcome how a slot came to be: "new-booking" (a new appointment
 * begins), "rebooked", "moved", "imposed" (moved by the owner), "renamed" (same slot, new facts),
 * "closed" (given up without incident), "series" (no slot: what holds for all dates of a series). Their
 * `basis` is the digest of the policy's text; `hold` and `charge` are what the same appointment brought
 * along from another UID. An entry of class "none" changes nothing of the slot: an absence entered too early
 * ("deferred") or too late, a late arrival.
 */
struct slot {
	int64_t start, end, acquired, anchor;
	struct money price;
	int64_t deposit;              /* paid in advance, minor units of the price's currency */
	const char *client, *title, *service, *version, *digest, *ref;
	bool imposed, priced;         /* priced: by the word #price, which no title overrules */
	const struct policy_incident *loss; /* NULL: held */
};

/* Was the time over already when it was booked or moved to? Nobody can keep or miss such a slot. */
bool slot_is_past(const struct slot *s);

enum { CHAIN_SLOTS_MAX = 64 };

struct chain {
	struct slot slots[CHAIN_SLOTS_MAX]; /* of many moves the first ones are forgotten */
	size_t count;
	struct slot *current;               /* NULL: none */
	struct money hold;                  /* total; minor 0: none */
	bool hold_proposed;
	size_t moves;                       /* in time, over the limit or not */
	size_t first;                       /* index of the entry with which the appointment begins */
	struct money brought;               /* charged under another UID */
};

/* The host's entries that match, reduced to those in force. 0 or the host's error. */
int entries_load(const struct policy_host *host, struct policy_sink *sink, const struct policy_query *q,
	struct arena *mem, struct entries *out);
/* Without those of class "slot", of which a group has as many at one time as there are attendees. */
int entries_load_incidents(const struct policy_host *host, struct policy_sink *sink,
	const struct policy_query *q, struct arena *mem, struct entries *out);
void entries_add(struct entries *list, const struct policy_incident *i, struct arena *mem);

/* The chain of one occurrence of one UID. */
void chain_make(const struct entries *list, const char *uid, const char *occurrence, struct chain *out);
/* The slot entry that holds for all dates of a series, or NULL. */
const struct policy_incident *entries_series(const struct entries *list, const char *uid);
/* Adds a slot that has no entry of its own and makes it the current one. */
void chain_assume(struct chain *ch, const struct slot *s);
struct slot *chain_find(struct chain *ch, int64_t start);
/* Of several slots that are held, the one at that start: the same event may stand in two calendars. */
void chain_choose(struct chain *ch, int64_t start);
/* Fees of this appointment that stand, in that currency. */
int64_t chain_charged(const struct chain *ch, const struct entries *list, const char *uid,
	const char *occurrence, const char *currency);

/* Is it about money: class, state, hold? */
bool entry_has_money(const struct policy_incident *i);
/* Youngest entry in force of that class about that slot, or NULL. */
const struct policy_incident *entries_find(const struct entries *list, const char *uid,
	const char *occurrence,
	const char *class_, int64_t slot);
bool entry_is(const struct policy_incident *i, const char *class_);
bool entry_is_of(const struct policy_incident *i, const char *uid, const char *occurrence);
/* Ends an appointment, unlike a move. */
bool entry_ends(const struct policy_incident *i);

#endif
