/* event_put and event_delete over the memory store: without a policy, and under the test's own. */
#include <string.h>

#include "base/util.h"
#include "event_fixture.h"

/* ---- without a policy ---- */

static void test_bytes_are_kept_without_policy(void **state)
{
	struct fixture *f = *state;
	const char *body = marie(
		f, "X-DEDIT-FEE:1\r\nDESCRIPTION:=== 7F3K-2Q9M · do not edit below ===\\n\r\n");

	assert_int_equal(try_put(f, &f->home, "a.ics", body), 0);
	assert_true(f->result.created);
	assert_true(f->result.exact);
	assert_string_equal(stored(f, &f->home, "a.ics"), body);
	const char *etag = arena_strdup(f->mem, f->result.etag);
	assert_int_equal(try_put(f, &f->home, "a.ics", body), 0);
	assert_true(f->result.unchanged);
	assert_true(f->result.exact);
	assert_false(f->result.created);
	assert_string_equal(f->result.etag, etag);
	assert_int_equal(try_delete(f, &f->home, "a.ics"), 0);
	assert_null(stored(f, &f->home, "a.ics"));
	assert_int_equal(try_delete(f, &f->home, "a.ics"), -1);
	assert_int_equal(f->e.code, ERR_NOT_FOUND);
	assert_int_equal(ledger_size(f), 0);
}

static void test_bad_bodies(void **state)
{
	struct fixture *f = *state;
	static const char todo[] =
		"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\nUID:t\r\n"
		"DTSTAMP:20260601T000000Z\r\nEND:VTODO\r\nEND:VCALENDAR\r\n";

	assert_int_equal(try_put(f, &f->work, "a.ics", "hello"), -1);
	assert_int_equal(f->e.code, ERR_SYNTAX);
	assert_int_equal(try_put(f, &f->work, "a.ics", todo), -1);
	assert_int_equal(f->e.code, ERR_COMPONENT);
	put(f, "a.ics", marie(f, ""));
	assert_int_equal(try_put(f, &f->work, "b.ics", marie(f, "")), -1);
	assert_int_equal(f->e.code, ERR_UID_TAKEN);
	assert_string_equal(f->result.conflict, "a.ics");
	assert_int_equal(try_put(f, &f->work, "a.ics", event(f, "u2", "Marie", START, "")), -1);
	assert_int_equal(f->e.code, ERR_UID_TAKEN);
	assert_null(stored(f, &f->work, "b.ics"));
}

static int never(const struct object *there, void *arg, struct err *e)
{
	return there ? err_set(e, ERR_CHANGED, "If-None-Match") : 0;
}

static void test_precondition(void **state)
{
	struct fixture *f = *state;
	struct event_request rq = request(f);
	struct event_where where = { &f->work, "a.ics" };
	const char *body = marie(f, "");

	rq.precondition = never;
	assert_int_equal(event_put(&rq, &where, body, strlen(body), &f->result, &f->e), 0);
	assert_int_equal(event_put(&rq, &where, body, strlen(body), &f->result, &f->e), -1);
	assert_int_equal(f->e.code, ERR_CHANGED);
	assert_int_equal(event_delete(&rq, &where, &f->result, &f->e), -1);
	assert_int_equal(f->e.code, ERR_CHANGED);
	assert_non_null(stored(f, &f->work, "a.ics"));
}

/* ---- with the test's policy ---- */

static void test_booking_gets_its_block(void **state)
{
	struct fixture *f = *state;

	put(f, "a.ics", marie(f, ""));
	assert_true(f->result.created);
	assert_false(f->result.exact);
	assert_non_null(strstr(work_value(f, "a.ics", "DESCRIPTION"), "Free to cancel."));
	assert_non_null(strstr(work_value(f, "a.ics", "DESCRIPTION"), "do not edit below"));
	assert_int_equal(ledger_size(f), 1); /* slot and rendering in one row */
}

static void test_repeated_put_changes_nothing(void **state)
{
	struct fixture *f = *state;

	put(f, "a.ics", marie(f, ""));
	const char *etag = arena_strdup(f->mem, f->result.etag),
		   *body = stored(f, &f->work, "a.ics");
	put(f, "a.ics", marie(f, ""));
	assert_true(f->result.unchanged);
	assert_false(f->result.exact);
	assert_string_equal(f->result.etag, etag);
	put(f, "a.ics", body);
	assert_true(f->result.unchanged);
	assert_true(f->result.exact);
	assert_int_equal(ledger_size(f), 1);
}

static void test_late_cancel_and_back(void **state)
{
	struct fixture *f = *state;
	struct collection calendar;
	const char *entry;

	put(f, "a.ics", marie(f, "TRANSP:OPAQUE\r\n"));
	f->now = at("2026-06-10T05:00:00Z");
	put(f, "a.ics", marie(f, "TRANSP:OPAQUE\r\nSTATUS:CANCELLED\r\n"));
	assert_string_equal(
		work_value(f, "a.ics", "SUMMARY"), "✗ Late cancel 80.00 EUR · Marie 80€");
	assert_string_equal(work_value(f, "a.ics", "TRANSP"), "TRANSPARENT");
	assert_string_equal(work_value(f, "a.ics", "CATEGORIES"), "Late cancellation");
	assert_int_equal(owed(f), 8000);
	assert_int_equal(fee_entries(f, &calendar, &entry), 1);

	/* the same again, and as the server wrote it */
	int rows = ledger_size(f);
	put(f, "a.ics", marie(f, "TRANSP:OPAQUE\r\nSTATUS:CANCELLED\r\n"));
	assert_true(f->result.unchanged);
	put(f, "a.ics", stored(f, &f->work, "a.ics"));
	assert_true(f->result.unchanged);
	assert_int_equal(ledger_size(f), rows);

	/* taken back by a program that keeps what the server wrote beside it */
	put(f, "a.ics",
		marie(f,
			"TRANSP:TRANSPARENT\r\nCATEGORIES:Late cancellation\r\nSTATUS:CONFIRMED\r\n"));
	assert_string_equal(work_value(f, "a.ics", "SUMMARY"), "Marie 80€");
	assert_string_equal(work_value(f, "a.ics", "TRANSP"), "OPAQUE");
	assert_null(work_value(f, "a.ics", "CATEGORIES"));
	assert_int_equal(owed(f), 0);
	assert_int_equal(fee_entries(f, &calendar, &entry), 0);

	/* and cancelled once more: a new incident under the old reference */
	put(f, "a.ics", marie(f, "STATUS:CANCELLED\r\n"));
	assert_int_equal(owed(f), 8000);
	assert_int_equal(fee_entries(f, &calendar, &entry), 1);
}

static void test_delete_leaves_an_entry_in_fees(void **state)
{
	struct fixture *f = *state;
	struct collection calendar;
	const char *entry;

	put(f, "a.ics", marie(f, ""));
	f->now = at("2026-06-10T05:00:00Z");
	assert_int_equal(try_delete(f, &f->work, "a.ics"), 0);
	assert_false(f->result.denied);
	assert_null(stored(f, &f->work, "a.ics"));
	assert_int_equal(owed(f), 8000);
	assert_int_equal(fee_entries(f, &calendar, &entry), 1);
	const char *body = stored(f, &calendar, entry);
	assert_string_equal(value_of(f, body, "SUMMARY"), "✗ Late cancel 80.00 EUR · Marie 80€");
	assert_string_equal(value_of(f, body, "RELATED-TO"), "u1");
	assert_string_equal(value_of(f, body, "DTSTART"), START);
	assert_string_equal(value_of(f, body, "TRANSP"), "TRANSPARENT");
	assert_string_equal(value_of(f, body, "CLASS"), "CONFIDENTIAL");
	assert_non_null(strstr(value_of(f, body, "DESCRIPTION"), "Fee 80.00 EUR."));
	assert_true(str_starts(value_of(f, body, "UID"), arena_printf(f->mem, "fee-%.9s@", entry)));
	assert_true(calendar.flags & COLL_FEES);
	assert_int_equal(try_delete(f, &f->work, "a.ics"), -1);
	assert_int_equal(owed(f), 8000);
}

static void test_entries_of_fees_are_the_servers(void **state)
{
	struct fixture *f = *state;
	struct collection calendar;
	const char *entry;

	put(f, "a.ics", marie(f, ""));
	f->now = at("2026-06-10T05:00:00Z");
	assert_int_equal(try_delete(f, &f->work, "a.ics"), 0);
	assert_int_equal(fee_entries(f, &calendar, &entry), 1);
	f->who = "anna";
	const char *body = stored(f, &calendar, entry);
	assert_int_equal(
		try_put(f, &calendar, entry, event(f, "u1", "nothing owed", START, "")), 0);
	assert_true(f->result.unchanged);
	assert_false(f->result.exact);
	assert_string_equal(stored(f, &calendar, entry), body);
	assert_int_equal(try_put(f, &calendar, entry, body), 0);
	assert_true(f->result.exact);
	assert_int_equal(try_put(f, &calendar, "new.ics", marie(f, "")), -1);
	assert_int_equal(f->e.code, ERR_DENIED);
	assert_int_equal(try_move(f, &calendar, entry, &f->home, "x.ics", true), -1);
	assert_int_equal(f->e.code, ERR_DENIED);
	assert_int_equal(try_delete(f, &calendar, entry), 0);
	assert_int_equal(fee_entries(f, &calendar, &entry), 0);
	assert_int_equal(owed(f), 8000); /* hidden, the money unchanged */
}

static void test_roles(void **state)
{
	struct fixture *f = *state;
	struct event_actor actor = { .name = "anna" };

	assert_int_equal(owed(f), 0);
	f->who = "root";
	put(f, "a.ics", marie(f, ""));
	f->now = at("2026-06-10T05:00:00Z");
	assert_int_equal(try_delete(f, &f->work, "a.ics"), 0);
	assert_int_equal(owed(f), 0); /* the administrator's hand is nobody's */
	actor.external = true;
	struct event_request rq = request(f);
	rq.actor = actor;
	const char *body = marie(f, "");
	assert_int_equal(event_put(&rq, &(struct event_where){ &f->work, "b.ics" }, body,
				 strlen(body), &f->result, &f->e),
		0);
	assert_int_equal(
		event_delete(&rq, &(struct event_where){ &f->work, "b.ics" }, &f->result, &f->e),
		0);
	assert_int_equal(owed(f), 0);
}

static void test_no_appointment_is_left_alone(void **state)
{
	struct fixture *f = *state;
	const char *const bodies[] = {
		event(f, "n1", "Marie", START, "TRANSP:TRANSPARENT\r\n"),
		event(f, "n2", "Marie", START, "STATUS:TENTATIVE\r\n"),
		event(f, "n3", "Marie", START, "STATUS:CANCELLED\r\n"),
		event(f, "n4", "", START, ""),
		event(f, "n5", "Group", START, "TRANSP:TRANSPARENT\r\n"
			"ATTENDEE:mailto:a@x.org\r\nATTENDEE:mailto:b@x.org\r\n"),
	};

	for (size_t n = 0; n < ARRAY_SIZE(bodies); n++) {
		put(f, arena_printf(f->mem, "%zu.ics", n), bodies[n]);
		assert_true(f->result.exact);
	}
	assert_int_equal(ledger_size(f), 0);
	/* owner and room are no clients */
	put(f, "c.ics", event(f, "n6", "x", START, "ATTENDEE:mailto:Anna@example.org\r\n"
		"ATTENDEE;CUTYPE=ROOM:mailto:room@x.org\r\nATTENDEE:mailto:C@x.org\r\n"));
	assert_int_equal(ledger_size(f), 1);
}

static void test_ways_around_a_cancellation(void **state)
{
	struct fixture *f = *state;
	const char *const ways[] = { "TRANSP:TRANSPARENT\r\n", "STATUS:TENTATIVE\r\n" };

	for (size_t n = 0; n < ARRAY_SIZE(ways); n++) {
		const char *name = arena_printf(f->mem, "%zu.ics", n),
			   *uid = arena_printf(f->mem, "w%zu", n);

		f->now = at("2026-06-01T08:00:00Z");
		put(f, name, event(f, uid, "Marie", START, ""));
		f->now = at("2026-06-10T05:00:00Z");
		put(f, name, event(f, uid, "Marie", START, ways[n]));
		assert_int_equal(owed(f), 8000 * (int64_t)(n + 1));
	}
	/* a second guest makes no group of it */
	f->now = at("2026-06-01T08:00:00Z");
	put(f, "g.ics", event(f, "g", "Marie", START, "ATTENDEE:mailto:a@x.org\r\n"));
	f->now = at("2026-06-10T05:00:00Z");
	put(f, "g.ics",
		event(f, "g", "Marie", START,
			"ATTENDEE:mailto:a@x.org\r\nATTENDEE:mailto:b@x.org\r\n"));
	assert_int_equal(try_delete(f, &f->work, "g.ics"), 0);
	assert_int_equal(owed(f), 24000);
}

static void test_exchanged_client(void **state)
{
	struct fixture *f = *state;

	put(f, "a.ics", event(f, "x", "Hour", START, "ATTENDEE:mailto:a@x.org\r\n"));
	f->now = at("2026-06-10T05:00:00Z");
	put(f, "a.ics", event(f, "x", "Hour", START, "ATTENDEE:mailto:b@x.org\r\n"));
	assert_int_equal(owed(f), 8000);
}

static void test_series(void **state)
{
	struct fixture *f = *state;
	const char *rule = "RRULE:FREQ=WEEKLY;COUNT=4\r\n";

	put(f, "s.ics", event(f, "s", "Marie", "20260603T080000Z", rule));
	f->now = at("2026-06-09T12:00:00Z");
	put(f, "s.ics",
		event(f, "s", "Marie", "20260603T080000Z",
			arena_printf(f->mem, "%sEXDATE:" START "\r\n", rule)));
	assert_int_equal(owed(f), 8000);
	struct fee_list list = fees(f);
	assert_string_equal(list.fees[0].incident.occurrence, START);
	assert_int_equal(list.fees[0].incident.slot, at("2026-06-10T08:00:00Z"));
	assert_int_equal(try_delete(f, &f->work, "s.ics"), 0);
	assert_int_equal(
		owed(f), 8000); /* the next date is eight days off, past ones are never touched */
}

static void test_cancelled_date_keeps_its_annotation(void **state)
{
	struct fixture *f = *state;
	const char *body = event(f, "s", "Marie", "20260603T080000Z",
		"RRULE:FREQ=WEEKLY;COUNT=4\r\nEND:VEVENT\r\n"
		"BEGIN:VEVENT\r\nUID:s\r\nRECURRENCE-ID:" START "\r\nDTSTART:" START
		"\r\nSUMMARY:Marie\r\n"
		"STATUS:CANCELLED\r\n");

	put(f, "s.ics",
		event(f, "s", "Marie", "20260603T080000Z", "RRULE:FREQ=WEEKLY;COUNT=4\r\n"));
	f->now = at("2026-06-09T12:00:00Z");
	put(f, "s.ics", body);
	assert_non_null(
		strstr(stored(f, &f->work, "s.ics"), "SUMMARY:✗ Late cancel 80.00 EUR · Marie"));
	f->now = at("2026-09-09T12:00:00Z"); /* long over, still written */
	put(f, "s.ics", body);
	assert_true(f->result.unchanged);
}

static void test_refused_put(void **state)
{
	struct fixture *f = *state;

	put(f, "n.ics", event(f, "n", "no way", START, ""));
	assert_true(f->result.denied);
	assert_string_equal(f->result.reason, "not on my watch");
	assert_string_equal(work_value(f, "n.ics", "STATUS"), "CANCELLED");
	assert_non_null(
		strstr(work_value(f, "n.ics", "DESCRIPTION"), "Change refused: not on my watch"));
	assert_int_equal(owed(f), 0);

	put(f, "a.ics", marie(f, ""));
	const char *etag = arena_strdup(f->mem, f->result.etag);
	put(f, "a.ics", event(f, "u1", "no way", "20260611T080000Z", ""));
	assert_true(f->result.denied);
	assert_false(f->result.exact);
	assert_string_not_equal(f->result.etag, etag);
	assert_string_equal(work_value(f, "a.ics", "DTSTART"), START);
	assert_string_equal(work_value(f, "a.ics", "SUMMARY"), "Marie 80€");
	assert_non_null(strstr(work_value(f, "a.ics", "DESCRIPTION"), "not on my watch"));
	assert_non_null(strstr(work_value(f, "a.ics", "DESCRIPTION"), "Free to cancel."));
	/* the note goes with the next change */
	put(f, "a.ics", stored(f, &f->work, "a.ics"));
	assert_null(strstr(work_value(f, "a.ics", "DESCRIPTION"), "not on my watch"));
}

static void test_refused_delete(void **state)
{
	struct fixture *f = *state;

	f->who = "root";
	assert_int_equal(try_put(f, &f->home, "n.ics", event(f, "n", "no way", START, "")), 0);
	const struct policy *p = f->policies->calendars[0].policy;
	f->policies->calendars[0].policy = NULL; /* not yet under the policy */
	put(f, "n.ics", event(f, "n", "no way", START, ""));
	f->policies->calendars[0].policy = p;
	const char *etag = arena_strdup(f->mem, f->result.etag);
	f->who = "client";
	assert_int_equal(try_delete(f, &f->work, "n.ics"), 0);
	assert_true(f->result.denied);
	assert_string_not_equal(f->result.etag, etag);
	assert_non_null(strstr(work_value(f, "n.ics", "DESCRIPTION"), "not on my watch"));
	struct event_request rq = request(f);
	assert_int_equal(event_delete_calendar(&rq, &f->work, &f->result, &f->e), 0);
	assert_true(f->result.denied);
	assert_non_null(stored(f, &f->work, "n.ics"));
}

static void test_failing_module(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(try_put(f, &f->work, "b.ics", event(f, "b", "broken", START, "")), -1);
	assert_int_equal(f->e.code, ERR_BUSY);
	assert_null(stored(f, &f->work, "b.ics"));
	f->policies->policies[0].allow_on_error = true;
	put(f, "b.ics", event(f, "b", "broken", START, ""));
	assert_true(f->result.exact);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(setup_module, test_bytes_are_kept_without_policy),
		WITH(setup_module, test_bad_bodies),
		WITH(setup_module, test_precondition),
		WITH(setup_module, test_booking_gets_its_block),
		WITH(setup_module, test_repeated_put_changes_nothing),
		WITH(setup_module, test_late_cancel_and_back),
		WITH(setup_module, test_delete_leaves_an_entry_in_fees),
		WITH(setup_module, test_entries_of_fees_are_the_servers),
		WITH(setup_module, test_roles),
		WITH(setup_module, test_no_appointment_is_left_alone),
		WITH(setup_module, test_ways_around_a_cancellation),
		WITH(setup_module, test_exchanged_client),
		WITH(setup_module, test_series),
		WITH(setup_module, test_cancelled_date_keeps_its_annotation),
		WITH(setup_module, test_refused_put),
		WITH(setup_module, test_refused_delete),
		WITH(setup_module, test_failing_module),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
