#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "http/session.h"

enum { ROOM = 6 };
static const struct session_rule rule = { .each = 3, .idle_ms = 1000, .lifetime_ms = 5000 };

static int setup(void **state)
{
	*state = sessions_create(ROOM);
	return 0;
}

static int teardown(void **state)
{
	sessions_destroy(*state);
	return 0;
}

static void begin(struct sessions *s, const char *name, int64_t now, char token[SESSION_TOKEN_SIZE])
{
	struct session made;

	assert_true(session_begin(s, &rule, name, 7, now, token, &made));
	assert_string_equal(made.name, name);
}

static bool there(struct sessions *s, const char *token, int64_t now)
{
	struct session found;

	return session_find(s, &rule, token, now, &found);
}

static void is_found_by_its_token_alone(void **state)
{
	char token[SESSION_TOKEN_SIZE];
	struct session made, found;

	assert_true(session_begin(*state, &rule, "anna", 7, 100, token, &made));
	assert_int_equal(strlen(token), SESSION_TOKEN_SIZE - 1);
	assert_true(session_find(*state, &rule, token, 200, &found));
	assert_string_equal(found.name, "anna");
	assert_int_equal(found.generation, 7);
	assert_int_equal(found.left_ms, 4900);
	assert_string_equal(found.csrf, made.csrf);
	assert_string_not_equal(found.csrf, token);
	assert_false(there(*state, found.csrf, 200));
	assert_false(there(*state, "", 200));
	token[0] = token[0] == 'A' ? 'B' : 'A';
	assert_false(there(*state, token, 200));
}

static void tokens_differ(void **state)
{
	char a[SESSION_TOKEN_SIZE], b[SESSION_TOKEN_SIZE];

	begin(*state, "anna", 0, a);
	begin(*state, "anna", 0, b);
	assert_string_not_equal(a, b);
	session_end(*state, a);
	assert_false(there(*state, a, 1));
	assert_true(there(*state, b, 1));
	session_end(*state, a);
}

static void ends_when_idle(void **state)
{
	char token[SESSION_TOKEN_SIZE];

	begin(*state, "anna", 0, token);
	assert_true(there(*state, token, 999));
	assert_true(there(*state, token, 1998));
	assert_false(there(*state, token, 2998));
	assert_false(there(*state, token, 1998));
}

static void ends_though_it_is_used(void **state)
{
	char token[SESSION_TOKEN_SIZE];

	begin(*state, "anna", 0, token);
	for (int64_t now = 500; now < 5000; now += 500)
		assert_true(there(*state, token, now));
	assert_false(there(*state, token, 5000));
}

static void one_account_makes_room_among_its_own(void **state)
{
	char anna[SESSION_TOKEN_SIZE], marc[4][SESSION_TOKEN_SIZE];

	begin(*state, "anna", 0, anna);
	for (int n = 0; n < 4; n++)
		begin(*state, "marc", 10 + n, marc[n]);
	assert_true(there(*state, anna, 20));
	assert_false(there(*state, marc[0], 20));
	assert_true(there(*state, marc[1], 20));
	assert_int_equal(sessions_count(*state, &rule, "marc", 20), 3);
	assert_int_equal(sessions_count(*state, &rule, NULL, 20), 4);
}

static void the_one_used_least_lately_goes(void **state)
{
	char token[ROOM + 1][SESSION_TOKEN_SIZE], name[8];

	for (int n = 0; n < ROOM; n++) {
		snprintf(name, sizeof(name), "u%d", n);
		begin(*state, name, n, token[n]);
	}
	assert_true(there(*state, token[0], 50));
	begin(*state, "new", 60, token[ROOM]);
	assert_true(there(*state, token[0], 70));
	assert_false(there(*state, token[1], 70));
	assert_true(there(*state, token[ROOM], 70));
}

static void outlives_its_own_change(void **state)
{
	char token[SESSION_TOKEN_SIZE], other[SESSION_TOKEN_SIZE], marc[SESSION_TOKEN_SIZE];
	struct session found;

	begin(*state, "anna", 0, other);
	begin(*state, "anna", 0, token);
	begin(*state, "marc", 0, marc);
	session_keep(*state, token, 8);
	assert_true(session_find(*state, &rule, token, 1, &found));
	assert_int_equal(found.generation, 8);
	session_keep(*state, token, 7); /* told late */
	assert_true(session_find(*state, &rule, token, 1, &found));
	assert_int_equal(found.generation, 8);
	assert_false(there(*state, other, 1));
	assert_true(there(*state, marc, 1));
}

static void holds_for_both_while_it_changes_its_account(void **state)
{
	char token[SESSION_TOKEN_SIZE];

	begin(*state, "anna", 0, token);
	assert_true(session_announce(*state, token, 7, 8));
	assert_int_equal(session_check(*state, token, 7), SESSION_HOLDS);
	assert_int_equal(session_check(*state, token, 8), SESSION_HOLDS);
	session_keep(*state, token, 8);
	assert_int_equal(session_check(*state, token, 8), SESSION_HOLDS);
	/* read before, looked at after */
	assert_int_equal(session_check(*state, token, 7), SESSION_AGAIN);
	/* of two at once one fails: the other is under way still */
	assert_true(session_announce(*state, token, 8, 9));
	assert_true(session_announce(*state, token, 8, 9));
	session_withdraw(*state, token);
	assert_int_equal(session_check(*state, token, 9), SESSION_HOLDS);
	session_keep(*state, token, 9);
	assert_int_equal(session_check(*state, token, 9), SESSION_HOLDS);
}

static void ends_by_a_change_of_others(void **state)
{
	char token[SESSION_TOKEN_SIZE];

	begin(*state, "anna", 0, token);
	assert_false(session_announce(*state, token, 8, 9));
	assert_true(there(*state, token, 1));
	/* what was announced and didn't come about is nothing to hold for */
	assert_true(session_announce(*state, token, 7, 8));
	session_withdraw(*state, token);
	assert_int_equal(session_check(*state, token, 8), SESSION_OVER);
	assert_false(there(*state, token, 1));
	assert_int_equal(session_check(*state, token, 7), SESSION_OVER);
	assert_false(session_announce(*state, token, 7, 8));
	session_withdraw(*state, token);
}

static void none_where_there_is_no_room(void **state)
{
	struct sessions *none = sessions_create(0);
	char token[SESSION_TOKEN_SIZE];
	struct session made;

	(void)state;
	assert_false(session_begin(none, &rule, "anna", 1, 0, token, &made));
	sessions_destroy(none);
	sessions_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(is_found_by_its_token_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(tokens_differ, setup, teardown),
		cmocka_unit_test_setup_teardown(ends_when_idle, setup, teardown),
		cmocka_unit_test_setup_teardown(ends_though_it_is_used, setup, teardown),
		cmocka_unit_test_setup_teardown(one_account_makes_room_among_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(the_one_used_least_lately_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(outlives_its_own_change, setup, teardown),
		cmocka_unit_test_setup_teardown(holds_for_both_while_it_changes_its_account, setup, teardown),
		cmocka_unit_test_setup_teardown(ends_by_a_change_of_others, setup, teardown),
		cmocka_unit_test_setup_teardown(none_where_there_is_no_room, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
