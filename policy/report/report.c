#include "policy/report/report.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "policy/late/fold.h"
#include "policy/report/kinds.h"

enum { DAY = 86400, NOTE_MAX = 400 };

const struct report_kind *report_find(const char *name)
{
	for (const struct report_kind *k = report_kinds; k->name; k++) {
		if (strcmp(k->name, name) == 0)
			return k;
	}
	return NULL;
}

/* ---- days ---- */

int64_t report_day(const struct report *r, int64_t when)
{
	struct wall w;

	zone_from_utc(r->zone, when, &w);
	return days_from_civil(w.year, w.month, w.day);
}

bool report_is_in(const struct report *r, int64_t when)
{
	int64_t day = report_day(r, when);

	return day >= r->first_day && day <= r->last_day;
}

int64_t report_begin(const struct report *r)
{
	return r->first_day == INT64_MIN ? INT64_MIN : zone_day_begin(r->zone, r->first_day);
}

int64_t month_of(int64_t day)
{
	int64_t year;
	int month, d;

	civil_from_days(day, &year, &month, &d);
	return day - d + 1;
}

int64_t month_next(int64_t first_day)
{
	int64_t year;
	int month, d;

	civil_from_days(first_day, &year, &month, &d);
	return first_day + days_in_month(year, month);
}

const char *month_name(int64_t first_day, struct arena *mem)
{
	int64_t year;
	int month, d;

	civil_from_days(first_day, &year, &month, &d);
	return arena_printf(mem, "%04d-%02d", (int)year, month);
}

const char *report_time(const struct report *r, int64_t when)
{
	struct wall w;

	zone_from_utc(r->zone, when, &w);
	return arena_printf(r->mem, "%04d-%02d-%02d %02d:%02d", w.year, w.month, w.day, w.hour, w.min);
}

static void set_period(struct report *r, const struct report_query *q, int days)
{
	int64_t today = report_day(r, q->facts.now);

	r->first_day = q->first_day;
	r->last_day = q->last_day;
	if (q->by_day)
		return;
	r->last_day = days == REPORT_MONTH ? month_next(month_of(today)) - 1 : INT64_MAX;
	r->first_day = days == REPORT_MONTH ? month_of(today) : days == 0 ? INT64_MIN : today - days + 1;
}

/* ---- one client of all ---- */

bool report_wants(const struct report_source *s, const struct report *r, const char *client,
	const char *name)
{
	const char *wanted = s->q->client ? text_folded(s->q->client, r->mem) : NULL;

	return !wanted || strcmp(text_folded(client, r->mem), wanted) == 0 ||
		strcmp(text_folded(name, r->mem), wanted) == 0;
}

static void keep_client(struct report_source *s, const struct report *r)
{
	struct facts *facts = &s->facts;
	size_t kept = 0;

	for (size_t n = 0; n < facts->count; n++) {
		if (report_wants(s, r, facts->at[n].client, facts->at[n].name))
			facts->at[kept++] = facts->at[n];
	}
	facts->count = kept;
}

int report_gather(const struct report_kind *kind, const struct report_query *q, struct arena *mem,
	struct report *out, struct err *e)
{
	struct report r = { .kind = kind, .mem = mem, .owner = arena_strdup(mem, q->facts.owner) };
	struct report_source s = { .q = q };

	if (facts_read(&q->facts, mem, &s.facts, e))
		return -1;
	if (q->client)
		keep_client(&s, &r);
	r.zone = s.facts.zone;
	set_period(&r, q, kind->days);
	if (kind->gather(&s, &r, e))
		return -1;
	if (s.facts.series_gone > 0)
		report_note(&r, "%zu series are in no calendar under a policy any more: which of their dates were "
			"kept isn't known", s.facts.series_gone);
	*out = r;
	return 0;
}

/* ---- tables ---- */

struct report_table *report_table(struct report *r, const char *name,
	const struct report_column *columns,
	size_t count)
{
	struct report_table *t = arena_alloc(r->mem, sizeof(*t));

	r->tables = arena_room(r->mem, r->tables, r->table_count, &r->table_size, sizeof(*r->tables));
	*t = (struct report_table){ .name = name, .columns = columns, .column_count = count, .mem = r->mem };
	r->tables[r->table_count++] = t;
	return t;
}

struct cell *report_row(struct report_table *t)
{
	t->cells = arena_room(t->mem, t->cells, t->row_count, &t->size, t->column_count * sizeof(*t->cells));
	return t->cells + t->row_count++ * t->column_count;
}

void report_note(struct report *r, const char *fmt, ...)
{
	char text[NOTE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->notes = arena_room(r->mem, r->notes, r->note_count, &r->note_size, sizeof(*r->notes));
	r->notes[r->note_count++] = arena_strdup(r->mem, text);
}

const struct cell *report_cell(const struct report_table *t, size_t row, size_t column)
{
	return &t->cells[row * t->column_count + column];
}

/* ---- cells ---- */

struct cell cell_text(const char *text)
{
	return (struct cell){ CELL_TEXT, 0, text };
}

struct cell cell_count(int64_t n)
{
	return (struct cell){ CELL_COUNT, n, NULL };
}

struct cell cell_money(int64_t minor, const char *currency)
{
	return (struct cell){ CELL_MONEY, minor, currency };
}

struct cell cell_time(int64_t when)
{
	return (struct cell){ CELL_TIME, when, NULL };
}

struct cell cell_day(int64_t day)
{
	return (struct cell){ CELL_DAY, day, NULL };
}

struct cell cell_span(int64_t seconds)
{
	return (struct cell){ CELL_SPAN, seconds, NULL };
}

struct cell cell_share(int64_t share)
{
	return (struct cell){ share < 0 ? CELL_NONE : CELL_SHARE, share, NULL };
}

void cells_share(struct cell *at, const struct share_of *s)
{
	at[0] = cell_share(s->share);
	at[1] = cell_share(s->low);
	at[2] = cell_share(s->high);
}

double share_value(const struct cell *c)
{
	return c->kind == CELL_SHARE ? (double)c->number / SHARE_WHOLE : (double)NAN;
}
