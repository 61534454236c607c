/* Lists of entity tags, as in If-Match and If-None-Match (RFC 9110 8.8.3, 13.1). */
#ifndef DEDIT_HTTP_ETAG_H
#define DEDIT_HTTP_ETAG_H

#include "http/request.h"

/* Does the list name this ETag (without quotes)? "*" names any; tags without quotes are tolerated.
 * weak_too: the comparison is weak (RFC 9110 8.8.3.2), else weak tags of the client don't count. */
bool etag_listed(const char *list, const char *etag, bool weak_too);
/* Some If-None-Match of the request names it (weak comparison): GET and HEAD are answered 304. */
bool etag_not_modified(const struct request *rq, const char *etag);

#endif
