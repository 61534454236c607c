/* Reports on time: notice, when, effect, lead time (doc/policy.md 5.2, 4, 5, 8 and 11). */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "policy/report/chart.h"
#include "policy/report/kinds.h"

enum { DAY = 86400, HOUR = 3600, WEEK = 7, PICTURE_WIDTH = 900, PANEL = 300, MARKS_MAX = 12,
	VERSION_SHOWN = 10 };

static const char *const weekdays[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };

/* ---- 4: notice ---- */

/* Hours, each bucket twice as long as the one before. */
static const int64_t notice_from[] = { 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024 };
static const char *const notice_labels[] = { "<1 h", "1 h", "2 h", "4 h", "8 h", "16 h", "32 h",
	"64 h", "5 d", "11 d",
	"21 d", "43 d" };

static size_t notice_bucket(int64_t seconds)
{
	size_t n = ARRAY_SIZE(notice_from) - 1;

	while (n > 0 && seconds < notice_from[n] * HOUR)
		n--;
	return n;
}

/* Where on the axis of buckets a notice stands. */
static double notice_place(int64_t seconds)
{
	double hours = (double)seconds / HOUR;

	return hours < 1 ? hours : fmin(1 + log2(hours), (double)ARRAY_SIZE(notice_from));
}

static void count_required(struct report_table *t, int64_t required)
{
	struct cell *c;

	for (size_t n = 0; n < t->row_count; n++) {
		c = t->cells + n * t->column_count;
		if (c[0].number == required) {
			c[1].number++;
			return;
		}
	}
	c = report_row(t);
	c[0] = cell_span(required);
	c[1] = cell_count(1);
}

int gather_notice(const struct report_source *s, struct report *r, struct err *e)
{
	static const struct report_column columns[] = { { "notice", false, false }, { "at-least", true, false },
		{ "cancelled", true, false }, { "moved", true, false }, { "cumulative", true, false } };
	static const struct report_column asked[] = { { "asked-for", true, false }, { "missed", true, false } };
	struct report_table *t = report_table(r, "notice", columns, ARRAY_SIZE(columns));
	struct report_table *tiers = report_table(r, "tiers", asked, ARRAY_SIZE(asked));
	int64_t count[ARRAY_SIZE(notice_from)][2] = { { 0 } }, all = 0, sum = 0, after = 0;

	for (size_t n = 0; n < s->facts.count; n++) {
		const struct fact *f = &s->facts.at[n];
		bool moved = f->how == ENDING_MOVE_IN_TIME || f->how == ENDING_LATE_MOVE;

		if (!fact_is_lost(f) || !report_is_in(r, f->ended))
			continue;
		if (f->loss->notice < 0) {
			after++;
			continue;
		}
		count[notice_bucket(f->loss->notice)][moved]++;
		all++;
		if (fact_is_late(f) && f->loss->required >= 0)
			count_required(tiers, f->loss->required);
	}
	for (size_t n = 0; n < ARRAY_SIZE(notice_from) && all > 0; n++) {
		struct cell *c = report_row(t);

		sum += count[n][0] + count[n][1];
		c[0] = cell_text(notice_labels[n]);
		c[1] = cell_span(notice_from[n] * HOUR);
		c[2] = cell_count(count[n][0]);
		c[3] = cell_count(count[n][1]);
		c[4] = cell_share(share_of(sum, all).share);
	}
	if (after > 0)
		report_note(r, "%lld were entered after the start and aren't counted", (long long)after);
	report_note(r, "tiers: the notice that was asked for where it was missed");
	return 0;
}

static size_t notice_marks(const struct report *r, struct chart_mark marks[MARKS_MAX])
{
	const struct report_table *t = r->tables[1];
	size_t count = 0;

	for (size_t n = 0; n < t->row_count && count < MARKS_MAX; n++) {
		int64_t seconds = report_cell(t, n, 0)->number;

		marks[count++] = (struct chart_mark){ notice_place(seconds),
			arena_printf(r->mem, "%lld h", (long long)seconds / HOUR) };
	}
	return count;
}

void plot_notice(const struct report *r, struct buf *out)
{
	const struct report_table *t = r->tables[0];
	const char **labels = arena_array(r->mem, t->row_count, sizeof(*labels));
	double *cancelled = arena_array(r->mem, t->row_count, sizeof(*cancelled));
	double *moved = arena_array(r->mem, t->row_count, sizeof(*moved));
	double *sum = arena_array(r->mem, t->row_count, sizeof(*sum));
	const struct chart_series series[] = { { "cancelled", cancelled }, { "moved", moved } };
	const struct chart_box box = { 0, 0, PICTURE_WIDTH / 2, PANEL, "notice before the start" };
	const struct chart_box beside = { PICTURE_WIDTH / 2, 0, PICTURE_WIDTH / 2, PANEL,
		"at most so much notice" };
	struct chart_mark marks[MARKS_MAX];
	struct chart_axis axis = { labels, t->row_count, marks, notice_marks(r, marks), true };
	struct svg svg;

	for (size_t n = 0; n < t->row_count; n++) {
		labels[n] = report_cell(t, n, 0)->text;
		cancelled[n] = (double)report_cell(t, n, 2)->number;
		moved[n] = (double)report_cell(t, n, 3)->number;
		sum[n] = share_value(report_cell(t, n, 4));
	}
	svg_begin(&svg, out, PICTURE_WIDTH, PANEL, r->kind->what);
	chart_bars(&svg, &box, &axis, series, ARRAY_SIZE(series), CHART_COUNT);
	chart_line(&svg, &beside, &axis, sum, NULL, NULL, CHART_SHARE);
	svg_end(&svg);
}

/* ---- 5: when ---- */

int gather_when(const struct report_source *s, struct report *r, struct err *e)
{
	static const struct report_column columns[] = { { "weekday", false, false }, { "hour", true, false },
		{ "appointments", true, false }, { "late", true, false }, { "absent", true, false },
		{ "rate", true, false }, { "low", true, false }, { "high", true, false } };
	struct report_table *t = report_table(r, "when", columns, ARRAY_SIZE(columns));
	int64_t count[WEEK][24][3] = { { { 0 } } };

	for (size_t n = 0; n < s->facts.count; n++) {
		const struct fact *f = &s->facts.at[n];
		struct wall w;
		int64_t *at;

		if (!fact_counts(f) || !report_is_in(r, f->ended))
			continue;
		zone_from_utc(r->zone, f->start, &w);
		at = count[weekday_from_days(days_from_civil(w.year, w.month, w.day))][w.hour];
		at[0]++;
		at[1] += fact_is_late(f);
		at[2] += f->how == ENDING_ABSENT;
	}
	for (int d = 0; d < WEEK; d++) {
		for (int h = 0; h < 24; h++) {
			const int64_t *at = count[d][h];
			struct share_of share = share_of(at[1] + at[2], at[0]);
			struct cell *c;

			if (at[0] == 0)
				continue;
			c = report_row(t);
			c[0] = cell_text(weekdays[d]);
			c[1] = cell_count(h);
			c[2] = cell_count(at[0]);
			c[3] = cell_count(at[1]);
			c[4] = cell_count(at[2]);
			cells_share(c + 5, &share);
		}
	}
	return 0;
}

/* The hours in which there are appointments at all. */
struct hours { int first, last; };

static struct hours hours_of(const struct report_table *t)
{
	struct hours h = { 23, 0 };

	for (size_t n = 0; n < t->row_count; n++) {
		int hour = (int)report_cell(t, n, 1)->number;

		h.first = hour < h.first ? hour : h.first;
		h.last = hour > h.last ? hour : h.last;
	}
	return h.first <= h.last ? h : (struct hours){ 8, 18 };
}

static size_t weekday_row(const char *name)
{
	size_t n = 0;

	while (strcmp(weekdays[n], name) != 0)
		n++;
	return n;
}

void plot_when(const struct report *r, struct buf *out)
{
	const struct report_table *t = r->tables[0];
	struct hours h = hours_of(t);
	size_t columns = (size_t)(h.last - h.first + 1), cells = columns * WEEK;
	double *rate = arena_array(r->mem, cells, sizeof(*rate)), *count = arena_array(r->mem, cells,
		sizeof(*count));
	const char **tips = arena_array(r->mem, cells, sizeof(*tips)), **names = arena_array(r->mem, columns,
		sizeof(*names));
	const struct chart_box box = { 0, 0, PICTURE_WIDTH, PANEL, "late or absent, share" };
	const struct chart_box below = { 0, PANEL, PICTURE_WIDTH, PANEL, "late or absent, number" };
	struct svg svg;

	for (size_t n = 0; n < cells; n++)
		rate[n] = count[n] = (double)NAN;
	for (size_t n = 0; n < columns; n++)
		names[n] = arena_printf(r->mem, "%d", h.first + (int)n);
	for (size_t n = 0; n < t->row_count; n++) {
		size_t at = weekday_row(report_cell(t, n, 0)->text) * columns +
			(size_t)(report_cell(t, n, 1)->number - h.first);
		int64_t lost = report_cell(t, n, 3)->number + report_cell(t, n, 4)->number;

		rate[at] = share_value(report_cell(t, n, 5));
		count[at] = (double)lost;
		tips[at] = arena_printf(r->mem, "%lld of %lld", (long long)lost,
			(long long)report_cell(t, n, 2)->number);
	}
	svg_begin(&svg, out, PICTURE_WIDTH, 2 * PANEL, r->kind->what);
	chart_heat(&svg, &box, &(struct chart_grid){ weekdays, names, WEEK, columns, rate, tips }, CHART_SHARE);
	chart_heat(&svg, &below, &(struct chart_grid){ weekdays, names, WEEK, columns, count, tips },
		CHART_COUNT);
	svg_end(&svg);
}

/* ---- 8: effect ---- */

static const struct report_column week_columns[] = { { "week", false, false }, { "appointments", true,
	false },
	{ "late", true, false }, { "absent", true, false }, { "rate", true, false }, { "low", true, false },
	{ "high", true, false } };
static const struct report_column version_columns[] = { { "policy", false, true }, { "version", false,
	false },
	{ "first-used", false, false } };

static int64_t monday_of(int64_t day)
{
	return day - weekday_from_days(day);
}

/* When slots were first acquired under each version: the ledger has no other date of it. */
static void list_versions(const struct report_source *s, const struct report *r, struct report_table *t)
{
	for (size_t n = 0; n < s->facts.entries.count; n++) {
		const struct entry *entry = &s->facts.entries.entries[n];
		bool known = strcmp(entry->kind, KIND_SLOT) != 0 || !*entry->i.version;
		struct cell *c;

		for (size_t k = 0; k < t->row_count && !known; k++) {
			c = t->cells + k * t->column_count;
			known = strcmp(c[0].text, entry->i.policy) == 0 && strcmp(c[1].text, entry->i.version) == 0;
		}
		if (known)
			continue;
		c = report_row(t);
		c[0] = cell_text(entry->i.policy);
		c[1] = cell_text(entry->i.version);
		c[2] = cell_day(report_day(r, entry->i.acquired));
	}
}

struct week { int64_t all, late, absent; };

static void write_weeks(struct report_table *t, int64_t first, const struct week *weeks, size_t count)
{
	for (size_t n = 0; n < count; n++) {
		struct share_of share = share_of(weeks[n].late + weeks[n].absent, weeks[n].all);
		struct cell *c = report_row(t);

		c[0] = cell_day(first + WEEK * (int64_t)n);
		c[1] = cell_count(weeks[n].all);
		c[2] = cell_count(weeks[n].late);
		c[3] = cell_count(weeks[n].absent);
		cells_share(c + 4, &share);
	}
}

int gather_effect(const struct report_source *s, struct report *r, struct err *e)
{
	struct report_table *t = report_table(r, "weeks", week_columns, ARRAY_SIZE(week_columns));
	struct report_table *versions = report_table(r, "versions", version_columns,
		ARRAY_SIZE(version_columns));
	int64_t first = INT64_MAX, last = INT64_MIN;
	struct week *weeks;
	size_t count;

	for (size_t n = 0; n < s->facts.count; n++) {
		int64_t monday = monday_of(report_day(r, s->facts.at[n].ended));

		if (!fact_counts(&s->facts.at[n]) || !report_is_in(r, s->facts.at[n].ended))
			continue;
		first = monday < first ? monday : first;
		last = monday > last ? monday : last;
	}
	list_versions(s, r, versions);
	if (first > last)
		return 0;
	count = (size_t)((last - first) / WEEK + 1);
	weeks = arena_array(r->mem, count, sizeof(*weeks));
	for (size_t n = 0; n < s->facts.count; n++) {
		const struct fact *f = &s->facts.at[n];
		struct week *w;

		if (!fact_counts(f) || !report_is_in(r, f->ended))
			continue;
		w = &weeks[(monday_of(report_day(r, f->ended)) - first) / WEEK];
		w->all++;
		w->late += fact_is_late(f);
		w->absent += f->how == ENDING_ABSENT;
	}
	write_weeks(t, first, weeks, count);
	return 0;
}

static size_t version_marks(const struct report *r, struct chart_mark marks[MARKS_MAX])
{
	const struct report_table *weeks = r->tables[0], *t = r->tables[1];
	size_t count = 0;

	for (size_t n = 0; n < t->row_count && count < MARKS_MAX && weeks->row_count > 0; n++) {
		double at = (double)(report_cell(t, n, 2)->number - report_cell(weeks, 0, 0)->number) / WEEK;

		if (at > 0 && at < (double)weeks->row_count)
			marks[count++] = (struct chart_mark){ at, arena_printf(r->mem, "%.*s", VERSION_SHOWN,
				report_cell(t, n, 1)->text) };
	}
	return count;
}

/* Rows with a share and its interval in three columns from `column` on. */
static void plot_shares(const struct report *r, struct svg *svg, const char *heading,
	const char **labels,
	size_t column, const struct chart_mark *marks, size_t mark_count)
{
	const struct report_table *t = r->tables[0];
	const struct chart_box box = { 0, 0, PICTURE_WIDTH, PANEL, heading };
	double *values[3];

	for (size_t k = 0; k < 3; k++) {
		values[k] = arena_array(r->mem, t->row_count, sizeof(**values));
		for (size_t n = 0; n < t->row_count; n++)
			values[k][n] = share_value(report_cell(t, n, column + k));
	}
	chart_line(svg, &box, &(struct chart_axis){ labels, t->row_count, marks, mark_count, false }, values[0],
		values[1],
		values[2], CHART_SHARE);
}

void plot_effect(const struct report *r, struct buf *out)
{
	const struct report_table *t = r->tables[0];
	const char **labels = arena_array(r->mem, t->row_count, sizeof(*labels));
	struct chart_mark marks[MARKS_MAX];
	struct svg svg;

	for (size_t n = 0; n < t->row_count; n++) {
		int64_t year;
		int month, day;

		civil_from_days(report_cell(t, n, 0)->number, &year, &month, &day);
		labels[n] = arena_printf(r->mem, "%04d-%02d-%02d", (int)year, month, day);
	}
	svg_begin(&svg, out, PICTURE_WIDTH, PANEL, r->kind->what);
	plot_shares(r, &svg, "late or absent, by week", labels, 4, marks, version_marks(r, marks));
	svg_end(&svg);
}

/* ---- 11: lead time ---- */

static const struct { int64_t days; const char *label; } leads[] = {
	{ 0, "same day" }, { 1, "1" }, { 2, "2-3" }, { 4, "4-7" }, { 8, "8-14" }, { 15, "15-30" }, { 31,
		"31-60" },
	{ 61, "over 60" },
};

int gather_lead(const struct report_source *s, struct report *r, struct err *e)
{
	static const struct report_column columns[] = { { "days", false, false }, { "appointments", true,
		false },
		{ "absent", true, false }, { "rate", true, false }, { "low", true, false }, { "high", true, false } };
	struct report_table *t = report_table(r, "lead", columns, ARRAY_SIZE(columns));
	int64_t count[ARRAY_SIZE(leads)][2] = { { 0 } };

	for (size_t n = 0; n < s->facts.count; n++) {
		const struct fact *f = &s->facts.at[n];
		int64_t days = report_day(r, f->start) - report_day(r, f->acquired);
		size_t k = ARRAY_SIZE(leads) - 1;

		if (!fact_counts(f) || fact_is_lost(f) || !report_is_in(r, f->ended))
			continue;
		while (k > 0 && days < leads[k].days)
			k--;
		count[k][0]++;
		count[k][1] += f->how == ENDING_ABSENT;
	}
	for (size_t k = 0; k < ARRAY_SIZE(leads); k++) {
		struct share_of share = share_of(count[k][1], count[k][0]);
		struct cell *c;

		if (count[k][0] == 0)
			continue;
		c = report_row(t);
		c[0] = cell_text(leads[k].label);
		c[1] = cell_count(count[k][0]);
		c[2] = cell_count(count[k][1]);
		cells_share(c + 3, &share);
	}
	report_note(r,
		"of the appointments that were kept or missed, by the days since they were booked or moved");
	return 0;
}

void plot_lead(const struct report *r, struct buf *out)
{
	const struct report_table *t = r->tables[0];
	const char **labels = arena_array(r->mem, t->row_count, sizeof(*labels));
	struct svg svg;

	for (size_t n = 0; n < t->row_count; n++)
		labels[n] = report_cell(t, n, 0)->text;
	svg_begin(&svg, out, PICTURE_WIDTH, PANEL, r->kind->what);
	plot_shares(r, &svg, "absent, by days since the booking", labels, 3, NULL, 0);
	svg_end(&svg);
}
