/* free-busy-query: RFC 4791 7.10. */
#include "dav_harness.h"

#include "base/util.h"

#define CALENDAR "/calendars/anna/calendar/"

static struct answer ask_busy(struct dav_test *t, const char *who, const char *path, const char *inside)
{
	return ask(t, who, "REPORT", path, "Depth: 1", arena_printf(t->mem,
		"<C:free-busy-query xmlns:C=\"urn:ietf:params:xml:ns:caldav\">%s</C:free-busy-query>", inside));
}

#define DECEMBER "<C:time-range start=\"20261201T000000Z\" end=\"20261202T000000Z\"/>"

static void when_but_not_what(void **state)
{
	struct dav_test *t = *state;

	put_event(t, "anna", CALENDAR "a.ics", "secret-uid");
	struct answer a = ask_busy(t, "anna", CALENDAR, DECEMBER);
	assert_int_equal(a.status, 200);
	assert_true(str_starts(answer_header(&a, "Content-Type"), "text/calendar"));
	assert_non_null(strstr(a.body, "\r\nDTSTART:20261201T000000Z\r\nDTEND:20261202T000000Z\r\n"));
	assert_non_null(strstr(a.body, "\r\nFREEBUSY;FBTYPE=BUSY:20261201T100000Z/20261201T110000Z\r\n"));
	assert_null(strstr(a.body, "secret-uid"));
	a = ask_busy(t, "anna", CALENDAR, "<C:time-range start=\"20270101T000000Z\" end=\"20270102T000000Z\"/>");
	assert_int_equal(a.status, 200);
	assert_null(strstr(a.body, "FREEBUSY;"));
}

static void who_may_ask(void **state)
{
	struct dav_test *t = *state;

	assert_int_equal(ask_busy(t, "eve", CALENDAR, DECEMBER).status, 404);
	share(t, "anna", "calendar", "marc", SHARE_READ);
	assert_int_equal(ask_busy(t, "marc", "/calendars/marc/anna~calendar/", DECEMBER).status, 200);
}

static void bad_requests(void **state)
{
	struct dav_test *t = *state;

	assert_int_equal(ask_busy(t, "anna", CALENDAR, "").status, 400);
	assert_int_equal(ask_busy(t, "anna", CALENDAR, "<C:time-range start=\"20261201T000000Z\"/>").status, 400);
	assert_int_equal(ask_busy(t, "anna", CALENDAR, "<C:time-range start=\"x\" end=\"y\"/>").status, 400);
}

static void more_than_can_be_told(void **state)
{
	struct dav_test *t = *state;

	put_event(t, "anna", CALENDAR "a.ics", "u1");
	put_event(t, "anna", CALENDAR "b.ics", "u2");
	t->dav.settings.ical.instances = 1;
	struct answer a = ask_busy(t, "anna", CALENDAR, DECEMBER);
	assert_int_equal(a.status, 507);
	assert_string_equal(answer_condition(&a), "number-of-matches-within-limits");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dav_unit_test(when_but_not_what),
		dav_unit_test(who_may_ask),
		dav_unit_test(bad_requests),
		dav_unit_test(more_than_can_be_told),
	};
	return cmocka_run_group_tests_name("report free-busy-query", tests, NULL, NULL);
}
