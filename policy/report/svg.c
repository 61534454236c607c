#include "policy/report/svg.h"

#include <stdint.h>
#include <string.h>

#include "base/util.h"
#include "policy/late/fold.h"

/* One row a paint: class, on a light background, on a dark one. The four hues are Okabe and Ito's. */
static const struct { const char *name, *light, *dark; } paints[] = {
	[SVG_INK] = { "ink", "#1f2328", "#e6edf3" },
	[SVG_FAINT] = { "faint", "#656d76", "#8d96a0" },
	[SVG_GRID] = { "grid", "#d8dee4", "#30363d" },
	[SVG_A] = { "a", "#0072b2", "#56b4e9" },
	[SVG_B] = { "b", "#d55e00", "#ff9d5c" },
	[SVG_C] = { "c", "#009e73", "#4cc9a0" },
	[SVG_D] = { "d", "#8a8f98", "#767d86" },
};

void svg_escape(struct buf *out, const char *text)
{
	static const char special[] = "&<>\"'";
	static const char *const entities[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&apos;" };

	while (*text != '\0') {
		size_t len = utf8_step(text, strlen(text));
		const char *found = strchr(special, *text);
		uint32_t c = 0;

		utf8_next(text, &c);
		if (found != NULL)
			buf_adds(out, entities[found - special]);
		else if (len == 0 || (c < 0x20 && c != '\t' && c != '\n') || c == 0xFFFE || c == 0xFFFF)
			buf_adds(out, "\xEF\xBF\xBD");
		else
			buf_add(out, text, len);
		text += len > 0 ? len : 1;
	}
}

/* Written out for each background: not every program that shows SVG knows variables. */
static void write_colours(struct svg *s, bool dark)
{
	for (size_t n = 0; n < ARRAY_SIZE(paints); n++) {
		const char *colour = dark ? paints[n].dark : paints[n].light;

		buf_printf(s->out, ".f%s{fill:%s}.s%s{stroke:%s}", paints[n].name, colour, paints[n].name, colour);
	}
	buf_printf(s->out, ".paper{fill:%s}\n", dark ? "#0d1117" : "#ffffff");
}

static void write_style(struct svg *s)
{
	buf_adds(s->out, "<style>\ntext{font:12px system-ui,sans-serif}.h{font-weight:600}.area{opacity:.18}\n"
			 "line,polyline,.ring{fill:none}\n");
	write_colours(s, false);
	buf_adds(s->out, "@media (prefers-color-scheme:dark){\n");
	write_colours(s, true);
	buf_adds(s->out, "}\n</style>\n");
}

void svg_begin(struct svg *s, struct buf *out, double width, double height, const char *title)
{
	*s = (struct svg){ out, width, height };
	buf_printf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
		"width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" role=\"img\">\n<title>",
		width, height, width, height);
	svg_escape(out, title);
	buf_adds(out, "</title>\n");
	write_style(s);
	buf_printf(out, "<rect class=\"paper\" width=\"%.0f\" height=\"%.0f\"/>\n", width, height);
}

void svg_end(struct svg *s)
{
	buf_adds(s->out, "</svg>\n");
}

void svg_rect(struct svg *s, double x, double y, double width, double height, enum svg_paint fill)
{
	buf_printf(s->out, "<rect class=\"f%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
		paints[fill].name, x, y, width, height);
}

void svg_cell(struct svg *s, double x, double y, double width, double height, enum svg_paint fill,
	double opacity, const char *tip)
{
	buf_printf(s->out, "<rect class=\"f%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
		"fill-opacity=\"%.2f\">", paints[fill].name, x, y, width, height, opacity);
	if (tip != NULL) {
		buf_adds(s->out, "<title>");
		svg_escape(s->out, tip);
		buf_adds(s->out, "</title>");
	}
	buf_adds(s->out, "</rect>\n");
}

void svg_line(struct svg *s, double x1, double y1, double x2, double y2, enum svg_paint stroke,
	double width)
{
	buf_printf(s->out, "<line class=\"s%s\" stroke-width=\"%.1f\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" "
		"y2=\"%.1f\"/>\n", paints[stroke].name, width, x1, y1, x2, y2);
}

void svg_dashes(struct svg *s, double x1, double y1, double x2, double y2, enum svg_paint stroke)
{
	buf_printf(s->out, "<line class=\"s%s\" stroke-dasharray=\"4 3\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" "
		"y2=\"%.1f\"/>\n", paints[stroke].name, x1, y1, x2, y2);
}

void svg_dot(struct svg *s, double x, double y, double radius, enum svg_paint fill)
{
	buf_printf(s->out, "<circle class=\"f%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>\n", paints[fill].name,
		x, y,
		radius);
}

void svg_ring(struct svg *s, double x, double y, double radius, enum svg_paint stroke)
{
	buf_printf(s->out,
		"<circle class=\"ring s%s\" stroke-width=\"1.5\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>\n",
		paints[stroke].name, x, y, radius);
}

static void write_points(struct svg *s, const struct svg_point *points, size_t count)
{
	for (size_t n = 0; n < count; n++)
		buf_printf(s->out, "%s%.1f,%.1f", n > 0 ? " " : "", points[n].x, points[n].y);
}

void svg_path(struct svg *s, const struct svg_point *points, size_t count, enum svg_paint stroke)
{
	buf_printf(s->out, "<polyline class=\"s%s\" stroke-width=\"1.8\" points=\"", paints[stroke].name);
	write_points(s, points, count);
	buf_adds(s->out, "\"/>\n");
}

void svg_area(struct svg *s, const struct svg_point *points, size_t count, enum svg_paint fill)
{
	buf_printf(s->out, "<polygon class=\"f%s area\" points=\"", paints[fill].name);
	write_points(s, points, count);
	buf_adds(s->out, "\"/>\n");
}

static void write_text(struct svg *s, double x, double y, enum svg_anchor anchor, const char *class_,
	const char *text)
{
	static const char *const anchors[] = { "start", "middle", "end" };

	buf_printf(s->out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", class_, x, y,
		anchors[anchor]);
	svg_escape(s->out, text);
	buf_adds(s->out, "</text>\n");
}

void svg_text(struct svg *s, double x, double y, enum svg_anchor anchor, enum svg_paint fill,
	const char *text)
{
	char class_[16] = "f";

	memcpy(class_ + 1, paints[fill].name, strlen(paints[fill].name) + 1);
	write_text(s, x, y, anchor, class_, text);
}

void svg_heading(struct svg *s, double x, double y, const char *text)
{
	write_text(s, x, y, SVG_START, "fink h", text);
}
