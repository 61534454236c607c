/*
 * Cuts clients that are too slow. libmicrohttpd's own timeout sees silence only: one byte
 * a second would hold a connection for ever (doc/libraries.md A1). Here every phase of a
 * connection has a deadline, and a thread shuts the sockets down that have passed it; the
 * library then finds the connection ended and cleans up as usual.
 */
#ifndef DEDIT_SERVER_REAPER_H
#define DEDIT_SERVER_REAPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum peer_phase {
	PEER_NEW,     /* connected: TLS and the first request's headers */
	PEER_IDLE,    /* between requests */
	PEER_HEADERS, /* a request line has come */
	PEER_BODY,    /* receiving: must keep up the rate */
	PEER_WORK,    /* it is our turn: no deadline */
	PEER_SEND,    /* must take the answer at the rate */
};

struct reaper_rule { int64_t header_ms, idle_ms; uint64_t rate; };

struct reaper;
struct peer;

/* Connections that share a limit. They may be a few more while some are being ended to make room. */
struct crowd { unsigned limit, open, ending; int64_t relieved; };

int reaper_create(const struct reaper_rule *rule, struct reaper **out, struct err *e);
/* Ends the thread; every peer must be gone. Accepts NULL. */
void reaper_destroy(struct reaper *r);

/* fd stays the library's; the peer must be removed before it is closed. One that is beyond its crowd's
 * limit makes room for itself: who has been idle longest is cut, or who has connected and sent nothing. If
 * all others are busy, or just came, it is to be turned away. crowd NULL: no limit. */
struct peer *reaper_add(struct reaper *r, struct crowd *crowd, int fd, bool secure);
void reaper_remove(struct reaper *r, struct peer *p);
/* Enters a phase; bytes: known to be moved in it (the answer's size), 0 if it grows. */
void reaper_phase(struct reaper *r, struct peer *p, enum peer_phase phase, uint64_t bytes);
void reaper_progress(struct reaper *r, struct peer *p, uint64_t bytes);
/* The phase's clock stands from one to the other: it is our turn meanwhile. */
void reaper_hold(struct reaper *r, struct peer *p);
void reaper_release(struct reaper *r, struct peer *p);

/* Constant: over TLS or a unix socket. */
bool peer_secure(const struct peer *p);
/* Constant: there is no room for it. */
bool peer_turned_away(const struct peer *p);

#endif
