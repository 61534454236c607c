#include "base/table.h"

#include <stdint.h>
#include <string.h>

#include "base/util.h"

enum { GAP = 2, SHRUNK_LEAST = 8 };

/* ---- characters ---- */

struct range { uint32_t first, last; };

/* Non-spacing marks and joiners (general categories Mn, Me, and Cf but for those below). */
static const struct range no_width[] = {
	{ 0x300, 0x36F }, { 0x483, 0x489 }, { 0x591, 0x5BD }, { 0x5BF, 0x5BF }, { 0x5C1, 0x5C2 },
	{ 0x5C4, 0x5C5 }, { 0x610, 0x61A }, { 0x64B, 0x65F }, { 0x670, 0x670 }, { 0x6D6, 0x6DC },
	{ 0x93C, 0x93C }, { 0x94D, 0x94D }, { 0xE31, 0xE31 }, { 0xE34, 0xE3A }, { 0xE47, 0xE4E },
	{ 0x1AB0, 0x1AFF }, { 0x1DC0, 0x1DFF }, { 0x200B, 0x200D }, { 0x20D0, 0x20FF },
	{ 0xFE00, 0xFE0F }, { 0xFE20, 0xFE2F },
};
/* East Asian Width W and F (Unicode Standard Annex 11), and pictures. */
static const struct range two_wide[] = {
	{ 0x1100, 0x115F }, { 0x2E80, 0x303E }, { 0x3041, 0x33FF }, { 0x3400, 0x4DBF },
	{ 0x4E00, 0x9FFF }, { 0xA000, 0xA4CF }, { 0xAC00, 0xD7A3 }, { 0xF900, 0xFAFF },
	{ 0xFE30, 0xFE6F }, { 0xFF00, 0xFF60 }, { 0xFFE0, 0xFFE6 }, { 0x1F300, 0x1F64F },
	{ 0x1F680, 0x1F6FF }, { 0x1F900, 0x1F9FF }, { 0x20000, 0x3FFFD },
};
static const struct range steering[] = {
	{ 0x00, 0x1F }, { 0x7F, 0x9F }, { 0x61C, 0x61C }, { 0x200E, 0x200F }, { 0x2028, 0x202E },
	{ 0x2066, 0x2069 }, { 0xFEFF, 0xFEFF },
};

static bool in_ranges(const struct range *list, size_t count, uint32_t c)
{
	for (size_t i = 0; i < count; i++) {
		if (c >= list[i].first && c <= list[i].last)
			return true;
	}
	return false;
}

struct glyph { const char *bytes; size_t len, taken, width; };

static const struct glyph replacement = { "\xEF\xBF\xBD", 3, 1, 1 };

static uint32_t code_point(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t c = len == 1 ? p[0] : p[0] & (0x7Fu >> len);

	for (size_t i = 1; i < len; i++)
		c = c << 6 | (p[i] & 0x3Fu);
	return c;
}

/* The one that the text begins with, which isn't empty. */
static struct glyph glyph_at(const char *text)
{
	size_t len = utf8_step(text, strlen(text));
	struct glyph g = { text, len, len, 1 };
	uint32_t c;

	if (len == 0)
		return replacement;
	c = code_point(text, len);
	if (in_ranges(steering, ARRAY_SIZE(steering), c)) {
		g = replacement;
		g.taken = len;
	} else if (in_ranges(no_width, ARRAY_SIZE(no_width), c)) {
		g.width = 0;
	} else if (in_ranges(two_wide, ARRAY_SIZE(two_wide), c)) {
		g.width = 2;
	}
	return g;
}

size_t text_width(const char *text)
{
	size_t width = 0;

	while (*text != '\0') {
		struct glyph g = glyph_at(text);

		width += g.width;
		text += g.taken;
	}
	return width;
}

void text_show(const char *text, struct buf *out)
{
	while (*text != '\0') {
		struct glyph g = glyph_at(text);

		buf_add(out, g.bytes, g.len);
		text += g.taken;
	}
}

/* ---- cells ---- */

static void write_blanks(struct buf *out, size_t n)
{
	while (n-- > 0)
		buf_addc(out, ' ');
}

/* What doesn't fit ends with an ellipsis. Returns the columns taken. */
static size_t write_text(struct buf *out, const char *text, size_t width)
{
	bool cut = text_width(text) > width;
	size_t room = cut ? width - 1 : width, taken = 0;

	while (*text != '\0') {
		struct glyph g = glyph_at(text);

		if (taken + g.width > room)
			break;
		buf_add(out, g.bytes, g.len);
		taken += g.width;
		text += g.taken;
	}
	if (cut)
		buf_adds(out, "…");
	return taken + cut;
}

static void write_row(const struct table *t, const char *const *cells, const size_t *widths, struct buf *out)
{
	for (size_t c = 0; c < t->column_count; c++) {
		size_t text = text_width(cells[c]);
		bool last = c + 1 == t->column_count;

		if (t->columns[c].right && text < widths[c])
			write_blanks(out, widths[c] - text);
		text = write_text(out, cells[c], widths[c]);
		if (!last && !t->columns[c].right)
			write_blanks(out, widths[c] - text);
		if (!last)
			write_blanks(out, GAP);
	}
	buf_addc(out, '\n');
}

/* ---- the table ---- */

void table_init(struct table *t, const struct table_column *columns, size_t count, struct arena *mem)
{
	*t = (struct table){ .columns = columns, .column_count = count, .mem = mem };
}

void table_add(struct table *t, const char *const *cells)
{
	size_t n = t->column_count;

	if (t->row_count == t->size) {
		size_t size = t->size > 0 ? t->size * 2 : 64;
		const char **grown = arena_array(t->mem, size * n, sizeof(*grown));

		if (t->row_count > 0)
			memcpy(grown, t->cells, t->row_count * n * sizeof(*grown));
		t->cells = grown;
		t->size = size;
	}
	memcpy(t->cells + t->row_count++ * n, cells, n * sizeof(*cells));
}

static void measure(const struct table *t, size_t *widths)
{
	for (size_t c = 0; c < t->column_count; c++) {
		widths[c] = text_width(t->columns[c].title);
		for (size_t r = 0; r < t->row_count; r++) {
			size_t width = text_width(t->cells[r * t->column_count + c]);

			if (width > widths[c])
				widths[c] = width;
		}
	}
}

static void shrink(const struct table *t, size_t width, size_t *widths)
{
	size_t total = (t->column_count - 1) * GAP;

	for (size_t c = 0; c < t->column_count; c++)
		total += widths[c];
	for (size_t c = 0; c < t->column_count && total > width; c++) {
		size_t over = total - width;

		if (!t->columns[c].shrinks || widths[c] <= SHRUNK_LEAST)
			continue;
		widths[c] = widths[c] > over + SHRUNK_LEAST ? widths[c] - over : SHRUNK_LEAST;
		return;
	}
}

void table_write(const struct table *t, size_t width, struct buf *out)
{
	size_t *widths = arena_array(t->mem, t->column_count, sizeof(*widths));
	const char **titles = arena_array(t->mem, t->column_count, sizeof(*titles));

	if (t->row_count == 0)
		return;
	measure(t, widths);
	shrink(t, width, widths);
	for (size_t c = 0; c < t->column_count; c++)
		titles[c] = t->columns[c].title;
	write_row(t, titles, widths, out);
	for (size_t r = 0; r < t->row_count; r++)
		write_row(t, t->cells + r * t->column_count, widths, out);
}
