/* What the three files of conf share: the text is cleaned, parsed by libConfuse, then typed. */
#ifndef DEDIT_BASE_CONF_PRIVATE_H
#define DEDIT_BASE_CONF_PRIVATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/conf.h"

/* Lines on which sections begin, in the order in which they end (as libConfuse reports them). */
struct conf_lines {
	int *line;
	size_t count;
};

/*
 * Copies `text` to `clean` with blanks for comments, and refuses what libConfuse would take in
 * silence: NUL and bytes that are no UTF-8, ';' behind a value, "${VARIABLE}".
 */
int conf_text_clean(const char *text, size_t len, const char *file, struct arena *mem,
	struct buf *clean, struct conf_lines *lines, struct err *e);

/* Reads one value; *number is 0 for strings. e gets what was expected, without place or option. */
int conf_value_read(const struct conf_option *o, const char *text, int64_t *number, struct err *e);

#endif
