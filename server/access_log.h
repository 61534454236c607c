/*
 * One line a request, once its answer is out, in the format that web servers call "combined", with the
 * request's id and its milliseconds behind it (deditd(8)).
 *
 * Who adds a line never waits for a disk: lines gather in memory, and one thread writes them. While it
 * can't (a full disk), up to a MiB of them wait; what comes beyond that is lost and counted, and the
 * error log says so, and how many there were.
 */
#ifndef DEDIT_SERVER_ACCESS_LOG_H
#define DEDIT_SERVER_ACCESS_LOG_H

#include <stdint.h>

#include "base/err.h"

struct access_log;

struct access_entry {
	int64_t when;                      /* UTC seconds */
	const char *address;
	const char *user;                  /* who is logged in; NULL: nobody is */
	const char *method, *path;         /* the path without what is secret in it, and without query */
	const char *version;               /* "HTTP/1.1" */
	const char *agent;                 /* User-Agent; NULL: none */
	const char *id;                    /* of the request */
	int status;
	uint64_t bytes;                    /* of the answer's body */
	int64_t ms;
};

/* Starts the thread; nothing is written before access_log_use(). */
int access_log_create(struct access_log **out, struct err *e);
/*
 * From now on lines go to target: a file that they are added to (made with mode 0600 if it is missing),
 * "stderr", or nowhere (NULL). The same file again opens it anew, for who renamed it. What was added
 * before still goes to the old one. On failure everything stays as it was.
 */
int access_log_use(struct access_log *log, const char *target, struct err *e);
/* Any thread; copies. */
void access_log_add(struct access_log *log, const struct access_entry *entry);
/* Writes what there is; accepts NULL. */
void access_log_destroy(struct access_log *log);

#endif
