/*
 * System zones as VTIMEZONE (RFC 5545 3.6.5), for programs that ask for them (RFC 7808): the changes of
 * the table, those alike gathered into one observance with RDATEs; what goes on for ever by the rule
 * of the file's footer into two with an RRULE.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "ical/ical.h"
#include "ical/zonetab.h"

enum {
	DAY = 86400,
	GROUPS_MAX = 256,
	LINE_MAX_BYTES = 1 << 20,
	LOCAL_SIZE = 16,
};
#define YEAR_1 (-INT64_C(62135596800)) /* what an iCalendar date can say: years 0001 to 9999 */
#define FIXED_SINCE (-INT64_C(5364662400)) /* 1800-01-01, for zones that never changed */

/* ---- periods ---- */

static const char *name_at(const struct zone *z, uint16_t name)
{
	return z->names ? z->names + name : "";
}

static struct zone_period period_at(const struct zone *z, size_t i)
{
	const struct zone_change *c = &z->changes[i];

	return (struct zone_period){ .at = c->at, .before = i ? z->changes[i - 1].offset : z->first,
		.after = c->offset, .name = name_at(z, c->name), .daylight = c->daylight };
}

/* What holds at `from`, as a period that begins there. `next`: the first change behind it. */
static struct zone_period period_from(const struct zone *z, int64_t from, size_t next)
{
	struct zone_period p = { .at = from, .before = z->first, .after = z->first,
		.name = name_at(z, z->first_name) };

	if (next) {
		p = period_at(z, next - 1);
		p.at = from;
		p.before = p.after;
	}
	return p;
}

/* The first change at or behind `from`. */
static size_t first_change(const struct zone *z, int64_t from)
{
	size_t i = 0;

	while (i < z->count && z->changes[i].at < from) {
		i++;
	}
	return i;
}

static int64_t earliest(const struct zone *z, int64_t from)
{
	return from > YEAR_1 + abs(z->first) ? from : YEAR_1 + abs(z->first);
}

/* Periods of the changes [i, end) that come before `to`. */
static int visit_changes(const struct zone *z, size_t i, size_t end, int64_t to, zone_period_fn visit,
	void *arg)
{
	int stop = 0;

	for (; !stop && i < end && z->changes[i].at < to; i++) {
		struct zone_period p = period_at(z, i);
		stop = visit(&p, arg);
	}
	return stop;
}

/* Changes before `end` only. */
static int visit_until(const struct zone *z, int64_t from, int64_t to, size_t end, zone_period_fn visit,
	void *arg)
{
	int64_t begin = earliest(z, from);
	size_t i = first_change(z, begin);
	int stop = 0;

	if (from != INT64_MIN && (i == z->count || z->changes[i].at != begin)) {
		struct zone_period p = period_from(z, begin, i);
		stop = visit(&p, arg);
	}
	return stop ? stop : visit_changes(z, i, end, to, visit, arg);
}

int zone_periods(const struct zone *z, int64_t from, int64_t to, zone_period_fn visit, void *arg)
{
	return visit_until(z, from, to, z->count, visit, arg);
}

/* ---- lines ---- */

static void write_local(struct buf *out, int64_t local)
{
	struct wall w;

	wall_from_seconds(local, &w);
	buf_printf(out, "%04d%02d%02dT%02d%02d%02d", w.year, w.month, w.day, w.hour, w.min, w.sec);
}

static void write_offset(struct buf *out, const char *name, int32_t offset)
{
	int v = abs(offset);

	buf_printf(out, "%s:%c%02d%02d", name, offset < 0 ? '-' : '+', v / 3600, v / 60 % 60);
	if (v % 60) {
		buf_printf(out, "%02d", v % 60);
	}
	buf_adds(out, "\r\n");
}

static void begin_observance(struct buf *out, const struct zone_period *p)
{
	buf_printf(out, "BEGIN:%s\r\n", p->daylight ? "DAYLIGHT" : "STANDARD");
	if (*p->name) {
		buf_printf(out, "TZNAME:%s\r\n", p->name);
	}
	write_offset(out, "TZOFFSETFROM", p->before);
	write_offset(out, "TZOFFSETTO", p->after);
	buf_adds(out, "DTSTART:");
	write_local(out, p->at + p->before);
	buf_adds(out, "\r\n");
}

static void end_observance(struct buf *out, const struct zone_period *p)
{
	buf_printf(out, "END:%s\r\n", p->daylight ? "DAYLIGHT" : "STANDARD");
}

/* ---- what goes on for ever ---- */

/* A turn's day without hours beyond it: the time of day, and how many days were carried. */
static int carried_days(const struct zone_turn *t)
{
	return (int)(t->time >= 0 ? t->time / DAY : -((DAY - 1 - t->time) / DAY));
}

static const char *weekday(int day)
{
	static const char *const names[] = { "SU", "MO", "TU", "WE", "TH", "FR", "SA" };

	return names[((day % 7) + 7) % 7];
}

/* "M3.4.4/50": the Saturday two days behind March's fourth Thursday, one of 24 to 30 March. False where the
 * month ends between them: such a turn has dates only. */
static bool write_month_day(struct buf *out, const struct zone_turn *t)
{
	int carried = carried_days(t), length = days_in_month(2001, t->month);
	int last = (t->week == 5 ? length : t->week * 7) + carried;

	buf_printf(out, ";BYMONTH=%d", t->month);
	if (!carried) {
		buf_printf(out, ";BYDAY=%d%s", t->week == 5 ? -1 : t->week, weekday(t->day));
		return true;
	}
	buf_printf(out, ";BYDAY=%s;BYMONTHDAY=", weekday(t->day + carried));
	for (int day = last - 6; day <= last; day++) {
		buf_printf(out, "%s%d", day > last - 6 ? "," : "", day);
	}
	return last - 6 >= 1 && last <= length && !(t->month == 2 && t->week == 5);
}

/* A day of years without 29 February, if that one can't come between it and what it was counted from. */
static bool write_date(struct buf *out, int day, int carried)
{
	int64_t year, days = days_from_civil(2001, 1, 1) + day + carried - 1;
	int month, of_month;

	civil_from_days(days, &year, &month, &of_month);
	buf_printf(out, ";BYMONTH=%d;BYMONTHDAY=%d", month, of_month);
	return year == 2001 && (day <= 59) == (day + carried <= 59);
}

/* False: no rule says it, and each year's date has to be written. */
static bool write_turn(struct buf *out, const struct zone_turn *t)
{
	buf_adds(out, "RRULE:FREQ=YEARLY");
	switch (t->form) {
	case TURN_MONTH:
		return write_month_day(out, t);
	case TURN_JULIAN: /* J60 is always 1 March */
		return write_date(out, t->day, carried_days(t));
	case TURN_DAY:
		return t->day + 1 <= 59 && write_date(out, t->day + 1, carried_days(t));
	}
	return false;
}

static int64_t year_of(int64_t seconds)
{
	int64_t days = seconds / DAY - (seconds % DAY < 0), year;
	int month, day;

	civil_from_days(days, &year, &month, &day);
	return year;
}

/* Is this change what the rule says, from what the rule says? */
static bool is_ruled(const struct zone *z, size_t i)
{
	const struct zone_rule *r = &z->rule;
	struct zone_period p = period_at(z, i);
	bool on = p.after == r->daylight;
	int64_t local = p.at + p.before;

	if (p.before != (on ? r->standard : r->daylight) || p.after != (on ? r->daylight : r->standard)
		|| p.daylight != on) {
		return false;
	}
	return local == zone_turn_seconds(on ? &r->start : &r->end, year_of(local));
}

/* From which change on the rule alone tells the rest; count: it tells nothing, or there is none. */
static size_t ruled_from(const struct zone *z)
{
	size_t i = z->count;

	if (!z->rule.turns) {
		return i;
	}
	while (i > 0 && is_ruled(z, i - 1)
		&& (i == z->count || z->changes[i].at - z->changes[i - 1].at < 366 * DAY)) {
		i--;
	}
	return i;
}

struct rules { char on[256], off[256]; size_t from; };

/* The two rules as text; from == count if they can't be written. */
static void make_rules(const struct zone *z, struct rules *out)
{
	struct buf on, off;
	bool ok;

	buf_init(&on, sizeof(out->on) - 1);
	buf_init(&off, sizeof(out->off) - 1);
	out->from = ruled_from(z);
	ok = out->from + 2 <= z->count && write_turn(&on, &z->rule.start) && write_turn(&off, &z->rule.end)
		&& !on.full && !off.full;
	if (ok) {
		memcpy(out->on, on.data, on.len + 1);
		memcpy(out->off, off.data, off.len + 1);
	} else {
		out->from = z->count;
	}
	buf_finish(&on);
	buf_finish(&off);
}

static void write_ruled(struct buf *out, const struct zone_period *p, const char *rule, int64_t to)
{
	char until[ICAL_UTC_SIZE];

	begin_observance(out, p);
	buf_adds(out, rule);
	if (to != INT64_MAX) {
		ical_utc(to - 1, until);
		buf_printf(out, ";UNTIL=%s", until);
	}
	buf_adds(out, "\r\n");
	end_observance(out, p);
}

/* The first change of either kind within the rule's time and the part asked for begins it. How many there
 * are. */
static size_t write_rules(struct buf *out, const struct zone *z, const struct rules *r, int64_t from,
	int64_t to)
{
	size_t first = first_change(z, from);

	first = first > r->from ? first : r->from;
	size_t i = first;
	for (; i < first + 2 && i < z->count && z->changes[i].at < to; i++) {
		struct zone_period p = period_at(z, i);
		write_ruled(out, &p, p.daylight ? r->on : r->off, to);
	}
	return i - first;
}

/* ---- what was ---- */

struct group { struct zone_period first; struct buf rdate; };
struct groups { struct group rows[GROUPS_MAX]; size_t count; bool full; };

static bool is_alike(const struct zone_period *a, const struct zone_period *b)
{
	return a->before == b->before && a->after == b->after && a->daylight == b->daylight
		&& strcmp(a->name, b->name) == 0;
}

static int gather(const struct zone_period *p, void *arg)
{
	struct groups *g = arg;
	size_t i = 0;

	while (i < g->count && !is_alike(&g->rows[i].first, p)) {
		i++;
	}
	if (i == GROUPS_MAX) {
		g->full = true;
		return 1;
	}
	if (i == g->count) {
		g->rows[g->count].first = *p;
		buf_init(&g->rows[g->count++].rdate, LINE_MAX_BYTES);
		return 0;
	}
	buf_adds(&g->rows[i].rdate, g->rows[i].rdate.len ? "," : "RDATE:");
	write_local(&g->rows[i].rdate, p->at + p->before);
	return 0;
}

static void write_groups(struct buf *out, struct groups *g)
{
	for (size_t i = 0; i < g->count; i++) {
		struct group *row = &g->rows[i];

		begin_observance(out, &row->first);
		if (row->rdate.len) {
			ical_fold(out, row->rdate.data);
		}
		end_observance(out, &row->first);
		g->full = g->full || row->rdate.full;
		buf_finish(&row->rdate);
	}
}

static void write_head(struct buf *out, const char *tzid, const char *alias_of, int64_t to)
{
	char until[ICAL_UTC_SIZE];

	buf_printf(out, "BEGIN:VTIMEZONE\r\nTZID:%s\r\n", tzid);
	if (alias_of) {
		buf_printf(out, "TZID-ALIAS-OF:%s\r\n", alias_of);
	}
	if (to != INT64_MAX) {
		ical_utc(to, until);
		buf_printf(out, "TZUNTIL:%s\r\n", until);
	}
}

int zone_vtimezone(const struct zone *z, const char *tzid, const char *alias_of, int64_t from, int64_t to,
	struct buf *out)
{
	struct groups *g = xcalloc(1, sizeof(*g));
	struct rules rules;

	make_rules(z, &rules);
	write_head(out, tzid, alias_of, to);
	visit_until(z, from, to, rules.from, gather, g);
	if (!write_rules(out, z, &rules, from, to) && !g->count) {
		struct zone_period always = period_from(z, FIXED_SINCE - z->first, 0);
		gather(&always, g);
	}
	write_groups(out, g);
	buf_adds(out, "END:VTIMEZONE\r\n");
	int rc = out->full || g->full ? -1 : 0;
	free(g);
	return rc;
}
