/*
 * What an object says about its occurrences, read once: master, overrides, and the stretches of the
 * series that an override with RANGE=THISANDFUTURE (RFC 5545 3.2.13) changes. expand.c, bounds.c
 * and diff.c work from it.
 */
#ifndef DEDIT_ICAL_PLAN_H
#define DEDIT_ICAL_PLAN_H

#include "ical/ical.h"
#include "ical/series.h"

enum { PLAN_RANGES_MAX = 64 };

/* Which row of RFC 4791 9.9 decides what overlaps. */
enum plan_overlap {
	OVERLAP_NEVER,         /* a journal entry without date */
	OVERLAP_SPAN,          /* [start, end), a moment if they are equal */
	OVERLAP_ENDS,          /* both ends included: VFREEBUSY, a task that has been completed */
	OVERLAP_TODO_DURATION,
	OVERLAP_TODO_DUE,
	OVERLAP_DUE,
};

/* When a component is, and how long. */
struct plan_shape {
	const struct ical_comp *comp;
	enum plan_overlap overlap;
	bool dated;                   /* has a start to recur from */
	struct ical_when start;       /* dated */
	struct ical_duration length;  /* nominal days, exact seconds; never negative */
	int64_t first, last;          /* the span itself, open if not dated */
};

struct plan_override {
	struct plan_shape shape;
	int64_t place;     /* instant of its RECURRENCE-ID */
	bool excluded;     /* an EXDATE names the same place */
};

/* The series from `from` to before `to` (places), described by `shape` and shifted by as much as
 * moves `from` to the shape's start. The first one is the master's, unshifted. */
struct plan_stretch {
	const struct plan_shape *shape;
	int64_t from, to;
	int64_t shift;     /* on the wall, in the shape's zone */
	bool shifted;
};

struct plan {
	const struct ical *ic;
	const struct zone *floating;
	struct arena *mem;
	const struct ical_comp *master;  /* NULL: overrides only */
	struct plan_shape shape;         /* the master's */
	struct series series;            /* valid if the master is dated */
	struct plan_override *overrides; /* by place */
	size_t override_count;
	struct plan_stretch *stretches;
	size_t stretch_count;
	unsigned forms;                  /* of all times that say when: 1 << enum ical_form */
	uint64_t steps;                  /* left */
	size_t instances;                /* of one expansion */
};

/* In mem, which must outlive the plan. */
int plan_read(const struct ical *ic, const struct zone *floating, struct arena *mem, struct plan *out,
	struct err *e);

/* ical_expand() of what has been read; what it takes comes off p->steps. *n: how many were visited. */
int plan_expand(struct plan *p, int64_t from, int64_t to, ical_visit_fn visit, void *arg, size_t *n,
	struct err *e);

/* The end of an occurrence that starts then. */
int64_t plan_end(const struct plan_shape *s, const struct ical_when *start);

/* RFC 4791 9.9: does an occurrence of that shape, from start to end, overlap [from, to)? */
bool plan_overlaps(const struct plan_shape *s, int64_t start, int64_t end, int64_t from, int64_t to);

/* RANGE=THISANDFUTURE, of what recurs. */
bool plan_changes_future(const struct plan *p, const struct plan_override *o);

/* The override for that place of the series, or NULL. */
const struct plan_override *plan_override_at(const struct plan *p, int64_t place);

/* What a stretch makes of a member of the series. */
void plan_instance(const struct plan_stretch *st, const struct series_date *d,
	struct ical_instance *out);
void plan_override_instance(const struct plan_override *o, struct ical_instance *out);

/* The occurrence at a place of the series, wherever it starts now. 1, 0: none, -1 with e. */
int plan_find(struct plan *p, int64_t place, struct ical_instance *out, struct err *e);

#endif
