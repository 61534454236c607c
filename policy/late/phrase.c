#include "policy/late/phrase.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"

static const char *const days[2][7] = {
	{ "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" },
	{ "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche" },
};

static const char *const months[2][12] = {
	{ "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
		"November", "December" },
	{ "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
		"novembre", "décembre" },
};

static const char *day_and_month(enum language l, int month, int day, struct arena *mem)
{
	return arena_printf(mem, "%d%s %s", day, l == LANGUAGE_FR && day == 1 ? "er" : "", months[l][month - 1]);
}

const char *phrase_time(enum language l, const struct zone *zone, int64_t when, bool year, struct arena *mem)
{
	const char *year_text = "";
	struct wall w;
	int weekday;

	zone_from_utc(zone, when, &w);
	weekday = weekday_from_days(days_from_civil(w.year, w.month, w.day));
	if (year)
		year_text = arena_printf(mem, " %d", w.year);
	return arena_printf(mem, l == LANGUAGE_FR ? "%s %s%s à %d h %02d" : "%s %s%s %02d:%02d", days[l][weekday],
		day_and_month(l, w.month, w.day, mem), year_text, w.hour, w.min);
}

static const char *clock_text(enum language l, const struct wall *w, struct arena *mem)
{
	return arena_printf(mem, l == LANGUAGE_FR ? "%d h %02d" : "%02d:%02d", w->hour, w->min);
}

const char *phrase_span(enum language l, const struct zone *zone, int64_t from, int64_t to, struct arena *mem)
{
	const char *begin = phrase_time(l, zone, from, true, mem);
	struct wall a, b;

	if (to <= from)
		return begin;
	zone_from_utc(zone, from, &a);
	zone_from_utc(zone, to, &b);
	return arena_printf(mem, "%s – %s", begin, a.year == b.year && a.month == b.month && a.day == b.day ?
		clock_text(l, &b, mem) : phrase_time(l, zone, to, true, mem));
}

const char *phrase_date(enum language l, const char *text, struct arena *mem)
{
	uint64_t y, m, d;

	if (strlen(text) < 10 || parse_u64n(text, 4, 1, 9999, &y) || parse_u64n(text + 5, 2, 1, 12, &m) ||
			parse_u64n(text + 8, 2, 1, 31, &d))
		return text;
	return arena_printf(mem, "%s %d", day_and_month(l, (int)m, (int)d, mem), (int)y);
}

const char *phrase_duration(enum language l, const struct duration *d, struct arena *mem)
{
	static const struct { const char *one, *many; } units[2][7] = {
		{ { "s", "s" }, { "min", "min" }, { "h", "h" }, { "day", "days" }, { "week", "weeks" },
			{ "business day", "business days" }, { "business hour", "business hours" } },
		{ { "s", "s" }, { "min", "min" }, { "h", "h" }, { "jour", "jours" }, { "semaine", "semaines" },
			{ "jour ouvré", "jours ouvrés" }, { "heure ouvrée", "heures ouvrées" } },
	};

	return arena_printf(mem, "%lld %s", (long long)d->count,
		d->count == 1 ? units[l][d->unit].one : units[l][d->unit].many);
}

const char *phrase_before(enum language l, const struct duration *d, struct arena *mem)
{
	const char *length = phrase_duration(l, d, mem);

	if (l == LANGUAGE_FR)
		return d->at < 0 ? arena_printf(mem, "%s avant", length) :
			arena_printf(mem, "%s avant à %d h %02d", length, d->at / 60, d->at % 60);
	return d->at < 0 ? arena_printf(mem, "%s before", length) :
		arena_printf(mem, "%s before at %02d:%02d", length, d->at / 60, d->at % 60);
}

static const struct { const char *one, *many; } long_units[2][7] = {
	{ { "second", "seconds" }, { "minute", "minutes" }, { "hour", "hours" }, { "day", "days" },
		{ "week", "weeks" }, { "business day", "business days" }, { "business hour", "business hours" } },
	{ { "seconde", "secondes" }, { "minute", "minutes" }, { "heure", "heures" }, { "jour", "jours" },
		{ "semaine", "semaines" }, { "jour ouvré", "jours ouvrés" }, { "heure ouvrée", "heures ouvrées" } },
};

const char *phrase_length(enum language l, const struct duration *d, struct arena *mem)
{
	bool one = d->count == 1 || (l == LANGUAGE_FR && d->count == 0);

	return arena_printf(mem, "%lld %s", (long long)d->count,
		one ? long_units[l][d->unit].one : long_units[l][d->unit].many);
}

const char *phrase_clock(enum language l, int minutes, struct arena *mem)
{
	return arena_printf(mem, l == LANGUAGE_FR ? "%d h %02d" : "%02d:%02d", minutes / 60, minutes % 60);
}

/* "17:00 on the day before" */
static const char *clock_before(enum language l, const struct duration *d, struct arena *mem)
{
	const char *at = phrase_clock(l, d->at, mem), *length = phrase_length(l, d, mem);
	bool open = d->unit == UNIT_OPEN_DAY;

	if (d->count == 0)
		return arena_printf(mem, l == LANGUAGE_FR ? "%s le jour même" : "%s on the same day", at);
	if (d->count == 1 && l == LANGUAGE_FR)
		return arena_printf(mem, open ? "%s le jour ouvré précédent" : "%s la veille", at);
	if (d->count == 1)
		return arena_printf(mem, open ? "%s on the business day before" : "%s on the day before", at);
	return arena_printf(mem, l == LANGUAGE_FR ? "%s, %s avant" : "%s, %s before", at, length);
}

const char *phrase_limit(enum language l, const struct duration *d, struct arena *mem)
{
	if (d->at >= 0)
		return clock_before(l, d, mem);
	return arena_printf(mem, l == LANGUAGE_FR ? "%s avant son début" : "%s before it starts",
		phrase_length(l, d, mem));
}

const char *phrase_beyond(enum language l, const struct duration *d, struct arena *mem)
{
	if (d->at >= 0)
		return arena_printf(mem, l == LANGUAGE_FR ? "après %s" : "after %s", clock_before(l, d, mem));
	return arena_printf(mem, l == LANGUAGE_FR ? "moins de %s avant son début" : "less than %s before it starts",
		phrase_length(l, d, mem));
}

const char *phrase_weekday(enum language l, int weekday)
{
	static const char *const english[7] = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
		"Saturday", "Sunday" };

	return l == LANGUAGE_FR ? days[l][weekday] : english[weekday];
}

const char *phrase_seconds(int64_t seconds, struct arena *mem)
{
	int64_t part[3];
	static const char *const unit[3] = { "h", "min", "s" };
	const char *text = "";

	if (seconds < 0)
		seconds = 0;
	part[0] = seconds / 3600;
	part[1] = seconds / 60 % 60;
	part[2] = seconds % 60;
	for (int i = 0; i < 3; i++) {
		if (part[i] || (i == 2 && !*text))
			text = arena_printf(mem, "%s%s%lld %s", text, *text ? " " : "", (long long)part[i], unit[i]);
	}
	return text;
}

const char *phrase_iso(int64_t seconds, struct arena *mem)
{
	const char *sign = seconds < 0 ? "-" : "", *text = "";
	int64_t left = seconds < 0 ? -seconds : seconds;
	static const struct { int64_t length; char letter; } unit[] = { { 3600, 'H' }, { 60, 'M' }, { 1, 'S' } };

	/* RFC 5545 3.3.6: hours may not be followed by seconds without minutes. */
	for (size_t i = 0; i < ARRAY_SIZE(unit); i++) {
		int64_t n = left / unit[i].length;

		left %= unit[i].length;
		if (n || (i == 1 && *text && left) || (i == 2 && !*text))
			text = arena_printf(mem, "%s%lld%c", text, (long long)n, unit[i].letter);
	}
	return arena_printf(mem, "%sPT%s", sign, text);
}

static char *decimal_comma(enum language l, char *text)
{
	char *point = l == LANGUAGE_FR ? strchr(text, '.') : NULL;

	if (point)
		*point = ',';
	return text;
}

const char *phrase_money(enum language l, const struct money *m, struct arena *mem)
{
	char number[MONEY_SIZE];

	if (money_format(m->minor, m->currency, number, sizeof(number)))
		number[0] = '\0';
	return arena_printf(mem, "%s %s", decimal_comma(l, number), m->currency);
}

const char *phrase_percent(enum language l, const struct percent *p, struct arena *mem)
{
	int64_t unit = p->den / 100;
	char *text = arena_printf(mem, "%lld", (long long)(p->num / unit));
	int64_t rest = p->num % unit;

	if (rest)
		text = arena_printf(mem, "%s.", text);
	while (rest) {
		rest *= 10;
		text = arena_printf(mem, "%s%lld", text, (long long)(rest / unit));
		rest %= unit;
	}
	return arena_printf(mem, "%s %%", decimal_comma(l, text));
}
