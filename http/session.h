/*
 * Who is signed in to the console: random tokens that browsers keep in a cookie, of which the SHA-256 is
 * kept, in memory alone, so that a restart ends them all. Fixed memory; thread-safe. Times are monotonic ms.
 */
#ifndef DEDIT_HTTP_SESSION_H
#define DEDIT_HTTP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SESSION_COOKIE "dedit_session"
enum {
	SESSION_TOKEN_SIZE = 44, /* 256 random bits in base64url, NUL */
	SESSION_NAME_SIZE = 65,
};

/* each: how many one account may have; the one that was used least lately ends with one more. */
struct session_rule { size_t each; int64_t idle_ms, lifetime_ms; };

struct session {
	char name[SESSION_NAME_SIZE];
	uint64_t generation;         /* of the account when it was made: another one ends it */
	char csrf[SESSION_TOKEN_SIZE]; /* what a page of ours knows, and no other */
	int64_t left_ms;             /* until it ends whatever is done */
};

struct sessions;

/* Room for so many; the one that was used least lately ends where there is no more. 0: there are none. */
struct sessions *sessions_create(size_t count);
void sessions_destroy(struct sessions *s); /* accepts NULL */

/* token is the cookie's, and the caller's to wipe. False: there is room for none at all. */
bool session_begin(struct sessions *s, const struct session_rule *rule, const char *name, uint64_t generation,
	int64_t now_ms, char token[SESSION_TOKEN_SIZE], struct session *out);
/* False: there is none, or its time is over. This use keeps it from being idle. */
bool session_find(struct sessions *s, const struct session_rule *rule, const char *token, int64_t now_ms,
	struct session *out);
/* One that isn't there is ended already. */
void session_end(struct sessions *s, const char *token);
/* Does it hold for the account as it was read? SESSION_AGAIN: it has seen a later one, so the account is
 * to be read once more. SESSION_OVER: it has ended. */
enum session_verdict { SESSION_HOLDS, SESSION_AGAIN, SESSION_OVER };
enum session_verdict session_check(struct sessions *s, const char *token, uint64_t generation);
/*
 * A session outlives the change of its account that it makes itself, and holds for both generations while
 * that is under way: announced before it, then either kept, whereupon the account's others end, or
 * withdrawn. False: `from`, of which the change is to be made, is none of those that it holds for, since
 * another has changed the account; nothing is announced then.
 */
bool session_announce(struct sessions *s, const char *token, uint64_t from, uint64_t next);
void session_keep(struct sessions *s, const char *token, uint64_t generation);
void session_withdraw(struct sessions *s, const char *token);
/* How many are there now: name's, or (NULL) all. */
size_t sessions_count(struct sessions *s, const struct session_rule *rule, const char *name, int64_t now_ms);

#endif
