/* Losing a slot: doc/policy.md 3.4. */
#ifndef DEDIT_POLICY_LATE_SLOT_H
#define DEDIT_POLICY_LATE_SLOT_H

#include "policy/late/deal.h"

enum { KEPT_AFTER = 24 * 3600 }; /* that long after its end an appointment counts as kept (3.5) */

enum how { HOW_CANCEL, HOW_MOVE };

/* What a loss means for the slot that is moved to. */
enum after_loss { AFTER_MOVED, AFTER_IMPOSED, AFTER_SHIFTED, AFTER_REINSTATED, AFTER_ANEW };

/* The current slot goes. Non-zero when the host failed. */
int slot_lose(struct deal *d, enum how how, enum after_loss *after);
/* The client of the current slot did not come, as the owner says. word: by which one. */
int slot_missed(struct deal *d, const char *word);
/* Takes back the loss of a slot: it is held again, on the old terms. */
int slot_reinstate(struct deal *d, const struct slot *s);

#endif
