/*
 * One request and its answer, from the request line to the last byte.
 *
 * Order (architecture.md 5): framing guard, 401, the headers' refusals, body, handler,
 * answer. Bodies up to 64 KiB with a length are read first, whoever sends them, so that a
 * refusal doesn't cost the client its connection; all others come after login and
 * route_precheck().
 */
#ifndef DEDIT_SERVER_EXCHANGE_H
#define DEDIT_SERVER_EXCHANGE_H

#include <microhttpd.h>

#include "server/http.h"

struct exchange;

/* At the request line, with the target as sent. */
struct exchange *exchange_create(struct server *sv, struct MHD_Connection *con, struct peer *peer,
	const char *target);
/* The library is done with it. sent: the whole answer went out. */
void exchange_destroy(struct exchange *x, bool sent);

/* The library's handler call: headers, pieces of the body, its end, after each resumption. */
enum MHD_Result exchange_step(struct exchange *x, const char *method, const char *version,
	const char *data, size_t *size);

#endif
