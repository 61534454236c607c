/*
 * The text files that say what the index says: accounts, properties, the ledger's logs. Which there should
 * be, and what should stand in them.
 */
#ifndef DEDIT_STORAGE_SQLITE_TEXTS_H
#define DEDIT_STORAGE_SQLITE_TEXTS_H

#include "storage/sqlite/ops.h"

enum text_kind { TEXT_ACCOUNT, TEXT_OWNER, TEXT_CALENDAR, TEXT_OBJECT, TEXT_LOG };

struct text_file {
	enum text_kind kind;
	const char *path;
	const char *owner, *name; /* the account's, or the calendar's; name: the object's */
	store_id collection;
};

/* All that the index knows of, in mem. */
int texts_list(struct conn *c, struct arena *mem, struct text_file **out, size_t *n, struct err *e);
/* Appends what should stand in it; nothing: there should be no file. */
int text_of(struct conn *c, const struct text_file *f, struct buf *out, struct err *e);
/* Do the two say the same? Of all but logs the order of lines and what is passed over doesn't matter. */
bool text_same(const struct text_file *f, const struct buf *a, const struct buf *b);
/* Can a rebuild take what stands there? why, else. */
bool text_readable(const struct text_file *f, const struct buf *text, struct err *why);
/* In the writer's thread: the mirror writes the file anew. */
int text_journal(struct change_log *log, const struct text_file *f, struct err *e);
/* The largest that is read. */
size_t text_largest(const struct text_file *f);

#endif
