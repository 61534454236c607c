/*
 * Threads that may block, behind a bounded queue. Jobs run in the order of arrival, each
 * on one thread; the queue's maximum is the server's promise not to collect work it can't do.
 */
#ifndef DEDIT_SERVER_WORKER_H
#define DEDIT_SERVER_WORKER_H

#include <stddef.h>

#include "base/err.h"

struct workers;
typedef void (*worker_fn)(void *arg);

/* `name` (at most 15 bytes) is what ps and gdb show for its threads. */
int workers_create(const char *name, unsigned threads, unsigned queue, struct workers **out,
	struct err *e);
/* 0, or -1 when the queue is full or the workers are being stopped: fn will not run then. */
int workers_submit(struct workers *w, worker_fn fn, void *arg);
/* How many jobs wait. */
size_t workers_queued(struct workers *w);
/* Accepts nothing more, runs what is queued, ends the threads. Twice is harmless. */
void workers_stop(struct workers *w);
/* Stops and frees; nobody may submit any more. Accepts NULL. */
void workers_destroy(struct workers *w);

#endif
