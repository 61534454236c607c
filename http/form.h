/* application/x-www-form-urlencoded (the URL standard, 5.1): queries, and what forms send. */
#ifndef DEDIT_HTTP_FORM_H
#define DEDIT_HTTP_FORM_H

#include <stddef.h>

#include "base/arena.h"

/* The next member of that name, decoded, in mem; *at goes on behind it (0 at first). NULL: there is none, or
 * it isn't well formed: a bad escape, a NUL, no UTF-8. A member without "=" has no value. */
const char *form_next(const char *text, size_t len, const char *name, size_t *at, struct arena *mem);

#endif
