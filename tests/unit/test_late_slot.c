/* What changes do to slots: doc/policy.md 3.3, 3.4, 3.5. */
#include "late_world.h"
#include "zones.h"

/* ---- 3.3: who ---- */

static void a_stranger_only_proposes(void **state)
{
	struct world *w = world_make(therapy, NULL);
	struct policy_change c = cancel("2026-06-09T12:00:00Z", START);

	book_at(w, BOOKED, START);
	c.actor = "eve";
	c.actor_names = "eve\nEve";
	ask(w, c);
	assert_told(w, "late-cancel", "proposed", 8000, 0);
	assert_int_equal(last(w, "late-cancel")->state, POLICY_PROPOSED);
	assert_int_equal(owed(w), 0);
	world_drop(w);
}

static void an_account_may_be_named_in_the_policy(void **state)
{
	static const char *const account[] = { "client/Marc Petit/account", "mp75", NULL };
	struct world *w = world_make(therapy, account);
	struct policy_change c = cancel("2026-06-09T12:00:00Z", START);

	book_at(w, BOOKED, START);
	c.actor = c.actor_names = "mp75";
	ask(w, c);
	assert_told(w, "late-cancel", "charged", 8000, 0);
	world_drop(w);
}

static void a_client_cannot_name_the_price(void **state)
{
	struct world *w = world_make(therapy, NULL);
	struct policy_change c = by_client(change(POLICY_BOOKED, BOOKED));

	c.summary = "Marc Petit 1 €";
	c.after = hour_from(START);
	ask(w, c);
	assert_int_equal(last(w, "slot")->price, -1);
	world_drop(w);
	w = world_make(therapy, NULL);
	book_at(w, BOOKED, START);
	c = by_client(change(POLICY_CHANGED, "2026-06-02T09:00:00Z"));
	c.summary = "Marc Petit 1 €";
	c.before = c.after = hour_from(START);
	ask(w, c);
	assert_int_equal(last(w, "slot")->price, 8000);
	c.role = POLICY_OWNER;
	c.summary = "Marc P. 70 €";
	ask(w, c);
	assert_int_equal(last(w, "slot")->price, 7000);
	assert_string_equal(last(w, "slot")->client, "marc p.");
	assert_true(last(w, "slot")->acquired == at(BOOKED));
	world_drop(w);
}

static void what_a_client_makes_tentative_is_cancelled(void **state)
{
	struct world *w = world_make(therapy, NULL);
	struct policy_change c = by_client(change(POLICY_CHANGED, "2026-06-09T12:00:00Z"));

	book_at(w, BOOKED, START);
	c.before = c.after = hour_from(START);
	c.status = "TENTATIVE";
	ask(w, c);
	assert_told(w, "late-cancel", "charged", 8000, 0);
	world_drop(w);
	w = world_make(therapy, NULL);
	book_at(w, BOOKED, START);
	c.role = POLICY_OWNER;
	ask(w, c);
	assert_string_equal(last(w, "slot")->outcome, "closed");
	assert_null(w->sink.shown.block);
	world_drop(w);
}

/* ---- 3.5: ways round ---- */

static void going_round_in_circles_is_not_free(void **state)
{
	static const char *const same[] = { "late-move", "same", NULL };
	struct world *w = world_make(therapy, same);
	const char *later = "2026-06-24T08:00:00Z";

	book_at(w, BOOKED, START);
	move_to(w, "2026-06-10T05:00:00Z", START, later);
	assert_int_equal(owed(w), 8000);
	move_to(w, "2026-06-10T05:10:00Z", later, START);
	assert_int_equal(owed(w), 0);
	move_to(w, "2026-06-10T05:20:00Z", START, later);
	assert_int_equal(owed(w), 8000);
	move_to(w, "2026-06-10T05:30:00Z", later, START);
	assert_int_equal(owed(w), 0);
	ask(w, cancel("2026-06-10T05:40:00Z", START));
	assert_int_equal(owed(w), 8000);
	world_drop(w);
}

static void the_past_is_no_way_out(void **state)
{
	struct world *w = world_make(therapy, NULL);
	const char *past = "2026-06-08T08:00:00Z";
	struct policy_change c;

	book_at(w, BOOKED, START);
	move_to(w, "2026-06-10T06:00:00Z", START, past);
	assert_told(w, "late-move", "held", 0, 8000);
	c = change(POLICY_TICK, "2026-06-20T06:00:00Z");
	c.role = POLICY_TIMER;
	c.before = c.after = hour_from(past);
	ask(w, c);
	assert_string_equal(late_host_property(&w->sink, "X-DEDIT-HELD"), "80.00");
	ask(w, cancel("2026-06-20T07:00:00Z", past));
	assert_int_equal(owed(w), 8000);
	world_drop(w);
	/* what is entered afterwards costs nobody anything */
	w = world_make(therapy, NULL);
	book_at(w, "2026-06-11T08:00:00Z", START);
	assert_null(w->sink.shown.block);
	ask(w, cancel("2026-06-11T09:00:00Z", START));
	assert_int_equal(owed(w), 0);
	world_drop(w);
}

static void a_hold_survives_another_uid(void **state)
{
	struct world *w = world_make(therapy, NULL);
	const char *later = "2026-06-24T08:00:00Z";
	struct policy_change c;

	book_at(w, BOOKED, START);
	move_to(w, "2026-06-10T05:00:00Z", START, later);
	c = cancel("2026-06-10T06:00:00Z", later);
	c.flags = POLICY_GONE | POLICY_DELETE;
	ask(w, c);
	assert_told(w, "late-cancel", "charged", 8000, 0);
	c = by_client(change(POLICY_BOOKED, "2026-06-10T06:01:00Z"));
	c.uid = "2";
	c.summary = "Marc Petit";
	c.after = hour_from(later);
	ask(w, c);
	assert_told(w, "reinstated", "void", 0, 0);
	assert_int_equal(owed(w), 0);
	assert_int_equal(last(w, "slot")->price, 8000);
	assert_true(last(w, "slot")->acquired == at("2026-06-10T05:00:00Z"));
	c = cancel("2026-06-12T06:00:00Z", later);
	c.uid = "2";
	ask(w, c);
	assert_told(w, "late-cancel", "charged", 8000, 0);
	assert_int_equal(owed(w), 8000);
	/* the first UID has nothing to do with it any more */
	c = change(POLICY_CHANGED, "2026-06-12T07:00:00Z");
	c.status = "CANCELLED";
	c.before = c.after = hour_from(later);
	ask(w, c);
	assert_null(w->sink.shown.block);
	world_drop(w);
}

static void cancelled_in_time_and_back_is_a_new_booking(void **state)
{
	static const char *const grace[] = { "grace", "15m", NULL };
	struct world *w = world_make(therapy, grace);
	struct policy_change c;

	book_at(w, BOOKED, START);
	ask(w, cancel("2026-06-02T08:00:00Z", START));
	assert_told(w, "on-time-cancel", "none", 0, 0);
	assert_null(w->sink.shown.prefix);
	assert_string_equal(w->sink.shown.status, "CANCELLED");
	c = by_client(change(POLICY_BOOKED, "2026-06-09T12:00:00Z"));
	c.flags = POLICY_WAS_CANCELLED;
	c.after = hour_from(START);
	c.summary = "Marc Petit";
	ask(w, c);
	assert_string_equal(last(w, "slot")->outcome, "rebooked");
	assert_true(last(w, "slot")->acquired == at("2026-06-09T12:00:00Z"));
	world_drop(w);
}

static void after_the_start_only_the_owner_corrects(void **state)
{
	struct world *w = world_make(therapy, NULL);
	struct policy_change c = by_client(change(POLICY_BOOKED, "2026-06-10T09:00:00Z"));

	book_at(w, BOOKED, START);
	ask(w, cancel("2026-06-09T12:00:00Z", START));
	c.flags = POLICY_WAS_CANCELLED;
	c.after = hour_from(START);
	ask(w, c);
	assert_int_equal(owed(w), 8000);
	assert_null(w->sink.shown.status); /* left as it was sent */
	c.role = POLICY_OWNER;
	ask(w, c);
	assert_int_equal(owed(w), 0);
	world_drop(w);
}

static void two_events_at_one_time_are_two_appointments(void **state)
{
	struct world *w = world_make(therapy, NULL);
	struct policy_change c = change(POLICY_BOOKED, BOOKED);

	book_at(w, BOOKED, START);
	c.uid = "2";
	c.summary = "Marc Petit 60 €";
	c.after = hour_from(START);
	ask(w, c);
	ask(w, cancel("2026-06-09T12:01:00Z", START));
	assert_int_equal(owed(w), 8000);
	c = cancel("2026-06-09T12:02:00Z", START);
	c.uid = "2";
	c.flags = POLICY_GONE | POLICY_DELETE;
	ask(w, c);
	assert_int_equal(owed(w), 14000);
	world_drop(w);
}

/* "This and following", the new half sent first. */
static void a_split_series_loses_nothing(void **state)
{
	struct world *w = world_make(therapy, NULL);
	struct policy_change c = change(POLICY_BOOKED, BOOKED);

	c.flags = POLICY_SERIES;
	c.occurrence = "20260610T080000Z";
	c.after = hour_from(START);
	ask(w, c);
	c.uid = "2";
	c.now = at("2026-06-09T12:00:00Z");
	ask(w, c);
	c = cancel("2026-06-09T12:00:05Z", START);
	c.flags = POLICY_SERIES | POLICY_GONE;
	c.occurrence = "20260610T080000Z";
	ask(w, c);
	assert_int_equal(owed(w), 0);
	c.uid = "2";
	ask(w, c);
	assert_int_equal(owed(w), 8000);
	world_drop(w);
}

static void a_shift_does_not_renew_the_grace(void **state)
{
	static const char *const both[] = { "grace", "15m", "shift", "60m", NULL };
	struct world *w = world_make(therapy, both);

	book_at(w, BOOKED, START);
	move_to(w, "2026-06-10T05:00:00Z", START, "2026-06-10T08:30:00Z");
	assert_told(w, "shift", "none", 0, 0);
	ask(w, cancel("2026-06-10T05:05:00Z", "2026-06-10T08:30:00Z"));
	assert_told(w, "late-cancel", "charged", 8000, 0);
	world_drop(w);
}

static void a_review_ends_with_the_timer(void **state)
{
	static const char *const review[] = { "review", "24h", "late-move", "same", NULL };
	struct world *w = world_make(therapy, review);
	struct policy_change c;

	book_at(w, BOOKED, START);
	move_to(w, "2026-06-10T05:00:00Z", START, "2026-06-24T08:00:00Z");
	assert_told(w, "late-move", "pending", 8000, 0);
	assert_true(w->sink.wake == at("2026-06-11T05:00:00Z"));
	c = change(POLICY_TICK, "2026-06-11T04:59:59Z");
	c.role = POLICY_TIMER;
	c.before = c.after = hour_from("2026-06-24T08:00:00Z");
	ask(w, c);
	assert_int_equal(owed(w), 0);
	assert_true(w->sink.wake == at("2026-06-11T05:00:00Z"));
	c.now = at("2026-06-11T05:00:00Z");
	ask(w, c);
	assert_told(w, "late-move", "charged", 8000, 0);
	assert_int_equal(owed(w), 8000);
	ask(w, c);
	assert_int_equal(owed(w), 8000);
	/* the appointment goes on */
	ask(w, cancel("2026-06-12T05:00:00Z", "2026-06-24T08:00:00Z"));
	assert_told(w, "on-time-cancel", "none", 0, 0);
	world_drop(w);
}

static void a_clock_set_back_only_proposes(void **state)
{
	struct world *w = world_make(therapy, NULL);

	book_at(w, "2026-06-09T12:00:00Z", START);
	ask(w, cancel("2026-06-09T11:58:00Z", START)); /* a little: the last entry's time */
	assert_told(w, "late-cancel", "charged", 8000, 0);
	assert_true(last(w, "late-cancel")->at == at("2026-06-09T12:00:00Z"));
	world_drop(w);
	w = world_make(therapy, NULL);
	book_at(w, "2026-06-09T12:00:00Z", START);
	ask(w, cancel("2026-06-09T11:00:00Z", START));
	assert_told(w, "late-cancel", "proposed", 8000, 0);
	world_drop(w);
}

static void the_administrator_moves_no_money(void **state)
{
	struct world *w = world_make(therapy, NULL);
	struct policy_change c = cancel("2026-06-09T12:00:00Z", START);

	book_at(w, BOOKED, START);
	c.role = POLICY_ADMIN;
	ask(w, c);
	assert_string_equal(last(w, "slot")->outcome, "closed");
	assert_int_equal(owed(w), 0);
	world_drop(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stranger_only_proposes),
		cmocka_unit_test(an_account_may_be_named_in_the_policy),
		cmocka_unit_test(a_client_cannot_name_the_price),
		cmocka_unit_test(what_a_client_makes_tentative_is_cancelled),
		cmocka_unit_test(going_round_in_circles_is_not_free),
		cmocka_unit_test(the_past_is_no_way_out),
		cmocka_unit_test(a_hold_survives_another_uid),
		cmocka_unit_test(cancelled_in_time_and_back_is_a_new_booking),
		cmocka_unit_test(after_the_start_only_the_owner_corrects),
		cmocka_unit_test(two_events_at_one_time_are_two_appointments),
		cmocka_unit_test(a_split_series_loses_nothing),
		cmocka_unit_test(a_shift_does_not_renew_the_grace),
		cmocka_unit_test(a_review_ends_with_the_timer),
		cmocka_unit_test(a_clock_set_back_only_proposes),
		cmocka_unit_test(the_administrator_moves_no_money),
	};

	return cmocka_run_group_tests(tests, zones_begin, zones_end);
}
