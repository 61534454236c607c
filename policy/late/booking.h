/* A slot is acquired, comes back, or changes its facts: doc/policy.md 3.5. */
#ifndef DEDIT_POLICY_LATE_BOOKING_H
#define DEDIT_POLICY_LATE_BOOKING_H

#include "policy/late/deal.h"

/* The same client's same time under another UID (3.5: DELETE, then …). */
struct elsewhere {
	const char *uid, *occurrence; /* uid NULL: nowhere */
	struct slot slot;
	const struct policy_incident *loss; /* NULL: held there */
	struct entries entries;       /* of that UID */
};

/* The youngest other UID under which that client's slot was lost (or, lost false, is held). */
int booking_elsewhere(struct deal *d, const char *client, int64_t start, bool lost, struct elsewhere *out);

/* The same date under another RECURRENCE-ID: a single event has become a series, or its rule has moved. */
int booking_renumbered(struct deal *d);

/* Is the event, as it stands, an appointment (3.1)? */
bool booking_is_appointment(const struct deal *d);
/* It appeared, was un-cancelled, or has come under the policy. */
int booking_made(struct deal *d);
/* Has something with money in it happened to the appointment? */
bool booking_has_incident(const struct deal *d);
/* The owner's other title, price or length is taken over into the slot; the client's never is. */
int booking_renamed(struct deal *d);
/* A series' master: what holds for all dates. */
int booking_series_changed(struct deal *d);
/* Date of the version that applies to what is acquired then, else the digest of the policy's text. */
const char *booking_version(const struct deal *d, int64_t acquired);

#endif
