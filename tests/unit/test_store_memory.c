/* The scenarios of the store over the memory backend. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "store_suite.h"
#include "sync_model.h"

static struct store *open_memory(void)
{
	struct err e = {0};
	struct store *s;

	if (store_open("memory", NULL, NULL, &s, &e) < 0)
		fail_msg("open: %s", e.text);
	return s;
}

/* Much more than there is time for on a disk. */
static void random_changes_of_many_seeds(void **state)
{
	for (uint32_t seed = 1; seed <= 100; seed++) {
		struct store *s = open_memory();
		sync_model_run(s, seed, 2000);
		store_close(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(random_changes_of_many_seeds)};
	int failed = cmocka_run_group_tests_name("synchronization over memory", tests, NULL, NULL);

	return failed + store_suite_run("store over memory", open_memory, store_close);
}
