/*
 * The built-in policy as a module from a file: the one symbol that the loader looks for. The module has
 * its own copy of what it uses of the floors below, so it reads the table of time zones itself.
 */
#include "policy/late/late.h"

#include <pthread.h>

#include "ical/zone.h"

static void begin(void)
{
	zone_init(NULL, NULL); /* without a table every zone is unknown, and open() says so */
}

static void __attribute__((destructor)) end(void)
{
	zone_finish();
}

const struct policy_module *dedit_policy_v1(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, begin);
	return dedit_policy_late();
}
