/* Bytes to content lines (RFC 5545 3.1). First gate of everything that a client sends. */
#ifndef DEDIT_ICAL_SCAN_H
#define DEDIT_ICAL_SCAN_H

#include "ical/ical.h"

/*
 * Scans bytes[0..len), which must outlive the lines' offsets only: names, values and parameters
 * are copied into mem. Checks UTF-8 of each unfolded line (a fold may stand inside a character),
 * control bytes, the grammar up to the colon, limits of line length, lines and parameters.
 * Time and memory are linear in len. ERR_SYNTAX with the line's number, ERR_LIMIT.
 */
int scan_lines(const char *bytes, size_t len, const struct ical_limits *limits, struct arena *mem,
	struct ical_line **out, size_t *count, struct err *e);

#endif
