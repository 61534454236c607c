/*
 * One object in one calendar during one round: what is there, what comes, what the policy makes of
 * it. Everything lives in the request's arena.
 */
#ifndef DEDIT_POLICY_DECIDE_H
#define DEDIT_POLICY_DECIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/change.h"
#include "policy/host.h"
#include "policy/plan.h"
#include "policy/update.h"

/* A body as it is, and without the server's rendering. */
struct body {
	const char *bytes;
	size_t len;
	struct ical *full, *clean;           /* clean: only where body_clean() was asked */
	struct ical_info info;
};

struct subject {
	const struct event_request *rq;
	const struct collection *calendar;
	const char *name;
	const struct policy *policy;         /* NULL: bytes are kept */
	struct object row;
	bool exists;
	struct body old;                     /* parsed only where there is a policy, or asked for */
	/* of a policy: */
	struct owner_view owner;
	bool delegate;                       /* the actor acts for the owner */
	const struct zone *zone;             /* of floating times and dates */
	struct decision decision;
	struct entry_list apart;
	struct entry_list shown;             /* all that may be rendered in a body */
	struct rendering *want;              /* one for each VEVENT of the result */
	size_t want_count;
	const char *denied;
	const struct policy_incident *entry; /* of Fees, to be rendered anew */
	bool keep;                           /* what was to be deleted stays, cancelled */
};

enum decide_flags {
	DECIDE_DELETED = 1,  /* by DELETE or MOVE away */
	DECIDE_TICK = 2,
	DECIDE_CLIENT = 4,   /* as if the client did it, whoever asks */
	DECIDE_ALONE = 8,    /* each date as if nothing happened to the others; what is told goes to s->apart */
};

/* Reads what is there (nothing: exists is false) and finds the policy. */
int subject_read(struct subject *s, const struct event_request *rq,
	const struct collection *calendar, const char *name, struct err *e);
/* Scans and checks bytes that a client sent (limits as configured) or that are stored. */
int body_parse(const struct event_request *rq, const char *bytes, size_t len, bool stored,
	struct body *out, struct err *e);
/* Begins a decision under s->policy: the ledger's head first, then the owner, the time, the
 * entries about the UID and about references that `incoming` (may be NULL) carries. Makes
 * old.clean and incoming->clean. */
int subject_begin(struct subject *s, struct body *incoming, struct err *e);
/* After subject_read() of an entry in Fees: the event it is about is gone, and a wake is due.
 * Asks the policy under which the incident came about (none is left: nothing happens) and plans
 * what follows. */
int subject_tick_fee(struct subject *s, struct plan *plan, struct err *e);
/* The owner wrote in an entry of Fees: words in title and note that were not there before count. The policy
 * under which the incident came about decides; *changed: something came of it. */
int subject_words_fee(struct subject *s, const char *title, const char *note, const char *old_title,
	struct plan *plan, bool *changed, struct err *e);
/* Asks the policy about before -> after (clean; either may be NULL) and plans fees and wakes; all
 * that rests on the row that was read. s->denied is set if it refused. */
int subject_ask(struct subject *s, const struct ical *before, const struct ical *after,
	unsigned flags, struct plan *plan, struct err *e);
/* Writes the renderings asked for into `body`; enters in the decision what is shown anew. */
int subject_render(struct subject *s, const struct body *body, const char **bytes, size_t *len,
	struct err *e);
/* After a refusal: nothing happened, and the event (if any is kept) says why. */
int subject_refuse(struct subject *s, const struct body *kept, bool created, struct err *e);
/* A change of this resource to those bytes. */
int subject_plan_put(const struct subject *s, const struct body *meaning, const char *bytes,
	size_t len, struct plan *plan, struct err *e);

#endif
