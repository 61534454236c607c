/* What one round (round.h) will commit at once. Lives in the request's arena. */
#ifndef DEDIT_POLICY_PLAN_H
#define DEDIT_POLICY_PLAN_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "policy/host.h"
#include "storage/store.h"

struct ical;

struct plan {
	struct store *store;
	struct arena *mem;
	int64_t now;
	const struct quotas *quotas;     /* or NULL */
	struct collection_seen seen;
	struct object_seen still;
	struct change *changes;
	struct ledger_row *rows;
	struct wake *wakes;
	size_t change_count, change_size, row_count, row_size, wake_count, wake_size;
	struct ledger_head heads[2];     /* two: MOVE between two owners */
	size_t head_count;
	store_id drop;
	uint64_t drop_seq;
	const char *conflict;            /* after ERR_UID_TAKEN */
	const struct store_found *found; /* as event_request has it: what is planned for that file rests on it */
	bool preview;                    /* as event_request has them */
	struct entry_list *entered;
};

/* A change of that resource, zeroed but for copies of what is given; one already planned for it
 * is handed out again. The pointer is good until the next call. */
struct change *plan_change(struct plan *p, enum change_kind kind, store_id collection,
	const char *name, const char *expect);
/* What is planned rests on that resource as it was read, changed or not: if another's change comes between,
 * the commit finds out. etag "": it isn't there. The last one counts; copies what is given. */
void plan_rests_on(struct plan *p, store_id collection, const char *name, const char *etag);
/* What the index keeps of an event that is PUT; ic: of the bytes that are stored, not of what was sent. */
int plan_index(const struct plan *p, struct change *c, const struct ical *ic, struct err *e);
/* The PUT of an event that the server has made itself; the index gets its span from the bytes, as in a
 * rebuild. Copies them. */
int plan_put_own(struct plan *p, store_id collection, const char *name, const char *expect,
	const char *uid, const struct buf *bytes, struct err *e);
/* The PUT planned for `name` is the COPY of an object, whose properties come along, or its MOVE, which
 * also keeps its age. */
void plan_carry(struct plan *p, store_id collection, const char *name, const struct object *from,
	bool moved);
void plan_wake(struct plan *p, int64_t at, const char *owner, const char *calendar,
	const char *name);
/* The decision's entries, and the ledger head that it rests on. */
int plan_decision(struct plan *p, const struct decision *d, struct err *e);
/* 0; 1: something moved meanwhile, decide again; -1. */
int plan_commit(struct plan *p, struct err *e);

#endif
