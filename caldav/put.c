/* PUT (RFC 4791 5.3.2): through event_put, the one way an event changes. */
#include <string.h>

#include "base/util.h"
#include "caldav/dav.h"

struct event_request event_request_of(struct dav_request *rq)
{
	const struct principal *who = &rq->http->who;

	return (struct event_request){ .store = rq->store, .policies = rq->dav->policies,
		.limits = &rq->dav->settings.ical, .mem = rq->mem, .now = rq->http->now,
		.actor = { .name = who->name, .displayname = who->displayname,
			.addresses = who->addresses, .admin = who->admin },
		.precondition = conditions_check, .arg = rq,
		.quotas = &rq->dav->settings.quotas, .seen = &rq->seen };
}

int check_object_place(struct dav_request *rq, const struct resource *res)
{
	if (res->kind != RES_OBJECT || !res->parent_exists)
		return access_no_parent(rq, res);
	int refused = access_need(rq, res, res->privileges, res->exists ? PRIV_WRITE_CONTENT : PRIV_BIND);
	if (refused)
		return refused;
	if (res->coll.flags & COLL_SUBSCRIBED)
		return fail(rq, 403, "a subscription holds no events of its own");
	if (strlen(res->name) > NAME_BYTES)
		return fail(rq, 403, "the name is longer than %d bytes", NAME_BYTES);
	return 0;
}

/* The value of a parameter of a media type, without quotes; NULL if it has none of that name. */
static const char *media_param(struct dav_request *rq, const char *type, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = strchr(type, ';'); p; p = strchr(p, ';')) {
		p += 1 + strspn(p + 1, " \t");
		if (ascii_ncasecmp(p, name, len) != 0 || p[len] != '=')
			continue;
		p += len + 1;
		p += *p == '"';
		return arena_strndup(rq->mem, p, strcspn(p, "\"; \t"));
	}
	return NULL;
}

bool body_is(const struct dav_request *rq, const char *type)
{
	const char *given = request_header(rq->http, "Content-Type");
	size_t len = given ? strcspn(given, "; \t") : 0;

	return len == strlen(type) && ascii_ncasecmp(given, type, len) == 0;
}

/* No Content-Type at all is taken for iCalendar; the bytes will tell. */
static bool is_calendar_type(struct dav_request *rq, const char *type)
{
	if (!type)
		return true;
	if (!body_is(rq, "text/calendar"))
		return false;
	const char *charset = media_param(rq, type, "charset");
	if (charset && ascii_casecmp(charset, "utf-8") != 0 && ascii_casecmp(charset, "us-ascii") != 0)
		return false;
	const char *version = media_param(rq, type, "version");
	return !version || strcmp(version, "2.0") == 0;
}

int check_event_headers(struct dav_request *rq)
{
	const char *coding = request_header(rq->http, "Content-Encoding");

	if (coding && ascii_casecmp(coding, "identity") != 0)
		return fail(rq, 415, "Content-Encoding is not supported");
	if (request_header(rq->http, "Content-Range")) /* RFC 9110 14.5 */
		return fail(rq, 400, "a part of an event cannot be stored");
	if (!is_calendar_type(rq, request_header(rq->http, "Content-Type")))
		return refuse(rq, PRE_SUPPORTED_CALENDAR_DATA, "not text/calendar");
	return 0;
}

int fail_event(struct dav_request *rq, const struct resource *at, const struct event_result *result,
	const struct err *e)
{
	struct resource calendar = *at;

	if (e->code != ERR_UID_TAKEN || !result->conflict)
		return fail_err(rq, e);
	const char *slash = strrchr(at->href, '/');
	calendar.href = arena_strndup(rq->mem, at->href, (size_t)(slash - at->href) + 1);
	return refuse_href(rq, PRE_NO_UID_CONFLICT,
		resource_object_href(rq->mem, &calendar, result->conflict), "%s", e->text);
}

static int nothing_there(const struct object *there, void *arg, struct err *e)
{
	(void)arg;
	return there ? err_set(e, ERR_EXISTS, "%s is there", there->name) : 0;
}

int store_event(struct dav_request *rq, const struct resource *at, bool made, struct event_result *out,
	struct err *e)
{
	struct event_request event = event_request_of(rq);
	struct event_where where = { .calendar = &at->coll, .name = at->name };

	if (made)
		event.precondition = nothing_there;
	return event_put(&event, &where, rq->http->body, rq->http->body_len, out, e);
}

int answer_stored(struct dav_request *rq, const struct resource *at, const struct event_result *result)
{
	struct response *res = rq->http->res;

	if (result->denied)
		res->reason = arena_strdup(rq->mem, result->reason);
	if (rq->prefer.representation) {
		int status = answer_representation(rq, at, result->created ? 201 : 200);

		if (status)
			return status;
	}
	/* An ETag would tell the client that what it sent is what is there (clients.md, section 1). */
	if (result->exact)
		response_header(res, "ETag", arena_printf(rq->mem, "\"%s\"", result->etag));
	if (rq->prefer.minimal)
		preference_applied(rq, "return=minimal");
	return res->status = result->created ? 201 : 204;
}

int method_put(struct dav_request *rq)
{
	const struct resource *t = &rq->target;
	struct event_result result = { 0 };
	struct err e;

	int refused = check_object_place(rq, t);
	if (!refused)
		refused = check_event_headers(rq);
	if (refused)
		return refused;
	if (store_event(rq, t, false, &result, &e) < 0)
		return fail_event(rq, t, &result, &e);
	return answer_stored(rq, t, &result);
}
