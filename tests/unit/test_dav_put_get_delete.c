/* PUT, GET, HEAD, DELETE: RFC 4791 5.3.2 and doc/clients.md sections 1 and 6. */
#include "dav_harness.h"

#define EVENT "/calendars/anna/calendar/e.ics"
#define CALENDAR "/calendars/anna/calendar/"

static void what_was_put_comes_back_byte_for_byte(void **state)
{
	struct dav_test *t = *state;
	const char *text = event_text(t, "u1", "Café; naïve\\, folded");
	struct answer a = ask(t, "anna", "PUT", EVENT, "Content-Type: text/calendar; charset=\"utf-8\"", text);

	assert_int_equal(a.status, 201);
	const char *etag = answer_header(&a, "ETag");
	assert_non_null(etag);
	assert_int_equal(a.len, 0);
	a = ask(t, "anna", "GET", EVENT, NULL, NULL);
	assert_int_equal(a.status, 200);
	assert_string_equal(a.body, text);
	assert_string_equal(answer_header(&a, "ETag"), etag);
	assert_int_equal(etag[0], '"'); /* strong */
	assert_string_equal(answer_header(&a, "Content-Type"),
		"text/calendar; charset=utf-8; component=VEVENT");
	assert_non_null(answer_header(&a, "Last-Modified"));
	struct answer head = ask(t, "anna", "HEAD", EVENT, NULL, NULL);
	assert_string_equal(answer_header(&head, "ETag"), etag);
}

static void replacing_moves_the_etag(void **state)
{
	struct dav_test *t = *state;
	struct answer a = ask(t, "anna", "PUT", EVENT, NULL, event_text(t, "u1", "1"));
	struct answer b = ask(t, "anna", "PUT", EVENT, NULL, event_text(t, "u1", "2"));
	struct answer c = ask(t, "anna", "PUT", EVENT, NULL, event_text(t, "u1", "1"));

	assert_int_equal(b.status, 204);
	assert_string_not_equal(answer_header(&a, "ETag"), answer_header(&b, "ETag"));
	assert_string_not_equal(answer_header(&a, "ETag"), answer_header(&c, "ETag")); /* no coming back */
}

static void assert_refused(struct dav_test *t, const char *headers, const char *body, int status,
	const char *condition)
{
	struct answer a = ask(t, "anna", "PUT", EVENT, headers, body);

	assert_int_equal(a.status, status);
	assert_string_equal(answer_condition(&a), condition);
	assert_non_null(a.reason);
	assert_int_equal(ask(t, "anna", "GET", EVENT, NULL, NULL).status, 404);
}

static void broken_calendars_are_refused(void **state)
{
	struct dav_test *t = *state;
	const char *good = event_text(t, "u1", "x");
	const char *todo = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\nUID:t\r\n"
		"DTSTAMP:20260101T000000Z\r\nEND:VTODO\r\nEND:VCALENDAR\r\n";
	const char *two_uids = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:a\r\n"
		"DTSTAMP:20260101T000000Z\r\nDTSTART:20260101T000000Z\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\n"
		"UID:b\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T000000Z\r\nEND:VEVENT\r\n"
		"END:VCALENDAR\r\n";
	const char *method = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REQUEST\r\n"
		"BEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T000000Z\r\n"
		"END:VEVENT\r\nEND:VCALENDAR\r\n";

	assert_refused(t, NULL, "hello", 403, "valid-calendar-data");
	assert_refused(t, NULL, NULL, 403, "valid-calendar-data");
	assert_refused(t, NULL, two_uids, 403, "valid-calendar-object-resource");
	assert_refused(t, NULL, method, 403, "valid-calendar-object-resource");
	assert_refused(t, NULL, todo, 403, "supported-calendar-component");
	assert_refused(t, "Content-Type: text/html", good, 403, "supported-calendar-data");
	assert_refused(t, "Content-Type: text/calendar; charset=iso-8859-1", good, 403,
		"supported-calendar-data");
	assert_refused(t, "Content-Type: text/calendar; version=1.0", good, 403, "supported-calendar-data");
	assert_refused(t, "Content-Encoding: gzip", good, 415, "");
	assert_refused(t, "Content-Range: bytes 0-1/2", good, 400, "");
}

static void a_taken_uid_names_who_has_it(void **state)
{
	struct dav_test *t = *state;

	put_event(t, "anna", CALENDAR "first one.ics", "u1");
	struct answer a = ask(t, "anna", "PUT", EVENT, NULL, event_text(t, "u1", "x"));
	assert_int_equal(a.status, 403);
	assert_string_equal(answer_condition(&a), "no-uid-conflict");
	assert_string_equal(xml_text(xml_find(xml_child(a.xml), NS_DAV, "href"), t->mem),
		CALENDAR "first%20one.ics");
	/* unique per calendar only */
	ask(t, "anna", "MKCALENDAR", "/calendars/anna/other/", NULL, NULL);
	put_event(t, "anna", "/calendars/anna/other/x.ics", "u1");
}

static void sizes_and_names_are_limited(void **state)
{
	struct dav_test *t = *state;

	t->dav.settings.ical.bytes = 100;
	assert_refused(t, NULL, event_text(t, "u1", "x"), 403, "max-resource-size");
	t->dav.settings.ical.bytes = 1 << 20;
	char *path = arena_printf(t->mem, CALENDAR "%0201d", 1);
	assert_int_equal(ask(t, "anna", "PUT", path, NULL, event_text(t, "u1", "x")).status, 403);
}

static void precheck_refuses_before_the_body(void **state)
{
	struct dav_test *t = *state;
	struct response res;
	struct request rq = { .mem = t->mem, .method = "PUT", .path = EVENT, .body = "", .res = &res };
	size_t max;

	response_init(&res, 1 << 16);
	assert_int_equal(dav_precheck(&t->dav, &rq, 1000, true, &max), 0);
	assert_int_equal(max, t->dav.settings.ical.bytes + EVENT_RENDERING_MAX);
	assert_int_equal(dav_precheck(&t->dav, &rq, 1u << 30, true, &max), 413);
	assert_non_null(strstr(res.body.data, "max-resource-size"));
	response_reset(&res);
	rq.method = "PROPFIND";
	assert_int_equal(dav_precheck(&t->dav, &rq, 1u << 30, true, &max), 413);
	response_reset(&res);
	assert_int_equal(dav_precheck(&t->dav, &rq, 0, false, &max), 0);
	assert_int_equal(max, t->dav.settings.xml.bytes);
	rq.method = "BREW";
	assert_int_equal(dav_precheck(&t->dav, &rq, 0, true, &max), 501);
	response_finish(&res);
}

static void delete_object_and_calendar(void **state)
{
	struct dav_test *t = *state;

	put_event(t, "anna", EVENT, "u1");
	assert_int_equal(ask(t, "anna", "DELETE", EVENT, NULL, NULL).status, 204);
	assert_int_equal(ask(t, "anna", "GET", EVENT, NULL, NULL).status, 404);
	put_event(t, "anna", EVENT, "u1"); /* the name and the UID are free again */
	assert_int_equal(ask(t, "anna", "DELETE", CALENDAR, "Depth: infinity", NULL).status, 204);
	assert_int_equal(propfind(t, "anna", CALENDAR, 0, "<D:resourcetype/>").status, 404);
	assert_int_equal(ask(t, "anna", "GET", EVENT, NULL, NULL).status, 404);
}

static void bodies_where_none_belong(void **state)
{
	struct dav_test *t = *state;

	put_event(t, "anna", EVENT, "u1");
	assert_int_equal(ask(t, "anna", "DELETE", EVENT, NULL, "<x/>").status, 415);
	assert_int_equal(ask(t, "anna", "GET", EVENT, NULL, "<x/>").status, 200);
}

/* architecture.md 15.35 */
static void other_sites_change_nothing(void **state)
{
	struct dav_test *t = *state;
	struct { const char *headers; int status; } rows[] = {
		{ "Sec-Fetch-Site: cross-site", 403 }, { "Sec-Fetch-Site: same-site", 403 },
		{ "Origin: https://evil.example", 403 }, { "Origin: http://cal.example.org:8080", 403 },
		{ "Sec-Fetch-Site: same-origin\nOrigin: https://evil.example", 201 },
		{ "Origin: https://cal.example.org", 204 }, { "Origin: https://cal.example.org:443", 204 },
		{ "Origin: https://public.example", 204 }, { "Origin: moz-extension://1", 204 },
		{ "Sec-Fetch-Site: none", 204 },
	};

	t->dav.settings.public_url = "https://public.example/";
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(ask(t, "anna", "PUT", EVENT, rows[i].headers,
			event_text(t, "u1", arena_printf(t->mem, "%zu", i))).status, rows[i].status);
	assert_int_equal(ask(t, "anna", "GET", EVENT, "Sec-Fetch-Site: cross-site", NULL).status, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dav_unit_test(what_was_put_comes_back_byte_for_byte),
		dav_unit_test(replacing_moves_the_etag),
		dav_unit_test(broken_calendars_are_refused),
		dav_unit_test(a_taken_uid_names_who_has_it),
		dav_unit_test(sizes_and_names_are_limited),
		dav_unit_test(precheck_refuses_before_the_body),
		dav_unit_test(delete_object_and_calendar),
		dav_unit_test(bodies_where_none_belong),
		dav_unit_test(other_sites_change_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
