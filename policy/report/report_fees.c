/* Reports on money: this month, to decide, money, waivers (doc/policy.md 5.2, 1 to 3 and 10). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "policy/fee_act.h"
#include "policy/fees.h"
#include "policy/report/chart.h"
#include "policy/report/kinds.h"

enum { DAY = 86400, PICTURE_WIDTH = 900, BARS_HEIGHT = 320 };

int report_fees(const struct report_source *s, const struct report *r, struct fee_list *out,
	struct err *e)
{
	const struct facts_query *q = &s->q->facts;
	const struct fee_filter filter = { .owner = q->owner, .client = s->q->client, .policies = q->policies };

	return fees_list(q->store, &filter, r->mem, out, e);
}

/* ---- 1: this month ---- */

int gather_month(const struct report_source *s, struct report *r, struct err *e)
{
	static const struct report_column columns[] = { { "start", false, false }, { "client", false, true },
		{ "what", false, false }, { "state", false, false }, { "currency", false, false },
		{ "fee", true, false }, { "held", true, false }, { "ref", false, false }, { "words", false, false } };
	struct report_table *t = report_table(r, "incidents", columns, ARRAY_SIZE(columns));
	struct fee_list list;

	if (report_fees(s, r, &list, e))
		return -1;
	for (size_t n = 0; n < list.count; n++) {
		const struct fee *f = &list.fees[n];
		const struct policy_incident *i = &f->incident;
		struct cell *c;

		if (!report_is_in(r, i->at))
			continue;
		c = report_row(t);
		c[0] = cell_time(i->slot);
		c[1] = cell_text(fee_client(f));
		c[2] = cell_text(i->class_);
		c[3] = cell_text(fee_state_words(f));
		c[4] = cell_text(i->currency);
		c[5] = cell_money(i->charge, i->currency);
		c[6] = cell_money(i->hold, i->currency);
		c[7] = cell_text(i->ref);
		c[8] = cell_text(fee_act_words(f->state, t->mem));
	}
	return 0;
}

/* ---- 2: to decide ---- */

static const struct report_column decide_columns[] = { { "why", false, false }, { "until", false,
	false },
	{ "start", false, false }, { "client", false, true }, { "what", false, true },
	{ "currency", false, false }, { "fee", true, false }, { "ref", false, false }, { "words", false, false } };

static void decide_row(struct report_table *t, const char *why, struct cell until, const struct fee *f)
{
	struct cell *c = report_row(t);

	c[0] = cell_text(why);
	c[1] = until;
	c[2] = cell_time(f->incident.slot);
	c[3] = cell_text(fee_client(f));
	c[4] = cell_text(f->incident.class_);
	c[5] = cell_text(f->incident.currency);
	c[6] = f->incident.charge > 0 ? cell_money(f->incident.charge, f->incident.currency) :
		cell_money(f->incident.hold, f->incident.currency);
	c[7] = cell_text(f->incident.ref);
	c[8] = cell_text(fee_act_words(f->state, t->mem));
}

struct waking { struct wake *at; size_t count, size; const char *owner; struct arena *mem; };

static int keep_wake(const struct wake *w, void *arg)
{
	struct waking *k = arg;

	if (strcmp(w->owner, k->owner) != 0)
		return 0;
	k->at = arena_room(k->mem, k->at, k->count, &k->size, sizeof(*k->at));
	k->at[k->count++] = (struct wake){ w->at, k->owner, arena_strdup(k->mem, w->calendar),
		arena_strdup(k->mem, w->name) };
	return 0;
}

/* The event itself, or, where that is gone, the entry in Fees that bears the reference. */
static bool wakes_fee(const struct report_source *s, const struct report *r, const struct wake *w,
	const struct fee *f)
{
	struct store *store = s->q->facts.store;
	struct collection calendar;
	struct object event;
	struct err e;

	if (strcmp(w->calendar, FEES_CALENDAR) == 0)
		return strncmp(w->name, f->incident.ref, strlen(f->incident.ref)) == 0;
	return store_collection(store, w->owner, w->calendar, r->mem, &calendar, &e) == 0 &&
		store_find(store, calendar.id, w->name, r->mem, &event, &e) == 0 &&
		strcmp(event.uid, f->incident.uid) == 0;
}

/* When its review ends: its event's next wake. INT64_MAX: not by then. */
static int64_t review_end(const struct report_source *s, const struct report *r,
	const struct waking *wakes,
	const struct fee *f)
{
	for (size_t n = 0; n < wakes->count; n++) {
		if (wakes_fee(s, r, &wakes->at[n], f))
			return wakes->at[n].at;
	}
	return INT64_MAX;
}

static void decide_fees(const struct report_source *s, struct report *r, struct report_table *t,
	const struct fee_list *list, const struct waking *wakes)
{
	for (size_t n = 0; n < list->count; n++) {
		const struct fee *f = &list->fees[n];
		const struct cell none = { 0 };

		if (!report_is_in(r, f->incident.at))
			continue;
		if (f->state == POLICY_PROPOSED) {
			decide_row(t, "proposed", none, f);
		} else if (f->state == POLICY_DISPUTED) {
			decide_row(t, "disputed", none, f);
		} else if (f->state == POLICY_PENDING) {
			int64_t end = review_end(s, r, wakes, f);

			if (end != INT64_MAX)
				decide_row(t, "review ends", cell_time(end), f);
		}
	}
}

static bool is_last_of_event(const struct entry_list *list, size_t at)
{
	const struct entry *entry = &list->entries[at];

	for (size_t n = at + 1; n < list->count; n++) {
		if (strcmp(list->entries[n].kind, KIND_WORDS) == 0 &&
			strcmp(list->entries[n].i.uid, entry->i.uid) == 0 &&
			strcmp(list->entries[n].i.occurrence, entry->i.occurrence) == 0)
			return false;
	}
	return true;
}

/* What stands in an event and was refused is marked so in the ledger, until it is understood or gone. */
static void decide_words(struct report *r, struct report_table *t, const struct entry_list *list)
{
	for (size_t n = 0; n < list->count; n++) {
		const struct entry *entry = &list->entries[n];
		struct cell *c;

		if (strcmp(entry->kind, KIND_WORDS) != 0 || !strchr(entry->i.outcome, '?') ||
			!is_last_of_event(list, n) || !report_is_in(r, entry->when))
			continue;
		c = report_row(t);
		c[0] = cell_text("not understood");
		c[3] = cell_text(entry->i.client);
		c[4] = cell_text(entry->i.outcome);
		c[7] = cell_text(entry->i.uid);
		c[8] = cell_text("");
	}
}

int gather_decide(const struct report_source *s, struct report *r, struct err *e)
{
	struct report_table *t = report_table(r, "decide", decide_columns, ARRAY_SIZE(decide_columns));
	int64_t now = s->q->facts.now, tomorrow = now, next;
	struct waking wakes = { .owner = s->q->facts.owner, .mem = r->mem };
	struct fee_list list;

	while (report_day(r, tomorrow) == report_day(r, now))
		tomorrow += 3600;
	if (report_fees(s, r, &list, e) || store_wakes(s->q->facts.store, tomorrow, keep_wake, &wakes, &next,
		e))
		return -1;
	decide_fees(s, r, t, &list, &wakes);
	decide_words(r, t, &s->facts.entries);
	return 0;
}

/* ---- 3: money ---- */

static const struct report_column money_columns[] = { { "month", false, false }, { "currency", false,
	false },
	{ "assessed", true, false }, { "waived", true, false }, { "paid", true, false }, { "open", true,
	false },
	{ "undecided", true, false }, { "owed-back", true, false } };
static const struct report_column ageing_columns[] = { { "currency", false, false }, { "0-30", true,
	false },
	{ "31-60", true, false }, { "61-90", true, false }, { "over-90", true, false }, { "total", true,
	false } };

static const char **currencies_of(const struct fee_list *list, struct arena *mem, size_t *count)
{
	const char **out = arena_array(mem, list->count, sizeof(*out));
	size_t n = 0;

	for (size_t k = 0; k < list->count; k++) {
		const char *currency = list->fees[k].incident.currency;
		size_t at = 0;

		while (at < n && strcmp(out[at], currency) != 0)
			at++;
		if (at == n && *currency)
			out[n++] = currency;
	}
	*count = n;
	return out;
}

static void money_row(struct report_table *t, const char *month, const struct fee_sums *s)
{
	struct cell *c = report_row(t);

	c[0] = cell_text(month);
	c[1] = cell_text(s->currency);
	c[2] = cell_money(s->assessed, s->currency);
	c[3] = cell_money(s->waived, s->currency);
	c[4] = cell_money(s->paid, s->currency);
	c[5] = cell_money(s->open, s->currency);
	c[6] = cell_money(s->undecided, s->currency);
	c[7] = cell_money(s->credit, s->currency);
}

static void money_months(struct report *r, struct report_table *t, const struct fee_list *list,
	const char *currency)
{
	int64_t first = INT64_MAX, last = INT64_MIN;

	for (size_t n = 0; n < list->count; n++) {
		int64_t at = list->fees[n].incident.at, month = month_of(report_day(r, at));

		if (strcmp(list->fees[n].incident.currency, currency) != 0 || !report_is_in(r, at))
			continue;
		first = month < first ? month : first;
		last = month > last ? month : last;
	}
	for (int64_t month = first; month <= last; month = month_next(month)) {
		struct fee_sums sums = { .currency = currency };
			size_t count = 1;

		for (size_t n = 0; n < list->count; n++) {
			const struct policy_incident *i = &list->fees[n].incident;

			if (strcmp(i->currency, currency) == 0 && report_is_in(r, i->at) &&
				month_of(report_day(r, i->at)) == month)
				fee_sums_add(&sums, &count, &list->fees[n]);
		}
		money_row(t, month_name(month, r->mem), &sums);
	}
}

/* Of all that is open, whatever the period: by the days since it happened. */
static void money_age(const struct report_source *s, struct report *r, struct report_table *t,
	const struct fee_list *list, const char *currency)
{
	int64_t today = report_day(r, s->q->facts.now), ages[4] = { 0 }, total = 0;
	struct cell *c;

	for (size_t n = 0; n < list->count; n++) {
		const struct fee *f = &list->fees[n];
		int64_t days = today - report_day(r, f->incident.at), open = f->incident.charge - f->incident.deposit;

		if ((f->state != POLICY_DUE && f->state != POLICY_DISPUTED) ||
			strcmp(f->incident.currency, currency) != 0)
			continue;
		ages[days <= 30 ? 0 : days <= 60 ? 1 : days <= 90 ? 2 : 3] += open;
		total += open;
	}
	c = report_row(t);
	c[0] = cell_text(currency);
	for (size_t n = 0; n < ARRAY_SIZE(ages); n++)
		c[n + 1] = cell_money(ages[n], currency);
	c[5] = cell_money(total, currency);
}

int gather_money(const struct report_source *s, struct report *r, struct err *e)
{
	struct report_table *months = report_table(r, "months", money_columns, ARRAY_SIZE(money_columns));
	struct report_table *ageing = report_table(r, "ageing", ageing_columns, ARRAY_SIZE(ageing_columns));
	const char **currencies;
	struct fee_list list;
	size_t count;

	if (report_fees(s, r, &list, e))
		return -1;
	currencies = currencies_of(&list, r->mem, &count);
	for (size_t n = 0; n < count; n++) {
		money_months(r, months, &list, currencies[n]);
		money_age(s, r, ageing, &list, currencies[n]);
	}
	report_note(r,
		"by the month in which it happened; paid includes deposits that a fee used up; ageing counts "
		"the days since it happened");
	return 0;
}

/* One panel for each currency. */
void plot_money(const struct report *r, struct buf *out)
{
	const struct report_table *t = r->tables[0];
	size_t panels = r->tables[1]->row_count;
	struct svg svg;

	svg_begin(&svg, out, PICTURE_WIDTH, (double)BARS_HEIGHT * (double)(panels > 0 ? panels : 1),
		r->kind->what);
	for (size_t p = 0; p < panels; p++) {
		const char *currency = report_cell(r->tables[1], p, 0)->text;
		struct chart_box box = { 0, BARS_HEIGHT * (double)p, PICTURE_WIDTH, BARS_HEIGHT,
			arena_printf(r->mem, "fees by month, %s", currency) };
		const char **labels = arena_array(r->mem, t->row_count, sizeof(*labels));
		double *values[3], unit = pow(10, money_decimals(currency) > 0 ? money_decimals(currency) : 0);
		size_t count = 0;

		for (size_t k = 0; k < 3; k++)
			values[k] = arena_array(r->mem, t->row_count, sizeof(**values));
		for (size_t n = 0; n < t->row_count; n++) {
			if (strcmp(report_cell(t, n, 1)->text, currency) != 0)
				continue;
			labels[count] = report_cell(t, n, 0)->text;
			values[0][count] = (double)report_cell(t, n, 4)->number / unit;
			values[1][count] = (double)report_cell(t, n, 5)->number / unit;
			values[2][count++] = (double)report_cell(t, n, 3)->number / unit;
		}
		const struct chart_series series[] = { { "paid", values[0] }, { "open", values[1] },
			{ "waived", values[2] } };
		chart_bars(&svg, &box, &(struct chart_axis){ labels, count, NULL, 0, false }, series, 3, CHART_NUMBER);
	}
	svg_end(&svg);
}

/* ---- 10: waivers ---- */

static const struct report_column waiver_columns[] = { { "name", false, true }, { "currency", false,
	false },
	{ "count", true, false }, { "waived", true, false } };

static bool is_waived(const struct fee *f)
{
	return f->state == POLICY_WAIVED || (f->state == POLICY_CREDITED && *f->incident.reason);
}

static const char *waived_for(const struct fee *f)
{
	return *f->incident.reason ? f->incident.reason : "no reason given";
}

/* A word by nobody came with a command. */
static const char *waived_by(const struct fee *f)
{
	const struct policy_incident *i = &f->incident;

	return *i->actor ? i->actor : *i->word ? "the administrator" : "the server";
}

/* A row for each name and currency; the largest sum first comes by itself when sorted. */
static void count_waiver(struct report_table *t, const char *name, const struct policy_incident *i)
{
	struct cell *c = NULL;

	for (size_t n = 0; n < t->row_count && !c; n++) {
		struct cell *row = t->cells + n * t->column_count;

		if (strcmp(row[0].text, name) == 0 && strcmp(row[1].text, i->currency) == 0)
			c = row;
	}
	if (!c) {
		c = report_row(t);
		c[0] = cell_text(name);
		c[1] = cell_text(i->currency);
		c[2] = cell_count(0);
		c[3] = cell_money(0, i->currency);
	}
	c[2].number++;
	c[3].number += i->charge;
}

int gather_waivers(const struct report_source *s, struct report *r, struct err *e)
{
	static const struct { const char *name; const char *(*key)(const struct fee *f); } by[] = {
		{ "by-reason", waived_for }, { "by-whom", waived_by }, { "by-client", fee_client },
	};
	struct fee_list list;

	if (report_fees(s, r, &list, e))
		return -1;
	for (size_t k = 0; k < ARRAY_SIZE(by); k++) {
		struct report_table *t = report_table(r, by[k].name, waiver_columns, ARRAY_SIZE(waiver_columns));

		for (size_t n = 0; n < list.count; n++) {
			const struct fee *f = &list.fees[n];

			if (is_waived(f) && report_is_in(r, f->incident.at))
				count_waiver(t, by[k].key(f), &f->incident);
		}
	}
	return 0;
}

void plot_waivers(const struct report *r, struct buf *out)
{
	static const char *const headings[] = { "waivers by reason", "waivers by whom", "waivers by client" };
	struct svg svg;

	svg_begin(&svg, out, PICTURE_WIDTH, (double)BARS_HEIGHT * (double)r->table_count, r->kind->what);
	for (size_t k = 0; k < r->table_count; k++) {
		const struct report_table *t = r->tables[k];
		const struct chart_box box = { 0, BARS_HEIGHT * (double)k, PICTURE_WIDTH, BARS_HEIGHT,
			headings[k] };
		const char **labels = arena_array(r->mem, t->row_count, sizeof(*labels));
		double *counts = arena_array(r->mem, t->row_count, sizeof(*counts));
		const struct chart_series series = { "waived", counts };

		for (size_t n = 0; n < t->row_count; n++) {
			labels[n] = report_cell(t, n, 0)->text;
			counts[n] = (double)report_cell(t, n, 2)->number;
		}
		chart_bars(&svg, &box, &(struct chart_axis){ labels, t->row_count, NULL, 0, false }, &series, 1,
			CHART_COUNT);
	}
	svg_end(&svg);
}
