/* The list of refused logins: bounded, the latest first, equal ones once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "http/refused.h"

static struct refused_login rows[REFUSED_MOST];

static int setup(void **state)
{
	*state = refused_create();
	return 0;
}

static int teardown(void **state)
{
	refused_destroy(*state);
	return 0;
}

static void equal_ones_are_one_row_that_moves_up(void **state)
{
	struct refused *r = *state;

	assert_int_equal(refused_list(r, rows), 0);
	refused_add(r, REFUSED_PASSWORD, "192.0.2.1", "anna", 10);
	refused_add(r, REFUSED_PASSWORD, "192.0.2.2", "anna", 20);
	refused_add(r, REFUSED_WAITING, "192.0.2.1", "anna", 30);
	refused_add(r, REFUSED_PASSWORD, "192.0.2.1", NULL, 40);
	refused_add(r, REFUSED_PASSWORD, "192.0.2.1", "anna", 50);
	assert_int_equal(refused_list(r, rows), 4);
	assert_string_equal(rows[0].name, "anna");
	assert_string_equal(rows[0].address, "192.0.2.1");
	assert_int_equal(rows[0].why, REFUSED_PASSWORD);
	assert_int_equal(rows[0].times, 2);
	assert_int_equal(rows[0].first, 10);
	assert_int_equal(rows[0].last, 50);
	assert_string_equal(rows[1].name, "");
	assert_int_equal(rows[2].why, REFUSED_WAITING);
	assert_string_equal(rows[3].address, "192.0.2.2");
	assert_int_equal(rows[3].times, 1);
}

static void the_oldest_go_where_there_is_no_room(void **state)
{
	struct refused *r = *state;
	char address[32];

	for (int n = 0; n < REFUSED_MOST + 10; n++) {
		snprintf(address, sizeof(address), "192.0.2.%d", n);
		refused_add(r, REFUSED_UNKNOWN, address, NULL, n);
	}
	refused_add(r, REFUSED_UNKNOWN, "192.0.2.10", NULL, 1000); /* the oldest that is there: no row goes for it */
	assert_int_equal(refused_list(r, rows), REFUSED_MOST);
	assert_string_equal(rows[0].address, "192.0.2.10");
	assert_int_equal(rows[0].times, 2);
	assert_string_equal(rows[1].address, "192.0.2.265");
	assert_string_equal(rows[REFUSED_MOST - 1].address, "192.0.2.11");
}

static void what_is_too_long_is_cut(void **state)
{
	char name[200];

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	refused_add(*state, REFUSED_PASSWORD, name, name, 1);
	refused_add(*state, REFUSED_PASSWORD, name, name, 2);
	assert_int_equal(refused_list(*state, rows), 1);
	assert_int_equal(strlen(rows[0].name), REFUSED_NAME_SIZE - 1);
	assert_int_equal(strlen(rows[0].address), REFUSED_ADDRESS_SIZE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(equal_ones_are_one_row_that_moves_up, setup, teardown),
		cmocka_unit_test_setup_teardown(the_oldest_go_where_there_is_no_room, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_too_long_is_cut, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
