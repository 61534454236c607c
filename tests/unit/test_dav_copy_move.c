/* COPY and MOVE of events: RFC 4918 9.8, 9.9. */
#include "dav_harness.h"

#define FROM "/calendars/anna/calendar/e.ics"
#define OTHER "/calendars/anna/other/"

static struct answer transfer(struct dav_test *t, const char *method, const char *destination,
	const char *more)
{
	return ask(t, "anna", method, FROM, arena_printf(t->mem, "Destination: %s%s%s", destination,
		more ? "\n" : "", more ? more : ""), NULL);
}

static int get(struct dav_test *t, const char *path)
{
	return ask(t, "anna", "GET", path, NULL, NULL).status;
}

static void prepare(struct dav_test *t)
{
	put_event(t, "anna", FROM, "u1");
	assert_int_equal(ask(t, "anna", "MKCALENDAR", OTHER, NULL, NULL).status, 201);
}

static void move_to_another_calendar(void **state)
{
	struct dav_test *t = *state;

	prepare(t);
	assert_int_equal(transfer(t, "MOVE", OTHER "e.ics", NULL).status, 201);
	assert_int_equal(get(t, FROM), 404);
	assert_int_equal(get(t, OTHER "e.ics"), 200);
}

static void copy_keeps_the_source(void **state)
{
	struct dav_test *t = *state;

	prepare(t);
	assert_int_equal(transfer(t, "COPY", OTHER "e.ics", NULL).status, 201);
	assert_int_equal(get(t, FROM), 200);
	assert_int_equal(get(t, OTHER "e.ics"), 200);
	struct answer a = transfer(t, "COPY", "/calendars/anna/calendar/f.ics", NULL);
	assert_int_equal(a.status, 403);
	assert_string_equal(answer_condition(&a), "no-uid-conflict");
	assert_string_equal(xml_text(xml_find(xml_child(a.xml), NS_DAV, "href"), t->mem), FROM);
}

static void overwrite(void **state)
{
	struct dav_test *t = *state;

	prepare(t);
	put_event(t, "anna", OTHER "e.ics", "u1");
	assert_int_equal(transfer(t, "MOVE", OTHER "e.ics", "Overwrite: F").status, 412);
	assert_int_equal(get(t, FROM), 200);
	assert_int_equal(transfer(t, "MOVE", OTHER "e.ics", "Overwrite: T").status, 204);
	assert_int_equal(get(t, FROM), 404);
	assert_non_null(strstr(ask(t, "anna", "GET", OTHER "e.ics", NULL, NULL).body, "UID:u1"));
}

static void destinations(void **state)
{
	struct dav_test *t = *state;
	struct { const char *destination; int status; } rows[] = {
		{ "http://elsewhere.example" OTHER "e.ics", 502 },
		{ "ftp://cal.example.org" OTHER "e.ics", 502 },
		{ "relative.ics", 502 },
		{ FROM, 403 },
		{ "/calendars/anna/calendar/%65.ics", 403 },
		{ OTHER, 403 }, { "/", 403 }, { "/elsewhere/x.ics", 409 }, { "/x.ics", 403 }, { "/principals/anna/", 403 },
		{ "/calendars/anna/none/e.ics", 409 },
		{ "/calendars/eve/calendar/e.ics", 403 },
		{ "/calendars/anna/other/../calendar/f.ics", 400 },
		{ "http://cal.example.org" OTHER "a b.ics", 201 },
		{ "https://CAL.example.org:443" OTHER "a%20b.ics?x#y", 204 },
		{ "https://public.example" OTHER "a%20b.ics", 204 },
	};

	prepare(t);
	t->dav.settings.public_url = "https://public.example";
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(transfer(t, "COPY", rows[i].destination, NULL).status, rows[i].status);
	assert_int_equal(ask(t, "anna", "COPY", FROM, NULL, NULL).status, 400);
	assert_int_equal(get(t, OTHER "a%20b.ics"), 200);
}

static void onto_itself_is_refused(void **state)
{
	struct dav_test *t = *state;
	static const char *const methods[] = { "COPY", "MOVE" };

	prepare(t);
	for (size_t i = 0; i < 2; i++) {
		struct answer a = transfer(t, methods[i], FROM, NULL);

		assert_int_equal(a.status, 403);
		assert_string_equal(answer_condition(&a), "");
		assert_string_equal(a.reason, "source and Destination are the same");
	}
	assert_int_equal(get(t, FROM), 200);
}

static void conditions_speak_of_the_source(void **state)
{
	struct dav_test *t = *state;

	prepare(t);
	struct answer a = ask(t, "anna", "GET", FROM, NULL, NULL);
	assert_int_equal(transfer(t, "MOVE", OTHER "e.ics", "If-Match: \"x\"").status, 412);
	assert_int_equal(transfer(t, "MOVE", OTHER "e.ics",
		arena_printf(t->mem, "If-Match: %s", answer_header(&a, "ETag"))).status, 201);
}

static void rights_count_on_both_sides(void **state)
{
	struct dav_test *t = *state;

	put_event(t, "anna", FROM, "u1");
	share(t, "anna", "calendar", "marc", SHARE_READ);
	const char *shared = "/calendars/marc/anna~calendar/e.ics";
	struct answer a = ask(t, "marc", "MOVE", shared, "Destination: /calendars/marc/calendar/e.ics", NULL);
	assert_int_equal(a.status, 403);
	assert_string_equal(answer_condition(&a), "need-privileges");
	assert_int_equal(ask(t, "marc", "COPY", shared, "Destination: /calendars/marc/calendar/e.ics",
		NULL).status, 201);
	assert_int_equal(ask(t, "marc", "COPY", "/calendars/marc/calendar/e.ics",
		"Destination: /calendars/marc/anna~calendar/f.ics", NULL).status, 403);
	share(t, "anna", "calendar", "marc", SHARE_WRITE);
	assert_int_equal(ask(t, "marc", "MOVE", shared, "Destination: /calendars/marc/calendar/e.ics",
		NULL).status, 204);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dav_unit_test(move_to_another_calendar),
		dav_unit_test(copy_keeps_the_source),
		dav_unit_test(overwrite),
		dav_unit_test(destinations),
		dav_unit_test(onto_itself_is_refused),
		dav_unit_test(conditions_speak_of_the_source),
		dav_unit_test(rights_count_on_both_sides),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
