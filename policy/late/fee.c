#include "policy/late/fee.h"

#include <string.h>

#include "base/util.h"

/* Largest terms: 10^16 minor units times 10^7 (percent) or 10^11 (seconds): below 2^127 with room. */
struct fraction { __int128 num, den; };

enum { PERCENT_DECIMALS = 4 };

int percent_parse(const char *text, struct percent *out)
{
	size_t len = strlen(text);
	const char *point;
	int decimals;
	struct percent p = { .den = 100 };

	if (len < 2 || text[len - 1] != '%')
		return -1;
	point = memchr(text, '.', len);
	decimals = point ? (int)(text + len - 2 - point) : 0;
	if (decimals > PERCENT_DECIMALS)
		return -1;
	if (money_parse_number(text, len - 1, decimals, &p.num))
		return -1;
	for (int i = 0; i < decimals; i++)
		p.den *= 10;
	if (p.num > 10 * p.den)
		return -1;
	*out = p;
	return 0;
}

static bool same_currency(const struct money *a, const char *currency)
{
	return a->currency[0] && strcmp(a->currency, currency) == 0;
}

/* To a multiple of `unit`, halves up. */
static int64_t round_half_up(struct fraction f, int64_t unit)
{
	__int128 step = f.den * unit;

	return (int64_t)((2 * f.num + step) / (2 * step)) * unit;
}

static void clamp(struct fraction *f, const struct fee_limits *l, const char *currency)
{
	if (f->num > 0 && same_currency(&l->min, currency) && f->num < l->min.minor * f->den)
		*f = (struct fraction){ l->min.minor, 1 };
	if (f->num > 0 && same_currency(&l->max, currency) && f->num > l->max.minor * f->den)
		*f = (struct fraction){ l->max.minor, 1 };
}

int fee_amount(const struct fee_rule *fee, const struct fee_limits *limits, const struct fee_base *base,
	struct money *out)
{
	const struct money *of = fee->kind == FEE_PERCENT ? &base->price : &fee->amount;
	struct fraction f = { of->minor, 1 };
	int64_t unit = 1;

	if (fee->kind == FEE_NONE || fee->kind == FEE_SESSION || of->minor < 0)
		return -1;
	if (fee->kind == FEE_PERCENT)
		f = (struct fraction){ (__int128)of->minor * fee->percent.num, fee->percent.den };
	else if (fee->kind == FEE_HOURLY)
		f = (struct fraction){ (__int128)of->minor * base->seconds, 3600 };
	clamp(&f, limits, of->currency);
	if (same_currency(&limits->round, of->currency) && limits->round.minor > 0)
		unit = limits->round.minor;
	*out = *of;
	out->minor = round_half_up(f, unit);
	return 0;
}

struct money fee_rate(const struct money *per_hour, int64_t seconds)
{
	struct money price = *per_hour;

	price.minor = round_half_up((struct fraction){ (__int128)per_hour->minor * seconds, 3600 }, 1);
	return price;
}

bool fee_cap(const struct cap *cap, const struct money *price, const char *currency, int64_t *out)
{
	if (cap->kind == CAP_NONE)
		return false;
	if (cap->kind == CAP_AMOUNT) {
		if (!same_currency(&cap->amount, currency))
			return false;
		*out = cap->amount.minor;
		return true;
	}
	if (price->minor < 0 || !same_currency(price, currency))
		return false;
	*out = round_half_up((struct fraction){ (__int128)price->minor * cap->percent.num, cap->percent.den }, 1);
	return true;
}

int64_t fee_net(int64_t gross, const struct percent *rate)
{
	return round_half_up((struct fraction){ (__int128)gross * rate->den, (__int128)rate->den + rate->num }, 1);
}

static int compare(__int128 a, __int128 b)
{
	return (a > b) - (a < b);
}

int fee_compare(const struct fee_rule *a, const struct fee_rule *b)
{
	if (a->kind != b->kind || a->kind == FEE_SESSION || a->kind == FEE_NONE)
		return 2;
	if (a->kind == FEE_PERCENT)
		return compare((__int128)a->percent.num * b->percent.den, (__int128)b->percent.num * a->percent.den);
	if (strcmp(a->amount.currency, b->amount.currency))
		return 2;
	return compare(a->amount.minor, b->amount.minor);
}
