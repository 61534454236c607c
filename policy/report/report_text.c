/* Reports as text for people, CSV and JSON. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/csv.h"
#include "base/table.h"
#include "base/util.h"
#include "ical/zone.h"
#include "policy/late/phrase.h"
#include "policy/money.h"
#include "policy/report/report.h"

enum { HEADING_MAX = 40 };

static const char *day_text(int64_t day, struct arena *mem)
{
	int64_t year;
	int month, d;

	civil_from_days(day, &year, &month, &d);
	return arena_printf(mem, "%04d-%02d-%02d", (int)year, month, d);
}

static const char *utc_text(int64_t when, struct arena *mem)
{
	char text[ISO_DATE_SIZE];

	iso_date(when, text);
	return arena_strdup(mem, text);
}

static const char *money_text(const struct cell *c, struct arena *mem)
{
	char number[MONEY_SIZE];

	if (money_format(c->number, c->text, number, sizeof(number)))
		return "?";
	return *c->text ? arena_printf(mem, "%s %s", number, c->text)
		: c->number == 0 ? "0" : arena_strdup(mem, number);
}

/* ---- for people ---- */

static const char *for_people(const struct report *r, const struct cell *c)
{
	switch (c->kind) {
	case CELL_TEXT:
		return c->text;
	case CELL_COUNT:
		return arena_printf(r->mem, "%lld", (long long)c->number);
	case CELL_MONEY:
		return money_text(c, r->mem);
	case CELL_TIME:
		return report_time(r, c->number);
	case CELL_DAY:
		return day_text(c->number, r->mem);
	case CELL_SPAN:
		return phrase_seconds(c->number, r->mem);
	case CELL_SHARE:
		return arena_printf(r->mem, "%lld.%lld %%", (long long)(c->number + 5) / 100,
			(long long)(c->number + 5) / 10 % 10);
	case CELL_NONE:
		break;
	}
	return "-";
}

static const char *heading(const char *name, struct arena *mem)
{
	char *text = arena_strdup(mem, name);

	for (char *p = text; *p; p++)
		*p = *p == '-' ? ' ' : (char)ascii_toupper((unsigned char)*p);
	return text;
}

static void write_one(const struct report *r, const struct report_table *from, size_t width,
	struct buf *out)
{
	struct table_column *columns = arena_array(r->mem, from->column_count, sizeof(*columns));
	const char **cells = arena_array(r->mem, from->column_count, sizeof(*cells));
	struct table t;

	for (size_t c = 0; c < from->column_count; c++)
		columns[c] = (struct table_column){ heading(from->columns[c].name, r->mem), from->columns[c].right,
			from->columns[c].shrinks };
	table_init(&t, columns, from->column_count, r->mem);
	for (size_t row = 0; row < from->row_count; row++) {
		for (size_t c = 0; c < from->column_count; c++)
			cells[c] = for_people(r, report_cell(from, row, c));
		table_add(&t, cells);
	}
	table_write(&t, width, out);
}

static const char *period_text(const struct report *r)
{
	if (r->first_day == INT64_MIN && r->last_day == INT64_MAX)
		return "";
	if (r->last_day == INT64_MAX)
		return arena_printf(r->mem, ", since %s", day_text(r->first_day, r->mem));
	if (r->first_day == INT64_MIN)
		return arena_printf(r->mem, ", until %s", day_text(r->last_day, r->mem));
	return arena_printf(r->mem, ", %s to %s", day_text(r->first_day, r->mem), day_text(r->last_day,
		r->mem));
}

/* Names and notes hold what clients wrote. */
static void write_line(const char *before, const char *text, struct buf *out)
{
	buf_adds(out, before);
	text_show(text, out);
	buf_addc(out, '\n');
}

void report_write(const struct report *r, size_t width, struct buf *out)
{
	bool empty = true;

	buf_printf(out, "%s: %s (%s%s)\n", r->owner, r->kind->what, zone_name(r->zone), period_text(r));
	for (size_t n = 0; n < r->table_count; n++) {
		const struct report_table *t = r->tables[n];

		if (t->row_count == 0)
			continue;
		empty = false;
		buf_adds(out, "\n");
		if (r->table_count > 1)
			write_line("", t->name, out);
		write_one(r, t, width, out);
	}
	if (empty)
		buf_adds(out, "\nnothing\n");
	buf_adds(out, r->note_count > 0 ? "\n" : "");
	for (size_t n = 0; n < r->note_count; n++)
		write_line("* ", r->notes[n], out);
}

/* ---- for programs ---- */

static void csv_cell(const struct report *r, struct csv *csv, const struct cell *c)
{
	switch (c->kind) {
	case CELL_TEXT:
		csv_text(csv, c->text);
		break;
	case CELL_COUNT:
	case CELL_MONEY:
	case CELL_SPAN:
		csv_number(csv, c->number);
		break;
	case CELL_TIME:
		csv_text(csv, utc_text(c->number, r->mem));
		break;
	case CELL_DAY:
		csv_text(csv, day_text(c->number, r->mem));
		break;
	case CELL_SHARE:
		csv_text(csv, arena_printf(r->mem, "%lld.%04lld", (long long)c->number / SHARE_WHOLE,
			(long long)c->number % SHARE_WHOLE));
		break;
	case CELL_NONE:
		csv_text(csv, "");
		break;
	}
}

static const struct report_table *find_table(const struct report *r, const char *name)
{
	for (size_t n = 0; n < r->table_count; n++) {
		if (!name || strcmp(r->tables[n]->name, name) == 0)
			return r->tables[n];
	}
	return NULL;
}

int report_csv(const struct report *r, const char *name, char separator, struct buf *out, struct err *e)
{
	const struct report_table *t = find_table(r, name);
	struct csv csv;

	if (!t)
		return err_set(e, ERR_NOT_FOUND, "the report '%s' has no table '%s'", r->kind->name, name ? name : "");
	csv_init(&csv, out, separator);
	for (size_t c = 0; c < t->column_count; c++)
		csv_text(&csv, t->columns[c].name);
	csv_end(&csv);
	for (size_t row = 0; row < t->row_count; row++) {
		for (size_t c = 0; c < t->column_count; c++)
			csv_cell(r, &csv, report_cell(t, row, c));
		csv_end(&csv);
	}
	return 0;
}

static json_t *json_cell(const struct report *r, const struct cell *c)
{
	switch (c->kind) {
	case CELL_TEXT:
		return json_string(c->text);
	case CELL_COUNT:
	case CELL_MONEY:
	case CELL_SPAN:
		return json_integer(c->number);
	case CELL_TIME:
		return json_string(utc_text(c->number, r->mem));
	case CELL_DAY:
		return json_string(day_text(c->number, r->mem));
	case CELL_SHARE:
		return json_real((double)c->number / SHARE_WHOLE);
	case CELL_NONE:
		break;
	}
	return json_null();
}

static json_t *json_table(const struct report *r, const struct report_table *t)
{
	json_t *rows = json_array();

	for (size_t row = 0; row < t->row_count; row++) {
		json_t *o = json_object();

		for (size_t c = 0; c < t->column_count; c++)
			json_object_set_new(o, t->columns[c].name, json_cell(r, report_cell(t, row, c)));
		json_array_append_new(rows, o);
	}
	return json_pack("{s:s, s:o}", "name", t->name, "rows", rows);
}

json_t *report_json_day(const struct report *r, int64_t day)
{
	return day == INT64_MIN || day == INT64_MAX ? json_null() : json_string(day_text(day, r->mem));
}

json_t *report_object(const struct report *r)
{
	json_t *tables = json_array(), *notes = json_array();

	for (size_t n = 0; n < r->table_count; n++)
		json_array_append_new(tables, json_table(r, r->tables[n]));
	for (size_t n = 0; n < r->note_count; n++)
		json_array_append_new(notes, json_string(r->notes[n]));
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "report", r->kind->name, "owner", r->owner, "zone",
		zone_name(r->zone), "since", report_json_day(r, r->first_day), "until", report_json_day(r, r->last_day),
		"tables", tables, "notes", notes);
}

int report_json(const struct report *r, struct buf *out, struct err *e)
{
	json_t *all = report_object(r);
	char *text = all ? json_dumps(all, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) : NULL;

	json_decref(all);
	if (!text)
		return err_set(e, ERR_INTERNAL, "the report can't be written as JSON");
	buf_printf(out, "%s\n", text);
	free(text);
	return 0;
}
