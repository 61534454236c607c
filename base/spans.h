/*
 * A set of spans of time in a few bytes, for an index: what comes in even steps, as most of what recurs
 * does, takes as much as one span. An hour a week for three years is some 60 bytes.
 *
 * Spans are [start, end); one without length is a moment, which lies in what begins with it (as in RFC
 * 4791 9.9).
 */
#ifndef DEDIT_BASE_SPANS_H
#define DEDIT_BASE_SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum {
	SPANS_MAX = 256, /* told one by one; what comes later is one open end */
	SPANS_BYTES_MAX = 256,
};

struct span { int64_t start, end; };

/* As written; data NULL: nothing is known. Somebody else's bytes. */
struct span_set { const void *data; size_t len; };

/* Appends spans that come in the order of their starts, at least one, in SPANS_BYTES_MAX bytes at most. more:
 * others may follow, which start no earlier than the last one. True: all are told, and no others follow;
 * false: what doesn't fit is left to an open end. */
bool spans_write(const struct span *list, size_t n, bool more, struct buf *out);

enum spans_answer {
	SPANS_NONE,
	SPANS_PERHAPS, /* nothing is known, or the open end lies in it */
	SPANS_SOME,
};
/* Does any overlap [from, to)? Bytes that make no sense are unknown. */
enum spans_answer spans_find(const struct span_set *s, int64_t from, int64_t to);

/* Visits those that overlap [from, to), in the order of their starts. visit returns non-zero to stop. The
 * answer is as above, but PERHAPS if there may be others than those visited. */
typedef int (*span_fn)(const struct span *s, void *arg);
enum spans_answer spans_visit(const struct span_set *s, int64_t from, int64_t to, span_fn visit, void *arg);

#endif
