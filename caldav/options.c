/* OPTIONS (RFC 4918 10.1, RFC 4791 5.1): only what works is announced. */
#include "caldav/dav.h"

int method_options(struct dav_request *rq)
{
	struct response *res = rq->http->res;

	response_header(res, "Allow", method_allow(rq));
	response_header(res, "DAV", "1, 3, access-control, extended-mkcol, calendar-access, calendar-proxy, "
		"calendar-no-timezone, calendar-availability");
	return res->status = 200;
}
