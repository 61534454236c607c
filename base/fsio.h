/*
 * Files by openat below a folder's descriptor. Symbolic links are never followed
 * (trust.md T-28); a name may have slashes but neither begin with one nor go up. No
 * function takes an absolute path that a user can influence. Files are made with mode
 * 0600, folders with 0700; what root makes belongs to the owner of the folder around it.
 */
#ifndef DEDIT_BASE_FSIO_H
#define DEDIT_BASE_FSIO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* What the names of fs_replace's temporary files begin with. */
#define FS_TEMP_PREFIX ".new-"

/* Opens `path`'s folder; the caller closes. */
int fs_open_dir(const char *path, int *out, struct err *e);
/* Makes a folder for `owner`, if root does; one that is there (*made: false) stays as it is. What fails
 * leaves nothing. */
int fs_make_folder(const char *path, uid_t owner, gid_t group, bool *made, struct err *e);
/* Opens `rel` below `dir`, creating missing folders on the way if `make`. rel has no ".." */
int fs_open_subdir(int dir, const char *rel, int make, int *out, struct err *e);
/* Appends the whole file to out: ERR_NOT_FOUND, ERR_LARGE when it passes out->max, ERR_DEVICE if the disk
 * fails. */
int fs_read(int dir, const char *name, struct buf *out, struct err *e);
/* The same with fewer calls for a file that should have `size` bytes: appends no more than one byte beyond,
 * so another length than expected says that it is another file. */
int fs_read_sized(int dir, const char *name, size_t size, struct buf *out, struct err *e);
/* Temporary file in `dir`, rename over `name`; sync: fsync file and folder as well. */
int fs_replace(int dir, const char *name, const void *data, size_t len, int sync, struct err *e);
/* The names in a folder that don't begin with a dot, sorted; in mem. */
int fs_list(int dir, struct arena *mem, const char ***out, size_t *n, struct err *e);
/* unlinkat; a missing file is no error. */
int fs_remove(int dir, const char *name, struct err *e);
/* Owned by the process's user (root works for any owner) and not writable by group or others; else
 * ERR_DENIED with words. */
int fs_check_private(int dir, const char *what, struct err *e);

void fd_cleanup(int *fd);
#define cleanup_fd __attribute__((cleanup(fd_cleanup)))

#endif
