/*
 * What backup and restore share. A backup is a data folder of its own: the index as one moment had it, and
 * the files as they were then; what they didn't say yet is in the index's journal. A last file marks it as
 * complete.
 */
#ifndef DEDIT_STORAGE_SQLITE_BACKUP_H
#define DEDIT_STORAGE_SQLITE_BACKUP_H

#include "base/tree.h"
#include "storage/store.h"

/* What is copied besides index.db, ended by NULL. Not the epoch, which a restore renews, nor what belongs
 * to the process that has the folder: lock, control, tmp. */
extern const char *const backup_names[];

/* Copies all of these. */
int backup_copy_files(int from, int to, struct tree_copy *sum, struct err *e);

/* The mark says what there should be; it is written, and safe, last. */
int backup_mark_write(int dir, const struct store_backup *holds, struct err *e);
/* ERR_INVALID: there is none, or one that this program doesn't know. */
int backup_mark_read(int dir, const char *path, struct store_backup *out, struct err *e);

#endif
