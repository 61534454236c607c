#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/util.h"

static void parses_whole_numbers(void **state)
{
	uint64_t u = 0;
	int64_t i = 0;

	(void)state;
	assert_int_equal(parse_u64("0", 0, 10, &u), 0);
	assert_int_equal(u, 0);
	assert_int_equal(parse_u64("18446744073709551615", 0, UINT64_MAX, &u), 0);
	assert_true(u == UINT64_MAX);
	assert_int_equal(parse_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &i), 0);
	assert_true(i == INT64_MIN);
	assert_int_equal(parse_i64("9223372036854775807", INT64_MIN, INT64_MAX, &i), 0);
	assert_true(i == INT64_MAX);
	assert_int_equal(parse_i64("-0", -1, 1, &i), 0);
	assert_int_equal(i, 0);
	assert_int_equal(parse_u64n("123abc", 3, 0, 1000, &u), 0);
	assert_int_equal(u, 123);
}

static void refuses_other_numbers(void **state)
{
	static const char *const bad[] = {
		"", " 1", "1 ", "+1", "-1", "0x10", "1.0", "1e3", "18446744073709551616",
		"99999999999999999999999", "\xd9\xa1", /* ARABIC-INDIC DIGIT ONE */
	};
	uint64_t u = 42;
	int64_t i = 42;

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(bad); n++) {
		assert_int_equal(parse_u64(bad[n], 0, UINT64_MAX, &u), -1);
	}
	assert_int_equal(parse_u64("11", 12, 20, &u), -1);
	assert_int_equal(parse_u64("21", 12, 20, &u), -1);
	assert_int_equal(u, 42);
	assert_int_equal(parse_i64("-", INT64_MIN, INT64_MAX, &i), -1);
	assert_int_equal(parse_i64("--1", INT64_MIN, INT64_MAX, &i), -1);
	assert_int_equal(parse_i64("9223372036854775808", INT64_MIN, INT64_MAX, &i), -1);
	assert_int_equal(parse_i64("-9223372036854775809", INT64_MIN, INT64_MAX, &i), -1);
	assert_int_equal(i, 42);
}

static void compares_ascii_without_locale(void **state)
{
	char text[] = "ETag \xc3\x89";

	(void)state;
	assert_int_equal(ascii_casecmp("Content-Type", "content-tYPE"), 0);
	assert_true(ascii_casecmp("a", "b") < 0);
	assert_true(ascii_casecmp("ab", "a") > 0);
	assert_int_equal(ascii_ncasecmp("abcX", "ABCY", 3), 0);
	assert_int_not_equal(ascii_casecmp("\xc3\x89", "\xc3\xa9"), 0);
	ascii_lower(text);
	assert_string_equal(text, "etag \xc3\x89");
	assert_true(ascii_isalnum('z') && ascii_isalnum('0') && !ascii_isalnum('_'));
	assert_false(ascii_isalnum(0xe9));
	assert_int_equal(ascii_toupper('z'), 'Z');
}

static void finds_ends_of_strings(void **state)
{
	(void)state;
	assert_true(str_starts("calendar", "cal"));
	assert_true(str_starts("cal", ""));
	assert_false(str_starts("ca", "cal"));
	assert_true(str_ends("a.ics", ".ics"));
	assert_false(str_ends("ics", ".ics"));
}

static void knows_well_formed_utf8(void **state)
{
	static const char *const good[] = {"", "a", "\xc3\xa9", "\xe2\x82\xac", "\xed\x9f\xbf",
		"\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\x01"};
	static const char *const bad[] = {"\x80", "\xc3", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\x80",
		"\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", "\xff", "\xe2\x82", "a\xe2\x28\xa1", "\xc3\xa9\xa9"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(utf8_valid(good[i], strlen(good[i])));
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_false(utf8_valid(bad[i], strlen(bad[i])));
	}
	assert_false(utf8_valid("a\0b", 3));
	for (size_t at = 0; at < 20; at++) {
		char text[] = "twenty letters aa~\x7f\x01";
		assert_true(utf8_valid(text, 20));
		text[at] = '\0';
		assert_false(utf8_valid(text, 20));
		text[at] = '\x80';
		assert_false(utf8_valid(text, 20));
		memcpy(text + at, "\xc3\xa9", 2);
		assert_int_equal(utf8_valid(text, 20), at < 19);
	}
	assert_int_equal(utf8_step("\xe2\x82\xac!", 4), 3);
	assert_int_equal(utf8_step("\xe2\x82\xac", 2), 0);
}

static void a_line_for_people_has_no_control_characters(void **state)
{
	char text[TEXT_LINE_MAX + 2] = "";

	(void)state;
	memset(text, 'x', TEXT_LINE_MAX);
	assert_true(text_line_valid(text));
	text[TEXT_LINE_MAX] = 'x';
	assert_false(text_line_valid(text));
	assert_true(text_line_valid("") && text_line_valid("Zo\xc3\xa9 \xe2\x82\xac"));
	assert_false(text_line_valid("a\nb") || text_line_valid("a\tb") || text_line_valid("\x7f") ||
		text_line_valid("\xc3"));
}

static void duplicates(void **state)
{
	cleanup_free char *text = xasprintf("%s-%d", "x", 3);
	cleanup_free char *part = xstrndup("calendar", 3);
	cleanup_free char *nothing = xstrdup(NULL);
	cleanup_free int *numbers = xcalloc(3, sizeof(*numbers));

	(void)state;
	assert_string_equal(text, "x-3");
	assert_string_equal(part, "cal");
	assert_null(nothing);
	assert_int_equal(numbers[2], 0);
	numbers = xreallocarray(numbers, 100, sizeof(*numbers));
	numbers[99] = 1;
}

static void errors_carry_code_and_text(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(err_set(&e, ERR_LARGE, "%d bytes", 5), -1);
	assert_int_equal(e.code, ERR_LARGE);
	assert_string_equal(e.text, "5 bytes");
	assert_int_equal(err_set(NULL, ERR_IO, "x"), -1);
	errno = ENOENT;
	assert_int_equal(err_errno(&e, ERR_IO, "open %s", "f"), -1);
	assert_string_equal(e.text, "open f: No such file or directory");
	assert_int_equal(errno, ENOENT);
	errno = ENOSPC;
	err_errno(&e, ERR_IO, "write");
	assert_int_equal(e.code, ERR_FULL);
	errno = EDQUOT;
	err_errno(&e, ERR_IO, "write");
	assert_int_equal(e.code, ERR_FULL);
	errno = EMFILE;
	err_errno(&e, ERR_IO, "open");
	assert_int_equal(e.code, ERR_BUSY);
	errno = EIO;
	err_errno(&e, ERR_IO, "%0300d", 1);
	assert_int_equal(e.code, ERR_IO);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_whole_numbers),
		cmocka_unit_test(refuses_other_numbers),
		cmocka_unit_test(compares_ascii_without_locale),
		cmocka_unit_test(finds_ends_of_strings),
		cmocka_unit_test(knows_well_formed_utf8),
		cmocka_unit_test(a_line_for_people_has_no_control_characters),
		cmocka_unit_test(duplicates),
		cmocka_unit_test(errors_carry_code_and_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
