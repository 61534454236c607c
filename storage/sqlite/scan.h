/* Differences between a calendar's files and its rows. */
#ifndef DEDIT_STORAGE_SQLITE_SCAN_H
#define DEDIT_STORAGE_SQLITE_SCAN_H

#include "base/buf.h"
#include "storage/sqlite/db.h"

enum difference {
	DIFF_NEW, DIFF_CHANGED, DIFF_GONE,
	DIFF_FOREIGN, /* no event's name; left alone */
};

/* body: of DIFF_NEW and DIFF_CHANGED. */
typedef int (*difference_fn)(const struct collection *c, const char *file, const char *name,
	enum difference kind, const struct buf *body, void *arg);

enum scan_flags {
	SCAN_DEEP = 1,   /* read every file, whatever its time and size say */
	SCAN_REPORT = 2, /* change nothing, report everything: also a folder that is gone */
};

/* Files that the journal is about to write or remove are no differences. */
int scan_differences(struct db *db, const struct collection *c, unsigned flags, difference_fn visit,
	void *arg, struct err *e);
/* Does this one file differ? 1, 0, -1. What only a whole scan can tell is 1. */
int scan_file_differs(struct db *db, const struct collection *c, const char *file, struct err *e);

#endif
