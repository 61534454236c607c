/*
 * The block at the end of an event's notes:
 *
 *     === 7F3K-2Q9M · do not edit below ===
 *     …
 *     === end ===
 *
 * Works on raw TEXT values (RFC 5545 3.3.11), so that what a user wrote keeps its spelling. Lines
 * in a block that the server didn't write are the user's, and are moved above it; so are lines
 * below it. With a # in it a line from the block is moved as a quotation ("> …"): words in the block
 * are none (policy.md 4.2), and moving them mustn't make them some.
 */
#ifndef DEDIT_POLICY_BLOCK_H
#define DEDIT_POLICY_BLOCK_H

#include <stddef.h>

#include "base/arena.h"
#include "policy/ledger.h"

/* Every line that the renderings of the entries wrote into blocks. */
struct block_lines;
const struct block_lines *block_lines_make(const struct entry_list *known, struct arena *mem);

/* The raw value without blocks; `raw` itself if it has none. */
const char *block_strip(const char *raw, const struct block_lines *lines, struct arena *mem);
/* First line, text, last line with LF between them, not escaped. ref may be NULL: the block is a
 * mere note. */
char *block_text(const char *ref, const char *text, struct arena *mem);
/* References that first lines of blocks carry, at most max. */
size_t block_refs(const char *raw, struct arena *mem, const char **refs, size_t max);

#endif
