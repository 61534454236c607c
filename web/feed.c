/*
 * Calendars for those who only subscribe: /feeds/<token>/<calendar>.ics. Whoever knows the link reads
 * what the feed shows, without a login (doc/architecture.md 15.34, 15.36).
 */
#include <string.h>

#include "base/digest.h"
#include "base/util.h"
#include "http/calendar_file.h"
#include "http/etag.h"
#include "policy/update.h"
#include "web/page.h"

enum {
	TOKEN_BYTES = 128,
	DAY = 86400,
	USED_EVERY = 3600, /* seconds: how exactly the last use is kept */
};

struct feed_request {
	struct page_request *page;
	struct feed feed;
	struct collection calendar;
	int64_t from, to;
};

/* ---- which one ---- */

/* "<token>/<calendar>.ics", decoded. False if it is nothing like that. */
static bool split_path(struct page_request *rq, const char **token, const char **calendar)
{
	struct arena *mem = rq->http->mem;
	const char *slash = strchr(rq->rest, '/');
	size_t len = slash ? (size_t)(slash - rq->rest) : 0;
	char *first, *second;

	if (len == 0 || len > TOKEN_BYTES || !str_ends(slash, ".ics"))
		return false;
	if (path_decode_segment(rq->rest, len, mem, &first) < 0 ||
		path_decode_segment(slash + 1, strlen(slash) - strlen("/.ics"), mem, &second) < 0)
		return false;
	*token = first;
	*calendar = second;
	return true;
}

/* Always one look into the index, so that a path of the wrong form takes as long as a wrong token. */
static int find_feed(struct feed_request *f, struct err *e)
{
	struct page_request *rq = f->page;
	struct store *store = rq->web->store;
	const char *token = rq->rest, *calendar = "";
	bool formed = split_path(rq, &token, &calendar);
	char hash[CHAIN_SIZE];

	digest_chain(token, strlen(token), hash);
	if (store_feed(store, hash, rq->http->mem, &f->feed, e) < 0)
		return -1;
	if (!formed || strcmp(calendar, f->feed.calendar) != 0)
		return err_set(e, ERR_NOT_FOUND, "another calendar's name");
	return store_collection(store, f->feed.owner, f->feed.calendar, rq->http->mem, &f->calendar, e);
}

/* Roughly: a program that asks every minute doesn't cost a commit each. */
static void note_use(struct feed_request *f)
{
	struct err e;
	int64_t now = f->page->http->now;

	/* If it can't be noted, the feed is no less worth. */
	if (now - f->feed.used >= USED_EVERY || now < f->feed.used)
		(void)store_feed_used(f->page->web->store, f->feed.id, now, &e);
}

/* ---- what is shown ---- */

/* Whole days, so that the answer, and with it the ETag, changes once a day. */
static void set_window(struct feed_request *f)
{
	int64_t today = f->page->http->now / DAY * DAY;

	f->from = f->feed.back < 0 ? INT64_MIN : today - f->feed.back;
	f->to = f->feed.ahead < 0 ? INT64_MAX : today + DAY + f->feed.ahead;
}

static int conceal(struct feed_request *f, struct arena *mem, struct ical **ic, struct err *e)
{
	cleanup_buf struct buf out;
	struct ical_limits *limits;

	buf_init(&out, 2 * (*ic)->body_len + 1024); /* LF may become CRLF */
	if (ical_conceal(*ic, f->feed.hash, &out, e) < 0)
		return -1;
	if (out.len == 0) {
		*ic = NULL;
		return 0;
	}
	limits = arena_alloc(mem, sizeof(*limits));
	*limits = f->page->web->ical;
	limits->bytes = limits->line = out.len;
	return ical_parse(out.data, out.len, limits, mem, ic, e);
}

static int show(void *arg, const struct object *row, struct arena *mem, struct ical **ic, struct err *e)
{
	struct feed_request *f = arg;
	const struct web *web = f->page->web;
	bool hidden = f->feed.flags & FEED_BUSY || ical_is_private(*ic);

	(void)row;
	if ((hidden || f->feed.flags & FEED_PLAIN) &&
		event_plain(web->store, web->policies, &f->calendar, *ic, mem, ic, e) < 0)
		return -1;
	return hidden ? conceal(f, mem, ic, e) : 0;
}

/* ---- the answer ---- */

/* A name that a browser may store it under, whatever the calendar is called (RFC 6266). */
static const char *disposition(struct feed_request *f)
{
	struct arena *mem = f->page->http->mem;
	char *plain = arena_strdup(mem, f->feed.calendar);

	for (char *p = plain; *p; p++)
		if (!ascii_isalnum((unsigned char)*p) && !strchr("._-", *p))
			*p = '_';
	return arena_printf(mem, "inline; filename=\"%s.ics\"; filename*=UTF-8''%s.ics", plain,
		path_encode_attribute(f->feed.calendar, mem));
}

/* Everything that the objects are shown by. */
static const char *options_text(const struct feed_request *f)
{
	return arena_printf(f->page->http->mem, "%s %u %lld %lld", f->feed.id, f->feed.flags,
		(long long)f->from, (long long)f->to);
}

static int answer(struct feed_request *f, struct err *e)
{
	struct request *http = f->page->http;
	struct response *res = http->res;
	struct calendar_file_plan plan = { .store = f->page->web->store, .calendar = &f->calendar,
		.limits = &f->page->web->ical, .from = f->from, .to = f->to, .show = show, .arg = f };
	struct calendar_file *file;

	if (web_calendar_head(plan.store, &f->calendar, f->feed.flags & FEED_BUSY, http->mem, &plan.head, e) < 0)
		return -1;
	plan.head.refresh = f->page->web->refresh;
	if (calendar_file_open(&plan, http->mem, &file, e) < 0)
		return -1;
	const char *etag = calendar_file_etag(file, options_text(f));
	response_header(res, "ETag", arena_printf(http->mem, "W/\"%s\"", etag));
	if (etag_not_modified(http, etag)) {
		calendar_file_close(file);
		return res->status = 304;
	}
	response_header(res, "Content-Disposition", disposition(f));
	return calendar_file_answer(file, res);
}

/* Unknown, revoked and wrong are one answer. */
static int refuse(struct page_request *rq, const struct err *e)
{
	response_reset(rq->http->res);
	if (e->code != ERR_NOT_FOUND)
		return page_text(rq, 503, "the store can't be read");
	rq->http->res->wrong_link = true;
	return page_text(rq, 404, "nothing here");
}

int page_feed(struct page_request *rq)
{
	struct feed_request *f = arena_alloc(rq->http->mem, sizeof(*f));
	struct response *res = rq->http->res;
	struct err e;
	int status = -1;

	f->page = rq;
	if (find_feed(f, &e) == 0) {
		note_use(f);
		set_window(f);
		status = answer(f, &e);
	}
	if (status < 0)
		status = refuse(rq, &e);
	response_header(res, "Cache-Control", "private");
	response_header(res, "Referrer-Policy", "no-referrer");
	return status;
}
