/*
 * Synchronization against a model: random changes by several writers, while clients with random limits
 * read page after page; in the end each client holds what the store holds. The same for any store.
 */
#ifndef DEDIT_TESTS_SYNC_MODEL_H
#define DEDIT_TESTS_SYNC_MODEL_H

#include "storage/store.h"

/* Ends the test on failure, and says with which seed. */
void sync_model_run(struct store *s, uint32_t seed, int steps);

#endif
