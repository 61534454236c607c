/*
 * The page of metrics (base/metrics.h), on listeners of its own, since it has no login: loopback addresses
 * and unix sockets only.
 */
#ifndef DEDIT_SERVER_METRICS_H
#define DEDIT_SERVER_METRICS_H

#include <microhttpd.h>

#include "server/http.h"

enum { METRICS_CONNECTIONS = 16 }; /* of one listener */

struct metrics;

/* Opens what is to be read of /proc, while the process may still do so. */
struct metrics *metrics_create(void);
void metrics_destroy(struct metrics *m); /* accepts NULL */
/* Serves /metrics on a listening socket, which it takes over, from a thread of its own. NULL on failure.
 * m must outlive it; one server to all sockets of one m. */
struct MHD_Daemon *metrics_serve(struct metrics *m, struct server *sv, int fd);

#endif
