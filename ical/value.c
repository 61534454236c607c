/* Values of properties: dates, times, durations, periods, text. */
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "ical/ical.h"
#include "ical/internal.h"

enum {
	DAYS_MAX = 3660000,  /* a little more than the calendar's 9999 years */
	TZID_SIZE = 256,
};

/* ---- text: RFC 5545 3.3.11 ---- */

char *ical_text(const char *value, struct arena *mem)
{
	char *out = arena_strdup(mem, value);
	char *to = strchr(out, '\\');

	if (!to) {
		return out;
	}
	for (const char *p = to; *p; p++) {
		if (*p == '\\' && (p[1] == 'n' || p[1] == 'N')) {
			*to++ = '\n';
			p++;
		} else if (*p == '\\' && (p[1] == '\\' || p[1] == ';' || p[1] == ',')) {
			*to++ = *++p;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
	return out;
}

/* Other control characters have no spelling in a content line and are left out. */
int ical_escape(struct buf *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p == '\n' || *p == '\r') {
			p += *p == '\r' && p[1] == '\n';
			buf_adds(out, "\\n");
			continue;
		}
		if (*p == '\\' || *p == ';' || *p == ',') {
			buf_addc(out, '\\');
		}
		if ((unsigned char)*p >= 0x20 ? *p != 0x7f : *p == '\t') {
			buf_addc(out, *p);
		}
	}
	return out->full ? -1 : 0;
}

/* ---- dates and times: RFC 5545 3.3.4, 3.3.5 ---- */

/* n digits at s as a number, -1 if there are others. */
static int digits(const char *s, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if (!ascii_isdigit((unsigned char)s[i])) {
			return -1;
		}
		v = v * 10 + (s[i] - '0');
	}
	return v;
}

static bool take_date(const char *s, struct wall *w)
{
	w->year = digits(s, 4);
	w->month = w->year < 0 ? -1 : digits(s + 4, 2);
	w->day = w->month < 0 ? -1 : digits(s + 6, 2);
	return w->month >= 1 && w->month <= 12 && w->day >= 1
		&& w->day <= days_in_month(w->year, w->month);
}

static bool take_time(const char *s, struct wall *w)
{
	w->hour = digits(s, 2);
	w->min = w->hour < 0 ? -1 : digits(s + 2, 2);
	w->sec = w->min < 0 ? -1 : digits(s + 4, 2);
	if (w->sec == 60) {
		w->sec = 59;
	}
	return w->hour >= 0 && w->hour < 24 && w->min >= 0 && w->min < 60 && w->sec >= 0 && w->sec < 60;
}

static bool take_when(const char *value, struct ical_when *out)
{
	size_t len = strlen(value);

	if (len < 8 || !take_date(value, &out->wall)) {
		return false;
	}
	if (len == 8) {
		out->form = ICAL_DATE;
		return true;
	}
	bool utc = len == 16 && value[15] == 'Z';
	out->form = utc ? ICAL_UTC : ICAL_FLOATING;
	return (utc || len == 15) && value[8] == 'T' && take_time(value + 9, &out->wall);
}

/*
 * Olson names by themselves, or behind a vendor's prefix: "/mozilla.org/20050126_1/Europe/Berlin",
 * "/freeassociation.sourceforge.net/Europe/Berlin". The longest ending that is a name counts.
 */
static const struct zone *find_olson(const char *tzid)
{
	const struct zone *z = zone_find(tzid);

	if (*tzid != '/') {
		return z;
	}
	for (const char *p = tzid; !z && p; p = strchr(p, '/')) {
		z = zone_find(++p);
	}
	return z;
}

static const struct zone *find_zone(const struct ical *ic, const char *tzid)
{
	char name[TZID_SIZE];
	size_t n = strlen(tzid);

	while (n && (tzid[n - 1] == ' ' || tzid[n - 1] == '\t')) {
		n--; /* Microsoft's clients */
	}
	if (!n || n >= sizeof(name)) {
		return NULL;
	}
	memcpy(name, tzid, n);
	name[n] = '\0';
	const struct zone *z = find_olson(name);
	return z || !ic ? z : ical_object_zone(ic, name);
}

int ical_when(const struct ical *ic, const char *value, const char *tzid, const struct zone *floating,
	struct ical_when *out, struct err *e)
{
	struct ical_when w = { .tzid = tzid };

	if (!take_when(value, &w)) {
		return err_set(e, ERR_SYNTAX, "no date or time: '%.40s'", value);
	}
	if (w.wall.year < 1) {
		return err_set(e, ERR_EARLY, "the year 0000");
	}
	w.in = floating ? floating : zone_utc();
	if (w.form == ICAL_UTC) {
		w.in = zone_utc();
	} else if (w.form == ICAL_FLOATING && tzid) {
		w.zone = find_zone(ic, tzid);
		w.form = w.zone ? ICAL_ZONED : ICAL_FLOATING;
		w.in = w.zone ? w.zone : w.in;
	}
	w.utc = zone_to_utc(w.in, &w.wall);
	*out = w;
	return 0;
}

int ical_line_when(const struct ical *ic, const struct ical_line *l, const struct zone *floating,
	struct ical_when *out, struct err *e)
{
	return ical_when(ic, l->value, ical_param(l, "TZID"), floating, out, e);
}

/* ---- durations: RFC 5545 3.3.6 ---- */

/* The units in the order they may come, each once; those behind the T are exact. */
static const struct { char name; bool time; int64_t factor; } units[] = {
	{ 'W', false, 7 }, { 'D', false, 1 }, { 'H', true, 3600 }, { 'M', true, 60 }, { 'S', true, 1 },
};

/* One "number unit" at p; *at is the first unit still allowed. NULL: malformed. */
static const char *take_unit(const char *p, bool time, size_t *at, struct ical_duration *d, bool *range)
{
	size_t n = 0, i = *at;
	uint64_t v = 0;

	while (ascii_isdigit((unsigned char)p[n])) {
		n++;
	}
	while (i < ARRAY_SIZE(units) && (units[i].time != time || units[i].name != p[n])) {
		i++;
	}
	if (!n || i == ARRAY_SIZE(units)) {
		return NULL;
	}
	if (parse_u64n(p, n, 0, (uint64_t)DAYS_MAX * 86400, &v)) {
		*range = true;
	}
	*(time ? &d->seconds : &d->days) += (int64_t)v * units[i].factor;
	*at = i + 1;
	return p + n + 1;
}

static bool take_duration(const char *p, struct ical_duration *d, bool *range)
{
	size_t at = 0, parts = 0;
	bool time = false;

	if (*p++ != 'P') {
		return false;
	}
	while (*p) {
		if (*p == 'T' && !time) {
			time = true;
			parts = 0; /* a T alone is malformed */
			p++;
			continue;
		}
		p = take_unit(p, time, &at, d, range);
		if (!p) {
			return false;
		}
		parts++;
	}
	return parts > 0;
}

int ical_duration(const char *value, struct ical_duration *out, struct err *e)
{
	struct ical_duration d = { 0 };
	bool range = false, negative = *value == '-';

	if (!take_duration(value + (*value == '-' || *value == '+'), &d, &range)) {
		return err_set(e, ERR_SYNTAX, "no duration: '%.40s'", value);
	}
	if (range || d.days > DAYS_MAX || d.seconds > (int64_t)DAYS_MAX * 86400) {
		return err_set(e, ERR_LATE, "a duration longer than the calendar: '%.40s'", value);
	}
	out->days = negative ? -d.days : d.days;
	out->seconds = negative ? -d.seconds : d.seconds;
	return 0;
}

int64_t ical_add(const struct ical_when *start, const struct ical_duration *d)
{
	const struct zone *z = start->in ? start->in : start->zone ? start->zone : zone_utc();
	struct wall w;

	if (!d->days) {
		return start->utc + d->seconds;
	}
	wall_from_seconds(wall_seconds(&start->wall) + d->days * 86400, &w);
	return zone_to_utc(z, &w) + d->seconds;
}

/* ---- lists and periods ---- */

int ical_list_next(const char **at, char item[ICAL_ITEM_SIZE])
{
	const char *p = *at;

	if (!p) {
		return 0;
	}
	size_t n = strcspn(p, ",");
	if (n >= ICAL_ITEM_SIZE) {
		return -1;
	}
	memcpy(item, p, n);
	item[n] = '\0';
	*at = p[n] ? p + n + 1 : NULL;
	return 1;
}

static int period_end(const struct ical *ic, const char *value, const char *tzid,
	const struct ical_when *start, int64_t *end, struct err *e)
{
	struct ical_duration d;
	struct ical_when until;

	if (*value == 'P' || *value == '+') {
		if (ical_duration(value, &d, e)) {
			return -1;
		}
		*end = ical_add(start, &d);
		return 0;
	}
	if (ical_when(ic, value, tzid, start->in, &until, e)) {
		return -1;
	}
	*end = until.utc;
	return 0;
}

int ical_period(const struct ical *ic, const char *value, const char *tzid, const struct zone *floating,
	struct ical_when *start, int64_t *end, struct err *e)
{
	char first[ICAL_ITEM_SIZE];
	size_t n = strcspn(value, "/");
	struct ical_when from;
	int64_t to;

	if (!value[n] || n >= sizeof(first)) {
		return err_set(e, ERR_SYNTAX, "no period: '%.40s'", value);
	}
	memcpy(first, value, n);
	first[n] = '\0';
	if (ical_when(ic, first, tzid, floating, &from, e)
		|| period_end(ic, value + n + 1, tzid, &from, &to, e)) {
		return -1;
	}
	if (from.form == ICAL_DATE || to < from.utc) {
		return err_set(e, ERR_SYNTAX, "no period: '%.40s'", value);
	}
	*start = from;
	*end = to;
	return 0;
}
