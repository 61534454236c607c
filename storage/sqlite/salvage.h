/* What files have lost, and a sound index still has. */
#ifndef DEDIT_STORAGE_SQLITE_SALVAGE_H
#define DEDIT_STORAGE_SQLITE_SALVAGE_H

#include "storage/sqlite/db.h"

/* At a start: texts that are missing are written anew, and logged. None of a calendar whose folder is
 * gone: that may be a disk that isn't mounted (15.20). */
int salvage_missing(struct db *db, struct err *e);
/* Before a rebuild, which throws the index away: also those that can't be read, and logs that were cut
 * off. Each is told, and so is each event whose file is gone or another than the index knows. */
int salvage_all(struct db *db, store_problem_fn problem, void *arg, struct err *e);

#endif
