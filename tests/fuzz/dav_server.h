/* A small server over the memory store for the fuzz targets of caldav/. */
#ifndef DEDIT_TESTS_DAV_SERVER_H
#define DEDIT_TESTS_DAV_SERVER_H

#include "caldav/caldav.h"

struct dav_server { struct store *store; struct dav dav; };

/* Accounts anna and marc; marc may write anna's `calendar`, in which e.ics is. */
void dav_server_start(struct dav_server *s);
void dav_server_stop(struct dav_server *s);
/* Returns the status. Aborts on a broken promise: a status that no client may cause, XML that is none. */
int dav_server_ask(struct dav_server *s, const char *who, const char *method, const char *path,
	const struct header *head, size_t heads, const char *body, size_t len);
void must(int holds);

#endif
