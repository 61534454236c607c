/* TZif files (RFC 9636) and the POSIX TZ string in their footer. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "ical/zonetab.h"

enum { DAY = 86400, HEADER_SIZE = 44, CHANGES_MAX = 10000, FOOTER_MAX = 128 };

struct header { uint32_t isut, isstd, leap, time, type, chars; };

static uint32_t be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64(const unsigned char *p)
{
	return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

/* ---- the footer: POSIX TZ with RFC 9636 3.3.1's wider hours ---- */

static bool take_number(const char **p, int max, int *out)
{
	int v = 0;

	if (!ascii_isdigit((unsigned char)**p)) {
		return false;
	}
	while (ascii_isdigit((unsigned char)**p)) {
		v = v * 10 + (*(*p)++ - '0');
		if (v > max) {
			return false;
		}
	}
	*out = v;
	return true;
}

static bool take_char(const char **p, char c)
{
	if (**p != c) {
		return false;
	}
	(*p)++;
	return true;
}

/* Abbreviations, one behind the other; the first `used` bytes are taken. */
struct names {
	char *text;
	size_t used;
};

static uint16_t add_name(struct names *to, const char *name, size_t len)
{
	size_t at = to->used;

	memcpy(to->text + at, name, len);
	to->text[at + len] = '\0';
	to->used += len + 1;
	return (uint16_t)at;
}

static bool take_name(const char **p, struct names *to, uint16_t *out)
{
	const char *start = *p;
	size_t len;

	if (take_char(p, '<')) {
		start = *p;
		len = strcspn(start, ">");
		*p += len;
		if (!take_char(p, '>')) {
			return false;
		}
	} else {
		while (ascii_isalnum((unsigned char)**p) && !ascii_isdigit((unsigned char)**p)) {
			(*p)++;
		}
		len = (size_t)(*p - start);
	}
	*out = add_name(to, start, len);
	return len > 0;
}

/* [+-]h[h[h]][:mm[:ss]] */
static bool take_time(const char **p, int32_t *out)
{
	int hour, min = 0, sec = 0;
	bool negative = take_char(p, '-');

	if (!negative) {
		take_char(p, '+');
	}
	if (!take_number(p, 167, &hour) || (take_char(p, ':') && !take_number(p, 59, &min))
		|| (take_char(p, ':') && !take_number(p, 59, &sec))) {
		return false;
	}
	int32_t v = hour * 3600 + min * 60 + sec;
	*out = negative ? -v : v;
	return true;
}

static bool take_turn(const char **p, struct zone_turn *t)
{
	bool ok;

	*t = (struct zone_turn) { .form = TURN_DAY, .time = 2 * 3600 };
	if (take_char(p, 'M')) {
		t->form = TURN_MONTH;
		ok = take_number(p, 12, &t->month) && t->month && take_char(p, '.')
			&& take_number(p, 5, &t->week) && t->week && take_char(p, '.')
			&& take_number(p, 6, &t->day);
	} else if (take_char(p, 'J')) {
		t->form = TURN_JULIAN;
		ok = take_number(p, 365, &t->day) && t->day;
	} else {
		ok = take_number(p, 365, &t->day);
	}
	return ok && (!take_char(p, '/') || take_time(p, &t->time));
}

static bool parse_posix(const char *p, struct names *names, struct zone_rule *tz)
{
	if (!take_name(&p, names, &tz->standard_name) || !take_time(&p, &tz->standard)) {
		return false;
	}
	tz->standard = -tz->standard; /* POSIX counts westward */
	tz->daylight = tz->standard + 3600;
	if (!*p) {
		return true;
	}
	if (!take_name(&p, names, &tz->daylight_name)) {
		return false;
	}
	if (*p != ',') {
		if (!take_time(&p, &tz->daylight)) {
			return false;
		}
		tz->daylight = -tz->daylight;
	}
	tz->turns = true;
	return take_char(&p, ',') && take_turn(&p, &tz->start) && take_char(&p, ',')
		&& take_turn(&p, &tz->end) && !*p;
}

int64_t zone_turn_seconds(const struct zone_turn *t, int64_t year)
{
	int64_t day = days_from_civil(year, 1, 1);

	switch (t->form) {
	case TURN_JULIAN: /* 1-365, 29 February never counted */
		day += t->day - 1 + (t->day >= 60 && days_in_month(year, 2) == 29);
		break;
	case TURN_DAY:
		day += t->day;
		break;
	case TURN_MONTH: {
		int64_t first = days_from_civil(year, t->month, 1);
		int skip = (t->day + 6 - weekday_from_days(first) + 7) % 7; /* 0 is Sunday there */
		int length = days_in_month(year, t->month), d = skip + (t->week - 1) * 7;

		day = first + (d >= length ? d - 7 : d);
		break;
	}
	}
	return day * DAY + t->time;
}

/* ---- the data block ---- */

static void read_header(const unsigned char *p, struct header *h)
{
	h->isut = be32(p + 20);
	h->isstd = be32(p + 24);
	h->leap = be32(p + 28);
	h->time = be32(p + 32);
	h->type = be32(p + 36);
	h->chars = be32(p + 40);
}

static size_t block_size(const struct header *h, size_t time_size)
{
	return h->time * (time_size + 1) + h->type * 6 + h->chars + h->leap * (time_size + 4)
		+ h->isstd + h->isut;
}

static bool header_at(const unsigned char *bytes, size_t len, size_t pos, struct header *h)
{
	if (len < HEADER_SIZE || pos > len - HEADER_SIZE || memcmp(bytes + pos, "TZif", 4)
		|| bytes[pos + 4] < '2') {
		return false;
	}
	read_header(bytes + pos, h);
	return h->time <= CHANGES_MAX && h->type <= 256 && h->chars <= 4096 && h->leap <= 4096
		&& h->isstd <= h->type && h->isut <= h->type;
}

/* One of the file's kinds of local time: offset, daylight or not, abbreviation. */
static bool read_type(const unsigned char *type, const struct header *h, struct zone_change *out)
{
	out->offset = (int32_t)be32(type);
	out->daylight = type[4] != 0;
	out->name = type[5];
	return abs(out->offset) <= ZONE_OFFSET_MAX && out->name < h->chars;
}

static bool read_changes(const unsigned char *p, const struct header *h, struct names *names,
	struct zone *z)
{
	const unsigned char *indices = p + h->time * 8, *types = indices + h->time;
	struct zone_change first;

	if (!h->type || !h->chars || !read_type(types, h, &first)) {
		return false;
	}
	z->first = first.offset;
	z->first_name = first.name;
	memcpy(names->text, types + h->type * 6, h->chars);
	names->text[h->chars] = '\0';
	names->used = h->chars + 1;
	for (uint32_t i = 0; i < h->time; i++) {
		if (indices[i] >= h->type) {
			return false;
		}
		z->changes[i].at = be64(p + i * 8);
		if (!read_type(types + indices[i] * 6, h, &z->changes[i])
			|| (i && z->changes[i].at <= z->changes[i - 1].at)) {
			return false;
		}
	}
	z->count = h->time;
	return true;
}

static void add_change(struct zone *z, const struct zone_change *c)
{
	int32_t before = z->count ? z->changes[z->count - 1].offset : z->first;

	if (c->offset != before && (!z->count || c->at > z->changes[z->count - 1].at)) {
		z->changes[z->count++] = *c;
	}
}

/* Writes the rule out for the years after the last change of the table. */
static void extend(struct zone *z)
{
	const struct zone_rule *r = &z->rule;
	struct zone_change on = { .offset = r->daylight, .name = r->daylight_name, .daylight = true };
	struct zone_change off = { .offset = r->standard, .name = r->standard_name };
	int64_t year, last = z->count ? z->changes[z->count - 1].at : 0;
	int month, day;

	civil_from_days(last / DAY, &year, &month, &day);
	z->repeats = true;
	z->cycle = days_from_civil(year + 1, 1, 1) * DAY;
	for (int64_t y = year; y <= year + CYCLE_YEARS + 1; y++) {
		on.at = zone_turn_seconds(&r->start, y) - r->standard;
		off.at = zone_turn_seconds(&r->end, y) - r->daylight;
		add_change(z, on.at < off.at ? &on : &off);
		add_change(z, on.at < off.at ? &off : &on);
	}
}

static bool read_footer(const unsigned char *p, size_t len, struct names *names, struct zone *z)
{
	char text[FOOTER_MAX];

	if (len < 2 || p[0] != '\n') {
		return false;
	}
	const unsigned char *end = memchr(p + 1, '\n', len - 1);
	if (!end || (size_t)(end - p) > sizeof(text)) {
		return false;
	}
	memcpy(text, p + 1, (size_t)(end - p) - 1);
	text[end - p - 1] = '\0';
	if (!*text) {
		return true; /* the last offset holds */
	}
	if (!parse_posix(text, names, &z->rule)) {
		return false;
	}
	if (z->rule.turns) {
		extend(z);
	}
	return true;
}

int zone_read_tzif(const unsigned char *bytes, size_t len, struct zone *out)
{
	struct header h;
	struct zone z = { 0 };
	size_t pos = HEADER_SIZE;

	if (!header_at(bytes, len, 0, &h)) {
		return -1;
	}
	pos += block_size(&h, 4); /* the block of 32-bit times is only stepped over */
	if (!header_at(bytes, len, pos, &h)) {
		return -1;
	}
	pos += HEADER_SIZE;
	if (block_size(&h, 8) > len - pos) {
		return -1;
	}
	struct names names = { .text = xmalloc(h.chars + 1 + FOOTER_MAX) };
	z.changes = xreallocarray(NULL, h.time + 2 * (CYCLE_YEARS + 2), sizeof(*z.changes));
	const unsigned char *footer = bytes + pos + block_size(&h, 8);
	if (!read_changes(bytes + pos, &h, &names, &z)
		|| !read_footer(footer, len - (size_t)(footer - bytes), &names, &z)) {
		free(z.changes);
		free(names.text);
		return -1;
	}
	z.changes = xreallocarray(z.changes, z.count + !z.count, sizeof(*z.changes));
	z.names = names.text;
	*out = z;
	return 0;
}
