#include "http/origin.h"

#include <string.h>

#include "base/util.h"

/* "https://cal.example.org:443" and "https://cal.example.org" are one: cuts a default port off. */
static size_t authority_len(const char *authority, size_t len, bool tls)
{
	const char *port = tls ? ":443" : ":80";
	size_t cut = strlen(port);

	if (len > cut && memcmp(authority + len - cut, port, cut) == 0)
		return len - cut;
	return len;
}

static bool same_authority(const char *a, size_t a_len, const char *b, size_t b_len, bool tls)
{
	a_len = authority_len(a, a_len, tls);
	b_len = authority_len(b, b_len, tls);
	return a_len == b_len && ascii_ncasecmp(a, b, a_len) == 0;
}

/* After "http://" or "https://"; NULL if it is no such URI. */
static const char *uri_authority(const char *uri, bool *tls)
{
	*tls = ascii_ncasecmp(uri, "https://", 8) == 0;
	if (*tls)
		return uri + 8;
	return ascii_ncasecmp(uri, "http://", 7) == 0 ? uri + 7 : NULL;
}

bool origin_is_uri(const char *uri)
{
	bool tls;

	return uri_authority(uri, &tls) != NULL;
}

static bool is_this_server(const struct request *rq, const char *authority, size_t len, bool tls,
	const char *public_url)
{
	const char *host = request_header(rq, "Host"), *own;
	bool public_tls;

	if (host != NULL && same_authority(authority, len, host, strlen(host), tls))
		return true;
	if (rq->host != NULL && same_authority(authority, len, rq->host, strlen(rq->host), tls))
		return true;
	own = public_url != NULL ? uri_authority(public_url, &public_tls) : NULL;
	return own != NULL && same_authority(authority, len, own, strcspn(own, "/"), public_tls);
}

const char *origin_path(const struct request *rq, const char *uri, const char *public_url)
{
	bool tls;
	const char *authority = uri_authority(uri, &tls);
	size_t len = authority != NULL ? strcspn(authority, "/?#") : 0;

	if (authority == NULL || !is_this_server(rq, authority, len, tls, public_url))
		return NULL;
	return authority + len;
}

const char *origin_foreign(const struct request *rq, const char *public_url)
{
	const char *site = request_header(rq, "Sec-Fetch-Site"), *origin = request_header(rq, "Origin");

	if (site != NULL)
		return strcmp(site, "cross-site") == 0 || strcmp(site, "same-site") == 0 ?
			"a request from another site" : NULL;
	if (origin != NULL && origin_is_uri(origin) && origin_path(rq, origin, public_url) == NULL)
		return "a request from another origin";
	return NULL;
}
