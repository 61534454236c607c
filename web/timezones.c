/*
 * Time Zone Data Distribution (RFC 7808): capabilities, list, find, get and expand over the system's zones.
 * The service has one state at a time, that of the zone data the server began with, so that one digest of
 * it is sync token and, with the name, every ETag.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/util.h"
#include "http/etag.h"
#include "ical/zone.h"
#include "web/page.h"

enum {
	NAME_BYTES = 255,     /* of a zone or a pattern */
	FORM = 1,             /* raise it when the same zone is written in another way: ETags depend on it */
	ANSWER_BYTES = 4 << 20,
};
/* How far the changes of any zone are at hand: 400 years from its last one, which may be of the 1990s. */
#define YEAR_2300 INT64_C(10413792000)
#define ERROR_TYPE "urn:ietf:params:tzdist:error:"

/* ---- answers ---- */

static int answer_json(struct page_request *rq, int status, const char *type, json_t *json)
{
	struct response *res = rq->http->res;
	char *text = json_dumps(json, JSON_COMPACT);

	json_decref(json);
	response_header(res, "Content-Type", type);
	buf_adds(&res->body, text ? text : "{}");
	free(text);
	return res->status = status;
}

/* RFC 7807: why it was refused. type: one of those that RFC 7808 registers. */
static int refuse(struct page_request *rq, int status, const char *type, const char *title)
{
	rq->http->res->reason = title;
	return answer_json(rq, status, "application/problem+json",
		json_pack("{s:s+,s:s,s:i}", "type", ERROR_TYPE, type, "title", title, "status", status));
}

static const char *iso(struct page_request *rq, int64_t when)
{
	char *out = arena_alloc(rq->http->mem, ISO_DATE_SIZE);

	iso_date(when, out);
	return out;
}

/* Of one representation of the zones: `what` tells which. */
static const char *digest(struct page_request *rq, const char *what)
{
	const char *text = arena_printf(rq->http->mem, "%d %s %lld %s", FORM, zone_version(),
		(long long)zone_modified(), what);
	char *out = arena_alloc(rq->http->mem, DIGEST_SIZE);

	digest_short(text, strlen(text), out);
	return out;
}

static const char *sync_token(struct page_request *rq)
{
	return digest(rq, "");
}

/* Sets the headers of what may be kept; true: the client has it, and 304 is set. */
static bool is_known(struct page_request *rq, const char *etag)
{
	const char *quoted = arena_printf(rq->http->mem, "\"%s\"", etag);
	char *date = arena_alloc(rq->http->mem, HTTP_DATE_SIZE);

	http_date(zone_modified(), date);
	response_header(rq->http->res, "ETag", quoted);
	response_header(rq->http->res, "Last-Modified", date);
	response_header(rq->http->res, "Cache-Control", "private, max-age=86400");
	if (!etag_not_modified(rq->http, etag))
		return false;
	rq->http->res->status = 304;
	return true;
}

/* ---- what is asked ---- */

/* %XX undone, also %2F: zones are names in a table, and their slashes come either way. NULL: malformed or
 * too long. */
static const char *decode(struct page_request *rq, const char *raw, size_t len)
{
	char *out = arena_alloc(rq->http->mem, NAME_BYTES + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int high, low;

		if (n == NAME_BYTES)
			return NULL;
		if (raw[i] != '%') {
			out[n++] = raw[i];
			continue;
		}
		high = len - i > 2 ? hex_digit(raw[i + 1]) : -1;
		low = len - i > 2 ? hex_digit(raw[i + 2]) : -1;
		if (high < 0 || low < 0 || high + low == 0)
			return NULL;
		out[n++] = (char)(high * 16 + low);
		i += 2;
	}
	return out;
}

enum param_state { PARAM_MISSING, PARAM_SET, PARAM_BAD };

/* A parameter of the query, decoded. PARAM_BAD: malformed, or there twice. */
static enum param_state param(struct page_request *rq, const char *name, const char **out)
{
	const char *at = rq->http->query ? rq->http->query : "";
	size_t len = strlen(name);
	enum param_state state = PARAM_MISSING;

	*out = NULL;
	for (size_t end; *at; at += end + (at[end] == '&')) {
		end = strcspn(at, "&");
		if (end <= len || strncmp(at, name, len) != 0 || at[len] != '=')
			continue;
		if (state != PARAM_MISSING)
			return PARAM_BAD;
		*out = decode(rq, at + len + 1, end - len - 1);
		state = *out ? PARAM_SET : PARAM_BAD;
	}
	return state;
}

/* RFC 3339 in UTC; `otherwise` if it isn't there. False: refused. */
static bool instant(struct page_request *rq, const char *name, int64_t otherwise, bool needed, int64_t *out)
{
	const char *text;
	enum param_state state = param(rq, name, &text);

	*out = otherwise;
	if (state == PARAM_MISSING)
		return !needed;
	return state == PARAM_SET && iso_date_parse(text, out) == 0;
}

/* start and end: 0, or the status of a refusal. */
static int read_range(struct page_request *rq, bool needed, int64_t *from, int64_t *to)
{
	if (!instant(rq, "start", INT64_MIN, needed, from))
		return refuse(rq, 400, "invalid-start", "start is one time in UTC, such as 2026-01-01T00:00:00Z");
	if (!instant(rq, "end", INT64_MAX, needed, to))
		return refuse(rq, 400, "invalid-end", "end is one time in UTC, such as 2027-01-01T00:00:00Z");
	if (*from > YEAR_2300)
		return refuse(rq, 400, "invalid-start", "zones are known up to the year 2300");
	if (*to <= *from)
		return refuse(rq, 400, "invalid-end", "end is not behind start");
	return 0;
}

/* ---- capabilities: RFC 7808 5.1 ---- */

/* clang-format off */
struct action_param { const char *name; bool required; };
static const struct { const char *name, *uri; struct action_param params[2]; } actions[] = {
	{ "capabilities", "/timezones/capabilities", { { NULL, false } } },
	{ "list", "/timezones/zones{?changedsince}", { { "changedsince", false } } },
	{ "get", "/timezones/zones{/tzid}{?start,end}", { { "start", false }, { "end", false } } },
	{ "expand", "/timezones/zones{/tzid}/observances{?start,end}", { { "start", true }, { "end", true } } },
	{ "find", "/timezones/zones{?pattern}", { { "pattern", true } } },
};
/* clang-format on */

static json_t *action_json(size_t i, const char *base)
{
	json_t *params = json_array();

	for (size_t p = 0; p < ARRAY_SIZE(actions[i].params) && actions[i].params[p].name; p++)
		json_array_append_new(params, json_pack("{s:s,s:b,s:b}", "name", actions[i].params[p].name,
			"required", actions[i].params[p].required, "multi", false));
	return json_pack("{s:s,s:s+,s:o}", "name", actions[i].name, "uri-template", base, actions[i].uri,
		"parameters", params);
}

static int capabilities(struct page_request *rq)
{
	const char *base = rq->http->base ? rq->http->base : "";
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		json_array_append_new(list, action_json(i, base));
	if (is_known(rq, digest(rq, arena_printf(rq->http->mem, "capabilities %s", base)))) {
		json_decref(list);
		return 304;
	}
	return answer_json(rq, 200, "application/json", json_pack("{s:i,s:{s:s+,s:[s],s:{s:b,s:b}},s:o}",
		"version", 1, "info", "primary-source", "IANA:", zone_version(), "formats", "text/calendar",
		"truncated", "any", true, "untruncated", true, "actions", list));
}

/* ---- list and find: RFC 7808 5.2, 5.5 ---- */

/* A pattern: what the name must hold, and whether anything may stand before or behind it. */
struct pattern { const char *text; bool before, behind; };

/* "*" at either end only, "\*" and "\\" for themselves (RFC 7808 5.5). */
static bool pattern_read(struct page_request *rq, const char *given, struct pattern *out)
{
	size_t n = 0, len = strlen(given);
	char *text = arena_alloc(rq->http->mem, len + 1);

	*out = (struct pattern){ .text = text, .before = *given == '*' };
	for (size_t i = out->before; i < len; i++) {
		if (given[i] == '*') {
			out->behind = true;
			return i + 1 == len && n > 0;
		}
		if (given[i] == '\\' && given[++i] != '*' && given[i] != '\\')
			return false;
		text[n++] = given[i];
	}
	return n > 0;
}

static int folded(char c)
{
	return c == '_' ? ' ' : ascii_tolower((unsigned char)c);
}

static bool starts_folded(const char *s, const char *prefix)
{
	for (; *prefix; s++, prefix++)
		if (folded(*s) != folded(*prefix))
			return false;
	return true;
}

static bool pattern_matches(const struct pattern *p, const char *name)
{
	size_t len = strlen(name), wanted = strlen(p->text);

	if (wanted > len)
		return false;
	for (size_t i = 0; i <= len - wanted; i++) {
		if (i > 0 && !p->before)
			return false;
		if ((p->behind || i == len - wanted) && starts_folded(name + i, p->text))
			return true;
	}
	return false;
}

/* The names that mean the zone beside its own. *matched: one of them, or it, fits the pattern. */
static json_t *aliases_json(const char *name, const struct pattern *p, bool *matched)
{
	json_t *list = json_array();

	*matched = !p || pattern_matches(p, name);
	for (size_t i = 0; i < zone_count(); i++) {
		struct zone_entry e = zone_at(i);

		if (!e.alias_of || strcmp(e.alias_of, name) != 0)
			continue;
		json_array_append_new(list, json_string(e.name));
		*matched = *matched || pattern_matches(p, e.name);
	}
	return list;
}

static json_t *zone_json(struct page_request *rq, const char *name, json_t *aliases)
{
	json_t *zone = json_pack("{s:s,s:s,s:s,s:s,s:s}", "tzid", name, "etag", digest(rq, name), "last-modified",
		iso(rq, zone_modified()), "publisher", "IANA", "version", zone_version());

	if (json_array_size(aliases) > 0)
		json_object_set_new(zone, "aliases", aliases);
	else
		json_decref(aliases);
	return zone;
}

static int answer_zones(struct page_request *rq, const struct pattern *p, bool none)
{
	json_t *list = json_array();

	for (size_t i = 0; !none && i < zone_count(); i++) {
		struct zone_entry e = zone_at(i);
		bool matched;

		if (e.alias_of)
			continue;
		json_t *aliases = aliases_json(e.name, p, &matched);
		if (matched)
			json_array_append_new(list, zone_json(rq, e.name, aliases));
		else
			json_decref(aliases);
	}
	return answer_json(rq, 200, "application/json", json_pack("{s:s,s:o}", "synctoken", sync_token(rq),
		"timezones", list));
}

static int list_or_find(struct page_request *rq)
{
	const char *pattern, *since;
	enum param_state find = param(rq, "pattern", &pattern), changed = param(rq, "changedsince", &since);
	struct pattern p;

	if (find == PARAM_BAD || (find == PARAM_SET && !pattern_read(rq, pattern, &p)))
		return refuse(rq, 400, "invalid-pattern", "a pattern is text with * at its ends only");
	if (find == PARAM_SET)
		return answer_zones(rq, &p, false);
	if (changed == PARAM_BAD || (changed == PARAM_SET && strcmp(since, sync_token(rq)) != 0))
		return refuse(rq, 400, "invalid-changedsince", "this synctoken is unknown: list all zones anew");
	return answer_zones(rq, NULL, changed == PARAM_SET);
}

/* ---- get: RFC 7808 5.3 ---- */

static bool accepts_calendar(const struct request *rq)
{
	static const char *const types[] = { "text/calendar", "text/*", "*/*" };
	const char *accept = request_header(rq, "Accept");

	for (size_t i = 0; accept && i < ARRAY_SIZE(types); i++)
		if (header_has_token(accept, types[i]))
			return true;
	return !accept;
}

static int get(struct page_request *rq, const char *name, const struct zone *z)
{
	struct response *res = rq->http->res;
	struct zone_entry entry = { 0 };
	int64_t from, to;

	if (!accepts_calendar(rq->http))
		return refuse(rq, 406, "invalid-format", "zones are text/calendar");
	int status = read_range(rq, false, &from, &to);
	if (status)
		return status;
	bool whole = from == INT64_MIN && to == INT64_MAX;
	if (is_known(rq, digest(rq, whole ? name : arena_printf(rq->http->mem, "%s %lld %lld", name, (long long)from,
			(long long)to))))
		return 304;
	zone_entry_find(name, &entry);
	buf_adds(&res->body, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//EN\r\n");
	if (zone_vtimezone(z, name, entry.alias_of, from, to, &res->body) < 0) {
		response_reset(res);
		return refuse(rq, 500, "tzid-not-found", "this zone can't be written");
	}
	buf_adds(&res->body, "END:VCALENDAR\r\n");
	response_header(res, "Content-Type", "text/calendar; charset=utf-8");
	return res->status = 200;
}

/* ---- expand: RFC 7808 5.4 ---- */

struct expansion { struct page_request *rq; json_t *list; };

static int add_observance(const struct zone_period *p, void *arg)
{
	struct expansion *x = arg;

	json_array_append_new(x->list, json_pack("{s:s,s:s,s:i,s:i}", "name", p->name, "onset", iso(x->rq, p->at),
		"utc-offset-from", p->before, "utc-offset-to", p->after));
	return 0;
}

static int expand(struct page_request *rq, const char *name, const struct zone *z)
{
	struct expansion x = { .rq = rq };
	int64_t from, to;
	int status = read_range(rq, true, &from, &to);

	if (status)
		return status;
	if (to > YEAR_2300)
		return refuse(rq, 400, "invalid-end", "zones are known up to the year 2300");
	if (is_known(rq, digest(rq, arena_printf(rq->http->mem, "%s %lld %lld observances", name, (long long)from,
			(long long)to))))
		return 304;
	x.list = json_array();
	zone_periods(z, from, to, add_observance, &x);
	return answer_json(rq, 200, "application/json", json_pack("{s:s,s:s,s:o}", "dtstamp",
		iso(rq, zone_modified()), "tzid", name, "observances", x.list));
}

/* ---- */

/* "<tzid>" or "<tzid>/observances" */
static int one_zone(struct page_request *rq, const char *raw)
{
	static const char observances[] = "/observances";
	size_t len = strlen(raw);
	bool expanded = str_ends(raw, observances);

	len -= expanded ? strlen(observances) : 0;
	const char *name = decode(rq, raw, len);
	const struct zone *z = name ? zone_find(name) : NULL; /* T-49: a name in a table, never a path */
	if (!z)
		return refuse(rq, 404, "tzid-not-found", "no such zone here");
	return expanded ? expand(rq, name, z) : get(rq, name, z);
}

int page_timezones(struct page_request *rq)
{
	const char *rest = rq->rest;

	rq->http->res->body.max = ANSWER_BYTES;
	if (strcmp(rest, "/capabilities") == 0)
		return capabilities(rq);
	if (strcmp(rest, "/zones") == 0 || strcmp(rest, "/zones/") == 0)
		return list_or_find(rq);
	if (str_starts(rest, "/zones/"))
		return one_zone(rq, rest + strlen("/zones/"));
	return refuse(rq, 400, "invalid-action", "/timezones has capabilities, zones, zones/<name> and "
		"zones/<name>/observances");
}

/* RFC 7808 4.2.1.3. A path only, as for CalDAV. */
int page_timezone_well_known(struct page_request *rq)
{
	response_header(rq->http->res, "Location", "/timezones");
	return rq->http->res->status = 301;
}
