/*
 * Charts of a few kinds, drawn into a part of a picture. Values are any numbers; NAN is one that isn't
 * known and leaves a gap. Names and labels are texts of any kind.
 */
#ifndef DEDIT_POLICY_REPORT_CHART_H
#define DEDIT_POLICY_REPORT_CHART_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/report/svg.h"

enum { CHART_SERIES_MAX = 4 };

/* Where a chart goes, with its heading, labels and legend. */
struct chart_box { double x, y, width, height; const char *heading; };

/* What a value axis shows: numbers, whole ones only, or "%" after shares (0.25 is 25 %). */
enum chart_unit { CHART_NUMBER, CHART_COUNT, CHART_SHARE };

struct chart_series { const char *name; const double *values; };
/* A vertical line at a place of the axis of labels: 1.5 is in the middle of the second. */
struct chart_mark { double at; const char *label; };

/* What stands along the axis below, and the lines across. */
struct chart_axis {
	const char *const *labels;
	size_t count;
	const struct chart_mark *marks;
	size_t mark_count;
	bool sums;               /* a line's points stand at the end of what they are about */
};

/* One bar a label, of the series on top of each other. */
void chart_bars(struct svg *s, const struct chart_box *box, const struct chart_axis *axis,
	const struct chart_series *series, size_t series_count, enum chart_unit unit);
/* A line, with the interval between low and high (NULL: none) as a band. From 0 to at least `least`. */
void chart_line(struct svg *s, const struct chart_box *box, const struct chart_axis *axis,
	const double *values,
	const double *low, const double *high, enum chart_unit unit);

/* Shares in rows,
	each with its interval; last: a few values as a line beside it (spark_count 0: none). */
struct chart_row {
	const char *label;
	double value, low, high;
	const double *spark;
	size_t spark_count;
	bool apart;              /* told apart from the others by its paint */
};
double chart_rows_height(size_t count);
void chart_dots(struct svg *s, const struct chart_box *box, const struct chart_row *rows, size_t count);

/* Two values of one thing, joined by a line. */
struct chart_pair { const char *label; double before, after; };
void chart_pairs(struct svg *s, const struct chart_box *box, const struct chart_pair *pairs,
	size_t count,
	const char *before, const char *after);

/* rows x columns values, row by row; the darker the more. tips: one a cell, or NULL. */
struct chart_grid {
	const char *const *rows, *const *columns;
	size_t row_count, column_count;
	const double *values;
	const char *const *tips;
};
void chart_heat(struct svg *s, const struct chart_box *box, const struct chart_grid *grid,
	enum chart_unit unit);

/* What happened, one below the other, at their places in time (0 to 1). */
struct chart_event { double at; const char *when, *what; bool important; };
void chart_events(struct svg *s, const struct chart_box *box, const struct chart_event *events,
	size_t count);

/* A line without axes. Values from 0 to 1. */
void chart_spark(struct svg *s, const struct chart_box *box, const double *values, size_t count);

#endif
