/* Times that clients gave up, and what became of them (doc/policy.md 5.2, 9). */
#include <string.h>

#include "base/util.h"
#include "policy/report/chart.h"
#include "policy/report/kinds.h"

enum { PICTURE_WIDTH = 900, PANEL = 320 };

static const struct report_column slot_columns[] = { { "start", false, false }, { "client", false,
	true },
	{ "how", false, false }, { "warning", true, false }, { "outcome", false, false }, { "taken-by", false,
	true },
	{ "currency", false, false }, { "value", true, false } };
static const struct report_column month_columns[] = { { "month", false, false }, { "freed", true,
	false },
	{ "sold-again", true, false }, { "lost", true, false }, { "to-come", true, false } };

static bool overlap(const struct fact *a, const struct fact *b)
{
	return a->start < b->end && b->start < a->end;
}

/* Who booked a time that overlaps, after it was given up and before it began. */
static const struct fact *taken_by(const struct report_source *s, const struct fact *lost)
{
	for (size_t n = 0; n < s->facts.count; n++) {
		const struct fact *f = &s->facts.at[n];
		bool held = f->how == ENDING_KEPT || f->how == ENDING_OPEN || f->how == ENDING_ABSENT;

		if (held && f != lost && overlap(f, lost) && f->acquired >= lost->ended && f->acquired < lost->start)
			return f;
	}
	return NULL;
}

static bool is_freed(const struct fact *f)
{
	return fact_is_lost(f) && f->ended < f->start;
}

static void count_month(const struct report *r, struct report_table *t, const struct fact *f,
	size_t column)
{
	const char *name = month_name(month_of(report_day(r, f->start)), r->mem);
	struct cell *c = NULL;
	size_t at = 0;

	while (at < t->row_count && strcmp(report_cell(t, at, 0)->text, name) < 0)
		at++;
	if (at == t->row_count || strcmp(report_cell(t, at, 0)->text, name) != 0) {
		report_row(t);
		memmove(t->cells + (at + 1) * t->column_count, t->cells + at * t->column_count,
			(t->row_count - 1 - at) * t->column_count * sizeof(*c));
		c = t->cells + at * t->column_count;
		c[0] = cell_text(name);
		for (size_t k = 1; k < t->column_count; k++)
			c[k] = cell_count(0);
	}
	c = t->cells + at * t->column_count;
	c[1].number++;
	c[column].number++;
}

int gather_slots(const struct report_source *s, struct report *r, struct err *e)
{
	struct report_table *t = report_table(r, "slots", slot_columns, ARRAY_SIZE(slot_columns));
	struct report_table *months = report_table(r, "months", month_columns, ARRAY_SIZE(month_columns));

	for (size_t n = 0; n < s->facts.count; n++) {
		const struct fact *f = &s->facts.at[n], *taker;
		bool over = f->start <= s->q->facts.now, priced = f->price >= 0 && *f->currency;
		struct cell *c;

		if (!is_freed(f) || !report_is_in(r, f->start))
			continue;
		taker = taken_by(s, f);
		c = report_row(t);
		c[0] = cell_time(f->start);
		c[1] = cell_text(f->name);
		c[2] = cell_text(f->loss->class_);
		c[3] = cell_span(f->start - f->ended);
		c[4] = cell_text(taker ? "sold again" : over ? "lost" : "to come");
		c[5] = taker ? cell_text(taker->name) : (struct cell){ 0 };
		c[6] = cell_text(priced ? f->currency : "");
		c[7] = priced ? cell_money(f->price, f->currency) : (struct cell){ 0 };
		count_month(r, months, f, taker ? 2 : over ? 3 : 4);
	}
	report_note(r,
		"by the month of the start; sold again: somebody booked that time, or a part of it, after it was "
		"given up and before it began; value: the price, where the ledger has one");
	return 0;
}

void plot_slots(const struct report *r, struct buf *out)
{
	const struct report_table *t = r->tables[1];
	const char **labels = arena_array(r->mem, t->row_count, sizeof(*labels));
	const struct chart_box box = { 0, 0, PICTURE_WIDTH, PANEL, "times given up, by month" };
	struct chart_series series[] = { { "sold again", NULL }, { "lost", NULL }, { "to come", NULL } };
	struct svg svg;

	for (size_t k = 0; k < ARRAY_SIZE(series); k++) {
		double *values = arena_array(r->mem, t->row_count, sizeof(*values));

		for (size_t n = 0; n < t->row_count; n++) {
			labels[n] = report_cell(t, n, 0)->text;
			values[n] = (double)report_cell(t, n, k + 2)->number;
		}
		series[k].values = values;
	}
	svg_begin(&svg, out, PICTURE_WIDTH, PANEL, r->kind->what);
	chart_bars(&svg, &box, &(struct chart_axis){ labels, t->row_count, NULL, 0, false }, series,
		ARRAY_SIZE(series),
		CHART_COUNT);
	svg_end(&svg);
}
