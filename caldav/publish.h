/* Publishing a calendar as CalendarServer does it: a feed (architecture.md 15.34) that the owner's program
 * makes, may ask for the link of, and ends. */
#ifndef DEDIT_CALDAV_PUBLISH_H
#define DEDIT_CALDAV_PUBLISH_H

#include "caldav/prop.h"

/* Is it CS:publish-calendar or CS:unpublish-calendar? */
bool is_publishing(const struct xml_node *root);
/* POST of one of these to a calendar: 200, done or so already; 403; 507 if it has too many feeds. */
int post_publishing(struct dav_request *rq, const struct xml_node *root);

/* Rows of props_apple.c, for those who may publish; for others nobody has them. */
int get_publish_url(const struct prop *p, struct propctx *c, struct xmlw *w);
int get_sharing_modes(const struct prop *p, struct propctx *c, struct xmlw *w);

#endif
