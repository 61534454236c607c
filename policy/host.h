/*
 * Modules at work: policies that are loaded, and one question put to a module.
 *
 * A decision is one owner's part of one round (round.h). Its entries are what the modules
 * emitted; nothing is stored before the round commits them.
 */
#ifndef DEDIT_POLICY_HOST_H
#define DEDIT_POLICY_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "ical/zone.h"
#include "policy/ledger.h"
#include "policy/policy.h"

#define FEES_CALENDAR "fees" /* the reserved name (15.11) */

struct policy {
	const char *name, *language;
	char digest[DIGEST_SIZE];    /* of the policy's text */
	const struct zone *zone;
	const struct policy_module *module;
	void *self, *object;         /* the module's, and dlopen's (NULL: built in) */
	bool allow_on_error;
	const char *public_url;      /* what stands before paths in links; NULL: none are written */
	bool client_pages;           /* events show the link of their client's page */
};
struct policy_calendar { const char *owner, *name; const struct policy *policy; };
struct owner_locks;

struct policy_set {
	struct arena *mem;
	struct policy *policies;
	size_t policy_count;
	struct policy_calendar *calendars;
	size_t calendar_count;
	struct owner_locks *locks;
	const char *data, *file;     /* where texts of policies are kept, NULL: nowhere; the configuration's name */
};

/* By the name of its section, or NULL. */
const struct policy *policy_find(const struct policy_set *set, const char *name);

/* What history() was asked last and found stored. It holds for the round: an incident entered meanwhile makes
 * the commit fail (15.22). A booking doesn't, here as between any two reads; none takes back a decision. */
struct asked { struct policy_query q; struct entry_list found; unsigned used; };
enum { ASKED_MAX = 16 };

struct decision {
	struct store *store;
	struct arena *mem;
	const struct policy *policy;
	const char *owner;
	int64_t now;                 /* never before the owner's last entry (15.25) */
	bool clock_doubtful;         /* the clock stands far behind that entry, or has jumped */
	uint64_t head;               /* the owner's last incident, read before all else */
	struct entry_list known;     /* the entries of the UID in question, as stored */
	struct entry_list fresh;     /* of this commit, so far */
	struct asked asked[ASKED_MAX];
	unsigned asked_count;        /* how often: what was used longest ago is forgotten */
	bool history;                /* the decision rests on the ledger's head */
	int64_t *wakes;
	size_t wake_count;
};

/* The answer about one occurrence. */
struct verdict {
	struct rendering shown;
	struct rendering in_fees;    /* of the entry in Fees, if own_fees; else it shows the same */
	bool own_fees;
	bool keep;                   /* what is deleted is to stay, cancelled */
	const char *denied;          /* the reason, or NULL */
	size_t first_entry;          /* of decision.fresh */
	size_t first_wake;           /* of decision.wakes */
	bool failed;                 /* the module is out of order, and on-error = allow */
};

/* Asks the module. c->ref and c->fresh_ref are filled in here. -1 with ERR_BUSY if the module
 * failed. */
int host_ask(struct decision *d, struct policy_change *c, struct verdict *out, struct err *e);

extern const struct policy_host policy_host_v1;

#endif
