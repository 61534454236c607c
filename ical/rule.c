/* RECUR values: RFC 5545 3.3.10, RFC 7529 4. */
#include <string.h>

#include "base/util.h"
#include "ical/internal.h"
#include "ical/recur.h"

/* So that interval times seconds stays far below 2^63; more than any two dates are apart. */
#define INTERVAL_MAX (INT64_C(1) << 40)
#define COUNT_MAX (UINT64_C(1) << 62)

/* A signed decimal, or a word's letters behind it (BYDAY). */
struct item {
	bool negative;
	uint64_t value; /* 0: no digits */
	const char *rest;
	size_t rest_len;
};

struct parse {
	struct rule *rule;
	unsigned seen; /* rows of the table below */
	struct err *e;
};

static const char weekday_names[7][3] = { "MO", "TU", "WE", "TH", "FR", "SA", "SU" };

static bool same(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && !ascii_ncasecmp(text, word, len);
}

static int weekday(const char *text, size_t len)
{
	for (int i = 0; i < 7; i++) {
		if (same(text, len, weekday_names[i])) {
			return i;
		}
	}
	return -1;
}

/* Digits only; what is greater than max becomes max. */
static int number(const char *text, size_t len, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < len; i++) {
		if (!ascii_isdigit((unsigned char)text[i])) {
			return -1;
		}
		uint64_t digit = (uint64_t)(text[i] - '0');
		v = v > (max - digit) / 10 ? max : v * 10 + digit;
	}
	*out = v;
	return len ? 0 : -1;
}

static void split_item(const char *text, size_t len, struct item *out)
{
	size_t n = len && (*text == '-' || *text == '+'), digits = n;

	while (digits < len && ascii_isdigit((unsigned char)text[digits])) {
		digits++;
	}
	*out = (struct item) { .negative = n && *text == '-' };
	number(text + n, digits - n, 1000, &out->value);
	out->rest = text + digits;
	out->rest_len = len - digits;
}

/* Calls take for each of a comma list's items; none may be empty. */
static int each(const char *text, size_t len, int (*take)(const struct item *, void *), void *arg)
{
	for (;;) {
		const char *comma = memchr(text, ',', len);
		size_t n = comma ? (size_t)(comma - text) : len;
		struct item item;

		split_item(text, n, &item);
		if (!n || take(&item, arg)) {
			return -1;
		}
		if (!comma) {
			return 0;
		}
		text += n + 1;
		len -= n + 1;
	}
}

/* A list of numbers from min to max into bits; those with a minus into back, where that may be. */
struct bits {
	uint64_t min, max;
	uint64_t *ahead, *back; /* back NULL: no negative ones */
};

static int take_bit(const struct item *i, void *arg)
{
	const struct bits *b = arg;
	uint64_t *to = i->negative ? b->back : b->ahead;

	/* "0" and "" both have the value 0; the byte before tells them apart */
	if (i->rest_len || i->value < b->min || i->value > b->max || !to
		|| !ascii_isdigit((unsigned char)i->rest[-1])) {
		return -1;
	}
	to[i->value / 64] |= UINT64_C(1) << i->value % 64;
	return 0;
}

static int take_bits(const char *text, size_t len, uint64_t min, uint64_t max, uint64_t *ahead,
	uint64_t *back)
{
	struct bits b = { .min = min, .max = max, .ahead = ahead, .back = back };

	return each(text, len, take_bit, &b);
}

static int take_32(const char *text, size_t len, uint64_t min, uint64_t max, uint32_t *ahead,
	uint32_t *back)
{
	uint64_t a = 0, b = 0;

	if (take_bits(text, len, min, max, &a, back ? &b : NULL)) {
		return -1;
	}
	*ahead = (uint32_t)a;
	if (back) {
		*back = (uint32_t)b;
	}
	return 0;
}

/* ---- one function for each part ---- */

static int part_freq(struct rule *r, const char *text, size_t len)
{
	static const char *const names[] = {
		"YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (same(text, len, names[i])) {
			r->freq = (enum rule_freq)i;
			return 0;
		}
	}
	return -1;
}

static int part_interval(struct rule *r, const char *text, size_t len)
{
	uint64_t v;

	if (number(text, len, INTERVAL_MAX, &v) || !v) {
		return -1;
	}
	r->interval = (int64_t)v;
	return 0;
}

static int part_count(struct rule *r, const char *text, size_t len)
{
	return number(text, len, COUNT_MAX, &r->count) || !r->count ? -1 : 0;
}

static int part_until(struct rule *r, const char *text, size_t len)
{
	char value[ICAL_ITEM_SIZE];

	if (len >= sizeof(value)) {
		return -1;
	}
	memcpy(value, text, len);
	value[len] = '\0';
	r->has_until = true;
	return ical_when(NULL, value, NULL, NULL, &r->until, NULL);
}

static int part_wkst(struct rule *r, const char *text, size_t len)
{
	r->week_start = weekday(text, len);
	return r->week_start < 0 ? -1 : 0;
}

static int part_bysecond(struct rule *r, const char *text, size_t len)
{
	uint64_t leap = UINT64_C(1) << 60;

	if (take_bits(text, len, 0, 60, &r->seconds, NULL)) {
		return -1;
	}
	if (r->seconds & leap) { /* read as 59, like any leap second */
		r->seconds = (r->seconds & ~leap) | UINT64_C(1) << 59;
	}
	return 0;
}

static int part_byminute(struct rule *r, const char *text, size_t len)
{
	return take_bits(text, len, 0, 59, &r->minutes, NULL);
}

static int part_byhour(struct rule *r, const char *text, size_t len)
{
	return take_32(text, len, 0, 23, &r->hours, NULL);
}

static int take_weekday(const struct item *i, void *arg)
{
	struct rule *r = arg;
	int day = weekday(i->rest, i->rest_len);
	bool numbered = i->value > 0;

	/* "0MO" and "-MO" are none */
	if (day < 0 || i->value > 53 || (!numbered && i->rest[-1] != '=' && i->rest[-1] != ',')) {
		return -1;
	}
	if (!numbered) {
		r->weekdays |= (uint8_t)(1u << day);
	} else {
		(i->negative ? r->nth_back : r->nth)[day] |= UINT64_C(1) << i->value;
		r->has_nth = true;
	}
	return 0;
}

static int part_byday(struct rule *r, const char *text, size_t len)
{
	return each(text, len, take_weekday, r);
}

static int part_bymonthday(struct rule *r, const char *text, size_t len)
{
	return take_32(text, len, 1, 31, &r->monthdays, &r->monthdays_back);
}

static int part_byyearday(struct rule *r, const char *text, size_t len)
{
	r->yeardays.given = true;
	return take_bits(text, len, 1, 366, r->yeardays.ahead, r->yeardays.back);
}

static int part_byweekno(struct rule *r, const char *text, size_t len)
{
	return take_bits(text, len, 1, 53, &r->weeks, &r->weeks_back);
}

static int part_bymonth(struct rule *r, const char *text, size_t len)
{
	return take_32(text, len, 1, 12, &r->months, NULL);
}

static int part_bysetpos(struct rule *r, const char *text, size_t len)
{
	r->positions.given = true;
	return take_bits(text, len, 1, 366, r->positions.ahead, r->positions.back);
}

static int part_skip(struct rule *r, const char *text, size_t len)
{
	static const char *const names[] = { "OMIT", "BACKWARD", "FORWARD" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (same(text, len, names[i])) {
			r->skip = (enum rule_skip)i;
			return 0;
		}
	}
	return -1;
}

static int part_rscale(struct rule *r, const char *text, size_t len)
{
	(void)r;
	return same(text, len, "GREGORIAN") ? 0 : -1;
}

enum { PART_FREQ, PART_RSCALE };
static const struct {
	const char *name;
	int (*take)(struct rule *, const char *text, size_t len);
} parts[] = {
	[PART_FREQ] = { "FREQ", part_freq },
	[PART_RSCALE] = { "RSCALE", part_rscale },
	{ "SKIP", part_skip },
	{ "INTERVAL", part_interval },
	{ "COUNT", part_count },
	{ "UNTIL", part_until },
	{ "WKST", part_wkst },
	{ "BYSECOND", part_bysecond },
	{ "BYMINUTE", part_byminute },
	{ "BYHOUR", part_byhour },
	{ "BYDAY", part_byday },
	{ "BYMONTHDAY", part_bymonthday },
	{ "BYYEARDAY", part_byyearday },
	{ "BYWEEKNO", part_byweekno },
	{ "BYMONTH", part_bymonth },
	{ "BYSETPOS", part_bysetpos },
};

/* "NAME=value" of len bytes. */
static int take_part(struct parse *p, const char *text, size_t len)
{
	const char *equals = memchr(text, '=', len);
	size_t name_len = equals ? (size_t)(equals - text) : len, skip = name_len + 1;

	if (name_len >= 2 && !ascii_ncasecmp(text, "X-", 2)) {
		return 0; /* of RFC 2445 */
	}
	for (size_t i = 0; equals && i < ARRAY_SIZE(parts); i++) {
		if (!same(text, name_len, parts[i].name)) {
			continue;
		}
		if (p->seen & 1u << i) {
			return err_set(p->e, ERR_SYNTAX, "rule: %s twice", parts[i].name);
		}
		p->seen |= 1u << i;
		if (!parts[i].take(p->rule, text + skip, len - skip)) {
			return 0;
		}
		return err_set(p->e, i == PART_RSCALE ? ERR_RULES : ERR_SYNTAX, "rule: malformed '%.*s'",
			(int)(len > 60 ? 60 : len), text);
	}
	return err_set(p->e, ERR_SYNTAX, "rule: unknown part '%.*s'", (int)(len > 40 ? 40 : len), text);
}

/* An empty part (";" at the end, as some write) is passed over. */
int rule_parse(const char *value, struct rule *out, struct err *e)
{
	struct rule r = { .interval = 1 };
	struct parse p = { .rule = &r, .e = e };

	while (*value) {
		size_t len = strcspn(value, ";");

		if (len && take_part(&p, value, len)) {
			return -1;
		}
		value += len + (value[len] == ';');
	}
	if (!(p.seen & 1u << PART_FREQ)) {
		return err_set(e, ERR_SYNTAX, "rule: no FREQ");
	}
	*out = r;
	return 0;
}

int ical_rule_check(const char *value, struct err *e)
{
	struct rule r;

	return rule_parse(value, &r, e);
}
