/*
 * Amounts: exact fractions in integers, one rounding, caps (doc/policy.md 3.4).
 */
#ifndef DEDIT_POLICY_LATE_FEE_H
#define DEDIT_POLICY_LATE_FEE_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/money.h"

/* minor -1: unknown. currency "": no amount. */
struct money { int64_t minor; char currency[CURRENCY_SIZE]; };

/* "33.33%" is 3333 / 10000. */
struct percent { int64_t num, den; };

enum fee_kind { FEE_NONE, FEE_PERCENT, FEE_AMOUNT, FEE_HOURLY, FEE_SESSION };
struct fee_rule { enum fee_kind kind; struct percent percent; struct money amount; };

enum cap_kind { CAP_PERCENT, CAP_AMOUNT, CAP_NONE };
struct cap { enum cap_kind kind; struct percent percent; struct money amount; };

/* What bends an amount; currency "" where not given. */
struct fee_limits { struct money min, max, round; };

/* What is paid for. seconds: elapsed time booked, for hourly fees. */
struct fee_base { struct money price; int64_t seconds; };

/* "50%", up to 1000 and four decimals: 0 or -1. */
int percent_parse(const char *text, struct percent *out);

/* Raw, min, max, rounded. 0; -1 if the price it depends on is unknown (or the fee is no money). */
int fee_amount(const struct fee_rule *fee, const struct fee_limits *limits, const struct fee_base *base,
	struct money *out);
/* The price of a slot at so much an hour. */
struct money fee_rate(const struct money *per_hour, int64_t seconds);
/* false: nothing caps an amount in that currency. */
bool fee_cap(const struct cap *cap, const struct money *price, const char *currency, int64_t *out);
/* What of an amount remains without the tax that it includes. */
int64_t fee_net(int64_t gross, const struct percent *rate);
/* Orders two fees of the same kind (and currency): -1, 0, 1; 2 if they can't be compared. */
int fee_compare(const struct fee_rule *a, const struct fee_rule *b);

#endif
