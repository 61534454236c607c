/* Conditional requests: RFC 9110 13, RFC 4918 10.4. */
#include "dav_harness.h"

#define EVENT "/calendars/anna/calendar/e.ics"

static const char *etag_of(struct dav_test *t, const char *path)
{
	struct answer a = ask(t, "anna", "GET", path, NULL, NULL);

	assert_int_equal(a.status, 200);
	return answer_header(&a, "ETag");
}

static int put_if(struct dav_test *t, const char *path, const char *header, const char *value)
{
	return ask(t, "anna", "PUT", path, arena_printf(t->mem, "%s: %s", header, value),
		event_text(t, "u1", "changed")).status;
}

static void if_none_match_star(void **state)
{
	struct dav_test *t = *state;

	assert_int_equal(put_if(t, EVENT, "If-None-Match", "*"), 201);
	assert_int_equal(put_if(t, EVENT, "If-None-Match", "*"), 412);
}

static void if_match(void **state)
{
	struct dav_test *t = *state;

	assert_int_equal(put_if(t, EVENT, "If-Match", "*"), 412);
	put_event(t, "anna", EVENT, "u1");
	const char *old = etag_of(t, EVENT);
	assert_int_equal(put_if(t, EVENT, "If-Match", arena_printf(t->mem, "\"other\", %s", old)), 204);
	assert_int_equal(put_if(t, EVENT, "If-Match", old), 412);
	assert_int_equal(put_if(t, EVENT, "If-Match", "*"), 204);
	assert_int_equal(put_if(t, EVENT, "If-Match", "nothing"), 412);
	assert_int_equal(put_if(t, EVENT, "If-Match",
		arena_printf(t->mem, "W/%s", etag_of(t, EVENT))), 412);
}

static void delete_with_if_match(void **state)
{
	struct dav_test *t = *state;

	put_event(t, "anna", EVENT, "u1");
	const char *etag = etag_of(t, EVENT);
	assert_int_equal(ask(t, "anna", "DELETE", EVENT, "If-Match: \"x\"", NULL).status, 412);
	assert_int_equal(ask(t, "anna", "DELETE", EVENT, arena_printf(t->mem, "If-Match: %s", etag),
		NULL).status, 204);
	assert_int_equal(ask(t, "anna", "DELETE", EVENT, NULL, NULL).status, 404);
}

static void not_modified(void **state)
{
	struct dav_test *t = *state;

	put_event(t, "anna", EVENT, "u1");
	const char *etag = etag_of(t, EVENT);
	struct answer a = ask(t, "anna", "GET", EVENT,
		arena_printf(t->mem, "If-None-Match: \"a\", W/%s", etag), NULL);
	assert_int_equal(a.status, 304);
	assert_int_equal(a.len, 0);
	assert_string_equal(answer_header(&a, "ETag"), etag);
	assert_int_equal(ask(t, "anna", "GET", EVENT, "If-None-Match: \"a\"", NULL).status, 200);
}

static void unmodified_since(void **state)
{
	struct dav_test *t = *state;

	put_event(t, "anna", EVENT, "u1");
	assert_int_equal(put_if(t, EVENT, "If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"), 412);
	assert_int_equal(put_if(t, EVENT, "If-Unmodified-Since", "Fri, 06 Nov 2099 08:49:37 GMT"), 204);
	assert_int_equal(put_if(t, EVENT, "If-Unmodified-Since", "yesterday"), 204);
}

static void if_header(void **state)
{
	struct dav_test *t = *state;

	put_event(t, "anna", EVENT, "u1");
	put_event(t, "anna", "/calendars/anna/calendar/o.ics", "u2");
	const char *other = etag_of(t, "/calendars/anna/calendar/o.ics");
	struct { const char *value; int status; } rows[] = {
		{ "([\"wrong\"])", 412 },
		{ "(Not [\"wrong\"])", 204 },
		{ "(<urn:uuid:1>)", 412 },
		{ "(Not <DAV:no-lock>)", 204 },
		{ "(<DAV:no-lock>)", 412 },
		{ "(<urn:uuid:1>) (Not <DAV:no-lock>)", 204 },
		{ "(Not <DAV:no-lock> [\"wrong\"])", 412 },
		{ arena_printf(t->mem, "<" EVENT "> ([%s])", other), 412 },
		{ arena_printf(t->mem, "</calendars/anna/calendar/o.ics> ([%s])", other), 204 },
		{ arena_printf(t->mem, "<http://cal.example.org/calendars/anna/calendar/o.ics> ([%s])",
			other), 204 },
		{ arena_printf(t->mem, "<http://elsewhere/calendars/anna/calendar/o.ics> ([%s])", other), 412 },
		{ "</calendars/anna/calendar/none.ics> (Not [\"x\"])", 204 },
		{ "", 400 }, { "(", 400 }, { "()", 400 }, { "([\"x\"]", 400 }, { "[\"x\"]", 400 },
		{ "(Not)", 400 }, { "<> ([\"x\"])", 400 }, { "([])", 400 }, { "</a", 400 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(put_if(t, EVENT, "If", rows[i].value), rows[i].status);
	assert_int_equal(put_if(t, EVENT, "If", arena_printf(t->mem, "([%s])", etag_of(t, EVENT))), 204);
}

/* Another's event must not be found out by guessing its ETag. */
static void if_header_tells_nothing_of_others(void **state)
{
	struct dav_test *t = *state;

	put_event(t, "eve", "/calendars/eve/calendar/x.ics", "u9");
	struct answer a = ask(t, "eve", "GET", "/calendars/eve/calendar/x.ics", NULL, NULL);
	put_event(t, "anna", EVENT, "u1");
	assert_int_equal(put_if(t, EVENT, "If", arena_printf(t->mem,
		"</calendars/eve/calendar/x.ics> ([%s])", answer_header(&a, "ETag"))), 412);
}

static void endless_if_header_is_refused(void **state)
{
	struct dav_test *t = *state;
	char *value = arena_alloc(t->mem, 4000);

	for (size_t i = 0; i < 300; i++)
		memcpy(value + i * 13, "(Not <a:b>)  ", 13);
	assert_int_equal(put_if(t, EVENT, "If", value), 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dav_unit_test(if_none_match_star),
		dav_unit_test(if_match),
		dav_unit_test(delete_with_if_match),
		dav_unit_test(not_modified),
		dav_unit_test(unmodified_since),
		dav_unit_test(if_header),
		dav_unit_test(if_header_tells_nothing_of_others),
		dav_unit_test(endless_if_header_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
