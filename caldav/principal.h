/* Principals as resources: their names, who is in which group, and whom a user acts for. */
#ifndef DEDIT_CALDAV_PRINCIPAL_H
#define DEDIT_CALDAV_PRINCIPAL_H

#include "caldav/prop.h"

/* RES_PROXY_READ or RES_PROXY_WRITE by the last segment of a URL; else RES_UNKNOWN. And back. */
enum resource_kind proxy_kind(const char *segment);
const char *proxy_name(enum resource_kind kind);
/* The group's name in "group~<name>"; NULL: no group's segment. */
const char *group_of_segment(const char *segment);

/* The groups that a user is a member of, of the configuration and of delegates, whether the asking user
 * may see them or not. -1 if the store or the visitor fails. */
typedef int (*principal_fn)(const char *href, void *arg, struct err *e);
int principal_visit_memberships(struct dav_request *rq, const char *user, struct arena *mem,
	principal_fn visit, void *arg, struct err *e);

/* Rows of props_acl.c: RFC 3744 4.3, 4.4; CalendarServer's calendar-proxy-read-for and -write-for. */
int get_group_members(const struct prop *p, struct propctx *c, struct xmlw *w);
int get_group_membership(const struct prop *p, struct propctx *c, struct xmlw *w);
int get_proxy_for(const struct prop *p, struct propctx *c, struct xmlw *w);

/* PROPPATCH of a calendar-proxy group: its members are who acts for the account. */
int patch_delegates(struct dav_request *rq, struct prop_changes *changes);

#endif
