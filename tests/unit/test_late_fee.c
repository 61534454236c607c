/* Amounts: doc/policy.md 3.4, "fee of an incident". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "policy/late/fee.h"

static struct money amount(const char *text)
{
	struct money m = { 0 };

	if (*text)
		assert_int_equal(money_parse(text, &m.minor, m.currency, NULL), 0);
	return m;
}

static struct fee_rule percent(const char *text)
{
	struct fee_rule f = { .kind = FEE_PERCENT };

	assert_int_equal(percent_parse(text, &f.percent), 0);
	return f;
}

static void percentages_are_exact(void **state)
{
	static const struct { const char *price, *percent, *round; int64_t expected; } rows[] = {
		{ "80.00 EUR", "100%", "", 8000 },
		{ "49.99 EUR", "50%", "", 2500 },     /* 24.995: halves up */
		{ "100.00 EUR", "33.33%", "", 3333 },
		{ "0.03 EUR", "50%", "", 2 },
		{ "0.01 EUR", "49.9999%", "", 0 },
		{ "5555 JPY", "50%", "", 2778 },
		{ "85.50 CHF", "33%", "0.05 CHF", 2820 },
		{ "85.50 CHF", "33%", "1.00 CHF", 2800 },
		{ "80.00 EUR", "33%", "0.05 CHF", 2640 }, /* of another currency: doesn't bend it */
		{ "999999999999 EUR", "1000%", "", INT64_C(999999999999000) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct fee_base base = { amount(rows[i].price), 3600 };
		const struct fee_limits limits = { .round = amount(rows[i].round) };
		struct fee_rule f = percent(rows[i].percent);
		struct money out;

		assert_int_equal(fee_amount(&f, &limits, &base, &out), 0);
		assert_int_equal(out.minor, rows[i].expected);
	}
}

static void bad_percentages_are_refused(void **state)
{
	static const char *const bad[] = { "", "%", "50", "-5%", "1001%", "5.%", ".5%", "1.12345%", "5 %", "5%%" };
	struct percent p;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(percent_parse(bad[i], &p), -1);
}

static void an_hourly_fee_counts_seconds(void **state)
{
	const struct fee_rule f = { .kind = FEE_HOURLY, .amount = amount("30.00 EUR") };
	const struct fee_limits none = { 0 };
	struct fee_base base = { .price = { .minor = -1 }, .seconds = 5400 };
	struct money out;

	assert_int_equal(fee_amount(&f, &none, &base, &out), 0);
	assert_int_equal(out.minor, 4500);
	base.seconds = 1; /* 0.83 cent */
	assert_int_equal(fee_amount(&f, &none, &base, &out), 0);
	assert_int_equal(out.minor, 1);
	assert_int_equal(fee_rate(&f.amount, 1200).minor, 1000);
}

static void limits_hold_for_their_currency(void **state)
{
	const struct fee_limits limits = { .min = amount("15.00 EUR"), .max = amount("60.00 EUR") };
	const struct fee_limits swiss = { .min = amount("15.00 CHF"), .max = amount("60.00 CHF") };
	struct fee_base base = { amount("80.00 EUR"), 3600 };
	struct fee_rule f = percent("10%");
	struct money out;

	fee_amount(&f, &limits, &base, &out);
	assert_int_equal(out.minor, 1500);
	fee_amount(&f, &swiss, &base, &out);
	assert_int_equal(out.minor, 800);
	f = percent("100%");
	fee_amount(&f, &limits, &base, &out);
	assert_int_equal(out.minor, 6000);
	f = percent("0%"); /* nothing stays nothing */
	fee_amount(&f, &limits, &base, &out);
	assert_int_equal(out.minor, 0);
}

static void an_unknown_price_gives_no_percentage(void **state)
{
	const struct fee_rule flat = { .kind = FEE_AMOUNT, .amount = amount("40.00 EUR") };
	const struct fee_base base = { .price = { .minor = -1 } };
	const struct fee_limits none = { 0 };
	struct fee_rule half = percent("50%");
	struct money out;

	assert_int_equal(fee_amount(&half, &none, &base, &out), -1);
	assert_int_equal(fee_amount(&flat, &none, &base, &out), 0);
	assert_int_equal(out.minor, 4000);
	assert_int_equal(fee_amount(&(struct fee_rule){ .kind = FEE_SESSION }, &none, &base, &out), -1);
}

static void caps(void **state)
{
	const struct money price = amount("49.99 EUR"), unknown = { .minor = -1 };
	struct cap cap = { .kind = CAP_PERCENT, .percent = percent("50%").percent };
	int64_t out = -1;

	assert_true(fee_cap(&cap, &price, "EUR", &out));
	assert_int_equal(out, 2500);
	assert_false(fee_cap(&cap, &price, "CHF", &out));
	assert_false(fee_cap(&cap, &unknown, "EUR", &out));
	cap = (struct cap){ .kind = CAP_AMOUNT, .amount = amount("30.00 EUR") };
	assert_true(fee_cap(&cap, &unknown, "EUR", &out));
	assert_int_equal(out, 3000);
	cap.kind = CAP_NONE;
	assert_false(fee_cap(&cap, &price, "EUR", &out));
}

static void fees_compare_within_a_kind(void **state)
{
	const struct fee_rule flat = { .kind = FEE_AMOUNT, .amount = amount("40.00 EUR") };
	const struct fee_rule swiss = { .kind = FEE_AMOUNT, .amount = amount("40.00 CHF") };
	struct fee_rule half = percent("50%"), half_too = percent("50.00%"), all = percent("100%");

	assert_int_equal(fee_compare(&half, &all), -1);
	assert_int_equal(fee_compare(&all, &half), 1);
	assert_int_equal(fee_compare(&half, &half_too), 0);
	assert_int_equal(fee_compare(&half, &flat), 2);
	assert_int_equal(fee_compare(&flat, &swiss), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percentages_are_exact),
		cmocka_unit_test(bad_percentages_are_refused),
		cmocka_unit_test(an_hourly_fee_counts_seconds),
		cmocka_unit_test(limits_hold_for_their_currency),
		cmocka_unit_test(an_unknown_price_gives_no_percentage),
		cmocka_unit_test(caps),
		cmocka_unit_test(fees_compare_within_a_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
