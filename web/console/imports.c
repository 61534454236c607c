/* Files of events into a calendar, with progress (web/imports.h). */
#include <string.h>

#include "base/util.h"
#include "web/console/api.h"
#include "web/imports.h"

/* What stands in a file needn't be UTF-8. */
static json_t *clean_json(const char *text)
{
	return json_text(utf8_valid(text, strlen(text)) ? text : "");
}

/* Why an object was refused, as pages tell it in words of their own. */
static const char *refusal_name(enum errcode code)
{
	switch (code) {
	case ERR_SYNTAX:
	case ERR_RULES:
		return "calendar-data";
	case ERR_COMPONENT:
		return "component";
	case ERR_LARGE:
	case ERR_INSTANCES:
	case ERR_ATTENDEES:
	case ERR_LIMIT:
		return "limit";
	case ERR_EARLY:
	case ERR_LATE:
		return "time";
	case ERR_UID_TAKEN:
		return "uid";
	case ERR_DENIED:
		return "policy";
	case ERR_QUOTA:
		return "quota";
	case ERR_FULL:
		return "full";
	default:
		return "store";
	}
}

static json_t *refusals_json(const struct import_state *s)
{
	json_t *list = json_array();

	for (size_t n = 0; n < s->refusal_count; n++) {
		const struct import_refusal *r = &s->refusals[n];

		json_array_append_new(list, json_pack("{s:o, s:I, s:s, s:o}", "uid", clean_json(r->uid), "line",
			(json_int_t)r->line, "problem", refusal_name(r->code), "reason", clean_json(r->reason)));
	}
	return list;
}

static json_t *import_json(const struct import_state *s)
{
	static const char *const names[] = { [IMPORT_NEW] = "imported", [IMPORT_REPLACED] = "replaced",
		[IMPORT_SKIPPED] = "skipped", [IMPORT_REFUSED] = "refused" };
	size_t done = 0;
	bool broken = s->ended != 0 && s->why != IMPORT_WHOLE;
	json_t *o = json_pack("{s:s, s:s, s:s, s:b, s:s, s:o, s:s?, s:o, s:o, s:I, s:o, s:b}", "id", s->id,
		"account", s->account, "calendar", s->calendar, "replace", s->replace, "state",
		s->ended == 0 ? "running" : broken ? "broken" : "done", "why",
		broken ? json_string(import_break_name(s->why)) : json_null(), "stopped-by",
		broken ? s->stopper : NULL, "began", json_time(s->began), "ended",
		s->ended ? json_time(s->ended) : json_null(), "total", (json_int_t)s->total, "refusals",
		refusals_json(s), "truncated", s->refusal_count < s->count[IMPORT_REFUSED]);

	for (size_t n = 0; n < IMPORT_OUTCOMES; n++) {
		json_object_set_new(o, names[n], json_integer((json_int_t)s->count[n]));
		done += s->count[n];
	}
	json_object_set_new(o, "done", json_integer((json_int_t)done));
	return o;
}

int api_imports(struct api *a)
{
	struct import_state *states;
	size_t count = imports_list(a->http->imports, &a->http->who, NULL, a->http->now, a->mem, &states);
	json_t *list = json_array();

	for (size_t n = 0; n < count; n++)
		json_array_append_new(list, import_json(&states[n]));
	return api_send(a, 200, json_pack("{s:o}", "imports", list));
}

static int send_import(struct api *a, int status, const char *id)
{
	struct import_state *states;

	if (imports_list(a->http->imports, &a->http->who, id, a->http->now, a->mem, &states) == 0)
		return api_refuse(a, 404, "there is no such import");
	return api_send(a, status, import_json(&states[0]));
}

int api_import(struct api *a)
{
	return send_import(a, 200, a->part[0]);
}

int api_import_check(struct api *a)
{
	struct collection c;

	if (a->web->imports == 0)
		return api_refuse_as(a, PROBLEM_IMPORTS_OFF, 403, "no files are read in here (setting imports)");
	return api_writable_calendar(a, &c) < 0 ? a->http->res->status : 0;
}

static enum api_problem problem_of(const struct err *e)
{
	switch (e->code) {
	case ERR_SYNTAX:
		return PROBLEM_IMPORT_EMPTY;
	case ERR_EXISTS:
		return PROBLEM_IMPORT_RUNNING;
	case ERR_BUSY:
		return PROBLEM_IMPORTS_BUSY;
	case ERR_CHANGED:
		return PROBLEM_ACCOUNT_CHANGED;
	default:
		return PROBLEM_NONE;
	}
}

int api_import_begin(struct api *a)
{
	int64_t replace = 0;
	char id[IMPORT_ID_SIZE];
	struct collection c;
	struct err e;
	int status;

	if (api_query_number(a, "replace", 0, 1, &replace) < 0 || api_writable_calendar(a, &c) < 0)
		return a->http->res->status;
	if (imports_begin(a->http->imports, &(struct import_begin){ .web = a->web, .who = &a->http->who,
		.bearer = a->http->bearer, .calendar = &c, .text = a->http->body, .len = a->http->body_len,
		.replace = replace != 0, .now = a->http->now }, id, &e) < 0)
		return api_fail_as(a, problem_of(&e), &e);
	status = send_import(a, 202, id);
	response_header(a->http->res, "Location", arena_printf(a->mem, "/console/api/imports/%s", id));
	return status;
}

int api_import_end(struct api *a)
{
	struct err e;

	return imports_end(a->http->imports, &a->http->who, a->part[0], &e) < 0 ? api_fail(a, &e) : api_done(a);
}
