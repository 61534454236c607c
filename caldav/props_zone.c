/* RFC 7809, time zones by reference: properties, and what a client wants to see of VTIMEZONEs. */
#include <string.h>

#include "base/util.h"
#include "caldav/prop.h"

/* Where zones can be had (RFC 7808): web/ answers there. */
static int get_service_set(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	(void)c;
	xmlw_href(w, "/timezones");
	return 200;
}

/* A name that was said alone: the definition is ours. */
static int get_timezone(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	const char *id = stored_prop_text(c->rq, c->mem,
		stored_prop_find(c->stored, xml_ns_uri(p->ns), "calendar-timezone-id"));
	const struct zone *z = zone_find(id);
	struct zone_entry entry = { 0 };

	if (!z)
		return 404;
	cleanup_buf struct buf text;
	zone_entry_find(id, &entry);
	buf_init(&text, c->rq->dav->settings.xml.bytes);
	buf_adds(&text, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//EN\r\n");
	zone_vtimezone(z, id, entry.alias_of, INT64_MIN, INT64_MAX, &text);
	buf_adds(&text, "END:VCALENDAR\r\n");
	if (text.full)
		return 404;
	xmlw_textn(w, text.data, text.len);
	return 200;
}

/* Of a definition that was said, its name, if that means a zone that everybody knows. */
static int get_timezone_id(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	const struct zone *z = timezone_of(c->rq, stored_prop_text(c->rq, c->mem,
		stored_prop_find(c->stored, xml_ns_uri(p->ns), "calendar-timezone")));

	if (!z || !zone_find(zone_name(z)))
		return 404;
	xmlw_text(w, zone_name(z));
	return 200;
}

/* RFC 4791 5.2.2: an iCalendar object with exactly one VTIMEZONE. */
static int check_timezone(const struct prop *p, struct dav_request *rq, const struct xml_node *value,
	enum precond *why)
{
	(void)p;
	if (!value || timezone_of(rq, xml_text_trim(value, rq->mem)))
		return 200;
	*why = PRE_VALID_CALENDAR_DATA;
	return 403;
}

/* RFC 7809 5.2 */
static int check_timezone_id(const struct prop *p, struct dav_request *rq, const struct xml_node *value,
	enum precond *why)
{
	(void)p;
	if (!value || (!xml_child(value) && zone_find(xml_text_trim(value, rq->mem))))
		return 200;
	*why = PRE_VALID_TIMEZONE;
	return 403;
}

enum ical_zones zones_wanted(const struct dav_request *rq)
{
	const char *header = request_header(rq->http, "CalDAV-Timezones");

	if (!header)
		return ICAL_ZONES_AS_THEY_ARE;
	return strcmp(header, "T") == 0 ? ICAL_ZONES_ALL
		: strcmp(header, "F") == 0 ? ICAL_ZONES_OWN_ONLY : ICAL_ZONES_AS_THEY_ARE;
}

/* clang-format off */
const struct prop props_zone[] = {
	/* RFC 4791 5.2.2 */
	{ NS_CALDAV, "calendar-timezone",    RES_CALENDAR, PROP_STORED | PROP_ZONE, get_timezone, check_timezone },
	/* RFC 7809 5 */
	{ NS_CALDAV, "calendar-timezone-id", RES_CALENDAR, PROP_STORED | PROP_ZONE, get_timezone_id,
		check_timezone_id },
	{ NS_CALDAV, "timezone-service-set", RES_HOME | RES_CALENDAR, 0, get_service_set, NULL },
	{ 0 },
};
/* clang-format on */
