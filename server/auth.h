/*
 * Who asks: Basic credentials (RFC 7617) against accounts and application passwords.
 *
 * Verifying a password takes some 20 ms and 16 MiB by intention. Successes are remembered
 * for ten minutes under an HMAC that covers the account's generation, so a new password or
 * a revoked token ends them at once; failures are never remembered, they are braked.
 * Thread-safe.
 */
#ifndef DEDIT_SERVER_AUTH_H
#define DEDIT_SERVER_AUTH_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "http/request.h"
#include "server/settings.h"
#include "storage/store.h"

/* Never changed: programs file passwords under it (doc/clients.md). */
#define AUTH_CHALLENGE "Basic realm=\"dedit\", charset=\"UTF-8\""
/* Where a page signs in: no browser asks for a password by itself on this one. */
#define AUTH_CONSOLE_CHALLENGE "Bearer realm=\"dedit\""

struct auth;

int auth_create(struct store *store, struct auth **out, struct err *e);
void auth_destroy(struct auth *a); /* accepts NULL */

enum auth_result {
	AUTH_OK,
	AUTH_MISSING,  /* no Basic credentials: no failure */
	AUTH_VERIFY,   /* ask auth_verify() on a thread that may take its time */
	AUTH_WRONG,    /* unknown, closed or wrong: not told apart */
	AUTH_WAIT,     /* braked: not looked at */
	AUTH_BROKEN,   /* the store failed */
};

/* One attempt; everything in it lives in the request's arena. */
struct auth_attempt {
	const struct settings *settings;
	const char *address;
	struct arena *mem;
	enum door door;         /* but for DOOR_BASIC the account's own password alone is right */
	struct principal who;   /* set with AUTH_OK */
	int64_t wait_ms;        /* set with AUTH_WAIT */
	const char *token;      /* id of the application password that was taken, if it is time to note that; NULL */
	/* of auth.c */
	const char *name;
	char *password;
	struct account account;
	bool known;
};

/* authorization: the header's value or NULL. One look into the store, no password hashing. */
enum auth_result auth_begin(struct auth *a, struct auth_attempt *t, const char *authorization);
/* The console, behind its sign-in: a session's cookie (rq->session_token and session are set then). AUTH_OK,
 * AUTH_MISSING (nothing that holds), AUTH_BROKEN. */
enum auth_result auth_session(struct auth *a, struct auth_attempt *t, struct request *rq);
/* DOOR_CONFIRM: both. AUTH_MISSING: the session isn't there (rq->session_token is NULL), or the credentials
 * aren't, or are of another account. */
enum auth_result auth_confirm(struct auth *a, struct auth_attempt *t, struct request *rq);
/* DOOR_SESSION too: a bearer token instead (rq->bearer and read_only are set then), of an application
 * password that is for the console's interface. AUTH_OK, AUTH_MISSING (it is no bearer token), AUTH_WRONG
 * (logged for fail2ban), AUTH_WAIT, AUTH_BROKEN. A right one is never braked. */
enum auth_result auth_bearer(struct auth *a, struct auth_attempt *t, struct request *rq);
/* After AUTH_VERIFY: hashes. AUTH_OK, AUTH_WRONG (logged for fail2ban), or AUTH_WAIT if others failed
 * meanwhile. */
enum auth_result auth_verify(struct auth *a, struct auth_attempt *t);
/* A secret link led nowhere. 0: counted; else the milliseconds that the address has to wait before its next
 * wrong one is answered. Apart from logins: a phone that still asks for a revoked feed must not hold
 * up the logins of those beside it. */
int64_t auth_wrong_link(struct auth *a, const struct settings *settings, const char *address);
/* Those that were refused. */
struct refused *auth_refused(const struct auth *a);
/* Wipes the clear password; the attempt is over. */
void auth_finish(struct auth_attempt *t);

#endif
