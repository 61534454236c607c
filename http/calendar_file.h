/*
 * A calendar as one .ics: listed in one snapshot, written piece by piece with one object in memory. For
 * GET of a calendar, feeds and `dedit export`.
 */
#ifndef DEDIT_HTTP_CALENDAR_FILE_H
#define DEDIT_HTTP_CALENDAR_FILE_H

#include "http/request.h"
#include "ical/ical.h"
#include "storage/store.h"

struct calendar_file;

struct calendar_file_plan {
	struct store *store;
	const struct collection *calendar;
	const struct ical_limits *limits;
	struct ical_merge_head head;
	int64_t from, to;            /* objects that may have to do with it; INT64_MIN, INT64_MAX: all */
	/* What is written instead of an object; NULL: all as they are stored. Sets *ic, which lives in mem,
	 * or sets it NULL to leave the object out. -1: left out and mentioned. */
	int (*show)(void *arg, const struct object *row, struct arena *mem, struct ical **ic, struct err *e);
	void *arg;
};

/* Lists the calendar; everything lives in mem. */
int calendar_file_open(const struct calendar_file_plan *plan, struct arena *mem,
	struct calendar_file **out, struct err *e);
/* By the calendar's last change, by what its head says, and by `more` (what `show` depends on). Weak
 * (objects are read after the list), without quotes; in mem. */
const char *calendar_file_etag(const struct calendar_file *f, const char *more);
/* Appends the next piece, as a response's generator does (request.h). */
int calendar_file_next(void *file, struct buf *out);
void calendar_file_close(void *file);
/* What was left out last, or why calendar_file_next() failed; NULL: nothing. */
const char *calendar_file_problem(const struct calendar_file *f);
/* The file becomes the answer of 200: its Content-Type and generator, and why objects were left out goes
 * into res->reason. Takes f. */
int calendar_file_answer(struct calendar_file *f, struct response *res);

#endif
