/*
 * Which floor answers a path: web/ owns what is in its table, caldav/ has the rest. Neither knows of
 * the other; this is the only place that knows both.
 */
#ifndef DEDIT_SERVER_ROUTE_H
#define DEDIT_SERVER_ROUTE_H

#include "server/site.h"

/* How somebody comes in there. */
enum door route_door(const struct request *rq);
/* Open, and answered at once by whichever thread it is. */
bool route_is_light(const char *path);
/* As dav_is_quick(). */
bool route_is_quick(const struct request *rq);
/* As web_refuse(). */
bool route_refuse(struct request *rq, int status, const char *reason);
/* As dav_handle(), dav_precheck() and web_handle(), web_precheck(). */
void route_handle(const struct site *site, struct request *rq);
int route_precheck(const struct site *site, struct request *rq, uint64_t content_length,
	bool length_known, size_t *body_max);

#endif
