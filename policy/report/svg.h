/*
 * Pictures as SVG 1.1: shapes and text, in colours that suit a light and a dark background. What is
 * written is well-formed XML whatever the texts hold. Lengths are pixels; (0,
	0) is the upper left corner.
 */
#ifndef DEDIT_POLICY_REPORT_SVG_H
#define DEDIT_POLICY_REPORT_SVG_H

#include <stddef.h>

#include "base/buf.h"

struct svg { struct buf *out; double width, height; };

/* Colours by meaning; SVG_A to SVG_D are told apart also by those who see few colours. */
enum svg_paint { SVG_INK, SVG_FAINT, SVG_GRID, SVG_A, SVG_B, SVG_C, SVG_D, SVG_PAINTS };
enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };
struct svg_point { double x, y; };

/* title: read out to those who don't see the picture. */
void svg_begin(struct svg *s, struct buf *out, double width, double height, const char *title);
void svg_end(struct svg *s);

void svg_rect(struct svg *s, double x, double y, double width, double height, enum svg_paint fill);
/* opacity from 0 to 1; tip (NULL: none) shows under the pointer. */
void svg_cell(struct svg *s, double x, double y, double width, double height, enum svg_paint fill,
	double opacity, const char *tip);
void svg_line(struct svg *s, double x1, double y1, double x2, double y2, enum svg_paint stroke,
	double width);
void svg_dashes(struct svg *s, double x1, double y1, double x2, double y2, enum svg_paint stroke);
void svg_dot(struct svg *s, double x, double y, double radius, enum svg_paint fill);
/* A circle that isn't filled. */
void svg_ring(struct svg *s, double x, double y, double radius, enum svg_paint stroke);
void svg_path(struct svg *s, const struct svg_point *points, size_t count, enum svg_paint stroke);
/* A closed shape, faint. */
void svg_area(struct svg *s, const struct svg_point *points, size_t count, enum svg_paint fill);
void svg_text(struct svg *s, double x, double y, enum svg_anchor anchor, enum svg_paint fill,
	const char *text);
void svg_heading(struct svg *s, double x, double y, const char *text);

/* Text as content or attribute value of XML: what it can't hold becomes U+FFFD. */
void svg_escape(struct buf *out, const char *text);

#endif
