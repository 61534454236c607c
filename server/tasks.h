/*
 * What happens without a request: files edited on disk are taken in, wakes that policies
 * asked for come due, each ledger's head is signed daily, every night all folders are looked
 * through, and events whose calendar came under a policy acquire their slots.
 */
#ifndef DEDIT_SERVER_TASKS_H
#define DEDIT_SERVER_TASKS_H

#include "base/err.h"
#include "server/http.h"

struct tasks;

int tasks_start(struct server *sv, struct tasks **out, struct err *e);
/* There is a new site in the slot. */
void tasks_reloaded(struct tasks *t);
/* Ends the threads; what they are at is finished first. Accepts NULL. */
void tasks_stop(struct tasks *t);

#endif
