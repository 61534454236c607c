/* Who may do what, and what strangers can find out: nothing. */
#include "dav_harness.h"

#define OWN "/calendars/anna/calendar/"
#define SHARED "/calendars/marc/anna~calendar/"

static const char *privileges(struct dav_test *t, const char *who, const char *path)
{
	struct answer a = propfind(t, who, path, 0, "<D:current-user-privilege-set/>");
	const char *all = "";
	int status;
	const struct xml_node *n = answer_prop(t, &a, path, NS_DAV, "current-user-privilege-set", &status);

	assert_int_equal(status, 200);
	for (n = xml_child(n); n; n = xml_next(n))
		all = arena_printf(t->mem, "%s%s ", all, xml_child(n)->name);
	return all;
}

#define READS "read read-current-user-privilege-set read-free-busy "
#define WRITES READS "write write-properties write-content bind unbind "

static void privilege_sets_tell_the_truth(void **state)
{
	struct dav_test *t = *state;

	share(t, "anna", "calendar", "marc", SHARE_READ);
	assert_string_equal(privileges(t, "anna", OWN), "all " WRITES "unlock read-acl write-acl ");
	put_event(t, "anna", OWN "e.ics", "u1"); /* what is in it is shared with it */
	assert_string_equal(privileges(t, "anna", OWN "e.ics"), WRITES "unlock read-acl ");
	assert_string_equal(privileges(t, "marc", SHARED), READS);
	assert_string_equal(privileges(t, "marc", OWN), READS);
	share(t, "anna", "calendar", "marc", SHARE_WRITE);
	assert_string_equal(privileges(t, "marc", SHARED), WRITES);
	assert_string_equal(privileges(t, "paul", OWN),
		READS "unbind read-acl ");
	assert_string_equal(privileges(t, "anna", "/calendars/anna/"),
		READS "write-properties bind unbind read-acl ");
	assert_string_equal(privileges(t, "anna", "/"), "read read-current-user-privilege-set ");
}

/* Each row is what each of the four may do to anna's calendar, shared to marc with `access`. */
static void matrix(void **state)
{
	struct dav_test *t = *state;
	static const struct { enum share_access access; const char *who; int get, put, create, patch, del; }
	rows[] = {
		{ SHARE_NONE,  "marc", 404, 403, 403, 404, 404 },
		{ SHARE_READ,  "marc", 200, 403, 403, 403, 403 },
		{ SHARE_WRITE, "marc", 200, 204, 201, 207, 204 },
		{ SHARE_NONE,  "anna", 200, 204, 201, 207, 204 },
		{ SHARE_NONE,  "eve",  404, 403, 403, 404, 404 },
		{ SHARE_NONE,  "paul", 200, 403, 403, 403, 204 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *who = rows[i].who;
		const char *made = arena_printf(t->mem, OWN "new-%zu.ics", i);

		share(t, "anna", "calendar", "marc", rows[i].access);
		put_event(t, "anna", OWN "e.ics", "u1");
		assert_int_equal(ask(t, who, "GET", OWN "e.ics", NULL, NULL).status, rows[i].get);
		assert_int_equal(ask(t, who, "PUT", OWN "e.ics", NULL, event_text(t, "u1", made)).status,
			rows[i].put);
		assert_int_equal(ask(t, who, "PUT", made, NULL, event_text(t, made, "x")).status,
			rows[i].create);
		assert_int_equal(proppatch(t, who, OWN,
			"<D:set><D:prop><C:calendar-description>d</C:calendar-description></D:prop></D:set>"
			).status, rows[i].patch);
		assert_int_equal(ask(t, who, "DELETE", OWN "e.ics", NULL, NULL).status, rows[i].del);
	}
}

/* What is there and what is not must look the same, headers and body (style.md, section 6.7). */
static void strangers_cannot_tell(void **state)
{
	struct dav_test *t = *state;
	static const struct { const char *there, *not_there; } rows[] = {
		{ "/calendars/anna/", "/calendars/otto/" },
		{ "/calendars/anna/calendar/", "/calendars/anna/callender/" },
		{ "/calendars/anna/calendar/e.ics", "/calendars/anna/calendar/f.ics" },
		{ "/calendars/marc/anna~calendar/", "/calendars/marc/anna~callender/" },
	};
	static const char *const methods[] = { "GET", "PROPFIND", "PUT", "DELETE", "PROPPATCH", "REPORT",
		"OPTIONS", "MKCALENDAR", "COPY", "LOCK" };

	put_event(t, "anna", OWN "e.ics", "u1");
	share(t, "anna", "calendar", "marc", SHARE_WRITE);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t m = 0; m < sizeof(methods) / sizeof(methods[0]); m++) {
			struct answer a = ask(t, "eve", methods[m], rows[i].there, "Depth: 0", NULL);
			struct answer b = ask(t, "eve", methods[m], rows[i].not_there, "Depth: 0", NULL);

			assert_int_equal(a.status, b.status);
			assert_int_equal(a.heads, b.heads);
			for (size_t h = 0; h < a.heads; h++)
				assert_string_equal(a.head[h].value, b.head[h].value);
			if (!strstr(a.body, rows[i].there)) /* its own href is the request's */
				assert_string_equal(a.body, b.body);
		}
	}
}

static void destinations_tell_nothing(void **state)
{
	struct dav_test *t = *state;

	put_event(t, "anna", OWN "e.ics", "u1");
	put_event(t, "eve", "/calendars/eve/calendar/e.ics", "u2");
	int a = ask(t, "eve", "COPY", "/calendars/eve/calendar/e.ics",
		"Destination: /calendars/anna/calendar/e.ics", NULL).status;
	int b = ask(t, "eve", "COPY", "/calendars/eve/calendar/e.ics",
		"Destination: /calendars/anna/none/e.ics", NULL).status;
	assert_int_equal(a, 403);
	assert_int_equal(b, 403);
}

static void principals_without_clients_see_each_other(void **state)
{
	struct dav_test *t = *state;

	share(t, "anna", "calendar", "marc", SHARE_READ);
	assert_int_equal(propfind(t, "marc", "/principals/anna/", 0, "<D:displayname/>").status, 207);
	assert_int_equal(propfind(t, "anna", "/principals/marc/", 0, "<D:displayname/>").status, 207);
	assert_int_equal(propfind(t, "eve", "/principals/anna/", 0, "<D:displayname/>").status, 207);
	assert_int_equal(propfind(t, "eve", "/principals/otto/", 0, "<D:displayname/>").status, 404);
	assert_int_equal(propfind(t, "marc", "/calendars/anna/", 0, "<D:displayname/>").status, 404);
}

static void a_share_that_ends_is_gone(void **state)
{
	struct dav_test *t = *state;

	share(t, "anna", "calendar", "marc", SHARE_WRITE);
	put_event(t, "marc", SHARED "m.ics", "u5");
	assert_int_equal(ask(t, "anna", "GET", OWN "m.ics", NULL, NULL).status, 200);
	share(t, "anna", "calendar", "marc", SHARE_NONE);
	assert_int_equal(ask(t, "marc", "GET", SHARED "m.ics", NULL, NULL).status, 404);
	struct answer a = propfind(t, "marc", "/calendars/marc/", 1, "<D:resourcetype/>");
	assert_int_equal(answer_responses(&a), 3);
}

static void a_sharee_deletes_the_share_only(void **state)
{
	struct dav_test *t = *state;

	share(t, "anna", "calendar", "marc", SHARE_WRITE);
	assert_int_equal(ask(t, "marc", "DELETE", OWN, NULL, NULL).status, 403);
	assert_int_equal(ask(t, "marc", "DELETE", SHARED, NULL, NULL).status, 204);
	assert_int_equal(propfind(t, "marc", SHARED, 0, "<D:resourcetype/>").status, 404);
	assert_int_equal(propfind(t, "anna", OWN, 0, "<D:resourcetype/>").status, 207);
}

static void administrators_read_and_delete_everywhere(void **state)
{
	struct dav_test *t = *state;

	assert_int_equal(propfind(t, "paul", "/calendars/anna/", 1, "<D:resourcetype/>").status, 207);
	assert_int_equal(propfind(t, "paul", SHARED, 0, "<D:resourcetype/>").status, 404); /* no such share */
	share(t, "anna", "calendar", "marc", SHARE_READ);
	assert_int_equal(propfind(t, "paul", SHARED, 0, "<D:resourcetype/>").status, 207);
	assert_int_equal(ask(t, "paul", "MKCALENDAR", "/calendars/anna/new/", NULL, NULL).status, 403);
	assert_int_equal(ask(t, "paul", "DELETE", OWN, NULL, NULL).status, 204);
	assert_int_equal(propfind(t, "anna", OWN, 0, "<D:resourcetype/>").status, 404);
}

/* 15.11 */
static void fees_calendar(void **state)
{
	struct dav_test *t = *state;
	struct collection fees;

	assert_int_equal(event_fees_calendar(t->store, "anna", t->now, t->mem, &fees, NULL), 0);
	assert_string_equal(privileges(t, "anna", "/calendars/anna/fees/"), READS "write-properties "
		"write-content read-acl ");
	assert_int_equal(ask(t, "anna", "PUT", "/calendars/anna/fees/new.ics", NULL,
		event_text(t, "u", "x")).status, 403);
	assert_int_equal(ask(t, "anna", "DELETE", "/calendars/anna/fees/", NULL, NULL).status, 403);
	assert_int_equal(ask(t, "anna", "MKCALENDAR", "/calendars/anna/fees/", NULL, NULL).status, 403);
	assert_int_equal(propfind(t, "eve", "/calendars/anna/fees/", 0, "<D:owner/>").status, 404);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dav_unit_test(privilege_sets_tell_the_truth),
		dav_unit_test(matrix),
		dav_unit_test(strangers_cannot_tell),
		dav_unit_test(destinations_tell_nothing),
		dav_unit_test(principals_without_clients_see_each_other),
		dav_unit_test(a_share_that_ends_is_gone),
		dav_unit_test(a_sharee_deletes_the_share_only),
		dav_unit_test(administrators_read_and_delete_everywhere),
		dav_unit_test(fees_calendar),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
