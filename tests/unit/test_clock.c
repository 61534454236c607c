#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/util.h"

static void known_days(void **state)
{
	(void)state;
	assert_int_equal(days_from_civil(1970, 1, 1), 0);
	assert_int_equal(days_from_civil(2000, 3, 1), 11017);
	assert_int_equal(days_from_civil(1600, 1, 1), -135140);
	assert_int_equal(days_from_civil(0, 3, 1), -719468);
	assert_int_equal(days_in_month(2024, 2), 29);
	assert_int_equal(days_in_month(2100, 2), 28);
	assert_int_equal(days_in_month(2000, 2), 29);
	assert_int_equal(days_in_month(2023, 11), 30);
	assert_int_equal(weekday_from_days(0), 3);
	assert_int_equal(weekday_from_days(-4), 6);
}

/* A calendar made by counting: every day of 800 years follows the one before. */
static void days_follow_each_other(void **state)
{
	int64_t year = 1600, days = days_from_civil(1600, 1, 1);
	int month = 1, day = 1;

	(void)state;
	for (; year < 2400; days++) {
		int64_t y;
		int m, d;
		civil_from_days(days, &y, &m, &d);
		assert_true(y == year && m == month && d == day);
		assert_true(days_from_civil(year, month, day) == days);
		if (++day > days_in_month(year, month)) {
			day = 1;
			if (++month > 12) {
				month = 1;
				year++;
			}
		}
	}
}

static void any_day_goes_there_and_back(void **state)
{
	static const int64_t days[] = {
		INT64_MIN, INT64_MIN + 1, -719469, -719468, -1, 0, 146096, 146097, INT64_MAX - 1, INT64_MAX,
	};
	int64_t year;
	int month, day;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(days); i++) {
		civil_from_days(days[i], &year, &month, &day);
		assert_in_range(month, 1, 12);
		assert_in_range(day, 1, 31);
		assert_true(days_from_civil(year, month, day) == days[i]);
		assert_in_range(weekday_from_days(days[i]), 0, 6);
	}
}

static void writes_the_examples_of_rfc_9110(void **state)
{
	char out[HTTP_DATE_SIZE], iso[ISO_DATE_SIZE], ical[ICAL_UTC_SIZE];
	int64_t when = 0;

	(void)state;
	http_date(784111777, out);
	assert_string_equal(out, "Sun, 06 Nov 1994 08:49:37 GMT");
	assert_int_equal(http_date_parse(out, &when), 0);
	assert_int_equal(when, 784111777);
	iso_date(784111777, iso);
	assert_string_equal(iso, "1994-11-06T08:49:37Z");
	assert_int_equal(iso_date_parse(iso, &when), 0);
	assert_int_equal(when, 784111777);
	ical_utc(784111777, ical);
	assert_string_equal(ical, "19941106T084937Z");
	ical_utc(-1, ical);
	assert_string_equal(ical, "19691231T235959Z");
}

static void years_beyond_four_digits_are_cut(void **state)
{
	char out[HTTP_DATE_SIZE], iso[ISO_DATE_SIZE], ical[ICAL_UTC_SIZE];

	(void)state;
	http_date(INT64_MAX, out);
	assert_string_equal(out, "Fri, 31 Dec 9999 23:59:59 GMT");
	iso_date(INT64_MIN, iso);
	assert_string_equal(iso, "0000-01-01T00:00:00Z");
	ical_utc(INT64_MAX, ical);
	assert_string_equal(ical, "99991231T235959Z");
}

static void refuses_other_dates(void **state)
{
	static const char *const http[] = {
		"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
		"Mon, 06 Nov 1994 08:49:37 GMT" /* it was a Sunday */, "Sun, 06 Nov 1994 08:49:37 UTC",
		"Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
		"Sun, 06 Nov 1994 08:49:60 GMT", "Thu, 31 Nov 1994 08:49:37 GMT",
		"sun, 06 nov 1994 08:49:37 gmt", "Sun, 06 Nov 1994 08:49:37 GMT ",
		"Sun, 06 Nov -994 08:49:37 GMT",
	};
	static const char *const iso[] = {
		"", "1994-11-06", "1994-11-06 08:49:37Z", "1994-11-06T08:49:37", "1994-13-06T08:49:37Z",
		"1994-02-29T00:00:00Z", "1994-11-06T08:49:37z", "+994-11-06T08:49:37Z",
	};
	int64_t when = 42;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(http); i++) {
		assert_int_equal(http_date_parse(http[i], &when), -1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(iso); i++) {
		assert_int_equal(iso_date_parse(iso[i], &when), -1);
	}
	assert_int_equal(when, 42);
}

static int64_t christmas(void)
{
	return 1766620800;
}

static void clock_can_be_replaced(void **state)
{
	(void)state;
	clock_set(christmas);
	assert_int_equal(clock_now(), 1766620800);
	clock_set(NULL);
	assert_true(llabs(clock_now() - (int64_t)time(NULL)) <= 1);
	int64_t before = clock_monotonic_ms();
	assert_true(clock_monotonic_ms() >= before);
}

static void reads_a_date(void **state)
{
	int64_t day = -1;

	(void)state;
	assert_int_equal(date_parse("1970-01-02", &day), 0);
	assert_int_equal(day, 1);
	assert_int_equal(date_parse("2026-06-10", &day), 0);
	assert_int_equal(day, days_from_civil(2026, 6, 10));
	assert_int_equal(date_parse("2026-02-29", &day), -1);
	assert_int_equal(date_parse("2026-6-10", &day), -1);
	assert_int_equal(date_parse("2026-06-10T", &day), -1);
	assert_int_equal(date_parse("", &day), -1);
}

static int64_t wall, steady;

static int64_t test_wall(void)
{
	return wall;
}

static int64_t test_steady(void)
{
	return steady;
}

/* doc/architecture.md 15.25 */
static void jumps_are_told_until_they_are_accepted(void **state)
{
	(void)state;
	wall = 1000;
	steady = 50;
	clock_set(test_wall);
	assert_false(clock_jumped()); /* alone, it is as steady as itself */
	wall += 10000;
	assert_false(clock_jumped());
	clock_set_steady(test_steady);
	assert_false(clock_jumped());
	wall += 7000;
	steady += 7000;
	assert_false(clock_jumped());
	for (int n = 0; n < 10; n++) { /* small steps are followed, also many of them */
		wall += 300;
		assert_false(clock_jumped());
	}
	wall -= 300;
	assert_false(clock_jumped());
	wall += 301;
	assert_true(clock_jumped());
	wall -= 301; /* and back: nobody knows what was right */
	assert_true(clock_jumped());
	clock_accept();
	assert_false(clock_jumped());
	wall -= 301;
	assert_true(clock_jumped());
	clock_accept();
	assert_false(clock_jumped());
	clock_set_steady(NULL);
	clock_set(NULL);
	assert_false(clock_jumped());
}

/* Never late by more than a loaded machine is, never early, and not held up by being woken. */
static void waits_end_at_their_time(void **state)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t cond;
	int64_t began = clock_monotonic_us(), until = began + 20000;

	(void)state;
	clock_cond_init(&cond);
	pthread_mutex_lock(&lock);
	while (clock_wait(&cond, &lock, until))
		;
	assert_true(clock_monotonic_us() >= until);
	assert_false(clock_wait(&cond, &lock, began));
	assert_false(clock_wait(&cond, &lock, 0));
	assert_true(clock_monotonic_us() < began + 10000000);
	pthread_mutex_unlock(&lock);
	pthread_cond_destroy(&cond);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_days),
		cmocka_unit_test(days_follow_each_other),
		cmocka_unit_test(any_day_goes_there_and_back),
		cmocka_unit_test(writes_the_examples_of_rfc_9110),
		cmocka_unit_test(years_beyond_four_digits_are_cut),
		cmocka_unit_test(refuses_other_dates),
		cmocka_unit_test(clock_can_be_replaced),
		cmocka_unit_test(reads_a_date),
		cmocka_unit_test(jumps_are_told_until_they_are_accepted),
		cmocka_unit_test(waits_end_at_their_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
