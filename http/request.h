/*
 * A request and its answer, as caldav/ and web/ see them: no socket, no thread, no
 * library. server/ fills one in, hands it to the handler on a worker thread and sends
 * what is in `res` afterwards. Everything in it lives in `mem` and ends with it.
 */
#ifndef DEDIT_HTTP_REQUEST_H
#define DEDIT_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/uri.h"
#include "http/refused.h"
#include "http/session.h"

struct header { const char *name, *value; };
struct backups;
struct imports;

enum { RESPONSE_HEADERS = 24 };

struct response {
	int status;
	struct header head[RESPONSE_HEADERS];
	size_t heads;
	struct buf body;                          /* the answer, or with a generator its beginning */
	/* A generator of the rest: appends a piece to out; 1 more to come, 0 the end, -1 cut the connection (an
	 * error in mid-stream must not look like a complete answer). Runs on any thread, one call
	 * at a time, after the handler has returned. NULL: body is all. */
	int (*next)(void *arg, struct buf *out);
	void (*next_free)(void *arg);             /* called once, whether finished or not */
	void *next_arg;
	const char *reason;                       /* for the log: why it was refused, one line */
	bool wrong_link;                          /* a secret link led nowhere: counts as a guess */
};

/* How somebody comes in at a path. */
enum door {
	DOOR_BASIC,    /* name and password in each request: programs */
	DOOR_OPEN,     /* everybody */
	DOOR_SIGN_IN,  /* name and password once, for a session; no application password */
	DOOR_SESSION,  /* with a session's cookie, or a script's bearer token (RFC 6750) */
	DOOR_CONFIRM,  /* with that, and the account's own name and password once more */
};

/* Who asks. name is NULL before authentication and on the few open paths. */
struct principal {
	const char *name, *displayname, *language;
	uint64_t generation;                      /* of the account: see storage/store.h */
	const char *const *addresses;             /* "anna@example.org", ended by NULL */
	bool admin;                               /* member of group "admin" */
};

struct request {
	struct arena *mem;
	const char *id;                           /* what logs call it, and X-Request-Id of the answer */
	int64_t now;                              /* UTC seconds when the request was complete */
	const char *method;                       /* exactly as sent */
	const char *path;                         /* raw, undecoded, without base and query, begins with '/' */
	const char *base;                         /* stands before every path as clients see it: "/dedit"; or NULL */
	const char *host;                         /* what a proxy says the client called us; NULL: see Host */
	const char *query;                        /* raw, behind '?'; NULL if none */
	const struct header *head;                /* as received */
	size_t heads;
	const char *body;                         /* never NULL */
	size_t body_len;
	struct principal who;
	const char *address;                      /* of the peer, text; "unix" for a socket */
	bool secure;                              /* TLS, or a unix socket */
	struct sessions *sessions;                /* the console's */
	struct refused *refused;                  /* logins */
	struct imports *imports;                  /* of the console (web/imports.h) */
	struct backups *backups;                  /* web/backups.h */
	struct session_rule session_rule;
	const char *session_token;                /* the cookie that was taken: a secret; NULL: none was */
	struct session session;                   /* what it stands for */
	const char *bearer;                       /* id of the bearer token that was taken; NULL: none was */
	bool read_only;                           /* one that may change nothing */
	struct response *res;
};

/* First header of that name (ASCII case-insensitive), or NULL. */
const char *request_header(const struct request *rq, const char *name);
/* Iterates: *i starts at 0; NULL when there are no more of that name. */
const char *request_header_next(const struct request *rq, const char *name, size_t *i);

/* The cookie of that name, in the request's arena; NULL: there is none, or more than one, of which nobody
 * knows who has set which. */
const char *request_cookie(const struct request *rq, const char *name);

/* Copies neither name nor value (arena or literals). Asserts on CR/LF and on overflow. A path in Location or
 * Content-Location is given without base; server/ puts it before. */
void response_header(struct response *res, const char *name, const char *value);
/* Makes the response empty for reuse in one request (a handler that failed half-way). */
void response_reset(struct response *res);
void response_init(struct response *res, size_t body_max);
void response_finish(struct response *res); /* frees body, ends a generator */

/* Token lists like Prefer and If-None-Match are parsed by who needs them; this one is shared:
 * true if the comma-separated list holds the token (case-insensitive), up to ';' or '='. */
bool header_has_token(const char *list, const char *token);
/* The end of a list's element: the next separator outside of quotes (RFC 9110 5.6.1, 5.6.4), or the NUL. */
const char *header_element_end(const char *s, char separator);
/* The same for "token=value", the value quoted or not, of which the first one counts (RFC 7240 2). */
bool header_has_pair(const char *list, const char *token, const char *value);

/* Path segments. Decodes %XX once; refuses %00, %2F, bad escapes, control bytes, raw
 * bytes above 0x7f that are not UTF-8, and the segments "." and "..". -1 if refused. */
int path_decode_segment(const char *raw, size_t len, struct arena *mem, char **out);
/* A path without the base that it may begin with; both raw. base NULL: there is none. */
const char *path_below(const char *base, const char *path);

#endif
