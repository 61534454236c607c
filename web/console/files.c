/* The pages' files, and what all answers of the console have in common. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "web/console/assets.h"
#include "web/console/console.h"
#include "web/html.h"

/* ---- all answers ---- */

void console_headers(struct response *res)
{
	static const struct header all[] = {
		{ "Content-Security-Policy",
			"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
			"connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; "
			"form-action 'self'; frame-ancestors 'none'" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Cross-Origin-Opener-Policy", "same-origin" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "Cross-Origin-Embedder-Policy", "require-corp" },
		{ "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()" },
		{ "X-Frame-Options", "DENY" },
		{ "X-Robots-Tag", "noindex" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		response_header(res, all[i].name, all[i].value);
}

/* RFC 9110 15: the titles of those that are answered. */
static const char *status_title(int status)
{
	static const struct { int status; const char *title; } titles[] = {
		{ 400, "Bad Request" }, { 401, "Unauthorized" }, { 403, "Forbidden" }, { 404, "Not Found" },
		{ 405, "Method Not Allowed" }, { 409, "Conflict" }, { 411, "Length Required" },
		{ 413, "Content Too Large" }, { 415, "Unsupported Media Type" },
		{ 422, "Unprocessable Content" }, { 429, "Too Many Requests" },
		{ 503, "Service Unavailable" }, { 507, "Insufficient Storage" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(titles); i++) {
		if (titles[i].status == status)
			return titles[i].title;
	}
	return "Internal Server Error";
}

int console_problem(struct request *rq, int status, const char *name, const char *why)
{
	const char *type = name ? arena_printf(rq->mem, "dedit:%s", name) : "about:blank";
	json_t *o = json_pack("{s:s, s:s, s:i, s:s}", "type", type, "title", status_title(status),
		"status", status, "detail", why);
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;

	response_reset(rq->res);
	console_headers(rq->res);
	response_header(rq->res, "Content-Type", "application/problem+json");
	response_header(rq->res, "Cache-Control", "no-store");
	buf_printf(&rq->res->body, "%s\n", text ? text : "{}");
	rq->res->reason = arena_strdup(rq->mem, why);
	free(text);
	json_decref(o);
	return rq->res->status = status;
}

/* ---- files ---- */

static const struct console_asset *find_asset(const char *path)
{
	for (size_t i = 0; i < console_asset_count; i++) {
		if (strcmp(console_assets[i].path, path) == 0)
			return &console_assets[i];
	}
	return NULL;
}

/* RFC 9110 13.1.2: weak comparison. The tags of ours hold neither comma nor quote. */
static bool is_known(const struct request *rq, const char *tag)
{
	const char *list = request_header(rq, "If-None-Match");

	for (; list && *list; list += *list == ',') {
		size_t len;

		list += strspn(list, " \t");
		if (*list == '*')
			return true;
		if (str_starts(list, "W/"))
			list += 2;
		len = strcspn(list, ", \t");
		if (len == strlen(tag) && strncmp(list, tag, len) == 0)
			return true;
		list = header_element_end(list, ',');
	}
	return false;
}

static int send_asset(struct page_request *rq, const struct console_asset *a)
{
	struct response *res = rq->http->res;
	const char *tag = arena_printf(rq->http->mem, "\"%s\"", a->etag);

	console_headers(res);
	response_header(res, "ETag", tag);
	response_header(res, "Cache-Control", a->immutable ? "public, max-age=31536000, immutable" : "no-cache");
	if (is_known(rq->http, tag))
		return res->status = 304;
	response_header(res, "Content-Type", a->type);
	buf_add(&res->body, a->data, a->len);
	return res->status = 200;
}

static int redirect(struct page_request *rq)
{
	console_headers(rq->http->res);
	response_header(rq->http->res, "Location", "/console/");
	return rq->http->res->status = 308;
}

/* A person may have typed it. */
static int nothing_here(struct page_request *rq)
{
	struct response *res = rq->http->res;

	console_headers(res);
	response_header(res, "Content-Type", "text/html; charset=utf-8");
	response_header(res, "Cache-Control", "no-store");
	buf_adds(&res->body, "<!DOCTYPE html>\n<html lang=\"en\">\n<title>Nothing here</title>\n"
		"<p>There is nothing here. <a href=\"");
	html_text(&res->body, rq->http->base ? rq->http->base : "");
	buf_adds(&res->body, "/console/\">To the console</a></p>\n</html>\n");
	res->reason = "nothing here";
	return res->status = 404;
}

int page_console(struct page_request *rq)
{
	const struct console_asset *a;

	if (strcmp(rq->http->path, "/console") == 0)
		return redirect(rq);
	a = find_asset(*rq->rest ? rq->rest : "index.html");
	return a ? send_asset(rq, a) : nothing_here(rq);
}

static void refuse_file(struct request *rq, int status, const char *why)
{
	console_problem(rq, status, NULL, why);
}

const struct page_kind console_files = { .refuse = refuse_file };
