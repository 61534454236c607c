/*
 * What a change of an object means to a policy: one struct policy_change for each occurrence that
 * has to be asked about, with who did it (architecture.md 15.1 to 15.5).
 */
#ifndef DEDIT_POLICY_CHANGE_H
#define DEDIT_POLICY_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "ical/ical.h"
#include "policy/dedit_policy.h"
#include "policy/update.h"

/* The owner of a calendar, as appointments see one. */
struct owner_view {
	const char *name, *names; /* names: account, display name, addresses, LF between */
	const char *const *addresses;         /* ended by NULL, lower case */
};

struct change_source {
	struct arena *mem;
	const struct event_actor *actor;
	const struct owner_view *owner;
	bool delegate;                        /* the actor acts for the owner (15.1) */
	const char *collection, *name;
	const struct zone *zone;              /* of floating times and dates */
	int64_t now, horizon;
	const struct ical *before, *after;    /* without annotation; NULL: none */
	bool known;                           /* the ledger has entries of this UID */
	bool group;                           /* some of them about single attendees */
	bool (*can_answer)(const char *address, void *arg); /* an attendee, from this server; NULL: nobody */
	void *arg;
	bool deleted;                         /* by DELETE or MOVE away */
	bool tick;                            /* nothing changed, a wake is due: before == after */
};
struct change_list { struct policy_change *changes; size_t count, size; };

uint32_t change_role(const struct event_actor *actor, const char *owner, bool delegate);
/*
 * Single events are listed whatever their date, of series what lies in [now, now + horizon), and
 * every VEVENT that can carry an annotation. Objects that are no appointments and never were give
 * an empty list. Of a group (two clients or more, or once one) each attendee is asked about by itself.
 */
int change_collect(const struct change_source *src, struct change_list *out, struct err *e);

/* Has one of its events two clients or more? */
bool change_is_group(const struct ical *ic, const struct owner_view *owner, struct arena *mem);
/* RECURRENCE-ID as UTC, "" for a master. -1 if it can't be read. */
int change_occurrence(const struct ical *ic, const struct ical_comp *c, const struct zone *zone,
	struct arena *mem, const char **out);
/* Master has a rule, or overrides beside or instead of it. */
bool change_is_series(const struct ical *ic);

#endif
