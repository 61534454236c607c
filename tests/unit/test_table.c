#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/table.h"

static const struct table_column columns[] = { { "NAME", false, true }, { "FEE", true, false },
	{ "REF", false, false } };

static void expect(const char *const (*rows)[3], size_t n, size_t width, const char *expected)
{
	cleanup_arena struct arena *mem = arena_create();
	struct buf out cleanup_buf;
	struct table t;

	buf_init(&out, 10000);
	table_init(&t, columns, 3, mem);
	for (size_t i = 0; i < n; i++)
		table_add(&t, rows[i]);
	table_write(&t, width, &out);
	assert_string_equal(out.data, expected);
}

static void aligns_columns(void **state)
{
	static const char *const rows[][3] = { { "Zoé", "80.00 EUR", "A" }, { "Marc Petit", "5.00 EUR", "B" } };

	(void)state;
	expect(rows, 2, 80,
		"NAME              FEE  REF\n"
		"Zoé         80.00 EUR  A\n"
		"Marc Petit   5.00 EUR  B\n");
	expect(rows, 0, 80, "");
}

static void counts_what_is_shown(void **state)
{
	static const char *const rows[][3] = { { "東京", "1", "A" }, { "e\xCC\x81", "1", "B" } };

	(void)state;
	assert_int_equal(text_width("Zoé"), 3);
	assert_int_equal(text_width("e\xCC\x81"), 1);
	assert_int_equal(text_width("東京"), 4);
	assert_int_equal(text_width("\xFF"), 1);
	expect(rows, 2, 80,
		"NAME  FEE  REF\n"
		"東京    1  A\n"
		"e\xCC\x81       1  B\n");
}

static void cuts_one_column_to_the_width(void **state)
{
	static const char *const rows[][3] = { { "Marie-Françoise Durand", "80.00 EUR", "7F3K" } };
	static const char *const wide[][3] = { { "東京東京東京", "80.00 EUR", "7F3K" } };

	(void)state;
	expect(rows, 1, 30,
		"NAME                 FEE  REF\n"
		"Marie-Franço…  80.00 EUR  7F3K\n");
	expect(wide, 1, 25,
		"NAME            FEE  REF\n"
		"東京東…   80.00 EUR  7F3K\n");
}

/* Titles are what clients wrote. */
static void steers_no_terminal(void **state)
{
	static const char *const rows[][3] = { { "a\033[31m", "b\nc", "\xE2\x80\xAE" } };

	(void)state;
	expect(rows, 1, 80,
		"NAME    FEE  REF\n"
		"a�[31m  b�c  �\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aligns_columns),
		cmocka_unit_test(counts_what_is_shown),
		cmocka_unit_test(cuts_one_column_to_the_width),
		cmocka_unit_test(steers_no_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
