#include "server/route.h"

enum door route_door(const struct request *rq)
{
	if (web_owns(rq->path))
		return web_door(rq);
	return dav_is_open(rq->path) ? DOOR_OPEN : DOOR_BASIC;
}

bool route_refuse(struct request *rq, int status, const char *reason)
{
	return web_owns(rq->path) && web_refuse(rq, status, reason);
}

bool route_is_light(const char *path)
{
	return web_owns(path) && web_is_light(path);
}

bool route_is_quick(const struct request *rq)
{
	return !web_owns(rq->path) && dav_is_quick(rq);
}

void route_handle(const struct site *site, struct request *rq)
{
	if (web_owns(rq->path))
		web_handle(&site->web, rq);
	else
		dav_handle(&site->dav, rq);
}

int route_precheck(const struct site *site, struct request *rq, uint64_t content_length,
	bool length_known, size_t *body_max)
{
	if (web_owns(rq->path))
		return web_precheck(&site->web, rq, content_length, length_known, body_max);
	return dav_precheck(&site->dav, rq, content_length, length_known, body_max);
}
