/* Rows for the mirror: what has to be in the files. Called in the writer's thread. */
#ifndef DEDIT_STORAGE_SQLITE_JOURNAL_H
#define DEDIT_STORAGE_SQLITE_JOURNAL_H

#include <stdint.h>

#include "base/err.h"
#include "storage/sqlite/writer.h"

/* How much of one file is read, whoever wrote it: twice the largest max-resource-size; a ledger's month. */
enum { BODY_LARGEST = 16 << 20, LOG_LARGEST = 1 << 30 };

enum journal_offset { JOURNAL_FILE = -1, JOURNAL_RMDIR = -2, JOURNAL_MOVE = -3, JOURNAL_LOG = -4 };

/* An object's file. body NULL: it goes away. */
int journal_object(struct change_log *log, store_id collection, const char *path, const char *name,
	int64_t mtime, const void *body, size_t len, struct err *e);
/* A file that belongs to no object. body NULL: it goes away. */
int journal_file(struct change_log *log, const char *path, const void *body, size_t len,
	struct err *e);
/* Bytes at a place of a file; the place was fixed in this transaction. */
int journal_append(struct change_log *log, const char *path, int64_t offset, const void *body,
	size_t len,
	struct err *e);
/* A log file is written anew, from what the index has when its turn comes; what waits to be added to it
 * goes. */
int journal_log(struct change_log *log, const char *path, struct err *e);
int journal_rmdir(struct change_log *log, const char *path, struct err *e);
/* "cal/<owner>" becomes "removed/<owner>", also for rows that wait. */
int journal_move_owner(struct change_log *log, const char *owner, struct err *e);
/* Is there something to be written there, for whomever? */
int journal_pending(struct conn *c, const char *path, bool *out, struct err *e);

/* What the index has now of a calendar's .props and an account's file; ERR_NOT_FOUND. */
int props_text(struct conn *conn, store_id collection, struct buf *out, struct err *e);
int account_text(struct conn *c, const char *name, struct buf *out, struct err *e);
/* The same, as files. */
int journal_props(struct change_log *log, store_id collection, struct err *e);
int journal_account(struct change_log *log, const char *name, struct err *e);

#endif
