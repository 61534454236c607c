/* REPORT (RFC 3253 3.6): the table, and who may ask. */
#include <string.h>

#include "caldav/dav.h"

/* clang-format off */
const struct report dav_reports[] = {
	{ NS_CALDAV, "calendar-multiget", RES_CALENDAR | RES_OBJECT, PRIV_READ, report_multiget },
	{ NS_CALDAV, "calendar-query",    RES_CALENDAR | RES_OBJECT, PRIV_READ, report_query },
	{ NS_CALDAV, "free-busy-query",   RES_CALENDAR,              PRIV_READ_FREE_BUSY, report_freebusy },
	{ NS_DAV,    "sync-collection",   RES_CALENDAR | RES_HOME,   PRIV_READ, report_sync },
	/* RFC 3253 3.8, RFC 3744 9, CalendarServer */
	{ NS_DAV,    "expand-property",               RES_ANY, PRIV_READ, report_expand },
	{ NS_DAV,    "acl-principal-prop-set",        RES_ANY, PRIV_READ_ACL, report_acl_principals },
	{ NS_DAV,    "principal-match",               RES_COLLECTIONS, PRIV_READ, report_principal_match },
	{ NS_DAV,    "principal-property-search",     RES_ANY, PRIV_READ, report_principal_search },
	{ NS_DAV,    "principal-search-property-set", RES_ANY, PRIV_READ, report_searchable },
	{ NS_CS,     "calendarserver-principal-search", RES_COLLECTIONS, PRIV_READ, report_cs_search },
	{ 0 },
};
/* clang-format on */

int method_report(struct dav_request *rq)
{
	const struct xml_node *root;

	int refused = request_xml(rq, &root);
	if (refused)
		return refused;
	if (!root)
		return fail(rq, 400, "no report asked for");
	for (const struct report *r = dav_reports; r->name; r++) {
		if (!xml_is(root, r->ns, r->name) || !(r->on & rq->target.kind))
			continue;
		refused = access_need(rq, &rq->target, rq->target.privileges, r->need);
		return refused ? refused : r->run(rq, root);
	}
	return refuse(rq, PRE_SUPPORTED_REPORT, "no report %s here", root->name);
}
