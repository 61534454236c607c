/*
 * Backups that an administrator begins in the console: one at a time, by a thread of its own, into a new
 * folder below the one that the configuration names. What came of the last is kept in memory. Thread-safe.
 */
#ifndef DEDIT_WEB_BACKUPS_H
#define DEDIT_WEB_BACKUPS_H

#include "web/web.h"

enum { BACKUP_NAME_SIZE = 32 };

struct backup_run {
	int64_t began, ended;         /* began 0: there was none; ended 0: it is under way */
	char name[BACKUP_NAME_SIZE];  /* of the folder */
	struct err why;               /* ERR_NONE: it was made */
	struct store_backup made;
	uint64_t left_out;            /* what is neither file nor folder */
};

struct backups;

struct backups *backups_create(void);
/* One under way is given up, and leaves nothing; none is begun any more. Waits for nothing. Accepts NULL. */
void backups_stop(struct backups *b);
/* Stops, and waits until that has come about. Accepts NULL. */
void backups_destroy(struct backups *b);
/* ERR_INVALID: no folder is configured; ERR_EXISTS: one is under way; ERR_FULL: as many as may be are in the
 * folder, of which none is anybody's to delete here; ERR_BUSY. */
int backups_begin(struct backups *b, const struct web *web, int64_t now, struct err *e);
/* The one under way (else now->began is 0), and the last that ended. */
void backups_state(struct backups *b, struct backup_run *now, struct backup_run *last);

#endif
