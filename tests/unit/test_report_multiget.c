/* calendar-multiget: RFC 4791 7.9. */
#include "dav_harness.h"

#include "base/util.h"

#define CALENDAR "/calendars/anna/calendar/"

static struct answer multiget_by(struct dav_test *t, const char *who, const char *path, const char *hrefs)
{
	return ask(t, who, "REPORT", path, NULL, arena_printf(t->mem,
		"<C:calendar-multiget xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\">"
		"<D:prop><D:getetag/><C:calendar-data/></D:prop>%s</C:calendar-multiget>", hrefs));
}

static struct answer multiget(struct dav_test *t, const char *hrefs)
{
	return multiget_by(t, "anna", CALENDAR, hrefs);
}

#define HREF(path) "<D:href>" path "</D:href>"

static void objects_and_what_is_missing(void **state)
{
	struct dav_test *t = *state;

	put_event(t, "anna", CALENDAR "a.ics", "u1");
	put_event(t, "anna", CALENDAR "b.ics", "u2");
	struct answer a = multiget(t, HREF(CALENDAR "b.ics") HREF(CALENDAR "none.ics")
		HREF("\n " CALENDAR "a.ics "));
	assert_int_equal(a.status, 207);
	assert_int_equal(answer_responses(&a), 3);
	assert_string_equal(prop_text(t, &a, CALENDAR "b.ics", NS_CALDAV, "calendar-data"),
		event_text(t, "u2", "x"));
	assert_string_equal(prop_text(t, &a, CALENDAR "a.ics", NS_CALDAV, "calendar-data"),
		event_text(t, "u1", "x"));
	assert_int_equal(response_status(t, &a, CALENDAR "none.ics"), 404);
	/* in the order asked for */
	assert_true(strstr(a.body, "b.ics") < strstr(a.body, "none.ics"));
	assert_true(strstr(a.body, "none.ics") < strstr(a.body, "a.ics"));
}

static void every_spelling_is_found_and_kept(void **state)
{
	struct dav_test *t = *state;

	put_event(t, "anna", CALENDAR "a%40b%20c.ics", "u1");
	static const char *const spelled[] = {
		CALENDAR "a%40b%20c.ics", CALENDAR "a@b%20c.ics", CALENDAR "%61%40b%20c%2eics",
	};
	for (size_t i = 0; i < ARRAY_SIZE(spelled); i++) {
		struct answer a = multiget(t, arena_printf(t->mem, HREF("%s"), spelled[i]));
		assert_int_equal(prop_status(t, &a, spelled[i], NS_DAV, "getetag"), 200);
	}
	struct answer a = multiget(t, HREF(CALENDAR "a@b c.ics"));
	assert_int_equal(prop_status(t, &a, CALENDAR "a@b%20c.ics", NS_DAV, "getetag"), 200);
	a = multiget(t, HREF("https://cal.example.org" CALENDAR "a@b%20c.ics"));
	assert_int_equal(prop_status(t, &a, CALENDAR "a@b%20c.ics", NS_DAV, "getetag"), 200);
}

/* Other places, other people, other servers, no places at all: one answer for all. */
static void what_lies_elsewhere_is_not_found(void **state)
{
	struct dav_test *t = *state;
	static const char *const elsewhere[] = {
		"/calendars/marc/calendar/secret.ics", "/calendars/anna/tasks/t.ics", CALENDAR, "/",
		"/calendars/anna/", "/principals/anna/", "https://evil.example.com" CALENDAR "a.ics", "a.ics", "",
		CALENDAR "../calendar/a.ics", CALENDAR "%2e%2e/a.ics", CALENDAR "%00", CALENDAR "%zz", "mailto:x",
		"/calendars/paul/anna~calendar/a.ics",
	};
	cleanup_buf struct buf hrefs;

	put_event(t, "anna", CALENDAR "a.ics", "u1");
	put_event(t, "marc", "/calendars/marc/calendar/secret.ics", "u2");
	buf_init(&hrefs, 10000);
	for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++)
		buf_printf(&hrefs, HREF("%s"), elsewhere[i]);
	struct answer a = multiget(t, hrefs.data);
	assert_int_equal(a.status, 207);
	assert_int_equal(answer_responses(&a), ARRAY_SIZE(elsewhere));
	assert_null(strstr(a.body, "BEGIN:VCALENDAR"));
	assert_null(strstr(a.body, "propstat"));
	for (const struct xml_node *x = xml_find(a.xml, NS_DAV, "response"); x; x = xml_next_same(x))
		assert_string_equal(xml_text(xml_find(x, NS_DAV, "status"), t->mem), "HTTP/1.1 404 Not Found");
	/* even the administrator asks below one URL only */
	a = multiget_by(t, "paul", CALENDAR, HREF("/calendars/marc/calendar/secret.ics"));
	assert_int_equal(response_status(t, &a, "/calendars/marc/calendar/secret.ics"), 404);
}

static void each_object_once(void **state)
{
	struct dav_test *t = *state;
	cleanup_buf struct buf hrefs;

	put_event(t, "anna", CALENDAR "a.ics", "u1");
	buf_init(&hrefs, 1 << 20);
	for (int i = 0; i < 1000; i++)
		buf_adds(&hrefs, i % 2 ? HREF(CALENDAR "a.ics") : HREF(CALENDAR "%61.ics"));
	struct answer a = multiget(t, hrefs.data);
	assert_int_equal(answer_responses(&a), 1);
}

/* One short request for one object must not be answered by a thousand copies of it. */
static void each_property_once(void **state)
{
	struct dav_test *t = *state;
	const char *names = "";

	put_event(t, "anna", CALENDAR "a.ics", "u1");
	for (int i = 0; i < 500; i++)
		names = arena_printf(t->mem, "%s<C:calendar-data/><D:getetag/>", names);
	struct answer a = ask(t, "anna", "REPORT", CALENDAR, NULL, arena_printf(t->mem,
		"<C:calendar-multiget xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\">"
		"<D:prop>%s</D:prop>" HREF(CALENDAR "a.ics") "</C:calendar-multiget>", names));
	assert_int_equal(a.status, 207);
	assert_string_equal(prop_text(t, &a, CALENDAR "a.ics", NS_CALDAV, "calendar-data"),
		event_text(t, "u1", "x"));
	const char *first = strstr(a.body, "BEGIN:VCALENDAR");
	assert_non_null(first);
	assert_null(strstr(first + 1, "BEGIN:VCALENDAR"));
}

static void limits(void **state)
{
	struct dav_test *t = *state;

	t->dav.settings.hrefs = 2;
	struct answer a = multiget(t, HREF("/1") HREF("/2"));
	assert_int_equal(a.status, 207);
	a = multiget(t, HREF("/1") HREF("/2") HREF("/3"));
	assert_int_equal(a.status, 507);
	assert_string_equal(answer_condition(&a), "number-of-matches-within-limits");
	assert_int_equal(multiget(t, "").status, 400);
}

static void one_object_by_its_own_url(void **state)
{
	struct dav_test *t = *state;

	put_event(t, "anna", CALENDAR "a.ics", "u1");
	put_event(t, "anna", CALENDAR "b.ics", "u2");
	struct answer a = multiget_by(t, "anna", CALENDAR "a.ics", HREF(CALENDAR "a.ics") HREF(CALENDAR "b.ics"));
	assert_int_equal(prop_status(t, &a, CALENDAR "a.ics", NS_DAV, "getetag"), 200);
	assert_int_equal(response_status(t, &a, CALENDAR "b.ics"), 404);
}

static void forms_of_calendar_data(void **state)
{
	struct dav_test *t = *state;
	static const struct { const char *element; int status; } rows[] = {
		{ "<C:calendar-data content-type=\"text/calendar\" version=\"2.0\"/>", 207 },
		{ "<C:calendar-data content-type=\"application/calendar+json\"/>", 403 },
		{ "<C:calendar-data version=\"1.0\"/>", 403 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct answer a = ask(t, "anna", "REPORT", CALENDAR, "Depth: 1", arena_printf(t->mem,
			"<C:calendar-multiget xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\">"
			"<D:prop>%s</D:prop>" HREF(CALENDAR "a.ics") "</C:calendar-multiget>", rows[i].element));
		assert_int_equal(a.status, rows[i].status);
		if (a.status == 403)
			assert_string_equal(answer_condition(&a), "supported-calendar-data");
	}
}

/* More than is answered at once: the generator's pieces make one document. */
static void long_answers(void **state)
{
	struct dav_test *t = *state;
	cleanup_buf struct buf hrefs;

	buf_init(&hrefs, 1 << 20);
	for (int i = 0; i < 500; i++) {
		put_event(t, "anna", arena_printf(t->mem, CALENDAR "%d.ics", i), arena_printf(t->mem, "u%d", i));
		buf_printf(&hrefs, HREF(CALENDAR "%d.ics"), i);
	}
	struct answer a = multiget(t, hrefs.data);
	assert_true(a.pieces > 1);
	assert_int_equal(answer_responses(&a), 500);
	assert_string_equal(prop_text(t, &a, CALENDAR "499.ics", NS_CALDAV, "calendar-data"),
		event_text(t, "u499", "x"));
}

/* A fold inside a character: stored as sent, but XML holds no half characters. */
static void folds_inside_characters(void **state)
{
	struct dav_test *t = *state;
	struct answer a = ask(t, "anna", "PUT", CALENDAR "a.ics", "Content-Type: text/calendar",
		"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:u1\r\nDTSTART:20240101\r\n"
		"SUMMARY:Caf\xc3\r\n \xa9 au\r\n  lait\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");

	assert_int_equal(a.status, 201);
	a = multiget(t, HREF(CALENDAR "a.ics"));
	assert_non_null(strstr(prop_text(t, &a, CALENDAR "a.ics", NS_CALDAV, "calendar-data"),
		"SUMMARY:Caf\xc3\xa9 au\r\n  lait\r\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dav_unit_test(objects_and_what_is_missing),
		dav_unit_test(every_spelling_is_found_and_kept),
		dav_unit_test(what_lies_elsewhere_is_not_found),
		dav_unit_test(each_object_once),
		dav_unit_test(each_property_once),
		dav_unit_test(limits),
		dav_unit_test(one_object_by_its_own_url),
		dav_unit_test(forms_of_calendar_data),
		dav_unit_test(long_answers),
		dav_unit_test(folds_inside_characters),
	};
	return cmocka_run_group_tests_name("report calendar-multiget", tests, NULL, NULL);
}
