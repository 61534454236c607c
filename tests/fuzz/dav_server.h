/* A small server over the memory store for the fuzz targets that ask whole requests. */
#ifndef DEDIT_TESTS_DAV_SERVER_H
#define DEDIT_TESTS_DAV_SERVER_H

#include "caldav/caldav.h"

struct dav_server {
	struct store *store; /* NULL: not started */
	struct dav dav;
	int64_t now;
	bool changed;        /* by a request, since it was started */
};

/*
 * Accounts anna and marc; marc may write anna's `calendar`. In it are e.ics, a weekly series with a
 * date moved and an alarm, and f.ics, when anna is busy; in her `tasks` is t.ics.
 */
void dav_server_start(struct dav_server *s);
void dav_server_stop(struct dav_server *s);
/* As one that was just started: it is started anew only if it isn't, or if a request changed
 * something. */
void dav_server_fresh(struct dav_server *s);

struct dav_question {
	const char *who, *method, *path;
	const struct header *head;
	size_t heads;
	const char *body;
	size_t len;
};
/*
 * Returns the status. Aborts on a broken promise: a status that no client may cause, XML that is
 * none. answer: gets what was answered, whole; or NULL.
 */
int dav_server_ask(struct dav_server *s, const struct dav_question *q, struct buf *answer);
/* PUT of an object, which has to succeed. */
void dav_server_put(struct dav_server *s, const char *path, const char *body);

#endif
