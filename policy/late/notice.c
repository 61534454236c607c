#include "policy/late/notice.h"

#include <string.h>

#include "base/clock.h"
#include "base/util.h"

enum {
	MINUTE = 60, HOUR = 3600, DAY = 86400,
	COUNT_MAX = 9999,
	/* Days looked at for bd and bh: COUNT_MAX of them, one open day a week, and as many holidays. */
	WALK_MAX = 200000,
};

static const struct { const char *name; enum duration_unit unit; int64_t ceiling; } units[] = {
	{ "s", UNIT_SECOND, 1 },
	{ "m", UNIT_MINUTE, MINUTE },
	{ "h", UNIT_HOUR, HOUR },
	{ "d", UNIT_DAY, DAY },
	{ "w", UNIT_WEEK, 7 * DAY },
	{ "bd", UNIT_OPEN_DAY, 3 * DAY },      /* a weekend at most, holidays aside */
	{ "bh", UNIT_OPEN_HOUR, 12 * HOUR },
};

int clock_parse(const char *text, size_t len)
{
	uint64_t hour, minute;

	if (len != 5 || text[2] != ':')
		return -1;
	if (parse_u64n(text, 2, 0, 24, &hour) || parse_u64n(text + 3, 2, 0, 59, &minute))
		return -1;
	return hour == 24 && minute ? -1 : (int)(hour * 60 + minute);
}

int duration_parse(const char *text, bool clock_allowed, struct duration *out)
{
	size_t digits = strspn(text, "0123456789"), len;
	const char *unit = text + digits, *at = strchr(unit, '@');
	struct duration d = { .at = -1 };
	uint64_t count;

	if (digits == 0 || parse_u64n(text, digits, 0, COUNT_MAX, &count))
		return -1;
	len = at ? (size_t)(at - unit) : strlen(unit);
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strlen(units[i].name) != len || memcmp(unit, units[i].name, len))
			continue;
		d.count = (int64_t)count;
		d.unit = units[i].unit;
		if (at && (!clock_allowed || (d.unit != UNIT_DAY && d.unit != UNIT_OPEN_DAY) ||
				(d.at = clock_parse(at + 1, strlen(at + 1))) < 0 || d.at == 24 * 60))
			return -1;
		*out = d;
		return 0;
	}
	return -1;
}

bool duration_needs_opening(const struct duration *d)
{
	return d->unit == UNIT_OPEN_DAY || d->unit == UNIT_OPEN_HOUR;
}

int64_t duration_ceiling(const struct duration *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (units[i].unit == d->unit)
			return d->count * units[i].ceiling + (d->at >= 0 ? DAY : 0);
	}
	return 0;
}

static bool day_is_open(const struct calendar_days *days, int64_t day)
{
	if (!days->opening || days->opening->count[weekday_from_days(day)] == 0)
		return false;
	return !days->holidays || !holiday_is(days->holidays, day);
}

/* The instant of minutes after midnight on a day; 3.2, 3: gaps and overlaps are the zone's business. */
static int64_t instant(const struct calendar_days *days, int64_t day, int64_t seconds)
{
	struct wall w;

	wall_from_seconds(day * DAY + seconds, &w);
	return zone_to_utc(days->zone, &w);
}

static void split_local(const struct calendar_days *days, int64_t when, int64_t *day, int64_t *seconds)
{
	struct wall w;
	int64_t local;

	zone_from_utc(days->zone, when, &w);
	local = wall_seconds(&w);
	*seconds = (local % DAY + DAY) % DAY;
	*day = (local - *seconds) / DAY;
}

/* n calendar days (or open days) on, step -1 back; the same wall time, or `at`. */
static int64_t walk_days(const struct calendar_days *days, int64_t when, const struct duration *d, int step)
{
	int64_t day, seconds, left = d->count * (d->unit == UNIT_WEEK ? 7 : 1);

	split_local(days, when, &day, &seconds);
	if (d->unit != UNIT_OPEN_DAY) {
		day += step * left;
	} else {
		for (int i = 0; left > 0 && i < WALK_MAX; i++) {
			day += step;
			left -= day_is_open(days, day);
		}
	}
	return instant(days, day, d->at >= 0 ? d->at * MINUTE : seconds);
}

/* Latest D with n hours of open time between D and start. */
static int64_t walk_open_back(const struct calendar_days *days, int64_t start, int64_t need)
{
	int64_t day, seconds;

	split_local(days, start, &day, &seconds);
	for (int i = 0; need > 0 && i < WALK_MAX; i++, day--) {
		const struct open_span *span;

		if (!day_is_open(days, day))
			continue;
		span = days->opening->span[weekday_from_days(day)];
		for (size_t n = days->opening->count[weekday_from_days(day)]; n-- > 0;) {
			int64_t from = instant(days, day, span[n].from * MINUTE);
			int64_t to = instant(days, day, span[n].to * MINUTE);

			if (to > start)
				to = start;
			if (to <= from)
				continue;
			if (to - from >= need)
				return to - need;
			need -= to - from;
		}
	}
	return start;
}

/* Earliest D with n hours of open time between from and D. */
static int64_t walk_open_on(const struct calendar_days *days, int64_t from, int64_t need)
{
	int64_t day, seconds;

	split_local(days, from, &day, &seconds);
	for (int i = 0; need > 0 && i < WALK_MAX; i++, day++) {
		const struct open_span *span;

		if (!day_is_open(days, day))
			continue;
		span = days->opening->span[weekday_from_days(day)];
		for (size_t n = 0; n < days->opening->count[weekday_from_days(day)]; n++) {
			int64_t begin = instant(days, day, span[n].from * MINUTE);
			int64_t end = instant(days, day, span[n].to * MINUTE);

			if (begin < from)
				begin = from;
			if (end <= begin)
				continue;
			if (end - begin >= need)
				return begin + need;
			need -= end - begin;
		}
	}
	return from;
}

static int64_t walk(const struct calendar_days *days, int64_t when, const struct duration *d, int step)
{
	switch (d->unit) {
	case UNIT_SECOND:
		return when + step * d->count;
	case UNIT_MINUTE:
		return when + step * d->count * MINUTE;
	case UNIT_HOUR:
		return when + step * d->count * HOUR;
	case UNIT_OPEN_HOUR:
		return step < 0 ? walk_open_back(days, when, d->count * HOUR) :
			walk_open_on(days, when, d->count * HOUR);
	case UNIT_DAY:
	case UNIT_WEEK:
	case UNIT_OPEN_DAY:
		break;
	}
	return walk_days(days, when, d, step);
}

int64_t notice_deadline(const struct calendar_days *days, int64_t start, const struct duration *within)
{
	return walk(days, start, within, -1);
}

int64_t notice_after(const struct calendar_days *days, int64_t from, const struct duration *length)
{
	return walk(days, from, length, 1);
}

int64_t period_start(const struct calendar_days *days, int64_t t, const struct period *p)
{
	struct wall w;

	if (p->kind == PERIOD_EVER)
		return INT64_MIN;
	if (p->kind == PERIOD_SECONDS)
		return t - p->seconds + 1;
	zone_from_utc(days->zone, t, &w);
	w = (struct wall){ w.year, p->kind == PERIOD_YEAR ? 1 : w.month, 1, 0, 0, 0 };
	return zone_to_utc(days->zone, &w);
}
