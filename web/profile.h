/* Configuration profiles for Apple's programs (.mobileconfig), so that nobody types addresses. */
#ifndef DEDIT_WEB_PROFILE_H
#define DEDIT_WEB_PROFILE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define PROFILE_TYPE "application/x-apple-aspen-config"

struct profile {
	const char *url;         /* where phones reach the server: web.public_base; NULL is refused */
	const char *user, *displayname;
	const char *password;    /* NULL: the device asks for it */
	const char *ca;          /* base64 of an authority's certificate to trust; NULL: none */
};

/* Appends it. Its identifiers follow from host and user: a newer profile replaces the one before.
 * ERR_INVALID: there is no url, or none with a port behind its colon. */
int profile_write(const struct profile *p, struct arena *mem, struct buf *out, struct err *e);

#endif
