/*
 * Entries in Fees that the owner's policies ask for, one for an event: a reminder before the time in which it
 * is free to cancel ends (`remind`), and that a video appointment has no link yet (`link-check`). They follow
 * from the event, the ledger and the time alone, so writing them again changes nothing.
 */
#ifndef DEDIT_POLICY_NOTICES_H
#define DEDIT_POLICY_NOTICES_H

#include "policy/decide.h"

enum notices_flags {
	NOTICES_ALWAYS = 1, /* also where the policy asks for none, so that those of an earlier text go */
	NOTICES_WAKE = 2,   /* ask for a wake also if nothing changed: it may be lost */
};

/* Plans the entries of an event that will be `after` (NULL: gone): those of its next dates are written or
 * moved, the others go. */
int notices_plan(struct subject *s, const struct ical *after, unsigned flags, struct plan *plan,
	struct err *e);

/* ---- for reports ---- */

/* A video appointment without a link, so short before its start that link-check asks for one. */
struct link_missing {
	const char *owner, *calendar, *name, *uid, *occurrence, *client, *title;
	int64_t start, end, asked; /* asked: since when */
	struct link_missing *next;
};
/* Of owner (NULL: all), by calendar, event and start, at rq->now; in rq->mem. Nothing is written. */
int links_missing(const struct event_request *rq, const char *owner, struct link_missing **out,
	struct err *e);

#endif
