#include "web/console/api.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/util.h"
#include "http/form.h"
#include "http/origin.h"
#include "policy/fee_act.h"
#include "policy/fees.h"

#define API_PREFIX "/console/api"

/* ---- which row ---- */

/* Length of the segment that s begins with. */
static size_t segment(const char *s)
{
	return strcspn(s, "/");
}

/* Does the path behind the prefix fit? What stands where the pattern has {…} is decoded into part. */
static bool fits(const char *pattern, const char *path, struct arena *mem, const char *part[API_PARTS])
{
	size_t n = 0;

	while (*pattern == '/' && *path == '/') {
		size_t want = segment(++pattern), len = segment(++path);
		char *text;

		if (len == 0 || path_decode_segment(path, len, mem, &text) != 0)
			return false;
		if (*pattern == '{')
			part[n++] = text;
		else if (strlen(text) != want || strncmp(text, pattern, want) != 0)
			return false;
		pattern += want;
		path += len;
	}
	return *pattern == '\0' && *path == '\0';
}

/* The first that fits is meant, so what is literal stands before {…}. HEAD is answered like GET. *others:
 * there is a row for another method. */
static const struct api_row *find_row(const struct request *rq, const char *part[API_PARTS], bool *others)
{
	const char *path = rq->path + strlen(API_PREFIX);
	const char *method = strcmp(rq->method, "HEAD") == 0 ? "GET" : rq->method;

	*others = false;
	for (const struct api_row *row = api_rows; row->method; row++) {
		if (!fits(row->path, path, rq->mem, part))
			continue;
		if (strcmp(row->method, method) == 0)
			return row;
		*others = true;
	}
	return NULL;
}

static const char *allowed(const struct request *rq)
{
	const char *path = rq->path + strlen(API_PREFIX), *part[API_PARTS], *list = NULL;

	for (const struct api_row *row = api_rows; row->method; row++) {
		if (fits(row->path, path, rq->mem, part))
			list = list ? arena_printf(rq->mem, "%s, %s", list, row->method) : row->method;
	}
	return list;
}

/* ---- answers ---- */

static void begin_answer(struct request *rq)
{
	console_headers(rq->res);
	response_header(rq->res, "Cache-Control", "no-store");
}

int api_send(struct api *a, int status, json_t *o)
{
	char *text = o ? json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;

	json_decref(o);
	if (!text)
		return api_refuse(a, 500, "the answer can't be written as JSON");
	begin_answer(a->http);
	response_header(a->http->res, "Content-Type", "application/json");
	buf_printf(&a->http->res->body, "%s\n", text);
	free(text);
	return a->http->res->status = status;
}

int api_done(struct api *a)
{
	begin_answer(a->http);
	return a->http->res->status = 204;
}

const char *api_problem_name(enum api_problem p)
{
#define API_PROBLEM_NAME(id, name) [PROBLEM_##id] = name,
	static const char *const names[API_PROBLEM_COUNT] = { API_PROBLEMS(API_PROBLEM_NAME) };
#undef API_PROBLEM_NAME

	return names[p];
}

static int refuse_with(struct api *a, enum api_problem p, int status, const char *fmt, va_list ap)
{
	return console_problem(a->http, status, api_problem_name(p), arena_vprintf(a->mem, fmt, ap));
}

int api_refuse(struct api *a, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	refuse_with(a, PROBLEM_NONE, status, fmt, ap);
	va_end(ap);
	return status;
}

int api_refuse_as(struct api *a, enum api_problem p, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	refuse_with(a, p, status, fmt, ap);
	va_end(ap);
	return status;
}

/* All others are 503: they pass by themselves, or are the server's. */
static const struct { enum errcode code; int status; enum api_problem p; } failures[] = {
	{ ERR_NOT_FOUND, 404, PROBLEM_NONE },
	{ ERR_DENIED, 403, PROBLEM_NONE },
	{ ERR_INVALID, 400, PROBLEM_NONE },
	{ ERR_EXISTS, 409, PROBLEM_NONE },
	{ ERR_CHANGED, 409, PROBLEM_CHANGED },
	{ ERR_UID_TAKEN, 409, PROBLEM_NONE },
	{ ERR_SYNTAX, 422, PROBLEM_NONE },
	{ ERR_RULES, 422, PROBLEM_NONE },
	{ ERR_COMPONENT, 422, PROBLEM_NONE },
	{ ERR_INSTANCES, 422, PROBLEM_NONE },
	{ ERR_ATTENDEES, 422, PROBLEM_NONE },
	{ ERR_EARLY, 422, PROBLEM_NONE },
	{ ERR_LATE, 422, PROBLEM_NONE },
	{ ERR_LIMIT, 422, PROBLEM_NONE },
	{ ERR_LARGE, 413, PROBLEM_NONE },
	{ ERR_FULL, 507, PROBLEM_FULL },
	{ ERR_QUOTA, 507, PROBLEM_QUOTA },
};

int api_fail_as(struct api *a, enum api_problem p, const struct err *e)
{
	for (size_t n = 0; n < ARRAY_SIZE(failures); n++) {
		if (failures[n].code == e->code)
			return api_refuse_as(a, p ? p : failures[n].p, failures[n].status, "%s", e->text);
	}
	api_refuse_as(a, p, 503, "%s", e->text);
	response_header(a->http->res, "Retry-After", "2");
	return 503;
}

int api_fail(struct api *a, const struct err *e)
{
	return api_fail_as(a, PROBLEM_NONE, e);
}

/* ---- what was asked ---- */

const char *api_query_next(struct api *a, const char *name, size_t *at)
{
	const char *query = a->http->query ? a->http->query : "";

	return form_next(query, strlen(query), name, at, a->mem);
}

const char *api_query(struct api *a, const char *name)
{
	size_t at = 0;

	return api_query_next(a, name, &at);
}

int api_query_number(struct api *a, const char *name, int64_t least, int64_t most, int64_t *out)
{
	const char *text = api_query(a, name);

	if (!text || parse_i64(text, least, most, out) == 0)
		return 0;
	api_refuse(a, 400, "%s: a number from %lld to %lld", name, (long long)least, (long long)most);
	return -1;
}

int api_query_day(struct api *a, const char *name, bool *given, int64_t *out)
{
	const char *text = api_query(a, name);

	if (!text)
		return 0;
	*given = true;
	if (date_parse(text, out) == 0)
		return 0;
	api_refuse(a, 400, "%s: a date, for example 2026-06-10", name);
	return -1;
}

int api_moment(struct api *a, const char *name, const char *text, const struct zone *zone, int64_t *out)
{
	int64_t day;

	if (text && iso_date_parse(text, out) == 0)
		return 0;
	if (text && date_parse(text, &day) == 0) {
		*out = zone_day_begin(zone, day);
		return 0;
	}
	api_refuse(a, 400, "%s: 2026-06-10, or 2026-06-10T08:00:00Z", name);
	return -1;
}

int api_text(struct api *a, const char *name, bool needed, const char **out)
{
	const json_t *value = json_object_get(a->body, name);
	const char *text = json_string_value(value); /* NULL: it is none */

	*out = NULL;
	if ((!value || json_is_null(value)) && !needed)
		return 0;
	/* a NUL within would end the text for us, not for others */
	if (text && json_string_length(value) == strlen(text) && text_line_valid(text)) {
		*out = text;
		return 0;
	}
	api_refuse_as(a, text ? PROBLEM_TEXT : PROBLEM_NONE, 400,
		"%s: some text, at most %d bytes without control characters", name, TEXT_LINE_MAX);
	return -1;
}

bool api_flag(struct api *a, const char *name)
{
	return json_is_true(json_object_get(a->body, name));
}

/* ---- what handlers begin with ---- */

struct event_request api_event_request(struct api *a)
{
	const struct principal *who = &a->http->who;

	return (struct event_request){
		.store = a->web->store,
		.policies = a->web->policies,
		.limits = &a->web->ical,
		.mem = a->mem,
		.actor = { .name = who->name, .displayname = who->displayname, .addresses = who->addresses,
			.delegate = true },
		.now = a->http->now,
		.quotas = a->web->quotas,
	};
}

/* ---- in JSON ---- */

json_t *json_money(struct arena *mem, int64_t minor, const char *currency)
{
	const char *text = *currency ? money_words(minor, currency, mem) : "";

	return json_pack("{s:I, s:s, s:s}", "minor", (json_int_t)minor, "currency", currency, "text", text);
}

const struct zone *api_zone(struct api *a, const char *owner)
{
	const struct fee of_owner = { .owner = owner, .incident = { .policy = "" } };

	return fee_zone(a->web->policies, &of_owner);
}

/* ---- one request ---- */

static bool is_read(const struct request *rq)
{
	return strcmp(rq->method, "GET") == 0 || strcmp(rq->method, "HEAD") == 0;
}

/* Browsers send the cookie whoever has made the request: what changes something needs what only our own pages
 * know, and comes from them where the browser says so (15.35). */
static const char *forged(const struct request *rq, const struct web *web)
{
	const char *csrf = request_header(rq, "X-CSRF-Token"), *why = origin_foreign(rq, web->public_base);

	if (is_read(rq))
		return NULL;
	if (why || !rq->session_token)
		return why;
	if (csrf && strlen(csrf) == SESSION_TOKEN_SIZE - 1 &&
		equal_const_time(csrf, rq->session.csrf, SESSION_TOKEN_SIZE - 1))
		return NULL;
	return "X-CSRF-Token is missing, or another session's";
}

/* What a bearer token may not. 0, or the status of a refusal. */
static int check_token(struct api *a, const struct api_row *row)
{
	if (a->http->read_only && !is_read(a->http))
		return api_refuse(a, 403, "this token may only read");
	if (a->http->bearer && row->flags & API_IN_PERSON)
		return api_refuse(a, 403, "for who is signed in, not with a token");
	return 0;
}

/* 0, or the status of a refusal. */
static int check_role(struct api *a, const struct api_row *row)
{
	bool owner;
	struct err e;

	if (row->role == API_ADMIN && !api_is_admin(a))
		return api_refuse(a, 403, "for administrators");
	if (row->role != API_OWNER || api_is_admin(a))
		return 0;
	if (api_is_owner(a, &owner, &e) < 0)
		return api_fail(a, &e);
	return owner ? 0 : api_refuse(a, 403, "for owners of calendars under a policy");
}

static int no_row(struct api *a, bool others)
{
	if (!others)
		return api_refuse(a, 404, "nothing here");
	api_refuse(a, 405, "%s is not offered here", a->http->method);
	response_header(a->http->res, "Allow", allowed(a->http));
	return 405;
}

static int refuse_size(struct api *a, const struct api_row *row)
{
	if (row->flags & API_CALENDAR)
		return api_refuse_as(a, PROBLEM_IMPORT_SIZE, 413, "the file is too large (max-import-size)");
	return api_refuse(a, 413, row->flags & API_JSON ? "the body is too large (max-console-body)" :
		"no body is taken here");
}

static int precheck(struct page_request *page, uint64_t content_length, bool length_known, size_t *body_max)
{
	struct api a = { .web = page->web, .http = page->http, .mem = page->http->mem };
	bool others;
	const struct api_row *row = find_row(a.http, a.part, &others);
	const char *why;
	int status;

	if (!row)
		return no_row(&a, others);
	why = forged(a.http, a.web);
	if (why)
		return api_refuse(&a, 403, "%s", why);
	status = check_token(&a, row);
	if (status == 0)
		status = check_role(&a, row);
	if (status != 0)
		return status;
	*body_max = row->flags & API_JSON ? a.web->console_body : row->flags & API_CALENDAR ? a.web->import_size : 0;
	if (length_known && content_length > *body_max)
		return refuse_size(&a, row);
	return row->flags & API_CALENDAR ? api_import_check(&a) : 0;
}

static enum door door(const struct request *rq)
{
	const char *part[API_PARTS];
	bool others;
	const struct api_row *row = find_row(rq, part, &others);

	if (row && row->role == API_NOBODY)
		return DOOR_OPEN;
	if (row && row->flags & API_CONFIRM)
		return DOOR_CONFIRM;
	return row && row->flags & API_SIGN_IN ? DOOR_SIGN_IN : DOOR_SESSION;
}

static void refuse(struct request *rq, int status, const char *why)
{
	console_problem(rq, status, NULL, why);
}

const struct page_kind console_api = { door, precheck, refuse };

/* 0, or the status of a refusal. */
static int check_type(struct api *a, const char *type)
{
	const char *given = request_header(a->http, "Content-Type");

	return given && header_has_token(given, type) ? 0 : api_refuse(a, 415, "the body has to be %s", type);
}

static int read_json(struct api *a)
{
	json_error_t why;
	int status = check_type(a, "application/json");

	if (status != 0)
		return status;
	a->body = json_loadb(a->http->body, a->http->body_len, JSON_REJECT_DUPLICATES, &why);
	if (!a->body)
		return api_refuse(a, 400, "the body is no JSON: line %d: %s", why.line, why.text);
	return json_is_object(a->body) ? 0 : api_refuse(a, 400, "the body is no JSON object");
}

static int read_body(struct api *a, const struct api_row *row)
{
	if (row->flags & API_JSON)
		return read_json(a);
	return row->flags & API_CALENDAR ? check_type(a, "text/calendar") : 0;
}

int page_console_api(struct page_request *page)
{
	struct api a = { .web = page->web, .http = page->http, .mem = page->http->mem };
	bool others;
	const struct api_row *row = find_row(a.http, a.part, &others); /* precheck() has found it */
	int status = read_body(&a, row);

	if (status == 0)
		status = row->run(&a);
	json_decref(a.body);
	return status;
}
