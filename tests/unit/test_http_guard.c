/* The shapes of doc/libraries.md A1 that must never get past the first handler call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "server/guard.h"

#define HOST { "Host", "cal.example" }

static const char *framing(const char *version, const struct header *head, size_t n, struct framing *f)
{
	return guard_framing(version, head, n, f);
}

#define FRAMING(version, f, ...) \
	framing(version, (const struct header[]){ __VA_ARGS__ }, \
		sizeof((const struct header[]){ __VA_ARGS__ }) / sizeof(struct header), f)

static void test_sound_requests(void **state)
{
	struct framing f;

	(void)state;
	assert_null(FRAMING("HTTP/1.1", &f, HOST));
	assert_true(f.length_known && f.length == 0 && !f.chunked && !f.expect_continue);
	assert_null(FRAMING("HTTP/1.1", &f, HOST, { "content-length", "17" }));
	assert_int_equal(f.length, 17);
	assert_null(FRAMING("HTTP/1.1", &f, HOST, { "Transfer-Encoding", "Chunked" }));
	assert_true(f.chunked && !f.length_known);
	assert_null(FRAMING("HTTP/1.1", &f, HOST, { "Expect", "100-continue" }, { "X-A", "b\tc" }));
	assert_true(f.expect_continue);
	assert_null(FRAMING("HTTP/1.0", &f, { "Accept", "*/*" }));
}

static void test_two_framings(void **state)
{
	struct framing f;

	(void)state;
	assert_non_null(FRAMING("HTTP/1.1", &f, HOST, { "Content-Length", "3" }, { "Content-Length", "4" }));
	assert_non_null(FRAMING("HTTP/1.1", &f, HOST, { "Content-Length", "3" }, { "Content-Length", "3" }));
	assert_non_null(
		FRAMING("HTTP/1.1", &f, HOST, { "Content-Length", "3" }, { "Transfer-Encoding", "chunked" }));
	assert_non_null(FRAMING("HTTP/1.1", &f, HOST, { "Transfer-Encoding", "chunked" },
		{ "Transfer-Encoding", "identity" }));
}

static void test_other_encodings(void **state)
{
	static const char *const values[] = { "gzip, chunked", "xchunked", "identity", "", "chunked, chunked" };
	struct framing f;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		assert_non_null(FRAMING("HTTP/1.1", &f, HOST, { "Transfer-Encoding", values[i] }));
	assert_non_null(FRAMING("HTTP/1.0", &f, HOST, { "Transfer-Encoding", "chunked" }));
}

static void test_lengths_that_are_none(void **state)
{
	static const char *const values[] = { "+3", "-1", "0x3", "3 ", " 3", "", "3, 3", "9223372036854775808" };
	struct framing f;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		assert_non_null(FRAMING("HTTP/1.1", &f, HOST, { "Content-Length", values[i] }));
}

static void test_names_that_are_none(void **state)
{
	static const char *const names[] = { "Content-Length ", "Transfer-Encoding\t", "X A", "", "X\x01", "X:",
		"Content-Lengthtwo", "transfer-encodingX", "X\xc3\xa9" };
	struct framing f;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_non_null(FRAMING("HTTP/1.1", &f, HOST, { names[i], "3" }));
}

static void test_control_characters_in_values(void **state)
{
	struct framing f;

	(void)state;
	assert_non_null(FRAMING("HTTP/1.1", &f, HOST, { "X-A", "one\rtwo" }));
	assert_non_null(FRAMING("HTTP/1.1", &f, HOST, { "X-A", "\x7f" }));
	assert_null(FRAMING("HTTP/1.1", &f, HOST, { "X-A", "d\xc3\xa9"
							  "dit" }));
}

static void test_host_exactly_once(void **state)
{
	struct framing f;

	(void)state;
	assert_non_null(FRAMING("HTTP/1.1", &f, { "Accept", "*/*" }));
	assert_non_null(FRAMING("HTTP/1.1", &f, HOST, HOST));
	assert_non_null(FRAMING("HTTP/1.0", &f, HOST, HOST));
	assert_non_null(FRAMING("HTTP/1.2", &f, HOST));
	assert_non_null(FRAMING("HTTP/2.0", &f, HOST));
}

static void expect_target(const char *method, const char *target, const char *path, const char *query)
{
	cleanup_arena struct arena *mem = arena_create();
	const char *p, *q;

	assert_null(guard_target(method, target, mem, &p, &q));
	assert_string_equal(p, path);
	if (query == NULL)
		assert_null(q);
	else
		assert_string_equal(q, query);
}

static void test_targets(void **state)
{
	(void)state;
	expect_target("GET", "/", "/", NULL);
	expect_target("GET", "/a%2Fb//c?x=1?y", "/a%2Fb//c", "x=1?y");
	expect_target("GET", "/a?", "/a", "");
	expect_target("GET", "http://cal.example/a?b", "/a", "b");
	expect_target("GET", "HTTPS://cal.example", "/", NULL);
	expect_target("GET", "http://cal.example?x", "/", "x");
	expect_target("OPTIONS", "*", "/", NULL);
}

static void test_targets_that_are_none(void **state)
{
	static const char *const bad[] = { "*", "", "a/b", "cal.example:443", "/a b", "/a\tb", "/a\x01", "/a#b",
		"http://", "http:///a", "ftp://h/a", "/\x7f" };
	cleanup_arena struct arena *mem = arena_create();
	const char *p, *q;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_non_null(guard_target("GET", bad[i], mem, &p, &q));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sound_requests),
		cmocka_unit_test(test_two_framings),
		cmocka_unit_test(test_other_encodings),
		cmocka_unit_test(test_lengths_that_are_none),
		cmocka_unit_test(test_names_that_are_none),
		cmocka_unit_test(test_control_characters_in_values),
		cmocka_unit_test(test_host_exactly_once),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_targets_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
