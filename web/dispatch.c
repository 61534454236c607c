/* Which paths are whose, and which methods they take. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "web/console/console.h"
#include "web/page.h"
#include "web/signed.h"

enum page_flags {
	PAGE_BELOW = 1,  /* everything below the path */
	PAGE_OPEN = 2,   /* without a login (15.34) */
	PAGE_SECRET = 4, /* who knows the path may read: it stays out of logs */
	PAGE_LIGHT = 8,  /* waits for nothing */
};

struct page {
	const char *path;
	unsigned flags;
	int (*run)(struct page_request *rq); /* GET and HEAD */
	size_t (*shown)(const char *rest);   /* PAGE_SECRET: how many bytes behind the path are none; NULL: 0 */
	const struct page_kind *kind;        /* NULL: GET and HEAD, as the flags say */
};

/* clang-format off */
static const struct page pages[] = {
	{ "/.well-known/timezone", PAGE_OPEN,               page_timezone_well_known, NULL, NULL },
	{ "/appointment/", PAGE_BELOW | PAGE_OPEN | PAGE_SECRET, page_appointment, page_signed_shown, &signed_kind },
#ifdef ENABLE_CONSOLE
	{ "/console", PAGE_OPEN,                            page_console, NULL, &console_files },
	{ "/console/api/", PAGE_BELOW,                      page_console_api, NULL, &console_api },
	{ "/console/", PAGE_BELOW | PAGE_OPEN,              page_console, NULL, &console_files },
#endif
	{ "/fee/",    PAGE_BELOW | PAGE_OPEN | PAGE_SECRET, page_fee_note, page_signed_shown, &signed_kind },
	{ "/feeds/",  PAGE_BELOW | PAGE_OPEN | PAGE_SECRET, page_feed,   NULL, NULL },
	{ "/healthz", PAGE_OPEN | PAGE_LIGHT,               page_health, NULL, NULL },
	{ "/policy/", PAGE_BELOW | PAGE_OPEN,               page_policy, NULL, NULL },
	{ "/timezones", PAGE_BELOW,                         page_timezones, NULL, NULL },
};
/* clang-format on */

static const struct page *page_find(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		const struct page *p = &pages[i];

		if (p->flags & PAGE_BELOW ? str_starts(path, p->path) : strcmp(path, p->path) == 0)
			return p;
	}
	return NULL;
}

static bool has_flag(const char *path, unsigned flag)
{
	const struct page *p = page_find(path);

	return p && p->flags & flag;
}

bool web_owns(const char *path)
{
	return page_find(path) != NULL;
}

enum door web_door(const struct request *rq)
{
	const struct page *p = page_find(rq->path);

	if (p->kind && p->kind->door)
		return p->kind->door(rq);
	return p->flags & PAGE_OPEN ? DOOR_OPEN : DOOR_BASIC;
}

bool web_refuse(struct request *rq, int status, const char *reason)
{
	const struct page *p = page_find(rq->path);

	if (!p->kind || !p->kind->refuse)
		return false;
	p->kind->refuse(rq, status, reason);
	return true;
}

bool web_is_light(const char *path)
{
	return has_flag(path, PAGE_LIGHT);
}

/* The first character of a raw path, decoded, in lower case; *len: how many bytes it takes. */
static int path_character(const char *s, size_t *len)
{
	int high = s[0] == '%' ? hex_digit(s[1]) : -1, low = high >= 0 ? hex_digit(s[2]) : -1;

	*len = low >= 0 ? 3 : 1;
	return ascii_tolower(low >= 0 ? high << 4 | low : (unsigned char)s[0]);
}

static bool path_begins(const char *path, const char *name)
{
	size_t len;

	for (; *name != '\0'; name++, path += len) {
		if (*path == '\0' || path_character(path, &len) != *name)
			return false;
	}
	return true;
}

/* A link that leads nowhere is often one that was mistyped, or whose base path is another's: it still holds
 * the secret. So the name of a secret page hides what is behind it wherever, and however, it is written. */
static const struct page *secret_within(const char *path)
{
	for (; *path != '\0'; path++) {
		for (size_t i = 0; i < ARRAY_SIZE(pages) && (*path == '/' || *path == '%'); i++) {
			if (pages[i].flags & PAGE_SECRET && path_begins(path, pages[i].path))
				return &pages[i];
		}
	}
	return NULL;
}

const char *web_log_path(const char *path, char out[WEB_LOG_PATH_SIZE])
{
	const struct page *p = secret_within(path);
	size_t len = p ? strlen(p->path) : 0;

	if (!p)
		return path;
	if (!str_starts(path, p->path))
		snprintf(out, WEB_LOG_PATH_SIZE, "…%s…", p->path);
	else
		snprintf(out, WEB_LOG_PATH_SIZE, "%.*s…", (int)(len + (p->shown ? p->shown(path + len) : 0)),
			path);
	return out;
}

int page_text(struct page_request *rq, int status, const char *text)
{
	struct response *res = rq->http->res;

	response_header(res, "Content-Type", "text/plain; charset=utf-8");
	buf_printf(&res->body, "%s\n", text);
	res->reason = text;
	return res->status = status;
}

static bool is_read(const struct request *rq)
{
	return strcmp(rq->method, "GET") == 0 || strcmp(rq->method, "HEAD") == 0;
}

static int refuse(struct page_request *rq, int status, const char *why)
{
	return web_refuse(rq->http, status, why) ? status : page_text(rq, status, why);
}

int page_refuse_method(struct page_request *rq, const char *allowed)
{
	int status = refuse(rq, 405, arena_printf(rq->http->mem, "only %s are offered here", allowed));

	response_header(rq->http->res, "Allow", allowed);
	return status;
}

static int refuse_method(struct page_request *rq)
{
	return page_refuse_method(rq, "GET, HEAD");
}

int page_precheck(struct page_request *rq, uint64_t content_length, bool length_known, size_t *body_max)
{
	*body_max = 0;
	if (!is_read(rq->http))
		return refuse_method(rq);
	if (length_known && content_length > 0)
		return refuse(rq, 413, "no body is taken here");
	return 0;
}

void web_handle(const struct web *web, struct request *http)
{
	const struct page *p = page_find(http->path);
	struct page_request *rq = arena_alloc(http->mem, sizeof(*rq)); /* a generator may need it later */

	assert(p && (http->who.name || web_door(http) == DOOR_OPEN));
	*rq = (struct page_request){ web, http, http->path + strlen(p->path), false };
	if (is_read(http) || (p->kind && p->kind->precheck))
		p->run(rq);
	else
		refuse_method(rq);
}

int web_precheck(const struct web *web, struct request *http, uint64_t content_length, bool length_known,
	size_t *body_max)
{
	const struct page *p = page_find(http->path);
	struct page_request rq = { web, http, http->path + strlen(p->path), false };

	if (p->kind && p->kind->precheck)
		return p->kind->precheck(&rq, content_length, length_known, body_max);
	return page_precheck(&rq, content_length, length_known, body_max);
}
