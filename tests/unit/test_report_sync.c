/* sync-collection: RFC 6578 3. */
#include "dav_harness.h"

#include <stdio.h>

#include "base/util.h"
#include "storage/backend.h"

#define CALENDAR "/calendars/anna/calendar/"
#define OPEN "<D:sync-collection xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\">"
#define TOKEN "<D:sync-token/>"
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
	assert_int_equal(follow(t, "", &seen), 2); /* 3.4: nothing that is gone, on no page */
	assert_int_equal(seen, 6);
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
	assert_int_equal(ask(t, "anna", "REPORT", CALENDAR, "Depth: infinity", OPEN TOKEN CLOSE).status, 400);
	assert_int_equal(ask(t, "anna", "REPORT", "/calendars/anna/", "Depth: infinity", OPEN TOKEN CLOSE).status,
		400);
}

static void malformed_requests(void **state)
{
	struct dav_test *t = *state;

	assert_int_equal(ask(t, "anna", "REPORT", CALENDAR, NULL,
		OPEN TOKEN "<D:sync-level>2</D:sync-level>" CLOSE).status, 400);
	assert_int_equal(ask(t, "anna", "REPORT", CALENDAR, NULL, OPEN CLOSE).status, 400);
	assert_int_equal(ask(t, "anna", "REPORT", CALENDAR, NULL, OPEN TOKEN "</D:sync-collection>").status, 400);
	assert_int_equal(sync_with(t, "", "<D:limit/>").status, 400);
	assert_int_equal(sync_with(t, "", "<D:limit><D:nresults>two</D:nresults></D:limit>").status, 400);
	struct answer a = sync_with(t, "", "<D:limit><D:nresults>0</D:nresults></D:limit>");
	assert_int_equal(a.status, 507);
	assert_string_equal(answer_condition(&a), "number-of-matches-within-limits");
	static const char *const others[] = { "/", "/principals/", "/principals/anna/", "/calendars/" };
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		a = ask(t, "anna", "REPORT", others[i], "Depth: 1", OPEN TOKEN CLOSE);
		assert_int_equal(a.status, 403);
		assert_string_equal(answer_condition(&a), "supported-report");
	}
	assert_int_equal(ask(t, "eve", "REPORT", CALENDAR, "Depth: 1", OPEN TOKEN CLOSE).status, 404);
	assert_int_equal(ask(t, "eve", "REPORT", "/calendars/anna/", "Depth: 1", OPEN TOKEN CLOSE).status, 404);
}

/* The sharee's URL, the same tokens (architecture.md 15.16). */
static void shared_calendars(void **state)
{
	struct dav_test *t = *state;

	put(t, 0);
	share(t, "anna", "calendar", "marc", SHARE_READ);
	struct answer own = sync_since(t, "");
	struct answer a = ask(t, "marc", "REPORT", "/calendars/marc/anna~calendar/", NULL,
		OPEN TOKEN CLOSE);
	assert_int_equal(prop_status(t, &a, "/calendars/marc/anna~calendar/e0.ics", NS_DAV, "getetag"), 200);
	assert_string_equal(token_of(t, &a), token_of(t, &own));
}

/* ---- homes ---- */

#define HOME "/calendars/anna/"

static struct answer sync_home(struct dav_test *t, const char *who, const char *home, const char *level,
	const char *token, const char *more)
{
	return ask(t, who, "REPORT", home, "Depth: 0", arena_printf(t->mem,
		OPEN "<D:sync-token>%s</D:sync-token><D:sync-level>%s</D:sync-level>%s<D:prop><D:getetag/>"
		"<D:displayname/><D:sync-token/><X:dead xmlns:X=\"x:\"/></D:prop></D:sync-collection>",
		token, level, more));
}

static void a_homes_calendars_are_its_members(void **state)
{
	struct dav_test *t = *state;
	int status;

	share(t, "marc", "calendar", "anna", SHARE_READ);
	struct answer a = sync_home(t, "anna", HOME, "1", "", "");
	assert_int_equal(answer_responses(&a), 3);
	struct answer p = propfind(t, "anna", HOME, 1, "<D:sync-token/><CS:getctag/><D:supported-report-set/>");
	assert_string_equal(prop_text(t, &p, HOME, NS_DAV, "sync-token"), token_of(t, &a));
	assert_string_equal(prop_text(t, &p, HOME, NS_CS, "getctag"), token_of(t, &a));
	assert_string_equal(prop_text(t, &a, HOME "marc~calendar/", NS_DAV, "sync-token"),
		prop_text(t, &p, HOME "marc~calendar/", NS_DAV, "sync-token"));
	assert_int_equal(prop_status(t, &a, HOME "marc~calendar/", NS_DAV, "getetag"), 404);
	const struct xml_node *set = answer_prop(t, &p, HOME, NS_DAV, "supported-report-set", &status);
	size_t offered = 0;
	for (const struct xml_node *r = xml_child(set); r; r = xml_next(r))
		offered += xml_find(xml_find(r, NS_DAV, "report"), NS_DAV, "sync-collection") != NULL;
	assert_int_equal(offered, 1);
}

/* store_home() of a server on which somebody makes a calendar as soon as the others are listed. */
static int list_and_add(struct store *s, const char *user, collection_fn visit, void *arg, uint64_t *seq,
	struct err *e)
{
	static const struct collection late = { .owner = "anna", .name = "late", .components = 1 };
	int status = store_memory.home(s, user, visit, arg, seq, e);
	store_id id;

	if (status == 0 && visit)
		status = store_collection_make(s, &late, NULL, 0, TEST_NOW, &id, e);
	return status;
}

/* RFC 6578 4: who lists a home and goes on from the token beside the list misses nothing. */
static void a_homes_token_is_no_younger_than_the_list_beside_it(void **state)
{
	struct dav_test *t = *state;
	struct store_ops busy = store_memory;

	busy.home = list_and_add;
	t->store->ops = &busy;
	struct answer p = propfind(t, "anna", HOME, 1, "<D:sync-token/>");
	t->store->ops = &store_memory;
	assert_int_equal(answer_responses(&p), 3); /* the home, and the calendars before */
	struct answer a = sync_home(t, "anna", HOME, "1", prop_text(t, &p, HOME, NS_DAV, "sync-token"), "");
	assert_int_equal(answer_responses(&a), 1);
	assert_int_equal(prop_status(t, &a, HOME "late/", NS_DAV, "sync-token"), 200);
}

/* Everything that may happen to a calendar, told at level 1. */
static void a_home_tells_what_happens_to_its_calendars(void **state)
{
	struct dav_test *t = *state;
	struct answer a = sync_home(t, "anna", HOME, "1", "", "");
	const char *token = token_of(t, &a);

	assert_int_equal(ask(t, "anna", "MKCALENDAR", HOME "new%20one/", NULL, NULL).status, 201);
	assert_int_equal(ask(t, "anna", "DELETE", HOME "tasks/", NULL, NULL).status, 204);
	share(t, "marc", "calendar", "anna", SHARE_READ);
	a = sync_home(t, "anna", HOME, "1", token, "");
	assert_int_equal(answer_responses(&a), 3);
	assert_int_equal(prop_status(t, &a, HOME "new%20one/", NS_DAV, "displayname"), 200);
	assert_int_equal(prop_status(t, &a, HOME "marc~calendar/", NS_DAV, "displayname"), 200);
	assert_int_equal(response_status(t, &a, HOME "tasks/"), 404);
	token = token_of(t, &a);
	/* properties, dead ones too, which move the home's token but not the calendar's */
	struct answer before = propfind(t, "anna", HOME, 1, "<D:sync-token/>");
	proppatch(t, "anna", HOME "calendar/", "<D:set><D:prop><X:dead xmlns:X=\"x:\">1</X:dead></D:prop></D:set>");
	a = sync_home(t, "anna", HOME, "1", token, "");
	assert_int_equal(answer_responses(&a), 1);
	assert_int_equal(prop_status(t, &a, HOME "calendar/", NS_OTHER, "dead"), 200);
	assert_string_equal(prop_text(t, &a, HOME "calendar/", NS_DAV, "sync-token"),
		prop_text(t, &before, HOME "calendar/", NS_DAV, "sync-token"));
	assert_string_not_equal(token_of(t, &a), prop_text(t, &before, HOME, NS_DAV, "sync-token"));
	/* what a sharee leaves, and what the owner takes back */
	token = token_of(t, &a);
	assert_int_equal(ask(t, "anna", "DELETE", HOME "marc~calendar/", NULL, NULL).status, 204);
	share(t, "marc", "tasks", "anna", SHARE_READ);
	share(t, "marc", "tasks", "anna", SHARE_NONE);
	a = sync_home(t, "anna", HOME, "1", token, "");
	assert_int_equal(answer_responses(&a), 2);
	assert_int_equal(response_status(t, &a, HOME "marc~calendar/"), 404);
	assert_int_equal(response_status(t, &a, HOME "marc~tasks/"), 404);
	a = sync_home(t, "anna", HOME, "1", token_of(t, &a), "");
	assert_int_equal(answer_responses(&a), 0);
}

/* 3.5.1: a calendar has an entity, the whole as one file, whose tag moves with each event. */
static void events_change_their_calendar(void **state)
{
	struct dav_test *t = *state;
	struct answer a = sync_home(t, "anna", HOME, "1", "", "");
	const char *token = token_of(t, &a);

	put(t, 0);
	a = sync_home(t, "anna", HOME, "1", token, "");
	assert_int_equal(answer_responses(&a), 1);
	assert_int_equal(prop_status(t, &a, CALENDAR, NS_DAV, "sync-token"), 200);
	a = sync_home(t, "anna", HOME, "infinite", token, "");
	assert_int_equal(answer_responses(&a), 2);
	assert_int_equal(prop_status(t, &a, CALENDAR, NS_DAV, "sync-token"), 200);
	assert_int_equal(prop_status(t, &a, CALENDAR "e0.ics", NS_DAV, "getetag"), 200);
}

static void infinite_tells_the_events_of_all_calendars(void **state)
{
	struct dav_test *t = *state;

	put(t, 0);
	put(t, 1);
	put_event(t, "marc", "/calendars/marc/calendar/m.ics", "m");
	struct answer a = sync_home(t, "anna", HOME, "infinite", "", "");
	assert_int_equal(answer_responses(&a), 4);
	const char *token = token_of(t, &a);
	delete(t, 1);
	share(t, "marc", "calendar", "anna", SHARE_READ);
	a = sync_home(t, "anna", HOME, "infinite", token, "");
	assert_int_equal(answer_responses(&a), 4);
	assert_int_equal(response_status(t, &a, CALENDAR "e1.ics"), 404);
	assert_int_equal(prop_status(t, &a, HOME "marc~calendar/m.ics", NS_DAV, "getetag"), 200);
	/* 3.5.2: "the server MUST NOT report the removal of any members of the removed collection" */
	token = token_of(t, &a);
	assert_int_equal(ask(t, "anna", "DELETE", CALENDAR, NULL, NULL).status, 204);
	a = sync_home(t, "anna", HOME, "infinite", token, "");
	assert_int_equal(answer_responses(&a), 1);
	assert_int_equal(response_status(t, &a, CALENDAR), 404);
	/* made anew within one token: level 1 says changed (3.5.1), infinite can't say what went with the old */
	assert_int_equal(ask(t, "anna", "MKCALENDAR", CALENDAR, NULL, NULL).status, 201);
	struct answer again = sync_home(t, "anna", HOME, "infinite", token, "");
	assert_int_equal(again.status, 403);
	assert_string_equal(answer_condition(&again), "valid-sync-token");
	again = sync_home(t, "anna", HOME, "1", token, "");
	assert_int_equal(answer_responses(&again), 1);
	assert_int_equal(prop_status(t, &again, CALENDAR, NS_DAV, "displayname"), 200);
	again = sync_home(t, "anna", HOME, "infinite", token_of(t, &a), "");
	assert_int_equal(answer_responses(&again), 1);
	assert_int_equal(prop_status(t, &again, CALENDAR, NS_DAV, "displayname"), 200);
}

static void a_homes_answers_are_cut_anywhere(void **state)
{
	struct dav_test *t = *state;

	for (int i = 0; i < 3; i++)
		put(t, i);
	put_event(t, "marc", "/calendars/marc/calendar/m.ics", "m");
	share(t, "marc", "calendar", "anna", SHARE_READ);
	for (int limit = 1; limit < 9; limit++) {
		const char *token = "", *more = arena_printf(t->mem,
			"<D:limit><D:nresults>%d</D:nresults></D:limit>", limit);
		size_t seen = 0;
		for (int pages = 0;; pages++) {
			struct answer a = sync_home(t, "anna", HOME, "infinite", token, more);
			token = token_of(t, &a);
			seen += answer_responses(&a);
			assert_true(answer_responses(&a) <= (size_t)limit + 1);
			if (!answer_response(t, &a, HOME))
				break;
			assert_int_equal(response_status(t, &a, HOME), 507);
			seen--;
			assert_true(pages < 8);
		}
		assert_int_equal(seen, 7);
	}
	t->dav.settings.results = 3;
	struct answer a = sync_home(t, "anna", HOME, "1", "", "");
	assert_int_equal(answer_responses(&a), 3);
	a = sync_home(t, "anna", HOME, "infinite", "", "");
	assert_int_equal(response_status(t, &a, HOME), 507);
	a = sync_home(t, "anna", HOME, "1", "", "<D:limit><D:nresults>0</D:nresults></D:limit>");
	assert_int_equal(a.status, 507);
}

static void a_home_refuses_tokens_of_others(void **state)
{
	struct dav_test *t = *state;
	struct answer p = propfind(t, "anna", HOME, 1, "<D:sync-token/>");
	struct answer m = propfind(t, "marc", "/calendars/marc/", 0, "<D:sync-token/>");
	const char *token = prop_text(t, &p, HOME, NS_DAV, "sync-token");
	const char *seq = strrchr(token, '/') + 1;
	int head = (int)(seq - token);
	const char *const bad[] = {
		prop_text(t, &p, CALENDAR, NS_DAV, "sync-token"),
		prop_text(t, &m, "/calendars/marc/", NS_DAV, "sync-token"),
		arena_printf(t->mem, "%s9", token), arena_printf(t->mem, "%s.", token),
		arena_printf(t->mem, "%.*s0", head, token), arena_printf(t->mem, "%.*s0%s", head, token, seq),
		arena_printf(t->mem, "%s.%s.0", token, seq), arena_printf(t->mem, "%s.%s.0.%s.0", token, seq, seq),
		arena_printf(t->mem, "%s.%s.-1.1", token, seq), arena_printf(t->mem, "%s.1.0.1", token),
		arena_printf(t->mem, "%.*s+%s", head, token, seq),
	};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		for (size_t deep = 0; deep < 2; deep++) {
			struct answer a = sync_home(t, "anna", HOME, deep ? "infinite" : "1", bad[i], "");
			if (a.status != 403 || strcmp(answer_condition(&a), "valid-sync-token") != 0)
				fail_msg("'%s': %d", bad[i], a.status);
		}
	struct answer a = ask(t, "anna", "REPORT", CALENDAR, NULL,
		arena_printf(t->mem, OPEN "<D:sync-token>%s</D:sync-token>" CLOSE, token));
	assert_int_equal(a.status, 403);
}

/* An administrator reads others' homes with the same tokens; nobody else does. */
static void others_homes(void **state)
{
	struct dav_test *t = *state;

	put(t, 0);
	struct answer own = sync_home(t, "anna", HOME, "infinite", "", "");
	struct answer a = sync_home(t, "paul", HOME, "infinite", "", "");
	assert_string_equal(token_of(t, &a), token_of(t, &own));
	assert_int_equal(answer_responses(&a), answer_responses(&own));
	assert_int_equal(sync_home(t, "marc", HOME, "infinite", "", "").status, 404);
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
		dav_unit_test(a_homes_calendars_are_its_members),
		dav_unit_test(a_homes_token_is_no_younger_than_the_list_beside_it),
		dav_unit_test(a_home_tells_what_happens_to_its_calendars),
		dav_unit_test(events_change_their_calendar),
		dav_unit_test(infinite_tells_the_events_of_all_calendars),
		dav_unit_test(a_homes_answers_are_cut_anywhere),
		dav_unit_test(a_home_refuses_tokens_of_others),
		dav_unit_test(others_homes),
	};
	return cmocka_run_group_tests_name("report sync-collection", tests, NULL, NULL);
}
