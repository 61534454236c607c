/*
 * Comma-separated values (RFC 4180), UTF-8, lines ended by CRLF.
 *
 * Text that a spreadsheet would take for a formula gets an apostrophe before it (architecture.md 15.36);
 * numbers stay numbers.
 */
#ifndef DEDIT_BASE_CSV_H
#define DEDIT_BASE_CSV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct csv { struct buf *out; char separator; bool begun; };

/* separator: ',' or ';', which spreadsheets expect where the comma is the decimal sign. */
void csv_init(struct csv *c, struct buf *out, char separator);
/* The next cell of the row. */
void csv_text(struct csv *c, const char *text);
void csv_number(struct csv *c, int64_t number);
/* Ends the row. */
void csv_end(struct csv *c);

#endif
