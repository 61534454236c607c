/*
 * Rows of text in aligned columns, for a terminal.
 *
 * Widths are those of the characters shown: letters of East Asian scripts take two columns, combining
 * marks none. Characters that would steer a terminal (control characters, changes of the writing
 * direction) and bytes that are no UTF-8 are shown as U+FFFD: cells hold what clients wrote.
 */
#ifndef DEDIT_BASE_TABLE_H
#define DEDIT_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"

/* shrinks: of the columns that may be cut where a row is too wide, the first one is. */
struct table_column { const char *title; bool right, shrinks; };

struct table {
	const struct table_column *columns;
	size_t column_count;
	const char **cells;        /* row by row */
	size_t row_count, size;
	struct arena *mem;
};

void table_init(struct table *t, const struct table_column *columns, size_t count, struct arena *mem);
/* One cell for each column; the texts are borrowed until table_write(). */
void table_add(struct table *t, const char *const *cells);
/* Headings and rows, each at most `width` columns wide if the shrinking column can be cut so far.
 * Without rows nothing is written. */
void table_write(const struct table *t, size_t width, struct buf *out);

/* Columns that the text takes on a terminal. */
size_t text_width(const char *text);
/* The text as a cell would show it, whole. */
void text_show(const char *text, struct buf *out);

#endif
