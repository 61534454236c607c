/* The console's table of paths and the file that tells others of it say the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "storage/backend.h"
#include "web/console/api.h"

static const char *const roles[] = { "nobody", "client", "owner", "administrator" };

struct described { struct arena *mem; struct response res; json_t *doc; };

static struct request request(struct described *d, const char *method, const char *path)
{
	return (struct request){ .mem = d->mem, .method = method, .path = path, .body = "", .res = &d->res };
}

static int setup(void **state)
{
	static struct described d;
	struct request rq;
	struct web web = { 0 };

	assert_int_equal(zone_init(NULL, NULL), 0);
	d.mem = arena_create();
	response_init(&d.res, 1 << 20);
	rq = request(&d, "GET", "/console/api/openapi.json");
	web_handle(&web, &rq);
	assert_int_equal(d.res.status, 200);
	d.doc = json_loads(d.res.body.data, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(d.doc);
	*state = &d;
	return 0;
}

static int teardown(void **state)
{
	struct described *d = *state;

	json_decref(d->doc);
	response_finish(&d->res);
	arena_destroy(d->mem);
	zone_finish();
	return 0;
}

static const json_t *operation(const struct described *d, const char *path, const char *method)
{
	char lower[16];

	snprintf(lower, sizeof(lower), "%s", method);
	ascii_lower(lower);
	return json_object_get(json_object_get(json_object_get(d->doc, "paths"), path), lower);
}

static void every_row_is_described(void **state)
{
	size_t rows = 0;

	for (const struct api_row *row = api_rows; row->method; row++, rows++) {
		const json_t *op = operation(*state, row->path, row->method);

		if (!op)
			fail_msg("%s %s isn't in openapi.json", row->method, row->path);
		assert_string_equal(json_string_value(json_object_get(op, "x-role")), roles[row->role]);
		assert_int_equal(json_object_get(op, "requestBody") != NULL, (row->flags & (API_JSON | API_CALENDAR)) != 0);
	}
	assert_true(rows > 3);
}

/* By its own "security", or by that of the whole. */
static bool takes_token(const struct described *d, const json_t *op)
{
	const json_t *security = json_object_get(op, "security"), *one;
	size_t i;

	json_array_foreach(security ? security : json_object_get(d->doc, "security"), i, one) {
		if (json_object_get(one, "token"))
			return true;
	}
	return false;
}

static void who_may_come_with_a_token_is_described(void **state)
{
	const unsigned no_token = API_IN_PERSON | API_SIGN_IN | API_CONFIRM;

	for (const struct api_row *row = api_rows; row->method; row++) {
		if (takes_token(*state, operation(*state, row->path, row->method)) !=
			(row->role != API_NOBODY && !(row->flags & no_token)))
			fail_msg("%s %s: \"security\" in openapi.json", row->method, row->path);
	}
}

static bool has_row(const char *path, const char *method)
{
	for (const struct api_row *row = api_rows; row->method; row++) {
		if (strcmp(row->path, path) == 0 && ascii_casecmp(row->method, method) == 0)
			return true;
	}
	return false;
}

static void everything_described_has_a_row(void **state)
{
	const struct described *d = *state;
	const char *path, *method;
	json_t *operations, *op;

	json_object_foreach(json_object_get(d->doc, "paths"), path, operations) {
		json_object_foreach(operations, method, op) {
			if (!has_row(path, method))
				fail_msg("%s %s is in no table", method, path);
			assert_true(json_string_length(json_object_get(op, "summary")) > 0);
		}
	}
}

/* RFC 9457 3.1.1: programs go by the types of refusals, so others have to know all of them. */
static void every_problem_is_described(void **state)
{
	const struct described *d = *state;
	const json_t *schemas = json_object_get(json_object_get(d->doc, "components"), "schemas");
	const json_t *members = json_object_get(json_object_get(schemas, "Problem"), "properties");
	const json_t *names = json_object_get(json_object_get(members, "type"), "enum");

	assert_int_equal(json_array_size(names), API_PROBLEM_COUNT);
	assert_string_equal(json_string_value(json_array_get(names, PROBLEM_NONE)), "about:blank");
	for (enum api_problem p = PROBLEM_NONE + 1; p < API_PROBLEM_COUNT; p++)
		assert_string_equal(json_string_value(json_array_get(names, p)),
			arena_printf(d->mem, "dedit:%s", api_problem_name(p)));
}

/* Each "$ref" leads somewhere. */
static void check_references(const struct described *d, json_t *value)
{
	static const char prefix[] = "#/components/schemas/";
	const char *key;
	json_t *member;
	size_t i;

	json_array_foreach(value, i, member)
		check_references(d, member);
	json_object_foreach(value, key, member) {
		const char *text = json_string_value(member);

		if (strcmp(key, "$ref") == 0 && text && str_starts(text, prefix))
			assert_non_null(json_object_get(json_object_get(json_object_get(d->doc, "components"),
				"schemas"), text + strlen(prefix)));
		check_references(d, member);
	}
}

static void references_lead_somewhere(void **state)
{
	struct described *d = *state;

	check_references(d, d->doc);
}

/* What asks for the password once more. */
static bool confirms(const struct api_row *row)
{
	return row->run == api_password || row->run == api_account_make || row->run == api_account_password ||
		row->run == api_account_close;
}

/* Whoever adds a path can't forget who may ask for it. */
static void doors_are_shut(void **state)
{
	for (const struct api_row *row = api_rows; row->method; row++) {
		const char *path = arena_printf(((struct described *)*state)->mem, "/console/api%s", row->path);
		struct request rq = request(*state, row->method, path);
		enum door want = row->role == API_NOBODY ? DOOR_OPEN :
			row->run == api_session_begin ? DOOR_SIGN_IN :
			confirms(row) ? DOOR_CONFIRM : DOOR_SESSION;

		assert_int_equal(web_door(&rq), want);
	}
	struct request other = request(*state, "GET", "/console/api/none");
	assert_int_equal(web_door(&other), DOOR_SESSION);
	other = request(*state, "GET", "/console/none");
	assert_int_equal(web_door(&other), DOOR_OPEN);
}

/* ---- a store that can't be asked now ---- */

#define BUSY(e) err_set(e, ERR_BUSY, "somebody else has it")

static int busy_collection(struct store *s, const char *owner, const char *name, struct arena *mem,
	struct collection *out, struct err *e)
{
	(void)s, (void)owner, (void)name, (void)mem, (void)out;
	return BUSY(e);
}

static int busy_shares(struct store *s, store_id collection, const char *user, share_fn visit, void *arg,
	struct err *e)
{
	(void)s, (void)collection, (void)user, (void)visit, (void)arg;
	return BUSY(e);
}

static int busy_delegations(struct store *s, const char *owner, const char *user, delegation_fn visit,
	void *arg, struct err *e)
{
	(void)s, (void)owner, (void)user, (void)visit, (void)arg;
	return BUSY(e);
}

static int busy_account(struct store *s, const char *name, struct arena *mem, struct account *out,
	struct err *e)
{
	(void)s, (void)name, (void)mem, (void)out;
	return BUSY(e);
}

struct asked { const char *method, *path, *query, *body, *who; }; /* who NULL: anna */

static int answer_of(struct web *web, const struct asked *q, bool *again)
{
	static const struct header head[] = { { "Content-Type", "application/json" } };
	cleanup_arena struct arena *mem = arena_create();
	struct response res;
	struct request rq = { .mem = mem, .method = q->method, .path = arena_printf(mem, "/console/api%s", q->path),
		.query = q->query, .head = head, .heads = 1, .body = q->body ? q->body : "", .res = &res,
		.who = { .name = q->who ? q->who : "anna" } };

	rq.body_len = strlen(rq.body);
	response_init(&res, 1 << 20);
	web_handle(web, &rq);
	*again = false;
	for (size_t n = 0; n < res.heads; n++)
		*again = *again || strcmp(res.head[n].name, "Retry-After") == 0;
	response_finish(&res);
	return res.status;
}

static void make_busy_site(struct web *web, struct err *e)
{
	static const char *const users[] = { "anna", "marc", "zoe" };
	struct share s = { .user = "anna", .access = SHARE_READ };

	*web = (struct web){ .policies = policy_none(), .shares = 9, .feeds = 9, .delegates = 9, .results = 9 };
	assert_int_equal(store_open("memory", NULL, NULL, &web->store, e), 0);
	for (size_t n = 0; n < ARRAY_SIZE(users); n++) {
		struct account ac = { .name = users[n], .addresses = (const char *const[]){ NULL }, .password = "*" };
		struct collection c = { .owner = users[n], .name = "work", .components = ICAL_VEVENT };

		assert_int_equal(store_account_put(web->store, &ac, e), 0);
		assert_int_equal(store_collection_make(web->store, &c, NULL, 0, 1790000000, &s.collection, e), 0);
		if (strcmp(users[n], "marc") == 0)
			assert_int_equal(store_share_put(web->store, &s, e), 0);
	}
}

/* Who is told that there is no such calendar may take it off the list: it has to be said that it can't be
 * found out now. */
static void what_cannot_be_found_out_is_not_missing(void **state)
{
	struct store_ops collection, shares, delegations, account;
	const struct { const struct store_ops *ops; struct asked q; } rows[] = {
		{ &collection, { .method = "GET", .path = "/calendars/marc/work" } },
		{ &collection, { .method = "GET", .path = "/calendars/anna/work/export" } },
		{ &collection, { .method = "PATCH", .path = "/calendars/anna/work", .body = "{}" } },
		{ &collection, { .method = "DELETE", .path = "/calendars/anna/work/feeds/none" } },
		{ &shares, { .method = "GET", .path = "/calendars/marc/work" } },
		{ &shares, { .method = "GET", .path = "/events", .query = "since=2026-06-01&until=2026-06-02" } },
		{ &delegations, { .method = "GET", .path = "/calendars/marc/work" } },
		{ &account, { .method = "PUT", .path = "/calendars/anna/work/shares/zoe",
			.body = "{\"access\": \"read\"}" } },
		{ &account, { .method = "PUT", .path = "/delegates/anna/zoe", .body = "{\"access\": \"read\"}" } },
	};
	const struct store_ops *intact;
	struct web web;
	struct err e;
	bool again;

	(void)state;
	make_busy_site(&web, &e);
	intact = web.store->ops;
	collection = shares = delegations = account = *intact;
	collection.collection = busy_collection;
	shares.shares = busy_shares;
	delegations.delegations = busy_delegations;
	account.account = busy_account;
	for (size_t n = 0; n < ARRAY_SIZE(rows); n++) {
		web.store->ops = rows[n].ops;
		if (answer_of(&web, &rows[n].q, &again) != 503 || !again)
			fail_msg("%s %s", rows[n].q.method, rows[n].q.path);
		web.store->ops = intact;
		if (answer_of(&web, &rows[n].q, &again) == 503)
			fail_msg("%s %s: although it can be asked", rows[n].q.method, rows[n].q.path);
	}
	store_close(web.store);
	policy_unload((struct policy_set *)web.policies);
}

/* ---- what is read ---- */

static const struct store_ops *watched;
static struct { size_t asked, of_all; } ledger_reads;

static int watched_ledger(struct store *s, const struct ledger_query *q, ledger_fn visit, void *arg,
	struct err *e)
{
	ledger_reads.asked++;
	ledger_reads.of_all += !q->uid;
	return watched->ledger(s, q, visit, arg, e);
}

static void make_practice(struct web *web, struct arena *mem, struct collection *work)
{
	static const char text[] = "policy \"p\" { timezone = \"UTC\" currency = EUR price = \"80 EUR\" "
		"tiers = { \"24h 100%\" } }\ncalendar \"anna/work\" { policy = \"p\" }\n";
	static const struct conf_schema *const sections[] = { &policy_schema, &calendar_schema, NULL };
	static const struct conf_schema file = { .sections = sections };
	const struct collection c = { .owner = "anna", .name = "work", .components = ICAL_VEVENT };
	const struct conf_section *root;
	struct policy_set *policies;
	struct err e = { 0 };
	store_id id;

	*web = (struct web){ .ical = ical_default_limits, .results = 99 };
	if (conf_parse(text, "test.conf", &file, &root, &e) ||
		policy_load(root, &(struct policy_options){ 0 }, &policies, &e) ||
		store_open("memory", NULL, NULL, &web->store, &e) ||
		store_account_put(web->store, &(struct account){ .name = "anna", .language = "en" }, &e) ||
		store_collection_make(web->store, &c, NULL, 0, 1780000000, &id, &e) ||
		store_collection(web->store, "anna", "work", mem, work, &e))
		fail_msg("%s", e.text);
	conf_destroy(root);
	web->policies = policies;
}

static void put_event(const struct web *web, const struct collection *c, const char *uid, const char *start,
	struct arena *mem)
{
	static const char *const none[] = { NULL };
	const struct event_request rq = { .store = web->store, .policies = web->policies, .limits = &web->ical,
		.mem = mem, .now = 1780000000, .actor = { .name = "anna", .displayname = "Anna", .addresses = none } };
	const char *body = arena_printf(mem, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n"
		"BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260601T000000Z\r\nDTSTART:%s\r\nDURATION:PT1H\r\n"
		"SUMMARY:Zoe\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", uid, start);
	struct event_result result;
	struct err e;

	if (event_put(&rq, &(struct event_where){ c, arena_printf(mem, "%s.ics", uid) }, body, strlen(body), &result,
		&e))
		fail_msg("%s", e.text);
}

/* It grows for years; a week of events stays one. */
static void the_ledger_is_read_for_what_is_shown(void **state)
{
	const struct asked week = { .method = "GET", .path = "/events",
		.query = "since=2026-07-06&until=2026-07-13" };
	cleanup_arena struct arena *mem = arena_create();
	struct store_ops ops;
	struct collection work;
	struct web web;
	bool again;

	(void)state;
	make_practice(&web, mem, &work);
	put_event(&web, &work, "before", "20260629T100000Z", mem);
	put_event(&web, &work, "one", "20260706T100000Z", mem);
	put_event(&web, &work, "two", "20260707T100000Z", mem);
	put_event(&web, &work, "after", "20260714T100000Z", mem);
	watched = web.store->ops;
	ops = *watched;
	ops.ledger = watched_ledger;
	web.store->ops = &ops;
	memset(&ledger_reads, 0, sizeof(ledger_reads));
	assert_int_equal(answer_of(&web, &week, &again), 200);
	assert_int_equal(ledger_reads.asked, 2);
	assert_int_equal(ledger_reads.of_all, 0);
	web.store->ops = watched;
	store_close(web.store);
	policy_unload((struct policy_set *)web.policies);
}

static size_t shares_asked;

static int watched_shares(struct store *s, store_id collection, const char *user, share_fn visit, void *arg,
	struct err *e)
{
	shares_asked++;
	return watched->shares(s, collection, user, visit, arg, e);
}

/* A client knows next to nobody here, so none of those that fit ends the search. */
static void few_are_looked_at_for_a_client(void **state)
{
	enum { ACCOUNTS = 500, LOOKED_AT = 200, ASKED_EACH = 2 };
	const struct asked q = { .method = "GET", .path = "/people", .query = "match=x", .who = "marc" };
	struct share s = { .user = "marc", .access = SHARE_READ };
	cleanup_arena struct arena *mem = arena_create();
	struct store_ops ops;
	struct collection work;
	struct web web;
	bool again;

	(void)state;
	make_practice(&web, mem, &work);
	s.collection = work.id;
	assert_int_equal(store_account_put(web.store, &(struct account){ .name = "marc" }, NULL), 0);
	assert_int_equal(store_share_put(web.store, &s, NULL), 0);
	for (int n = 0; n < ACCOUNTS; n++)
		assert_int_equal(store_account_put(web.store, &(struct account){ .name = arena_printf(mem, "x%d", n) },
			NULL), 0);
	watched = web.store->ops;
	ops = *watched;
	ops.shares = watched_shares;
	web.store->ops = &ops;
	shares_asked = 0;
	assert_int_equal(answer_of(&web, &q, &again), 200);
	assert_in_range(shares_asked, 1, LOOKED_AT * ASKED_EACH);
	web.store->ops = watched;
	store_close(web.store);
	policy_unload((struct policy_set *)web.policies);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_described),
		cmocka_unit_test(who_may_come_with_a_token_is_described),
		cmocka_unit_test(everything_described_has_a_row),
		cmocka_unit_test(every_problem_is_described),
		cmocka_unit_test(references_lead_somewhere),
		cmocka_unit_test(doors_are_shut),
		cmocka_unit_test(what_cannot_be_found_out_is_not_missing),
		cmocka_unit_test(the_ledger_is_read_for_what_is_shown),
		cmocka_unit_test(few_are_looked_at_for_a_client),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
