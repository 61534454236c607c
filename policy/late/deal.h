/*
 * One call of check(): what it is about, what the ledger knows of it, who acts, and telling the host
 * (doc/policy.md 3.2, 3.3).
 */
#ifndef DEDIT_POLICY_LATE_DEAL_H
#define DEDIT_POLICY_LATE_DEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "policy/dedit_policy.h"
#include "policy/late/chain.h"
#include "policy/late/rules.h"
#include "policy/late/words.h"

struct deal {
	const struct policy_host *host;
	struct policy_sink *sink;
	const struct policy_text *text;
	const struct policy_change *c;
	struct arena *mem;
	int64_t t;                  /* receipt, never before the appointment's last entry (3.2, 1) */
	bool clock_behind;          /* by more than five minutes: whatever is found is only proposed */
	struct entries entries;     /* of this UID */
	struct chain chain;         /* of this occurrence */
	struct words words;         /* of the title */
	struct words said;          /* title and notes together; of a group, what is said to all and to this one */
	uint32_t typed;             /* words in them that are new, by whomever */
	uint32_t fresh;             /* of these, what comes into force */
	struct policy_incident told; /* the last incident told in this call that has words (tell.h) */
	bool has_told;
	const char *word;           /* by which word what is told now comes about; NULL: by none */
	const char *client;         /* key of whom the event names now; "" if nobody */
	const char *service;        /* that the event names now, folded; "" if none */
	bool title_trusted;         /* a price in the title is the owner's (architecture.md 15, 4) */
};

/* What of a slot's rules is needed in one place. */
struct terms {
	struct rules rules;
	struct calendar_days days;
	const struct tier *tier;    /* that applies at the time asked for; NULL: in time */
	int64_t free_until;         /* earliest deadline; 0: no tiers */
	int64_t required;           /* of the tier, in seconds before the agreed start; -1: none */
};

enum party { PARTY_NOBODY, PARTY_OWNER, PARTY_CLIENT };

/* How surely it is the client's doing. */
struct blame {
	bool proposed;              /* the owner must confirm */
	bool by_owner;              /* the owner typed it */
	bool uncapped;              /* the cap doesn't hold: the deposit that is kept */
};

/* What an incident comes to. */
struct assessment {
	const char *outcome;
	uint32_t state;
	struct money charge, hold;  /* minor 0: none */
	const char *basis, *reason;
	int64_t wake;               /* 0: none */
	int64_t credit;             /* owed to the client */
};

/* All that return int: 0, or non-zero when the host failed. */
int deal_open(struct deal *d, const struct policy_host *host, struct policy_sink *sink,
	const struct policy_text *text, const struct policy_change *c, struct arena *mem);
/* A series' date that has no entry of its own stands on the series' terms. */
bool deal_date_of_series(const struct deal *d, struct slot *out);
/* The entries as they are now. */
struct entries deal_copy(const struct deal *d);
/* Has this occurrence entries of its own? */
bool deal_has_entry(const struct deal *d);

/* Typed by the owner or a delegate. */
bool deal_by_owner(const struct policy_change *c);
/* Does the event name another client? Another title is a renaming, another address another client (3.5). */
bool deal_is_other_client(const struct deal *d, const char *client);
/* Whose doing a change of that slot is. */
enum party deal_attribute(const struct deal *d, const struct slot *s, const struct rules *r,
	struct blame *blame);

/* The text of the policy under which the slot was acquired. */
const struct policy_text *slot_text(const struct deal *d, const struct slot *s);
/* Digest of the text that the slot of an incident was acquired under: a version without a date is called by
 * it, else the entry of the slot has it. */
const char *deal_digest(const struct deal *d, const struct policy_incident *i);
/* What holds for the slot that an incident is about. */
void deal_rules(const struct deal *d, const struct policy_incident *i, struct rules *out);
/* The rules that hold for a slot, judged at t. */
void slot_terms(const struct deal *d, const struct slot *s, int64_t t, struct terms *out);
/* For rules_for(). */
struct rules_key slot_key(const struct deal *d, const struct slot *s);
struct fee_base slot_base(const struct slot *s);
struct fee_limits rules_limits(const struct rules *r);

/* An entry about a slot, without money, to be completed and told. */
struct policy_incident deal_incident(const struct deal *d, const struct slot *s, const char *class_,
	enum party party);
/* Tells the host and goes on with the chain as it is then: pointers into it end here. */
int deal_tell(struct deal *d, struct policy_incident *i);
/* What of a deposit the appointment's fees use up, and what goes back: sets i's deposit and refund.
 * before: the
 * entry that i replaces, NULL if none. */
void deal_share_deposit(const struct deal *d, int64_t paid, const struct policy_incident *before,
	struct policy_incident *i);
/* a NULL: no money in it. */
int deal_tell_loss(struct deal *d, const struct slot *s, const struct terms *terms, const char *class_,
	enum party party, const struct assessment *a);
/* outcome: how the slot came to be (chain.h). occurrence NULL: this one. */
int deal_tell_slot(struct deal *d, const struct slot *s, const char *outcome, const char *occurrence);
/* Given up without incident. */
int deal_tell_closed(struct deal *d, const struct slot *s);
/* Made of the fresh reference, where a change needs two: for the date lost and for the one gained. */
const char *deal_second_ref(struct deal *d);

#endif
