/*
 * The console: pages for the people who look after appointments and fees, and the JSON interface that these
 * pages and scripts use. Present if ENABLE_CONSOLE is defined.
 */
#ifndef DEDIT_WEB_CONSOLE_CONSOLE_H
#define DEDIT_WEB_CONSOLE_CONSOLE_H

#include "web/page.h"

/* Files of the pages, for everybody. */
int page_console(struct page_request *rq);
extern const struct page_kind console_files;
/* The interface below /console/api/. */
int page_console_api(struct page_request *rq);
extern const struct page_kind console_api;

/* What every answer of the console carries, whatever it is (doc/architecture.md 15.39). */
void console_headers(struct response *res);
/* RFC 9457: a refusal with one line of why. name: of the type, as api.h lists them; NULL: it says no more
 * than the status. The status. */
int console_problem(struct request *rq, int status, const char *name, const char *why);

#endif
