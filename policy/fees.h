/*
 * What is owed: the list of incidents, and the Fees calendar with one event for each of them that
 * somebody owes for (policy.md 4.4, architecture.md 15.11).
 */
#ifndef DEDIT_POLICY_FEES_H
#define DEDIT_POLICY_FEES_H

#include "base/buf.h"
#include "policy/host.h"
#include "policy/plan.h"

/* ---- the list ---- */

/* Which incidents are asked for. NULL and 0: any. */
struct fee_filter {
	const char *owner, *ref, *uid;
	const char *client;              /* its key or its name; case and accents don't count */
	uint32_t states;                 /* a bit for each enum policy_state */
	/* Days on which it happened (policy_incident.at), since 1970, both included, in the zone of its
	 * policy (fee_zone()); they count if by_day. */
	bool by_day;
	int64_t first_day, last_day;
	const struct policy_set *policies; /* for their zones; NULL: days are UTC's */
	const struct entry_list *also;   /* as if these were stored behind all others; NULL: none */
};

/* Every incident (not the slot entries) that matches, oldest first, each once, as its last entry has it:
 * what tables, reports and exports show. */
int fees_list(struct store *s, const struct fee_filter *filter, struct arena *mem, struct fee_list *out,
	struct err *e);
/* "due,paid" as a bit for each. -1: one of them is no state. */
int fee_states(const char *list, uint32_t *out);
/* What has become of fees, in minor units of one currency: waived, paid (by deposit too), or still open. */
struct fee_sums {
	const char *currency;
	size_t count;
	int64_t assessed, waived, paid, open, undecided, credit;
};
/* Adds to the sums of its currency, made behind the others (*count) if there are none; a fee without one
 * counts nowhere. */
void fee_sums_add(struct fee_sums *list, size_t *count, const struct fee *f);
/* In whose zone its times are told: its policy's; that is gone: its owner's first one's; else UTC. */
const struct zone *fee_zone(const struct policy_set *set, const struct fee *f);
/* The client's name as the title had it, else the key. */
const char *fee_client(const struct fee *f);
/* The owner's name for clients: what the account is called, else its own. */
const char *fee_professional(struct store *s, const char *owner, struct arena *mem);
/* The list as CSV in the columns of policy.md 5.3; separator ',' or ';'. */
void fees_csv(const struct fee_list *list, const struct policy_set *set, char separator, struct buf *out);

/* ---- the calendar ---- */

/*
 * Plans the entries for what the module emitted in its answer to c: written for money that is owed,
 * may be, or was waived; taken away when it is void. *name (may be NULL) is set to the name of the
 * entry, if one was written.
 */
int fees_plan(struct plan *p, const struct decision *d, const struct policy_change *c,
	const struct verdict *v, const char **name, struct err *e);
/* An entry whose incident stays as it is may read otherwise now: written again if so. there: its
 * row, with the bytes of its file, which may be fewer than the row says if that is damaged. */
int fees_refresh(struct plan *p, const struct decision *d, const struct policy_change *c,
	const struct verdict *v, const struct policy_incident *i, const struct object *there, const char *bytes,
	size_t len, struct err *e);
/* The owner deletes an entry: hidden, the money unchanged. */
int fees_hide(struct plan *p, struct decision *d, const struct collection *fees,
	const struct object *entry, struct err *e);

#endif
