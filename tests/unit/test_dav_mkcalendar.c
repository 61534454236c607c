/* MKCALENDAR (RFC 4791 5.3.1), MKCOL (RFC 5689), and what a new account has. */
#include "dav_harness.h"
#include "policy/account.h"

#define NEW "/calendars/anna/new/"
#define MKCALENDAR(x) "<C:mkcalendar xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\" " \
	"xmlns:A=\"http://apple.com/ns/ical/\"><D:set><D:prop>" x "</D:prop></D:set></C:mkcalendar>"
#define MKCOL(x) "<D:mkcol xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\">" \
	"<D:set><D:prop>" x "</D:prop></D:set></D:mkcol>"
#define COMPS(x) "<C:supported-calendar-component-set>" x "</C:supported-calendar-component-set>"
#define TYPE(x) "<D:resourcetype><D:collection/>" x "</D:resourcetype>"

static bool exists(struct dav_test *t, const char *path)
{
	return propfind(t, "anna", path, 0, "<D:resourcetype/>").status == 207;
}

/* asks.md B 10: exactly the set that was asked for. */
static void assert_components(struct dav_test *t, const char *path, const char *names)
{
	struct answer a = propfind(t, "anna", path, 0, "<C:supported-calendar-component-set/>");
	const char *found = "";
	int status;
	const struct xml_node *n = answer_prop(t, &a, path, NS_CALDAV, "supported-calendar-component-set",
		&status);

	for (n = xml_child(n); n; n = xml_next(n))
		found = arena_printf(t->mem, "%s%s ", found, xml_attr(n, "name"));
	assert_string_equal(found, names);
}

static void without_a_body(void **state)
{
	struct dav_test *t = *state;
	struct answer a = ask(t, "anna", "MKCALENDAR", "/calendars/anna/new", NULL, NULL);

	assert_int_equal(a.status, 201);
	assert_components(t, NEW, "VEVENT VTODO VJOURNAL VFREEBUSY ");
	a = ask(t, "anna", "MKCALENDAR", NEW, NULL, NULL);
	assert_int_equal(a.status, 403);
	assert_string_equal(answer_condition(&a), "resource-must-be-null");
	assert_non_null(answer_header(&a, "Allow"));
}

static void with_properties(void **state)
{
	struct dav_test *t = *state;
	struct answer a = ask(t, "anna", "MKCALENDAR", NEW, NULL, MKCALENDAR(
		"<D:displayname>Nouvel agenda</D:displayname><A:calendar-color>#FF2968FF</A:calendar-color>"
		"<A:calendar-order>7</A:calendar-order>" COMPS("<C:comp name=\"VTODO\"/>")));

	assert_int_equal(a.status, 201);
	assert_components(t, NEW, "VTODO ");
	a = propfind(t, "anna", NEW, 0, "<D:displayname/><A:calendar-color/><A:calendar-order/>");
	assert_string_equal(prop_text(t, &a, NEW, NS_DAV, "displayname"), "Nouvel agenda");
	assert_string_equal(prop_text(t, &a, NEW, NS_APPLE, "calendar-color"), "#FF2968FF");
	a = ask(t, "anna", "PUT", NEW "e.ics", NULL, event_text(t, "u1", "x"));
	assert_int_equal(a.status, 403);
	assert_string_equal(answer_condition(&a), "supported-calendar-component");
}

static void one_bad_property_makes_nothing(void **state)
{
	struct dav_test *t = *state;
	struct answer a = ask(t, "anna", "MKCALENDAR", NEW, NULL, MKCALENDAR(
		"<D:displayname>n</D:displayname><D:getetag>x</D:getetag>"));

	assert_int_equal(a.status, 207);
	assert_int_equal(prop_status(t, &a, NEW, NS_DAV, "displayname"), 424);
	assert_int_equal(prop_status(t, &a, NEW, NS_DAV, "getetag"), 403);
	assert_false(exists(t, NEW));
	a = ask(t, "anna", "MKCALENDAR", NEW, NULL, MKCALENDAR(COMPS("<C:comp name=\"VPOLL\"/>")));
	assert_int_equal(prop_status(t, &a, NEW, NS_CALDAV, "supported-calendar-component-set"), 403);
	assert_false(exists(t, NEW));
}

static void places_that_are_refused(void **state)
{
	struct dav_test *t = *state;
	struct { const char *path, *condition; int status; } rows[] = {
		{ "/calendars/anna/calendar/inner/", "calendar-collection-location-ok", 403 },
		{ "/calendars/anna/calendar/inner", "calendar-collection-location-ok", 403 },
		{ "/elsewhere/", "calendar-collection-location-ok", 403 },
		{ "/calendars/anna/eve~x/", "calendar-collection-location-ok", 403 },
		{ "/calendars/anna/fees/", "calendar-collection-location-ok", 403 },
		{ "/calendars/anna/", "resource-must-be-null", 403 },
		{ "/calendars/eve/new/", "need-privileges", 403 },
		{ "/calendars/nobody/new/", "need-privileges", 403 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct answer a = ask(t, "anna", "MKCALENDAR", rows[i].path, NULL, NULL);

		assert_int_equal(a.status, rows[i].status);
		assert_string_equal(answer_condition(&a), rows[i].condition);
	}
	char *path = arena_printf(t->mem, "/calendars/anna/%0201d/", 1);
	assert_int_equal(ask(t, "anna", "MKCALENDAR", path, NULL, NULL).status, 403);
}

static void number_of_calendars_is_limited(void **state)
{
	struct dav_test *t = *state;

	t->dav.settings.calendars = 3;
	assert_int_equal(ask(t, "anna", "MKCALENDAR", NEW, NULL, NULL).status, 201);
	assert_int_equal(ask(t, "anna", "MKCALENDAR", "/calendars/anna/more/", NULL, NULL).status, 403);
}

static void extended_mkcol(void **state)
{
	struct dav_test *t = *state;
	struct answer a = ask(t, "anna", "MKCOL", NEW, NULL,
		MKCOL(TYPE("<C:calendar/>") COMPS("<C:comp name=\"VEVENT\"/>")));

	assert_int_equal(a.status, 201);
	assert_components(t, NEW, "VEVENT ");
	a = ask(t, "anna", "MKCOL", "/calendars/anna/book/", NULL,
		MKCOL("<D:resourcetype><D:collection/><X:addressbook xmlns:X=\"urn:x\"/></D:resourcetype>"
		"<D:displayname>b</D:displayname>"));
	assert_int_equal(a.status, 403);
	assert_true(xml_is(a.xml, NS_DAV, "mkcol-response"));
	assert_non_null(strstr(a.body, "valid-resourcetype"));
	assert_non_null(strstr(a.body, "424"));
	assert_false(exists(t, "/calendars/anna/book/"));
}

static void plain_mkcol_is_refused(void **state)
{
	struct dav_test *t = *state;
	struct answer a = ask(t, "anna", "MKCOL", NEW, NULL, NULL);

	assert_int_equal(a.status, 403);
	assert_string_equal(answer_condition(&a), "valid-resourcetype");
	a = ask(t, "anna", "MKCOL", NEW, NULL, MKCOL(TYPE("")));
	assert_string_equal(answer_condition(&a), "valid-resourcetype");
	assert_int_equal(ask(t, "anna", "MKCOL", NEW, NULL, "<x/>").status, 415);
	assert_int_equal(ask(t, "anna", "MKCOL", "/calendars/anna/calendar/c/", NULL, NULL).status, 403);
	assert_false(exists(t, NEW));
}

static void a_new_account_has_two_calendars(void **state)
{
	struct dav_test *t = *state;
	const char *const none[] = { NULL };
	struct account a = { .name = "luc", .language = "fr", .addresses = none };

	assert_components(t, "/calendars/anna/calendar/", "VEVENT ");
	assert_components(t, "/calendars/anna/tasks/", "VTODO ");
	assert_int_equal(store_account_put(t->store, &a, NULL), 0);
	assert_int_equal(account_provision(t->store, &a, t->now, NULL), 0);
	assert_int_equal(account_provision(t->store, &a, t->now, NULL), 0); /* again: nothing new */
	struct answer f = propfind(t, "paul", "/calendars/luc/", 1, "<D:displayname/>");
	assert_string_equal(prop_text(t, &f, "/calendars/luc/calendar/", NS_DAV, "displayname"), "Agenda");
	assert_string_equal(prop_text(t, &f, "/calendars/luc/tasks/", NS_DAV, "displayname"), "Tâches");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dav_unit_test(without_a_body),
		dav_unit_test(with_properties),
		dav_unit_test(one_bad_property_makes_nothing),
		dav_unit_test(places_that_are_refused),
		dav_unit_test(number_of_calendars_is_limited),
		dav_unit_test(extended_mkcol),
		dav_unit_test(plain_mkcol_is_refused),
		dav_unit_test(a_new_account_has_two_calendars),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
