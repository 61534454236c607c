/* Pages for people: escaping, links, headers (architecture.md 15.36). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "web/html.h"

static void escapes(const char *text, const char *expected)
{
	struct buf out cleanup_buf;

	buf_init(&out, 1024);
	html_text(&out, text);
	assert_string_equal(out.data, expected);
}

static void test_text_means_itself(void **state)
{
	(void)state;
	escapes("", "");
	escapes("Zoé · 80 €", "Zoé · 80 €");
	escapes("<script>alert('x')</script>", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
	escapes("\"&amp;\"", "&quot;&amp;amp;&quot;");
}

static void links(const char *href, bool expected)
{
	struct buf out cleanup_buf;

	buf_init(&out, 1024);
	html_link(&out, href, "<x>");
	assert_int_equal(strstr(out.data, "<a href=") != NULL, expected);
	assert_non_null(strstr(out.data, "&lt;x&gt;"));
	assert_null(strstr(out.data, "<x>"));
}

static void test_links_lead_to_the_web_alone(void **state)
{
	(void)state;
	links("https://example.org/", true);
	links("HTTP://example.org/", true);
	links("mailto:anna@example.org", true);
	links("/policy/x/2026-01-01", true);
	links("javascript:alert(1)", false);
	links("JaVaScript:alert(1)//https://", false);
	links("data:text/html,x", false);
	links("//example.org/", false);
	links("/\\example.org/", false);
	links(" https://example.org/", false);
	links("", false);
}

static void test_quotes_in_links(void **state)
{
	struct buf out cleanup_buf;

	(void)state;
	buf_init(&out, 1024);
	html_link(&out, "https://e.org/\"><script>", "t");
	assert_string_equal(out.data, "<a href=\"https://e.org/&quot;&gt;&lt;script&gt;\">t</a>");
}

static void test_paragraphs(void **state)
{
	struct buf out cleanup_buf;

	(void)state;
	buf_init(&out, 1024);
	html_paragraphs(&out, "a <b>\n\nc\n");
	assert_string_equal(out.data, "<p dir=\"auto\">a &lt;b&gt;</p>\n<p dir=\"auto\">c</p>\n");
}

static void test_page(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct response res;
	struct request http = { .mem = mem, .res = &res };
	struct page_request rq = { .http = &http };
	const char *csp = NULL;

	(void)state;
	response_init(&res, 8192);
	html_begin(&rq, "fr", "<b>");
	assert_int_equal(html_end(&rq), 200);
	for (size_t n = 0; n < res.heads; n++) {
		csp = strcmp(res.head[n].name, "Content-Security-Policy") == 0 ? res.head[n].value : csp;
	}
	assert_non_null(csp);
	assert_memory_equal(csp, "default-src 'none'; style-src 'sha256-", 38);
	assert_null(strpbrk(strstr(csp, "sha256-") + 7, "_"));
	assert_non_null(strstr(res.body.data, "<title>&lt;b&gt;</title>"));
	assert_non_null(strstr(res.body.data, "<h1 dir=\"auto\">&lt;b&gt;</h1>"));
	assert_null(strstr(res.body.data, "<b>"));
	response_finish(&res);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_means_itself),
		cmocka_unit_test(test_links_lead_to_the_web_alone),
		cmocka_unit_test(test_quotes_in_links),
		cmocka_unit_test(test_paragraphs),
		cmocka_unit_test(test_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
