/* What the files of web/ share: the table of pages and how they answer. */
#ifndef DEDIT_WEB_PAGE_H
#define DEDIT_WEB_PAGE_H

#include "ical/ical.h"
#include "web/web.h"

struct page_request {
	const struct web *web;
	struct request *http;
	const char *rest; /* of the path, raw, behind the page's own; "" for a page that is one path */
	bool forms;       /* set before html_begin(): the page has forms that go to this server */
};

/* What is more than GET of a text for everybody, or for who logs in as programs do. */
struct page_kind {
	enum door (*door)(const struct request *rq);
	/* As web_precheck(). */
	int (*precheck)(struct page_request *rq, uint64_t content_length, bool length_known, size_t *body_max);
	/* As web_refuse(). */
	void (*refuse)(struct request *rq, int status, const char *reason);
};

/* Text for a person, and the same as the log's reason where it is a refusal. Returns the status. */
int page_text(struct page_request *rq, int status, const char *text);

/* 405. */
int page_refuse_method(struct page_request *rq, const char *allowed);
/* As web_precheck(), of a page that is only read. */
int page_precheck(struct page_request *rq, uint64_t content_length, bool length_known, size_t *body_max);

int page_health(struct page_request *rq);
int page_feed(struct page_request *rq);
int page_appointment(struct page_request *rq);
int page_fee_note(struct page_request *rq);
int page_policy(struct page_request *rq);
int page_timezones(struct page_request *rq);
int page_timezone_well_known(struct page_request *rq);

/* How many bytes of what stands behind "/fee/" and "/appointment/" logs may show (architecture.md 15.34). */
size_t page_signed_shown(const char *rest);

#endif
