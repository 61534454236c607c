/*
 * What reports count: each time that a client held, and how it ended (doc/policy.md 3.1, 5.2). Made of
 * the ledger's entries in force; the dates of a series that have no entry of their own (nothing happened
 * to them) come from the event in the calendar.
 */
#ifndef DEDIT_POLICY_REPORT_FACTS_H
#define DEDIT_POLICY_REPORT_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "ical/ical.h"
#include "policy/dedit_policy.h"
#include "policy/ledger.h"
#include "policy/policy.h"
#include "storage/store.h"

enum ending {
	ENDING_OPEN,                          /* still held, its end is to come */
	ENDING_KEPT,                          /* over, and nothing against it was entered */
	ENDING_CANCEL_IN_TIME, ENDING_MOVE_IN_TIME,
	ENDING_LATE_CANCEL, ENDING_LATE_MOVE, ENDING_ABSENT,
	ENDING_OWNER_CANCEL, ENDING_OWNER_MOVE,
	ENDING_OTHER,                         /* classes of other modules */
};

struct fact {
	enum ending how;
	int64_t start, end, acquired;
	int64_t ended;                        /* when it was lost, at the latest its end */
	const char *client, *name;            /* key; address, or name as the title has it */
	const char *uid, *occurrence, *ref, *service, *currency;
	int64_t price;                        /* minor units; -1: unknown */
	const struct policy_incident *loss;   /* NULL: held to the end, or still */
	bool emergency;
	bool no_entry;                        /* a date of a series known from the calendar alone */
};

struct facts_query {
	struct store *store;
	const struct policy_set *policies;
	const struct ical_limits *limits;
	const char *owner;
	int64_t now;
};

struct facts {
	struct fact *at;
	size_t count, size;
	struct entry_list entries;            /* of the owner, all, in the ledger's order */
	const struct zone *zone;              /* in which the owner's days are told */
	size_t series_gone;                   /* series that are in the calendar no more: the dates of theirs that
	                                       * were kept aren't known */
};

/* Ordered by `ended`. */
int facts_read(const struct facts_query *q, struct arena *mem, struct facts *out, struct err *e);

/* By the client, whether it was in time or not. */
bool fact_is_lost(const struct fact *f);
bool fact_is_in_time(const struct fact *f);
bool fact_is_late(const struct fact *f);
bool fact_is_owners(const struct fact *f);
/* Counts for reliability: ended, neither the owner's doing nor an emergency. */
bool fact_counts(const struct fact *f);

#endif
