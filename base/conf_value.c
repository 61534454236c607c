#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/conf_private.h"
#include "base/util.h"

struct unit {
	const char *name;
	int64_t factor;
};

/* Largest first: the order in which limits are put into words. */
static const struct unit size_units[] = {
	{"T", INT64_C(1) << 40}, {"G", INT64_C(1) << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {"", 1},
};

static const struct unit duration_units[] = {
	{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1},
};

static const struct {
	const char *word;
	int64_t value;
} truths[] = {{"on", 1}, {"yes", 1}, {"true", 1}, {"off", 0}, {"no", 0}, {"false", 0}};

/* Zeros in both: no maximum. */
static int64_t largest(const struct conf_option *o)
{
	return o->min == 0 && o->max == 0 ? INT64_MAX : o->max;
}

static int out_of_range(const struct conf_option *o, int64_t number)
{
	return number < o->min || number > largest(o);
}

static void unit_words(int64_t number, const struct unit *units, size_t count, char out[32])
{
	size_t i = 0;

	while (i + 1 < count && (number == 0 || number % units[i].factor != 0)) {
		i++;
	}
	snprintf(out, 32, "%" PRId64 "%s", number / units[i].factor, units[i].name);
}

/* Digits and one of the units, behind at most one blank. -1 if it is not that or too large. */
static int read_with_unit(const char *text, const struct unit *units, size_t count, int64_t *out)
{
	size_t digits = strspn(text, "0123456789");
	const char *unit = text + digits + (text[digits] == ' ');
	uint64_t number;

	if (parse_u64n(text, digits, 0, INT64_MAX, &number) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (ascii_casecmp(unit, units[i].name) == 0)
			return __builtin_mul_overflow((int64_t)number, units[i].factor, out) ? -1 : 0;
	}
	return -1;
}

static int read_units(const struct conf_option *o, const char *text, const char *what,
	const struct unit *units, size_t count, int64_t *out, struct err *e)
{
	char low[32], high[32];
	int64_t number;

	if (read_with_unit(text, units, count, &number) == 0 && !out_of_range(o, number)) {
		*out = number;
		return 0;
	}
	unit_words(o->min, units, count, low);
	unit_words(o->max, units, count, high);
	if (largest(o) == INT64_MAX)
		return err_set(e, ERR_INVALID, "%s of at least %s", what, low);
	return err_set(e, ERR_INVALID, "%s from %s to %s", what, low, high);
}

static int read_int(const struct conf_option *o, const char *text, int64_t *out, struct err *e)
{
	int64_t number;

	if (parse_i64(text, INT64_MIN, INT64_MAX, &number) == 0 && !out_of_range(o, number)) {
		*out = number;
		return 0;
	}
	if (largest(o) == INT64_MAX)
		return err_set(e, ERR_INVALID, "a whole number of at least %" PRId64, o->min);
	return err_set(e, ERR_INVALID, "a whole number from %" PRId64 " to %" PRId64, o->min, o->max);
}

static int read_bool(const char *text, int64_t *out, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(truths); i++) {
		if (ascii_casecmp(text, truths[i].word) == 0) {
			*out = truths[i].value;
			return 0;
		}
	}
	return err_set(e, ERR_INVALID, "on or off");
}

int conf_value_read(const struct conf_option *o, const char *text, int64_t *number, struct err *e)
{
	*number = 0;
	if (!utf8_valid(text, strlen(text)))
		return err_set(e, ERR_INVALID, "text in UTF-8");
	switch (o->type) {
	case CONF_INT:
		return read_int(o, text, number, e);
	case CONF_BOOL:
		return read_bool(text, number, e);
	case CONF_SIZE:
		return read_units(o, text, "a size (as 512K, 8M, 1G)", size_units,
			ARRAY_SIZE(size_units), number, e);
	case CONF_DURATION:
		return read_units(o, text, "a duration (as 250ms, 30s, 15m, 2h, 7d)", duration_units,
			ARRAY_SIZE(duration_units), number, e);
	case CONF_STRING:
	case CONF_LIST:
		return o->check != NULL ? o->check(text, e) : 0;
	}
	return err_set(e, ERR_INTERNAL, "a type of option that exists");
}
