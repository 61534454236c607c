/* What cancelling or moving a booked slot will cost, tier by tier, and the sentences that say so
 * (doc/policy.md 4.3 a). */
#ifndef DEDIT_POLICY_LATE_OFFER_H
#define DEDIT_POLICY_LATE_OFFER_H

#include "policy/late/render.h"

/* The tiers by deadline, with what each would come to now. */
struct offer {
	int64_t deadline;
	const struct tier *tier;
	const char *amount;   /* in words; NULL: nothing that could be named */
	int64_t minor;
};
struct offers {
	struct offer list[16]; /* no more tiers than that are read */
	size_t count;
	bool nameable;        /* one has an amount */
	bool unknown;         /* one is a percentage of an unknown price */
};

void offers_make(const struct deal *d, const struct slot *s, const struct terms *terms, struct offers *out);
/* Which tier applied when the slot was acquired; count: none, the free time was still running. */
size_t offers_at(const struct offers *all, int64_t acquired);
/* Can the slot cost anything, or is there at least a rule to state? */
bool offers_worth_saying(const struct slot *s, const struct terms *terms, const struct offers *all);

/* From when a tier applies: an instant, or "24 h before". */
const char *offer_start(const struct deal *d, const struct offer *o, bool instants);
/* "After that: 80.00 EUR." or "From then on: 40.00 EUR. From Tue 9 June 10:00: 80.00 EUR." */
void offers_say_amounts(struct rendering *r, const struct offers *all, size_t first, bool instants);
/* "Free to cancel or move until …" */
void offers_say_free(struct rendering *r, const struct offers *all, const struct terms *terms);
/* Booked when the free time was over already. */
void offers_say_too_late(struct rendering *r, const struct slot *s, const struct terms *terms,
	const struct offers *all, size_t applies);

#endif
