/* For backends only: what a store begins with, and the backends there are. */
#ifndef DEDIT_STORAGE_BACKEND_H
#define DEDIT_STORAGE_BACKEND_H

#include <stdio.h>
#include <string.h>

#include "storage/store.h"

enum { STORE_ABI = 1 };

struct store { const struct store_ops *ops; };

extern const struct store_ops store_memory, store_sqlite;

/* storage/sqlite/rebuild.c; contract in store.h */
int store_sqlite_rebuild(const char *path, store_parse_fn parse, store_problem_fn problem,
	void *arg,
	struct store_counts *out, struct err *e);
/* storage/sqlite/backup.c and restore.c; contracts in store.h */
int store_sqlite_backup(const struct store_backup_source *from, const char *to, struct store_backup *out,
	struct err *e);
int store_sqlite_backup_open(struct store *s, const struct store_backup_source *from, const char *to,
	struct store_backup *out, struct err *e);
int store_sqlite_backups(const char *path, size_t *out, struct err *e);
int store_sqlite_restore(const char *path, const char *from, bool damaged, store_parse_fn parse,
	store_problem_fn problem, void *arg, struct store_backup *out, struct err *e);

/* The rules that all backends share. */

/* A new collection's seq: milliseconds since 2020, but past all that went before (`last`). */
static inline uint64_t store_first_seq(int64_t now, uint64_t last)
{
	const int64_t since = 1577836800; /* 2020-01-01T00:00:00Z */
	uint64_t first = now > since ? (uint64_t)(now - since) * 1000 : 1;

	return first > last ? first : last + 1;
}

/* Where a pass from this point begins and ends, `now` being the seq of what is asked. */
static inline struct sync_point store_sync_begin(const struct sync_point *from, uint64_t now)
{
	struct sync_point p = *from;

	if (p.until == 0) {
		p.until = now;
		p.at = p.since;
	}
	return p;
}

/* Did what a client doesn't know yet end before `oldest`? Then it can't be told any more. */
static inline bool store_sync_too_old(const struct sync_point *from, uint64_t oldest)
{
	return (from->since != 0 && from->since < oldest) ||
		(from->until != 0 && from->until < oldest);
}

/* After the pass `p`; full: it stopped behind `p->at`. */
static inline void store_sync_end(const struct sync_point *p, bool full, uint64_t now,
	struct sync_point *next, bool *more)
{
	*next = full ? *p : (struct sync_point){.since = p->until};
	*more = full || p->until < now;
}

/* NULL: the account has none with this hash. In constant time of each: who asks knows a token, not a hash. */
const struct account_token *store_find_token(const struct account *a, const char *hash);

/* A shared calendar stands in the sharee's home, unless nothing in it can be read. */
static inline bool store_share_shows(enum share_access access)
{
	return access >= SHARE_READ;
}

static inline void store_etag(const char *digest, uint64_t seq, char out[ETAG_SIZE])
{
	snprintf(out, ETAG_SIZE, "%s-%llu", digest, (unsigned long long)seq);
}

static inline void store_copy_spans(const struct span_set *from, struct arena *mem, struct span_set *out)
{
	*out = *from;
	if (from->data != NULL) {
		out->data = arena_strndup(mem, from->data, from->len);
	}
}

/* May anything of it lie in [from, to)? A span without length lies in what begins with it (RFC 4791 9.9). */
static inline bool store_overlaps(const struct object *o, int64_t from, int64_t to)
{
	return o->first < to && (o->last > from || (o->first == o->last && o->first >= from)) &&
		(o->spans.data == NULL || spans_find(&o->spans, from, to) != SPANS_NONE);
}

#endif
