#include "web/console/api.h"

#include "openapi_json.h"

int api_openapi(struct api *a)
{
	console_headers(a->http->res);
	response_header(a->http->res, "Cache-Control", "no-cache");
	response_header(a->http->res, "Content-Type", "application/json");
	buf_add(&a->http->res->body, openapi_json, sizeof(openapi_json) - 1);
	return a->http->res->status = 200;
}
