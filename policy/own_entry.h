/* Entries in Fees that are no incidents: what the owner asked to be told. By their names, which are refs of
 * nothing in the ledger, they are written, moved and taken away. */
#ifndef DEDIT_POLICY_OWN_ENTRY_H
#define DEDIT_POLICY_OWN_ENTRY_H

#include <stdbool.h>

#include "policy/plan.h"

struct own_entry {
	const char *name;        /* without ".ics" and without dot */
	const char *title, *note;/* note "": none */
	const char *related;     /* UID of the event it is about, "" for none */
	const char *start;       /* what stands behind DTSTART, with ";VALUE=DATE" if need be */
	const char *rule;        /* RRULE's value, "" for none */
	int64_t stamp;           /* DTSTAMP; not the time of writing, or the bytes would differ each time */
	int64_t first;           /* instant of the start; 0: deleted by its owner, it stays away for good */
};

/* "remind-" and a digest of what it is about. */
const char *own_entry_name(const char *kind, const char *about, struct arena *mem);
/* Plans to write it, unless it says all that already, or its owner has deleted it for that start. One that is
 * too large to be written is left as it stands, which is logged. */
int own_entry_keep(struct plan *p, const char *owner, const struct own_entry *entry, bool *changed,
	struct err *e);
/* Plans to take it away, if it is there. */
int own_entry_drop(struct plan *p, const char *owner, const char *name, bool *changed, struct err *e);

#endif
