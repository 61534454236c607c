/* Events that go from one calendar to another, and with their calendar. */
#include <string.h>

#include "base/util.h"
#include "event_fixture.h"

static void test_moves_between_calendars(void **state)
{
	struct fixture *f = *state;

	put(f, "a.ics", marie(f, ""));
	f->now = at("2026-06-10T05:00:00Z");
	/* within the policy the slot lives on */
	assert_int_equal(try_move(f, &f->work, "a.ics", &f->other, "a.ics", true), 0);
	assert_true(f->result.created);
	assert_int_equal(owed(f), 0);
	assert_non_null(strstr(
		value_of(f, stored(f, &f->other, "a.ics"), "DESCRIPTION"), "Free to cancel."));
	/* out of it, a copy has no rendering */
	assert_int_equal(try_move(f, &f->other, "a.ics", &f->home, "copy.ics", false), 0);
	assert_string_equal(stored(f, &f->home, "copy.ics"), marie(f, ""));
	assert_int_equal(owed(f), 0);
	/* and a move is a cancellation */
	assert_int_equal(try_move(f, &f->other, "a.ics", &f->home, "copy.ics", true), 0);
	assert_false(f->result.created);
	assert_int_equal(owed(f), 8000);
	assert_null(stored(f, &f->other, "a.ics"));
	assert_string_equal(stored(f, &f->home, "copy.ics"), marie(f, ""));
	/* back again: reinstated */
	assert_int_equal(try_move(f, &f->home, "copy.ics", &f->work, "b.ics", true), 0);
	assert_int_equal(owed(f), 0);
}

static void test_put_there_then_delete_here(void **state)
{
	struct fixture *f = *state;

	put(f, "a.ics", marie(f, ""));
	f->now = at("2026-06-10T05:00:00Z");
	assert_int_equal(try_put(f, &f->other, "a.ics", stored(f, &f->work, "a.ics")), 0);
	assert_int_equal(try_delete(f, &f->work, "a.ics"), 0);
	assert_int_equal(owed(f), 0);
	assert_int_equal(try_delete(f, &f->other, "a.ics"), 0);
	assert_int_equal(owed(f), 8000);
}

static void test_copy_by_a_program(void **state)
{
	struct fixture *f = *state;

	put(f, "a.ics", marie(f, "DESCRIPTION:mine\r\n"));
	f->now = at("2026-06-10T05:00:00Z");
	put(f, "a.ics", marie(f, "DESCRIPTION:mine\r\nSTATUS:CANCELLED\r\n"));
	char *copy = arena_strdup(f->mem, stored(f, &f->work, "a.ics"));
	memcpy(strstr(copy, "UID:u1"), "UID:u9", 6);
	memcpy(strstr(copy, "STATUS:CANCELLED"), "STATUS:CONFIRMED", 16);
	put(f, "copy.ics", copy);
	assert_string_equal(work_value(f, "copy.ics", "SUMMARY"), "Marie 80€");
	assert_true(str_starts(work_value(f, "copy.ics", "DESCRIPTION"), "mine\n\n=== "));
	assert_null(strstr(work_value(f, "copy.ics", "DESCRIPTION"), "Late cancellation."));
	assert_null(work_value(f, "copy.ics", "TRANSP"));
}

static void test_deleted_calendar(void **state)
{
	struct fixture *f = *state;
	struct event_request rq;
	struct collection gone;

	put(f, "a.ics", marie(f, ""));
	put(f, "b.ics", event(f, "u2", "Paul", "20260610T100000Z", ""));
	put(f, "c.ics", event(f, "u3", "Past", "20260602T100000Z", ""));
	f->now = at("2026-06-10T05:00:00Z");
	rq = request(f);
	assert_int_equal(event_delete_calendar(&rq, &f->work, &f->result, &f->e), 0);
	assert_int_equal(owed(f), 16000);
	assert_int_equal(store_collection(f->store, "anna", "work", f->mem, &gone, &f->e), -1);
	struct fee_list list = fees(f);
	assert_string_equal(
		list.fees[0].incident.outcome, "forgiven"); /* the second one saw the first */
	assert_string_equal(list.fees[1].incident.outcome, "charged");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(setup_module, test_moves_between_calendars),
		WITH(setup_module, test_put_there_then_delete_here),
		WITH(setup_module, test_copy_by_a_program),
		WITH(setup_module, test_deleted_calendar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
