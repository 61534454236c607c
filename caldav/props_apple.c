/* What Apple's programs keep with homes and calendars, and RFC 7953: checked, stored, and else left alone. */
#include <string.h>

#include "base/util.h"
#include "caldav/publish.h"

/* Text around what the property holds, parsed. NULL: malformed. */
static const struct ical *parse_value(struct dav_request *rq, const struct xml_node *value, const char *form)
{
	const char *text = xml_text_trim(value, rq->mem);
	struct ical_limits limits = rq->dav->settings.ical;
	struct ical *ic;

	if (xml_child(value))
		return NULL;
	text = arena_printf(rq->mem, form, text);
	limits.bytes = limits.line = strlen(text) + 1;
	return ical_parse(text, strlen(text), &limits, rq->mem, &ic, NULL) < 0 ? NULL : ic;
}

/* Empty means that new events get no alarm; else VALARMs as they would stand in an event. */
static int check_alarm(const struct prop *p, struct dav_request *rq, const struct xml_node *value,
	enum precond *why)
{
	(void)p;
	if (!value || (!xml_child(value) && !*xml_text_trim(value, rq->mem)))
		return 200;
	const struct ical *ic = parse_value(rq, value, "BEGIN:VCALENDAR\nVERSION:2.0\n%s\nEND:VCALENDAR\n");
	if (ic && ical_alarms_valid(ic, NULL) == 0)
		return 200;
	*why = PRE_VALID_CALENDAR_DATA;
	return 403;
}

/* RFC 7953 7.2 */
static int check_availability(const struct prop *p, struct dav_request *rq, const struct xml_node *value,
	enum precond *why)
{
	(void)p;
	if (!value)
		return 200;
	const struct ical *ic = parse_value(rq, value, "%s\n");
	if (ic && ical_availability_valid(ic, NULL) == 0)
		return 200;
	*why = PRE_VALID_CALENDAR_DATA;
	return 403;
}

/* Where a subscription's events come from: one address that programs can fetch. */
static int check_source(const struct prop *p, struct dav_request *rq, const struct xml_node *value,
	enum precond *why)
{
	static const char *const schemes[] = { "https://", "http://", "webcal://", "webcals://" };
	const struct xml_node *href = value ? xml_child(value) : NULL;

	(void)p;
	(void)why;
	if (!value)
		return 200;
	if (!href || !xml_is(href, NS_DAV, "href") || xml_next(href))
		return 409;
	const char *address = xml_text_trim(href, rq->mem);
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (ascii_ncasecmp(address, schemes[i], strlen(schemes[i])) == 0)
			return 200;
	return 409;
}

enum { ALARMED = RES_HOME | RES_CALENDAR };

/* clang-format off */
const struct prop props_apple[] = {
	{ NS_CALDAV, "default-alarm-vevent-date",     ALARMED, PROP_STORED, NULL, check_alarm },
	{ NS_CALDAV, "default-alarm-vevent-datetime", ALARMED, PROP_STORED, NULL, check_alarm },
	{ NS_CALDAV, "default-alarm-vtodo-date",      ALARMED, PROP_STORED, NULL, check_alarm },
	{ NS_CALDAV, "default-alarm-vtodo-datetime",  ALARMED, PROP_STORED, NULL, check_alarm },
	/* RFC 7953 7.2: of the scheduling inbox; there is none, hence the home */
	{ NS_CALDAV, "calendar-availability",         RES_HOME, PROP_STORED, NULL, check_availability },
	{ NS_CS,     "publish-url",                   RES_CALENDAR, 0, get_publish_url, NULL },
	{ NS_CS,     "allowed-sharing-modes",         RES_CALENDAR, 0, get_sharing_modes, NULL },
	{ NS_CS,     "source",                        RES_CALENDAR, PROP_STORED, NULL, check_source },
	{ 0 },
};
/* clang-format on */
