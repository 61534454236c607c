/*
 * Last year under another policy (doc/policy.md 5.1, `policy replay`), over a store in memory. Wednesday
 * 2026-06-10 10:00 in Paris is 08:00Z.
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
#include "ical/zone.h"
#include "policy/replay.h"
#include "tests/policy/whole.h"

#define T24 "price = \"80 EUR\" owner-changes = client tiers = { \"24h 100%\" } " \
	"no-show = \"100% wait 15m until 14d\" "
#define BOOKED "2026-05-20T09:00:00Z"
#define LATE "2026-06-10T05:00:00Z" /* three hours before */
#define NOW "2026-07-01T00:00:00Z"

struct world { struct arena *mem; struct whole *whole; const char *length, *title; };

static const struct policy_setting t24[] = {
	{ sizeof(t24[0]), "timezone", "Europe/Paris", "test", 1 },
	{ sizeof(t24[0]), "currency", "EUR", "test", 1 },
	{ sizeof(t24[0]), "price", "80 EUR", "test", 1 },
	{ sizeof(t24[0]), "owner-changes", "client", "test", 1 },
	{ sizeof(t24[0]), "tiers", "24h 100%", "test", 1 },
	{ sizeof(t24[0]), "no-show", "100% wait 15m until 14d", "test", 1 },
	{ sizeof(t24[0]), "shorten", "prorata", "test", 1 },
};

static int setup(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));
	char why[300] = "";

	w->mem = arena_create();
	w->length = "PT1H";
	w->title = "marie";
	w->whole = whole_open("therapy", "Europe/Paris", t24, ARRAY_SIZE(t24), why, sizeof(why));
	if (!w->whole)
		fail_msg("%s", why);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	whole_close(w->whole);
	arena_destroy(w->mem);
	test_free(w);
	return 0;
}

static int64_t at(const char *text)
{
	int64_t t = 0;

	assert_int_equal(iso_date_parse(text, &t), 0);
	return t;
}

/* start: of June 2026, "10T080000Z"; NULL: deleted. */
static void change(struct world *w, const char *uid, const char *when, const char *actor, const char *start,
	const char *more)
{
	const char *const none[] = { NULL };
	struct whole_change c = { .uid = uid, .now = at(when),
		.actor = { .name = actor, .displayname = actor, .addresses = none } };
	char why[300] = "";

	if (start)
		c.body = arena_printf(w->mem, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\nBEGIN:VEVENT\r\nUID:%s\r\n"
			"DTSTAMP:20260101T000000Z\r\nDTSTART:202606%s\r\nDURATION:%s\r\nSUMMARY:%s\r\n%s"
			"END:VEVENT\r\nEND:VCALENDAR\r\n", uid, start, w->length, w->title, more);
	if (whole_change(w->whole, &c, why, sizeof(why)))
		fail_msg("%s", why);
}

static struct policy_set *other(const char *directives)
{
	const struct conf_schema *const sections[] = { &policy_schema, NULL };
	const struct conf_schema file = { .sections = sections };
	struct arena *mem cleanup_arena = arena_create();
	const struct conf_section *root;
	struct policy_set *set;
	struct err e;

	if (conf_parse(arena_printf(mem, "policy \"therapy\" { timezone = \"Europe/Paris\" currency = EUR %s }",
		directives), "other", &file, &root, &e) ||
		policy_load(root, &(struct policy_options){ 0 }, &set, &e))
		fail_msg("%s", e.text);
	conf_destroy(root);
	return set;
}

static struct replay replay_since(struct world *w, const char *since, const char *directives)
{
	const struct event_actor root = { .name = "", .admin = true };
	struct policy_set *set = other(directives);
	struct replay r;
	struct err e;

	if (replay_run(whole_request(w->whole, &root, at(NOW)).store, set, NULL, at(since), at(NOW), w->mem, &r, &e))
		fail_msg("%s", e.text);
	policy_unload(set);
	return r;
}

static struct replay replay_all(struct world *w, const char *directives)
{
	return replay_since(w, "2026-01-01T00:00:00Z", directives);
}

static void expect_pair(const struct replay *r, size_t n, const char *before, int64_t old_fee,
	const char *after, int64_t new_fee)
{
	assert_true(n < r->count);
	assert_string_equal(r->pairs[n].before.class_, before);
	assert_int_equal(r->pairs[n].before.fee, old_fee);
	assert_string_equal(r->pairs[n].after.class_, after);
	assert_int_equal(r->pairs[n].after.fee, new_fee);
}

/* In time, late, moved late and then cancelled, absent, taken back. */
static void a_year(struct world *w)
{
	change(w, "early", BOOKED, "owner", "09T080000Z", "");
	change(w, "late", BOOKED, "owner", "10T080000Z", "");
	change(w, "moved", BOOKED, "owner", "11T080000Z", "");
	change(w, "absent", BOOKED, "owner", "12T080000Z", "");
	change(w, "back", BOOKED, "owner", "13T080000Z", "");
	change(w, "early", "2026-06-01T08:00:00Z", "marie", NULL, "");
	change(w, "late", LATE, "marie", "10T080000Z", "STATUS:CANCELLED\r\n");
	change(w, "moved", "2026-06-11T05:00:00Z", "marie", "25T080000Z", "");
	change(w, "moved", "2026-06-12T05:00:00Z", "marie", NULL, "");
	change(w, "absent", "2026-06-12T08:20:00Z", "owner", "12T080000Z", "DESCRIPTION:#noshow\r\n");
	change(w, "back", "2026-06-13T05:00:00Z", "marie", "13T080000Z", "STATUS:CANCELLED\r\n");
	change(w, "back", "2026-06-13T05:10:00Z", "marie", "13T080000Z", "");
}

static void the_same_policy_decides_the_same(void **state)
{
	struct world *w = *state;
	struct replay r;

	a_year(w);
	r = replay_all(w, T24);
	for (size_t n = 0; n < r.count; n++) {
		if (replay_differs(&r.pairs[n]))
			fail_msg("%s: %s %s is %s %s", r.pairs[n].uid, r.pairs[n].before.class_, r.pairs[n].before.outcome,
				r.pairs[n].after.class_, r.pairs[n].after.outcome);
	}
	assert_int_equal(r.count, 5);
	assert_int_equal(r.changed, 0);
	assert_int_equal(r.left_out, 0);
	expect_pair(&r, 0, "on-time-cancel", 0, "on-time-cancel", 0);
	expect_pair(&r, 1, "late-cancel", 8000, "late-cancel", 8000);
	expect_pair(&r, 2, "late-move", 0, "late-move", 0);
	expect_pair(&r, 3, "late-cancel", 8000, "late-cancel", 8000); /* what was held */
	expect_pair(&r, 4, "no-show", 8000, "no-show", 8000);
}

/* The ledger keeps a title without the price that it named. */
static void a_price_in_the_title_stays(void **state)
{
	static const struct policy_setting titled[] = {
		{ sizeof(titled[0]), "timezone", "Europe/Paris", "test", 1 },
		{ sizeof(titled[0]), "currency", "EUR", "test", 1 },
		{ sizeof(titled[0]), "price-from", "title", "test", 1 },
		{ sizeof(titled[0]), "owner-changes", "client", "test", 1 },
		{ sizeof(titled[0]), "tiers", "24h 100%", "test", 1 },
		{ sizeof(titled[0]), "no-show", "100% wait 15m until 14d", "test", 1 },
	};
	struct world *w = *state;
	char why[300] = "";
	struct replay r;

	whole_close(w->whole);
	w->whole = whole_open("therapy", "Europe/Paris", titled, ARRAY_SIZE(titled), why, sizeof(why));
	w->title = "marie 80 EUR";
	change(w, "absent", BOOKED, "owner", "12T080000Z", "");
	change(w, "absent", "2026-06-12T08:20:00Z", "owner", "12T080000Z", "DESCRIPTION:#noshow\r\n");
	r = replay_all(w, "price-from = title owner-changes = client tiers = { \"24h 100%\" } "
		"no-show = \"100% wait 15m until 14d\"");
	assert_int_equal(r.count, 1);
	expect_pair(&r, 0, "no-show", 8000, "no-show", 8000);
}

static void another_policy_decides_otherwise(void **state)
{
	struct world *w = *state;
	struct replay r;

	a_year(w);
	r = replay_all(w, "price = \"10 EUR\" owner-changes = client late-move = \"20%\" "
		"tiers = { \"14d 25%\", \"24h 50%\" } no-show = \"60% wait 30m\"");
	assert_int_equal(r.count, 5);
	assert_int_equal(r.changed, 5);
	expect_pair(&r, 0, "on-time-cancel", 0, "late-cancel", 2000); /* eight days before, at the price it had */
	expect_pair(&r, 1, "late-cancel", 8000, "late-cancel", 4000);
	expect_pair(&r, 2, "late-move", 0, "late-move", 1600);
	expect_pair(&r, 3, "late-cancel", 8000, "late-cancel", 4400); /* 25 % by itself, 24.00 held, under the cap */
	expect_pair(&r, 4, "no-show", 8000, "no-show", 4800);
}

static void history_counts(void **state)
{
	struct world *w = *state;
	struct replay r;

	a_year(w);
	r = replay_all(w, T24 "forgive = \"1 per year late-cancel\"");
	assert_int_equal(r.changed, 1);
	assert_string_equal(r.pairs[1].after.outcome, "forgiven");
	/* the first one came before, and was charged: it is history */
	r = replay_since(w, "2026-06-10T12:00:00Z", T24 "escalate = \"from 2 per year 10 EUR\"");
	assert_int_equal(r.count, 3);
	expect_pair(&r, 2, "no-show", 8000, "no-show", 1000);
	r = replay_since(w, "2026-06-10T12:00:00Z", T24 "escalate = \"from 9 per year 10 EUR\"");
	expect_pair(&r, 2, "no-show", 8000, "no-show", 8000);
}

/* What the owner did afterwards is another thing than what the policy said. */
static void waivers_are_left_aside(void **state)
{
	struct world *w = *state;
	struct replay r;

	change(w, "late", BOOKED, "owner", "10T080000Z", "");
	change(w, "late", LATE, "marie", "10T080000Z", "STATUS:CANCELLED\r\n");
	change(w, "late", "2026-06-10T06:00:00Z", "owner", "10T080000Z",
		"DESCRIPTION:#waive\r\nSTATUS:CANCELLED\r\n");
	change(w, "me", BOOKED, "owner", "11T080000Z", "");
	change(w, "me", "2026-06-11T05:00:00Z", "marie", "11T080000Z", "STATUS:CANCELLED\r\n");
	change(w, "me", "2026-06-11T06:00:00Z", "owner", "11T080000Z", "DESCRIPTION:#me\r\nSTATUS:CANCELLED\r\n");
	r = replay_all(w, T24);
	assert_int_equal(r.count, 1);
	expect_pair(&r, 0, "late-cancel", 8000, "late-cancel", 8000);
}

static void whose_doing_is_decided_again(void **state)
{
	struct world *w = *state;
	struct replay r;

	change(w, "late", BOOKED, "owner", "10T080000Z", "");
	change(w, "late", LATE, "owner", "10T080000Z", "STATUS:CANCELLED\r\n");
	r = replay_all(w, "owner-changes = owner owner-late = \"24h credit 20%\" tiers = { \"24h 100%\" }");
	assert_int_equal(r.count, 1);
	expect_pair(&r, 0, "late-cancel", 8000, "owner-cancel", 0);
	assert_int_equal(r.pairs[0].after.credit, 1600);
	assert_string_equal(r.pairs[0].name, "marie");
}

/* 15.1: what a delegate types is the owner's to answer for. */
static void a_delegate_acts_for_the_owner(void **state)
{
	const struct event_actor root = { .name = "", .admin = true };
	const struct delegation d = { "owner", "paula", SHARE_WRITE };
	struct world *w = *state;
	struct replay r;
	struct err e;

	if (store_delegation_put(whole_request(w->whole, &root, at(NOW)).store, &d, &e))
		fail_msg("%s", e.text);
	change(w, "late", BOOKED, "owner", "10T080000Z", "");
	change(w, "late", LATE, "paula", "10T080000Z", "STATUS:CANCELLED\r\n");
	r = replay_all(w, T24);
	expect_pair(&r, 0, "late-cancel", 8000, "late-cancel", 8000);
	r = replay_all(w, "owner-changes = owner tiers = { \"24h 100%\" }");
	expect_pair(&r, 0, "late-cancel", 8000, "owner-cancel", 0);
}

static void a_date_of_a_series(void **state)
{
	struct world *w = *state;
	struct replay r;

	change(w, "weekly", BOOKED, "owner", "03T080000Z", "RRULE:FREQ=WEEKLY;COUNT=4\r\n");
	change(w, "weekly", LATE, "marie", "03T080000Z", "RRULE:FREQ=WEEKLY;COUNT=4\r\nEXDATE:20260610T080000Z\r\n");
	r = replay_all(w, "price = \"80 EUR\" owner-changes = client tiers = { \"24h 30%\" }");
	assert_int_equal(r.count, 1);
	expect_pair(&r, 0, "late-cancel", 8000, "late-cancel", 2400);
	assert_string_equal(r.pairs[0].occurrence, "20260610T080000Z");
}

static void a_shortened_appointment(void **state)
{
	struct world *w = *state;
	struct replay r;

	change(w, "short", BOOKED, "owner", "10T080000Z", "");
	w->length = "PT30M";
	change(w, "short", LATE, "marie", "10T080000Z", "");
	r = replay_all(w, "price = \"80 EUR\" owner-changes = client shorten = prorata tiers = { \"24h 50%\" }");
	assert_int_equal(r.count, 1);
	expect_pair(&r, 0, "shortened", 4000, "shortened", 2000);
	r = replay_all(w, T24);
	assert_int_equal(r.count, 1);
	expect_pair(&r, 0, "shortened", 4000, "", 0);
}

static void policies_that_are_not_there_are_left_out(void **state)
{
	const struct event_actor root = { .name = "", .admin = true };
	struct world *w = *state;
	struct policy_set *none = policy_none();
	struct replay r;
	struct err e;

	a_year(w);
	assert_int_equal(replay_run(whole_request(w->whole, &root, at(NOW)).store, none, NULL, 0, at(NOW), w->mem,
		&r, &e), 0);
	assert_int_equal(r.count, 0);
	assert_true(r.left_out >= 5);
	policy_unload(none);
}

static void nothing_is_stored(void **state)
{
	struct world *w = *state;
	struct policy_sink before = { .mem = w->mem }, after = { .mem = w->mem };
	char why[300];

	a_year(w);
	assert_int_equal(whole_read(w->whole, "late", &before, why, sizeof(why)), 0);
	replay_all(w, T24);
	assert_int_equal(whole_read(w->whole, "late", &after, why, sizeof(why)), 0);
	assert_int_equal(before.count, after.count);
}

static int group_setup(void **state)
{
	return zone_init(NULL, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_same_policy_decides_the_same),
		TEST(a_price_in_the_title_stays),
		TEST(another_policy_decides_otherwise),
		TEST(history_counts),
		TEST(waivers_are_left_aside),
		TEST(whose_doing_is_decided_again),
		TEST(a_delegate_acts_for_the_owner),
		TEST(a_date_of_a_series),
		TEST(a_shortened_appointment),
		TEST(policies_that_are_not_there_are_left_out),
		TEST(nothing_is_stored),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
