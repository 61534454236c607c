/* PROPFIND: RFC 4918 9.1 and what the clients of doc/clients.md ask for. */
#include "dav_harness.h"

#define HOME "/calendars/anna/"
#define CALENDAR "/calendars/anna/calendar/"

static void depth_1_lists_members(void **state)
{
	struct dav_test *t = *state;
	struct answer a;

	put_event(t, "anna", CALENDAR "a.ics", "u1");
	put_event(t, "anna", CALENDAR "b.ics", "u2");
	a = propfind(t, "anna", CALENDAR, 1, "<D:getetag/><D:getcontenttype/><D:resourcetype/>");
	assert_int_equal(a.status, 207);
	assert_int_equal(answer_responses(&a), 3);
	assert_string_equal(prop_text(t, &a, CALENDAR "a.ics", NS_DAV, "getcontenttype"),
		"text/calendar; charset=utf-8; component=VEVENT");
	struct answer get = ask(t, "anna", "GET", CALENDAR "a.ics", NULL, NULL);
	assert_string_equal(prop_text(t, &a, CALENDAR "a.ics", NS_DAV, "getetag"),
		answer_header(&get, "ETag"));
	assert_int_equal(prop_status(t, &a, CALENDAR, NS_DAV, "getetag"), 404);
	assert_int_equal(propfind(t, "anna", CALENDAR, 0, "<D:getetag/>").xml != NULL, 1);
	a = propfind(t, "anna", CALENDAR, 0, "<D:resourcetype/>");
	assert_int_equal(answer_responses(&a), 1);
}

static void infinity_and_missing_depth_are_refused(void **state)
{
	struct dav_test *t = *state;
	struct answer a = ask(t, "anna", "PROPFIND", HOME, "Depth: infinity", NULL);

	assert_int_equal(a.status, 403);
	assert_string_equal(answer_condition(&a), "propfind-finite-depth");
	a = ask(t, "anna", "PROPFIND", HOME, NULL, NULL);
	assert_int_equal(a.status, 403);
	assert_string_equal(answer_condition(&a), "propfind-finite-depth");
	assert_int_equal(ask(t, "anna", "PROPFIND", HOME, "Depth: 2", NULL).status, 400);
	put_event(t, "anna", CALENDAR "a.ics", "u1");
	assert_int_equal(ask(t, "anna", "PROPFIND", CALENDAR "a.ics", NULL, NULL).status, 207);
}

static bool holds(const struct xml_node *parent, enum ns ns, const char *name)
{
	return xml_find(parent, ns, name) != NULL;
}

static void resourcetype_of_each_kind(void **state)
{
	struct dav_test *t = *state;
	struct { const char *path; bool collection, principal, calendar; } rows[] = {
		{ "/", true, false, false }, { "/principals/anna/", true, true, false },
		{ HOME, true, false, false }, { CALENDAR, true, false, true },
		{ CALENDAR "a.ics", false, false, false },
	};
	int status;

	put_event(t, "anna", CALENDAR "a.ics", "u1");
	for (size_t i = 0; i < 5; i++) {
		struct answer a = propfind(t, "anna", rows[i].path, 0, "<D:resourcetype/>");
		const struct xml_node *n = answer_prop(t, &a, rows[i].path, NS_DAV, "resourcetype", &status);

		assert_int_equal(status, 200);
		assert_int_equal(holds(n, NS_DAV, "collection"), rows[i].collection);
		assert_int_equal(holds(n, NS_DAV, "principal"), rows[i].principal);
		assert_int_equal(holds(n, NS_CALDAV, "calendar"), rows[i].calendar);
	}
}

/* What Thunderbird, EDS, DAVx5 and KDE ask of a calendar (doc/clients.md, section 5). */
static void properties_of_a_calendar(void **state)
{
	struct dav_test *t = *state;
	struct answer a = propfind(t, "anna", CALENDAR, 0,
		"<D:resourcetype/><D:owner/><D:current-user-principal/><D:current-user-privilege-set/>"
		"<D:supported-report-set/><C:supported-calendar-component-set/><CS:getctag/><D:sync-token/>"
		"<D:displayname/><C:max-resource-size/><C:supported-calendar-data/>"
		"<C:supported-collation-set/><C:max-instances/><C:max-attendees-per-instance/>"
		"<D:creationdate/><D:supported-method-set/><D:principal-collection-set/>"
		"<C:schedule-calendar-transp/><A:calendar-color/><Z:push/>");
	int status;

	assert_string_equal(prop_text(t, &a, CALENDAR, NS_DAV, "displayname"), "Calendar");
	assert_string_equal(prop_text(t, &a, CALENDAR, NS_CS, "getctag"),
		prop_text(t, &a, CALENDAR, NS_DAV, "sync-token"));
	assert_string_equal(prop_text(t, &a, CALENDAR, NS_CALDAV, "max-resource-size"), "1048576");
	const struct xml_node *n = answer_prop(t, &a, CALENDAR, NS_DAV, "owner", &status);
	assert_string_equal(xml_text(xml_child(n), t->mem), "/principals/anna/");
	n = answer_prop(t, &a, CALENDAR, NS_CALDAV, "supported-calendar-component-set", &status);
	assert_string_equal(xml_attr(xml_child(n), "name"), "VEVENT");
	assert_null(xml_next(xml_child(n)));
	assert_int_equal(prop_status(t, &a, CALENDAR, NS_APPLE, "calendar-color"), 404);
	assert_int_equal(prop_status(t, &a, CALENDAR, NS_OTHER, "push"), 404);
	static const char *const present[] = { "supported-method-set", "principal-collection-set",
		"creationdate", "supported-report-set", "current-user-privilege-set" };
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(prop_status(t, &a, CALENDAR, NS_DAV, present[i]), 200);
}

static bool names_report(const struct xml_node *set, enum ns ns, const char *name)
{
	for (const struct xml_node *x = xml_child(set); x; x = xml_next(x))
		if (xml_find(xml_find(x, NS_DAV, "report"), ns, name))
			return true;
	return false;
}

static void report_set_comes_from_the_table(void **state)
{
	struct dav_test *t = *state;
	struct answer a = propfind(t, "anna", CALENDAR, 0, "<D:supported-report-set/>");
	int status;
	const struct xml_node *set = answer_prop(t, &a, CALENDAR, NS_DAV, "supported-report-set", &status);

	for (const struct report *r = dav_reports; r->name; r++)
		assert_int_equal(names_report(set, r->ns, r->name), (r->on & RES_CALENDAR) != 0);
	assert_true(names_report(set, NS_DAV, "sync-collection"));
}

static void properties_of_a_principal(void **state)
{
	struct dav_test *t = *state;
	struct answer a = propfind(t, "anna", "/principals/anna/", 0,
		"<D:displayname/><D:principal-URL/><C:calendar-home-set/><C:calendar-user-address-set/>"
		"<D:group-membership/><D:alternate-URI-set/><D:resourcetype/>");
	int status;

	assert_string_equal(prop_text(t, &a, "/principals/anna/", NS_DAV, "displayname"), "Anna Example");
	const struct xml_node *n = answer_prop(t, &a, "/principals/anna/", NS_CALDAV,
		"calendar-user-address-set", &status);
	assert_string_equal(xml_text(xml_child(n), t->mem), "mailto:anna@example.org");
	n = answer_prop(t, &a, "/principals/anna/", NS_DAV, "principal-URL", &status);
	assert_string_equal(xml_text(xml_child(n), t->mem), "/principals/anna/");
	assert_int_equal(prop_status(t, &a, "/principals/anna/", NS_DAV, "group-membership"), 200);
}

static void empty_body_is_allprop(void **state)
{
	struct dav_test *t = *state;

	put_event(t, "anna", CALENDAR "a.ics", "u1");
	struct answer a = ask(t, "anna", "PROPFIND", CALENDAR "a.ics", "Depth: 0", NULL);
	static const char *const names[] = { "getetag", "getcontenttype", "getcontentlength",
		"getlastmodified", "resourcetype" };
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(prop_status(t, &a, CALENDAR "a.ics", NS_DAV, names[i]), 200);
	assert_int_equal(prop_status(t, &a, CALENDAR "a.ics", NS_CALDAV, "calendar-data"), 0);
	struct answer b = ask(t, "anna", "PROPFIND", CALENDAR "a.ics", "Depth: 0",
		"<propfind xmlns=\"DAV:\"><allprop/></propfind>");
	assert_string_equal(a.body, b.body);
}

static void allprop_includes_what_is_named(void **state)
{
	struct dav_test *t = *state;
	struct answer a = ask(t, "anna", "PROPFIND", CALENDAR, "Depth: 0",
		"<propfind xmlns=\"DAV:\"><allprop/><include><sync-token/><nonsense/></include></propfind>");

	assert_int_equal(prop_status(t, &a, CALENDAR, NS_DAV, "displayname"), 200);
	assert_int_equal(prop_status(t, &a, CALENDAR, NS_DAV, "sync-token"), 200);
	assert_int_equal(prop_status(t, &a, CALENDAR, NS_DAV, "nonsense"), 404);
	assert_int_equal(prop_status(t, &a, CALENDAR, NS_CALDAV, "max-resource-size"), 0);
}

static void propname_gives_names_without_values(void **state)
{
	struct dav_test *t = *state;
	int status;

	proppatch(t, "anna", CALENDAR, "<D:set><D:prop><Z:dead>1</Z:dead></D:prop></D:set>");
	struct answer a = ask(t, "anna", "PROPFIND", CALENDAR, "Depth: 0",
		"<propfind xmlns=\"DAV:\"><propname/></propfind>");
	const struct xml_node *n = answer_prop(t, &a, CALENDAR, NS_DAV, "displayname", &status);
	assert_int_equal(status, 200);
	assert_null(n->children);
	n = answer_prop(t, &a, CALENDAR, NS_OTHER, "dead", &status);
	assert_non_null(n);
	assert_null(n->children);
	assert_int_equal(prop_status(t, &a, CALENDAR, NS_APPLE, "calendar-color"), 0);
	assert_int_equal(prop_status(t, &a, CALENDAR, NS_DAV, "getetag"), 0);
}

static void calendar_data_is_for_reports(void **state)
{
	struct dav_test *t = *state;

	put_event(t, "anna", CALENDAR "a.ics", "u1");
	struct answer a = propfind(t, "anna", CALENDAR "a.ics", 0, "<C:calendar-data/>");
	assert_int_equal(prop_status(t, &a, CALENDAR "a.ics", NS_CALDAV, "calendar-data"), 404);
}

static void empty_prop_still_answers_well_formed(void **state)
{
	struct dav_test *t = *state;
	struct answer a = propfind(t, "anna", CALENDAR, 0, "");

	assert_int_equal(a.status, 207);
	assert_non_null(xml_find(answer_response(t, &a, CALENDAR), NS_DAV, "propstat"));
}

static void home_lists_own_and_shared_calendars(void **state)
{
	struct dav_test *t = *state;

	share(t, "anna", "calendar", "marc", SHARE_WRITE);
	struct answer a = propfind(t, "marc", "/calendars/marc/", 1,
		"<D:displayname/><CS:getctag/><D:current-user-privilege-set/>");
	assert_int_equal(answer_responses(&a), 4);
	assert_string_equal(prop_text(t, &a, "/calendars/marc/anna~calendar/", NS_DAV, "displayname"),
		"Calendar (Anna Example)");
	struct answer own = propfind(t, "anna", CALENDAR, 0, "<CS:getctag/>");
	assert_string_equal(prop_text(t, &a, "/calendars/marc/anna~calendar/", NS_CS, "getctag"),
		prop_text(t, &own, CALENDAR, NS_CS, "getctag"));
}

static void only_administrators_list_everybody(void **state)
{
	struct dav_test *t = *state;
	struct answer a = propfind(t, "anna", "/calendars/", 1, "<D:resourcetype/>");

	assert_int_equal(answer_responses(&a), 2);
	a = propfind(t, "paul", "/calendars/", 1, "<D:resourcetype/>");
	assert_int_equal(answer_responses(&a), 5);
	a = propfind(t, "anna", "/principals/", 1, "<D:resourcetype/>");
	assert_int_equal(answer_responses(&a), 2);
}

static void ctag_moves_with_every_change(void **state)
{
	struct dav_test *t = *state;
	struct answer a = propfind(t, "anna", CALENDAR, 0, "<CS:getctag/>");
	const char *first = prop_text(t, &a, CALENDAR, NS_CS, "getctag");

	put_event(t, "anna", CALENDAR "a.ics", "u1");
	a = propfind(t, "anna", CALENDAR, 0, "<CS:getctag/>");
	const char *second = prop_text(t, &a, CALENDAR, NS_CS, "getctag");
	assert_string_not_equal(first, second);
	ask(t, "anna", "DELETE", CALENDAR "a.ics", NULL, NULL);
	a = propfind(t, "anna", CALENDAR, 0, "<CS:getctag/>");
	assert_string_not_equal(second, prop_text(t, &a, CALENDAR, NS_CS, "getctag"));
}

/* Beyond 64 KiB the answer comes in pieces: the same one, whole and well-formed. */
static void large_answers_are_generated(void **state)
{
	struct dav_test *t = *state;
	enum { MANY = 1203 }; /* more than a page of members, and not a number of whole ones */

	for (size_t i = 0; i < MANY; i++)
		put_event(t, "anna", arena_printf(t->mem, CALENDAR "event-%zu.ics", i),
			arena_printf(t->mem, "u%zu", i));
	struct answer a = propfind(t, "anna", CALENDAR, 1, "<D:getetag/><D:getlastmodified/><Z:none/>");
	assert_true(a.pieces > 4);
	assert_true(a.len > 64 * 1024);
	assert_int_equal(answer_responses(&a), MANY + 1);
	assert_int_equal(prop_status(t, &a, CALENDAR "event-1202.ics", NS_DAV, "getetag"), 200);
	a = propfind(t, "anna", CALENDAR, 0, "<D:getetag/>");
	assert_int_equal(a.pieces, 0);
}

static void drop(struct dav_test *t, const char *owner, const char *calendar)
{
	struct collection c;

	assert_int_equal(store_collection(t->store, owner, calendar, t->mem, &c, NULL), 0);
	struct commit commit = { .now = TEST_NOW, .drop = c.id };
	assert_int_equal(store_commit(t->store, &commit, NULL), 0);
}

/* A PROPFIND whose answer is longer than what is made at once. */
static void begin_listing(struct dav_test *t, const char *path, const char *props, struct response *res)
{
	static const struct header depth = { "Depth", "1" };
	const char *body = arena_printf(t->mem, "<D:propfind xmlns:D=\"DAV:\" xmlns:Z=\"urn:example:z\"><D:prop>%s"
		"</D:prop></D:propfind>", props);
	struct request *rq = arena_alloc(t->mem, sizeof(*rq));

	*rq = (struct request){ .mem = t->mem, .id = "1", .now = t->now, .method = "PROPFIND", .path = path,
		.body = body, .body_len = strlen(body), .head = &depth, .heads = 1, .who = { .name = "anna" },
		.res = res };
	response_init(res, 1 << 20);
	dav_handle(&t->dav, rq);
	assert_int_equal(res->status, 207);
	assert_non_null(res->next);
}

static void go_on_to_the_end(struct response *res, struct buf *out)
{
	int more = 1;

	buf_reset(out);
	buf_add(out, res->body.data, res->body.len);
	while (more)
		assert_int_not_equal(more = res->next(res->next_arg, out), -1);
	response_finish(res);
}

/* Between two pieces of a long answer: the rest goes on. */
static void a_calendar_that_goes_meanwhile(void **state)
{
	struct dav_test *t = *state;
	char text[40001];
	struct response res;
	cleanup_buf struct buf out;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	const char *set = arena_printf(t->mem, "<D:set><D:prop><Z:long>%s</Z:long></D:prop></D:set>", text);
	proppatch(t, "anna", "/calendars/anna/calendar/", set);
	proppatch(t, "anna", "/calendars/anna/tasks/", set);
	assert_int_equal(ask(t, "anna", "MKCALENDAR", "/calendars/anna/zz/", NULL, NULL).status, 201);
	assert_int_equal(ask(t, "anna", "MKCALENDAR", "/calendars/anna/zzz/", NULL, NULL).status, 201);
	buf_init(&out, 1 << 20);
	begin_listing(t, "/calendars/anna/", "<Z:long/>", &res);
	drop(t, "anna", "zz");
	go_on_to_the_end(&res, &out);
	assert_non_null(strstr(out.data, "<D:href>/calendars/anna/zz/</D:href><D:status>HTTP/1.1 404"));
	assert_non_null(strstr(out.data, "<D:href>/calendars/anna/zzz/</D:href><D:propstat>"));
}

/* What goes and comes while a calendar is being listed: all that was there all the while is in the answer. */
static void members_that_go_meanwhile(void **state)
{
	struct dav_test *t = *state;
	enum { MANY = 1300 };
	struct response res;
	cleanup_buf struct buf out;

	for (size_t i = 0; i < MANY; i++)
		put_event(t, "anna", arena_printf(t->mem, CALENDAR "%04zu.ics", i), arena_printf(t->mem, "u%zu", i));
	buf_init(&out, 1 << 20);
	begin_listing(t, CALENDAR, "<D:getetag/>", &res);
	assert_int_equal(ask(t, "anna", "DELETE", CALENDAR "1299.ics", NULL, NULL).status, 204);
	put_event(t, "anna", CALENDAR "1250a.ics", "new");
	go_on_to_the_end(&res, &out);
	assert_non_null(strstr(out.data, "1250a.ics"));
	assert_null(strstr(out.data, "1299.ics"));
	for (size_t i = 0; i < MANY - 1; i++)
		assert_non_null(strstr(out.data, arena_printf(t->mem, "/%04zu.ics", i)));

	begin_listing(t, CALENDAR, "<D:getetag/>", &res);
	drop(t, "anna", "calendar");
	go_on_to_the_end(&res, &out);
	assert_non_null(strstr(out.data, "</D:multistatus>"));
	assert_null(strstr(out.data, "1250a.ics"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dav_unit_test(depth_1_lists_members),
		dav_unit_test(infinity_and_missing_depth_are_refused),
		dav_unit_test(resourcetype_of_each_kind),
		dav_unit_test(properties_of_a_calendar),
		dav_unit_test(report_set_comes_from_the_table),
		dav_unit_test(properties_of_a_principal),
		dav_unit_test(empty_body_is_allprop),
		dav_unit_test(allprop_includes_what_is_named),
		dav_unit_test(propname_gives_names_without_values),
		dav_unit_test(calendar_data_is_for_reports),
		dav_unit_test(empty_prop_still_answers_well_formed),
		dav_unit_test(home_lists_own_and_shared_calendars),
		dav_unit_test(only_administrators_list_everybody),
		dav_unit_test(ctag_moves_with_every_change),
		dav_unit_test(large_answers_are_generated),
		dav_unit_test(a_calendar_that_goes_meanwhile),
		dav_unit_test(members_that_go_meanwhile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
