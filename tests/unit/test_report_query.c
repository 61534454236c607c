/* calendar-query: RFC 4791 7.8, 9.6, 9.7, 9.9. */
#include "dav_harness.h"

#include "base/util.h"

#define CALENDAR "/calendars/anna/calendar/"
#define TASKS "/calendars/anna/tasks/"

static struct answer query_props(struct dav_test *t, const char *path, const char *props, const char *filter)
{
	return ask(t, "anna", "REPORT", path, "Depth: 1", arena_printf(t->mem,
		"<C:calendar-query xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\">"
		"<D:prop>%s</D:prop>%s</C:calendar-query>", props, filter));
}

static struct answer query(struct dav_test *t, const char *path, const char *filter)
{
	return query_props(t, path, "<D:getetag/>", filter);
}

/* inside: what stands in the filter of VCALENDAR */
static struct answer query_comp(struct dav_test *t, const char *path, const char *inside)
{
	return query(t, path, arena_printf(t->mem,
		"<C:filter><C:comp-filter name=\"VCALENDAR\">%s</C:comp-filter></C:filter>", inside));
}

static void put_text(struct dav_test *t, const char *path, const char *inside)
{
	struct answer a = ask(t, "anna", "PUT", path, "Content-Type: text/calendar", arena_printf(t->mem,
		"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n%sEND:VCALENDAR\r\n", inside));

	if (a.status != 201)
		fail_msg("%s: %d %s", path, a.status, a.reason);
}

#define EVENT(lines) "BEGIN:VEVENT\r\n" lines "END:VEVENT\r\n"

static void put_some(struct dav_test *t)
{
	put_text(t, CALENDAR "one.ics", EVENT("UID:1\r\nDTSTART:20240110T100000Z\r\nDTEND:20240110T110000Z\r\n"
		"SUMMARY:Marc Petit\r\n"));
	put_text(t, CALENDAR "weekly.ics", EVENT("UID:2\r\nDTSTART;TZID=Europe/Berlin:20230102T100000\r\n"
		"DURATION:PT1H\r\nRRULE:FREQ=WEEKLY\r\nSUMMARY:Supervision\r\n"));
	put_text(t, CALENDAR "day.ics", EVENT("UID:3\r\nDTSTART;VALUE=DATE:20240201\r\n"
		"SUMMARY:\xc3\x89t\xc3\xa9\r\n"));
	put_text(t, TASKS "task.ics", "BEGIN:VTODO\r\nUID:4\r\nDUE:20240110T100000Z\r\nEND:VTODO\r\n");
	put_text(t, TASKS "undated.ics", "BEGIN:VTODO\r\nUID:5\r\nEND:VTODO\r\n");
}

static const char *range(struct dav_test *t, const char *kind, const char *attributes)
{
	return arena_printf(t->mem, "<C:comp-filter name=\"%s\"><C:time-range %s/></C:comp-filter>", kind,
		attributes);
}

static bool finds(struct dav_test *t, const struct answer *a, const char *href)
{
	assert_int_equal(a->status, 207);
	return answer_response(t, a, href) != NULL;
}

static void by_component(void **state)
{
	struct dav_test *t = *state;

	put_some(t);
	struct answer a = query_comp(t, CALENDAR, "<C:comp-filter name=\"VEVENT\"/>");
	assert_int_equal(answer_responses(&a), 3);
	assert_int_equal(prop_status(t, &a, CALENDAR "one.ics", NS_DAV, "getetag"), 200);
	a = query_comp(t, CALENDAR, "<C:comp-filter name=\"vtodo\"/>");
	assert_int_equal(answer_responses(&a), 0);
	a = query_comp(t, CALENDAR, "");
	assert_int_equal(answer_responses(&a), 3);
	a = query_comp(t, TASKS, "<C:comp-filter name=\"VTODO\"/>");
	assert_int_equal(answer_responses(&a), 2);
	a = query_comp(t, CALENDAR, "<C:comp-filter name=\"VTODO\"><C:is-not-defined/></C:comp-filter>");
	assert_int_equal(answer_responses(&a), 3);
	a = query_comp(t, CALENDAR, "<C:comp-filter name=\"VEVENT\">"
		"<C:comp-filter name=\"VALARM\"/></C:comp-filter>");
	assert_int_equal(answer_responses(&a), 0);
}

static void by_time(void **state)
{
	struct dav_test *t = *state;
	struct answer a;

	put_some(t);
	a = query_comp(t, CALENDAR, range(t, "VEVENT", "start=\"20240110T000000Z\" end=\"20240111T000000Z\""));
	assert_int_equal(answer_responses(&a), 1);
	assert_true(finds(t, &a, CALENDAR "one.ics"));
	a = query_comp(t, CALENDAR, range(t, "VEVENT", "start=\"20240108T090000Z\" end=\"20240108T091000Z\""));
	assert_int_equal(answer_responses(&a), 1);
	assert_true(finds(t, &a, CALENDAR "weekly.ics"));
	/* open ends, as DAVx5, KDE and iOS ask */
	a = query_comp(t, CALENDAR, range(t, "VEVENT", "start=\"20400101T000000Z\""));
	assert_int_equal(answer_responses(&a), 1);
	assert_true(finds(t, &a, CALENDAR "weekly.ics"));
	a = query_comp(t, CALENDAR, range(t, "VEVENT", "end=\"20230101T000000Z\""));
	assert_int_equal(answer_responses(&a), 0);
	a = query_comp(t, TASKS, range(t, "VTODO", "start=\"20240109T000000Z\" end=\"20240110T100000Z\""));
	assert_int_equal(answer_responses(&a), 2);
	a = query_comp(t, TASKS, range(t, "VTODO", "start=\"20240110T100000Z\""));
	assert_int_equal(answer_responses(&a), 1);
	assert_true(finds(t, &a, TASKS "undated.ics"));
}

/* The all-day date of 1 February begins at 23:00 UTC in Berlin: by the query's zone, or the calendar's. */
static void zone_of_floating_times(void **state)
{
	struct dav_test *t = *state;
	const char *night = range(t, "VEVENT", "start=\"20240131T230000Z\" end=\"20240131T233000Z\"");
	const char *zone = "BEGIN:VCALENDAR&#13;\nVERSION:2.0&#13;\nBEGIN:VTIMEZONE&#13;\nTZID:Europe/Berlin&#13;\n"
		"END:VTIMEZONE&#13;\nEND:VCALENDAR&#13;\n";

	put_some(t);
	struct answer a = query_comp(t, CALENDAR, night);
	assert_int_equal(answer_responses(&a), 0);
	a = query(t, CALENDAR, arena_printf(t->mem, "<C:filter><C:comp-filter name=\"VCALENDAR\">%s</C:comp-filter>"
		"</C:filter><C:timezone>%s</C:timezone>", night, zone));
	assert_true(finds(t, &a, CALENDAR "day.ics"));
	a = proppatch(t, "anna", CALENDAR, arena_printf(t->mem, "<D:set><D:prop><C:calendar-timezone>%s"
		"</C:calendar-timezone></D:prop></D:set>", zone));
	assert_int_equal(a.status, 207);
	a = query_comp(t, CALENDAR, night);
	assert_true(finds(t, &a, CALENDAR "day.ics"));
	a = query(t, CALENDAR, "<C:filter><C:comp-filter name=\"VCALENDAR\"/></C:filter><C:timezone>x</C:timezone>");
	assert_int_equal(a.status, 403);
	assert_string_equal(answer_condition(&a), "valid-calendar-data");
}

static void by_text(void **state)
{
	struct dav_test *t = *state;
	static const char form[] = "<C:comp-filter name=\"VEVENT\"><C:prop-filter name=\"%s\">%s</C:prop-filter>"
		"</C:comp-filter>";
	static const struct { const char *prop, *test; size_t found; } rows[] = {
		{ "SUMMARY", "<C:text-match>marc</C:text-match>", 1 },
		{ "summary", "<C:text-match collation=\"i;octet\">marc</C:text-match>", 0 },
		{ "SUMMARY", "<C:text-match collation=\"i;unicode-casemap\">\xc3\xa9T\xc3\x89</C:text-match>", 1 },
		{ "SUMMARY", "<C:text-match negate-condition=\"yes\">marc</C:text-match>", 2 },
		{ "SUMMARY", "<C:text-match match-type=\"contains\">&#77;arc</C:text-match>", 1 },
		{ "UID", "<C:text-match collation=\"i;octet\">2</C:text-match>", 1 },
		{ "RRULE", "<C:is-not-defined/>", 2 },
		{ "RRULE", "", 1 },
		{ "DTSTART", "<C:param-filter name=\"tzid\"/>", 1 },
		{ "DTSTART", "<C:param-filter name=\"TZID\"><C:is-not-defined/></C:param-filter>", 2 },
		{ "DTSTART", "<C:param-filter name=\"VALUE\"><C:text-match>date</C:text-match></C:param-filter>", 1 },
		{ "DTSTART", "<C:time-range start=\"20240201T000000Z\"/>", 1 },
	};

	put_some(t);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct answer a = query_comp(t, CALENDAR, arena_printf(t->mem, form, rows[i].prop, rows[i].test));
		assert_int_equal(a.status, 207);
		if (answer_responses(&a) != rows[i].found)
			fail_msg("row %zu: %zu", i, answer_responses(&a));
	}
}

static void bad_filters(void **state)
{
	struct dav_test *t = *state;
#define COMP(inside) "<C:filter><C:comp-filter name=\"VCALENDAR\">" inside "</C:comp-filter></C:filter>"
#define EV(inside) COMP("<C:comp-filter name=\"VEVENT\">" inside "</C:comp-filter>")
#define PROP(inside) EV("<C:prop-filter name=\"SUMMARY\">" inside "</C:prop-filter>")
	static const struct { const char *filter, *condition; } rows[] = {
		{ "", "valid-filter" },
		{ "<C:filter/>", "valid-filter" },
		{ "<C:filter><C:comp-filter/></C:filter>", "valid-filter" },
		{ "<C:filter><C:comp-filter name=\"VEVENT\"/></C:filter>", "valid-filter" },
		{ "<C:filter><C:prop-filter name=\"UID\"/></C:filter>", "valid-filter" },
		{ EV("<C:time-range/>"), "valid-filter" },
		{ EV("<C:time-range start=\"yesterday\"/>"), "valid-filter" },
		{ EV("<C:time-range start=\"20240101\"/>"), "valid-filter" },
		{ EV("<C:time-range start=\"20240101T000000\"/>"), "valid-filter" },
		{ EV("<C:time-range start=\"20240101T000000Z\" end=\"20240101T000000Z\"/>"), "valid-filter" },
		{ EV("<C:time-range start=\"20240102T000000Z\" end=\"20240101T000000Z\"/>"), "valid-filter" },
		{ EV("<C:is-not-defined/><C:prop-filter name=\"UID\"/>"), "valid-filter" },
		{ EV("<C:text-match>x</C:text-match>"), "supported-filter" },
		{ EV("<D:prop/>"), "supported-filter" },
		{ COMP("<C:time-range start=\"20240101T000000Z\"/>"), "supported-filter" },
		{ PROP("<C:is-not-defined/><C:text-match>x</C:text-match>"), "valid-filter" },
		{ PROP("<C:text-match>x</C:text-match><C:text-match>y</C:text-match>"), "supported-filter" },
		{ PROP("<C:text-match collation=\"i;klingon\">x</C:text-match>"), "supported-collation" },
		{ PROP("<C:text-match match-type=\"equals\">x</C:text-match>"), "supported-filter" },
		{ PROP("<C:text-match negate-condition=\"perhaps\">x</C:text-match>"), "valid-filter" },
		{ PROP("<C:param-filter/>"), "valid-filter" },
		{ PROP("<C:param-filter name=\"X\"><C:is-not-defined/><C:text-match/></C:param-filter>"), "valid-filter" },
		{ PROP("<C:param-filter name=\"X\"><C:time-range/></C:param-filter>"), "supported-filter" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct answer a = query(t, CALENDAR, rows[i].filter);
		if (a.status != 403 || strcmp(answer_condition(&a), rows[i].condition) != 0)
			fail_msg("row %zu: %d %s", i, a.status, a.body);
	}
}

static void limits(void **state)
{
	struct dav_test *t = *state;
	cleanup_buf struct buf filter;

	put_some(t);
	buf_init(&filter, 1 << 20);
	for (int i = 0; i < 300; i++)
		buf_adds(&filter, "<C:comp-filter name=\"VEVENT\"/>");
	struct answer a = query_comp(t, CALENDAR, filter.data);
	assert_int_equal(a.status, 403);
	assert_string_equal(answer_condition(&a), "supported-filter");
	t->dav.settings.results = 2;
	a = query_comp(t, CALENDAR, "<C:comp-filter name=\"VEVENT\"/>");
	assert_int_equal(answer_responses(&a), 3);
	assert_int_equal(response_status(t, &a, CALENDAR), 507);
}

/* Periods count, whether there is a DTSTART or not. */
static void by_busy_time(void **state)
{
	struct dav_test *t = *state;
	struct collection c = { .owner = "anna", .name = "busy" }; /* takes any kind */
	store_id id;

	assert_int_equal(store_collection_make(t->store, &c, NULL, 0, TEST_NOW, &id, NULL), 0);
	put_text(t, "/calendars/anna/busy/f.ics", "BEGIN:VFREEBUSY\r\nUID:f\r\n"
		"FREEBUSY:20240110T100000Z/PT1H,20240112T100000Z/PT1H\r\nEND:VFREEBUSY\r\n");
	struct answer a = query_comp(t, "/calendars/anna/busy/", range(t, "VFREEBUSY",
		"start=\"20240112T000000Z\" end=\"20240113T000000Z\""));
	assert_int_equal(answer_responses(&a), 1);
	a = query_comp(t, "/calendars/anna/busy/", range(t, "VFREEBUSY",
		"start=\"20240111T000000Z\" end=\"20240112T000000Z\""));
	assert_int_equal(answer_responses(&a), 0);
}

/* An object that is broken costs itself only. */
static void broken_objects(void **state)
{
	struct dav_test *t = *state;
	struct collection c;
	struct change broken = { .kind = CHANGE_PUT, .name = "broken.ics", .uid = "b", .body = "no calendar",
		.body_len = 11, .component = ICAL_VEVENT, .first = ICAL_MIN, .last = ICAL_MAX };
	struct commit commit = { .now = TEST_NOW, .change = &broken, .changes = 1 };
	struct err e;

	put_some(t);
	assert_int_equal(store_collection(t->store, "anna", "calendar", t->mem, &c, &e), 0);
	broken.collection = c.id;
	assert_int_equal(store_commit(t->store, &commit, &e), 0);
	struct answer a = query_comp(t, CALENDAR, range(t, "VEVENT", "start=\"20240110T000000Z\""));
	assert_int_equal(answer_responses(&a), 3);
	assert_false(finds(t, &a, CALENDAR "broken.ics"));
}

static void every_depth_and_single_objects(void **state)
{
	struct dav_test *t = *state;
	static const char body[] = "<C:calendar-query xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\">"
		"<D:prop><D:getetag/></D:prop>" EV("") "</C:calendar-query>";

	put_some(t);
	assert_int_equal(answer_responses(&(struct answer){ .xml =
		ask(t, "anna", "REPORT", CALENDAR, NULL, body).xml }), 3);
	struct answer a = ask(t, "anna", "REPORT", CALENDAR, "Depth: 0", body);
	assert_int_equal(a.status, 207);
	assert_int_equal(answer_responses(&a), 0);
	a = ask(t, "anna", "REPORT", CALENDAR "day.ics", "Depth: 0", body);
	assert_int_equal(answer_responses(&a), 1);
	assert_true(finds(t, &a, CALENDAR "day.ics"));
	assert_int_equal(ask(t, "anna", "REPORT", CALENDAR "none.ics", NULL, body).status, 404);
	assert_int_equal(ask(t, "eve", "REPORT", CALENDAR, NULL, body).status, 404);
}

static const char *data_of(struct dav_test *t, const char *inside, const char *href)
{
	struct answer a = query_props(t, CALENDAR, arena_printf(t->mem, "<C:calendar-data>%s</C:calendar-data>",
		inside), EV(""));

	assert_int_equal(a.status, 207);
	return prop_text(t, &a, href, NS_CALDAV, "calendar-data");
}

static void expanded(void **state)
{
	struct dav_test *t = *state;
	static const char january[] = "<C:expand start=\"20240101T000000Z\" end=\"20240116T000000Z\"/>";

	put_some(t);
	assert_string_equal(data_of(t, january, CALENDAR "weekly.ics"), "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
		EVENT("UID:2\r\nDTSTART:20240101T090000Z\r\nDURATION:PT1H\r\nSUMMARY:Supervision\r\n"
			"RECURRENCE-ID:20240101T090000Z\r\n")
		EVENT("UID:2\r\nDTSTART:20240108T090000Z\r\nDURATION:PT1H\r\nSUMMARY:Supervision\r\n"
			"RECURRENCE-ID:20240108T090000Z\r\n")
		EVENT("UID:2\r\nDTSTART:20240115T090000Z\r\nDURATION:PT1H\r\nSUMMARY:Supervision\r\n"
			"RECURRENCE-ID:20240115T090000Z\r\n")
		"END:VCALENDAR\r\n");
	assert_string_equal(data_of(t, january, CALENDAR "one.ics"), "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
		EVENT("UID:1\r\nDTSTART:20240110T100000Z\r\nDTEND:20240110T110000Z\r\nSUMMARY:Marc Petit\r\n")
		"END:VCALENDAR\r\n");
	struct answer a = query_props(t, CALENDAR, "<C:calendar-data><C:expand start=\"20240101T000000Z\"/>"
		"</C:calendar-data>", EV(""));
	assert_int_equal(a.status, 403);
}

/* T-01: a rule without end, asked for 200 years of it. */
static void bombs(void **state)
{
	struct dav_test *t = *state;

	put_some(t);
	put_text(t, CALENDAR "bomb.ics", EVENT("UID:b\r\nDTSTART:19000101T000000Z\r\nRRULE:FREQ=SECONDLY\r\n"));
	struct answer a = query_props(t, CALENDAR, "<C:calendar-data><C:expand start=\"19000101T000000Z\" "
		"end=\"21000101T000000Z\"/></C:calendar-data>", EV("<C:time-range start=\"19000101T000000Z\"/>"));
	assert_int_equal(prop_status(t, &a, CALENDAR "bomb.ics", NS_CALDAV, "calendar-data"), 507);
	assert_int_equal(prop_status(t, &a, CALENDAR "one.ics", NS_CALDAV, "calendar-data"), 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dav_unit_test(by_component),
		dav_unit_test(by_time),
		dav_unit_test(zone_of_floating_times),
		dav_unit_test(by_text),
		dav_unit_test(bad_filters),
		dav_unit_test(limits),
		dav_unit_test(by_busy_time),
		dav_unit_test(broken_objects),
		dav_unit_test(every_depth_and_single_objects),
		dav_unit_test(expanded),
		dav_unit_test(bombs),
	};
	return cmocka_run_group_tests_name("report calendar-query", tests, NULL, NULL);
}
