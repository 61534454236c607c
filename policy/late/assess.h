/* The fee of an incident, step by step in the order of doc/policy.md 3.4. */
#ifndef DEDIT_POLICY_LATE_ASSESS_H
#define DEDIT_POLICY_LATE_ASSESS_H

#include "policy/late/deal.h"

/* fee NULL: only what is held falls due. held: what falls due with it. kind: KIND_ bit, 0 if neither
 * forgiven nor counted. Non-zero if the host failed. */
int assess_fee(struct deal *d, const struct slot *s, const struct terms *terms, const struct blame *blame,
	const struct fee *fee, const struct money *held, unsigned kind, struct assessment *out);
/* A late move, by the directive late-move. */
int assess_late_move(struct deal *d, const struct slot *s, const struct terms *terms,
	const struct blame *blame, struct assessment *out);

#endif
