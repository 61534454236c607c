/*
 * An appointment as its client sees it who has no account: by the link that stands in the event where
 * `client-pages` is on (doc/policy.md 4.5). Whoever has the link acts as the client; what they do passes
 * event_put() like any other change.
 */
#ifndef DEDIT_POLICY_APPOINTMENT_H
#define DEDIT_POLICY_APPOINTMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "policy/update.h"

/* What cancelling one date would come to now. Texts are of the policy's language and zone. */
struct appointment_date {
	const char *occurrence;    /* RECURRENCE-ID as UTC; "" of a single event */
	const char *when;          /* "Wed 10 June 2026 10:00 – 11:00" */
	const char *free_until;    /* "Tue 9 June 2026 10:00"; NULL: that is over, or there is no such time */
	const char *cost;          /* "80.00 EUR (100 % of 80.00 EUR)"; NULL: nothing */
	const char *why_free;      /* if it would cost something: "No fee: forgiven (1 of 1 this year)"; or NULL */
	const char *agreed;        /* the cost for programs: for appointment_cancel(), of what the client has read */
};

/* Bytes; a reason as policies keep one (policy.md 4.2). */
enum { APPOINTMENT_DATES_MAX = 24, APPOINTMENT_TEXT_MAX = 500, APPOINTMENT_REASON_MAX = 200 };

struct appointment {
	const char *language, *zone;             /* "en", "fr"; name of the zone of all times */
	const char *professional, *client, *service;   /* service "": none */
	struct appointment_date dates[APPOINTMENT_DATES_MAX]; /* that can be cancelled, the first ones */
	size_t date_count;
	bool more;                               /* there are others behind them */
	const char *note_path;                   /* none can: the note on what became of it, or NULL */
	const char *asked;                       /* what the client asked last, as a line; NULL: nothing */
	const char *terms, *terms_path, *terms_text; /* title, page, sentences a line each ("": none in words) */
};

/* The appointment that /appointment/<ref>/<mac> is about, at rq->now; in rq->mem. rq's actor is not asked.
 * ERR_NOT_FOUND: no such reference, or another signature; they take the same time. */
int appointment_read(const struct event_request *rq, const char *ref, const char *mac,
	struct appointment *out, struct err *e);
/* The client cancels a date, having read what it costs. ERR_CHANGED: it costs something else now, or can't be
 * cancelled any more; further errors as of event_put(). */
int appointment_cancel(const struct event_request *rq, const char *ref, const char *mac,
	const char *occurrence, const char *agreed, struct event_result *out, struct err *e);
/* The client asks for something, in words: the last such line stands in the notes, where the owner reads it
 * and no word in it acts. ERR_INVALID: nothing, not UTF-8, or more than APPOINTMENT_TEXT_MAX bytes. */
int appointment_ask(const struct event_request *rq, const char *ref, const char *mac, const char *text,
	struct event_result *out, struct err *e);
/* The client of /fee/<ref>/<mac> disputes the fee, with a reason as above. *changed as of event_say(). */
int appointment_dispute(const struct event_request *rq, const char *ref, const char *mac, const char *reason,
	bool *changed, struct err *e);

#endif
