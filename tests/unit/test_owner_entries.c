/*
 * What the owner is told in Fees: remind, link-check, review-terms; and keep-incidents (doc/policy.md 5.1).
 * Over a store in memory; the clock is the request's. Appointments at 10:00Z, tiers "24h 100%".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/util.h"
#include "policy/audit.h"
#include "policy/late/late.h"
#include "policy/notices.h"
#include "policy/own_entry.h"
#include "policy/owner_daily.h"

struct world {
	struct store *store;
	struct arena *mem;
	struct policy_set *policies;
	struct collection work;
	struct err e;
	const char *who;
	int64_t now;
	struct buf text;
};

static int64_t at(const char *text)
{
	int64_t when = 0;

	assert_int_equal(iso_date_parse(text, &when), 0);
	return when;
}

static void load(struct world *w, const char *more)
{
	static const struct conf_schema *const sections[] = { &policy_schema, &calendar_schema, NULL };
	static const struct conf_schema file = { .sections = sections };
	const struct conf_section *root;
	const char *text = arena_printf(w->mem, "policy \"p\" {\n timezone = \"Europe/Paris\"\n currency = EUR\n"
		" price = \"80 EUR\"\n tiers = { \"24h 100%%\" }\n owner-changes = client\n %s\n}\n"
		"calendar \"anna/work\" { policy = \"p\" }\n", more);

	if (w->policies)
		policy_unload(w->policies);
	if (conf_parse(text, "test.conf", &file, &root, &w->e) ||
		policy_load(root, &(struct policy_options){ 0 }, &w->policies, &w->e))
		fail_msg("%s", w->e.text);
	conf_destroy(root);
}

static struct world *world_make(const char *more)
{
	const struct collection work = { .owner = "anna", .name = "work", .components = ICAL_VEVENT };
	struct world *w = xcalloc(1, sizeof(*w));
	store_id id;

	w->mem = arena_create();
	w->now = at("2026-06-01T08:00:00Z");
	w->who = "anna";
	buf_init(&w->text, 1 << 20);
	if (zone_init(NULL, &w->e) || store_open("memory", NULL, NULL, &w->store, &w->e) ||
		store_account_put(w->store, &(struct account){ .name = "anna", .language = "en" }, &w->e) ||
		store_collection_make(w->store, &work, NULL, 0, w->now, &id, &w->e) ||
		store_collection(w->store, "anna", "work", w->mem, &w->work, &w->e))
		fail_msg("%s", w->e.text);
	load(w, more);
	return w;
}

static void world_drop(struct world *w)
{
	policy_unload(w->policies);
	store_close(w->store);
	buf_finish(&w->text);
	zone_finish();
	arena_destroy(w->mem);
	free_cleanup(&w);
}

static struct event_request request(const struct world *w)
{
	static const char *const none[] = { NULL };

	return (struct event_request){ .store = w->store, .policies = w->policies,
		.limits = &ical_default_limits, .mem = w->mem, .now = w->now,
		.actor = { .name = w->who, .displayname = w->who, .addresses = none } };
}

static void put(struct world *w, const char *uid, const char *start, const char *title, const char *more)
{
	const struct event_request rq = request(w);
	const char *body = arena_printf(w->mem, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n"
		"BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260601T000000Z\r\nDTSTART:%s\r\nDURATION:PT1H\r\nSUMMARY:%s\r\n"
		"%sEND:VEVENT\r\nEND:VCALENDAR\r\n", uid, start, title, more);
	struct event_result result;

	if (event_put(&rq, &(struct event_where){ &w->work, arena_printf(w->mem, "%s.ics", uid) }, body,
		strlen(body), &result, &w->e))
		fail_msg("%s", w->e.text);
}

static void cancel(struct world *w, const char *uid)
{
	const struct event_request rq = request(w);
	struct event_result result;

	if (event_delete(&rq, &(struct event_where){ &w->work, arena_printf(w->mem, "%s.ics", uid) }, &result,
		&w->e))
		fail_msg("%s", w->e.text);
}

struct wakes { struct world *w; struct wake list[50]; size_t count; };

static int take_wake(const struct wake *wake, void *arg)
{
	struct wakes *all = arg;
	struct arena *mem = all->w->mem;

	assert_true(all->count < 50);
	all->list[all->count++] = (struct wake){ wake->at, arena_strdup(mem, wake->owner),
		arena_strdup(mem, wake->calendar), arena_strdup(mem, wake->name) };
	return 0;
}

/* The wakes that are due by then, as the server does it. */
static void tick(struct world *w, const char *now)
{
	struct wakes due = { .w = w };
	struct collection c;
	int64_t next;

	w->now = at(now);
	w->who = "";
	assert_int_equal(store_wakes(w->store, w->now, take_wake, &due, &next, &w->e), 0);
	for (size_t n = 0; n < due.count; n++) {
		const struct event_request rq = request(w);

		if (store_collection(w->store, "anna", due.list[n].calendar, w->mem, &c, &w->e) == 0 &&
			event_tick(&rq, &(struct event_where){ &c, due.list[n].name }, &w->e) != 0)
			fail_msg("%s", w->e.text);
		store_wake_done(w->store, &due.list[n], &w->e);
	}
	w->who = "anna";
}

static void daily(struct world *w, const char *now)
{
	struct event_request rq;

	w->now = at(now);
	w->who = "";
	rq = request(w);
	if (owners_daily(&rq, &w->e))
		fail_msg("%s", w->e.text);
	w->who = "anna";
}

struct listing { struct world *w; const char *kind; const char *names[50]; size_t count; };

static int take_name(const struct object *o, void *arg)
{
	struct listing *l = arg;

	if (str_starts(o->name, l->kind))
		l->names[l->count++] = arena_printf(l->w->mem, "%s", o->name);
	return 0;
}

/* The entries of a kind, one after the other. */
static const char *entries(struct world *w, const char *kind)
{
	struct listing all = { .w = w, .kind = kind };
	struct collection fees;
	struct object o;

	buf_reset(&w->text);
	if (store_collection(w->store, "anna", "fees", w->mem, &fees, &w->e))
		return "";
	assert_int_equal(store_list(w->store, fees.id, 0, INT64_MIN, INT64_MAX, take_name, &all, NULL, &w->e), 0);
	for (size_t n = 0; n < all.count; n++)
		assert_int_equal(store_body(w->store, fees.id, all.names[n], w->mem, &o, &w->text, &w->e), 0);
	return w->text.len ? w->text.data : "";
}

static void assert_starts(struct world *w, const char *kind, const char *start)
{
	const char *all = entries(w, kind), *line = arena_printf(w->mem, "\r\nDTSTART:%s\r\n", start);

	if (!*start)
		assert_string_equal(all, "");
	else if (!strstr(all, line))
		fail_msg("expected DTSTART:%s in %s", start, all);
	else
		assert_null(strstr(strstr(all, "BEGIN:VEVENT") + 1, "BEGIN:VEVENT"));
}

/* ---- remind ---- */

static void reminders_are_before_the_slots_own_deadline(void **state)
{
	struct world *w = world_make("remind = \"24h before-deadline\"\n client \"marie durand\" "
		"{ tiers = { \"48h 100%\" } }\n client \"zoe\" { remind = \"1h before-deadline\" }");

	(void)state;
	put(w, "a", "20260610T100000Z", "Marie Durand", "");
	assert_starts(w, "remind", "20260607T100000Z");
	cancel(w, "a");
	assert_starts(w, "remind", "");
	put(w, "z", "20260610T100000Z", "Zoe", "");
	assert_starts(w, "remind", "20260609T090000Z");
	world_drop(w);
}

static void a_series_has_one_reminder_that_goes_on(void **state)
{
	struct world *w = world_make("remind = \"24h before-deadline\"");

	(void)state;
	put(w, "s", "20260603T100000Z", "Marie", "RRULE:FREQ=DAILY;COUNT=4\r\nEXDATE:20260604T100000Z\r\n");
	assert_starts(w, "remind", "20260601T100000Z");
	tick(w, "2026-06-02T10:00:00Z"); /* the last free instant */
	assert_starts(w, "remind", "20260601T100000Z");
	tick(w, "2026-06-02T10:00:01Z"); /* 4 June is none, and that of 5 June is not over */
	assert_starts(w, "remind", "20260603T100000Z");
	tick(w, "2026-06-04T10:00:01Z");
	assert_starts(w, "remind", "20260604T100000Z");
	tick(w, "2026-06-05T10:00:01Z");
	assert_starts(w, "remind", "");
	world_drop(w);
}

static void a_clock_set_back_and_forth_doubles_and_loses_nothing(void **state)
{
	struct world *w = world_make("remind = \"24h before-deadline\"");

	(void)state;
	put(w, "s", "20260603T100000Z", "Marie", "RRULE:FREQ=DAILY;COUNT=4\r\n");
	tick(w, "2026-06-03T10:00:01Z");
	assert_starts(w, "remind", "20260603T100000Z");
	tick(w, "2026-06-01T09:00:00Z");
	assert_starts(w, "remind", "20260603T100000Z"); /* no wake is left for then */
	put(w, "s", "20260603T100000Z", "Marie", "RRULE:FREQ=DAILY;COUNT=4\r\nLOCATION:here\r\n");
	assert_starts(w, "remind", "20260601T100000Z");
	tick(w, "2026-06-03T10:00:01Z");
	assert_starts(w, "remind", "20260603T100000Z");
	tick(w, "2026-06-09T10:00:01Z");
	assert_starts(w, "remind", "");
	world_drop(w);
}

/* ---- link-check ---- */

static void links_are_missed_where_video_is_said(void **state)
{
	static const struct { const char *title, *note, *link; bool missing; } rows[] = {
		{ "Marie #video", "", "", true }, { "Marie #Visio", "", "", true },
		{ "Marie", "bring it (#video)", "", true },
		{ "Marie #video", "", "https://meet.example.org", false }, { "Marie #phone", "", "", false },
		{ "Marie #tel", "", "", false }, { "Marie video", "", "", false }, { "Marie #videos", "", "", false },
		{ "Marie", "https://x.org/#video", "", false }, { "", "", "", false },
	};
	struct arena *mem cleanup_arena = arena_create();

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(rows); n++) {
		if (late_link_wanted(rows[n].title, rows[n].note, rows[n].link, mem) != rows[n].missing)
			fail_msg("row %zu", n);
	}
}

static void links_missing_lists_dates_within_the_time(void **state)
{
	struct world *w = world_make("link-check = \"2d\"");
	struct event_request rq;
	struct link_missing *list;

	(void)state;
	put(w, "s", "20260609T100000Z", "Marie #video", "RRULE:FREQ=DAILY;COUNT=5\r\n");
	put(w, "u", "20260610T120000Z", "Paul #video", "URL:https://meet.example.org\r\n");
	put(w, "v", "20260610T130000Z", "Max #video", "STATUS:CANCELLED\r\n");
	put(w, "x", "20260610T140000Z", "Zoe", "DESCRIPTION:#visio\r\n");
	w->now = at("2026-06-08T12:00:00Z");
	rq = request(w);
	assert_int_equal(links_missing(&rq, "anna", &list, &w->e), 0);
	/* 10:00Z of the 9th and 10th are within two days; "x" is two hours too far */
	assert_non_null(list);
	assert_string_equal(list->occurrence, "20260609T100000Z");
	assert_string_equal(list->title, "Marie");
	assert_int_equal(list->asked, at("2026-06-07T10:00:00Z"));
	assert_string_equal(list->next->occurrence, "20260610T100000Z");
	assert_null(list->next->next);
	w->now = at("2026-06-08T14:00:00Z");
	rq = request(w);
	assert_int_equal(links_missing(&rq, NULL, &list, &w->e), 0);
	assert_string_equal(list->next->next->uid, "x");
	assert_null(list->next->next->next);
	assert_int_equal(links_missing(&rq, "paul", &list, &w->e), 0);
	assert_null(list);
	world_drop(w);
}

/* ---- review-terms ---- */

static void reviews_count_since_the_last_one(void **state)
{
	struct world *w = world_make("review-terms = \"2 months\"");

	(void)state;
	put(w, "a", "20260610T100000Z", "Marie", "");
	put(w, "b", "20260705T100000Z", "Marie", "");
	put(w, "c", "20260920T100000Z", "Marie", "");
	w->now = at("2026-07-05T08:00:00Z");
	cancel(w, "b");
	daily(w, "2026-07-20T08:00:00Z");
	assert_non_null(strstr(entries(w, "review"), "\r\nDTSTART;VALUE=DATE:20260801\r\n"
		"RRULE:FREQ=MONTHLY;INTERVAL=2\r\nSUMMARY:Review terms: Marie\r\n"));
	assert_non_null(strstr(w->text.data, "kept 1\\, ca"));
	assert_non_null(strstr(w->text.data, "late 1\\, ab"));
	daily(w, "2026-08-07T08:00:00Z"); /* the review is under way */
	assert_non_null(strstr(entries(w, "review"), "kept 1\\, ca"));
	daily(w, "2026-08-09T08:00:00Z");
	assert_non_null(strstr(entries(w, "review"), "Since Sat 1 August 2026 00:00: kept 0\\, ca"));
	daily(w, "2026-12-09T08:00:00Z");
	assert_string_equal(entries(w, "review"), "");
	/* a clock that was wrong changes nothing for long */
	daily(w, "2026-08-09T08:00:00Z");
	assert_non_null(strstr(entries(w, "review"), "Since Sat 1 August 2026 00:00: kept 0\\, ca"));
	load(w, "");
	daily(w, "2026-08-09T08:00:00Z");
	assert_string_equal(entries(w, "review"), "");
	world_drop(w);
}

static void a_review_that_its_owner_deletes_stays_away(void **state)
{
	struct world *w = world_make("review-terms = \"2 months\"");
	struct listing all = { .w = w, .kind = "review" };
	struct event_result result;
	struct event_request rq;
	struct collection fees;

	(void)state;
	put(w, "a", "20260610T100000Z", "Marie", "");
	daily(w, "2026-07-20T08:00:00Z");
	assert_int_equal(store_collection(w->store, "anna", "fees", w->mem, &fees, &w->e), 0);
	assert_int_equal(store_list(w->store, fees.id, 0, INT64_MIN, INT64_MAX, take_name, &all, NULL, &w->e), 0);
	assert_int_equal(all.count, 1);
	rq = request(w);
	assert_int_equal(event_delete(&rq, &(struct event_where){ &fees, all.names[0] }, &result, &w->e), 0);
	put(w, "b", "20260721T100000Z", "Marie", "");
	daily(w, "2026-07-25T08:00:00Z");
	assert_string_equal(entries(w, "review"), "");
	world_drop(w);
}

/* What is too long for an entry costs that entry, and nothing else. */
static void texts_that_are_too_long_are_left_out(void **state)
{
	struct world *w = world_make("");
	struct plan plan = { .store = w->store, .mem = w->mem, .now = w->now };
	char *note = arena_alloc(w->mem, 70001);
	struct own_entry entry = { .name = "review-a", .title = "Marie", .note = note, .related = "",
		.start = ";VALUE=DATE:20260610", .rule = "" };
	bool changed = true;

	(void)state;
	memset(note, 'x', 70000);
	assert_int_equal(own_entry_keep(&plan, "anna", &entry, &changed, &w->e), 0);
	assert_false(changed);
	assert_int_equal(plan.change_count, 0);
	entry.note = "short";
	assert_int_equal(own_entry_keep(&plan, "anna", &entry, &changed, &w->e), 0);
	assert_true(changed);
	assert_int_equal(plan.change_count, 1);
	world_drop(w);
}

/* ---- keep-incidents ---- */

static int note_row(const struct ledger_row *l, void *arg)
{
	struct buf *out = arg;

	if (*l->text)
		buf_printf(out, "%s ", strcmp(l->kind, "erased") == 0 ? "erased" : l->uid);
	return 0;
}

/* UIDs of the entries that still say something. */
static const char *left(struct world *w)
{
	buf_reset(&w->text);
	assert_int_equal(store_ledger(w->store, &(struct ledger_query){ .owner = "anna" }, note_row, &w->text,
		&w->e), 0);
	return w->text.len ? w->text.data : "";
}

static int fail_problem(const char *line, void *arg)
{
	fail_msg("%s", line);
	return 1;
}

static void what_is_old_and_settled_is_erased(void **state)
{
	struct world *w = world_make("keep-incidents = \"1 year\"\n"
		" client \"paul\" { keep-incidents = \"3 years\" }");

	(void)state;
	put(w, "old", "20260610T100000Z", "Marie", "");
	put(w, "long", "20260610T120000Z", "Paul", "");
	put(w, "s", "20260603T100000Z", "Zoe", "RRULE:FREQ=MONTHLY;COUNT=20\r\n");
	w->now = at("2026-07-03T08:00:00Z");
	put(w, "s", "20260603T100000Z", "Zoe", "RRULE:FREQ=MONTHLY;COUNT=20\r\nEXDATE:20260703T100000Z\r\n");
	daily(w, "2027-06-10T08:00:00Z");
	assert_non_null(strstr(left(w), "old "));
	daily(w, "2027-06-20T08:00:00Z");
	assert_null(strstr(left(w), "old "));
	assert_non_null(strstr(w->text.data, "long "));
	assert_non_null(strstr(w->text.data, "s s "));
	assert_non_null(strstr(w->text.data, "erased"));
	/* the late date is due, so it stays; the series stands until its last date is old too */
	daily(w, "2027-12-10T08:00:00Z");
	assert_non_null(strstr(left(w), "s s "));
	daily(w, "2029-07-10T08:00:00Z");
	assert_null(strstr(left(w), "long "));
	assert_non_null(strstr(w->text.data, "s "));
	daily(w, "2029-07-11T08:00:00Z");
	if (ledger_audit(w->store, "anna", NULL, fail_problem, NULL, &w->e))
		fail_msg("%s", w->e.text);
	world_drop(w);
}

static void a_date_is_kept_as_long_as_any_of_its_clients(void **state)
{
	struct world *w = world_make("keep-incidents = \"1 year\"\n"
		" client \"paul\" { keep-incidents = \"3 years\" }");

	(void)state;
	put(w, "a", "20260610T100000Z", "Paul", "");
	put(w, "a", "20260610T100000Z", "Marie", "");
	daily(w, "2027-06-20T08:00:00Z");
	assert_non_null(strstr(left(w), "a a "));
	daily(w, "2029-06-20T08:00:00Z");
	assert_null(strstr(left(w), "a "));
	world_drop(w);
}

static void a_date_without_end_for_one_client_is_kept_for_ever(void **state)
{
	struct world *w = world_make("client \"marie\" { keep-incidents = \"1 year\" }");

	(void)state;
	put(w, "a", "20260610T100000Z", "Paul", "");
	put(w, "a", "20260610T100000Z", "Marie", "");
	put(w, "b", "20260610T120000Z", "Marie", "");
	daily(w, "2086-06-20T08:00:00Z");
	assert_non_null(strstr(left(w), "a a "));
	assert_null(strstr(w->text.data, "b "));
	world_drop(w);
}

static void without_the_directive_all_is_kept(void **state)
{
	struct world *w = world_make("");

	(void)state;
	put(w, "old", "20260610T100000Z", "Marie", "");
	daily(w, "2086-06-20T08:00:00Z");
	assert_non_null(strstr(left(w), "old "));
	assert_null(strstr(w->text.data, "erased"));
	world_drop(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reminders_are_before_the_slots_own_deadline),
		cmocka_unit_test(a_series_has_one_reminder_that_goes_on),
		cmocka_unit_test(a_clock_set_back_and_forth_doubles_and_loses_nothing),
		cmocka_unit_test(links_are_missed_where_video_is_said),
		cmocka_unit_test(links_missing_lists_dates_within_the_time),
		cmocka_unit_test(reviews_count_since_the_last_one),
		cmocka_unit_test(a_review_that_its_owner_deletes_stays_away),
		cmocka_unit_test(texts_that_are_too_long_are_left_out),
		cmocka_unit_test(what_is_old_and_settled_is_erased),
		cmocka_unit_test(a_date_is_kept_as_long_as_any_of_its_clients),
		cmocka_unit_test(a_date_without_end_for_one_client_is_kept_for_ever),
		cmocka_unit_test(without_the_directive_all_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
