/*
 * Addresses to listen on: "host:port", "[v6]:port", "*:port" (every address, both
 * families) or "unix:/path". A host is a numeric address or a name; a name that has
 * several addresses listens on each.
 */
#ifndef DEDIT_SERVER_LISTEN_H
#define DEDIT_SERVER_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/err.h"

enum { LISTEN_PER_NAME = 8, ADDRESS_TEXT_SIZE = 64 };

/* Grammar only. *e says what was expected. */
int listen_check(const char *spec, struct err *e);
/* True for a unix socket and when every address of the host is a loopback one. */
bool listen_is_local(const char *spec);
/* Opens the sockets, non-blocking; *count of them. On failure none is left open. A unix
 * socket's file is replaced and gets mode 0660: who may connect is the folder's business. */
int listen_open(const char *spec, int out[LISTEN_PER_NAME], size_t *count, struct err *e);

/* A peer as text: "192.0.2.1", "2001:db8::1", "unix". IPv4-mapped addresses as IPv4. */
void address_text(const struct sockaddr *sa, char out[ADDRESS_TEXT_SIZE]);

#endif
