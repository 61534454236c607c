/* Files that were edited on disk by another hand become changes like any other (architecture.md 15.20). */
#ifndef DEDIT_SERVER_ADOPT_H
#define DEDIT_SERVER_ADOPT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "server/site.h"

struct adopted { size_t taken, left; };

/* Compares one collection (0: all) with its files and takes the differences in as actor
 * "external". A broken file costs itself: it is logged, left, and counted. */
int adopt_files(const struct site *site, store_id collection, int64_t now, struct adopted *out,
	struct err *e);

#endif
