/* Everything about one event, as the ledger has it (doc/policy.md 5.2, 15). */
#include <string.h>

#include "base/util.h"
#include "policy/report/chart.h"
#include "policy/report/kinds.h"

enum { PICTURE_WIDTH = 900, ROWS_DRAWN = 200 };

static const struct report_column columns[] = { { "when", false, false }, { "kind", false, false },
	{ "outcome", false, false }, { "state", false, false }, { "start", false, false }, { "client", false,
	true },
	{ "by", false, false }, { "actor", false, false }, { "word", false, false }, { "reason", false, false },
	{ "notice", true, false }, { "required", true, false }, { "currency", false, false },
	{ "fee", true, false }, { "held", true, false }, { "basis", false, false },
	{ "policy", false, false }, { "version", false, false }, { "ref", false, false },
	{ "takes-back", false, false }, { "entry", true, false } };

static struct cell money_or_none(int64_t minor, const char *currency)
{
	return minor ? cell_money(minor, currency) : (struct cell){ 0 };
}

static void audit_row(struct report_table *t, const struct entry *entry)
{
	const struct policy_incident *i = &entry->i;
	bool incident = entry_kind_is_incident(entry->kind);
	struct cell *c = report_row(t);

	c[0] = cell_time(entry->when);
	c[1] = cell_text(entry->kind);
	c[2] = cell_text(i->outcome);
	c[3] = cell_text(incident ? state_name(i->state) : "");
	c[4] = i->slot ? cell_time(i->slot) : (struct cell){ 0 };
	c[5] = cell_text(i->client);
	c[6] = cell_text(i->by);
	c[7] = cell_text(i->actor);
	c[8] = cell_text(i->word);
	c[9] = cell_text(i->reason);
	c[10] = incident && i->notice ? cell_span(i->notice) : (struct cell){ 0 };
	c[11] = i->required >= 0 ? cell_span(i->required) : (struct cell){ 0 };
	c[12] = cell_text(i->currency);
	c[13] = money_or_none(i->charge, i->currency);
	c[14] = money_or_none(i->hold, i->currency);
	c[15] = cell_text(incident ? i->basis : "");
	c[16] = cell_text(i->policy);
	c[17] = cell_text(i->version);
	c[18] = cell_text(i->ref);
	c[19] = cell_text(i->supersedes);
	c[20] = cell_count((int64_t)entry->seq);
}

int gather_audit(const struct report_source *s, struct report *r, struct err *e)
{
	struct report_table *t = report_table(r, "entries", columns, ARRAY_SIZE(columns));
	const struct entry_list *list = &s->facts.entries;

	if (!s->q->uid)
		return err_set(e, ERR_INVALID, "--uid: of which event?");
	for (size_t n = 0; n < list->count; n++) {
		if (strcmp(list->entries[n].i.uid, s->q->uid) == 0 && report_is_in(r, list->entries[n].when))
			audit_row(t, &list->entries[n]);
	}
	if (t->row_count == 0)
		return err_set(e, ERR_NOT_FOUND, "the ledger of %s has nothing about that event", r->owner);
	return 0;
}

void plot_audit(const struct report *r, struct buf *out)
{
	const struct report_table *t = r->tables[0];
	size_t count = t->row_count < ROWS_DRAWN ? t->row_count : ROWS_DRAWN;
	struct chart_event *events = arena_array(r->mem, count, sizeof(*events));
	int64_t first = report_cell(t, 0, 0)->number, span = report_cell(t, count - 1, 0)->number - first;
	const struct chart_box box = { 0, 0, PICTURE_WIDTH, chart_rows_height(count), "what the ledger has" };
	struct svg svg;

	for (size_t n = 0; n < count; n++) {
		const char *outcome = report_cell(t, n, 2)->text, *actor = report_cell(t, n, 7)->text;

		events[n].at = span > 0 ? (double)(report_cell(t, n, 0)->number - first) / (double)span : 0;
		events[n].when = report_time(r, report_cell(t, n, 0)->number);
		events[n].important = report_cell(t, n, 13)->kind == CELL_MONEY;
		events[n].what = arena_printf(r->mem, "%s%s%s%s%s", report_cell(t, n, 1)->text, *outcome ? ": " : "",
			outcome, *actor ? ", " : "", actor);
	}
	svg_begin(&svg, out, PICTURE_WIDTH, box.height, r->kind->what);
	chart_events(&svg, &box, events, count);
	svg_end(&svg);
}
