/* event_put and its kin under the built-in policy. */
#include <string.h>

#include "base/conf.h"
#include "base/util.h"
#include "policy/change.h"
#include "event_fixture.h"

static int setup_late(void **state)
{
	static const struct conf_schema *const sections[] = { &policy_schema, &calendar_schema,
		NULL };
	static const struct conf_schema file = { .sections = sections };
	static const char text[] =
		"policy \"therapy\" {\n timezone = \"Europe/Paris\"\n currency = EUR\n"
		" price-from = title\n owner-changes = client\n late-move = hold\n tiers = { \"48h 50%\", \"24h 100%\" }\n"
		" client \"marie\" { account = client }\n client \"marc petit\" { account = client }\n}\n"
		"calendar \"anna/work\" { policy = \"therapy\" }\ncalendar \"anna/other\" { policy = \"therapy\" }\n";
	const struct conf_section *root;

	if (make_fixture(state))
		return -1;
	struct fixture *f = *state;
	if (conf_parse(text, "test.conf", &file, &root, &f->e)) {
		fail_msg("%s", f->e.text);
	}
	if (policy_load(root, &(struct policy_options){ 0 }, &f->policies, &f->e)) {
		fail_msg("%s", f->e.text);
	}
	conf_destroy(root);
	return 0;
}

static void test_late_book_and_cancel_in_time(void **state)
{
	struct fixture *f = *state;
	struct collection calendar;
	const char *entry;

	f->who = "anna";
	put(f, "a.ics", marie(f, ""));
	assert_non_null(strstr(work_value(f, "a.ics", "DESCRIPTION"), "8 June 2026 10:00"));
	assert_non_null(strstr(work_value(f, "a.ics", "DESCRIPTION"), "80.00 EUR"));
	assert_string_equal(work_value(f, "a.ics", "X-DEDIT-FREE-UNTIL"), "20260608T080000Z");
	f->who = "client";
	f->now = at("2026-06-08T08:00:00Z");
	assert_int_equal(try_delete(f, &f->work, "a.ics"), 0);
	assert_int_equal(owed(f), 0);
	assert_int_equal(fee_entries(f, &calendar, &entry), 0);
}

/* 15.1, 15.4: a title counts as the owner's only if the owner or one who acts for the owner wrote it. */
static void test_late_delegate(void **state)
{
	static const struct {
		enum share_access access;
		const char *who, *title;
		bool counts;
	} rows[] = {
		{ SHARE_WRITE, "helper", "Marie 80 €", true },
		{ SHARE_READ, "helper", "Luc 80 €", false },
		{ SHARE_NONE, "helper", "Ida 80 €", false },
		{ SHARE_WRITE, "root", "Bea 80 €", true },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct delegation d = { "anna", rows[i].who, rows[i].access };

		assert_int_equal(store_delegation_put(f->store, &d, &f->e), 0);
		f->who = rows[i].who;
		put(f, "a.ics", event(f, arena_printf(f->mem, "u%zu", i), rows[i].title, START, ""));
		const char *note = work_value(f, "a.ics", "DESCRIPTION");
		assert_int_equal(strstr(note, "80.00 EUR") != NULL, rows[i].counts);
		f->who = "anna";
		assert_int_equal(try_delete(f, &f->work, "a.ics"), 0);
	}
}

static void test_role_of_a_delegate(void **state)
{
	const struct event_actor helper = { .name = "helper" }, anna = { .name = "anna" },
		root = { .name = "root", .admin = true }, file = { .name = "", .admin = true, .external = true };

	(void)state;
	assert_int_equal(change_role(&helper, "anna", true), POLICY_DELEGATE);
	assert_int_equal(change_role(&helper, "anna", false), POLICY_CLIENT);
	assert_int_equal(change_role(&root, "anna", true), POLICY_DELEGATE);
	assert_int_equal(change_role(&root, "anna", false), POLICY_ADMIN);
	assert_int_equal(change_role(&anna, "anna", true), POLICY_OWNER);
	assert_int_equal(change_role(&file, "anna", false), POLICY_ADMIN);
}

static void test_late_status(void **state)
{
	struct fixture *f = *state;

	f->who = "anna";
	put(f, "a.ics", marie(f, ""));
	f->who = "client";
	f->now = at("2026-06-09T12:00:00Z");
	put(f, "a.ics", marie(f, "STATUS:CANCELLED\r\n"));
	assert_false(f->result.exact);
	assert_int_equal(owed(f), 8000);
	assert_string_equal(
		work_value(f, "a.ics", "SUMMARY"), "✗ Late cancel 80.00 EUR · Marie 80€");
	assert_string_equal(work_value(f, "a.ics", "X-DEDIT-FEE"), "80.00");
	int rows = ledger_size(f);
	put(f, "a.ics", stored(f, &f->work, "a.ics"));
	assert_true(f->result.unchanged);
	assert_true(f->result.exact);
	put(f, "a.ics", marie(f, "STATUS:CANCELLED\r\n"));
	assert_true(f->result.unchanged);
	assert_int_equal(ledger_size(f), rows);
	/* deleted later: nothing is added */
	f->now = at("2026-06-10T05:00:00Z");
	assert_int_equal(try_delete(f, &f->work, "a.ics"), 0);
	assert_int_equal(owed(f), 8000);
}

static void test_late_delete_and_again(void **state)
{
	struct fixture *f = *state;
	struct collection calendar;
	const char *entry;

	f->who = "anna";
	put(f, "a.ics", marie(f, ""));
	f->who = "client";
	f->now = at("2026-06-09T12:00:00Z");
	const char *body = stored(f, &f->work, "a.ics");
	assert_int_equal(try_delete(f, &f->work, "a.ics"), 0);
	assert_int_equal(owed(f), 8000);
	assert_int_equal(fee_entries(f, &calendar, &entry), 1);
	assert_string_equal(value_of(f, stored(f, &calendar, entry), "SUMMARY"),
		"✗ Late cancel 80.00 EUR · Marie");
	/* deleted and made again by the phone */
	f->now += 60;
	put(f, "a2.ics", body);
	assert_int_equal(owed(f), 0);
	assert_int_equal(fee_entries(f, &calendar, &entry), 0);
	assert_string_equal(work_value(f, "a2.ics", "SUMMARY"), "Marie 80€");
}

static void test_late_uncancel_and_higher_tier(void **state)
{
	struct fixture *f = *state;

	f->who = "anna";
	put(f, "a.ics", marie(f, ""));
	f->who = "client";
	f->now = at("2026-06-09T02:00:00Z");
	put(f, "a.ics", marie(f, "STATUS:CANCELLED\r\n"));
	assert_int_equal(owed(f), 4000);
	f->now = at("2026-06-09T03:00:00Z");
	put(f, "a.ics", marie(f, "STATUS:CONFIRMED\r\n"));
	assert_int_equal(owed(f), 0);
	assert_non_null(strstr(work_value(f, "a.ics", "DESCRIPTION"), "do not edit below"));
	f->now = at("2026-06-10T03:00:00Z");
	put(f, "a.ics", marie(f, "STATUS:CANCELLED\r\n"));
	assert_int_equal(owed(f), 8000);
}

/* Another's change that comes between what a round reads of the event and what it reads of the ledger. */
struct between { struct fixture *f; const char *body; int times; };

static int put_between(const struct object *there, void *arg, struct err *e)
{
	struct between *b = arg;

	if (b->times-- > 0)
		put(b->f, "a.ics", b->body);
	return 0;
}

/* Of an event cancelled already the cancellation changes nothing. It is decided on the ledger in which the
 * other has taken it back, so it counts only if the event is still what was read. */
static void test_late_cancelled_while_taken_back(void **state)
{
	struct fixture *f = *state;
	const char *cancelled = marie(f, "STATUS:CANCELLED\r\n");
	struct between between = { f, marie(f, "STATUS:CONFIRMED\r\n"), 1 };
	struct event_where where = { &f->work, "a.ics" };
	struct event_request rq;

	f->who = "anna";
	put(f, "a.ics", marie(f, ""));
	f->who = "client";
	f->now = at("2026-06-10T03:00:00Z");
	put(f, "a.ics", cancelled);
	assert_int_equal(owed(f), 8000);
	rq = request(f);
	rq.precondition = put_between;
	rq.arg = &between;
	assert_int_equal(event_put(&rq, &where, cancelled, strlen(cancelled), &f->result, &f->e), 0);
	assert_int_equal(owed(f), 8000);
	assert_string_equal(work_value(f, "a.ics", "STATUS"), "CANCELLED");
	put(f, "a.ics", marie(f, "STATUS:CONFIRMED\r\n"));
	assert_int_equal(owed(f), 0);
}

static void test_late_owner_types_the_cancellation(void **state)
{
	struct fixture *f = *state;

	f->who = "anna";
	put(f, "a.ics", marie(f, ""));
	f->now = at("2026-06-10T03:00:00Z");
	put(f, "a.ics", marie(f, "STATUS:CANCELLED\r\n"));
	assert_int_equal(owed(f), 8000);
}

static void test_late_move_is_held(void **state)
{
	struct fixture *f = *state;

	f->who = "anna";
	put(f, "a.ics", marie(f, ""));
	f->who = "client";
	f->now = at("2026-06-10T05:00:00Z");
	put(f, "a.ics", event(f, "u1", "Marie 80€", "20260624T080000Z", ""));
	assert_int_equal(owed(f), 0);
	assert_true(str_starts(work_value(f, "a.ics", "SUMMARY"), "⚠ Marie"));
	put(f, "a.ics", stored(f, &f->work, "a.ics"));
	assert_true(f->result.unchanged);
	f->now = at("2026-06-14T08:00:00Z");
	assert_int_equal(try_delete(f, &f->work, "a.ics"), 0);
	assert_int_equal(owed(f), 8000);
}

static void test_late_retitled_by_client(void **state)
{
	struct fixture *f = *state;

	f->who = "anna";
	put(f, "a.ics", marie(f, ""));
	f->who = "client";
	f->now = at("2026-06-02T08:00:00Z");
	put(f, "a.ics",
		event(f, "u1", "Marie 1€", START, "")); /* the price is fixed with the slot */
	f->now = at("2026-06-09T12:00:00Z");
	assert_int_equal(try_delete(f, &f->work, "a.ics"), 0);
	assert_int_equal(owed(f), 8000);
}

static void test_late_three_events_of_the_scenario(void **state)
{
	struct fixture *f = *state;

	f->who = "anna";
	f->now = at("2026-06-10T12:00:00Z");
	put(f, "1.ics", event(f, "e1", "Marc Petit 80 €", "20260615T120000Z", ""));
	put(f, "2.ics", event(f, "e2", "Marc Petit 80 €", "20260611T080000Z", ""));
	put(f, "3.ics", event(f, "e3", "Marc Petit 80 €", "20260611T090000Z", ""));
	assert_non_null(strstr(work_value(f, "1.ics", "DESCRIPTION"), "Free to cancel"));
	assert_non_null(strstr(work_value(f, "2.ics", "DESCRIPTION"), "80.00 EUR"));
	f->who = "client";
	f->now += 60;
	assert_int_equal(try_delete(f, &f->work, "1.ics"), 0);
	put(f, "2.ics",
		event(f, "e2", "Marc Petit 80 €", "20260611T080000Z", "STATUS:CANCELLED\r\n"));
	assert_int_equal(try_delete(f, &f->work, "3.ics"), 0);
	assert_int_equal(owed(f), 16000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(setup_late, test_late_book_and_cancel_in_time),
		WITH(setup_late, test_late_delegate),
		cmocka_unit_test(test_role_of_a_delegate),
		WITH(setup_late, test_late_status),
		WITH(setup_late, test_late_delete_and_again),
		WITH(setup_late, test_late_uncancel_and_higher_tier),
		WITH(setup_late, test_late_cancelled_while_taken_back),
		WITH(setup_late, test_late_owner_types_the_cancellation),
		WITH(setup_late, test_late_move_is_held),
		WITH(setup_late, test_late_retitled_by_client),
		WITH(setup_late, test_late_three_events_of_the_scenario),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
