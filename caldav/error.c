#include "caldav/error.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/util.h"
#include "caldav/dav.h"

const struct precond_row *precond_row(enum precond p)
{
	static const struct precond_row rows[PRE_COUNT] = {
#define X(name, status, ns, element) [PRE_##name] = { status, ns, element },
		PRECONDITIONS(X)
#undef X
	};
	assert(p > PRE_NONE && p < PRE_COUNT);
	return &rows[p];
}

const char *status_line(int status)
{
	static const struct { int status; const char *line; } rows[] = {
		{ 200, "HTTP/1.1 200 OK" },
		{ 403, "HTTP/1.1 403 Forbidden" },
		{ 404, "HTTP/1.1 404 Not Found" },
		{ 409, "HTTP/1.1 409 Conflict" },
		{ 424, "HTTP/1.1 424 Failed Dependency" },
		{ 507, "HTTP/1.1 507 Insufficient Storage" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].status == status)
			return rows[i].line;
	return "HTTP/1.1 500 Internal Server Error";
}

static const char *format(struct dav_request *rq, const char *fmt, va_list ap)
{
	char text[256];

	vsnprintf(text, sizeof(text), fmt, ap);
	return arena_strdup(rq->mem, text);
}

static int plain(struct dav_request *rq, int status, const char *words)
{
	struct response *res = rq->http->res;

	response_reset(res);
	res->status = status;
	res->reason = words;
	response_header(res, "Content-Type", "text/plain; charset=utf-8");
	buf_adds(&res->body, words);
	buf_addc(&res->body, '\n');
	return status;
}

int fail(struct dav_request *rq, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *words = format(rq, fmt, ap);
	va_end(ap);
	return plain(rq, status, words);
}

/* What stands inside the condition's element (RFC 4791 5.3.2.1 no-uid-conflict, RFC 3744 7.1.1). */
static void condition_content(struct xmlw *w, enum precond p, const char *href)
{
	if (!href)
		return;
	if (p == PRE_NEED_PRIVILEGES)
		xmlw_start(w, NS_DAV, "resource");
	xmlw_href(w, href);
	if (p == PRE_NEED_PRIVILEGES)
		xmlw_end(w);
}

void writer_begin(const struct dav_request *rq, struct xmlw *w, struct buf *out)
{
	xmlw_init(w, out);
	w->base = rq->http->base;
}

static int refuse_with(struct dav_request *rq, enum precond p, const char *href, const char *words)
{
	const struct precond_row *row = precond_row(p);
	struct response *res = rq->http->res;
	struct xmlw w;

	response_reset(res);
	res->status = row->status;
	res->reason = words;
	response_header(res, "Content-Type", "application/xml; charset=utf-8");
	writer_begin(rq, &w, &res->body);
	xmlw_root(&w, NS_DAV, "error");
	xmlw_start(&w, row->ns, row->element);
	condition_content(&w, p, href);
	xmlw_end(&w);
	xmlw_end(&w);
	return row->status;
}

int refuse(struct dav_request *rq, enum precond p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *words = format(rq, fmt, ap);
	va_end(ap);
	return refuse_with(rq, p, NULL, words);
}

int refuse_href(struct dav_request *rq, enum precond p, const char *href, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *words = format(rq, fmt, ap);
	va_end(ap);
	return refuse_with(rq, p, href, words);
}

/* Clients come back by themselves (clients.md, section 2): nothing was stored. */
static int busy(struct dav_request *rq, const char *words)
{
	plain(rq, 503, "try again later");
	rq->http->res->reason = words;
	response_header(rq->http->res, "Retry-After", "10");
	return 503;
}

/* What went wrong inside is for the log only. */
static int internal(struct dav_request *rq, int status, const char *told, const char *words)
{
	plain(rq, status, told);
	rq->http->res->reason = words;
	return status;
}

int fail_err(struct dav_request *rq, const struct err *e)
{
	static const struct { enum errcode code; enum precond p; int status; } rows[] = {
		{ ERR_NOT_FOUND, PRE_NONE, 404 },
		{ ERR_EXISTS, PRE_RESOURCE_MUST_BE_NULL, 0 },
		{ ERR_CHANGED, PRE_NONE, 412 },
		{ ERR_UID_TAKEN, PRE_NO_UID_CONFLICT, 0 },
		{ ERR_DENIED, PRE_NEED_PRIVILEGES, 0 },
		{ ERR_INVALID, PRE_NONE, 400 },
		{ ERR_SYNTAX, PRE_VALID_CALENDAR_DATA, 0 },
		{ ERR_RULES, PRE_VALID_CALENDAR_OBJECT, 0 },
		{ ERR_COMPONENT, PRE_SUPPORTED_COMPONENT, 0 },
		{ ERR_LARGE, PRE_MAX_RESOURCE_SIZE, 0 },
		{ ERR_INSTANCES, PRE_MAX_INSTANCES, 0 },
		{ ERR_ATTENDEES, PRE_MAX_ATTENDEES, 0 },
		{ ERR_EARLY, PRE_MIN_DATE_TIME, 0 },
		{ ERR_LATE, PRE_MAX_DATE_TIME, 0 },
		{ ERR_LIMIT, PRE_NONE, 403 },
		{ ERR_TOKEN, PRE_VALID_SYNC_TOKEN, 0 },
		{ ERR_FULL, PRE_SUFFICIENT_DISK_SPACE, 0 },
		{ ERR_QUOTA, PRE_QUOTA_NOT_EXCEEDED, 0 },
	};
	const char *words = arena_strdup(rq->mem, e->text);

	if (e->code == ERR_BUSY || e->code == ERR_DEVICE)
		return busy(rq, words);
	if (e->code == ERR_BROKEN) /* as in a multistatus: clients take a 404, but no other status */
		return internal(rq, 404, "this event cannot be read", words);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].code == e->code)
			return rows[i].p ? refuse_with(rq, rows[i].p, NULL, words)
			                 : plain(rq, rows[i].status, words);
	return internal(rq, 500, "internal error", words);
}
