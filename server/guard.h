/*
 * What libmicrohttpd lets through and must not reach us (doc/libraries.md A1): request
 * smuggling shapes and malformed targets. Pure functions over the request as received; each
 * reason is one line for the log.
 */
#ifndef DEDIT_SERVER_GUARD_H
#define DEDIT_SERVER_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "http/request.h"

struct framing {
	bool chunked, length_known;   /* length_known: false only when chunked */
	uint64_t length;              /* 0 without a body */
	bool expect_continue;
};

/* Headers of a request with this version ("HTTP/1.1"). NULL if it is sound (and *out is set);
 * else why it must be answered 400 and the connection closed. */
const char *guard_framing(const char *version, const struct header *head, size_t heads,
	struct framing *out);

/* The request target into path and query, both in mem; *query NULL without one. Takes the
 * absolute form as well (RFC 9112 3.2.2), and "*" for OPTIONS as "/". NULL or why not. */
const char *guard_target(const char *method, const char *target, struct arena *mem,
	const char **path, const char **query);

#endif
