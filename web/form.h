/* What a page's form sends. */
#ifndef DEDIT_WEB_FORM_H
#define DEDIT_WEB_FORM_H

#include "web/page.h"

enum { FORM_MAX = 8192 }; /* bytes of a form: far more than any of ours sends */

/* 0: the body is a form's; else the status of a refusal, rq's answer made. */
int form_check(struct page_request *rq);
/* The first value of that name, in the request's arena, as form_next() has it. */
const char *form_value(const struct page_request *rq, const char *name);

#endif
