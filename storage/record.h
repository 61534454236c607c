/*
 * The text format of .props and account files: lines of "key: field TAB field ...".
 *
 * In a field, backslash, TAB, LF and CR are written \\ \t \n \r. Empty lines and lines that
 * begin with # are passed over; CRLF is taken for LF.
 */
#ifndef DEDIT_STORAGE_RECORD_H
#define DEDIT_STORAGE_RECORD_H

#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum { RECORD_FIELDS = 16 };

/* fields: at most RECORD_FIELDS, absent ones are "". Returns 0 or -1 with e. */
typedef int (*record_fn)(const char *key, const char *const *field, void *arg, struct err *e);

/* Appends one line. */
void record_add(struct buf *out, const char *key, const char *const *field, size_t n);
/* Appends one field's text without a key: what stands between two TABs. */
void record_escape(struct buf *out, const char *text);
/* Splits at TABs and takes the escapes off, in place. *n: how many there were; the rest is "". */
int record_split(char *line, const char *field[RECORD_FIELDS], size_t *n, struct err *e);
/* ERR_SYNTAX with the line's number; what a visitor refuses gets the number too. The fields live
 * as long as mem. */
int record_parse(const char *text, size_t len, struct arena *mem, record_fn visit, void *arg,
	struct err *e);

#endif
