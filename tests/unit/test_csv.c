#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/csv.h"

static void expect_cell(char separator, const char *text, const char *expected)
{
	struct buf out cleanup_buf;
	struct csv c;

	buf_init(&out, 1000);
	csv_init(&c, &out, separator);
	csv_text(&c, text);
	assert_string_equal(out.data, expected);
}

/* RFC 4180 2: cells, rows, CRLF, quotes doubled. */
static void writes_rows(void **state)
{
	struct buf out cleanup_buf;
	struct csv c;

	(void)state;
	buf_init(&out, 1000);
	csv_init(&c, &out, ';');
	csv_text(&c, "a");
	csv_text(&c, "");
	csv_number(&c, -900);
	csv_end(&c);
	csv_text(&c, "b");
	csv_end(&c);
	assert_string_equal(out.data, "a;;-900\r\nb\r\n");
}

static void quotes_what_would_end_a_cell(void **state)
{
	(void)state;
	expect_cell(',', "Durand, Marie", "\"Durand, Marie\"");
	expect_cell(';', "Durand, Marie", "Durand, Marie");
	expect_cell(';', "Durand; Marie", "\"Durand; Marie\"");
	expect_cell(',', "the \"good\" one", "\"the \"\"good\"\" one\"");
	expect_cell(',', "two\nlines", "\"two\nlines\"");
	expect_cell(',', "Zoé", "Zoé");
}

/* architecture.md 15.36 */
static void no_text_is_a_formula(void **state)
{
	(void)state;
	expect_cell(',', "=1+1", "'=1+1");
	expect_cell(',', "+33 6", "'+33 6");
	expect_cell(',', "-2", "'-2");
	expect_cell(',', "@SUM(A1)", "'@SUM(A1)");
	expect_cell(',', "\t=1", "'\t=1");
	expect_cell(',', "=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"");
	expect_cell(',', "a=1", "a=1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_rows),
		cmocka_unit_test(quotes_what_would_end_a_cell),
		cmocka_unit_test(no_text_is_a_formula),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
