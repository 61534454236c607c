/* One request: method, resource, rights to know of it, conditions, handler. */
#include <assert.h>
#include <string.h>

#include "base/util.h"
#include "caldav/dav.h"
#include "http/origin.h"

/* An answer held whole: one object, annotated, or the first piece of a multistatus. */
enum { ANSWER_MAX = 64 * 1024 * 1024, QUICK_BODY = 4096 };

/* clang-format off */
const struct method dav_methods[] = {
	{ "OPTIONS",    RES_ANY | RES_UNKNOWN,     METHOD_QUICK, method_options },
	{ "GET",        RES_ANY,                   METHOD_EXISTING | METHOD_QUICK, method_get },
	{ "HEAD",       RES_ANY,                   METHOD_EXISTING | METHOD_QUICK, method_get },
	{ "PROPFIND",   RES_ANY,                   METHOD_EXISTING | METHOD_BODY | METHOD_PREFERS | METHOD_QUICK,
		method_propfind },
	{ "REPORT",     RES_ANY,                   METHOD_EXISTING | METHOD_BODY | METHOD_PREFERS,
		method_report },
	{ "PROPPATCH",  RES_ANY,                   METHOD_EXISTING | METHOD_BODY | METHOD_CHANGES
		| METHOD_PREFERS, method_proppatch },
	{ "ACL",        RES_ANY,                   METHOD_EXISTING | METHOD_BODY | METHOD_CHANGES, method_acl },
	{ "PUT",        RES_OBJECT | RES_UNKNOWN,  METHOD_BODY | METHOD_EVENT | METHOD_CHANGES | METHOD_PREFERS,
		method_put },
	{ "POST",       RES_CALENDAR,              METHOD_EXISTING | METHOD_BODY | METHOD_EVENT | METHOD_CHANGES
		| METHOD_PREFERS, method_post },
	{ "DELETE",     RES_OBJECT | RES_CALENDAR, METHOD_EXISTING | METHOD_CHANGES, method_delete },
	{ "COPY",       RES_ANY,                   METHOD_EXISTING | METHOD_CHANGES | METHOD_PREFERS,
		method_copy },
	{ "MOVE",       RES_ANY,                   METHOD_EXISTING | METHOD_CHANGES | METHOD_PREFERS,
		method_move },
	{ "MKCALENDAR", RES_CALENDAR,              METHOD_MAKES | METHOD_BODY | METHOD_CHANGES | METHOD_PREFERS,
		method_mkcalendar },
	{ "MKCOL",      RES_CALENDAR,              METHOD_MAKES | METHOD_BODY | METHOD_CHANGES | METHOD_PREFERS,
		method_mkcol },
	{ "LOCK",       0, METHOD_BODY | METHOD_CHANGES, NULL },
	{ "PATCH",      0, METHOD_BODY | METHOD_CHANGES, NULL },
	{ "TRACE",      0, 0, NULL },
	{ "UNLOCK",     0, METHOD_CHANGES, NULL },
	{ 0 },
};
/* clang-format on */

static const struct method *method_find(const char *name)
{
	for (const struct method *m = dav_methods; m->name; m++)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}

/* ---- what holds for every method ---- */

static bool is_offered(const struct method *m, const struct resource *res)
{
	if (!(m->on & res->kind))
		return false;
	return res->exists ? !(m->flags & METHOD_MAKES) : !(m->flags & METHOD_EXISTING);
}

char *method_allow(const struct dav_request *rq)
{
	char *list = NULL;

	for (const struct method *m = dav_methods; m->name; m++)
		if (is_offered(m, &rq->target))
			list = list ? arena_printf(rq->mem, "%s, %s", list, m->name)
			            : arena_strdup(rq->mem, m->name);
	return list;
}

/* 15.35: browsers say from where a request comes; a page of another site changes nothing here. */
static int check_origin(struct dav_request *rq)
{
	const char *why = origin_foreign(rq->http, rq->dav->settings.public_url);

	return why && rq->method->flags & METHOD_CHANGES ? fail(rq, 403, "%s", why) : 0;
}

/* RFC 4918 8.4: a body that nobody will read must not be ignored where something changes. */
static int check_body(struct dav_request *rq)
{
	unsigned flags = rq->method->flags;

	if (rq->http->body_len > 0 && flags & METHOD_CHANGES && !(flags & METHOD_BODY))
		return fail(rq, 415, "%s takes no body", rq->method->name);
	return 0;
}

static int read_depth(struct dav_request *rq)
{
	static const struct { const char *text; int depth; } rows[] = {
		{ "0", 0 }, { "1", 1 }, { "infinity", DEPTH_INFINITY },
	};
	const char *header = request_header(rq->http, "Depth");

	rq->depth = DEPTH_MISSING;
	if (!header)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (ascii_casecmp(header, rows[i].text) == 0)
			rq->depth = rows[i].depth;
	return rq->depth == DEPTH_MISSING ? fail(rq, 400, "Depth is neither 0, 1 nor infinity") : 0;
}

static int check_offered(struct dav_request *rq)
{
	const struct method *m = rq->method;
	const struct resource *t = &rq->target;
	int status;

	/* What makes a calendar says itself why it may not be there (RFC 4791 5.3.1.1). */
	if (is_offered(m, t) || (m->flags & METHOD_MAKES && !t->exists))
		return 0;
	if (!t->exists && (m->flags & METHOD_EXISTING || t->kind == RES_UNKNOWN))
		return fail(rq, 404, "nothing here");
	if (t->exists && m->flags & METHOD_MAKES)
		status = refuse(rq, m->run == method_mkcol ? PRE_MKCOL_ON_MAPPED : PRE_RESOURCE_MUST_BE_NULL,
			"something is here"); /* RFC 4918 9.3.1; RFC 4791 1.3, 5.3.1.1 */
	else
		status = fail(rq, 405, "%s is not offered here", m->name);
	response_header(rq->http->res, "Allow", method_allow(rq));
	return status;
}

/* Once before the handler; what changes events asks again in each round of its decision. */
static int check_conditions(struct dav_request *rq)
{
	struct err e;

	rq->conditions = conditions_parse(rq, &e);
	if (!rq->conditions)
		return fail_err(rq, &e);
	if (rq->method->run == method_options) /* RFC 9110 13.2.1 */
		return 0;
	if (conditions_check(rq->target.exists ? &rq->target.object : NULL, rq, &e) < 0)
		return fail_err(rq, &e);
	return 0;
}

/* ---- */

int request_xml(struct dav_request *rq, const struct xml_node **root)
{
	const struct xml_limits *limits = &rq->dav->settings.xml;
	struct xml_node *tree;
	struct err e;

	*root = NULL;
	if (rq->http->body_len == 0)
		return 0;
	if (rq->http->body_len > limits->bytes)
		return fail(rq, 413, "the body is larger than %zu bytes", limits->bytes);
	if (xml_parse(rq->http->body, rq->http->body_len, limits, rq->mem, &tree, &e) < 0)
		return fail(rq, 400, "%s", e.text);
	*root = tree;
	return 0;
}

/* RFC 8144 3.2: the client whose condition failed sees why, and needs not ask. */
static void show_current(struct dav_request *rq)
{
	const struct resource *t = &rq->target;

	if (rq->prefer.representation && rq->method->flags & METHOD_EVENT && t->kind == RES_OBJECT
		&& t->exists)
		answer_representation(rq, t, 412);
}

static int run(struct dav_request *rq)
{
	struct err e;
	int refused = check_origin(rq);

	if (!refused)
		refused = check_body(rq);
	if (!refused)
		refused = read_depth(rq);
	if (refused)
		return refused;
	if (resource_resolve(rq, rq->http->path, &rq->target, &e) < 0)
		return fail_err(rq, &e);
	refused = check_offered(rq);
	if (!refused)
		refused = check_conditions(rq);
	if (!refused)
		refused = rq->method->run(rq);
	if (refused == 412)
		show_current(rq);
	if (rq->method->flags & METHOD_PREFERS) /* RFC 7240 2 */
		response_header(rq->http->res, "Vary", "Prefer, Brief");
	return rq->http->res->status;
}

static struct dav_request *begin(const struct dav *dav, struct request *http)
{
	struct dav_request *rq = arena_alloc(http->mem, sizeof(*rq));
	uint64_t steps = (uint64_t)dav->settings.instances * ICAL_OCCURRENCE_STEPS;

	*rq = (struct dav_request){ .dav = dav, .http = http, .mem = http->mem, .store = dav->store,
		.prefer = preferences_read(http), .method = method_find(http->method), .target = { .reader = "" },
		.steps = { steps, steps } };
	http->res->body.max = ANSWER_MAX;
	return rq;
}

/* RFC 6764 5: a path only, so that scheme and port stay what the client used (asks.md 1). */
static void redirect(struct response *res)
{
	res->status = 301;
	response_header(res, "Location", "/");
}

bool dav_is_open(const char *path)
{
	return strcmp(path, "/.well-known/caldav") == 0 || strcmp(path, "/.well-known/caldav/") == 0;
}

bool dav_is_quick(const struct request *http)
{
	const struct method *m = method_find(http->method);
	const char *depth = request_header(http, "Depth");

	if (!m || !(m->flags & METHOD_QUICK) || http->body_len > QUICK_BODY)
		return false;
	if (m->run == method_get)
		return resource_is_event_path(http->path) && !request_header(http, "CalDAV-Timezones");
	if (m->run == method_propfind) /* those of groups look at each member */
		return resource_is_calendar_path(http->path) && depth && strcmp(depth, "0") == 0;
	return true;
}

void dav_handle(const struct dav *dav, struct request *http)
{
	struct dav_request *rq = begin(dav, http);

	assert(http->who.name || dav_is_open(http->path));
	if (dav_is_open(http->path))
		redirect(http->res);
	else if (!rq->method)
		fail(rq, 501, "unknown method");
	else
		run(rq);
}

int dav_precheck(const struct dav *dav, struct request *http, uint64_t content_length,
	bool length_known, size_t *body_max)
{
	struct dav_request *rq = begin(dav, http);
	bool put = rq->method && rq->method->flags & METHOD_EVENT;

	*body_max = put ? dav->settings.ical.bytes + EVENT_RENDERING_MAX : dav->settings.xml.bytes;
	if (!rq->method)
		fail(rq, 501, "unknown method");
	else if (length_known && content_length > *body_max && put)
		refuse(rq, PRE_BODY_TOO_LARGE, "%llu bytes", (unsigned long long)content_length);
	else if (length_known && content_length > *body_max)
		fail(rq, 413, "the body is larger than %zu bytes", *body_max);
	else
		return 0;
	return http->res->status;
}
