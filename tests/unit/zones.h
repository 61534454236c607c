/* Setup and teardown of a group of tests that only needs the zones. */
#ifndef DEDIT_TESTS_ZONES_H
#define DEDIT_TESTS_ZONES_H

#include "ical/zone.h"

static inline int zones_begin(void **state)
{
	(void)state;
	return zone_init(NULL, NULL);
}

static inline int zones_end(void **state)
{
	(void)state;
	zone_finish();
	return 0;
}

#endif
