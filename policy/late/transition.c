#include "policy/late/transition.h"

#include <string.h>

#include "policy/late/booking.h"
#include "policy/late/assess.h"
#include "policy/late/directive.h"
#include "policy/late/slot.h"
#include "policy/late/word_acts.h"
#include "policy/late/word_seen.h"

/* The other half goes on with the date on its old terms. */
static int hand_over(struct deal *d, const struct slot *s, const struct elsewhere *there)
{
	struct slot on = *s;
	struct policy_incident i;

	on.ref = there->slot.ref;
	on.end = there->slot.end;
	on.title = there->slot.title;
	i = deal_incident(d, &on, "slot", PARTY_CLIENT);
	i.outcome = "renamed";
	i.uid = there->uid;
	i.occurrence = there->occurrence;
	i.notice = 0;
	i.basis = on.digest;
	i.supersedes = on.ref;
	return deal_tell_closed(d, s) || deal_tell(d, &i) ? -1 : 0;
}

static int cancelled(struct deal *d)
{
	struct slot s;
	struct elsewhere there;
	enum after_loss after;

	if (!d->chain.current)
		return 0;
	s = *d->chain.current;
	/* A split series: the date stands in the other half already. Two single events at one time are two
	 * appointments. */
	if ((d->c->flags & POLICY_SERIES) && d->t < s.start && d->chain.hold.minor == 0) {
		if (booking_elsewhere(d, s.client, s.start, false, &there))
			return -1;
		if (there.uid)
			return hand_over(d, &s, &there);
	}
	return slot_lose(d, HOW_CANCEL, &after);
}

/* TRANSPARENT, TENTATIVE, all-day: no appointment any more (architecture.md 15, 4). */
static int no_appointment(struct deal *d)
{
	const struct slot s = *d->chain.current;
	enum after_loss after;

	return d->c->role == POLICY_CLIENT ? slot_lose(d, HOW_CANCEL, &after) : deal_tell_closed(d, &s);
}

static int moved(struct deal *d)
{
	const struct slot *from = d->chain.current;
	const char *outcome = "moved";
	struct slot s, *earlier;
	enum after_loss after;

	if (!from)
		return booking_made(d);
	if (!booking_is_appointment(d))
		return no_appointment(d);
	if (from->start == d->c->after.start)
		return 0;
	s = *from;
	if (slot_lose(d, HOW_MOVE, &after))
		return -1;
	if (after == AFTER_REINSTATED)
		return 0;
	earlier = chain_find(&d->chain, d->c->after.start);
	if (earlier)
		s.ref = earlier->ref;
	else if (strcmp(s.ref, d->c->fresh_ref))
		s.ref = d->c->fresh_ref;
	else /* a date of a series without reference in the ledger: its loss took the fresh one */
		s.ref = deal_second_ref(d);
	s.start = d->c->after.start;
	s.end = d->c->after.end;
	if (after != AFTER_SHIFTED) {
		s.anchor = s.start;
		s.acquired = d->t;
		s.version = booking_version(d, d->t);
		s.digest = rules_options(d->text)->digest;
		s.imposed = after == AFTER_IMPOSED;
	}
	if (s.imposed)
		outcome = "imposed";
	else if (after == AFTER_ANEW)
		outcome = "new-booking";
	return deal_tell_slot(d, &s, outcome, NULL) || words_refilled(d, s.start) ? -1 : 0;
}

/* The client agrees to the time that the owner imposed. */
static int accepted(struct deal *d)
{
	const struct slot s = *d->chain.current;

	return s.imposed ? deal_tell_slot(d, &s, "moved", NULL) : 0;
}

/* The same start, an earlier end: what is lost of it may cost its part (`shorten`). */
static int shortened(struct deal *d)
{
	const struct slot s = *d->chain.current;
	struct slot rest = s;
	struct assessment a;
	struct terms terms;
	struct blame blame;

	rest.end = d->c->after.end;
	slot_terms(d, &s, d->t, &terms);
	if (!terms.rules.prorata || d->t >= s.start || rest.end >= s.end || rest.end <= s.start ||
			s.start != d->c->after.start || deal_attribute(d, &s, &terms.rules, &blame) != PARTY_CLIENT)
		return 0;
	if (terms.tier) {
		if (assess_shortened(d, &s, &terms, &blame, s.end - rest.end, &a) ||
				deal_tell_loss(d, &s, &terms, "shortened", PARTY_CLIENT, &a))
			return -1;
	}
	return deal_tell_slot(d, &rest, "renamed", NULL);
}

static int changed(struct deal *d)
{
	if ((d->c->flags & POLICY_SERIES) && !*d->c->occurrence)
		return booking_series_changed(d);
	if (!d->chain.current) {
		if (chain_find(&d->chain, d->c->after.start) || d->c->after.start <= d->t)
			return 0;
		return booking_made(d); /* under the policy from now on */
	}
	if (!booking_is_appointment(d))
		return no_appointment(d);
	if ((d->c->flags & POLICY_ACCEPTED) && accepted(d))
		return -1;
	if (shortened(d))
		return -1;
	return deal_by_owner(d->c) ? booking_renamed(d) : 0;
}

/* ---- time passes ---- */

static int fall_due(struct deal *d, const struct policy_incident *pending)
{
	struct policy_incident due = *pending;
	const struct slot s = {
		.start = due.slot, .end = due.slot_end, .acquired = due.acquired, .anchor = due.anchor,
		.client = due.client, .title = due.title, .service = due.service,
	};
	struct terms terms;
	int64_t at;

	slot_terms(d, &s, due.at, &terms);
	at = notice_after(&terms.days, due.at, &terms.rules.review);
	if (d->t < at)
		return d->host->wake(d->sink, at);
	due.state = POLICY_DUE;
	due.outcome = "charged";
	due.supersedes = due.ref;
	return deal_tell(d, &due);
}

static int release_hold(struct deal *d)
{
	const struct slot s = *d->chain.current;
	struct policy_incident i;

	if (slot_is_past(&s))
		return 0; /* moving it into the past doesn't keep it */
	if (d->t < s.end + KEPT_AFTER)
		return d->host->wake(d->sink, s.end + KEPT_AFTER);
	i = deal_incident(d, &s, "attended", PARTY_CLIENT);
	i.outcome = "released";
	return deal_tell(d, &i);
}

static int time_passes(struct deal *d)
{
	for (size_t n = 0; n < d->entries.count; n++) {
		const struct policy_incident i = d->entries.at[n];

		if (i.state == POLICY_PENDING && entry_is_of(&i, d->c->uid, d->c->occurrence) && fall_due(d, &i))
			return -1;
	}
	if (words_deferred(d))
		return -1;
	if (d->chain.current && d->chain.hold.minor > 0)
		return release_hold(d);
	return 0;
}

/* ---- all of it ---- */

static int decide(struct deal *d)
{
	switch (d->c->kind) {
	case POLICY_BOOKED:
		if ((d->c->flags & POLICY_ACCEPTED) && d->chain.current && accepted(d))
			return -1;
		return booking_made(d);
	case POLICY_MOVED:
		return moved(d);
	case POLICY_CANCELLED:
	case POLICY_DECLINED:
		return cancelled(d);
	case POLICY_CHANGED:
		return d->c->flags & POLICY_GONE ? 0 : changed(d); /* words in an entry of Fees */
	default: /* a tick */
		return 0;
	}
}

int transition_decide(struct deal *d)
{
	/* What was due before this change first; what the change leaves open asks for its wake. */
	words_open(d);
	return booking_renumbered(d) || time_passes(d) || words_before(d) || decide(d) || words_after(d) ||
		time_passes(d) || words_close(d) ? -1 : 0;
}
