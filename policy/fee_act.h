/*
 * What an owner can decide about a fee beside the calendar: one table for `dedit fee`, pages and scripts. All
 * is said to the policy as words in the fee's entry in Fees (policy.md 4.2, event_say()).
 */
#ifndef DEDIT_POLICY_FEE_ACT_H
#define DEDIT_POLICY_FEE_ACT_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/update.h"

/* FEE_TAKES_AMOUNT: and a reason, if there is one. */
enum fee_act_takes { FEE_TAKES_NOTHING, FEE_TAKES_REASON, FEE_TAKES_AMOUNT };

struct fee_act {
	const char *name, *word;
	enum fee_act_takes takes;
	uint32_t follows;         /* states on which it can follow; the policy has the last word */
	uint32_t done;            /* states in which it has been done already */
	const char *can, *nothing; /* "it can't be waived"; what to say where there is nothing to do */
};
/* Ended by a row without a name. */
extern const struct fee_act fee_acts[];
const struct fee_act *fee_act_find(const char *name); /* NULL: there is none */
/* The words of all that can follow on that state, "#paid #waive …"; in mem. */
const char *fee_act_words(uint32_t state, struct arena *mem);

/* References are read over the telephone: any case will do. NULL: it is none. */
const char *fee_ref(const char *given, struct arena *mem);
/* Of the incidents with that reference the youngest that stands, else the youngest. ERR_NOT_FOUND. */
int fee_find(struct store *s, const char *ref, struct arena *mem, struct fee *out, struct err *e);
/* The state, or where that is none the outcome: held, forgiven, recorded. */
const char *fee_state_words(const struct fee *f);
/* "due, 80.00 EUR": the state, and what is due or else held. */
const char *fee_describe(const struct fee *f, struct arena *mem);
/* "80.00 EUR", "" for what can't be written so. */
const char *money_words(int64_t minor, const char *currency, struct arena *mem);

struct fee_acted {
	struct fee before, after;
	bool changed;
	const char *line;         /* what came of it, in one line */
};
/*
 * Does it, or (rq->preview) says what it would do. reason and amount ("30", "30 EUR") may be NULL.
 * ERR_INVALID: one of them is missing, too much, or not well formed; ERR_NOT_FOUND: no incident has that
 * reference; ERR_DENIED: it can't follow.
 */
int fee_act(const struct event_request *rq, const struct fee_act *act, const char *ref, const char *reason,
	const char *amount, struct fee_acted *out, struct err *e);

#endif
