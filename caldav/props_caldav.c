/* Properties of calendars: RFC 4791, RFC 6638 2.4 and 9.1, CalendarServer's and Apple's. */
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "caldav/busy_set.h"
#include "caldav/prop.h"
#include "caldav/query_xml.h"

/* ---- principals: where the calendars are ---- */

/* Above the homes the answer is about who asks, so that clients find their way from any of these. */
static const char *whose(const struct propctx *c)
{
	return c->res->user ? c->res->user : c->rq->http->who.name;
}

static int get_home_set(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	xmlw_href(w, home_href(c->mem, whose(c)));
	return 200;
}

static int get_addresses(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	const char *const *addresses = c->res->user ? c->res->account.addresses
	                                            : c->rq->http->who.addresses;

	(void)p;
	for (; addresses && *addresses; addresses++)
		xmlw_href(w, arena_printf(c->mem, "mailto:%s", *addresses));
	xmlw_href(w, principal_href(c->mem, whose(c)));
	return 200;
}

/* RFC 6638 2.4.2 */
static int get_user_type(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	xmlw_text(w, c->res->kind == RES_PRINCIPAL ? "INDIVIDUAL" : "GROUP");
	return 200;
}

static int get_mail_addresses(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	for (const char *const *a = c->res->account.addresses; a && *a; a++)
		xmlw_elem(w, NS_CS, "email-address", *a);
	return 200;
}

/* ---- calendars ---- */

/* clang-format off */
static const struct { enum ical_kind kind; const char *name; } components[] = {
	{ ICAL_VEVENT,    "VEVENT" },
	{ ICAL_VTODO,     "VTODO" },
	{ ICAL_VJOURNAL,  "VJOURNAL" },
	{ ICAL_VFREEBUSY, "VFREEBUSY" },
	{ ICAL_VAVAILABILITY, "VAVAILABILITY" },
};
/* clang-format on */

static int get_components(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	unsigned mask = c->res->coll.components;

	(void)p;
	for (size_t i = 0; i < ARRAY_SIZE(components); i++) {
		if (mask && !(mask & components[i].kind)) /* no mask: any */
			continue;
		xmlw_start(w, NS_CALDAV, "comp");
		xmlw_attr(w, "name", components[i].name);
		xmlw_end(w);
	}
	return 200;
}

unsigned component_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(components); i++)
		if (ascii_casecmp(components[i].name, name) == 0)
			return components[i].kind;
	return 0;
}

unsigned component_kinds(void)
{
	unsigned all = 0;

	for (size_t i = 0; i < ARRAY_SIZE(components); i++)
		all |= components[i].kind;
	return all & ~(unsigned)ICAL_VAVAILABILITY; /* programs that ask for it know it */
}

static int get_data_types(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	(void)c;
	xmlw_start(w, NS_CALDAV, "calendar-data");
	xmlw_attr(w, "content-type", "text/calendar");
	xmlw_attr(w, "version", "2.0");
	xmlw_end(w);
	return 200;
}

static int get_collations(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	static const char *const names[] = { "i;ascii-casemap", "i;octet", "i;unicode-casemap" };

	(void)p;
	(void)c;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		xmlw_elem(w, NS_CALDAV, "supported-collation", names[i]);
	return 200;
}

static int write_number(struct propctx *c, struct xmlw *w, size_t n)
{
	xmlw_text(w, arena_printf(c->mem, "%zu", n));
	return 200;
}

static int get_max_size(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	return write_number(c, w, c->rq->dav->settings.ical.bytes);
}

static int get_max_instances(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	return write_number(c, w, c->rq->dav->settings.ical.instances);
}

static int get_max_attendees(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	return write_number(c, w, c->rq->dav->settings.ical.attendees);
}

static int get_min_time(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	char text[ICAL_UTC_SIZE];

	(void)p;
	ical_utc(c->rq->dav->settings.ical.earliest, text);
	xmlw_text(w, text);
	return 200;
}

static int get_max_time(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	char text[ICAL_UTC_SIZE];

	(void)p;
	ical_utc(c->rq->dav->settings.ical.latest, text);
	xmlw_text(w, text);
	return 200;
}

/* RFC 6638 9.1: what holds until somebody says otherwise. */
static int get_transp(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	(void)c;
	xmlw_empty(w, NS_CALDAV, "opaque");
	return 200;
}

static int check_transp(const struct prop *p, struct dav_request *rq, const struct xml_node *value,
	enum precond *why)
{
	const struct xml_node *x = value ? xml_child(value) : NULL;

	(void)p;
	(void)rq;
	(void)why;
	if (!value || xml_is(x, NS_CALDAV, "opaque") || xml_is(x, NS_CALDAV, "transparent"))
		return 200;
	return 409;
}

/* ---- the zone of a calendar's floating times ---- */

const struct zone *timezone_of(struct dav_request *rq, const char *text)
{
	struct ical_when w;
	struct ical *ic;

	if (ical_parse(text, strlen(text), &rq->dav->settings.ical, rq->mem, &ic, NULL) < 0)
		return NULL;
	const struct ical_comp *tz = ic->calendar->children;
	if (!tz || tz->next || tz->kind != ICAL_VTIMEZONE)
		return NULL;
	const struct ical_line *id = ical_prop(ic, tz, "TZID");
	if (!id || ical_when(ic, "20000101T000000", id->value, NULL, &w, NULL) < 0)
		return NULL;
	return w.zone;
}

static const struct zone *stored_zone(struct dav_request *rq, const struct collection *c)
{
	struct stored_prop *stored;

	if (stored_props_read(rq, rq->mem, c, "", &stored, NULL) < 0)
		return NULL;
	const struct zone *named = zone_find(stored_prop_text(rq, rq->mem,
		stored_prop_find(stored, xml_ns_uri(NS_CALDAV), "calendar-timezone-id")));
	if (named)
		return named;
	const char *text = stored_prop_text(rq, rq->mem,
		stored_prop_find(stored, xml_ns_uri(NS_CALDAV), "calendar-timezone"));
	text += strspn(text, " \t\r\n");
	return *text ? timezone_of(rq, text) : NULL;
}

/* Reports ask this for each object: the last answer is kept with the request. */
const struct zone *calendar_zone(struct dav_request *rq, const struct collection *c)
{
	if (rq->floating.calendar != c->id) {
		rq->floating.zone = stored_zone(rq, c);
		rq->floating.calendar = c->id;
	}
	return rq->floating.zone;
}

/* ---- objects ---- */

static int get_calendar_data(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	(void)p;
	return calendar_data_write(c, w);
}

enum { FINDERS = RES_ROOT | RES_PRINCIPALS | RES_PRINCIPAL | RES_HOMES | RES_HOME };

/* clang-format off */
const struct prop props_caldav[] = {
	/* RFC 4791 6.2, RFC 6638 2.4 */
	{ NS_CALDAV, "calendar-home-set",                FINDERS, 0, get_home_set, NULL },
	{ NS_CALDAV, "calendar-user-address-set",        FINDERS, 0, get_addresses, NULL },
	{ NS_CALDAV, "calendar-user-type",               RES_ALL_PRINCIPALS, 0, get_user_type, NULL },
	/* RFC 4791 5.2 */
	{ NS_CALDAV, "calendar-description",             RES_CALENDAR, PROP_STORED, NULL, prop_check_text },
	{ NS_CALDAV, "max-attendees-per-instance",       RES_CALENDAR, 0, get_max_attendees, NULL },
	{ NS_CALDAV, "max-date-time",                    RES_CALENDAR, 0, get_max_time, NULL },
	{ NS_CALDAV, "max-instances",                    RES_CALENDAR, 0, get_max_instances, NULL },
	{ NS_CALDAV, "max-resource-size",                RES_CALENDAR, 0, get_max_size, NULL },
	{ NS_CALDAV, "min-date-time",                    RES_CALENDAR, 0, get_min_time, NULL },
	{ NS_CALDAV, "supported-calendar-component-set", RES_CALENDAR, 0, get_components, NULL },
	{ NS_CALDAV, "supported-calendar-data",          RES_CALENDAR, 0, get_data_types, NULL },
	/* RFC 4791 7.5.1, 9.6 */
	{ NS_CALDAV, "calendar-data",                    RES_OBJECT, PROP_BODY, get_calendar_data, NULL },
	{ NS_CALDAV, "supported-collation-set",          RES_CALENDAR | RES_OBJECT, 0, get_collations, NULL },
	/* RFC 6638 9.1 */
	{ NS_CALDAV, "schedule-calendar-transp",         RES_CALENDAR, PROP_STORED | PROP_PERSONAL,
		get_transp, check_transp },
	/* of the scheduling inbox; there is none, hence the home */
	{ NS_CALDAV, "calendar-free-busy-set",           RES_HOME | RES_CALENDAR, PROP_STORED, get_busy_set,
		check_busy_set },
	/* CalendarServer, Apple */
	{ NS_CS,     "email-address-set",                RES_PRINCIPAL, 0, get_mail_addresses, NULL },
	{ NS_CS,     "getctag",                          RES_CALENDAR | RES_HOME, 0, prop_get_sync_token,
		NULL },
	{ NS_APPLE,  "calendar-color",                   RES_CALENDAR, PROP_STORED | PROP_PERSONAL, NULL,
		prop_check_text },
	{ NS_APPLE,  "calendar-order",                   RES_CALENDAR, PROP_STORED | PROP_PERSONAL, NULL,
		prop_check_text },
	{ 0 },
};
/* clang-format on */
