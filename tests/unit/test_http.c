#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/util.h"
#include "http/request.h"

static void finds_headers_by_any_case(void **state)
{
	static const struct header head[] = {
		{"Host", "a"}, {"If-None-Match", "\"1\""}, {"if-none-match", "\"2\""},
	};
	struct request rq = {.head = head, .heads = ARRAY_SIZE(head)};
	size_t i = 0;

	(void)state;
	assert_string_equal(request_header(&rq, "HOST"), "a");
	assert_null(request_header(&rq, "Hos"));
	assert_string_equal(request_header_next(&rq, "IF-NONE-MATCH", &i), "\"1\"");
	assert_string_equal(request_header_next(&rq, "IF-NONE-MATCH", &i), "\"2\"");
	assert_null(request_header_next(&rq, "IF-NONE-MATCH", &i));
}

static void takes_the_base_off(void **state)
{
	(void)state;
	assert_string_equal(path_below("/dedit", "/dedit/a"), "/a");
	assert_string_equal(path_below("/dedit", "/dedit/"), "/");
	assert_string_equal(path_below("/dedit", "/dedit"), "/");
	assert_string_equal(path_below("/dedit", "/deditor/a"), "/deditor/a");
	assert_string_equal(path_below("/dedit", "/a"), "/a");
	assert_string_equal(path_below(NULL, "/a"), "/a");
}

static void encodes_attributes(void **state)
{
	struct arena *mem = arena_create();

	(void)state;
	/* RFC 8187 3.2.1 */
	assert_string_equal(path_encode_attribute("a'b*c%(d)\xc3\xbc.ics", mem), "a%27b%2Ac%25%28d%29%C3%BC.ics");
	arena_destroy(mem);
}

static void finds_tokens_in_lists(void **state)
{
	(void)state;
	assert_true(header_has_token("return=minimal, wait=10", "return"));
	assert_true(header_has_token("a,B ,c", "b"));
	assert_true(header_has_token("  close", "close"));
	assert_true(header_has_token("gzip;q=1.0", "gzip"));
	assert_true(header_has_token("x=\"a,b\", b", "b"));
	assert_false(header_has_token("x=\"a,b\"", "b\""));
	assert_false(header_has_token("x=\"\\\",b,\"", "b"));
	assert_false(header_has_token("keep-alive", "keep"));
	assert_false(header_has_token("", "a"));
	assert_false(header_has_token(",,, ,", "a"));
	assert_false(header_has_token(NULL, "a"));
	assert_false(header_has_token("\"", "a"));
}

static void decodes_segments_once(void **state)
{
	static const struct { const char *raw, *text; } rows[] = {
		{"a.ics", "a.ics"}, {"a%20b", "a b"}, {"%C3%a9", "\xc3\xa9"}, {"%2541", "%41"}, {"", ""},
		{"a+b", "a+b"}, {"\xc3\xa9", "\xc3\xa9"}, {"...", "..."}, {"a b", "a b"}, {"%3B", ";"},
	};
	struct arena *mem cleanup_arena = arena_create();
	char *out;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(path_decode_segment(rows[i].raw, strlen(rows[i].raw), mem, &out), 0);
		assert_string_equal(out, rows[i].text);
	}
	assert_int_equal(path_decode_segment("abc/def", 3, mem, &out), 0);
	assert_string_equal(out, "abc");
}

/* trust.md T-28 */
static void refuses_dangerous_segments(void **state)
{
	static const char *const bad[] = {
		".", "..", "%2e", "%2E%2e", ".%2e", "a%00b", "%2F", "a%2fb", "a/b", "%", "%4", "%zz", "%0a",
		"\n", "\x7f", "%7f", "%ff", "\xff", "\xc3", "%C3", "%C0%AF", "%ED%A0%80", "a%",
	};
	struct arena *mem cleanup_arena = arena_create();
	char *out = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(path_decode_segment(bad[i], strlen(bad[i]), mem, &out), -1);
	}
	assert_int_equal(path_decode_segment("a\0b", 3, mem, &out), -1);
	assert_int_equal(path_decode_segment("%41", 2, mem, &out), -1);
	assert_null(out);
}

static void encodes_what_is_no_pchar(void **state)
{
	struct arena *mem cleanup_arena = arena_create();

	(void)state;
	assert_string_equal(path_encode_segment("a-b_c.~!$&'()*+,=:@Z9", mem), "a-b_c.~!$&'()*+,=:@Z9");
	assert_string_equal(path_encode_segment("a b;c/d%?#\xc3\xa9", mem),
		"a%20b%3Bc%2Fd%25%3F%23%C3%A9");
	assert_string_equal(path_encode_segment("", mem), "");
}

static void segments_go_there_and_back(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	char text[3] = {0}, *out;

	(void)state;
	for (int c = 0x20; c < 0x7f; c++) {
		text[0] = 'x';
		text[1] = (char)c;
		char *encoded = path_encode_segment(text, mem);
		int status = path_decode_segment(encoded, strlen(encoded), mem, &out);
		assert_int_equal(status, c == '/' ? -1 : 0);
		if (status == 0) {
			assert_string_equal(out, text);
		}
	}
}

static void count_call(void *arg)
{
	++*(int *)arg;
}

static int no_more(void *arg, struct buf *out)
{
	(void)arg;
	(void)out;
	return 0;
}

static void responses_are_reused_and_end_their_generator(void **state)
{
	struct response res;
	int ended = 0;

	(void)state;
	response_init(&res, 100);
	response_header(&res, "ETag", "\"1\"");
	buf_adds(&res.body, "text");
	res.status = 207;
	res.reason = "why";
	res.next = no_more;
	res.next_free = count_call;
	res.next_arg = &ended;
	response_reset(&res);
	assert_int_equal(ended, 1);
	assert_int_equal(res.heads, 0);
	assert_int_equal(res.status, 0);
	assert_int_equal(res.body.len, 0);
	assert_null(res.next);
	assert_null(res.reason);
	res.next_free = count_call;
	res.next_arg = &ended;
	response_finish(&res);
	assert_int_equal(ended, 2);
	response_finish(&res);
	assert_int_equal(ended, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_headers_by_any_case),
		cmocka_unit_test(takes_the_base_off),
		cmocka_unit_test(encodes_attributes),
		cmocka_unit_test(finds_tokens_in_lists),
		cmocka_unit_test(decodes_segments_once),
		cmocka_unit_test(refuses_dangerous_segments),
		cmocka_unit_test(encodes_what_is_no_pchar),
		cmocka_unit_test(segments_go_there_and_back),
		cmocka_unit_test(responses_are_reused_and_end_their_generator),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
