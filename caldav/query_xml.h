/* The XML of calendar-query and calendar-multiget (RFC 4791 9.6 to 9.9) as structures of ical/. */
#ifndef DEDIT_CALDAV_QUERY_XML_H
#define DEDIT_CALDAV_QUERY_XML_H

#include "caldav/prop.h"

struct query {
	const struct ical_comp_filter *filter; /* names VCALENDAR */
	const struct zone *floating;           /* <timezone> of the request; NULL: there is none */
	/* What the index can answer: */
	unsigned kinds;                        /* mask of components, 0: any */
	int64_t from, to;
	bool exact;                            /* the index answers all of it, */
	bool by_time;                          /* or where it knows an object's times exactly */
};

/* All return 0, or the status of a refusal that they have written: valid-filter, supported-filter,
 * supported-collation, supported-calendar-data, valid-calendar-data (of the zone). */
int query_parse(struct dav_request *rq, const struct xml_node *root, struct query *out);
/* Form and version asked for in <calendar-data>, and its time ranges. */
int query_check_data(struct dav_request *rq, const struct prop_list *props);
/* <timezone> or <timezone-id> (RFC 7809) below root; NULL if there is none. Refuses: valid-timezone. */
int query_zone(struct dav_request *rq, const struct xml_node *root, const struct zone **out);
/* start and end of <time-range>, <expand> and others: UTC, one of them may be missing unless `both`.
 * ERR_INVALID; ERR_EARLY, ERR_LATE: beyond the limits. */
int query_range(const struct xml_node *n, bool both, const struct ical_limits *limits, int64_t *from,
	int64_t *to, struct err *e);

/* What <calendar-data> asks for, without the zone; in mem. Errors as query_range. */
int query_view(const struct dav_request *rq, const struct xml_node *data, struct arena *mem,
	struct ical_view *out, struct err *e);

/* What is inside <calendar-data>: 200, or the status of its propstat. */
int calendar_data_write(struct propctx *c, struct xmlw *w);

#endif
