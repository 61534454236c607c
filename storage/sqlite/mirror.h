/*
 * The one thread that writes files: journal rows in their order, each to a temporary file and
 * then its place, one syncfs for all, then the rows are pruned. What a crash interrupts is done
 * again from the rows at the next start, by the same code.
 */
#ifndef DEDIT_STORAGE_SQLITE_MIRROR_H
#define DEDIT_STORAGE_SQLITE_MIRROR_H

#include <stdint.h>

#include "base/err.h"
#include "storage/sqlite/db.h"

/* Before writer_start; the thread begins with mirror_start, after it. */
int mirror_create(struct db *db, struct err *e);
int mirror_start(struct db *db, struct err *e);
/* Writes out what there is and ends; frees. Accepts a db without mirror. */
void mirror_stop(struct db *db);
/* Journal rows up to `journal` are committed. */
void mirror_notify(struct db *db, uint64_t journal);
/* Returns when all rows up to `journal` are on disk and pruned, or held; -1 if a round failed meanwhile. */
int mirror_wait(struct db *db, uint64_t journal, struct err *e);
/* The same for everything that a reader can see committed; ERR_BUSY: it is held, and nobody waits for the end
 * of that. Not for the writer's thread or the mirror's, which it waits for. */
int mirror_flush(struct db *db, struct err *e);
/* Waits for the round under way; none begins before mirror_release. ERR_BUSY: held already. */
int mirror_hold(struct db *db, struct err *e);
void mirror_release(struct db *db);

/* Sets journal_rows and journal_ms. */
void mirror_health(const struct db *db, struct store_health *out);

#endif
