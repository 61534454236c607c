/*
 * Reports on an owner's appointments and fees (doc/policy.md 5.2): for the owner alone,
	out of the ledger.
 *
 * A report is gathered into tables of typed cells, from which it is written for people, for programs, or
 * drawn. What can't be known is said in its notes, never guessed.
 */
#ifndef DEDIT_POLICY_REPORT_REPORT_H
#define DEDIT_POLICY_REPORT_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "policy/report/facts.h"
#include "policy/report/stats.h"

enum cell_kind {
	CELL_NONE,   /* unknown, or there is none */
	CELL_TEXT,
	CELL_COUNT,
	CELL_MONEY,  /* minor units; text is the currency */
	CELL_TIME,   /* an instant */
	CELL_DAY,    /* days since 1970, in the report's zone */
	CELL_SPAN,   /* seconds */
	CELL_SHARE,  /* ten-thousandths */
};
struct cell { enum cell_kind kind; int64_t number; const char *text; };

/* name: the key for programs, and the heading in upper case. shrinks: may be cut on a screen. */
struct report_column { const char *name; bool right, shrinks; };

struct report_table {
	const char *name;    /* of the table, for programs */
	const struct report_column *columns;
	size_t column_count;
	struct cell *cells;  /* row by row */
	size_t row_count, size;
	struct arena *mem;
};

struct report_kind;
struct report {
	const struct report_kind *kind;
	struct arena *mem;
	const char *owner;
	const struct zone *zone;
	int64_t first_day, last_day; /* both included, in the zone; INT64_MIN, INT64_MAX: open */
	struct report_table **tables;
	size_t table_count, table_size;
	const char **notes;
	size_t note_count, note_size;
};

/* What a report is asked with. */
struct report_query {
	struct facts_query facts;
	bool by_day;                 /* else each report has its own period */
	int64_t first_day, last_day;
	const char *uid, *client;    /* NULL: none given, of all; client: key or name */
	const struct policy_set *other; /* for a replay; NULL: those in force */
};

struct report_source { const struct report_query *q; struct facts facts; };

struct report_kind {
	const char *name, *what;
	/* Of the days before today, today included, if none are given; 0: since ever,
		REPORT_MONTH: this month. */
	int days;
	unsigned takes;              /* enum report_takes */
	int (*gather)(const struct report_source *s, struct report *r, struct err *e);
	void (*plot)(const struct report *r, struct buf *out); /* NULL: no picture */
};
enum report_takes { REPORT_UID = 1, REPORT_POLICY = 2 }; /* report_query.uid, other */
enum { REPORT_MONTH = -1, REPORT_YEAR = 365, REPORT_HALF = 183 };

/* In the order of doc/policy.md 5.2; ended by a row without a name. */
extern const struct report_kind report_kinds[];
const struct report_kind *report_find(const char *name); /* NULL: there is none */

/* ERR_NOT_FOUND: what is asked about (an event) isn't in the ledger; ERR_INVALID: nothing was named. */
int report_gather(const struct report_kind *kind, const struct report_query *q, struct arena *mem,
	struct report *out, struct err *e);

/* Tables, their notes below, at most `width` columns wide where that can be. */
void report_write(const struct report *r, size_t width, struct buf *out);
/* One table; name NULL: the first. ERR_NOT_FOUND. */
int report_csv(const struct report *r, const char *name, char separator, struct buf *out, struct err *e);
/* One object: report, owner, zone, since, until, notes, tables. Times in UTC, amounts in minor units,
 * shares as fractions. */
int report_json(const struct report *r, struct buf *out, struct err *e);
/* The same object, the caller's; NULL: it can't be made. And one of its days, null where it is open. */
struct json_t;
struct json_t *report_object(const struct report *r);
struct json_t *report_json_day(const struct report *r, int64_t day);

/* ---- for the files that gather ---- */

struct report_table *report_table(struct report *r, const char *name,
	const struct report_column *columns,
	size_t count);
/* Its cells are empty; good until the next row. */
struct cell *report_row(struct report_table *t);
void report_note(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const struct cell *report_cell(const struct report_table *t, size_t row, size_t column);

struct cell cell_text(const char *text);
struct cell cell_count(int64_t n);
struct cell cell_money(int64_t minor, const char *currency);
struct cell cell_time(int64_t when);
struct cell cell_day(int64_t day);
struct cell cell_span(int64_t seconds);
struct cell cell_share(int64_t share); /* -1: none */
/* count, of; share, low and high as three cells from `at` on. */
void cells_share(struct cell *at, const struct share_of *s);

int64_t report_day(const struct report *r, int64_t when);
bool report_is_in(const struct report *r, int64_t when);
/* When its first day begins; INT64_MIN if it is open. */
int64_t report_begin(const struct report *r);
/* The first day of that day's month. */
int64_t month_of(int64_t day);
int64_t month_next(int64_t first_day);
const char *month_name(int64_t first_day, struct arena *mem); /* "2026-06" */
/* "2026-06-10 10:00" in the report's zone. */
const char *report_time(const struct report *r, int64_t when);
/* A share as a fraction; NAN for -1. */
double share_value(const struct cell *c);

#endif
