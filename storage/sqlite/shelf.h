/*
 * Where an object stands in the index of times, so that a question for a time doesn't pass over much: with
 * those that reach equally far (to the power of two), and if all its spans are on one day of the week (in
 * UTC), with those of that day. On a shelf objects stand by `first`. So what begins long before a question,
 * or behind it, isn't looked at, and of what recurs every week a short question looks at a seventh.
 */
#ifndef DEDIT_STORAGE_SQLITE_SHELF_H
#define DEDIT_STORAGE_SQLITE_SHELF_H

#include <stdint.h>

#include "base/spans.h"

/* 8 * n + day: its span is shorter than 2^n seconds, n at least 16, SHELF_OPEN if nobody knows; day 0: any,
 * 1 to 7: that one. SHELF_NONE: it has no times (last < first). */
enum { SHELF_NONE = 0, SHELF_OPEN = 63 };
unsigned shelf_of(int64_t first, int64_t last, const struct span_set *spans);

/* Bit n: something on shelves of day n may lie in [from, to). */
unsigned shelf_days(int64_t from, int64_t to);

#endif
