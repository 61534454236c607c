/* What forms send: the URL standard, 5.1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "web/form.h"

static const char *value_of(const char *body, const char *name, struct arena *mem)
{
	struct request http = { .mem = mem, .body = body, .body_len = strlen(body) };
	const struct page_request rq = { .http = &http };

	return form_value(&rq, name);
}

static void test_values(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	static const struct { const char *body, *name, *value; } known[] = {
		{ "a=b", "a", "b" }, { "a=b&c=d", "c", "d" }, { "a=1&a=2", "a", "1" },
		{ "a=", "a", "" }, { "a", "a", NULL },
		{ "a=b+c%20d", "a", "b c d" }, { "a=%C3%A9%26", "a", "é&" }, { "a=b=c", "a", "b=c" },
		{ "a=%4", "a", NULL }, { "a=%zz%", "a", NULL },
		{ "a=%", "a", NULL }, { "a=%ff", "a", NULL },
		{ "&&a=b&", "a", "b" }, { "", "a", NULL }, { "ab=c", "a", NULL },
		{ "a=x%00y", "a", NULL }, { "a&a=y", "a", "y" },
	};

	(void)state;
	for (size_t n = 0; n < sizeof(known) / sizeof(known[0]); n++) {
		const char *value = value_of(known[n].body, known[n].name, mem);

		if (known[n].value)
			assert_string_equal(value, known[n].value);
		else
			assert_null(value);
	}
}

static int check(const char *type, struct arena *mem)
{
	const struct header head = { "Content-Type", type };
	struct response res;
	struct request http = { .mem = mem, .head = &head, .heads = type ? 1 : 0, .body = "", .res = &res };
	struct page_request rq = { .http = &http };
	int status;

	response_init(&res, 1024);
	status = form_check(&rq);
	response_finish(&res);
	return status;
}

static void test_type(void **state)
{
	struct arena *mem cleanup_arena = arena_create();

	(void)state;
	assert_int_equal(check("application/x-www-form-urlencoded", mem), 0);
	assert_int_equal(check("Application/X-WWW-form-urlencoded; charset=UTF-8", mem), 0);
	assert_int_equal(check("application/x-www-form-urlencoded2", mem), 415);
	assert_int_equal(check("text/plain", mem), 415);
	assert_int_equal(check(NULL, mem), 415);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_values), cmocka_unit_test(test_type) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
