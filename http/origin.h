/* Which origins are ours, and which requests pages of others have made a browser send (15.35). */
#ifndef DEDIT_HTTP_ORIGIN_H
#define DEDIT_HTTP_ORIGIN_H

#include "http/request.h"

/* What stands behind the host of an http or https URI, if that is this server: by Host, by what a proxy says,
 * or by public_url (or NULL). NULL: another server, or no such URI. */
const char *origin_path(const struct request *rq, const char *uri, const char *public_url);
/* Is it an http or https URI at all? */
bool origin_is_uri(const char *uri);
/* Why a request that changes something is another site's; NULL: nothing says so. */
const char *origin_foreign(const struct request *rq, const char *public_url);

#endif
