#include "store_suite.h"

#include <stdio.h>

#include "base/util.h"
#include "suite_kit.h"

static suite_open_fn open_store;
static suite_close_fn close_store;

int suite_setup(void **state)
{
	*state = open_store();
	return 0;
}

int suite_teardown(void **state)
{
	close_store(*state);
	return 0;
}

int store_suite_run(const char *name, suite_open_fn open, suite_close_fn close)
{
	static const struct suite_part *const parts[] = {&suite_collections, &suite_props, &suite_objects,
		&suite_sync, &suite_homes, &suite_accounts, &suite_ledger, &suite_whole};
	char title[80];
	int failed = 0;

	open_store = open;
	close_store = close;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		snprintf(title, sizeof(title), "%s: %s", name, parts[i]->subject);
		failed += _cmocka_run_group_tests(title, parts[i]->scenario, parts[i]->n, NULL, NULL);
	}
	return failed;
}
