/*
 * HTTP: libmicrohttpd's listeners and threads around struct request and struct response.
 *
 * The library's threads never block: a request is gathered there, and handed to workers
 * while its connection is suspended (doc/libraries.md A1). http.c is sockets and callbacks,
 * exchange.c the life of one request.
 */
#ifndef DEDIT_SERVER_HTTP_H
#define DEDIT_SERVER_HTTP_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "server/access_log.h"
#include "server/auth.h"
#include "server/reaper.h"
#include "server/site.h"
#include "server/worker.h"

struct server {
	struct store *store;
	struct site_slot site;
	struct auth *auth;
	struct sessions *sessions; /* of the console */
	struct imports *imports;   /* that go on behind their answers */
	struct backups *backups;   /* the same */
	struct workers *work;    /* everything that may block */
	struct workers *logins;  /* password hashing: one a core, so that it can't take all workers */
	struct reaper *reaper;
	struct access_log *access;
	int64_t began;           /* UTC seconds */
	char start[9];           /* what the ids of this start's requests begin with */
	atomic_uint_fast64_t requests;
	atomic_uint busy;        /* requests that are complete and not yet answered */
	atomic_bool stopping;
};

struct http;

/* The library's own messages; arg is not used. */
void http_log(void *arg, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* Opens every socket of the settings, while the process may still do so. */
int http_listen(const struct settings *s, struct http **out, struct err *e);
/* Serves on them. What `sv` holds must outlive it. */
int http_start(struct http *h, struct server *sv, struct err *e);
/* Takes no new connections, answers what is complete (at most wait_ms), ends workers and
 * threads, closes the sockets. Accepts NULL, and what was never started. */
void http_stop(struct http *h, int64_t wait_ms);

#endif
