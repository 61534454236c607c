/* The fee of an incident, step by step in the order of doc/policy.md 3.4. */
#ifndef DEDIT_POLICY_LATE_ASSESS_H
#define DEDIT_POLICY_LATE_ASSESS_H

#include "policy/late/deal.h"

/* fee NULL: only what is held falls due. held: what falls due with it. kind: KIND_ bit, 0 if neither
 * forgiven nor counted. Non-zero if the host failed. */
int assess_fee(struct deal *d, const struct slot *s, const struct terms *terms, const struct blame *blame,
	const struct fee_rule *fee, const struct money *held, unsigned kind, struct assessment *out);
/* Of an appointment that ends, where the deposit is arrhes: the fee is the deposit at least (3.4). */
void assess_arrhes(const struct slot *s, const struct terms *terms, struct assessment *out);
/* Arrhes of a client who withdraws in time: the deposit is the fee. */
int assess_withdrawal(struct deal *d, const struct slot *s, const struct terms *terms,
	const struct blame *blame, struct assessment *out);
/* What the owner owes for withdrawing or moving: twice the arrhes, and by owner-late. */
void assess_owner(struct deal *d, const struct slot *s, const struct terms *terms, bool cancelled,
	struct assessment *out);
/* What a shortened appointment costs (`shorten prorata`): the fee's part for the lost seconds. */
int assess_shortened(struct deal *d, const struct slot *s, const struct terms *terms,
	const struct blame *blame,
	int64_t lost, struct assessment *out);
/* A late move, by the directive late-move. */
int assess_late_move(struct deal *d, const struct slot *s, const struct terms *terms,
	const struct blame *blame, struct assessment *out);

#endif
