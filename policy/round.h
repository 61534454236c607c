/*
 * For update*.c: an event changes in rounds, each of which reads anew, decides, and commits all at once or
 * finds that something moved meanwhile; and what several kinds of change have in common.
 */
#ifndef DEDIT_POLICY_ROUND_H
#define DEDIT_POLICY_ROUND_H

#include <string.h>

#include "policy/decide.h"
#include "policy/plan.h"
#include "policy/update.h"

/* One round: 0 done, 1 something moved meanwhile, -1 with e. */
typedef int (*round_fn)(void *arg, struct err *e);
/* Rounds under the locks of those owners (other may be NULL), until one is through. ERR_BUSY: none was. */
int rounds_run(const struct event_request *rq, const char *owner, const char *other,
	round_fn round, void *arg, struct err *e);

/* First in each round: a plan for what this request changes. */
void round_begin(struct plan *p, const struct event_request *rq);
/* Asks the precondition. The plan of the round was begun before: it takes what the answer rests on. */
int round_check(const struct event_request *rq, const struct subject *s, struct plan *p,
	struct err *e);
/* Commits the plan, as plan_commit(), and tells the ETag that s gets by it. */
int round_commit(struct plan *p, const struct subject *s, struct event_result *out, struct err *e);
/* The refused change is forgotten; the resource gets a new version that says why (clients.md,
 * section 2). */
int round_refuse(struct subject *s, const struct body *kept, struct event_result *out,
	struct err *e);
void round_tell_etag(struct event_result *out, const char *etag);
/* The policy's reason, as far as there is room. */
void round_tell_denied(struct event_result *out, const struct subject *s);

static inline bool same_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return a_len == b_len && memcmp(a, b, a_len) == 0;
}

/* ---- what may be put ---- */

/* RFC 4791 5.3.2.1: a resource keeps its UID; named is who has the one that was sent, if
 * anybody. */
int put_check_uid(const struct subject *s, const struct body *sent, struct event_result *out,
	struct err *e);
/* RFC 4791 5.2.3 */
int put_check_component(const struct collection *calendar, const struct body *b, struct err *e);
/* Of what a client wrote: the annotation that its program sends back doesn't count (15.18). */
int put_check_size(const struct event_request *rq, size_t len, struct err *e);

/* ---- events that go ---- */

/* The deletion of s, and what was decided about it. */
int subject_plan_removal(struct subject *s, struct plan *plan, struct err *e);
/* Programs move between calendars by a PUT there, then a DELETE here (15.26): in between it stands
 * twice. An event that the ledger has never seen doesn't. *twin NULL: s stands once. -1 with what the
 * store said of a calendar or an event that can't be read: nobody knows then what a cancellation costs. */
int subject_twin(const struct subject *s, const struct body *event, const struct ical **twin, struct err *e);

#endif
