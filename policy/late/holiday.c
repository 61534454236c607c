#include "policy/late/holiday.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/util.h"
#include "ical/ical.h"

enum { FR, DE, BE, CH, US, GB, COUNTRY_COUNT };

static const char *const codes[COUNTRY_COUNT] = {
	[FR] = "fr", [DE] = "de", [BE] = "be", [CH] = "ch", [US] = "us", [GB] = "gb",
};

enum { MON, TUE, WED, THU, FRI, SAT, SUN };

/* ---- the rules ---- */

enum rule_kind {
	FIXED,         /* month, day */
	EASTER,        /* day: days after Easter Sunday */
	NTH,           /* month, day: a weekday, nth: of the month; -1: the last one */
};

/* When a fixed day falls on a weekend. */
enum shift {
	STAYS,
	OBSERVED,      /* Saturday: also the Friday before; Sunday: also the Monday after (us) */
	SUBSTITUTE,    /* the next day that is none instead (gb) */
};

static const struct rule {
	unsigned char country, kind, month;
	signed char day, nth;
	unsigned char shift;
	short from, to; /* years; 0: open */
} rules[] = {
	{ FR, FIXED, 1, 1, 0, STAYS, 0, 0 }, { FR, EASTER, 0, 1, 0, STAYS, 0, 0 },
	{ FR, FIXED, 5, 1, 0, STAYS, 0, 0 }, { FR, FIXED, 5, 8, 0, STAYS, 1982, 0 },
	{ FR, EASTER, 0, 39, 0, STAYS, 0, 0 }, { FR, EASTER, 0, 50, 0, STAYS, 0, 0 },
	{ FR, FIXED, 7, 14, 0, STAYS, 0, 0 }, { FR, FIXED, 8, 15, 0, STAYS, 0, 0 },
	{ FR, FIXED, 11, 1, 0, STAYS, 0, 0 }, { FR, FIXED, 11, 11, 0, STAYS, 0, 0 },
	{ FR, FIXED, 12, 25, 0, STAYS, 0, 0 },

	{ DE, FIXED, 1, 1, 0, STAYS, 0, 0 }, { DE, EASTER, 0, -2, 0, STAYS, 0, 0 },
	{ DE, EASTER, 0, 1, 0, STAYS, 0, 0 }, { DE, FIXED, 5, 1, 0, STAYS, 0, 0 },
	{ DE, EASTER, 0, 39, 0, STAYS, 0, 0 }, { DE, EASTER, 0, 50, 0, STAYS, 0, 0 },
	{ DE, FIXED, 10, 3, 0, STAYS, 1990, 0 }, { DE, FIXED, 12, 25, 0, STAYS, 0, 0 },
	{ DE, FIXED, 12, 26, 0, STAYS, 0, 0 },
	{ DE, FIXED, 10, 31, 0, STAYS, 2017, 2017 }, /* 500 years of the Reformation */

	{ BE, FIXED, 1, 1, 0, STAYS, 0, 0 }, { BE, EASTER, 0, 1, 0, STAYS, 0, 0 },
	{ BE, FIXED, 5, 1, 0, STAYS, 0, 0 }, { BE, EASTER, 0, 39, 0, STAYS, 0, 0 },
	{ BE, EASTER, 0, 50, 0, STAYS, 0, 0 }, { BE, FIXED, 7, 21, 0, STAYS, 0, 0 },
	{ BE, FIXED, 8, 15, 0, STAYS, 0, 0 }, { BE, FIXED, 11, 1, 0, STAYS, 0, 0 },
	{ BE, FIXED, 11, 11, 0, STAYS, 0, 0 }, { BE, FIXED, 12, 25, 0, STAYS, 0, 0 },

	{ CH, FIXED, 1, 1, 0, STAYS, 0, 0 }, { CH, EASTER, 0, 39, 0, STAYS, 0, 0 },
	{ CH, FIXED, 8, 1, 0, STAYS, 1994, 0 }, { CH, FIXED, 12, 25, 0, STAYS, 0, 0 },

	{ US, FIXED, 1, 1, 0, OBSERVED, 0, 0 }, { US, NTH, 1, MON, 3, STAYS, 1986, 0 },
	{ US, NTH, 2, MON, 3, STAYS, 1971, 0 }, { US, NTH, 5, MON, -1, STAYS, 1971, 0 },
	{ US, FIXED, 6, 19, 0, OBSERVED, 2021, 0 }, { US, FIXED, 7, 4, 0, OBSERVED, 0, 0 },
	{ US, NTH, 9, MON, 1, STAYS, 0, 0 }, { US, NTH, 10, MON, 2, STAYS, 1971, 0 },
	{ US, FIXED, 11, 11, 0, OBSERVED, 1978, 0 }, { US, NTH, 11, THU, 4, STAYS, 0, 0 },
	{ US, FIXED, 12, 25, 0, OBSERVED, 0, 0 },

	{ GB, FIXED, 1, 1, 0, SUBSTITUTE, 1974, 0 }, { GB, EASTER, 0, -2, 0, STAYS, 0, 0 },
	{ GB, EASTER, 0, 1, 0, STAYS, 0, 0 }, { GB, NTH, 5, MON, 1, STAYS, 1978, 2019 },
	{ GB, FIXED, 5, 8, 0, STAYS, 2020, 2020 }, { GB, NTH, 5, MON, 1, STAYS, 2021, 0 },
	{ GB, NTH, 5, MON, -1, STAYS, 1971, 2001 }, { GB, NTH, 5, MON, -1, STAYS, 2003, 2011 },
	{ GB, NTH, 5, MON, -1, STAYS, 2013, 2021 }, { GB, NTH, 5, MON, -1, STAYS, 2023, 0 },
	{ GB, FIXED, 6, 3, 0, STAYS, 2002, 2002 }, { GB, FIXED, 6, 4, 0, STAYS, 2002, 2002 },
	{ GB, FIXED, 4, 29, 0, STAYS, 2011, 2011 },
	{ GB, FIXED, 6, 4, 0, STAYS, 2012, 2012 }, { GB, FIXED, 6, 5, 0, STAYS, 2012, 2012 },
	{ GB, FIXED, 6, 2, 0, STAYS, 2022, 2022 }, { GB, FIXED, 6, 3, 0, STAYS, 2022, 2022 },
	{ GB, FIXED, 9, 19, 0, STAYS, 2022, 2022 }, { GB, FIXED, 5, 8, 0, STAYS, 2023, 2023 },
	{ GB, NTH, 8, MON, -1, STAYS, 1971, 0 },
	{ GB, FIXED, 12, 25, 0, SUBSTITUTE, 0, 0 }, { GB, FIXED, 12, 26, 0, SUBSTITUTE, 0, 0 },
};

/* Easter Sunday of the Gregorian calendar (Meeus, Jones, Butcher). */
static int64_t easter(int64_t year)
{
	int64_t a = year % 19, b = year / 100, c = year % 100;
	int64_t d = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
	int64_t e = (32 + 2 * (b % 4) + 2 * (c / 4) - d - c % 4) % 7;
	int64_t f = d + e - 7 * ((a + 11 * d + 22 * e) / 451) + 114;

	return days_from_civil(year, (int)(f / 31), (int)(f % 31 + 1));
}

static int64_t nth_weekday(int64_t year, int month, int weekday, int nth)
{
	int64_t first = days_from_civil(year, month, 1), last = first + days_in_month(year, month) - 1;

	if (nth < 0)
		return last - (weekday_from_days(last) - weekday + 7) % 7;
	return first + (weekday - weekday_from_days(first) + 7) % 7 + 7 * (nth - 1);
}

/* Of two Christmas days on a weekend the first one's substitute comes behind the second day or its own. */
static int64_t substitute(const struct rule *r, int64_t day)
{
	int weekday = weekday_from_days(day);

	if (weekday == SAT)
		return day + 2;
	return weekday == SUN ? day + (r->month == 12 ? 2 : 1) : day;
}

static bool rule_gives(const struct rule *r, int64_t year, int64_t day)
{
	int64_t there;

	if ((r->from && year < r->from) || (r->to && year > r->to))
		return false;
	if (r->kind == EASTER)
		return easter(year) + r->day == day;
	if (r->kind == NTH)
		return nth_weekday(year, r->month, r->day, r->nth) == day;
	there = days_from_civil(year, r->month, r->day);
	if (r->shift == SUBSTITUTE)
		return substitute(r, there) == day;
	if (there == day)
		return true;
	return r->shift == OBSERVED && ((weekday_from_days(there) == SAT && day == there - 1) ||
		(weekday_from_days(there) == SUN && day == there + 1));
}

static bool is_public(unsigned countries, int64_t day)
{
	int64_t year;
	int month, mday;

	civil_from_days(day, &year, &month, &mday);
	for (size_t n = 0; n < ARRAY_SIZE(rules); n++) {
		if (!(countries >> rules[n].country & 1))
			continue;
		/* New Year's Day of the next year may be observed in this one. */
		if (rule_gives(&rules[n], year, day) || (month == 12 && rule_gives(&rules[n], year + 1, day)))
			return true;
	}
	return false;
}

/* ---- lists ---- */

unsigned holiday_country(const char *code)
{
	for (unsigned n = 0; n < COUNTRY_COUNT; n++) {
		if (strcmp(codes[n], code) == 0)
			return 1U << n;
	}
	return 0;
}

const char *holiday_countries(void)
{
	return "fr, de, be, ch, us, gb";
}

bool holiday_is(const struct holidays *h, int64_t day)
{
	for (size_t n = 0; n < h->count; n++) {
		if (h->days[n] == day)
			return true;
	}
	return h->countries && is_public(h->countries, day);
}

const struct holidays *holiday_add(const struct holidays *h, int64_t day, struct arena *mem)
{
	size_t count = h ? h->count : 0;
	struct holidays *more = arena_alloc(mem, sizeof(*more));
	int64_t *days;

	if (count == HOLIDAYS_MAX)
		return NULL;
	days = arena_array(mem, count + 1, sizeof(*days));
	if (count)
		memcpy(days, h->days, count * sizeof(*days));
	days[count] = day;
	*more = (struct holidays){ days, count + 1, h ? h->countries : 0 };
	return more;
}

const struct holidays *holiday_add_country(const struct holidays *h, unsigned country, struct arena *mem)
{
	struct holidays *more = arena_alloc(mem, sizeof(*more));

	*more = h ? *h : (struct holidays){ 0 };
	more->countries |= country;
	return more;
}

/* ---- files ---- */

static int file_read(const char *path, struct buf *out, struct err *e)
{
	char chunk[4096];
	FILE *file = fopen(path, "re");
	size_t len;

	if (!file)
		return err_set(e, ERR_INVALID, "%s: %s", path, strerror(errno));
	while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buf_add(out, chunk, len);
	fclose(file);
	return out->full ? err_set(e, ERR_INVALID, "%s: larger than %d bytes", path, HOLIDAY_FILE_MAX) : 0;
}

struct collecting { struct arena *mem; int64_t *days; size_t count; };

/* Each day that an event touches, in its own words: dates are read as if the zone were UTC. */
static int take_days(const struct ical_instance *i, void *arg)
{
	struct collecting *c = arg;
	int64_t day = i->start / 86400, last = i->end > i->start ? (i->end - 1) / 86400 : day;

	for (; day <= last; day++) {
		if (c->count == HOLIDAYS_MAX)
			return 1;
		c->days[c->count++] = day;
	}
	return 0;
}

/* One VEVENT by itself: the objects of such a file have UIDs of their own. */
static int event_days(struct collecting *c, const char *event, size_t len, struct err *e)
{
	const char *text = arena_printf(c->mem, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//EN\r\n%.*s"
		"END:VCALENDAR\r\n", (int)len, event);
	struct ical *ic;

	if (ical_parse(text, strlen(text), NULL, c->mem, &ic, e))
		return -1;
	return ical_expand(ic, zone_utc(), 0, days_from_civil(2101, 1, 1) * 86400, take_days, c, e) < 0 ? -1 : 0;
}

static int file_days(struct collecting *c, const char *text, struct err *e)
{
	static const char begin[] = "BEGIN:VEVENT", end[] = "END:VEVENT";

	for (const char *at = strstr(text, begin); at; at = strstr(at, begin)) {
		const char *stop = strstr(at, end);

		if (!stop)
			return err_set(e, ERR_INVALID, "BEGIN:VEVENT without its end");
		stop += strlen(end) + strspn(stop + strlen(end), "\r\n");
		if (event_days(c, at, (size_t)(stop - at), e))
			return -1;
		at = stop;
	}
	return c->count ? 0 : err_set(e, ERR_INVALID, "no event in it");
}

const struct holidays *holiday_add_file(const struct holidays *h, const char *path, struct arena *mem,
	struct err *e)
{
	struct collecting c = { mem, arena_array(mem, HOLIDAYS_MAX, sizeof(*c.days)), 0 };
	struct buf text cleanup_buf;
	struct err why;

	buf_init(&text, HOLIDAY_FILE_MAX);
	if (file_read(path, &text, e))
		return NULL;
	if (file_days(&c, text.data, &why)) {
		err_set(e, ERR_INVALID, "%s: %s", path, why.text);
		return NULL;
	}
	for (size_t n = 0; n < c.count; n++) {
		h = holiday_add(h, c.days[n], mem);
		if (!h) {
			err_set(e, ERR_INVALID, "%s: more than %d days", path, HOLIDAYS_MAX);
			return NULL;
		}
	}
	return h;
}
