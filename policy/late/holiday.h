/*
 * Days that count as closed: dates one by one, and the public holidays of countries, computed (doc/policy.md
 * 5.1, `holidays`). Only what is a holiday in the whole country: of fr without Alsace, of gb in
 * England and Wales,
 * of ch what all cantons keep, of us the federal ones with the days on which they are observed.
 */
#ifndef DEDIT_POLICY_LATE_HOLIDAY_H
#define DEDIT_POLICY_LATE_HOLIDAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum { HOLIDAYS_MAX = 4000, HOLIDAY_FILE_MAX = 1 << 20 };

struct holidays {
	const int64_t *days;   /* since 1970, in no order */
	size_t count;
	unsigned countries;    /* bit per country */
};

/* Bit of a country's two letters ("fr"); 0: not one of those computed. */
unsigned holiday_country(const char *code);
/* "fr, de, …": for messages. */
const char *holiday_countries(void);
bool holiday_is(const struct holidays *h, int64_t day);
/* h with one more date; NULL counts as none. NULL: too many. */
const struct holidays *holiday_add(const struct holidays *h, int64_t day, struct arena *mem);
const struct holidays *holiday_add_country(const struct holidays *h, unsigned country, struct arena *mem);
/* h with the days that the events of an iCalendar file cover, up to 2100. NULL with e. */
const struct holidays *holiday_add_file(const struct holidays *h, const char *path, struct arena *mem,
	struct err *e);

#endif
