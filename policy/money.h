/*
 * Amounts of money as whole minor units (cents, yen) of an ISO 4217 currency. Integers only.
 * Pure functions; also linked into loadable modules.
 */
#ifndef DEDIT_POLICY_MONEY_H
#define DEDIT_POLICY_MONEY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	CURRENCY_SIZE = 4,  /* three letters, NUL */
	MONEY_SIZE = 32,    /* any amount that money_format writes, without its currency */
};

/* Digits after the point: EUR 2, JPY 0, KWD 3; -1 for a code that ISO 4217 doesn't list. Upper
 * case only. */
int money_decimals(const char *currency);
/* So many whole units in minor ones: 80 EUR are 8000, 80 JPY are 80. An unknown code counts as having two
 * decimals. */
int64_t money_units(int64_t units, const char *currency);
/* "80", "80.5", "80.00": a point, no sign, no blanks, at most `decimals` digits after it, below
 * 10^12 units. -1 if it isn't that. */
int money_parse_number(const char *text, size_t len, int decimals, int64_t *minor);
/* "80.00 EUR": number, one blank, code. ERR_INVALID says what was expected. */
int money_parse(const char *text, int64_t *minor, char currency[CURRENCY_SIZE], struct err *e);
/* "80.00" from minor units, with all decimals of the currency; an unknown code counts as having
 * two. 0, or -1 if out is too small. */
int money_format(int64_t minor, const char *currency, char *out, size_t size);

#endif
