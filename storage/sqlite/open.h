/* Parts of opening that a rebuild needs too. */
#ifndef DEDIT_STORAGE_SQLITE_OPEN_H
#define DEDIT_STORAGE_SQLITE_OPEN_H

#include "storage/sqlite/db.h"

/* Where a restore works; if it is there, the last one was interrupted. */
#define RESTORE_FOLDER "restore"

/* ERR_INVALID: what is there is half a restore. */
int folder_check_restored(const struct db *db, struct err *e);
/* Notes beside the index, in the lock, that it is in use: if that ends without a word, it needs its WAL. */
int folder_mark_used(const struct db *db, bool used, struct err *e);
/* Is there an index? An empty file is none: SQLite takes its WAL away. */
bool folder_has_index(const struct db *db);
/* ERR_CORRUPT: noted as in use, but the WAL is missing. Without it an index is as it was at some time
 * before, and looks whole. Opening the index makes an empty one, so this comes first. */
int folder_check_wal(const struct db *db, struct err *e);
/* Reads <root>/key, or makes it; sets db->info.key and host. */
int folder_read_key(struct db *db, struct err *e);
/* An empty file with the right owner and mode, for SQLite to fill. */
int index_make_file(struct db *db, const char *name, struct err *e);

#endif
