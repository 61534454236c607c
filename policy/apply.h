/*
 * The server's own text in an event: taking it off and writing it (policy.md 4.3, architecture.md
 * 15.8 to 15.10).
 *
 * What is written depends on the rendering alone, and is written by editing lines: an event that
 * shows the rendering already stays byte for byte as it is. What a user wrote is never lost,
 * whatever became of the block.
 */
#ifndef DEDIT_POLICY_APPLY_H
#define DEDIT_POLICY_APPLY_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "ical/ical.h"
#include "policy/ledger.h"

/* What stands between a prefix and the title: " · " behind words, a blank behind a mark alone
 * (policy.md 4.3). */
const char *title_separator(const char *prefix);

/* Appends the body without rendering to out. known: the entries that say what was ever written
 * for this UID, or for the references that the body carries. */
int apply_strip(const struct ical *ic, const struct entry_list *known, const struct zone *zone,
	struct buf *out, struct err *e);
/* Appends the body as it came in with exactly these renderings. In each, what the event had
 * already is taken out and `was` is filled in: what remains is to be kept in the ledger. */
int apply_render(const struct ical *ic, const struct entry_list *known, const struct zone *zone,
	struct rendering *want, size_t count, struct buf *out, struct err *e);
/* References in blocks and X-DEDIT-REF of a body, at most `max`; they may be forged. */
size_t apply_refs(const struct ical *ic, const char **refs, size_t max);

#endif
