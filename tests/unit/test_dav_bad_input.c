/* Whatever a client sends: the status the RFC names, nothing stored, no 5xx. */
#include "dav_harness.h"

#include "storage/backend.h"

#define CALENDAR "/calendars/anna/calendar/"

static const char *const broken_xml[] = {
	"<", "<a", "hello", "<D:propfind/>", "<propfind xmlns=\"DAV:\">", "<a></b>", "<a/><b/>",
	"<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY e \"x\">]><propfind xmlns=\"DAV:\"><allprop/></propfind>",
	"<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><propfind xmlns=\"DAV:\"><allprop/></propfind>",
	"<propfind xmlns=\"DAV:\"><prop>&e;</prop></propfind>", "\xff\xfe", "<a>\x01</a>",
};

static void broken_xml_is_400(void **state)
{
	struct dav_test *t = *state;
	static const struct { const char *method, *path; } rows[] = {
		{ "PROPFIND", CALENDAR }, { "PROPPATCH", CALENDAR }, { "REPORT", CALENDAR },
		{ "MKCALENDAR", "/calendars/anna/new/" }, { "MKCOL", "/calendars/anna/new/" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t x = 0; x < sizeof(broken_xml) / sizeof(broken_xml[0]); x++)
			assert_int_equal(ask(t, "anna", rows[i].method, rows[i].path, "Depth: 0",
				broken_xml[x]).status, 400);
	assert_int_equal(propfind(t, "anna", "/calendars/anna/new/", 0, "<D:owner/>").status, 404);
}

/* MKCOL and MKCALENDAR have a status of their own for it (RFC 4918 9.3, RFC 4791 5.3.1). */
static void other_xml_is_400(void **state)
{
	struct dav_test *t = *state;
	static const struct { const char *method, *path, *body; } rows[] = {
		{ "PROPFIND", CALENDAR, "<x xmlns=\"DAV:\"/>" },
		{ "PROPFIND", CALENDAR, "<propfind xmlns=\"DAV:\"/>" },
		{ "PROPFIND", CALENDAR, "<propfind xmlns=\"DAV:\"><prop/><allprop/></propfind>" },
		{ "PROPFIND", CALENDAR, "<propfind xmlns=\"urn:x\"><prop/></propfind>" },
		{ "PROPPATCH", CALENDAR, "<propertyupdate xmlns=\"DAV:\"/>" },
		{ "PROPPATCH", CALENDAR, "<propertyupdate xmlns=\"DAV:\"><set/></propertyupdate>" },
		{ "PROPPATCH", CALENDAR, NULL },
		{ "REPORT", CALENDAR, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(ask(t, "anna", rows[i].method, rows[i].path, "Depth: 0",
			rows[i].body).status, 400);
	assert_int_equal(ask(t, "anna", "MKCALENDAR", "/calendars/anna/new/", NULL,
		"<propfind xmlns=\"DAV:\"/>").status, 415);
}

static void unknown_reports_are_403(void **state)
{
	struct dav_test *t = *state;
	struct answer a = ask(t, "anna", "REPORT", CALENDAR, NULL, "<nonsense xmlns=\"DAV:\"/>");

	assert_int_equal(a.status, 403);
	assert_string_equal(answer_condition(&a), "supported-report");
	a = ask(t, "anna", "REPORT", "/", NULL, "<sync-collection xmlns=\"DAV:\"/>");
	assert_string_equal(answer_condition(&a), "supported-report");
}

static void deep_and_large_xml(void **state)
{
	struct dav_test *t = *state;
	struct buf b;

	buf_init(&b, 4 << 20);
	for (size_t i = 0; i < 1000; i++)
		buf_adds(&b, "<a>");
	assert_int_equal(ask(t, "anna", "PROPFIND", CALENDAR, "Depth: 0", b.data).status, 400);
	buf_reset(&b);
	buf_adds(&b, "<propfind xmlns=\"DAV:\"><prop>");
	for (size_t i = 0; i < 2000; i++)
		buf_printf(&b, "<p%zu/>", i);
	buf_adds(&b, "</prop></propfind>");
	assert_int_equal(ask(t, "anna", "PROPFIND", CALENDAR, "Depth: 0", b.data).status, 400);
	for (size_t i = 0; i < (1 << 20); i++)
		buf_addc(&b, ' ');
	assert_int_equal(ask(t, "anna", "PROPFIND", CALENDAR, "Depth: 0", b.data).status, 413);
	buf_finish(&b);
}

/* Every method on every kind of URL with headers at odds: an answer, and never the server's fault. */
static void everything_on_everything(void **state)
{
	struct dav_test *t = *state;
	static const char *const methods[] = { "OPTIONS", "GET", "HEAD", "PROPFIND", "REPORT", "PROPPATCH",
		"PUT", "DELETE", "COPY", "MOVE", "MKCALENDAR", "MKCOL", "ACL", "LOCK", "PATCH", "POST" };
	static const char *const paths[] = { "/", "//", "/principals", "/principals/anna", "/principals/;/",
		"/calendars", "/calendars/ANNA", CALENDAR "e.ics", "/calendars/anna/~/", "/calendars/anna/~x/y",
		"/calendars/anna/x~/y", "/calendars/anna/anna~calendar/", "/calendars/%20/x/y",
		"/calendars/anna/calendar/.ics", "/x", "/\xc3\xa9", "/%", "/calendars/a/b/c/d/e/f" };
	static const char *const headers[] = { NULL, "Depth: infinity", "Depth: -1",
		"If: (<x>)\nIf-Match: *\nIf-None-Match: *", "Destination: \nOverwrite: x",
		"Destination: http://\nContent-Type: ;", "If-Match: \"\nIf-None-Match: W/",
		"Destination: http://cal.example.org\nIf: <http://cal.example.org> (Not [W/\"\"])" };

	for (size_t m = 0; m < sizeof(methods) / sizeof(methods[0]); m++)
		for (size_t p = 0; p < sizeof(paths) / sizeof(paths[0]); p++)
			for (size_t h = 0; h < sizeof(headers) / sizeof(headers[0]); h++) {
				struct answer a = ask(t, "anna", methods[m], paths[p], headers[h], NULL);

				if (a.status >= 500 && a.status != 502)
					fail_msg("%s %s: %d %s", methods[m], paths[p], a.status, a.reason);
			}
}

static void refusals_store_nothing(void **state)
{
	struct dav_test *t = *state;
	struct answer before = ask(t, "anna", "PROPFIND", "/calendars/anna/", "Depth: 1", NULL);

	ask(t, "anna", "PUT", CALENDAR "x.ics", NULL, "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n");
	ask(t, "anna", "PUT", CALENDAR "x.ics", "If-Match: *", event_text(t, "u", "x"));
	ask(t, "anna", "MKCALENDAR", "/calendars/anna/new/", "If: (<x>)", NULL);
	ask(t, "anna", "MKCOL", "/calendars/anna/new/", NULL, NULL);
	ask(t, "anna", "PROPPATCH", CALENDAR, NULL, "<propertyupdate xmlns=\"DAV:\"><set><prop>"
		"<displayname>x</displayname><getetag/></prop></set></propertyupdate>");
	struct answer after = ask(t, "anna", "PROPFIND", "/calendars/anna/", "Depth: 1", NULL);
	assert_string_equal(before.body, after.body);
}

/* NUL and what is no UTF-8 never get in. */
static void bytes_that_are_no_text(void **state)
{
	struct dav_test *t = *state;
	static const char nul[] = "BEGIN:VCALENDAR\r\nVERSION:2.0\0\r\nEND:VCALENDAR\r\n";
	struct answer a = ask_bytes(t, "anna", "PUT", CALENDAR "n.ics", NULL, nul, sizeof(nul) - 1);

	assert_int_equal(a.status, 403);
	assert_string_equal(answer_condition(&a), "valid-calendar-data");
	a = ask_bytes(t, "anna", "PROPFIND", CALENDAR, "Depth: 0", "<a>\0</a>", 8);
	assert_int_equal(a.status, 400);
	a = ask(t, "anna", "PUT", CALENDAR "n.ics", NULL, event_text(t, "u", "\xff\xfe"));
	assert_int_equal(a.status, 403);
}

/* ---- a store in which one body cannot be read ---- */

static const struct store_ops *intact;
static enum errcode trouble;

static int broken_body(struct store *s, store_id collection, const char *name, struct arena *mem,
	struct object *out, struct buf *body, struct err *e)
{
	if (strcmp(name, "broken.ics") == 0)
		return err_set(e, trouble, "broken.ics differs from its digest");
	return intact->body(s, collection, name, mem, out, body, e);
}

static void one_broken_object_costs_itself_only(void **state)
{
	struct dav_test *t = *state;
	const char *multiget = "<C:calendar-multiget xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\">"
		"<D:prop><D:getetag/><C:calendar-data/></D:prop><D:href>" CALENDAR "a.ics</D:href>"
		"<D:href>" CALENDAR "broken.ics</D:href><D:href>" CALENDAR "z.ics</D:href></C:calendar-multiget>";
	struct store_ops ops;

	put_event(t, "anna", CALENDAR "a.ics", "u1");
	put_event(t, "anna", CALENDAR "broken.ics", "u2");
	put_event(t, "anna", CALENDAR "z.ics", "u3");
	intact = t->store->ops;
	ops = *intact;
	ops.body = broken_body;
	t->store->ops = &ops;
	trouble = ERR_BROKEN;
	struct answer a = ask(t, "anna", "REPORT", CALENDAR, NULL, multiget);
	assert_int_equal(a.status, 207);
	assert_int_equal(prop_status(t, &a, CALENDAR "a.ics", NS_CALDAV, "calendar-data"), 200);
	assert_int_equal(prop_status(t, &a, CALENDAR "z.ics", NS_CALDAV, "calendar-data"), 200);
	assert_int_equal(response_status(t, &a, CALENDAR "broken.ics"), 404);
	assert_string_equal(a.reason, "broken.ics differs from its digest");
	assert_int_equal(propfind(t, "anna", CALENDAR, 1, "<D:getetag/>").status, 207);
	trouble = ERR_BUSY; /* no matter of one object: the client shall come back */
	a = ask(t, "anna", "REPORT", CALENDAR, NULL, multiget);
	assert_int_equal(a.status, 503);
	assert_non_null(answer_header(&a, "Retry-After"));
	t->store->ops = intact;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dav_unit_test(broken_xml_is_400),
		dav_unit_test(other_xml_is_400),
		dav_unit_test(unknown_reports_are_403),
		dav_unit_test(deep_and_large_xml),
		dav_unit_test(everything_on_everything),
		dav_unit_test(refusals_store_nothing),
		dav_unit_test(bytes_that_are_no_text),
		dav_unit_test(one_broken_object_costs_itself_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
