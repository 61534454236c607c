#include "policy/report/chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

enum { NUMBER_SIZE = 32, ROW = 22, LABEL_SIZE = 200 };

static const double left = 56, right = 12, above = 28, below = 36, label_width = 190, spark_width = 90;
static const enum svg_paint series_paints[CHART_SERIES_MAX] = { SVG_A, SVG_B, SVG_C, SVG_D };

/* ---- values on an axis ---- */

/* The part of a box in which values are drawn, and what it stands for. */
struct area {
	double x, y, width, height, high;
	double place; /* of a point in its share of the width */
	enum chart_unit unit;
};

static double y_of(const struct area *a, double value)
{
	return a->y + a->height * (1 - value / a->high);
}

static double step_for(double high, enum chart_unit unit)
{
	double step = pow(10, floor(log10(high / 4)));

	if (high / step > 20)
		step *= 5;
	else if (high / step > 8)
		step *= 2;
	return unit == CHART_COUNT && step < 1 ? 1 : step;
}

static const char *number(double value, enum chart_unit unit, char out[NUMBER_SIZE])
{
	if (unit == CHART_SHARE)
		snprintf(out, NUMBER_SIZE, "%.3g %%", value * 100);
	else
		snprintf(out, NUMBER_SIZE, value < 1e6 ? "%.6g" : "%.4g", value);
	return out;
}

/* A little above the largest value, and never nothing. */
static double round_up(double high, enum chart_unit unit)
{
	double step;

	if (!(high > 0))
		return unit == CHART_SHARE ? 0.1 : 1;
	step = step_for(high, unit);
	high = ceil(high / step) * step;
	return unit == CHART_SHARE && high > 1 ? 1 : high;
}

static struct area area_of(const struct chart_box *box, double high, enum chart_unit unit)
{
	return (struct area){ box->x + left, box->y + above, box->width - left - right,
		box->height - above - below,
		round_up(high, unit), 0.5, unit };
}

static void draw_grid(struct svg *s, const struct chart_box *box, const struct area *a)
{
	double step = step_for(a->high, a->unit);
	char text[NUMBER_SIZE];

	svg_heading(s, box->x + 8, box->y + 16, box->heading);
	for (double v = 0; v <= a->high * 1.001; v += step) {
		double y = y_of(a, v);

		svg_line(s, a->x, y, a->x + a->width, y, SVG_GRID, 1);
		svg_text(s, a->x - 6, y + 4, SVG_END, SVG_FAINT, number(v, a->unit, text));
	}
}

/* So many of the labels that they don't touch. */
static void draw_labels(struct svg *s, const struct area *a, const struct chart_axis *axis)
{
	size_t longest = 1, every = 1;
	double slot = axis->count > 0 ? a->width / (double)axis->count : a->width;

	for (size_t n = 0; n < axis->count; n++) {
		size_t len = strlen(axis->labels[n]);

		longest = len > longest ? len : longest;
	}
	while (slot * (double)every < (double)longest * 7 + 6 && every < axis->count)
		every++;
	for (size_t n = 0; n < axis->count; n += every) {
		double x = a->x + slot * ((double)n + 0.5);

		if (n == 0 || x + (double)strlen(axis->labels[n]) * 3.5 < a->x + a->width + right)
			svg_text(s, x, a->y + a->height + 16, SVG_MIDDLE, SVG_FAINT, axis->labels[n]);
	}
}

static void draw_marks(struct svg *s, const struct area *a, const struct chart_axis *axis)
{
	double slot = axis->count > 0 ? a->width / (double)axis->count : a->width;

	for (size_t n = 0; n < axis->mark_count; n++) {
		double x = a->x + slot * axis->marks[n].at;

		svg_dashes(s, x, a->y, x, a->y + a->height, SVG_INK);
		svg_text(s, x + 3, a->y + 10 + 13 * (double)(n % 3), SVG_START, SVG_INK, axis->marks[n].label);
	}
}

static void draw_legend(struct svg *s, const struct chart_box *box, const struct chart_series *series,
	size_t count)
{
	double x = box->x + box->width - right;

	for (size_t n = count; n-- > 0 && count > 1;) {
		x -= (double)strlen(series[n].name) * 7 + 22;
		svg_rect(s, x, box->y + 7, 10, 10, series_paints[n]);
		svg_text(s, x + 14, box->y + 16, SVG_START, SVG_FAINT, series[n].name);
	}
}

/* ---- bars and lines ---- */

static double total_of(const struct chart_series *series, size_t count, size_t at)
{
	double total = 0;

	for (size_t k = 0; k < count; k++)
		total += isnan(series[k].values[at]) ? 0 : series[k].values[at];
	return total;
}

void chart_bars(struct svg *s, const struct chart_box *box, const struct chart_axis *axis,
	const struct chart_series *series, size_t series_count, enum chart_unit unit)
{
	double high = 0, slot;
	struct area a;

	for (size_t n = 0; n < axis->count; n++)
		high = fmax(high, total_of(series, series_count, n));
	a = area_of(box, high, unit);
	slot = axis->count > 0 ? a.width / (double)axis->count : a.width;
	draw_grid(s, box, &a);
	for (size_t n = 0; n < axis->count; n++) {
		double from = 0, width = fmin(slot * 0.8, 60);

		for (size_t k = 0; k < series_count; k++) {
			double value = series[k].values[n], x = a.x + slot * ((double)n + 0.5) - width / 2;

			if (!(value > 0))
				continue;
			svg_rect(s, x, y_of(&a, from + value), width, y_of(&a, from) - y_of(&a, from + value),
				series_paints[k]);
			from += value;
		}
	}
	draw_labels(s, &a, axis);
	draw_marks(s, &a, axis);
	draw_legend(s, box, series, series_count);
}

struct run { size_t from, to; };

/* The next values without a gap. */
static bool next_run(const double *values, size_t count, struct run *r)
{
	for (r->from = r->to; r->from < count && isnan(values[r->from]);)
		r->from++;
	for (r->to = r->from; r->to < count && !isnan(values[r->to]);)
		r->to++;
	return r->from < count;
}

enum { RUN_MAX = 1024 };

static double x_of(const struct area *a, size_t count, size_t n)
{
	return a->x + a->width / (double)count * ((double)n + a->place);
}

static void draw_band(struct svg *s, const struct area *a, size_t count, const double *low,
	const double *high,
	const struct run *r)
{
	struct svg_point points[2 * RUN_MAX];
	size_t n = r->to - r->from;

	for (size_t k = 0; k < n; k++) {
		double x = x_of(a, count, r->from + k);

		points[k] = (struct svg_point){ x, y_of(a, high[r->from + k]) };
		points[2 * n - 1 - k] = (struct svg_point){ x, y_of(a, low[r->from + k]) };
	}
	svg_area(s, points, 2 * n, SVG_A);
}

static void draw_run(struct svg *s, const struct area *a, size_t count, const double *values,
	const struct run *r)
{
	struct svg_point points[RUN_MAX];

	for (size_t k = r->from; k < r->to; k++) {
		points[k - r->from] = (struct svg_point){ x_of(a, count, k), y_of(a, values[k]) };
		svg_dot(s, points[k - r->from].x, points[k - r->from].y, 2.5, SVG_A);
	}
	svg_path(s, points, r->to - r->from, SVG_A);
}

void chart_line(struct svg *s, const struct chart_box *box, const struct chart_axis *axis,
	const double *values,
	const double *low, const double *high, enum chart_unit unit)
{
	size_t count = axis->count < RUN_MAX ? axis->count : RUN_MAX;
	double most = 0;
	struct area a;

	for (size_t n = 0; n < count; n++) {
		most = fmax(most, values[n]); /* fmax passes over NAN */
		most = high ? fmax(most, high[n]) : most;
	}
	a = area_of(box, most, unit);
	a.place = axis->sums ? 1 : 0.5;
	draw_grid(s, box, &a);
	for (struct run r = { 0, 0 }; low && high && next_run(high, count, &r);)
		draw_band(s, &a, count, low, high, &r);
	for (struct run r = { 0, 0 }; next_run(values, count, &r);)
		draw_run(s, &a, count, values, &r);
	draw_labels(s, &a, axis);
	draw_marks(s, &a, axis);
}

/* ---- rows ---- */

double chart_rows_height(size_t count)
{
	return above + below + ROW * (double)count;
}

static void draw_row_label(struct svg *s, double x, double y, const char *label)
{
	char text[LABEL_SIZE];
	size_t len = 0, shown = 0;

	/* About what fits, in characters. */
	while (label[len] && shown < 26 && len < LABEL_SIZE - 8) {
		size_t step = utf8_step(label + len, strlen(label + len));

		len += step > 0 ? step : 1;
		shown++;
	}
	snprintf(text, sizeof(text), "%.*s%s", (int)len, label, label[len] ? "…" : "");
	svg_text(s, x, y + 4, SVG_START, SVG_INK, text);
}

static void draw_share_axis(struct svg *s, double x, double width, double top, double bottom)
{
	char text[NUMBER_SIZE];

	for (int n = 0; n <= 4; n++) {
		double at = x + width * n / 4;

		svg_line(s, at, top, at, bottom, SVG_GRID, 1);
		svg_text(s, at, bottom + 16, SVG_MIDDLE, SVG_FAINT, number(n / 4.0, CHART_SHARE, text));
	}
}

void chart_dots(struct svg *s, const struct chart_box *box, const struct chart_row *rows, size_t count)
{
	double x = box->x + label_width, width = box->width - label_width - spark_width - 2 * right;

	svg_heading(s, box->x + 8, box->y + 16, box->heading);
	draw_share_axis(s, x, width, box->y + above, box->y + above + ROW * (double)count);
	for (size_t n = 0; n < count; n++) {
		const struct chart_row *r = &rows[n];
		enum svg_paint paint = r->apart ? SVG_B : SVG_A;
		double y = box->y + above + ROW * ((double)n + 0.5);
		const struct chart_box beside = { x + width + right, y - 8, spark_width, 16, NULL };

		draw_row_label(s, box->x + 8, y, r->label);
		if (!isnan(r->low) && !isnan(r->high))
			svg_line(s, x + width * r->low, y, x + width * r->high, y, paint, 2);
		if (!isnan(r->value))
			svg_dot(s, x + width * r->value, y, 4, paint);
		chart_spark(s, &beside, r->spark, r->spark_count);
	}
}

void chart_pairs(struct svg *s, const struct chart_box *box, const struct chart_pair *pairs,
	size_t count,
	const char *before, const char *after)
{
	double x = box->x + label_width, width = box->width - label_width - 2 * right, most = 0;
	double bottom = box->y + above + ROW * (double)count, step;
	char text[NUMBER_SIZE];

	for (size_t n = 0; n < count; n++)
		most = fmax(most, fmax(pairs[n].before, pairs[n].after));
	most = round_up(most, CHART_NUMBER);
	step = step_for(most, CHART_NUMBER);
	svg_heading(s, box->x + 8, box->y + 16, box->heading);
	for (double v = 0; v <= most * 1.001; v += step) {
		svg_line(s, x + width * v / most, box->y + above, x + width * v / most, bottom, SVG_GRID, 1);
		svg_text(s, x + width * v / most, bottom + 16, SVG_MIDDLE, SVG_FAINT, number(v, CHART_NUMBER, text));
	}
	for (size_t n = 0; n < count; n++) {
		double y = box->y + above + ROW * ((double)n + 0.5);
		double x1 = x + width * pairs[n].before / most, x2 = x + width * pairs[n].after / most;

		draw_row_label(s, box->x + 8, y, pairs[n].label);
		if (!isnan(x1) && !isnan(x2))
			svg_line(s, x1, y, x2, y, SVG_FAINT, 1.5);
		if (!isnan(x1))
			svg_ring(s, x1, y, 4, SVG_A);
		if (!isnan(x2))
			svg_dot(s, x2, y, 4, SVG_B);
	}
	svg_ring(s, box->x + box->width - 190, box->y + 12, 4, SVG_A);
	svg_text(s, box->x + box->width - 182, box->y + 16, SVG_START, SVG_FAINT, before);
	svg_dot(s, box->x + box->width - 100, box->y + 12, 4, SVG_B);
	svg_text(s, box->x + box->width - 92, box->y + 16, SVG_START, SVG_FAINT, after);
}

/* ---- the others ---- */

void chart_heat(struct svg *s, const struct chart_box *box, const struct chart_grid *grid,
	enum chart_unit unit)
{
	double x = box->x + left, y = box->y + above, most = 0;
	double width = (box->width - left - right) / (double)grid->column_count;
	double height = (box->height - above - below) / (double)grid->row_count;
	char text[NUMBER_SIZE];

	svg_heading(s, box->x + 8, box->y + 16, box->heading);
	for (size_t n = 0; n < grid->row_count * grid->column_count; n++)
		most = fmax(most, grid->values[n]);
	for (size_t r = 0; r < grid->row_count; r++) {
		svg_text(s, x - 6, y + height * ((double)r + 0.5) + 4, SVG_END, SVG_FAINT, grid->rows[r]);
		for (size_t c = 0; c < grid->column_count; c++) {
			size_t n = r * grid->column_count + c;
			double value = grid->values[n], cx = x + width * (double)c, cy = y + height * (double)r;
			bool known = !isnan(value);

			svg_cell(s, cx + 1, cy + 1, width - 2, height - 2, known ? SVG_B : SVG_GRID,
				known && most > 0 ? 0.08 + 0.92 * value / most : known ? 0.08 : 0.35,
				grid->tips ? grid->tips[n] : NULL);
		}
	}
	for (size_t c = 0; c < grid->column_count; c++)
		svg_text(s, x + width * ((double)c + 0.5), box->y + box->height - below + 16, SVG_MIDDLE, SVG_FAINT,
			grid->columns[c]);
	svg_text(s, box->x + box->width - right, box->y + 16, SVG_END, SVG_FAINT, number(most, unit, text));
}

void chart_events(struct svg *s, const struct chart_box *box, const struct chart_event *events,
	size_t count)
{
	double x = box->x + 20, y = box->y + above;
	double bottom = y + ROW * (double)count, span = bottom - y;

	svg_heading(s, box->x + 8, box->y + 16, box->heading);
	svg_line(s, x, y, x, bottom, SVG_FAINT, 1.5);
	for (size_t n = 0; n < count; n++) {
		enum svg_paint paint = events[n].important ? SVG_B : SVG_A;
		double at = y + span * events[n].at, row = y + ROW * ((double)n + 0.5);

		svg_dot(s, x, at, 4, paint);
		svg_line(s, x + 5, at, x + 50, row, SVG_GRID, 1);
		svg_text(s, x + 56, row + 4, SVG_START, SVG_FAINT, events[n].when);
		svg_text(s, x + 190, row + 4, SVG_START, SVG_INK, events[n].what);
	}
}

void chart_spark(struct svg *s, const struct chart_box *box, const double *values, size_t count)
{
	struct area a = { box->x, box->y, box->width, box->height, 1, 0.5, CHART_SHARE };

	count = count < RUN_MAX ? count : RUN_MAX;
	for (struct run r = { 0, 0 }; next_run(values, count, &r);) {
		struct svg_point points[RUN_MAX];

		for (size_t k = r.from; k < r.to; k++)
			points[k - r.from] = (struct svg_point){ x_of(&a, count, k), y_of(&a, values[k]) };
		svg_path(s, points, r.to - r.from, SVG_A);
		svg_dot(s, points[r.to - r.from - 1].x, points[r.to - r.from - 1].y, 2, SVG_A);
	}
}
