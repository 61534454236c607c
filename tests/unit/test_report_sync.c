/* sync-collection: RFC 6578 3. */
#include "dav_harness.h"

#include <stdio.h>

#include "base/util.h"

#define CALENDAR "/calendars/anna/calendar/"
#define OPEN "<D:sync-collection xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\">"
#define CLOSE "<D:prop><D:getetag/></D:prop></D:sync-collection>"

static struct answer sync_with(struct dav_test *t, const char *token, const char *more)
{
	return ask(t, "anna", "REPORT", CALENDAR, "Depth: 1", arena_printf(t->mem,
		OPEN "<D:sync-token>%s</D:sync-token><D:sync-level>1</D:sync-level>%s" CLOSE, token, more));
}

static struct answer sync_since(struct dav_test *t, const char *token)
{
	return sync_with(t, token, "");
}

static const char *token_of(struct dav_test *t, const struct answer *a)
{
	assert_int_equal(a->status, 207);
	const struct xml_node *n = xml_find(a->xml, NS_DAV, "sync-token");
	assert_non_null(n);
	assert_null(xml_next(n)); /* it ends the answer */
	return xml_text(n, t->mem);
}

static void put(struct dav_test *t, int i)
{
	put_event(t, "anna", arena_printf(t->mem, CALENDAR "e%d.ics", i), arena_printf(t->mem, "u%d", i));
}

static void delete(struct dav_test *t, int i)
{
	assert_int_equal(ask(t, "anna", "DELETE", arena_printf(t->mem, CALENDAR "e%d.ics", i), NULL, NULL).status,
		204);
}

static void first_sync_lists_what_is_there(void **state)
{
	struct dav_test *t = *state;

	for (int i = 0; i < 3; i++)
		put(t, i);
	delete(t, 1);
	struct answer a = sync_since(t, "");
	assert_int_equal(answer_responses(&a), 2); /* no tombstones */
	struct answer get = ask(t, "anna", "GET", CALENDAR "e0.ics", NULL, NULL);
	assert_string_equal(prop_text(t, &a, CALENDAR "e0.ics", NS_DAV, "getetag"), answer_header(&get, "ETag"));
	assert_int_equal(prop_status(t, &a, CALENDAR "e2.ics", NS_DAV, "getetag"), 200);
	/* the token is the calendar's property, too */
	struct answer p = propfind(t, "anna", CALENDAR, 0, "<D:sync-token/><CS:getctag/>");
	assert_string_equal(prop_text(t, &p, CALENDAR, NS_DAV, "sync-token"), token_of(t, &a));
	assert_string_equal(prop_text(t, &p, CALENDAR, NS_CS, "getctag"), token_of(t, &a));
}

static void empty_calendar(void **state)
{
	struct dav_test *t = *state;
	struct answer a = sync_since(t, "");

	assert_int_equal(answer_responses(&a), 0);
	const char *token = token_of(t, &a);
	a = sync_since(t, token);
	assert_int_equal(answer_responses(&a), 0);
	assert_string_equal(token_of(t, &a), token);
}

static void later_syncs_tell_changes(void **state)
{
	struct dav_test *t = *state;

	for (int i = 0; i < 4; i++)
		put(t, i);
	struct answer a = sync_since(t, "");
	const char *token = token_of(t, &a);
	put(t, 4);
	delete(t, 2);
	assert_int_equal(ask(t, "anna", "PUT", CALENDAR "e0.ics", "Content-Type: text/calendar",
		event_text(t, "u0", "changed")).status, 204);
	a = sync_since(t, token);
	assert_int_equal(answer_responses(&a), 3);
	assert_int_equal(response_status(t, &a, CALENDAR "e2.ics"), 404);
	assert_null(xml_find(answer_response(t, &a, CALENDAR "e2.ics"), NS_DAV, "propstat"));
	assert_int_equal(prop_status(t, &a, CALENDAR "e0.ics", NS_DAV, "getetag"), 200);
	assert_int_equal(prop_status(t, &a, CALENDAR "e4.ics", NS_DAV, "getetag"), 200);
	/* made and gone between two questions: 404, which harms nobody */
	token = token_of(t, &a);
	put(t, 9);
	delete(t, 9);
	a = sync_since(t, token);
	assert_int_equal(answer_responses(&a), 1);
	assert_int_equal(response_status(t, &a, CALENDAR "e9.ics"), 404);
	a = sync_since(t, token_of(t, &a));
	assert_int_equal(answer_responses(&a), 0);
}

/* Asks until nothing is left, two at a time; returns how often it was cut short. */
static int follow(struct dav_test *t, const char *token, size_t *seen)
{
	for (int cut = 0;; cut++) {
		struct answer a = sync_with(t, token, "<D:limit><D:nresults>2</D:nresults></D:limit>");
		token = token_of(t, &a);
		*seen += answer_responses(&a);
		if (!answer_response(t, &a, CALENDAR))
			return cut;
		assert_int_equal(response_status(t, &a, CALENDAR), 507);
		assert_non_null(xml_find(xml_find(answer_response(t, &a, CALENDAR), NS_DAV, "error"), NS_DAV,
			"number-of-matches-within-limits"));
		assert_int_equal(answer_responses(&a), 3);
		*seen -= 1;
		assert_true(cut < 100);
	}
}

static void truncated_answers_go_on(void **state)
{
	struct dav_test *t = *state;
	size_t seen = 0;

	struct answer start = sync_since(t, "");
	for (int i = 0; i < 7; i++)
		put(t, i);
	delete(t, 3);
	/* the tombstone lies behind the first cut and so is told, which harms nobody */
	assert_int_equal(follow(t, "", &seen), 3);
	assert_int_equal(seen, 7);
	seen = 0;
	assert_int_equal(follow(t, token_of(t, &start), &seen), 3);
	assert_int_equal(seen, 7);
}

static void the_servers_own_limit(void **state)
{
	struct dav_test *t = *state;

	for (int i = 0; i < 3; i++)
		put(t, i);
	t->dav.settings.results = 2;
	struct answer a = sync_since(t, "");
	assert_int_equal(response_status(t, &a, CALENDAR), 507);
	assert_int_equal(answer_responses(&a), 3);
	a = sync_with(t, token_of(t, &a), "<D:limit><D:nresults>99999999999</D:nresults></D:limit>");
	assert_int_equal(answer_responses(&a), 1);
}

static void foreign_tokens_are_refused(void **state)
{
	struct dav_test *t = *state;
	struct answer a;

	put(t, 0);
	a = sync_since(t, "");
	const char *token = token_of(t, &a);
	const char *seq = strrchr(token, '/');
	struct answer other = propfind(t, "anna", "/calendars/anna/tasks/", 0, "<D:sync-token/>");
	const char *const bad[] = {
		"x", "data:,", "data:,a/b/c", "http://example.org/sync/1", "data:,/1/1",
		prop_text(t, &other, "/calendars/anna/tasks/", NS_DAV, "sync-token"),
		arena_printf(t->mem, "data:,wrongepoch%s", strchr(token, '/')),
		arena_printf(t->mem, "%s9", token), /* ahead of the calendar */
		arena_printf(t->mem, "%.*s/1", (int)(seq - token), token), /* before it was made */
		arena_printf(t->mem, "%.*s/0", (int)(seq - token), token),
		arena_printf(t->mem, "%.*s/-1", (int)(seq - token), token),
		arena_printf(t->mem, "%.*s/%s", (int)(seq - token), token, "18446744073709551616"),
		arena_printf(t->mem, "%.*s/", (int)(seq - token), token),
		arena_printf(t->mem, "%.*s", (int)(seq - token), token),
		arena_printf(t->mem, "%s/", token), arena_printf(t->mem, "%sx", token),
	};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		a = sync_since(t, bad[i]);
		if (a.status != 403 || strcmp(answer_condition(&a), "valid-sync-token") != 0)
			fail_msg("'%s': %d", bad[i], a.status);
	}
}

static void every_depth_that_is_sent(void **state)
{
	struct dav_test *t = *state;
	static const char *const depths[] = { NULL, "Depth: 0", "Depth: 1" };
	static const char *const levels[] = { "", "<D:sync-level>1</D:sync-level>",
		"<D:sync-level>infinite</D:sync-level>" };

	put(t, 0);
	for (size_t i = 0; i < 9; i++) {
		struct answer a = ask(t, "anna", "REPORT", CALENDAR, depths[i % 3],
			arena_printf(t->mem, OPEN "<D:sync-token/>%s" CLOSE, levels[i / 3]));
		assert_int_equal(a.status, 207);
		assert_int_equal(answer_responses(&a), 1);
	}
	assert_int_equal(ask(t, "anna", "REPORT", CALENDAR, "Depth: infinity", OPEN CLOSE).status, 400);
	assert_int_equal(ask(t, "anna", "REPORT", CALENDAR, NULL, OPEN CLOSE).status, 207);
}

static void malformed_requests(void **state)
{
	struct dav_test *t = *state;

	assert_int_equal(ask(t, "anna", "REPORT", CALENDAR, NULL,
		OPEN "<D:sync-level>2</D:sync-level>" CLOSE).status, 400);
	assert_int_equal(sync_with(t, "", "<D:limit/>").status, 400);
	assert_int_equal(sync_with(t, "", "<D:limit><D:nresults>two</D:nresults></D:limit>").status, 400);
	struct answer a = sync_with(t, "", "<D:limit><D:nresults>0</D:nresults></D:limit>");
	assert_int_equal(a.status, 507);
	assert_string_equal(answer_condition(&a), "number-of-matches-within-limits");
	a = ask(t, "anna", "REPORT", "/calendars/anna/", "Depth: 1", OPEN CLOSE);
	assert_int_equal(a.status, 403);
	assert_string_equal(answer_condition(&a), "supported-report");
	assert_int_equal(ask(t, "eve", "REPORT", CALENDAR, "Depth: 1", OPEN CLOSE).status, 404);
}

/* The sharee's URL, the same tokens (architecture.md 15.16). */
static void shared_calendars(void **state)
{
	struct dav_test *t = *state;

	put(t, 0);
	share(t, "anna", "calendar", "marc", SHARE_READ);
	struct answer own = sync_since(t, "");
	struct answer a = ask(t, "marc", "REPORT", "/calendars/marc/anna~calendar/", NULL, OPEN CLOSE);
	assert_int_equal(prop_status(t, &a, "/calendars/marc/anna~calendar/e0.ics", NS_DAV, "getetag"), 200);
	assert_string_equal(token_of(t, &a), token_of(t, &own));
}

static void calendar_data_in_a_sync(void **state)
{
	struct dav_test *t = *state;

	put(t, 0);
	struct answer a = ask(t, "anna", "REPORT", CALENDAR, NULL, OPEN
		"<D:sync-token/><D:prop><D:getetag/><C:calendar-data/></D:prop></D:sync-collection>");
	assert_string_equal(prop_text(t, &a, CALENDAR "e0.ics", NS_CALDAV, "calendar-data"),
		event_text(t, "u0", "x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dav_unit_test(first_sync_lists_what_is_there),
		dav_unit_test(empty_calendar),
		dav_unit_test(later_syncs_tell_changes),
		dav_unit_test(truncated_answers_go_on),
		dav_unit_test(the_servers_own_limit),
		dav_unit_test(foreign_tokens_are_refused),
		dav_unit_test(every_depth_that_is_sent),
		dav_unit_test(malformed_requests),
		dav_unit_test(shared_calendars),
		dav_unit_test(calendar_data_in_a_sync),
	};
	return cmocka_run_group_tests_name("report sync-collection", tests, NULL, NULL);
}
