/*
 * A file of many events into a calendar, object by object through event_put(), for `dedit import` and the
 * console: the ones are stored, of the others is told why not.
 */
#ifndef DEDIT_POLICY_IMPORT_H
#define DEDIT_POLICY_IMPORT_H

#include "ical/split.h"
#include "policy/update.h"

enum import_outcome { IMPORT_NEW, IMPORT_REPLACED, IMPORT_SKIPPED /* there already */, IMPORT_REFUSED };
enum { IMPORT_OUTCOMES = IMPORT_REFUSED + 1 };

/* What became of an object. Lives until the call returns. */
struct import_told {
	enum import_outcome outcome;
	uint64_t line;          /* of the file: of its first component, or of what is wrong with it */
	const char *uid;        /* "" if it can't be read */
	enum errcode code;      /* IMPORT_REFUSED: why; ERR_DENIED: a policy refused it */
	const char *reason;     /* the same in words */
};

struct import_plan {
	/* Whose import it is; `mem` isn't used: each object has its own. */
	const struct event_request *rq;
	const struct collection *calendar;
	const struct ical_split *split;
	bool replace;           /* objects whose UID is there already */
	/* One call at a time, from several threads. Nonzero: no more is tried. */
	int (*told)(const struct import_told *told, void *arg);
	void *arg;
};

/* All objects, several at once, so that their commits go to disk together. *whole: nothing was left out; not
 * so if told() stopped it, or the store failed, which the last refusal says. */
void import_run(const struct import_plan *plan, bool *whole);

#endif
