/* calendar-free-busy-set: which calendars of a home count when others ask for its owner's times. Kept
 * nowhere: each calendar's schedule-calendar-transp (RFC 6638 9.1) says it. */
#ifndef DEDIT_CALDAV_BUSY_SET_H
#define DEDIT_CALDAV_BUSY_SET_H

#include "caldav/prop.h"

/* The row of props_caldav.c. */
int get_busy_set(const struct prop *p, struct propctx *c, struct xmlw *w);
int check_busy_set(const struct prop *p, struct dav_request *rq, const struct xml_node *value,
	enum precond *why);

/* The change of a home's set, the last of several, which are not stored then; NULL: none. */
const struct prop_change *busy_set_take(struct dav_request *rq, struct prop_changes *changes);
/* Makes the calendars that `value` (checked) names opaque and the home's others transparent, and stores the
 * home's own rows: all or none. */
int busy_set_patch(struct dav_request *rq, const struct xml_node *value, const struct prop_row *rows,
	size_t n, struct err *e);

#endif
