#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "web/web.h"

struct site_of_pages { struct web web; struct arena *mem; };

static int setup(void **state)
{
	static struct site_of_pages s;
	struct err e;

	s.mem = arena_create();
	assert_int_equal(store_open("memory", NULL, NULL, &s.web.store, &e), 0);
	*state = &s;
	return 0;
}

static int teardown(void **state)
{
	struct site_of_pages *s = *state;

	store_close(s->web.store);
	arena_destroy(s->mem);
	return 0;
}

static void ask(struct site_of_pages *s, const char *method, const char *path, struct response *res)
{
	struct request rq = { .mem = s->mem, .method = method, .path = path, .body = "", .res = res };

	response_init(res, 4096);
	web_handle(&s->web, &rq);
}

static const char *header(const struct response *res, const char *name)
{
	for (size_t i = 0; i < res->heads; i++) {
		if (strcmp(res->head[i].name, name) == 0)
			return res->head[i].value;
	}
	return NULL;
}

static enum door door_of(const char *path)
{
	struct request rq = { .method = "GET", .path = path };

	return web_door(&rq);
}

static void owns_its_paths_alone(void **state)
{
	char shown[WEB_LOG_PATH_SIZE];

	(void)state;
	assert_true(web_owns("/healthz"));
	assert_int_equal(door_of("/healthz"), DOOR_OPEN);
	assert_int_equal(door_of("/timezones"), DOOR_BASIC);
	assert_false(web_owns("/healthz/"));
	assert_false(web_owns("/healthzz"));
	assert_false(web_owns("/"));
	assert_false(web_owns("/calendars/"));
	assert_string_equal(web_log_path("/calendars/anna/", shown), "/calendars/anna/");
	assert_string_equal(web_log_path("/feeds/secret/x.ics", shown), "/feeds/…");
	assert_string_equal(web_log_path("/fee/7F3K-2Q9M/secret", shown), "/fee/7F3K-2Q9M/…");
	assert_string_equal(web_log_path("/fee/secret/7F3K-2Q9M", shown), "/fee/…");
	assert_string_equal(web_log_path("/fee/7F3K-2Q9Msecret", shown), "/fee/…");
	/* what a mistyped or misdirected link looks like */
	assert_string_equal(web_log_path("/dedit/feeds/secret", shown), "…/feeds/…");
	assert_string_equal(web_log_path("//feeds/secret", shown), "…/feeds/…");
	assert_string_equal(web_log_path("/FEEDS/secret", shown), "…/feeds/…");
	assert_string_equal(web_log_path("/%66eeds%2Fsecret", shown), "…/feeds/…");
	assert_string_equal(web_log_path("%2ffee%2f7F3K-2Q9M/secret", shown), "…/fee/…");
	assert_string_equal(web_log_path("/calendars/anna/fees/x.ics", shown), "/calendars/anna/fees/x.ics");
	assert_string_equal(web_log_path("/fee%", shown), "/fee%");
	assert_string_equal(web_log_path("/policy/x/2026-01-01", shown), "/policy/x/2026-01-01");
}

static void tells_its_health(void **state)
{
	struct site_of_pages *s = *state;
	struct response res;

	ask(s, "GET", "/healthz", &res);
	assert_int_equal(res.status, 200);
	assert_string_equal(header(&res, "Cache-Control"), "no-store");
	response_finish(&res);
}

static void takes_reading_methods_alone(void **state)
{
	struct site_of_pages *s = *state;
	struct request rq = { .mem = s->mem, .method = "POST", .path = "/healthz", .body = "" };
	struct response res;
	size_t max;

	ask(s, "PUT", "/healthz", &res);
	assert_int_equal(res.status, 405);
	assert_string_equal(header(&res, "Allow"), "GET, HEAD");
	response_reset(&res);
	rq.res = &res;
	assert_int_equal(web_precheck(&s->web, &rq, 10, true, &max), 405);
	response_reset(&res);
	rq.method = "GET";
	assert_int_equal(web_precheck(&s->web, &rq, 10, true, &max), 413);
	assert_int_equal(web_precheck(&s->web, &rq, 0, true, &max), 0);
	assert_int_equal(max, 0);
	response_finish(&res);
}

/* deditd(8), Health */
static void health_says_what_is_wrong(void **state)
{
	static const uint64_t room = UINT64_C(1) << 30;
	const struct { struct store_health h; bool doubtful; struct web_health told; } cases[] = {
		{ { .free_bytes = room }, false, { 200, "ok", 0, "ok" } },
		{ { .free_bytes = room, .commit_ms = 9999, .journal_rows = 5, .journal_ms = 9999 }, false,
			{ 200, "ok", 0, "ok" } },
		{ { .free_bytes = room, .commit_ms = 31000 }, false,
			{ 503, "stuck", 31, "the store has been at one change for 31 s" } },
		{ { .free_bytes = room, .commit_failed = true }, false,
			{ 503, "unstored", 0, "the last change could not be stored" } },
		{ { .free_bytes = 16777215 }, false, { 503, "full", 0, "the disk is full" } },
		{ { .free_bytes = 16777216 }, false, { 200, "ok", 0, "ok" } },
		{ { .free_bytes = room, .journal_rows = 1, .journal_ms = 61000 }, false,
			{ 200, "behind", 61, "ok, but files are behind by 61 s" } },
		{ { .free_bytes = room }, true, { 200, "clock", 0, "ok, but the clock has jumped: dedit clock ok" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct web_health told = web_health(&cases[i].h, cases[i].doubtful), *want = &cases[i].told;

		assert_int_equal(told.status, want->status);
		assert_int_equal(told.seconds, want->seconds);
		assert_string_equal(told.state, want->state);
		assert_string_equal(told.text, want->text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(owns_its_paths_alone),
		cmocka_unit_test_setup_teardown(tells_its_health, setup, teardown),
		cmocka_unit_test_setup_teardown(takes_reading_methods_alone, setup, teardown),
		cmocka_unit_test(health_says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
