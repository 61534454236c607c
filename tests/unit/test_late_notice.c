/* Durations and deadlines: doc/policy.md 3.2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/util.h"
#include "policy/late/notice.h"
#include "zones.h"

static int64_t at(const char *text)
{
	int64_t t = 0;

	assert_int_equal(iso_date_parse(text, &t), 0);
	return t;
}

static struct duration length(const char *text)
{
	struct duration d = { 0 };

	assert_int_equal(duration_parse(text, true, &d), 0);
	return d;
}

static void durations_are_read(void **state)
{
	static const char *const bad[] = { "", "h", "24", "24 h", "-1h", "1h30m", "24H", "1.5h", "99999h",
		"1d@", "1d@25:00",
		"1d@24:00", "1h@17:00", "1w@17:00", "1d@7:00", "1d@17:60", "2bd@", "2bhx" };
	struct duration d;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(duration_parse(bad[i], true, &d), -1);
	assert_int_equal(duration_parse("1d@17:00", false, &d), -1);
	d = length("2bd@09:30");
	assert_int_equal(d.count, 2);
	assert_int_equal(d.unit, UNIT_OPEN_DAY);
	assert_int_equal(d.at, 9 * 60 + 30);
	d = length("24h");
	assert_int_equal(d.at, -1);
	assert_false(duration_needs_opening(&d));
}

struct row { const char *zone, *start, *within, *deadline; };

static void check_rows(const struct row *rows, size_t n, const struct opening *o,
	const int64_t *holidays, size_t count)
{
	for (size_t i = 0; i < n; i++) {
		const struct holidays closed = { holidays, count, 0 };
		const struct calendar_days days = { zone_find(rows[i].zone), o, &closed };
		struct duration d = length(rows[i].within);
		char got[ISO_DATE_SIZE];

		assert_non_null(days.zone);
		iso_date(notice_deadline(&days, at(rows[i].start), &d), got);
		assert_string_equal(got, rows[i].deadline);
	}
}

static void hours_are_exact_and_days_are_nominal(void **state)
{
	static const struct row rows[] = {
		{ "Europe/Paris", "2026-06-10T08:00:00Z", "24h", "2026-06-09T08:00:00Z" },
		{ "Europe/Paris", "2026-06-10T08:00:00Z", "90m", "2026-06-10T06:30:00Z" },
		{ "Europe/Paris", "2026-06-10T08:00:00Z", "30s", "2026-06-10T07:59:30Z" },
		{ "Europe/Paris", "2026-06-10T08:00:00Z", "1w", "2026-06-03T08:00:00Z" },
		/* the clock is put forward on 29 March 2026, back on 25 October */
		{ "Europe/Paris", "2026-03-29T08:00:00Z", "24h", "2026-03-28T08:00:00Z" },
		{ "Europe/Paris", "2026-03-29T08:00:00Z", "1d", "2026-03-28T09:00:00Z" },
		{ "Europe/Paris", "2026-10-25T09:00:00Z", "1d", "2026-10-24T08:00:00Z" },
		/* 02:30 doesn't exist on the 29th: offset before the gap */
		{ "Europe/Paris", "2026-03-30T00:30:00Z", "1d", "2026-03-29T01:30:00Z" },
		/* 02:30 exists twice on the 25th: the first */
		{ "Europe/Paris", "2026-10-26T01:30:00Z", "1d", "2026-10-25T00:30:00Z" },
		{ "Europe/Paris", "2026-06-10T08:00:00Z", "1d@17:00", "2026-06-09T15:00:00Z" },
		{ "America/New_York", "2026-03-09T14:00:00Z", "1d", "2026-03-08T14:00:00Z" },
		{ "America/New_York", "2026-03-08T14:00:00Z", "1d", "2026-03-07T15:00:00Z" },
	};

	check_rows(rows, ARRAY_SIZE(rows), NULL, NULL, 0);
}

static void weekdays(struct opening *o, int day, const struct open_span *spans, size_t count)
{
	for (size_t i = 0; i < count; i++)
		o->span[day][i] = spans[i];
	o->count[day] = count;
}

static void open_days_and_hours_leave_out_what_is_closed(void **state)
{
	static const struct row rows[] = {
		{ "Europe/Paris", "2026-06-15T08:00:00Z", "2bd", "2026-06-11T08:00:00Z" },  /* Monday: Thursday */
		{ "Europe/Paris", "2026-06-15T08:00:00Z", "9bh", "2026-06-12T08:00:00Z" },
		{ "Europe/Paris", "2026-05-26T08:00:00Z", "2bd", "2026-05-21T08:00:00Z" },  /* 25 May is a holiday */
		{ "Europe/Paris", "2026-06-13T08:00:00Z", "2bd", "2026-06-11T08:00:00Z" },  /* a closed Saturday */
		{ "Europe/Paris", "2026-06-13T08:00:00Z", "9bh", "2026-06-12T07:00:00Z" },
		{ "Europe/Paris", "2026-06-15T08:00:00Z", "1bd@17:00", "2026-06-12T15:00:00Z" },
		{ "Europe/Paris", "2026-06-10T08:30:00Z", "1bh", "2026-06-10T07:30:00Z" },
	};
	static const struct open_span day = { 9 * 60, 18 * 60 };
	int64_t holiday = days_from_civil(2026, 5, 25);
	struct opening o = { 0 };

	for (int i = 0; i < 5; i++)
		weekdays(&o, i, &day, 1);
	check_rows(rows, ARRAY_SIZE(rows), &o, &holiday, 1);
}

static void a_lunch_break_is_no_open_time(void **state)
{
	static const struct row rows[] = {
		{ "Europe/Paris", "2026-06-10T12:00:00Z", "7bh", "2026-06-09T12:00:00Z" },
		{ "Europe/Paris", "2026-06-10T12:00:00Z", "3bh", "2026-06-10T07:00:00Z" },
		{ "Europe/Paris", "2026-06-10T12:00:00Z", "4bh", "2026-06-09T15:00:00Z" },
	};
	static const struct open_span day[] = { { 9 * 60, 12 * 60 }, { 14 * 60, 18 * 60 } };
	struct opening o = { 0 };

	for (int i = 0; i < 5; i++)
		weekdays(&o, i, day, 2);
	check_rows(rows, ARRAY_SIZE(rows), &o, NULL, 0);
}

static void no_opening_ends_the_count(void **state)
{
	const struct opening never = { 0 };
	const struct calendar_days days = { zone_find("Europe/Paris"), &never, NULL };
	struct duration d = length("5bh");

	assert_int_equal(notice_deadline(&days, at("2026-06-10T08:00:00Z"), &d), at("2026-06-10T08:00:00Z"));
}

static void forward_is_counted_alike(void **state)
{
	static const struct open_span day = { 9 * 60, 18 * 60 };
	struct opening o = { 0 };
	const struct calendar_days days = { zone_find("Europe/Paris"), &o, NULL };
	static const struct row rows[] = {
		{ "", "2026-06-10T08:00:00Z", "15m", "2026-06-10T08:15:00Z" },
		{ "", "2026-03-28T09:00:00Z", "1d", "2026-03-29T08:00:00Z" },
		{ "", "2026-06-12T08:00:00Z", "1bd", "2026-06-15T08:00:00Z" },
		{ "", "2026-06-12T08:00:00Z", "9bh", "2026-06-15T08:00:00Z" },
	};

	for (int i = 0; i < 5; i++)
		weekdays(&o, i, &day, 1);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct duration d = length(rows[i].within);

		assert_int_equal(notice_after(&days, at(rows[i].start), &d), at(rows[i].deadline));
	}
}

static void periods_leave_their_old_end_out(void **state)
{
	const struct calendar_days days = { zone_find("Europe/Paris"), NULL, NULL };
	int64_t t = at("2026-06-09T12:00:00Z");

	assert_int_equal(period_start(&days, t, &(struct period){ PERIOD_SECONDS, 365 * 86400 }),
		at("2025-06-09T12:00:01Z"));
	assert_int_equal(period_start(&days, t, &(struct period){ PERIOD_YEAR, 0 }), at("2025-12-31T23:00:00Z"));
	assert_int_equal(period_start(&days, t, &(struct period){ PERIOD_MONTH, 0 }), at("2026-05-31T22:00:00Z"));
	assert_true(period_start(&days, t, &(struct period){ PERIOD_EVER, 0 }) == INT64_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_read),
		cmocka_unit_test(hours_are_exact_and_days_are_nominal),
		cmocka_unit_test(open_days_and_hours_leave_out_what_is_closed),
		cmocka_unit_test(a_lunch_break_is_no_open_time),
		cmocka_unit_test(no_opening_ends_the_count),
		cmocka_unit_test(forward_is_counted_alike),
		cmocka_unit_test(periods_leave_their_old_end_out),
	};

	return cmocka_run_group_tests(tests, zones_begin, zones_end);
}
