/* PROPPATCH: RFC 4918 9.2, and properties of one's own on shared calendars (architecture.md 15.16). */
#include "dav_harness.h"

#define CALENDAR "/calendars/anna/calendar/"
#define SET(x) "<D:set><D:prop>" x "</D:prop></D:set>"
#define REMOVE(x) "<D:remove><D:prop>" x "</D:prop></D:remove>"

static void set_and_remove(void **state)
{
	struct dav_test *t = *state;
	struct answer a = proppatch(t, "anna", CALENDAR, SET("<D:displayname>Praxis &amp; Co</D:displayname>"
		"<A:calendar-color symbolic-color=\"red\">#FF0000FF</A:calendar-color>"
		"<A:calendar-order>3</A:calendar-order><C:calendar-description>d</C:calendar-description>"
		"<C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp>"));

	assert_int_equal(a.status, 207);
	assert_int_equal(prop_status(t, &a, CALENDAR, NS_DAV, "displayname"), 200);
	a = propfind(t, "anna", CALENDAR, 0, "<D:displayname/><A:calendar-color/><A:calendar-order/>"
		"<C:calendar-description/><C:schedule-calendar-transp/>");
	assert_string_equal(prop_text(t, &a, CALENDAR, NS_DAV, "displayname"), "Praxis & Co");
	assert_string_equal(prop_text(t, &a, CALENDAR, NS_APPLE, "calendar-color"), "#FF0000FF");
	assert_string_equal(prop_text(t, &a, CALENDAR, NS_APPLE, "calendar-order"), "3");
	assert_string_equal(prop_text(t, &a, CALENDAR, NS_CALDAV, "calendar-description"), "d");
	int status;
	const struct xml_node *n = answer_prop(t, &a, CALENDAR, NS_CALDAV, "schedule-calendar-transp",
		&status);
	assert_non_null(xml_find(n, NS_CALDAV, "transparent"));
	proppatch(t, "anna", CALENDAR, REMOVE("<D:displayname/><A:calendar-color/>"));
	a = propfind(t, "anna", CALENDAR, 0, "<D:displayname/><A:calendar-color/>");
	assert_string_equal(prop_text(t, &a, CALENDAR, NS_DAV, "displayname"), "calendar");
	assert_int_equal(prop_status(t, &a, CALENDAR, NS_APPLE, "calendar-color"), 404);
}

static void dead_properties_keep_language_and_structure(void **state)
{
	struct dav_test *t = *state;
	int status;

	proppatch(t, "anna", CALENDAR, SET("<Z:dead xml:lang=\"fr\" Z:a=\"1\">x<Z:in>y</Z:in></Z:dead>"
		"<none xmlns=\"\">z</none>"));
	struct answer a = propfind(t, "anna", CALENDAR, 0, "<Z:dead/><none xmlns=\"\"/>");
	const struct xml_node *n = answer_prop(t, &a, CALENDAR, NS_OTHER, "dead", &status);
	assert_int_equal(status, 200);
	assert_string_equal(n->lang, "fr");
	assert_string_equal(n->uri, "urn:example:z");
	assert_string_equal(xml_text(xml_child(n), t->mem), "y");
	assert_string_equal(prop_text(t, &a, CALENDAR, NS_NONE, "none"), "z");
	a = ask(t, "anna", "PROPFIND", CALENDAR, "Depth: 0", NULL); /* allprop */
	assert_int_equal(prop_status(t, &a, CALENDAR, NS_OTHER, "dead"), 200);
}

static void all_or_nothing(void **state)
{
	struct dav_test *t = *state;
	struct answer a = proppatch(t, "anna", CALENDAR, SET("<D:displayname>new</D:displayname>"
		"<D:getetag>x</D:getetag>") REMOVE("<D:sync-token/>"));

	assert_int_equal(a.status, 207);
	assert_int_equal(prop_status(t, &a, CALENDAR, NS_DAV, "displayname"), 424);
	assert_int_equal(prop_status(t, &a, CALENDAR, NS_DAV, "getetag"), 403);
	assert_int_equal(prop_status(t, &a, CALENDAR, NS_DAV, "sync-token"), 403);
	assert_non_null(strstr(a.body, "cannot-modify-protected-property"));
	a = propfind(t, "anna", CALENDAR, 0, "<D:displayname/>");
	assert_string_equal(prop_text(t, &a, CALENDAR, NS_DAV, "displayname"), "Calendar");
}

static void instructions_go_in_order(void **state)
{
	struct dav_test *t = *state;

	proppatch(t, "anna", CALENDAR, SET("<Z:p>1</Z:p>") REMOVE("<Z:p/>") SET("<Z:p>2</Z:p>"));
	struct answer a = propfind(t, "anna", CALENDAR, 0, "<Z:p/>");
	assert_string_equal(prop_text(t, &a, CALENDAR, NS_OTHER, "p"), "2");
}

static void values_are_checked(void **state)
{
	struct dav_test *t = *state;
	struct { const char *value, *name; int status; } rows[] = {
		{ "<C:calendar-timezone>nonsense</C:calendar-timezone>", "calendar-timezone", 403 },
		{ "<C:schedule-calendar-transp>x</C:schedule-calendar-transp>",
			"schedule-calendar-transp", 409 },
		{ "<C:calendar-description><Z:x/></C:calendar-description>", "calendar-description", 409 },
		{ "<C:supported-calendar-component-set/>", "supported-calendar-component-set", 403 },
		{ "<C:calendar-timezone>BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VTIMEZONE\n"
			"TZID:Europe/Paris\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0100\n"
			"TZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\nEND:VCALENDAR\n</C:calendar-timezone>",
			"calendar-timezone", 200 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct answer a = proppatch(t, "anna", CALENDAR,
			arena_printf(t->mem, "<D:set><D:prop>%s</D:prop></D:set>", rows[i].value));

		assert_int_equal(a.status, 207);
		assert_int_equal(prop_status(t, &a, CALENDAR, NS_CALDAV, rows[i].name), rows[i].status);
	}
}

static void sizes_and_numbers_are_limited(void **state)
{
	struct dav_test *t = *state;

	t->dav.settings.property = 100;
	t->dav.settings.dead_properties = 2;
	char *big = arena_alloc(t->mem, 200);
	memset(big, 'x', 199);
	struct answer a = proppatch(t, "anna", CALENDAR,
		arena_printf(t->mem, SET("<Z:big>%s</Z:big>"), big));
	assert_int_equal(prop_status(t, &a, CALENDAR, NS_OTHER, "big"), 403);
	a = proppatch(t, "anna", CALENDAR, SET("<Z:a>1</Z:a><Z:b>1</Z:b>"));
	assert_int_equal(prop_status(t, &a, CALENDAR, NS_OTHER, "b"), 200);
	a = proppatch(t, "anna", CALENDAR, SET("<Z:c>1</Z:c>"));
	assert_int_equal(prop_status(t, &a, CALENDAR, NS_OTHER, "c"), 403);
	a = proppatch(t, "anna", CALENDAR, SET("<Z:a>2</Z:a>"));
	assert_int_equal(prop_status(t, &a, CALENDAR, NS_OTHER, "a"), 200);
}

static void nothing_above_homes_keeps_properties(void **state)
{
	struct dav_test *t = *state;
	static const char *const paths[] = { "/", "/principals/", "/calendars/" };

	for (size_t i = 0; i < 3; i++) {
		struct answer a = proppatch(t, "anna", paths[i], SET("<Z:p>1</Z:p>"));

		assert_int_equal(a.status, 207);
		assert_int_equal(prop_status(t, &a, paths[i], NS_OTHER, "p"), 403);
	}
}

static void homes_principals_and_events_keep_properties(void **state)
{
	struct dav_test *t = *state;
	static const char *const paths[] = { "/principals/anna/", "/calendars/anna/", CALENDAR "a.ics" };

	put_event(t, "anna", CALENDAR "a.ics", "u1");
	for (size_t i = 0; i < 3; i++) {
		struct answer a = proppatch(t, "anna", paths[i], SET("<Z:p>1</Z:p>"));

		assert_int_equal(prop_status(t, &a, paths[i], NS_OTHER, "p"), 200);
		a = ask(t, "anna", "PROPFIND", paths[i], "Depth: 0", NULL);
		assert_int_equal(prop_status(t, &a, paths[i], NS_OTHER, "p"), 200);
		/* who is nobody's client finds principals (15.31), but no homes and events */
		a = proppatch(t, "marc", paths[i], SET("<Z:p>2</Z:p>"));
		assert_int_equal(a.status, i == 0 ? 403 : 404);
	}
}

static void a_sharee_has_own_name_and_colour(void **state)
{
	struct dav_test *t = *state;

	share(t, "anna", "calendar", "marc", SHARE_READ);
	proppatch(t, "anna", CALENDAR, SET("<A:calendar-color>#111111</A:calendar-color>"));
	struct answer a = proppatch(t, "marc", "/calendars/marc/anna~calendar/",
		SET("<D:displayname>Therapy</D:displayname>"));
	assert_int_equal(a.status, 207);
	a = propfind(t, "marc", "/calendars/marc/anna~calendar/", 0, "<D:displayname/><A:calendar-color/>");
	assert_string_equal(prop_text(t, &a, "/calendars/marc/anna~calendar/", NS_DAV, "displayname"),
		"Therapy");
	assert_string_equal(prop_text(t, &a, "/calendars/marc/anna~calendar/", NS_APPLE, "calendar-color"),
		"#111111");
	proppatch(t, "marc", "/calendars/marc/anna~calendar/",
		SET("<A:calendar-color>#222222</A:calendar-color>"));
	a = propfind(t, "anna", CALENDAR, 0, "<D:displayname/><A:calendar-color/>");
	assert_string_equal(prop_text(t, &a, CALENDAR, NS_DAV, "displayname"), "Calendar");
	assert_string_equal(prop_text(t, &a, CALENDAR, NS_APPLE, "calendar-color"), "#111111");
	a = proppatch(t, "marc", "/calendars/marc/anna~calendar/",
		SET("<C:calendar-description>mine</C:calendar-description>"));
	assert_int_equal(a.status, 403);
	assert_string_equal(answer_condition(&a), "need-privileges");
}

/* 15.13: a new colour is no change of the events. */
static void proppatch_moves_no_token(void **state)
{
	struct dav_test *t = *state;
	struct answer a = propfind(t, "anna", CALENDAR, 0, "<D:sync-token/>");
	const char *before = prop_text(t, &a, CALENDAR, NS_DAV, "sync-token");

	proppatch(t, "anna", CALENDAR, SET("<D:displayname>n</D:displayname>"));
	a = propfind(t, "anna", CALENDAR, 0, "<D:sync-token/>");
	assert_string_equal(before, prop_text(t, &a, CALENDAR, NS_DAV, "sync-token"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dav_unit_test(set_and_remove),
		dav_unit_test(dead_properties_keep_language_and_structure),
		dav_unit_test(all_or_nothing),
		dav_unit_test(instructions_go_in_order),
		dav_unit_test(values_are_checked),
		dav_unit_test(sizes_and_numbers_are_limited),
		dav_unit_test(nothing_above_homes_keeps_properties),
		dav_unit_test(homes_principals_and_events_keep_properties),
		dav_unit_test(a_sharee_has_own_name_and_colour),
		dav_unit_test(proppatch_moves_no_token),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
