#include "policy/late/slot.h"

#include <string.h>

#include "policy/late/assess.h"
#include "policy/late/directive.h"

static bool in_grace(const struct slot *s, const struct terms *terms, int64_t t)
{
	const struct rules *r = &terms->rules;

	if (!rules_has(r, DIRECTIVE_grace) || t > notice_after(&terms->days, s->acquired, &r->grace.length))
		return false;
	return !r->grace.has_not_within || t <= notice_deadline(&terms->days, s->start, &r->grace.not_within);
}

static bool within_shift(const struct slot *s, const struct terms *terms, int64_t start)
{
	const struct rules *r = &terms->rules;

	return rules_has(r, DIRECTIVE_shift) && start <= notice_after(&terms->days, s->anchor, &r->shift) &&
		start >= notice_deadline(&terms->days, s->anchor, &r->shift);
}

/* Until when a client's own cancellation may mean that nobody came: without `until`, as long as an
 * appointment isn't taken for kept. */
static int64_t last_word(const struct slot *s, const struct terms *terms)
{
	const struct rules *r = &terms->rules;

	return rules_has(r, DIRECTIVE_no_show) && r->no_show.has_until ?
		notice_after(&terms->days, s->start, &r->no_show.until) : s->end + KEPT_AFTER;
}

static int lose_missed(struct deal *d, const struct slot *s, const struct terms *terms,
	const struct blame *blame,
	const struct fee_rule *fee)
{
	struct terms bare = *terms;
	struct assessment a;

	bare.required = -1;
	if (assess_fee(d, s, terms, blame, fee, &d->chain.hold, KIND_NO_SHOW, &a))
		return -1;
	assess_arrhes(s, terms, &a);
	return deal_tell_loss(d, s, &bare, "no-show", PARTY_CLIENT, &a);
}

/* After the start: the client's own cancellation says that nobody came. */
static int lose_after_start(struct deal *d, const struct slot *s, const struct terms *terms,
	const struct blame *blame, enum after_loss *after)
{
	const struct rules *r = &terms->rules;
	const struct fee_rule *fee = rules_has(r, DIRECTIVE_no_show) ? &r->no_show.fee : NULL;

	if (blame->by_owner) {
		*after = AFTER_MOVED;
		return 0;
	}
	*after = AFTER_ANEW;
	if (slot_is_past(s) ? d->chain.hold.minor == 0 : d->t > last_word(s, terms))
		return 0; /* tidying up */
	return lose_missed(d, s, terms, blame, fee);
}

static int lose_by_cancel(struct deal *d, const struct slot *s, const struct terms *terms,
	struct blame *blame)
{
	bool grace = terms->tier && d->t < s->start && in_grace(s, terms, d->t);
	const struct fee_rule *fee = terms->tier && !grace ? &terms->tier->fee : NULL;
	struct assessment a;

	if (!fee && d->chain.hold.minor == 0) {
		bool kept = terms->rules.deposit.arrhes && s->deposit > 0;

		if (kept && assess_withdrawal(d, s, terms, blame, &a))
			return -1;
		return deal_tell_loss(d, s, terms, grace ? "grace" : "on-time-cancel", PARTY_CLIENT, kept ? &a : NULL);
	}
	if (d->chain.hold.minor > 0)
		blame->proposed |= d->chain.hold_proposed;
	if (assess_fee(d, s, terms, blame, fee, &d->chain.hold, KIND_LATE_CANCEL, &a))
		return -1;
	assess_arrhes(s, terms, &a);
	return deal_tell_loss(d, s, terms, "late-cancel", PARTY_CLIENT, &a);
}

int slot_missed(struct deal *d, const char *word)
{
	const struct slot s = *d->chain.current;
	const struct blame blame = { .proposed = d->clock_behind };
	struct terms terms;

	slot_terms(d, &s, d->t, &terms);
	d->word = word;
	if (lose_missed(d, &s, &terms, &blame, rules_has(&terms.rules, DIRECTIVE_no_show) ?
		&terms.rules.no_show.fee : NULL))
		return -1;
	return 0;
}

int slot_reinstate(struct deal *d, const struct slot *s)
{
	struct policy_incident i = deal_incident(d, s, "reinstated", PARTY_CLIENT);

	i.outcome = "void";
	i.state = POLICY_VOID;
	i.supersedes = s->ref;
	return deal_tell(d, &i);
}

static int lose_by_move(struct deal *d, const struct slot *s, const struct terms *terms,
	const struct blame *blame, enum after_loss *after)
{
	static const struct money nothing;
	const struct rules *r = &terms->rules;
	struct slot *target = chain_find(&d->chain, d->c->after.start);
	struct assessment a;

	*after = AFTER_MOVED;
	if (target && target != s && target->loss && d->t < target->start) {
		*after = AFTER_REINSTATED;
		return slot_reinstate(d, target);
	}
	if (!terms->tier) {
		if (!rules_has(r, DIRECTIVE_move_limit) || (int64_t)d->chain.moves < r->move_limit.count)
			return deal_tell_loss(d, s, terms, "on-time-move", PARTY_CLIENT, NULL);
		if (assess_fee(d, s, terms, blame, &r->move_limit.fee, &nothing, 0, &a))
			return -1;
		return deal_tell_loss(d, s, terms, "over-limit-move", PARTY_CLIENT, &a);
	}
	if (in_grace(s, terms, d->t))
		return deal_tell_loss(d, s, terms, "grace", PARTY_CLIENT, NULL);
	if (within_shift(s, terms, d->c->after.start)) {
		*after = AFTER_SHIFTED;
		return deal_tell_loss(d, s, terms, "shift", PARTY_CLIENT, NULL);
	}
	if (assess_late_move(d, s, terms, blame, &a))
		return -1;
	return deal_tell_loss(d, s, terms, "late-move", PARTY_CLIENT, &a);
}

/* Works on a copy of the slot: telling the host makes the chain anew. */
int slot_lose(struct deal *d, enum how how, enum after_loss *after)
{
	const struct slot s = *d->chain.current;
	struct assessment a;
	struct terms terms;
	struct blame blame;
	enum party party;

	*after = AFTER_MOVED;
	slot_terms(d, &s, d->t, &terms);
	party = deal_attribute(d, &s, &terms.rules, &blame);
	if (party == PARTY_NOBODY)
		return how == HOW_CANCEL ? deal_tell_closed(d, &s) : 0;
	if (party == PARTY_OWNER) {
		*after = AFTER_IMPOSED;
		if (d->t >= s.start)
			return 0;
		assess_owner(d, &s, &terms, how == HOW_CANCEL, &a);
		return deal_tell_loss(d, &s, &terms, how == HOW_CANCEL ? "owner-cancel" : "owner-move", party, &a);
	}
	if (d->t >= s.start && !(blame.by_owner && (d->fresh & WORD_LATECANCEL)))
		return lose_after_start(d, &s, &terms, &blame, after);
	return how == HOW_CANCEL ? lose_by_cancel(d, &s, &terms, &blame) :
		lose_by_move(d, d->chain.current, &terms, &blame, after);
}

