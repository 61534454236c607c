/* The texts of policies that are or were in force, in <data>/policies/<digest>: slots keep theirs (15.24). */
#ifndef DEDIT_POLICY_KEPT_H
#define DEDIT_POLICY_KEPT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

enum { KEPT_TEXT_MAX = 1 << 20 }; /* bytes of one policy's section */

/* Could it be the digest of a text? */
bool kept_is_digest(const char *name);
/* Kept unless it is there already; what stands there instead is replaced. */
int kept_add(const char *data, const char *digest, const struct buf *text, struct err *e);
/* ERR_NOT_FOUND if that is no digest of one; data may be NULL. */
int kept_read(const char *data, const char *digest, struct buf *out, struct err *e);
/* Visits every text, by digest, until a visit is non-zero, which is returned. -1: not readable. */
int kept_visit(const char *data, int (*visit)(const char *digest, const char *text, void *arg), void *arg,
	struct err *e);
/* Tells of each text that isn't the one of its name, or can't be read. -1: the folder can't. */
int kept_check(const char *data, int (*problem)(const char *line, void *arg), void *arg, struct err *e);

#endif
