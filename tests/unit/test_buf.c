#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static void empty_buffer_is_a_string(void **state)
{
	struct buf b cleanup_buf;

	(void)state;
	buf_init(&b, 10);
	assert_string_equal(b.data, "");
	assert_int_equal(buf_add(&b, "", 0), 0);
	assert_string_equal(b.data, "");
	assert_false(b.full);
}

static void holds_exactly_its_maximum(void **state)
{
	struct buf b cleanup_buf;

	(void)state;
	buf_init(&b, 4);
	assert_int_equal(buf_adds(&b, "abcd"), 0);
	assert_string_equal(b.data, "abcd");
	assert_int_equal(buf_addc(&b, 'e'), -1);
	assert_true(b.full);
	assert_string_equal(b.data, "abcd");
}

static void once_full_nothing_more_is_added(void **state)
{
	struct buf b cleanup_buf;

	(void)state;
	buf_init(&b, 4);
	assert_int_equal(buf_adds(&b, "abcde"), -1);
	assert_int_equal(b.len, 0);
	/* it would fit, but a text with a hole in it is worse than none */
	assert_int_equal(buf_addc(&b, 'a'), -1);
	buf_reset(&b);
	assert_int_equal(buf_addc(&b, 'a'), 0);
	assert_string_equal(b.data, "a");
}

static void grows_over_many_additions(void **state)
{
	struct buf b cleanup_buf;

	(void)state;
	buf_init(&b, 100000);
	for (int i = 0; i < 100000; i++) {
		assert_int_equal(buf_addc(&b, (char)('a' + i % 26)), 0);
	}
	assert_int_equal(b.len, 100000);
	assert_int_equal(strlen(b.data), 100000);
	assert_int_equal(b.data[27], 'b');
	assert_int_equal(buf_addc(&b, 'x'), -1);
}

static void printf_fits_short_long_and_too_long(void **state)
{
	struct buf b cleanup_buf;

	(void)state;
	buf_init(&b, 1010);
	assert_int_equal(buf_printf(&b, "%d-%s.", 7, "x"), 0);
	assert_string_equal(b.data, "7-x.");
	assert_int_equal(buf_printf(&b, "%01000d", 0), 0);
	assert_int_equal(b.len, 1004);
	assert_int_equal(strlen(b.data), 1004);
	assert_int_equal(buf_printf(&b, "%0300d", 0), -1);
	assert_int_equal(b.len, 1004);
	assert_true(b.full);
}

static void keeps_nul_bytes(void **state)
{
	struct buf b cleanup_buf;

	(void)state;
	buf_init(&b, 10);
	assert_int_equal(buf_add(&b, "a\0b", 3), 0);
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.data, "a\0b", 4);
}

static void detach_hands_over_and_empties(void **state)
{
	struct buf b cleanup_buf;
	size_t len = 99;

	(void)state;
	buf_init(&b, 10);
	char *nothing = buf_detach(&b, &len);
	assert_string_equal(nothing, "");
	assert_int_equal(len, 0);
	free(nothing);
	buf_adds(&b, "abc");
	char *text = buf_detach(&b, NULL);
	assert_string_equal(text, "abc");
	free(text);
	assert_int_equal(b.len, 0);
	assert_int_equal(buf_adds(&b, "again"), 0);
}

static void room_is_filled_in_place(void **state)
{
	struct buf b cleanup_buf;

	(void)state;
	buf_init(&b, 6);
	buf_adds(&b, "ab");
	assert_int_equal(buf_room(&b, 4), 0);
	memcpy(b.data + b.len, "cdef", 4);
	buf_took(&b, 3);
	assert_string_equal(b.data, "abcde");
	assert_int_equal(b.len, 5);
	assert_int_equal(buf_room(&b, 2), -1);
	assert_true(b.full);
	assert_string_equal(b.data, "abcde");
}

static void finish_accepts_a_zeroed_struct(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_finish(&b);
	buf_init(&b, 3);
	assert_int_equal(buf_adds(&b, "abc"), 0);
	buf_finish(&b);
	buf_finish(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_buffer_is_a_string),
		cmocka_unit_test(holds_exactly_its_maximum),
		cmocka_unit_test(once_full_nothing_more_is_added),
		cmocka_unit_test(grows_over_many_additions),
		cmocka_unit_test(printf_fits_short_long_and_too_long),
		cmocka_unit_test(keeps_nul_bytes),
		cmocka_unit_test(detach_hands_over_and_empties),
		cmocka_unit_test(room_is_filled_in_place),
		cmocka_unit_test(finish_accepts_a_zeroed_struct),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
