/*
 * Letters without case and accents, so that "Zoé", "ZOE" and "zoé" are one client (doc/policy.md 4.2).
 * Latin, Greek and Cyrillic; other scripts are compared as they stand.
 */
#ifndef DEDIT_POLICY_LATE_FOLD_H
#define DEDIT_POLICY_LATE_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"

enum { FOLD_MAX = 1 << 16 }; /* bytes; what is longer is cut */

/* Reads one code point; bytes taken, 0 at the end. A byte that is no UTF-8 counts as U+FFFD. */
size_t utf8_next(const char *s, uint32_t *out);
bool letter_is_mark(uint32_t c);  /* combining */
bool letter_is_blank(uint32_t c); /* no-break and narrow ones too, no line ends */
bool letter_is_alpha(uint32_t c);
uint32_t letter_fold(uint32_t c);

/* Lower case, no accents, blanks collapsed and trimmed. -1 when out is full. */
int text_fold(struct buf *out, const char *s);
char *text_folded(const char *s, struct arena *mem);

#endif
