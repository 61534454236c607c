#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "server/brake.h"

static const struct brake_rule rule = { .attempts = 3, .delay_ms = 1000 };

static void fail_times(struct brake *b, int n, const char *address, const char *account, int64_t now)
{
	while (n-- > 0)
		brake_failed(b, &rule, address, account, now);
}

static void test_first_failures_are_free(void **state)
{
	struct brake *b = brake_create();

	(void)state;
	fail_times(b, 2, "192.0.2.1", "anna", 0);
	assert_int_equal(brake_wait(b, "192.0.2.1", "anna", 0), 0);
	fail_times(b, 1, "192.0.2.1", "anna", 0);
	assert_int_equal(brake_wait(b, "192.0.2.1", "anna", 0), 1000);
	assert_int_equal(brake_wait(b, "192.0.2.1", "anna", 999), 1);
	assert_int_equal(brake_wait(b, "192.0.2.1", "anna", 1000), 0);
	brake_destroy(b);
}

static void test_delay_doubles_up_to_five_minutes(void **state)
{
	struct brake *b = brake_create();

	(void)state;
	fail_times(b, 4, "192.0.2.1", "anna", 0);
	assert_int_equal(brake_wait(b, "192.0.2.1", "anna", 0), 2000);
	fail_times(b, 40, "192.0.2.1", "anna", 0);
	assert_int_equal(brake_wait(b, "192.0.2.1", "anna", 0), 300000);
	brake_destroy(b);
}

/* Else anybody could lock anna out by guessing from somewhere. */
static void test_never_an_account_alone(void **state)
{
	struct brake *b = brake_create();

	(void)state;
	fail_times(b, 50, "192.0.2.1", "anna", 0);
	assert_int_equal(brake_wait(b, "192.0.2.2", "anna", 0), 0);
	brake_destroy(b);
}

static void test_address_with_many_names(void **state)
{
	struct brake *b = brake_create();
	char name[16];

	(void)state;
	for (int i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "guess%d", i);
		fail_times(b, 1, "192.0.2.1", name, 0);
	}
	assert_int_equal(brake_wait(b, "192.0.2.1", "anna", 0), 1000);
	brake_destroy(b);
}

static void test_ipv6_counts_by_network(void **state)
{
	struct brake *b = brake_create();

	(void)state;
	fail_times(b, 3, "2001:db8::1", "anna", 0);
	assert_true(brake_wait(b, "2001:db8::ffff:2", "anna", 0) > 0);
	assert_int_equal(brake_wait(b, "2001:db8:0:1::1", "anna", 0), 0);
	brake_destroy(b);
}

static void test_success_forgives_the_account(void **state)
{
	struct brake *b = brake_create();

	(void)state;
	fail_times(b, 3, "192.0.2.1", "anna", 0);
	brake_passed(b, "192.0.2.1", "anna");
	assert_int_equal(brake_wait(b, "192.0.2.1", "anna", 0), 0);
	brake_destroy(b);
}

static void test_forgotten_after_a_quarter_of_an_hour(void **state)
{
	struct brake *b = brake_create();

	(void)state;
	fail_times(b, 3, "192.0.2.1", "anna", 0);
	fail_times(b, 1, "192.0.2.1", "anna", 20 * 60 * 1000);
	assert_int_equal(brake_wait(b, "192.0.2.1", "anna", 20 * 60 * 1000), 0);
	brake_destroy(b);
}

/* Thousands of made-up names from elsewhere don't push a braked address out. */
static void test_flood_keeps_the_address(void **state)
{
	struct brake *b = brake_create();
	char name[16];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "u%d", i);
		fail_times(b, 1, "192.0.2.1", name, 0);
	}
	assert_int_equal(brake_wait(b, "192.0.2.1", "anna", 0), 300000);
	brake_destroy(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_failures_are_free),
		cmocka_unit_test(test_delay_doubles_up_to_five_minutes),
		cmocka_unit_test(test_never_an_account_alone),
		cmocka_unit_test(test_address_with_many_names),
		cmocka_unit_test(test_ipv6_counts_by_network),
		cmocka_unit_test(test_success_forgives_the_account),
		cmocka_unit_test(test_forgotten_after_a_quarter_of_an_hour),
		cmocka_unit_test(test_flood_keeps_the_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
