/*
 * From a rule and a start to times. Each period's set is days x hours x minutes x seconds; it is
 * never written out, its n-th element is computed. What BYxxx parts forbid is jumped over: by
 * month, day, hour, minute, whichever is the largest that fails.
 */
#include "ical/recur.h"

#include "base/clock.h"

enum { DAY = 86400, LAST_DAY = 2932896 /* 9999-12-31 */, POSITION_MAX = 366 };

#define UNLIMITED UINT64_MAX
#define LAST_TIME ((int64_t)LAST_DAY * DAY + DAY - 1)

static const int64_t unit_seconds[] = {
	[RULE_DAILY] = DAY, [RULE_HOURLY] = 3600, [RULE_MINUTELY] = 60, [RULE_SECONDLY] = 1,
};

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int spend(struct recur *r, uint64_t n)
{
	if (*r->steps < n) {
		*r->steps = 0;
		return -1;
	}
	*r->steps -= n;
	return 0;
}

static bool has(const uint64_t *bits, size_t n)
{
	return bits[n / 64] >> n % 64 & 1;
}

/* ---- does the rule allow a day? ---- */

static int64_t first_week(int64_t year, int week_start)
{
	int64_t first = days_from_civil(year, 1, 1);
	int into = (weekday_from_days(first) - week_start + 7) % 7;

	/* RFC 5545 3.3.10: week 1 is the first that has four days in the year */
	return first - into + (into > 3 ? 7 : 0);
}

static void load_year(struct recur *r, int64_t year)
{
	struct year_span *y = &r->year;
	int ws = r->rule.week_start;

	if (y->days && y->year == year) {
		return;
	}
	y->year = year;
	y->first = days_from_civil(year, 1, 1);
	y->days = days_in_month(year, 2) == 29 ? 366 : 365;
	y->week1 = first_week(year, ws);
	y->next_week1 = first_week(year + 1, ws);
	y->weeks_before = (int)(y->week1 - first_week(year - 1, ws)) / 7;
	y->weeks_after = (int)(first_week(year + 2, ws) - y->next_week1) / 7;
}

static bool week_allowed(const struct rule *rule, const struct year_span *y, int64_t day)
{
	int64_t n = (day - y->week1) / 7 + 1, total = (y->next_week1 - y->week1) / 7;

	if (!rule->weeks && !rule->weeks_back) {
		return true;
	}
	if (day < y->week1) {
		n = total = y->weeks_before;
	} else if (day >= y->next_week1) {
		n = 1;
		total = y->weeks_after;
	}
	return (rule->weeks >> n & 1) || (rule->weeks_back >> (total - n + 1) & 1);
}

static bool yearday_allowed(const struct rule *rule, const struct year_span *y, int64_t day)
{
	size_t n = (size_t)(day - y->first) + 1;

	return !rule->yeardays.given || has(rule->yeardays.ahead, n)
		|| has(rule->yeardays.back, (size_t)y->days - n + 1);
}

/* place and length: of the day in the span that numbers in BYDAY count in, from 0. */
static bool weekday_allowed(const struct rule *rule, int64_t day, int place, int length)
{
	int w = weekday_from_days(day);

	if (!rule->weekdays && !rule->has_nth) {
		return true;
	}
	return (rule->weekdays >> w & 1) || (rule->nth[w] >> (place / 7 + 1) & 1)
		|| (rule->nth_back[w] >> ((length - 1 - place) / 7 + 1) & 1);
}

/* All but BYMONTH and BYMONTHDAY. mday and length: the day's place in its month. The year is
 * loaded. */
static bool day_allowed(const struct recur *r, int64_t day, int mday, int length)
{
	const struct rule *rule = &r->rule;
	bool in_year = rule->freq == RULE_YEARLY && !rule->months;
	int place = in_year ? (int)(day - r->year.first) : mday - 1;

	return week_allowed(rule, &r->year, day) && yearday_allowed(rule, &r->year, day)
		&& weekday_allowed(rule, day, place, in_year ? r->year.days : length);
}

static bool month_allowed(const struct rule *rule, int month)
{
	return !rule->months || (rule->months >> month & 1);
}

/* The days of a month that BYMONTHDAY allows; bit 1 is the first. */
static uint32_t monthdays(const struct rule *rule, int length)
{
	uint32_t all = (2u << length) - 2, mask = rule->monthdays & all;

	if (!rule->monthdays && !rule->monthdays_back) {
		return all;
	}
	for (int n = 1; n <= length; n++) {
		mask |= (rule->monthdays_back >> n & 1) << (length - n + 1);
	}
	return mask;
}

/* `day` if the rule allows it, else the next one that can be. */
static int64_t probe_day(struct recur *r, int64_t day)
{
	int64_t year;
	int month, mday;

	if (day == r->good_day) {
		return day;
	}
	civil_from_days(day, &year, &month, &mday);
	int length = days_in_month(year, month);
	if (!month_allowed(&r->rule, month)) {
		return day + length - mday + 1;
	}
	load_year(r, year);
	if (!(monthdays(&r->rule, length) >> mday & 1) || !day_allowed(r, day, mday, length)) {
		return day + 1;
	}
	r->good_day = day;
	return day;
}

/* ---- the days of a period ---- */

static void add_day(struct recur *r, int64_t day)
{
	if (!r->days || day > r->day[r->days - 1]) {
		r->day[r->days++] = (int32_t)day;
	}
}

/* RFC 7529 4.1: the 31st of a shorter month becomes its last day or the first of the next. */
static void add_skipped(struct recur *r, int64_t first, int length)
{
	int64_t day = first + length - (r->rule.skip == SKIP_BACKWARD);
	int64_t year;
	int month, mday;

	if (r->rule.skip == SKIP_OMIT || !(r->rule.monthdays >> 1 >> length)) {
		return;
	}
	civil_from_days(day, &year, &month, &mday);
	load_year(r, year);
	if (day_allowed(r, day, mday, days_in_month(year, month))) {
		add_day(r, day);
	}
}

static int add_month(struct recur *r, int64_t year, int month)
{
	if (!month_allowed(&r->rule, month)) {
		return spend(r, 1);
	}
	int64_t first = days_from_civil(year, month, 1);
	int length = days_in_month(year, month);
	uint32_t mask = monthdays(&r->rule, length);

	load_year(r, year);
	for (uint32_t left = mask; left; left &= left - 1) {
		int mday = __builtin_ctz(left);

		if (day_allowed(r, first + mday - 1, mday, length)) {
			add_day(r, first + mday - 1);
		}
	}
	add_skipped(r, first, length);
	return spend(r, 1 + (uint64_t)__builtin_popcount(mask));
}

static int add_year(struct recur *r)
{
	for (int month = 1; month <= 12; month++) {
		if (add_month(r, r->period, month)) {
			return -1;
		}
	}
	return 0;
}

/* The day of the week is asked first: most rules name one of the seven, and the date costs most. */
static int add_week(struct recur *r)
{
	unsigned weekdays = r->rule.weekdays ? r->rule.weekdays : ~0U;

	for (int64_t day = r->period; day < r->period + 7; day++) {
		if (weekdays >> weekday_from_days(day) & 1 && probe_day(r, day) == day) {
			add_day(r, day);
		}
	}
	return spend(r, 7);
}

/* ---- periods ---- */

/* The number of the period that holds a time. A week goes by its first day. */
static int64_t period_of(const struct recur *r, int64_t seconds)
{
	int64_t day = floor_div(seconds, DAY), year;
	int month, mday;

	switch (r->rule.freq) {
	case RULE_YEARLY:
	case RULE_MONTHLY:
		civil_from_days(day, &year, &month, &mday);
		return r->rule.freq == RULE_YEARLY ? year : year * 12 + month - 1;
	case RULE_WEEKLY:
		return day - (weekday_from_days(day) - r->rule.week_start + 7) % 7;
	default:
		return floor_div(seconds, unit_seconds[r->rule.freq]);
	}
}

/* On to the first period of the rule at or after `target`. */
static void skip_to(struct recur *r, int64_t target)
{
	if (target > r->period) {
		r->period += (target - r->period + r->stride - 1) / r->stride * r->stride;
	}
	r->loaded = false;
}

/* The lowest bit from `from` on; `none` if there is none. */
static int next_bit(uint64_t bits, int from, int none)
{
	bits = from < 64 ? bits >> from : 0;
	return bits ? from + __builtin_ctzll(bits) : none;
}

/* The time of day if the rule's limits allow it, else the next one that can be; DAY: none today. */
static int probe_time(const struct rule *rule, int time)
{
	int h = time / 3600, m = time / 60 % 60, s = time % 60;

	if (rule->freq >= RULE_HOURLY && rule->hours && !(rule->hours >> h & 1)) {
		return next_bit(rule->hours, h + 1, 24) * 3600;
	}
	if (rule->freq >= RULE_MINUTELY && rule->minutes && !(rule->minutes >> m & 1)) {
		return h * 3600 + next_bit(rule->minutes, m + 1, 60) * 60;
	}
	if (rule->freq >= RULE_SECONDLY && rule->seconds && !(rule->seconds >> s & 1)) {
		return time - s + next_bit(rule->seconds, s + 1, 60);
	}
	return time;
}

/* Periods of a day or less: on to the first that the rule allows. 1, 0: none, -1: budget. */
static int settle(struct recur *r)
{
	int64_t unit = unit_seconds[r->rule.freq];

	for (;;) {
		int64_t at = r->period * unit, day = floor_div(at, DAY);

		if (r->period > r->last_period) {
			return 0;
		}
		if (spend(r, 1)) {
			return -1;
		}
		int64_t next = probe_day(r, day) * DAY;
		if (next <= at) {
			next = day * DAY + probe_time(&r->rule, (int)(at - day * DAY));
		}
		if (next == at) {
			return 1;
		}
		skip_to(r, floor_div(next + unit - 1, unit));
	}
}

/* The parts of a day that the frequency counts itself. */
static void fix_time(struct recur *r, int64_t at)
{
	int time = (int)(at - floor_div(at, DAY) * DAY);

	if (r->rule.freq >= RULE_HOURLY) {
		r->hour[0] = (uint8_t)(time / 3600);
		r->hours = 1;
	}
	if (r->rule.freq >= RULE_MINUTELY) {
		r->minute[0] = (uint8_t)(time / 60 % 60);
		r->minutes = 1;
	}
	if (r->rule.freq == RULE_SECONDLY) {
		r->second[0] = (uint8_t)(time % 60);
		r->seconds = 1;
	}
}

static int load_days(struct recur *r)
{
	int64_t at;
	int rc;

	r->days = 0;
	if (r->period > r->last_period) {
		return 0;
	}
	switch (r->rule.freq) {
	case RULE_YEARLY:
		return add_year(r) ? -1 : 1;
	case RULE_MONTHLY:
		return add_month(r, r->period / 12, (int)(r->period % 12) + 1) ? -1 : 1;
	case RULE_WEEKLY:
		return add_week(r) ? -1 : 1;
	default:
		rc = settle(r);
		at = r->period * unit_seconds[r->rule.freq];
		if (rc > 0) {
			add_day(r, floor_div(at, DAY));
			fix_time(r, at);
		}
		return rc;
	}
}

/* ---- the set of a period ---- */

static int64_t element(const struct recur *r, size_t i)
{
	int64_t s = r->second[i % r->seconds];

	i /= r->seconds;
	s += r->minute[i % r->minutes] * 60;
	i /= r->minutes;
	s += r->hour[i % r->hours] * 3600;
	return (int64_t)r->day[i / r->hours] * DAY + s;
}

/* Index of the first element at or after t. */
static size_t index_of(const struct recur *r, int64_t t)
{
	size_t low = 0, high = r->size;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (element(r, mid) < t) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	return low;
}

/* The first index from i on that BYSETPOS selects. */
static size_t selected(const struct recur *r, size_t i)
{
	if (!r->rule.positions.given) {
		return i;
	}
	for (; i < r->size; i++) {
		if (i >= POSITION_MAX && r->size - i > POSITION_MAX) {
			i = r->size - POSITION_MAX;
		}
		if ((i < POSITION_MAX && has(r->rule.positions.ahead, i + 1))
			|| (r->size - i <= POSITION_MAX && has(r->rule.positions.back, r->size - i))) {
			break;
		}
	}
	return i;
}

/* Makes the set of the period, or of the next that can have one. 1, 0: none, -1: budget. */
static int load(struct recur *r)
{
	int rc = r->loaded ? 1 : load_days(r);

	if (rc <= 0 || r->loaded) {
		r->ended = rc <= 0;
		return rc;
	}
	r->loaded = true;
	r->size = r->days * r->hours * r->minutes * r->seconds;
	r->index = index_of(r, r->last + 1);
	if (!r->rule.positions.given) {
		return 1;
	}
	return spend(r, r->size < 2 * POSITION_MAX ? r->size : 2 * POSITION_MAX) ? -1 : 1;
}

static void next_period(struct recur *r)
{
	r->period += r->stride;
	r->loaded = false;
}

/* ---- opening ---- */

static size_t list_bits(uint64_t bits, uint8_t *out)
{
	size_t n = 0;

	for (; bits; bits &= bits - 1) {
		out[n++] = (uint8_t)__builtin_ctzll(bits);
	}
	return n;
}

/* "Information, not contained in the rule, necessary to determine the various recurrence instance
 * start time and dates are derived from the Start Time": RFC 5545 3.3.10. */
static void derive(struct rule *r, const struct wall *start, int start_weekday)
{
	bool dated = r->monthdays || r->monthdays_back || r->yeardays.given;
	bool free_day = !dated && !r->weekdays && !r->has_nth;
	bool weeks = r->weeks || r->weeks_back;

	if (r->freq <= RULE_DAILY && !r->hours) {
		r->hours = 1u << start->hour;
	}
	if (r->freq <= RULE_HOURLY && !r->minutes) {
		r->minutes = UINT64_C(1) << start->min;
	}
	if (r->freq <= RULE_MINUTELY && !r->seconds) {
		r->seconds = UINT64_C(1) << (start->sec > 59 ? 59 : start->sec);
	}
	if (free_day && (r->freq == RULE_WEEKLY || (r->freq == RULE_YEARLY && weeks))) {
		r->weekdays = (uint8_t)(1u << start_weekday);
	} else if (free_day && r->freq <= RULE_MONTHLY) {
		r->monthdays = 1u << start->day;
		r->months = r->freq == RULE_YEARLY && !r->months ? 1u << start->month : r->months;
	}
}

/* Numbers in BYDAY have a meaning in months and in years without BYWEEKNO only; elsewhere RFC 5545
 * forbids them, and the day is taken without its number. */
static void drop_numbers(struct rule *r)
{
	if (!r->has_nth || r->freq == RULE_MONTHLY
		|| (r->freq == RULE_YEARLY && !r->weeks && !r->weeks_back)) {
		return;
	}
	for (int d = 0; d < 7; d++) {
		r->weekdays |= (uint8_t)((r->nth[d] || r->nth_back[d]) << d);
		r->nth[d] = r->nth_back[d] = 0;
	}
	r->has_nth = false;
}

static bool is_uniform(const struct rule *r)
{
	bool days = r->months || r->monthdays || r->monthdays_back || r->weeks || r->weeks_back
		|| r->yeardays.given || r->positions.given
		|| (r->weekdays && r->freq != RULE_WEEKLY);

	return !days && r->freq >= RULE_WEEKLY && !(r->freq >= RULE_HOURLY && r->hours)
		&& !(r->freq >= RULE_MINUTELY && r->minutes) && !(r->freq == RULE_SECONDLY && r->seconds);
}

void recur_open(struct recur *r, const struct rule *rule, const struct wall *start, int64_t until,
	bool start_counts, uint64_t *steps)
{
	/* the last week of all reaches into a year that no date can tell */
	until = until < LAST_TIME ? until : LAST_TIME;
	*r = (struct recur) { .rule = *rule, .until = until, .steps = steps };
	r->start = wall_seconds(start);
	r->start_pending = start_counts;
	r->last = r->start - 1;
	r->left = rule->count ? rule->count : UNLIMITED;
	r->good_day = INT64_MIN;
	derive(&r->rule, start, weekday_from_days(floor_div(r->start, DAY)));
	drop_numbers(&r->rule);
	r->uniform = is_uniform(&r->rule);
	r->hours = list_bits(r->rule.hours, r->hour);
	r->minutes = list_bits(r->rule.minutes, r->minute);
	r->seconds = list_bits(r->rule.seconds, r->second);
	r->period = period_of(r, r->start);
	r->last_period = period_of(r, until);
	r->stride = rule->interval * (rule->freq == RULE_WEEKLY ? 7 : 1);
}

/* ---- going on ---- */

/* One instance less to come. */
static void count_down(struct recur *r, uint64_t n)
{
	if (r->left == UNLIMITED) {
		return;
	}
	r->left -= n < r->left ? n : r->left;
	r->ended = !r->left;
}

/* Counts what the loaded period has before `from`. Returns whether it reaches up to there. */
static bool count_period(struct recur *r, int64_t from)
{
	size_t end = index_of(r, from), i = r->index;

	if (!r->rule.positions.given) {
		count_down(r, end > i ? end - i : 0);
	} else {
		for (i = selected(r, i); i < end; i = selected(r, i + 1)) {
			count_down(r, 1);
		}
	}
	return end < r->size;
}

static int seek_counting(struct recur *r, int64_t from, int64_t target)
{
	while (!r->ended && r->period <= target) {
		int rc = load(r);

		if (rc <= 0) {
			return rc;
		}
		if (count_period(r, from)) {
			return 0;
		}
		next_period(r);
		int64_t whole = (target - r->period) / r->stride;
		if (r->uniform && whole > 0) {
			count_down(r, (uint64_t)whole * r->size);
			r->period += whole * r->stride;
		}
	}
	return 0;
}

int recur_seek(struct recur *r, int64_t from)
{
	int64_t slack = r->rule.skip == SKIP_FORWARD ? DAY : 0; /* a date may lie behind its month */
	int rc = 0;

	if (from > LAST_TIME + 1) {
		from = LAST_TIME + 1;
	}
	if (r->ended || from <= r->last + 1) {
		return 0;
	}
	if (r->start_pending && from <= r->start) {
		return 0;
	}
	if (r->start_pending) {
		r->start_pending = false;
		r->last = r->start;
		count_down(r, 1);
	}
	int64_t target = period_of(r, from - slack);
	if (r->left != UNLIMITED) {
		rc = seek_counting(r, from, target);
	} else if (target > r->period) {
		skip_to(r, target);
	}
	r->last = from - 1 > r->last ? from - 1 : r->last;
	if (r->loaded) {
		r->index = index_of(r, r->last + 1);
	}
	return rc;
}

static int give(struct recur *r, int64_t t, int64_t *out)
{
	r->last = t;
	count_down(r, 1);
	*out = t;
	return spend(r, 1) ? -1 : 1;
}

int recur_next(struct recur *r, int64_t *out)
{
	if (r->ended) {
		return 0;
	}
	if (r->start_pending) {
		r->start_pending = false;
		return give(r, r->start, out);
	}
	for (;;) {
		int rc = load(r);

		if (rc <= 0) {
			return rc;
		}
		size_t i = selected(r, r->index);
		if (i < r->size) {
			int64_t t = element(r, i);

			r->index = i + 1;
			r->ended = t > r->until;
			return r->ended ? 0 : give(r, t, out);
		}
		next_period(r);
	}
}
