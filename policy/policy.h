/*
 * Policies that are in force: loaded modules, which calendar is under which. Constant after loading;
 * a reload makes a new set (server/ counts references).
 */
#ifndef DEDIT_POLICY_POLICY_H
#define DEDIT_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/conf.h"
#include "base/err.h"
#include "ical/zone.h"
#include "policy/dedit_policy.h"
#include "policy/money.h"
#include "storage/store.h"

struct policy_set;

/* Sections of the configuration that belong to policies: policy "NAME" { … } and
 * calendar "OWNER/NAME" { policy = … }. server/settings.c puts them into the file's schema. */
extern const struct conf_schema policy_schema, calendar_schema;

struct policy_options {
	const char *const *module_paths; /* files that `module` may name, or their folders; NULL: none */
	const char *policy_ca;           /* certificates: modules need a valid <module>.sig; NULL: no */
	const char *public_url;          /* NULL: no links are written */
	bool client_pages;               /* events show the link of their client's page (15.41) */
	const char *data;                /* policy texts are kept in its policies/<digest>; NULL: not */
	/* Its texts and ledger tell whether a version begins in the past with bookings since, which is refused
	 * unless retroactive says so; NULL: that isn't asked. */
	const char *ledger;
	bool retroactive;
	/* Such a version is taken, but the policy's text isn't kept: who loads it next is asked about it still. */
	bool tolerant;
};

/* root: the whole file's section. Errors name file, line, option and what was expected. */
int policy_load(const struct conf_section *root, const struct policy_options *o, struct policy_set **out,
	struct err *e);
void policy_unload(struct policy_set *set); /* accepts NULL */
/* Reads the same sections without putting them in force, and tells of each that is wrong, not of the first
 * alone. How many those are. */
size_t policy_check(const struct conf_section *root, const struct policy_options *o,
	void (*report)(const char *line, void *arg), void *arg);
/* No policies at all: everything is stored byte for byte. */
struct policy_set *policy_none(void);

struct policy; /* one section */
/* The policy of owner's calendar, or NULL. The Fees calendar never has one. */
const struct policy *policy_for(const struct policy_set *set, const char *owner, const char *calendar);
const char *policy_name(const struct policy *p);
/* Its general terms as sentences in "en" or "fr", for what is booked at `when`; NULL: its module has none. */
char *policy_explain(const struct policy *p, const char *language, int64_t when, struct arena *mem);
/* A version's general terms, as a page shows them. */
struct policy_terms { const char *language, *title; char *text; };
/* In the policy's language. version: as policy_incident has it, also the digest of a text that was in force
 * once (15.24), or a date and a digest with a dot between. ERR_NOT_FOUND: no such policy or version, or its
 * module has no terms in words. */
int policy_terms(const struct policy_set *set, const char *name, const char *version, struct arena *mem,
	struct policy_terms *out, struct err *e);
/* Owner has a calendar under a policy (then the Fees calendar exists). */
int policy_owner(const struct policy_set *set, const char *owner);
/* Visits each calendar under a policy: for making Fees calendars and warnings at start. */
int policy_calendars(const struct policy_set *set,
	int (*visit)(const char *owner, const char *calendar, const char *policy, void *arg), void *arg);

/* ---- the ledger, read (policy/fees.h) ---- */

/* One incident as `dedit fees`, reports and the console show it: policy_incident plus what the store adds. */
struct fee {
	struct policy_incident incident; /* strings in the arena */
	const char *owner;
	uint64_t seq;                    /* of its first entry */
	int64_t changed;                 /* when its last entry was made */
	uint32_t state;                  /* after later entries (void, waived …) */
	const char *state_name;          /* "due" … */
};
struct fee_list { struct fee *fees; size_t count; };
#endif
