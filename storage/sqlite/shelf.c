#include "storage/sqlite/shelf.h"

enum { DAY = 86400, LEAST = 16, ANY_DAY = 0, ALL_DAYS = 0xff };

static int64_t day_of(int64_t t)
{
	return t / DAY - (t % DAY < 0);
}

static unsigned weekday(int64_t day)
{
	int64_t rest = day % 7;

	return (unsigned)(rest < 0 ? rest + 7 : rest) + 1;
}

static int note_day(const struct span *s, void *arg)
{
	unsigned *day = arg, its = weekday(day_of(s->start));
	int64_t last = s->end > s->start ? s->end - 1 : s->start;

	if (day_of(s->start) != day_of(last) || (*day != ANY_DAY && *day != its)) {
		*day = ANY_DAY;
		return 1;
	}
	*day = its;
	return 0;
}

static unsigned common_day(const struct span_set *spans)
{
	unsigned day = ANY_DAY;

	return spans_visit(spans, INT64_MIN, INT64_MAX, note_day, &day) == SPANS_SOME ? day : ANY_DAY;
}

static unsigned power_above(int64_t first, int64_t last)
{
	unsigned n = LEAST;
	int64_t length;

	if (__builtin_sub_overflow(last, first, &length))
		return SHELF_OPEN;
	while (n < SHELF_OPEN && length >> n > 0) {
		n++;
	}
	return n;
}

unsigned shelf_of(int64_t first, int64_t last, const struct span_set *spans)
{
	return last < first ? SHELF_NONE : 8 * power_above(first, last) + common_day(spans);
}

unsigned shelf_days(int64_t from, int64_t to)
{
	int64_t length;
	unsigned days = 1 << ANY_DAY;

	if (__builtin_sub_overflow(to, from, &length) || length >= 7 * DAY)
		return ALL_DAYS;
	for (int64_t day = day_of(from); day <= day_of(to - 1); day++) {
		days |= 1U << weekday(day);
	}
	return days;
}
