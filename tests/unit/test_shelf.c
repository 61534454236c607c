/* A question for a time looks at every shelf on which something of that time can stand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/util.h"
#include "storage/sqlite/shelf.h"

enum { DAY = 86400, HOUR = 3600 };

static unsigned shelf_of_list(const struct span *list, size_t n, bool more)
{
	cleanup_buf struct buf text;

	buf_init(&text, SPANS_BYTES_MAX);
	spans_write(list, n, more, &text);
	return shelf_of(list[0].start, list[n - 1].end + 1, &(struct span_set){ text.data, text.len });
}

static void one_day_of_the_week_has_a_shelf(void **state)
{
	static const struct span mondays[] = { { 4 * DAY, 4 * DAY + HOUR }, { 11 * DAY, 12 * DAY },
		{ 18 * DAY, 18 * DAY } };
	static const struct span into_tuesday[] = { { 4 * DAY, 4 * DAY + HOUR }, { 11 * DAY, 12 * DAY + 1 } };
	static const struct span two_days[] = { { 4 * DAY, 4 * DAY + HOUR }, { 12 * DAY, 12 * DAY + HOUR } };
	static const struct span before_1970[] = { { -3 * DAY, -2 * DAY }, { 4 * DAY, 5 * DAY } };

	(void)state;
	assert_int_equal(shelf_of_list(mondays, 3, false) & 7, 5);
	assert_int_equal(shelf_of_list(before_1970, 2, false) & 7, 5);
	assert_int_equal(shelf_of_list(mondays, 3, true) & 7, 0);
	assert_int_equal(shelf_of_list(into_tuesday, 2, false) & 7, 0);
	assert_int_equal(shelf_of_list(two_days, 2, false) & 7, 0);
	assert_int_equal(shelf_of(0, 10, &(struct span_set){ NULL, 0 }) & 7, 0);
}

static void its_power_of_two_is_longer(void **state)
{
	static const struct { int64_t first, last; unsigned power; } rows[] = {
		{ 100, 100, 16 }, { 0, 65535, 16 }, { 0, 65536, 17 }, { -65536, 0, 17 },
		{ 0, (INT64_C(1) << 62) - 1, 62 }, { 0, INT64_C(1) << 62, 63 }, { INT64_MIN, INT64_MAX, 63 },
		{ INT64_MIN, 0, 63 }, { 5, INT64_MAX, 63 },
	};
	const struct span_set unknown = { NULL, 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(shelf_of(rows[i].first, rows[i].last, &unknown), rows[i].power * 8);
	}
	assert_int_equal(shelf_of(INT64_MAX, INT64_MIN, &unknown), SHELF_NONE);
}

static void a_question_names_the_days_that_it_touches(void **state)
{
	(void)state;
	assert_int_equal(shelf_days(0, 1), 1 | 1 << 1);
	assert_int_equal(shelf_days(0, DAY), 1 | 1 << 1);
	assert_int_equal(shelf_days(DAY - 1, DAY + 1), 1 | 1 << 1 | 1 << 2);
	assert_int_equal(shelf_days(-1, 1), 1 | 1 << 7 | 1 << 1);
	assert_int_equal(shelf_days(0, 7 * DAY), 0xff);
	assert_int_equal(shelf_days(INT64_MIN, INT64_MAX), 0xff);
	assert_int_equal(shelf_days(INT64_MIN, INT64_MIN + 1) & 1, 1);
}

static void what_lies_in_it_stands_on_one_of_its_days(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		int64_t start = rand_r(&seed) % (30 * DAY) - 15 * DAY, length = rand_r(&seed) % (2 * DAY);
		const struct span s = { start, start + (round % 5 ? length : 0) };
		int64_t from = start - rand_r(&seed) % DAY, to = start + 1 + rand_r(&seed) % DAY;
		unsigned shelf = shelf_of_list(&s, 1, false);

		assert_true(shelf_days(from, to) >> (shelf & 7) & 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_day_of_the_week_has_a_shelf),
		cmocka_unit_test(its_power_of_two_is_longer),
		cmocka_unit_test(a_question_names_the_days_that_it_touches),
		cmocka_unit_test(what_lies_in_it_stands_on_one_of_its_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
