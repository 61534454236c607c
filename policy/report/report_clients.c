/* Reports on people: clients, ourselves, six-month review (doc/policy.md 5.2, 6, 7 and 13). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "policy/fees.h"
#include "policy/report/chart.h"
#include "policy/report/kinds.h"

enum { PICTURE_WIDTH = 900, ROWS_DRAWN = 60, SPARKS = 12, MONTHS_MAX = 120, LAST = 5, BEFORE = 20,
	SPARK_HEIGHT = 60 };

/* One client's figures. */
struct figures {
	const char *key, *name;
	int64_t ended, kept, in_time, late, absent, held, waived;
	int64_t owner_cancelled, owner_moved;
};

static void count_fact(struct figures *g, const struct fact *f)
{
	g->owner_cancelled += f->how == ENDING_OWNER_CANCEL;
	g->owner_moved += f->how == ENDING_OWNER_MOVE;
	g->waived += f->loss && (f->loss->state == POLICY_WAIVED || f->loss->state == POLICY_CREDITED) &&
		!fact_is_owners(f);
	if (!fact_counts(f))
		return;
	g->ended++;
	g->kept += f->how == ENDING_KEPT;
	g->in_time += fact_is_in_time(f);
	g->late += fact_is_late(f);
	g->absent += f->how == ENDING_ABSENT;
	g->held += f->how == ENDING_LATE_MOVE && f->loss->hold > 0;
	g->name = f->name; /* the youngest one */
}

static int by_ended(const void *a, const void *b)
{
	const struct figures *x = a, *y = b;

	if (x->ended != y->ended)
		return x->ended < y->ended ? 1 : -1;
	return strcmp(x->key, y->key);
}

/* Each client that has something in the period, those with the most first. */
static struct figures *figures_of(const struct report_source *s, const struct report *r, size_t *count)
{
	struct figures *list = arena_array(r->mem, s->facts.count, sizeof(*list));
	size_t known = 0;

	for (size_t n = 0; n < s->facts.count; n++) {
		const struct fact *f = &s->facts.at[n];
		size_t at = 0;

		if (f->how == ENDING_OPEN || !report_is_in(r, f->ended))
			continue;
		while (at < known && strcmp(list[at].key, f->client) != 0)
			at++;
		if (at == known)
			list[known++] = (struct figures){ .key = f->client, .name = f->name };
		count_fact(&list[at], f);
	}
	if (known > 0)
		qsort(list, known, sizeof(*list), by_ended);
	*count = known;
	return list;
}

static struct share_of reliability(const struct figures *g)
{
	struct share_of share = share_of(g->kept + g->in_time, g->ended);

	if (g->ended < SHARE_LEAST)
		share.share = -1;
	return share;
}

/* The last five against the up to twenty before (S21): outside of their interval or not. */
static const char *trend(const struct report_source *s, const struct report *r, const char *key)
{
	int64_t good[2] = { 0, 0 }, all[2] = { 0, 0 };
	struct share_of before;

	for (size_t n = s->facts.count; n-- > 0 && all[1] < BEFORE;) {
		const struct fact *f = &s->facts.at[n];
		int which = all[0] >= LAST;

		if (!fact_counts(f) || strcmp(f->client, key) != 0 || f->ended > s->q->facts.now)
			continue;
		all[which]++;
		good[which] += f->how == ENDING_KEPT || fact_is_in_time(f);
	}
	before = share_of(good[1], all[1]);
	if (all[0] < LAST || before.low < 0)
		return "";
	if (good[0] * SHARE_WHOLE / LAST < before.low)
		return arena_printf(r->mem, "down: %lld of 5", (long long)good[0]);
	return good[0] * SHARE_WHOLE / LAST > before.high ? "up" : "steady";
}

static const struct report_column client_columns[] = { { "client", false, true }, { "appointments",
	true, false },
	{ "kept", true, false }, { "in-time", true, false }, { "late", true, false }, { "absent", true, false },
	{ "held-moves", true, false }, { "waived", true, false }, { "reliability", true, false },
	{ "low", true, false }, { "high", true, false }, { "trend", false, false } };
static const struct report_column month_columns[] = { { "client", false, true }, { "month", false,
	false },
	{ "appointments", true, false }, { "kept-or-in-time", true, false } };

static const char *name_of(const struct report *r, const struct figures *g, size_t count, size_t at)
{
	/* Two keys may have one name: then the key says which. */
	for (size_t n = 0; n < count; n++) {
		if (n != at && strcmp(g[n].name, g[at].name) == 0)
			return arena_printf(r->mem, "%s (%s)", g[at].name, g[at].key);
	}
	return g[at].name;
}

static void client_row(const struct report_source *s, const struct report *r, struct report_table *t,
	const struct figures *g, const char *name)
{
	struct share_of share = reliability(g);
	struct cell *c = report_row(t);

	c[0] = cell_text(name);
	c[1] = cell_count(g->ended);
	c[2] = cell_count(g->kept);
	c[3] = cell_count(g->in_time);
	c[4] = cell_count(g->late);
	c[5] = cell_count(g->absent);
	c[6] = cell_count(g->held);
	c[7] = cell_count(g->waived);
	cells_share(c + 8, &share);
	c[11] = cell_text(trend(s, r, g->key));
}

struct month { int64_t first_day, all, good; };

static size_t months_of(const struct report_source *s, const struct report *r, const char *key,
	struct month months[MONTHS_MAX])
{
	size_t count = 0;

	for (size_t n = 0; n < s->facts.count; n++) {
		const struct fact *f = &s->facts.at[n];
		int64_t month = month_of(report_day(r, f->ended));

		if (!fact_counts(f) || strcmp(f->client, key) != 0 || !report_is_in(r, f->ended))
			continue;
		if (count == 0)
			months[count++] = (struct month){ .first_day = month };
		while (months[count - 1].first_day < month && count < MONTHS_MAX) {
			months[count] = (struct month){ .first_day = month_next(months[count - 1].first_day) };
			count++;
		}
		months[count - 1].all++;
		months[count - 1].good += f->how == ENDING_KEPT || fact_is_in_time(f);
	}
	return count;
}

static void month_rows(const struct report_source *s, const struct report *r, struct report_table *t,
	const struct figures *g, const char *name)
{
	struct month months[MONTHS_MAX];
	size_t count = months_of(s, r, g->key, months);

	for (size_t n = 0; n < count; n++) {
		struct cell *c = report_row(t);

		c[0] = cell_text(name);
		c[1] = cell_text(month_name(months[n].first_day, r->mem));
		c[2] = cell_count(months[n].all);
		c[3] = cell_count(months[n].good);
	}
}

static void note_reliability(struct report *r)
{
	report_note(r,
		"reliability: kept, cancelled or moved in time, of all that ended, with Wilson's 80 %% interval; "
		"none below 5; without what was the owner's doing or an emergency");
}

int gather_clients(const struct report_source *s, struct report *r, struct err *e)
{
	struct report_table *t = report_table(r, "clients", client_columns, ARRAY_SIZE(client_columns));
	struct report_table *months = report_table(r, "months", month_columns, ARRAY_SIZE(month_columns));
	size_t count;
	struct figures *list = figures_of(s, r, &count);

	for (size_t n = 0; n < count; n++) {
		const char *name = name_of(r, list, count, n);

		client_row(s, r, t, &list[n], name);
		month_rows(s, r, months, &list[n], name);
	}
	note_reliability(r);
	return 0;
}

static struct chart_row row_of(const struct report *r, const struct report_table *t, size_t n,
	size_t share,
	const struct report_table *months)
{
	struct chart_row row = { .label = report_cell(t, n, 0)->text, .value = share_value(report_cell(t, n,
		share)),
		.low = share_value(report_cell(t, n, share + 1)), .high = share_value(report_cell(t, n, share + 2)) };
	double *spark = arena_array(r->mem, MONTHS_MAX, sizeof(*spark));

	for (size_t k = 0; months && k < months->row_count && row.spark_count < MONTHS_MAX; k++) {
		double all = (double)report_cell(months, k, 2)->number;

		if (strcmp(report_cell(months, k, 0)->text, row.label) == 0)
			spark[row.spark_count++] = all > 0 ? (double)report_cell(months, k, 3)->number / all : (double)NAN;
	}
	row.spark = spark;
	return row;
}

static void plot_rows(const struct report *r, struct buf *out, const char *heading,
	struct chart_row *rows,
	size_t count)
{
	struct chart_box box = { 0, 0, PICTURE_WIDTH, chart_rows_height(count), heading };
	struct svg svg;

	svg_begin(&svg, out, box.width, box.height, r->kind->what);
	chart_dots(&svg, &box, rows, count);
	svg_end(&svg);
}

void plot_clients(const struct report *r, struct buf *out)
{
	const struct report_table *t = r->tables[0];
	size_t count = t->row_count < ROWS_DRAWN ? t->row_count : ROWS_DRAWN;
	struct chart_row *rows = arena_array(r->mem, count, sizeof(*rows));

	for (size_t n = 0; n < count; n++)
		rows[n] = row_of(r, t, n, 8, r->tables[1]);
	plot_rows(r, out, count < t->row_count ? "reliability of the clients with the most appointments" :
		"reliability", rows, count);
}

/* ---- 7: ourselves ---- */

static const struct report_column own_columns[] = { { "who", false, true }, { "appointments", true,
	false },
	{ "cancelled", true, false }, { "moved", true, false }, { "late", true, false }, { "rate", true,
	false },
	{ "low", true, false }, { "high", true, false } };
static const struct report_column credit_columns[] = { { "currency", false, false }, { "credits", true,
	false },
	{ "credited", true, false } };

/* Late by the same rule as a client: after the time until which it was free. */
static bool is_late_by_owner(const struct fact *f)
{
	return fact_is_owners(f) && f->loss->required >= 0;
}

static void own_row(struct report_table *t, const char *who, const int64_t n[4])
{
	struct share_of share = share_of(n[1] + n[2], n[0]);
	struct cell *c = report_row(t);

	c[0] = cell_text(who);
	for (size_t k = 0; k < 4; k++)
		c[k + 1] = cell_count(n[k]);
	cells_share(c + 5, &share);
}

static void count_credit(struct report_table *t, const struct policy_incident *i)
{
	struct cell *c = NULL;

	for (size_t n = 0; n < t->row_count && !c; n++) {
		if (strcmp(report_cell(t, n, 0)->text, i->currency) == 0)
			c = t->cells + n * t->column_count;
	}
	if (!c) {
		c = report_row(t);
		c[0] = cell_text(i->currency);
		c[1] = cell_count(0);
		c[2] = cell_money(0, i->currency);
	}
	c[1].number++;
	c[2].number += i->credit;
}

/* Owner and clients beside each other: what of all appointments each cancelled or moved. */
int gather_ourselves(const struct report_source *s, struct report *r, struct err *e)
{
	struct report_table *t = report_table(r, "cancelled-or-moved", own_columns, ARRAY_SIZE(own_columns));
	struct report_table *credits = report_table(r, "credits", credit_columns, ARRAY_SIZE(credit_columns));
	int64_t own[4] = { 0 }, clients[4] = { 0 };

	for (size_t n = 0; n < s->facts.count; n++) {
		const struct fact *f = &s->facts.at[n];

		if (f->how == ENDING_OPEN || f->how == ENDING_OTHER || !report_is_in(r, f->ended))
			continue;
		own[0]++;
		own[1] += f->how == ENDING_OWNER_CANCEL;
		own[2] += f->how == ENDING_OWNER_MOVE;
		own[3] += is_late_by_owner(f);
		clients[1] += f->how == ENDING_CANCEL_IN_TIME || f->how == ENDING_LATE_CANCEL;
		clients[2] += f->how == ENDING_MOVE_IN_TIME || f->how == ENDING_LATE_MOVE;
		clients[3] += fact_is_late(f);
		if (fact_is_owners(f) && f->loss->credit > 0)
			count_credit(credits, f->loss);
	}
	clients[0] = own[0];
	if (own[0] == 0)
		return 0;
	own_row(t, s->q->facts.owner, own);
	own_row(t, "all clients", clients);
	report_note(r, "late: with less notice than is free for a client, where the ledger has it");
	return 0;
}

void plot_ourselves(const struct report *r, struct buf *out)
{
	const struct report_table *t = r->tables[0];
	struct chart_row *rows = arena_array(r->mem, t->row_count, sizeof(*rows));

	for (size_t n = 0; n < t->row_count; n++) {
		rows[n] = row_of(r, t, n, 5, NULL);
		rows[n].apart = n == 0;
	}
	plot_rows(r, out, "cancelled or moved, of all appointments", rows, t->row_count);
}

/* ---- 13: six-month review ---- */

static const struct report_column review_columns[] = { { "month", false, false }, { "appointments",
	true, false },
	{ "kept", true, false }, { "in-time", true, false }, { "late", true, false }, { "absent", true, false },
	{ "by-us", true, false } };
static const struct report_column bill_columns[] = { { "client", false, true }, { "currency", false,
	false },
	{ "assessed", true, false }, { "waived", true, false }, { "paid", true, false }, { "open", true,
	false } };

static bool is_of(const struct fact *f, const char *key, int64_t month, const struct report *r)
{
	return strcmp(f->client, key) == 0 && f->how != ENDING_OPEN && report_is_in(r, f->ended) &&
		month_of(report_day(r, f->ended)) == month;
}

static void review_month(const struct report_source *s, struct report *r, struct report_table *t,
	const char *key,
	int64_t month)
{
	struct figures g = { 0 };
	struct cell *c;

	for (size_t n = 0; n < s->facts.count; n++) {
		if (is_of(&s->facts.at[n], key, month, r))
			count_fact(&g, &s->facts.at[n]);
	}
	c = report_row(t);
	c[0] = cell_text(month_name(month, r->mem));
	c[1] = cell_count(g.ended);
	c[2] = cell_count(g.kept);
	c[3] = cell_count(g.in_time);
	c[4] = cell_count(g.late);
	c[5] = cell_count(g.absent);
	c[6] = cell_count(g.owner_cancelled + g.owner_moved);
}

static void add_bill(struct report_table *t, const struct fee *f, const char *name)
{
	const struct policy_incident *i = &f->incident;
	bool waived = f->state == POLICY_WAIVED || f->state == POLICY_CREDITED;
	bool open = f->state == POLICY_DUE || f->state == POLICY_DISPUTED;
	struct cell *c = t->row_count > 0 ? t->cells + (t->row_count - 1) * t->column_count : NULL;

	if (!c || c[0].text != name || strcmp(c[1].text, i->currency) != 0) {
		c = report_row(t);
		c[0] = cell_text(name);
		c[1] = cell_text(i->currency);
		for (size_t k = 2; k < t->column_count; k++)
			c[k] = cell_money(0, i->currency);
	}
	c[2].number += i->charge;
	c[3].number += waived ? i->charge : 0;
	c[4].number += waived ? 0 : open ? i->deposit : i->charge;
	c[5].number += open ? i->charge - i->deposit : 0;
}

static bool is_billed(const struct fee *f)
{
	return f->incident.charge > 0 && f->state != POLICY_NONE && f->state != POLICY_VOID &&
		f->state != POLICY_PROPOSED && f->state != POLICY_PENDING;
}

int gather_review(const struct report_source *s, struct report *r, struct err *e)
{
	struct report_table *bills = report_table(r, "fees", bill_columns, ARRAY_SIZE(bill_columns));
	int64_t today = report_day(r, s->q->facts.now);
	int64_t last = month_of(r->last_day < today ? r->last_day : today);
	struct fee_list fees;
	size_t count;
	struct figures *list = figures_of(s, r, &count);

	if (report_fees(s, r, &fees, e))
		return -1;
	for (size_t n = 0; n < count; n++) {
		const char *name = name_of(r, list, count, n);
		struct report_table *t = report_table(r, name, review_columns, ARRAY_SIZE(review_columns));
		struct month months[MONTHS_MAX];
		size_t known = months_of(s, r, list[n].key, months);

		for (int64_t m = known > 0 ? months[0].first_day : last; m <= last; m = month_next(m))
			review_month(s, r, t, list[n].key, m);
		for (size_t k = 0; k < fees.count; k++) {
			const struct fee *f = &fees.fees[k];

			if (is_billed(f) && strcmp(f->incident.client, list[n].key) == 0 && report_is_in(r, f->incident.at))
				add_bill(bills, f, name);
		}
	}
	note_reliability(r);
	return 0;
}

/* A line a client: the months' shares of what was kept or given up in time. */
void plot_review(const struct report *r, struct buf *out)
{
	size_t count = r->table_count - 1 < ROWS_DRAWN ? r->table_count - 1 : ROWS_DRAWN;
	struct chart_row *rows = arena_array(r->mem, count, sizeof(*rows));

	for (size_t n = 0; n < count; n++) {
		const struct report_table *t = r->tables[n + 1];
		double *spark = arena_array(r->mem, t->row_count, sizeof(*spark));
		int64_t good = 0, all = 0;
		struct share_of share;

		for (size_t m = 0; m < t->row_count; m++) {
			int64_t of = report_cell(t, m, 1)->number;
			int64_t fine = report_cell(t, m, 2)->number + report_cell(t, m, 3)->number;

			spark[m] = of > 0 ? (double)fine / (double)of : (double)NAN;
			good += fine;
			all += of;
		}
		share = share_of(good, all);
		struct cell cells[3];
		cells_share(cells, &share);
		rows[n] = (struct chart_row){ .label = t->name, .value = all < SHARE_LEAST ? (double)NAN :
			share_value(&cells[0]), .low = share_value(&cells[1]), .high = share_value(&cells[2]),
			.spark = spark, .spark_count = t->row_count };
	}
	plot_rows(r, out, "kept or given up in time, and month by month", rows, count);
}
