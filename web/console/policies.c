/* Policies: what they say, whether an edited text is right, what it would have decided, what one costs. */
#include <string.h>

#include "base/conf.h"
#include "base/clock.h"
#include "base/util.h"
#include "policy/fee_act.h"
#include "policy/fees.h"
#include "policy/host.h"
#include "policy/kept.h"
#include "policy/replay.h"
#include "web/console/api.h"

enum { ERRORS_TOLD = 50 };

/* ---- which there are ---- */

/* Of which calendars under a policy it may see the terms: of its own, of those whom it acts for, an
 * administrator of all. */
struct theirs { struct api *a; const struct policy_calendar **list; size_t count; };

static int take_calendars(const char *owner, bool write, void *arg)
{
	struct theirs *t = arg;
	const struct policy_set *set = t->a->web->policies;

	(void)write;
	for (size_t n = 0; n < set->calendar_count; n++) {
		if (strcmp(set->calendars[n].owner, owner) == 0)
			t->list[t->count++] = &set->calendars[n];
	}
	return 0;
}

/* 0; -1 after a refusal. */
static int find_theirs(struct api *a, struct theirs *out)
{
	const struct policy_set *set = a->web->policies;
	struct err e;

	*out = (struct theirs){ .a = a, .list = arena_array(a->mem, set->calendar_count + 1, sizeof(*out->list)) };
	if (api_is_admin(a)) {
		for (size_t n = 0; n < set->calendar_count; n++)
			out->list[out->count++] = &set->calendars[n];
		return 0;
	}
	if (api_owners(a, take_calendars, out, &e) == 0)
		return 0;
	api_fail(a, &e);
	return -1;
}

static bool is_theirs(const struct theirs *t, const struct policy *p)
{
	for (size_t n = 0; n < t->count; n++) {
		if (t->list[n]->policy == p)
			return true;
	}
	return api_is_admin(t->a);
}

static json_t *calendars_of(const struct theirs *t, const struct policy *p)
{
	json_t *list = json_array();

	for (size_t n = 0; n < t->count; n++) {
		const struct policy_calendar *c = t->list[n];

		if (c->policy == p)
			json_array_append_new(list, json_text(arena_printf(t->a->mem, "%s/%s", c->owner, c->name)));
	}
	return list;
}

int api_policies(struct api *a)
{
	const struct policy_set *set = a->web->policies;
	struct theirs theirs;
	json_t *list;

	if (find_theirs(a, &theirs) < 0)
		return a->http->res->status;
	list = json_array();
	for (size_t n = 0; n < set->policy_count; n++) {
		const struct policy *p = &set->policies[n];

		if (is_theirs(&theirs, p))
			json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:o, s:b}", "name", p->name,
				"language", p->language, "zone", zone_name(p->zone), "digest", p->digest, "calendars",
				calendars_of(&theirs, p), "explained",
				policy_explain(p, p->language, a->http->now, a->mem) != NULL));
	}
	return api_send(a, 200, json_pack("{s:o}", "policies", list));
}

/* ---- one ---- */

/* As the configuration has it; comments are not kept. */
static const char *text_of(const struct theirs *t, const struct policy *p)
{
	cleanup_buf struct buf text;

	buf_init(&text, 2 * KEPT_TEXT_MAX);
	if (kept_read(t->a->web->policies->data, p->digest, &text, NULL) != 0)
		return "";
	for (size_t n = 0; n < t->count; n++) {
		const struct policy_calendar *c = t->list[n];

		if (c->policy == p)
			buf_printf(&text, "calendar \"%s/%s\" { policy = \"%s\" }\n", c->owner, c->name, p->name);
	}
	return text.full ? "" : arena_strndup(t->a->mem, text.data, text.len);
}

/* What holds for what is booked on that day. 0; -1 after a refusal. */
static int read_when(struct api *a, const struct policy *p, int64_t *when)
{
	bool given = false;
	int64_t day;

	*when = a->http->now;
	if (api_query_day(a, "when", &given, &day) < 0)
		return -1;
	if (given)
		*when = zone_day_begin(p->zone, day);
	return 0;
}

static int no_policy(struct api *a)
{
	return api_refuse(a, 404, "none of your calendars is under such a policy");
}

int api_policy(struct api *a)
{
	const struct policy *p = policy_find(a->web->policies, a->part[0]);
	struct theirs theirs;
	int64_t when;

	if (find_theirs(a, &theirs) < 0)
		return a->http->res->status;
	if (!p || !is_theirs(&theirs, p))
		return no_policy(a);
	if (read_when(a, p, &when) < 0)
		return 400;
	return api_send(a, 200, json_pack("{s:s, s:s, s:s, s:{s:o, s:o}, s:s}", "name", p->name, "language",
		p->language, "zone", zone_name(p->zone), "explain", "en",
		json_text(policy_explain(p, "en", when, a->mem)), "fr",
		json_text(policy_explain(p, "fr", when, a->mem)), "text", text_of(&theirs, p)));
}

/* ---- who has agreed to it ---- */

int api_acceptance(struct api *a)
{
	const struct policy *p = policy_find(a->web->policies, a->part[0]);
	struct event_request rq = api_event_request(a);
	const char *owner, *client, *text;
	int64_t when = a->http->now;
	struct err e;

	if (api_text(a, "owner", false, &owner) < 0 || api_text(a, "client", true, &client) < 0 ||
		api_text(a, "when", false, &text) < 0)
		return 400;
	owner = owner ? owner : a->http->who.name;
	if (api_check_owner(a, owner, true) < 0)
		return a->http->res->status;
	if (!p)
		return no_policy(a);
	if (text && api_moment(a, "when", text, p->zone, &when) < 0)
		return 400;
	if (event_accept(&rq, owner, p->name, client, when, &e) != 0)
		return e.code == ERR_INVALID ? api_refuse(a, 400, "%s", e.text) : api_fail(a, &e);
	return api_send(a, 201, json_pack("{s:s, s:s, s:s, s:o}", "policy", p->name, "owner", owner, "client",
		client, "when", json_time(when)));
}

/* ---- an edited text ---- */

static const struct conf_schema *const sections[] = { &policy_schema, &calendar_schema, NULL };
static const struct conf_schema text_schema = { .sections = sections };

/* The body's member "policies". libConfuse puts the environment's variables in for ${NAME}: none of that is
 * for whoever asks. NULL after a refusal. */
static const char *read_text(struct api *a)
{
	const json_t *value = json_object_get(a->body, "policies");
	const char *text = json_string_value(value);

	if (text && strlen(text) == json_string_length(value) && !strstr(text, "${"))
		return text;
	api_refuse(a, 400, "policies: text with sections policy and calendar, without variables");
	return NULL;
}

struct wrong { json_t *errors; };

static void add_wrong(const char *line, void *arg)
{
	const struct wrong *w = arg;

	if (json_array_size(w->errors) < ERRORS_TOLD)
		json_array_append_new(w->errors, json_text(line));
}

static json_int_t count_sections(const struct conf_section *root, const char *kind)
{
	json_int_t n = 0;

	for (size_t i = 0; root && i < root->section_count; i++)
		n += strcmp(root->sections[i]->section, kind) == 0;
	return n;
}

/* No module of another file than the server's own configuration names, and nothing is kept. */
static const struct policy_options asked = { 0 };

int api_policy_check(struct api *a)
{
	struct wrong w = { json_array() };
	const struct conf_section *root = NULL;
	const char *text = read_text(a);
	struct err e;
	json_t *o;

	if (!text) {
		json_decref(w.errors);
		return 400;
	}
	if (conf_parse(text, "policies", &text_schema, &root, &e) != 0)
		add_wrong(e.text, &w);
	else
		policy_check(root, &asked, add_wrong, &w);
	o = json_pack("{s:b, s:I, s:I}", "ok", json_array_size(w.errors) == 0, "policies",
		count_sections(root, policy_schema.section), "calendars", count_sections(root, calendar_schema.section));
	conf_destroy(root);
	json_object_set_new(o, "errors", w.errors);
	return api_send(a, 200, o);
}

/* ---- what it would have decided ---- */

struct replay_sum { const char *client, *currency; json_int_t count, before, after; };

/* client "": all. */
static void sum_add(struct replay_sum *list, size_t *count, const struct replay_pair *p, const char *client)
{
	size_t n = 0;

	while (n < *count && (strcmp(list[n].currency, p->currency) != 0 || strcmp(list[n].client, client) != 0))
		n++;
	if (n == *count)
		list[(*count)++] = (struct replay_sum){ .client = client, .currency = p->currency };
	list[n].count++;
	list[n].before += p->before.fee - p->before.credit;
	list[n].after += p->after.fee - p->after.credit;
}

static json_t *sums_of(struct api *a, const struct replay *r)
{
	struct replay_sum *sums = arena_array(a->mem, 2 * r->count + 1, sizeof(*sums));
	json_t *list = json_array();
	size_t count = 0;

	for (size_t n = 0; n < r->count; n++) {
		const struct replay_pair *p = &r->pairs[n];

		if (p->before.fee != 0 || p->after.fee != 0 || replay_differs(p))
			sum_add(sums, &count, p, "");
		if (replay_differs(p))
			sum_add(sums, &count, p, p->name);
	}
	for (size_t n = 0; n < count; n++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:I, s:I}", "currency", sums[n].currency,
			"client", sums[n].client, "count", sums[n].count, "before", sums[n].before, "after",
			sums[n].after));
	return list;
}

static json_t *replay_result(const struct replay_result *r)
{
	return json_pack("{s:s, s:s, s:I, s:I}", "class", r->class_, "outcome", r->outcome, "fee",
		(json_int_t)r->fee, "credit", (json_int_t)r->credit);
}

static int send_replay(struct api *a, const struct replay *r)
{
	json_t *pairs = json_array();
	size_t told = 0;

	for (size_t n = 0; n < r->count && told < a->web->results; n++) {
		const struct replay_pair *p = &r->pairs[n];

		if (!replay_differs(p))
			continue;
		told++;
		json_array_append_new(pairs, json_pack("{s:o, s:o, s:s, s:s, s:s, s:o, s:o}", "at", json_time(p->at),
			"start", json_time(p->slot), "client", p->name, "policy", p->policy, "currency", p->currency,
			"before", replay_result(&p->before), "after", replay_result(&p->after)));
	}
	return api_send(a, 200, json_pack("{s:I, s:I, s:I, s:b, s:o, s:o}", "count", (json_int_t)r->count, "changed",
		(json_int_t)r->changed, "left-out", (json_int_t)r->left_out, "truncated", told < r->changed, "sums",
		sums_of(a, r), "pairs", pairs));
}

static int replay_under(struct api *a, const struct conf_section *root, const char *owner, int64_t since)
{
	struct policy_set *set;
	struct replay r;
	struct err e;
	int status;

	if (policy_load(root, &asked, &set, &e) != 0)
		return api_refuse_as(a, PROBLEM_POLICY_TEXT, 422, "%s", e.text);
	if (replay_run(a->web->store, set, owner, since, a->http->now, a->mem, &r, &e) != 0)
		status = api_fail(a, &e);
	else
		status = send_replay(a, &r);
	policy_unload(set);
	return status;
}

int api_policy_replay(struct api *a)
{
	const struct conf_section *root = NULL;
	const char *text = read_text(a), *owner, *since;
	struct err e;
	int64_t day;
	int status;

	if (!text || api_text(a, "owner", false, &owner) < 0 || api_text(a, "since", true, &since) < 0)
		return a->http->res->status;
	if (date_parse(since, &day) != 0)
		return api_refuse(a, 400, "since: a date, for example 2026-06-10");
	owner = owner ? owner : a->http->who.name;
	if (api_check_owner(a, owner, false) < 0)
		return a->http->res->status;
	if (conf_parse(text, "policies", &text_schema, &root, &e) != 0)
		return api_refuse_as(a, PROBLEM_POLICY_TEXT, 422, "%s", e.text);
	status = replay_under(a, root, owner, zone_day_begin(api_zone(a, owner), day));
	conf_destroy(root);
	return status;
}

/* ---- what a cancellation would cost ---- */

int api_quote(struct api *a)
{
	const char *given = api_query(a, "when"), *name = api_query(a, "name");
	struct event_request rq = api_event_request(a);
	struct fee_list list;
	struct collection c;
	int64_t when = a->http->now;
	json_t *quotes;
	struct err e;

	if (!name || (given && iso_date_parse(given, &when) != 0))
		return api_refuse(a, 400, "calendar, name, and perhaps when: 2026-06-10T08:00:00Z");
	if (api_calendar(a, api_query(a, "calendar"), false, &c) < 0)
		return a->http->res->status;
	if (event_quote(&rq, &(struct event_where){ &c, name }, when, &list, &e) != 0)
		return api_fail(a, &e);
	if (list.count > 0)
		when = list.fees[0].incident.at; /* never before it was booked (policy.md 3.2) */
	quotes = json_array();
	for (size_t n = 0; n < list.count; n++) {
		const struct policy_incident *i = &list.fees[n].incident;

		json_array_append_new(quotes, json_pack("{s:o, s:o, s:s, s:s, s:o, s:s}", "start", json_time(i->slot),
			"free-until", json_time(i->free_until), "class", i->class_, "outcome", i->outcome, "cost",
			json_money(a->mem, i->charge, i->currency), "basis", i->basis));
	}
	return api_send(a, 200, json_pack("{s:s, s:o, s:o}", "zone", zone_name(api_zone(a, c.owner)), "when",
		json_time(when), "quotes", quotes));
}
