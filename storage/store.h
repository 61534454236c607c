/*
 * Collections, objects, accounts and the ledger: what the server keeps.
 *
 * Two backends, "memory" (reference semantics, tests) and "sqlite" (index.db plus plain
 * files, doc/architecture.md), behind one table of functions. Contracts that hold for each:
 *
 * - Every call is atomic by itself; there is no begin/commit outside. Everything in one
 *   struct commit happens or nothing does, and when store_commit returns 0 it is durable.
 * - Sequence numbers are given in commit order, each once in the whole store: what changes
 *   takes the next one, and a collection's `seq` is that of its last change. A new collection's
 *   is at least the milliseconds since 2020, so an ETag never comes back. Calls that list
 *   return rows and seq of one snapshot.
 * - Strings handed to a visitor belong to the backend and end with the call; functions with
 *   an arena copy into it.
 * - A visitor returns 0 to go on; anything else stops the walk and is returned by the call
 *   (so visitors use positive numbers; -1 is an error of the store). A visitor must not call the store.
 * - Thread-safe. Connections and locks are the backend's business.
 *
 * Floors above call the store_ functions, never the table.
 */
#ifndef DEDIT_STORAGE_STORE_H
#define DEDIT_STORAGE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/signature.h"
#include "base/spans.h"

typedef int64_t store_id; /* 0: none */

enum { ETAG_SIZE = 48 };  /* "<digest>-<seq>", without quotes, NUL included */

enum collection_flags {
	COLL_FEES = 1, /* the reserved calendar of incidents */
	COLL_SUBSCRIBED = 2, /* an address whose events programs fetch themselves; holds none */
};

struct collection {
	store_id id;
	uint64_t seq, oldest_seq; /* tokens below oldest_seq are refused */
	const char *owner, *name;
	unsigned components;      /* mask of enum ical_kind values; storage only keeps it */
	unsigned flags;
	int64_t created;
	uint64_t charged;         /* bytes in it that count against the owner's quota */
};

/*
 * How far a client's copy of a collection or a home is: what a sync-token says (RFC 6578). A pass
 * tells what changed after `since` and up to `until`; in the middle of one, all behind `at` is left.
 */
struct sync_point {
	uint64_t since;    /* all changes up to here are known; 0: nothing is */
	uint64_t until;    /* 0: not in the middle of a pass */
	store_id calendar; /* of a home: the one whose objects come; 0: the calendars themselves */
	uint64_t at;
};

/* What changed in a home: a calendar, or an object of one. */
struct home_member {
	struct collection calendar; /* gone: owner and name only */
	bool gone;                  /* taken away from this home: removed, or shared no more */
	const struct object *object; /* NULL: the calendar itself */
};

struct object {
	store_id id, collection;
	uint64_t seq;
	const char *name, *uid;
	char digest[DIGEST_SIZE], etag[ETAG_SIZE];
	uint32_t size;
	unsigned component;  /* one enum ical_kind value; storage only compares it */
	bool deleted;        /* a tombstone: name, uid and seq only */
	int64_t first, last; /* UTC span of all occurrences, [first, last); last < first: there are none */
	struct span_set spans; /* of the occurrences, if there are several and they are known */
	unsigned traits;     /* mask of enum ical_trait; storage only keeps it */
	int64_t mtime, created;
};

/* A property as XML text (the element whole). user "": for everybody; else that sharee's own. */
struct prop_row { const char *user, *ns, *name, *xml; /* xml NULL in a patch: remove */ };

/* What keeps properties of its own beside a calendar: an object, a user's home, a user's principal. They
 * are common to all users (prop_row.user is ""), and go with the object or the account. */
enum prop_place_kind { PLACE_OBJECT, PLACE_HOME, PLACE_PRINCIPAL };
struct prop_place {
	enum prop_place_kind kind;
	store_id collection; /* PLACE_OBJECT */
	const char *name;    /* the object's, or the user's */
};

/* What is done to the properties of one place, or of a collection (place NULL). */
struct prop_patch {
	const struct prop_place *place;
	store_id collection;
	const struct prop_row *rows;
	size_t n;
};

/* How many bytes an owner's calendars may hold together (RFC 4331); 0: any number. */
struct quota { const char *owner; uint64_t bytes; };
struct quotas {
	uint64_t bytes;            /* of who is not in the list */
	const struct quota *owner; /* by name, lower case */
	size_t owners;
};

/* In rising order; FREE_BUSY: when, but not what (RFC 4791 6.1.1). */
enum share_access { SHARE_NONE, SHARE_FREE_BUSY, SHARE_READ, SHARE_WRITE };
struct share { store_id collection; const char *owner, *calendar, *user; enum share_access access; };
/* `user` acts for `owner` in all its calendars (15.1). READ or WRITE. */
struct delegation { const char *owner, *user; enum share_access access; };

/*
 * A link by which a calendar is read without a login (architecture.md 15.34). Its token is shown once,
 * the SHA-256 of it (base64url) kept, and found by.
 */
enum feed_flags {
	FEED_BUSY = 1,      /* when, not what */
	FEED_PLAIN = 2,     /* without what policies wrote into events */
	FEED_PUBLISHED = 4, /* made by the owner's program, which may ask for its URL again */
};
struct feed {
	const char *id, *label, *hash;
	store_id collection;
	const char *owner, *calendar;
	unsigned flags;
	int64_t back, ahead;  /* seconds of the window around now; -1: without end */
	int64_t created;
	int64_t used;         /* about when last; 0: never, or not since a rebuild */
};

/* What an application password opens: calendars, as the password of Basic, or the console's interface, as a
 * bearer token. Never both: a phone's opens nothing else. */
enum token_scope { TOKEN_CALENDAR, TOKEN_API_READ, TOKEN_API };
/* An application password: the secret is shown once, its SHA-256 (base64url) kept, found by prefix. */
struct account_token {
	const char *id, *label, *hash;
	int64_t created;
	enum token_scope scope;
	int64_t used;                       /* about when last; 0: never, or not since a rebuild */
};
struct account {
	const char *name;                   /* lower case, architecture.md 15.15 */
	const char *displayname, *language; /* "en", "fr" */
	const char *const *addresses;       /* ended by NULL, lower case */
	const char *password;               /* crypt(5) string; NULL: closed */
	uint64_t generation;                /* raised by each change */
	bool removed;                       /* closed, name not given again (15.30) */
	const struct account_token *tokens;
	size_t token_count;
};

/*
 * One entry of an owner's ledger. Set by the caller: all but seq, prev, digest, self, which
 * the writer sets at commit. text is one line of JSON that holds its own salt;
 * digest = chain digest of text, self = chain digest of "seq\tprev\tdigest".
 */
struct ledger_row {
	const char *owner;
	uint64_t seq;                 /* 1, 2, 3 … per owner */
	int64_t when, slot;           /* UTC; slot 0: none */
	bool incident;                /* moves the owner's ledger head (15.22) */
	const char *kind, *ref, *client, *uid, *text; /* "" where none */
	char prev[CHAIN_SIZE], digest[CHAIN_SIZE], self[CHAIN_SIZE];
};
struct ledger_query {             /* NULL, 0: any */
	const char *owner, *uid, *client, *kind, *ref;
	int64_t slot, since;          /* when >= since */
	uint64_t after;               /* seq > after */
	bool incidents_only;
};

/*
 * How far an owner's ledger had come, signed with <root>/ledger.key (15.23): what follows can be cut off or
 * made anew, but not so that it fits. As one line: owner, seq, time, self, key, signature, with blanks
 * between.
 */
struct signed_head {
	const char *owner;
	uint64_t seq;                 /* the last entry then, */
	char self[CHAIN_SIZE];        /* and its link */
	int64_t when;
	char key[DIGEST_SIZE];        /* name of the key */
	char signature[SIGNATURE_SIZE];
};

/* What is wrong with an entry besides its links, NULL if nothing. */
typedef const char *(*ledger_check_fn)(const struct ledger_row *l, void *arg);
struct ledger_verify {
	const char *owner;
	ledger_check_fn check;        /* asked for each entry in order, with arg; NULL: nothing more is */
	void *arg;
	const struct signed_head *kept; /* one more, that was kept elsewhere; or NULL */
};

/* An entry of which nothing but its place and time is left: text, client and UID are blanked (15.23). */
struct ledger_erasure { const char *owner; uint64_t seq; };

struct wake { int64_t at; const char *owner, *calendar, *name; };

enum change_kind { CHANGE_PUT, CHANGE_DELETE };
struct change {
	enum change_kind kind;
	store_id collection;
	const char *name;
	const char *expect;          /* etag decided upon; "": must not exist; NULL: whatever is there */
	/* CHANGE_PUT only: */
	const char *uid, *body;
	size_t body_len;
	unsigned component;
	int64_t first, last;
	struct span_set spans;
	unsigned traits;
	uint64_t charged;            /* bytes that count against the owner's quota */
	/* MOVE and COPY: the properties of that object come along and replace those of `name` (RFC 4918
	 * 9.8.2, 9.9.1). from NULL: `name` keeps its own. */
	store_id from_collection;
	const char *from;
	int64_t created;             /* a MOVE keeps it (RFC 4918 15.1); 0: since when the object is there */
	/* Adopted: what the file was found to be, NULL if it isn't about one. If the file isn't so any more, or
	 * something else waits to be written there, the commit is ERR_BUSY; if just that is stored, the file isn't
	 * touched. */
	const struct store_found *found;
	/* set by a commit that succeeded: */
	char etag[ETAG_SIZE];        /* of a PUT */
	uint64_t seq;
};
/* A collection that must still be what somebody saw; collection 0: none. */
struct collection_seen { store_id collection; uint64_t seq; };
/* The same of an object, by its etag, "" if there is none; collection 0: none. */
struct object_seen { store_id collection; const char *name, *etag; };
/* incident: seq of the last one that a decision saw; 0: none */
struct ledger_head { const char *owner; uint64_t incident; };
struct commit {
	int64_t now;
	struct change *change;
	size_t changes;
	const struct ledger_head *expect;
	size_t expects;
	struct collection_seen seen; /* before the changes, else ERR_CHANGED */
	struct object_seen still;    /* the same: of what is decided about an object that isn't changed itself */
	const struct ledger_row *ledger;
	size_t ledgers;
	const struct wake *wake;
	size_t wakes;
	store_id drop;               /* remove this collection whole, after the changes; 0: none */
	/* NULL: none. A commit may not make more of what it puts into an owner's calendars, all of them
	 * together, than this allows; one that makes less of them may. */
	const struct quotas *quotas;
	const struct ledger_erasure *erase;
	size_t erasures;
	uint64_t drop_seq;           /* its seq before the changes, else ERR_CHANGED; 0: any */
	/* set on ERR_UID_TAKEN: name of the object that holds the UID */
	char conflict[256];
};

/* A file that differs from the index. body NULL: it is gone. */
struct store_found { store_id collection; const char *name, *body; size_t len; };

struct store_info {
	char epoch[DIGEST_SIZE];     /* random; renewed on rebuild and restore: old tokens end */
	char host[64];               /* host part of made-up UIDs, made once */
	uint8_t key[32];             /* for signed links, made once */
};

struct store_options {
	unsigned mirror_delay_ms;    /* 0: commit returns when the files are written too */
	unsigned tombstone_days;     /* 365 */
	unsigned watch_folders;      /* 8192; 0: no watching */
	const char *zones;           /* version of the zone data that spans are worked out with, for a warning if
	                              * the index is of another; NULL: not looked at */
};

/* What can be known at once, without waiting for a disk or for who holds it. */
struct store_health {
	int64_t commit_ms;           /* how long the transaction under way takes already; 0: none is */
	bool commit_failed;          /* the last one could not be written, within the last minute */
	uint64_t journal_rows;       /* changes that files lack still */
	int64_t journal_ms;          /* for how long they have lacked any */
	uint64_t wal_bytes;          /* of the index's log of changes */
	uint64_t free_bytes;         /* room on the disk */
};
/* accounts: without those that were removed. */
struct store_size { uint64_t accounts, collections; };
struct store_counts { uint64_t accounts, collections, objects, ledger, journal; };
/* One line of what is wrong, for `dedit check`. */
typedef int (*store_problem_fn)(const char *line, void *arg);
/* What the index keeps of a body (storage knows no iCalendar), as in struct change. -1: it is none. */
struct store_parsed {
	const char *uid;
	unsigned component;
	int64_t first, last;
	struct span_set spans;
	unsigned traits;
	uint64_t charged;
};
typedef int (*store_parse_fn)(const char *body, size_t len, struct arena *mem, struct store_parsed *out,
	struct err *e);

typedef int (*collection_fn)(const struct collection *c, void *arg);
typedef int (*object_fn)(const struct object *o, void *arg);
typedef int (*home_member_fn)(const struct home_member *m, void *arg);
typedef int (*prop_fn)(const struct prop_row *p, void *arg);
typedef int (*share_fn)(const struct share *s, void *arg);
typedef int (*feed_fn)(const struct feed *f, void *arg);
typedef int (*delegation_fn)(const struct delegation *d, void *arg);
typedef int (*account_fn)(const struct account *a, void *arg);
typedef int (*ledger_fn)(const struct ledger_row *l, void *arg);
typedef int (*signed_head_fn)(const struct signed_head *h, void *arg);
typedef int (*owner_fn)(const char *owner, void *arg);
typedef int (*wake_fn)(const struct wake *w, void *arg);
typedef int (*found_fn)(const struct store_found *f, void *arg);

struct store; /* begins with: const struct store_ops *ops; */

enum store_session { SESSION_BEGIN, SESSION_PAUSE, SESSION_END };

struct store_ops {
	uint32_t abi, size;
	const char *name;
	int (*open)(const char *path, const struct store_options *o, struct store **out, struct err *e);
	void (*close)(struct store *s);
	void (*info)(struct store *s, struct store_info *out);

	int (*collections)(struct store *s, const char *owner, collection_fn visit, void *arg, struct err *e);
	int (*collection)(struct store *s, const char *owner, const char *name, struct arena *mem,
		struct collection *out, struct err *e);
	int (*collection_make)(struct store *s, const struct collection *c, const struct prop_row *props,
		size_t n, int64_t now, store_id *id, struct err *e);
	int (*props)(struct store *s, store_id collection, const char *user, prop_fn visit, void *arg,
		struct err *e);
	int (*props_patch)(struct store *s, const struct prop_patch *patches, size_t n, struct err *e);
	int (*place_props)(struct store *s, const struct prop_place *place, prop_fn visit, void *arg,
		struct err *e);
	int (*objects_have_props)(struct store *s, store_id collection, bool *out, struct err *e);
	int (*usage)(struct store *s, const char *owner, uint64_t *bytes, struct err *e);
	int (*shares)(struct store *s, store_id collection, const char *user, share_fn visit, void *arg,
		struct err *e);
	int (*share_put)(struct store *s, const struct share *share, struct err *e);

	int (*find)(struct store *s, store_id collection, const char *name, struct arena *mem,
		struct object *out, struct err *e);
	int (*find_uid)(struct store *s, store_id collection, const char *uid, struct arena *mem,
		struct object *out, struct err *e);
	int (*body)(struct store *s, store_id collection, const char *name, struct arena *mem,
		struct object *out, struct buf *body, struct err *e);
	int (*list)(struct store *s, store_id collection, unsigned components, int64_t from, int64_t to,
		object_fn visit, void *arg, uint64_t *seq, struct err *e);
	int (*changes)(struct store *s, store_id collection, const struct sync_point *from, size_t limit,
		object_fn visit, void *arg, struct sync_point *next, bool *more, struct err *e);
	int (*home)(struct store *s, const char *user, collection_fn visit, void *arg, uint64_t *seq,
		struct err *e);
	int (*home_changes)(struct store *s, const char *user, bool deep, const struct sync_point *from,
		size_t limit, home_member_fn visit, void *arg, struct sync_point *next, bool *more,
		struct err *e);

	int (*commit)(struct store *s, struct commit *c, struct err *e);

	int (*account)(struct store *s, const char *name, struct arena *mem, struct account *out,
		struct err *e);
	int (*accounts)(struct store *s, account_fn visit, void *arg, struct err *e);
	int (*account_put)(struct store *s, const struct account *a, struct err *e);
	int (*account_close)(struct store *s, const char *name, struct err *e);

	int (*ledger)(struct store *s, const struct ledger_query *q, ledger_fn visit, void *arg,
		struct err *e);
	int (*ledger_head)(struct store *s, const char *owner, uint64_t *incident, struct err *e);
	int (*wakes)(struct store *s, int64_t until, wake_fn visit, void *arg, int64_t *next,
		struct err *e);
	int (*wake_done)(struct store *s, const struct wake *w, struct err *e);

	int (*scan)(struct store *s, store_id collection, found_fn visit, void *arg, struct err *e);
	int (*watch)(struct store *s, int timeout_ms, store_id *collection, struct err *e);
	int (*flush)(struct store *s, struct err *e);
	int (*check)(struct store *s, bool deep, store_parse_fn parse, store_problem_fn problem, void *arg,
		struct store_counts *out, struct err *e);

	int (*feeds)(struct store *s, store_id collection, feed_fn visit, void *arg, struct err *e);
	int (*feed)(struct store *s, const char *hash, struct arena *mem, struct feed *out, struct err *e);
	int (*feed_put)(struct store *s, const struct feed *f, struct err *e);
	int (*feed_remove)(struct store *s, const char *id, struct err *e);
	int (*feed_used)(struct store *s, const char *id, int64_t when, struct err *e);
	int (*shares_set)(struct store *s, store_id collection, const struct share *rows, size_t n,
		struct err *e);
	int (*delegations)(struct store *s, const char *owner, const char *user, delegation_fn visit,
		void *arg, struct err *e);
	int (*delegation_put)(struct store *s, const struct delegation *d, struct err *e);
	int (*delegates_set)(struct store *s, const char *owner, enum share_access access,
		const char *const *users, size_t n, struct err *e);
	int (*ledger_owners)(struct store *s, owner_fn visit, void *arg, struct err *e);
	int (*ledger_key)(struct store *s, struct buf *out, struct err *e);
	int (*ledger_sign)(struct store *s, const char *owner, int64_t now, struct signed_head *out,
		struct err *e);
	int (*signed_heads)(struct store *s, const char *owner, signed_head_fn visit, void *arg,
		struct err *e);
	int (*ledger_verify)(struct store *s, const struct ledger_verify *v, store_problem_fn problem,
		void *arg, struct err *e);
	int (*hold)(struct store *s, struct err *e);
	void (*release)(struct store *s);
	void (*health)(struct store *s, struct store_health *out);
	int (*size_now)(struct store *s, struct store_size *out, struct err *e);
	int (*page)(struct store *s, store_id collection, const char *after, size_t limit, object_fn visit,
		void *arg, struct err *e);
	void (*session)(struct store *s, enum store_session what);
	int (*token_account)(struct store *s, const char *hash, struct arena *mem, struct account *out,
		struct err *e);
	int (*token_used)(struct store *s, const char *account, const char *id, int64_t when, struct err *e);
	void (*watch_end)(struct store *s);
	int (*count)(struct store *s, store_id collection, uint64_t *out, struct err *e);
};

/* backend "sqlite" (path: the data folder, made if missing with mode 0700) or "memory" (path ignored).
 * The sqlite backend holds <root>/lock: a second opener gets ERR_BUSY. Recovery is part of it. */
int store_open(const char *backend, const char *path, const struct store_options *o, struct store **out,
	struct err *e);
/* Finishes what is queued, writes the files out, frees. No other call may be under way. */
void store_close(struct store *s);
void store_info(struct store *s, struct store_info *out);
void store_health(struct store *s, struct store_health *out);
/* For a thread with several questions in a row: between the two it may be answered cheaper. The answers are
 * the same, each as new as its call. Not nested. Who waits for anything but the store pauses before: what
 * a session holds would hold up others. It goes no further then, nor behind a commit, up to its end.
 * Without a session a pause is nothing. */
void store_session_begin(struct store *s);
void store_session_pause(struct store *s);
void store_session_end(struct store *s);
/* Counted in the index, row by row without reading one. */
int store_size(struct store *s, struct store_size *out, struct err *e);

/* owner NULL: every collection. Ordered by owner, name. */
int store_collections(struct store *s, const char *owner, collection_fn visit, void *arg, struct err *e);
/* ERR_NOT_FOUND. */
int store_collection(struct store *s, const char *owner, const char *name, struct arena *mem,
	struct collection *out, struct err *e);
/* c: owner, name, components, flags. ERR_EXISTS; nothing half made. */
int store_collection_make(struct store *s, const struct collection *c, const struct prop_row *props,
	size_t n, int64_t now, store_id *id, struct err *e);
/* Common properties first, then `user`'s own ("" or NULL: common only). */
int store_props(struct store *s, store_id collection, const char *user, prop_fn visit, void *arg,
	struct err *e);
/* All rows or none. Moves neither the collection's seq nor ETags (15.13), but the homes' that show it. */
int store_props_patch(struct store *s, store_id collection, const struct prop_row *rows, size_t n,
	struct err *e);
/* The same for what is no calendar; nothing kept: none are visited. */
int store_place_props(struct store *s, const struct prop_place *place, prop_fn visit, void *arg,
	struct err *e);
/* Is there a property of any object in the calendar? Spares listings a question for each object. */
int store_objects_have_props(struct store *s, store_id collection, bool *out, struct err *e);
/* ERR_NOT_FOUND for an object that is not there. */
int store_place_patch(struct store *s, const struct prop_place *place, const struct prop_row *rows,
	size_t n, struct err *e);
/* Several of either, all or none. */
int store_props_patch_all(struct store *s, const struct prop_patch *patches, size_t n, struct err *e);
/* Bytes of all the owner's calendars that count against the quota; the time doesn't grow with what is in
 * them. */
int store_usage(struct store *s, const char *owner, uint64_t *bytes, struct err *e);
uint64_t quota_of(const struct quotas *q, const char *owner); /* 0: none; q may be NULL */
/* By collection (user NULL), by user (collection 0), or both; SHARE_NONE is never visited. */
int store_shares(struct store *s, store_id collection, const char *user, share_fn visit, void *arg,
	struct err *e);
/* How far the calendar is shared with user: SHARE_NONE if it isn't. */
int store_shared_with(struct store *s, store_id collection, const char *user, enum share_access *out,
	struct err *e);
/* Uses share->collection, user, access; SHARE_NONE takes it off. */
int store_share_put(struct store *s, const struct share *share, struct err *e);
/* The calendar is shared with exactly these afterwards; of each row user and access are used. */
int store_shares_set(struct store *s, store_id collection, const struct share *rows, size_t n,
	struct err *e);

/* Delegates of owner (user NULL), those that user acts for (owner NULL), or whether the one acts for the
 * other. Ordered by owner, user. */
int store_delegations(struct store *s, const char *owner, const char *user, delegation_fn visit, void *arg,
	struct err *e);
/* How far user acts for owner: SHARE_NONE (not at all), READ or WRITE. */
int store_acts_for(struct store *s, const char *owner, const char *user, enum share_access *out,
	struct err *e);
/* SHARE_NONE takes it off. ERR_NOT_FOUND: no such owner. */
int store_delegation_put(struct store *s, const struct delegation *d, struct err *e);
/* Those who act for owner with this access (READ or WRITE) are exactly `users` afterwards; one of them
 * who had the other access has this one now. ERR_NOT_FOUND: no such owner. */
int store_delegates_set(struct store *s, const char *owner, enum share_access access,
	const char *const *users, size_t n, struct err *e);

/* Of a collection (0: of all), ordered by owner, calendar, id. */
int store_feeds(struct store *s, store_id collection, feed_fn visit, void *arg, struct err *e);
/* The one whose token has that SHA-256; ERR_NOT_FOUND. */
int store_feed(struct store *s, const char *hash, struct arena *mem, struct feed *out, struct err *e);
/* Uses all but owner, calendar and used. ERR_EXISTS: the id is taken; ERR_NOT_FOUND: no such collection. */
int store_feed_put(struct store *s, const struct feed *f, struct err *e);
int store_feed_remove(struct store *s, const char *id, struct err *e); /* ERR_NOT_FOUND */
/* Kept in the index alone, so that reading a feed writes no file. One that is gone is no error. */
int store_feed_used(struct store *s, const char *id, int64_t when, struct err *e);

/* Live objects only; ERR_NOT_FOUND. */
int store_find(struct store *s, store_id collection, const char *name, struct arena *mem,
	struct object *out, struct err *e);
int store_find_uid(struct store *s, store_id collection, const char *uid, struct arena *mem,
	struct object *out, struct err *e);
/* Appends the bytes to body and gives the row OF THOSE BYTES (digest checked). ERR_NOT_FOUND;
 * ERR_BROKEN if the file is broken or was changed by hand and not yet adopted, ERR_DEVICE if the disk doesn't
 * give it: costs this object only. */
int store_body(struct store *s, store_id collection, const char *name, struct arena *mem,
	struct object *out, struct buf *body, struct err *e);
/* Live objects of the kinds in the mask (0: all) that have a span in [from, to), or may have one
 * (INT64_MIN, INT64_MAX: all objects), ordered by name. *seq (may be NULL): the collection's, of the same
 * snapshot. */
int store_list(struct store *s, store_id collection, unsigned components, int64_t from, int64_t to,
	object_fn visit, void *arg, uint64_t *seq, struct err *e);
/* At most `limit` live objects whose names come behind `after` ("": from the first), ordered by name. What is
 * there all the while is met once by whoever goes on behind the last name. */
int store_page(struct store *s, store_id collection, const char *after, size_t limit, object_fn visit,
	void *arg, struct err *e);
/* Names, for after the walk: a visitor must not ask the store. mem is given. */
struct object_names { struct arena *mem; const char **name; size_t count, size; };
/* Visits for the two above; arg is a struct object_names. */
int object_names_take(const struct object *o, void *arg);
/* Live objects of a calendar, by the index alone; 0 of one that isn't there. */
int store_count(struct store *s, store_id collection, uint64_t *out, struct err *e);
/* Objects and tombstones that changed after `from`, ordered by seq, at most limit; if nothing is known yet,
 * live ones only. *next: from where to go on; *more: there is something left now.
 * ERR_TOKEN: a point below oldest_seq, ahead of the collection's seq, or none that was given out. */
int store_changes(struct store *s, store_id collection, const struct sync_point *from, size_t limit,
	object_fn visit, void *arg, struct sync_point *next, bool *more, struct err *e);
/* The calendars in a user's home: own ones, then shared ones by owner and name; visit may be NULL. *seq (may
 * be NULL): the home's, which any change in it moves: of calendars' properties and objects, or of which
 * there are. */
int store_home(struct store *s, const char *user, collection_fn visit, void *arg, uint64_t *seq,
	struct err *e);
/* The same as store_changes for a home: calendars that came, went, or changed in whatever way; deep: behind
 * them, calendar by calendar, the objects that changed, but none of a calendar that went.
 * ERR_TOKEN also if deep and a calendar went and came back since: of what went with it nothing is known. */
int store_home_changes(struct store *s, const char *user, bool deep, const struct sync_point *from,
	size_t limit, home_member_fn visit, void *arg, struct sync_point *next, bool *more, struct err *e);

/* ERR_CHANGED (an expectation fails), ERR_UID_TAKEN (c->conflict), ERR_NOT_FOUND (collection),
 * ERR_QUOTA, ERR_FULL, ERR_BUSY, ERR_IO. */
int store_commit(struct store *s, struct commit *c, struct err *e);

int store_account(struct store *s, const char *name, struct arena *mem, struct account *out, struct err *e);
int store_accounts(struct store *s, account_fn visit, void *arg, struct err *e); /* removed ones too */
/* Makes or replaces. a->generation: one more than was read; ERR_CHANGED: what is stored has come as far. 0:
 * whatever is there is replaced, and its generation raised. ERR_EXISTS: it was removed. */
int store_account_put(struct store *s, const struct account *a, struct err *e);
/* The account that has a token of that SHA-256, and which one it is (of out->tokens). ERR_NOT_FOUND. */
int store_token_account(struct store *s, const char *hash, struct arena *mem, struct account *out,
	size_t *token, struct err *e);
/* Kept in the index alone, as of feeds, and no change of the account. One that is gone is no error. */
int store_token_used(struct store *s, const char *account, const char *id, int64_t when, struct err *e);
/* "calendar", "api-read", "api", as files, people and scripts say it. */
const char *token_scope_name(enum token_scope scope);
int token_scope_parse(const char *name, enum token_scope *out); /* -1: it is none of them */
/* 15.30: password and tokens gone, shares and delegations of and to it gone, calendars to
 * <root>/removed/, ledger kept. A second time changes nothing. */
int store_account_close(struct store *s, const char *name, struct err *e);

/* Ordered by owner, seq. */
int store_ledger(struct store *s, const struct ledger_query *q, ledger_fn visit, void *arg, struct err *e);
int store_ledger_head(struct store *s, const char *owner, uint64_t *incident, struct err *e);
/* Who has a ledger, in the index or on disk, by name. */
int store_ledger_owners(struct store *s, owner_fn visit, void *arg, struct err *e);
/* Appends the public half of the key that signs heads, as PEM. It is made at first use. */
int store_ledger_key(struct store *s, struct buf *out, struct err *e);
/* Signs the owner's last entry and keeps that beside the ledger; one that is signed already isn't signed
 * again. out->owner is `owner`. ERR_NOT_FOUND: there is no entry. */
int store_ledger_sign(struct store *s, const char *owner, int64_t now, struct signed_head *out,
	struct err *e);
/* Oldest first. */
int store_signed_heads(struct store *s, const char *owner, signed_head_fn visit, void *arg, struct err *e);
/* Chain, files, index and signed heads of one owner: tells the first entry that is wrong, by file, line and
 * number, or nothing. Changes nothing, but writes the files out first (store_flush()). -1: it can't be found
 * out. */
int store_ledger_verify(struct store *s, const struct ledger_verify *v, store_problem_fn problem, void *arg,
	struct err *e);
/* Wakes with at <= until, ordered; *next: when the following one is due, INT64_MAX if none. */
int store_wakes(struct store *s, int64_t until, wake_fn visit, void *arg, int64_t *next, struct err *e);
int store_wake_done(struct store *s, const struct wake *w, struct err *e);

/* Compares files with the index (0: every collection) and visits the differences. Objects with a journal
 * row are left out. Many missing together are an accident: none is visited, a warning is logged (15.20). */
int store_scan(struct store *s, store_id collection, found_fn visit, void *arg, struct err *e);
/* Waits until a folder in use changed by another hand: 1 with its collection, 0 on time-out. One thread. */
int store_watch(struct store *s, int timeout_ms, store_id *collection, struct err *e);
/* For another thread: store_watch() waits no more, now or later, until the store is closed. */
void store_watch_end(struct store *s);
/* Returns when every file is written and synced. ERR_BUSY: one that isn't is held by store_hold(), whose end
 * nobody waits for. */
int store_flush(struct store *s, struct err *e);
/* Until store_release() no file is written, so that they can be copied; what is committed meanwhile is
 * durable as ever. Returns when what was under way is written. ERR_BUSY: held already. */
int store_hold(struct store *s, struct err *e);
void store_release(struct store *s);
/* Index against itself, ledger chains, files present; deep: what stands in every file, too. parse, if deep:
 * each body is read by it and held against its row, and users have to be accounts; NULL: neither is asked.
 * Changes nothing. */
int store_check(struct store *s, bool deep, store_parse_fn parse, store_problem_fn problem, void *arg,
	struct store_counts *out, struct err *e);
/* The entries in the ledger's files of a data folder, whoever holds it; other lines are passed over. */
int store_ledger_logs(const char *path, ledger_fn visit, void *arg, struct err *e);
/* Makes a new index.db from the files of a data folder that no server holds (15.19). New epoch.
 * A file that parse refuses is reported and left out. */
int store_rebuild(const char *path, store_parse_fn parse, store_problem_fn problem, void *arg,
	struct store_counts *out, struct err *e);

/* What a backup holds. */
struct store_backup { struct store_counts counts; uint64_t files, bytes; };
struct store_backup_source {
	const char *path;           /* the data folder */
	/* NULL: nobody has it, and its lock is taken. Else a server holds its files (store_hold) as long as this
	 * returns 0: asked before each file and all the time within the index, it ends the backup with its error. */
	int (*held)(void *arg, struct err *e);
	void (*left_out)(const char *path, void *arg); /* what is neither file nor folder */
	void *arg;
};
/* Copies a data folder into the folder `to`, which is there and empty, as of one moment: the index first,
 * then the files. Returns when all of it is on disk and marked as complete; on failure `to` is empty
 * again. */
int store_backup(const struct store_backup_source *from, const char *to, struct store_backup *out,
	struct err *e);
/* The same of a store that is open here, and holds its files meanwhile, into the folder `to`, which is made,
 * and taken away on failure. from->held may not be NULL: it says whether to go on. ERR_EXISTS: `to` is there;
 * ERR_BUSY: a backup is being made already. */
int store_backup_open(struct store *s, const struct store_backup_source *from, const char *to,
	struct store_backup *out, struct err *e);
/* How many backups are complete in the folders right below `path`, whoever made them. */
int store_backups(const char *path, size_t *out, struct err *e);
/* Makes a data folder of a backup. `path` is missing, or holds nothing that could be lost. The copy is looked
 * at as by a deep check before anything is in its place, and each problem is told: unless `damaged`, one is
 * enough to fail, with nothing restored. New epoch, and numbers that were never given before (15.13). */
int store_restore(const char *path, const char *from, bool damaged, store_parse_fn parse,
	store_problem_fn problem, void *arg, struct store_backup *out, struct err *e);

#endif
