/*
 * WebDAV and CalDAV as one function: a request in, an answer out. Knows no socket and no SQL;
 * works over any store, so the protocol is tested in-process with the memory backend.
 */
#ifndef DEDIT_CALDAV_CALDAV_H
#define DEDIT_CALDAV_CALDAV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/request.h"
#include "ical/ical.h"
#include "policy/policy.h"
#include "storage/store.h"
#include "xml/xml.h"

/* group "NAME" { members = … } of the configuration. */
struct dav_group { const char *name; const char *const *members; size_t count; };

/* Limits and names of one server; constant while requests run. */
struct dav_settings {
	struct ical_limits ical;      /* .bytes is max-resource-size */
	struct xml_limits xml;        /* .bytes is the limit of an XML body */
	size_t instances;             /* that one answer looks at in all objects, and as many that it shows */
	size_t hrefs;                 /* of one multiget */
	size_t results;               /* of one report: 507 beyond (RFC 6578), number-of-matches-within-limits */
	size_t filters;               /* elements of one calendar-query filter */
	size_t dead_properties;       /* of one collection */
	size_t property;              /* bytes of one dead property */
	size_t calendars;             /* of one home */
	size_t feeds;                 /* of one calendar */
	int64_t refresh;              /* seconds: when to ask for a calendar's .ics again; 0: not said */
	size_t shares;                /* of one calendar, set by ACL */
	size_t delegates;             /* of one access, set by PROPPATCH */
	unsigned expand_levels;       /* of expand-property, 1 to 4 */
	const struct dav_group *groups; /* ended by one without name; NULL: none */
	struct quotas quotas;         /* bytes of an owner's calendars together; 0: any number */
	const char *public_url;       /* or NULL */
};
extern const struct dav_settings dav_default_settings;

struct dav {
	struct store *store;
	const struct policy_set *policies;
	struct dav_settings settings;
};

/* True for what is answered without a login: the well-known redirect (architecture.md 15.34). */
bool dav_is_open(const char *path);
/* Is a request, by its head and the size of its body, answered in less time than it takes to hand it to
 * another thread: from a row or two of the index and one event? */
bool dav_is_quick(const struct request *rq);
/* Answers rq: sets rq->res. rq->who is authenticated, unless dav_is_open(path). Thread-safe. */
void dav_handle(const struct dav *dav, struct request *rq);
/* Called with headers only: a status >= 400 to refuse before the body is read (413 with its element, 501),
 * rq->res filled, or 0 to go on. Sets *body_max to what this method may send. */
int dav_precheck(const struct dav *dav, struct request *rq, uint64_t content_length, bool length_known,
	size_t *body_max);

#endif
