/* What reports count, out of ledgers written by hand (doc/policy.md 3.5, 5.2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "policy/report/report.h"
#include "policy/report/stats.h"
#include "tests/unit/ledger_fixture.h"

#define FIRST "2026-06-10T08:00:00Z"
#define SECOND "2026-06-17T08:00:00Z"

/* Marie's hour. */
static struct policy_incident entry(const char *class_, const char *outcome, const char *ref,
	const char *start)
{
	int64_t at = ledger_time(start);

	return (struct policy_incident){ .size = sizeof(struct policy_incident), .class_ = class_,
		.outcome = outcome,
		.client = "marie", .title = "Marie", .uid = "u1", .ref = ref, .currency = "EUR", .price = 8000,
		.slot = at, .slot_end = at + 3600, .anchor = at, .acquired = ledger_time("2026-05-20T09:00:00Z"),
		.policy = "therapy", .required = -1 };
}

static void book(struct ledger_fixture *f, const char *ref, const char *start)
{
	ledger_say(f, "2026-05-20T09:00:00Z", entry("slot", "new-booking", ref, start));
}

static struct facts read_at(struct ledger_fixture *f, const char *now)
{
	const struct facts_query q = { .store = f->store, .policies = f->policies, .owner = LEDGER_OWNER,
		.now = ledger_time(now) };
	struct facts facts;
	struct err e;

	if (facts_read(&q, f->mem, &facts, &e))
		fail_msg("%s", e.text);
	return facts;
}

static void test_wilson(void **state)
{
	/* Computed with Python: the formula of Wilson's score interval, z = 1.2816. */
	static const struct { int64_t count, of, share, low, high; } known[] = {
		{ 0, 5, 0, 0, 2473 }, { 5, 5, 10000, 7527, 10000 }, { 9, 10, 9000, 7175, 9696 },
		{ 87, 100, 8700, 8209, 9072 }, { 1, 7, 1429, 438, 3777 }, { 4, 4, 10000, -1, -1 }, { 0, 0, -1, -1,
		-1 },
	};

	for (size_t n = 0; n < ARRAY_SIZE(known); n++) {
		struct share_of s = share_of(known[n].count, known[n].of);

		assert_int_equal(s.share, known[n].share);
		assert_int_equal(s.low, known[n].low);
		assert_int_equal(s.high, known[n].high);
	}
}

static void test_a_time_is_kept_when_it_is_over(void **state)
{
	struct ledger_fixture *f = *state;
	struct facts facts;

	book(f, "AAAA-AAAA", FIRST);
	facts = read_at(f, "2026-06-10T08:59:59Z");
	assert_int_equal(facts.count, 1);
	assert_int_equal(facts.at[0].how, ENDING_OPEN);
	facts = read_at(f, "2026-06-10T09:00:00Z");
	assert_int_equal(facts.at[0].how, ENDING_KEPT);
	assert_int_equal(facts.at[0].ended, ledger_time("2026-06-10T09:00:00Z"));
	assert_string_equal(facts.at[0].name, "Marie");
}

static void test_each_class_has_its_ending(void **state)
{
	static const struct { const char *class_; enum ending how; bool counts; } known[] = {
		{ "on-time-cancel", ENDING_CANCEL_IN_TIME, true }, { "grace", ENDING_CANCEL_IN_TIME, true },
		{ "late-cancel", ENDING_LATE_CANCEL, true }, { "no-show", ENDING_ABSENT, true },
		{ "attended", ENDING_KEPT, true }, { "owner-cancel", ENDING_OWNER_CANCEL, false },
		{ "of-another-module", ENDING_OTHER, false },
	};
	struct ledger_fixture *f = *state;
	struct facts facts;

	for (size_t n = 0; n < ARRAY_SIZE(known); n++) {
		struct policy_incident slot = entry("slot", "new-booking", "AAAA-AAAA", FIRST), loss = slot;

		slot.uid = loss.uid = arena_printf(f->mem, "u%zu", n);
		loss.class_ = known[n].class_;
		loss.outcome = "none";
		ledger_say(f, "2026-05-20T09:00:00Z", slot);
		ledger_say(f, "2026-06-09T12:00:00Z", loss);
	}
	facts = read_at(f, "2026-07-01T00:00:00Z");
	assert_int_equal(facts.count, ARRAY_SIZE(known));
	for (size_t n = 0; n < facts.count; n++) {
		size_t k = (size_t)(facts.at[n].uid[1] - '0');

		assert_int_equal(facts.at[n].how, known[k].how);
		assert_int_equal(fact_counts(&facts.at[n]), known[k].counts);
		assert_int_equal(facts.at[n].ended, ledger_time("2026-06-09T12:00:00Z"));
	}
}

static void move(struct ledger_fixture *f, const char *class_)
{
	ledger_say(f, "2026-06-10T05:00:00Z", entry(class_, "charged", "AAAA-AAAA", FIRST));
	ledger_say(f, "2026-06-10T05:00:00Z", entry("slot", "moved", "BBBB-BBBB", SECOND));
}

static void test_a_move_ends_one_time_and_begins_another(void **state)
{
	struct ledger_fixture *f = *state;
	struct facts facts;

	book(f, "AAAA-AAAA", FIRST);
	move(f, "late-move");
	facts = read_at(f, "2026-07-01T00:00:00Z");
	assert_int_equal(facts.count, 2);
	assert_int_equal(facts.at[0].how, ENDING_LATE_MOVE);
	assert_int_equal(facts.at[1].how, ENDING_KEPT);
	assert_int_equal(facts.at[1].start, ledger_time(SECOND));
}

/* C08: moved back before the first start; the time in between was never held. */
static void test_what_was_taken_back_does_not_count(void **state)
{
	struct ledger_fixture *f = *state;
	struct policy_incident back = entry("reinstated", "void", "AAAA-AAAA", FIRST);
	struct facts facts;

	book(f, "AAAA-AAAA", FIRST);
	move(f, "late-move");
	back.state = POLICY_VOID;
	back.supersedes = "AAAA-AAAA";
	ledger_say(f, "2026-06-10T05:30:00Z", back);
	facts = read_at(f, "2026-07-01T00:00:00Z");
	assert_int_equal(facts.count, 1);
	assert_int_equal(facts.at[0].how, ENDING_KEPT);
	assert_int_equal(facts.at[0].start, ledger_time(FIRST));
}

/* A small shift keeps the agreed time (C11). */
static void test_a_shift_is_no_ending(void **state)
{
	struct ledger_fixture *f = *state;
	struct facts facts;

	book(f, "AAAA-AAAA", FIRST);
	move(f, "shift");
	facts = read_at(f, "2026-07-01T00:00:00Z");
	assert_int_equal(facts.count, 1);
	assert_int_equal(facts.at[0].how, ENDING_KEPT);
}

static void test_an_emergency_does_not_count(void **state)
{
	struct ledger_fixture *f = *state;
	struct policy_incident i = entry("late-cancel", "charged", "AAAA-AAAA", FIRST);
	struct facts facts;

	book(f, "AAAA-AAAA", FIRST);
	i.state = POLICY_DUE;
	i.charge = 8000;
	ledger_say(f, "2026-06-10T05:00:00Z", i);
	i.state = POLICY_WAIVED;
	i.outcome = "waived";
	i.supersedes = i.ref;
	i.reason = "goodwill";
	i.at = ledger_time("2026-06-10T05:00:00Z");
	ledger_say(f, "2026-06-10T06:00:00Z", i);
	facts = read_at(f, "2026-07-01T00:00:00Z");
	assert_true(fact_counts(&facts.at[0]));
	i.reason = "emergency";
	ledger_say(f, "2026-06-10T07:00:00Z", i);
	facts = read_at(f, "2026-07-01T00:00:00Z");
	assert_int_equal(facts.count, 1);
	assert_true(facts.at[0].emergency);
	assert_false(fact_counts(&facts.at[0]));
}

/* Of a group, each attendee has times of its own. */
static void test_a_group(void **state)
{
	struct ledger_fixture *f = *state;
	struct policy_incident ana = entry("slot", "new-booking", "AAAA-AAAA", FIRST), ben = ana;
	struct facts facts;

	ana.client = ana.attendee = "ana@example.org";
	ben.client = ben.attendee = "ben@example.org";
	ben.ref = "BBBB-BBBB";
	ledger_say(f, "2026-05-20T09:00:00Z", ana);
	ledger_say(f, "2026-05-20T09:00:00Z", ben);
	ben.class_ = "late-cancel";
	ben.outcome = "charged";
	ledger_say(f, "2026-06-10T05:00:00Z", ben);
	facts = read_at(f, "2026-07-01T00:00:00Z");
	assert_int_equal(facts.count, 2);
	assert_string_equal(facts.at[0].client, "ben@example.org");
	assert_int_equal(facts.at[0].how, ENDING_LATE_CANCEL);
	assert_int_equal(facts.at[1].how, ENDING_KEPT);
}

/* A series whose event is gone: what of it was kept can't be known, and is not guessed. */
static void test_a_series_that_is_gone(void **state)
{
	struct ledger_fixture *f = *state;
	struct policy_incident date = entry("late-cancel", "charged", "AAAA-AAAA", FIRST);
	struct facts facts;

	ledger_say(f, "2026-05-20T09:00:00Z", entry("slot", "series", "SSSS-SSSS", FIRST));
	date.occurrence = "20260610T080000Z";
	ledger_say(f, "2026-06-10T05:00:00Z", date);
	facts = read_at(f, "2026-07-01T00:00:00Z");
	assert_int_equal(facts.count, 1);
	assert_int_equal(facts.at[0].how, ENDING_LATE_CANCEL);
	assert_int_equal(facts.series_gone, 1);
}

/* What clients wrote doesn't steer the terminal; an amount without a currency is a number. */
static void test_written_for_people(void **state)
{
	static const struct report_column columns[] = { { "fee", true, false } };
	struct report_kind kind = { .name = "test", .what = "a test" };
	struct arena *mem = arena_create();
	struct report r = { .kind = &kind, .mem = mem, .owner = "anna", .zone = zone_utc(),
		.first_day = INT64_MIN, .last_day = INT64_MAX };
	cleanup_buf struct buf out;

	(void)state;
	buf_init(&out, 4096);
	report_row(report_table(&r, "Marie\xc2\x9b" "2J", columns, 1))[0] = cell_money(5, "");
	report_row(report_table(&r, "\xe2\x80\xaeMarc", columns, 1))[0] = cell_money(0, "EUR");
	report_note(&r, "%s", "see \xc2\x9b" "1m");
	report_write(&r, 80, &out);
	assert_non_null(strstr(out.data, "\nMarie\xef\xbf\xbd" "2J\n FEE\n0.05\n"));
	assert_non_null(strstr(out.data, "\n\xef\xbf\xbdMarc\n"));
	assert_non_null(strstr(out.data, "\n* see \xef\xbf\xbd" "1m\n"));
	assert_null(strstr(out.data, "\xc2\x9b"));
	assert_null(strstr(out.data, "\xe2\x80\xae"));
	arena_destroy(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, ledger_setup, ledger_teardown)
		cmocka_unit_test(test_wilson),
		cmocka_unit_test(test_written_for_people),
		T(test_a_time_is_kept_when_it_is_over),
		T(test_each_class_has_its_ending),
		T(test_a_move_ends_one_time_and_begins_another),
		T(test_what_was_taken_back_does_not_count),
		T(test_a_shift_is_no_ending),
		T(test_an_emergency_does_not_count),
		T(test_a_group),
		T(test_a_series_that_is_gone),
#undef T
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
