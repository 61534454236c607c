/*
 * Imports that go on behind their answer: each a thread, watched by who has begun it until an hour after its
 * end, by the owner of its calendar, and by administrators. In memory alone: a restart breaks them off, and
 * what was imported stays. Whose right to it ends meanwhile imports no more. Bounded; thread-safe.
 */
#ifndef DEDIT_WEB_IMPORTS_H
#define DEDIT_WEB_IMPORTS_H

#include "http/request.h"
#include "policy/import.h"
#include "web/web.h"

enum {
	IMPORT_ID_SIZE = 17,
	IMPORT_REFUSALS = 100,     /* so many are listed of one */
	IMPORTS_KEPT = 64,         /* those that ended, the oldest go */
	IMPORT_KEPT_SECONDS = 3600,
	IMPORT_CHECKED_EVERY = 100, /* objects, whether there is a right to go on */
};

/* Why one was broken off. */
enum import_break {
	IMPORT_WHOLE,    /* it wasn't */
	IMPORT_STOPPED,  /* by import_state.stopper */
	IMPORT_STORE,    /* the store failed */
	IMPORT_ACCOUNT,  /* the account that began it is closed */
	IMPORT_LOGIN,    /* it has another password, or the token that was used is revoked */
	IMPORT_ACCESS,   /* it may write into the calendar no more */
	IMPORT_CALENDAR, /* which is gone */
};

struct import_refusal { uint64_t line; enum errcode code; const char *uid, *reason; };

/* How far one is, in an arena. */
struct import_state {
	char id[IMPORT_ID_SIZE];
	const char *account;       /* who began it */
	const char *calendar;      /* "anna/work" */
	bool replace;
	int64_t began, ended;      /* ended 0: it goes on */
	enum import_break why;     /* not all was tried */
	const char *stopper;       /* the account that stopped it, or NULL */
	size_t total, count[IMPORT_OUTCOMES];
	struct import_refusal *refusals;
	size_t refusal_count;
};

struct imports;

struct imports *imports_create(void);
/* Stops those under way, and waits for them. Accepts NULL. */
void imports_destroy(struct imports *i);

struct import_begin {
	const struct web *web;     /* held until it ends */
	const struct principal *who;
	const char *bearer;        /* the token that it came with; NULL: signed in */
	const struct collection *calendar;
	const char *text;          /* copied */
	size_t len;
	bool replace;
	int64_t now;
};
/* ERR_SYNTAX: no iCalendar, or nothing in it; ERR_BUSY: web.imports are under way; ERR_EXISTS: of this
 * account web.imports_each; ERR_CHANGED: it isn't as it was when it came in. */
int imports_begin(struct imports *i, const struct import_begin *b, char id[IMPORT_ID_SIZE], struct err *e);
/* Those that somebody may see, the latest first; id NULL: all. What was refused is told to who has the file
 * alone. The number. */
size_t imports_list(struct imports *i, const struct principal *who, const char *id, int64_t now,
	struct arena *mem, struct import_state **out);
/* Stops it, or forgets one of one's own that has ended. ERR_NOT_FOUND; ERR_DENIED: another's has ended. */
int imports_end(struct imports *i, const struct principal *who, const char *id, struct err *e);
/* After another configuration is in force: what administrators began who are none any more ends. */
void imports_reloaded(struct imports *i, const struct web *web);
/* "stopped", "store" …; "" for IMPORT_WHOLE. */
const char *import_break_name(enum import_break why);

#endif
