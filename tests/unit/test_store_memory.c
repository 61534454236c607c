/* The scenarios of the store over the memory backend. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "store_suite.h"

static struct store *open_memory(void)
{
	struct err e = {0};
	struct store *s;

	if (store_open("memory", NULL, NULL, &s, &e) < 0)
		fail_msg("open: %s", e.text);
	return s;
}

int main(void)
{
	return store_suite_run("store over memory", open_memory, store_close);
}
