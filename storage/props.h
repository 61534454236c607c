/*
 * What .props and account files say: the half of the index that isn't events and can't be
 * computed from them. Written by the journal, read back by a rebuild; documented for people in
 * dedit-store(5).
 */
#ifndef DEDIT_STORAGE_PROPS_H
#define DEDIT_STORAGE_PROPS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "storage/store.h"

struct long_name { const char *file, *name; };

struct props {
	const char *calendar;
	unsigned components, flags;
	int64_t created;
	struct prop_row *row;
	size_t rows;
	struct share *share; /* user and access only */
	size_t shares;
	struct feed *feed; /* without collection, owner and calendar */
	size_t feeds;
	struct long_name *name;
	size_t names;
};

enum { PROPS_LARGEST = 64 << 20, ACCOUNT_LARGEST = 1 << 20 };

/* One line each, in the order in which they should be written. */
void props_write_head(struct buf *out, const struct collection *c);
void props_write_row(struct buf *out, const struct prop_row *p);
void props_write_share(struct buf *out, const char *user, enum share_access access);
void props_write_feed(struct buf *out, const struct feed *f);
void props_write_name(struct buf *out, const struct long_name *n);

/* Keys that aren't known are passed over. ERR_SYNTAX. Everything lives in mem. */
int props_parse(const char *text, size_t len, struct arena *mem, struct props *out, struct err *e);

struct delegates { struct delegation *row; size_t n; };

void account_write(struct buf *out, const struct account *a);
void account_write_delegate(struct buf *out, const char *user, enum share_access access);
/* acting: who acts for the account. */
int account_parse(const char *text, size_t len, struct arena *mem, struct account *out,
	struct delegates *acting, struct err *e);

#endif
