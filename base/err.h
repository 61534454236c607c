/*
 * What went wrong, as a code that callers decide by and one line of UTF-8 for the log: what else is
 * put into the text becomes blanks and question marks.
 * The struct is the caller's, on its stack. Functions that can fail return 0 or
 * -1 and leave their outputs untouched on failure.
 */
#ifndef DEDIT_BASE_ERR_H
#define DEDIT_BASE_ERR_H

#include <stdbool.h>

enum errcode {
	ERR_NONE,
	ERR_NOT_FOUND,
	ERR_EXISTS,
	ERR_CHANGED,   /* compare-and-swap lost: read again and decide again */
	ERR_UID_TAKEN, /* RFC 4791 5.3.2.1 no-uid-conflict */
	ERR_DENIED,
	ERR_INVALID,   /* a malformed argument: 400 */
	ERR_SYNTAX,    /* not iCalendar: valid-calendar-data */
	ERR_RULES,     /* iCalendar, but no calendar object resource (RFC 4791 4.1) */
	ERR_COMPONENT, /* supported-calendar-component */
	ERR_LARGE,     /* max-resource-size */
	ERR_INSTANCES, /* max-instances, or the step budget of an expansion */
	ERR_ATTENDEES, /* max-attendees-per-instance */
	ERR_EARLY,     /* min-date-time */
	ERR_LATE,      /* max-date-time */
	ERR_LIMIT,     /* any other limit */
	ERR_TOKEN,     /* valid-sync-token */
	ERR_BUSY,      /* try again: 503 */
	ERR_FULL,      /* no space left: 507 */
	ERR_QUOTA,     /* the owner may not keep more: 507, RFC 4331 */
	ERR_BROKEN,    /* what is stored isn't what it should be: costs this object only */
	ERR_DEVICE,    /* the disk doesn't give it now: costs this object only, but nothing is decided on it */
	ERR_CORRUPT,   /* the index is damaged, or a part of it is missing: only a rebuild helps */
	ERR_IO,
	ERR_INTERNAL,
};

/* What the text quotes of what somebody sent stands last in it, 'like this'. */
struct err {
	enum errcode code;
	char text[200];
};

/* The text for a log, which holds no text out of calendars (trust.md T-51): all from the first opening quote
 * on is left out, since what is quoted may have quotes itself, and may be cut. Returns out. */
enum { ERR_LOGGED_SIZE = 300 };
const char *err_logged(const char *text, char out[ERR_LOGGED_SIZE]);

/* One stored object can't be had; where others are asked for too, they are answered. */
static inline bool err_costs_one(const struct err *e)
{
	return e->code == ERR_BROKEN || e->code == ERR_DEVICE;
}

/* Fills *e (which may be NULL) and returns -1, so that `return err_set(...)` reads well. */
int err_set(struct err *e, enum errcode code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same with ": <strerror(errno)>" behind it; ENOSPC and EDQUOT become ERR_FULL, what passes by itself
 * (too many open files, no memory) ERR_BUSY. */
int err_errno(struct err *e, enum errcode code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
