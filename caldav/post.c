/* POST to a calendar: DAV:add-member (RFC 5995), where the server names the new event; or, as XML,
 * publishing it. */
#include <string.h>

#include "base/digest.h"
#include "base/util.h"
#include "caldav/publish.h"

enum { RANDOM_BYTES = 16 };

/* Names are looked at by people and by other programs' listings: nothing in them that needs escapes. */
static bool is_plain_name(const char *uid)
{
	size_t len = strlen(uid);

	for (const char *p = uid; *p; p++)
		if (!ascii_isalnum((unsigned char)*p) && !strchr("-._@", *p))
			return false;
	return len > 0 && *uid != '.' && len + strlen(".ics") <= NAME_BYTES;
}

static const char *random_name(struct dav_request *rq)
{
	uint8_t bytes[RANDOM_BYTES];
	char text[2 * RANDOM_BYTES];

	random_bytes(bytes, sizeof(bytes));
	base64url(bytes, sizeof(bytes), text);
	return arena_printf(rq->mem, "%s.ics", text);
}

/* "<uid>.ics" where that can be; what is no event gets a name too, and is refused when it is stored. */
static const char *name_of_body(struct dav_request *rq)
{
	struct ical_limits limits = rq->dav->settings.ical;
	struct ical_info info;
	struct ical *ic;

	limits.bytes += EVENT_RENDERING_MAX;
	if (ical_parse(rq->http->body, rq->http->body_len, &limits, rq->mem, &ic, NULL) < 0
		|| ical_valid(ic, &info, NULL) < 0 || !is_plain_name(info.uid))
		return random_name(rq);
	return arena_printf(rq->mem, "%s.ics", info.uid);
}

static void member(struct dav_request *rq, const char *name, struct resource *out)
{
	*out = rq->target;
	out->kind = RES_OBJECT;
	out->exists = false;
	out->name = name;
	out->href = resource_object_href(rq->mem, &rq->target, name);
}

static int add_member(struct dav_request *rq)
{
	struct event_result result = { 0 };
	struct resource to;
	struct err e;

	member(rq, name_of_body(rq), &to);
	int refused = check_object_place(rq, &to);
	if (!refused)
		refused = check_event_headers(rq);
	if (refused)
		return refused;
	int rc = store_event(rq, &to, true, &result, &e);
	if (rc < 0 && e.code == ERR_EXISTS) { /* another event has that name */
		member(rq, random_name(rq), &to);
		rc = store_event(rq, &to, true, &result, &e);
	}
	if (rc < 0)
		return fail_event(rq, &to, &result, &e);
	int status = answer_stored(rq, &to, &result);
	response_header(rq->http->res, "Location", to.href);
	return status;
}

int method_post(struct dav_request *rq)
{
	const struct xml_node *root = NULL;
	int refused = body_is(rq, "application/xml") || body_is(rq, "text/xml") ? request_xml(rq, &root) : 0;

	if (refused)
		return refused;
	return root && is_publishing(root) ? post_publishing(rq, root) : add_member(rq);
}
