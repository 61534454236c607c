/* Events whose calendar came under a policy acquire their slots in the background (architecture.md 15.24). */
#ifndef DEDIT_SERVER_ACQUIRE_H
#define DEDIT_SERVER_ACQUIRE_H

#include <stdbool.h>

#include "server/site.h"

/* Asked after each event: false ends the walk. */
struct acquire_pace { bool (*go_on)(void *arg); void *arg; };

/* Walks the future events of every calendar under a policy of this site. Those that have their slot
 * are left alone, so it may be repeated and cut short at will. A broken event costs itself. */
void acquire_slots(const struct site *site, const struct acquire_pace *pace);

#endif
