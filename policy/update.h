/*
 * The one way an event changes, for caldav/, web/, import, the timer and files edited on disk.
 *
 * Reads what is there, takes the server's own rendering off what came in, asks the policy, renders anew,
 * and commits everything at once if nothing moved meanwhile; else decides again (architecture.md section 5).
 */
#ifndef DEDIT_POLICY_UPDATE_H
#define DEDIT_POLICY_UPDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "ical/ical.h"
#include "policy/ledger.h"
#include "policy/policy.h"
#include "storage/store.h"

/* A body may be that much larger than the limits say: the annotation comes back from programs, and doesn't
 * count (15.18). */
enum { EVENT_RENDERING_MAX = 1 << 18 };

struct event_actor {
	const char *name, *displayname;      /* account; "" for files and timer */
	const char *const *addresses;        /* ended by NULL */
	bool admin;                          /* group admin, import, a file edited on disk: no incident (15.1) */
	bool delegate;                       /* acts for the owner, whatever the store says (15.1) */
	bool external;                       /* nobody: a file that was edited on disk */
};

struct event_where { const struct collection *calendar; const char *name; };

struct event_request {
	struct store *store;
	const struct policy_set *policies;
	const struct ical_limits *limits;
	struct arena *mem;
	struct event_actor actor;
	int64_t now;                         /* receipt of the request; retries reuse it */
	/* If-Match and friends, asked in each round with the row found there (NULL: none). 0 to go on,
	 * -1 with ERR_CHANGED in e: the answer is 412. May be NULL. */
	int (*precondition)(const struct object *there, void *arg, struct err *e);
	void *arg;
	const struct quotas *quotas;         /* RFC 4331; NULL: none. Annotations don't count */
	/* What the precondition's last answer rests on besides the row: the change is made only while that
	 * holds. May be NULL. */
	const struct collection_seen *seen;
	/* The file that the change was found in: made only while that is so. NULL: it comes from somebody. */
	const struct store_found *found;
	bool preview;                        /* nothing is stored; all else as if it were */
	struct entry_list *entered;          /* set to what the ledger gets by it, or would get; NULL: not asked */
};

struct event_result {
	bool created, unchanged;             /* unchanged: the stored bytes were that already; seq stays */
	bool exact;                          /* stored bytes == sent bytes: the ETag may be told */
	char etag[ETAG_SIZE];
	bool denied;                         /* a policy refused: a note in the old version, stored anew */
	char reason[200];                    /* of the refusal */
	const char *conflict;                /* name of the object that holds the UID, with ERR_UID_TAKEN */
};

/*
 * PUT. Errors: ERR_SYNTAX, ERR_RULES, ERR_COMPONENT, ERR_LARGE, ERR_INSTANCES, ERR_ATTENDEES, ERR_EARLY,
 * ERR_LATE, ERR_UID_TAKEN, ERR_CHANGED (precondition), ERR_BUSY (a module failed: 503), ERR_QUOTA, ERR_FULL,
 * ERR_IO.
 */
int event_put(const struct event_request *rq, const struct event_where *at, const char *body, size_t len,
	struct event_result *out, struct err *e);
/* DELETE. ERR_NOT_FOUND, ERR_CHANGED; denied: nothing deleted, the resource was touched. */
int event_delete(const struct event_request *rq, const struct event_where *at, struct event_result *out,
	struct err *e);
/* MOVE (remove_source) and COPY, between any two calendars, in one commit, with the properties that users
 * have set on the event. The precondition is asked
 * about the source; overwrite false and a destination that exists: ERR_EXISTS. */
int event_move(const struct event_request *rq, const struct event_where *from, const struct event_where *to,
	bool remove_source, bool overwrite, struct event_result *out, struct err *e);
/* A calendar with all that is in it; the policy is asked about each event within its horizon. */
int event_delete_calendar(const struct event_request *rq, const struct collection *calendar,
	struct event_result *out, struct err *e);
/* A wake is due. */
int event_tick(const struct event_request *rq, const struct event_where *at, struct err *e);
/* An event that was there before its calendar came under a policy acquires its slot, without an incident
 * (architecture.md 15.24); one that has its slot already is left alone. *acquired: which it was. */
int event_acquire(const struct event_request *rq, const struct event_where *at, bool *acquired,
	struct err *e);
/* In which zone an object's floating times and dates are meant: floating times the calendar's
 * (calendar-timezone), else its policy's; dates the policy's (policy.md 3.2). *zone stays as it is where
 * neither says one. */
int event_zone(struct store *store, const struct policy_set *policies, const struct collection *calendar,
	const struct ical *ic, struct arena *mem, const struct zone **zone, struct err *e);
/* The object as its user wrote it: without what policies rendered into it (15.8), whatever is in force now.
 * `ic` itself if nothing was; in mem. */
int event_plain(struct store *store, const struct policy_set *policies, const struct collection *calendar,
	struct ical *ic, struct arena *mem, struct ical **out, struct err *e);
/*
 * The administrator, or a page of the owner's, acts on an incident: with words as the owner would write
 * them into its entry in Fees, "#waive", "#fee 30 EUR", "#paid", "#dispute", "#ok", "#undo" (policy.md
 * 4.2); what else stands there becomes the reason. *changed: they came into force; not if they can't
 * follow on its state. The event shows it at once. ERR_NOT_FOUND: no incident has that reference.
 */
int event_say(const struct event_request *rq, const char *ref, const char *words, bool *changed,
	struct err *e);
/* What it would cost the client to cancel the event at that time: the incident that would be entered; of a
 * series that of each date ahead, as if it alone were cancelled. Nothing is stored. ERR_NOT_FOUND; a
 * calendar without a policy gives none. */
int event_quote(const struct event_request *rq, const struct event_where *at, int64_t when,
	struct fee_list *out, struct err *e);
/* A client (an address, or a name as titles have it) has agreed, at that time (seconds, UTC), to the policy
 * that some calendar of the owner's is under (policy.md 3.4). ERR_NOT_FOUND: none is; ERR_INVALID: in the
 * future, or a client without a letter. */
int event_accept(const struct event_request *rq, const char *owner, const char *policy, const char *client,
	int64_t when, struct err *e);
/* Makes the Fees calendar of an owner if it is missing. */
int event_fees_calendar(struct store *store, const char *owner, int64_t now, struct arena *mem,
	struct collection *out, struct err *e);

#endif
