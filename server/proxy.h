/*
 * What a reverse proxy says of the client behind it. Believed only from the unix socket and from the
 * addresses in `trusted-proxies`, and only the family of headers that is configured, since a proxy
 * hands the other one on as the client sent it (trust.md T-36).
 */
#ifndef DEDIT_SERVER_PROXY_H
#define DEDIT_SERVER_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "http/request.h"

/* An address or "address/bits"; IPv4 within ::ffff:0:0/96. */
struct network { uint8_t address[16]; unsigned bits; };
int network_parse(const char *text, struct network *out, struct err *e);

struct proxy_rule {
	const struct network *networks;
	size_t count;
	bool standard; /* Forwarded (RFC 7239), not X-Forwarded-* */
};
/* peer: text as address_text() makes it. */
bool proxy_is_trusted(const struct proxy_rule *rule, const char *peer);

/* "/dedit": segments of letters, digits and - . _ ~, at most 200 bytes, no slash at the end. */
bool base_path_valid(const char *path);

struct forwarded {
	const char *address; /* of the client; NULL: not said */
	const char *host;    /* as the client called the server; NULL: not said */
	const char *prefix;  /* what the proxy took off the path; NULL: not said */
	const char *id;      /* what it calls the request; NULL: nothing that an id may be */
	bool secure;         /* the client came by TLS */
};
/* From the headers of a trusted peer's request; what is malformed is not said. In rq->mem. */
void proxy_read(const struct proxy_rule *rule, const struct request *rq, struct forwarded *out);

#endif
