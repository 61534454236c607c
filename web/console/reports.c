/* What the ledger tells its owner, as numbers: policy/report/. */
#include <string.h>

#include "base/util.h"
#include "policy/fees.h"
#include "policy/report/report.h"
#include "web/console/api.h"

int api_report(struct api *a, const char *name, struct report_query *q, struct report *out, struct err *e)
{
	const struct report_kind *kind = report_find(name);

	if (!kind)
		return err_set(e, ERR_NOT_FOUND, "there is no such report");
	q->facts.store = a->web->store;
	q->facts.policies = a->web->policies;
	q->facts.limits = &a->web->ical;
	q->facts.now = a->http->now;
	return report_gather(kind, q, a->mem, out, e);
}

int api_reports(struct api *a)
{
	json_t *list = json_array();

	for (const struct report_kind *k = report_kinds; k->name; k++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:b, s:b}", "name", k->name, "what", k->what,
			"drawn", k->plot != NULL, "takes-uid", (k->takes & REPORT_UID) != 0, "takes-policy",
			(k->takes & REPORT_POLICY) != 0));
	return api_send(a, 200, json_pack("{s:o}", "reports", list));
}

/* 0; -1 after a refusal. */
static int read_query(struct api *a, struct report_query *q)
{
	q->first_day = INT64_MIN;
	q->last_day = INT64_MAX;
	q->client = api_query(a, "client");
	q->uid = api_query(a, "uid");
	return api_owner(a, &q->facts.owner) < 0 || api_query_day(a, "since", &q->by_day, &q->first_day) < 0 ||
		api_query_day(a, "until", &q->by_day, &q->last_day) < 0 ? -1 : 0;
}

int api_report_show(struct api *a)
{
	struct report_query q = { 0 };
	struct report r;
	struct err e;

	if (read_query(a, &q) < 0)
		return a->http->res->status;
	if (api_report(a, a->part[0], &q, &r, &e) < 0)
		return api_fail(a, &e);
	return api_send(a, 200, report_object(&r));
}

/* ---- clients ---- */

/* Columns of the report "clients". */
enum { NAME, APPOINTMENTS, KEPT, IN_TIME, LATE, ABSENT, HELD, WAIVED, SHARE, LOW, HIGH, TREND };

static json_t *reliability(const struct report_table *t, size_t row)
{
	if (report_cell(t, row, SHARE)->kind == CELL_NONE || report_cell(t, row, SHARE)->number < 0)
		return json_null();
	return json_pack("{s:f, s:f, s:f}", "share", share_value(report_cell(t, row, SHARE)), "low",
		share_value(report_cell(t, row, LOW)), "high", share_value(report_cell(t, row, HIGH)));
}

static json_t *months_of(const struct report_table *t, const char *name)
{
	json_t *list = json_array();

	for (size_t row = 0; row < t->row_count; row++) {
		if (strcmp(report_cell(t, row, 0)->text, name) == 0)
			json_array_append_new(list, json_pack("{s:s, s:I, s:I}", "month", report_cell(t, row, 1)->text,
				"all", (json_int_t)report_cell(t, row, 2)->number, "good",
				(json_int_t)report_cell(t, row, 3)->number));
	}
	return list;
}

/* A name that two clients have is told with the key behind it: "Marc (marc@example.org)". */
static bool is_named(const char *shown, const char *name, const char *key)
{
	size_t name_len = strlen(name), key_len = strlen(key);

	if (strcmp(shown, name) == 0 || strcmp(shown, key) == 0)
		return true;
	return strncmp(shown, name, name_len) == 0 && str_starts(shown + name_len, " (") &&
		strncmp(shown + name_len + 2, key, key_len) == 0 && strcmp(shown + name_len + 2 + key_len, ")") == 0;
}

/* What is owed, by currency. *key: the client's, if a fee tells it. */
static json_t *open_of(struct api *a, const char *shown, const struct fee_list *fees, const char **key)
{
	struct fee_sums *sums = arena_array(a->mem, fees->count + 1, sizeof(*sums));
	size_t count = 0;
	json_t *list = json_array();

	for (size_t n = 0; n < fees->count; n++) {
		const struct fee *f = &fees->fees[n];

		if (!is_named(shown, fee_client(f), f->incident.client))
			continue;
		*key = f->incident.client;
		fee_sums_add(sums, &count, f);
	}
	for (size_t n = 0; n < count; n++) {
		if (sums[n].open != 0)
			json_array_append_new(list, json_money(a->mem, sums[n].open, sums[n].currency));
	}
	return list;
}

static json_t *accepted_of(struct api *a, const char *shown, const char *key,
	const struct entry_list *accepted)
{
	json_t *list = json_array();

	for (size_t n = 0; n < accepted->count; n++) {
		const struct policy_incident *i = &accepted->entries[n].i;

		if (strcmp(i->client, key) == 0 || is_named(shown, i->title, i->client))
			json_array_append_new(list, json_pack("{s:s, s:o}", "policy", i->policy, "when",
				json_time(i->at)));
	}
	return list;
}

static json_t *client(struct api *a, const struct report *r, size_t row, const struct fee_list *fees,
	const struct entry_list *accepted)
{
	static const char *const counts[] = { [APPOINTMENTS] = "appointments", [KEPT] = "kept",
		[IN_TIME] = "in-time", [LATE] = "late", [ABSENT] = "absent", [HELD] = "held", [WAIVED] = "waived" };
	const struct report_table *t = r->tables[0];
	const char *name = report_cell(t, row, NAME)->text, *key = name;
	json_t *open = open_of(a, name, fees, &key);
	json_t *o = json_pack("{s:s, s:s, s:o, s:s, s:o, s:o, s:o}", "name", name, "key", key, "reliability",
		reliability(t, row), "trend", report_cell(t, row, TREND)->text, "months",
		months_of(r->tables[1], name), "accepted", accepted_of(a, name, key, accepted), "open", open);

	for (size_t c = APPOINTMENTS; c < ARRAY_SIZE(counts); c++)
		json_object_set_new(o, counts[c], json_integer(report_cell(t, row, c)->number));
	return o;
}

static json_t *notes_of(const struct report *r)
{
	json_t *notes = json_array();

	for (size_t n = 0; n < r->note_count; n++)
		json_array_append_new(notes, json_string(r->notes[n]));
	return notes;
}

int api_clients(struct api *a)
{
	struct report_query q = { 0 };
	struct fee_filter filter = { 0 };
	struct ledger_query kind = { .kind = KIND_ACCEPTED };
	struct entry_list accepted = { 0 };
	struct fee_list fees;
	struct report r;
	struct err e;
	json_t *list;

	if (read_query(a, &q) < 0)
		return a->http->res->status;
	filter.owner = kind.owner = q.facts.owner;
	if (api_report(a, "clients", &q, &r, &e) < 0 || fees_list(a->web->store, &filter, a->mem, &fees, &e) < 0 ||
		ledger_read(a->web->store, &kind, a->mem, &accepted, &e) < 0)
		return api_fail(a, &e);
	list = json_array();
	for (size_t row = 0; row < r.tables[0]->row_count; row++)
		json_array_append_new(list, client(a, &r, row, &fees, &accepted));
	return api_send(a, 200, json_pack("{s:s, s:o, s:o, s:o, s:o}", "zone", zone_name(r.zone), "since",
		report_json_day(&r, r.first_day), "until", report_json_day(&r, r.last_day), "notes", notes_of(&r),
		"clients", list));
}
