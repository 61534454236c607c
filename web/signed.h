/* Pages whose paths are "<ref>/<mac>": secret links of one client's (architecture.md 15.33, 15.34). */
#ifndef DEDIT_WEB_SIGNED_H
#define DEDIT_WEB_SIGNED_H

#include "base/err.h"
#include "policy/update.h"
#include "web/page.h"

/* Forms by POST too, where clients may act (15.41). */
extern const struct page_kind signed_kind;

/* Sets the headers of such a page. *ref and *mac: what the path says, or what stands for nothing, so that a
 * path of the wrong form is looked up too and takes as long as a wrong one. */
void signed_begin(struct page_request *rq, const char **ref, const char **mac);
/* Answers after an error: unknown and wrong are one answer. Returns the status. */
int signed_refuse(struct page_request *rq, const struct err *e);
/* The token that a form of the page sends back (15.33), as a hidden field. */
void signed_write_token(const struct page_request *rq, const char *ref, const char *mac);
/* 0: a form of this page came; else the status of a refusal, answered. */
int signed_check_form(struct page_request *rq, const char *ref, const char *mac);
/* 303, to the page itself, after something was done. Returns the status. */
int signed_see(struct page_request *rq);
/* What the page asks of policy/; of no actor. */
struct event_request signed_request(const struct page_request *rq);

#endif
