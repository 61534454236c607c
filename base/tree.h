/*
 * Whole trees of files below a folder's descriptor. As in fsio.h, symbolic links are never followed, and
 * files are made with mode 0600, folders with 0700, by and for the process's user.
 */
#ifndef DEDIT_BASE_TREE_H
#define DEDIT_BASE_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* What a copy has come to; and who is told of what it passes over. */
struct tree_copy {
	uint64_t files, bytes;
	void (*left_out)(const char *path, void *arg); /* neither file nor folder; NULL: nobody is told */
	int (*goes_on)(void *arg, struct err *e);      /* asked before each file: -1 gives up; NULL: it does */
	void *arg;
};

/*
 * Copies a file, or a folder with all in it, to where nothing of that name is; one that is missing is copied
 * already. Blocks are shared where the file system can. Files keep their time; temporary ones of fs_replace()
 * are passed over, and so is what somebody removes meanwhile. Nothing is synced, and what was copied before a
 * failure stays.
 */
int tree_copy(int from, const char *name, int to, struct tree_copy *sum, struct err *e);
/* A file, or a folder with all in it; one that is missing is removed already. */
int tree_remove(int dir, const char *name, struct err *e);
/* Is there anything in the folder? */
int tree_is_empty(int dir, bool *out, struct err *e);

#endif
