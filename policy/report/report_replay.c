/* What happened, decided again under other policies (doc/policy.md 5.2, 14). */
#include <math.h>
#include <string.h>

#include "base/util.h"
#include "policy/report/chart.h"
#include "policy/report/kinds.h"
#include "policy/replay.h"

enum { PICTURE_WIDTH = 900, ROWS_DRAWN = 60 };

static const struct report_column sum_columns[] = { { "client", false, true }, { "currency", false,
	false },
	{ "incidents", true, false }, { "different", true, false }, { "before", true, false }, { "after",
	true, false },
	{ "difference", true, false } };
static const struct report_column pair_columns[] = { { "received", false, false }, { "client", false,
	true },
	{ "currency", false, false }, { "before", false, false }, { "fee-before", true, false },
	{ "after", false, false },
	{ "fee-after", true, false } };

/* What the client owes less what the owner does. */
static int64_t money_of(const struct replay_result *r)
{
	return r->fee - r->credit;
}

static void add_sum(struct report_table *t, const char *name, const struct replay_pair *p)
{
	struct cell *c = NULL;

	for (size_t n = 0; n < t->row_count && !c; n++) {
		if (strcmp(report_cell(t, n, 0)->text, name) == 0 && strcmp(report_cell(t, n, 1)->text,
			p->currency) == 0)
			c = t->cells + n * t->column_count;
	}
	if (!c) {
		c = report_row(t);
		c[0] = cell_text(name);
		c[1] = cell_text(p->currency);
		c[2] = c[3] = cell_count(0);
		c[4] = c[5] = c[6] = cell_money(0, p->currency);
	}
	c[2].number++;
	c[3].number += replay_differs(p);
	c[4].number += money_of(&p->before);
	c[5].number += money_of(&p->after);
	c[6].number += money_of(&p->after) - money_of(&p->before);
}

static const char *words_of(const struct report *r, const struct replay_result *result)
{
	if (!*result->class_ || strcmp(result->outcome, "none") == 0)
		return *result->class_ ? result->class_ : "nothing";
	return arena_printf(r->mem, "%s, %s", result->class_, result->outcome);
}

static void add_pair(const struct report *r, struct report_table *t, const struct replay_pair *p)
{
	struct cell *c = report_row(t);

	c[0] = cell_time(p->at);
	c[1] = cell_text(p->name);
	c[2] = cell_text(p->currency);
	c[3] = cell_text(words_of(r, &p->before));
	c[4] = cell_money(money_of(&p->before), p->currency);
	c[5] = cell_text(words_of(r, &p->after));
	c[6] = cell_money(money_of(&p->after), p->currency);
}

int gather_replay(const struct report_source *s, struct report *r, struct err *e)
{
	const struct facts_query *q = &s->q->facts;
	const struct policy_set *policies = s->q->other ? s->q->other : q->policies;
	struct report_table *sums = report_table(r, "clients", sum_columns, ARRAY_SIZE(sum_columns));
	struct report_table *pairs = report_table(r, "different", pair_columns, ARRAY_SIZE(pair_columns));
	struct replay replay;

	if (replay_run(q->store, policies, q->owner, report_begin(r), q->now, r->mem, &replay, e))
		return -1;
	for (size_t n = 0; n < replay.count; n++) {
		const struct replay_pair *p = &replay.pairs[n];

		if (!report_is_in(r, p->at) || !report_wants(s, r, p->client, p->name))
			continue;
		if (money_of(&p->before) || money_of(&p->after) || replay_differs(p))
			add_sum(sums, p->name, p);
		if (replay_differs(p))
			add_pair(r, pairs, p);
	}
	if (replay.left_out > 0)
		report_note(r, "%zu incidents are of policies that aren't there now", replay.left_out);
	report_note(r,
		"before: as it was decided; after: under %s; what the client owes, less what the owner does, before "
		"anybody waived or adjusted it", s->q->other ? "the file" : "the policies in force");
	return 0;
}

/* A panel for each currency, in the order in which they come up. */
static size_t panel_rows(const struct report *r, const char *currency, struct chart_pair *pairs)
{
	const struct report_table *t = r->tables[0];
	int decimals = money_decimals(currency);
	double unit = pow(10, decimals > 0 ? decimals : 0);
	size_t count = 0;

	for (size_t n = 0; n < t->row_count && count < ROWS_DRAWN; n++) {
		if (strcmp(report_cell(t, n, 1)->text, currency) != 0)
			continue;
		pairs[count++] = (struct chart_pair){ report_cell(t, n, 0)->text,
			fmax(0, (double)report_cell(t, n, 4)->number / unit),
			fmax(0, (double)report_cell(t, n, 5)->number / unit) };
	}
	return count;
}

static bool is_first_of_currency(const struct report_table *t, size_t row)
{
	for (size_t n = 0; n < row; n++) {
		if (strcmp(report_cell(t, n, 1)->text, report_cell(t, row, 1)->text) == 0)
			return false;
	}
	return true;
}

void plot_replay(const struct report *r, struct buf *out)
{
	const struct report_table *t = r->tables[0];
	struct chart_pair *pairs = arena_array(r->mem, ROWS_DRAWN, sizeof(*pairs));
	double height = chart_rows_height(0), y = 0;
	struct svg svg;

	for (size_t n = 0; n < t->row_count; n++) {
		if (is_first_of_currency(t, n))
			height += chart_rows_height(panel_rows(r, report_cell(t, n, 1)->text, pairs));
	}
	svg_begin(&svg, out, PICTURE_WIDTH, height, r->kind->what);
	for (size_t n = 0; n < t->row_count; n++) {
		const char *currency = report_cell(t, n, 1)->text;
		struct chart_box box = { 0, y, PICTURE_WIDTH, 0, arena_printf(r->mem, "fees by client, %s",
			currency) };
		size_t count;

		if (!is_first_of_currency(t, n))
			continue;
		count = panel_rows(r, currency, pairs);
		box.height = chart_rows_height(count);
		chart_pairs(&svg, &box, pairs, count, "before", "after");
		y += box.height;
	}
	svg_end(&svg);
}
