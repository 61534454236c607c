/*
 * Comparison without regard to case: i;unicode-casemap as far as a calendar's search needs it.
 * Simple case folding of Unicode 14 over UTF-8, character by character, for every script that has
 * case (Latin, Greek, Cyrillic, Armenian …); locale-free. Not done: decomposition, so that "é" as
 * one character and as "e" with a combining accent differ, and foldings that change the number
 * of characters ("ß" is not "ss").
 */
#ifndef DEDIT_ICAL_CASEFOLD_H
#define DEDIT_ICAL_CASEFOLD_H

#include <stdint.h>

#include "base/arena.h"

uint32_t casefold_char(uint32_t c);
/* The text folded, in mem. Bytes that are no UTF-8 are kept as they are. */
char *casefold(const char *text, struct arena *mem);

#endif
