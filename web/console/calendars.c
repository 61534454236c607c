/* Calendars as things: their names and colours, who shares them, links to subscribe to, files. */
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "http/calendar_file.h"
#include "http/feed_link.h"
#include "http/token.h"
#include "policy/host.h"
#include "web/console/api.h"
#include "xml/xml.h"

enum { DAY = 86400, WINDOW_MOST = 36500 /* days */, NAME_MOST = 64 };

static const char *const access_names[] = { [SHARE_NONE] = "", [SHARE_FREE_BUSY] = "free-busy",
	[SHARE_READ] = "read", [SHARE_WRITE] = "write" };

/* ---- how it is told ---- */

static int add_share(const struct share *s, void *arg)
{
	return json_array_append_new(arg, json_pack("{s:s, s:s}", "user", s->user, "access",
		access_names[s->access]));
}

static json_t *days_json(int64_t seconds)
{
	return seconds < 0 ? json_null() : json_integer(seconds / DAY);
}

static int add_feed(const struct feed *f, void *arg)
{
	return json_array_append_new(arg, json_pack("{s:s, s:s, s:b, s:b, s:o, s:o, s:o, s:o}", "id", f->id, "label",
		f->label, "busy", (f->flags & FEED_BUSY) != 0, "plain", (f->flags & FEED_PLAIN) != 0, "back",
		days_json(f->back), "ahead", days_json(f->ahead), "created", json_time(f->created), "used",
		json_time(f->used)));
}

/* NULL: e says why not. */
static json_t *calendar_json(struct api *a, const struct collection *c, struct err *e)
{
	const struct policy *p = policy_for(a->web->policies, c->owner, c->name);
	enum share_access access = SHARE_NONE;
	json_t *shares = json_array(), *feeds = json_array();
	struct ical_merge_head head;
	int rc = web_calendar_head(a->web->store, c, false, a->mem, &head, e);

	if (rc == 0 && api_may_lend(a, c))
		rc = store_shares(a->web->store, c->id, NULL, add_share, shares, e) < 0 ||
			store_feeds(a->web->store, c->id, add_feed, feeds, e) < 0 ? -1 : 0;
	if (rc == 0 && !api_is_mine(a, c))
		rc = api_reach(a, c, &access, e);
	if (rc < 0) {
		json_decref(shares);
		json_decref(feeds);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:o, s:o}", "calendar",
		arena_printf(a->mem, "%s/%s", c->owner, c->name), "owner", c->owner, "name", c->name, "displayname",
		head.name, "color", head.color ? head.color : "", "description",
		head.description ? head.description : "", "zone", head.zone ? head.zone : "", "access",
		api_is_mine(a, c) ? "owner" : access_names[access], "fees", (c->flags & COLL_FEES) != 0, "policy",
		p ? policy_name(p) : "", "url", arena_printf(a->mem, "/calendars/%s/%s/",
		path_encode_segment(c->owner, a->mem), path_encode_segment(c->name, a->mem)), "shares", shares, "feeds",
		feeds);
}

struct listed { struct arena *mem; struct collection *list; size_t count, size; };

static int keep(const struct collection *c, void *arg)
{
	struct listed *l = arg;

	l->list = arena_room(l->mem, l->list, l->count, &l->size, sizeof(*l->list));
	l->list[l->count] = *c;
	l->list[l->count].owner = arena_strdup(l->mem, c->owner);
	l->list[l->count++].name = arena_strdup(l->mem, c->name);
	return 0;
}

/* May it see that account's calendars, or (make) add to them? An administrator may, as with `dedit calendar`;
 * others see those of whom they act for. 0; -1 after a refusal. */
static int check_home(struct api *a, const char *owner, bool make)
{
	if (strcmp(owner, a->http->who.name) == 0)
		return 0;
	if (api_is_admin(a))
		return api_check_account(a, owner);
	if (!make)
		return api_check_owner(a, owner, false);
	api_refuse(a, 403, "for the calendar's owner");
	return -1;
}

int api_calendars(struct api *a)
{
	const char *owner = api_query(a, "owner");
	struct listed l = { .mem = a->mem };
	bool other = owner && strcmp(owner, a->http->who.name) != 0;
	json_t *list;
	struct err e;
	int rc;

	if (other && check_home(a, owner, false) < 0)
		return a->http->res->status;
	rc = other ? store_collections(a->web->store, owner, keep, &l, &e) :
		store_home(a->web->store, a->http->who.name, keep, &l, NULL, &e);
	if (rc < 0)
		return api_fail(a, &e);
	list = json_array();
	for (size_t n = 0; n < l.count; n++) {
		json_t *o = calendar_json(a, &l.list[n], &e);

		if (!o) {
			json_decref(list);
			return api_fail(a, &e);
		}
		json_array_append_new(list, o);
	}
	return api_send(a, 200, json_pack("{s:o}", "calendars", list));
}

static int send_calendar(struct api *a, int status, const struct collection *c)
{
	struct err e;
	json_t *o = calendar_json(a, c, &e);

	return o ? api_send(a, status, o) : api_fail(a, &e);
}

/* One alone says how much is in it, too. */
int api_calendar_show(struct api *a)
{
	struct collection c;
	uint64_t objects;
	struct err e;
	json_t *o;

	if (api_readable_calendar(a, &c) < 0)
		return a->http->res->status;
	if (store_count(a->web->store, c.id, &objects, &e) < 0 || !(o = calendar_json(a, &c, &e)))
		return api_fail(a, &e);
	json_object_set_new(o, "objects", json_integer((json_int_t)objects));
	return api_send(a, 200, o);
}

/* ---- names and colours ---- */

/* The property as an element that stands alone, as PROPPATCH would store it; text "": taken away. */
static struct prop_row property(struct api *a, enum ns ns, const char *name, const char *text)
{
	struct prop_row row = { "", xml_ns_uri(ns), name, NULL };
	cleanup_buf struct buf out;
	struct xmlw w;

	buf_init(&out, 8192);
	if (!*text)
		return row;
	buf_printf(&out, "<P:%s xmlns:P=\"%s\">", name, row.ns);
	xmlw_init(&w, &out);
	xmlw_text(&w, text);
	buf_printf(&out, "</P:%s>", name);
	row.xml = arena_strdup(a->mem, out.data);
	return row;
}

static bool is_color(const char *text)
{
	size_t len = strlen(text);

	if (len == 0)
		return true;
	if (*text != '#' || (len != 7 && len != 9))
		return false;
	for (text++; *text; text++) {
		if (hex_digit(*text) < 0)
			return false;
	}
	return true;
}

/* Those of the body's members that are there. The number; -1 after a refusal. */
static int read_properties(struct api *a, struct prop_row rows[3])
{
	static const struct { const char *member; enum ns ns; const char *name; } known[] = {
		{ "displayname", NS_DAV, "displayname" }, { "color", NS_APPLE, "calendar-color" },
		{ "description", NS_CALDAV, "calendar-description" },
	};
	int n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		const char *text;

		if (api_text(a, known[i].member, false, &text) < 0)
			return -1;
		if (text && known[i].ns == NS_APPLE && !is_color(text)) {
			api_refuse(a, 400, "color: #rrggbb");
			return -1;
		}
		if (text)
			rows[n++] = property(a, known[i].ns, known[i].name, text);
	}
	return n;
}

int api_calendar_change(struct api *a)
{
	struct prop_row rows[3];
	struct collection c;
	struct err e;
	int n;

	if (api_own_calendar(a, &c) < 0 || (n = read_properties(a, rows)) < 0)
		return a->http->res->status;
	if (n > 0 && store_props_patch(a->web->store, c.id, rows, (size_t)n, &e) < 0)
		return api_fail(a, &e);
	return send_calendar(a, 200, &c);
}

/* ---- made and deleted ---- */

static bool name_valid(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= NAME_MOST && *name != '.' && !strpbrk(name, "/~") &&
		strcmp(name, FEES_CALENDAR) != 0;
}

static int count_calendar(const struct collection *c, void *arg)
{
	(void)c;
	++*(size_t *)arg;
	return 0;
}

/* 0, or a refusal's status. */
static int make(struct api *a, struct collection *c, const struct prop_row *rows, int n)
{
	struct collection fees;
	size_t count = 0;
	struct err e;

	if (store_collections(a->web->store, c->owner, count_calendar, &count, &e) < 0)
		return api_fail(a, &e);
	if (count >= a->web->calendars)
		return api_refuse_as(a, PROBLEM_CALENDARS, 422, "there are %zu calendars already (setting calendars)",
			count);
	if (store_collection_make(a->web->store, c, rows, (size_t)n, a->http->now, &c->id, &e) < 0)
		return e.code != ERR_EXISTS ? api_fail(a, &e) :
			api_refuse_as(a, PROBLEM_CALENDAR_TAKEN, 409, "there is a calendar of that name");
	if (policy_for(a->web->policies, c->owner, c->name) &&
		event_fees_calendar(a->web->store, c->owner, a->http->now, a->mem, &fees, &e) < 0)
		return api_fail(a, &e);
	return 0;
}

int api_calendar_make(struct api *a)
{
	struct collection c = { .components = api_flag(a, "tasks") ? ICAL_VTODO : ICAL_VEVENT };
	struct prop_row rows[3];
	int n, status;

	if (api_text(a, "owner", false, &c.owner) < 0 || api_text(a, "name", true, &c.name) < 0 ||
		(n = read_properties(a, rows)) < 0)
		return a->http->res->status;
	c.owner = c.owner ? c.owner : a->http->who.name;
	if (check_home(a, c.owner, true) < 0)
		return a->http->res->status;
	if (!name_valid(c.name))
		return api_refuse_as(a, PROBLEM_CALENDAR_NAME, 400,
			"name: at most %d bytes, without / and ~, no dot first, not fees", NAME_MOST);
	status = make(a, &c, rows, n);
	return status != 0 ? status : send_calendar(a, 201, &c);
}

int api_calendar_delete(struct api *a)
{
	struct event_request rq = api_event_request(a);
	struct event_result out;
	struct collection c;
	struct err e;

	if (api_own_calendar(a, &c) < 0)
		return a->http->res->status;
	if (event_delete_calendar(&rq, &c, &out, &e) < 0)
		return api_fail(a, &e);
	return out.denied ? api_refuse(a, 409, "%s", out.reason) : api_done(a);
}

int api_send_calendar(struct api *a, const struct collection *c)
{
	struct calendar_file_plan plan = { .store = a->web->store, .limits = &a->web->ical, .calendar = c,
		.from = INT64_MIN, .to = INT64_MAX };
	struct calendar_file *file;
	struct err e;

	if (web_calendar_head(a->web->store, c, false, a->mem, &plan.head, &e) < 0 ||
		calendar_file_open(&plan, a->mem, &file, &e) < 0)
		return api_fail(a, &e);
	console_headers(a->http->res);
	response_header(a->http->res, "Cache-Control", "no-store");
	response_header(a->http->res, "Content-Disposition", arena_printf(a->mem,
		"attachment; filename=\"calendar.ics\"; filename*=UTF-8''%s.ics",
		path_encode_attribute(c->name, a->mem)));
	return calendar_file_answer(file, a->http->res);
}

int api_calendar_export(struct api *a)
{
	struct collection *c = arena_alloc(a->mem, sizeof(*c)); /* the file is written later */

	return api_readable_calendar(a, c) < 0 ? a->http->res->status : api_send_calendar(a, c);
}

/* ---- shares ---- */

struct others { const char *user; size_t count; };

static int count_other(const struct share *s, void *arg)
{
	struct others *o = arg;

	o->count += strcmp(s->user, o->user) != 0;
	return 0;
}

static int put_share(struct api *a, enum share_access access)
{
	struct share s = { .user = a->part[2], .access = access };
	struct collection c;
	struct others others = { .user = s.user };
	bool known = false;
	struct err e;

	if (api_lendable_calendar(a, &c) < 0)
		return a->http->res->status;
	if (access != SHARE_NONE && api_find_account(a, s.user, &known, &e) < 0)
		return api_fail(a, &e);
	if (access != SHARE_NONE && (strcmp(s.user, c.owner) == 0 || !known))
		return api_refuse_as(a, PROBLEM_NOBODY, 422, "share with another user of this server");
	if (access != SHARE_NONE && store_shares(a->web->store, c.id, NULL, count_other, &others, &e) < 0)
		return api_fail(a, &e);
	if (others.count >= a->web->shares)
		return api_refuse_as(a, PROBLEM_SHARES, 422, "there are %zu shares already (setting shares)", others.count);
	s.collection = c.id;
	s.owner = c.owner;
	s.calendar = c.name;
	if (store_share_put(a->web->store, &s, &e) < 0)
		return api_fail(a, &e);
	log_info("%s/%s is shared with %s by %s: %s", c.owner, c.name, s.user, a->http->who.name,
		access == SHARE_NONE ? "no more" : access_names[access]);
	return api_done(a);
}

int api_share(struct api *a)
{
	const char *text;

	if (api_text(a, "access", true, &text) < 0)
		return 400;
	for (enum share_access access = SHARE_FREE_BUSY; access <= SHARE_WRITE; access++) {
		if (strcmp(access_names[access], text) == 0)
			return put_share(a, access);
	}
	return api_refuse(a, 400, "access: free-busy, read or write");
}

int api_share_end(struct api *a)
{
	return put_share(a, SHARE_NONE);
}

/* ---- links ---- */

static int count_feed(const struct feed *f, void *arg)
{
	(void)f;
	++*(size_t *)arg;
	return 0;
}

/* Days to seconds, -1 where it isn't said. 0; -1 after a refusal. */
static int read_window(struct api *a, const char *name, int64_t *out)
{
	const json_t *value = json_object_get(a->body, name);

	*out = -1;
	if (!value || json_is_null(value))
		return 0;
	if (json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) <= WINDOW_MOST) {
		*out = json_integer_value(value) * DAY;
		return 0;
	}
	api_refuse(a, 400, "%s: a number of days, at most %d", name, WINDOW_MOST);
	return -1;
}

static int send_feed(struct api *a, const struct feed *f, const char *token, const char *calendar)
{
	const char *path = feed_path(a->mem, token, calendar), *base = a->web->public_base;

	return api_send(a, 201, json_pack("{s:s, s:s, s:s}", "id", f->id, "url",
		base ? arena_printf(a->mem, "%s%s", base, path) : path, "webcal",
		base ? arena_printf(a->mem, "webcal%s%s", strchr(base, ':'), path) : ""));
}

int api_feed_make(struct api *a)
{
	char id[TOKEN_ID_SIZE], token[TOKEN_SIZE], hash[CHAIN_SIZE];
	struct feed f = { .id = id, .hash = hash, .created = a->http->now };
	struct collection c;
	size_t count = 0;
	struct err e;
	int status;

	if (api_lendable_calendar(a, &c) < 0 || api_text(a, "label", false, &f.label) < 0 ||
		read_window(a, "back", &f.back) < 0 || read_window(a, "ahead", &f.ahead) < 0)
		return a->http->res->status;
	f.label = f.label ? f.label : "";
	f.flags = (api_flag(a, "busy") ? FEED_BUSY : 0u) | (api_flag(a, "plain") ? FEED_PLAIN : 0u);
	f.collection = c.id;
	if (store_feeds(a->web->store, c.id, count_feed, &count, &e) < 0)
		return api_fail(a, &e);
	if (count >= a->web->feeds)
		return api_refuse_as(a, PROBLEM_FEEDS, 422, "there are %zu feeds already (setting feeds)", count);
	token_make(id, token, hash);
	status = store_feed_put(a->web->store, &f, &e) < 0 ? api_fail(a, &e) : send_feed(a, &f, token, c.name);
	if (status == 201)
		log_info("%s/%s gets the feed %s by %s", c.owner, c.name, id, a->http->who.name);
	secret_zero(token, sizeof(token));
	return status;
}

struct searched { const char *id; bool there; };

static int is_feed(const struct feed *f, void *arg)
{
	struct searched *s = arg;

	return s->there = strcmp(f->id, s->id) == 0;
}

int api_feed_end(struct api *a)
{
	struct searched s = { .id = a->part[2] };
	struct collection c;
	struct err e;

	if (api_lendable_calendar(a, &c) < 0)
		return a->http->res->status;
	if (store_feeds(a->web->store, c.id, is_feed, &s, &e) < 0)
		return api_fail(a, &e);
	if (!s.there)
		return api_refuse(a, 404, "there is no such feed");
	return store_feed_remove(a->web->store, s.id, &e) < 0 ? api_fail(a, &e) : api_done(a);
}
