/*
 * What people and their programs do with events under the built-in policy, by event_put and its kin over
 * a store in memory: the paths of policy.md 3.5 that no vector can spell. Marie's appointment is on
 * Wednesday 2026-06-10 10:00 in Paris, 08:00Z.
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
#include "policy/fees.h"
#include "policy/host.h"
#include "policy/update.h"
#include "storage/backend.h"

#define START "20260610T080000Z"
#define MARIE "ATTENDEE:mailto:marie@example.org\r\n"
#define ZOE "ATTENDEE:mailto:zoe@example.org\r\n"
#define WEEKLY "RRULE:FREQ=WEEKLY;COUNT=4\r\n"

struct world {
	struct store *store;
	struct arena *mem;
	struct policy_set *policies;
	struct collection work, other;
	struct event_result result;
	struct err e;
	const char *who;
	int64_t now;
};

static int64_t at(const char *text)
{
	int64_t when = 0;

	assert_int_equal(iso_date_parse(text, &when), 0);
	return when;
}

static void make_calendar(struct world *w, const char *name, struct collection *out)
{
	const struct collection c = { .owner = "anna", .name = name, .components = ICAL_VEVENT };
	store_id id;

	assert_int_equal(store_collection_make(w->store, &c, NULL, 0, w->now, &id, &w->e), 0);
	assert_int_equal(store_collection(w->store, "anna", name, w->mem, out, &w->e), 0);
}

static void load(struct world *w, const char *more)
{
	static const struct conf_schema *const sections[] = { &policy_schema, &calendar_schema, NULL };
	static const struct conf_schema file = { .sections = sections };
	const struct conf_section *root;
	const char *text = arena_printf(w->mem, "policy \"therapy\" {\n timezone = \"Europe/Paris\"\n"
		" currency = EUR\n price-from = title\n owner-changes = client\n late-move = hold\n"
		" tiers = { \"48h 50%%\", \"24h 100%%\" }\n %s\n}\n"
		"calendar \"anna/work\" { policy = \"therapy\" }\n"
		"calendar \"anna/other\" { policy = \"therapy\" }\n", more);

	if (conf_parse(text, "test.conf", &file, &root, &w->e) ||
			policy_load(root, &(struct policy_options){ 0 }, &w->policies, &w->e))
		fail_msg("%s", w->e.text);
	conf_destroy(root);
}

/* more: directives beside those of a therapist. */
static struct world *world_make(const char *more)
{
	static const char *const addresses[] = { "anna@example.org", NULL };
	const struct account anna = { .name = "anna", .displayname = "Anna", .language = "en",
		.addresses = addresses };
	struct world *w = xcalloc(1, sizeof(*w));

	w->mem = arena_create();
	w->now = at("2026-06-01T08:00:00Z");
	w->who = "anna";
	if (zone_init(NULL, &w->e) || store_open("memory", NULL, NULL, &w->store, &w->e) ||
			store_account_put(w->store, &anna, &w->e))
		fail_msg("%s", w->e.text);
	make_calendar(w, "work", &w->work);
	make_calendar(w, "other", &w->other);
	load(w, more);
	return w;
}

static void world_drop(struct world *w)
{
	policy_unload(w->policies);
	store_close(w->store);
	zone_finish();
	arena_destroy(w->mem);
	free_cleanup(&w);
}

/* From now on that account acts, at that time. */
static void then(struct world *w, const char *now, const char *who)
{
	w->now = at(now);
	w->who = who;
}

static struct event_request request(const struct world *w)
{
	static const char *const none[] = { NULL }, *const address[] = { "marie@example.org", NULL };
	bool marie = strcmp(w->who, "marie") == 0;

	return (struct event_request){ .store = w->store, .policies = w->policies,
		.limits = &ical_default_limits, .mem = w->mem, .now = w->now,
		.actor = { .name = w->who, .displayname = marie ? "Marie Durand" : w->who,
			.addresses = marie ? address : none } };
}

static void put_in(struct world *w, const struct collection *c, const char *name, const char *body)
{
	const struct event_request rq = request(w);

	if (event_put(&rq, &(struct event_where){ c, name }, body, strlen(body), &w->result, &w->e))
		fail_msg("%s", w->e.text);
}

static void put(struct world *w, const char *body)
{
	put_in(w, &w->work, "a.ics", body);
}

static void delete_in(struct world *w, const struct collection *c, const char *name)
{
	const struct event_request rq = request(w);

	if (event_delete(&rq, &(struct event_where){ c, name }, &w->result, &w->e))
		fail_msg("%s", w->e.text);
}

static const char *vevent(struct world *w, const char *uid, const char *title, const char *start,
	const char *more)
{
	return arena_printf(w->mem, "BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260601T000000Z\r\nDTSTART%s%s\r\n"
		"DURATION:PT1H\r\nSUMMARY:%s\r\n%sEND:VEVENT\r\n", uid, *start == ';' ? "" : ":", start, title, more);
}

static const char *around(struct world *w, const char *vevents)
{
	return arena_printf(w->mem,
		"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n%sEND:VCALENDAR\r\n", vevents);
}

static const char *single(struct world *w, const char *start, const char *more)
{
	return around(w, vevent(w, "u1", "Marie Durand 80 €", start, more));
}

static const char *series(struct world *w, const char *uid, const char *start, const char *rule,
	const char *overrides)
{
	return around(w, arena_printf(w->mem, "%s%s", vevent(w, uid, "Marie Durand 80 €", start, rule), overrides));
}

static const char *stored(struct world *w, const struct collection *c, const char *name)
{
	struct object o;
	struct buf body cleanup_buf;

	buf_init(&body, 1 << 20);
	if (store_body(w->store, c->id, name, w->mem, &o, &body, &w->e))
		return NULL;
	return arena_strdup(w->mem, body.data);
}

static bool shows(struct world *w, const char *text)
{
	return strstr(stored(w, &w->work, "a.ics"), text) != NULL;
}

static int64_t total(struct world *w, uint32_t state)
{
	struct fee_list list;
	int64_t sum = 0;

	assert_int_equal(fees_list(w->store, &(struct fee_filter){ 0 }, w->mem, &list, &w->e), 0);
	for (size_t n = 0; n < list.count; n++)
		sum += list.fees[n].state == state ? list.fees[n].incident.charge : 0;
	return sum;
}

static int64_t owed(struct world *w)
{
	return total(w, POLICY_DUE);
}

static struct policy_incident last_entry(struct world *w)
{
	struct entry_list list = { 0 };

	assert_int_equal(ledger_read(w->store, &(struct ledger_query){ .owner = "anna" }, w->mem, &list, &w->e), 0);
	for (size_t n = list.count; n-- > 0;) {
		if (*list.entries[n].i.class_)
			return list.entries[n].i;
	}
	fail_msg("no entry");
	return (struct policy_incident){ 0 };
}

static int count_row(const struct ledger_row *row, void *arg)
{
	(void)row;
	++*(int *)arg;
	return 0;
}

static int ledger_size(struct world *w)
{
	int count = 0;

	assert_int_equal(store_ledger(w->store, &(struct ledger_query){ 0 }, count_row, &count, &w->e), 0);
	return count;
}

/* ---- one event ---- */

static void another_client_in_the_same_event_has_a_slot_of_his_own(void **state)
{
	struct world *w = world_make("");

	put(w, single(w, START, MARIE));
	then(w, "2026-06-09T12:00:00Z", "anna");
	put(w, single(w, START, ZOE));
	assert_int_equal(owed(w), 8000);
	assert_string_equal(last_entry(w).client, "zoe@example.org");
	assert_string_equal(last_entry(w).outcome, "new-booking");
	/* Marie bears the title's name, but that isn't her appointment any more */
	then(w, "2026-06-09T12:10:00Z", "marie");
	put(w, single(w, START, ZOE "STATUS:CANCELLED\r\n"));
	assert_int_equal(owed(w), 8000);
	assert_int_equal(total(w, POLICY_PROPOSED), 8000);
	world_drop(w);
}

static void a_client_who_comes_back_has_his_slot_again(void **state)
{
	struct world *w = world_make("");

	put(w, single(w, START, MARIE));
	then(w, "2026-06-09T11:00:00Z", "anna");
	put(w, single(w, START, ZOE));
	then(w, "2026-06-09T12:00:00Z", "anna");
	put(w, single(w, START, MARIE));
	assert_int_equal(owed(w), 8000); /* Zoe's */
	assert_true(shows(w, "Free to cancel"));
	then(w, "2026-06-09T13:00:00Z", "marie");
	put(w, single(w, START, MARIE "STATUS:CANCELLED\r\n"));
	assert_int_equal(owed(w), 16000);
	world_drop(w);
}

static void what_a_client_takes_out_and_puts_in_again(void **state)
{
	struct world *w = world_make("");
	const char *out;

	put(w, single(w, START, MARIE));
	then(w, "2026-06-09T12:00:00Z", "marie");
	out = single(w, START, "");
	put(w, out);
	assert_int_equal(owed(w), 8000);
	assert_true(shows(w, "STATUS:CANCELLED"));
	put(w, out);
	assert_true(w->result.unchanged);
	put(w, single(w, START, MARIE));
	assert_int_equal(owed(w), 0);
	assert_false(shows(w, "STATUS:CANCELLED"));
	world_drop(w);
}

static void however_it_was_cancelled_the_bytes_are_stable(void **state)
{
	static const char *const ways[] = { "STATUS:TENTATIVE\r\n", "TRANSP:TRANSPARENT\r\n",
		"STATUS:CANCELLED\r\n" };

	for (size_t n = 0; n < ARRAY_SIZE(ways); n++) {
		struct world *w = world_make("");

		put(w, single(w, START, ""));
		then(w, "2026-06-09T12:00:00Z", "marie");
		put(w, single(w, START, ways[n]));
		assert_int_equal(owed(w), 8000);
		put(w, stored(w, &w->work, "a.ics"));
		assert_true(w->result.unchanged);
		assert_true(w->result.exact);
		put(w, single(w, START, ways[n]));
		assert_true(w->result.unchanged);
		put(w, single(w, START, ""));
		assert_int_equal(owed(w), 0);
		world_drop(w);
	}
}

static void an_all_day_date_can_be_a_cancellation(void **state)
{
	struct world *w = world_make("allday = off");

	put(w, single(w, START, ""));
	then(w, "2026-06-09T12:00:00Z", "marie");
	put(w, around(w, vevent(w, "u1", "Marie Durand 80 €", ";VALUE=DATE:20260617", "")));
	assert_string_equal(last_entry(w).class_, "late-cancel");
	assert_int_equal(owed(w), 8000);
	world_drop(w);
}

static void the_price_survives_a_cancellation_in_time(void **state)
{
	struct world *w = world_make("");

	put(w, single(w, START, ""));
	then(w, "2026-06-02T12:00:00Z", "marie");
	put(w, around(w, vevent(w, "u1", "Marie Durand", START, "STATUS:CANCELLED\r\n")));
	put(w, around(w, vevent(w, "u1", "Marie Durand 1 €", START, "")));
	assert_string_equal(last_entry(w).outcome, "rebooked");
	then(w, "2026-06-09T12:00:00Z", "marie");
	delete_in(w, &w->work, "a.ics");
	assert_int_equal(owed(w), 8000);
	world_drop(w);
}

static void a_price_that_the_owner_never_named_is_none(void **state)
{
	struct world *w = world_make("");

	then(w, "2026-06-01T09:00:00Z", "marie");
	put(w, single(w, START, ""));
	assert_int_equal(last_entry(w).price, -1);
	world_drop(w);
}

static void the_owner_names_the_client_later(void **state)
{
	struct world *w = world_make("");

	put(w, single(w, START, ""));
	then(w, "2026-06-02T12:00:00Z", "anna");
	put(w, single(w, START, MARIE));
	assert_string_equal(last_entry(w).outcome, "renamed");
	assert_string_equal(last_entry(w).client, "marie@example.org");
	world_drop(w);
	/* with another time it is a move all the same */
	w = world_make("");
	put(w, single(w, START, ""));
	then(w, "2026-06-09T12:00:00Z", "marie");
	put(w, single(w, "20260624T080000Z", MARIE));
	assert_int_equal(last_entry(w).slot, at("2026-06-24T08:00:00Z"));
	assert_true(shows(w, "X-DEDIT-HELD;CURRENCY=EUR:80.00"));
	world_drop(w);
}

/* ---- series ---- */

static const char *half(struct world *w, bool second)
{
	return second ? series(w, "u2", START, "RRULE:FREQ=WEEKLY;COUNT=3\r\n", "") :
		series(w, "u1", "20260603T080000Z", "RRULE:FREQ=WEEKLY;UNTIL=20260610T075959Z\r\n", "");
}

/* "This and following" without another time, in whatever order the program sends the halves. */
static void a_split_series_goes_on_as_agreed(void **state)
{
	for (int order = 0; order < 2; order++) {
		struct world *w = world_make("grace = \"15m\"");

		then(w, "2026-05-20T09:00:00Z", "anna");
		put(w, series(w, "u1", "20260603T080000Z", WEEKLY, ""));
		then(w, "2026-06-09T12:00:00Z", "marie");
		put_in(w, &w->work, order ? "a.ics" : "b.ics", half(w, !order));
		put_in(w, &w->work, order ? "b.ics" : "a.ics", half(w, order));
		assert_int_equal(owed(w), 0);
		/* neither the grace of a new booking nor a price forgotten */
		w->now += 60;
		delete_in(w, &w->work, "b.ics");
		assert_int_equal(owed(w), 8000);
		world_drop(w);
	}
}

static void a_far_date_may_have_a_price_of_its_own(void **state)
{
	struct world *w = world_make("");
	const char *own = vevent(w, "u1", "Marie Durand 120 €", "20260701T080000Z",
		"RECURRENCE-ID:20260701T080000Z\r\n");

	put(w, series(w, "u1", "20260617T080000Z", WEEKLY, ""));
	put(w, series(w, "u1", "20260617T080000Z", WEEKLY, own));
	then(w, "2026-06-30T12:00:00Z", "marie");
	delete_in(w, &w->work, "a.ics");
	assert_int_equal(owed(w), 12000);
	world_drop(w);
}

static void a_renamed_series_needs_one_entry(void **state)
{
	struct world *w = world_make("");
	int before;

	put(w, series(w, "u1", "20260617T080000Z", WEEKLY, ""));
	before = ledger_size(w);
	put(w, around(w, vevent(w, "u1", "Marie Durand 90 €", "20260617T080000Z", WEEKLY)));
	assert_int_equal(ledger_size(w), before + 1);
	then(w, "2026-06-16T12:00:00Z", "marie");
	delete_in(w, &w->work, "a.ics");
	assert_int_equal(owed(w), 9000);
	world_drop(w);
}

/* What is held is not lost with a RECURRENCE-ID that comes, goes or changes. */
static void a_hold_survives_a_rule(void **state)
{
	struct world *w = world_make("");

	put(w, single(w, START, ""));
	then(w, "2026-06-09T12:00:00Z", "marie");
	put(w, single(w, "20260624T080000Z", ""));
	put(w, series(w, "u1", "20260624T080000Z", WEEKLY, ""));
	delete_in(w, &w->work, "a.ics");
	assert_int_equal(owed(w), 8000);
	world_drop(w);

	w = world_make("");
	put(w, series(w, "u1", START, WEEKLY, ""));
	then(w, "2026-06-09T12:00:00Z", "marie");
	put(w, series(w, "u1", START, WEEKLY, vevent(w, "u1", "Marie Durand 80 €", "20260619T080000Z",
		"RECURRENCE-ID:20260610T080000Z\r\n")));
	put(w, series(w, "u1", "20260610T090000Z", WEEKLY, vevent(w, "u1", "Marie Durand 80 €",
		"20260619T080000Z", "RECURRENCE-ID:20260610T090000Z\r\n")));
	delete_in(w, &w->work, "a.ics");
	assert_int_equal(owed(w), 8000);
	world_drop(w);
}

static void a_rule_taken_away_books_nothing(void **state)
{
	struct world *w = world_make("grace = \"15m\"");

	put(w, series(w, "u1", START, WEEKLY, ""));
	then(w, "2026-06-09T12:00:00Z", "marie");
	put(w, single(w, START, ""));
	delete_in(w, &w->work, "a.ics");
	assert_int_equal(owed(w), 8000);
	world_drop(w);
}

/* ---- two calendars (architecture.md 15, 26) ---- */

static void an_event_in_two_calendars_is_one_appointment(void **state)
{
	struct world *w = world_make("grace = \"15m\"");
	const char *body = series(w, "u1", START, WEEKLY, "");
	int before;

	put(w, body);
	before = ledger_size(w);
	then(w, "2026-06-09T12:00:00Z", "marie");
	put_in(w, &w->other, "b.ics", body);
	delete_in(w, &w->work, "a.ics");
	assert_int_equal(ledger_size(w), before);
	w->now += 60; /* nothing was booked: no grace */
	delete_in(w, &w->other, "b.ics");
	assert_int_equal(owed(w), 8000);
	world_drop(w);
}

static void another_time_in_another_calendar_is_another_slot(void **state)
{
	struct world *w = world_make("");

	put(w, single(w, START, ""));
	then(w, "2026-06-09T12:00:00Z", "marie");
	put_in(w, &w->other, "b.ics", single(w, "20260624T080000Z", ""));
	delete_in(w, &w->work, "a.ics");
	assert_int_equal(owed(w), 8000);
	assert_int_equal(last_entry(w).slot, at("2026-06-10T08:00:00Z"));
	/* the other one stands */
	then(w, "2026-06-10T12:00:00Z", "anna");
	put_in(w, &w->other, "b.ics", single(w, "20260624T080000Z", "LOCATION:upstairs\r\n"));
	assert_null(strstr(stored(w, &w->other, "b.ics"), "STATUS:CANCELLED"));
	world_drop(w);
}

/* ---- time passes ---- */

static int take_wake(const struct wake *wake, void *arg)
{
	struct wake *last = arg;

	*last = *wake;
	return 0;
}

static void a_review_ends_although_all_is_hidden(void **state)
{
	struct world *w = world_make("review = \"24h\"");
	struct collection calendar;
	struct event_request rq;
	struct policy_incident i;
	struct wake wake = { 0 };
	int64_t next;

	put(w, single(w, START, ""));
	then(w, "2026-06-09T12:00:00Z", "marie");
	put(w, single(w, START, "STATUS:CANCELLED\r\n"));
	i = last_entry(w);
	assert_int_equal(total(w, POLICY_PENDING), 8000);
	then(w, "2026-06-09T13:00:00Z", "anna");
	delete_in(w, &w->work, "a.ics");
	assert_int_equal(store_collection(w->store, "anna", FEES_CALENDAR, w->mem, &calendar, &w->e), 0);
	delete_in(w, &calendar, arena_printf(w->mem, "%s.ics", i.ref));
	assert_int_equal(store_wakes(w->store, INT64_MAX, take_wake, &wake, &next, &w->e), 0);
	assert_int_equal(wake.at, at("2026-06-10T12:00:00Z"));
	then(w, "2026-06-10T12:00:00Z", "");
	rq = request(w);
	assert_int_equal(event_tick(&rq, &(struct event_where){ &calendar,
		arena_printf(w->mem, "%s.ics", i.ref) }, &w->e), 0);
	assert_int_equal(owed(w), 8000);
	assert_non_null(stored(w, &calendar, arena_printf(w->mem, "%s.ics", i.ref))); /* shown again */
	world_drop(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_client_in_the_same_event_has_a_slot_of_his_own),
		cmocka_unit_test(a_client_who_comes_back_has_his_slot_again),
		cmocka_unit_test(what_a_client_takes_out_and_puts_in_again),
		cmocka_unit_test(however_it_was_cancelled_the_bytes_are_stable),
		cmocka_unit_test(an_all_day_date_can_be_a_cancellation),
		cmocka_unit_test(the_price_survives_a_cancellation_in_time),
		cmocka_unit_test(a_price_that_the_owner_never_named_is_none),
		cmocka_unit_test(the_owner_names_the_client_later),
		cmocka_unit_test(a_split_series_goes_on_as_agreed),
		cmocka_unit_test(a_far_date_may_have_a_price_of_its_own),
		cmocka_unit_test(a_renamed_series_needs_one_entry),
		cmocka_unit_test(a_hold_survives_a_rule),
		cmocka_unit_test(a_rule_taken_away_books_nothing),
		cmocka_unit_test(an_event_in_two_calendars_is_one_appointment),
		cmocka_unit_test(another_time_in_another_calendar_is_another_slot),
		cmocka_unit_test(a_review_ends_although_all_is_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
