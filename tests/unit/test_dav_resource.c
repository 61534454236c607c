/* URLs: grammar, spelling, what is where, what is announced. */
#include "base/util.h"
#include "dav_harness.h"

static void discovery_from_the_bare_host(void **state)
{
	struct dav_test *t = *state;
	struct answer a = propfind(t, "anna", "/", 0, "<D:current-user-principal/><C:calendar-home-set/>");
	int status;

	assert_int_equal(a.status, 207);
	const struct xml_node *n = answer_prop(t, &a, "/", NS_DAV, "current-user-principal", &status);
	assert_string_equal(xml_text(xml_find(n, NS_DAV, "href"), t->mem), "/principals/anna/");
	n = answer_prop(t, &a, "/", NS_CALDAV, "calendar-home-set", &status);
	assert_string_equal(xml_text(xml_find(n, NS_DAV, "href"), t->mem), "/calendars/anna/");
}

static void well_known_redirects_with_a_path_only(void **state)
{
	struct dav_test *t = *state;
	static const char *const methods[] = { "GET", "PROPFIND", "OPTIONS", "HEAD" };

	for (size_t i = 0; i < 4; i++) {
		struct answer a = ask(t, NULL, methods[i], "/.well-known/caldav", NULL, NULL);

		assert_int_equal(a.status, 301);
		assert_string_equal(answer_header(&a, "Location"), "/");
	}
	assert_true(dav_is_open("/.well-known/caldav"));
	assert_false(dav_is_open("/calendars/"));
}

static void every_collection_answers(void **state)
{
	struct dav_test *t = *state;
	static const char *const paths[] = { "/", "/principals/", "/principals/anna/", "/calendars/",
		"/calendars/anna/", "/calendars/anna/calendar/" };

	for (size_t i = 0; i < 6; i++) {
		struct answer a = propfind(t, "anna", paths[i], 0, "<D:resourcetype/>");

		assert_int_equal(a.status, 207);
		assert_non_null(answer_response(t, &a, paths[i]));
	}
}

static void guessed_paths_are_404(void **state)
{
	struct dav_test *t = *state;
	static const char *const paths[] = { "/calendar/dav/anna/user/", "/principals/users/anna/",
		"/dav/principals/", "/caldav/v2", "/principals/nobody/", "/calendars/nobody/",
		"/calendars/anna/none/", "/calendars/anna/calendar/none.ics",
		"/calendars/anna/calendar/x.ics/", "/calendars/anna/calendar/a/b" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_int_equal(propfind(t, "anna", paths[i], 0, "<D:resourcetype/>").status, 404);
}

static void missing_slash_is_tolerated(void **state)
{
	struct dav_test *t = *state;
	struct answer a = propfind(t, "anna", "/calendars/anna", 0, "<D:resourcetype/>");

	assert_int_equal(a.status, 207);
	assert_non_null(answer_response(t, &a, "/calendars/anna/"));
}

static void hrefs_keep_the_spelling_of_the_request(void **state)
{
	struct dav_test *t = *state;
	struct { const char *asked, *home, *calendar; } rows[] = {
		{ "/calendars/Anna/", "/calendars/Anna/", "/calendars/Anna/calendar/" },
		{ "/calendars/%61nna/", "/calendars/%61nna/", "/calendars/%61nna/calendar/" },
		{ "//calendars///anna/", "/calendars/anna/", "/calendars/anna/calendar/" },
	};

	for (size_t i = 0; i < 3; i++) {
		struct answer a = propfind(t, "anna", rows[i].asked, 1, "<D:resourcetype/>");

		assert_int_equal(a.status, 207);
		assert_non_null(answer_response(t, &a, rows[i].home));
		assert_non_null(answer_response(t, &a, rows[i].calendar));
	}
}

static void names_are_encoded_once(void **state)
{
	struct dav_test *t = *state;

	put_event(t, "anna", "/calendars/anna/calendar/a%20b%40c;d%25.ics", "u1");
	struct answer a = propfind(t, "anna", "/calendars/anna/calendar/", 1, "<D:getetag/>");
	assert_non_null(answer_response(t, &a, "/calendars/anna/calendar/a%20b@c%3Bd%25.ics"));
	assert_int_equal(ask(t, "anna", "GET", "/calendars/anna/calendar/a b@c;d%25.ics", NULL, NULL).status,
		200);
	a = propfind(t, "anna", "/calendars/anna/calendar/a b%40c;d%25.ics", 0, "<D:getetag/>");
	assert_non_null(answer_response(t, &a, "/calendars/anna/calendar/a%20b%40c%3Bd%25.ics"));
}

static void malformed_paths_are_400(void **state)
{
	struct dav_test *t = *state;
	static const char *const paths[] = { "/calendars/anna/../eve/", "/calendars/anna/%2e%2e/",
		"/calendars/anna/a%2Fb/", "/calendars/anna/a%00/", "/calendars/anna/%zz/",
		"/calendars/anna/%ff/", "/calendars/anna/calendar/%0a.ics",
		"/calendars/anna/calendar/x.ics/..", "/a/b/c/d/e/%00" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_int_equal(ask(t, "anna", "PUT", paths[i], NULL, "x").status, 400);
	char *longest = arena_alloc(t->mem, 4001);
	memset(longest, 'a', 4000);
	longest[0] = '/';
	assert_int_equal(ask(t, "anna", "GET", longest, NULL, NULL).status, 400);
	/* short as it is sent, not as it is told: "%7B" for each */
	memset(longest + 1, '{', 1000);
	longest[1001] = '\0';
	assert_int_equal(ask(t, "anna", "GET", longest, NULL, NULL).status, 400);
}

static void options_announce_what_works(void **state)
{
	struct dav_test *t = *state;
	struct { const char *path, *allow; } rows[] = {
		{ "/", "OPTIONS, GET, HEAD, PROPFIND, REPORT, PROPPATCH, ACL, COPY, MOVE" },
		{ "/calendars/anna/calendar/", "OPTIONS, GET, HEAD, PROPFIND, REPORT, PROPPATCH, ACL, POST, "
			"DELETE, COPY, MOVE" },
		{ "/calendars/anna/calendar/new.ics", "OPTIONS, PUT" },
		{ "/calendars/anna/new/", "OPTIONS, MKCALENDAR, MKCOL" },
	};

	for (size_t i = 0; i < 4; i++) {
		struct answer a = ask(t, "anna", "OPTIONS", rows[i].path, NULL, NULL);

		assert_int_equal(a.status, 200);
		assert_string_equal(answer_header(&a, "Allow"), rows[i].allow);
		assert_non_null(strstr(answer_header(&a, "DAV"), "1, 3"));
		assert_non_null(strstr(answer_header(&a, "DAV"), "calendar-access"));
		assert_null(strstr(answer_header(&a, "DAV"), "auto-schedule"));
	}
}

static void methods_that_do_not_fit(void **state)
{
	struct dav_test *t = *state;
	struct { const char *method, *path; int status; } rows[] = {
		{ "BREW", "/", 501 }, { "get", "/", 501 }, { "LOCK", "/calendars/anna/", 405 },
		{ "POST", "/calendars/anna/", 405 }, { "PUT", "/", 405 },
		{ "PUT", "/calendars/anna/", 405 }, { "PUT", "/calendars/anna/calendar/", 405 },
		{ "PUT", "/calendars/anna/new.ics", 405 }, { "DELETE", "/calendars/anna/", 405 },
		{ "DELETE", "/principals/anna/", 405 }, { "COPY", "/calendars/anna/calendar/", 403 },
		{ "MOVE", "/calendars/anna/calendar/", 403 }, { "PUT", "/elsewhere", 403 },
		{ "PUT", "/elsewhere/x", 409 },
		{ "GET", "/elsewhere", 404 }, { "POST", "/elsewhere", 404 },
		{ "PUT", "/calendars/anna/none/x.ics", 409 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct answer a = ask(t, "anna", rows[i].method, rows[i].path, NULL, NULL);

		assert_int_equal(a.status, rows[i].status);
		assert_int_equal(a.status == 405, answer_header(&a, "Allow") != NULL);
	}
}

/* Thunderbird's ICS detection (clients.md, section 5). */
static void thunderbirds_probes_change_nothing(void **state)
{
	struct dav_test *t = *state;

	assert_int_equal(ask(t, "anna", "HEAD", "/", NULL, NULL).status, 200);
	assert_int_equal(ask(t, "anna", "GET", "/", NULL, NULL).status, 200);
	assert_int_equal(ask(t, "anna", "PUT", "/", "If-Match: nothing", NULL).status, 405);
	assert_int_equal(propfind(t, "anna", "/", 1, "<D:resourcetype/>").status, 207);
}

/* What may be answered by the thread that serves all others. */
static void what_is_quick(void **state)
{
	static const struct { const char *method, *path, *depth; size_t body; bool quick; } rows[] = {
		{ "OPTIONS", "/calendars/anna/calendar/", NULL, 0, true },
		{ "GET", "/calendars/anna/calendar/x.ics", NULL, 0, true },
		{ "HEAD", "//calendars/anna//calendar/x%2Fy", NULL, 0, true },
		{ "GET", "/calendars/anna/calendar/", NULL, 0, false },
		{ "GET", "/calendars/anna/calendar", NULL, 0, false },
		{ "GET", "/calendars/anna/calendar/x.ics/", NULL, 0, false },
		{ "GET", "/calendars/anna/calendar/x.ics//", NULL, 0, false },
		{ "PROPFIND", "/calendars/anna/calendar/", "0", 4096, true },
		{ "PROPFIND", "/calendars/anna/calendar/", "0", 4097, false },
		{ "PROPFIND", "//calendars", "0", 0, true },
		{ "PROPFIND", "/calendars2/", "0", 0, false },
		{ "PROPFIND", "/principals/anna/", "0", 0, false },
		{ "PROPFIND", "/%63alendars/anna/", "0", 0, false },
		{ "GET", "/principals/anna/calendar/x.ics", NULL, 0, false },
		{ "PROPFIND", "/calendars/anna/calendar/", "1", 0, false },
		{ "PROPFIND", "/calendars/anna/calendar/", "infinity", 0, false },
		{ "PROPFIND", "/calendars/anna/calendar/", NULL, 0, false },
		{ "REPORT", "/calendars/anna/calendar/", "0", 0, false },
		{ "PUT", "/calendars/anna/calendar/x.ics", NULL, 0, false },
		{ "DELETE", "/calendars/anna/calendar/x.ics", NULL, 0, false },
		{ "BREW", "/", NULL, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct header depth = { "Depth", rows[i].depth };
		struct request rq = { .method = rows[i].method, .path = rows[i].path, .body_len = rows[i].body,
			.head = &depth, .heads = rows[i].depth ? 1 : 0 };

		if (dav_is_quick(&rq) != rows[i].quick)
			fail_msg("%s %s, Depth %s, %zu bytes", rows[i].method, rows[i].path,
				rows[i].depth ? rows[i].depth : "missing", rows[i].body);
	}
	struct header zones = { "CalDAV-Timezones", "T" };
	struct request rq = { .method = "GET", .path = rows[1].path, .head = &zones, .heads = 1 };
	assert_false(dav_is_quick(&rq));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dav_unit_test(discovery_from_the_bare_host),
		dav_unit_test(well_known_redirects_with_a_path_only),
		dav_unit_test(every_collection_answers),
		dav_unit_test(guessed_paths_are_404),
		dav_unit_test(missing_slash_is_tolerated),
		dav_unit_test(hrefs_keep_the_spelling_of_the_request),
		dav_unit_test(names_are_encoded_once),
		dav_unit_test(malformed_paths_are_400),
		dav_unit_test(options_announce_what_works),
		dav_unit_test(methods_that_do_not_fit),
		dav_unit_test(thunderbirds_probes_change_nothing),
		dav_unit_test(what_is_quick),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
