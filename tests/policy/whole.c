#include "tests/policy/whole.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "policy/host.h"
#include "policy/late/late.h"
#include "policy/replay.h"
#include "policy/update.h"
#include "storage/backend.h"

enum { BODY_MAX = 1 << 20 };

#define OWNER "owner"
#define CALENDAR "appointments"

struct whole {
	struct arena *mem;
	struct store *store;
	struct policy_set *policies;
	struct collection calendar;
};

static int say(const struct err *e, char *why, size_t why_size)
{
	snprintf(why, why_size, "%s", e->text);
	return -1;
}

static int open_policy(struct whole *w, const char *name, const char *zone,
	const struct policy_setting *settings, size_t n, char *why, size_t why_size)
{
	struct policy_set *set = w->policies = policy_none();
	struct policy *p = arena_alloc(set->mem, sizeof(*p));

	*p = (struct policy){ .name = name, .language = "en", .zone = zone_find(zone),
		.module = dedit_policy_late() };
	if (p->module->open(&policy_host_v1, name, "digest", settings, n, &p->self, why, why_size))
		return -1;
	set->policies = p;
	set->policy_count = 1;
	set->calendars = arena_alloc(set->mem, sizeof(*set->calendars));
	set->calendars[0] = (struct policy_calendar){ OWNER, CALENDAR, p };
	set->calendar_count = 1;
	return 0;
}

static int open_store(struct whole *w, struct err *e)
{
	static const char *const addresses[] = { "owner@example.org", NULL };
	const struct account owner = { .name = OWNER, .displayname = "Owner", .language = "en",
		.addresses = addresses };
	const struct collection calendar = { .owner = OWNER, .name = CALENDAR, .components = ICAL_VEVENT };
	store_id id;

	return store_open("memory", NULL, NULL, &w->store, e) || store_account_put(w->store, &owner, e) ||
		store_collection_make(w->store, &calendar, NULL, 0, 0, &id, e) ||
		store_collection(w->store, OWNER, CALENDAR, w->mem, &w->calendar, e) ? -1 : 0;
}

struct whole *whole_open(const char *name, const char *zone, const struct policy_setting *settings, size_t n,
	char *why, size_t why_size)
{
	struct whole *w = xcalloc(1, sizeof(*w));
	struct err e;

	w->mem = arena_create();
	if (open_policy(w, name, zone, settings, n, why, why_size) == 0) {
		if (open_store(w, &e) == 0)
			return w;
		say(&e, why, why_size);
	}
	whole_close(w);
	return NULL;
}

void whole_close(struct whole *w)
{
	if (!w)
		return;
	policy_unload(w->policies);
	if (w->store)
		store_close(w->store);
	arena_destroy(w->mem);
	free_cleanup(&w);
}

int whole_add(struct whole *w, const struct policy_incident *i, char *why, size_t why_size)
{
	struct entry entry = { .owner = OWNER, .kind = i->class_, .incident = true, .i = *i };
	struct ledger_row row;
	struct commit commit = { .now = i->at, .ledger = &row, .ledgers = 1 };
	struct err e;

	if (ledger_row(&entry, i->at, w->mem, &row, &e) || store_commit(w->store, &commit, &e))
		return say(&e, why, why_size);
	return 0;
}

int whole_account(struct whole *w, const char *address, char *why, size_t why_size)
{
	const char *const addresses[] = { address, NULL };
	const struct account account = { .name = address, .displayname = address, .language = "en",
		.addresses = addresses };
	struct err e;

	return store_account_put(w->store, &account, &e) ? say(&e, why, why_size) : 0;
}

static struct event_request request(const struct whole *w, const struct event_actor *actor, int64_t now)
{
	return (struct event_request){ .store = w->store, .policies = w->policies,
		.limits = &ical_default_limits, .mem = w->mem, .now = now, .actor = *actor };
}

static const char *resource(const struct whole *w, const char *uid)
{
	return arena_printf(w->mem, "%s.ics", uid);
}

int whole_change(struct whole *w, const struct whole_change *c, char *why, size_t why_size)
{
	const struct event_request rq = request(w, &c->actor, c->now);
	const struct event_where at = { &w->calendar, resource(w, c->uid) };
	struct event_result result;
	struct err e;
	int rc = c->body ? event_put(&rq, &at, c->body, strlen(c->body), &result, &e) :
		event_delete(&rq, &at, &result, &e);

	if (rc && !(c->body == NULL && e.code == ERR_NOT_FOUND))
		return say(&e, why, why_size);
	return 0;
}

int whole_fee_words(struct whole *w, const char *ref, const char *note, int64_t now, char *why,
	size_t why_size)
{
	const struct event_actor owner = { .name = OWNER, .displayname = OWNER };
	const struct event_request rq = request(w, &owner, now);
	const char *name = arena_printf(w->mem, "%s.ics", ref), *text;
	struct buf body cleanup_buf;
	struct event_result result;
	struct collection fees;
	struct object object;
	struct err e;

	buf_init(&body, BODY_MAX);
	if (store_collection(w->store, OWNER, FEES_CALENDAR, w->mem, &fees, &e) ||
			store_body(w->store, fees.id, name, w->mem, &object, &body, &e))
		return say(&e, why, why_size);
	text = strstr(body.data, "\r\nDESCRIPTION:");
	text = text ? text + strlen("\r\nDESCRIPTION:") : NULL;
	if (!text)
		return say(&(struct err){ .text = "an entry without notes" }, why, why_size);
	text = arena_printf(w->mem, "%.*s%s\\n%s", (int)(text - body.data), body.data, note, text);
	return event_put(&rq, &(struct event_where){ &fees, name }, text, strlen(text), &result, &e) ?
		say(&e, why, why_size) : 0;
}

/* ---- time passes ---- */

struct due { struct whole *w; struct wake *wakes; size_t count; };

static int take_wake(const struct wake *wake, void *arg)
{
	struct due *due = arg;
	struct wake *grown = arena_array(due->w->mem, due->count + 1, sizeof(*grown));

	if (due->count)
		memcpy(grown, due->wakes, due->count * sizeof(*grown));
	grown[due->count++] = (struct wake){ wake->at, arena_strdup(due->w->mem, wake->owner),
		arena_strdup(due->w->mem, wake->calendar), arena_strdup(due->w->mem, wake->name) };
	due->wakes = grown;
	return 0;
}

int whole_tick(struct whole *w, int64_t now, char *why, size_t why_size)
{
	const struct event_request rq = request(w, &(struct event_actor){ .name = "", .displayname = "" }, now);
	struct due due = { .w = w };
	struct collection calendar;
	struct err e;
	int64_t next;

	if (store_wakes(w->store, now, take_wake, &due, &next, &e) < 0)
		return say(&e, why, why_size);
	for (size_t n = 0; n < due.count; n++) {
		const struct wake *wake = &due.wakes[n];

		if (store_collection(w->store, wake->owner, wake->calendar, w->mem, &calendar, &e) ||
				event_tick(&rq, &(struct event_where){ &calendar, wake->name }, &e) ||
				store_wake_done(w->store, wake, &e))
			return say(&e, why, why_size);
	}
	return 0;
}

/* ---- what came of it ---- */

static const char *shown_name(const struct ical_line *l, struct arena *mem)
{
	const char *name = l->name;

	for (size_t n = 0; n < l->param_count; n++)
		name = arena_printf(mem, "%s;%s=%s", name, l->params[n].name, l->params[n].value);
	return name;
}

static int read_shown(struct whole *w, const char *uid, struct policy_sink *sink, struct err *e)
{
	struct buf body cleanup_buf;
	struct object object;
	struct ical *ic;

	buf_init(&body, BODY_MAX);
	sink->shown = (struct shown){ .lines = 0 };
	if (store_body(w->store, w->calendar.id, resource(w, uid), w->mem, &object, &body, e))
		return e->code == ERR_NOT_FOUND ? 0 : -1;
	if (ical_parse(body.data, body.len, NULL, w->mem, &ic, e))
		return -1;
	for (size_t n = 0; n < ic->line_count && sink->shown.lines < LATE_HOST_LINES; n++) {
		const struct ical_line *l = &ic->lines[n];

		if (!str_starts(l->name, "X-DEDIT-"))
			continue;
		sink->shown.name[sink->shown.lines] = shown_name(l, sink->mem);
		sink->shown.value[sink->shown.lines++] = arena_strdup(sink->mem, l->value);
	}
	return 0;
}

int whole_read(struct whole *w, const char *uid, struct policy_sink *sink, char *why, size_t why_size)
{
	const struct ledger_query all = { .owner = OWNER };
	struct entry_list list = { 0 };
	struct err e;

	if (ledger_read(w->store, &all, w->mem, &list, &e) || read_shown(w, uid, sink, &e))
		return say(&e, why, why_size);
	sink->count = 0;
	for (size_t n = 0; n < list.count; n++) {
		if (strcmp(list.entries[n].kind, KIND_SHOWN) && strcmp(list.entries[n].kind, KIND_HIDDEN))
			late_host_add(sink, &list.entries[n].i);
	}
	return 0;
}

/* ---- for tests of single cases ---- */

const char *whole_text(struct whole *w, const char *uid, const char *ref)
{
	struct buf body cleanup_buf;
	struct collection calendar = w->calendar;
	const char *name = ref ? arena_printf(w->mem, "%s.ics", ref) : resource(w, uid);
	struct object object;
	char *text, *to;

	buf_init(&body, BODY_MAX);
	if ((ref && store_collection(w->store, OWNER, FEES_CALENDAR, w->mem, &calendar, NULL)) ||
			store_body(w->store, calendar.id, name, w->mem, &object, &body, NULL))
		return "";
	text = to = arena_strdup(w->mem, body.data);
	for (const char *from = text; *from; from++) {
		if (str_starts(from, "\r\n "))
			from += 2;
		else
			*to++ = *from;
	}
	*to = '\0';
	return text;
}

struct event_request whole_request(struct whole *w, const struct event_actor *actor, int64_t now)
{
	return request(w, actor, now);
}

struct event_where whole_where(struct whole *w, const char *uid)
{
	return (struct event_where){ &w->calendar, resource(w, uid) };
}

int whole_replay(struct whole *w, int64_t now, char *why, size_t why_size)
{
	struct replay r;
	struct err e;

	if (replay_run(w->store, w->policies, NULL, 0, now, w->mem, &r, &e)) {
		snprintf(why, why_size, "%s", e.text);
		return -1;
	}
	for (size_t n = 0; n < r.count; n++) {
		const struct replay_pair *p = &r.pairs[n];

		if (replay_differs(p)) {
			snprintf(why, why_size, "replayed, %s %s %lld is %s %s %lld", p->before.class_, p->before.outcome,
				(long long)p->before.fee, p->after.class_, p->after.outcome, (long long)p->after.fee);
			return -1;
		}
	}
	return 0;
}
