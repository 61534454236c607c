/* What the reports on calendars share. */
#ifndef DEDIT_CALDAV_REPORTS_H
#define DEDIT_CALDAV_REPORTS_H

#include "caldav/prop.h"

/* The properties asked for, in the arena; none named: none shown. 0 or the status of a refusal. */
int report_props(struct dav_request *rq, const struct xml_node *root, struct prop_list **out);
/* The target's calendar, which may be the target itself; in the arena. */
const struct resource *report_calendar(struct dav_request *rq);

/* Names of objects whose bodies have to be looked at, in the request's arena. */
struct report_name { struct report_name *next; char text[]; };
struct report_names { struct report_name *first, **tail; };
void report_names_add(struct dav_request *rq, struct report_names *n, const char *text);

/* Of a row that store_list() gave for that range: does it alone say that there is an occurrence in it? */
bool report_row_suffices(const struct object *o, int64_t from, int64_t to);

enum { REPORT_BODY_MAX = 32 * 1024 * 1024 }; /* four times what can be stored at all */

/*
 * A stored body, whatever its size: it was let in, with an annotation or under other settings. What is
 * expanded of all that one request looks at, or shows, takes from one of rq->steps, so that a search which
 * uses up its own leaves enough to show what it found. budget: that one, ERR_INSTANCES once it is used up;
 * NULL if nothing is expanded.
 */
int report_parse(struct dav_request *rq, const struct buf *body, uint64_t *budget, struct arena *mem,
	struct ical **out, struct err *e);
/* An object that is broken costs itself only; the log says why. Returns 0. */
int report_leave_out(struct dav_request *rq, const char *name, const struct err *e);

#endif
